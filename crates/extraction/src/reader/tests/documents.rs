//! Generated documents: any members, in any order, mutated by the byte.

use super::*;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-1e6..1e6_f64).prop_map(|value| json!((value * 100.0).round() / 100.0)),
        2 => any::<i64>().prop_map(|value| json!(value)),
        3 => "[a-c]{1,3}".prop_map(|value| json!(value)),
        1 => "\\PC{0,20}".prop_map(|value| json!(value)),
        1 => prop::collection::vec(0.0..9.0_f64, 0..4).prop_map(|values| json!(values)),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(|value| json!(value)),
        1 => Just(json!({ "Values": [1, 2], "Counts": [1, 3] })),
        1 => Just(json!({ "a": [{ "b": "}]\"" }] })),
    ]
}

const NAMES: [&str; 9] = [
    "M",
    "A",
    "service",
    "route",
    "level",
    "type",
    "note",
    "z",
    "errorType",
];

/// A document: its members in their order, metadata first, last or absent.
fn message() -> impl Strategy<Value = String> {
    let names = prop::sample::subsequence(NAMES.to_vec(), 0..9);
    let sets = prop_oneof![
        Just(json!([["service"]])),
        Just(json!([["service", "route"], []])),
        Just(json!([[]])),
        Just(json!([])),
    ];
    let metrics = prop_oneof![
        Just(json!([{ "Name": "M" }])),
        Just(json!([{ "Name": "M" }, { "Name": "A", "Unit": "Count" }])),
    ];
    let end = prop_oneof![5 => Just(""), 1 => Just(" "), 1 => Just("\n"), 1 => Just("x")];
    let values = prop::collection::vec(scalar(), 9);
    (
        names.prop_shuffle(),
        values,
        0..4,
        sets,
        metrics,
        -100_000_i64..100_000,
        end,
    )
        .prop_map(|(names, values, place, sets, metrics, later, end)| {
            let pairs = names.iter().zip(values);
            let mut members: Vec<_> = pairs
                .map(|(name, value)| format!("{}:{value}", json!(name)))
                .collect();
            let directive = json!({ "Namespace": "N", "Dimensions": sets, "Metrics": metrics });
            let metadata = json!({ "Timestamp": EVENT + later, "CloudWatchMetrics": [directive] });
            let metadata = format!("\"_aws\":{metadata}");
            match place {
                0 => members.insert(0, metadata),
                1 => members.push(metadata),
                2 => members.insert(members.len() / 2, metadata),
                _ => {}
            }
            format!("{{{}}}{end}", members.join(","))
        })
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => message(),
        2 => ("[a-c]", -1e3..1e3_f64).prop_map(|(service, value)| emf(&service, value).to_string()),
        1 => (0.0..1e5_f64).prop_map(report),
        1 => Just("START RequestId: r Version: $LATEST\n".to_owned()),
        1 => Just("[ERROR] 2026 r it failed".to_owned()),
        1 => "\\PC{0,40}",
        1 => "[{}\":,\\\\a-z\t\n0-9]{0,30}",
    ]
}

fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        any::<u8>(),
        Just(b'"'),
        Just(b'\\'),
        Just(b'{'),
        Just(b','),
        Just(b'0')
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_documents_say_the_same(batches in prop::collection::vec(prop::collection::vec(line(), 1..12), 1..5)) {
        let mut reader = Reader::default();
        for _ in 0..2 {
            for lines in &batches {
                let texts: Vec<_> = lines.iter().map(String::as_str).collect();
                agree_with(&mut reader, &payload(0, &texts), &Rules::default(), &Skip::new())?;
            }
        }
    }

    #[test]
    fn any_damage_is_the_same_to_both(
        lines in prop::collection::vec(line(), 1..6),
        edits in prop::collection::vec((any::<prop::sample::Index>(), byte(), 0..3), 1..4),
    ) {
        let mut reader = Reader::default();
        let texts: Vec<_> = lines.iter().map(String::as_str).collect();
        let document = document(0, &texts);
        agree_with(&mut reader, &payload(0, &texts), &Rules::default(), &Skip::new())?;
        agree_with(&mut reader, &payload(0, &texts), &Rules::default(), &Skip::new())?;
        let mut bytes = document.into_bytes();
        for (at, with, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = with,
                1 => bytes.insert(at, with),
                _ => drop(bytes.remove(at)),
            }
        }
        agree_with(&mut reader, &event(&gzip(&bytes)), &Rules::default(), &Skip::new())?;
    }

    #[test]
    fn tight_limits_refuse_the_same(
        lines in prop::collection::vec(line(), 1..25),
        rollups in 0_usize..12,
        memory in 0_usize..60_000,
        work in 0_usize..20_000,
        values in 0_usize..4,
    ) {
        let all = Limits::default();
        let texts: Vec<_> = lines.iter().map(String::as_str).collect();
        let event = payload(0, &texts);
        let mut reader = Reader::default();
        agree(&mut reader, &event);
        for limits in [
            Limits { rollups, ..all },
            Limits { memory_bytes: memory, ..all },
            Limits { work_bytes: work, ..all },
            Limits { dimension_values: values, ..all },
            Limits { rollups, memory_bytes: memory, work_bytes: work, dimension_values: values },
        ] {
            let rules = Rules { limits, ..Rules::default() };
            agree_with(&mut reader, &event, &rules, &Skip::new())?;
            agree_with(&mut reader, &event, &rules, &Skip::new())?;
        }
    }
}
