//! `CloudWatchMetrics`: which members of the document are metrics, and by which dimensions.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::object::{array, is_null, text};
use super::{MAX_SERIES, Object, Rejection};

/// Dimension names of one set (EMF specification, "DimensionSet": 30 since August 2022).
const MAX_DIMENSIONS: usize = 30;
/// Metric definitions of one directive (EMF specification, "MetricDirective").
const MAX_METRICS: usize = 100;
/// Characters of a namespace and of a metric's name (EMF specification, "EMF schema").
const MAX_NAME: usize = 1024;
/// Characters of a dimension's name (EMF specification, "EMF schema").
const MAX_DIMENSION_NAME: usize = 250;

/// One metric directive: `sets` × `metrics` are its data.
#[derive(Debug)]
pub(super) struct Directive<'a> {
    pub(super) namespace: Cow<'a, str>,
    pub(super) sets: Vec<Vec<Cow<'a, str>>>,
    pub(super) metrics: Vec<Cow<'a, str>>,
}

/// The directives of `_aws`; `None` when there are none.
pub(super) fn all<'a>(metadata: &Object<'a>) -> Result<Option<Vec<Directive<'a>>>, Rejection> {
    let Some(raw) = metadata
        .get("CloudWatchMetrics")
        .filter(|raw| !is_null(raw))
    else {
        return Ok(None);
    };
    let raw = array(raw).ok_or(Rejection::Directives)?;
    if raw.is_empty() {
        return Ok(None);
    }
    let mut series = 0_usize;
    let mut directives = Vec::with_capacity(raw.len());
    for directive in raw {
        let directive = one(&Object::of(directive).ok_or(Rejection::Directives)?)?;
        series = series.saturating_add(directive.sets.len() * directive.metrics.len());
        if series > MAX_SERIES {
            return Err(Rejection::TooManySeries);
        }
        directives.push(directive);
    }
    Ok(Some(directives))
}

fn one<'a>(directive: &Object<'a>) -> Result<Directive<'a>, Rejection> {
    let namespace = name(directive.get("Namespace"), MAX_NAME).ok_or(Rejection::Namespace)?;
    let sets = directive
        .get("Dimensions")
        .and_then(array)
        .filter(|sets| !sets.is_empty());
    let sets = sets
        .ok_or(Rejection::Dimensions)?
        .into_iter()
        .map(dimension_set)
        .collect::<Result<_, _>>()?;
    let metrics = directive
        .get("Metrics")
        .and_then(array)
        .ok_or(Rejection::Metrics)?;
    match metrics.len() {
        0 => return Err(Rejection::NoMetrics),
        1..=MAX_METRICS => {}
        _ => return Err(Rejection::TooManyMetrics),
    }
    let metrics = metrics
        .into_iter()
        .map(metric_name)
        .collect::<Result<_, _>>()?;
    Ok(Directive {
        namespace,
        sets,
        metrics,
    })
}

fn name(raw: Option<&RawValue>, longest: usize) -> Option<Cow<'_, str>> {
    raw.and_then(text)
        .filter(|name| !name.is_empty() && name.chars().count() <= longest)
}

fn dimension_set(raw: &RawValue) -> Result<Vec<Cow<'_, str>>, Rejection> {
    let names = array(raw).ok_or(Rejection::Dimensions)?;
    if names.len() > MAX_DIMENSIONS {
        return Err(Rejection::TooManyDimensions);
    }
    names
        .into_iter()
        .map(|raw| name(Some(raw), MAX_DIMENSION_NAME).ok_or(Rejection::Dimensions))
        .collect()
}

/// The name of a definition. Its unit and resolution do not matter here: rollups are by the minute, and a
/// unit that CloudWatch does not know does not invalidate a document ("SHOULD be valid").
fn metric_name(raw: &RawValue) -> Result<Cow<'_, str>, Rejection> {
    let definition = Object::of(raw).ok_or(Rejection::Metrics)?;
    name(definition.get("Name"), MAX_NAME).ok_or(Rejection::Metrics)
}
