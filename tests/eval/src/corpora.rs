//! Every detector on every corpus, by the same rules.

use std::path::Path;

use anyhow::Context as _;

use crate::data::{self, cloud, nab as corpus};
use crate::peers::{ENTRIES, Entry, refractory, scores};
use crate::progress::Progress;
use crate::refit::held_out_threshold;
use crate::score::events::{Outcome, Scored};
use crate::score::nab::{self, PROFILES, STANDARD};
use crate::workers;

/// Series with no more seconds between rows are of minutes.
const MINUTES: f64 = 60.0;

/// Both corpora.
#[derive(Debug)]
pub(crate) struct Corpora {
    pub(crate) nab: Vec<corpus::File>,
    pub(crate) cloud: Vec<cloud::File>,
}

impl Corpora {
    /// Below `folder`: `nab` and `cloud-monitoring`.
    pub(crate) fn load(folder: &Path) -> anyhow::Result<Self> {
        let missing = || {
            format!(
                "{} has no labelled data: --data FOLDER names one with nab/ and cloud-monitoring/",
                folder.display()
            )
        };
        Ok(Self {
            nab: data::nab::load(&folder.join("nab")).with_context(missing)?,
            cloud: data::cloud::load(&folder.join("cloud-monitoring/data"))
                .with_context(missing)?,
        })
    }

    pub(crate) fn rows(&self) -> usize {
        let nab = self.nab.iter().map(|file| file.series.rows.len());
        let cloud = self.cloud.iter().map(|file| file.series.rows.len());
        nab.sum::<usize>() + cloud.sum::<usize>()
    }

    pub(crate) fn events(&self) -> usize {
        self.cloud.iter().map(|file| file.labels.events()).sum()
    }

    /// Series of minutes among the cloud-monitoring ones.
    pub(crate) fn minute_series(&self) -> usize {
        let steps = self.cloud.iter().map(|file| file.labels.step());
        steps.filter(|step| *step <= MINUTES).count()
    }
}

/// What a detector reached.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// NAB in its three profiles, each at its best threshold.
    pub(crate) nab: [f64; 3],
    /// Standard, with the threshold of each fifth chosen on the others.
    pub(crate) nab_held_out: f64,
    /// Standard with the same refractory rule for everybody, at its best threshold and held out.
    pub(crate) nab_quiet: f64,
    pub(crate) nab_quiet_held_out: f64,
    /// All cloud-monitoring series, and those of minutes.
    pub(crate) cloud: Outcome,
    pub(crate) minutes: Outcome,
}

/// One detector.
pub(crate) fn row(entry: &Entry, corpora: &Corpora, progress: &Progress) -> Row {
    let files = &corpora.nab;
    let raw = workers::map(files, |file| {
        let scores = scores(entry, &file.series);
        progress.tick(entry.name);
        scores
    });
    let quiet: Vec<_> = raw.iter().map(|scores| refractory(scores)).collect();
    let best = |scores: &[Vec<f64>], profile| {
        let pairs = files.iter().zip(scores);
        nab::best(
            pairs.map(|(file, scores)| (&file.layout, scores.as_slice())),
            profile,
        )
        .score
    };
    let events = workers::map(&corpora.cloud, |file| {
        let scores = scores(entry, &file.series);
        progress.tick(entry.name);
        scores
    });
    let pairs = || {
        let pairs = corpora.cloud.iter().zip(&events);
        pairs.map(|(file, scores)| (&file.labels, scores.as_slice()))
    };
    Row {
        name: entry.name,
        nab: PROFILES.map(|profile| best(&raw, profile)),
        nab_held_out: held_out_threshold(files, &raw),
        nab_quiet: best(&quiet, STANDARD),
        nab_quiet_held_out: held_out_threshold(files, &quiet),
        cloud: Scored::new(pairs()).outcome(),
        minutes: Scored::new(pairs().filter(|(labels, _)| labels.step() <= MINUTES)).outcome(),
    }
}

/// All whose name contains this, ours first.
pub(crate) fn rows(corpora: &Corpora, name: &str, progress: &Progress) -> Vec<Row> {
    let wanted = ENTRIES.iter().filter(|entry| entry.name.contains(name));
    wanted.map(|entry| row(entry, corpora, progress)).collect()
}

/// What the frozen set of ours reaches on NAB, standard profile.
pub(crate) fn frozen(corpora: &Corpora) -> f64 {
    let all = workers::map(&corpora.nab, |file| scores(&ENTRIES[0], &file.series));
    let pairs = corpora.nab.iter().zip(&all);
    nab::best(
        pairs.map(|(file, scores)| (&file.layout, scores.as_slice())),
        STANDARD,
    )
    .score
}
