//! Envelopes: every form CloudWatch Logs sends, and records that are none.

use super::*;

#[test]
fn a_control_message_is_counted_and_dropped() {
    let control = include_bytes!("../../fixtures/control-message.json");
    let (batches, counts) = read(&event(&gzip(control))).unwrap();
    assert_eq!(
        (batches, counts.control_messages, counts.events),
        (vec![], 1, 0)
    );
    assert!(counts.rejected.is_empty());
}

#[test]
fn an_account_level_policy_changes_nothing() {
    let document = include_bytes!("../../fixtures/account-level-policy.json");
    let (batches, counts) = read(&event(&gzip(document))).unwrap();
    assert_eq!((batches.len(), counts.samples), (1, 5));
    assert_eq!(batches[0].log_group, "/aws/lambda/orders");
    assert!(batches[0].rollups.values().all(|series| {
        series
            .keys()
            .all(|key| key.to_string().starts_with("lambda/orders/"))
    }));
}

#[test]
fn another_log_group_is_a_function_by_its_whole_name() {
    let mut document = document(&[&report(1.0)]);
    document["logGroup"] = json!("/ecs/web");
    let (batches, _) = read(&payload(&document)).unwrap();
    let keys: Vec<_> = batches[0]
        .rollups
        .values()
        .flat_map(|series| series.keys().map(ToString::to_string))
        .collect();
    assert!(
        keys.iter().all(|key| key.starts_with("lambda//ecs/web/")),
        "{keys:?}"
    );
}

#[test]
fn documents_may_follow_each_other() {
    let mut other = document_from(5, &[&report(2.0)]);
    other["logStream"] = json!("t");
    let control = include_str!("../../fixtures/control-message.json");
    let text = format!(
        "{}{control}\n {}",
        text(&document(&[&report(1.0)])),
        text(&other)
    );
    let (batches, counts) = read(&event(&gzip(text.as_bytes()))).unwrap();
    assert_eq!(
        (
            batches.len(),
            counts.events,
            counts.samples,
            counts.control_messages
        ),
        (2, 2, 10, 1)
    );
}

#[test]
fn a_document_that_is_there_twice_counts_once() {
    let text = text(&document(&[&report(1.0)])).repeat(2);
    let (batches, counts) = read(&event(&gzip(text.as_bytes()))).unwrap();
    assert_eq!((batches.len(), counts.samples), (1, 5));
}

#[test]
fn a_document_of_tomorrow_is_counted_and_its_neighbours_are_kept() {
    let text = format!(
        "{}{}",
        json!({ "messageType": "HEARTBEAT" }),
        text(&document(&[&report(1.0)]))
    );
    let (batches, counts) = read(&event(&gzip(text.as_bytes()))).unwrap();
    assert_eq!(
        (batches.len(), rejected(&counts)),
        (1, vec![("unknown_message_type", 1)])
    );
}

#[test]
fn a_document_without_what_it_must_have_says_what_is_missing() {
    for (rule, member, value, words) in [
        (
            "no type",
            "messageType",
            Value::Null,
            "messageType is no string",
        ),
        ("no owner", "owner", Value::Null, "owner is no string"),
        (
            "no log group",
            "logGroup",
            json!(7),
            "logGroup is no string",
        ),
        (
            "an empty log group",
            "logGroup",
            json!(""),
            "logGroup has 0 bytes",
        ),
        (
            "a log group longer than any",
            "logGroup",
            json!("x".repeat(513)),
            "logGroup has 513 bytes",
        ),
        (
            "no stream",
            "logStream",
            json!([]),
            "logStream is no string",
        ),
        (
            "events that are no list",
            "logEvents",
            json!({}),
            "logEvents is no array",
        ),
    ] {
        let mut document = document(&[&report(1.0)]);
        document[member] = value;
        let error = read(&payload(&document)).unwrap_err();
        assert_eq!(error.as_str(), "payload_not_a_document", "{rule}");
        assert!(error.to_string().contains(words), "{rule}: {error}");
    }
}

#[test]
fn a_record_that_is_none_is_counted_and_its_neighbours_are_kept() {
    for (rule, record, reason) in [
        ("no object", "7", "malformed_record"),
        (
            "no id",
            r#"{"timestamp":1,"message":""}"#,
            "malformed_record",
        ),
        (
            "an id that is no string",
            r#"{"id":1,"timestamp":1,"message":""}"#,
            "malformed_record",
        ),
        (
            "a timestamp that is a string",
            r#"{"id":"1","timestamp":"1","message":""}"#,
            "malformed_record",
        ),
        (
            "a timestamp that is a float",
            r#"{"id":"1","timestamp":1.5,"message":""}"#,
            "malformed_record",
        ),
        (
            "a timestamp before 1970",
            r#"{"id":"1","timestamp":-1,"message":""}"#,
            "event_timestamp",
        ),
        (
            "a timestamp after 9998",
            r#"{"id":"1","timestamp":253370764800000,"message":""}"#,
            "event_timestamp",
        ),
        (
            "no message",
            r#"{"id":"1","timestamp":1}"#,
            "malformed_record",
        ),
        (
            "a message that is no string",
            r#"{"id":"1","timestamp":1,"message":{}}"#,
            "malformed_record",
        ),
        (
            "half a surrogate pair",
            r#"{"id":"1","timestamp":1,"message":"\ud800"}"#,
            "malformed_record",
        ),
        (
            "deep nesting",
            &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            "malformed_record",
        ),
        (
            "a message larger than any",
            &format!(
                r#"{{"id":"1","timestamp":1,"message":"{}"}}"#,
                "x".repeat(1_048_577)
            ),
            "message_too_long",
        ),
    ] {
        let text = text(&document(&["BEFORE", &report(1.0)]));
        let start = text.find(r#"{"id""#).unwrap();
        let end = start + text[start..].find('}').unwrap() + 1;
        let text = format!("{}{record}{}", &text[..start], &text[end..]);
        let (batches, counts) = read(&event(&gzip(text.as_bytes()))).unwrap();
        assert_eq!(
            (counts.events, counts.samples, batches.len()),
            (2, 5, 1),
            "{rule}"
        );
        assert_eq!(rejected(&counts), [(reason, 1)], "{rule}");
    }
}

#[test]
fn timestamps_of_1970_and_2100_land_in_their_minutes() {
    for (millis, minute) in [
        (0, "1970-01-01T00:00:00Z"),
        (4_102_444_800_000_i64, "2100-01-01T00:00:00Z"),
    ] {
        let mut document = document(&[&report(1.0)]);
        document["logEvents"][0]["timestamp"] = json!(millis);
        let (batches, _) = read(&payload(&document)).unwrap();
        assert_eq!(
            batches[0]
                .rollups
                .keys()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            [minute]
        );
    }
}

#[test]
fn the_last_of_duplicate_members_wins() {
    let text = text(&document(&[&report(1.0)]));
    let text = format!(r#"{{"logGroup":"wrong","logEvents":7,{}"#, &text[1..]);
    let (batches, _) = read(&event(&gzip(text.as_bytes()))).unwrap();
    assert_eq!(batches[0].log_group, "/aws/lambda/f");
}

#[test]
fn more_elements_than_any_batch_has_are_refused() {
    let text = text(&document(&[])).replace("[]", &format!("[1{}]", ",1".repeat(610_000)));
    let error = read(&event(&gzip(text.as_bytes()))).unwrap_err();
    assert!(
        error.to_string().contains("more than 610000 elements"),
        "{error}"
    );
}
