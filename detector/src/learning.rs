//! Settled minutes become state and sealed rollups; newer ones are judged on a copy and judged again next time.

use std::collections::{BTreeMap, BTreeSet};

use platform::series_store::{BatchId, SeriesStoreError, Version, VersionsHeard};
use platform::state_store::Pointer;
use signals::{LambdaSignal, Minute, Rollup, SeriesKey, SeriesName};

use crate::groups::{IMPACT_MINUTES, Recent};
use crate::state::State;
use crate::watch::{Scope, Service};
use crate::watchlist::Series;
use crate::{Deps, Error, drill};

/// Minutes that are read at once while catching up: a day.
const CHUNK: i64 = 1_440;
/// Within this many minutes nothing was sealed yet, so only raw rollups are read.
const RAW_ONLY: i64 = 60;
/// State objects kept behind the pointer, for a retry that had read the older pointer.
const KEPT: i64 = 10;

/// Minutes between two removals of older state objects: a listing each minute would cost as much as the writing.
const CLEANED_EVERY: i64 = 60;

/// The newest minutes, by log group.
pub(crate) type ByLogGroup = BTreeMap<String, Recent>;
/// The versions that the newest minutes are of, by log group.
pub(crate) type Heard = BTreeMap<String, BTreeSet<Version>>;

/// The state at the end of `target` (`decided` being the newest window that needs no decision), from the pointer's object or, without one, from the stored rollups.
pub(crate) async fn settled(
    shard: u16,
    pointer: Option<Pointer>,
    decided: Minute,
    target: Minute,
    deps: &Deps,
) -> Result<State, Error> {
    let history = i64::from(deps.watch.detector.history_days) * 1_440;
    let found = match pointer {
        Some(pointer) => stored(shard, pointer.committed, deps).await?,
        None => None,
    };
    let mut state = found.unwrap_or_else(|| State::before_history(target.plus(-history)));
    let far_behind = target.since(state.window) > RAW_ONLY;
    while far_behind && state.window < target {
        let to = state.window.plus(CHUNK).min(target);
        let mut minutes = BTreeMap::new();
        // Nothing is learned of a drill.
        let learned = deps.watch.watched();
        for service in learned.filter(|it| it.scope() != Scope::Drill) {
            let from = state.window.plus(1);
            let series = unsealed_too(deps, service, from, to).await?;
            minutes.insert(service.log_group.clone(), series);
        }
        learn(deps, &mut state, &minutes, to);
        // A day that is learned is never learned again, even if this run does not live to see the next one.
        // What is decided stays as it was: history is learned, and nobody is woken for it.
        commit(shard, deps, state.clone(), decided).await?;
    }
    Ok(state)
}

async fn stored(shard: u16, window: Minute, deps: &Deps) -> Result<Option<State>, Error> {
    let warm = deps.warm.0.lock().await;
    if let Some((of, state)) = warm.as_ref()
        && *of == shard
        && state.window == window
    {
        return Ok(Some(state.clone()));
    }
    drop(warm);
    let Some(bytes) = deps.checkpoints.read(shard, window).await? else {
        tracing::warn!(shard, %window, "the state object is gone; learning anew from the stored rollups");
        return Ok(None);
    };
    match State::decode(&bytes) {
        Ok(state) => Ok(Some(state)),
        Err(error) => {
            tracing::warn!(shard, %window, %error, "the state object is unusable; learning anew from the stored rollups");
            Ok(None)
        }
    }
}

/// The same as [`stored_minutes`]. Minutes that nobody has sealed, because the detector was away, are marked like
/// late ones and sealed at that pace: a day of them at once may take longer than a run lasts.
async fn unsealed_too(
    deps: &Deps,
    service: &Service,
    from: Minute,
    to: Minute,
) -> Result<Recent, Error> {
    let log_group = &service.log_group;
    let (mut minutes, _) = raw_minutes(deps, service, from, to).await?;
    let sealed = deps.series.sealed_minutes(log_group, from, to).await?;
    minutes.retain(|minute, _| !sealed.contains_key(minute));
    let batch = BatchId::of([b"learned before it was sealed".as_slice()]);
    let now = deps.clock.now();
    deps.series
        .mark_late(log_group, &batch, &minutes, now)
        .await?;
    minutes.extend(sealed);
    Ok(minutes)
}

/// Sealed minutes where there are any, raw ones else.
pub(crate) async fn stored_minutes(
    deps: &Deps,
    service: &Service,
    from: Minute,
    to: Minute,
) -> Result<Recent, SeriesStoreError> {
    let (mut minutes, _) = raw_minutes(deps, service, from, to).await?;
    let sealed = deps.series.sealed_minutes(&service.log_group, from, to);
    minutes.extend(sealed.await?);
    Ok(minutes)
}

/// What the batches of each minute say together, with the newest version of the minute among its series, so that it
/// is sealed with them: a state that learns from sealed minutes must see the same deploys as one that saw the batches.
pub(crate) async fn raw_minutes(
    deps: &Deps,
    service: &Service,
    from: Minute,
    to: Minute,
) -> Result<(Recent, VersionsHeard), SeriesStoreError> {
    let read = deps
        .series
        .raw_minutes_and_versions(&service.log_group, from, to);
    let (mut minutes, versions) = read.await?;
    let key = SeriesKey::lambda(service.function(), LambdaSignal::Version);
    for (minute, heard) in &versions {
        let newest = heard.last().map(ToString::to_string);
        let number = newest.and_then(|version| version.parse().ok());
        if let (Some(series), Some(number)) = (minutes.get_mut(minute), number) {
            series.insert(key.clone(), Rollup::of(number));
        }
    }
    Ok((minutes, versions))
}

/// Every minute since the settled state, and those that messages count over; and which versions they are of.
pub(crate) async fn recent(
    deps: &Deps,
    settled: &State,
    first: Minute,
    window: Minute,
) -> Result<(ByLogGroup, Heard), Error> {
    let from = settled
        .window
        .plus(1)
        .min(first.plus(1 - i64::from(IMPACT_MINUTES)));
    let (mut recent, mut heard) = (ByLogGroup::new(), Heard::new());
    for service in deps.watch.watched() {
        let (series, versions) = raw_minutes(deps, service, from, window).await?;
        recent.insert(service.log_group.clone(), series);
        heard.insert(
            service.log_group.clone(),
            versions.into_values().flatten().collect(),
        );
    }
    Ok((recent, heard))
}

/// The newest minute that any log group has log data for. What was polled from CloudWatch does not count: it
/// keeps coming while the logs have stopped; nor does a drill, which comes whether they have or not.
pub(crate) fn newest(recent: &ByLogGroup) -> Option<Minute> {
    let is_log = |key: &SeriesKey| !matches!(key.name, SeriesName::Aws { .. });
    let logs = recent
        .iter()
        .filter(|(group, _)| *group != drill::LOG_GROUP);
    let minutes = logs
        .flat_map(|(_, minutes)| minutes)
        .filter(|(_, series)| series.keys().any(is_log));
    minutes.map(|(minute, _)| *minute).max()
}

fn learn(deps: &Deps, state: &mut State, minutes: &ByLogGroup, to: Minute) {
    let nothing = Series::new();
    while state.window < to {
        let minute = state.window.plus(1);
        for service in deps.watch.watched() {
            let series = minutes
                .get(&service.log_group)
                .and_then(|minutes| minutes.get(&minute));
            state.step(
                service,
                &deps.watch.detector,
                minute,
                series.unwrap_or(&nothing),
            );
        }
        // A minute without services would otherwise never pass.
        state.window = minute;
    }
}

/// Learns the minutes up to `to` for good, and seals them.
pub(crate) async fn settle(
    deps: &Deps,
    state: &mut State,
    recent: &ByLogGroup,
    to: Minute,
) -> Result<(), Error> {
    let from = state.window.plus(1);
    if from > to {
        return Ok(());
    }
    learn(deps, state, recent, to);
    // A drill is read while it lasts and never again, so there is nothing to seal of it.
    let kept = deps.watch.watched();
    for service in kept.filter(|it| it.scope() != Scope::Drill) {
        let log_group = &service.log_group;
        let Some(minutes) = recent.get(log_group) else {
            continue;
        };
        let settled: Recent = minutes
            .range(from..=to)
            .map(|(minute, series)| (*minute, series.clone()))
            .collect();
        if !settled.is_empty() {
            deps.series.seal_minutes(log_group, &settled).await?;
        }
        for hour in (from.index()..=to.index())
            .map(Minute::from_index)
            .filter(|minute| minute.plus(1).hour() == minute.plus(1))
        {
            let minutes = stored_minutes(deps, service, hour.hour(), hour).await?;
            seal_hour(deps, log_group, hour.hour(), &minutes, true).await?;
        }
    }
    Ok(())
}

/// Seals an hour that consists of `minutes`: its minutes read again, never something added to what was sealed
/// before. Nothing is stored of an hour without data. The registry is what the `newest` hour has.
pub(crate) async fn seal_hour(
    deps: &Deps,
    log_group: &str,
    hour: Minute,
    minutes: &Recent,
    newest: bool,
) -> Result<(), SeriesStoreError> {
    let mut whole: BTreeMap<_, Rollup> = BTreeMap::new();
    for (key, rollup) in minutes.values().flatten() {
        whole.entry(key.clone()).or_default().merge(rollup);
    }
    if whole.is_empty() {
        return Ok(());
    }
    if newest {
        let series = whole.keys().cloned().collect();
        deps.series.put_registry(log_group, &series, hour).await?;
    }
    let sealed = BTreeMap::from([(hour, whole)]);
    deps.series.seal_hours(log_group, &sealed).await.map(drop)
}

/// A copy of the settled state that has also seen the minutes up to `window`.
pub(crate) fn provisional(
    deps: &Deps,
    settled: &State,
    recent: &ByLogGroup,
    window: Minute,
) -> State {
    let mut copy = settled.clone();
    learn(deps, &mut copy, recent, window);
    copy
}

/// Writes the state and moves the pointer to it.
pub(crate) async fn commit(
    shard: u16,
    deps: &Deps,
    state: State,
    decided: Minute,
) -> Result<(), Error> {
    let committed = state.window;
    deps.checkpoints
        .write_once(shard, committed, state.encode()?)
        .await?;
    deps.state
        .advance(shard, Pointer { committed, decided })
        .await?;
    if committed.index().rem_euclid(CLEANED_EVERY) == 0
        && let Err(error) = deps
            .checkpoints
            .forget_before(shard, committed.plus(-KEPT))
            .await
    {
        // The run has done its work; what could not be removed now is removed in an hour.
        tracing::warn!(%error, "older state objects stay");
    }
    *deps.warm.0.lock().await = Some((shard, state));
    Ok(())
}
