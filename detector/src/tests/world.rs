//! A simulated service and everything the detector touches.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use incidents::{Publication, Record};
use platform::checkpoints::Checkpoints;
use platform::clock::ManualClock;
use platform::emit::Captured;
use platform::metric_source::{MetricQuery, MetricSource, MetricSourceError, MetricValues};
use platform::notifier::{Notifier, NotifyError};
use platform::series_store::dynamodb::DynamoDbSeriesStore;
use platform::series_store::{BatchId, SeriesStore, dynamodb as series_table};
use platform::state_store::dynamodb::{self as state_table, DynamoDbStateStore};
use platform::testing::Server;
use signals::{Minute, SeriesKey, SeriesName};
use simulator::{Fault, FaultKind, Scenario};

use crate::watch::Watch;
use crate::{Deps, Error, Outcome, Tick, Warm, handle};

pub(super) const GROUP: &str = "/aws/lambda/car-api";
pub(super) const WATCH: &str = "
environment = 'test'
region = 'eu-west-1'
account = '000000000000'
runbooks = 'https://example.com/runbooks'
[detector]
history_days = 2
[[service]]
name = 'CarManager'
log_group = '/aws/lambda/car-api'
owner = 'team-cars'
[service.emf]
namespace = 'CarManager'
";

/// CloudWatch as the scenario has it.
#[derive(Debug)]
pub(super) struct Metrics(Scenario);

#[async_trait]
impl MetricSource for Metrics {
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError> {
        let mut values = MetricValues::new();
        for minute in (from.index()..=to.index())
            .map(Minute::from_index)
            .filter(|minute| *minute >= self.0.from)
        {
            for (key, rollup) in self.0.platform_metrics(minute) {
                let SeriesName::Aws { function, signal } = key.name else {
                    continue;
                };
                let query = MetricQuery { function, signal };
                if queries.contains(&query) {
                    values
                        .entry(query)
                        .or_default()
                        .insert(minute, rollup.max().unwrap_or_default());
                }
            }
        }
        Ok(values)
    }
}

/// Keeps what was sent.
#[derive(Debug, Default)]
pub(super) struct Inbox(Mutex<Vec<Publication>>);

impl Inbox {
    pub(super) fn ids(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|publication| publication.id.clone())
            .collect()
    }

    pub(super) fn all(&self) -> Vec<Publication> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Notifier for Inbox {
    async fn publish(&self, publication: &Publication) -> Result<String, NotifyError> {
        self.0.lock().unwrap().push(publication.clone());
        Ok(format!("receipt of {}", publication.id))
    }
}

pub(super) struct World {
    pub(super) scenario: Scenario,
    pub(super) deps: Deps,
    pub(super) inbox: Arc<Inbox>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) emitted: Arc<Captured>,
    pub(super) folder: tempfile::TempDir,
    _server: Server,
}

/// A fault of the scenario: minutes after its start, how long, how much.
pub(super) fn fault(kind: FaultKind, from: i64, minutes: i64) -> Fault {
    let start = start().plus(from);
    Fault {
        kind,
        from: start,
        to: start.plus(minutes),
        share: 0.6,
        extra_ms: 900.0,
    }
}

fn start() -> Minute {
    Minute::parse("2026-11-18T10:00:00Z").unwrap()
}

impl World {
    /// A service with two days of history and these faults.
    pub(super) async fn with(faults: Vec<Fault>) -> Self {
        Self::with_history(2 * 1_440, faults).await
    }

    /// A service with so many minutes of history and these faults.
    pub(super) async fn with_history(minutes: u32, faults: Vec<Fault>) -> Self {
        let mut scenario = Scenario::demo(7, start());
        scenario.faults = faults;
        scenario.minutes = 60;
        scenario.history_minutes = minutes;
        scenario.check().unwrap();
        let server = Server::start().await;
        let client = server.client().await;
        series_table::create_table(&client, "series").await.unwrap();
        state_table::create_table(&client, "state").await.unwrap();
        let series = Arc::new(DynamoDbSeriesStore::new(client.clone(), "series"));
        let folder = tempfile::tempdir().unwrap();
        let inbox = Arc::new(Inbox::default());
        let clock = Arc::new(ManualClock::at(start().start()));
        let emitted = Arc::new(Captured::default());
        let deps = Deps {
            watch: Watch::parse(WATCH).unwrap(),
            series: series.clone(),
            state: Arc::new(DynamoDbStateStore::new(client, "state")),
            checkpoints: Checkpoints::folder(folder.path()).unwrap(),
            metrics: Arc::new(Metrics(scenario.clone())),
            logs: None,
            links: None,
            notifier: inbox.clone(),
            clock: clock.clone(),
            emitter: emitted.clone(),
            change_feed: false,
            function_name: "outrider-detector".to_owned(),
            owner: "test".to_owned(),
            warm: Warm::default(),
        };
        let history: BTreeMap<_, _> = (scenario.history_from().index()..scenario.from.index())
            .map(Minute::from_index)
            .map(|minute| (minute, scenario.history(minute)))
            .collect();
        series.seal_minutes(GROUP, &history).await.unwrap();
        let newest = history.into_iter().rev().take(15).collect();
        series
            .put_batch(GROUP, &BatchId::of([b"history".as_slice()]), &newest)
            .await
            .unwrap();
        Self {
            scenario,
            deps,
            inbox,
            clock,
            emitted,
            folder,
            _server: server,
        }
    }

    /// The minute so many minutes after the start.
    pub(super) fn minute(&self, after: i64) -> Minute {
        self.scenario.from.plus(after)
    }

    /// What log-processor would have written of a minute: everything but what only AWS counts.
    pub(super) async fn arrives(&self, after: i64) {
        let minute = self.minute(after);
        let mut series = self.scenario.rollups(minute);
        series.retain(|key: &SeriesKey, _| !matches!(key.name, SeriesName::Aws { .. }));
        let batch = BatchId::of([minute.to_string().as_bytes()]);
        self.deps
            .series
            .put_batch(GROUP, &batch, &BTreeMap::from([(minute, series)]))
            .await
            .unwrap();
    }

    /// The run that is due when a minute has ended.
    pub(super) async fn tick(&self, after: i64) -> Result<Outcome, Error> {
        let at = self.minute(after).plus(1).start();
        self.clock.set(at);
        handle(&Tick { at, shard: 0 }, &self.deps).await
    }

    /// Minutes arrive and runs follow, as they should.
    pub(super) async fn pass(&self, minutes: std::ops::Range<i64>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for after in minutes {
            self.arrives(after).await;
            outcomes.push(self.tick(after).await.unwrap());
        }
        outcomes
    }

    /// Every incident there was, oldest first.
    pub(super) async fn incidents(&self) -> Vec<Record> {
        let bodies = self
            .deps
            .state
            .history(self.scenario.from, self.scenario.to())
            .await
            .unwrap();
        bodies
            .iter()
            .rev()
            .map(|body| Record::from_json(body).unwrap())
            .collect()
    }
}
