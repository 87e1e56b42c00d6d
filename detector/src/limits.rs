//! What the account and the functions may use, read rarely and stored as rollups like any other, so that a replay
//! sees the limits of its time.

use std::collections::BTreeMap;
use std::time::Duration;

use platform::series_store::BatchId;
use signals::{AwsSignal, Minute, Rollup, SeriesKey};

use crate::state::State;
use crate::watch::{ACCOUNT_GROUP, Scope};
use crate::watchlist::Series;
use crate::{Deps, Error, Outcome};

/// Minutes between two readings: quotas change by request, and reservations with a deployment.
const EVERY: i64 = 60;
/// Minutes between two attempts while nothing is known.
const AGAIN: i64 = 5;

/// For all of them. A run decides with older limits rather than late: an hour that cannot be read is ordinary, and a
/// control plane that hangs must not keep anybody from being woken.
const TIME: Duration = Duration::from_secs(3);

/// Whether limits are read in `window`.
fn is_due(window: Minute, known: bool) -> bool {
    let every = if known { EVERY } else { AGAIN };
    window.index().rem_euclid(every) == 0
}

/// Reads the limits when it is time, and stores them in `window`. What cannot be read within [`TIME`] stays as it was.
pub(crate) async fn read(
    deps: &Deps,
    state: &State,
    window: Minute,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let reading = read_all(deps, state, window, outcome);
    if let Ok(read) = tokio::time::timeout(TIME, reading).await {
        return read;
    }
    tracing::warn!("reading limits takes too long; those that are left stay as they were");
    outcome.limits_failed += 1;
    Ok(())
}

async fn read_all(
    deps: &Deps,
    state: &State,
    window: Minute,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let known = state.limits(ACCOUNT_GROUP).account.is_some();
    if !is_due(window, known) {
        return Ok(());
    }
    let account = match deps.metrics.account_limits().await {
        Ok(Some(account)) => account,
        // A source that has no limits has none for functions either.
        Ok(None) => return Ok(()),
        Err(error) => {
            tracing::warn!(%error, "the account's limits stay as they were");
            outcome.limits_failed += 1;
            return Ok(());
        }
    };
    let series = [
        (AwsSignal::ConcurrencyLimit, account.concurrency),
        (AwsSignal::UnreservedLimit, account.unreserved),
    ];
    let series = series.map(|(signal, value)| (SeriesKey::aws(None, signal), Rollup::of(value)));
    store(deps, ACCOUNT_GROUP, window, Series::from(series)).await?;
    for service in deps.watch.watched() {
        if service.scope() != Scope::Function {
            continue;
        }
        let function = service.function();
        let (signal, value) = match deps.metrics.reserved_concurrency(function).await {
            Ok(Some(reserved)) => (AwsSignal::ConcurrencyLimit, reserved),
            Ok(None) => (AwsSignal::UnreservedLimit, account.unreserved),
            Err(error) => {
                tracing::warn!(%error, "the function's limit stays as it was");
                outcome.limits_failed += 1;
                continue;
            }
        };
        let key = SeriesKey::aws(Some(function), signal);
        let series = Series::from([(key, Rollup::of(value))]);
        store(deps, &service.log_group, window, series).await?;
    }
    Ok(())
}

/// The same minute read again overwrites what was stored of it.
async fn store(deps: &Deps, log_group: &str, window: Minute, series: Series) -> Result<(), Error> {
    let batch = BatchId::of([b"limits".as_slice(), log_group.as_bytes()]);
    let minutes = BTreeMap::from([(window, series)]);
    deps.series.put_batch(log_group, &batch, &minutes).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_every_hour_and_sooner_while_they_are_unknown() {
        for (name, minute, known, due) in [
            ("on the hour", 60, true, true),
            ("within the hour", 65, true, false),
            ("unknown, its turn", 65, false, true),
            ("unknown, between", 66, false, false),
        ] {
            assert_eq!(is_due(Minute::from_index(minute), known), due, "{name}");
        }
    }
}
