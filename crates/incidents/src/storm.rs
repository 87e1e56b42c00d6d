//! Alert storms: so many pages an hour and no more; what is above that is told together, in one message.
//!
//! A fault that many groups feel would page once for each of them, and whoever is on call would read none. The detector
//! asks [`Storm::ask`] before a transition reaches the page topic. [`Answer::Hold`] keeps it from that topic alone: chat and
//! record have it all the same. What is held stays in the item until [`Storm::due`] has said it, at the end of the same
//! window for the first of a storm. Everything is counted over windows, so a catch-up decides as an on-time run would.
//!
//! One item an environment, written before what it decides: a run that dies in between and is repeated asks the same
//! again and is answered the same. Messages of the storm itself are not counted against the hour: they are at most one
//! in ten minutes, and its end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use signals::Minute;

use crate::message::{story::brief, untrusted};
use crate::{Action, Direction, Fingerprint, Group, IncidentId, Record, Symptom, Topic, topics};

mod news;
mod render;
mod store;
mod words;

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;

pub use news::{Kind, Line, News};
pub use render::render_storm;
pub use store::StormError;

/// The version this build writes.
const SCHEMA: u32 = 1;
/// The windows over which pages are counted.
const HOUR: i64 = 60;
/// Windows between two messages of a storm, and without a page held before it can be over.
const PAUSE: i64 = 10;
/// Windows without a page held after which a storm is over although some of it never resolved: what is no longer watched
/// never does. What is still open asks again well before, at its repeat.
const FORGOTTEN: i64 = 1_440;
/// Groups of which all is stored.
const MOST_ALERTS: usize = 200;
/// Groups beyond these of which only the fingerprint is stored, to count them. More are held all the same, and only the chat
/// has them.
const MOST_BEYOND: usize = 500;
/// Characters of a service's name that are stored.
const SERVICE_CHARS: usize = 60;
/// Characters of a reading that are stored: two lines of a phone and a bit.
const READING_CHARS: usize = 120;

/// How many pages there may be before they are told together. Of a policy: [`crate::Policy::storm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Pages within any 60 windows, over all groups: 1 to 60; 0: every page goes out by itself.
    pub pages_per_hour: u32,
    /// Windows between two pages of one group: 0 to 60.
    pub group_minutes: u32,
}

/// What becomes of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It goes to every topic it would go to.
    Page,
    /// It goes to every topic but the page one: the storm's own message says it there.
    Hold,
}

/// A transition that would reach the page topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked<'a> {
    /// The incident.
    pub incident: &'a IncidentId,
    /// The number of its message.
    pub seq: u32,
    /// What it is about.
    pub group: &'a Group,
    /// The first minute of the breach.
    pub onset: Minute,
    /// The window that was decided.
    pub window: Minute,
    /// The reading that shows it best, for one line; empty: none is known. Cut at 120 characters.
    pub reading: String,
    /// Whether nobody took it on in time: the group's own pause does not hold it back.
    pub urgent: bool,
}

impl<'a> Asked<'a> {
    /// What there is to ask for `action`, where `record` is the one after the decision; `None`: the page topic does not hear
    /// of it, or hears that it is over, which [`Storm::resolved`] answers.
    #[must_use]
    pub fn of(action: Action, record: &'a Record, window: Minute) -> Option<Self> {
        let incident = record.incident.as_ref()?;
        let asks = action != Action::Resolve && topics(action, record).contains(&Topic::Page);
        let sighting = incident.peak.as_ref().or(incident.opening.as_ref());
        asks.then(|| Self {
            urgent: action == Action::Escalate,
            incident: &incident.id,
            seq: incident.seq,
            group: &record.group,
            onset: incident.onset,
            window,
            reading: sighting.map_or_else(String::new, |sighting| {
                brief(&sighting.reading, record.group.symptom)
            }),
        })
    }
}

/// A group that asked for a page, as far as messages tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// The group's identity.
    pub fingerprint: Fingerprint,
    /// Its service, one line of at most 60 characters.
    pub service: String,
    /// What is wrong.
    pub symptom: Symptom,
    /// On which side of normal.
    pub direction: Direction,
    /// Its incident.
    pub incident: IncidentId,
    /// The first minute of the breach.
    #[serde(with = "crate::wire::minute")]
    pub onset: Minute,
    /// The reading that shows it best, one line of at most 120 characters; may be empty.
    pub reading: String,
    /// Whether those on call heard of the incident by a page of its own, in this storm or before.
    pub called: bool,
    /// The window of that page, where it is known.
    #[serde(with = "crate::wire::minute::option")]
    pub paged: Option<Minute>,
    /// The window that resolved it; `None` while it is open.
    #[serde(with = "crate::wire::minute::option")]
    pub resolved: Option<Minute>,
}

/// An alert and what was decided about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    alert: Alert,
    /// The newest number that asked, its window and its answer.
    seq: u32,
    #[serde(with = "crate::wire::minute")]
    asked: Minute,
    answer: Answer,
    /// The window in which what is held begins a storm if none is on; `None`: nothing is held that was not said.
    #[serde(with = "crate::wire::minute::option")]
    due: Option<Minute>,
    /// The number of the storm's message that first listed it.
    listed: Option<u32>,
}

/// A group for which there was no room among the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beyond {
    called: bool,
    said: bool,
    resolved: bool,
}

/// A page that went out by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    fingerprint: Fingerprint,
    incident: IncidentId,
    seq: u32,
    #[serde(with = "crate::wire::minute")]
    window: Minute,
}

/// The storm that is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Current {
    id: IncidentId,
    /// The number of its last message.
    seq: u32,
    /// The window of that message.
    #[serde(with = "crate::wire::minute")]
    told: Minute,
    /// The earliest onset of all it listed.
    #[serde(with = "crate::wire::minute")]
    since: Minute,
    /// Pages an hour when it began, as its alarm's threshold: the same in ALARM and OK.
    limit: u32,
}

/// The pages of an environment: which went out, which are held, and the storm that is on. JSON by [`Storm::to_json`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    schema: u32,
    /// Goes up by one with each write, so that the store can refuse a write that read an older item. 0: never stored.
    pub ver: u64,
    environment: String,
    pages: Vec<Page>,
    entries: Vec<Entry>,
    beyond: BTreeMap<Fingerprint, Beyond>,
    /// The last window in which a page was held.
    #[serde(with = "crate::wire::minute::option")]
    held: Option<Minute>,
    current: Option<Current>,
}

impl Storm {
    /// The item of an environment of which nothing is stored yet.
    #[must_use]
    pub fn new(environment: &str) -> Self {
        Self {
            schema: SCHEMA,
            ver: 0,
            environment: untrusted::one_line_of(environment),
            pages: Vec::new(),
            entries: Vec::new(),
            beyond: BTreeMap::new(),
            held: None,
            current: None,
        }
    }

    /// The name under which a pager keeps every storm of the environment, in ALARM and in OK.
    #[must_use]
    pub fn alarm_name(&self) -> String {
        news::alarm_name(&self.environment)
    }

    /// The item to write if anything differs from `before`, the item as it was read: its `ver` is one above.
    #[must_use]
    pub fn after(self, before: &Self) -> Option<Self> {
        let next = Self {
            ver: before.ver,
            ..self
        };
        (next != *before).then(|| Self {
            ver: before.ver.saturating_add(1),
            ..next
        })
    }

    /// Whether a page goes out by itself. The same incident and number asked again is answered the same and changes nothing.
    /// Windows come in order; those of a repeated run come again.
    ///
    /// A group that was held and asks again, at its repeat or when it escalates, is a new question: it pages if the hour has
    /// room by then, and otherwise the storm's next message lists it again.
    pub fn ask(&mut self, asked: &Asked<'_>, limits: &Limits) -> Answer {
        let fingerprint = asked.group.fingerprint();
        if let Some(answer) = self.answered(&fingerprint, asked) {
            return answer;
        }
        let off = limits.pages_per_hour == 0;
        if !off {
            self.forget(asked.window);
        }
        // A window apart in either direction: the hour is not exceeded by windows that come out of order.
        let near = |page: &&Page, minutes: i64| {
            page.window.index().abs_diff(asked.window.index()) < minutes.unsigned_abs()
        };
        let used = self.pages.iter().filter(|page| near(page, HOUR)).count();
        let full = used >= limits.pages_per_hour as usize;
        let wait = if asked.urgent {
            0
        } else {
            i64::from(limits.group_minutes)
        };
        let own = |page: &&Page| page.fingerprint == fingerprint && near(page, wait);
        let last = self.pages.iter().filter(own).map(|page| page.window).max();
        if off || (!full && last.is_none()) {
            self.page(fingerprint, asked, off);
            return Answer::Page;
        }
        // Whoever was paged for the group a moment ago need not read of a storm before its time is over; the full hour
        // cannot wait.
        let due = last
            .filter(|_| !full)
            .map_or(asked.window, |last| last.plus(wait))
            .min(asked.window.plus(PAUSE));
        self.hold(fingerprint, asked, due);
        Answer::Hold
    }

    /// Tells that an incident resolved. `Page`: those on call heard of it by a page of its own, so its end is said to them too;
    /// `Hold`: only the storm told of it, if anything did, so its end stays out of the page topic. Told again, it is answered the same.
    pub fn resolved(
        &mut self,
        group: &Fingerprint,
        incident: &IncidentId,
        window: Minute,
    ) -> Answer {
        let called = if let Some(entry) = self.entry(group) {
            if entry.alert.incident != *incident {
                return Answer::Page;
            }
            entry.alert.resolved = entry.alert.resolved.or(Some(window));
            entry.due = None;
            entry.alert.called
        } else if let Some(beyond) = self.beyond.get_mut(group) {
            beyond.resolved = true;
            beyond.called
        } else {
            true
        };
        if called { Answer::Page } else { Answer::Hold }
    }

    /// Tells that an incident came back: the storm that told of it is not over.
    pub fn reopened(&mut self, group: &Fingerprint, incident: &IncidentId) {
        if let Some(entry) = self.entry(group)
            && entry.alert.incident == *incident
        {
            entry.alert.resolved = None;
        } else if let Some(beyond) = self.beyond.get_mut(group) {
            beyond.resolved = false;
        }
    }

    /// Resolves what was asked for and never became an open incident, or is no longer watched: `is_open` says which are.
    pub fn settle(&mut self, window: Minute, is_open: impl Fn(&Fingerprint, &IncidentId) -> bool) {
        for entry in &mut self.entries {
            let alert = &mut entry.alert;
            if alert.resolved.is_none() && !is_open(&alert.fingerprint, &alert.incident) {
                alert.resolved = Some(window);
                entry.due = None;
            }
        }
    }

    /// What the storm says at the end of `window`, once all groups were decided; `None`: nothing. What is returned is said:
    /// it is stored in the same write as its messages.
    ///
    /// A storm begins in the window of its first held page. It is told again every ten windows while pages are held that no
    /// message told of. It is over when all that only it told of has resolved, and none was held or told for ten windows.
    pub fn due(&mut self, window: Minute, limits: &Limits) -> Option<News> {
        let counted = |beyond: &Beyond| !beyond.said && !beyond.resolved;
        let crowd = self.beyond.values().any(counted);
        let kind = match &self.current {
            None if crowd
                || self
                    .entries
                    .iter()
                    .any(|entry| entry.due <= Some(window) && entry.due.is_some()) =>
            {
                Kind::Begin
            }
            None => return None,
            Some(current) => {
                let unsaid = crowd || self.entries.iter().any(|entry| entry.due.is_some());
                if unsaid && window.since(current.told) >= PAUSE {
                    Kind::Grown
                } else if !unsaid && self.is_over(current, window) {
                    Kind::Over
                } else {
                    return None;
                }
            }
        };
        Some(self.say(kind, window, limits))
    }

    fn is_over(&self, current: &Current, window: Minute) -> bool {
        let alone = |entry: &Entry| entry.alert.resolved.is_none() && !entry.alert.called;
        let open = self.entries.iter().any(alone)
            || self.beyond.values().any(|one| !one.resolved && !one.called);
        // What was told late has the same time to be read.
        let last = self
            .held
            .map_or(current.told, |held| held.max(current.told));
        window.since(last) >= if open { FORGOTTEN } else { PAUSE }
    }

    fn entry(&mut self, group: &Fingerprint) -> Option<&mut Entry> {
        self.entries
            .iter_mut()
            .find(|entry| entry.alert.fingerprint == *group)
    }

    /// What was answered to the same question before.
    fn answered(&self, group: &Fingerprint, asked: &Asked<'_>) -> Option<Answer> {
        let same = |page: &Page| page.incident == *asked.incident && page.seq == asked.seq;
        if self.pages.iter().any(same) {
            return Some(Answer::Page);
        }
        let entry = self.entries.iter().find(|entry| {
            entry.alert.fingerprint == *group && entry.alert.incident == *asked.incident
        })?;
        match asked.seq.cmp(&entry.seq) {
            // A page of before would be among the pages.
            std::cmp::Ordering::Less => Some(Answer::Hold),
            std::cmp::Ordering::Equal => Some(entry.answer),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// Drops what no count and no message needs any more.
    fn forget(&mut self, window: Minute) {
        let newest = self.pages.iter().map(|page| page.window).max();
        let newest = newest.map_or(window, |newest| newest.max(window));
        self.pages.retain(|page| newest.since(page.window) < HOUR);
        if self.current.is_none() {
            self.entries
                .retain(|entry| entry.due.is_some() || newest.since(entry.asked) < HOUR);
        }
    }

    /// Notes a page that goes out. `uncounted`: no limit is set, so only what is stored already changes.
    fn page(&mut self, fingerprint: Fingerprint, asked: &Asked<'_>, uncounted: bool) {
        if let Some(beyond) = self.beyond.get_mut(&fingerprint) {
            (beyond.called, beyond.said) = (true, true);
        }
        if !uncounted || self.entry(&fingerprint).is_some() {
            self.note(&fingerprint, asked, Answer::Page, None);
        }
        if !uncounted {
            self.pages.push(Page {
                fingerprint,
                incident: asked.incident.clone(),
                seq: asked.seq,
                window: asked.window,
            });
        }
    }

    fn hold(&mut self, fingerprint: Fingerprint, asked: &Asked<'_>, due: Minute) {
        self.held = self.held.max(Some(asked.window));
        if !self.note(&fingerprint, asked, Answer::Hold, Some(due))
            && (self.beyond.len() < MOST_BEYOND || self.beyond.contains_key(&fingerprint))
        {
            let beyond = self.beyond.entry(fingerprint).or_insert(Beyond {
                called: asked.seq > 1,
                said: false,
                resolved: false,
            });
            beyond.resolved = false;
        }
    }

    /// Keeps what was answered; `false`: there is no room for one more group.
    fn note(
        &mut self,
        group: &Fingerprint,
        asked: &Asked<'_>,
        answer: Answer,
        due: Option<Minute>,
    ) -> bool {
        let paged = (answer == Answer::Page).then_some(asked.window);
        let alert = |before: Option<&Alert>| Alert {
            fingerprint: group.clone(),
            service: untrusted::cut(&untrusted::one_line_of(&asked.group.service), SERVICE_CHARS),
            symptom: asked.group.symptom,
            direction: asked.group.direction,
            incident: asked.incident.clone(),
            onset: asked.onset,
            reading: untrusted::cut(&untrusted::tame(&asked.reading), READING_CHARS),
            // A later message of an incident that is new here: those on call heard of it before.
            called: paged.is_some() || before.map_or(asked.seq > 1, |before| before.called),
            paged: paged.or_else(|| before?.paged),
            resolved: None,
        };
        let mut entry = Entry {
            alert: alert(None),
            seq: asked.seq,
            asked: asked.window,
            answer,
            due,
            listed: None,
        };
        if let Some(stored) = self.entry(group) {
            if stored.alert.incident == *asked.incident {
                entry.alert = alert(Some(&stored.alert));
                entry.listed = stored.listed;
                // The first of what is held says when.
                entry.due = due.map(|due| stored.due.map_or(due, |before| before.min(due)));
            }
            *stored = entry;
            return true;
        }
        let room = self.entries.len() < MOST_ALERTS;
        if room {
            self.entries.push(entry);
        }
        room
    }
}
