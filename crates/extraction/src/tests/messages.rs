//! Every emitter's messages, from the fixtures: the rule, the message, and what it must come to.

use super::*;

/// Each rollup as `series minute value`, or with its count and sum when there are several samples.
fn told(batches: &[Batch]) -> Vec<String> {
    let mut told = Vec::new();
    for (minute, series) in batches.iter().flat_map(|batch| &batch.rollups) {
        for (key, rollup) in series {
            let what = match rollup.count() {
                1 => rollup.sum().to_string(),
                count => format!("n={count} sum={}", rollup.sum()),
            };
            told.push(format!("{key} {minute} {what}"));
        }
    }
    told.sort();
    told
}

fn check(fixture: &str, expand: impl Fn(&str) -> String) {
    let rows: Vec<Value> = serde_json::from_str(fixture).unwrap();
    assert!(rows.len() > 5);
    for row in rows {
        let rule = row["rule"].as_str().unwrap();
        let (batches, counts) =
            read(&payload(&document(&[row["message"].as_str().unwrap()]))).unwrap();
        let mut expected: Vec<_> = row["samples"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|sample| expand(sample.as_str().unwrap()))
            .collect();
        expected.sort();
        assert_eq!(told(&batches), expected, "{rule}");
        let reasons: Vec<_> = row["rejected"]
            .as_str()
            .map(|reason| (reason, 1))
            .into_iter()
            .collect();
        assert_eq!(rejected(&counts), reasons, "{rule}");
        let dropped = row["dropped"].as_u64().unwrap_or(0);
        assert_eq!(counts.logs_dropped, dropped, "{rule}");
        let classes: Vec<_> = counts
            .application_errors
            .keys()
            .map(|class| class.as_str())
            .collect();
        assert_eq!(
            classes,
            row["error"].as_str().into_iter().collect::<Vec<_>>(),
            "{rule}"
        );
    }
}

/// `duration_ms 5` → the whole of it.
fn signal(sample: &str) -> String {
    let (signal, value) = sample.split_once(' ').unwrap();
    format!("lambda/f/{signal}{{}} 2026-11-20T18:40:00Z {value}")
}

#[test]
fn documents_of_every_emitter_make_their_series() {
    check(include_str!("../../fixtures/emf.json"), ToOwned::to_owned);
}

#[test]
fn reports_as_text_make_their_samples() {
    check(include_str!("../../fixtures/report-text.json"), signal);
}

#[test]
fn reports_as_json_make_their_samples() {
    check(include_str!("../../fixtures/report-json.json"), signal);
}

#[test]
fn errors_in_the_words_of_every_language_are_counted_by_class() {
    for (rule, message, class) in [
        (
            "a panic",
            "thread 'main' panicked at src/lib.rs:1:5:\nindex out of bounds",
            Some("panic"),
        ),
        (
            "Python's logger",
            "[ERROR]\t2026-11-20T18:40:00.000Z\tid\tboom",
            Some("logged"),
        ),
        (
            "Node's console",
            "2026-11-20T18:40:00.000Z\tid\tERROR\tInvoke Error \t{\"errorType\":\"Error\"}",
            Some("logged"),
        ),
        (
            "tracing's JSON",
            "{\"level\":\"ERROR\",\"fields\":{}}",
            Some("logged"),
        ),
        (
            "Powertools in Python",
            "{\"level\":\"CRITICAL\",\"message\":\"x\"}",
            Some("logged"),
        ),
        ("Pino", "{\"level\":50,\"msg\":\"x\"}", Some("logged")),
        ("a warning", "{\"level\":\"WARN\"}", None),
        ("Pino's warning", "{\"level\":40}", None),
        ("the word alone", "no ERROR here", None),
    ] {
        let (_, counts) = read(&payload(&document(&[message]))).unwrap();
        let classes: Vec<_> = counts
            .application_errors
            .keys()
            .map(|class| class.as_str())
            .collect();
        assert_eq!(classes, class.into_iter().collect::<Vec<_>>(), "{rule}");
    }
}
