//! Who explains the change: routes and kinds of failure. Pure.

use std::collections::BTreeMap;

use incidents::contribution::{self, Slice};
use incidents::{Dimension, Symptom};
use signals::{LambdaSignal, Rollup, SeriesKey, SeriesName};

use super::{Question, Side, above, count, of_service};
use crate::watch::Emf;

/// Who explains the change, by route and by class of failure. Versions are compared side by side instead: of one
/// that was not there before nothing can be said but that it came.
pub(super) fn contributions(
    question: &Question<'_>,
    during: &Side,
    before: &Side,
    slow: Option<f64>,
) -> Vec<incidents::Contributions> {
    let Some(emf) = &question.service.emf else {
        return failures_by_kind(question, during, before)
            .into_iter()
            .collect();
    };
    let by_route = |metric: &str| -> BTreeMap<String, (Option<&Rollup>, Option<&Rollup>)> {
        let mut routes: BTreeMap<String, (Option<&Rollup>, Option<&Rollup>)> = BTreeMap::new();
        for (side, at) in [(before, 0), (during, 1)] {
            for (key, rollup) in &side.total {
                let Some(route) = route_of(emf, metric, key) else {
                    continue;
                };
                let entry = routes.entry(route.to_owned()).or_default();
                if at == 0 {
                    entry.0 = Some(rollup)
                } else {
                    entry.1 = Some(rollup)
                }
            }
        }
        routes
    };
    let sum = |rollup: Option<&Rollup>| rollup.map_or(0.0, Rollup::sum);
    let ratio = |metric: &str| {
        let hits = by_route(metric);
        let slices = by_route(&emf.requests)
            .into_iter()
            .map(|(label, (then, now))| {
                let (hits_then, hits_now) = hits.get(&label).copied().unwrap_or_default();
                Slice {
                    hits_before: sum(hits_then),
                    exposure_before: sum(then),
                    hits_during: sum(hits_now),
                    exposure_during: sum(now),
                    label,
                }
            });
        contribution::of_ratio(Dimension::Route, &slices.collect::<Vec<_>>())
    };
    let routes = match (question.symptom, slow) {
        (Symptom::Latency | Symptom::Headroom, Some(limit)) => {
            #[expect(clippy::cast_precision_loss, reason = "counts of some minutes")]
            let slow = |rollup: Option<&Rollup>| rollup.map_or(0.0, |it| above(it, limit) as f64);
            let exposure = |rollup: Option<&Rollup>| rollup.map_or(0.0, count);
            let slices = by_route(&emf.latency)
                .into_iter()
                .map(|(label, (then, now))| Slice {
                    label,
                    hits_before: slow(then),
                    exposure_before: exposure(then),
                    hits_during: slow(now),
                    exposure_during: exposure(now),
                });
            contribution::of_ratio(Dimension::Route, &slices.collect::<Vec<_>>())
        }
        (Symptom::Errors, _) => ratio(&emf.faults),
        (Symptom::Throttles, _) => ratio(&emf.throttled),
        (Symptom::Traffic, _) => {
            let per_minute = |rollup, side: &Side| sum(rollup) / f64::from(side.minutes.max(1));
            let slices = by_route(&emf.requests)
                .into_iter()
                .map(|(label, (then, now))| Slice {
                    label,
                    hits_before: per_minute(then, before),
                    hits_during: per_minute(now, during),
                    ..Slice::default()
                });
            contribution::of_counts(Dimension::Route, &slices.collect::<Vec<_>>())
        }
        _ => None,
    };
    let kinds = failures_by_kind(question, during, before);
    routes.into_iter().chain(kinds).collect()
}

/// The route of a series of `metric`; `None`: another metric, or not by route alone.
fn route_of<'a>(emf: &Emf, metric: &str, key: &'a SeriesKey) -> Option<&'a str> {
    let SeriesName::Emf {
        namespace,
        metric: name,
    } = &key.name
    else {
        return None;
    };
    let is_it = *namespace == emf.namespace
        && name == metric
        && key.dimensions.len() == 2
        && key.dimensions.contains_key(&emf.service_dimension);
    key.dimensions
        .get(&emf.route_dimension)
        .filter(|_| is_it)
        .map(String::as_str)
}

/// Failed requests by how they failed: an answer 5xx, a function error, a timeout. Rates a minute.
fn failures_by_kind(
    question: &Question<'_>,
    during: &Side,
    before: &Side,
) -> Option<incidents::Contributions> {
    if question.symptom != Symptom::Errors {
        return None;
    }
    let function = question.service.function();
    let lambda = |signal| SeriesKey::lambda(function, signal);
    let emf = question.service.emf.as_ref();
    let counts = |side: &Side| {
        let minutes = f64::from(side.minutes.max(1));
        let of = |key: &SeriesKey| side.sum(key).unwrap_or(0.0) / minutes;
        let answers = emf
            .and_then(|emf| of_service(emf, &emf.faults, &side.total))
            .map_or(0.0, |key| of(&key));
        let timeouts = of(&lambda(LambdaSignal::Timeouts));
        let errors = (of(&lambda(LambdaSignal::Errors)) - timeouts).max(0.0);
        [
            ("answers 5xx", answers),
            ("function errors", errors),
            ("timeouts", timeouts),
        ]
    };
    let slices: Vec<Slice> = counts(before)
        .into_iter()
        .zip(counts(during))
        .map(|((label, then), (_, now))| Slice {
            label: label.to_owned(),
            hits_before: then,
            hits_during: now,
            ..Slice::default()
        })
        .collect();
    contribution::of_counts(Dimension::Status, &slices)
}
