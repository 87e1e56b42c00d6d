//! `demo_killed DATA SEED N`: the demo, which kills itself at the N-th event of a store call (0 = never).
//!
//! A request that leaves is one event and its answer another, so that both "written, but nobody knows" and "not
//! written" are hit. SIGKILL: no destructor runs, no buffer is flushed. Prints how many events there were.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use indicatif::ProgressBar;
use outrider::demo::{self, Narrator, Options};
use outrider::local::store_calls::StoreCalls;
use rustix::process::{Signal, getpid, kill_process};

#[derive(Debug)]
struct Deadly {
    events: AtomicU64,
    at: u64,
}

impl Deadly {
    fn event(&self) {
        if self.events.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            // It cannot fail for the own process; if it does, the test sees a demo that survived.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

impl StoreCalls for Deadly {
    fn leaves(&self) {
        self.event();
    }

    fn returned(&self) {
        self.event();
    }
}

struct Silent;

impl Narrator for Silent {
    fn say(&mut self, _: &str) {}
}

#[tokio::main(worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "its answer to the test")]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let data = PathBuf::from(args.next().context("DATA is missing")?);
    let seed = args.next().context("SEED is missing")?.parse()?;
    let deadly = Arc::new(Deadly {
        events: AtomicU64::new(0),
        at: args.next().context("N is missing")?.parse()?,
    });
    let options = Options {
        seed,
        data,
        store_calls: Some(deadly.clone()),
    };
    demo::run(options, &mut Silent, &ProgressBar::hidden()).await?;
    println!("{}", deadly.events.load(Ordering::SeqCst));
    Ok(())
}
