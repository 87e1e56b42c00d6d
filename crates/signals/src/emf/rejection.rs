//! Why a document makes no metrics, and what to change in the program that wrote it.

use std::borrow::Cow;
use std::fmt;

use super::json::Raw;
use super::{Object, directive, target};

macro_rules! rejections {
    ($($(#[$doc:meta])* $variant:ident = $text:literal: $fix:literal),* $(,)?) => {
        /// Why a document makes no metrics. CloudWatch drops such documents without a word to their author.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rejection { $($(#[$doc])* $variant),* }

        impl Rejection {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The reason as it is counted: lower case, words joined by underscores.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// What to change in the program that wrote the document.
            #[must_use]
            pub fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix),* }
            }
        }
    };
}

rejections! {
    /// It begins like a JSON object and is not one: cut short, torn, or written by hand.
    NotJson = "not_json": "write one whole JSON object a line, and nothing after it",
    /// `CloudWatchMetrics` is no array of objects.
    Directives = "directives": "make CloudWatchMetrics an array of objects",
    /// `Namespace` is missing, no string, empty or longer than 1,024 characters.
    Namespace = "namespace": "give each directive a Namespace of 1 to 1,024 characters",
    /// `Dimensions` is missing, empty, or no array of arrays of names of 1 to 250 characters.
    Dimensions = "dimensions": "make Dimensions an array of arrays of names; write [[]] for no dimensions",
    /// A dimension set has more than 30 names.
    TooManyDimensions = "too_many_dimensions": "keep each dimension set to 30 names",
    /// `Metrics` is missing or no array of objects with a `Name` of 1 to 1,024 characters.
    Metrics = "metrics": "make Metrics an array of objects, each with a Name",
    /// `Metrics` is empty.
    NoMetrics = "no_metrics": "leave out directives that have no metrics",
    /// `Metrics` has more than 100 definitions.
    TooManyMetrics = "too_many_metrics": "split the metrics over directives of at most 100",
    /// Directives, dimension sets and definitions multiply to more than 10,000 series.
    TooManySeries = "too_many_series": "declare fewer dimension sets: this document alone makes over 10,000 metrics",
    /// `Timestamp` is missing.
    TimestampMissing = "timestamp_missing": "put Timestamp, in milliseconds since 1970, into _aws",
    /// `Timestamp` is something else than an integer.
    TimestampNotInteger = "timestamp_not_integer": "write Timestamp as an integer of milliseconds since 1970",
    /// `Timestamp` lies more than 14 days before the log event.
    TimestampTooOld = "timestamp_too_old": "write Timestamp in milliseconds, at most 14 days before the line is logged",
    /// `Timestamp` lies more than 2 hours after the log event.
    TimestampTooNew = "timestamp_too_new": "write Timestamp in milliseconds, at most 2 hours after the line is logged",
    /// A dimension that a set names is not in the document.
    DimensionMissing = "dimension_missing": "put every name of a dimension set into the document's root",
    /// A dimension's value is no string.
    DimensionNotText = "dimension_not_text": "write dimension values as strings",
    /// A dimension's value is the empty string.
    DimensionEmpty = "dimension_empty": "leave a dimension without value out of the sets",
    /// A dimension's value has more than 1,024 characters.
    DimensionTooLong = "dimension_too_long": "keep dimension values to 1,024 characters",
    /// A metric that a directive names is not in the document.
    MetricMissing = "metric_missing": "put every metric that a directive names into the document's root",
    /// A metric's value is neither a finite number, nor an array of them, nor one of the known objects.
    MetricNotNumber = "metric_not_number": "write metric values as finite numbers or arrays of them",
    /// A metric's value is an empty array.
    NoValues = "no_values": "leave out metrics that have no values",
    /// A metric's value is an array of more than 100 numbers.
    TooManyValues = "too_many_values": "write at most 100 values a metric, or Values with Counts",
    /// `Values` and `Counts` do not belong together, or a count is no whole number.
    ValuesAndCounts = "values_and_counts": "write as many Counts, whole and not negative, as Values",
    /// A statistic set lacks a member, or its minimum is above its maximum, or its count is no whole number.
    StatisticSet = "statistic_set": "write Max, Min, Count and Sum, with Min not above Max and a whole Count",
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.as_str(), self.fix())
    }
}

/// Where a rejected document is wrong. Names only, as they stand in the document, and never a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The namespace of the directive that is wrong, or of the first one when it is something else.
    pub namespace: Option<String>,
    /// The dimension or metric that is wrong, or the member of `_aws`.
    pub member: Option<String>,
}

impl Place {
    /// Looks a message through that [`super::decode`] rejected for `reason`.
    #[must_use]
    pub fn of(message: &str, reason: Rejection) -> Self {
        let text = super::document_in(message).unwrap_or(message);
        let Ok(root) = Object::parse(text) else {
            return Self {
                namespace: torn_namespace(text),
                member: None,
            };
        };
        let metadata = root.object("_aws");
        let directives = metadata
            .as_ref()
            .and_then(|metadata| metadata.get("CloudWatchMetrics"))
            .and_then(Raw::elements);
        let namespace = |index: usize| {
            let directive = Object::of(directives.clone()?.nth(index)?)?;
            directive.text("Namespace").map(Cow::into_owned)
        };
        let in_document = |name: &str| Some(name.to_owned());
        match reason {
            Rejection::TimestampMissing
            | Rejection::TimestampNotInteger
            | Rejection::TimestampTooOld
            | Rejection::TimestampTooNew => Self {
                namespace: namespace(0),
                member: in_document("_aws.Timestamp"),
            },
            Rejection::NotJson | Rejection::Directives | Rejection::TooManySeries => Self {
                namespace: namespace(0),
                member: in_document("_aws.CloudWatchMetrics"),
            },
            Rejection::Namespace
            | Rejection::Dimensions
            | Rejection::TooManyDimensions
            | Rejection::Metrics
            | Rejection::NoMetrics
            | Rejection::TooManyMetrics => {
                let index = directives
                    .clone()
                    .and_then(|mut all| all.position(|raw| alone(raw).err() == Some(reason)));
                Self {
                    namespace: index.and_then(namespace),
                    member: index.map(|index| format!("_aws.CloudWatchMetrics[{index}]")),
                }
            }
            _ => target_of(&root, metadata.as_ref(), reason).unwrap_or_else(|| Self {
                namespace: namespace(0),
                member: None,
            }),
        }
    }
}

/// Whether a directive is valid on its own.
fn alone(raw: Raw<'_>) -> Result<(), Rejection> {
    directive::only(raw).map(drop)
}

/// The first target that is wrong in this way.
fn target_of(root: &Object<'_>, metadata: Option<&Object<'_>>, reason: Rejection) -> Option<Place> {
    for directive in directive::all(metadata?).ok()?? {
        let dimensions = directive.sets.iter().flatten();
        let mut dimensions =
            dimensions.filter(|name| target::dimension(root.get(name)).err() == Some(reason));
        let mut metrics = directive
            .metrics
            .iter()
            .filter(|name| target::metric(root.get(name)).err() == Some(reason));
        if let Some(name) = dimensions.next().or_else(|| metrics.next()) {
            return Some(Place {
                namespace: Some(directive.namespace.clone().into_owned()),
                member: Some(name.clone().into_owned()),
            });
        }
    }
    None
}

/// The namespace of a document that was cut short or torn: what stands behind `"Namespace":`.
fn torn_namespace(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("\"Namespace\"")?;
    let value = rest
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    let (name, _) = value.split_once('"')?;
    (!name.contains('\\')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(namespace: &str, dimensions: &str, metrics: &str, rest: &str) -> String {
        format!(
            r#"{{"_aws":{{"Timestamp":1,"CloudWatchMetrics":[{{"Namespace":"Good","Dimensions":[[]],"Metrics":[{{"Name":"ok"}}]}},{{"Namespace":{namespace},"Dimensions":{dimensions},"Metrics":{metrics}}}]}},"ok":1{rest}}}"#
        )
    }

    #[test]
    fn a_rejection_names_the_namespace_and_the_member_and_no_value() {
        let metrics = r#"[{"Name":"m"},{"Name":"broken"}]"#;
        let good = r#"[["a","empty"]]"#;
        let rows = [
            (
                document(
                    r#""N""#,
                    good,
                    metrics,
                    r#","a":"x","empty":"","m":1,"broken":2"#,
                ),
                "N",
                "empty",
            ),
            (
                document(
                    r#""N""#,
                    good,
                    metrics,
                    r#","a":7,"empty":"x","m":1,"broken":2"#,
                ),
                "N",
                "a",
            ),
            (
                document(r#""N""#, good, metrics, r#","a":"x","empty":"x","m":1"#),
                "N",
                "broken",
            ),
            (
                document(
                    r#""N""#,
                    good,
                    metrics,
                    r#","a":"x","empty":"x","m":1,"broken":"secret""#,
                ),
                "N",
                "broken",
            ),
            (
                document(
                    r#""N""#,
                    good,
                    metrics,
                    r#","a":"x","empty":"x","m":1,"broken":[]"#,
                ),
                "N",
                "broken",
            ),
            (
                document(r#""N""#, "[]", metrics, ""),
                "N",
                "_aws.CloudWatchMetrics[1]",
            ),
            (
                document(r#""N""#, good, "[]", ""),
                "N",
                "_aws.CloudWatchMetrics[1]",
            ),
            (
                document(r#""""#, good, metrics, ""),
                "",
                "_aws.CloudWatchMetrics[1]",
            ),
            (
                document(r#""N""#, good, metrics, "").replace(r#""Timestamp":1,"#, ""),
                "",
                "",
            ),
            (
                r#"{"_aws":{"CloudWatchMetrics":[7]}}"#.to_owned(),
                "-",
                "_aws.CloudWatchMetrics",
            ),
            (
                r#"{"_aws":{"CloudWatchMetrics":[{"Namespace": "Torn", "Dim"#.to_owned(),
                "Torn",
                "-",
            ),
        ];
        for (line, namespace, member) in rows {
            let reason = super::super::decode(&line, 1).unwrap_err();
            let place = Place::of(&line, reason);
            if !member.is_empty() {
                assert_eq!(
                    place.namespace.as_deref().unwrap_or("-"),
                    namespace,
                    "{reason}: {line}"
                );
                assert_eq!(
                    place.member.as_deref().unwrap_or("-"),
                    member,
                    "{reason}: {line}"
                );
            }
            assert!(!format!("{place:?}").contains("secret"));
        }
    }

    #[test]
    fn a_timestamp_is_a_place_too() {
        let line = document(r#""N""#, "[[]]", r#"[{"Name":"ok"}]"#, "");
        let place = Place::of(&line, Rejection::TimestampTooOld);
        assert_eq!(place.namespace.as_deref(), Some("Good"));
        assert_eq!(place.member.as_deref(), Some("_aws.Timestamp"));
    }

    #[test]
    fn looking_through_any_text_ends_in_a_place_or_none() {
        for text in [
            "",
            "{",
            "{}",
            "[",
            "x\t{\"_aws\":{}}",
            "{\"_aws\":{\"CloudWatchMetrics\":{}}}",
        ] {
            for reason in Rejection::ALL {
                let _ = Place::of(text, *reason);
            }
        }
    }
}
