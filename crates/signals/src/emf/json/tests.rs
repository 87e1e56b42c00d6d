//! The same as `serde_json`, value by value.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

/// The extent of the first value, as `serde_json` has it.
fn expected(text: &str) -> Option<&str> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    Some(values.next()?.ok()?.get())
}

fn check(text: &str) {
    // In an array, where a number or word has a definite end.
    let array = format!("[{text}]");
    for text in [array.as_str(), text] {
        let found = Raw::first(text).map(|(raw, _)| raw.get());
        if text.trim_start().starts_with(['{', '[', '"']) {
            assert_eq!(found, expected(text), "{text}");
        }
    }
    let elements: Option<Vec<&RawValue>> = serde_json::from_str(&array).ok();
    let found = Raw::first(&array)
        .filter(|(_, end)| *end == array.len())
        .and_then(|(raw, _)| raw.elements());
    assert_eq!(
        found.map(|found| found.map(Raw::get).collect::<Vec<_>>()),
        elements.map(|elements| elements.iter().map(|raw| raw.get()).collect()),
        "{array}"
    );
}

#[test]
fn values_end_where_they_end() {
    for text in [
        "0",
        "-0",
        "01",
        "-",
        "1.",
        ".5",
        "1.5",
        "1e",
        "1e+",
        "1E-07",
        "1.e1",
        "+1",
        "NaN",
        "true",
        "tru",
        "truex",
        "null",
        "\"\"",
        "\"",
        "\"\\u12\"",
        "\"\\u12aF\"",
        "\"\\x\"",
        "\"\u{1}\"",
        "\"\\ud800\"",
        "[]",
        "[",
        "]",
        "[,]",
        "[1,]",
        "[1,2]",
        "[1 2]",
        "{}",
        "{",
        "{,}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":[{}]}",
        "[}",
        "{]",
        "{\"a\":1]",
        "[1}",
        " [ 1 , { \"a\" : 2 } ] ",
        "[[[]]]",
        "[[[]]",
        "{\"a\":{}}}",
        "",
        " ",
        "\"é\u{7f}\"",
    ] {
        check(text);
    }
    for depth in [63, 64, 65, 127, 128, 129, 1_000] {
        let text = format!("{}{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
        check(&text.replace(":}", ":1}"));
        check(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        check(&format!("{}}}{}", "[".repeat(depth), "]".repeat(depth)));
    }
}

proptest! {
    #[test]
    fn any_text_is_what_serde_says_it_is(text in r#"([\[\]{},:" \n0-2e.\-]|\\|"a":|true|null|\\u00e9|é|abcdefgh){0,24}"#) {
        check(&text);
    }

    #[test]
    fn any_string_ends_where_it_ends(text in r#"([a-z]{0,9}|\\|"|\\"|\\[nrtbf/u]|\\u00e9|é|\t| ){0,12}"#) {
        let string = format!("\"{text}\"");
        check(&string);
        let found = Raw::first(&string).filter(|(raw, _)| raw.get() == string);
        let expected: Option<String> = serde_json::from_str(&string).ok();
        prop_assert_eq!(found.and_then(|(raw, _)| raw.text()).map(Cow::into_owned), expected);
    }
}
