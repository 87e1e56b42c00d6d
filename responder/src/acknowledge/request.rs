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
mod tests;
