//! One message at a time: the rule, the message, and what it must come to.

use super::*;

mod documents;
mod properties;
mod targets;

/// The log event's own timestamp in these tests: 2026-11-20T18:40:00Z.
const EVENT: i64 = 1_795_200_000_000;

/// A document with one directive; `members` are the root's other members.
fn document(directive: &str, members: &str) -> String {
    format!(r#"{{"_aws":{{"Timestamp":{EVENT},"CloudWatchMetrics":[{directive}]}},{members}}}"#)
}

/// A document of the metric `M` without dimensions.
fn with_value(value: &str) -> String {
    document(
        r#"{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"M"}]}"#,
        &format!(r#""M":{value}"#),
    )
}

/// A document of one metric with the dimension `d`.
fn with_dimension(value: &str) -> String {
    document(
        r#"{"Namespace":"N","Dimensions":[["d"]],"Metrics":[{"Name":"M"}]}"#,
        &format!(r#""M":1,"d":{value}"#),
    )
}

/// What a message comes to: a line for each datum, `-` for an ordinary line, `!reason` for a rejection.
fn read(message: &str) -> Vec<String> {
    match decode(message, EVENT) {
        Ok(None) => vec!["-".to_owned()],
        Err(reason) => vec![format!("!{}", reason.as_str())],
        Ok(Some(document)) => document
            .data()
            .map(|(series, observations)| {
                let each = observations.iter().map(|observation| match observation {
                    Observation::Value { value, weight: 1 } => format!(" {value}"),
                    Observation::Value { value, weight } => format!(" {value}x{weight}"),
                    Observation::Statistics {
                        count,
                        sum,
                        min,
                        max,
                    } => format!(" {count}:{sum}:{min}:{max}"),
                });
                format!("{series}{}", each.collect::<String>())
            })
            .collect(),
    }
}

fn check(rule: &str, message: &str, expected: &[&str]) {
    assert_eq!(read(message), expected, "{rule}: {message:.300}");
}

#[test]
fn every_reason_has_its_own_name_and_a_fix() {
    let names: std::collections::BTreeSet<_> = Rejection::ALL
        .iter()
        .map(|reason| reason.as_str())
        .collect();
    assert_eq!(names.len(), Rejection::ALL.len());
    for reason in Rejection::ALL {
        assert!(
            reason
                .as_str()
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b'_')
        );
        assert!(reason.to_string().len() > 20);
    }
}
