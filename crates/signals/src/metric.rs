//! Every metric that Outrider's own functions emit or read, once.
//!
//! A metric's name as a string literal anywhere else fails the architecture test: dashboards, alarms, queries
//! and the code that emits must not be able to disagree.

use crate::Unit;

macro_rules! metrics {
    ($($(#[$doc:meta])* $variant:ident: $unit:ident),* $(,)?) => {
        /// A metric by its CloudWatch name, which is the variant's own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric { $($(#[$doc])* $variant),* }

        impl Metric {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// CloudWatch's name for it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),* }
            }

            /// The unit it is emitted in.
            #[must_use]
            pub fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit),* }
            }
        }
    };
}

metrics! {
    /// Time from request to response, injected faults included.
    Latency: Milliseconds,
    /// One for each request.
    Requests: Count,
    /// One for each answer with status 4xx other than 429.
    ClientErrors: Count,
    /// One for each answer with status 5xx that is not a throttle.
    Faults: Count,
    /// One for each answer 429, or 503 because a dependency throttled.
    Throttled: Count,
    /// One for each request refused by validation.
    ValidationFailures: Count,
    /// Members of request bodies that the service does not know and keeps out.
    UnknownFields: Count,
    /// Time in calls to Amazon DynamoDB.
    DynamoDbLatency: Milliseconds,
    /// Time in calls to Amazon EventBridge.
    EventBridgeLatency: Milliseconds,
    /// Read capacity units that the calls consumed.
    ConsumedReadCapacity: Count,
    /// Write capacity units that the calls consumed.
    ConsumedWriteCapacity: Count,
    /// Second and later attempts of calls to dependencies.
    RetryAttempts: Count,
    /// Calls to dependencies that failed after their last attempt.
    RetriesExhausted: Count,
    /// Events that the bus accepted.
    EventsPublished: Count,
    /// Events that neither the bus nor the queue took: lost.
    EventPublishFailures: Count,
    /// Events that the bus did not take and the queue keeps for later.
    EventsDeferred: Count,
    /// Creations accepted to be done later.
    RequestsAccepted: Count,
    /// Messages of the queue that were worked off.
    WorkDone: Count,
    /// Messages given back to the queue, to be tried again.
    WorkFailed: Count,
    /// Messages that no retry helps, on their way to the dead letters.
    WorkPoisoned: Count,
    /// Cars created.
    CarsCreated: Count,
    /// Cars changed.
    CarsUpdated: Count,
    /// Cars deleted.
    CarsDeleted: Count,
    /// One for each new execution environment (dimensions of AWS Powertools: `function_name`, `service`).
    ColdStart: Count,
    /// One for each start refused by a bad configuration.
    ConfigError: Count,
    /// Log lines that log-processor read.
    LogEvents: Count,
    /// Samples it extracted.
    Samples: Count,
    /// Log lines it rejected, by reason.
    RejectedEvents: Count,
    /// Rollup items it wrote.
    RollupsWritten: Count,
    /// Age of the newest log event of a payload when its rollups were written.
    IngestLagSeconds: Seconds,
    /// Age of the oldest log event of a payload when its rollups were written.
    OldestIngestLagSeconds: Seconds,
    /// Base64 in which payloads came.
    BytesIn: Bytes,
    /// JSON that was in them.
    BytesInflated: Bytes,
    /// Batches all of whose log events other batches had counted.
    BatchesReplayed: Count,
    /// Log events that other batches had counted.
    EventsSkipped: Count,
    /// Claims that do not fit what a payload holds: the stream was not delivered in contiguous runs.
    LedgerGaps: Count,
    /// Log records that Lambda dropped before they were log events.
    LogsDropped: Count,
    /// Log lines that tell of an error.
    ApplicationErrors: Count,
    /// Errors that no log line of their log group had told of in 30 days.
    NewErrors: Count,
    /// Documents in the embedded metric format that CloudWatch drops without a word, also by `reason`, and by
    /// `log_group` and `namespace`.
    EmfViolations: Count,
    /// Data of series that are counted together, because one of their dimensions has too many values.
    CardinalityCapped: Count,
    /// Of a watched function (dimension `function_name` alone): peak memory of an environment.
    MaxMemoryUsed: Megabytes,
    /// Of a watched function: peak memory in percent of the memory it has.
    MemoryUtilization: Percent,
    /// Of a watched function: time of the init phase of cold starts.
    InitDuration: Milliseconds,
    /// Of a watched function: invocations that waited for an init phase.
    ColdStarts: Count,
    /// Of a watched function: invocations that Lambda ended at their timeout.
    Timeouts: Count,
    /// Of a watched function: invocations that ended at the memory limit.
    OutOfMemory: Count,
    /// One for each detector run that finished evaluation and outbox.
    DetectorRun: Count,
    /// Age of the newest minute that any watched series has data for.
    DataLagSeconds: Seconds,
    /// Series that were scored.
    SeriesEvaluated: Count,
    /// Of those, the ones that have learned too little to speak.
    SeriesWarmingUp: Count,
    /// Minutes of history that were fetched from Amazon CloudWatch for services that are new here.
    BackfilledMinutes: Count,
    /// Questions about history or limits that failed; the next run asks again.
    BackfillFailed: Count,
    /// Incidents that opened.
    IncidentsOpened: Count,
    /// Incidents that resolved.
    IncidentsResolved: Count,
    /// Messages handed to SNS.
    MessagesPublished: Count,
    /// Messages given up after their last attempt.
    MessagesDead: Count,
    /// Minutes that got rollups after they were sealed and wait to be sealed again; at least so many.
    LateMinutes: Count,
    /// Whether a function's newest version is worse than the one it replaces, over the same minutes (dimensions
    /// `function`, `version`): 1 is worse, 0 is not, and none is too few requests to tell.
    CanaryVerdict: Count,
    /// How many times faster than allowed the last hour spent an objective's error budget (dimensions `service`, `objective`);
    /// none while nothing was counted.
    BurnRate: None,
    /// What is left of an objective's error budget; negative when more is spent than allowed.
    ErrorBudgetRemaining: Percent,
    /// AWS/Lambda: invocations that ran.
    Invocations: Count,
    /// AWS/Lambda: invocations that ended in a function error.
    Errors: Count,
    /// AWS/Lambda: invocations refused for lack of concurrency.
    Throttles: Count,
    /// AWS/Lambda: environments busy at the same time.
    ConcurrentExecutions: Count,
    /// AWS/Lambda, of the account: concurrency in use or set aside.
    ClaimedAccountConcurrency: Count,
    /// AWS/Lambda, of the account: environments busy in functions without reserved concurrency.
    UnreservedConcurrentExecutions: Count,
    /// AWS/Lambda: time in the handler, by percentiles.
    Duration: Milliseconds,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_cloudwatch_style() {
        let names: BTreeSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        assert!(
            names
                .iter()
                .all(|name| name.chars().all(|c| c.is_ascii_alphanumeric()))
        );
        assert_eq!(Metric::Latency.unit(), Unit::Milliseconds);
    }
}
