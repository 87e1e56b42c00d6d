//! What makes two lines the same error: its type, and its message without what differs from one time to the next.

use std::fmt;

use signals::emf::Object;
use twox_hash::XxHash3_128;

use super::{ErrorClass, json, text};

/// Bytes of a line that are looked at for its type and message. A trace of a hundred frames is shorter.
pub(super) const LOOKED_AT: usize = 16 * 1024;

/// Bytes of type and message that are hashed without memory of their own. Most errors have fewer.
const FEW: usize = 256;

/// The name of an error: a hash of its type and of its normalised message. It stays the same from build to build
/// (the upper half of XXH3 with 128 bits; the algorithm is frozen), because it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of an error of this type and normalised message.
    #[must_use]
    pub fn of(kind: &str, message: &str) -> Self {
        // No type and no normalised message holds NUL, so no two pairs are the same bytes.
        let len = kind.len() + 1 + message.len();
        let mut few = [0; FEW];
        let mut many = Vec::new();
        let both = match few.get_mut(..len) {
            Some(few) => few,
            None => {
                many.resize(len, 0);
                &mut many[..]
            }
        };
        both[..kind.len()].copy_from_slice(kind.as_bytes());
        both[kind.len() + 1..].copy_from_slice(message.as_bytes());
        let [a, b, c, d, e, f, g, h, ..] = XxHash3_128::oneshot(both).to_be_bytes();
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What one line says of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) class: ErrorClass,
    /// The exception's class; `panic`, `init`; `error` where none is named.
    pub(crate) kind: String,
    /// The first line of its message, normalised.
    pub(crate) message: String,
    /// The id of the invocation, a UUID.
    pub(crate) request_id: Option<String>,
}

/// A line that tells of an error, not yet read any further.
#[derive(Debug)]
pub(crate) struct ErrorLine<'a> {
    pub(crate) class: ErrorClass,
    from: From<'a>,
}

#[derive(Debug)]
enum From<'a> {
    Text(&'a str),
    Json(Object<'a>),
    Platform,
}

impl<'a> ErrorLine<'a> {
    pub(crate) fn text(class: ErrorClass, line: &'a str) -> Self {
        Self {
            class,
            from: From::Text(line),
        }
    }

    pub(crate) fn json(class: ErrorClass, line: Object<'a>) -> Self {
        Self {
            class,
            from: From::Json(line),
        }
    }

    /// A record of the platform that tells of a failed init phase.
    pub(crate) fn init() -> Self {
        Self {
            class: ErrorClass::Init,
            from: From::Platform,
        }
    }

    /// Reads type and message.
    pub(crate) fn sighting(&self) -> Sighting {
        match &self.from {
            From::Text(line) => text::sighting(self.class, line),
            From::Json(line) => json::sighting(self.class, line),
            From::Platform => Sighting {
                class: self.class,
                kind: "init".to_owned(),
                message: "the init phase failed".to_owned(),
                request_id: None,
            },
        }
    }
}
