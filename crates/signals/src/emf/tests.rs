use proptest::prelude::*;

use super::*;

/// The log event's own timestamp in these tests: 2026-11-20T18:40:00Z.
const EVENT: i64 = 1_795_200_000_000;

/// A document with one directive; `members` are the root's other members.
fn document(directive: &str, members: &str) -> String {
    format!(r#"{{"_aws":{{"Timestamp":{EVENT},"CloudWatchMetrics":[{directive}]}},{members}}}"#)
}

/// A document of the metric `M` without dimensions.
fn with_value(value: &str) -> String {
    document(r#"{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"M"}]}"#, &format!(r#""M":{value}"#))
}

/// A document of one metric with the dimension `d`.
fn with_dimension(value: &str) -> String {
    document(r#"{"Namespace":"N","Dimensions":[["d"]],"Metrics":[{"Name":"M"}]}"#, &format!(r#""M":1,"d":{value}"#))
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
                    Observation::Statistics { count, sum, min, max } => format!(" {count}:{sum}:{min}:{max}"),
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
fn values_in_all_their_forms() {
    for (rule, value, expected) in [
        ("a number is one sample", "12.5", "emf/N/M{} 12.5"),
        ("17 digits are read to the last bit", "19.740000000000003", "emf/N/M{} 19.740000000000002"),
        ("the largest number there is", "1.7976931348623157e308", "emf/N/M{} 179769313486231570000"),
        ("negative zero is zero", "-0.0", "emf/N/M{} 0"),
        ("an array is a sample each", "[1,2.5,-3e2]", "emf/N/M{} 1 2.5 -300"),
        ("values are weighted by their counts", r#"{"Values":[1,5],"Counts":[3,2]}"#, "emf/N/M{} 1x3 5x2"),
        ("counts may look like floats", r#"{"Values":[1],"Counts":[3.0]}"#, "emf/N/M{} 1x3"),
        ("counts fill 64 bits", r#"{"Values":[1],"Counts":[18446744073709551615]}"#, "emf/N/M{} 1x18446744073709551615"),
        ("a value that never was is no sample", r#"{"Values":[1,2],"Counts":[0,1]}"#, "emf/N/M{} 2"),
        ("a statistic set", r#"{"Max":9,"Min":1,"Count":3,"Sum":12}"#, "emf/N/M{} 3:12:1:9"),
        ("values go before statistics", r#"{"Values":[4],"Counts":[2],"Max":9,"Min":1,"Count":2,"Sum":8}"#, "emf/N/M{} 4x2"),
    ] {
        let found = read(&with_value(value));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{rule}: {found:?}");
    }
    check("a set of no samples is valid and silent", &with_value(r#"{"Max":0,"Min":0,"Count":0,"Sum":0}"#), &[]);
}

#[test]
fn values_that_make_the_document_invalid() {
    let too_many = format!("[{}1]", "1,".repeat(100));
    for (rule, value, reason) in [
        ("a numeric string", r#""1""#, "!metric_not_number"),
        ("null", "null", "!metric_not_number"),
        ("true", "true", "!metric_not_number"),
        ("beyond every number", "1e400", "!metric_not_number"),
        ("beyond every number, in an array", "[1,-1e400]", "!metric_not_number"),
        ("an array that is not all numbers", r#"[1,"2"]"#, "!metric_not_number"),
        ("an array in an array", "[[1]]", "!metric_not_number"),
        ("any other object", r#"{"a":1}"#, "!metric_not_number"),
        ("an empty array", "[]", "!no_values"),
        ("101 values", &too_many, "!too_many_values"),
        ("fewer counts than values", r#"{"Values":[1,2],"Counts":[1]}"#, "!values_and_counts"),
        ("values without counts", r#"{"Values":[1,2]}"#, "!values_and_counts"),
        ("half a count", r#"{"Values":[1],"Counts":[0.5]}"#, "!values_and_counts"),
        ("a negative count", r#"{"Values":[1],"Counts":[-1]}"#, "!values_and_counts"),
        ("a count beyond 64 bits", r#"{"Values":[1],"Counts":[18446744073709551616]}"#, "!values_and_counts"),
        ("no values", r#"{"Values":[],"Counts":[]}"#, "!no_values"),
        ("a statistic set without its sum", r#"{"Max":9,"Min":1,"Count":3}"#, "!statistic_set"),
        ("a minimum above the maximum", r#"{"Max":1,"Min":9,"Count":3,"Sum":12}"#, "!statistic_set"),
        ("names are case-sensitive", r#"{"max":9,"min":1,"count":3,"sum":12}"#, "!metric_not_number"),
        ("not even JSON: .5", ".5", "!not_json"),
        ("not even JSON: 032", "032", "!not_json"),
        ("not even JSON: NaN", "NaN", "!not_json"),
    ] {
        check(rule, &with_value(value), &[reason]);
    }
}

#[test]
fn dimension_values() {
    let longest = "é".repeat(1_024);
    for (rule, value, expected) in [
        ("a string", r#""a b""#, "emf/N/M{d=a%20b} 1"),
        ("any UTF-8", r#""ünï ☕""#, "emf/N/M{d=%C3%BCn%C3%AF%20%E2%98%95} 1"),
        ("escapes are read", r#""a\"\u00e9\u0000""#, "emf/N/M{d=a%22%C3%A9%00} 1"),
        ("a blank is not empty", r#"" ""#, "emf/N/M{d=%20} 1"),
        ("1,024 characters", &format!("{longest:?}"), &format!("emf/N/M{{d={}}} 1", "%C3%A9".repeat(1_024))),
        ("empty", r#""""#, "!dimension_empty"),
        ("1,025 characters", &format!("\"{longest}x\""), "!dimension_too_long"),
        ("a number", "7", "!dimension_not_text"),
        ("null", "null", "!dimension_not_text"),
        ("half a surrogate pair", r#""\ud800""#, "!dimension_not_text"),
    ] {
        check(rule, &with_dimension(value), &[expected]);
    }
}

#[test]
fn directives() {
    let definitions = |count: usize| vec![r#"{"Name":"M"}"#; count].join(",");
    let names = |count: usize| vec![r#""d""#; count].join(",");
    let directive = |sets: &str, metrics: &str| format!(r#"{{"Namespace":"N","Dimensions":{sets},"Metrics":{metrics}}}"#);
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
    let directive = format!(r#"{{"Namespace":"N","Dimensions":[{sets}],"Metrics":[{definitions}]}}"#);
    check("101 sets × 100 metrics", &document(&directive, r#""M":1"#), &["!too_many_series"]);
}

#[test]
fn where_a_document_may_stand() {
    let document = with_value("1");
    let last = r#"{"M":1,"x":"y","_aws":{"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"M"}]}],"LogGroupName":"g","Timestamp":1795200000000}}"#;
    for (rule, message, expected) in [
        ("a newline ends it", format!("{document}\n"), "emf/N/M{} 1"),
        ("space around it", format!(" \r\n{document}\t\n\n"), "emf/N/M{} 1"),
        ("metadata may come last, with members nobody knows", last.to_owned(), "emf/N/M{} 1"),
        ("after the prefix of Lambda's Node runtime", format!("2026-11-20T18:40:00.000Z\tc6af9ac6-7b61\tINFO\t{document}\n"), "emf/N/M{} 1"),
        ("after any other text it is text", format!("metrics: {document}"), "-"),
        ("a prefix alone makes no document", "t\tid\tINFO\t{ a: 1 }".to_owned(), "-"),
        ("text after it", format!("{document} and more"), "!not_json"),
        ("two documents in one event", format!("{document}{document}"), "!not_json"),
        ("cut short", document[..document.len() - 2].to_owned(), "!not_json"),
        ("escapes in the name of the metadata are read", document.replace("_aws", r"\u005faws"), "emf/N/M{} 1"),
        ("plain text", "hello".to_owned(), "-"),
        ("nothing", String::new(), "-"),
        ("JSON without metadata", r#"{"level":"INFO"}"#.to_owned(), "-"),
        ("JSON that is cut short", r#"{"level":"INFO"#.to_owned(), "!not_json"),
        ("a structure of another language", "{'a': 1}".to_owned(), "-"),
        ("an array", format!("[{document}]"), "-"),
        ("metadata without directives", r#"{"_aws":{"Timestamp":1}}"#.to_owned(), "-"),
        ("an empty list of directives", r#"{"_aws":{"CloudWatchMetrics":[]}}"#.to_owned(), "-"),
        ("directives that are null", r#"{"_aws":{"CloudWatchMetrics":null}}"#.to_owned(), "-"),
        ("metadata that is no object", r#"{"_aws":"x"}"#.to_owned(), "-"),
        ("directives that are no list", r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":"x"}}"#.to_owned(), "!directives"),
    ] {
        check(rule, &message, &[expected]);
    }
}

#[test]
fn timestamps() {
    let at = |timestamp: &str| with_value("1").replace(&format!("\"Timestamp\":{EVENT}"), timestamp);
    let stamped = |millis: i64| at(&format!("\"Timestamp\":{millis}"));
    for (rule, message, expected) in [
        ("14 days before the event", stamped(EVENT - MAX_AGE_MILLIS), "emf/N/M{} 1"),
        ("2 hours after the event", stamped(EVENT + MAX_LEAD_MILLIS), "emf/N/M{} 1"),
        ("a millisecond too old", stamped(EVENT - MAX_AGE_MILLIS - 1), "!timestamp_too_old"),
        ("a millisecond too new", stamped(EVENT + MAX_LEAD_MILLIS + 1), "!timestamp_too_new"),
        ("seconds instead of milliseconds", stamped(EVENT / 1000), "!timestamp_too_old"),
        ("beyond 64 bits", at("\"Timestamp\":99999999999999999999"), "!timestamp_too_new"),
        ("beyond 64 bits backwards", at("\"Timestamp\":-99999999999999999999"), "!timestamp_too_old"),
        ("missing", at("\"x\":1"), "!timestamp_missing"),
        ("a string", at("\"Timestamp\":\"1795200000000\""), "!timestamp_not_integer"),
        ("a float", at("\"Timestamp\":1795200000000.0"), "!timestamp_not_integer"),
        ("an exponent", at("\"Timestamp\":1.7952e12"), "!timestamp_not_integer"),
        ("null", at("\"Timestamp\":null"), "!timestamp_not_integer"),
    ] {
        check(rule, &message, &[expected]);
    }
    let minute = decode(&stamped(EVENT - 1), EVENT).unwrap().unwrap().minute();
    assert_eq!(minute.to_string(), "2026-11-20T18:39:00Z", "the minute is the document's, not the event's");
}

#[test]
fn the_last_of_duplicate_members_wins() {
    check("a metric twice", &with_value("\"x\",\"M\":2"), &["emf/N/M{} 2"]);
    check("a metric twice, invalid at last", &with_value("2,\"M\":\"x\""), &["!metric_not_number"]);
    let twice = format!(r#"{{"_aws":{{"CloudWatchMetrics":7}},{}"#, &with_value("1")[1..]);
    check("metadata twice", &twice, &["emf/N/M{} 1"]);
}

#[test]
fn depth_costs_neither_stack_nor_sense() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    check("in a member nobody asks for", &with_value(&format!("1,\"x\":{deep}")), &["emf/N/M{} 1"]);
    check("as a metric", &with_value(&deep), &["!metric_not_number"]);
    check("as a dimension", &with_dimension(&deep), &["!dimension_not_text"]);
    check("as the metadata", &format!(r#"{{"_aws":{deep}}}"#), &["-"]);
    check("as the directives", &format!(r#"{{"_aws":{{"CloudWatchMetrics":{deep}}}}}"#), &["!directives"]);
    check("never closed", &format!(r#"{{"_aws":{}"#, "{\"a\":".repeat(100_000)), &["!not_json"]);
}

#[test]
fn a_hundred_thousand_members_are_read_in_one_pass() {
    let members: String = (0..100_000).map(|i| format!(",\"k{i}\":{i}")).collect();
    check("many members", &with_value(&format!("1{members}")), &["emf/N/M{} 1"]);
}

#[test]
fn every_reason_has_its_own_name_and_a_fix() {
    let names: std::collections::BTreeSet<_> = Rejection::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(names.len(), Rejection::ALL.len());
    for reason in Rejection::ALL {
        assert!(reason.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        assert!(reason.to_string().len() > 20);
    }
}

proptest! {
    #[test]
    fn numbers_are_read_to_the_last_bit(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let message = with_value(&serde_json::to_string(&value).unwrap());
        let document = decode(&message, EVENT).unwrap().unwrap();
        let (_, observations) = document.data().next().unwrap();
        prop_assert_eq!(observations, &[Observation::Value { value: value + 0.0, weight: 1 }]);
    }

    #[test]
    fn any_damage_is_a_reason_or_an_ordinary_line_and_never_a_panic(at in 0_usize..300, with in any::<char>()) {
        let message = with_dimension("\"v\"");
        let cut: String = message.chars().take(at % message.len()).collect();
        let rest: String = message.chars().skip(at % message.len() + 1).collect();
        let _ = decode(&format!("{cut}{with}{rest}"), EVENT);
        let _ = decode(&cut, EVENT);
    }

    #[test]
    fn members_may_come_in_any_order(order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let members = [
            format!(r#""_aws":{{"Timestamp":{EVENT},"CloudWatchMetrics":[{{"Namespace":"N","Dimensions":[["d"]],"Metrics":[{{"Name":"M"}}]}}]}}"#),
            r#""M":[1,2]"#.to_owned(),
            r#""d":"v""#.to_owned(),
            r#""other":{"a":[null]}"#.to_owned(),
        ];
        let body: Vec<_> = order.iter().map(|i| members[*i].as_str()).collect();
        prop_assert_eq!(read(&format!("{{{}}}", body.join(","))), ["emf/N/M{d=v} 1 2"]);
    }
}
