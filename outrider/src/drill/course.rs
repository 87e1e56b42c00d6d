//! The course of a drill: each stage is looked for where the next one would find it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail};
use detector::{Told, drill, groups};
use incidents::acknowledge_link::By;
use incidents::{Action, Record};
use platform::incident_store;
use serde_json::Value;
use signals::{Metric, Minute, Rollup, SeriesName};

use super::EARLIER;
use super::report::{Message, Report, Stage};
use crate::local::clock::VirtualClock;
use crate::local::journal::LogEvent;
use crate::local::{MinuteEnd, Stack};

/// Windows within which the incident opens: the first one, unless the detector needs another run.
const OPENS_WITHIN: i64 = 3;
/// Minutes within which messages arrive: a second attempt waits for the lease of the first.
const ARRIVE_WITHIN: i64 = 5;
/// Minutes within which the incident resolves: quiet, the clear windows, and room for a policy that asks for more.
const RESOLVES_WITHIN: i64 = 60;

/// A drill that is about to begin, or runs.
pub(super) struct Course<'a> {
    stack: &'a Stack,
    clock: &'a VirtualClock,
    inbox: &'a Path,
    /// The minute whose end comes next.
    minute: Minute,
    /// Files that were in the inbox before.
    before: BTreeSet<String>,
    report: Report,
}

/// A stage that was not reached: what was found instead.
type Missed = (Stage, String);

impl<'a> Course<'a> {
    /// Finds the minute for it: after everything that was judged, and so long after an earlier drill that this one is
    /// an incident of its own.
    pub(super) async fn begin(
        stack: &'a Stack,
        clock: &'a VirtualClock,
        inbox: &'a Path,
        now: Minute,
    ) -> anyhow::Result<Self> {
        let mut course = Self {
            stack,
            clock,
            inbox,
            minute: now.plus(-EARLIER),
            before: BTreeSet::new(),
            report: Report::new(),
        };
        if let Some(pointer) = stack.detector.state.pointer(0).await? {
            course.minute = pointer.decided.plus(1);
            course.outlast_an_earlier_one(now).await?;
        }
        let end = course
            .minute
            .plus(ARRIVE_WITHIN + i64::from(drill::QUIET_MINUTES));
        if end > now {
            bail!(
                "the detector of this data directory was at work a moment ago, and a drill would take it beyond the \
                 present, deaf until then: try again in {} minutes, or without --data",
                end.since(now)
            );
        }
        clock.set(course.minute.start());
        course.before = files(inbox)?;
        Ok(course)
    }

    /// An incident that is open would swallow this drill, and one that ended a moment ago would reopen in the chat only.
    async fn outlast_an_earlier_one(&mut self, now: Minute) -> anyhow::Result<()> {
        let last = self.minute.plus(RESOLVES_WITHIN);
        loop {
            let record = self.record().await?;
            if !record.is_open() {
                let resolved = record.incident.and_then(|incident| incident.resolved);
                let policy = &self.stack.detector.watch.detector.incidents;
                let reopens = policy.settings().reopen_minutes;
                let after = resolved.map(|end| end.plus(i64::from(reopens) + 1));
                self.minute = after.map_or(self.minute, |after| after.max(self.minute));
                return Ok(());
            }
            // What is refused then is this drill: see `begin`.
            if self.minute > now {
                return Ok(());
            }
            if self.minute > last {
                bail!(
                    "an earlier drill does not resolve: `outrider incidents list` shows it; begin without --data"
                );
            }
            self.end_minute().await?;
        }
    }

    async fn record(&self) -> anyhow::Result<Record> {
        let deps = &self.stack.detector;
        let mut watched = deps.watch.watched();
        let service = watched.find(|it| it.name == drill::SERVICE);
        let service = service.context("the detector watches no drills")?;
        let kind = groups::kinds(service).first();
        let kind = kind.context("nothing can go wrong with a drill")?;
        let group = groups::group(&deps.watch, service, *kind)?;
        let stored = incident_store::record(deps.state.as_ref(), &group.fingerprint()).await?;
        Ok(stored.unwrap_or_else(|| Record::new(group)))
    }

    /// Ends the minute, and goes on to the next one.
    async fn end_minute(&mut self) -> anyhow::Result<MinuteEnd> {
        let minute = self.minute;
        self.minute = minute.plus(1);
        self.clock.set(self.minute.start());
        self.stack.end_minute(minute).await
    }

    /// Sends the drill, and follows it to its end or to the stage that fails.
    pub(super) async fn run(mut self, by: &By) -> Report {
        let ended = self.stages(by).await;
        self.report.messages = self.arrived().unwrap_or_default();
        if let Err((stage, why)) = ended {
            self.report.fail(stage, self.minute, why);
        }
        self.report
    }

    async fn stages(&mut self, by: &By) -> Result<(), Missed> {
        self.lines(by).await.map_err(|why| (Stage::Lines, why))?;
        self.rollups().await.map_err(|why| (Stage::Rollups, why))?;
        let told = self
            .incident()
            .await
            .map_err(|why| (Stage::Incident, why))?;
        let told = self.messages(told).await;
        let told = told.map_err(|why| (Stage::Messages, why))?;
        let resolved = self.resolved(told).await;
        resolved.map_err(|why| (Stage::Resolved, why))
    }

    async fn lines(&mut self, by: &By) -> Result<(), String> {
        let at = self.minute.start().as_millisecond();
        let events: Vec<_> = (0_i64..)
            .zip(drill::lines(by, self.minute))
            .map(|(number, message)| LogEvent {
                id: format!("{:056}", (at + number) * 100),
                timestamp: at + number,
                message,
            })
            .collect();
        let (stack, group) = (self.stack, drill::LOG_GROUP);
        let sent = stack.deliver_events(group, self.minute, &events).await;
        let sent = sent.map_err(|error| format!("{error:#}"))?;
        if sent.put_aside > 0 {
            return Err(format!(
                "log-processor failed on {} of the payloads; its output is in logs/log-processor.jsonl",
                sent.put_aside
            ));
        }
        let found = format!("{} log lines written to {group}", sent.events);
        self.report.reach(Stage::Lines, self.minute, found);
        Ok(())
    }

    async fn rollups(&mut self) -> Result<(), String> {
        let (series, minute) = (&self.stack.detector.series, self.minute);
        let read = series.raw_minutes(drill::LOG_GROUP, minute, minute).await;
        let minutes = read.map_err(|error| error.to_string())?;
        let faults = |metric: &str| metric == Metric::Faults.name();
        let counted: f64 = minutes
            .values()
            .flatten()
            .filter(
                |(key, _)| matches!(&key.name, SeriesName::Emf { metric, .. } if faults(metric)),
            )
            .map(|(_, rollup)| Rollup::sum(rollup))
            .sum();
        if counted < f64::from(drill::LINES) {
            return Err(format!(
                "the store has {counted} of the {} failed requests of {minute}",
                drill::LINES
            ));
        }
        let found = format!("rollups of {counted} failed requests stored");
        self.report.reach(Stage::Rollups, minute, found);
        Ok(())
    }

    /// Runs the detector until the incident has opened. Says how many messages are to come.
    async fn incident(&mut self) -> Result<usize, String> {
        for _ in 0..OPENS_WITHIN {
            let end = self.end_minute().await.map_err(|it| format!("{it:#}"))?;
            if let Some(told) = end.detected.told.into_iter().find(is_opening) {
                let found = format!("incident {} {}", told.incident, told.action);
                self.report.reach(Stage::Incident, self.minute, found);
                self.report.incident = Some(told.incident);
                return Ok(told.messages);
            }
        }
        let record = self.record().await.map_err(|error| format!("{error:#}"))?;
        Err(match record.incident.filter(|it| it.resolved.is_none()) {
            Some(incident) => format!(
                "incident {} opened, and nobody is to be told: a silence mutes it (`outrider silence list`), or an alert \
                 storm holds it back",
                incident.id
            ),
            None => format!("{OPENS_WITHIN} runs of the detector opened no incident"),
        })
    }

    /// Waits until as many messages as were written are in the inbox. Says how many there are.
    async fn messages(&mut self, expected: usize) -> Result<usize, String> {
        if expected == 0 {
            return Err(
                "nobody is told of the incident: a silence mutes it (`outrider silence list`), or an alert storm holds \
                 it back"
                    .to_owned(),
            );
        }
        for _ in 0..ARRIVE_WITHIN {
            let arrived = self.arrived().map_err(|error| format!("{error:#}"))?;
            if arrived.len() >= expected {
                let found = format!("{} messages published: {}", arrived.len(), named(&arrived));
                self.report.reach(Stage::Messages, self.minute, found);
                return Ok(arrived.len());
            }
            self.end_minute().await.map_err(|it| format!("{it:#}"))?;
        }
        let arrived = self.arrived().map_err(|error| format!("{error:#}"))?;
        Err(format!(
            "{} of {expected} messages are in the inbox after {ARRIVE_WITHIN} minutes; what SNS was told and refused is in \
             the detector's log",
            arrived.len()
        ))
    }

    /// Goes on until the incident is over and its end was told, after `told` messages.
    async fn resolved(&mut self, told: usize) -> Result<(), String> {
        let mut expected = None;
        for _ in 0..RESOLVES_WITHIN {
            let end = self.end_minute().await.map_err(|it| format!("{it:#}"))?;
            let mut changed = end.detected.told.iter();
            let over = changed
                .find(|it| it.service == drill::SERVICE && it.action == Action::Resolve.as_str());
            expected = expected.or(over.map(|it| told + it.messages));
            let Some(expected) = expected else { continue };
            let arrived = self.arrived().map_err(|error| format!("{error:#}"))?;
            if arrived.len() >= expected {
                let found = format!("resolved, and told: {}", named(&arrived[told..]));
                self.report.reach(Stage::Resolved, self.minute, found);
                return Ok(());
            }
        }
        Err(match expected {
            Some(_) => "the incident resolved, and its last messages did not arrive".to_owned(),
            None => format!("the incident is still open after {RESOLVES_WITHIN} quiet minutes"),
        })
    }

    /// The drill's messages in the inbox, in the order of arrival.
    fn arrived(&self) -> anyhow::Result<Vec<Message>> {
        let mut messages = Vec::new();
        for file in files(self.inbox)?.difference(&self.before) {
            let request: Value = serde_json::from_slice(&std::fs::read(self.inbox.join(file))?)?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            // Messages of an earlier drill may still come.
            let incident = self.report.incident.as_deref();
            let is_of_it = |message: &str| incident.is_some_and(|id| message.contains(id));
            if is_of_it(&text(&request["Message"])) {
                messages.push(Message {
                    topic: text(&request["TopicArn"]),
                    subject: text(&request["Subject"]),
                    file: file.clone(),
                });
            }
        }
        Ok(messages)
    }
}

fn is_opening(told: &Told) -> bool {
    told.service == drill::SERVICE && told.action == Action::Open.as_str()
}

/// The messages by the short names of their topics.
fn named(messages: &[Message]) -> String {
    let names = messages.iter().map(|it| it.topic.rsplit(':').next());
    let names: Vec<_> = names.map(Option::unwrap_or_default).collect();
    names.join(", ")
}

/// The names of the requests in the inbox; they begin with a number.
fn files(inbox: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(inbox)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && !name.starts_with('.') {
            names.insert(name);
        }
    }
    Ok(names)
}
