//! The system on one machine: the same functions as on AWS, with one small file for each arrow that AWS draws.
//!
//! Nothing here decides anything: requests cross real HTTP, DynamoDB and SNS are spoken to by the AWS SDK, log
//! batches are really compressed. Only the clock may be virtual.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use detector::watch::Watch;
use incidents::acknowledge_link::Links;
use platform::checkpoints::Checkpoints;
use platform::clock::Clock;
use platform::errors_seen::dynamodb::DynamoDbErrorsSeen;
use platform::ledger::dynamodb::DynamoDbLedger;
use platform::log_search::cloudwatch_logs::CloudWatchLogs;
use platform::notifier::Topics;
use platform::series_store::dynamodb::{DynamoDbSeriesStore, create_table as create_series_table};
use platform::state_store::dynamodb::{DynamoDbStateStore, create_table as create_state_table};
use platform::{aws, emit::Emitter};
use signals::Minute;

pub mod clock;
pub mod failures;
mod function_url;
pub mod gateway;
pub mod journal;
pub mod lambda;
pub mod subscription;

mod dynamodb;
mod event_bus;
mod instance;
mod log_search;
mod metrics;
mod open_detector;
mod open_logs;
mod output;
mod queue;
pub(crate) mod server;
mod silent;
mod sns;
pub mod store_calls;

pub use instance::Lock;
pub(crate) use open_detector::{Nobody, OpenDetector, configured};
pub use open_logs::OpenLogs;
pub(crate) use silent::Silent;

use failures::Failures;
use gateway::Arrivals;
use journal::{Journal, LogEvent};
use lambda::Function;
use server::Server;
use store_calls::StoreCalls;

/// The watched function and its log group.
pub const FUNCTION: &str = "car-api";
/// Its log group.
pub const LOG_GROUP: &str = "/aws/lambda/car-api";
const CARS: &str = "acm_cars";
const REQUESTS: &str = "acm_requests";
const SERIES: &str = "outrider-series";
const STATE: &str = "outrider-state";
/// What the embedded detector watches; `outrider.toml` of the repository is for AWS.
const WATCH: &str = include_str!("local/watch.toml");

/// How to start the stack.
#[derive(Debug)]
pub struct Options {
    /// Everything that shall outlive the process.
    pub data: PathBuf,
    /// The API's port; 0 = any free one.
    pub port: u16,
    /// Real or virtual time.
    pub clock: Arc<dyn Clock>,
    /// What is to happen to each request.
    pub arrivals: Arc<dyn Arrivals>,
    /// Whether messages have links that acknowledge, which the API's port serves. They hold that port and the data
    /// directory's own key, so a scenario that must repeat to the byte has none.
    pub links: bool,
    /// Hears of every call to DynamoDB.
    pub store_calls: Option<Arc<dyn StoreCalls>>,
}

/// The running stack.
#[derive(Debug)]
pub struct Stack {
    /// What the function logged.
    pub journal: Arc<Journal>,
    /// The detector with its stores.
    pub detector: detector::Deps,
    processor: log_processor::Deps,
    failures: Failures,
    function: Arc<Function>,
    arrivals: Arc<dyn Arrivals>,
    queue: Arc<queue::Queue>,
    gateway: Server,
    others: [Server; 5],
    _instance: instance::Lock,
}

/// What the end of a minute came to.
#[derive(Debug)]
pub struct MinuteEnd {
    /// Log events delivered and rollup items written.
    pub delivered: subscription::Delivered,
    /// What the detector did.
    pub detected: detector::Outcome,
}

fn topics() -> Topics {
    let arn = |name| format!("arn:aws:sns:eu-west-1:000000000000:outrider-{name}");
    Topics {
        page: arn("page"),
        ticket: arn("ticket"),
        chat: arn("chat"),
    }
}

/// log-processor on this store. What it says of itself goes to `emitter`.
fn processor(
    dynamodb: aws_sdk_dynamodb::Client,
    emitter: Arc<dyn Emitter>,
    clock: Arc<dyn Clock>,
) -> log_processor::Deps {
    let errors_seen = DynamoDbErrorsSeen::new(dynamodb.clone(), SERIES);
    log_processor::Deps {
        sightings: log_processor::Sightings::new(Arc::new(errors_seen), true),
        ledger: Some(Arc::new(DynamoDbLedger::new(dynamodb.clone(), SERIES))),
        series: Arc::new(DynamoDbSeriesStore::new(dynamodb, SERIES)),
        emitter,
        clock,
        function_name: String::new(),
        rules: extraction::Rules::default(),
        reader: std::sync::Mutex::default(),
    }
}

fn output(
    folder: &Path,
    function: &str,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Emitter>> {
    Ok(Arc::new(output::File::open(
        &folder.join(format!("{function}.jsonl")),
        clock.clone(),
    )?))
}

impl Stack {
    /// Starts every server, creates the tables that are missing and connects the functions.
    ///
    /// # Errors
    /// A data directory that is in use or cannot be written, a port that is taken.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options {
            data,
            port,
            clock,
            arrivals,
            links,
            store_calls,
        } = options;
        let instance = instance::Lock::take(&data)?;
        let folder = data.join("logs");
        let journal = Arc::new(Journal::in_folder(&folder.join(FUNCTION))?);
        let database = dynamodb::start(Some(&data.join("dynamodb.sqlite"))).await?;
        let sns = sns::start(&data).await?;
        let logs = log_search::start(LOG_GROUP, journal.clone()).await?;
        let bus = event_bus::start(&data.join("events.jsonl")).await?;
        let (queue_server, queue) = queue::start(&data.join("queue.json"), clock.clone()).await?;

        let dynamodb =
            store_calls::client(&aws::for_endpoint(&database.endpoint()).await, store_calls);
        car_api::store::dynamodb::create_table(&dynamodb, CARS)
            .await
            .context("cannot create the table of cars")?;
        car_api::requests::dynamodb::create_table(&dynamodb, REQUESTS)
            .await
            .context("cannot create the table of accepted requests")?;
        create_series_table(&dynamodb, SERIES).await?;
        create_state_table(&dynamodb, STATE).await?;

        let bus_config = aws::for_endpoint(&bus.endpoint()).await;
        let queue_config = aws::for_endpoint(&queue_server.endpoint()).await;
        let function = Arc::new(Function::car_api(
            dynamodb.clone(),
            [CARS, REQUESTS],
            &bus_config,
            (&queue_config, &queue::url(&queue_server.endpoint())),
            clock.clone(),
            journal.clone(),
        )?);
        let watch = Watch::parse(WATCH).context("the embedded watch.toml")?;
        let state = Arc::new(DynamoDbStateStore::new(dynamodb.clone(), STATE));
        let key = links.then(|| function_url::key(&data)).transpose()?;
        let served = key.clone().map(|key| {
            let deps = responder::acknowledge::Deps {
                keys: key.into(),
                state: state.clone(),
                place: watch
                    .services
                    .first()
                    .map(|service| detector::place(&watch, service))
                    .unwrap_or_default(),
                clock: clock.clone(),
            };
            function_url::router(deps, clock.clone())
        });
        let (invoked, next) = (function.clone(), arrivals.clone());
        let gateway = gateway::start(port, served, invoked, next, clock.clone()).await?;
        let links = key
            .map(|key| Links::new(&gateway.endpoint(), key))
            .transpose()?;

        let emitter = output(&folder, "log-processor", &clock)?;
        let processor = processor(dynamodb.clone(), emitter, clock.clone());
        let notifier = platform::notifier::sns::Sns::new(
            aws_sdk_sns::Client::new(&aws::for_endpoint(&sns.endpoint()).await),
            topics(),
        );
        let log_search = CloudWatchLogs::new(aws_sdk_cloudwatchlogs::Client::new(
            &aws::for_endpoint(&logs.endpoint()).await,
        ));
        let detector = detector::Deps {
            watch,
            series: processor.series.clone(),
            state,
            checkpoints: Checkpoints::folder(&data.join("state"))?,
            metrics: Arc::new(metrics::FunctionMetrics {
                function: FUNCTION.to_owned(),
                journal: journal.clone(),
            }),
            logs: Some(Arc::new(log_search)),
            links,
            notifier: Arc::new(notifier),
            emitter: output(&folder, "detector", &clock)?,
            clock: clock.clone(),
            change_feed: false,
            function_name: String::new(),
            // One process at a time has this data directory, so a window that it left unfinished is its own.
            owner: "local".to_owned(),
            warm: detector::Warm::default(),
        };
        Ok(Self {
            journal,
            detector,
            processor,
            failures: Failures::of(&data, clock),
            function,
            arrivals,
            queue,
            gateway,
            others: [database, sns, bus, queue_server, logs],
            _instance: instance,
        })
    }

    /// Where the API listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.endpoint()
    }

    /// What AWS would do by itself: hand what waits on the queue to car-api, and again what failed before. Says how many
    /// messages were worked off.
    ///
    /// # Errors
    /// A queue or a journal that cannot be written.
    pub async fn work_off(&self) -> anyhow::Result<usize> {
        self.queue
            .deliver(&self.function, self.arrivals.as_ref())
            .await
    }

    /// Ends when there is something to work off.
    pub async fn work_is_due(&self) {
        self.queue.is_due().await;
    }

    /// What AWS would do by itself: deliver the minute's log events, then invoke the detector for it. Doing it
    /// again changes nothing.
    ///
    /// # Errors
    /// A function that failed.
    pub async fn end_minute(&self, minute: Minute) -> anyhow::Result<MinuteEnd> {
        let delivered = self.deliver(minute).await?;
        let tick = detector::Tick {
            at: minute.plus(1).start(),
            shard: 0,
        };
        let detected = detector::handle(&tick, &self.detector)
            .await
            .with_context(|| format!("the detector failed on {minute}"))?;
        Ok(MinuteEnd {
            delivered,
            detected,
        })
    }

    /// Delivers log events that nobody's function wrote, as those of `log_group`.
    ///
    /// # Errors
    /// An on-failure destination that cannot be written.
    pub(crate) async fn deliver_events(
        &self,
        log_group: &str,
        minute: Minute,
        events: &[LogEvent],
    ) -> anyhow::Result<subscription::Delivered> {
        let (processor, failures) = (&self.processor, &self.failures);
        subscription::deliver_events(log_group, minute, events, processor, failures).await
    }

    async fn deliver(&self, minute: Minute) -> anyhow::Result<subscription::Delivered> {
        let (journal, failures) = (&self.journal, &self.failures);
        subscription::deliver(journal, LOG_GROUP, minute, &self.processor, failures).await
    }

    /// Delivers what an earlier process left: the log events of minutes that the detector has not decided yet.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub async fn deliver_left_over(&self, before: Minute) -> anyhow::Result<()> {
        let Some(pointer) = self.detector.state.pointer(0).await? else {
            return Ok(());
        };
        for minute in self.journal.minutes()?.range(pointer.decided..before) {
            self.deliver(*minute).await?;
        }
        Ok(())
    }

    /// Stops every server; running requests finish.
    ///
    /// # Errors
    /// What ended a server early.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.gateway.stop().await?;
        for server in self.others {
            server.stop().await?;
        }
        Ok(())
    }
}
