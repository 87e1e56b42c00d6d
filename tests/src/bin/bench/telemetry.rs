//! What metric documents and request lines cost car-api: the shipped binary with them and without, in turn.
//!
//! A request here reaches a DynamoDB on the same machine in a fraction of the milliseconds that Amazon's takes, so the
//! share that telemetry has of it is larger than it will ever be on Lambda.

use anyhow::ensure;
use e2e::function::Function;
use platform::clock::{Clock, Operation, SystemClock};
use serde_json::{Value, json};

use crate::figures::{Figures, ROUNDS};
use crate::requests::car;
use crate::world::{World, request};

/// Requests of one turn; every fifth creates a car, the others read one. Turns are short, so that what else the
/// machine does meets both alike, and the best of them were not disturbed.
const REQUESTS: u32 = 50;
const TURNS: usize = 10;
const CREATES: u32 = 5;

async fn answered(function: &mut Function, event: &Value, status: u16) -> anyhow::Result<()> {
    let answer = function.invoke(event).await.response();
    ensure!(answer["statusCode"] == json!(status), "{answer}");
    Ok(())
}

/// Nanoseconds that the function's one thread has had the processor.
fn on_processor(function: &Function) -> Option<f64> {
    let path = format!("/proc/{}/schedstat", function.process_id()?);
    let text = std::fs::read_to_string(path).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Requests per second of one turn.
async fn turn(function: &mut Function, name: &str) -> anyhow::Result<f64> {
    let read = request("GET", "/cars/car-0", None);
    let creations: Vec<_> = (0..REQUESTS / CREATES)
        .map(|number| request("POST", "/cars", Some(&car(&format!("{name}-{number}")))))
        .collect();
    let mark = SystemClock.start();
    for create in &creations {
        answered(function, create, 201).await?;
        for _ in 1..CREATES {
            answered(function, &read, 200).await?;
        }
    }
    let seconds = SystemClock.finish(Operation::Request, mark).as_secs_f64();
    Ok(f64::from(REQUESTS) / seconds)
}

pub(crate) async fn overhead(figures: &mut Figures) -> anyhow::Result<()> {
    let world = World::start().await?;
    let shipped = figures.shipped("car-api");
    let mut functions = Vec::new();
    for how in ["enabled", "disabled"] {
        let vars = [("CAROBS_TELEMETRY", how)];
        functions.push((how, world.function("car-api", &shipped, &vars).await));
    }
    if let [(_, first), ..] = functions.as_mut_slice() {
        let create = request("POST", "/cars", Some(&car("car-0")));
        answered(first, &create, 201).await?;
    }
    let mut best = [0.0_f64; 2];
    let mut worked = [Some(0.0), Some(0.0)];
    for number in 0..ROUNDS * TURNS {
        for (index, (how, function)) in functions.iter_mut().enumerate() {
            let before = on_processor(function);
            let rate = turn(function, &format!("{how}-{number}")).await?;
            best[index] = best[index].max(rate);
            let spent = on_processor(function)
                .zip(before)
                .map(|(after, before)| after - before);
            worked[index] = worked[index].zip(spent).map(|(sum, spent)| sum + spent);
        }
    }
    let [with, without] = best;
    figures.take("telemetry_requests_per_second", with, "1/s");
    figures.take("no_telemetry_requests_per_second", without, "1/s");
    if let [Some(with), Some(without)] = worked {
        let requests = f64::from(REQUESTS) * (ROUNDS * TURNS) as f64;
        let each = (with - without) / requests / 1e3;
        figures.take("telemetry_cpu_us_per_request", each, "us of processor time");
        let all = without / requests / 1e3;
        figures.take(
            "no_telemetry_cpu_us_per_request",
            all,
            "us of processor time",
        );
    }
    figures.take("telemetry_us_per_request", 1e6 / with - 1e6 / without, "us");
    figures.take(
        "telemetry_overhead_percent",
        100.0 * (1.0 - with / without),
        "% of throughput (below 5)",
    );
    Ok(())
}
