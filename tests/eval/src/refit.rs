//! Refitting every constant on four fifths of the labelled files, and scoring the fifth that it has not seen.
//!
//! What the frozen set reaches on data that were looked at while it was made is no proof. So the same code is given
//! other constants: a search that sees four folds of the files of both corpora; the thresholds come from there too. It starts
//! at random places, and once more in the middle of every range (see `Start`). Each file is scored once, by a detector that was fitted without
//! it, and the sums over all files make one figure for each corpus.

mod folds;
mod search;
mod stored;

use anomaly::gauge::Tuning;

use crate::corpora::Corpora;
use crate::data::{Series, cloud, nab::File};
use crate::peers::{Detector as _, Ours};
use crate::progress::Progress;
use crate::score::events::{Scored, Tally};
use crate::score::nab::{self, Curve, STANDARD};
use crate::workers;

use folds::folds;
pub(crate) use search::{Effort, Start};
pub(crate) use stored::Stored;

/// What constants and thresholds reach.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize, PartialEq)]
pub(crate) struct Reached {
    /// NAB, standard profile.
    pub(crate) nab: f64,
    /// cloud-monitoring, event F1.
    pub(crate) events: f64,
}

/// One refit.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, PartialEq)]
pub(crate) struct Fold {
    /// On the files it was fitted to.
    pub(crate) seen: Reached,
    /// And on those that it has not seen.
    pub(crate) unseen: Reached,
    /// The thresholds: of NAB, of cloud-monitoring.
    thresholds: [f64; 2],
    /// The files that it has not seen.
    files: Vec<String>,
    /// By name, the constants that were found.
    constants: Vec<(String, f64)>,
}

/// The refits of all folds, of one way to deal the files.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, PartialEq)]
pub(crate) struct Refit {
    /// Where the search began.
    pub(crate) start: Start,
    /// What dealt the files and drew the first constants.
    pub(crate) seed: u64,
    /// Sets of constants that each fold tried.
    pub(crate) evaluations: usize,
    /// Over all files, each unseen by what scored it.
    pub(crate) unseen: Reached,
    /// The mean of what the folds reached on what they saw.
    pub(crate) seen: Reached,
    pub(crate) folds: Vec<Fold>,
}

/// Some files of both corpora.
struct Part<'a> {
    nab: Vec<&'a File>,
    cloud: Vec<&'a cloud::File>,
}

/// The files at these places, or all others.
fn pick<'a, T>(all: &'a [T], held: &[usize], wanted: bool) -> Vec<&'a T> {
    let all = all.iter().enumerate();
    let chosen = all.filter(|(place, _)| held.contains(place) == wanted);
    chosen.map(|(_, file)| file).collect()
}

impl Part<'_> {
    /// The scores of all files with one set of constants, NAB's first.
    fn scores(&self, tuning: &Tuning) -> Vec<Vec<f64>> {
        let mut series: Vec<&Series> = self.nab.iter().map(|file| &file.series).collect();
        series.extend(self.cloud.iter().map(|file| &file.series));
        workers::map(&series, |series| {
            let mut detector = Ours::new(tuning);
            series.rows.iter().map(|&row| detector.step(row)).collect()
        })
    }

    fn split<'b>(&'b self, scores: &'b [Vec<f64>]) -> (Curve, Scored<'b>) {
        let (nab, cloud) = scores.split_at(self.nab.len());
        let pairs = self.nab.iter().zip(nab);
        let curve = Curve::new(
            pairs.map(|(file, scores)| (&file.layout, scores.as_slice())),
            STANDARD,
        );
        let pairs = self.cloud.iter().zip(cloud);
        (
            curve,
            Scored::new(pairs.map(|(file, scores)| (&file.labels, scores.as_slice()))),
        )
    }

    /// How good a set of constants is on every other file and on the rest, each with its best thresholds: what the
    /// search sees. A point of NAB is worth as much as a hundredth of F1.
    fn worth(&self, tuning: &Tuning) -> [f64; 2] {
        let scores = self.scores(tuning);
        let (nab, cloud) = scores.split_at(self.nab.len());
        [0, 1].map(|half| {
            let pairs = self.nab.iter().zip(nab).skip(half).step_by(2);
            let curve = Curve::new(
                pairs.map(|(file, scores)| (&file.layout, scores.as_slice())),
                STANDARD,
            );
            let pairs = self.cloud.iter().zip(cloud).skip(half).step_by(2);
            let events = Scored::new(pairs.map(|(file, scores)| (&file.labels, scores.as_slice())));
            curve.broad_best().score + 100.0 * events.outcome().best.f1
        })
    }

    /// The best thresholds of a set of constants: NAB's, cloud-monitoring's.
    fn thresholds(&self, tuning: &Tuning) -> [f64; 2] {
        let scores = self.scores(tuning);
        let (curve, events) = self.split(&scores);
        [
            curve.broad_best().threshold,
            events.outcome().best.threshold,
        ]
    }

    /// What constants and thresholds earn here, as sums.
    fn earned(&self, tuning: &Tuning, thresholds: [f64; 2]) -> (f64, Tally) {
        let scores = self.scores(tuning);
        let nab = self.nab.iter().zip(&scores);
        let raw =
            nab.map(|(file, scores)| nab::at(&file.layout, scores, STANDARD, thresholds[0]).raw);
        (raw.sum(), self.split(&scores).1.at(thresholds[1]).tally)
    }

    fn reached(&self, (raw, tally): (f64, Tally)) -> Reached {
        Reached {
            nab: nab::normalised(raw, self.nab.iter().map(|file| &file.layout), STANDARD),
            events: tally.f1(),
        }
    }
}

/// The refit of one way to deal the files.
pub(crate) fn refit(
    corpora: &Corpora,
    start: Start,
    seed: u64,
    effort: &Effort,
    progress: &Progress,
) -> Refit {
    let nab = folds(corpora.nab.len(), seed);
    let cloud = folds(corpora.cloud.len(), seed);
    let part = |number: usize, unseen: bool| Part {
        nab: pick(&corpora.nab, &nab[number], unseen),
        cloud: pick(&corpora.cloud, &cloud[number], unseen),
    };
    let mut all = (0.0, Tally::default());
    let mut found = Vec::new();
    for number in 0..nab.len() {
        let (seen, unseen) = (part(number, false), part(number, true));
        let label = format!("seed {seed}, fold {}", number + 1);
        let tuning = search::search(effort, start, seed * 10 + number as u64, |tuning| {
            progress.tick(&label);
            seen.worth(tuning)
        });
        let thresholds = seen.thresholds(&tuning);
        let earned = unseen.earned(&tuning, thresholds);
        all.0 += earned.0;
        all.1.add(earned.1);
        let names = unseen.nab.iter().map(|file| &file.series.name);
        let names = names.chain(unseen.cloud.iter().map(|file| &file.series.name));
        found.push(Fold {
            seen: seen.reached(seen.earned(&tuning, thresholds)),
            unseen: unseen.reached(earned),
            thresholds,
            files: names.cloned().collect(),
            constants: search::named(&tuning),
        });
    }
    let everything = Part {
        nab: corpora.nab.iter().collect(),
        cloud: corpora.cloud.iter().collect(),
    };
    let mean = |of: fn(&Reached) -> f64| {
        found.iter().map(|fold: &Fold| of(&fold.seen)).sum::<f64>() / found.len() as f64
    };
    Refit {
        start,
        seed,
        evaluations: effort.evaluations,
        unseen: everything.reached(all),
        seen: Reached {
            nab: mean(|reached| reached.nab),
            events: mean(|reached| reached.events),
        },
        folds: found,
    }
}

/// The standard score of scores that exist, with the threshold of each fifth chosen on the other four; the mean over
/// five ways to deal the files. No constant is fitted: for the peers, whose constants are their sources'.
pub(crate) fn held_out_threshold(files: &[File], scores: &[Vec<f64>]) -> f64 {
    const DEALS: u64 = 5;
    let one = |seed| held_out_once(files, scores, seed);
    (1..=DEALS).map(one).sum::<f64>() / DEALS as f64
}

fn held_out_once(files: &[File], scores: &[Vec<f64>], seed: u64) -> f64 {
    let mut raw = 0.0;
    for held in folds(files.len(), seed) {
        let seen = files.iter().zip(scores).enumerate();
        let seen = seen.filter(|(index, _)| !held.contains(index));
        let seen = seen.map(|(_, (file, scores))| (&file.layout, scores.as_slice()));
        let threshold = Curve::new(seen, STANDARD).best().threshold;
        for index in held {
            raw += nab::at(&files[index].layout, &scores[index], STANDARD, threshold).raw;
        }
    }
    nab::normalised(raw, files.iter().map(|file| &file.layout), STANDARD)
}
