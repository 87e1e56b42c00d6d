//! What is asked, from the event of a function URL. Pure, and total: an event that is none asks for nothing.
//!
//! Payload format 2.0 (AWS Lambda developer guide, "Invoking Lambda function URLs", November 2026).

use std::borrow::Cow;

use incidents::acknowledge_link::PATH;
use incidents::acknowledge_link::page::Refusal;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// The longest form, in bytes: a name of 80 characters is below 1,000 in the longest spelling that a browser gives it.
const FORM_BYTES: usize = 4 * 1_024;

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    /// GET, without the body.
    Head,
    Post,
    Other,
}

/// A request. Nothing of it is believed yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    path: &'a str,
    body: &'a str,
    is_base64: bool,
}

impl<'a> Request<'a> {
    pub(super) fn of(event: &'a Value) -> Self {
        let text = |at: &str| {
            event
                .pointer(at)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        Self {
            method: match text("/requestContext/http/method") {
                "GET" => Method::Get,
                "HEAD" => Method::Head,
                "POST" => Method::Post,
                _ => Method::Other,
            },
            path: text("/rawPath"),
            body: text("/body"),
            is_base64: event["isBase64Encoded"] == true,
        }
    }

    /// The last segment of `…/acknowledge/<token>`. What stands before it is the base of the links, whose path may
    /// come along when a gateway or a distribution stands in front.
    pub(super) fn token(&self) -> Option<&'a str> {
        let (before, token) = self.path.rsplit_once('/')?;
        let (_, segment) = before.rsplit_once('/')?;
        (segment == PATH && !token.is_empty()).then_some(token)
    }

    /// What the form's field `by` holds; empty without one.
    pub(super) fn name(&self) -> Result<String, Refusal> {
        let form = self.form()?;
        let by = form.split('&').find_map(|pair| pair.strip_prefix("by="));
        let spaced = by.unwrap_or_default().replace('+', " ");
        percent_decode_str(&spaced)
            .decode_utf8()
            .map(Cow::into_owned)
            .map_err(|_| Refusal::Form)
    }

    fn form(&self) -> Result<Cow<'a, str>, Refusal> {
        // Four digits of base64 are three bytes, so what is too long is not decoded.
        let most = if self.is_base64 {
            FORM_BYTES.div_ceil(3) * 4
        } else {
            FORM_BYTES
        };
        if self.body.len() > most {
            return Err(Refusal::TooLarge);
        }
        if !self.is_base64 {
            return Ok(Cow::Borrowed(self.body));
        }
        let bytes = base64_simd::STANDARD
            .decode_to_vec(self.body)
            .map_err(|_| Refusal::Form)?;
        String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|_| Refusal::Form)
    }
}

#[cfg(test)]
mod tests {
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
}
