//! The proof that simulator and models belong together: over many seeds every fault of a demo breaches two of
//! three minutes within three minutes of its start, and nothing else does, in two weeks of history and the demo.
//!
//! `SEEDS=200 cargo test -p simulator --test behaviour proof -- --nocapture` for the long run.

use std::collections::BTreeMap;

use anomaly::{Input, Kind, Model, Settings};
use signals::{AwsSignal, LambdaSignal, Metric, Minute, Rollup, SeriesKey};
use simulator::{FaultKind, Operation, Scenario};

const SEEDS: u64 = 20;

type Series = BTreeMap<SeriesKey, Rollup>;

/// A watched series: where its value and its weight come from.
struct Watched {
    name: String,
    kind: Kind,
    value: SeriesKey,
    weight: SeriesKey,
    model: Model,
    recent: [bool; 3],
    breaches: u32,
}

impl Watched {
    fn new(kind: Kind, value: SeriesKey, weight: SeriesKey, min_weight: f64) -> Self {
        let settings = Settings::for_kind(kind)
            .with_min_weight(min_weight)
            .unwrap();
        let model = Model::new(kind, settings);
        Self {
            name: value.to_string(),
            kind,
            value,
            weight,
            model,
            recent: [false; 3],
            breaches: 0,
        }
    }

    fn input(&self, minute: Minute, series: &Series) -> Input {
        let rollup = series.get(&self.value);
        let sum = |key| series.get(key).map_or(0.0, Rollup::sum);
        let (value, weight) = match self.kind {
            Kind::Latency => (
                rollup.and_then(|r| r.quantile(0.9)),
                rollup.map_or(0.0, |r| r.count() as f64),
            ),
            Kind::Errors => (rollup.map(Rollup::sum), sum(&self.weight)),
            Kind::Throttles => (
                rollup.map(Rollup::sum),
                sum(&self.weight) + sum(&self.value),
            ),
            Kind::Traffic | Kind::Gauge => (Some(sum(&self.value)), 1.0),
        };
        Input {
            minute: minute.index(),
            value,
            weight,
        }
    }

    /// Steps; true when two of the last three minutes breach.
    fn step(&mut self, minute: Minute, series: &Series) -> bool {
        let verdict = self.model.step(&self.input(minute, series));
        self.recent = [self.recent[1], self.recent[2], verdict.breaching];
        self.breaches += u32::from(verdict.breaching);
        self.recent.iter().filter(|breaching| **breaching).count() >= 2
    }

    /// May this series show this fault?
    fn shows(&self, fault: FaultKind) -> bool {
        match fault {
            FaultKind::Latency => self.kind == Kind::Latency,
            FaultKind::Error => self.kind == Kind::Errors,
            // What is throttled does not arrive.
            FaultKind::Throttle => self.kind == Kind::Throttles || self.kind == Kind::Traffic,
        }
    }
}

fn watched(scenario: &Scenario) -> Vec<Watched> {
    let service = &scenario.service;
    let aws = |signal| SeriesKey::aws(Some(&service.function), signal);
    let emf = |metric: Metric, route: Option<Operation>| {
        let dimensions = route.map(|route| ("route", service.route(route)));
        SeriesKey::emf(
            &service.namespace,
            metric.name(),
            dimensions
                .into_iter()
                .chain([("service", service.name.as_str())]),
        )
    };
    let mut all = vec![
        Watched::new(
            Kind::Latency,
            SeriesKey::lambda(&service.function, LambdaSignal::DurationMs),
            aws(AwsSignal::Invocations),
            10.0,
        ),
        Watched::new(
            Kind::Errors,
            aws(AwsSignal::Errors),
            aws(AwsSignal::Invocations),
            10.0,
        ),
        Watched::new(
            Kind::Throttles,
            aws(AwsSignal::Throttles),
            aws(AwsSignal::Invocations),
            10.0,
        ),
        Watched::new(
            Kind::Traffic,
            aws(AwsSignal::Invocations),
            aws(AwsSignal::Invocations),
            5.0,
        ),
        Watched::new(
            Kind::Errors,
            emf(Metric::ClientErrors, None),
            emf(Metric::Requests, None),
            10.0,
        ),
        Watched::new(
            Kind::Throttles,
            emf(Metric::Throttled, None),
            emf(Metric::Requests, None),
            10.0,
        ),
    ];
    for route in [None].into_iter().chain(Operation::ALL.map(Some)) {
        let enough = if route.is_some() { 20.0 } else { 10.0 };
        let requests = emf(Metric::Requests, route);
        all.push(Watched::new(
            Kind::Latency,
            emf(Metric::Latency, route),
            requests.clone(),
            enough,
        ));
        all.push(Watched::new(
            Kind::Errors,
            emf(Metric::Faults, route),
            requests.clone(),
            10.0,
        ));
        all.push(Watched::new(Kind::Traffic, requests.clone(), requests, 5.0));
    }
    all
}

struct Found {
    false_pages: Vec<String>,
    /// Minutes from a fault's start to two of three breaching; `None` when missed.
    detected: Vec<(FaultKind, Option<i64>)>,
    breaches: u32,
    points: u64,
}

fn run(seed: u64) -> Found {
    // Starts spread over the week and the day.
    let base = Minute::parse("2026-11-16T00:00:00Z").unwrap();
    let scenario = Scenario::demo(seed, base.plus((seed as i64 * 997) % 10_080));
    let mut all = watched(&scenario);
    let mut found = Found {
        false_pages: Vec::new(),
        detected: Vec::new(),
        breaches: 0,
        points: 0,
    };
    for step in 0..i64::from(scenario.history_minutes) {
        let minute = scenario.history_from().plus(step);
        let series = scenario.history(minute);
        for one in &mut all {
            if one.step(minute, &series) {
                found
                    .false_pages
                    .push(format!("seed {seed}, history, {minute}: {}", one.name));
            }
        }
    }
    found.breaches = all.iter().map(|one| one.breaches).sum();
    found.points = all.len() as u64 * u64::from(scenario.history_minutes);

    let mut detected: BTreeMap<FaultKind, i64> = BTreeMap::new();
    for step in 0..i64::from(scenario.minutes) {
        let minute = scenario.from.plus(step);
        let series = scenario.rollups(minute);
        for one in &mut all {
            if !one.step(minute, &series) {
                continue;
            }
            // Two of three may still hold for one minute after the fault's last.
            let fault = scenario.faults.iter().find(|fault| {
                one.shows(fault.kind) && fault.from <= minute && minute < fault.to.plus(1)
            });
            match fault {
                Some(fault) => {
                    detected
                        .entry(fault.kind)
                        .or_insert(minute.since(fault.from) + 1);
                }
                None => found
                    .false_pages
                    .push(format!("seed {seed}, {minute}: {}", one.name)),
            }
        }
    }
    found.detected = scenario
        .faults
        .iter()
        .map(|fault| (fault.kind, detected.get(&fault.kind).copied()))
        .collect();
    found
}

#[test]
fn every_fault_is_seen_within_three_minutes_and_nothing_else_is() {
    let seeds: u64 = option_env!("SEEDS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(SEEDS);
    let halves: Vec<Vec<Found>> = std::thread::scope(|scope| {
        let halves =
            [0, 1].map(|half| scope.spawn(move || (half..seeds).step_by(2).map(run).collect()));
        halves
            .into_iter()
            .map(|half| half.join().unwrap())
            .collect()
    });
    let found: Vec<Found> = halves.into_iter().flatten().collect();
    let breaches: u32 = found.iter().map(|one| one.breaches).sum();
    let points: u64 = found.iter().map(|one| one.points).sum();
    println!("{seeds} seeds: {breaches} of {points} normal minutes breach");
    for kind in FaultKind::ALL {
        let mut minutes: Vec<Option<i64>> = found
            .iter()
            .flat_map(|one| &one.detected)
            .filter(|(of, _)| *of == kind)
            .map(|(_, minutes)| *minutes)
            .collect();
        minutes.sort_unstable();
        println!(
            "{}: from {:?} to {:?} minutes",
            kind.as_str(),
            minutes.first(),
            minutes.last()
        );
        assert!(
            minutes.iter().all(|m| m.is_some_and(|m| m <= 3)),
            "{}: {minutes:?}",
            kind.as_str()
        );
    }
    let pages: Vec<&String> = found.iter().flat_map(|one| &one.false_pages).collect();
    assert!(pages.is_empty(), "{} false pages: {pages:#?}", pages.len());
}
