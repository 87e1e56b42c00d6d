//! From the contents of a file to a detector's stores. The pointer moves last: an import that is killed is made again.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use detector::Deps;
use detector::explain::origin::{self, Shard};
use detector::state::State;
use incidents::Record;
use platform::series_store::BatchId;
use platform::state_store::{AlertItem, Applied, Pointer, Transition};
use signals::{Minute, Rollup, SeriesKey, Version};

use super::file::{AlertOf, Contents, MinuteOf, ShardState};
use super::{Moved, Replaced, Summary};

/// The states in a file, one for each shard.
///
/// # Errors
/// A state that this build cannot use.
pub(super) fn states(contents: &Contents) -> anyhow::Result<Vec<State>> {
    let decode = |shard: &ShardState| {
        let state = State::decode(&shard.state);
        let state = state.with_context(|| format!("shard {}", shard.number))?;
        if state.window.index() != shard.committed {
            bail!(
                "shard {}: its state is of another minute than it says",
                shard.number
            );
        }
        Ok(state)
    };
    contents.shards.iter().map(decode).collect()
}

/// What a file holds.
pub(super) fn summary(
    file: &Path,
    contents: &Contents,
    done: &'static str,
) -> anyhow::Result<Summary> {
    let states = states(contents)?;
    let shards = contents.shards.iter().zip(&states);
    Ok(Summary {
        file: file.display().to_string(),
        shards: shards
            .map(|(shard, state)| {
                moved(shard.number, state, Minute::from_index(shard.decided), None)
            })
            .collect(),
        minutes: contents.minutes.len(),
        incidents: contents.alerts.len(),
        done,
    })
}

fn moved(shard: u16, state: &State, decided: Minute, replaced: Option<Replaced>) -> Moved {
    Moved {
        shard,
        learned: state.window.to_string(),
        decided: decided.to_string(),
        series: state.len(),
        replaced,
    }
}

/// Puts everything in its place. Says what became of each shard.
///
/// # Errors
/// A store that does not answer; a detector that has learned something, unless it is to be replaced.
pub(super) async fn into(
    deps: &Deps,
    contents: &Contents,
    replace: bool,
) -> anyhow::Result<Vec<Moved>> {
    let states = states(contents)?;
    let there = origin::shards(deps).await?;
    if !replace && let Some(shard) = there.first() {
        bail!(
            "the detector here has learned up to {} and the file is of {}: --replace puts the file in its place",
            shard.pointer.committed,
            contents.shards.first().map_or_else(
                || "nothing".to_owned(),
                |of| Minute::from_index(of.committed).to_string()
            )
        );
    }
    let mut done = Vec::new();
    let mut ahead = true;
    for (of, state) in contents.shards.iter().zip(states) {
        let there = there.iter().find(|shard| shard.number == of.number);
        ahead &= there.is_none_or(|there| there.pointer.committed.index() <= of.committed);
        done.push((of, state, there));
    }
    // Incidents of a detector that is ahead of the file are newer than those in it.
    if ahead {
        minutes(deps, &contents.minutes).await?;
        for alert in &contents.alerts {
            record(deps, alert).await?;
        }
    }
    let mut moved = Vec::new();
    for (of, state, there) in done {
        moved.push(shard(deps, of, state, there).await?);
    }
    Ok(moved)
}

/// Puts a shard's state in its place. A detector that is ahead of the file keeps its place in time: the imported state
/// learns the minutes since from what is stored here.
async fn shard(
    deps: &Deps,
    of: &ShardState,
    mut state: State,
    there: Option<&Shard>,
) -> anyhow::Result<Moved> {
    let (mut committed, mut decided) = (state.window, Minute::from_index(of.decided));
    let mut replaced = None;
    if let Some(there) = there {
        committed = committed.max(there.pointer.committed);
        decided = decided.max(there.pointer.decided);
        origin::step_to(deps, &mut state, committed).await?;
        replaced = Some(Replaced {
            learned: there.pointer.committed.to_string(),
            series: there.state.as_ref().map(State::len),
        });
    }
    // State objects are written once: what is there makes room first.
    deps.checkpoints
        .forget_before(of.number, committed.plus(1))
        .await?;
    deps.checkpoints
        .write_once(of.number, committed, state.encode()?)
        .await?;
    let pointer = Pointer { committed, decided };
    deps.state.advance(of.number, pointer).await?;
    Ok(moved(of.number, &state, decided, replaced))
}

/// Minutes that are there already stay as they are: they are the same, or newer.
async fn minutes(deps: &Deps, minutes: &[MinuteOf]) -> anyhow::Result<()> {
    for of in minutes {
        let minute = Minute::from_index(of.minute);
        let there = deps.series.raw_minutes(&of.log_group, minute, minute);
        if !there.await?.is_empty() {
            continue;
        }
        let mut series = BTreeMap::new();
        for (name, bytes) in &of.series {
            let key: SeriesKey = name
                .parse()
                .with_context(|| format!("a series of {minute}"))?;
            let rollup = Rollup::decode(bytes).with_context(|| format!("{name} of {minute}"))?;
            series.insert(key, rollup);
        }
        let version = of.version.as_deref().and_then(Version::parse);
        let batch = BatchId::of([b"imported".as_slice(), of.log_group.as_bytes()]);
        let whole = BTreeMap::from([(minute, series)]);
        deps.series
            .put_batch_of(&of.log_group, &batch, version, &whole)
            .await?;
    }
    Ok(())
}

/// Writes a record as the next version of what is there.
async fn record(deps: &Deps, alert: &AlertOf) -> anyhow::Result<()> {
    let mut record = Record::from_json(&alert.body)?;
    let there = deps.state.alert(&alert.fingerprint).await?;
    record.ver = there.map_or(0, |there| there.version) + 1;
    let transition = Transition {
        alert: AlertItem {
            fingerprint: alert.fingerprint.clone(),
            version: record.ver,
            body: record.to_json(),
        },
        incident: record
            .incident
            .as_ref()
            .map(|incident| (incident.id.to_string(), incident.opened)),
        outbox: Vec::new(),
    };
    match deps.state.apply(&transition).await? {
        Applied::Yes => Ok(()),
        Applied::Lost => bail!(
            "the record of {} changed meanwhile: stop the detector, and import again",
            record.group.service
        ),
    }
}
