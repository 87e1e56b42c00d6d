//! Why nobody is told for the moment: state is kept and shown, messages are not sent.

use std::fmt;

use jiff::Timestamp;

use crate::Symptom;

/// What keeps an incident from being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mute {
    /// The symptom of the same service that is open, or was until a short time ago, and explains it (see [`crate::inhibitor`]).
    Cause(Symptom),
    /// Somebody silenced the group.
    Silence {
        /// When the silence ends: what still breaches then is told.
        until: Timestamp,
    },
}

impl fmt::Display for Mute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cause(symptom) => {
                write!(
                    f,
                    "{symptom} of the same service is open, or was until a short time ago, and explains it"
                )
            }
            Self::Silence { until } => write!(f, "it is silenced until {until}"),
        }
    }
}
