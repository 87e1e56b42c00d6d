//! The name of a series: one spelling, used as store key, log field, alert label and command-line argument.
//!
//! * `emf/<namespace>/<metric>{dim=value,…}`: one series for each dimension set, as CloudWatch would make.
//! * `lambda/<function>/<signal>{}`: from the platform's own records in a function's log.
//! * `aws/<function>/<signal>{}`: from the AWS/Lambda namespace; the function `*` is the whole account.
//!
//! Components are percent-encoded outside `[A-Za-z0-9_.:/-]`, so a name splits at `{`, `,`, `=` and `}` without
//! looking inside. A slash stays a slash: namespaces and log groups have them, signals and metric names rarely.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stays readable in a component.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b':')
    .remove(b'/')
    .remove(b'-');
/// In a metric's own name a slash would be taken for the end of the namespace.
const ENCODED_METRIC: &AsciiSet = &ENCODED.add(b'/');
/// The account-level series of AWS/Lambda. No function can be called that.
const ACCOUNT: &str = "*";

macro_rules! signals {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The spelling in a series name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|signal| signal.as_str() == text)
            }
        }
    };
}

signals! {
    /// What the platform's records in a function's log say of each invocation.
    LambdaSignal {
        /// Time in the handler, milliseconds.
        DurationMs = "duration_ms",
        /// Time paid for, milliseconds.
        BilledMs = "billed_ms",
        /// Time of the init phase of a cold start, milliseconds.
        InitMs = "init_ms",
        /// Peak memory of the environment, megabytes.
        MemoryUsedMb = "memory_used_mb",
        /// Memory configured, megabytes.
        MemorySizeMb = "memory_size_mb",
        /// One for each report.
        Invocations = "invocations",
        /// One for each report with status error, failure or timeout.
        Errors = "errors",
        /// One for each report with status timeout.
        Timeouts = "timeouts",
        /// One for each report with an init duration.
        ColdStarts = "cold_starts",
        /// One for each invocation ended by the memory limit.
        OutOfMemory = "out_of_memory",
        /// The newest published version that was heard in the minute, as one sample; absent when none was. The
        /// detector writes it when it seals a minute, because what is sealed no longer says who said it.
        Version = "version",
    }
}

signals! {
    /// What the AWS/Lambda namespace says and a function's own log cannot.
    AwsSignal {
        /// Invocations that ran, errors included, throttles not.
        Invocations = "invocations",
        /// Invocations that ended in a function error.
        Errors = "errors",
        /// Invocations refused for lack of concurrency: in no log, neither in `invocations` nor `errors`.
        Throttles = "throttles",
        /// Environments busy at the same time: read it by its maximum, its sum means nothing.
        ConcurrentExecutions = "concurrent_executions",
        /// Of the account: concurrency that is in use or set aside (reserved and provisioned), by its maximum.
        ClaimedAccountConcurrency = "claimed_account_concurrency",
        /// Of the account: environments busy in functions without reserved concurrency, by their maximum.
        UnreservedConcurrentExecutions = "unreserved_concurrent_executions",
        /// No metric but a setting that was read: a function's reserved concurrency, or the account's limit.
        ConcurrencyLimit = "concurrency_limit",
        /// A setting that was read: what the account's limit leaves to functions without reserved concurrency.
        UnreservedLimit = "unreserved_limit",
    }
}

/// Where a series comes from and what it counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeriesName {
    /// A metric that a document in the embedded metric format declares.
    Emf {
        /// CloudWatch namespace.
        namespace: String,
        /// Metric name.
        metric: String,
    },
    /// A signal from the platform's records.
    Lambda {
        /// The log group without `/aws/lambda/`; another log group's whole name.
        function: String,
        /// Which signal.
        signal: LambdaSignal,
    },
    /// A signal from the AWS/Lambda namespace.
    Aws {
        /// The function; `None` for the whole account.
        function: Option<String>,
        /// Which signal.
        signal: AwsSignal,
    },
}

/// The identity of a series. `Display` and `FromStr` are inverse to each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// Source and signal.
    pub name: SeriesName,
    /// Dimensions by name; empty for everything but EMF.
    pub dimensions: BTreeMap<String, String>,
}

impl SeriesKey {
    /// An EMF series.
    pub fn emf<'a>(
        namespace: &str,
        metric: &str,
        dimensions: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self {
            name: SeriesName::Emf {
                namespace: namespace.to_owned(),
                metric: metric.to_owned(),
            },
            dimensions: dimensions
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// A series from platform records.
    #[must_use]
    pub fn lambda(function: &str, signal: LambdaSignal) -> Self {
        Self {
            name: SeriesName::Lambda {
                function: function.to_owned(),
                signal,
            },
            dimensions: BTreeMap::new(),
        }
    }

    /// A series from AWS/Lambda; `None` is the whole account.
    #[must_use]
    pub fn aws(function: Option<&str>, signal: AwsSignal) -> Self {
        Self {
            name: SeriesName::Aws {
                function: function.map(ToOwned::to_owned),
                signal,
            },
            dimensions: BTreeMap::new(),
        }
    }
}

/// The function a log group belongs to: the group's name without `/aws/lambda/`, or the whole name.
#[must_use]
pub fn function_of_log_group(log_group: &str) -> &str {
    log_group.strip_prefix("/aws/lambda/").unwrap_or(log_group)
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let component = |text| utf8_percent_encode(text, ENCODED);
        match &self.name {
            SeriesName::Emf { namespace, metric } => {
                write!(
                    f,
                    "emf/{}/{}",
                    component(namespace),
                    utf8_percent_encode(metric, ENCODED_METRIC)
                )?;
            }
            SeriesName::Lambda { function, signal } => {
                write!(f, "lambda/{}/{}", component(function), signal.as_str())?
            }
            SeriesName::Aws {
                function: Some(function),
                signal,
            } => {
                write!(f, "aws/{}/{}", component(function), signal.as_str())?;
            }
            SeriesName::Aws {
                function: None,
                signal,
            } => write!(f, "aws/{ACCOUNT}/{}", signal.as_str())?,
        }
        f.write_str("{")?;
        for (position, (name, value)) in self.dimensions.iter().enumerate() {
            let comma = if position > 0 { "," } else { "" };
            write!(f, "{comma}{}={}", component(name), component(value))?;
        }
        f.write_str("}")
    }
}

/// A text that is not the name of a series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a series name: {reason}; write for example emf/CarManager/Latency{{service=CarManager}}"
)]
pub struct NotASeries {
    text: String,
    reason: String,
}

fn decoded(text: &str) -> Result<String, String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| format!("{text:?} does not decode to UTF-8"))
}

fn parsed(text: &str) -> Result<SeriesKey, String> {
    let (path, rest) = text
        .split_once('{')
        .ok_or("the dimensions in braces are missing")?;
    let inside = rest
        .strip_suffix('}')
        .ok_or("the closing brace is missing")?;
    let (source, path) = path.split_once('/').ok_or("the source is missing")?;
    let (middle, last) = path.rsplit_once('/').ok_or("the signal is missing")?;
    let unknown = || format!("{source} has no signal {last:?}");
    let name = match source {
        "emf" => SeriesName::Emf {
            namespace: decoded(middle)?,
            metric: decoded(last)?,
        },
        "lambda" => SeriesName::Lambda {
            function: decoded(middle)?,
            signal: LambdaSignal::named(last).ok_or_else(unknown)?,
        },
        "aws" => SeriesName::Aws {
            function: if middle == ACCOUNT {
                None
            } else {
                Some(decoded(middle)?)
            },
            signal: AwsSignal::named(last).ok_or_else(unknown)?,
        },
        _ => return Err(format!("the source is {source:?}, not emf, lambda or aws")),
    };
    let mut dimensions = BTreeMap::new();
    for pair in inside.split(',').filter(|pair| !pair.is_empty()) {
        let (dimension, value) = pair
            .split_once('=')
            .ok_or_else(|| format!("dimension {pair:?} has no value"))?;
        if dimensions
            .insert(decoded(dimension)?, decoded(value)?)
            .is_some()
        {
            return Err(format!("dimension {dimension:?} is there twice"));
        }
    }
    Ok(SeriesKey { name, dimensions })
}

impl FromStr for SeriesKey {
    type Err = NotASeries;

    fn from_str(text: &str) -> Result<Self, NotASeries> {
        parsed(text).map_err(|reason| NotASeries {
            text: text.to_owned(),
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_spelled_as_the_contract_says() {
        for (key, text) in [
            (
                SeriesKey::emf(
                    "Orders/Api",
                    "Latency",
                    [("service", "a b"), ("route", "GET /v1/items/{id}")],
                ),
                "emf/Orders/Api/Latency{route=GET%20/v1/items/%7Bid%7D,service=a%20b}",
            ),
            (SeriesKey::emf("N", "a/b", []), "emf/N/a%2Fb{}"),
            (
                SeriesKey::lambda("car-api", LambdaSignal::InitMs),
                "lambda/car-api/init_ms{}",
            ),
            (
                SeriesKey::lambda("/ecs/café", LambdaSignal::Errors),
                "lambda//ecs/caf%C3%A9/errors{}",
            ),
            (
                SeriesKey::aws(Some("car-api"), AwsSignal::Throttles),
                "aws/car-api/throttles{}",
            ),
            (
                SeriesKey::aws(None, AwsSignal::Throttles),
                "aws/*/throttles{}",
            ),
        ] {
            assert_eq!(key.to_string(), text);
            assert_eq!(text.parse(), Ok(key));
        }
    }

    #[test]
    fn what_is_not_a_name_says_why() {
        for (text, reason) in [
            ("emf/N/M", "braces"),
            ("emf/N/M{a=b", "closing brace"),
            ("emf/N/M{a}", "has no value"),
            ("emf/N/M{a=1,a=2}", "twice"),
            ("lambda/f/latency{}", "no signal"),
            ("disk/f/errors{}", "not emf, lambda or aws"),
            ("emf/%ff/M{}", "UTF-8"),
            ("emf{}", "source is missing"),
            ("emf/M{}", "signal is missing"),
        ] {
            let error = text.parse::<SeriesKey>().unwrap_err().to_string();
            assert!(
                error.contains(reason) && error.contains("for example"),
                "{text}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_emf_name_reads_back(
            namespace in ".{1,30}",
            metric in ".{1,30}",
            dimensions in prop::collection::btree_map(".{1,12}", ".{1,12}", 0..4),
        ) {
            let key = SeriesKey { name: SeriesName::Emf { namespace, metric }, dimensions };
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }
    }
}
