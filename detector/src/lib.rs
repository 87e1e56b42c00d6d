//! The detector: once a minute, from rollups and metrics to incidents and messages.
//!
//! A run reads the state at the end of the last settled minute, learns what has settled since, judges the newer
//! minutes on a copy, turns the verdicts of each window into transitions, and sends what waits in the outbox. Then
//! it compares the versions of what is being rolled out, and seals again what came late.
//! Every step may be repeated: a run that is killed anywhere is finished by the next one, with the same answer.

use std::sync::Arc;

use incidents::slo::Standing;
use jiff::{SignedDuration, Timestamp};
use platform::checkpoints::{CheckpointError, Checkpoints};
use platform::clock::Clock;
use platform::emit::Emitter;
use platform::incident_store::IncidentStoreError;
use platform::metric_source::MetricSource;
use platform::notifier::Notifier;
use platform::series_store::{SeriesStore, SeriesStoreError};
use platform::state_store::{Claim, StateStore, StateStoreError};
use serde::{Deserialize, Serialize};
use signals::Minute;
use tokio::sync::Mutex;

pub mod aws;
pub mod canary;
pub mod drill;
pub mod explain;
pub mod facts;
pub mod forecast;
pub mod groups;
pub mod levels;
pub mod measure;
pub mod objectives;
pub mod polling;
pub mod settings;
pub mod state;
pub mod taking;
pub mod watch;
pub mod watchlist;

mod backfill;
mod change_feed;
mod decisions;
mod diagnosis;
mod late;
mod learning;
mod limits;
mod outbox;
mod past;
mod polls;
mod records;
mod silences;
mod start;
mod storms;
mod telemetry;
#[cfg(test)]
mod tests;
mod track;

pub use change_feed::{Answer, EventError, Received, around, receive};
pub use decisions::{Told, place};
pub use start::{StartError, connect, start};
use state::State;
use watch::Watch;

/// How long a run owns its window. Longer than any run, shorter than the schedule's retries.
const LEASE: SignedDuration = SignedDuration::from_secs(50);
/// Windows that a late run still turns into transitions; what is older is learned, but nobody is woken for it.
const STALE_WINDOWS: i64 = 30;

/// What the schedule sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// The time the run was due, not the time it runs: a replay of last Tuesday gives last Tuesday's answer.
    pub at: Timestamp,
    /// Which share of the log groups; there is one shard unless the fleet needs more.
    #[serde(default)]
    pub shard: u16,
}

/// What a run needs.
#[derive(Debug)]
pub struct Deps {
    /// What is watched.
    pub watch: Watch,
    /// Rollups.
    pub series: Arc<dyn SeriesStore>,
    /// Claims, pointers, alert groups and the outbox.
    pub state: Arc<dyn StateStore>,
    /// State objects.
    pub checkpoints: Checkpoints,
    /// AWS/Lambda metrics.
    pub metrics: Arc<dyn MetricSource>,
    /// Where example requests are looked for; `None`: messages have none.
    pub logs: Option<Arc<dyn platform::log_search::LogSearch>>,
    /// Makes the links by which people acknowledge incidents; `None`: messages have none.
    pub links: Option<incidents::acknowledge_link::Links>,
    /// Where messages go.
    pub notifier: Arc<dyn Notifier>,
    /// For leases only; decisions use the schedule's time.
    pub clock: Arc<dyn Clock>,
    /// The detector's own metrics.
    pub emitter: Arc<dyn Emitter>,
    /// Whether EventBridge tells of changes: then they are read, and silence means that nothing changed.
    pub change_feed: bool,
    /// The name of this function on Lambda, a dimension of its own metrics; empty elsewhere.
    pub function_name: String,
    /// Names this execution environment: it owns the windows it claims.
    pub owner: String,
    /// The state object that a warm environment still holds.
    pub warm: Warm,
}

/// The last committed state, by shard and window; the pointer says whether it is still the right one.
#[derive(Debug, Default)]
pub struct Warm(Mutex<Option<(u16, State)>>);

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// The window that was due.
    pub window: String,
    /// `ran`, `done` (somebody had finished it) or `held` (somebody else is at it).
    pub status: &'static str,
    /// Windows that were turned into transitions.
    pub windows_decided: u64,
    /// Subjects that have a model.
    pub series_evaluated: u64,
    /// Subjects left out by the limit of series for each service.
    pub series_left_out: u64,
    /// Seconds from the newest minute that has data to the window's end; `None` without any data.
    pub data_lag_seconds: Option<i64>,
    /// Of the subjects, those that have learned too little to speak: they are warming up.
    pub series_warming_up: u64,
    /// Services whose past is still being fetched or learned.
    pub services_backfilling: u64,
    /// Minutes of the past, with data, that this run fetched from CloudWatch.
    pub backfilled_minutes: u64,
    /// Slices of the past that could not be fetched or read; the next run goes on with them.
    pub backfill_failed: u64,
    /// Limits that could not be read: they stay as they were.
    pub limits_failed: u64,
    /// Polls of CloudWatch that failed: their minutes are unknown.
    pub polls_failed: u64,
    /// Where the objectives stand at the end of the window, with the name of their service.
    #[serde(skip)]
    pub standings: Vec<(String, Standing)>,
    /// Incidents that changed, in order.
    pub told: Vec<Told>,
    /// Incidents that were told without a diagnosis, because the store did not answer in time.
    pub diagnoses_failed: u64,
    /// Searches of the logs for examples that failed.
    pub log_searches_failed: u64,
    /// Messages handed over.
    pub messages_published: u64,
    /// Messages that shadow mode kept back.
    pub messages_withheld: u64,
    /// Messages given up.
    pub messages_dead: u64,
    /// Services whose newest minutes are of several versions: one more read each.
    pub version_reads: u64,
    /// Those of them that failed or took too long; the next run looks again.
    pub version_reads_failed: u64,
    /// Such services that there was no time left for; the next run begins with another one.
    pub version_reads_postponed: u64,
    /// Newer versions that were told worse, or not, than what they replace.
    pub verdicts: Vec<canary::Verdict>,
    /// Minutes of marks of late data that this run found, those it worked off included; at least so many, when
    /// there are more marks than a run reads.
    pub late_minutes: u64,
    /// Minutes that were sealed again.
    pub late_sealed: u64,
    /// Late minutes that were not, because they are too old or hold less than what is sealed.
    pub late_refused: u64,
    /// Looks at late data that failed or took too long; the next run looks again.
    pub late_failed: u64,
}

/// Why a run ended early. The next run picks up where this one stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Rollups.
    #[error(transparent)]
    Series(#[from] SeriesStoreError),
    /// Claims, records or outbox.
    #[error(transparent)]
    State(#[from] StateStoreError),
    /// State objects.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A state that cannot be stored.
    #[error(transparent)]
    Encode(#[from] state::StateError),
    /// A stored incident that cannot be read.
    #[error(transparent)]
    Record(#[from] incidents::RecordError),
    /// A service or environment without a name.
    #[error(transparent)]
    Group(#[from] incidents::InvalidGroup),
    /// A message that cannot be stored.
    #[error("message {id} cannot be stored: {message}")]
    Message {
        /// Its name.
        id: String,
        /// What is wrong.
        message: String,
    },
    /// An event that is not the schedule's.
    #[error(transparent)]
    Event(#[from] EventError),
    /// Somebody else kept changing the same incident.
    #[error(
        "incident group {fingerprint} changed under {attempts} attempts to write it; the next run tries again"
    )]
    Contended {
        /// The group.
        fingerprint: String,
        /// How often it was tried.
        attempts: u32,
    },
}

impl Error {
    /// Whether the same run may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Series(error) => error.is_retryable(),
            Self::State(error) => error.is_retryable(),
            Self::Checkpoint(error) => error.is_retryable(),
            Self::Contended { .. } => true,
            Self::Encode(_)
            | Self::Record(_)
            | Self::Group(_)
            | Self::Message { .. }
            | Self::Event(_) => false,
        }
    }
}

impl From<IncidentStoreError> for Error {
    fn from(error: IncidentStoreError) -> Self {
        match error {
            IncidentStoreError::State(error) => Self::State(error),
            IncidentStoreError::Record(error) => Self::Record(error),
            IncidentStoreError::Message { id, message } => Self::Message { id, message },
        }
    }
}

/// The newest minute that had ended when the run was due.
#[must_use]
pub fn window_of(tick: &Tick) -> Minute {
    Minute::containing(tick.at).plus(-1)
}

/// One run.
///
/// # Errors
/// A store that does not answer, or holds what this build cannot read.
pub async fn handle(tick: &Tick, deps: &Deps) -> Result<Outcome, Error> {
    let window = window_of(tick);
    let mut outcome = Outcome {
        window: window.to_string(),
        ..Outcome::default()
    };
    let now = deps.clock.now();
    let lease_until = now.saturating_add(LEASE).unwrap_or(now);
    match deps
        .state
        .claim_window(tick.shard, window, &deps.owner, now, lease_until)
        .await?
    {
        Claim::Mine => outcome.status = "ran",
        Claim::Done => {
            // Its messages may still wait: whoever finished the window may have died over the outbox.
            outcome.status = "done";
            outbox::send(deps, &mut outcome).await?;
            return Ok(outcome);
        }
        Claim::Held { until } => {
            tracing::info!(%window, %until, "another detector holds the window");
            outcome.status = "held";
            return Ok(outcome);
        }
    }
    outbox::send(deps, &mut outcome).await?;
    let ran = run(tick.shard, window, deps, &mut outcome).await?;
    let (heard, questions) = ran.map_or((None, Vec::new()), |(heard, it)| (Some(heard), it));
    // Who is to be woken does not wait for the looks; and when nobody can be told, a rollout must not bake on.
    let sent = outbox::send(deps, &mut outcome).await;
    canary::look(deps, tick.at, heard.as_ref(), &mut outcome).await;
    late::look(deps, tick.shard, window, &mut outcome).await;
    backfill::fetch(deps, questions, &mut outcome).await;
    sent?;
    deps.state
        .finish_window(tick.shard, window, &deps.owner)
        .await?;
    telemetry::emit(deps, &outcome, tick.at);
    Ok(outcome)
}

/// Learns, judges and decides every window up to `window`. Says which versions the newest minutes are of, and what
/// of the past is to be asked for; `None` when there was nothing left to decide, and so nothing to read.
async fn run(
    shard: u16,
    window: Minute,
    deps: &Deps,
    outcome: &mut Outcome,
) -> Result<Option<(learning::Heard, Vec<backfill::Question>)>, Error> {
    let settle = i64::from(deps.watch.detector.settle_minutes);
    let pointer = deps.state.pointer(shard).await?;
    let decided = pointer.map_or(window.plus(-1), |pointer| pointer.decided);
    let first = decided.plus(1).max(window.plus(1 - STALE_WINDOWS));
    if first > window {
        tracing::info!(%window, %decided, "a late run finds its window decided");
        return Ok(None);
    }
    // The minute that settles with the first window is among those that are polled below.
    let before = first.plus(-settle - 1);
    let mut settled = learning::settled(shard, pointer, decided, before, deps).await?;
    outcome.polls_failed = polls::poll(
        deps,
        first.plus(1 - polling::REREAD_MINUTES),
        window,
        first < window,
    )
    .await?;
    limits::read(deps, &settled, window, outcome).await?;
    let (recent, heard) = learning::recent(deps, &settled, first, window).await?;
    let silences = silences::read(deps, first.plus(1).start()).await?;
    let mut records = records::Records::read(deps).await?;
    let changes = change_feed::Feed::read(deps, window.plus(1).start()).await?;
    let began = deps.clock.now();
    for index in first.index()..=window.index() {
        let at = Minute::from_index(index);
        learning::settle(deps, &mut settled, &recent, at.plus(-settle)).await?;
        let provisional = learning::provisional(deps, &settled, &recent, at);
        let known = diagnosis::Known {
            state: &provisional,
            recent: &recent,
            silences: &silences,
            changes: &changes,
            began,
        };
        decisions::decide_window(deps, &known, &mut records, at, outcome).await?;
        outcome.standings = objectives::all(&deps.watch, &provisional);
        outcome.series_evaluated = provisional.len() as u64;
        outcome.series_warming_up = provisional.warming_up() as u64;
        outcome.series_left_out = provisional.left_out();
        outcome.windows_decided += 1;
    }
    outcome.data_lag_seconds = learning::newest(&recent).map(|newest| window.since(newest) * 60);
    // Who is to be woken does not wait for the past of somebody else's service.
    if backfill::is_busy(deps, &settled) {
        outbox::send(deps, outcome).await?;
    }
    let questions = backfill::follow(deps, &mut settled, outcome).await;
    learning::commit(shard, deps, settled, window.max(decided)).await?;
    Ok(Some((heard, questions)))
}

/// What Lambda is told of a run that failed: the kind decides nothing there, but it is what its metrics group by.
impl From<Error> for lambda_runtime::Diagnostic {
    fn from(error: Error) -> Self {
        let kind = if error.is_retryable() {
            "Detector.Retryable"
        } else {
            "Detector.Permanent"
        };
        Self {
            error_type: kind.to_owned(),
            error_message: error.to_string(),
        }
    }
}
