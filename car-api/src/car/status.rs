//! What a car is doing.

use std::str::FromStr;

use serde::Serialize;

use super::InvalidField;

/// What a car is doing. The words are matched exactly, capitals included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Status {
    /// Ready for a ride; the default.
    #[default]
    Available,
    /// On a ride.
    InCourse,
    /// Idle (the word of the fleet's older clients).
    Free,
    /// Rented out.
    Rented,
    /// In the workshop.
    Maintenance,
    /// Broken or stopped.
    OutOfService,
    /// Left the fleet.
    Retired,
    /// Read from an item whose status is none of the above. Never accepted from a client.
    Unknown,
}

impl Status {
    /// Every status that a client may set, in the order in which lists show them.
    pub const ALL: [Self; 7] = [
        Self::Available,
        Self::InCourse,
        Self::Free,
        Self::Rented,
        Self::Maintenance,
        Self::OutOfService,
        Self::Retired,
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::InCourse => "InCourse",
            Self::Free => "Free",
            Self::Rented => "Rented",
            Self::Maintenance => "Maintenance",
            Self::OutOfService => "OutOfService",
            Self::Retired => "Retired",
            Self::Unknown => "Unknown",
        }
    }

    /// The status that follows this one in lists.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let position = Self::ALL.iter().position(|status| *status == self)?;
        Self::ALL.get(position + 1).copied()
    }
}

impl FromStr for Status {
    type Err = InvalidField;

    fn from_str(text: &str) -> Result<Self, InvalidField> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| {
                let words: Vec<_> = Self::ALL.iter().map(|status| status.as_str()).collect();
                InvalidField(format!(
                    "must be one of {}, capitals included",
                    words.join(", ")
                ))
            })
    }
}
