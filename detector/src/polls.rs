//! Asks CloudWatch what [`polling`](crate::polling) says is worth asking, and stores the answers as rollups like
//! any other, so that a replay sees them too.

use std::collections::BTreeMap;

use platform::metric_source::{MetricQuery, MetricValues};
use platform::series_store::BatchId;
use signals::{Minute, Rollup, SeriesKey};

use crate::groups;
use crate::watch::{ACCOUNT_GROUP, Service};
use crate::watchlist::Series;
use crate::{Deps, Error, decisions, polling};

/// Polls for the minutes `from` to `window`; `late` when windows before it were missed, whose turns may have been
/// among them. Returns how many polls failed: their minutes stay unknown, and the next runs ask again.
pub(crate) async fn poll(
    deps: &Deps,
    from: Minute,
    window: Minute,
    late: bool,
) -> Result<u64, Error> {
    let mut failed = 0;
    let account = polling::account(window, late);
    let account = ask(deps, &account, from, window, &mut failed).await;
    let account = account.unwrap_or_default();
    store(deps, ACCOUNT_GROUP, account.clone()).await?;
    let moved = polling::moved(&account);
    let mut asked = Vec::new();
    for service in &deps.watch.services {
        let open = has_open_incident(deps, service).await?;
        if late || polling::asked(service, window, moved, open).is_some() {
            asked.push(service);
        }
    }
    let queries: Vec<_> = asked
        .iter()
        .flat_map(|service| polling::of_function(service.function()))
        .collect();
    let Some(mut values) = ask(deps, &queries, from, window, &mut failed).await else {
        return Ok(failed);
    };
    for service in asked {
        let (mut own, others): (MetricValues, MetricValues) = values
            .into_iter()
            .partition(|(query, _)| query.function.as_deref() == Some(service.function()));
        values = others;
        if deps.metrics.knows_silence() {
            polling::declare_silence(service.function(), &mut own, from, window);
        }
        store(deps, &service.log_group, own).await?;
    }
    Ok(failed)
}

/// `None` when the question failed: nothing is known then, not even that nothing was invoked.
async fn ask(
    deps: &Deps,
    queries: &[MetricQuery],
    from: Minute,
    to: Minute,
    failed: &mut u64,
) -> Option<MetricValues> {
    if queries.is_empty() {
        return Some(MetricValues::new());
    }
    match deps.metrics.read(queries, from, to).await {
        Ok(values) => Some(values),
        Err(error) => {
            tracing::warn!(%error, "the minutes stay unknown until the next poll");
            *failed += 1;
            None
        }
    }
}

async fn has_open_incident(deps: &Deps, service: &Service) -> Result<bool, Error> {
    for kind in groups::kinds(service) {
        let group = groups::group(&deps.watch, service, *kind)?;
        if decisions::record_of(deps, group).await?.is_open() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The same minute asked again overwrites what was stored of it.
async fn store(deps: &Deps, log_group: &str, values: MetricValues) -> Result<(), Error> {
    let mut minutes: BTreeMap<Minute, Series> = BTreeMap::new();
    for (query, series) in values {
        let key = SeriesKey::aws(query.function.as_deref(), query.signal);
        for (minute, value) in series {
            minutes
                .entry(minute)
                .or_default()
                .insert(key.clone(), Rollup::of(value));
        }
    }
    if !minutes.is_empty() {
        let batch = BatchId::of([b"AWS/Lambda".as_slice(), log_group.as_bytes()]);
        deps.series.put_batch(log_group, &batch, &minutes).await?;
    }
    Ok(())
}
