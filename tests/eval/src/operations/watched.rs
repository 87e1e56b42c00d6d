//! The series that the detector scores of any function, whatever it emits: those of `detector/src/watchlist.rs`, with
//! its guards. Here they come from numbers instead of rollups, because weeks of a fleet are to take seconds.

use anomaly::{Budget, Input, Kind, Model, Settings};
use signals::Minute;
use simulator::fleet::{Arrival, Fleet, Point, Signal};

/// What people would notice. What wakes nobody is a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symptom {
    Errors,
    Throttles,
    Latency,
    /// Less of it, or more: a rise is a ticket.
    TrafficLow,
    TrafficHigh,
    /// A ticket.
    ColdStarts,
}

impl Symptom {
    pub(super) fn pages(self) -> bool {
        !matches!(self, Self::TrafficHigh | Self::ColdStarts)
    }
}

/// One series and its model.
pub(super) struct Series {
    pub(super) symptom: Symptom,
    pub(super) signal: Signal,
    pub(super) model: Model,
}

/// False pages a service-week: the default.
pub(super) fn budget() -> f64 {
    Budget::default().pages()
}
/// The bar, false pages a function-week: the information bound is that of a rule with as many false alarms.
pub(super) const BAR: f64 = 0.1;

/// Every series of a function, with models that have seen nothing.
pub(super) fn all() -> Vec<Series> {
    let of = |kind| Settings::for_kind(kind);
    let weight = |settings: Settings, least: f64| settings.with_min_weight(least);
    let cold = of(Kind::Errors)
        .with_min_weight(30.0)
        .and_then(|it| it.with_absolute_floor(5.0))
        .and_then(|it| it.with_relative_floor(0.05))
        .and_then(|it| it.with_warm_up(24 * 60));
    let rows = [
        (
            Symptom::Errors,
            Signal::Errors,
            Kind::Errors,
            Ok(of(Kind::Errors)),
        ),
        (
            Symptom::Throttles,
            Signal::Throttles,
            Kind::Throttles,
            Ok(of(Kind::Throttles)),
        ),
        (
            Symptom::TrafficHigh,
            Signal::Invocations,
            Kind::Traffic,
            Ok(of(Kind::Traffic)),
        ),
        (
            Symptom::Latency,
            Signal::P50,
            Kind::Latency,
            weight(of(Kind::Latency), 100.0),
        ),
        (
            Symptom::Latency,
            Signal::P90,
            Kind::Latency,
            Ok(of(Kind::Latency)),
        ),
        (
            Symptom::Latency,
            Signal::P99,
            Kind::Latency,
            weight(of(Kind::Latency), 300.0),
        ),
        (Symptom::ColdStarts, Signal::ColdStarts, Kind::Errors, cold),
        (
            Symptom::ColdStarts,
            Signal::InitP95,
            Kind::Latency,
            of(Kind::Latency).with_absolute_floor(100.0),
        ),
    ];
    // Cold starts page nobody: they get the share of one, and are not among those who share.
    let sharing = rows
        .iter()
        .filter(|row| row.0 != Symptom::ColdStarts)
        .count();
    let budget = Budget::new(budget(), sharing as u32);
    rows.into_iter()
        .map(
            |(symptom, signal, kind, settings)| match (settings, &budget) {
                (Ok(settings), Ok(budget)) => Series {
                    symptom,
                    signal,
                    model: Model::new(kind, settings.with_budget(*budget)),
                },
                (Err(error), _) => panic!("a constant outside its range: {error}"),
                (_, Err(error)) => panic!("a constant outside its range: {error}"),
            },
        )
        .collect()
}

/// How many series share the budget.
pub(super) fn sharing() -> usize {
    let all = all();
    all.iter()
        .filter(|one| one.symptom != Symptom::ColdStarts)
        .count()
}

impl Series {
    /// Takes a minute; whether the model alarms. In the minutes after a change of version new environments are no
    /// news: cold starts are unknown then.
    pub(super) fn step(&mut self, point: &Point, new_version: bool) -> bool {
        let (value, weight) = match self.symptom {
            Symptom::ColdStarts if new_version => (None, 0.0),
            _ => heard(point, self.signal),
        };
        let verdict = self.model.step(&Input {
            minute: point.minute.index(),
            value,
            weight,
        });
        if self.signal == Signal::Invocations {
            let high = match (verdict.alarm, verdict.run) {
                (Some(anomaly::Alarm::Sustained), Some(run)) => run.high,
                _ => verdict.direction != anomaly::Direction::Low,
            };
            self.symptom = if high {
                Symptom::TrafficHigh
            } else {
                Symptom::TrafficLow
            };
        }
        verdict.alarm.is_some()
    }
}

/// What the detector knows of a signal once the minute has settled.
///
/// Errors, throttles and the number of invocations come from AWS/Lambda, which speaks on time unless it is silent too;
/// the rest comes from the function's own log. A minute in which AWS counts nothing and the log says nothing is one
/// without traffic; a minute in which only the log is missing is unknown.
pub(super) fn heard(point: &Point, signal: Signal) -> (Option<f64>, f64) {
    let now = &point.signals;
    let ran = f64::from(now.invocations);
    let logged = point.arrival == Arrival::OnTime && now.invocations > 0;
    match signal {
        Signal::Invocations if logged => (Some(ran), 1.0),
        Signal::Invocations if point.silent || now.invocations == 0 => (Some(0.0), 1.0),
        Signal::Errors | Signal::Throttles => {
            let weight = point.weight(signal);
            (
                point
                    .value(signal)
                    .filter(|_| !point.silent && weight > 0.0),
                weight,
            )
        }
        _ if !logged => (None, 0.0),
        // Cold ones are taken for the slowest, and left out.
        Signal::P50 | Signal::P90 | Signal::P99 => {
            let warm = ran - f64::from(now.cold_starts);
            (point.value(signal).filter(|_| warm > 0.0), warm)
        }
        _ => (point.value(signal), point.weight(signal)),
    }
}

/// Minutes in which cold starts are unknown after a change of version (`detector/src/watchlist.rs`).
const NEW_VERSION: i64 = 15;

/// When the versions of a function change: its deployments, and faults that are one, from their roll-out to their
/// roll-back.
pub(super) fn changes(fleet: &Fleet, place: usize) -> Vec<Minute> {
    let deploys = fleet.functions[place]
        .deploys
        .iter()
        .map(|deploy| deploy.at);
    let faults = fleet.faults.iter();
    let bad = faults.filter(|fault| fault.function == place && fault.version.is_some());
    deploys
        .chain(bad.flat_map(|fault| [fault.from, fault.to]))
        .collect()
}

/// Whether a version is new in a minute.
pub(super) fn is_new(changes: &[Minute], minute: Minute) -> bool {
    changes
        .iter()
        .any(|change| (0..NEW_VERSION).contains(&minute.since(*change)))
}
