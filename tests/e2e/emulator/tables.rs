//! What lies in the stack's tables before anything happened: the past.

use platform::series_store::dynamodb::DynamoDbSeriesStore;
use platform::series_store::{BatchId, Rollups, SeriesStore};
use signals::Minute;
use simulator::{Scenario, Service};

use super::{World, now};

/// Enough to know what an hour of the day is like; every minute is an item that is written over HTTP.
const DAYS: i64 = 3;
/// The newest minutes are raw, as batches wrote them: they have not settled when the detector first runs.
const RAW: i64 = 30;
/// The run's own minutes have traffic besides its requests, or their end would be an incident of its own.
const AHEAD: i64 = 8;
/// Minutes written at once.
const CHUNK: usize = 240;

pub(super) fn series(world: &World) -> DynamoDbSeriesStore {
    DynamoDbSeriesStore::new(
        world.account.dynamodb.clone(),
        world.outputs.get("SeriesTableName"),
    )
}

pub(super) async fn load_history(world: &World) {
    let store = series(world);
    let group = world.log_group("CarApiFunction");
    let (from, to) = (world.deployed.plus(-DAYS * 24 * 60), now().plus(AHEAD));
    let function = world.outputs.get("CarApiFunction").to_owned();
    let scenario = Scenario {
        service: Service {
            function,
            ..Service::default()
        },
        ..Scenario::demo(7, to)
    };
    let minutes: Vec<_> = (from.index()..to.index()).map(Minute::from_index).collect();
    let raw_from = world.deployed.plus(-RAW);
    for chunk in minutes.chunks(CHUNK) {
        let whole: Rollups = chunk
            .iter()
            .map(|minute| (*minute, scenario.history(*minute)))
            .collect();
        let (raw, sealed): (Rollups, Rollups) = whole
            .into_iter()
            .partition(|(minute, _)| *minute >= raw_from);
        store.seal_minutes(&group, &sealed).await.unwrap();
        store
            .put_batch(&group, &BatchId::of([b"history".as_slice()]), &raw)
            .await
            .unwrap();
    }
}
