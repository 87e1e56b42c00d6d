//! Why a document makes no metrics, and what to change in the program that wrote it.

use std::fmt;

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
