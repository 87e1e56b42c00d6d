//! The names of log events, and runs of them.

use std::fmt;

/// Digits of an id as CloudWatch Logs writes it ("Using subscription filters", Amazon CloudWatch Logs user guide).
const DIGITS: usize = 56;

/// The id of a log event: 56 decimal digits. Nothing is documented of them but their length; in AWS's own examples an id
/// divided by 2¹⁴⁴ is the log event's timestamp ("FilterLogEvents", Amazon CloudWatch Logs API reference, read
/// 2026-11-21). So ids rise in the order of timestamps, and in the order of ingestion as long as a stream's writer keeps
/// to that of the timestamps, as Lambda does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; DIGITS]);

impl EventId {
    /// Reads an id; `None` for anything but 56 ASCII digits.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits: [u8; DIGITS] = text.try_into().ok()?;
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then_some(Self(digits))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII digits get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Log events of one stream from `first` to `last`, both among them, in rising order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The first id.
    pub first: EventId,
    /// The last id; not below `first`.
    pub last: EventId,
    /// How many log events; at least 1.
    pub events: u64,
}

impl Run {
    /// Whether an id lies between the ends, or is one of them.
    #[must_use]
    pub fn contains(&self, id: &EventId) -> bool {
        (self.first..=self.last).contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_56_digits_and_nothing_else() {
        let text = "39650000000000000000000000000000000000000000000000000007";
        let id = EventId::parse(text.as_bytes()).unwrap();
        assert_eq!((id.to_string(), id.as_str()), (text.to_owned(), text));
        for (rule, text) in [
            ("none", String::new()),
            ("a digit less", "0".repeat(55)),
            ("a digit more", "0".repeat(57)),
            ("a letter", format!("{}a", "0".repeat(55))),
            ("another alphabet's digits", "٤".repeat(28)),
        ] {
            assert_eq!(EventId::parse(text.as_bytes()), None, "{rule}");
        }
    }

    #[test]
    fn both_ends_belong_to_a_run() {
        let id = |n: u32| EventId::parse(format!("{n:056}").as_bytes()).unwrap();
        let run = Run {
            first: id(3),
            last: id(5),
            events: 3,
        };
        assert_eq!(
            [2, 3, 4, 5, 6].map(|n| run.contains(&id(n))),
            [false, true, true, true, false]
        );
    }
}
