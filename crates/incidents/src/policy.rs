//! When an incident opens, repeats, resolves and reopens: numbers, with their defaults and their limits.
//!
//! Repeating a page after 4 hours is Alertmanager's default; the other defaults are judgement, made for windows of a
//! minute.

use serde::{Deserialize, Serialize};

use crate::{Severity, storm::Limits};

/// `m` of the last `n` windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MOfN {
    /// How many windows must breach: 1 to `n`.
    pub m: u32,
    /// Of how many: 1 to 32 (a history is 32 bits).
    pub n: u32,
}

/// The numbers as they stand in a configuration file; [`Policy`] is what has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Breaching windows before a page opens. Default 2 of 3.
    pub page: MOfN,
    /// Breaching windows before a ticket or an information opens. Default 3 of 5.
    pub ticket: MOfN,
    /// Clear windows in a row before an incident resolves, 1 to 60. Default 3.
    pub clear_windows: u32,
    /// Minutes that an incident stays open at least, 0 to 1,440. Default 5.
    pub min_open_minutes: u32,
    /// Minutes after its end in which a new breach reopens the same incident, 0 to 1,440. Default 30.
    pub reopen_minutes: u32,
    /// Minutes between two messages about a page that stays open, 10 to 10,080. Default 240.
    pub repeat_page_minutes: u32,
    /// The same for tickets and informations. Default 1,440.
    pub repeat_ticket_minutes: u32,
    /// Share of changes among the last 21 windows from which an incident flaps, in percent, 1 to 100. Default 30: six of the
    /// newest, so three breaches apart from each other. At Nagios' 20 one minute that is clear within a fault would do.
    pub flap_high_percent: u32,
    /// The share below which it has settled, in percent, 1 to `flap_high_percent`. Default 5.
    pub flap_low_percent: u32,
    /// Minutes after which a page that nobody acknowledged here is told once more, 5 to 1,440. Default 0: never. It keeps the
    /// alarm's name: a paging tool that still has the first one open adds it there, while mail and SMS come anew.
    pub escalate_minutes: u32,
    /// Pages within any 60 minutes, over all groups, 1 to 60; more are told together as an alert storm. Default 6.
    /// 0: no roll-up, each page by itself.
    pub storm_pages_per_hour: u32,
    /// Minutes between two pages of one group, 0 to 60. Default 10; 0: as soon as it asks.
    pub storm_group_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page: MOfN { m: 2, n: 3 },
            ticket: MOfN { m: 3, n: 5 },
            clear_windows: 3,
            min_open_minutes: 5,
            reopen_minutes: 30,
            repeat_page_minutes: 240,
            repeat_ticket_minutes: 1_440,
            flap_high_percent: 30,
            flap_low_percent: 5,
            escalate_minutes: 0,
            storm_pages_per_hour: 6,
            storm_group_minutes: 10,
        }
    }
}

/// Settings that have been checked.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Settings", into = "Settings")]
pub struct Policy(Settings);

/// Every setting that cannot work, each with its value and the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("incident policy: {}", problems.join("; "))]
pub struct InvalidPolicy {
    /// One sentence for each setting.
    pub problems: Vec<String>,
}

impl TryFrom<Settings> for Policy {
    type Error = InvalidPolicy;

    fn try_from(settings: Settings) -> Result<Self, InvalidPolicy> {
        let mut problems = Vec::new();
        for (name, MOfN { m, n }) in [("page", settings.page), ("ticket", settings.ticket)] {
            if !(1..=32).contains(&n) {
                problems.push(format!(
                    "{name}.n = {n}: choose 1 to 32 windows, for example 3"
                ));
            } else if !(1..=n).contains(&m) {
                problems.push(format!(
                    "{name}.m = {m}: choose 1 to {name}.n, which is {n}"
                ));
            }
        }
        for (name, value, low, high, example) in [
            ("clear_windows", settings.clear_windows, 1, 60, 3),
            ("min_open_minutes", settings.min_open_minutes, 0, 1_440, 5),
            ("reopen_minutes", settings.reopen_minutes, 0, 1_440, 30),
            (
                "repeat_page_minutes",
                settings.repeat_page_minutes,
                10,
                10_080,
                240,
            ),
            (
                "repeat_ticket_minutes",
                settings.repeat_ticket_minutes,
                10,
                10_080,
                1_440,
            ),
            ("flap_high_percent", settings.flap_high_percent, 1, 100, 30),
            (
                "flap_low_percent",
                settings.flap_low_percent,
                1,
                settings.flap_high_percent.clamp(1, 100),
                settings.flap_high_percent.clamp(1, 5),
            ),
            (
                "storm_pages_per_hour",
                settings.storm_pages_per_hour,
                0,
                60,
                6,
            ),
            (
                "storm_group_minutes",
                settings.storm_group_minutes,
                0,
                60,
                10,
            ),
        ] {
            if !(low..=high).contains(&value) {
                problems.push(format!(
                    "{name} = {value}: choose {low} to {high}, for example {example}"
                ));
            }
        }
        if settings.escalate_minutes > 0 && !(5..=1_440).contains(&settings.escalate_minutes) {
            problems.push(format!(
                "escalate_minutes = {}: choose 5 to 1440, for example 30, or 0 for never",
                settings.escalate_minutes
            ));
        }
        if problems.is_empty() {
            Ok(Self(settings))
        } else {
            Err(InvalidPolicy { problems })
        }
    }
}

impl From<Policy> for Settings {
    fn from(policy: Policy) -> Self {
        policy.0
    }
}

impl Policy {
    /// The numbers, all within their limits.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0
    }

    /// How many breaching windows open an alert of this severity.
    #[must_use]
    pub fn m_of_n(&self, severity: Severity) -> MOfN {
        match severity {
            Severity::Page => self.0.page,
            Severity::Ticket | Severity::Info => self.0.ticket,
        }
    }

    /// Minutes between two messages about an incident that stays open.
    #[must_use]
    pub fn repeat_minutes(&self, severity: Severity) -> u32 {
        match severity {
            Severity::Page => self.0.repeat_page_minutes,
            Severity::Ticket | Severity::Info => self.0.repeat_ticket_minutes,
        }
    }

    /// How many pages there may be before they are told together.
    #[must_use]
    pub fn storm(&self) -> Limits {
        Limits {
            pages_per_hour: self.0.storm_pages_per_hour,
            group_minutes: self.0.storm_group_minutes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_convention_and_valid() {
        let policy = Policy::try_from(Settings::default()).unwrap();
        assert_eq!(policy, Policy::default());
        assert_eq!(policy.m_of_n(Severity::Page), MOfN { m: 2, n: 3 });
        assert_eq!(policy.m_of_n(Severity::Ticket), MOfN { m: 3, n: 5 });
        assert_eq!(
            (
                policy.repeat_minutes(Severity::Page),
                policy.repeat_minutes(Severity::Info)
            ),
            (240, 1_440)
        );
        assert_eq!(
            (policy.storm().pages_per_hour, policy.storm().group_minutes),
            (6, 10)
        );
    }

    #[test]
    fn each_setting_that_cannot_work_is_named_with_its_value_and_the_fix() {
        let good = Settings::default();
        for (settings, says) in [
            (
                Settings {
                    page: MOfN { m: 0, n: 3 },
                    ..good
                },
                "page.m = 0: choose 1 to page.n, which is 3",
            ),
            (
                Settings {
                    page: MOfN { m: 4, n: 3 },
                    ..good
                },
                "page.m = 4: choose 1 to page.n, which is 3",
            ),
            (
                Settings {
                    ticket: MOfN { m: 1, n: 33 },
                    ..good
                },
                "ticket.n = 33: choose 1 to 32",
            ),
            (
                Settings {
                    clear_windows: 0,
                    ..good
                },
                "clear_windows = 0: choose 1 to 60, for example 3",
            ),
            (
                Settings {
                    min_open_minutes: 2_000,
                    ..good
                },
                "min_open_minutes = 2000: choose 0 to 1440",
            ),
            (
                Settings {
                    reopen_minutes: 2_000,
                    ..good
                },
                "reopen_minutes = 2000",
            ),
            (
                Settings {
                    repeat_page_minutes: 1,
                    ..good
                },
                "repeat_page_minutes = 1: choose 10 to 10080",
            ),
            (
                Settings {
                    repeat_ticket_minutes: 0,
                    ..good
                },
                "repeat_ticket_minutes = 0",
            ),
            (
                Settings {
                    flap_high_percent: 101,
                    ..good
                },
                "flap_high_percent = 101: choose 1 to 100, for example 30",
            ),
            (
                Settings {
                    flap_high_percent: 3,
                    ..good
                },
                "flap_low_percent = 5: choose 1 to 3, for example 3",
            ),
            (
                Settings {
                    escalate_minutes: 4,
                    ..good
                },
                "escalate_minutes = 4: choose 5 to 1440, for example 30, or 0 for never",
            ),
            (
                Settings {
                    storm_pages_per_hour: 61,
                    ..good
                },
                "storm_pages_per_hour = 61: choose 0 to 60, for example 6",
            ),
            (
                Settings {
                    storm_group_minutes: 61,
                    ..good
                },
                "storm_group_minutes = 61: choose 0 to 60, for example 10",
            ),
        ] {
            let error = Policy::try_from(settings).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let settings = Settings {
            reopen_minutes: 2_000,
            clear_windows: 0,
            ..Settings::default()
        };
        assert_eq!(Policy::try_from(settings).unwrap_err().problems.len(), 2);
    }

    #[test]
    fn a_configuration_file_is_checked_as_it_is_read() {
        let read =
            |text: &str| serde_json::from_str::<Policy>(text).map_err(|error| error.to_string());
        assert_eq!(read("{}"), Ok(Policy::default()));
        assert!(
            read(r#"{"clear_windows":0}"#)
                .unwrap_err()
                .contains("choose 1 to 60")
        );
        assert!(
            read(r#"{"clear_window":3}"#)
                .unwrap_err()
                .contains("unknown field `clear_window`")
        );
    }
}
