//! The bucket of time everything is rolled up into.

use std::fmt;

const MILLIS: i64 = 60_000;

/// A minute of UTC, counted from the Unix epoch. `Display` is its first instant in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(i64);

impl Minute {
    /// The `index`-th minute after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_index(index: i64) -> Self {
        Self(index)
    }

    /// The minute that holds an instant in milliseconds since the epoch; instants before 1970 round down too.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.div_euclid(MILLIS))
    }

    /// The minute that holds `at`.
    #[must_use]
    pub fn containing(at: jiff::Timestamp) -> Self {
        Self::from_millis(at.as_millisecond())
    }

    /// Reads `2026-11-20T22:05:00Z`; seconds are rounded down.
    ///
    /// # Errors
    /// Says what is wrong with a text that is not an RFC 3339 instant.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self::containing)
    }

    /// Minutes since the epoch.
    #[must_use]
    pub fn index(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch at the minute's first instant.
    #[must_use]
    pub fn start_millis(self) -> i64 {
        self.0.saturating_mul(MILLIS)
    }

    /// The minute's first instant. Minutes outside years −9999 to 9999 are clamped to them.
    #[must_use]
    pub fn start(self) -> jiff::Timestamp {
        let clamp = if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        jiff::Timestamp::from_millisecond(self.start_millis()).unwrap_or(clamp)
    }

    /// `count` minutes later (earlier when negative).
    #[must_use]
    pub fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// Minutes from `earlier` to `self`.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The first minute of the hour that holds this one.
    #[must_use]
    pub fn hour(self) -> Self {
        Self(self.0.div_euclid(60) * 60)
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_reads_back_from_its_own_text() {
        let minute = Minute::parse("2026-11-20T22:05:00Z").unwrap();
        assert_eq!(minute.to_string(), "2026-11-20T22:05:00Z");
        assert_eq!(minute, Minute::from_millis(minute.start_millis() + 59_999));
        assert_eq!(
            minute.plus(1),
            Minute::from_millis(minute.start_millis() + 60_000)
        );
        assert_eq!(minute.hour().to_string(), "2026-11-20T22:00:00Z");
    }

    #[test]
    fn an_instant_before_1970_rounds_down() {
        assert_eq!(Minute::from_millis(-1).index(), -1);
        assert_eq!(Minute::from_index(i64::MIN).start(), jiff::Timestamp::MIN);
    }
}
