//! From tracks to what an incident is about: one symptom of one service, with the series that show it. Pure.

use std::collections::BTreeMap;

use incidents::{
    Condition, Direction, Group, Member, Observation, Policy, Reading, Stretch, Symptom,
};
use signals::{AwsSignal, LambdaSignal, Minute, Rollup, SeriesKey, SeriesName};

use crate::measure::Measure;
use crate::objectives;
use crate::state::{Evidence, State, Test, Track};
use crate::watch::{Scope, Service, Watch};
use crate::watchlist::{Series, Subject};

/// What can go wrong with a service, causes before the symptoms they mute. Fewer errors, or faster answers than
/// normal, are no incident.
pub const KINDS: [(Symptom, Direction); 11] = [
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

/// What can go wrong with an account, of which nothing is known but how much of it is in use.
pub const ACCOUNT_KINDS: [(Symptom, Direction); 3] = [
    (Symptom::Saturation, Direction::High),
    (Symptom::Capacity, Direction::High),
    (Symptom::Headroom, Direction::High),
];

/// What a drill makes go wrong.
pub const DRILL_KINDS: [(Symptom, Direction); 1] = [(Symptom::FastBurn, Direction::High)];

/// What can go wrong with `service`.
#[must_use]
pub fn kinds(service: &Service) -> &'static [(Symptom, Direction)] {
    match service.scope() {
        Scope::Function => &KINDS,
        Scope::Account => &ACCOUNT_KINDS,
        Scope::Drill => &DRILL_KINDS,
    }
}

/// Minutes that a message counts requests over.
pub const IMPACT_MINUTES: u32 = 5;

/// The newest minutes of one service, for counting.
pub type Recent = BTreeMap<Minute, Series>;

fn is_on(direction: Direction, evidence: &Evidence) -> bool {
    evidence.above == (direction == Direction::High)
}

/// The newest minute may be half delivered, and half of the requests look like a drop. It is judged again in the next
/// run; the minute before it has been.
fn is_drop(group: &Group) -> bool {
    (group.symptom, group.direction) == (Symptom::Traffic, Direction::Low)
}

impl Track {
    /// Whether nothing was remarkable in the minute before the newest one.
    fn is_first_sight(&self) -> bool {
        (self.alarmed | self.breaching) & 0b10 == 0
    }

    /// Whether its evidence is old: ten minutes of alarm, and in none of the last ten minutes enough requests to judge
    /// one. Where one request comes a minute normal ones prove little, and an incident would outlive its fault by hours.
    fn is_stale(&self) -> bool {
        const TEN: u32 = 0x3ff;
        (self.judged | self.breaching) & TEN == 0 && self.alarmed.count_ones() >= 10
    }

    /// Whether it is far enough from an incident for that incident to be over. What took part within the windows that
    /// are remembered must be clearly normal. Of the others it is enough that they say nothing: among a hundred
    /// series one is always a little off, and an incident would never end.
    fn is_over(&self) -> bool {
        let took_part = self.onset.is_some() || self.alarmed != 0 || self.model().is_none();
        if took_part {
            self.clear & 1 == 1
        } else {
            (self.breaching | self.alarmed) & 1 == 0
        }
    }
}

fn satisfied(track: &Track, group: &Group, policy: &Policy) -> bool {
    track.is_alarming(policy.m_of_n(group.severity()))
        && !track.is_stale()
        && !(is_drop(group) && track.is_first_sight())
        && track
            .breach
            .as_ref()
            .is_some_and(|evidence| is_on(group.direction, evidence))
}

/// What was seen of `group` in `window`.
#[must_use]
pub fn observe(
    group: &Group,
    service: &Service,
    state: &State,
    recent: &Recent,
    window: Minute,
    policy: &Policy,
) -> Observation {
    if group.symptom.is_burn() {
        return objectives::observe(group, service, state, window);
    }
    let tracks: Vec<_> = state
        .tracks(&service.log_group)
        .filter(|track| track.subject.symptom == group.symptom)
        .collect();
    let breaching: Vec<_> = tracks
        .iter()
        .filter(|track| satisfied(track, group, policy))
        .collect();
    let judged: Vec<_> = tracks
        .iter()
        .filter(|track| track.judged & 1 == 1)
        .collect();
    let condition = if let Some(onset) = breaching.iter().filter_map(|track| track.onset).min() {
        Condition::Breaching {
            onset: Minute::from_index(onset),
        }
    } else if judged.is_empty() {
        Condition::Missing
    } else if judged.iter().all(|track| track.is_over()) {
        Condition::Clear
    } else {
        Condition::Between
    };
    let members = breaching
        .into_iter()
        .filter_map(|track| member(track, group, recent, window, policy))
        .collect();
    Observation {
        window,
        condition,
        members,
        muted: None,
    }
}

/// The labels of the same symptom's subjects that were judged and are clearly normal: what is not affected.
#[must_use]
pub fn unaffected(group: &Group, service: &Service, state: &State) -> Vec<String> {
    if group.symptom.is_burn() {
        return objectives::unaffected(group, service, state);
    }
    state
        .tracks(&service.log_group)
        .filter(|track| {
            track.subject.symptom == group.symptom && track.judged & track.clear & 1 == 1
        })
        .map(|track| track.subject.label.clone())
        .collect()
}

fn member(
    track: &Track,
    group: &Group,
    recent: &Recent,
    window: Minute,
    policy: &Policy,
) -> Option<Member> {
    let evidence = track.breach.as_ref()?;
    let rule = policy.m_of_n(group.severity());
    let newest = (!0_u32)
        .checked_shr(32_u32.saturating_sub(rule.n))
        .unwrap_or(0);
    let (requests, affected) = impact(&track.subject, evidence, recent, window);
    Some(Member {
        reading: reading(&track.subject, evidence),
        tail: evidence.tail,
        baseline_samples: whole(evidence.samples),
        breaches: ((track.breaching | track.alarmed) & newest).count_ones(),
        windows: rule.n,
        test: evidence.test.map(Test::as_str),
        stretch: evidence.run.map(|run| Stretch {
            minutes: run.minutes,
            times: run.times,
            once_in: run.once_in,
        }),
        requests,
        affected,
        started: Minute::from_index(track.onset.unwrap_or(evidence.minute)),
    })
}

fn reading(subject: &Subject, evidence: &Evidence) -> Reading {
    Reading {
        series: subject.series.clone(),
        label: subject.label.clone(),
        metric: subject.measure.words(subject.symptom),
        statistic: subject.measure.statistic(),
        unit: subject.measure.unit(),
        observed: evidence.value,
        expected_low: evidence.low,
        expected_high: evidence.high,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of minutes and requests"
)]
fn whole(value: f64) -> u64 {
    value.max(0.0).round() as u64
}

/// Requests of the last minutes and how many of them were hit; `None` where the series cannot tell.
fn impact(
    subject: &Subject,
    evidence: &Evidence,
    recent: &Recent,
    window: Minute,
) -> (Option<u64>, Option<u64>) {
    let rollups = || {
        recent
            .range(window.plus(1 - i64::from(IMPACT_MINUTES))..=window)
            .filter_map(|(_, series)| series.get(&subject.series))
    };
    match subject.symptom {
        Symptom::Latency => {
            let requests = rollups().map(Rollup::count).sum();
            let slow = rollups()
                .flat_map(|rollup| rollup.histogram().iter())
                .filter(|(value, _)| *value > evidence.high)
                .map(|(_, weight)| weight)
                .sum();
            (Some(requests), Some(slow))
        }
        Symptom::Errors | Symptom::Throttles => {
            let hit = whole(rollups().map(Rollup::sum).sum());
            // Own metrics count every request, hit or not.
            let counted = || rollups().map(Rollup::count).sum();
            (
                Some(attempts(subject, recent, window).unwrap_or_else(counted)),
                Some(hit),
            )
        }
        Symptom::ColdStarts => {
            let hit = whole(rollups().map(Rollup::sum).sum());
            match &subject.series.name {
                SeriesName::Lambda { function, .. } if subject.measure == Measure::Count => {
                    let key = SeriesKey::lambda(function, LambdaSignal::Invocations);
                    let all = recent
                        .range(window.plus(1 - i64::from(IMPACT_MINUTES))..=window)
                        .filter_map(|(_, series)| series.get(&key));
                    (Some(whole(all.map(Rollup::sum).sum())), Some(hit))
                }
                _ => (None, None),
            }
        }
        Symptom::Traffic
        | Symptom::Capacity
        | Symptom::Saturation
        | Symptom::Headroom
        | Symptom::FastBurn
        | Symptom::SlowBurn => (None, None),
    }
}

/// How often a function was called, where AWS counts failures and refusals beside the calls.
fn attempts(subject: &Subject, recent: &Recent, window: Minute) -> Option<u64> {
    let SeriesName::Aws { function, .. } = &subject.series.name else {
        return None;
    };
    let sum = |signal| -> f64 {
        let key = SeriesKey::aws(function.as_deref(), signal);
        let minutes = recent.range(window.plus(1 - i64::from(IMPACT_MINUTES))..=window);
        minutes
            .filter_map(|(_, series)| series.get(&key))
            .map(Rollup::sum)
            .sum()
    };
    let refused = if subject.symptom == Symptom::Throttles {
        sum(AwsSignal::Throttles)
    } else {
        0.0
    };
    Some(whole(sum(AwsSignal::Invocations) + refused))
}

/// The group of a service's symptom.
///
/// # Errors
/// An empty environment or service name, which the configuration refuses before.
pub fn group(
    watch: &Watch,
    service: &Service,
    kind: (Symptom, Direction),
) -> Result<Group, incidents::InvalidGroup> {
    Group::new(&watch.environment, &service.name, kind.0, kind.1)
}

#[cfg(test)]
mod tests;
