//! From a Lambda event to the text inside: base64, then gzip, under a cap.
//!
//! A megabyte of base64 can inflate to 738 MiB, three orders of magnitude more than any real batch, so nothing
//! here grows past the cap. Why not `aws_lambda_events`: it has no cap, and it reads the inflated text a byte at
//! a time.
#![expect(
    clippy::disallowed_types,
    reason = "the one place: every byte is counted against the cap"
)]

mod quick;

pub(crate) use quick::Inflater;

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use flate2::bufread::GzDecoder;
use serde::Deserialize;

/// How far a payload may inflate unless configured: six times what PutLogEvents takes at once, 10,000 events of
/// up to 1 MiB in batches of 1 MiB (Amazon CloudWatch Logs quotas), with room for what JSON escapes add.
pub const DEFAULT_CAP: usize = 64 * 1024 * 1024;
/// Members of one gzip payload. CloudWatch Logs writes one; each costs the decoder a fresh window.
const MAX_MEMBERS: usize = 1_000;

/// Why a Lambda event could not be turned into text. None of it gets better by trying again.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The event is not what CloudWatch Logs sends.
    #[error("the event is no subscription payload, {{\"awslogs\":{{\"data\":\"…\"}}}}: {0}")]
    NotAnEvent(Misread),
    /// `awslogs.data` is not base64.
    #[error("awslogs.data is not base64; send the gzip bytes in the standard alphabet")]
    NotBase64,
    /// What base64 held is not gzip.
    #[error(
        "awslogs.data is base64 of something that is not gzip (its first bytes are {first:02x?}, not 1f 8b)"
    )]
    NotGzip {
        /// The first bytes, two at most.
        first: Vec<u8>,
    },
    /// The gzip data end too early.
    #[error(
        "awslogs.data is gzip cut short: it ends after {compressed} bytes; send the payload whole"
    )]
    Truncated {
        /// How many compressed bytes there were.
        compressed: usize,
    },
    /// The gzip data are damaged.
    #[error("awslogs.data is damaged gzip: {0}; send the payload again from its source")]
    Damaged(std::io::Error),
    /// The payload inflates past the cap.
    #[error(
        "awslogs.data inflates to more than {cap} bytes; no real batch does, raise CAROBS_INFLATE_CAP_MIB if yours do"
    )]
    TooLarge {
        /// The cap, bytes.
        cap: usize,
    },
    /// There is something after the gzip data that is no gzip.
    #[error(
        "awslogs.data has {bytes} bytes after its gzip data that are no gzip; send nothing but gzip members"
    )]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// More gzip members than anybody has a reason to write.
    #[error("awslogs.data has more than {MAX_MEMBERS} gzip members; join them before sending")]
    TooManyMembers,
    /// The text inside is not what CloudWatch Logs writes.
    #[error("the decoded payload is not what CloudWatch Logs writes: {0}")]
    NotADocument(String),
}

/// Where JSON stopped making sense. `serde_json`'s own words would copy what stands there, and with it whatever
/// somebody logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misread {
    category: serde_json::error::Category,
    line: usize,
    column: usize,
}

impl Misread {
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        Self {
            category: error.classify(),
            line: error.line(),
            column: error.column(),
        }
    }
}

impl std::fmt::Display for Misread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use serde_json::error::Category::{Data, Eof, Io, Syntax};
        let what = match self.category {
            Data => "a value of another type",
            Eof => "it ends too early",
            Io | Syntax => "no JSON",
        };
        write!(f, "{what} at line {} column {}", self.line, self.column)
    }
}

impl PayloadError {
    /// The same bytes fail the same way: they belong into the on-failure destination, not into a retry.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }

    /// The reason as it is counted.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotAnEvent(_) => "payload_not_an_event",
            Self::NotBase64 => "payload_not_base64",
            Self::NotGzip { .. } => "payload_not_gzip",
            Self::Truncated { .. } => "payload_truncated",
            Self::Damaged(_) => "payload_damaged",
            Self::TooLarge { .. } => "payload_too_large",
            Self::TrailingBytes { .. } => "payload_trailing_bytes",
            Self::TooManyMembers => "payload_too_many_members",
            Self::NotADocument(_) => "payload_not_a_document",
        }
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    awslogs: Logs<'a>,
}

#[derive(Deserialize)]
struct Logs<'a> {
    /// Borrowed unless something escapes its slashes.
    #[serde(borrow)]
    data: Cow<'a, str>,
}

/// A batch of a Kinesis stream that CloudWatch Logs writes to.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    kinesis: Logs<'a>,
}

/// The compressed bytes inside a Lambda event: one piece, or one for each record of a Kinesis batch, which holds in
/// `data` what `awslogs.data` holds otherwise ("Using AWS Lambda with Amazon Kinesis", AWS Lambda developer guide).
fn compressed(event: &[u8]) -> Result<Vec<Vec<u8>>, PayloadError> {
    let pieces = match serde_json::from_slice::<Event<'_>>(event) {
        Ok(event) => vec![event.awslogs],
        Err(error) => match serde_json::from_slice::<Batch<'_>>(event) {
            Ok(batch) => batch
                .records
                .into_iter()
                .map(|record| record.kinesis)
                .collect(),
            Err(_) => return Err(PayloadError::NotAnEvent(Misread::of(&error))),
        },
    };
    // "Forgiving" as the WHATWG has it: white space is skipped, padding may be absent.
    let decoded = pieces
        .iter()
        .map(|piece| base64_simd::forgiving_decode_to_vec(piece.data.as_bytes()));
    decoded
        .collect::<Result<_, _>>()
        .map_err(|_| PayloadError::NotBase64)
}

/// The bytes inside a Lambda event, at most `cap`; those of several records one after the other.
fn bytes(event: &[u8], cap: usize) -> Result<Vec<u8>, PayloadError> {
    let mut all = Vec::new();
    for piece in compressed(event)? {
        let inflated = gunzip(&piece, cap - all.len()).map_err(|error| match error {
            PayloadError::TooLarge { .. } => PayloadError::TooLarge { cap },
            error => error,
        })?;
        if all.is_empty() {
            all = inflated;
        } else {
            all.extend_from_slice(&inflated);
        }
    }
    Ok(all)
}

/// The text inside a Lambda event, at most `cap` bytes. A byte that is not UTF-8 becomes a question mark, so that the
/// text is not longer than what was sent.
///
/// # Errors
/// Says at which layer the event is broken.
pub fn text(event: &[u8], cap: usize) -> Result<String, PayloadError> {
    let mut bytes = bytes(event, cap)?;
    mend(&mut bytes);
    // Nothing is left that is not UTF-8.
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// Places at which a text may be broken. Each costs a call; one that is broken everywhere would take seconds.
pub(crate) const MAX_MENDED: usize = 100_000;

/// Makes UTF-8 of any bytes, in place: each that belongs to no character becomes a question mark. What is broken in more
/// than [`MAX_MENDED`] places is hardly a text: from there on every byte beyond ASCII does.
pub(crate) fn mend(bytes: &mut [u8]) {
    let mut from = 0;
    for _ in 0..=MAX_MENDED {
        let Some(rest) = bytes.get(from..) else {
            return;
        };
        let Err(error) = simdutf8::compat::from_utf8(rest) else {
            return;
        };
        from += error.valid_up_to();
        let wrong = error.error_len().unwrap_or(bytes.len() - from);
        bytes[from..from + wrong].fill(b'?');
        from += wrong;
    }
    let rest = bytes.get_mut(from..).unwrap_or_default();
    for byte in rest.iter_mut().filter(|byte| !byte.is_ascii()) {
        *byte = b'?';
    }
}

pub(crate) fn gunzip(compressed: &[u8], cap: usize) -> Result<Vec<u8>, PayloadError> {
    let mut out = Vec::with_capacity(promised_size(compressed).min(cap));
    let mut rest = compressed;
    for member in 0..MAX_MEMBERS {
        let before = rest.len();
        let mut decoder = GzDecoder::new(rest);
        // One byte more than allowed tells "too much" from "just enough".
        let room = (cap - out.len()).saturating_add(1);
        let read = (&mut decoder).take(room as u64).read_to_end(&mut out);
        if out.len() > cap {
            return Err(PayloadError::TooLarge { cap });
        }
        if let Err(error) = read {
            let begun = decoder.header().is_some() || rest.starts_with(&[0x1f, 0x8b]);
            return Err(match (begun, member) {
                (true, _) if error.kind() == ErrorKind::UnexpectedEof => PayloadError::Truncated {
                    compressed: compressed.len(),
                },
                (true, _) => PayloadError::Damaged(error),
                (false, 0) => PayloadError::NotGzip {
                    first: rest.iter().take(2).copied().collect(),
                },
                (false, _) => PayloadError::TrailingBytes { bytes: before },
            });
        }
        rest = decoder.into_inner();
        if rest.is_empty() {
            return Ok(out);
        }
    }
    Err(PayloadError::TooManyMembers)
}

/// What the last member's trailer says (RFC 1952, ISIZE: the size modulo 2³²). A hint for the first allocation: it
/// may lie, and `read_to_end` grows from there.
fn promised_size(compressed: &[u8]) -> usize {
    compressed
        .last_chunk()
        .map_or(0, |size| u32::from_le_bytes(*size) as usize)
}
