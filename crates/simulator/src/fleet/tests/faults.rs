//! Truth, held against what the series show.

use super::*;

/// Mean of a number over the minutes of a function's fault (its second half, once it has grown) ÷ that of the three
/// hours before it.
fn change(fleet: &Fleet, fault: &Fault, of: impl Fn(&Point) -> Option<f64>) -> f64 {
    let middle = fault.from.plus(fault.to.since(fault.from) / 2);
    let (mut before, mut now) = (Vec::new(), Vec::new());
    for point in fleet.run(fault.function) {
        if point.minute >= fault.to {
            break;
        }
        if point.minute >= middle {
            now.extend(of(&point));
        } else if point.minute < fault.from && point.minute >= fault.from.plus(-180) {
            before.extend(of(&point));
        }
    }
    mean(now.into_iter()) / mean(before.into_iter())
}

fn rate(signal: Signal) -> impl Fn(&Point) -> Option<f64> {
    move |point| {
        let weight = point.weight(signal);
        (weight > 0.0).then(|| point.value(signal).unwrap_or(0.0) / weight)
    }
}

fn level(signal: Signal) -> impl Fn(&Point) -> Option<f64> {
    move |point| point.value(signal)
}

#[test]
fn series_show_what_the_truth_says() {
    for (name, signal, expected) in [
        ("errors-x3-at-100", Signal::Errors, 2.4..3.6),
        ("errors-x3-at-1000", Signal::Errors, 2.6..3.4),
        ("p99-x1.5", Signal::P99, 1.3..1.7),
        ("p99-x1.5", Signal::P50, 0.98..1.1),
        ("latency-x1.5", Signal::P50, 1.4..1.6),
        ("latency-x1.5", Signal::P99, 1.35..1.65),
        ("timeout-wall", Signal::P50, 0.98..1.12),
        ("deploy-slower", Signal::P50, 1.5..1.7),
        ("deploy-erring", Signal::Errors, 6.5..10.0),
        ("traffic-x10", Signal::Invocations, 8.5..11.5),
        ("traffic-to-0", Signal::Invocations, 0.0..1e-9),
        ("low-traffic", Signal::Errors, 20.0..400.0),
        ("retry-storm", Signal::Invocations, 2.0..3.1),
        ("retry-storm", Signal::Errors, 60.0..150.0),
        ("memory-pressure", Signal::Memory, 1.8..2.3),
        ("slow-dependency", Signal::P90, 2.2..4.2),
        ("bad-route", Signal::Errors, 4.0..7.0),
        ("bad-version", Signal::Errors, 3.6..6.2),
        ("creep", Signal::P50, 1.65..1.9),
        ("late-data", Signal::Invocations, 0.85..1.15),
    ] {
        let fleet = fleet(name, 21, 2);
        let changes = fleet.faults.iter().map(|fault| {
            assert_eq!(fault.kind.is_told(), name != "late-data", "{name}");
            match signal {
                Signal::Errors => change(&fleet, fault, rate(signal)),
                _ => change(&fleet, fault, level(signal)),
            }
        });
        let mut changes: Vec<f64> = changes.filter(|one| one.is_finite()).collect();
        changes.sort_by(f64::total_cmp);
        let middle = changes[changes.len() / 2];
        assert!(
            expected.contains(&middle),
            "{name}, {}: × {middle}",
            signal.as_str()
        );
    }
}

#[test]
fn what_never_happens_happens_while_a_fault_acts() {
    for (name, signal, share) in [
        ("timeout-wall", Signal::Timeouts, 0.08..0.12),
        ("throttle-reserved", Signal::Throttles, 0.15..0.6),
        ("throttle-account", Signal::Throttles, 0.2..0.7),
        ("cold-storm", Signal::ColdStarts, 0.27..0.34),
        ("memory-pressure", Signal::OutOfMemory, 0.06..0.1),
    ] {
        let fleet = fleet(name, 22, 3);
        for fault in &fleet.faults {
            let (mut hit, mut all, mut before) = (0.0, 0.0, 0.0);
            for point in fleet
                .run(fault.function)
                .take_while(|point| point.minute < fault.to)
            {
                let value = point.value(signal).unwrap();
                if point.minute >= fault.shown_from() {
                    hit += value;
                    all += point.weight(signal);
                } else if !fleet.faults.iter().any(|other| other.covers(point.minute)) {
                    before += value / fault.from.since(fleet.from) as f64;
                }
            }
            assert!(share.contains(&(hit / all)), "{name}: {}", hit / all);
            assert!(before < 2.0, "{name}: {before} a minute before");
        }
    }
}

#[test]
fn faults_lie_in_the_scored_days_at_the_rate_of_their_scenario_and_never_overlap() {
    for scenario in Scenario::all() {
        for days in [1, 2, 21] {
            let fleet = scenario.fleet(9, start(), Some(days));
            assert!(
                scenario.name == "quiet" || !fleet.faults.is_empty(),
                "{}",
                scenario.name
            );
            for (at, fault) in fleet.faults.iter().enumerate() {
                assert!(fault.from >= fleet.scored_from && fault.to <= fleet.to());
                let apart = fleet.faults[at + 1..]
                    .iter()
                    .all(|other| other.function != fault.function || other.from >= fault.to);
                assert!(apart, "{} {days}: {fault:?}", scenario.name);
            }
        }
    }
    let fleet = fleet("errors-x3-at-100", 9, 21);
    assert_eq!(fleet.faults.len(), 56);
    let expected = fleet.faults.iter().take(8).map(|fault| {
        let mut run = fleet.run(fault.function);
        run.find(|point| point.minute == fault.from)
            .unwrap()
            .expected
    });
    assert!(
        expected
            .into_iter()
            .all(|rate| (60.0..170.0).contains(&rate))
    );
    let mixed = Scenario::by_name("fleet").unwrap().fleet(9, start(), None);
    let kinds: BTreeSet<Kind> = mixed.faults.iter().map(|fault| fault.kind).collect();
    // The account's limit has a scenario of its own.
    assert_eq!(kinds.len(), Kind::ALL.len() - 1, "{kinds:?}");
}

fn by_version_of(requests: &[Invocation]) -> Vec<Split> {
    by_version(requests).into_values().collect()
}

#[test]
fn a_bad_route_and_a_bad_version_fail_alone() {
    let fleet_of = |name| fleet(name, 23, 2);
    for (name, by_version) in [("bad-route", false), ("bad-version", true)] {
        let fleet = fleet_of(name);
        let fault = &fleet.faults[0];
        let (mut bad, mut others) = ((0.0, 0.0), (0.0, 0.0));
        for point in fleet
            .run(fault.function)
            .filter(|point| fault.covers(point.minute))
        {
            for one in fleet.requests(&point) {
                let is_bad = if by_version {
                    Some(one.version) == fault.version
                } else {
                    Some(one.route) == fault.route
                };
                let side = if is_bad { &mut bad } else { &mut others };
                side.0 += f64::from(u8::from(one.outcome.is_error()));
                side.1 += 1.0;
            }
        }
        let point = fleet
            .run(fault.function)
            .find(|point| point.minute == fault.from.plus(5));
        let point = point.unwrap();
        let requests = fleet.requests(&point);
        let splits: Vec<Split> = if by_version {
            by_version_of(&requests)
        } else {
            by_route(&requests).into_values().collect()
        };
        let sum = |of: fn(&Split) -> u32| splits.iter().map(of).sum::<u32>();
        assert_eq!(sum(|one| one.invocations), point.signals.invocations);
        assert_eq!(sum(|one| one.errors), point.signals.errors);
        assert!(splits.iter().all(|one| one.p50 > 0.0 && one.p50 <= one.p99));
        let share = bad.1 / (bad.1 + others.1);
        let expected: f64 = if by_version { 0.2 } else { 0.15 };
        assert!((share - expected).abs() < 0.03, "{name}: {share}");
        assert!(
            bad.0 / bad.1 > 8.0 * others.0 / others.1,
            "{name}: {bad:?} {others:?}"
        );
    }
}

#[test]
fn versions_rise_and_a_bad_one_is_no_other_s() {
    let fleet = fleet("deploy-slower", 24, 21);
    for (place, function) in fleet.functions.iter().enumerate() {
        let deploys = function
            .deploys
            .iter()
            .map(|deploy| (deploy.at, deploy.version));
        let bad = fleet.faults.iter().filter(|fault| fault.function == place);
        let mut all: Vec<_> = deploys
            .chain(bad.map(|one| (one.from, one.version.unwrap())))
            .collect();
        all.sort_unstable();
        let versions: Vec<u32> = all.iter().map(|(_, version)| *version).collect();
        assert_eq!(
            versions,
            (2..2 + u32::try_from(all.len()).unwrap()).collect::<Vec<_>>()
        );
    }
}

#[test]
fn an_account_without_room_refuses_everybody_without_a_reservation() {
    let fleet = fleet("throttle-account", 25, 2);
    let fault = &fleet.faults[0];
    for place in 0..fleet.functions.len() {
        let refused: u32 = fleet
            .run(place)
            .filter(|point| fault.covers(point.minute))
            .map(|point| point.signals.throttles)
            .sum();
        assert_eq!(refused > 0, fleet.shows(fault, place), "{place}: {refused}");
    }
    assert!(!fleet.shows(fault, 6) && fleet.fault_at(5, fault.from).is_some());
    let bound = fleet.bound(fault, 0.1);
    assert!((1.0..1.05).contains(&bound), "{bound}");
}

#[test]
fn a_retry_storm_has_more_requests_of_as_many_clients() {
    let fleet = fleet("retry-storm", 26, 2);
    let fault = &fleet.faults[0];
    let clients = change(&fleet, fault, |point| {
        Some(f64::from(point.signals.correlations))
    });
    let requests = change(&fleet, fault, level(Signal::Invocations));
    assert!(
        (0.8..1.2).contains(&clients) && requests > 2.0,
        "{clients} {requests}"
    );
    let point = fleet
        .run(fault.function)
        .find(|point| point.minute == fault.from.plus(4))
        .unwrap();
    let refused = fleet.requests(&point);
    let refused = refused
        .iter()
        .filter(|one| one.outcome.status() == 429)
        .count();
    assert!(refused > 20, "{refused} answers 429");
}
