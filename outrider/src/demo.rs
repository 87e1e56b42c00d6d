//! `outrider demo`: the whole system on the embedded stack in virtual time.
//!
//! Two weeks of history are there when it begins; then a seeded scenario sends real HTTP requests, with a latency,
//! an error and a throttle fault at seeded times. Everything is either a function of the seed or on disk before
//! the next step depends on it, so a demo that is killed anywhere goes on where it was and ends the same.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use indicatif::ProgressBar;
use platform::clock::Clock;
use signals::Minute;
use simulator::Scenario;

use crate::local::clock::VirtualClock;
use crate::local::store_calls::StoreCalls;
use crate::local::{self, Stack};

mod history;
mod marker;
mod summary;
mod traffic;

pub use summary::{FaultSummary, Summary};

/// When the scenario's live traffic begins: a Wednesday morning.
const FROM: &str = "2026-11-18T10:00:00Z";

/// How to run the demo.
#[derive(Debug)]
pub struct Options {
    /// Chooses traffic, faults and their times.
    pub seed: u64,
    /// Everything that shall outlive the process.
    pub data: PathBuf,
    /// Hears of every call to DynamoDB.
    pub store_calls: Option<Arc<dyn StoreCalls>>,
}

/// Says what happens while it happens.
pub trait Narrator {
    /// A line for people.
    fn say(&mut self, line: &str);
}

/// Runs the scenario to its end, or goes on where an earlier process was stopped.
///
/// # Errors
/// A data directory that is in use, cannot be written, or holds another seed's demo.
pub async fn run(
    options: Options,
    narrator: &mut dyn Narrator,
    progress: &ProgressBar,
) -> anyhow::Result<Summary> {
    let from = Minute::parse(FROM).context("the constant FROM")?;
    let scenario = Scenario::demo(options.seed, from);
    let clock = Arc::new(VirtualClock::at(from.start()));
    let arrivals = Arc::new(traffic::NextArrival::default());
    let stack = Stack::start(local::Options {
        data: options.data.clone(),
        port: 0,
        clock: clock.clone(),
        arrivals: arrivals.clone(),
        links: false,
        store_calls: options.store_calls,
    })
    .await?;
    let mut marker = marker::Marker::open(&options.data, options.seed)?;
    progress.set_length(u64::from(scenario.minutes));
    narrator.say(&format!(
        "seed {}: {} minutes of traffic from {from} after two weeks of history, on {}",
        options.seed,
        scenario.minutes,
        stack.url()
    ));
    if !marker.has_history() {
        progress.set_message("two weeks of history");
        let rollups = history::preload(&scenario, stack.detector.series.as_ref()).await?;
        clock.set(scenario.history_from().start());
        traffic::stock(&scenario, &stack.url(), &arrivals).await?;
        marker.history_is_there()?;
        narrator.say(&format!("{rollups} rollups of history stored"));
    }
    let driver = traffic::Driver::new(&scenario, &stack, clock.clone(), arrivals)?;
    for index in first_minute(&stack, &scenario).await?.index()..scenario.to().index() {
        let minute = Minute::from_index(index);
        progress.set_position(u64::try_from(minute.since(from)).unwrap_or(0));
        progress.set_message(minute.start().strftime("%H:%M").to_string());
        driver.send(minute).await?;
        clock.set(minute.plus(1).start());
        let end = stack.end_minute(minute).await?;
        for told in end.detected.told.iter().filter(|told| told.messages > 0) {
            let at = clock.now().strftime("%H:%M");
            narrator.say(&format!("{at}  {:<8} {}", told.action, told.headline));
        }
    }
    progress.finish_and_clear();
    let summary = summary::of(&scenario, &stack, &options.data).await?;
    stack.stop().await?;
    Ok(summary)
}

/// The first minute that is not known to be finished. The last finished one is done again: its messages may
/// still wait in the outbox, and doing it again changes nothing.
async fn first_minute(stack: &Stack, scenario: &Scenario) -> anyhow::Result<Minute> {
    let pointer = stack.detector.state.pointer(0).await?;
    Ok(pointer.map_or(scenario.from, |pointer| {
        pointer.decided.clamp(scenario.from, scenario.to())
    }))
}

/// The exit code of a finished demo: 0 only if every fault was detected and nothing else paged.
#[must_use]
pub fn exit_code(summary: &Summary) -> ExitCode {
    if summary.all_detected() && summary.false_pages == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
