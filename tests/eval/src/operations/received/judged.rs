//! What the detector sees of a service, minute by minute: the condition of each of its groups.
//!
//! The rules are those of `detector/src/track.rs`, `groups.rs`, `levels.rs` and `objectives.rs`, on numbers instead of rollups.

use anomaly::{Gate, Input, Model, State};
use incidents::slo::{Definition, History, Objective, Requests};
use incidents::{Condition, Direction, Policy, Severity, Symptom, m_of_n};
use signals::Minute;
use simulator::fleet::{Arrival, Fleet, Kind, Point, Run, Signal};

use super::super::watched;

/// What can go wrong with a service, causes before the symptoms they mute.
pub(super) const KINDS: [(Symptom, Direction); 11] = [
    (Symptom::Throttles, Direction::High),
    (Symptom::Errors, Direction::High),
    (Symptom::Latency, Direction::High),
    (Symptom::FastBurn, Direction::High),
    (Symptom::SlowBurn, Direction::High),
    (Symptom::Saturation, Direction::High),
    (Symptom::Capacity, Direction::High),
    (Symptom::ColdStarts, Direction::High),
    (Symptom::Headroom, Direction::High),
    (Symptom::Traffic, Direction::Low),
    (Symptom::Traffic, Direction::High),
];

/// Windows without a breach that end a run.
const RUN_ENDS: u32 = 3;
/// Minutes in a row on an older version before that counts as a step back.
const BACK: i64 = 3;
/// Percentage points below a limit from which it counts as clear.
const CLEAR_BELOW: f64 = 5.0;
/// Minutes for which refused calls count as present.
const REFUSING: i64 = 5;
/// An objective allows so many times the usual share of failures: a burn rate of a third is everyday.
const ALLOWED: f64 = 3.0;

/// What judges a track.
enum Judge {
    Model(Box<Model>, Signal),
    /// Percent of a limit from which it breaches.
    Level(f64),
}

/// One series: what judges it and what the last 32 windows said.
struct Track {
    symptom: Symptom,
    judge: Judge,
    /// The baseline of the version before.
    previous: Option<Box<Model>>,
    breaching: u32,
    alarmed: u32,
    clear: u32,
    judged: u32,
    onset: Option<i64>,
    /// Whether the newest breach of the run is above the range.
    above: Option<bool>,
}

impl Track {
    fn new(symptom: Symptom, judge: Judge) -> Self {
        Self {
            symptom,
            judge,
            previous: None,
            breaching: 0,
            alarmed: 0,
            clear: 0,
            judged: 0,
            onset: None,
            above: None,
        }
    }

    fn step(&mut self, minute: Minute, value: Option<f64>, weight: f64) {
        let (breaching, alarm, clear, judged, above) = match &mut self.judge {
            Judge::Model(model, _) => {
                let said = model.step(&Input {
                    minute: minute.index(),
                    value,
                    weight,
                });
                let above = match (said.alarm, said.run) {
                    (Some(anomaly::Alarm::Sustained), Some(run)) => run.high,
                    _ => said.direction != anomaly::Direction::Low,
                };
                let ready = said.state == State::Ready;
                let began = said.since.unwrap_or(said.minute);
                (
                    said.breaching,
                    said.alarm.map(|_| began),
                    said.clear,
                    ready && !said.gates.contains(Gate::MinimumTraffic),
                    said.value.map(|_| above),
                )
            }
            Judge::Level(at) => (
                value.is_some_and(|value| value >= *at),
                None,
                value.is_some_and(|value| value < *at - CLEAR_BELOW),
                value.is_some(),
                value.map(|_| true),
            ),
        };
        let push = |bits: &mut u32, bit: bool| *bits = *bits << 1 | u32::from(bit);
        push(&mut self.breaching, breaching);
        push(&mut self.alarmed, alarm.is_some());
        push(&mut self.clear, clear);
        push(&mut self.judged, judged);
        if breaching || alarm.is_some() {
            let began = alarm.unwrap_or(minute.index());
            self.onset = Some(self.onset.map_or(began, |onset| onset.min(began)));
            self.above = above;
        } else if (self.breaching | self.alarmed).trailing_zeros() >= RUN_ENDS {
            (self.onset, self.above) = (None, None);
        }
    }

    /// A newer version serves: what was normal for the one before is kept.
    fn keep(&mut self, minute: Minute) {
        if let Judge::Model(model, _) = &mut self.judge {
            self.previous = Some(model.clone());
            model.deployed(minute.index());
        }
    }

    /// The version before serves again.
    fn go_back(&mut self, minute: Minute) {
        if let (Judge::Model(model, _), Some(previous)) = (&mut self.judge, &mut self.previous) {
            std::mem::swap(model, previous);
            model.deployed(minute.index());
        }
    }

    fn is_level(&self) -> bool {
        matches!(self.judge, Judge::Level(_))
    }

    fn is_alarming(&self, severity: Severity, policy: &Policy) -> bool {
        let rule = policy.m_of_n(severity);
        if self.is_level() {
            m_of_n(self.breaching, rule.m, rule.n)
        } else {
            self.alarmed & 1 == 1
        }
    }

    fn satisfies(&self, symptom: Symptom, direction: Direction, policy: &Policy) -> bool {
        const TEN: u32 = 0x3ff;
        let stale = (self.judged | self.breaching) & TEN == 0 && self.alarmed.count_ones() >= 10;
        let drop = (symptom, direction) == (Symptom::Traffic, Direction::Low);
        let first_sight = (self.alarmed | self.breaching) & 0b10 == 0;
        self.is_alarming(symptom.severity(direction), policy)
            && !stale
            && !(drop && first_sight)
            && self.above == Some(direction == Direction::High)
    }

    fn is_over(&self) -> bool {
        if self.onset.is_some() || self.alarmed != 0 || self.is_level() {
            self.clear & 1 == 1
        } else {
            (self.breaching | self.alarmed) & 1 == 0
        }
    }
}

/// One service.
pub(super) struct Service<'a> {
    run: Run<'a>,
    fleet: &'a Fleet,
    place: usize,
    tracks: Vec<Track>,
    objective: Objective,
    history: History,
    /// Minutes in which another version serves, and whether it is an older one.
    versions: Vec<(Minute, bool)>,
    changes: Vec<Minute>,
    /// The reservation as it was last read, and whether there ever was one.
    reserved: Option<f64>,
    had_reserved: bool,
    refused: Option<Minute>,
}

/// The levels, in the order in which [`Service::limits`] gives their values.
const LEVELS: [(Symptom, f64); 4] = [
    (Symptom::Saturation, 95.0),
    (Symptom::Capacity, 80.0),
    (Symptom::Headroom, 80.0),
    (Symptom::Headroom, 90.0),
];

impl<'a> Service<'a> {
    pub(super) fn new(fleet: &'a Fleet, place: usize) -> anyhow::Result<Self> {
        let models = watched::all().into_iter().map(|one| {
            let symptom = match one.symptom {
                watched::Symptom::Errors => Symptom::Errors,
                watched::Symptom::Throttles => Symptom::Throttles,
                watched::Symptom::Latency => Symptom::Latency,
                watched::Symptom::TrafficLow | watched::Symptom::TrafficHigh => Symptom::Traffic,
                watched::Symptom::ColdStarts => Symptom::ColdStarts,
            };
            Track::new(symptom, Judge::Model(Box::new(one.model), one.signal))
        });
        let levels = LEVELS.map(|(symptom, at)| Track::new(symptom, Judge::Level(at)));
        let objective = Objective::try_from(Definition {
            name: "requests are answered".to_owned(),
            route: None,
            latency_ms: None,
            target: 1.0 - ALLOWED * fleet.functions[place].error_rate,
            days: 30,
            requests_per_minute: None,
        })?;
        let deploys = fleet.functions[place].deploys.iter();
        let bad = fleet.faults.iter();
        let bad = bad.filter(|fault| fault.function == place && fault.version.is_some());
        let back = bad.flat_map(|fault| [(fault.from, false), (fault.to.plus(BACK - 1), true)]);
        Ok(Self {
            run: fleet.run(place),
            fleet,
            place,
            tracks: models.chain(levels).collect(),
            objective,
            history: History::default(),
            versions: deploys
                .map(|deploy| (deploy.at, false))
                .chain(back)
                .collect(),
            changes: watched::changes(fleet, place),
            reserved: None,
            had_reserved: false,
            refused: None,
        })
    }

    /// Takes the next minute in; `None` after the last.
    pub(super) fn step(&mut self, policy: &Policy) -> Option<(Minute, [Condition; KINDS.len()])> {
        let point = self.run.next()?;
        let minute = point.minute;
        for (_, older) in self.versions.iter().filter(|(at, _)| *at == minute) {
            for track in &mut self.tracks {
                if *older {
                    track.go_back(minute);
                } else {
                    track.keep(minute);
                }
            }
        }
        let limits = self.limits(&point);
        let is_new = watched::is_new(&self.changes, minute);
        let mut level = limits.into_iter();
        for track in &mut self.tracks {
            let (value, weight) = match &track.judge {
                Judge::Level(_) => (level.next().flatten(), 1.0),
                Judge::Model(..) if track.symptom == Symptom::ColdStarts && is_new => (None, 0.0),
                Judge::Model(_, signal) => watched::heard(&point, *signal),
            };
            track.step(minute, value, weight);
        }
        self.count(&point);
        Some((
            minute,
            KINDS.map(|(symptom, direction)| self.observe(symptom, direction, minute, policy)),
        ))
    }

    /// Percent used of what has a limit; the reservation is read every hour, as `detector/src/limits.rs` does.
    fn limits(&mut self, point: &Point) -> [Option<f64>; LEVELS.len()] {
        let (now, minute) = (&point.signals, point.minute);
        if minute.index().rem_euclid(60) == 0 {
            let faults = self.fleet.faults.iter();
            let lowered = faults
                .filter(|fault| fault.function == self.place)
                .find(|fault| fault.kind == Kind::ReservedThrottle && fault.covers(minute));
            self.reserved = lowered.map(|fault| fault.size);
            self.had_reserved |= lowered.is_some();
        }
        if now.throttles > 0 && !point.silent {
            self.refused = Some(minute);
        }
        let refusing = self.refused.is_some_and(|at| minute.since(at) < REFUSING);
        let limit = self.reserved.unwrap_or(f64::from(self.fleet.account_limit));
        let busy = (!point.silent && now.invocations > 0)
            .then(|| 100.0 * f64::from(now.concurrency_max) / limit);
        let saturation = match self.reserved {
            Some(_) if refusing => busy,
            Some(_) => busy.map(|_| 0.0),
            None => self.had_reserved.then_some(0.0),
        };
        let meant = self.reserved.is_some_and(|it| it < 10.0) && !refusing;
        let capacity = busy.map(|share| if meant { 0.0 } else { share });
        let logged = point.arrival == Arrival::OnTime && now.invocations > 0;
        let function = &self.fleet.functions[self.place];
        let slow = now.p99.filter(|_| logged && now.invocations >= 20);
        [
            saturation,
            capacity,
            slow.map(|slow| 100.0 * slow / function.timeout_ms),
            logged.then(|| 100.0 * now.memory_max / f64::from(function.memory_size_mb)),
        ]
    }

    /// Counts a minute for the objective.
    fn count(&mut self, point: &Point) {
        if point.silent {
            return;
        }
        let now = &point.signals;
        let (bad, all) = (now.errors + now.throttles, now.invocations + now.throttles);
        if let Ok(requests) = Requests::new(u64::from(bad), u64::from(all))
            && all > 0
        {
            let due = point.minute.plus(1).start();
            self.history.push(point.minute, requests, due);
        }
    }

    fn observe(
        &self,
        symptom: Symptom,
        direction: Direction,
        window: Minute,
        policy: &Policy,
    ) -> Condition {
        if symptom.is_burn() {
            return self.burn(symptom.severity(direction), window);
        }
        let tracks = || self.tracks.iter().filter(|track| track.symptom == symptom);
        let breaching = tracks().filter(|track| track.satisfies(symptom, direction, policy));
        if let Some(onset) = breaching.filter_map(|track| track.onset).min() {
            return Condition::Breaching {
                onset: Minute::from_index(onset),
            };
        }
        let mut judged = tracks().filter(|track| track.judged & 1 == 1).peekable();
        if judged.peek().is_none() {
            Condition::Missing
        } else if judged.all(Track::is_over) {
            Condition::Clear
        } else {
            Condition::Between
        }
    }

    fn burn(&self, severity: Severity, window: Minute) -> Condition {
        let (objective, history) = (&self.objective, &self.history);
        let burning = objective.evaluate(history, window);
        if let Some(fastest) = burning.iter().find(|it| it.window.severity == severity) {
            let long = fastest.window.long_minutes;
            let onset = history.onset(window, long, 1.0 - objective.definition().target);
            return Condition::Breaching {
                onset: onset.unwrap_or(window),
            };
        }
        let mut windows = objective.windows().filter(|it| it.severity == severity);
        if windows.any(|it| objective.burn(history, window, it.short_minutes).is_some()) {
            Condition::Clear
        } else {
            Condition::Missing
        }
    }
}
