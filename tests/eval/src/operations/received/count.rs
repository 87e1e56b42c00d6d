//! Which message is about which fault, and what that comes to.

use std::collections::BTreeMap;

use incidents::{Action, Symptom, Topic};
use signals::Minute;

use super::told::Message;
use super::weeks::Injected;

/// Minutes after a fault within which it still counts as noticed.
const NOTICED: i64 = 30;
/// Minutes after a fault in which a message is still about it: a percentile, a profile and an environment recover.
const AFTERMATH: i64 = 60;
/// A ticket of a burn counts over six hours at least, so for as long it still says what happened before.
const BURNED: i64 = 360;

/// What people received about one fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    /// Transitions that somebody heard of, in order: symptom and what happened. Repeats are not among them.
    pub(super) transitions: Vec<(Symptom, Action)>,
    /// Declared repeats.
    pub(super) repeats: usize,
    /// Whether anything opened or came back while it lasted, or within half an hour.
    pub(super) noticed: bool,
    /// Groups that were paged more than once, repeats apart.
    pub(super) paged_twice: Vec<Symptom>,
}

/// Messages that are about no fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Noise {
    /// Transitions by their most urgent topic.
    pub(super) pages: usize,
    pub(super) tickets: usize,
    pub(super) chats: usize,
}

impl Noise {
    fn add(&mut self, topic: Topic) {
        *match topic {
            Topic::Page => &mut self.pages,
            Topic::Ticket => &mut self.tickets,
            Topic::Chat => &mut self.chats,
        } += 1;
    }
}

/// The counts of a fleet: one [`About`] for each fault, in order, and the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) about: Vec<About>,
    pub(super) noise: Noise,
    /// The openings among the noise.
    pub(super) for_nothing: Vec<(usize, Minute, Symptom)>,
}

/// Whether a message says something new, and not again what is known.
fn is_transition(action: Action) -> bool {
    match action {
        Action::Open | Action::Resolve | Action::Reopen | Action::Flap | Action::Acknowledge => {
            true
        }
        Action::None | Action::Update | Action::Escalate => false,
    }
}

fn opens(action: Action) -> bool {
    matches!(action, Action::Open | Action::Reopen)
}

/// The fault that a message which opens something is about: the newest of its service that explains it.
fn cause(faults: &[Injected], message: &Message) -> Option<usize> {
    let after = match message.symptom {
        Symptom::SlowBurn => BURNED,
        _ => AFTERMATH,
    };
    let explains = |fault: &Injected| {
        fault.told
            && fault.service == message.service
            && fault.from <= message.window
            && message.window < fault.to.plus(after)
    };
    let explaining = (0..faults.len()).filter(|at| explains(&faults[*at]));
    explaining.max_by_key(|at| faults[*at].from)
}

/// Counts the messages of a fleet, which come in order of time. What ends or repeats is about what its opening was about.
pub(super) fn count(faults: &[Injected], messages: &[Message]) -> Counted {
    let mut counted = Counted {
        about: vec![About::default(); faults.len()],
        ..Counted::default()
    };
    // Of each incident, and how often each group was paged about each fault.
    let mut causes: BTreeMap<(usize, usize, Minute), Option<usize>> = BTreeMap::new();
    let mut paged: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for message in messages {
        let incident = (message.service, message.group, message.opened);
        if opens(message.action) {
            for (fault, about) in faults.iter().zip(&mut counted.about) {
                about.noticed |= fault.service == message.service
                    && fault.from <= message.window
                    && message.window < fault.to.plus(NOTICED);
            }
            let own = cause(faults, message);
            // What comes back without a fault of its own is what it was.
            let before = causes.get(&incident).copied().flatten();
            causes.insert(incident, own.or(before));
        }
        let Some(fault) = causes.get(&incident).copied().flatten() else {
            if !message.in_storm {
                counted.noise.add(message.topic);
            }
            if message.action == Action::Open && !message.in_storm {
                let opened = (message.service, message.window, message.symptom);
                counted.for_nothing.push(opened);
            }
            continue;
        };
        let about = &mut counted.about[fault];
        if opens(message.action) && message.topic == Topic::Page {
            let times = paged.entry((fault, message.group)).or_insert(0);
            *times += 1;
            if *times == 2 {
                about.paged_twice.push(message.symptom);
            }
        }
        // The message of a storm is one for all its groups: it is counted as that.
        if message.in_storm {
            continue;
        }
        if is_transition(message.action) {
            about.transitions.push((message.symptom, message.action));
        } else {
            about.repeats += 1;
        }
    }
    counted
}

#[cfg(test)]
mod tests;
