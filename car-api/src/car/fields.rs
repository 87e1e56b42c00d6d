//! The fields of a car that have rules, each valid by construction.

use std::str::FromStr;

use serde::Serialize;

/// What a field must be, for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidField(pub String);

impl InvalidField {
    /// The same value is refused again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

text! {
    /// A car's key: 1 to 64 letters, digits and `. _ ~ -`, beginning with a letter or digit, so that it is a path
    /// segment as it stands and cannot be mistaken for another kind of item in the table.
    CarId
}
text! {
    /// A model's name: 1 to 100 characters after trimming, none of them a control character.
    Model
}
text! {
    /// A latitude or longitude in decimal degrees, kept as the text it came in: a float would change its digits.
    Coordinate
}

/// Longest [`CarId`], in bytes.
const LONGEST_ID: usize = 64;
/// Longest [`Model`], in characters.
const LONGEST_MODEL: usize = 100;
/// Longest [`Coordinate`], in bytes: 15 decimals are below an atom's width.
const LONGEST_COORDINATE: usize = 24;

impl FromStr for CarId {
    type Err = InvalidField;

    fn from_str(text: &str) -> Result<Self, InvalidField> {
        let valid = (1..=LONGEST_ID).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte));
        if valid {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidField(format!(
            "must be 1 to {LONGEST_ID} letters, digits or . _ ~ - and begin with a letter or digit"
        )))
    }
}

impl FromStr for Model {
    type Err = InvalidField;

    fn from_str(text: &str) -> Result<Self, InvalidField> {
        let text = text.trim();
        if (1..=LONGEST_MODEL).contains(&text.chars().count()) && !text.contains(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidField(format!(
            "must be 1 to {LONGEST_MODEL} characters without control characters"
        )))
    }
}

impl Coordinate {
    /// From a JSON number. One so small that JSON writes it with an exponent is written out, and cut to 15 decimals
    /// where it would be longer than a coordinate may be.
    ///
    /// # Errors
    /// A number outside −`limit`..=`limit` degrees.
    pub fn from_number(number: &serde_json::Number, limit: f64) -> Result<Self, InvalidField> {
        let text = number.to_string();
        let value = number.as_f64().unwrap_or(f64::NAN);
        if !text.contains(['e', 'E']) {
            return Self::new(&text, limit);
        }
        // Unlike JSON, Rust never writes an exponent here.
        let plain = value.to_string();
        if plain.len() <= LONGEST_COORDINATE {
            return Self::new(&plain, limit);
        }
        let cut = format!("{value:.15}");
        let cut = cut.trim_end_matches('0').trim_end_matches('.');
        Self::new(if cut == "-0" { "0" } else { cut }, limit)
    }

    /// # Errors
    /// A text that is no decimal number, or one outside −`limit`..=`limit` degrees.
    pub fn new(text: &str, limit: f64) -> Result<Self, InvalidField> {
        let text = text.trim();
        let plain = text.len() <= LONGEST_COORDINATE
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
        let degrees = text
            .parse::<f64>()
            .ok()
            .filter(|degrees| plain && degrees.abs() <= limit);
        match degrees {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(InvalidField(format!(
                "must be decimal degrees from -{limit} to {limit}, at most {LONGEST_COORDINATE} characters"
            ))),
        }
    }
}
