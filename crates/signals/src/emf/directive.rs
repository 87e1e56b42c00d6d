//! `CloudWatchMetrics`: which members of the document are metrics, and by which dimensions.

use std::borrow::Cow;

use super::json::Raw;
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
        .filter(|raw| raw.get() != "null")
    else {
        return Ok(None);
    };
    let mut raw = raw.elements().ok_or(Rejection::Directives)?.peekable();
    if raw.peek().is_none() {
        return Ok(None);
    }
    let mut series = 0_usize;
    let mut directives = Vec::new();
    for directive in raw {
        let directive = only(directive)?;
        series = series.saturating_add(directive.sets.len() * directive.metrics.len());
        if series > MAX_SERIES {
            return Err(Rejection::TooManySeries);
        }
        directives.push(directive);
    }
    Ok(Some(directives))
}

/// One of the directives.
pub(super) fn only(raw: Raw<'_>) -> Result<Directive<'_>, Rejection> {
    let directive = one(&Object::of(raw).ok_or(Rejection::Directives)?)?;
    if directive.sets.len() * directive.metrics.len() > MAX_SERIES {
        return Err(Rejection::TooManySeries);
    }
    Ok(directive)
}

fn one<'a>(directive: &Object<'a>) -> Result<Directive<'a>, Rejection> {
    let namespace = name(directive.get("Namespace"), MAX_NAME).ok_or(Rejection::Namespace)?;
    let sets = directive
        .get("Dimensions")
        .and_then(Raw::elements)
        .ok_or(Rejection::Dimensions)?
        .map(dimension_set)
        .collect::<Result<Vec<_>, _>>()?;
    if sets.is_empty() {
        return Err(Rejection::Dimensions);
    }
    let metrics = directive
        .get("Metrics")
        .and_then(Raw::elements)
        .ok_or(Rejection::Metrics)?;
    let metrics =
        at_most(MAX_METRICS, metrics.map(metric_name)).ok_or(Rejection::TooManyMetrics)??;
    if metrics.is_empty() {
        return Err(Rejection::NoMetrics);
    }
    Ok(Directive {
        namespace,
        sets,
        metrics,
    })
}

fn name(raw: Option<Raw<'_>>, longest: usize) -> Option<Cow<'_, str>> {
    raw.and_then(Raw::text).filter(|name| {
        !name.is_empty() && (name.len() <= longest || name.chars().count() <= longest)
    })
}

fn dimension_set(raw: Raw<'_>) -> Result<Vec<Cow<'_, str>>, Rejection> {
    let names = raw.elements().ok_or(Rejection::Dimensions)?;
    let names = names.map(|raw| name(Some(raw), MAX_DIMENSION_NAME).ok_or(Rejection::Dimensions));
    at_most(MAX_DIMENSIONS, names).ok_or(Rejection::TooManyDimensions)?
}

/// So many items at most, or the first error among them; `None` when there are more, whatever they are.
fn at_most<T, E>(
    most: usize,
    mut items: impl Iterator<Item = Result<T, E>>,
) -> Option<Result<Vec<T>, E>> {
    let mut found = Ok(Vec::new());
    for item in items.by_ref().take(most) {
        match (&mut found, item) {
            (Ok(found), Ok(item)) => found.push(item),
            (Ok(_), Err(error)) => found = Err(error),
            (Err(_), _) => {}
        }
    }
    items.next().is_none().then_some(found)
}

/// The name of a definition. Its unit and resolution do not matter here: rollups are by the minute, and a
/// unit that CloudWatch does not know does not invalidate a document ("SHOULD be valid").
fn metric_name(raw: Raw<'_>) -> Result<Cow<'_, str>, Rejection> {
    let mut members = raw.members().ok_or(Rejection::Metrics)?;
    let mut found = None;
    for (member, value) in &mut members {
        if member == "Name" {
            found = Some(value);
        }
    }
    members.end().ok_or(Rejection::Metrics)?;
    name(found, MAX_NAME).ok_or(Rejection::Metrics)
}
