//! CloudWatch's units.

use std::fmt;
use std::str::FromStr;

macro_rules! units {
    ($($variant:ident = $text:literal),* $(,)?) => {
        /// A unit as CloudWatch spells it (`MetricDatum` in the CloudWatch API reference).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Unit {
            $(#[doc = $text] $variant),*
        }

        impl Unit {
            /// Every unit CloudWatch knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// CloudWatch's spelling.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

units! {
    Seconds = "Seconds", Microseconds = "Microseconds", Milliseconds = "Milliseconds",
    Bytes = "Bytes", Kilobytes = "Kilobytes", Megabytes = "Megabytes", Gigabytes = "Gigabytes",
    Terabytes = "Terabytes", Bits = "Bits", Kilobits = "Kilobits", Megabits = "Megabits",
    Gigabits = "Gigabits", Terabits = "Terabits", Percent = "Percent", Count = "Count",
    BytesPerSecond = "Bytes/Second", KilobytesPerSecond = "Kilobytes/Second",
    MegabytesPerSecond = "Megabytes/Second", GigabytesPerSecond = "Gigabytes/Second",
    TerabytesPerSecond = "Terabytes/Second", BitsPerSecond = "Bits/Second",
    KilobitsPerSecond = "Kilobits/Second", MegabitsPerSecond = "Megabits/Second",
    GigabitsPerSecond = "Gigabits/Second", TerabitsPerSecond = "Terabits/Second",
    CountPerSecond = "Count/Second", None = "None",
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A unit that CloudWatch does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unit {0:?} is not one of CloudWatch's, which are case-sensitive: Milliseconds, Count, Bytes, None, …"
)]
pub struct UnknownUnit(String);

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(text: &str) -> Result<Self, UnknownUnit> {
        Self::ALL
            .iter()
            .copied()
            .find(|unit| unit.as_str() == text)
            .ok_or_else(|| UnknownUnit(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_reads_back_from_its_own_spelling() {
        assert_eq!(Unit::ALL.len(), 27);
        for unit in Unit::ALL {
            assert_eq!(unit.as_str().parse(), Ok(*unit));
        }
        assert!(
            "milliseconds"
                .parse::<Unit>()
                .unwrap_err()
                .to_string()
                .contains("case-sensitive")
        );
    }
}
