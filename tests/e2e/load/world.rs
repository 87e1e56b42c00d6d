//! The detector beside a service under load, in virtual time: the platform's limits are modelled
//! (`simulator::load::fleet`), everything from the rollups on is real.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use detector::watch::Watch;
use detector::{Deps, Tick, Warm, handle};
use incidents::Publication;
use platform::checkpoints::Checkpoints;
use platform::clock::ManualClock;
use platform::emit::Captured;
use platform::metric_source::{MetricQuery, MetricSource, MetricSourceError, MetricValues};
use platform::notifier::{Notifier, NotifyError};
use platform::series_store::dynamodb::{self as series_table, DynamoDbSeriesStore};
use platform::series_store::{BatchId, SeriesStore};
use platform::state_store::dynamodb::{self as state_table, DynamoDbStateStore};
use platform::testing::Server;
use signals::{Minute, SeriesKey, SeriesName};
use simulator::Scenario;
use simulator::load::fleet::{Clients, Play, Played};
use simulator::load::{Profile, Shape};

const GROUP: &str = "/aws/lambda/car-api";
const WATCH: &str = "
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
/// A Wednesday morning; latency and traffic need a day before they are judged.
const FROM: &str = "2026-11-18T10:00:00Z";
const HISTORY: u32 = 2 * 1_440;
/// Minutes of normal traffic before the load.
pub(super) const BEFORE: i64 = 10;
/// Minutes after it: an incident needs time to resolve.
const AFTER: i64 = 15;

/// A load, and what the service can take.
pub(super) struct Load {
    pub(super) shape: Shape,
    /// The highest rate, requests a second. Normal traffic is 0.7.
    pub(super) rate: f64,
    pub(super) minutes: u32,
    /// Requests that the function may run at the same time; one takes some 27 ms.
    pub(super) concurrency: usize,
    pub(super) clients: Clients,
}

/// What was told of the minutes of a load.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// (minutes after the load began, symptom, action, whether it wakes somebody), of what people heard.
    pub(super) told: Vec<(i64, &'static str, &'static str, bool)>,
    pub(super) headlines: Vec<String>,
    /// Requests that were refused, repetitions included.
    pub(super) refused: usize,
    /// Requests that met a new environment.
    pub(super) cold: usize,
}

impl Story {
    /// The symptoms of which somebody was woken, in order.
    pub(super) fn pages(&self) -> Vec<&'static str> {
        let opened = self
            .told
            .iter()
            .filter(|(_, _, action, page)| *page && *action == "open");
        opened.map(|(_, symptom, _, _)| *symptom).collect()
    }

    /// The minute after the load's begin in which `action` was first told of `symptom`.
    pub(super) fn minute_of(&self, wanted: &str, action: &str) -> Option<i64> {
        let mut found = self
            .told
            .iter()
            .filter(|(_, symptom, done, _)| *symptom == wanted && *done == action);
        found.next().map(|(minute, _, _, _)| *minute)
    }
}

/// CloudWatch as the play has it.
#[derive(Debug)]
struct Metrics(Arc<Played>);

#[async_trait]
impl MetricSource for Metrics {
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError> {
        let mut values = MetricValues::new();
        for minute in (from.index()..=to.index()).map(Minute::from_index) {
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

/// Messages arrive; what they say is in [`Story::told`].
#[derive(Debug)]
struct Delivered;

#[async_trait]
impl Notifier for Delivered {
    async fn publish(&self, publication: &Publication) -> Result<String, NotifyError> {
        Ok(publication.id.clone())
    }
}

async fn detector(
    scenario: &Scenario,
    played: Arc<Played>,
    server: &Server,
    state: &std::path::Path,
) -> Deps {
    let client = server.client().await;
    series_table::create_table(&client, "series").await.unwrap();
    state_table::create_table(&client, "state").await.unwrap();
    let series = Arc::new(DynamoDbSeriesStore::new(client.clone(), "series"));
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
    Deps {
        watch: Watch::parse(WATCH).unwrap(),
        series,
        state: Arc::new(DynamoDbStateStore::new(client, "state")),
        checkpoints: Checkpoints::folder(state).unwrap(),
        metrics: Arc::new(Metrics(played)),
        logs: None,
        links: None,
        notifier: Arc::new(Delivered),
        clock: Arc::new(ManualClock::at(scenario.from.start())),
        emitter: Arc::new(Captured::default()),
        change_feed: false,
        function_name: String::new(),
        owner: "test".to_owned(),
        warm: Warm::default(),
    }
}

/// Plays a load on a service with two days of history, and lets the detector judge each minute when it is over.
pub(super) async fn play(load: &Load) -> Story {
    let mut scenario = Scenario::demo(7, Minute::parse(FROM).unwrap());
    scenario.faults = Vec::new();
    scenario.history_minutes = HISTORY;
    scenario.minutes = load.minutes + u32::try_from(BEFORE + AFTER).unwrap();
    let seconds = f64::from(load.minutes) * 60.0;
    let profile = Profile {
        shape: load.shape,
        rate: load.rate,
        seconds,
        seed: 7,
    };
    profile.check().unwrap();
    let begin = scenario.from.plus(BEFORE);
    let Load {
        concurrency,
        clients,
        ..
    } = *load;
    let played = Arc::new(
        Play {
            normal: &scenario,
            profile,
            from: begin,
            concurrency,
            clients,
        }
        .run(),
    );
    let server = Server::start().await;
    let state = tempfile::tempdir().unwrap();
    let deps = detector(&scenario, played.clone(), &server, state.path()).await;
    let mut story = Story::default();
    for minute in (scenario.from.index()..scenario.to().index()).map(Minute::from_index) {
        let requests = played.requests(minute);
        story.refused += requests.iter().filter(|request| request.throttled).count();
        story.cold += requests
            .iter()
            .filter(|request| request.cold_start.is_some())
            .count();
        let mut series = played.rollups(minute);
        series.retain(|key: &SeriesKey, _| !matches!(key.name, SeriesName::Aws { .. }));
        let batch = BatchId::of([minute.to_string().as_bytes()]);
        deps.series
            .put_batch(GROUP, &batch, &BTreeMap::from([(minute, series)]))
            .await
            .unwrap();
        let outcome = handle(
            &Tick {
                at: minute.plus(1).start(),
                shard: 0,
            },
            &deps,
        )
        .await
        .unwrap();
        for told in outcome.told.iter().filter(|told| told.messages > 0) {
            story
                .told
                .push((minute.since(begin), told.symptom, told.action, told.page));
            story.headlines.push(told.headline.clone());
        }
    }
    story
}
