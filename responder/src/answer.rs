//! What the version answered: API Gateway's payload format 2.0, read without trust. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Longest text of a version that is repeated in a reason, in characters.
pub const LONGEST_TEXT: usize = 200;

/// An answer as a client would see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// An answer that no client would see: the gateway answers 502 in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer is none that API Gateway takes: {0}")]
pub struct Malformed(String);

impl Malformed {
    /// The same version answers the same way.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Answer {
    /// Reads the payload of an invocation.
    ///
    /// # Errors
    /// A payload that is no answer of format 2.0.
    pub fn parse(payload: &[u8]) -> Result<Self, Malformed> {
        let payload: Payload = serde_json::from_slice(payload)
            .map_err(|error| Malformed(one_line(&error.to_string())))?;
        let body = payload.body.unwrap_or_default().into_bytes();
        let body = if payload.is_base64_encoded {
            base64_simd::STANDARD
                .decode_to_vec(body)
                .map_err(|error| Malformed(format!("its body is no base64: {error}")))?
        } else {
            body
        };
        if !(200..600).contains(&payload.status_code) {
            return Err(Malformed(format!(
                "{} is no final HTTP status",
                payload.status_code
            )));
        }
        let headers = payload
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        Ok(Self {
            status: payload.status_code,
            headers,
            body,
        })
    }

    /// The header `name`, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The answer in a few words, for a person: its status, and its problem's type when it has one.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.json()["type"].as_str() {
            Some(problem) => format!("{} ({})", self.status, one_line(problem)),
            None => self.status.to_string(),
        }
    }
}

/// A text of the version as one line of at most [`LONGEST_TEXT`] characters: it may have been anything.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line: String = text
        .chars()
        .take(LONGEST_TEXT)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(LONGEST_TEXT).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_the_gateway_reads_it() {
        let answer = Answer::parse(
            br#"{"statusCode":201,"headers":{"ETag":"\"1\""},"body":"{\"version\":1}","isBase64Encoded":false,"cookies":[]}"#,
        )
        .unwrap();
        assert_eq!((answer.status, answer.header("etag")), (201, Some("\"1\"")));
        assert_eq!(answer.json()["version"], 1);
        let encoded =
            Answer::parse(br#"{"statusCode":200,"body":"e30=","isBase64Encoded":true}"#).unwrap();
        assert_eq!(encoded.json(), serde_json::json!({}));
        let bare = Answer::parse(br#"{"statusCode":204}"#).unwrap();
        assert_eq!(
            (bare.json(), bare.summary()),
            (Value::Null, "204".to_owned())
        );
    }

    #[test]
    fn what_the_gateway_would_not_take_is_malformed() {
        for payload in [
            "",
            "null",
            "[]",
            "\"ok\"",
            "{}",
            r#"{"statusCode":"200"}"#,
            r#"{"statusCode":99999}"#,
            r#"{"statusCode":100}"#,
            r#"{"statusCode":200,"headers":[]}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
        ] {
            assert!(Answer::parse(payload.as_bytes()).is_err(), "{payload}");
        }
    }

    #[test]
    fn a_text_of_the_version_is_one_short_line() {
        let line = one_line(&format!("a\n\u{1b}[31mb{}", "x".repeat(5_000)));
        assert!(
            line.starts_with("a  [31mb") && line.ends_with('…'),
            "{line}"
        );
        assert_eq!(line.chars().count(), LONGEST_TEXT + 1);
    }
}
