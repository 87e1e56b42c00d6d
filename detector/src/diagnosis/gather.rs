//! From rollups to the facts that a diagnosis is made of. Pure.

use incidents::diagnosis::facts::{ColdStarts, Dependency, Deploy, Memory, Rival, Runs, Signal};
use incidents::{Direction, Facts, Member, Symptom};
use platform::series_store::{Rollups, RollupsByVersion};
use signals::{AwsSignal, LambdaSignal, Metric, Minute, Rollup, SeriesKey, SeriesName};

use super::BEFORE;
use crate::facts::Limits;
use crate::watch::{Emf, Service};
use crate::watchlist::{LATENCY_QUANTILE, Series};

mod shares;

/// What is asked: which incident of which service, in which minutes.
pub(super) struct Question<'a> {
    pub(super) service: &'a Service,
    pub(super) symptom: Symptom,
    pub(super) direction: Direction,
    /// What breaches, for the upper end of the normal latency.
    pub(super) members: &'a [Member],
    /// Where the incident begins: the minutes before it are those it is compared with.
    pub(super) began: Minute,
    /// The first minute of the incident that is looked at.
    pub(super) onset: Minute,
    /// The last one.
    pub(super) window: Minute,
}

/// Standard deviations to either side that the minutes before count as normal.
const SPREAD: f64 = 2.0;
/// How much more must be asked for before repetitions are looked for: a retry storm's own bound.
const MORE: f64 = 1.5;

/// The minutes before the incident, or those of it.
struct Side {
    /// Minutes that any log data came for.
    heard: u32,
    /// Minutes, heard or not.
    minutes: u32,
    /// All of them together.
    total: Series,
}

fn is_log(key: &SeriesKey) -> bool {
    !matches!(key.name, SeriesName::Aws { .. })
}

impl Side {
    fn of<'a>(minutes: u32, rollups: impl Iterator<Item = &'a Series>) -> Self {
        let (mut heard, mut total) = (0, Series::new());
        for series in rollups {
            heard += u32::from(series.keys().any(is_log));
            for (key, rollup) in series {
                total.entry(key.clone()).or_default().merge(rollup);
            }
        }
        Self {
            heard,
            minutes,
            total,
        }
    }

    fn sum(&self, key: &SeriesKey) -> Option<f64> {
        self.total.get(key).map(Rollup::sum)
    }

    fn whole(&self, key: &SeriesKey) -> u64 {
        whole(self.sum(key).unwrap_or(0.0))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of requests"
)]
fn whole(value: f64) -> u64 {
    value.max(0.0).round() as u64
}

#[expect(clippy::cast_precision_loss, reason = "no minute holds 2^53 samples")]
fn count(rollup: &Rollup) -> f64 {
    rollup.count() as f64
}

/// Samples above `limit`.
fn above(rollup: &Rollup, limit: f64) -> u64 {
    let slow = rollup
        .histogram()
        .iter()
        .filter(|(value, _)| *value > limit);
    slow.map(|(_, weight)| weight).sum()
}

/// The keys of what a service counts of itself, with or without metrics of its own.
struct Keys {
    requests: SeriesKey,
    latency: SeriesKey,
    /// All that is a failed request; each adds to the others.
    failed: Vec<SeriesKey>,
}

/// The series of the whole service: those without a route. The service's own name is not configured, so it is the
/// first one there is.
fn of_service(emf: &Emf, metric: &str, series: &Series) -> Option<SeriesKey> {
    let is_it = |key: &&SeriesKey| match &key.name {
        SeriesName::Emf {
            namespace,
            metric: name,
        } => {
            *namespace == emf.namespace
                && name == metric
                && key.dimensions.len() == 1
                && key.dimensions.contains_key(&emf.service_dimension)
        }
        _ => false,
    };
    series.keys().find(is_it).cloned()
}

impl Keys {
    fn of(service: &Service, all: &Series) -> Self {
        let function = service.function();
        let lambda = |signal| SeriesKey::lambda(function, signal);
        let emf = service.emf.as_ref();
        let own = |metric: fn(&Emf) -> &str| emf.and_then(|emf| of_service(emf, metric(emf), all));
        let mut failed = vec![lambda(LambdaSignal::Errors)];
        failed.extend(own(|emf| &emf.faults));
        failed.extend(own(|emf| &emf.throttled));
        Self {
            requests: own(|emf| &emf.requests).unwrap_or_else(|| lambda(LambdaSignal::Invocations)),
            latency: own(|emf| &emf.latency).unwrap_or_else(|| lambda(LambdaSignal::DurationMs)),
            failed,
        }
    }
}

/// Everything that rollups say of the incident.
pub(super) fn facts(
    question: &Question<'_>,
    whole_minutes: &Rollups,
    by_version: &RollupsByVersion,
) -> Facts {
    let Question {
        service,
        began,
        onset,
        window,
        ..
    } = *question;
    let mut facts = Facts::of(question.symptom, question.direction);
    let function = service.function();
    let minutes = u32::try_from(window.since(onset) + 1).unwrap_or(0);
    let during = Side::of(minutes, whole_minutes.range(onset..=window).map(|it| it.1));
    let earlier: Vec<&Series> = whole_minutes.range(..began).map(|it| it.1).collect();
    // From the first minute that was heard: a service that began half an hour ago was not silent before.
    let first = whole_minutes.range(..began).map(|it| *it.0).next();
    let known = first.map_or(0, |first| u32::try_from(began.since(first)).unwrap_or(0));
    let before = Side::of(known, earlier.iter().copied());
    let mut all = before.total.clone();
    all.extend(during.total.clone());
    let keys = Keys::of(service, &all);
    (facts.minutes, facts.heard) = (minutes, during.heard);

    // Counts, as rates a minute; a minute before without the series had none of it.
    let values = |of: &dyn Fn(&Series) -> f64| -> Vec<f64> {
        let mut values: Vec<f64> = earlier.iter().map(|series| of(series)).collect();
        values.resize(values.len().max(known as usize), 0.0);
        values
    };
    let rate = |of: &dyn Fn(&Series) -> f64| {
        (known > 0 && minutes > 0)
            .then(|| against(&values(of), of(&during.total) / f64::from(minutes)))
    };
    let sum = |series: &Series, key: &SeriesKey| series.get(key).map_or(0.0, Rollup::sum);
    let failures = |series: &Series| keys.failed.iter().map(|key| sum(series, key)).sum::<f64>();
    let throttles = SeriesKey::aws(Some(function), AwsSignal::Throttles);
    if during.heard > 0 && before.heard > 0 && all.contains_key(&keys.requests) {
        facts.requests = rate(&|series| sum(series, &keys.requests));
        facts.failed = rate(&failures);
        facts.answered = rate(&|series| (sum(series, &keys.requests) - failures(series)).max(0.0));
    }
    if all.contains_key(&throttles) {
        facts.refused = rate(&|series| sum(series, &throttles));
    }
    let invocations = SeriesKey::aws(Some(function), AwsSignal::Invocations);
    facts.counted_by_aws = during.sum(&invocations);
    facts.idle_before = (before.heard > 0).then(|| idle(question, whole_minutes, &keys));

    latency(&mut facts, question, &keys, &during, &before, &earlier);
    platform(&mut facts, service, &during, &before);
    facts.deploy = deploy(by_version, began);
    facts.versions = rivals(question, &keys, by_version, facts.latency_ms);
    let limit = slow_limit(question, facts.latency_ms);
    facts.contributions = shares::contributions(question, &during, &before, limit);
    facts
}

/// A value beside those of the minutes before: their mean, and two standard deviations to either side.
fn against(before: &[f64], observed: f64) -> Signal {
    #[expect(clippy::cast_precision_loss, reason = "minutes of an hour")]
    let number = before.len().max(1) as f64;
    let expected = before.iter().sum::<f64>() / number;
    let variance = before.iter().map(|it| (it - expected).powi(2)).sum::<f64>() / number;
    let spread = SPREAD * variance.sqrt();
    Signal {
        observed,
        expected,
        low: (expected - spread).max(0.0),
        high: expected + spread,
    }
}

/// Minutes in a row right before the onset without a request; at most as many as are looked at.
fn idle(question: &Question<'_>, minutes: &Rollups, keys: &Keys) -> u32 {
    let asked = |minute: Minute| {
        let series = minutes.get(&minute);
        series
            .and_then(|series| series.get(&keys.requests))
            .is_some_and(|it| it.sum() > 0.0)
    };
    let silent = (1..=BEFORE)
        .take_while(|back| !asked(question.began.plus(-back)))
        .count();
    u32::try_from(silent).unwrap_or(0)
}

fn latency(
    facts: &mut Facts,
    question: &Question<'_>,
    keys: &Keys,
    during: &Side,
    before: &Side,
    earlier: &[&Series],
) {
    let (Some(now), Some(then)) = (
        during.total.get(&keys.latency),
        before.total.get(&keys.latency),
    ) else {
        return;
    };
    let each: Vec<f64> = earlier
        .iter()
        .filter_map(|series| series.get(&keys.latency)?.quantile(LATENCY_QUANTILE))
        .collect();
    if let Some(observed) = now.quantile(LATENCY_QUANTILE)
        && !each.is_empty()
    {
        facts.latency_ms = Some(against(&each, observed));
    }
    let mean = |rollup: &Rollup| rollup.sum() / count(rollup).max(1.0);
    let mean_now = Signal::against(mean(now), mean(then));
    facts.mean_latency_ms = Some(mean_now);
    facts.slow = slow_limit(question, facts.latency_ms).map(|limit| above(now, limit));
    // What a service measures of others: a metric of the same dimensions whose name ends in Latency.
    let SeriesName::Emf { namespace, .. } = &keys.latency.name else {
        return;
    };
    let (requests_now, requests_then) = (count(now), count(then));
    let calls = during.total.iter().filter_map(|(key, rollup)| {
        let SeriesName::Emf {
            namespace: of,
            metric,
        } = &key.name
        else {
            return None;
        };
        let is_call = of == namespace
            && key.dimensions == keys.latency.dimensions
            && metric.ends_with(Metric::Latency.name())
            && *key != keys.latency;
        let earlier = before.sum(key).unwrap_or(0.0);
        is_call.then(|| Dependency {
            name: metric.clone(),
            per_request_ms: Signal::against(
                rollup.sum() / requests_now.max(1.0),
                earlier / requests_then.max(1.0),
            ),
        })
    });
    facts.dependencies = calls.collect();
}

/// The upper end of the normal latency: the model's, where latency is what breaches.
fn slow_limit(question: &Question<'_>, latency: Option<Signal>) -> Option<f64> {
    let judged = question.members.iter().map(|it| it.reading.expected_high);
    let judged = judged.filter(|_| question.symptom == Symptom::Latency);
    judged
        .max_by(f64::total_cmp)
        .or(latency.map(|latency| latency.high))
}

/// What the platform's own records say.
fn platform(facts: &mut Facts, service: &Service, during: &Side, before: &Side) {
    let function = service.function();
    let lambda = |signal| SeriesKey::lambda(function, signal);
    let largest = |side: &Side, signal| side.total.get(&lambda(signal)).and_then(Rollup::max);
    let invocations = lambda(LambdaSignal::Invocations);
    if during.total.contains_key(&invocations) {
        let runs = during.whole(&invocations);
        let cold = lambda(LambdaSignal::ColdStarts);
        let earlier = before.sum(&invocations).unwrap_or(0.0);
        let init = during.total.get(&lambda(LambdaSignal::InitMs));
        facts.cold = Some(ColdStarts {
            count: during.whole(&cold),
            invocations: runs,
            share_before: before.sum(&cold).unwrap_or(0.0) / earlier.max(1.0),
            init_ms: init.and_then(|rollup| rollup.quantile(LATENCY_QUANTILE)),
        });
        let duration = during.total.get(&lambda(LambdaSignal::DurationMs));
        facts.runs = Some(Runs {
            p99_ms: duration.and_then(|rollup| rollup.quantile(0.99)),
            timeout_ms: None,
            timeouts: during.whole(&lambda(LambdaSignal::Timeouts)),
            invocations: runs,
        });
        facts.memory = Some(Memory {
            peak_mb: largest(during, LambdaSignal::MemoryUsedMb),
            peak_before_mb: largest(before, LambdaSignal::MemoryUsedMb),
            size_mb: largest(during, LambdaSignal::MemorySizeMb),
            out_of_memory: during.whole(&lambda(LambdaSignal::OutOfMemory)),
        });
    }
    let busy = SeriesKey::aws(Some(function), AwsSignal::ConcurrentExecutions);
    let peak = |side: &Side| side.total.get(&busy).and_then(Rollup::max);
    (facts.concurrency.peak, facts.concurrency.peak_before) = (peak(during), peak(before));
}

/// What was read of the limits.
pub(super) fn limits(facts: &mut Facts, limits: &Limits) {
    facts.concurrency.reserved = limits.reserved;
    facts.concurrency.account_limit = limits.account;
    if let Some(runs) = &mut facts.runs {
        runs.timeout_ms = limits.timeout_ms;
    }
    if let Some(memory) = &mut facts.memory {
        memory.size_mb = memory.size_mb.or(limits.memory_mb);
    }
}

/// Whether it is worth looking for the same work asked for twice.
pub(super) fn asks_for_correlation(facts: &Facts) -> bool {
    let failing = [facts.failed, facts.refused];
    facts.requests.is_some_and(|it| it.rose(MORE))
        && failing.iter().flatten().any(|it| it.observed > it.high)
}

/// The newest version, where an older one was heard before its first minute.
fn deploy(by_version: &RollupsByVersion, began: Minute) -> Option<Deploy> {
    let first = |minutes: &Rollups| minutes.keys().next().copied();
    let (newest, minutes) = by_version.iter().next_back()?;
    let came = first(minutes)?;
    let older = by_version.iter().filter(|(version, _)| *version != newest);
    older
        .filter_map(|(_, minutes)| first(minutes))
        .any(|at| at < came)
        .then(|| Deploy {
            minutes_before: began.since(came),
            version: Some(newest.to_string()),
        })
}

/// What each version was asked and how much of it was hit, while it breached.
fn rivals(
    question: &Question<'_>,
    keys: &Keys,
    by_version: &RollupsByVersion,
    latency: Option<Signal>,
) -> Vec<Rival> {
    let limit = slow_limit(question, latency);
    let of = |minutes: &Rollups| {
        let minutes = minutes.range(question.onset..=question.window);
        Side::of(0, minutes.map(|it| it.1))
    };
    by_version
        .iter()
        .map(|(version, minutes)| {
            let side = of(minutes);
            let (requests, hit) = match question.symptom {
                Symptom::Latency | Symptom::Headroom => {
                    let rollup = side.total.get(&keys.latency);
                    (
                        rollup.map_or(0, Rollup::count),
                        rollup.zip(limit).map_or(0, |(it, limit)| above(it, limit)),
                    )
                }
                _ => (
                    side.whole(&keys.requests),
                    keys.failed.iter().map(|key| side.whole(key)).sum(),
                ),
            };
            Rival {
                version: version.to_string(),
                requests,
                hit,
            }
        })
        .filter(|rival| rival.requests > 0)
        .collect()
}
