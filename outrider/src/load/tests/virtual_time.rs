//! A clock that moves when everybody waits, and stand-ins whose service takes its time.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use platform::clock::{Clock, Mark, Operation};
use simulator::load::{Profile, Shape};

use crate::load::cars::Call;
use crate::load::target::{Answer, Target};
use crate::load::{Config, Report, measure};

#[derive(Debug, Default)]
struct Timers {
    now: u64,
    made: u64,
    waiting: BTreeMap<(u64, u64), Waker>,
}

/// Virtual time. Nothing happens by itself: [`run`] moves it to the next timer when nobody can go on.
#[derive(Debug, Default, Clone)]
pub(super) struct Virtual(Arc<Mutex<Timers>>);

impl Virtual {
    pub(super) fn seconds(&self) -> f64 {
        Duration::from_nanos(self.0.lock().unwrap().now).as_secs_f64()
    }

    /// Moves to the next timer; whether there was one.
    fn advance(&self) -> bool {
        let next = {
            let mut timers = self.0.lock().unwrap();
            let Some(((at, _), waker)) = timers.waiting.pop_first() else {
                return false;
            };
            timers.now = timers.now.max(at);
            waker
        };
        next.wake();
        true
    }
}

#[async_trait]
impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        start + Duration::from_nanos(self.0.lock().unwrap().now)
    }

    fn start(&self) -> Mark {
        Mark(self.0.lock().unwrap().now)
    }

    fn finish(&self, _operation: Operation, since: Mark) -> Duration {
        Duration::from_nanos(self.0.lock().unwrap().now - since.0)
    }

    async fn pause(&self, duration: Duration) {
        let due = self.0.lock().unwrap().now + u64::try_from(duration.as_nanos()).unwrap();
        let mut timer = Timer {
            timers: &self.0,
            key: None,
        };
        std::future::poll_fn(|context: &mut Context<'_>| timer.poll(due, context)).await;
    }
}

/// A timer that nobody waits for any more is gone.
struct Timer<'a> {
    timers: &'a Mutex<Timers>,
    key: Option<(u64, u64)>,
}

impl Timer<'_> {
    fn poll(&mut self, due: u64, context: &Context<'_>) -> Poll<()> {
        let mut timers = self.timers.lock().unwrap();
        if timers.now >= due {
            return Poll::Ready(());
        }
        timers.made += 1;
        let key = (due, timers.made);
        timers.waiting.insert(key, context.waker().clone());
        if let Some(before) = self.key.replace(key) {
            timers.waiting.remove(&before);
        }
        Poll::Pending
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.timers.lock().unwrap().waiting.remove(&key);
        }
    }
}

#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a future to its end in virtual time.
pub(super) fn run<T>(clock: &Virtual, future: impl Future<Output = T>) -> T {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !woken.0.swap(false, Ordering::SeqCst) {
            assert!(clock.advance(), "everybody waits for ever");
        }
    }
}

/// What a stand-in does with its n-th measured attempt (from 0), at a time in seconds: how long it takes and what it
/// answers.
pub(super) type Behaviour = dyn Fn(u64, f64) -> (f64, Answer) + Send + Sync;

/// A stand-in for a service. What prepares and cleans up is answered at once unless it says otherwise.
pub(super) struct StandIn {
    pub(super) clock: Virtual,
    pub(super) behaviour: Box<Behaviour>,
    /// Answers to the creation of the stock and to removals at the end.
    pub(super) aside: Answer,
    pub(super) attempts: AtomicU64,
    pub(super) calls: Mutex<Vec<Call>>,
}

pub(super) fn status(code: u16) -> Answer {
    Answer::Status {
        code,
        retry_after: None,
    }
}

impl StandIn {
    pub(super) fn new(
        behaviour: impl Fn(u64, f64) -> (f64, Answer) + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock: Virtual::default(),
            behaviour: Box::new(behaviour),
            aside: status(200),
            attempts: AtomicU64::new(0),
            calls: Mutex::default(),
        }
    }

    /// Measures a load on it, until `stop` seconds.
    pub(super) fn load(&self, config: &Config, stop: f64) -> anyhow::Result<Report> {
        let clock = self.clock.clone();
        let stop = move || -> BoxFuture<'static, ()> {
            let clock = clock.clone();
            Box::pin(async move { clock.pause(Duration::from_secs_f64(stop)).await })
        };
        run(
            &self.clock,
            measure(config, self, &self.clock, &stop, &mut |_| {}),
        )
    }
}

#[async_trait]
impl Target for StandIn {
    async fn send(&self, call: &Call) -> Answer {
        self.calls.lock().unwrap().push(call.clone());
        if call.name.contains("-s") || call.name.ends_with("-end") {
            return self.aside.clone();
        }
        let number = self.attempts.fetch_add(1, Ordering::SeqCst);
        let (seconds, answer) = (self.behaviour)(number, self.clock.seconds());
        self.clock.pause(Duration::from_secs_f64(seconds)).await;
        answer
    }
}

/// A load of the shape for so many seconds.
pub(super) fn config(shape: Shape, rate: f64, seconds: f64) -> Config {
    let profile = Profile {
        shape,
        rate,
        seconds,
        seed: 7,
    };
    Config::new("http://127.0.0.1:1".parse().unwrap(), profile)
}

/// Later than any of these runs.
pub(super) const NEVER: f64 = 1e6;
