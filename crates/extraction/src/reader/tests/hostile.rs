//! What nobody means well with: bounded, counted, and beside it the good lines are kept.

use super::*;
use crate::Reason;

/// A good line between hostile ones: what all of them come to, and that the good one is among it.
fn beside(hostile: &[String]) -> crate::Counts {
    let good = report(1.0);
    let mut texts: Vec<_> = hostile.iter().map(String::as_str).collect();
    texts.insert(texts.len() / 2, &good);
    let event = payload(0, &texts);
    let mut reader = Reader::default();
    agree(&mut reader, &event);
    let (batches, counts) = reader
        .read(&event, &Rules::default(), &Skip::new())
        .unwrap();
    let mut series = batches
        .iter()
        .flat_map(|batch| batch.rollups.values())
        .flat_map(|series| series.keys());
    assert!(
        series.any(|key| key.to_string() == "lambda/f/invocations{}"),
        "the good line is lost"
    );
    counts
}

fn read_within(messages: &[String], limits: Limits) -> crate::Counts {
    let texts: Vec<_> = messages.iter().map(String::as_str).collect();
    let event = payload(0, &texts);
    let rules = Rules {
        limits,
        ..Rules::default()
    };
    let mut reader = Reader::default();
    agree_with(&mut reader, &event, &rules, &Skip::new()).unwrap();
    reader.read(&event, &rules, &Skip::new()).unwrap().1
}

#[test]
fn nesting_keys_and_long_lines_cost_no_stack_and_no_neighbour() {
    let members: String = (0..100_000).map(|i| format!("\"k{i}\":{i},")).collect();
    for text in [
        format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)),
        format!(
            "{{\"a\":{}1{}}}",
            "{\"b\":".repeat(100_000),
            "}".repeat(100_000)
        ),
        "[".repeat(500_000),
        "{".repeat(500_000),
        format!("{{{members}\"z\":1}}"),
        "x".repeat(1_000_000),
        format!("{{\"a\":\"{}\"}}", "\\\"".repeat(200_000)),
        "\u{0}".repeat(1000),
        "\\".repeat(1000),
    ] {
        beside(&[text.clone(), text]);
    }
}

#[test]
fn a_dimension_that_explodes_is_capped_counted_and_named() {
    let messages: Vec<_> = (0..3_000)
        .map(|i| emf(&format!("request-{i}"), 1.0).to_string())
        .collect();
    let counts = beside(&messages);
    assert_eq!(counts.samples, 3_000 * 2 * 4 + 5, "no sample is lost");
    let capped: Vec<_> = counts.capped.iter().collect();
    assert_eq!(
        capped,
        [(&("N".to_owned(), "service".to_owned()), &(2_500 * 2))]
    );
}

#[test]
fn values_far_apart_are_charged_and_refused_beyond_the_memory() {
    // A bucket of its own for each value, over nearly all of a double's range.
    let value = |i: i32| 2_f64.powf(f64::from(i % 64_000) / 32.0 - 1_000.0);
    let messages: Vec<_> = (0..1_000)
        .map(|i| {
            let mut document = emf(&format!("v{}", i % 20), 1.0);
            document["A"] = json!((0..100).map(|j| value(i * 100 + j)).collect::<Vec<_>>());
            document.to_string()
        })
        .collect();
    let counts = read_within(
        &messages,
        Limits {
            memory_bytes: 2_000_000,
            ..Limits::default()
        },
    );
    assert!(
        counts
            .rejected
            .get(&Reason::SeriesLimit)
            .is_some_and(|times| *times > 100),
        "{counts:?}"
    );
    assert!(counts.samples > 10_000, "{counts:?}");
}

#[test]
fn a_report_is_charged_for_its_work() {
    let messages: Vec<_> = (0..100).map(|i| report(f64::from(i))).collect();
    let counts = read_within(
        &messages,
        Limits {
            work_bytes: 40_000,
            ..Limits::default()
        },
    );
    assert!(
        counts.samples < 200 && counts.rejected[&Reason::SeriesLimit] > 60,
        "{counts:?}"
    );
}

#[test]
fn many_shapes_are_learned_within_bounds() {
    let mut reader = Reader::default();
    for round in 0..40 {
        let messages: Vec<_> = (0..120)
            .map(|i| {
                json!({ format!("k{}", i / 2 + 60 * round): 1, "level": "INFO", "n": [{ "a": i }] })
                    .to_string()
            })
            .collect();
        let texts: Vec<_> = messages.iter().map(String::as_str).collect();
        agree(&mut reader, &payload(0, &texts));
    }
    assert!(
        reader.tiers().templates + reader.tiers().walked > 3_000,
        "{:?}",
        reader.tiers()
    );
}
