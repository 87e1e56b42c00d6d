//! `outrider up`: the same system in real time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clap::Args;
use platform::clock::{Clock, SystemClock};
use signals::Minute;

use crate::local::gateway::Arrivals;
use crate::local::lambda::Arrival;
use crate::local::{self, Stack};

/// Arguments of `outrider up`.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Where everything is kept
    #[arg(long, default_value = ".outrider")]
    data: PathBuf,
    /// Port of the car API; 0 = any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Requests as they come.
#[derive(Debug)]
struct AsTheyCome(AtomicU32);

impl AsTheyCome {
    /// Numbers must not repeat within a minute, also when the process is restarted in it: they begin at the
    /// time in the minute, in units that no machine serves requests faster than.
    fn from(clock: &dyn Clock) -> Self {
        let millis = clock.now().as_millisecond().rem_euclid(60_000);
        Self(AtomicU32::new(u32::try_from(millis * 64).unwrap_or(0)))
    }
}

impl Arrivals for AsTheyCome {
    fn next(&self) -> Arrival {
        Arrival {
            request: self.0.fetch_add(1, Ordering::Relaxed),
            throttled: false,
            init_ms: None,
        }
    }
}

/// Runs until Ctrl-C.
///
/// # Errors
/// A data directory that is in use or cannot be written, a port that is taken.
pub(crate) async fn run(args: UpArgs, say: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stack = Stack::start(local::Options {
        data: args.data.clone(),
        port: args.port,
        clock: clock.clone(),
        arrivals: Arc::new(AsTheyCome::from(clock.as_ref())),
        links: true,
        store_calls: None,
    })
    .await?;
    say(&format!(
        "cars at {}/cars, messages in {}/inbox; Ctrl-C stops",
        stack.url(),
        args.data.display()
    ));
    stack
        .deliver_left_over(Minute::containing(clock.now()))
        .await?;
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        let minute = Minute::containing(clock.now());
        let left = minute.plus(1).start().duration_since(clock.now());
        let end = clock.pause(Duration::try_from(left).unwrap_or_default());
        tokio::pin!(end);
        // As on AWS: work is delivered at once, and again when it failed; the minute goes on.
        let end = async {
            loop {
                tokio::select! {
                    () = &mut end => return Ok(()),
                    () = stack.work_is_due() => stack.work_off().await?,
                };
            }
        };
        tokio::select! {
            result = &mut interrupted => {
                result?;
                // What this minute logged so far is delivered when the directory is used again.
                say("stopping");
                return stack.stop().await;
            }
            worked_off = end => {
                let worked_off: anyhow::Result<()> = worked_off;
                worked_off?;
            }
        }
        match stack.end_minute(minute).await {
            Ok(end) => {
                say(&format!(
                    "{minute}  {} log events, {} series",
                    end.delivered.events, end.detected.series_evaluated
                ));
                if end.delivered.put_aside > 0 {
                    say(&format!(
                        "{minute}  {} batches could not be written: outrider ingest --from-dlq writes them",
                        end.delivered.put_aside
                    ));
                }
                for told in &end.detected.told {
                    say(&format!("{minute}  {:<8} {}", told.action, told.headline));
                }
            }
            // As on AWS, a failed run does not stop the next one.
            Err(error) => say(&format!("{minute}  {error:#}")),
        }
    }
}
