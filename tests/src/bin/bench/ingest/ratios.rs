//! The three ways over the same payloads, in turn, so that a busy moment of the machine meets all of them.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context, ensure};
use extraction::{Reader, Rules, Skip};

use super::corpus::Corpus;
use super::least::Least;
use super::plain::{Plain, Totals};
use super::processor::time;
use crate::figures::{Figures, ROUNDS};

/// Times that each way goes over the corpus in one round: a pass takes only some ten milliseconds.
const PASSES: usize = 3;

/// What the reader says of the whole corpus, as totals: the plain way must say the same.
fn said(corpus: &Corpus) -> anyhow::Result<Totals> {
    let mut reader = Reader::default();
    let mut totals = Totals::default();
    for event in corpus.events() {
        let (batches, counts) = reader.read(event, &Rules::default(), &Skip::new())?;
        totals.events += counts.events;
        totals.bytes += counts.bytes;
        for batch in batches {
            totals.add(batch.rollups.values().flat_map(|series| series.values()));
        }
    }
    Ok(totals)
}

fn plainly(corpus: &Corpus, plain: &mut Plain) -> anyhow::Result<Totals> {
    let mut totals = Totals::default();
    for event in corpus.events() {
        plain.read(event, &mut totals)?;
        totals.add(plain.rollups());
        plain.clear();
    }
    Ok(totals)
}

/// The best of the rounds of each way: the least, ours, the plain one.
fn measure(corpus: &Corpus, plain: &mut Plain) -> anyhow::Result<[Duration; 3]> {
    let (rules, skip) = (Rules::default(), Skip::new());
    let mut best = [Duration::MAX; 3];
    let mut failed = Ok(());
    for _ in 0..ROUNDS * PASSES {
        // Each pass begins with nothing learned and nothing allocated, that of the limit too.
        let took = [
            time(|| {
                let mut least = Least::new();
                for event in corpus.events() {
                    match least.read(event) {
                        Ok(found) => _ = black_box(found),
                        Err(error) => failed = Err(error),
                    }
                }
            }),
            time(|| {
                let mut reader = Reader::default();
                for event in corpus.events() {
                    match reader.extract(event, &rules, &skip) {
                        Ok(reading) => drop(black_box(reading)),
                        Err(error) => failed = Err(error.into()),
                    }
                }
            }),
            time(|| {
                let mut totals = Totals::default();
                for event in corpus.events() {
                    if let Err(error) = plain.read(event, &mut totals) {
                        failed = Err(error);
                    }
                    black_box(plain.rollups().count());
                    plain.clear();
                }
            }),
        ];
        std::mem::replace(&mut failed, Ok(())).context("a payload of the corpus was not read")?;
        for (best, took) in best.iter_mut().zip(took) {
            *best = took.min(*best);
        }
    }
    Ok(best)
}

pub(super) fn take(figures: &mut Figures, name: &str, corpus: &Corpus) -> anyhow::Result<()> {
    let mut plain = Plain::new();
    let (ours, theirs) = (said(corpus)?, plainly(corpus, &mut plain)?);
    ensure!(
        ours.agrees_with(&theirs),
        "{name}: the reader says {ours:?} and plain serde_json {theirs:?}, so their times do not compare"
    );
    let [least, reader, plain] = measure(corpus, &mut plain)?.map(|best| best.as_secs_f64());
    let bytes = f64::from(u32::try_from(ours.bytes).context("a corpus of gigabytes")?);
    figures.take(
        &format!("ingest_mb_per_s_{name}"),
        bytes / reader / 1e6,
        "MB/s of text",
    );
    figures.take(
        &format!("limit_mb_per_s_{name}"),
        bytes / least / 1e6,
        "MB/s of text",
    );
    figures.take(
        &format!("ingest_vs_limit_{name}"),
        least / reader,
        "of the limit",
    );
    figures.take(
        &format!("ingest_vs_serde_json_{name}"),
        plain / reader,
        "times the plain way",
    );
    Ok(())
}
