//! The detector among stores in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use detector::watch::Watch;
use detector::{Deps, Outcome, Tick, Warm};
use jiff::Timestamp;
use object_store::memory::InMemory;
use platform::checkpoints::Checkpoints;
use platform::clock::ManualClock;
use signals::Minute;

use super::alerts::Alerts;
use super::messages::Inbox;
use super::recording::BatchMinute;
use super::rollups::Stored;
use crate::local::{Nobody, Silent};

/// The detector, its stores and its clock.
#[derive(Debug)]
pub(super) struct World {
    pub(super) deps: Deps,
    pub(super) alerts: Arc<Alerts>,
    series: Arc<Stored>,
    clock: Arc<ManualClock>,
}

impl World {
    pub(super) fn new(watch: Watch, inbox: Arc<Inbox>, now: Timestamp) -> Self {
        let (series, alerts) = (Arc::new(Stored::default()), Arc::new(Alerts::default()));
        let clock = Arc::new(ManualClock::at(now));
        let deps = Deps {
            watch,
            series: series.clone(),
            state: alerts.clone(),
            checkpoints: Checkpoints::over(Arc::new(InMemory::new())),
            metrics: Arc::new(Nobody),
            logs: None,
            links: None,
            notifier: inbox,
            clock: clock.clone(),
            emitter: Arc::new(Silent),
            change_feed: false,
            function_name: String::new(),
            owner: "replay".to_owned(),
            warm: Warm::default(),
        };
        Self {
            deps,
            alerts,
            series,
            clock,
        }
    }

    /// A minute arrives.
    pub(super) fn record(&self, minute: Minute, batches: Vec<BatchMinute>) {
        for batch in batches {
            self.series.put(
                &batch.log_group,
                &batch.batch,
                batch.version,
                &BTreeMap::from([(minute, batch.series)]),
            );
        }
    }

    /// A minute ends: what the schedule would do.
    pub(super) async fn end(&self, minute: Minute) -> anyhow::Result<Outcome> {
        let at = minute.plus(1).start();
        self.clock.set(at);
        let outcome = detector::handle(&Tick { at, shard: 0 }, &self.deps)
            .await
            .with_context(|| format!("the detector failed on {minute}"))?;
        self.series.forget_before(minute);
        Ok(outcome)
    }
}
