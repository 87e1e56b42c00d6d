//! From a detector's stores to the contents of a file.

use anyhow::bail;
use detector::Deps;
use detector::explain::origin;
use detector::groups;
use signals::Minute;

use super::file::{AlertOf, Contents, MinuteOf, ShardState};

/// Everything that a detector needs to go on.
///
/// # Errors
/// A store that does not answer; a detector that has never run, or whose state object is gone or unusable.
pub(super) async fn of(deps: &Deps) -> anyhow::Result<Contents> {
    let shards = origin::shards(deps).await?;
    if shards.is_empty() {
        bail!("the detector has never run here: there is nothing to export");
    }
    let mut contents = Contents::default();
    for shard in shards {
        let Some(state) = shard.state else {
            bail!(
                "shard {}: its state object of {} is gone or unusable; let the detector run once, it learns anew",
                shard.number,
                shard.pointer.committed
            );
        };
        contents.shards.push(ShardState {
            number: shard.number,
            committed: shard.pointer.committed.index(),
            decided: shard.pointer.decided.index(),
            state: state.encode()?,
        });
    }
    let spans = contents.shards.iter().map(|shard| {
        let (committed, decided) = (shard.committed, shard.decided);
        (
            Minute::from_index(committed).plus(1).hour(),
            Minute::from_index(decided),
        )
    });
    // There is a shard.
    let from = spans.clone().map(|(from, _)| from).min();
    let to = spans.map(|(_, to)| to).max();
    if let (Some(from), Some(to)) = (from, to) {
        contents.minutes = minutes(deps, from, to).await?;
    }
    contents.alerts = alerts(deps).await?;
    Ok(contents)
}

/// What is stored of the minutes that no state has learned yet, and of those of the hour they are in: it is sealed as
/// a whole.
async fn minutes(deps: &Deps, from: Minute, to: Minute) -> anyhow::Result<Vec<MinuteOf>> {
    let mut found = Vec::new();
    for service in deps.watch.watched() {
        let log_group = &service.log_group;
        let read = deps.series.raw_minutes_and_versions(log_group, from, to);
        let (minutes, versions) = read.await?;
        for (minute, series) in minutes {
            let heard = versions.get(&minute).and_then(|heard| heard.last());
            let encoded = series.iter().map(|(key, rollup)| {
                let mut bytes = Vec::new();
                rollup.encode(&mut bytes);
                (key.to_string(), bytes)
            });
            found.push(MinuteOf {
                log_group: log_group.clone(),
                minute: minute.index(),
                version: heard.map(ToString::to_string),
                series: encoded.collect(),
            });
        }
    }
    Ok(found)
}

async fn alerts(deps: &Deps) -> anyhow::Result<Vec<AlertOf>> {
    let mut found = Vec::new();
    for service in deps.watch.watched() {
        for kind in groups::kinds(service) {
            let fingerprint = groups::group(&deps.watch, service, *kind)?
                .fingerprint()
                .to_string();
            if let Some(alert) = deps.state.alert(&fingerprint).await? {
                found.push(AlertOf {
                    fingerprint,
                    body: alert.body,
                });
            }
        }
    }
    Ok(found)
}
