//! What the detector would have seen in the two weeks before the demo.

use platform::series_store::{BatchId, Rollups, SeriesStore};
use signals::Minute;
use simulator::Scenario;

use crate::local::LOG_GROUP;

/// Minutes written at once.
const CHUNK: usize = 240;
/// The newest minutes are still unsettled when the detector first runs, so they are raw, as a batch wrote them.
const RAW: i64 = 30;

/// Stores every minute of history. Returns the number of rollups. Doing it again changes nothing.
pub(super) async fn preload(scenario: &Scenario, store: &dyn SeriesStore) -> anyhow::Result<u64> {
    let minutes: Vec<_> = (scenario.history_from().index()..scenario.from.index())
        .map(Minute::from_index)
        .collect();
    let raw_from = scenario.from.plus(-RAW);
    let mut rollups = 0;
    for chunk in minutes.chunks(CHUNK) {
        let whole: Rollups = chunk
            .iter()
            .map(|minute| (*minute, scenario.history(*minute)))
            .collect();
        rollups += whole
            .values()
            .map(|series| series.len() as u64)
            .sum::<u64>();
        let (raw, sealed): (Rollups, Rollups) = whole
            .into_iter()
            .partition(|(minute, _)| *minute >= raw_from);
        store.seal_minutes(LOG_GROUP, &sealed).await?;
        store
            .put_batch(LOG_GROUP, &BatchId::of([b"history".as_slice()]), &raw)
            .await?;
    }
    Ok(rollups)
}
