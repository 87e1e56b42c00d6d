//! What emitters in use write, and what it must come to: the files of `fixtures/emitters/`, each with its rows.
//!
//! The messages are the emitters' own output where they can be run, and composed from their sources where not: see
//! `fixtures/README.md`. What they must come to was computed by another program, in another language.

use super::*;

const EMITTERS: [(&str, &str); 9] = [
    (
        "awsemfexporter",
        include_str!("../../fixtures/emitters/awsemfexporter.json"),
    ),
    (
        "embedded-metrics-node",
        include_str!("../../fixtures/emitters/embedded-metrics-node.json"),
    ),
    (
        "embedded-metrics-python",
        include_str!("../../fixtures/emitters/embedded-metrics-python.json"),
    ),
    ("java", include_str!("../../fixtures/emitters/java.json")),
    (
        "lambda-log-formats",
        include_str!("../../fixtures/emitters/lambda-log-formats.json"),
    ),
    (
        "metrique",
        include_str!("../../fixtures/emitters/metrique.json"),
    ),
    (
        "powertools-dotnet",
        include_str!("../../fixtures/emitters/powertools-dotnet.json"),
    ),
    (
        "powertools-python",
        include_str!("../../fixtures/emitters/powertools-python.json"),
    ),
    (
        "powertools-typescript",
        include_str!("../../fixtures/emitters/powertools-typescript.json"),
    ),
];

/// What a row says of one series in one minute: count, sum, minimum and maximum.
type Figures = (u64, f64, f64, f64);

fn expected(row: &Value) -> BTreeMap<(String, String), Figures> {
    let samples = row["samples"].as_array().into_iter().flatten();
    samples
        .map(|sample| {
            let text = |name: &str| sample[name].as_str().unwrap().to_owned();
            let number = |name: &str| sample[name].as_f64().unwrap();
            let figures = (
                sample["n"].as_u64().unwrap(),
                number("sum"),
                number("min"),
                number("max"),
            );
            ((text("series"), text("minute")), figures)
        })
        .collect()
}

fn found(batches: &[Batch]) -> BTreeMap<(String, String), Figures> {
    let all = batches.iter().flat_map(|batch| &batch.rollups);
    all.flat_map(|(minute, series)| {
        series
            .iter()
            .map(move |(key, rollup)| (minute, key, rollup))
    })
    .map(|(minute, key, rollup)| {
        let figures = (
            rollup.count(),
            rollup.sum(),
            rollup.min().unwrap(),
            rollup.max().unwrap(),
        );
        ((key.to_string(), minute.to_string()), figures)
    })
    .collect()
}

/// What is wrong with what a row came to.
fn complaint(row: &Value) -> Option<String> {
    let messages: Vec<_> = row["messages"].as_array().unwrap().iter().collect();
    let messages: Vec<_> = messages.iter().map(|text| text.as_str().unwrap()).collect();
    let (batches, counts) = read(&payload(&document(&messages))).unwrap();
    let (found, expected) = (found(&batches), expected(row));
    let names = |all: &BTreeMap<(String, String), Figures>| all.keys().cloned().collect::<Vec<_>>();
    if names(&found) != names(&expected) {
        return Some(format!("it has {found:#?}, not {expected:#?}"));
    }
    for (name, (n, sum, min, max)) in &expected {
        let (its_n, its_sum, its_min, its_max) = found[name];
        let exact = (its_n, its_min, its_max) == (*n, *min, *max);
        if !exact || (its_sum - sum).abs() > 1e-12 * sum.abs() {
            return Some(format!(
                "{name:?} has {:?}, not {:?}",
                found[name], expected[name]
            ));
        }
    }
    let reason = row["rejected"].as_str().map(|reason| (reason, 1));
    (rejected(&counts) != reason.into_iter().collect::<Vec<_>>())
        .then(|| format!("it is rejected by {:?}", rejected(&counts)))
}

#[test]
fn what_emitters_in_use_write_makes_their_series() {
    for (name, fixture) in EMITTERS {
        let fixture: Value = serde_json::from_str(fixture).unwrap();
        let rows = fixture["rows"].as_array().unwrap();
        assert!(fixture["emitter"].is_string() && rows.len() >= 3, "{name}");
        for row in rows {
            let rule = row["rule"].as_str().unwrap();
            assert_eq!(complaint(row), None, "{name}: {rule}");
        }
    }
}

#[test]
fn a_row_that_says_something_else_is_found_out() {
    let message = r#"{"_aws":{"Timestamp":1795200000000,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"M"}]}]},"M":2}"#;
    let row = |samples: Value, rejected: Value| json!({ "messages": [message], "samples": samples, "rejected": rejected });
    let sample = |minute: &str, n: u64, sum: f64| json!([{ "series": "emf/N/M{}", "minute": minute, "n": n, "sum": sum, "min": 2, "max": 2 }]);
    let minute = "2026-11-20T18:40:00Z";
    assert_eq!(complaint(&row(sample(minute, 1, 2.0), Value::Null)), None);
    for row in [
        row(json!([]), Value::Null),
        row(sample("2026-11-20T18:41:00Z", 1, 2.0), Value::Null),
        row(sample(minute, 2, 2.0), Value::Null),
        row(sample(minute, 1, 2.000_000_1), Value::Null),
        row(sample(minute, 1, 2.0), json!("metric_missing")),
    ] {
        assert!(complaint(&row).is_some(), "{row}");
    }
}
