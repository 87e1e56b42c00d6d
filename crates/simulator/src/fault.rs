//! What is done to the service, and when: the truth a detector is held against.

use serde::{Serialize, Serializer};
use signals::Minute;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// Some requests take longer.
    Latency,
    /// Some requests fail.
    Error,
    /// Some requests are refused by the platform.
    Throttle,
}

impl FaultKind {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Latency, Self::Error, Self::Throttle];

    /// The spelling in summaries.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Error => "error",
            Self::Throttle => "throttle",
        }
    }
}

/// One fault. Serialises with RFC 3339 times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// What it does.
    pub kind: FaultKind,
    /// Its first minute.
    #[serde(serialize_with = "rfc3339")]
    pub from: Minute,
    /// The first minute after it.
    #[serde(serialize_with = "rfc3339")]
    pub to: Minute,
    /// Share of the requests that are hit, 0 to 1.
    pub share: f64,
    /// For latency: milliseconds added to each hit request, give or take a tenth; otherwise 0.
    pub extra_ms: f64,
}

impl Fault {
    /// Does it act in this minute?
    #[must_use]
    pub fn covers(&self, minute: Minute) -> bool {
        self.from <= minute && minute < self.to
    }
}

pub(crate) fn rfc3339<S: Serializer>(minute: &Minute, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(minute)
}
