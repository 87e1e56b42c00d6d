//! Goals and what was reached, in one table.

use super::Document;
use super::tables::table;
use crate::calibration::{LEVELS, Row, pooled};
use crate::operations::{ENOUGH, Received};
use crate::refit::Start;

/// The goals. The figures are reference points that others have published or the project has set.
const NAB: [f64; 3] = [76.0, 67.0, 81.0];
const UNSEEN: f64 = 68.0;
const EVENT_F1: f64 = 0.65;
const FALSE_PAGES: f64 = 0.1;
const WEEKS: f64 = 200.0;
const CALIBRATION: f64 = 1.3;

fn yes(met: bool) -> String {
    if met { "yes" } else { "**no**" }.to_owned()
}

fn row(figure: &str, goal: String, reached: String, met: bool) -> Vec<String> {
    vec![figure.to_owned(), goal, reached, yes(met)]
}

pub(super) fn summary(document: &Document) -> String {
    let mut rows = Vec::new();
    if let Some(ours) = document.rows.as_ref().and_then(|rows| rows.first()) {
        let three = |values: [f64; 3]| values.map(|value| format!("{value:.2}")).join(" / ");
        rows.push(row(
            "NAB standard / low FP / low FN, in-sample",
            three(NAB),
            three(ours.nab),
            ours.nab
                .iter()
                .zip(NAB)
                .all(|(reached, goal)| *reached >= goal),
        ));
        let current = document
            .stored
            .as_ref()
            .filter(|stored| stored.is_current(ours.nab[0]));
        let unknown = || "not measured for this version: run make eval-cv".to_owned();
        let of = |start| current.and_then(|stored| stored.from(start));
        for start in Start::ALL {
            let unseen = of(start).map(|mean| mean.unseen.nab);
            rows.push(row(
                &format!(
                    "NAB standard, cross-validated: every constant refitted on other files, from {}",
                    start.words()
                ),
                format!("{UNSEEN:.2}, stretch 70.50"),
                unseen.map_or_else(unknown, |unseen| format!("{unseen:.2}")),
                unseen.is_some_and(|unseen| unseen >= UNSEEN),
            ));
        }
        let f1 = ours.cloud.best.f1;
        rows.push(row(
            "cloud-monitoring, best event F1, in-sample",
            format!("{EVENT_F1:.3}"),
            format!("{f1:.3}"),
            f1 >= EVENT_F1,
        ));
        for start in Start::ALL {
            let unseen = of(start).map(|mean| mean.unseen.events);
            rows.push(vec![
                format!(
                    "cloud-monitoring, event F1, cross-validated in the same way, from {}",
                    start.words()
                ),
                "–".to_owned(),
                unseen.map_or_else(unknown, |unseen| format!("{unseen:.3}")),
                "–".to_owned(),
            ]);
        }
    }
    let quiet = &document.operations.quiet;
    rows.push(row(
        "simulated fleet: false pages a function-week, 95 % upper bound",
        format!("≤ {FALSE_PAGES} over ≥ {WEEKS} weeks"),
        format!(
            "{:.4} over {:.0} ({} pages)",
            quiet.upper(),
            quiet.weeks,
            quiet.pages
        ),
        quiet.upper() <= FALSE_PAGES && quiet.weeks >= WEEKS,
    ));
    let scenarios = &document.operations.scenarios;
    let count = |met: &dyn Fn(&crate::operations::Scenario) -> bool| {
        scenarios.iter().filter(|one| met(one)).count()
    };
    for (figure, met) in [
        (
            "simulated faults: scenarios with recall ≥ 0.95, or with nobody paged",
            count(&|one| one.recall_is_enough()),
        ),
        (
            "simulated faults: scenarios told soon enough against the bound",
            count(&|one| one.delay_is_enough()),
        ),
        (
            "simulated faults: scenarios told sooner than by the burn-rate rule",
            count(&|one| one.beats_burn_rate()),
        ),
    ] {
        rows.push(row(
            figure,
            format!("{} of {}", scenarios.len(), scenarios.len()),
            met.to_string(),
            met == scenarios.len(),
        ));
    }
    rows.extend(received(&document.operations.received));
    for (figure, randomised, counts) in [
        (
            "null calibration, continuous: realised to nominal",
            true,
            false,
        ),
        ("null calibration, counts, randomised", true, true),
        ("null calibration, counts, as they are", false, true),
    ] {
        let (low, high) = worst(&document.calibration, randomised, counts);
        let least = if randomised { 1.0 / CALIBRATION } else { 0.0 };
        rows.push(row(
            figure,
            if randomised {
                format!("within {CALIBRATION} ×")
            } else {
                format!("never above {CALIBRATION} ×")
            },
            format!("{low:.2} to {high:.2}"),
            low >= least && high <= CALIBRATION,
        ));
    }
    table(&["figure", "goal", "reached", "met"], &rows)
}

/// What people receive over four weeks. How much noise is bearable nobody has set; the page budget is the goal above.
fn received(received: &Received) -> Vec<Vec<String>> {
    let messages = received.messages();
    let faults = messages.len();
    let many = messages.iter().filter(|count| **count > ENOUGH).count();
    let mut rows: Vec<_> = [
        (
            "four weeks: groups paged twice about the same fault",
            received.paged_twice(),
        ),
        (
            "four weeks: faults that nobody heard of",
            received.unnoticed.len(),
        ),
        (
            "four weeks: faults with more than two messages, repeats apart",
            many,
        ),
    ]
    .into_iter()
    .map(|(figure, count)| {
        row(
            figure,
            "0".to_owned(),
            format!("{count} of {faults}"),
            count == 0,
        )
    })
    .collect();
    let noise = received.pages + received.tickets + received.chats;
    rows.push(vec![
        "four weeks: messages about nothing, a service-week".to_owned(),
        "–".to_owned(),
        format!("{:.3}", noise as f64 / received.weeks),
        "–".to_owned(),
    ]);
    rows
}

/// The least and the greatest ratio: of each law at the two levels at which it has enough minutes, and of all laws of the
/// class together at the rarest.
fn worst(rows: &[Row], randomised: bool, counts: bool) -> (f64, f64) {
    let rarest = LEVELS.len() - 1;
    let class = rows.iter().filter(|row| row.counts == counts);
    let ratios = class.flat_map(|row| (0..rarest).map(move |level| row.ratio(level, randomised)));
    let together = pooled(rows, counts).ratio(rarest, randomised);
    ratios
        .chain([together])
        .fold((f64::INFINITY, 0.0), |(low, high), ratio| {
            (f64::min(low, ratio), f64::max(high, ratio))
        })
}
