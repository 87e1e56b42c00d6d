use serde_json::json;

use super::*;

#[test]
fn only_the_address_of_a_link_has_a_token() {
    for (path, token) in [
        ("/acknowledge/v1.a.b", Some("v1.a.b")),
        ("/prod/acknowledge/v1.a.b", Some("v1.a.b")),
        ("/acknowledge/v1.a.b/", None),
        ("/acknowledge/", None),
        ("/acknowledge", None),
        ("/acknowledged/v1.a.b", None),
        ("/acknowledge/x/v1.a.b", None),
        ("acknowledge/v1.a.b", None),
        ("/", None),
        ("", None),
        ("/favicon.ico", None),
    ] {
        assert_eq!(
            Request::of(&json!({"rawPath": path})).token(),
            token,
            "{path}"
        );
    }
}

#[test]
fn a_form_is_read_as_a_browser_sends_it() {
    let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
    let longest = format!("by={}", "x".repeat(FORM_BYTES - 3));
    for (rule, body, is_base64, expected) in [
        ("a name", json!("by=Anna"), false, Ok("Anna")),
        ("blanks", json!("by=Anna+K%2e"), false, Ok("Anna K.")),
        (
            "letters of others",
            json!("by=%C3%A9%e2%82%ac"),
            false,
            Ok("é€"),
        ),
        (
            "other fields",
            json!("x=1&by=Anna&by=Bea"),
            false,
            Ok("Anna"),
        ),
        ("no name", json!("by="), false, Ok("")),
        ("no field", json!("x=1"), false, Ok("")),
        ("no body", Value::Null, false, Ok("")),
        ("encoded", json!(base64(b"by=Anna")), true, Ok("Anna")),
        (
            "as long as may be",
            json!(longest.clone()),
            false,
            Ok(&longest[3..]),
        ),
        (
            "the same, encoded",
            json!(base64(longest.as_bytes())),
            true,
            Ok(&longest[3..]),
        ),
        (
            "too long",
            json!(format!("{longest}x")),
            false,
            Err(Refusal::TooLarge),
        ),
        (
            "far too long, encoded",
            json!("A".repeat(9_000_000)),
            true,
            Err(Refusal::TooLarge),
        ),
        ("no base64", json!("by=Anna"), true, Err(Refusal::Form)),
        ("no text", json!("by=%ff"), false, Err(Refusal::Form)),
        (
            "no text, encoded",
            json!(base64(b"by=\xff")),
            true,
            Err(Refusal::Form),
        ),
    ] {
        let event = json!({"body": body, "isBase64Encoded": is_base64});
        let name = Request::of(&event).name();
        assert_eq!(name.as_deref(), expected.as_ref().copied(), "{rule}");
    }
}

#[test]
fn an_event_that_is_none_asks_for_nothing() {
    for event in [
        json!(null),
        json!([]),
        json!({"rawPath": 7, "requestContext": []}),
    ] {
        let request = Request::of(&event);
        assert_eq!((request.method, request.token()), (Method::Other, None));
    }
}
