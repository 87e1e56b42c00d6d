//! What is watched: the services of `outrider.toml`. Targets come from configuration only, never from input.

use incidents::LocalZone;
use incidents::slo::Objective;
use jiff::tz::TimeZone;
use serde::Deserialize;
use signals::{Metric, series::function_of_log_group};

use crate::drill;

/// The file as a whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Which stage the messages speak of: `prod`, `staging`, …
    pub environment: String,
    /// The region's code, such as `eu-west-1`.
    pub region: String,
    /// The account's number.
    pub account: String,
    /// Time zone of the readers, shown beside UTC; an IANA name.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Where the runbooks are; a message links to `<base>/<kind>.md`.
    pub runbooks: String,
    /// Rules of the detector itself.
    #[serde(default)]
    pub detector: Rules,
    /// The services.
    #[serde(rename = "service", default)]
    pub services: Vec<Service>,
    /// The account, watched like a service: its concurrency is what all functions share.
    #[serde(skip)]
    account_service: Option<Service>,
    /// What drills write, watched like a service: a test incident goes the way of a real one.
    #[serde(skip)]
    drill_service: Option<Service>,
}

/// The log group under which the account's own series are kept; no log group can have this name.
pub const ACCOUNT_GROUP: &str = "aws:account";

/// What messages call the account.
const ACCOUNT_NAME: &str = "AWS account";

/// What is watched under the name of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// One function.
    #[default]
    Function,
    /// All functions of the account together.
    Account,
    /// What [`drill`]s write: one objective, and nothing while no drill runs.
    Drill,
}

/// Rules of the detector itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Minutes until a minute counts as settled: at least the 5 that per-function metrics are polled in, plus one.
    pub settle_minutes: u16,
    /// Days of stored rollups that a detector without a state learns from.
    pub history_days: u16,
    /// When incidents open, repeat, resolve and reopen.
    pub incidents: incidents::Policy,
    /// Most series that are scored for one service; the rest is counted and named.
    pub max_series: usize,
    /// How many false alarms are acceptable.
    pub budget: BudgetRules,
    /// Everything but the messages: what would have been told is decided, kept and counted, and nobody is told.
    pub shadow: bool,
}

/// How many false alarms are acceptable: the detector divides them among all that it tests.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetRules {
    /// False pages of one service in a week, 0.01 to 100.
    pub false_pages_per_service_week: f64,
}

impl Default for BudgetRules {
    fn default() -> Self {
        Self {
            false_pages_per_service_week: anomaly::Budget::default().pages(),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            settle_minutes: 6,
            history_days: 14,
            incidents: incidents::Policy::default(),
            max_series: 1_000,
            budget: BudgetRules::default(),
            shadow: false,
        }
    }
}

/// A service: one function with its log group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name in messages.
    pub name: String,
    /// The log group that log-processor is subscribed to.
    pub log_group: String,
    /// The function, when it is not the log group's.
    #[serde(default)]
    function: Option<String>,
    /// Who is called.
    pub owner: String,
    /// Whether the function has reserved concurrency, so that it can be throttled while the account is not.
    #[serde(default)]
    pub reserved_concurrency: bool,
    /// Seconds after which Lambda ends an invocation, 1 to 900. Without it the timeout is learned when one occurs.
    #[serde(default)]
    pub timeout_seconds: Option<u16>,
    /// What the service emits by itself. Without it the platform's own records are watched.
    #[serde(default)]
    pub emf: Option<Emf>,
    /// What is promised of its requests; without any no budget is kept.
    #[serde(default, rename = "objective")]
    pub objectives: Vec<Objective>,
    #[serde(skip)]
    scope: Scope,
}

impl Service {
    /// What it stands for.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// What drills write. Its owner is told of them.
    fn drill(owner: &str) -> Self {
        Self {
            name: drill::SERVICE.to_owned(),
            log_group: drill::LOG_GROUP.to_owned(),
            function: None,
            owner: owner.to_owned(),
            reserved_concurrency: false,
            timeout_seconds: None,
            emf: Some(Emf {
                namespace: drill::NAMESPACE.to_owned(),
                latency: latency(),
                requests: requests(),
                faults: faults(),
                throttled: throttled(),
                route_dimension: route(),
                service_dimension: drill::STARTED_BY.to_owned(),
            }),
            objectives: drill::objective().into_iter().collect(),
            scope: Scope::Drill,
        }
    }

    /// The function's name.
    #[must_use]
    pub fn function(&self) -> &str {
        self.function
            .as_deref()
            .unwrap_or_else(|| function_of_log_group(&self.log_group))
    }
}

/// The names of a service's own metrics; the defaults are those of car-api.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emf {
    /// CloudWatch namespace.
    pub namespace: String,
    /// Latency of a request, milliseconds.
    #[serde(default = "latency")]
    pub latency: String,
    /// One for each request.
    #[serde(default = "requests")]
    pub requests: String,
    /// One for each request that the service failed.
    #[serde(default = "faults")]
    pub faults: String,
    /// One for each request refused for lack of capacity.
    #[serde(default = "throttled")]
    pub throttled: String,
    /// The dimension that tells routes apart; a series with other dimensions beside it and `service` is not watched.
    #[serde(default = "route")]
    pub route_dimension: String,
    /// The dimension that names the service.
    #[serde(default = "service")]
    pub service_dimension: String,
}

fn latency() -> String {
    Metric::Latency.name().to_owned()
}

fn requests() -> String {
    Metric::Requests.name().to_owned()
}

fn faults() -> String {
    Metric::Faults.name().to_owned()
}

fn throttled() -> String {
    Metric::Throttled.name().to_owned()
}

fn route() -> String {
    "route".to_owned()
}

fn service() -> String {
    "service".to_owned()
}

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// It is not TOML of this shape.
    #[error("{0}")]
    Shape(String),
    /// It reads, but means nothing.
    #[error("{}", .0.join("; "))]
    Meaning(Vec<String>),
}

impl Watch {
    /// Reads the text of `outrider.toml`.
    ///
    /// # Errors
    /// A text that is not TOML of this shape (with line and column), or every value that is out of its range.
    pub fn parse(text: &str) -> Result<Self, WatchError> {
        let mut watch: Self =
            toml::from_str(text).map_err(|error| WatchError::Shape(error.to_string()))?;
        let problems = watch.problems();
        // Whoever owns the first service is told of the account: somebody must be.
        watch.account_service = watch.services.first().map(|first| Service {
            name: ACCOUNT_NAME.to_owned(),
            log_group: ACCOUNT_GROUP.to_owned(),
            function: None,
            owner: first.owner.clone(),
            reserved_concurrency: false,
            timeout_seconds: None,
            emf: None,
            objectives: Vec::new(),
            scope: Scope::Account,
        });
        watch.drill_service = watch.services.first().map(|it| Service::drill(&it.owner));
        if problems.is_empty() {
            Ok(watch)
        } else {
            Err(WatchError::Meaning(problems))
        }
    }

    /// The services, then the account as one, and last what drills write.
    pub fn watched(&self) -> impl Iterator<Item = &Service> {
        let services = self.services.iter().chain(&self.account_service);
        services.chain(&self.drill_service)
    }

    /// The readers' zone.
    #[must_use]
    pub fn local_zone(&self) -> Option<LocalZone> {
        let name = self.time_zone.clone()?;
        Some(LocalZone {
            zone: TimeZone::get(&name).ok()?,
            name,
        })
    }

    fn problems(&self) -> Vec<String> {
        let rules = &self.detector;
        let mut problems = Vec::new();
        if self.time_zone.is_some() && self.local_zone().is_none() {
            let name = self.time_zone.as_deref().unwrap_or_default();
            problems.push(format!(
                "time_zone is {name:?}: write an IANA name such as Europe/Paris"
            ));
        }
        if self.services.is_empty() {
            problems.push("no [[service]] is named: nothing would be watched".to_owned());
        }
        if !(6..=60).contains(&rules.settle_minutes) {
            problems.push(format!(
                "detector.settle_minutes is {}: write 6 to 60, per-function metrics are polled every 5 minutes",
                rules.settle_minutes
            ));
        }
        if !(1..=35).contains(&rules.history_days) {
            problems.push(format!(
                "detector.history_days is {}: write 1 to 35, older minutes are gone",
                rules.history_days
            ));
        }
        let budget = rules.budget.false_pages_per_service_week;
        if !(0.01..=100.0).contains(&budget) {
            problems.push(format!(
                "detector.budget.false_pages_per_service_week is {budget}: write 0.01 to 100, for example 0.1; \
                 fewer false pages make real ones come later"
            ));
        }
        for (position, service) in self.services.iter().enumerate() {
            if let Some(seconds) = service.timeout_seconds
                && !(1..=900).contains(&seconds)
            {
                problems.push(format!(
                    "service {}: timeout_seconds is {seconds}: write the function's timeout, 1 to 900 seconds, or leave it out",
                    position + 1
                ));
            }
            if service.log_group == ACCOUNT_GROUP {
                problems.push(format!(
                    "service {}: log_group is {ACCOUNT_GROUP}, which is kept for the account's own series",
                    position + 1
                ));
            }
            if service.log_group == drill::LOG_GROUP || service.name == drill::SERVICE {
                problems.push(format!(
                    "service {}: log group {} and name {:?} are kept for drills, which nobody may take for a fault",
                    position + 1,
                    drill::LOG_GROUP,
                    drill::SERVICE
                ));
            }
            for (field, value) in [
                ("name", &service.name),
                ("log_group", &service.log_group),
                ("owner", &service.owner),
            ] {
                if value.trim().is_empty() {
                    problems.push(format!("service {}: {field} is empty", position + 1));
                }
            }
            let objectives = crate::objectives::problems(service).into_iter();
            problems.extend(objectives.map(|it| format!("service {}: {it}", position + 1)));
            if self.services[..position]
                .iter()
                .any(|other| other.log_group == service.log_group)
            {
                problems.push(format!("log group {} is watched twice", service.log_group));
            }
            let names = self.services[..position]
                .iter()
                .map(|other| other.name.as_str());
            if names.chain([ACCOUNT_NAME]).any(|name| name == service.name) {
                problems.push(format!(
                    "service {}: the name {:?} is taken: incidents are told apart by it",
                    position + 1,
                    service.name
                ));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = r#"
        environment = "prod"
        region = "eu-west-1"
        account = "123456789012"
        runbooks = "https://example.com/runbooks"
        [[service]]
        name = "orders"
        log_group = "/aws/lambda/orders-api"
        owner = "team-orders"
    "#;

    #[test]
    fn the_smallest_file_watches_any_function_by_its_log_group() {
        let watch = Watch::parse(SMALLEST).unwrap();
        assert_eq!(watch.services[0].function(), "orders-api");
        assert!(watch.services[0].emf.is_none());
        assert_eq!(watch.detector.settle_minutes, 6);
    }

    #[test]
    fn mistakes_name_the_value_and_the_fix() {
        for (text, parts) in [
            (
                SMALLEST.replace("owner = \"team-orders\"", ""),
                vec!["owner"],
            ),
            (
                SMALLEST.replace("owner", "ovner"),
                vec!["unknown field", "ovner"],
            ),
            (
                format!("{SMALLEST}\n[detector]\nsettle_minutes = 2"),
                vec!["settle_minutes is 2", "6 to 60"],
            ),
            (
                format!("{SMALLEST}\n[detector]\nhistory_days = 0"),
                vec!["history_days is 0"],
            ),
            (
                format!("{SMALLEST}\n[detector.incidents]\nclear_windows = 0"),
                vec!["clear_windows = 0"],
            ),
            (
                SMALLEST.split("[[service]]").next().unwrap().to_owned(),
                vec!["no [[service]]"],
            ),
            (
                format!("{SMALLEST}\n[detector.budget]\nfalse_pages_per_service_week = 0"),
                vec!["false_pages_per_service_week is 0", "0.01 to 100"],
            ),
            (
                format!("{SMALLEST}\n[detector.budget]\nfalse_pages_per_service_week = nan"),
                vec!["false_pages_per_service_week is NaN", "0.01 to 100"],
            ),
            (
                format!("{SMALLEST}\n[detector.budget]\nfalse_pages = 1.0"),
                vec!["unknown field", "false_pages_per_service_week"],
            ),
            (
                format!("{SMALLEST}\ntimeout_seconds = 901"),
                vec!["timeout_seconds is 901", "1 to 900"],
            ),
            (
                SMALLEST.replace("\"orders\"", "\"AWS account\""),
                vec!["\"AWS account\" is taken"],
            ),
            (
                format!(
                    "{SMALLEST}\n[[service]]\nname='orders'\nlog_group='/aws/lambda/b'\nowner='o'"
                ),
                vec!["service 2: the name \"orders\" is taken"],
            ),
            (
                SMALLEST.replace("/aws/lambda/orders-api", ACCOUNT_GROUP),
                vec!["aws:account", "kept for the account"],
            ),
            (
                SMALLEST.replace("/aws/lambda/orders-api", drill::LOG_GROUP),
                vec!["/outrider/drill", "kept for drills"],
            ),
            (
                SMALLEST.replace("\"orders\"", "\"outrider drill\""),
                vec!["outrider drill", "kept for drills"],
            ),
        ] {
            let error = Watch::parse(&text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }

    #[test]
    fn the_file_that_ships_with_the_project_is_one() {
        let watch = Watch::parse(include_str!("../../outrider.toml")).unwrap();
        assert!(
            watch
                .services
                .iter()
                .any(|service| service.function() == "car-api")
        );
    }
}
