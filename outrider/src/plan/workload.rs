//! What is assumed of the traffic. Every number is printed with the plan, because a plan is only as good as they are.

use serde::Serialize;

/// Seconds of a month of 30 days, in which bills are imagined.
pub(crate) const MONTH_SECONDS: f64 = 30.0 * 86_400.0;
/// Minutes of it: runs of the detector.
pub(crate) const MONTH_MINUTES: f64 = MONTH_SECONDS / 60.0;

/// The traffic of one watched service, and how its log lines travel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Workload {
    /// Requests a second, around the clock.
    pub requests_per_second: f64,
    /// Mean billed time of a request, milliseconds.
    pub duration_ms: f64,
    /// Share of requests that write, 0 to 1: each costs two write units (the car and its index) and an event.
    pub write_share: f64,
    /// Bytes that a request leaves in its log: EMF document, line, platform records.
    pub log_bytes: f64,
    /// Batches that CloudWatch Logs delivers a minute for each busy environment.
    pub batches_per_environment: f64,
    /// Bytes of rollups that a batch leaves for each minute.
    pub rollup_bytes: f64,
    /// Custom metrics of the service that CloudWatch makes of its documents.
    pub custom_metrics: f64,
    /// Services that are watched.
    pub services: f64,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            requests_per_second: 1.0,
            duration_ms: 20.0,
            write_share: 0.3,
            // What CloudWatch Logs bills of the demo's log group: its lines, and 26 bytes for each of them.
            log_bytes: 2_222.0,
            batches_per_environment: 6.0,
            // A series takes about 300 bytes; a minute of car-api has some forty.
            rollup_bytes: 12_000.0,
            // 19 metrics for the service as a whole, and again for each of 8 routes that are in use.
            custom_metrics: 19.0 * 9.0,
            services: 1.0,
        }
    }
}

impl Workload {
    /// Requests a month, of one service.
    pub(crate) fn requests(&self) -> f64 {
        self.requests_per_second * MONTH_SECONDS
    }

    /// Environments that are busy at the same time (Little's law), at least one.
    pub(crate) fn environments(&self) -> f64 {
        (self.requests_per_second * self.duration_ms / 1_000.0)
            .ceil()
            .max(1.0)
    }

    /// Batches a month, of one service: no more than there are requests.
    pub(crate) fn batches(&self) -> f64 {
        (self.environments() * self.batches_per_environment * MONTH_MINUTES).min(self.requests())
    }

    /// What is out of its range, each with its option.
    pub(crate) fn problems(&self) -> Vec<String> {
        let ranges = [
            ("--requests-per-second", self.requests_per_second, 0.0, 1e6),
            ("--duration-ms", self.duration_ms, 0.0, 900_000.0),
            ("--write-share", self.write_share, 0.0, 1.0),
            ("--log-bytes", self.log_bytes, 0.0, 1e6),
            ("--services", self.services, 1.0, 1e5),
        ];
        let wrong = ranges
            .into_iter()
            .filter(|(_, value, low, high)| !(low..=high).contains(&value));
        wrong
            .map(|(name, value, low, high)| format!("{name} is {value}: write {low} to {high}"))
            .collect()
    }
}
