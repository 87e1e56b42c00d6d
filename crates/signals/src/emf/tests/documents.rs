//! Directives, timestamps, and where in a message a document may stand.

use super::*;

#[test]
fn directives() {
    let definitions = |count: usize| vec![r#"{"Name":"M"}"#; count].join(",");
    let names = |count: usize| vec![r#""d""#; count].join(",");
    let directive = |sets: &str, metrics: &str| {
        format!(r#"{{"Namespace":"N","Dimensions":{sets},"Metrics":{metrics}}}"#)
    };
    let one = r#"[{"Name":"M"}]"#;
    let long = "x".repeat(1_025);
    for (rule, directive, expected) in [
        ("a series for each dimension set", directive(r#"[["d"],["d","e"],[]]"#, one),
            &["emf/N/M{d=v} 1", "emf/N/M{d=v,e=w} 1", "emf/N/M{} 1"][..]),
        ("dimensions have no order", directive(r#"[["e","d"]]"#, one), &["emf/N/M{d=v,e=w} 1"]),
        ("equal sets are counted each", directive(r#"[["d"],["d"]]"#, one), &["emf/N/M{d=v} 1", "emf/N/M{d=v} 1"]),
        ("units and resolutions do not matter", directive("[[]]", r#"[{"Name":"M","Unit":"Parsecs","StorageResolution":1}]"#), &["emf/N/M{} 1"]),
        ("unknown members do not matter", r#"{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"M","X":[]}],"Y":{}}"#.to_owned(), &["emf/N/M{} 1"]),
        ("the last of duplicate members wins", r#"{"Namespace":"A","Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"A","Name":"M"}]}"#.to_owned(), &["emf/N/M{} 1"]),
        ("a name is literal", directive("[[]]", r#"[{"Name":"a.b"}]"#), &["emf/N/a.b{} 2"]),
        ("a name is never a path", directive("[[]]", r#"[{"Name":"o.i"}]"#), &["!metric_missing"]),
        ("names are case-sensitive", directive("[[]]", r#"[{"Name":"m"}]"#), &["!metric_missing"]),
        ("a dimension that is not there", directive(r#"[["nowhere"]]"#, one), &["!dimension_missing"]),
        ("30 names in a set", directive(&format!("[[{}]]", names(30)), one), &["emf/N/M{d=v} 1"]),
        ("31 names in a set", directive(&format!("[[{}]]", names(31)), one), &["!too_many_dimensions"]),
        ("100 metrics", directive("[[]]", &format!("[{}]", definitions(100))), &["emf/N/M{} 1"; 100]),
        ("101 metrics", directive("[[]]", &format!("[{}]", definitions(101))), &["!too_many_metrics"]),
        ("no metrics", directive("[[]]", "[]"), &["!no_metrics"]),
        ("metrics that are no array", directive("[[]]", r#"{"Name":"M"}"#), &["!metrics"]),
        ("a metric without name", directive("[[]]", r#"[{"Unit":"Count"}]"#), &["!metrics"]),
        ("no dimension sets", directive("[]", one), &["!dimensions"]),
        ("names instead of sets", directive(r#"["d"]"#, one), &["!dimensions"]),
        ("a name that is no string", directive("[[1]]", one), &["!dimensions"]),
        ("dimensions are missing", format!(r#"{{"Namespace":"N","Metrics":{one}}}"#), &["!dimensions"]),
        ("no namespace", format!(r#"{{"Dimensions":[[]],"Metrics":{one}}}"#), &["!namespace"]),
        ("an empty namespace", format!(r#"{{"Namespace":"","Dimensions":[[]],"Metrics":{one}}}"#), &["!namespace"]),
        ("a namespace of 1,025 characters", format!(r#"{{"Namespace":"{long}","Dimensions":[[]],"Metrics":{one}}}"#), &["!namespace"]),
        ("a directive that is no object", "7".to_owned(), &["!directives"]),
        ("one invalid directive leaves no trace of the others", format!("{},{}", directive("[[]]", one), directive("[]", one)), &["!dimensions"]),
        ("a metric that two directives name is counted for both", format!("{0},{0}", directive("[[]]", one)), &["emf/N/M{} 1"; 2]),
        ("a metric may be a dimension's name too, and then is no string", directive(r#"[["M"]]"#, one), &["!dimension_not_text"]),
    ] {
        check(rule, &document(&directive, r#""M":1,"d":"v","e":"w","a.b":2,"o":{"i":3}"#), expected);
    }
}

#[test]
fn more_series_than_any_emitter_makes_are_refused() {
    let sets = vec!["[]"; 101].join(",");
    let definitions = vec![r#"{"Name":"M"}"#; 100].join(",");
    let directive =
        format!(r#"{{"Namespace":"N","Dimensions":[{sets}],"Metrics":[{definitions}]}}"#);
    check(
        "101 sets × 100 metrics",
        &document(&directive, r#""M":1"#),
        &["!too_many_series"],
    );
}

#[test]
fn where_a_document_may_stand() {
    let document = with_value("1");
    let last = r#"{"M":1,"x":"y","_aws":{"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"M"}]}],"LogGroupName":"g","Timestamp":1795200000000}}"#;
    for (rule, message, expected) in [
        ("a newline ends it", format!("{document}\n"), "emf/N/M{} 1"),
        (
            "space around it",
            format!(" \r\n{document}\t\n\n"),
            "emf/N/M{} 1",
        ),
        (
            "metadata may come last, with members nobody knows",
            last.to_owned(),
            "emf/N/M{} 1",
        ),
        (
            "after the prefix of Lambda's Node runtime",
            format!("2026-11-20T18:40:00.000Z\tc6af9ac6-7b61\tINFO\t{document}\n"),
            "emf/N/M{} 1",
        ),
        (
            "after any other text it is text",
            format!("metrics: {document}"),
            "-",
        ),
        (
            "a prefix alone makes no document",
            "t\tid\tINFO\t{ a: 1 }".to_owned(),
            "-",
        ),
        ("text after it", format!("{document} and more"), "!not_json"),
        (
            "two documents in one event",
            format!("{document}{document}"),
            "!not_json",
        ),
        (
            "cut short",
            document[..document.len() - 2].to_owned(),
            "!not_json",
        ),
        (
            "escapes in the name of the metadata are read",
            document.replace("_aws", r"\u005faws"),
            "emf/N/M{} 1",
        ),
        ("plain text", "hello".to_owned(), "-"),
        ("nothing", String::new(), "-"),
        (
            "JSON without metadata",
            r#"{"level":"INFO"}"#.to_owned(),
            "-",
        ),
        (
            "JSON that is cut short",
            r#"{"level":"INFO"#.to_owned(),
            "!not_json",
        ),
        (
            "a structure of another language",
            "{'a': 1}".to_owned(),
            "-",
        ),
        ("an array", format!("[{document}]"), "-"),
        (
            "metadata without directives",
            r#"{"_aws":{"Timestamp":1}}"#.to_owned(),
            "-",
        ),
        (
            "an empty list of directives",
            r#"{"_aws":{"CloudWatchMetrics":[]}}"#.to_owned(),
            "-",
        ),
        (
            "directives that are null",
            r#"{"_aws":{"CloudWatchMetrics":null}}"#.to_owned(),
            "-",
        ),
        (
            "metadata that is no object",
            r#"{"_aws":"x"}"#.to_owned(),
            "-",
        ),
        (
            "directives that are no list",
            r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":"x"}}"#.to_owned(),
            "!directives",
        ),
    ] {
        check(rule, &message, &[expected]);
    }
}

#[test]
fn timestamps() {
    let at =
        |timestamp: &str| with_value("1").replace(&format!("\"Timestamp\":{EVENT}"), timestamp);
    let stamped = |millis: i64| at(&format!("\"Timestamp\":{millis}"));
    for (rule, message, expected) in [
        (
            "14 days before the event",
            stamped(EVENT - MAX_AGE_MILLIS),
            "emf/N/M{} 1",
        ),
        (
            "2 hours after the event",
            stamped(EVENT + MAX_LEAD_MILLIS),
            "emf/N/M{} 1",
        ),
        (
            "a millisecond too old",
            stamped(EVENT - MAX_AGE_MILLIS - 1),
            "!timestamp_too_old",
        ),
        (
            "a millisecond too new",
            stamped(EVENT + MAX_LEAD_MILLIS + 1),
            "!timestamp_too_new",
        ),
        (
            "seconds instead of milliseconds",
            stamped(EVENT / 1000),
            "!timestamp_too_old",
        ),
        (
            "beyond 64 bits",
            at("\"Timestamp\":99999999999999999999"),
            "!timestamp_too_new",
        ),
        (
            "beyond 64 bits backwards",
            at("\"Timestamp\":-99999999999999999999"),
            "!timestamp_too_old",
        ),
        ("missing", at("\"x\":1"), "!timestamp_missing"),
        (
            "a string",
            at("\"Timestamp\":\"1795200000000\""),
            "!timestamp_not_integer",
        ),
        (
            "a float",
            at("\"Timestamp\":1795200000000.0"),
            "!timestamp_not_integer",
        ),
        (
            "an exponent",
            at("\"Timestamp\":1.7952e12"),
            "!timestamp_not_integer",
        ),
        ("null", at("\"Timestamp\":null"), "!timestamp_not_integer"),
    ] {
        check(rule, &message, &[expected]);
    }
    let minute = decode(&stamped(EVENT - 1), EVENT)
        .unwrap()
        .unwrap()
        .minute();
    assert_eq!(
        minute.to_string(),
        "2026-11-20T18:39:00Z",
        "the minute is the document's, not the event's"
    );
}

#[test]
fn the_last_of_duplicate_members_wins() {
    check(
        "a metric twice",
        &with_value("\"x\",\"M\":2"),
        &["emf/N/M{} 2"],
    );
    check(
        "a metric twice, invalid at last",
        &with_value("2,\"M\":\"x\""),
        &["!metric_not_number"],
    );
    let twice = format!(
        r#"{{"_aws":{{"CloudWatchMetrics":7}},{}"#,
        &with_value("1")[1..]
    );
    check("metadata twice", &twice, &["emf/N/M{} 1"]);
}

#[test]
fn depth_costs_neither_stack_nor_sense() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    check(
        "in a member nobody asks for",
        &with_value(&format!("1,\"x\":{deep}")),
        &["emf/N/M{} 1"],
    );
    check("as a metric", &with_value(&deep), &["!metric_not_number"]);
    check(
        "as a dimension",
        &with_dimension(&deep),
        &["!dimension_not_text"],
    );
    check("as the metadata", &format!(r#"{{"_aws":{deep}}}"#), &["-"]);
    check(
        "as the directives",
        &format!(r#"{{"_aws":{{"CloudWatchMetrics":{deep}}}}}"#),
        &["!directives"],
    );
    check(
        "never closed",
        &format!(r#"{{"_aws":{}"#, "{\"a\":".repeat(100_000)),
        &["!not_json"],
    );
}

#[test]
fn a_hundred_thousand_members_are_read_in_one_pass() {
    let members: String = (0..100_000).map(|i| format!(",\"k{i}\":{i}")).collect();
    check(
        "many members",
        &with_value(&format!("1{members}")),
        &["emf/N/M{} 1"],
    );
}

#[test]
fn a_document_of_1970_or_2100_belongs_to_a_log_event_of_then() {
    const END: i64 = 4_102_444_800_000;
    for (rule, timestamp, event, expected) in [
        ("both in 1970", 0, 0, Ok("1970-01-01T00:00:00Z")),
        ("just before", -1, 0, Ok("1969-12-31T23:59:00Z")),
        ("both in 2100", END, END, Ok("2100-01-01T00:00:00Z")),
        ("1970 today", 0, EVENT, Err("timestamp_too_old")),
        ("2100 today", END, EVENT, Err("timestamp_too_new")),
        ("today in 1970", EVENT, 0, Err("timestamp_too_new")),
        (
            "the first there is",
            i64::MIN,
            EVENT,
            Err("timestamp_too_old"),
        ),
        (
            "the last there is",
            i64::MAX,
            EVENT,
            Err("timestamp_too_new"),
        ),
    ] {
        let message = with_value("1").replace(
            &format!("\"Timestamp\":{EVENT}"),
            &format!("\"Timestamp\":{timestamp}"),
        );
        let read = decode(&message, event).map(|document| document.unwrap().minute().to_string());
        let found = read.as_deref().map_err(|reason| reason.as_str());
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn names_may_be_any_text() {
    for (rule, name, encoded) in [
        ("spaces", "Queue Depth", "Queue%20Depth"),
        ("beyond ASCII", "Größe☕", "Gr%C3%B6%C3%9Fe%E2%98%95"),
        ("beyond the first plane", "🚗", "%F0%9F%9A%97"),
        (
            "what series names are made of",
            "a{b=c,d}/e%",
            "a%7Bb%3Dc%2Cd%7D%2Fe%25",
        ),
        ("NUL", "a\\u0000b", "a%00b"),
        ("like the metadata's", "Timestamp", "Timestamp"),
    ] {
        let directive =
            format!(r#"{{"Namespace":"N","Dimensions":[["{name}"]],"Metrics":[{{"Name":"M"}}]}}"#);
        let expected = format!("emf/N/M{{{}=v}} 1", encoded.replace("%2F", "/"));
        check(
            rule,
            &document(&directive, &format!(r#""M":1,"{name}":"v""#)),
            &[&expected],
        );
        let directive =
            format!(r#"{{"Namespace":"N","Dimensions":[[]],"Metrics":[{{"Name":"{name}"}}]}}"#);
        let expected = format!("emf/N/{encoded}{{}} 1");
        check(
            rule,
            &document(&directive, &format!(r#""{name}":1"#)),
            &[&expected],
        );
    }
}

#[test]
fn names_that_are_too_long_are_refused() {
    let named = |namespace: usize, dimension: usize, metric: usize| {
        let [namespace, dimension, metric] = [namespace, dimension, metric].map(|n| "é".repeat(n));
        let directive = format!(
            r#"{{"Namespace":"{namespace}","Dimensions":[["{dimension}"]],"Metrics":[{{"Name":"{metric}"}}]}}"#
        );
        read(&document(
            &directive,
            &format!(r#""{dimension}":"v","{metric}":1"#),
        ))
    };
    assert!(named(1_024, 250, 1_024)[0].ends_with("=v} 1"));
    assert_eq!(named(1_025, 1, 2), ["!namespace"]);
    assert_eq!(named(1, 251, 2), ["!dimensions"]);
    assert_eq!(named(1, 1, 1_025), ["!metrics"]);
}
