//! Metric values and dimension values in all their forms.

use super::*;

#[test]
fn values_in_all_their_forms() {
    for (rule, value, expected) in [
        ("a number is one sample", "12.5", "emf/N/M{} 12.5"),
        (
            "17 digits are read to the last bit",
            "19.740000000000003",
            "emf/N/M{} 19.740000000000002",
        ),
        (
            "the largest number there is",
            "1.7976931348623157e308",
            "emf/N/M{} 179769313486231570000",
        ),
        ("negative zero is zero", "-0.0", "emf/N/M{} 0"),
        (
            "an array is a sample each",
            "[1,2.5,-3e2]",
            "emf/N/M{} 1 2.5 -300",
        ),
        (
            "values are weighted by their counts",
            r#"{"Values":[1,5],"Counts":[3,2]}"#,
            "emf/N/M{} 1x3 5x2",
        ),
        (
            "counts may look like floats",
            r#"{"Values":[1],"Counts":[3.0]}"#,
            "emf/N/M{} 1x3",
        ),
        (
            "counts fill 64 bits",
            r#"{"Values":[1],"Counts":[18446744073709551615]}"#,
            "emf/N/M{} 1x18446744073709551615",
        ),
        (
            "a value that never was is no sample",
            r#"{"Values":[1,2],"Counts":[0,1]}"#,
            "emf/N/M{} 2",
        ),
        (
            "a statistic set",
            r#"{"Max":9,"Min":1,"Count":3,"Sum":12}"#,
            "emf/N/M{} 3:12:1:9",
        ),
        (
            "values go before statistics",
            r#"{"Values":[4],"Counts":[2],"Max":9,"Min":1,"Count":2,"Sum":8}"#,
            "emf/N/M{} 4x2",
        ),
    ] {
        let found = read(&with_value(value));
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{rule}: {found:?}"
        );
    }
    check(
        "a set of no samples is valid and silent",
        &with_value(r#"{"Max":0,"Min":0,"Count":0,"Sum":0}"#),
        &[],
    );
}

#[test]
fn values_that_make_the_document_invalid() {
    let too_many = format!("[{}1]", "1,".repeat(100));
    for (rule, value, reason) in [
        ("a numeric string", r#""1""#, "!metric_not_number"),
        ("null", "null", "!metric_not_number"),
        ("true", "true", "!metric_not_number"),
        ("beyond every number", "1e400", "!metric_not_number"),
        (
            "beyond every number, in an array",
            "[1,-1e400]",
            "!metric_not_number",
        ),
        (
            "an array that is not all numbers",
            r#"[1,"2"]"#,
            "!metric_not_number",
        ),
        ("an array in an array", "[[1]]", "!metric_not_number"),
        ("any other object", r#"{"a":1}"#, "!metric_not_number"),
        ("an empty array", "[]", "!no_values"),
        ("101 values", &too_many, "!too_many_values"),
        (
            "fewer counts than values",
            r#"{"Values":[1,2],"Counts":[1]}"#,
            "!values_and_counts",
        ),
        (
            "values without counts",
            r#"{"Values":[1,2]}"#,
            "!values_and_counts",
        ),
        (
            "half a count",
            r#"{"Values":[1],"Counts":[0.5]}"#,
            "!values_and_counts",
        ),
        (
            "a negative count",
            r#"{"Values":[1],"Counts":[-1]}"#,
            "!values_and_counts",
        ),
        (
            "a count beyond 64 bits",
            r#"{"Values":[1],"Counts":[18446744073709551616]}"#,
            "!values_and_counts",
        ),
        ("no values", r#"{"Values":[],"Counts":[]}"#, "!no_values"),
        (
            "a statistic set without its sum",
            r#"{"Max":9,"Min":1,"Count":3}"#,
            "!statistic_set",
        ),
        (
            "a minimum above the maximum",
            r#"{"Max":1,"Min":9,"Count":3,"Sum":12}"#,
            "!statistic_set",
        ),
        (
            "names are case-sensitive",
            r#"{"max":9,"min":1,"count":3,"sum":12}"#,
            "!metric_not_number",
        ),
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
        (
            "any UTF-8",
            r#""ünï ☕""#,
            "emf/N/M{d=%C3%BCn%C3%AF%20%E2%98%95} 1",
        ),
        (
            "escapes are read",
            r#""a\"\u00e9\u0000""#,
            "emf/N/M{d=a%22%C3%A9%00} 1",
        ),
        ("a blank is not empty", r#"" ""#, "emf/N/M{d=%20} 1"),
        (
            "1,024 characters",
            &format!("{longest:?}"),
            &format!("emf/N/M{{d={}}} 1", "%C3%A9".repeat(1_024)),
        ),
        ("empty", r#""""#, "!dimension_empty"),
        (
            "1,025 characters",
            &format!("\"{longest}x\""),
            "!dimension_too_long",
        ),
        ("a number", "7", "!dimension_not_text"),
        ("null", "null", "!dimension_not_text"),
        (
            "half a surrogate pair",
            r#""\ud800""#,
            "!dimension_not_text",
        ),
    ] {
        check(rule, &with_dimension(value), &[expected]);
    }
}
