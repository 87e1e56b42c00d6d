//! What must hold for every batch: names, splits, duplicates, limits.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::rollup::{Limits, Rollups};

fn emf(service: &str, value: f64) -> String {
    json!({
        "_aws": { "Timestamp": EVENT, "CloudWatchMetrics": [
            { "Namespace": "N", "Dimensions": [["service"], []], "Metrics": [{ "Name": "M" }] }
        ]},
        "service": service, "M": value,
    })
    .to_string()
}

/// Lines of every sort, rejected ones among them.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        ("[a-c]", -1e6..1e6_f64).prop_map(|(service, value)| emf(&service, value)),
        (0.0..1e5_f64).prop_map(report),
        Just("2026-11-20T18:40:00.000Z r Task timed out after 3.00 seconds\n\n".to_owned()),
        Just("REPORT RequestId: r\tDuration: 3000 ms\tStatus: timeout\n".to_owned()),
        Just(r#"{"_aws":{"CloudWatchMetrics":[{}]}}"#.to_owned()),
        "\\PC{0,40}",
    ]
}

fn merged<'a>(batches: impl IntoIterator<Item = &'a Batch>) -> Rollups {
    let mut merged = Rollups::new();
    for batch in batches {
        for (minute, series) in &batch.rollups {
            for (key, rollup) in series {
                merged
                    .entry(*minute)
                    .or_default()
                    .entry(key.clone())
                    .or_default()
                    .merge(rollup);
            }
        }
    }
    merged
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_split_of_a_batch_in_any_order_says_the_same(
        lines in prop::collection::vec(line(), 1..40),
        cut in 0_usize..40,
    ) {
        let all: Vec<_> = lines.iter().map(String::as_str).collect();
        let (head, tail) = all.split_at(cut.min(all.len()));
        let (whole, counts) = read(&payload(&document(&all))).unwrap();
        let (first, a) = read(&payload(&document_from(0, head))).unwrap();
        let (second, b) = read(&payload(&document_from(head.len(), tail))).unwrap();
        let (whole, parts) = (merged(&whole), merged(second.iter().chain(&first)));
        prop_assert_eq!(whole.keys().collect::<Vec<_>>(), parts.keys().collect::<Vec<_>>());
        for (minute, series) in &whole {
            prop_assert_eq!(series.len(), parts[minute].len());
            for (key, rollup) in series {
                let part = &parts[minute][key];
                prop_assert_eq!((rollup.count(), rollup.min(), rollup.max()), (part.count(), part.min(), part.max()));
                prop_assert_eq!(rollup.histogram(), part.histogram());
                prop_assert!((rollup.sum() - part.sum()).abs() <= 1e-12 * 40.0 * 1e6);
            }
        }
        let mut added = Counts::default();
        added.add(&a);
        added.add(&b);
        added.bytes = counts.bytes;
        prop_assert_eq!(added, counts);
    }

    #[test]
    fn the_same_payload_gives_the_same_name_and_bytes(lines in prop::collection::vec(line(), 1..20)) {
        let all: Vec<_> = lines.iter().map(String::as_str).collect();
        let event = payload(&document(&all));
        prop_assert_eq!(read(&event).unwrap().0, read(&event).unwrap().0);
    }

    #[test]
    fn any_damage_to_a_payload_is_an_error_or_a_count_and_never_a_panic(
        lines in prop::collection::vec(line(), 1..5),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
    ) {
        let all: Vec<_> = lines.iter().map(String::as_str).collect();
        let mut damaged = text(&document(&all)).into_bytes();
        let position = at.index(damaged.len());
        damaged[position] = with;
        let _ = read(&event(&gzip(&damaged)));
        damaged.truncate(position);
        let _ = read(&event(&gzip(&damaged)));
        let mut compressed = gzip(text(&document(&all)).as_bytes());
        let position = at.index(compressed.len());
        compressed[position] = with;
        let _ = read(&event(&compressed));
    }
}

#[test]
fn a_batch_is_named_by_owner_group_stream_and_every_event() {
    let name = |change: &dyn Fn(&mut Value)| {
        let mut document = document(&[&report(1.0), "x", "y"]);
        change(&mut document);
        read(&payload(&document)).unwrap().0[0].id.clone()
    };
    let same = name(&|_| {});
    assert_eq!(
        same,
        name(&|document| document["subscriptionFilters"] = json!(["other"]))
    );
    let others = [
        name(&|document| document["owner"] = json!("1")),
        name(&|document| document["logGroup"] = json!("g")),
        name(&|document| document["logStream"] = json!("t")),
        name(&|document| document["logEvents"][1]["id"] = json!("in the middle")),
        name(&|document| drop(document["logEvents"].as_array_mut().unwrap().pop())),
        name(&|document| document["logEvents"][2] = json!("no event at all")),
    ];
    let all: BTreeSet<_> = others.iter().chain([&same]).collect();
    assert_eq!(all.len(), 7);
}

#[test]
fn a_dimension_that_explodes_costs_its_own_samples_and_no_other() {
    let messages: Vec<_> = (0..50)
        .map(|i| emf(&format!("request-{i}"), 1.0))
        .chain([report(1.0)])
        .collect();
    let mut all: Vec<_> = messages.iter().map(String::as_str).collect();
    all.rotate_right(1);
    let tight = Rules {
        limits: Limits {
            rollups: 16,
            ..Limits::default()
        },
        ..Rules::default()
    };
    let (batches, counts) = read_payload(&payload(&document(&all)), &tight, &Skip::new()).unwrap();
    let rollups = merged(&batches);
    assert_eq!(rollups.values().map(BTreeMap::len).sum::<usize>(), 16);
    let total = &rollups.values().next().unwrap()[&"emf/N/M{}".parse().unwrap()];
    assert_eq!(total.count(), 50, "a series that was there keeps counting");
    assert_eq!(rejected(&counts), [("series_limit", 40)]);
    for limits in [
        Limits {
            memory_bytes: 60_000,
            ..Limits::default()
        },
        Limits {
            work_bytes: 2_000,
            ..Limits::default()
        },
    ] {
        let rules = Rules {
            limits,
            ..Rules::default()
        };
        let (_, counts) = read_payload(&payload(&document(&all)), &rules, &Skip::new()).unwrap();
        assert!(rejected(&counts)[0].1 > 30, "{limits:?}");
    }
}
