//! Decodes one log message in the CloudWatch embedded metric format (EMF) into samples of series.
//!
//! Follows the "Specification: Embedded metric format" of the Amazon CloudWatch user guide, and beyond it the
//! value forms that emitters really write (`Values` with `Counts`, statistic sets). Where the specification
//! leaves a choice:
//!
//! * Every directive × dimension set × metric definition is one datum, as the specification has it. So a metric
//!   that two directives or two equal dimension sets name is counted for each of them, as CloudWatch counts it.
//! * `_aws` that is no object, or has no directives, makes no metrics: the line is an ordinary log line.
//! * Names are literal: `A.b` is the member `A.b` of the root, never a member of `A`.
//! * One invalid target makes the whole document invalid. Nothing of it is counted but the reason.
//! * Members that no directive names are never looked into, however deep or odd they are. Their names must be
//!   text: half a surrogate pair is no JSON, and rejects the document.
//!
//! Why not `serde_json::Value`: it reads numbers to within one unit in the last place unless told otherwise,
//! builds trees that nobody asks for, and its recursion is bounded by rejecting what EMF allows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{Minute, Rollup, SeriesKey};

mod directive;
pub mod json;
mod object;
mod rejection;
mod target;
#[cfg(test)]
mod tests;

use directive::Directive;
pub use json::Raw;
pub use object::{NotAnObject, Object};
pub use rejection::{Place, Rejection};

/// Furthest a document's timestamp may lie before its log event's: two weeks (EMF specification, "Timestamp").
pub const MAX_AGE_MILLIS: i64 = 14 * 24 * 60 * 60 * 1000;
/// Furthest a document's timestamp may lie after its log event's: two hours (the same clause).
pub const MAX_LEAD_MILLIS: i64 = 2 * 60 * 60 * 1000;
/// Series of one document. The specification has no limit, but directives, sets and definitions multiply: a
/// megabyte could name thirty million. Emitters write at most a few hundred.
pub const MAX_SERIES: usize = 10_000;

/// What a document says of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// `weight` samples of one finite value.
    Value {
        /// The value.
        value: f64,
        /// How many samples had it; at least 1.
        weight: u64,
    },
    /// A statistic set: finite numbers with `min` ≤ `max`.
    Statistics {
        /// How many samples; at least 1.
        count: u64,
        /// Their sum.
        sum: f64,
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
}

impl Observation {
    /// Adds the samples to a rollup.
    pub fn add_to(&self, rollup: &mut Rollup) {
        match *self {
            Self::Value { value, weight } => rollup.add(value, weight),
            Self::Statistics {
                count,
                sum,
                min,
                max,
            } => rollup.add_statistics(count, sum, min, max),
        }
    }

    /// How many samples it stands for.
    #[must_use]
    pub fn samples(&self) -> u64 {
        match *self {
            Self::Value { weight, .. } => weight,
            Self::Statistics { count, .. } => count,
        }
    }
}

/// A valid document: everything it names is there and well-formed.
#[derive(Debug)]
pub struct Document<'a> {
    minute: Minute,
    directives: Vec<Directive<'a>>,
    /// Dimension values by name. Each target is read once, however many sets name it.
    dimensions: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// Observations by metric name.
    metrics: BTreeMap<Cow<'a, str>, Vec<Observation>>,
}

impl Document<'_> {
    /// The minute of its timestamp.
    #[must_use]
    pub fn minute(&self) -> Minute {
        self.minute
    }

    /// Every datum: a series and what is said of it. Series are made one at a time, because a hostile document
    /// can name thousands with thirty values of a kilobyte each.
    pub fn data(&self) -> impl Iterator<Item = (SeriesKey, &[Observation])> {
        self.directives.iter().flat_map(move |directive| {
            directive.sets.iter().flat_map(move |set| {
                directive.metrics.iter().filter_map(move |metric| {
                    let observations =
                        self.metrics.get(metric).filter(|found| !found.is_empty())?;
                    let pairs = set
                        .iter()
                        .filter_map(|name| Some((&**name, &**self.dimensions.get(name)?)));
                    Some((
                        SeriesKey::emf(&directive.namespace, metric, pairs),
                        observations.as_slice(),
                    ))
                })
            })
        })
    }
}

/// The part of a message that may be an EMF document: the message itself, or what follows the tab-separated
/// prefix that Lambda's managed runtimes write (`<time>\t<request id>\tINFO\t{…}`: the older specification's
/// "a valid EMF document after this metadata is considered valid").
#[must_use]
pub fn document_in(message: &str) -> Option<&str> {
    let text = message.trim_start();
    if text.starts_with('{') {
        return Some(text);
    }
    let (prefix, document) = text.split_at(text.find('{')?);
    (prefix.ends_with('\t') && document.contains("\"_aws\"")).then_some(document)
}

/// Reads one log message; `event_millis` is the log event's own timestamp. `Ok(None)`: an ordinary log line.
///
/// # Errors
/// The reason why the message is an EMF document and yet makes no metrics.
pub fn decode(message: &str, event_millis: i64) -> Result<Option<Document<'_>>, Rejection> {
    let Some(text) = document_in(message) else {
        return Ok(None);
    };
    match Object::parse(text) {
        Ok(root) => decode_object(&root, event_millis),
        Err(_) if looks_like_json(text) => Err(Rejection::NotJson),
        Err(_) => Ok(None),
    }
}

/// Whether a text that starts with `{` means to be a JSON object: printed structures of other languages (Python's
/// `{'a': 1}`, Rust's `{ a: 1 }`) are ordinary text, a JSON object cut short is not.
#[must_use]
pub fn looks_like_json(text: &str) -> bool {
    text.strip_prefix('{')
        .is_some_and(|rest| rest.trim_start().starts_with('"'))
}

/// Like [`decode`], for a message that was parsed already.
///
/// # Errors
/// The reason why the message is an EMF document and yet makes no metrics.
pub fn decode_object<'a>(
    root: &Object<'a>,
    event_millis: i64,
) -> Result<Option<Document<'a>>, Rejection> {
    let Some(metadata) = root.get("_aws").and_then(Object::of) else {
        return Ok(None);
    };
    let Some(directives) = directive::all(&metadata)? else {
        return Ok(None);
    };
    let minute = Minute::from_millis(timestamp(&metadata, event_millis)?);
    let (mut dimensions, mut metrics) = (BTreeMap::new(), BTreeMap::new());
    for directive in &directives {
        for name in directive.sets.iter().flatten() {
            if !dimensions.contains_key(name) {
                dimensions.insert(name.clone(), target::dimension(root.get(name))?);
            }
        }
        for name in &directive.metrics {
            if !metrics.contains_key(name) {
                metrics.insert(name.clone(), target::metric(root.get(name))?);
            }
        }
    }
    Ok(Some(Document {
        minute,
        directives,
        dimensions,
        metrics,
    }))
}

fn timestamp(metadata: &Object<'_>, event_millis: i64) -> Result<i64, Rejection> {
    let raw = metadata
        .get("Timestamp")
        .ok_or(Rejection::TimestampMissing)?;
    let at = target::integer(raw).ok_or(Rejection::TimestampNotInteger)?;
    if at < event_millis.saturating_sub(MAX_AGE_MILLIS) {
        Err(Rejection::TimestampTooOld)
    } else if at > event_millis.saturating_add(MAX_LEAD_MILLIS) {
        Err(Rejection::TimestampTooNew)
    } else {
        Ok(at)
    }
}
