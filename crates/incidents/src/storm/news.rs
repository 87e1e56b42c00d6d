//! What a storm has to say: its beginning, what joined, its end.

use signals::Minute;

use super::{Alert, Current, Entry, HOUR, Limits, Storm};
use crate::fingerprint;
use crate::{Fingerprint, IncidentId};

/// What happened to the storm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Pages are held, and nobody knows of it.
    Begin,
    /// More are held than its last message told of.
    Grown,
    /// It is over.
    Over,
}

impl Kind {
    /// The spelling in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Grown => "grown",
            Self::Over => "over",
        }
    }
}

/// A group of the storm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The group and its incident.
    pub alert: Alert,
    /// Whether a page is held that no message of the storm told of before.
    pub held: bool,
    /// Whether an earlier message of the storm listed it: a page that is held then is a repeat.
    pub known: bool,
}

impl Line {
    /// Whether a page is held of a group that no message listed before.
    fn is_new(&self) -> bool {
        self.held && !self.known
    }
}

/// What a storm has to say. [`super::render_storm`] says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// What happened.
    pub kind: Kind,
    /// The storm's name, the same from its beginning to its end.
    pub id: IncidentId,
    /// The number of the message, from 1. No number is left out.
    pub seq: u32,
    /// The window at whose end it is said.
    pub window: Minute,
    /// The environment, one line.
    pub environment: String,
    /// Pages an hour that were allowed when it began.
    pub limit: u32,
    /// The earliest onset of all groups it listed so far.
    pub since: Minute,
    /// What is open, and at the end everything it ever listed. By onset, because who moved first is the likely cause; when it
    /// has grown, what is held comes before that. Groups that were paged by themselves within the hour before are among them.
    pub lines: Vec<Line>,
    /// How many more groups there are; of them only the number is known, and it ends at 500.
    pub beyond: usize,
    /// How many of those are new.
    pub beyond_new: usize,
}

impl News {
    /// How many groups there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.lines.len() + self.beyond
    }

    /// How many of them have a page held, and no message listed them before.
    #[must_use]
    pub fn new_groups(&self) -> usize {
        self.lines.iter().filter(|line| line.is_new()).count() + self.beyond_new
    }

    /// How many have a page held once more.
    #[must_use]
    pub fn held_again(&self) -> usize {
        let again = |line: &&Line| line.held && line.known;
        self.lines.iter().filter(again).count()
    }

    /// The group that moved first: where to begin. `None`: no group is known by name.
    #[must_use]
    pub fn first(&self) -> Option<&Alert> {
        let alerts = self.lines.iter().map(|line| &line.alert);
        alerts.min_by(|a, b| order(a).cmp(&order(b)))
    }

    /// The name under which a pager keeps it, in ALARM and in OK.
    #[must_use]
    pub fn alarm_name(&self) -> String {
        alarm_name(&self.environment)
    }

    /// The identity of the environment's storms.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_storms(&self.environment)
    }

    /// Minutes from the earliest onset to the end of the window; at the end to the last that resolved, unless some are open.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.until().since(self.since).max(0)
    }

    pub(super) fn until(&self) -> Minute {
        let ends = self.lines.iter().map(|line| line.alert.resolved);
        let open = self.kind != Kind::Over || self.open() > 0;
        let last = ends.max().flatten().filter(|_| !open);
        last.map_or_else(|| self.window.plus(1), |last| last.plus(1))
    }

    /// How many of those known by name are still open.
    pub(super) fn open(&self) -> usize {
        let open = |line: &&Line| line.alert.resolved.is_none();
        self.lines.iter().filter(open).count()
    }
}

/// Who moved first; of those that moved together, whose incident opened first: its name begins with the time.
fn order(alert: &Alert) -> impl Ord + '_ {
    (
        alert.onset,
        alert.incident.as_str(),
        alert.fingerprint.as_str(),
    )
}

pub(super) fn alarm_name(environment: &str) -> String {
    let name = format!("alert storm ({environment})");
    fingerprint::alarm_name(&name, &[environment], || {
        Fingerprint::of_storms(environment)
    })
}

impl Storm {
    /// Says it: what is returned counts as said.
    pub(super) fn say(&mut self, kind: Kind, window: Minute, limits: &Limits) -> News {
        let seq = self
            .current
            .as_ref()
            .map_or(1, |current| current.seq.saturating_add(1));
        let over = kind == Kind::Over;
        // What was paged by itself within the hour belongs to it: the first mover is likely among those.
        let belongs = |entry: &Entry| {
            let told = entry.listed.is_some();
            let recent = entry.due.is_some() || window.since(entry.asked) < HOUR;
            if over {
                told
            } else {
                entry.alert.resolved.is_none() && (told || recent)
            }
        };
        let mut lines = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| belongs(entry)) {
            lines.push(Line {
                alert: entry.alert.clone(),
                held: entry.due.take().is_some(),
                known: entry.listed.is_some(),
            });
            entry.listed = entry.listed.or(Some(seq));
        }
        let late = |line: &Line| kind == Kind::Grown && !line.held;
        lines.sort_by(|a, b| (late(a), order(&a.alert)).cmp(&(late(b), order(&b.alert))));
        let counted = |one: &&super::Beyond| over || !one.resolved;
        let beyond = self.beyond.values().filter(counted).count();
        let fresh = |one: &&super::Beyond| !one.said && !one.resolved;
        let beyond_new = self.beyond.values().filter(fresh).count();
        for one in self.beyond.values_mut() {
            one.said = true;
        }
        let onset = lines.iter().map(|line| line.alert.onset).min();
        let mut current = self.current.take().unwrap_or_else(|| Current {
            id: IncidentId::mint(&Fingerprint::of_storms(&self.environment), window),
            seq,
            told: window,
            since: window,
            limit: limits.pages_per_hour,
        });
        (current.seq, current.told) = (seq, window);
        current.since = onset.map_or(current.since, |onset| current.since.min(onset));
        let news = News {
            kind,
            id: current.id.clone(),
            seq,
            window,
            environment: self.environment.clone(),
            limit: current.limit,
            since: current.since,
            lines,
            beyond,
            beyond_new,
        };
        if over {
            self.end(window);
        } else {
            self.current = Some(current);
        }
        news
    }

    /// What is left of a storm that is over: what has a page of its own and is open, should another begin.
    fn end(&mut self, window: Minute) {
        self.beyond.clear();
        self.entries.retain(|entry| {
            entry.alert.called && entry.alert.resolved.is_none() && window.since(entry.asked) < HOUR
        });
        for entry in &mut self.entries {
            entry.listed = None;
        }
    }
}
