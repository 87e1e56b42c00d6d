//! The order of things.

use anyhow::{Context as _, ensure};

use crate::calibration::{self, calibration};
use crate::corpora::{self, Corpora};
use crate::document::{Document, received, tables};
use crate::operations::{self, Size};
use crate::options::{Options, Part};
use crate::peers::ENTRIES;
use crate::progress::Progress;
use crate::refit::{Effort, Start, Stored, refit};
use crate::score::nab::STANDARD;
use crate::times::times;

/// Points of the null calibration: of continuous laws, and as many of counts.
const POINTS: u64 = 100_000_000;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    match options.part {
        Part::Refit => refits(options),
        Part::Corpora => {
            let corpora = Corpora::load(&options.data)?;
            say(&tables::corpora(&rows(&corpora, &options.detector)));
            Ok(())
        }
        Part::Fleet => {
            let operations = fleet(options)?;
            say(&tables::quiet(&operations.quiet));
            say(&tables::scenarios(&operations.scenarios));
            say(&tables::mixed(&operations.mixed));
            say(&received::table_of(&operations.received));
            Ok(())
        }
        Part::Received => {
            let fleets = size(options).received;
            let received = operations::received(fleets, &Progress::new(fleets))?;
            say(&received::table_of(&received));
            Ok(())
        }
        Part::Null => {
            say(&tables::calibration(&null(options)));
            Ok(())
        }
        Part::All => all(options),
    }
}

#[expect(clippy::print_stdout, reason = "what this program is for")]
fn say(text: &str) {
    println!("{text}");
}

fn rows(corpora: &Corpora, name: &str) -> Vec<corpora::Row> {
    let ticks = ENTRIES.len() * (corpora.nab.len() + corpora.cloud.len());
    corpora::rows(corpora, name, &Progress::new(ticks as u64))
}

fn size(options: &Options) -> Size {
    if options.quick {
        Size {
            seeds: 1,
            quiet_days: 21,
            bounds: 4,
            received: 1,
        }
    } else {
        Size {
            seeds: 2,
            quiet_days: 42,
            bounds: 16,
            received: 4,
        }
    }
}

fn fleet(options: &Options) -> anyhow::Result<operations::Operations> {
    let size = size(options);
    operations::operations(
        size,
        &Progress::new(60 + (23 * 8 + 24) * size.seeds + size.received),
    )
}

fn null(options: &Options) -> Vec<calibration::Row> {
    let points = if options.quick { POINTS / 10 } else { POINTS };
    calibration(points, &Progress::new(2 * points / 60_480))
}

fn all(options: &Options) -> anyhow::Result<()> {
    let corpora = if options.data.is_dir() {
        Some(Corpora::load(&options.data)?)
    } else {
        None
    };
    let document = Document {
        stored: Stored::read(&options.refit)?,
        rows: corpora.as_ref().map(|corpora| rows(corpora, "")),
        times: corpora.as_ref().map(times),
        labelled: corpora,
        operations: fleet(options)?,
        calibration: null(options),
    };
    say(&document.summary());
    if document.labelled.is_none() {
        say(&format!(
            "NAB, cloud-monitoring, the peers and their times are left out: {} is not there (--data FOLDER)",
            options.data.display()
        ));
    }
    let text = document.render();
    if let Some(path) = &options.check {
        let committed = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        ensure!(
            document.labelled.is_some() && !options.quick,
            "--check needs all of it: the labelled data, and no --quick"
        );
        crate::document::same(&committed, &text)
            .with_context(|| format!("{} is of another detector: run make eval", path.display()))?;
        say(&format!("{} is what this run gives", path.display()));
    }
    if let Some(path) = &options.write {
        if document.labelled.is_none() || options.quick {
            say(&format!(
                "{} is not written: that takes all of it",
                path.display()
            ));
        } else {
            std::fs::write(path, text)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            say(&format!("written: {}", path.display()));
        }
    }
    Ok(())
}

fn refits(options: &Options) -> anyhow::Result<()> {
    let corpora = Corpora::load(&options.data)?;
    let effort = Effort {
        evaluations: if options.quick {
            options.tries / 10
        } else {
            options.tries
        },
        drawn: 0.15,
    };
    let searches = Start::ALL.len() as u64 * options.seeds * 5;
    let progress = Progress::new(searches * effort.evaluations as u64);
    let mut found = Vec::new();
    for start in Start::ALL {
        for seed in 1..=options.seeds {
            let one = refit(&corpora, start, seed, &effort, &progress);
            say(&tables::refit(&one));
            found.push(one);
        }
    }
    let frozen = corpora::frozen(&corpora);
    let stored = Stored::new(frozen, found);
    say(&tables::refits(&stored, frozen));
    if !options.quick {
        stored.write(&options.refit)?;
        say(&format!(
            "written: {} ({} profile)",
            options.refit.display(),
            STANDARD.name
        ));
    }
    Ok(())
}
