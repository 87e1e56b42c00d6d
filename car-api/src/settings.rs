//! What can be configured, read once at cold start.

use std::net::SocketAddr;
use std::time::Duration;

use platform::config::{ConfigErrors, Reader, Vars};
use platform::logging::{Identity, Level};

/// The DynamoDB table of cars. No default: a wrong table is worse than no start.
pub const CAR_TABLE_NAME: &str = "CAR_TABLE_NAME";
/// The EventBridge bus. No default, for the same reason.
pub const CAR_EVENT_BUS: &str = "CAR_EVENT_BUS";
/// The service's name in logs and metrics; the Python service's variable and default, so that this one can take
/// its place in the stack.
pub const POWERTOOLS_SERVICE_NAME: &str = "POWERTOOLS_SERVICE_NAME";
/// The namespace of the metrics; likewise.
pub const POWERTOOLS_METRICS_NAMESPACE: &str = "POWERTOOLS_METRICS_NAMESPACE";
/// Set by Lambda.
pub const AWS_LAMBDA_FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// Set by Lambda.
pub const AWS_LAMBDA_FUNCTION_VERSION: &str = "AWS_LAMBDA_FUNCTION_VERSION";
/// Set by Lambda: `on-demand`, `provisioned-concurrency` or `snap-start`.
pub const AWS_LAMBDA_INITIALIZATION_TYPE: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";
/// `enabled` makes the header `X-Outrider-Fault` work. Never in production, hence the default.
pub const CAROBS_FAULT_INJECTION: &str = "CAROBS_FAULT_INJECTION";
/// The SQS queue of work that the service owes itself. Optional: without it `Prefer: respond-async` is answered
/// synchronously, which RFC 7240 allows, and events that the bus does not take are counted and lost.
pub const CAR_QUEUE_URL: &str = "CAR_QUEUE_URL";
/// The DynamoDB table of accepted requests. Required when there is a queue.
pub const CAR_REQUEST_TABLE_NAME: &str = "CAR_REQUEST_TABLE_NAME";
/// `disabled` switches off metric documents and the line of each request. For measuring what they cost, and for
/// nothing else: a service that runs so cannot be watched.
pub const CAROBS_TELEMETRY: &str = "CAROBS_TELEMETRY";
/// `enabled` sends a subsegment with annotations of each sampled request to the X-Ray daemon.
pub const CAROBS_TRACE_ANNOTATIONS: &str = "CAROBS_TRACE_ANNOTATIONS";
/// Set by Lambda: where the X-Ray daemon listens, `<address>:<port>`. Without it nothing is sent.
pub const AWS_XRAY_DAEMON_ADDRESS: &str = "AWS_XRAY_DAEMON_ADDRESS";
/// Longest wait for one call to a dependency, in milliseconds, when its client's own time-outs fail to end it. A
/// write makes up to three calls, to the table, the bus and, when the bus fails, the queue: give the function more
/// than three times this.
pub const CAROBS_CALL_TIMEOUT_MS: &str = "CAROBS_CALL_TIMEOUT_MS";

/// Namespace and service of the service that this one replaces.
pub(crate) const DEFAULT_NAME: &str = "CarManager";
/// Names for a process that Lambda did not start.
const DEFAULT_FUNCTION: &str = "car-api";
const DEFAULT_VERSION: &str = "$LATEST";
/// Above the SDK's own limit of 2 s for an operation, so that the SDK's error, which says more, comes first; below
/// 3 s, Lambda's default time-out.
const DEFAULT_CALL_TIMEOUT_MS: u64 = 2_500;
/// Longest name of a metric dimension's value (CloudWatch API reference, "Dimension").
const LONGEST_DIMENSION: usize = 1_024;
/// Longest namespace (CloudWatch API reference, "PutMetricData").
const LONGEST_NAMESPACE: usize = 255;

/// Who writes logs and metrics, by the environment.
#[must_use]
pub fn identity(vars: &dyn Vars) -> Identity {
    let reader = Reader::new(vars);
    let name = |key, default: &str| reader.optional(key).unwrap_or_else(|| default.to_owned());
    Identity {
        service: name(POWERTOOLS_SERVICE_NAME, DEFAULT_NAME),
        function_name: name(AWS_LAMBDA_FUNCTION_NAME, DEFAULT_FUNCTION),
        function_version: name(AWS_LAMBDA_FUNCTION_VERSION, DEFAULT_VERSION),
    }
}

/// Where work waits, and where it is said what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The URL of the SQS queue.
    pub queue_url: String,
    /// The DynamoDB table of accepted requests.
    pub request_table: String,
}

/// How this function runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The DynamoDB table.
    pub table: String,
    /// The EventBridge bus.
    pub event_bus: String,
    /// Where work waits; none = nothing waits.
    pub backlog: Option<Backlog>,
    /// The namespace of the metrics.
    pub namespace: String,
    /// Who writes metrics and logs.
    pub identity: Identity,
    /// Whether the environment was started for provisioned concurrency: before any request, at nobody's expense.
    pub provisioned: bool,
    /// Whether faults may be injected.
    pub fault_injection: bool,
    /// Whether metric documents and the line of each request are written.
    pub telemetry: bool,
    /// The X-Ray daemon that is sent annotations; none = nothing is sent.
    pub trace_daemon: Option<SocketAddr>,
    /// Longest wait for one call to a dependency.
    pub call_timeout: Duration,
    /// Which events are logged.
    pub log_level: Level,
}

impl Settings {
    /// # Errors
    /// Everything that is wrong with the environment, at once.
    pub fn read(vars: &dyn Vars) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(vars);
        let settings = Self {
            table: reader.required(CAR_TABLE_NAME, "the DynamoDB table of cars"),
            event_bus: reader
                .required(CAR_EVENT_BUS, "the EventBridge bus that is told about cars"),
            namespace: reader
                .optional(POWERTOOLS_METRICS_NAMESPACE)
                .unwrap_or_else(|| DEFAULT_NAME.to_owned()),
            identity: identity(vars),
            provisioned: reader.optional(AWS_LAMBDA_INITIALIZATION_TYPE).as_deref()
                == Some("provisioned-concurrency"),
            fault_injection: reader.one_of(
                CAROBS_FAULT_INJECTION,
                false,
                &[("disabled", false), ("enabled", true)],
            ),
            telemetry: reader.one_of(
                CAROBS_TELEMETRY,
                true,
                &[("enabled", true), ("disabled", false)],
            ),
            trace_daemon: trace_daemon(&mut reader),
            backlog: reader.optional(CAR_QUEUE_URL).map(|queue_url| Backlog {
                queue_url,
                request_table: reader.required(
                    CAR_REQUEST_TABLE_NAME,
                    "the DynamoDB table of accepted requests, which the queue needs",
                ),
            }),
            call_timeout: Duration::from_millis(reader.or(
                CAROBS_CALL_TIMEOUT_MS,
                DEFAULT_CALL_TIMEOUT_MS,
                "a number of milliseconds",
            )),
            log_level: Level::read(&mut reader),
        };
        settings.judge(&mut reader);
        reader.finish().map(|()| settings)
    }

    fn judge(&self, reader: &mut Reader<'_>) {
        let made_of = |text: &str, others: &str| {
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
        };
        let tables = [(CAR_TABLE_NAME, Some(&self.table))];
        let backlog = self.backlog.as_ref();
        let requests = (
            CAR_REQUEST_TABLE_NAME,
            backlog.map(|backlog| &backlog.request_table),
        );
        for (key, table) in tables.into_iter().chain([requests]) {
            // One that is not set was reported when it was read.
            let Some(table) = table.filter(|table| !table.is_empty()) else {
                continue;
            };
            if !(3..=255).contains(&table.len()) || !made_of(table, "_.-") {
                reader.problem(format!(
                    "{key} is {table:?}: write 3 to 255 letters, digits or _ . -"
                ));
            }
        }
        if let Some(Backlog { queue_url, .. }) = backlog {
            let rest = queue_url
                .strip_prefix("https://")
                .or_else(|| queue_url.strip_prefix("http://"));
            if !rest.is_some_and(|rest| rest.contains('/') && !rest.contains(char::is_whitespace)) {
                reader.problem(format!(
                    "{CAR_QUEUE_URL} is {queue_url:?}: write the queue's URL, https://sqs.<region>.amazonaws.com/<account>/<name>"
                ));
            }
        }
        if self.event_bus.len() > 256 || !made_of(&self.event_bus, "/_.:-") {
            reader.problem(format!(
                "{CAR_EVENT_BUS} is {:?}: write the bus's name or ARN",
                self.event_bus
            ));
        }
        if self.namespace.len() > LONGEST_NAMESPACE
            || self.namespace.starts_with("AWS/")
            || !made_of(&self.namespace, "_.-/#: ")
        {
            let namespace = &self.namespace;
            reader.problem(format!(
                "{POWERTOOLS_METRICS_NAMESPACE} is {namespace:?}: write at most {LONGEST_NAMESPACE} letters, digits or _ . - / # :, not beginning with AWS/"
            ));
        }
        if self.identity.service.len() > LONGEST_DIMENSION {
            reader.problem(format!(
                "{POWERTOOLS_SERVICE_NAME} has more than {LONGEST_DIMENSION} bytes: shorten it"
            ));
        }
        if !(100..=900_000).contains(&self.call_timeout.as_millis()) {
            reader.problem(format!(
                "{CAROBS_CALL_TIMEOUT_MS} is {}: write 100 to 900000",
                self.call_timeout.as_millis()
            ));
        }
    }
}

fn trace_daemon(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    let enabled = reader.one_of(
        CAROBS_TRACE_ANNOTATIONS,
        false,
        &[("disabled", false), ("enabled", true)],
    );
    let text = reader
        .optional(AWS_XRAY_DAEMON_ADDRESS)
        .filter(|_| enabled)?;
    let daemon = text.parse().ok();
    if daemon.is_none() {
        reader.problem(format!(
            "{AWS_XRAY_DAEMON_ADDRESS} is {text:?}: write <IP address>:<port>"
        ));
    }
    daemon
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, ConfigErrors> {
        let vars: BTreeMap<_, _> = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Settings::read(&vars)
    }

    #[test]
    fn two_names_are_enough_and_the_rest_is_the_contract_s() {
        let settings = read(&[(CAR_TABLE_NAME, "acm_cars"), (CAR_EVENT_BUS, "cars")]).unwrap();
        assert_eq!(
            (
                settings.namespace.as_str(),
                settings.identity.service.as_str()
            ),
            ("CarManager", "CarManager")
        );
        assert!(!settings.fault_injection && !settings.provisioned);
        assert!(settings.telemetry && settings.backlog.is_none());
        assert!(
            settings.call_timeout > platform::aws::OPERATION_TIMEOUT,
            "the client's own error comes first"
        );
        assert!(
            settings.call_timeout < Duration::from_secs(3),
            "Lambda's default time-out"
        );
    }

    #[test]
    fn every_mistake_is_listed_at_once() {
        let wrong = read(&[
            (CAR_TABLE_NAME, "x"),
            (POWERTOOLS_METRICS_NAMESPACE, "AWS/Lambda"),
            (CAROBS_FAULT_INJECTION, "maybe"),
            (CAROBS_CALL_TIMEOUT_MS, "5"),
            (CAROBS_TELEMETRY, "off"),
            (CAR_QUEUE_URL, "cars-queue"),
            (CAROBS_TRACE_ANNOTATIONS, "enabled"),
            (AWS_XRAY_DAEMON_ADDRESS, "daemon"),
            ("LOG_LEVEL", "loud"),
        ])
        .unwrap_err();
        let problems = wrong.problems();
        let keys = [
            CAR_EVENT_BUS,
            CAROBS_FAULT_INJECTION,
            CAROBS_TELEMETRY,
            AWS_XRAY_DAEMON_ADDRESS,
            CAR_REQUEST_TABLE_NAME,
            "LOG_LEVEL",
            CAR_TABLE_NAME,
            CAR_QUEUE_URL,
            POWERTOOLS_METRICS_NAMESPACE,
            CAROBS_CALL_TIMEOUT_MS,
        ];
        assert_eq!(problems.len(), keys.len(), "{wrong}");
        for (problem, key) in problems.iter().zip(keys) {
            assert!(problem.starts_with(key), "{problem} is not about {key}");
        }
    }
}
