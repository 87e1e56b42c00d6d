//! Sends a plan, open loop: what is due is due, whatever became of the requests before it.
//!
//! A request is sent when it is due and a connection is free. If none is, it waits, and its latency has been growing
//! since it was due: a service that stalls for a second makes everybody late who would have come in that second, not
//! only the one request that was under way. Tools that measure from the moment of sending leave that out
//! ("coordinated omission"). What waits longer than the client's patience is counted as never sent.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use platform::clock::{Clock, Mark, Operation as Timed};
use simulator::load::{Arrival, Profile};

use super::cars::{Call, Cars};
use super::clients::Clients;
use super::record::{End, Ending, Recorder};
use super::target::{Answer, Target};

/// How far the client goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Requests under way at the same time: each has its connection.
    pub(crate) connections: usize,
    /// How long a request may wait for a connection.
    pub(crate) patience: Duration,
    /// Requests that may wait for a connection.
    pub(crate) waiting: usize,
}

/// What the engine works with.
pub(crate) struct Drive<'a> {
    pub(crate) limits: Limits,
    pub(crate) clients: Clients,
    pub(crate) cars: &'a Cars,
    pub(crate) target: &'a dyn Target,
    pub(crate) clock: &'a dyn Clock,
}

/// A request on its way through.
#[derive(Debug)]
struct Job {
    arrival: Arrival,
    /// What it asks; decided when it is first sent.
    call: Option<Call>,
    /// Attempts made.
    made: u32,
    /// Since when it has waited for a connection.
    ready: Duration,
    /// What its last attempt came to, and when.
    last: Option<(Answer, Duration)>,
}

#[derive(Debug)]
struct Attempt {
    job: Job,
    call: Call,
    sent: Duration,
    done: Duration,
    answer: Answer,
}

struct Line<'a> {
    backlog: VecDeque<Job>,
    /// Jobs that pause before their next attempt, by its time.
    pausing: BTreeMap<(Duration, u64), Job>,
    record: &'a mut Recorder,
}

impl Line<'_> {
    /// A job that is sent no more: what its last attempt said, or that it never had one.
    fn give_up(&mut self, job: Job, now: Duration, unsent: Ending) {
        let (ending, at) = match &job.last {
            Some((answer, at)) => (Ending::of(answer, false), *at),
            None => (unsent, now),
        };
        let operation = job
            .call
            .as_ref()
            .map_or(job.arrival.operation, |call| call.operation);
        if ending != Ending::Interrupted {
            let why = job.last.map_or_else(
                || "all connections were busy for too long".to_owned(),
                |(answer, _)| answer.to_string(),
            );
            self.record.failure(job.arrival.at, operation, &why);
        }
        let latency = at.saturating_sub(job.arrival.at);
        self.record.ended(&End {
            due: job.arrival.at,
            operation,
            ending,
            latency,
        });
    }

    fn enter(&mut self, mut job: Job, now: Duration, limits: Limits) {
        if self.backlog.len() >= limits.waiting {
            // No place even to wait: it counts as long as whoever waits in vain, or it would pull the percentiles down.
            return self.give_up(job, now + limits.patience, Ending::Unsent);
        }
        job.ready = job.ready.max(job.arrival.at);
        self.backlog.push_back(job);
    }

    fn take_due(&mut self, now: Duration, limits: Limits) {
        while let Some(entry) = self
            .pausing
            .first_entry()
            .filter(|entry| entry.key().0 <= now)
        {
            let mut job = entry.remove();
            job.ready = now;
            self.enter(job, now, limits);
        }
    }

    /// The next job whose patience has not run out.
    fn next(&mut self, now: Duration, limits: Limits) -> Option<Job> {
        while let Some(job) = self.backlog.pop_front() {
            if now.saturating_sub(job.ready) <= limits.patience {
                return Some(job);
            }
            self.give_up(job, now, Ending::Unsent);
        }
        None
    }

    fn stop(&mut self, now: Duration) {
        let pausing = std::mem::take(&mut self.pausing).into_values();
        for job in std::mem::take(&mut self.backlog).into_iter().chain(pausing) {
            self.give_up(job, now, Ending::Interrupted);
        }
    }
}

impl Drive<'_> {
    fn since(&self, begin: Mark) -> Duration {
        self.clock.finish(Timed::Request, begin)
    }

    async fn attempt(&self, mut job: Job, sent: Duration, begin: Mark) -> Attempt {
        let call = job
            .call
            .take()
            .unwrap_or_else(|| self.cars.call(&job.arrival));
        let answer = self.target.send(&call).await;
        job.made += 1;
        Attempt {
            job,
            call,
            sent,
            done: self.since(begin),
            answer,
        }
    }

    /// Notes what an attempt came to, and plans the next one if there is to be one.
    fn finish(&self, attempt: Attempt, line: &mut Line<'_>, stopping: bool) {
        let Attempt {
            mut job,
            call,
            sent,
            done,
            answer,
        } = attempt;
        let took = done.saturating_sub(sent);
        line.record
            .answered(call.operation, &answer, job.made, took);
        if answer.is_good(&call, job.made) {
            self.cars.done(&call);
            let latency = done.saturating_sub(job.arrival.at);
            let (due, operation) = (job.arrival.at, call.operation);
            return line.record.ended(&End {
                due,
                operation,
                ending: Ending::Ok,
                latency,
            });
        }
        let again = self
            .clients
            .again(&answer, job.made, job.arrival.draw)
            .filter(|_| !stopping);
        job.call = Some(call);
        job.last = Some((answer, done));
        match again {
            Some(pause) => drop(line.pausing.insert((done + pause, job.arrival.index), job)),
            None => line.give_up(job, done, Ending::Unsent),
        }
    }

    /// Sends everything that is planned, or until `stop` ends; then waits for what is under way. Returns whether it
    /// was stopped. `now` hears how far it is.
    pub(crate) async fn run(
        &self,
        profile: &Profile,
        record: &mut Recorder,
        stop: impl Future<Output = ()>,
        now_at: &mut (dyn FnMut(Duration) + Send),
    ) -> bool {
        let begin = self.clock.start();
        let mut planned = profile.arrivals().peekable();
        let mut running = FuturesUnordered::new();
        let mut line = Line {
            backlog: VecDeque::new(),
            pausing: BTreeMap::new(),
            record,
        };
        let mut stop = pin!(stop);
        let mut stopping = false;
        loop {
            let now = self.since(begin);
            now_at(now);
            while let Some(arrival) = planned.next_if(|arrival| arrival.at <= now && !stopping) {
                let job = Job {
                    arrival,
                    call: None,
                    made: 0,
                    ready: arrival.at,
                    last: None,
                };
                line.enter(job, now, self.limits);
            }
            line.take_due(now, self.limits);
            while running.len() < self.limits.connections {
                let Some(job) = line.next(now, self.limits) else {
                    break;
                };
                if job.made == 0 {
                    line.record.sent(now.saturating_sub(job.arrival.at));
                }
                running.push(self.attempt(job, now, begin));
            }
            let due = planned
                .peek()
                .map(|arrival| arrival.at)
                .filter(|_| !stopping);
            let paused = line.pausing.keys().next().map(|(at, _)| *at);
            let next = [due, paused].into_iter().flatten().min();
            if next.is_none() && running.is_empty() {
                return stopping;
            }
            let wait = next.map(|at| at.saturating_sub(now));
            tokio::select! {
                biased;
                () = &mut stop, if !stopping => {
                    stopping = true;
                    let now = self.since(begin);
                    line.stop(now);
                }
                Some(attempt) = running.next(), if !running.is_empty() => {
                    self.finish(attempt, &mut line, stopping);
                }
                () = self.clock.pause(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
    }
}
