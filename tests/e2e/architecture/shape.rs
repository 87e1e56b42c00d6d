//! Files stay small, entries stay thin, and names say what things are.

use super::sources::{Source, ending_in};
use super::{none, one};

/// A `main.rs` has fewer lines: logging, configuration, connections, run.
const MAIN: usize = 40;
/// Any file has fewer lines.
const FILE: usize = 500;
/// Half of the files that are no tests have fewer lines.
const MEDIAN: usize = 150;
/// Names under which anything would fit, so that in the end everything is there.
const EMPTY_NAMES: [&str; 9] = [
    "common", "helper", "helpers", "manager", "managers", "misc", "shared", "util", "utils",
];

fn too_long(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    let limit = if source.path.ends_with("/main.rs") && !source.is_test() {
        MAIN
    } else {
        FILE
    };
    (lines >= limit).then(|| {
        format!(
            "{} has {lines} lines; the limit is below {limit}",
            source.path
        )
    })
}

fn median(sources: &[Source]) -> usize {
    let mut lines: Vec<usize> = sources
        .iter()
        .filter(|source| !source.is_test())
        .map(|source| source.text.lines().count())
        .collect();
    lines.sort_unstable();
    lines.get(lines.len() / 2).copied().unwrap_or(0)
}

fn empty_name(path: &str) -> Option<String> {
    let mut parts = path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part));
    let part = parts.find(|part| EMPTY_NAMES.contains(part))?;
    Some(format!("{path}: {part:?} says nothing about what is in it"))
}

#[test]
fn every_main_is_short_and_no_file_is_long() {
    none(ending_in(".rs").iter().filter_map(too_long).collect());
    for (path, lines) in [
        ("car-api/src/main.rs", MAIN),
        ("car-api/src/lib.rs", FILE),
        ("tests/e2e/main.rs", FILE),
    ] {
        one(
            too_long(&Source::of(path, &"\n".repeat(lines)))
                .into_iter()
                .collect(),
            path,
        );
        none(
            too_long(&Source::of(path, &"\n".repeat(lines - 1)))
                .into_iter()
                .collect(),
        );
    }
}

#[test]
fn half_of_the_files_fit_on_a_few_screens() {
    let median = median(&ending_in(".rs"));
    assert!(
        median < MEDIAN,
        "the median of all files that are no tests is {median} lines, not below {MEDIAN}"
    );
}

#[test]
fn the_median_leaves_tests_out() {
    let file = |path, lines| Source::of(path, &"\n".repeat(lines));
    let sources = [
        file("a/src/lib.rs", 200),
        file("a/src/b.rs", 160),
        file("a/src/c.rs", 10),
        file("a/src/tests.rs", 1),
    ];
    assert_eq!(median(&sources), 160);
}

#[test]
fn no_file_or_folder_has_a_name_that_says_nothing() {
    none(
        ending_in("")
            .iter()
            .filter_map(|source| empty_name(&source.path))
            .collect(),
    );
    for bad in [
        "crates/utils/src/lib.rs",
        "detector/src/common.rs",
        "tests/e2e/helpers/mod.rs",
        "outrider/src/manager.rs",
    ] {
        one(empty_name(bad).into_iter().collect(), bad);
    }
    none(
        empty_name("crates/signals/src/commonality.rs")
            .into_iter()
            .collect(),
    );
}
