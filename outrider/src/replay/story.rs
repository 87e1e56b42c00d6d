//! What is told of a replay.

use std::path::Path;

use anyhow::bail;
use detector::Outcome;
use detector::watch::Watch;
use incidents::{Incident, Record};
use serde::Serialize;
use signals::Minute;

use super::messages::Inbox;
use super::recording::Recording;
use super::world::World;

/// A change of an incident.
#[derive(Debug, Serialize)]
struct Change {
    at: String,
    action: &'static str,
    service: String,
    symptom: &'static str,
    severity: &'static str,
    incident: String,
    /// Why, in the words of the rule that decided.
    reason: String,
    messages: usize,
    /// The first line that people read; empty when nobody is told.
    headline: String,
}

/// An incident as it is at the end.
#[derive(Debug, Serialize)]
struct Whole {
    id: String,
    service: String,
    symptom: &'static str,
    severity: &'static str,
    onset: String,
    opened: String,
    resolved: Option<String>,
    /// From the beginning of the onset's minute to the message.
    delay_seconds: i64,
    messages: u32,
}

/// The document of `--json`.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    from: String,
    to: String,
    minutes: i64,
    services: Vec<String>,
    series: usize,
    transitions: Vec<Change>,
    incidents: Vec<Whole>,
    messages: u64,
    /// Messages that would have woken somebody.
    pub(super) pages: u64,
    /// The folder of the messages; `null` when they were not written.
    inbox: Option<String>,
}

/// What has happened so far.
#[derive(Debug)]
pub(super) struct Story {
    from: Minute,
    last: Minute,
    series: usize,
    changes: Vec<Change>,
}

impl Story {
    pub(super) fn new(from: Minute, last: Minute, recording: &Recording) -> Self {
        Self {
            from,
            last,
            series: recording.series(),
            changes: Vec::new(),
        }
    }

    /// The first line.
    pub(super) fn opening(&self, watch: &Watch) -> String {
        let names: Vec<_> = watch
            .services
            .iter()
            .map(|service| format!("{:?}", service.name))
            .collect();
        format!(
            "{} minutes from {} to {}, {} series; services: {}",
            self.minutes(),
            self.from,
            self.last,
            self.series,
            names.join(", ")
        )
    }

    fn minutes(&self) -> i64 {
        self.last.since(self.from) + 1
    }

    /// What a run changed; gives the lines that tell of it.
    pub(super) fn add(
        &mut self,
        minute: Minute,
        outcome: &Outcome,
        world: &World,
    ) -> anyhow::Result<Vec<String>> {
        if let Some((id, reason)) = world.alerts.given_up() {
            bail!("message {id} cannot be written: {reason}");
        }
        let at = minute.plus(1);
        let mut lines = Vec::new();
        for told in &outcome.told {
            let record = world.alerts.incident(&told.incident);
            let record = record.map(|body| Record::from_json(&body)).transpose()?;
            let severity = record
                .as_ref()
                .map_or("", |record| record.group.severity().as_str());
            if told.messages > 0 {
                let late = record
                    .as_ref()
                    .and_then(|record| record.incident.as_ref())
                    .filter(|_| told.action == "open")
                    .map(|incident| format!(" ({} s after it began)", delay(incident)))
                    .unwrap_or_default();
                lines.push(format!(
                    "{at}  {:<8} {severity:<6} {}{late}",
                    told.action, told.headline
                ));
            }
            self.changes.push(Change {
                at: at.to_string(),
                action: told.action,
                service: told.service.clone(),
                symptom: told.symptom,
                severity,
                incident: told.incident.clone(),
                reason: told.reason.clone(),
                messages: told.messages,
                headline: told.headline.clone(),
            });
        }
        Ok(lines)
    }

    /// The whole of it.
    pub(super) fn end(
        self,
        world: &World,
        inbox: &Inbox,
        folder: Option<&Path>,
    ) -> anyhow::Result<Summary> {
        if let Some((id, reason)) = world.alerts.given_up() {
            bail!("message {id} cannot be written: {reason}");
        }
        let mut incidents = Vec::new();
        for body in world.alerts.incidents() {
            let record = Record::from_json(&body)?;
            if let Some(incident) = &record.incident {
                incidents.push(whole(&record, incident));
            }
        }
        let (messages, pages) = inbox.counts();
        let services = &world.deps.watch.services;
        Ok(Summary {
            from: self.from.to_string(),
            to: self.last.to_string(),
            minutes: self.minutes(),
            services: services
                .iter()
                .map(|service| service.name.clone())
                .collect(),
            series: self.series,
            transitions: self.changes,
            incidents,
            messages,
            pages,
            inbox: folder.map(|folder| folder.display().to_string()),
        })
    }
}

/// Seconds from the onset to the message.
fn delay(incident: &Incident) -> i64 {
    incident.detected_at.as_second() - incident.onset.start().as_second()
}

fn whole(record: &Record, incident: &Incident) -> Whole {
    Whole {
        id: incident.id.to_string(),
        service: record.group.service.clone(),
        symptom: record.group.symptom.as_str(),
        severity: record.group.severity().as_str(),
        onset: incident.onset.to_string(),
        opened: incident.opened.to_string(),
        resolved: incident.resolved.map(|minute| minute.to_string()),
        delay_seconds: delay(incident),
        messages: incident.seq,
    }
}

impl Summary {
    /// The last line.
    pub(super) fn told(&self) -> String {
        let open = self
            .incidents
            .iter()
            .filter(|incident| incident.resolved.is_none())
            .count();
        let inbox = self
            .inbox
            .as_ref()
            .map(|folder| format!(", in {folder}"))
            .unwrap_or_default();
        format!(
            "{} incidents, {open} of them open at the end; {} messages, {} of them pages{inbox}",
            self.incidents.len(),
            self.messages,
            self.pages
        )
    }
}
