//! What was read, what of it was rejected, and why.

use std::collections::BTreeMap;

use signals::emf::Rejection;

mod violations;

pub use violations::{Broken, OTHER, Violation, Violations};

use crate::application::ErrorClass;
use crate::envelope::BadRecord;
use crate::extract::Unreadable;
use crate::rollup::Capped;

/// Why something that was read makes no samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// An EMF document that is invalid, or JSON that is cut short.
    Emf(Rejection),
    /// An element of `logEvents` without its documented shape.
    MalformedRecord,
    /// A log event from before 1970 or after 9998.
    EventTimestamp,
    /// A message larger than CloudWatch Logs takes.
    MessageTooLong,
    /// A platform report without its documented shape.
    PlatformReport,
    /// The batch has more series than it may have: see [`crate::rollup::Limits`].
    SeriesLimit,
    /// One series whose name and values alone are larger than a stored item can be.
    SeriesTooLarge,
    /// A document of a type this build does not know.
    UnknownMessageType,
    /// The log group is Outrider's own.
    OwnLogGroup,
}

impl Reason {
    /// The reason as it is counted: lower case, words joined by underscores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emf(rejection) => rejection.as_str(),
            Self::MalformedRecord => "malformed_record",
            Self::EventTimestamp => "event_timestamp",
            Self::MessageTooLong => "message_too_long",
            Self::PlatformReport => "platform_report",
            Self::SeriesLimit => "series_limit",
            Self::SeriesTooLarge => "series_too_large",
            Self::UnknownMessageType => "unknown_message_type",
            Self::OwnLogGroup => "own_log_group",
        }
    }
}

impl From<BadRecord> for Reason {
    fn from(record: BadRecord) -> Self {
        match record {
            BadRecord::Shape => Self::MalformedRecord,
            BadRecord::Timestamp => Self::EventTimestamp,
            BadRecord::TooLong => Self::MessageTooLong,
        }
    }
}

impl From<Unreadable> for Reason {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Emf(rejection) => Self::Emf(rejection),
            Unreadable::Report => Self::PlatformReport,
        }
    }
}

/// What one payload, or several, came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes of JSON after decompression.
    pub bytes: u64,
    /// Documents by which CloudWatch Logs only asks whether anybody is there.
    pub control_messages: u64,
    /// Log events, rejected ones included.
    pub events: u64,
    /// Log events that other batches own: see [`crate::batch::Skip`].
    pub skipped: u64,
    /// Samples: the counts of all rollups together.
    pub samples: u64,
    /// Log events, documents or series that were rejected, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// Log events that tell of an error, by class.
    pub application_errors: BTreeMap<ErrorClass, u64>,
    /// Documents that CloudWatch drops without a word, by log group, namespace and reason.
    pub violations: Violations,
    /// Data that went to an overflow series, by namespace and dimension: see [`crate::rollup::Limits`].
    pub capped: Capped,
    /// Log records that Lambda says it dropped before they became log events.
    pub logs_dropped: u64,
    /// The timestamps of the earliest and the latest log event, milliseconds since 1970.
    pub times: Option<(i64, i64)>,
    /// Bytes of lines that were read a second time to say more of an error or a violation than its class.
    pub examined: u64,
}

impl Counts {
    /// Counts something rejected.
    pub fn reject(&mut self, reason: Reason, times: u64) {
        if times > 0 {
            *self.rejected.entry(reason).or_default() += times;
        }
    }

    /// Notes the timestamp of a log event.
    pub(crate) fn hear(&mut self, millis: i64) {
        let (first, last) = self.times.unwrap_or((millis, millis));
        self.times = Some((first.min(millis), last.max(millis)));
    }

    /// Counts data that went to overflow series.
    pub(crate) fn cap(&mut self, capped: &Capped) {
        for (name, times) in capped {
            *self.capped.entry(name.clone()).or_default() += times;
        }
    }

    /// Adds what other payloads came to.
    pub fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.control_messages += other.control_messages;
        self.events += other.events;
        self.skipped += other.skipped;
        self.samples = self.samples.saturating_add(other.samples);
        for (reason, times) in &other.rejected {
            self.reject(*reason, *times);
        }
        for (class, times) in &other.application_errors {
            *self.application_errors.entry(*class).or_default() += times;
        }
        self.violations.merge(&other.violations);
        self.cap(&other.capped);
        self.logs_dropped = self.logs_dropped.saturating_add(other.logs_dropped);
        if let Some((first, last)) = other.times {
            self.hear(first);
            self.hear(last);
        }
        self.examined += other.examined;
    }
}
