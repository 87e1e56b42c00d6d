//! What would be stored of a minute: by log-processor from the logs, and by the poller from AWS/Lambda.

use std::collections::BTreeMap;

use signals::{AwsSignal, LambdaSignal, Metric, Rollup, SeriesKey};

use super::point::Point;
use super::request::{Invocation, Outcome};
use super::{Fleet, Function};

/// The CloudWatch namespace of every function's own metrics.
pub const NAMESPACE: &str = "Fleet";
/// The dimensions of its documents.
pub(super) const SERVICE: &str = "service";
pub(super) const ROUTE: &str = "route";

/// The series of one minute.
pub type Series = BTreeMap<SeriesKey, Rollup>;

/// What a request's document says of each metric; those that Lambda ended wrote none.
pub(super) fn document(one: &Invocation) -> Option<[(Metric, f64); 5]> {
    if matches!(one.outcome, Outcome::Timeout | Outcome::OutOfMemory) {
        return None;
    }
    let is = |outcome| f64::from(u8::from(one.outcome == outcome));
    Some([
        (Metric::Latency, latency_ms(one)),
        (Metric::Requests, 1.0),
        (Metric::ClientErrors, is(Outcome::ClientError)),
        (Metric::Faults, is(Outcome::Error)),
        (Metric::Throttled, is(Outcome::Refused)),
    ])
}

/// The service's own time: the runtime takes a twentieth, one and a half milliseconds at most.
fn latency_ms(one: &Invocation) -> f64 {
    let ms = one.duration_ms;
    ((ms - (ms / 20.0).min(1.5)) * 100.0).round() / 100.0
}

/// Billed time: whole milliseconds, the init phase included.
pub(super) fn billed_ms(one: &Invocation) -> f64 {
    (one.duration_ms + one.init_ms.unwrap_or(0.0)).ceil()
}

impl Fleet {
    /// The series that a function's log lines of a minute make, whenever they come.
    ///
    /// # Panics
    /// The point is of a fleet with more functions.
    #[must_use]
    pub fn logged(&self, point: &Point, requests: &[Invocation]) -> Series {
        let function = &self.functions[point.function];
        let mut series = Series::new();
        documents(function, requests, &mut series);
        reports(function, requests, &mut series);
        series
    }

    /// The series that AWS/Lambda has for a function's minute: none without an attempt, and none while it is silent.
    ///
    /// # Panics
    /// The point is of a fleet with more functions.
    #[must_use]
    pub fn metrics(&self, point: &Point) -> Series {
        let name = &self.functions[point.function].name;
        of_platform(
            Some(name),
            std::slice::from_ref(point).iter().filter(|one| !one.silent),
        )
    }

    /// The account's series of AWS/Lambda: of all functions' points of one minute.
    #[must_use]
    pub fn account_metrics<'a>(&self, points: impl Iterator<Item = &'a Point> + Clone) -> Series {
        of_platform(None, points)
    }

    /// Everything that would be stored of a minute once all of it has come.
    #[must_use]
    pub fn rollups(&self, point: &Point) -> Series {
        let mut series = self.metrics(point);
        if super::run::comes(point.arrival) {
            series.append(&mut self.logged(point, &self.requests(point)));
        }
        series
    }
}

fn of_platform<'a>(
    function: Option<&str>,
    points: impl Iterator<Item = &'a Point> + Clone,
) -> Series {
    let sum = |of: fn(&Point) -> u32| points.clone().map(|one| f64::from(of(one))).sum::<f64>();
    let invocations = sum(|one| one.signals.invocations);
    let throttles = sum(|one| one.signals.throttles);
    let mut series = Series::new();
    if invocations + throttles <= 0.0 {
        return series;
    }
    let mut put =
        |signal, value| series.insert(SeriesKey::aws(function, signal), Rollup::of(value));
    put(AwsSignal::Throttles, throttles);
    // Nothing that did not run has invocations or errors, not even zero of them.
    if invocations > 0.0 {
        put(AwsSignal::Invocations, invocations);
        put(AwsSignal::Errors, sum(|one| one.signals.errors));
        put(
            AwsSignal::ConcurrentExecutions,
            sum(|one| one.signals.concurrency_max),
        );
    }
    series
}

/// A document for each invocation, in two dimension sets.
fn documents(function: &Function, requests: &[Invocation], series: &mut Series) {
    const METRICS: usize = 5;
    let mut of_route: Vec<[Rollup; METRICS]> = function
        .routes
        .iter()
        .map(|_| std::array::from_fn(|_| Rollup::default()))
        .collect();
    let mut of_service: [Rollup; METRICS] = std::array::from_fn(|_| Rollup::default());
    let mut metrics = None;
    for one in requests {
        let Some(values) = document(one) else {
            continue;
        };
        metrics = Some(values.map(|(metric, _)| metric));
        let route = of_route.get_mut(one.route);
        for (rollup, (_, value)) in of_service.iter_mut().zip(values) {
            rollup.add(value, 1);
        }
        for (rollup, (_, value)) in route.into_iter().flatten().zip(values) {
            rollup.add(value, 1);
        }
    }
    let Some(metrics) = metrics else {
        return;
    };
    let service = (SERVICE, function.name.as_str());
    for (metric, rollup) in metrics.into_iter().zip(of_service) {
        series.insert(SeriesKey::emf(NAMESPACE, metric.name(), [service]), rollup);
    }
    for (route, rollups) in function.routes.iter().zip(of_route) {
        for (metric, rollup) in metrics.into_iter().zip(rollups) {
            if rollup.count() > 0 {
                let dimensions = [(ROUTE, route.name.as_str()), service];
                series.insert(SeriesKey::emf(NAMESPACE, metric.name(), dimensions), rollup);
            }
        }
    }
}

/// One platform record for each invocation.
fn reports(function: &Function, requests: &[Invocation], series: &mut Series) {
    let mut put = |signal, value| {
        let key = SeriesKey::lambda(&function.name, signal);
        let rollup: &mut Rollup = series.entry(key).or_default();
        rollup.add(value, 1);
    };
    for one in requests {
        put(LambdaSignal::DurationMs, one.duration_ms);
        put(LambdaSignal::BilledMs, billed_ms(one));
        put(LambdaSignal::MemoryUsedMb, one.memory_mb);
        put(
            LambdaSignal::MemorySizeMb,
            f64::from(function.memory_size_mb),
        );
        put(LambdaSignal::Invocations, 1.0);
        if let Some(ms) = one.init_ms {
            put(LambdaSignal::InitMs, ms);
            put(LambdaSignal::ColdStarts, 1.0);
        }
        if one.outcome.is_error() {
            put(LambdaSignal::Errors, 1.0);
        }
        if one.outcome == Outcome::Timeout {
            put(LambdaSignal::Timeouts, 1.0);
        }
        if one.outcome == Outcome::OutOfMemory {
            put(LambdaSignal::OutOfMemory, 1.0);
        }
    }
}
