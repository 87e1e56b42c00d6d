//! The state that a minute was judged on, from what is stored: the newest state object before the minute and the
//! minutes after it, or, when there is none any more, the stored minutes alone.
//!
//! Where an object is there, the state is the detector's own, to the bit, but for data that came late: the detector
//! judged each minute when it was new, and what is stored is what is known now. Without an object it is learned anew
//! from as many days as a detector without a state learns from; what is older has been forgotten by then.

use platform::state_store::Pointer;
use signals::Minute;

use crate::state::State;
use crate::watch::Service;
use crate::watchlist::Series;
use crate::{Deps, Error, learning};

/// Minutes back in which a state object may still lie: they are removed each hour, and ten minutes of them stay.
const KEPT: i64 = 75;
/// Minutes that are read at once: a day.
const CHUNK: i64 = 1_440;
/// More shards than any deployment has.
const MOST_SHARDS: u16 = 1_000;

/// Where a state comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The state object of this window, and the minutes after it.
    Object(Minute),
    /// The minutes after this one alone.
    Minutes(Minute),
}

/// What a minute was judged on.
#[derive(Debug, Clone)]
pub struct Before {
    /// The state at the end of the minute before.
    pub state: State,
    /// Where it comes from.
    pub origin: Origin,
    /// The service's rollups of the minute itself.
    pub series: Series,
}

/// A shard as the detector left it.
#[derive(Debug, Clone)]
pub struct Shard {
    /// Its number.
    pub number: u16,
    /// How far it has come.
    pub pointer: Pointer,
    /// Its newest state; `None` when the object is gone or unusable.
    pub state: Option<State>,
}

/// Every shard that has ever run.
///
/// # Errors
/// A store that does not answer.
pub async fn shards(deps: &Deps) -> Result<Vec<Shard>, Error> {
    let mut shards = Vec::new();
    for number in 0..MOST_SHARDS {
        let Some(pointer) = deps.state.pointer(number).await? else {
            break;
        };
        let state = object(deps, number, pointer.committed).await?;
        shards.push(Shard {
            number,
            pointer,
            state,
        });
    }
    Ok(shards)
}

/// The state object of a window, if it is there and of use.
async fn object(deps: &Deps, shard: u16, window: Minute) -> Result<Option<State>, Error> {
    let bytes = deps.checkpoints.read(shard, window).await?;
    Ok(bytes.and_then(|bytes| State::decode(&bytes).ok()))
}

/// What `minute` of `service` was judged on.
///
/// # Errors
/// A store that does not answer.
pub async fn before(
    deps: &Deps,
    shard: &Shard,
    service: &Service,
    minute: Minute,
) -> Result<Before, Error> {
    let newest = minute.plus(-1);
    let mut found = None;
    if shard.pointer.committed <= newest {
        found = shard.state.clone();
    } else {
        for back in 0..KEPT {
            found = object(deps, shard.number, newest.plus(-back)).await?;
            if found.is_some() {
                break;
            }
        }
    }
    let history = i64::from(deps.watch.detector.history_days) * 1_440;
    let (mut state, origin) = match found {
        Some(state) => {
            let origin = Origin::Object(state.window);
            (state, origin)
        }
        None => {
            let start = newest.plus(-history);
            (State::before_history(start), Origin::Minutes(start))
        }
    };
    let nothing = Series::new();
    let mut last = Series::new();
    let mut at = state.window;
    while at < minute {
        let to = at.plus(CHUNK).min(minute);
        let mut minutes = learning::stored_minutes(deps, service, at.plus(1), to).await?;
        while at < to {
            at = at.plus(1);
            if at == minute {
                last = minutes.remove(&at).unwrap_or_default();
            } else {
                let series = minutes.get(&at).unwrap_or(&nothing);
                state.step(service, &deps.watch.detector, at, series);
            }
        }
    }
    Ok(Before {
        state,
        origin,
        series: last,
    })
}

/// Takes a state on to the end of `to`, by the stored minutes of everything that is watched. A state that is as far, or
/// further, stays.
///
/// # Errors
/// A store that does not answer.
pub async fn step_to(deps: &Deps, state: &mut State, to: Minute) -> Result<(), Error> {
    let nothing = Series::new();
    while state.window < to {
        let (first, last) = (state.window.plus(1), state.window.plus(CHUNK).min(to));
        let mut stored = Vec::new();
        for service in deps.watch.watched() {
            let minutes = learning::stored_minutes(deps, service, first, last).await?;
            stored.push((service, minutes));
        }
        for index in first.index()..=last.index() {
            let minute = Minute::from_index(index);
            for (service, minutes) in &stored {
                let series = minutes.get(&minute).unwrap_or(&nothing);
                state.step(service, &deps.watch.detector, minute, series);
            }
            // A minute without services would otherwise never pass.
            state.window = minute;
        }
    }
    Ok(())
}
