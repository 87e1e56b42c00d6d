//! `outrider drill`: a test incident, sent through everything that a real one goes through.
//!
//! On the embedded stack in virtual time: log lines of requests that all fail, under a service of their own, through
//! log-processor and the detector to the inbox; then silence until the incident has resolved. Each stage is checked
//! where the next one finds it, and the first that fails is named.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use incidents::acknowledge_link::By;
use platform::clock::{Clock, SystemClock};
use signals::Minute;

use crate::local::clock::VirtualClock;
use crate::local::gateway::Arrivals;
use crate::local::lambda::Arrival;
use crate::local::{self, Lock, Stack};

mod course;
mod report;
#[cfg(test)]
mod tests;

use course::Course;
use report::Report;

/// Where a drill without `--data` keeps everything; the earlier one's is replaced.
const FOLDER: &str = ".outrider/drill";
/// Minutes before now at which a drill begins where no detector has run yet: what runs there later is then not behind
/// its detector, and there is room for more drills.
const EARLIER: i64 = 1_440;

/// Arguments of `outrider drill`.
#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// The data directory of `up`, which must not be running; without it, a fresh one in .outrider/drill
    #[arg(long, conflicts_with = "aws")]
    data: Option<PathBuf>,
    /// Not possible yet: the deployed stack has no log group for drills
    #[arg(long)]
    aws: bool,
    /// Who starts it; the messages say so
    #[arg(long, value_name = "NAME", default_value = "somebody without a name")]
    by: String,
    /// One JSON document on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// Nobody asks anything of the car API during a drill; who does is served at once.
#[derive(Debug)]
struct Nobody;

impl Arrivals for Nobody {
    fn next(&self) -> Arrival {
        Arrival {
            request: 0,
            throttled: false,
            init_ms: None,
        }
    }
}

/// Runs a drill. Exit code 0: everything arrived; 1: a stage failed, and which.
///
/// # Errors
/// `--aws`; a name that cannot be shown; a data directory that is in use, holds a demo, or is ahead of the clock.
pub(crate) async fn run(args: DrillArgs, say: &mut dyn FnMut(&str)) -> anyhow::Result<ExitCode> {
    if args.aws {
        bail!(
            "drill --aws is not possible yet: the template has no log group that a drill could write to; without --aws a \
             drill proves the same functions on this machine"
        );
    }
    let by = By::new(&args.by)?;
    let data = match args.data {
        Some(data) => data,
        None => fresh_folder(Path::new(FOLDER))?,
    };
    if data.join("demo.json").exists() {
        bail!(
            "{} holds a demo, which repeats to the byte and so has no room for a drill: name the folder of `up`, or no \
             --data",
            data.display()
        );
    }
    let report = drill(&data, &by, SystemClock.now(), |_| {}).await?;
    if args.json {
        say(&serde_json::to_string(&report)?);
    } else {
        report.tell(say);
    }
    Ok(if report.arrived() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A drill on the data directory `data`; `before` may change the stack before anything is sent.
async fn drill(
    data: &Path,
    by: &By,
    now: jiff::Timestamp,
    before: impl FnOnce(&mut Stack),
) -> anyhow::Result<Report> {
    let clock = Arc::new(VirtualClock::at(now));
    let mut stack = start(data, &clock).await?;
    before(&mut stack);
    let now = Minute::containing(now);
    let inbox = data.join("inbox");
    let report = match Course::begin(&stack, &clock, &inbox, now).await {
        Ok(course) => Ok(course.run(by).await),
        Err(error) => Err(error),
    };
    stack.stop().await?;
    report
}

async fn start(data: &Path, clock: &Arc<VirtualClock>) -> anyhow::Result<Stack> {
    Stack::start(local::Options {
        data: data.to_owned(),
        port: 0,
        clock: clock.clone(),
        arrivals: Arc::new(Nobody),
        links: false,
        store_calls: None,
    })
    .await
}

/// The folder, empty.
fn fresh_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        drop(Lock::take(folder)?);
        std::fs::remove_dir_all(folder)?;
    }
    Ok(folder.to_owned())
}
