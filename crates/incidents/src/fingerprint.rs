//! The identity of an alert group: the same in ALARM and OK, in every window, after every crash.
//!
//! No value and no time goes into it, so a pager merges what belongs together.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Direction, Severity, Symptom};

/// What would let two different groups have the same key. Ordinary names stay as they are.
const ENCODED: &AsciiSet = &CONTROLS.add(b'|').add(b'%');
/// `CloudWatch` allows 255 characters in an alarm's name.
const NAME_CHARS: usize = 200;

/// What one incident is about: one symptom of one service in one environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group {
    /// For example `prod`.
    pub environment: String,
    /// For example `car-api`.
    pub service: String,
    /// What is wrong.
    pub symptom: Symptom,
    /// On which side of normal.
    pub direction: Direction,
}

/// 16 lower-case hexadecimal digits that name a [`Group`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

/// A group that could not be told apart from another, or named in a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {field} of an alert group is empty: set it in the configuration, for example {example:?}"
)]
pub struct InvalidGroup {
    field: &'static str,
    example: &'static str,
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Group {
    /// A group.
    ///
    /// # Errors
    /// An empty environment or service.
    pub fn new(
        environment: &str,
        service: &str,
        symptom: Symptom,
        direction: Direction,
    ) -> Result<Self, InvalidGroup> {
        if environment.trim().is_empty() {
            return Err(InvalidGroup {
                field: "environment",
                example: "prod",
            });
        }
        if service.trim().is_empty() {
            return Err(InvalidGroup {
                field: "service",
                example: "car-api",
            });
        }
        Ok(Self {
            environment: environment.to_owned(),
            service: service.to_owned(),
            symptom,
            direction,
        })
    }

    /// `env|service|symptom`, and for traffic, which has two sides with different urgency, the side too: the OK
    /// of a rise must not close the page of a drop.
    #[must_use]
    pub fn key(&self) -> String {
        let side = match (self.symptom, self.direction) {
            (Symptom::Traffic, Direction::High) => "-high",
            (_, Direction::High) => "",
            (_, Direction::Low) => "-low",
        };
        format!(
            "{}|{}|{}{side}",
            encoded(&self.environment),
            encoded(&self.service),
            self.symptom
        )
    }

    /// The first 16 hexadecimal digits of `sha256("v1|env|service|symptom|direction")`.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let text = format!(
            "v1|{}|{}|{}|{}",
            encoded(&self.environment),
            encoded(&self.service),
            self.symptom,
            self.direction.as_str()
        );
        Fingerprint(hex(&Sha256::digest(text.as_bytes())[..8]))
    }

    /// How urgent it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.symptom.severity(self.direction)
    }

    /// The name under which a pager keeps it, at most 255 ASCII characters: it is the pager's key, so it depends
    /// on nothing but the group. Names that need cleaning carry the fingerprint, so that two cannot meet.
    #[must_use]
    pub fn alarm_name(&self) -> String {
        let words = self.symptom.words(self.direction);
        let name = format!("{} {words} ({})", self.service, self.environment);
        alarm_name(&name, &[&self.service, &self.environment], || {
            self.fingerprint()
        })
    }
}

/// `name` as an alarm's: as it stands if its configured `parts` are simple, else cleaned and with the fingerprint.
pub(crate) fn alarm_name(
    name: &str,
    parts: &[&str],
    fingerprint: impl FnOnce() -> Fingerprint,
) -> String {
    let simple = |text: &&str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    };
    if parts.iter().all(simple) && name.len() <= NAME_CHARS {
        return name.to_owned();
    }
    let clean: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .take(NAME_CHARS)
        .collect();
    format!("{clean} {}", fingerprint())
}

fn encoded(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, ENCODED)
}

impl Fingerprint {
    /// The identity of the alert storms of an environment: the first 16 hexadecimal digits of `sha256("v1|storm|env")`. A
    /// group's text has five parts, so none shares it.
    pub(crate) fn of_storms(environment: &str) -> Self {
        let text = format!("v1|storm|{}", encoded(environment));
        Self(hex(&Sha256::digest(text.as_bytes())[..8]))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn group(environment: &str, service: &str) -> Group {
        Group::new(environment, service, Symptom::Latency, Direction::High).unwrap()
    }

    #[test]
    fn a_fingerprint_is_the_hash_that_the_convention_names() {
        let group = group("prod", "car-api");
        assert_eq!(group.key(), "prod|car-api|latency");
        // printf 'v1|prod|car-api|latency|high' | sha256sum
        assert_eq!(group.fingerprint().as_str(), "e546c16386841a0f");
        assert_eq!(group.alarm_name(), "car-api high latency (prod)");
    }

    #[test]
    fn both_sides_of_traffic_have_their_own_name() {
        let side = |direction| Group::new("prod", "car-api", Symptom::Traffic, direction).unwrap();
        let (rise, drop) = (side(Direction::High), side(Direction::Low));
        assert_eq!(
            (rise.key().as_str(), drop.key().as_str()),
            ("prod|car-api|traffic-high", "prod|car-api|traffic-low")
        );
        assert_ne!(rise.alarm_name(), drop.alarm_name());
        assert_ne!(rise.fingerprint(), drop.fingerprint());
    }

    #[test]
    fn an_empty_part_is_refused_with_an_example() {
        for (environment, service, field) in
            [("", "car-api", "environment"), ("prod", " ", "service")]
        {
            let error = Group::new(environment, service, Symptom::Errors, Direction::High)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(field) && error.contains("for example"),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn different_groups_never_share_an_identity(
            a in ("[ab| ()%]{1,4}", "[ab| ()%]{1,4}"),
            b in ("[ab| ()%]{1,4}", "[ab| ()%]{1,4}"),
        ) {
            prop_assume!(a != b);
            let of = |(environment, service): (String, String)| Group {
                environment, service, symptom: Symptom::Errors, direction: Direction::High,
            };
            let (a, b) = (of(a), of(b));
            prop_assert_ne!(a.key(), b.key());
            prop_assert_ne!(a.fingerprint(), b.fingerprint());
            prop_assert_ne!(a.alarm_name(), b.alarm_name());
        }

        #[test]
        fn any_name_makes_an_alarm_name_that_cloudwatch_would_take(service in ".{1,400}", environment in ".{1,400}") {
            let name = Group { environment, service, symptom: Symptom::Latency, direction: Direction::High }.alarm_name();
            prop_assert!(name.len() <= 255 && name.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{}", name);
        }
    }
}
