//! The processor's configuration, from the environment.

use std::collections::BTreeSet;

use platform::config::{ConfigErrors, Reader, Vars};
use platform::logging::Level;
use platform::telemetry::FUNCTION_NAME;

use extraction::rollup::Limits;
use extraction::{Rules, payload};

/// The DynamoDB table of rollups.
pub const SERIES_TABLE: &str = "CAROBS_SERIES_TABLE";
/// Log groups of Outrider's other functions, separated by commas: they are refused like the processor's own.
pub const OWN_LOG_GROUPS: &str = "CAROBS_OWN_LOG_GROUPS";
/// How far a payload may inflate, MiB; 64 unless set.
pub const INFLATE_CAP: &str = "CAROBS_INFLATE_CAP_MIB";
/// `enabled` (the default) or `disabled`: whether each batch claims its log events in the ledger of their stream, one
/// read and one write a batch. Without it a batch that is delivered again as it was still counts once, because it
/// overwrites itself; log events that come again cut into other batches count twice. Switched off or on while a
/// batch waits for its retry, that batch may count some of them twice, but never loses any.
pub const LEDGER: &str = "CAROBS_LEDGER";
/// `enabled` (the default) or `disabled`: whether what CloudWatch cannot know of the watched functions (memory, init
/// time, cold starts, time-outs) is published as metrics, six a function.
pub const FUNCTION_METRICS: &str = "CAROBS_FUNCTION_METRICS";
/// Lambda's own: the log group this function writes to.
const OWN_LOG_GROUP: &str = "AWS_LAMBDA_LOG_GROUP_NAME";

const MIB: usize = 1024 * 1024;
/// Lambda gives a function at most 10,240 MB (AWS Lambda quotas), and more than a tenth of that is no batch.
const MAX_CAP_MIB: usize = 1024;

/// Everything the processor is told at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// See [`SERIES_TABLE`].
    pub series_table: String,
    /// See [`LEDGER`].
    pub ledger: bool,
    /// See [`FUNCTION_METRICS`].
    pub function_metrics: bool,
    /// The name of this function on Lambda; empty elsewhere.
    pub function_name: String,
    /// How payloads are read.
    pub rules: Rules,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every variable that is missing or wrong.
    pub fn read(vars: &dyn Vars) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(vars);
        // Logging has been set up already; here a level that is no level is reported with everything else.
        Level::read(&mut reader);
        let series_table = reader.required(SERIES_TABLE, "the DynamoDB table of rollups");
        let ledger = reader.one_of(LEDGER, true, &[("enabled", true), ("disabled", false)]);
        let function_metrics = reader.one_of(
            FUNCTION_METRICS,
            true,
            &[("enabled", true), ("disabled", false)],
        );
        let mib = reader.or(
            INFLATE_CAP,
            payload::DEFAULT_CAP / MIB,
            "a number of MiB from 1 to 1024",
        );
        if !(1..=MAX_CAP_MIB).contains(&mib) {
            reader.problem(format!(
                "{INFLATE_CAP} is {mib}: write a number of MiB from 1 to {MAX_CAP_MIB}"
            ));
        }
        let listed = reader.optional(OWN_LOG_GROUPS).unwrap_or_default();
        let own_log_groups: BTreeSet<String> = listed
            .split(',')
            .map(|name| name.trim().to_owned())
            .chain(reader.optional(OWN_LOG_GROUP))
            .filter(|name| !name.is_empty())
            .collect();
        let function_name = reader.optional(FUNCTION_NAME).unwrap_or_default();
        reader.finish()?;
        let rules = Rules {
            inflate_cap: mib * MIB,
            limits: Limits::default(),
            own_log_groups,
        };
        Ok(Self {
            series_table,
            ledger,
            function_metrics,
            function_name,
            rules,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, ConfigErrors> {
        let vars: BTreeMap<String, String> = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Settings::read(&vars)
    }

    #[test]
    fn its_own_log_group_is_refused_without_being_told() {
        let settings = read(&[
            (SERIES_TABLE, "series"),
            (OWN_LOG_GROUP, "/aws/lambda/log-processor"),
        ])
        .unwrap();
        assert_eq!(
            settings.rules.own_log_groups,
            BTreeSet::from(["/aws/lambda/log-processor".to_owned()])
        );
        assert_eq!(settings.rules.inflate_cap, 64 * MIB);
        assert!(settings.ledger, "on unless it is switched off");
        let more = read(&[
            (SERIES_TABLE, "s"),
            (OWN_LOG_GROUPS, "a, b,,"),
            (OWN_LOG_GROUP, "c"),
        ])
        .unwrap();
        assert_eq!(
            more.rules.own_log_groups.into_iter().collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn the_ledger_can_be_switched_off() {
        let settings = read(&[(SERIES_TABLE, "series"), (LEDGER, "Disabled")]).unwrap();
        assert!(!settings.ledger);
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        for (name, value, problem) in [
            (INFLATE_CAP, "0", "CAROBS_INFLATE_CAP_MIB is 0"),
            (INFLATE_CAP, "lots", "CAROBS_INFLATE_CAP_MIB is \"lots\""),
            (
                LEDGER,
                "off",
                "CAROBS_LEDGER is \"off\": write one of enabled, disabled",
            ),
        ] {
            let text = read(&[(name, value)]).unwrap_err().to_string();
            assert!(
                text.contains("CAROBS_SERIES_TABLE is not set") && text.contains(problem),
                "{text}"
            );
        }
    }
}
