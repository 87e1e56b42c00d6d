//! What would be stored of a minute's requests: EMF, platform records and AWS/Lambda.

use std::collections::BTreeMap;

use signals::{AwsSignal, LambdaSignal, Metric, Minute, Rollup, SeriesKey};

use crate::request::memory_used_mb;
use crate::seed::{Purpose, stream};
use crate::{Operation, Request, Service};

type Series = BTreeMap<SeriesKey, Rollup>;

/// The dimensions that EMF documents carry.
const SERVICE: &str = "service";
const ROUTE: &str = "route";
/// What the platform adds to the service's own time, milliseconds: the runtime's loop and the response.
const OVERHEAD_MS: f64 = 1.5;

/// Every series of a minute.
pub(crate) fn of_requests(
    seed: u64,
    service: &Service,
    minute: Minute,
    requests: &[Request],
) -> Series {
    let mut series = of_platform(service, requests);
    let reached: Vec<&Request> = requests
        .iter()
        .filter(|request| !request.throttled)
        .collect();
    emf(service, &reached, &mut series);
    reports(seed, service, minute, &reached, &mut series);
    series
}

/// Each request is a document with every metric, in two dimension sets.
fn emf(service: &Service, requests: &[&Request], series: &mut Series) {
    let mut of_operation: [Vec<&Request>; Operation::ALL.len()] = Default::default();
    for request in requests {
        of_operation[request.operation as usize].push(*request);
    }
    let routes = Operation::ALL
        .into_iter()
        .zip(&of_operation)
        .map(|(operation, some)| {
            (
                vec![
                    (ROUTE, service.route(operation)),
                    (SERVICE, service.name.as_str()),
                ],
                some.as_slice(),
            )
        });
    for (dimensions, requests) in
        std::iter::once((vec![(SERVICE, service.name.as_str())], requests)).chain(routes)
    {
        if requests.is_empty() {
            continue;
        }
        let total = requests.len() as u64;
        let mut put = |metric: Metric, rollup: Rollup| {
            let key = SeriesKey::emf(
                &service.namespace,
                metric.name(),
                dimensions.iter().copied(),
            );
            series.insert(key, rollup);
        };
        let mut latency = Rollup::default();
        for request in requests {
            latency.add(request.latency_ms(), 1);
        }
        put(Metric::Latency, latency);
        put(Metric::Requests, flags(total, total));
        put(
            Metric::ClientErrors,
            flags(
                total,
                requests.iter().filter(|request| misses(request)).count() as u64,
            ),
        );
        put(
            Metric::Faults,
            flags(
                total,
                requests.iter().filter(|request| request.fails()).count() as u64,
            ),
        );
        put(Metric::Throttled, flags(total, 0));
    }
}

/// A counter that every request writes with 0 or 1.
fn flags(total: u64, set: u64) -> Rollup {
    let mut rollup = Rollup::default();
    rollup.add(0.0, total - set);
    rollup.add(1.0, set);
    rollup
}

/// A deletion of a car that is not there: there are 2.5 creations for each deletion, so most are; the car's
/// number and the millisecond decide, as a stand-in for a store.
fn misses(request: &Request) -> bool {
    request.operation == Operation::Delete
        && !request.fails()
        && (i64::from(request.car) + request.at_millis) % 4 == 0
}

/// One platform report for each invocation.
fn reports(
    seed: u64,
    service: &Service,
    minute: Minute,
    requests: &[&Request],
    series: &mut Series,
) {
    if requests.is_empty() {
        return;
    }
    let mut random = stream(seed, Purpose::Memory, minute.index());
    let mut duration = Rollup::default();
    let mut billed = Rollup::default();
    let mut init = Rollup::default();
    let mut used = Rollup::default();
    for request in requests {
        let ms = request.latency_ms() + OVERHEAD_MS;
        duration.add(ms, 1);
        // Init is billed too since August 2025, and time is billed by the millisecond.
        billed.add((ms + request.cold_start.unwrap_or(0.0)).ceil(), 1);
        if let Some(ms) = request.cold_start {
            init.add(ms, 1);
        }
        used.add(memory_used_mb(&mut random), 1);
    }
    let total = requests.len() as u64;
    let ones = |count| flags(count, count);
    let mut size = Rollup::default();
    size.add(f64::from(service.memory_size_mb), total);
    for (signal, rollup) in [
        (LambdaSignal::DurationMs, duration),
        (LambdaSignal::BilledMs, billed),
        (LambdaSignal::ColdStarts, ones(init.count())),
        (LambdaSignal::InitMs, init),
        (LambdaSignal::MemoryUsedMb, used),
        (LambdaSignal::MemorySizeMb, size),
        (LambdaSignal::Invocations, ones(total)),
    ] {
        // A counter of occurrences has no sample where nothing occurred.
        if rollup.count() > 0 {
            series.insert(SeriesKey::lambda(&service.function, signal), rollup);
        }
    }
}

/// AWS/Lambda, one sample for each statistic of the minute. A failed request is an answer 500 and not a function
/// error, so errors stay 0; the account has no other function.
pub(crate) fn of_platform(service: &Service, requests: &[Request]) -> Series {
    let mut series = Series::new();
    if requests.is_empty() {
        return series;
    }
    let throttles = requests.iter().filter(|request| request.throttled).count();
    let invocations = requests.len() - throttles;
    for function in [Some(service.function.as_str()), None] {
        let mut put =
            |signal, value: f64| series.insert(SeriesKey::aws(function, signal), Rollup::of(value));
        put(AwsSignal::Throttles, throttles as f64);
        // Nothing that did not run has invocations or errors, not even zero of them.
        if invocations > 0 {
            put(AwsSignal::Invocations, invocations as f64);
            put(AwsSignal::Errors, 0.0);
            put(AwsSignal::ConcurrentExecutions, busiest(requests));
        }
    }
    series
}

/// The most requests in the function at the same time.
fn busiest(requests: &[Request]) -> f64 {
    let mut edges: Vec<(f64, i32)> = Vec::with_capacity(requests.len() * 2);
    for request in requests.iter().filter(|request| !request.throttled) {
        let from = request.at_millis as f64;
        edges.push((from, 1));
        edges.push((
            from + request.latency_ms() + request.cold_start.unwrap_or(0.0),
            -1,
        ));
    }
    edges.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (mut now, mut most) = (0, 0);
    for (_, step) in edges {
        now += step;
        most = most.max(now);
    }
    f64::from(most)
}
