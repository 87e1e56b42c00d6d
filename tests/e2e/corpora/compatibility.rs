//! The page on compatibility names fixtures and rules that are there, and no file of fixtures is missing from it.

use std::collections::{BTreeMap, BTreeSet};

use e2e::built::workspace;
use serde_json::Value;

/// The rules of each file of fixtures.
fn fixtures() -> BTreeMap<String, BTreeSet<String>> {
    let root = workspace().join("crates/extraction/fixtures");
    let mut found = BTreeMap::new();
    for folder in ["", "emitters/"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let read: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let rows = read.as_array().or(read["rows"].as_array());
            let rules = rows
                .into_iter()
                .flatten()
                .map(|row| row["rule"].as_str().unwrap().to_owned());
            let name = path.file_name().unwrap().to_str().unwrap();
            found.insert(format!("{folder}{name}"), rules.collect());
        }
    }
    found
}

/// The file and the rule that each row of the page's tables names.
fn named(page: &str) -> Vec<(&str, &str)> {
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.ends_with(" |"));
    let columns = rows.map(|line| {
        line.trim_matches('|')
            .split(" | ")
            .map(str::trim)
            .collect::<Vec<_>>()
    });
    let named = columns.filter_map(|columns| {
        let (rule, file) = (columns.last()?, columns.get(columns.len().checked_sub(2)?)?);
        Some((file.strip_prefix('`')?.strip_suffix("`")?, *rule))
    });
    named.collect()
}

fn complaints(page: &str, fixtures: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let named = named(page);
    let absent = named.iter().filter(|(file, rule)| {
        fixtures
            .get(*file)
            .is_none_or(|rules| !rules.contains(*rule))
    });
    let absent = absent.map(|(file, rule)| format!("{file} has no rule {rule:?}"));
    let unnamed = fixtures
        .keys()
        .filter(|file| !page.contains(&format!("`{file}`")));
    absent
        .chain(unnamed.map(|file| format!("the page does not name {file}")))
        .collect()
}

#[test]
fn every_row_of_the_page_on_compatibility_has_its_fixture() {
    let page = std::fs::read_to_string(workspace().join("docs/compatibility.md")).unwrap();
    let fixtures = fixtures();
    assert_eq!(complaints(&page, &fixtures), Vec::<String>::new());
    assert!(named(&page).len() > 70, "the page's tables are not read");

    let some = BTreeMap::from([("a.json".to_owned(), BTreeSet::from(["a rule".to_owned()]))]);
    assert_eq!(
        complaints("| x | 1, run | `a.json` | a rule |", &some),
        Vec::<String>::new()
    );
    for page in [
        "| x | `a.json` | another |",
        "| x | `b.json` | a rule |\n`a.json`",
        "nothing",
    ] {
        assert_eq!(complaints(page, &some).len(), 1, "{page}");
    }
}
