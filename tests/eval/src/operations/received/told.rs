//! From conditions to messages: the lifecycle of every group of a fleet, with what mutes it and the storm that rolls pages
//! up. The order is that of `detector/src/decisions.rs`: all groups are decided, then the storm is asked, then it speaks.

use std::collections::BTreeMap;

use incidents::storm::{Answer, Asked};
use incidents::{
    Action, Audience, Condition, Decision, Fingerprint, Group, Heard, Mute, Observation, Policy,
    Record, Storm, Symptom, Topic, decide, inhibitor, topics,
};
use signals::Minute;
use simulator::fleet::Fleet;

use super::judged::{KINDS, Service};

/// A transition that somebody hears of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) window: Minute,
    /// The service, by its place in the fleet.
    pub(super) service: usize,
    /// The group, by its place in [`KINDS`].
    pub(super) group: usize,
    pub(super) symptom: Symptom,
    /// The window that opened the incident: it and the group name the incident.
    pub(super) opened: Minute,
    pub(super) action: Action,
    /// The most urgent topic; the chat hears of everything.
    pub(super) topic: Topic,
    /// Whether it was said in the message of a storm, and not by itself.
    pub(super) in_storm: bool,
}

/// What a fleet sends.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) messages: Vec<Message>,
    /// Messages of storms, each about all it holds.
    pub(super) storms: usize,
}

/// A group and the decision that waits for the storm's answer.
struct Pending {
    service: usize,
    group: usize,
    decision: Decision,
}

/// All that is stored.
struct Ledger {
    records: Vec<[Record; KINDS.len()]>,
    places: BTreeMap<Fingerprint, (usize, usize)>,
    storm: Storm,
    /// What was held and not said yet.
    held: BTreeMap<(usize, usize), Action>,
    sent: Sent,
}

/// Runs a fleet to its end.
///
/// # Errors
/// An objective that the service cannot have.
pub(super) fn run(fleet: &Fleet, policy: &Policy) -> anyhow::Result<Sent> {
    let places = 0..fleet.functions.len();
    let mut services: Vec<Service<'_>> = places
        .map(|place| Service::new(fleet, place))
        .collect::<anyhow::Result<_>>()?;
    let mut ledger = Ledger::new(fleet)?;
    loop {
        let mut now = None;
        let mut pending = Vec::new();
        for (place, service) in services.iter_mut().enumerate() {
            let Some((minute, conditions)) = service.step(policy) else {
                return Ok(ledger.sent);
            };
            now = Some(minute);
            if minute >= fleet.scored_from {
                ledger.decide((place, minute), &conditions, policy, &mut pending);
            }
        }
        match now {
            Some(window) if window >= fleet.scored_from => ledger.store(window, pending, policy),
            Some(_) => {}
            None => return Ok(ledger.sent),
        }
    }
}

impl Ledger {
    fn new(fleet: &Fleet) -> anyhow::Result<Self> {
        let of = |name: &str| -> anyhow::Result<[Record; KINDS.len()]> {
            let groups: Result<Vec<_>, _> = KINDS
                .iter()
                .map(|(symptom, direction)| Group::new("prod", name, *symptom, *direction))
                .collect();
            let records: Vec<_> = groups?.into_iter().map(Record::new).collect();
            <[Record; KINDS.len()]>::try_from(records)
                .map_err(|_| anyhow::anyhow!("a service has as many records as kinds"))
        };
        let functions = fleet.functions.iter();
        let records: Vec<_> = functions
            .map(|function| of(&function.name))
            .collect::<anyhow::Result<_>>()?;
        let places = records.iter().enumerate().flat_map(|(service, records)| {
            let all = records.iter().enumerate();
            all.map(move |(group, record)| (record.fingerprint.clone(), (service, group)))
        });
        Ok(Self {
            places: places.collect(),
            records,
            storm: Storm::new("prod"),
            held: BTreeMap::new(),
            sent: Sent::default(),
        })
    }

    /// Decides one window for the groups of one service.
    fn decide(
        &self,
        (service, window): (usize, Minute),
        conditions: &[Condition; KINDS.len()],
        policy: &Policy,
        pending: &mut Vec<Pending>,
    ) {
        let due = window.plus(1).start();
        let mut heard: Vec<Heard> = Vec::new();
        for (group, record) in self.records[service].iter().enumerate() {
            let muted = inhibitor(record.group.symptom, &heard).map(|row| Mute::Cause(row.cause));
            let observation = Observation {
                window,
                condition: conditions[group],
                members: Vec::new(),
                muted,
            };
            let decision = decide(record, &observation, policy, due);
            heard.extend(told_of(decision.next.as_ref().unwrap_or(record), window));
            if decision.next.is_some() {
                pending.push(Pending {
                    service,
                    group,
                    decision,
                });
            }
        }
    }

    /// Asks the storm, stores what was decided and notes what is said.
    fn store(&mut self, window: Minute, pending: Vec<Pending>, policy: &Policy) {
        let limits = policy.storm();
        for Pending {
            service,
            group,
            decision: Decision { next, action, .. },
        } in pending
        {
            let Some(mut next) = next else {
                continue;
            };
            if let (Action::Resolve, Some(incident)) = (action, &next.incident) {
                self.storm.resolved(&next.fingerprint, &incident.id, window);
            } else if let Some(asked) = Asked::of(action, &next, window)
                && self.storm.ask(&asked, &limits) == Answer::Hold
            {
                self.held.insert((service, group), action);
                next.hold();
            }
            if let (Some(topic), Some(incident)) = (topics(action, &next).first(), &next.incident) {
                self.sent.messages.push(Message {
                    window,
                    service,
                    group,
                    symptom: next.group.symptom,
                    opened: incident.opened,
                    action,
                    topic: *topic,
                    in_storm: false,
                });
            }
            self.records[service][group] = next;
        }
        let Some(news) = self.storm.due(window, &limits) else {
            return;
        };
        self.sent.storms += 1;
        for line in news.lines.iter().filter(|line| line.held) {
            let place = self.places.get(&line.alert.fingerprint);
            let Some((place, action)) =
                place.and_then(|place| Some((*place, self.held.remove(place)?)))
            else {
                continue;
            };
            let record = &self.records[place.0][place.1];
            if let Some(incident) = &record.incident {
                self.sent.messages.push(Message {
                    window,
                    service: place.0,
                    group: place.1,
                    symptom: record.group.symptom,
                    opened: incident.opened,
                    action,
                    topic: Topic::Page,
                    in_storm: true,
                });
            }
        }
    }
}

/// What people were told of an incident and since when it is over.
fn told_of(record: &Record, window: Minute) -> Option<Heard> {
    let incident = record.incident.as_ref()?;
    let ended = incident.resolved.map(|resolved| window.since(resolved));
    (incident.audience != Audience::Nobody).then(|| Heard {
        called: incident.paged.is_some() && !incident.silenced,
        symptom: record.group.symptom,
        ended: ended.filter(|_| !record.is_open()).unwrap_or(0),
    })
}
