//! The committed document, as far as it can be made again within seconds; and how it is compared.

use std::path::{Path, PathBuf};

use super::*;
use crate::corpora::Corpora;
use crate::operations::{Case, Found, Mixed, Quiet, Received};
use crate::peers::ENTRIES;
use crate::progress::Progress;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn times_are_not_compared_and_everything_else_is() {
    let file =
        |figure: &str, time: &str| format!("a {figure}\n{}\n{time}\n{}\nb", TIMES[0], TIMES[1]);
    assert!(same(&file("1", "150 ns"), &file("1", "170 ns")).is_ok());
    for (name, committed, fresh, complaint) in [
        (
            "a figure",
            file("1", ""),
            file("2", ""),
            "line 1 is\n  a 1\nand now\n  a 2",
        ),
        (
            "a line more",
            file("1", ""),
            file("1", "") + "\nc",
            "and now 4",
        ),
    ] {
        let error = same(&committed, &fresh).unwrap_err().to_string();
        assert!(error.contains(complaint), "{name}: {error}");
    }
}

#[test]
fn a_column_is_as_wide_as_its_widest_cell_in_characters() {
    let rows = [
        vec!["–".to_owned(), "1".to_owned()],
        vec!["wide cell".to_owned(), "±2".to_owned()],
    ];
    assert_eq!(
        tables::table(&["a", "b"], &rows),
        "| a         | b   |\n| --------- | --- |\n| –         | 1   |\n| wide cell | ±2  |\n"
    );
}

/// What a run without labelled data, and with one scenario, leaves.
fn without_data() -> Document {
    let scenario = |faults, told| crate::operations::Scenario {
        name: "errors",
        about: "errors × 3",
        told: true,
        faults,
        ours: Found {
            count: told,
            mean: Some(1.5),
            median: Some(1.0),
        },
        burn_rate: Found::default(),
        bound: Some(1.0),
        false_incidents: 1,
        weeks: 8.0,
    };
    Document {
        labelled: None,
        rows: None,
        stored: None,
        times: None,
        operations: Operations {
            quiet: Quiet {
                functions: 60,
                weeks: 240.0,
                budget: 1.0,
                series: 8,
                pages: 12,
                tickets: 3,
                by_symptom: vec![("Errors".to_owned(), 12)],
                burn_rate: 11,
                objective: 1.5,
            },
            scenarios: vec![scenario(56, 55), scenario(56, 50)],
            mixed: Mixed {
                functions: 24,
                weeks: 96.0,
                kinds: vec![("errors", true, 4, Found::default())],
                false_pages: 0,
            },
            received: Received {
                weeks: 40.0,
                cases: [(
                    "errors",
                    Case {
                        told: true,
                        faults: 2,
                        messages: vec![2, 4],
                        courses: [("errors: open, flap, reopen, resolve".to_owned(), 1)].into(),
                        ..Case::default()
                    },
                )]
                .into(),
                pages: 10,
                ..Received::default()
            },
        },
        calibration: Vec::new(),
    }
}

#[test]
fn a_goal_that_is_missed_says_so_and_one_that_is_met_as_well() {
    let document = without_data();
    let text = document.render();
    assert!(!text.contains("{{"), "{text}");
    assert!(text.contains("There are no refits: run `make eval-cv`."));
    let line = |begin: &str| {
        let summary = document.summary();
        let line = summary.lines().find(|line| line.contains(begin));
        line.unwrap_or_else(|| panic!("no line {begin}")).to_owned()
    };
    // 19.44 is the bound of 12 events (Garwood 1936): .081 of 240 weeks.
    let pages = line("false pages a function-week");
    assert!(
        pages.contains("0.0810 over 240 (12 pages)") && pages.contains("| yes"),
        "{pages}"
    );
    let recall = line("with recall");
    assert!(
        recall.contains("2 of 2") && recall.contains("| 1 ") && recall.contains("**no**"),
        "{recall}"
    );
    let twice = line("paged twice");
    assert!(
        twice.contains("| 0 of 2 ") && twice.contains("| yes"),
        "{twice}"
    );
    let many = line("more than two messages");
    assert!(
        many.contains("| 1 of 2 ") && many.contains("**no**"),
        "{many}"
    );
    let noise = line("about nothing");
    assert!(
        noise.contains("| 0.250 ") && noise.contains("| –"),
        "{noise}"
    );
}

#[test]
fn every_name_in_the_template_is_filled() {
    let names: Vec<&str> = TEMPLATE
        .split("{{")
        .skip(1)
        .map(|rest| rest.split("}}").next().unwrap())
        .collect();
    let known = [
        "summary",
        "corpora",
        "peers",
        "refits",
        "quiet",
        "scenarios",
        "mixed",
        "received",
        "calibration",
        "tried",
        "rows",
        "minute series",
        "files",
        "series",
        "events",
        "times",
    ];
    for name in known {
        assert!(names.contains(&name), "{name} is not in the template");
    }
    for name in names {
        assert!(
            known.contains(&name),
            "{name} is in the template, and nothing fills it"
        );
    }
}

/// The rows of our own detector are made again: it is quick, and it is what changes.
#[test]
fn the_committed_document_is_of_this_detector() {
    let data = project().join("../shared/data");
    let Ok(committed) = std::fs::read_to_string(project().join("docs/accuracy.md")) else {
        panic!("docs/accuracy.md is not there: run make eval");
    };
    if !data.is_dir() {
        eprintln!("left out: {} is not there", data.display());
        return;
    }
    let corpora = Corpora::load(&data).unwrap();
    let ours = crate::corpora::row(&ENTRIES[0], &corpora, &Progress::new(1));
    // Widths depend on the other rows.
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let committed = squeezed(&committed);
    for line in tables::corpora(&[ours])
        .lines()
        .filter(|line| line.starts_with("| Outrider"))
    {
        assert!(
            committed.contains(&squeezed(line)),
            "docs/accuracy.md has no line {line}: run make eval-cv and make eval"
        );
    }
    assert!(
        !committed.contains("of an earlier version"),
        "docs/accuracy.md has refits of an earlier version: run make eval-cv, then make eval"
    );
}
