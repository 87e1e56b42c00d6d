//! Which version of a function said something.

use std::fmt;

/// A published version of a function: a number from 1 that Lambda counts up and never gives twice. What is not
/// published has none (`$LATEST`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// Reads `42`. `None` for everything that Lambda would not write: signs, spaces, leading zeros, other digits
    /// than ASCII's, numbers beyond 64 bits, and `$LATEST`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        // An empty text has no digit that is wrong, but it is no number either.
        digits.then(|| text.parse().ok().map(Self)).flatten()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lambda_writes_is_a_version() {
        for text in ["1", "42", "18446744073709551615"] {
            assert_eq!(
                Version::parse(text).map(|version| version.to_string()),
                Some(text.to_owned())
            );
        }
        for text in [
            "",
            "0",
            "042",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.0",
            "1e3",
            "0x1",
            "٤٢",
            "$LATEST",
            "live",
            "18446744073709551616",
        ] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn versions_are_ordered_by_number_and_not_by_text() {
        assert!(Version::parse("9") < Version::parse("10"));
    }
}
