//! Goldens: the documents that payloads make, read by the decoder that reads everybody's.

use extraction::testing::{EVENT, document, payload};
use extraction::{Reader, Rules, Skip};
use platform::emit::Captured;
use serde_json::json;

use super::*;

/// Tells of these lines, read some seconds after they were logged: `series count sum max`.
fn told(sightings: &Sightings, lines: &[&str], seconds_later: i64) -> Vec<String> {
    let event = payload(&document(lines));
    let mut rules = Rules::default();
    rules.limits.dimension_values = 2;
    let (batches, counts) = Reader::default()
        .read(&event, &rules, &Skip::new())
        .unwrap();
    let captured = Captured::default();
    let speaker = Speaker {
        emitter: &captured,
        function_name: "lp",
        sightings,
        at: Timestamp::from_millisecond(EVENT + seconds_later * 1000).unwrap(),
    };
    let outcome = Outcome::of(&counts, &batches);
    emit_by(&speaker, &outcome, (event.len(), &counts, &batches));
    let mut found = Vec::new();
    for line in captured.lines() {
        let document = signals::emf::decode(&line, speaker.at.as_millisecond())
            .unwrap()
            .unwrap();
        for (key, observations) in document.data() {
            let mut rollup = signals::Rollup::default();
            observations
                .iter()
                .for_each(|seen| seen.add_to(&mut rollup));
            let (count, sum, max) = (rollup.count(), rollup.sum(), rollup.max().unwrap());
            found.push(format!("{key} {count} {sum} {max}"));
        }
    }
    found
}

fn publishing() -> Sightings {
    Sightings {
        functions: true,
        ..Sightings::default()
    }
}

fn with(found: &[String], part: &str) -> Vec<String> {
    let own = "{function_name=lp,service=log-processor}";
    let found = found.iter().filter(|line| line.contains(part));
    found
        .map(|line| line.replace("emf/Outrider/", "").replace(own, "{own}"))
        .collect()
}

fn emf(namespace: &str, service: &str) -> String {
    json!({
        "_aws": { "Timestamp": EVENT, "CloudWatchMetrics": [
            { "Namespace": namespace, "Dimensions": [["service"]], "Metrics": [{ "Name": "M" }] }
        ]},
        "service": service, "M": 1,
    })
    .to_string()
}

#[test]
fn a_payload_is_told_of_by_its_totals_and_its_age() {
    let found = told(
        &Sightings::default(),
        &["hello", &emf("N", "a"), "[ERROR] x"],
        42,
    );
    let mut found = with(&found, "{function_name=lp,service=log-processor}");
    // How well gzip packs and how long the fixture is are nobody's promise.
    found.retain(|line| !line.starts_with("Bytes"));
    assert_eq!(
        found,
        [
            "LogEvents{own} 1 3 3",
            "Samples{own} 1 1 1",
            "RejectedEvents{own} 1 0 0",
            "RollupsWritten{own} 1 0 0",
            "BatchesReplayed{own} 1 0 0",
            "EventsSkipped{own} 1 0 0",
            "LedgerGaps{own} 1 0 0",
            "LogsDropped{own} 1 0 0",
            "ApplicationErrors{own} 1 1 1",
            "NewErrors{own} 1 0 0",
            "EmfViolations{own} 1 0 0",
            "CardinalityCapped{own} 1 0 0",
            "IngestLagSeconds{own} 1 42 42",
            "OldestIngestLagSeconds{own} 1 42 42",
        ]
    );
}

#[test]
fn a_log_event_from_the_future_is_no_lag() {
    let found = told(&Sightings::default(), &["x"], -5);
    assert_eq!(with(&found, "/IngestLag"), ["IngestLagSeconds{own} 1 0 0"]);
}

#[test]
fn violations_are_told_by_reason_and_by_whose_they_are() {
    let empty = emf("Shop", "");
    let found = told(
        &Sightings::default(),
        &[&empty, &empty, &emf("Till", "")],
        0,
    );
    assert_eq!(
        with(&found, "EmfViolations"),
        [
            "EmfViolations{own} 1 3 3",
            "EmfViolations{function_name=lp,reason=dimension_empty,service=log-processor} 1 3 3",
            "EmfViolations{log_group=/aws/lambda/f,namespace=Shop,reason=dimension_empty} 1 2 2",
            "EmfViolations{log_group=/aws/lambda/f,namespace=Till,reason=dimension_empty} 1 1 1",
        ]
    );
}

#[test]
fn namespaces_that_explode_make_a_bounded_number_of_metrics() {
    let sightings = Sightings::default();
    let mut sets = std::collections::BTreeSet::new();
    let mut violations = 0.0;
    for payload in 0..5 {
        let lines: Vec<_> = (0..40)
            .map(|i| emf(&format!("N{payload}-{i}"), ""))
            .collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        for line in with(&told(&sightings, &lines, 0), "log_group=") {
            let mut words = line.split(' ');
            sets.insert(words.next().unwrap().to_owned());
            violations += words.nth(1).unwrap().parse::<f64>().unwrap();
        }
    }
    assert_eq!(sets.len(), 21, "20 and the rest: {sets:?}");
    assert!((violations - 200.0).abs() < f64::EPSILON, "none is missing");
}

#[test]
fn data_of_a_dimension_that_explodes_are_counted() {
    let found = told(
        &Sightings::default(),
        &[
            &emf("N", "a"),
            &emf("N", "b"),
            &emf("N", "c"),
            &emf("N", "d"),
        ],
        0,
    );
    assert_eq!(with(&found, "Capped"), ["CardinalityCapped{own} 1 2 2"]);
}

#[test]
fn a_watched_function_is_told_of_by_what_cloudwatch_cannot_know() {
    let reports = [
        "REPORT RequestId: r\tDuration: 5 ms\tBilled Duration: 6 ms\tMemory Size: 200 MB\tMax Memory Used: 50 MB\tInit Duration: 120 ms\n",
        "REPORT RequestId: r\tDuration: 5 ms\tBilled Duration: 6 ms\tMemory Size: 200 MB\tMax Memory Used: 150 MB\n",
        "REPORT RequestId: r\tDuration: 3000 ms\tBilled Duration: 3000 ms\tMemory Size: 200 MB\tMax Memory Used: 100 MB\tStatus: timeout\n",
    ];
    let expected = [
        "ColdStarts{function_name=f} 1 1 1",
        "Timeouts{function_name=f} 1 1 1",
        "OutOfMemory{function_name=f} 1 0 0",
        "MaxMemoryUsed{function_name=f} 3 300 150",
        "MemoryUtilization{function_name=f} 3 150 75",
        "InitDuration{function_name=f} 1 120 120",
    ];
    assert_eq!(
        with(&told(&publishing(), &reports, 0), "{function_name=f}"),
        expected
    );
    let switched_off = told(&Sightings::default(), &reports, 0);
    assert!(with(&switched_off, "{function_name=f}").is_empty());
    let ancient = told(&publishing(), &reports, 14 * 86_400);
    assert!(
        with(&ancient, "{function_name=f}").is_empty(),
        "CloudWatch would not take it"
    );
    assert!(with(&told(&publishing(), &["no report"], 0), "{function_name=f}").is_empty());
}
