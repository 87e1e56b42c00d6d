//! What an on-failure destination holds, and the payload in it. Pure.
//!
//! Lambda writes the record of an asynchronous invocation that failed for good, the same to a queue and to a bucket:
//!
//! ```json
//! {"version":"1.0","timestamp":"2026-11-20T18:16:05.568Z","requestContext":{"requestId":"…","functionArn":"…","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"awslogs":{"data":"…"}},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorType":"…","errorMessage":"…"}}
//! ```
//!
//! (AWS Lambda developer guide, "Capturing records of Lambda asynchronous invocations",
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>, read in November 2026.) A
//! dead-letter queue holds the bare payload, and so does a record that somebody made by hand.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

/// Bytes of a record that is read: an asynchronous payload of 1 MB and a response of 6 MB, the most that there are
/// (AWS Lambda developer guide, "Lambda quotas", November 2026), and their context.
pub(super) const LARGEST: usize = 8 * 1024 * 1024;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// What log-processor was invoked with, as it came.
    pub(super) payload: &'a str,
    /// The failed invocation; empty in a record without one.
    pub(super) request_id: String,
    /// Why it was given up, in Lambda's words; empty in a record that does not say.
    pub(super) condition: String,
}

/// Why a record holds no payload. No text says what the record says: it may be anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    /// Larger than any of Lambda's.
    #[error("the record is larger than {LARGEST} bytes; no invocation has such a payload")]
    TooLarge,
    /// Not JSON, or another shape.
    #[error("the record is no JSON object: {0}")]
    NotJson(Position),
    /// A record without its payload.
    #[error(
        "the record has no requestPayload, so there is nothing to replay; the log events are still in their log group"
    )]
    NoPayload,
    /// Some other object.
    #[error(
        "this is neither the record of a failed invocation nor a subscription payload; send what Lambda wrote to the destination"
    )]
    Foreign,
}

/// Where JSON stopped making sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    ends: bool,
    line: usize,
    column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.ends {
            "it ends too early"
        } else {
            "something is wrong"
        };
        write!(f, "{what} at line {} column {}", self.line, self.column)
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "requestPayload", borrow)]
    request_payload: Option<&'a RawValue>,
    #[serde(rename = "requestContext", borrow)]
    request_context: Option<&'a RawValue>,
    /// A bare payload, as a subscription sends it.
    #[serde(borrow)]
    awslogs: Option<&'a RawValue>,
    /// A bare payload, as a stream sends it.
    #[serde(rename = "Records", borrow)]
    records: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(rename = "requestId", borrow)]
    request_id: Cow<'a, str>,
    #[serde(borrow)]
    condition: Cow<'a, str>,
}

impl<'a> Record<'a> {
    /// Reads a record, or a bare payload.
    ///
    /// # Errors
    /// Whatever holds no payload.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        if bytes.len() > LARGEST {
            return Err(Unreadable::TooLarge);
        }
        // An array with the right elements would do for an object too.
        if bytes
            .trim_ascii_start()
            .first()
            .is_some_and(|first| *first != b'{')
        {
            return Err(Unreadable::Foreign);
        }
        let wire: Wire<'_> = serde_json::from_slice(bytes).map_err(|error| {
            Unreadable::NotJson(Position {
                ends: error.classify() == Category::Eof,
                line: error.line(),
                column: error.column(),
            })
        })?;
        if let Some(payload) = wire.request_payload {
            // What is said about the invocation is for people; a record without it is replayed all the same.
            let context = wire
                .request_context
                .and_then(|context| serde_json::from_str::<Context<'_>>(context.get()).ok())
                .unwrap_or_default();
            return Ok(Self {
                payload: payload.get(),
                request_id: context.request_id.into_owned(),
                condition: context.condition.into_owned(),
            });
        }
        if wire.awslogs.is_some() || wire.records.is_some() {
            return Ok(Self {
                // It was read as JSON, so it is UTF-8.
                payload: std::str::from_utf8(bytes).map_err(|_| Unreadable::Foreign)?,
                request_id: String::new(),
                condition: String::new(),
            });
        }
        Err(if wire.request_context.is_some() {
            Unreadable::NoPayload
        } else {
            Unreadable::Foreign
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in the developer guide, with a payload of ours.
    const GUIDE: &str = r#"{
        "version": "1.0",
        "timestamp": "2019-11-14T18:16:05.568Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:my-function:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3
        },
        "requestPayload": {"awslogs": {"data": "AAAA"}},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "Process exited before completing request"}
    }"#;

    #[test]
    fn a_record_gives_the_payload_as_it_came() {
        let record = Record::read(GUIDE.as_bytes()).unwrap();
        assert_eq!(record.payload, r#"{"awslogs": {"data": "AAAA"}}"#);
        assert_eq!(
            (record.request_id.as_str(), record.condition.as_str()),
            ("e4b46cbf-b738-xmpl-8880-a18cdf61200e", "RetriesExhausted")
        );
    }

    #[test]
    fn a_payload_without_a_record_around_it_is_its_own() {
        for bare in [
            r#"{"awslogs":{"data":"AAAA"}}"#,
            r#"{"Records":[{"kinesis":{"data":"AAAA"}}]}"#,
        ] {
            assert_eq!(Record::read(bare.as_bytes()).unwrap().payload, bare);
        }
        let odd = r#"{"requestPayload":{"awslogs":{}},"requestContext":"what","version":2}"#;
        assert_eq!(
            Record::read(odd.as_bytes()).unwrap().payload,
            r#"{"awslogs":{}}"#,
            "context that cannot be read costs no payload"
        );
    }

    #[test]
    fn what_holds_no_payload_is_named_without_its_text() {
        let secret = "personal-7f3a";
        let too_large = format!("{{\"requestPayload\":\"{}\"}}", "a".repeat(LARGEST));
        for (rule, text, part) in [
            (
                "no JSON",
                format!("{{\"{secret}\": oops}}"),
                "something is wrong at line 1 column",
            ),
            (
                "cut short",
                format!("{{\"requestPayload\":\"{secret}"),
                "it ends too early",
            ),
            (
                "no object",
                format!("[\"{secret}\",null,null,null]"),
                "neither",
            ),
            ("a number", "7".to_owned(), "neither"),
            (
                "a payload twice",
                format!("{{\"requestPayload\":1,\"requestPayload\":\"{secret}\"}}"),
                "no JSON object",
            ),
            (
                "a payload that was dropped",
                format!("{{\"requestContext\":{{\"requestId\":\"{secret}\"}}}}"),
                "no requestPayload",
            ),
            (
                "a payload that is null",
                "{\"requestContext\":{},\"requestPayload\":null}".to_owned(),
                "no requestPayload",
            ),
            ("a stranger", format!("{{\"{secret}\":1}}"), "neither"),
            ("nothing", String::new(), "it ends too early"),
            ("too large", too_large, "larger than 8388608 bytes"),
        ] {
            let error = Record::read(text.as_bytes()).unwrap_err().to_string();
            assert!(
                error.contains(part) && !error.contains(secret),
                "{rule}: {error}"
            );
        }
    }
}
