//! An open-loop load on the embedded stack: requests come when they are due, whether or not others have been answered.

use std::sync::Arc;

use anyhow::Context;
use outrider::load::{Config, run};
use outrider::local::{Options, Stack};
use platform::clock::SystemClock;
use simulator::load::{Profile, Shape};

use crate::figures::Figures;
use crate::requests::Numbered;

/// A tenth of what the embedded stack can do on two cores, for long enough that the 99th percentile is one.
const RATE: f64 = 100.0;
const SECONDS: f64 = 20.0;

pub(crate) async fn open_loop(figures: &mut Figures) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let stack = Stack::start(Options {
        data: data.path().to_owned(),
        port: 0,
        clock: Arc::new(SystemClock),
        arrivals: Arc::new(Numbered::default()),
        links: false,
        store_calls: None,
    })
    .await?;
    let profile = Profile {
        shape: Shape::Constant,
        rate: RATE,
        seconds: SECONDS,
        seed: 1,
    };
    let url = stack.url().parse().context("the stack's URL is none")?;
    let report = run(&Config::new(url, profile)).await?;
    stack.stop().await?;
    let count = |number: u64| u32::try_from(number).map(f64::from);
    figures.take("load_requests_per_second", RATE, "1/s, open loop");
    figures.take("load_errors", count(report.errors())?, "requests (0)");
    figures.take("load_p50_ms", report.latency_ms.p50, "ms");
    figures.take("load_p99_ms", report.latency_ms.p99, "ms");
    Ok(())
}
