//! Late data: minutes that got rollups after they were sealed are sealed again, and so are their hours.
//!
//! What a minute holds is computed anew from what all its batches said, never added to what was sealed. What was
//! *learned* from it stays: state is committed up to the settle horizon and not beyond (a minute is learned once),
//! and nobody is woken for a minute that is long gone. Reports, the raw and the sealed minutes and the hours are
//! right. A detector that loses its state learns from the sealed minutes, late data included.
//!
//! A mark says which minutes. Young marks are worked off at once, so that late data show within a minute or two;
//! the work counts, and the mark goes, when the mark has rested (`platform::series_store::late` says why). All of it
//! is bounded for each run, marks that were written first come first, and what is left waits for the next run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use platform::series_store::late::REST_SECONDS;
use platform::series_store::{LateMark, RAW_DAYS, Rollups, SeriesStoreError};
use signals::Minute;

use crate::watch::Service;
use crate::watchlist::Series;
use crate::{Deps, Error, Outcome, learning};

/// How much one run does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Marks that are read of a log group: 5,000 are about 1 MB, a page of a query.
    pub(crate) read: u16,
    /// Hours that are sealed again, of all log groups together.
    pub(crate) hours: usize,
    /// Marks that are removed; 25 go with one call. At most one hour's marks more than this.
    pub(crate) marks: usize,
    /// Time, of the 45 seconds that the template gives a run.
    pub(crate) time: Duration,
}

/// A replay of two weeks (336 hours) is worked off within the hour, beside a run that still has most of its time.
pub(crate) const LIMITS: Limits = Limits {
    read: 5_000,
    hours: 24,
    marks: 1_000,
    time: Duration::from_secs(10),
};

/// Marks that are so young are worked off before they have rested: two runs' worth, because the rollups are written
/// after their mark.
const YOUNG: SignedDuration = SignedDuration::from_mins(2);

/// What is to be done about one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Work {
    hour: Minute,
    /// To be sealed again.
    minutes: BTreeSet<Minute>,
    /// Too old for it: their raw rollups are not all there any more.
    too_old: BTreeSet<Minute>,
    /// To be removed when it is done.
    rested: Vec<LateMark>,
}

/// Orders marks, oldest first, into work for hours. `settled` is the newest minute that was sealed: newer ones
/// will be, from rollups that are there by then.
fn plan(marks: Vec<LateMark>, now: Timestamp, settled: Minute) -> Vec<Work> {
    let rested_at = now.saturating_sub(SignedDuration::from_secs(REST_SECONDS));
    let young_at = now.saturating_sub(YOUNG);
    let (rested_at, young_at) = (
        rested_at.unwrap_or(Timestamp::MIN),
        young_at.unwrap_or(Timestamp::MIN),
    );
    // Raw rollups may vanish as soon as they expire, and so may some of a minute's and not others. One minute for
    // the part of a minute that has passed, one for the work itself.
    let kept = Minute::containing(now).plus(2 - RAW_DAYS * 24 * 60);
    let mut order: Vec<Work> = Vec::new();
    let mut places: BTreeMap<Minute, usize> = BTreeMap::new();
    for mark in marks {
        let rested = mark.at <= rested_at;
        if !rested && mark.at < young_at {
            continue;
        }
        let place = *places.entry(mark.hour).or_insert_with(|| {
            order.push(Work {
                hour: mark.hour,
                minutes: BTreeSet::new(),
                too_old: BTreeSet::new(),
                rested: Vec::new(),
            });
            order.len() - 1
        });
        let work = &mut order[place];
        let sealed = mark.minutes.iter().filter(|minute| **minute <= settled);
        for minute in sealed.copied() {
            if minute >= kept {
                work.minutes.insert(minute);
            } else if rested {
                // Said once, when the mark goes.
                work.too_old.insert(minute);
            }
        }
        if rested {
            work.rested.push(mark);
        }
    }
    order
}

/// Whether `new` has fewer samples of any series than `old`.
fn holds_less(new: &Series, old: &Series) -> bool {
    old.iter()
        .any(|(key, rollup)| new.get(key).map_or(0, |new| new.count()) < rollup.count())
}

/// What an hour's minutes come to.
#[derive(Debug, Default, PartialEq)]
struct Recomputed {
    /// To be sealed in place of what is sealed.
    again: Rollups,
    /// Minutes whose raw rollups hold less than what is sealed. They stay as they are.
    less: BTreeSet<Minute>,
    /// Every minute of the hour as it is then.
    whole: Rollups,
}

fn recompute(raw: Rollups, sealed: Rollups, minutes: &BTreeSet<Minute>) -> Recomputed {
    let mut found = Recomputed::default();
    for minute in minutes {
        let Some(new) = raw.get(minute) else {
            if sealed.get(minute).is_some_and(|old| !old.is_empty()) {
                found.less.insert(*minute);
            }
            continue;
        };
        match sealed.get(minute) {
            Some(old) if old == new => {}
            Some(old) if holds_less(new, old) => {
                found.less.insert(*minute);
            }
            _ => {
                found.again.insert(*minute, new.clone());
            }
        }
    }
    found.whole = raw;
    found.whole.extend(sealed);
    let again = found.again.iter();
    found
        .whole
        .extend(again.map(|(minute, series)| (*minute, series.clone())));
    found
}

/// Works off what came late, as far as [`LIMITS`] go. What fails costs this look and nothing else: its marks stay.
pub(crate) async fn look(deps: &Deps, shard: u16, window: Minute, outcome: &mut Outcome) {
    look_within(&LIMITS, deps, shard, window, outcome).await;
}

pub(crate) async fn look_within(
    limits: &Limits,
    deps: &Deps,
    shard: u16,
    window: Minute,
    outcome: &mut Outcome,
) {
    let look = look_at_all(limits, deps, shard, window, outcome);
    // A call that hangs must not keep the run from its end; whatever is cut off here is done again.
    let error = match tokio::time::timeout(limits.time, look).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no end within {} s", limits.time.as_secs()),
    };
    outcome.late_failed += 1;
    tracing::warn!(error, "late data wait for the next run");
}

/// What a run has done so far.
#[derive(Debug, Default)]
struct Done {
    hours: usize,
    marks: usize,
    /// The newest minute that is sealed, once it was asked for.
    settled: Option<Minute>,
}

async fn look_at_all(
    limits: &Limits,
    deps: &Deps,
    shard: u16,
    window: Minute,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let began = deps.clock.now();
    let services = &deps.watch.services;
    // Each run begins with another one, so that none is always the one that is left.
    let first = usize::try_from(window.index()).unwrap_or(0) % services.len().max(1);
    let mut done = Done::default();
    for number in 0..services.len() {
        let service = &services[(first + number) % services.len()];
        let late = match deps.series.late(&service.log_group, limits.read).await {
            Ok(late) => late,
            Err(error) => {
                passed(error, outcome)?;
                continue;
            }
        };
        let waiting = late.marks.iter().map(|mark| mark.minutes.len() as u64);
        outcome.late_minutes += waiting.sum::<u64>();
        if late.marks.is_empty() {
            continue;
        }
        if done.settled.is_none() {
            let pointer = deps.state.pointer(shard).await?;
            done.settled = pointer.map(|pointer| pointer.committed);
        }
        let Some(settled) = done.settled else {
            continue; // nothing is learned, so nothing is sealed
        };
        for work in plan(late.marks, deps.clock.now(), settled) {
            let spent = deps.clock.now().duration_since(began);
            // A clock that was set back has spent nothing.
            let in_time = Duration::try_from(spent).unwrap_or_default() < limits.time;
            if done.hours >= limits.hours || done.marks >= limits.marks || !in_time {
                break;
            }
            done.hours += usize::from(!work.minutes.is_empty());
            done.marks += work.rested.len();
            if let Err(error) = again(deps, service, work, settled, outcome).await {
                passed(error, outcome)?;
            }
        }
    }
    Ok(())
}

/// An item that cannot be read keeps its own hour waiting (a line names it) and none of the others.
fn passed(error: SeriesStoreError, outcome: &mut Outcome) -> Result<(), Error> {
    if error.is_retryable() {
        return Err(error.into());
    }
    outcome.late_failed += 1;
    tracing::warn!(%error, "late data of one hour wait");
    Ok(())
}

/// Seals an hour's late minutes, then the hour, then removes the marks: in this order, so that a run that is killed
/// anywhere leaves the marks to the next one.
async fn again(
    deps: &Deps,
    service: &Service,
    work: Work,
    settled: Minute,
    outcome: &mut Outcome,
) -> Result<(), SeriesStoreError> {
    let (log_group, hour, last) = (&service.log_group, work.hour, work.hour.plus(59));
    if !work.minutes.is_empty() {
        let (raw, _) = learning::raw_minutes(deps, service, hour, last).await?;
        let sealed = deps.series.sealed_minutes(log_group, hour, last).await?;
        let found = recompute(raw, sealed, &work.minutes);
        if !found.again.is_empty() {
            deps.series.seal_minutes(log_group, &found.again).await?;
        }
        // An hour that is not over yet is sealed when it is.
        if last <= settled {
            // The registry is what the newest hour has.
            let newest = settled.since(last) < 60;
            learning::seal_hour(deps, log_group, hour, &found.whole, newest).await?;
        }
        outcome.late_sealed += found.again.len() as u64;
        if !work.rested.is_empty() && !found.less.is_empty() {
            outcome.late_refused += found.less.len() as u64;
            let why = "what is sealed holds more than the raw rollups that are left";
            named(log_group, &found.less, why);
        }
    }
    if !work.too_old.is_empty() {
        outcome.late_refused += work.too_old.len() as u64;
        let why = "their raw rollups are expiring, so they cannot be computed again";
        named(log_group, &work.too_old, why);
    }
    deps.series.forget_late(log_group, &work.rested).await?;
    Ok(())
}

fn named(log_group: &str, minutes: &BTreeSet<Minute>, why: &str) {
    let (count, first, last) = (minutes.len(), minutes.first(), minutes.last());
    let (first, last) = (first.map(Minute::to_string), last.map(Minute::to_string));
    tracing::warn!(
        log_group,
        minutes = count,
        first,
        last,
        why,
        "late minutes are not in what is sealed"
    );
}

#[cfg(test)]
mod tests;
