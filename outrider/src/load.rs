//! `outrider load`: an open-loop load on the car API.
//!
//! The plan says when each request is due ([`simulator::load`]); `drive` sends it, whatever the service does;
//! `record` measures from when a request was due. The cars it makes are its own and are removed at the end.

mod arguments;
mod cars;
mod clients;
mod command;
mod compare;
mod cost;
mod drive;
mod http;
mod print;
mod record;
mod report;
mod sign;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use platform::clock::{Clock, SystemClock};
use reqwest::Url;
use reqwest::header::HeaderMap;
use simulator::Operation;
use simulator::load::{Profile, Shape};

pub(crate) use arguments::LoadArgs;
pub use clients::Clients;
pub(crate) use command::command;
pub use compare::{Comparison, Row, Verdict, compare};
pub use cost::{Assumed, Bill, Item};
pub use record::Ending;
pub use report::{Latency, Objective, Part, Report, Run, VERSION};

use cars::{Call, Cars, STOCK};
use cost::Usage;
use drive::{Drive, Limits};
use http::{Connections, Http};
use record::Recorder;
use target::{Answer, Target};

/// Requests of preparing and cleaning up that are under way at the same time.
const SIDE_BY_SIDE: usize = 8;
/// A car whose removal was answered with anything but "gone" is tried this often.
const REMOVALS: u32 = 5;

/// A load to run.
#[derive(Debug, Clone)]
pub struct Config {
    /// The service: `http` or `https`, without query; `/cars` is appended.
    pub url: Url,
    /// When requests are due.
    pub profile: Profile,
    /// Requests under way at the same time, each on a connection of its own; at least 1.
    pub connections: usize,
    /// Longest time for one attempt.
    pub timeout: Duration,
    /// How clients take refusals.
    pub clients: Clients,
    /// Sent with each request.
    pub headers: HeaderMap,
    /// Sign each request with the AWS credentials of the environment.
    pub sign: bool,
    /// The objective: within so many milliseconds …
    pub slo_ms: f64,
    /// … so many percent of the requests.
    pub slo_percent: f64,
    /// For the estimated cost.
    pub assumed: Assumed,
}

impl Config {
    /// A load with the defaults of the command line.
    #[must_use]
    pub fn new(url: Url, profile: Profile) -> Self {
        Self {
            url,
            profile,
            connections: 64,
            timeout: Duration::from_secs(10),
            clients: if profile.shape == Shape::RetryStorm {
                Clients::Impatient
            } else {
                Clients::Patient
            },
            headers: HeaderMap::new(),
            sign: false,
            slo_ms: 1_000.0,
            slo_percent: 99.0,
            assumed: Assumed::default(),
        }
    }

    fn limits(&self) -> Limits {
        let patience = self.timeout;
        let waiting = (self.profile.rate * patience.as_secs_f64()).ceil() as usize;
        Limits {
            connections: self.connections.max(1),
            patience,
            waiting: waiting.max(self.connections).max(1),
        }
    }

    /// What the run would cost if every request went well: preparing and cleaning up included.
    ///
    /// # Errors
    /// Prices that cannot be read.
    pub fn estimate(&self) -> anyhow::Result<Bill> {
        let mut requests: BTreeMap<Operation, u64> = BTreeMap::new();
        for arrival in self.profile.arrivals() {
            *requests.entry(arrival.operation).or_default() += 1;
        }
        *requests.entry(Operation::Create).or_default() += STOCK;
        let made = requests
            .get(&Operation::Create)
            .copied()
            .unwrap_or_default();
        requests.insert(Operation::Delete, made);
        let billed_ms = self.assumed.billed_ms.unwrap_or(cost::BILLED_MS);
        Ok(Bill::of(
            &cost::shipped()?,
            self.assumed,
            &Usage {
                requests,
                throttled: 0,
                billed_ms,
            },
        ))
    }
}

/// Runs a load to its end in real time.
///
/// # Errors
/// A service that cannot be reached, or that refuses to create the first cars; numbers that cannot be.
pub async fn run(config: &Config) -> anyhow::Result<Report> {
    run_until(config, &|| Box::pin(std::future::pending()), &mut |_| {}).await
}

/// Runs a load to its end, or until the future of `stop` ends; a second one then stops the cleaning up. `at` hears
/// of the time since the start.
///
/// # Errors
/// As for [`run`].
pub async fn run_until(
    config: &Config,
    stop: &(dyn Fn() -> BoxFuture<'static, ()> + Sync),
    at: &mut (dyn FnMut(Duration) + Send),
) -> anyhow::Result<Report> {
    config.profile.check()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let signer = match config.sign {
        true => Some(sign::Signer::connect(&config.url, clock.clone()).await?),
        false => None,
    };
    let connections = Connections {
        kept: if config.profile.shape == Shape::ColdBurst {
            0
        } else {
            config.connections
        },
        timeout: config.clients.timeout(config.timeout),
        headers: config.headers.clone(),
    };
    let target = Http::new(config.url.clone(), connections, signer)?;
    measure(config, &target, clock.as_ref(), stop, at).await
}

/// Everything but how requests are sent and what time it is.
async fn measure(
    config: &Config,
    target: &dyn Target,
    clock: &dyn Clock,
    stop: &(dyn Fn() -> BoxFuture<'static, ()> + Sync),
    at: &mut (dyn FnMut(Duration) + Send),
) -> anyhow::Result<Report> {
    let prices = cost::shipped()?;
    let started = clock.now();
    let cars = Cars::of(&format!("{:x}", started.as_millisecond()));
    let mut side = Side::default();
    let stocked = tokio::select! {
        stocked = stock(&cars, target, clock, &mut side) => stocked,
        () = stop() => Err(anyhow::anyhow!("stopped before the load began")),
    };
    if let Err(error) = stocked {
        clean_up(&cars, target, clock, &mut side).await;
        return Err(error);
    }
    let mut record = Recorder::new(
        &config.profile,
        Duration::from_secs_f64(config.slo_ms / 1e3),
    );
    let drive = Drive {
        limits: config.limits(),
        clients: config.clients,
        cars: &cars,
        target,
        clock,
    };
    let begin = clock.start();
    let interrupted = drive.run(&config.profile, &mut record, stop(), at).await;
    let ran = clock
        .finish(platform::clock::Operation::Request, begin)
        .as_secs_f64();
    tokio::select! {
        () = clean_up(&cars, target, clock, &mut side) => {}
        () = stop() => {}
    }
    let mut usage = Usage {
        requests: record.attempted.clone(),
        ..Usage::default()
    };
    for (operation, count) in side.requests {
        *usage.requests.entry(operation).or_default() += count;
    }
    let service_ms = Latency::of(&record.service);
    usage.billed_ms = config.assumed.billed_ms.unwrap_or(service_ms.mean);
    usage.throttled = record.answers.get("429").copied().unwrap_or_default();
    let good = record.endings.get(&Ending::Ok).copied().unwrap_or_default();
    let seconds = if interrupted {
        ran.min(config.profile.seconds)
    } else {
        config.profile.seconds
    };
    let parts = |slots: &[record::Slot]| slots.iter().map(Part::of).collect();
    let named = |(operation, slot): (&Operation, &record::Slot)| {
        (format!("{operation:?}").to_lowercase(), Part::of(slot))
    };
    Ok(Report {
        version: VERSION,
        run: Run {
            url: config.url.to_string(),
            started: started.to_string(),
            scenario: config.profile.shape.to_string(),
            rate: config.profile.rate,
            seconds: config.profile.seconds,
            seed: config.profile.seed,
            connections: config.connections,
        },
        planned: config.profile.count(),
        interrupted,
        endings: record.endings.clone(),
        answers: record.answers.clone(),
        repeats: record.repeats,
        first_failure: record.first_failure.clone(),
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 requests")]
        ok_per_second: (good as f64 / seconds.max(1e-3) * 1e3).round() / 1e3,
        latency_ms: Latency::of(&record.corrected),
        service_ms,
        late_ms: Latency::of(&record.late),
        objective: Objective::of(config.slo_ms, config.slo_percent, &record),
        cost: Bill::of(&prices, config.assumed, &usage),
        operations: record.operations.iter().map(named).collect(),
        tenths: parts(&record.tenths),
        step_seconds: record.step,
        series: parts(&record.series),
        left_over: cars.left(),
    })
}

/// What preparing and cleaning up asked of the service.
#[derive(Debug, Default)]
struct Side {
    requests: BTreeMap<Operation, u64>,
}

/// Sends a request as a patient client until it is good, at most `attempts` times. Returns the last answer.
async fn insist(
    call: &Call,
    attempts: u32,
    target: &dyn Target,
    clock: &dyn Clock,
) -> (Answer, u32) {
    let mut made = 0;
    loop {
        let answer = target.send(call).await;
        made += 1;
        let good = answer.is_good(call, made);
        let pause = Clients::Patient
            .again(&answer, made.min(2), u64::from(made))
            .filter(|_| made < attempts && !good);
        match pause {
            Some(pause) => clock.pause(pause).await,
            None => return (answer, made),
        }
    }
}

/// Creates the cars that are read and changed.
async fn stock(
    cars: &Cars,
    target: &dyn Target,
    clock: &dyn Clock,
    side: &mut Side,
) -> anyhow::Result<()> {
    for number in 0..STOCK {
        let call = cars.stock(number);
        let (answer, made) = insist(&call, Clients::Patient.attempts(), target, clock).await;
        *side.requests.entry(Operation::Create).or_default() += u64::from(made);
        if !answer.is_good(&call, made) {
            return Err(anyhow::anyhow!(advice(&answer)))
                .with_context(|| format!("the first cars cannot be created: {answer}"));
        }
    }
    Ok(())
}

/// What to do about a service that refuses the first request.
fn advice(answer: &Answer) -> &'static str {
    match answer {
        Answer::Status {
            code: 401 | 403, ..
        } => {
            "say who you are: --sign for an IAM authorizer, --header 'Authorization: Bearer …' for JWT"
        }
        Answer::Status { code: 404, .. } => {
            "is this the car API? --url is what stands before /cars, with the stage if there is one"
        }
        Answer::Status {
            code: 429 | 503, ..
        } => "it is overloaded already: wait, or raise its throttle",
        Answer::Status {
            code: 300..=399, ..
        } => "it sends clients elsewhere: name that place with --url",
        Answer::Status { .. } => "see its log; load is for a service that works",
        Answer::TimedOut | Answer::Unreachable(_) => {
            "is it running, and is --url right? `outrider up` starts one on this machine"
        }
    }
}

/// Removes everything that may exist. What cannot be removed stays on the list.
async fn clean_up(cars: &Cars, target: &dyn Target, clock: &dyn Clock, side: &mut Side) {
    let removals: Vec<_> = cars.left().iter().map(|car| cars.removal(car)).collect();
    let requests = side.requests.entry(Operation::Delete).or_default();
    let mut running = futures_util::stream::iter(&removals)
        .map(async |call| (call, insist(call, REMOVALS, target, clock).await))
        .buffer_unordered(SIDE_BY_SIDE);
    while let Some((call, (answer, made))) = running.next().await {
        *requests += u64::from(made);
        // A creation whose answer never came may not have happened.
        if answer.is_good(call, made) || matches!(answer, Answer::Status { code: 404, .. }) {
            cars.done(call);
        }
    }
}
