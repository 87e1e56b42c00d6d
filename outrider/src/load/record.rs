//! What a run measures, while it measures it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use signals::Histogram;
use simulator::Operation;
use simulator::load::Profile;

use super::target::Answer;

/// Most points of the time series: an hour by the second.
const MOST_POINTS: f64 = 3_600.0;

/// How a planned request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It did what it asked.
    Ok,
    /// A 3xx or 4xx other than 429: the service takes the request for wrong.
    Rejected,
    /// 429.
    Throttled,
    /// 5xx.
    Failed,
    /// No answer in time.
    TimedOut,
    /// No connection, or one that broke.
    Unreachable,
    /// It could not be sent in time, because all connections were busy. The service never saw it.
    Unsent,
    /// The run was stopped before it could be sent.
    Interrupted,
}

impl Ending {
    /// Every one of them.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Rejected,
        Self::Throttled,
        Self::Failed,
        Self::TimedOut,
        Self::Unreachable,
        Self::Unsent,
        Self::Interrupted,
    ];

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Rejected => "rejected",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
            Self::Unsent => "never sent",
            Self::Interrupted => "interrupted",
        }
    }

    pub(crate) fn of(answer: &Answer, good: bool) -> Self {
        match answer {
            _ if good => Self::Ok,
            Answer::Status { code: 429, .. } => Self::Throttled,
            Answer::Status { code: 500.., .. } => Self::Failed,
            Answer::Status { .. } => Self::Rejected,
            Answer::TimedOut => Self::TimedOut,
            Answer::Unreachable(_) => Self::Unreachable,
        }
    }
}

/// Durations, with their exact maximum.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Durations {
    pub(crate) histogram: Histogram,
    pub(crate) max: f64,
    pub(crate) sum: f64,
}

impl Durations {
    pub(crate) fn add(&mut self, duration: Duration) {
        let ms = duration.as_secs_f64() * 1e3;
        self.histogram.add(ms, 1);
        self.max = self.max.max(ms);
        self.sum += ms;
    }
}

/// A point of the time series, a tenth of the run, or an operation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    pub(crate) arrivals: u64,
    pub(crate) good: u64,
    pub(crate) unsent: u64,
    pub(crate) latency: Durations,
}

impl Slot {
    fn add(&mut self, end: &End) {
        self.arrivals += 1;
        self.good += u64::from(end.ending == Ending::Ok);
        self.unsent += u64::from(end.ending == Ending::Unsent);
        self.latency.add(end.latency);
    }
}

/// The end of one planned request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// When it was due, from the start.
    pub(crate) due: Duration,
    /// What it was sent as; what was planned if it was not sent.
    pub(crate) operation: Operation,
    /// How it ended.
    pub(crate) ending: Ending,
    /// From when it was due until its client knew the end, pauses between attempts included.
    pub(crate) latency: Duration,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Recorder {
    seconds: f64,
    /// Seconds of a point of the time series.
    pub(crate) step: f64,
    slow: Duration,
    pub(crate) endings: BTreeMap<Ending, u64>,
    /// Ended well and fast enough for the objective.
    pub(crate) within: u64,
    /// Attempts by what came back.
    pub(crate) answers: BTreeMap<String, u64>,
    pub(crate) repeats: u64,
    /// Attempts by operation that came back at all.
    pub(crate) attempted: BTreeMap<Operation, u64>,
    pub(crate) corrected: Durations,
    pub(crate) service: Durations,
    pub(crate) late: Durations,
    pub(crate) operations: BTreeMap<Operation, Slot>,
    pub(crate) series: Vec<Slot>,
    pub(crate) tenths: [Slot; 10],
    pub(crate) first_failure: Option<String>,
}

impl Recorder {
    /// Nothing yet; an answer later than `slow` misses the objective.
    pub(crate) fn new(profile: &Profile, slow: Duration) -> Self {
        Self {
            seconds: profile.seconds,
            step: (profile.seconds / MOST_POINTS).ceil().max(1.0),
            slow,
            endings: BTreeMap::new(),
            within: 0,
            answers: BTreeMap::new(),
            repeats: 0,
            attempted: BTreeMap::new(),
            corrected: Durations::default(),
            service: Durations::default(),
            late: Durations::default(),
            operations: BTreeMap::new(),
            series: Vec::new(),
            tenths: Default::default(),
            first_failure: None,
        }
    }

    /// A request was sent for the first time, `late` after it was due.
    pub(crate) fn sent(&mut self, late: Duration) {
        self.late.add(late);
    }

    /// One attempt came to its end, `took` after it was sent.
    pub(crate) fn answered(
        &mut self,
        operation: Operation,
        answer: &Answer,
        attempt: u32,
        took: Duration,
    ) {
        *self.answers.entry(answer.label()).or_default() += 1;
        *self.attempted.entry(operation).or_default() += 1;
        self.repeats += u64::from(attempt > 1);
        self.service.add(took);
    }

    /// What the first request that did not end well was told.
    pub(crate) fn failure(&mut self, due: Duration, operation: Operation, why: &str) {
        self.first_failure.get_or_insert_with(|| {
            format!(
                "{} cars at {:.1} s: {why}",
                operation.method(),
                due.as_secs_f64()
            )
        });
    }

    /// A planned request is over, whatever became of it.
    pub(crate) fn ended(&mut self, end: &End) {
        *self.endings.entry(end.ending).or_default() += 1;
        if end.ending == Ending::Interrupted {
            return;
        }
        self.within += u64::from(end.ending == Ending::Ok && end.latency <= self.slow);
        self.corrected.add(end.latency);
        self.operations.entry(end.operation).or_default().add(end);
        let due = end.due.as_secs_f64();
        let point = (due / self.step) as usize;
        if self.series.len() <= point {
            self.series.resize_with(point + 1, Slot::default);
        }
        self.series[point].add(end);
        let tenth = ((due / self.seconds * 10.0) as usize).min(9);
        self.tenths[tenth].add(end);
    }

    /// Planned requests that are over, without those that the run's end cut off.
    pub(crate) fn arrivals(&self) -> u64 {
        self.corrected.histogram.total()
    }
}
