//! Results as tables of Markdown, which a terminal shows as well.

use crate::calibration::{self, LEVELS};
use crate::corpora;
use crate::operations::{Mixed, Quiet, Scenario};
use crate::peers::ENTRIES;
use crate::refit::{Reached, Refit, Start, Stored};
use crate::score::events::Outcome;

/// Rows of cells below a head, the columns as wide as their widest cell.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([head[column].chars().count(), 3])
            .max()
            .unwrap_or(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths);
        let padded = cells
            .map(|(cell, width)| format!(" {cell}{} ", " ".repeat(width - cell.chars().count())));
        format!("|{}|\n", padded.collect::<Vec<_>>().join("|"))
    };
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(&head) + &line(&rule);
    for row in rows {
        text += &line(row);
    }
    text
}

/// A number without its leading zero nowhere: `.653`.
fn share(value: f64) -> String {
    format!("{value:.3}")
}

fn or_dash(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// Every detector on NAB and on cloud-monitoring.
pub(crate) fn corpora(rows: &[corpora::Row]) -> String {
    let nab: Vec<_> = rows
        .iter()
        .map(|row| {
            let mut cells = vec![row.name.to_owned()];
            cells.extend(row.nab.iter().map(|score| format!("{score:.2}")));
            cells.extend(
                [row.nab_held_out, row.nab_quiet, row.nab_quiet_held_out]
                    .map(|score| format!("{score:.2}")),
            );
            cells
        })
        .collect();
    let head = [
        "NAB",
        "standard",
        "low FP",
        "low FN",
        "standard, held-out threshold",
        "with the refractory rule",
        "the same, held-out threshold",
    ];
    let events = |name: &str, of: fn(&corpora::Row) -> &Outcome| {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let outcome = of(row);
                vec![
                    row.name.to_owned(),
                    share(outcome.best.f1),
                    share(outcome.best.precision),
                    share(outcome.best.recall),
                    format!("{:.2}", outcome.best.false_alarms),
                    or_dash(outcome.best.minutes, 0),
                    share(outcome.recall_at_1),
                    share(outcome.recall_at_quarter),
                ]
            })
            .collect();
        let head = [
            name,
            "event F1",
            "precision",
            "recall",
            "false alarms a week",
            "median minutes",
            "recall at ≤ 1 a week",
            "recall at ≤ 0.25",
        ];
        table(&head, &rows)
    };
    [
        table(&head, &nab),
        events("cloud-monitoring, all series", |row| &row.cloud),
        events("cloud-monitoring, series of minutes", |row| &row.minutes),
    ]
    .join("\n")
}

/// Constants and sources.
pub(super) fn peers() -> String {
    let rows: Vec<_> = ENTRIES
        .iter()
        .map(|entry| vec![entry.name.to_owned(), entry.constants.to_owned()])
        .collect();
    table(&["detector", "constants"], &rows)
}

pub(super) fn times(times: &[(&'static str, f64)]) -> String {
    let ours = times.first().map_or(f64::NAN, |ours| ours.1);
    let rows: Vec<_> = times
        .iter()
        .map(|(name, nanos)| {
            vec![
                (*name).to_owned(),
                format!("{nanos:.0}"),
                format!("{:.1}", nanos / ours),
            ]
        })
        .collect();
    table(&["detector", "ns a point", "times ours"], &rows)
}

/// Four cells: what was reached on files seen and unseen.
fn seen_and_unseen(seen: Reached, unseen: Reached) -> [String; 4] {
    [
        format!("{:.2}", seen.nab),
        format!("{:.2}", unseen.nab),
        share(seen.events),
        share(unseen.events),
    ]
}

const SEEN_AND_UNSEEN: [&str; 4] = ["NAB seen", "NAB unseen", "event F1 seen", "event F1 unseen"];

/// One way to deal the files, fold by fold.
pub(crate) fn refit(refit: &Refit) -> String {
    let row =
        |name: String, seen, unseen| [vec![name], seen_and_unseen(seen, unseen).to_vec()].concat();
    let folds = refit.folds.iter().enumerate();
    let mut rows: Vec<_> = folds
        .map(|(k, fold)| row((k + 1).to_string(), fold.seen, fold.unseen))
        .collect();
    rows.push(row(
        format!("all, from {}, seed {}", refit.start.words(), refit.seed),
        refit.seen,
        refit.unseen,
    ));
    table(&[&["fold"][..], &SEEN_AND_UNSEEN].concat(), &rows)
}

/// All refits beside the frozen set.
pub(crate) fn refits(stored: &Stored, frozen: f64) -> String {
    let row = |start: Start, seed: String, tries: String, seen, unseen| {
        let first = vec![start.words().to_owned(), seed, tries];
        [first, seen_and_unseen(seen, unseen).to_vec()].concat()
    };
    let mut rows = Vec::new();
    for start in Start::ALL {
        for one in stored.refits.iter().filter(|one| one.start == start) {
            let (seed, tries) = (one.seed.to_string(), one.evaluations.to_string());
            rows.push(row(start, seed, tries, one.seen, one.unseen));
        }
        if let Some(mean) = stored.from(start) {
            rows.push(row(
                start,
                "mean".to_owned(),
                String::new(),
                mean.seen,
                mean.unseen,
            ));
        }
    }
    let first = ["search starts at", "seed", "sets tried a fold, at most"];
    let mut text = table(&[&first[..], &SEEN_AND_UNSEEN].concat(), &rows);
    if !stored.is_current(frozen) {
        text +=
            "\n**These refits are of an earlier version of the detector: run `make eval-cv`.**\n";
    }
    text
}

/// Weeks without a fault.
pub(crate) fn quiet(quiet: &Quiet) -> String {
    let symptoms: Vec<_> = quiet
        .by_symptom
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let rows = [
        (
            "functions, function-weeks counted",
            format!("{}, {:.0}", quiet.functions, quiet.weeks),
        ),
        (
            "budget it was given, false pages a service-week",
            format!("{} over {} series", quiet.budget, quiet.series),
        ),
        ("false pages", quiet.pages.to_string()),
        (
            "false pages a function-week",
            format!("{:.4}", quiet.rate()),
        ),
        (
            "its one-sided 95 % upper bound (Poisson)",
            format!("{:.4}", quiet.upper()),
        ),
        ("tickets, which wake nobody", quiet.tickets.to_string()),
        ("false incidents by symptom", symptoms.join(", ")),
        (
            "burn-rate rule: false pages, objective chosen for that",
            format!(
                "{}, {:.2} times the usual share of bad events",
                quiet.burn_rate, quiet.objective
            ),
        ),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    table(&["quiet weeks", ""], &rows)
}

/// Every scenario.
pub(crate) fn scenarios(scenarios: &[Scenario]) -> String {
    let rows: Vec<_> = scenarios
        .iter()
        .map(|one| {
            let recall = |count: usize| format!("{:.3}", count as f64 / one.faults.max(1) as f64);
            vec![
                format!("`{}`", one.name),
                one.about.to_owned(),
                one.faults.to_string(),
                if one.told {
                    recall(one.ours.count)
                } else {
                    format!("{} paged", one.ours.count)
                },
                or_dash(one.ours.median, 0),
                or_dash(one.ours.mean, 2),
                or_dash(one.bound, 2),
                or_dash(one.times_the_bound(), 2),
                recall(one.burn_rate.count),
                or_dash(one.burn_rate.mean, 1),
                if one.meets_the_bar() { "yes" } else { "**no**" }.to_owned(),
            ]
        })
        .collect();
    let head = [
        "scenario",
        "what happens",
        "faults",
        "recall",
        "median bins",
        "mean bins",
        "bound",
        "times the bound",
        "burn-rate recall",
        "its mean bins",
        "bar met",
    ];
    let (false_incidents, weeks) = scenarios.iter().fold((0, 0.0), |(count, weeks), one| {
        (count + one.false_incidents, weeks + one.weeks)
    });
    let note = format!(
        "\nIncidents outside faults, pages and tickets: {false_incidents} in {weeks:.0} function-weeks, {:.4} a function-week.\n",
        false_incidents as f64 / weeks
    );
    table(&head, &rows) + &note
}

/// Every kind of fault in the mixed fleet.
pub(crate) fn mixed(mixed: &Mixed) -> String {
    let mut rows: Vec<_> = mixed
        .kinds
        .iter()
        .map(|(kind, told, faults, found)| {
            let share = found.count as f64 / *faults as f64;
            vec![
                (*kind).to_owned(),
                faults.to_string(),
                if *told {
                    format!("{share:.3}")
                } else {
                    format!("{} paged", found.count)
                },
                or_dash(found.median, 0),
            ]
        })
        .collect();
    let told = mixed.kinds.iter().filter(|kind| kind.1);
    let (faults, found) = told.fold((0, 0), |(faults, found), kind| {
        (faults + kind.2, found + kind.3.count)
    });
    rows.push(vec![
        "all that are to be told".to_owned(),
        faults.to_string(),
        format!("{:.3}", found as f64 / faults.max(1) as f64),
        String::new(),
    ]);
    let note = format!(
        "\nFalse pages: {} in {:.0} function-weeks of {} functions, {:.4} a function-week.\n",
        mixed.false_pages,
        mixed.weeks,
        mixed.functions,
        mixed.false_pages as f64 / mixed.weeks
    );
    table(&["kind of fault", "faults", "recall", "median bins"], &rows) + &note
}

/// How often nothing looks strange, law by law and for each class as a whole.
pub(crate) fn calibration(rows: &[calibration::Row]) -> String {
    let classes = [false, true].map(|counts| calibration::pooled(rows, counts));
    let cells: Vec<_> = rows
        .iter()
        .chain(&classes)
        .map(|row| {
            let mut cells = vec![
                row.judge.to_owned(),
                row.law.to_owned(),
                if row.days > 0 {
                    row.days.to_string()
                } else {
                    "–".to_owned()
                },
                format!("{:.1}", row.points as f64 / 1e6),
            ];
            cells.extend((0..LEVELS.len()).map(|level| format!("{:.2}", row.ratio(level, true))));
            cells.push(format!("± {:.2}", row.error(LEVELS.len() - 1)));
            cells.extend((0..LEVELS.len()).map(|level| {
                if row.counts {
                    format!("{:.2}", row.ratio(level, false))
                } else {
                    "–".to_owned()
                }
            }));
            cells
        })
        .collect();
    let head = [
        "model",
        "null law",
        "days a series",
        "points, millions",
        "1e-4",
        "1e-5",
        "1e-6",
        "standard error at 1e-6",
        "1e-4, not randomised",
        "1e-5",
        "1e-6",
    ];
    table(&head, &cells)
}
