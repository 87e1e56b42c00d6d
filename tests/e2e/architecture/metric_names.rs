//! A metric is named in one place.
//!
//! Dashboards, alarms, queries and the code that emits must not be able to disagree, so code says
//! `Metric::Latency` and never `"Latency"`. Tests are free to spell names out: they are the independent opinion.
//! So are data files (`outrider.toml`, rendered JSON, fixtures), which have no enum to use.

use signals::Metric;

use super::sources::{Source, ending_in};
use super::{none, one};

/// Where the names are.
const HOME: &str = "crates/signals/src/metric.rs";
/// Literals that are equal to a metric's name and mean something else.
const OTHER_MEANINGS: [(&str, &str, &str); 3] = [
    (
        "car-api/src/lib.rs",
        "ConfigError",
        "the class of an error in a log line",
    ),
    (
        "crates/platform/src/notifier/sns.rs",
        "Throttled",
        "an error code of Amazon SNS",
    ),
    (
        "outrider/src/local/subscription.rs",
        "RetriesExhausted",
        "why Lambda gave an invocation up, in its own record",
    ),
];

fn literals(source: &Source) -> Vec<(usize, &'static str)> {
    if source.path == HOME {
        return Vec::new();
    }
    let names: Vec<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    let of_line = |(number, line): (usize, &str)| {
        let found = names
            .iter()
            .filter(|name| line.contains(&format!("\"{name}\"")));
        found.map(|name| (number, *name)).collect::<Vec<_>>()
    };
    source.code().flat_map(of_line).collect()
}

fn complaints(source: &Source) -> Vec<String> {
    let meant = |name| {
        OTHER_MEANINGS
            .iter()
            .any(|(path, other, _)| source.path == *path && name == *other)
    };
    let found = literals(source)
        .into_iter()
        .filter(|(_, name)| !meant(*name));
    found
        .map(|(line, name)| {
            format!(
                "{}:{line} spells \"{name}\": write Metric::{name}",
                source.path
            )
        })
        .collect()
}

#[test]
fn code_names_a_metric_by_the_enum() {
    none(ending_in(".rs").iter().flat_map(complaints).collect());
    let bad = Source::of(
        "detector/src/watch.rs",
        "fn latency() -> &'static str {\n    \"Latency\"\n}\n",
    );
    one(complaints(&bad), "detector/src/watch.rs:2");
    for fine in [
        "// \"Latency\"",
        "\"Latency of a car\"",
        "Metric::Latency",
        "#[cfg(test)]\nmod tests {\n\"Latency\"\n}",
    ] {
        none(complaints(&Source::of("detector/src/watch.rs", fine)));
    }
    none(complaints(&Source::of(
        "detector/src/tests/world.rs",
        "\"Latency\"",
    )));
}

#[test]
fn an_exception_is_still_needed() {
    let sources = ending_in(".rs");
    for (path, name, why) in OTHER_MEANINGS {
        let source = sources.iter().find(|source| source.path == path);
        let needed =
            source.is_some_and(|source| literals(source).iter().any(|(_, found)| *found == name));
        assert!(
            needed,
            "{path} no longer spells {name:?} ({why}): remove the exception"
        );
    }
}
