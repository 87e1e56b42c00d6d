//! What a window means for the incident of a group.
//!
//! ```text
//! OK ──breaching, page──────────────────────▶ OPEN ◀──breaching / between── CLEARING ──K clear──▶ OK
//! OK ──breaching, ticket──▶ PENDING ──again──▶ OPEN ──clear────────────────▶ CLEARING
//! OK ──breaching again within the reopen window──▶ OPEN, the same incident, chat only
//! OPEN ──comes and goes──▶ FLAPPING, said once ──settled──▶ OPEN or CLEARING
//! OPEN ──nobody acknowledges──▶ OPEN, escalated once          OPEN ──acknowledged──▶ OPEN, repeats to the chat only
//! ```
//! Time is counted in windows, not by the clock, so a detector that catches up decides as one that was on time.
//! The clock (`now`) only dates what people are told, and guards against a window from the future.

use jiff::Timestamp;
use signals::Minute;

use crate::hindsight::{Earlier, MOST_EARLIER};
use crate::record::Sighting;
use crate::{
    Audience, Incident, IncidentId, Member, Mute, Policy, Reason, Record, Severity, Status,
};

mod flapping;
mod taking;

pub use taking::{NotTaken, Taken, acknowledge};

/// What the detector saw of a group in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// At least one member satisfies M of N with this window (see [`m_of_n`]).
    Breaching {
        /// The first minute of the breach.
        onset: Minute,
    },
    /// No member breaches by M of N, but not every one is clear: between the thresholds, or one of N.
    Between,
    /// Every member that has data is below the lower threshold.
    Clear,
    /// No member has data. Unknown: never healthy.
    Missing,
}

/// One window of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The minute.
    pub window: Minute,
    /// What was seen.
    pub condition: Condition,
    /// The members that breach, in any order.
    pub members: Vec<Member>,
    /// What keeps people from being told of it.
    pub muted: Option<Mute>,
}

/// What to say, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// An incident opened.
    Open,
    /// It is still open, and the last message is old.
    Update,
    /// It is over.
    Resolve,
    /// It came back: the same incident.
    Reopen,
    /// It comes and goes: this is said once, then nothing until it has settled.
    Flap,
    /// Nobody has acknowledged it for too long.
    Escalate,
    /// Somebody has.
    Acknowledge,
}

impl Action {
    /// The spelling in messages and on the command line. Nothing is spelt like an opening: it is only ever asked of what is
    /// said.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None | Self::Open => "open",
            Self::Update => "update",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::Flap => "flap",
            Self::Escalate => "escalate",
            Self::Acknowledge => "acknowledge",
        }
    }
}

/// What to store and what to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The record to store, on condition that the stored `ver` is still the previous one's; `None`: write nothing.
    pub next: Option<Record>,
    /// What to say, from `next`.
    pub action: Action,
    /// The rule that decided.
    pub reason: Reason,
}

/// Whether at least `m` of the newest `n` windows breached. Bit 0 of the history is the newest window; `n` above
/// 32 counts as 32, and `m` = 0 is never satisfied: no alert comes from no evidence.
#[must_use]
pub fn m_of_n(history: u32, m: u32, n: u32) -> bool {
    let newest = history & (!0_u32).checked_shr(32_u32.saturating_sub(n)).unwrap_or(0);
    m > 0 && newest.count_ones() >= m
}

/// Decides what `observation` means for the group of `previous` ([`Record::new`] where nothing is stored).
///
/// `now` is the time the run was due. Calling it again with the record it returned changes nothing.
#[must_use]
pub fn decide(
    previous: &Record,
    observation: &Observation,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let unchanged = |reason| Decision {
        next: None,
        action: Action::None,
        reason,
    };
    if let Some(applied) = previous
        .window
        .filter(|applied| observation.window <= *applied)
    {
        return unchanged(Reason::AlreadyApplied { applied });
    }
    if observation.window.start() > now {
        return unchanged(Reason::FromTheFuture);
    }
    let mut step = Step {
        record: previous.clone(),
        observation,
        policy,
        now,
    };
    step.record.window = Some(observation.window);
    step.remember(previous);
    step.record.ver = previous.ver.saturating_add(1);
    let open = step.record.incident.take_if(|_| previous.status.is_open());
    let (action, reason) = match (open, observation.condition) {
        (Some(incident), condition) => step.open(incident, condition),
        (None, Condition::Breaching { onset }) => step.breach(onset),
        (None, Condition::Between | Condition::Clear) if previous.status == Status::Pending => {
            step.record.status = Status::Ok;
            (Action::None, Reason::NotConfirmed)
        }
        (None, Condition::Missing) if previous.status == Status::Pending => (
            Action::None,
            Reason::NoData {
                status: Status::Pending,
            },
        ),
        // Nothing is wrong and nothing changes: an item a minute for each healthy group would be written in vain.
        (None, Condition::Missing) => return unchanged(Reason::NoData { status: Status::Ok }),
        (None, Condition::Between) => return unchanged(Reason::NotClear),
        (None, Condition::Clear) => return unchanged(Reason::Quiet),
    };
    Decision {
        next: Some(step.record),
        action,
        reason,
    }
}

/// The record being changed, and what changes it.
struct Step<'a> {
    record: Record,
    observation: &'a Observation,
    policy: &'a Policy,
    now: Timestamp,
}

impl Step<'_> {
    fn window(&self) -> Minute {
        self.observation.window
    }

    /// Adds the window to what the group's flapping is told from. What is neither breaching nor clear is what it was, and
    /// so is what nobody knows: that much less does it come and go.
    fn remember(&mut self, previous: &Record) {
        let breaching = match self.observation.condition {
            Condition::Breaching { .. } => true,
            Condition::Between | Condition::Missing => previous.history & 1 == 1,
            Condition::Clear => false,
        };
        let gap = previous
            .window
            .map_or(1, |before| self.window().since(before));
        self.record.history = flapping::push(previous.history, gap, breaching);
    }

    /// A breach while no incident is open.
    fn breach(&mut self, onset: Minute) -> (Action, Reason) {
        let reopen = i64::from(self.policy.settings().reopen_minutes);
        let since_end = |incident: &Incident| {
            incident
                .resolved
                .map(|resolved| self.window().since(resolved))
        };
        let recent = self
            .record
            .incident
            .as_ref()
            .and_then(since_end)
            .filter(|minutes| *minutes <= reopen);
        if let (Some(minutes), Some(incident)) =
            (recent, self.record.incident.take_if(|_| recent.is_some()))
        {
            return self.reopen(incident, minutes);
        }
        let severity = self.record.group.severity();
        if severity != Severity::Page && self.record.status != Status::Pending {
            self.record.status = Status::Pending;
            return (Action::None, Reason::AwaitsConfirmation);
        }
        if let Some(earlier) = self.record.incident.as_ref().and_then(Earlier::of) {
            self.record.earlier.insert(0, earlier);
            self.record.earlier.truncate(MOST_EARLIER);
        }
        let window = self.window();
        let opening = Sighting::worst(&self.observation.members, &self.record.group, window);
        let rule = self.policy.m_of_n(severity);
        let incident = Incident {
            id: IncidentId::mint(&self.record.fingerprint, window),
            onset: onset.min(window),
            opened: window,
            open_since: window,
            detected_at: self.now,
            last_breach: window,
            breaches: 1,
            clear_windows: 0,
            resolved: None,
            resolved_at: None,
            seq: 0,
            last_notified: None,
            audience: Audience::Nobody,
            reopened: 0,
            rule,
            peak: opening.clone(),
            opening,
            acknowledged: None,
            paged: None,
            escalated: false,
            silenced: false,
        };
        let members = &self.observation.members;
        let worst = crate::member::worst_first(members, self.record.group.direction);
        let test = worst.first().and_then(|member| member.test);
        self.announce(incident, Reason::Opened { rule, test })
    }

    fn reopen(&mut self, mut incident: Incident, minutes: i64) -> (Action, Reason) {
        incident.open_since = self.window();
        incident.resolved = None;
        incident.resolved_at = None;
        incident.reopened = incident.reopened.saturating_add(1);
        incident.audience = Audience::Nobody;
        incident.acknowledged = None;
        incident.paged = None;
        incident.escalated = false;
        incident.silenced = false;
        self.note_breach(&mut incident);
        self.announce(incident, Reason::Reopened { minutes })
    }

    /// A window while an incident is open.
    fn open(&mut self, incident: Incident, condition: Condition) -> (Action, Reason) {
        let percent = flapping::percent(self.record.history);
        let settings = self.policy.settings();
        let since_open = self.window().since(incident.open_since);
        let was = self.record.status == Status::Flapping;
        if was && percent >= f64::from(settings.flap_low_percent) {
            return self.flap(incident, condition, Reason::StillFlapping { percent });
        }
        let comes_and_goes = percent >= f64::from(settings.flap_high_percent) && since_open > 0;
        let heard = incident.audience != Audience::Nobody && self.observation.muted.is_none();
        if !was && comes_and_goes && heard {
            return self.flap(incident, condition, Reason::Flapping { percent });
        }
        self.steady(incident, condition)
    }

    /// A window of an incident that comes and goes: the first is told, and whatever is due all the same.
    fn flap(
        &mut self,
        mut incident: Incident,
        condition: Condition,
        reason: Reason,
    ) -> (Action, Reason) {
        match condition {
            Condition::Breaching { .. } => self.note_breach(&mut incident),
            Condition::Clear => incident.clear_windows = incident.clear_windows.saturating_add(1),
            Condition::Between => incident.clear_windows = 0,
            Condition::Missing => {}
        }
        let news = self.record.status != Status::Flapping;
        self.record.status = Status::Flapping;
        let said = if news {
            // A word in the chat is no reminder: the next one is due as if it had not been said.
            incident.seq = incident.seq.saturating_add(1);
            (Action::Flap, reason)
        } else {
            self.remind(&mut incident, reason)
        };
        self.record.incident = Some(incident);
        said
    }

    /// A window of an open incident that does not flap.
    fn steady(&mut self, mut incident: Incident, condition: Condition) -> (Action, Reason) {
        let quiet = match condition {
            Condition::Breaching { .. } => {
                self.note_breach(&mut incident);
                if incident.audience == Audience::Nobody {
                    return self.announce(incident, Reason::Unmuted);
                }
                self.record.status = Status::Open;
                Reason::Ongoing
            }
            Condition::Between => {
                self.record.status = Status::Open;
                incident.clear_windows = 0;
                Reason::NotClear
            }
            Condition::Missing => {
                if self.record.status == Status::Flapping {
                    self.record.status = Status::Open;
                }
                Reason::NoData {
                    status: self.record.status,
                }
            }
            Condition::Clear => return self.clear(incident),
        };
        let said = self.remind(&mut incident, quiet);
        self.record.incident = Some(incident);
        said
    }

    /// Says again what is open, if that is due.
    fn remind(&self, incident: &mut Incident, quiet: Reason) -> (Action, Reason) {
        let repeat = i64::from(self.policy.repeat_minutes(self.record.group.severity()));
        let told = incident.audience != Audience::Nobody;
        let open = matches!(self.record.status, Status::Open | Status::Flapping);
        let old = incident
            .last_notified
            .map(|last| self.window().since(last))
            .filter(|minutes| told && open && *minutes >= repeat);
        let alone = self.unacknowledged(incident).filter(|_| open);
        if let Some(mute) = self.observation.muted {
            incident.silenced |= told && matches!(mute, Mute::Silence { .. });
            let due = old.is_some() || alone.is_some();
            let reason = if due { Reason::Muted(mute) } else { quiet };
            return (Action::None, reason);
        }
        let breaching = matches!(self.observation.condition, Condition::Breaching { .. });
        let (action, reason) = if incident.silenced && told && breaching {
            (Action::Update, Reason::Unmuted)
        } else if let Some(minutes) = alone {
            incident.escalated = true;
            (Action::Escalate, Reason::Unacknowledged { minutes })
        } else if let Some(minutes) = old {
            (Action::Update, Reason::RepeatDue { minutes })
        } else {
            return (Action::None, quiet);
        };
        incident.silenced = false;
        // A reopened incident that lasts this long is no echo of the first: now the page, too, hears of it.
        self.tell(incident, Audience::OnCall);
        (action, reason)
    }

    /// Minutes since somebody was woken for it and nobody took it on, once they are too many.
    fn unacknowledged(&self, incident: &Incident) -> Option<i64> {
        let limit = i64::from(self.policy.settings().escalate_minutes);
        let minutes = self.window().since(incident.paged?);
        (limit > 0
            && minutes >= limit
            && self.record.group.severity() == Severity::Page
            && incident.acknowledged.is_none()
            && !incident.escalated)
            .then_some(minutes)
    }

    fn clear(&mut self, mut incident: Incident) -> (Action, Reason) {
        let settings = self.policy.settings();
        incident.clear_windows = incident.clear_windows.saturating_add(1);
        let (clear, open) = (
            incident.clear_windows,
            self.window().since(incident.open_since),
        );
        self.record.status = Status::Clearing;
        let (action, reason) = if clear < settings.clear_windows {
            (
                Action::None,
                Reason::Clearing {
                    clear,
                    needed: settings.clear_windows,
                },
            )
        } else if open < i64::from(settings.min_open_minutes) {
            (
                Action::None,
                Reason::HeldOpen {
                    open,
                    needed: settings.min_open_minutes,
                },
            )
        } else {
            self.record.status = Status::Ok;
            incident.resolved = Some(self.window());
            incident.resolved_at = Some(self.now);
            match incident.audience {
                Audience::Nobody => (Action::None, Reason::ResolvedUnsaid),
                // Whoever was told it began is told it ended, even while something mutes it.
                told @ (Audience::Chat | Audience::OnCall) => {
                    self.tell(&mut incident, told);
                    (Action::Resolve, Reason::Resolved { clear })
                }
            }
        };
        self.record.incident = Some(incident);
        (action, reason)
    }

    /// Opens the record and says so, unless something mutes it.
    fn announce(&mut self, mut incident: Incident, reason: Reason) -> (Action, Reason) {
        self.record.status = Status::Open;
        let said = if let Some(mute) = self.observation.muted {
            (Action::None, Reason::Muted(mute))
        } else if incident.seq == 0 {
            // Nobody ever heard of it, even if it comes back.
            self.tell(&mut incident, Audience::OnCall);
            (Action::Open, reason)
        } else {
            // What came back while it was muted is no echo any more when it is told.
            let late = reason == Reason::Unmuted;
            let audience = if late {
                Audience::OnCall
            } else {
                Audience::Chat
            };
            self.tell(&mut incident, audience);
            (Action::Reopen, reason)
        };
        self.record.incident = Some(incident);
        said
    }

    fn tell(&self, incident: &mut Incident, audience: Audience) {
        incident.seq = incident.seq.saturating_add(1);
        incident.last_notified = Some(self.window());
        incident.audience = audience;
        if audience == Audience::OnCall {
            incident.paged = incident.paged.or(Some(self.window()));
        }
    }

    fn note_breach(&self, incident: &mut Incident) {
        incident.last_breach = self.window();
        incident.breaches = incident.breaches.saturating_add(1);
        incident.clear_windows = 0;
        let group = &self.record.group;
        let worst = Sighting::worst(&self.observation.members, group, self.window());
        if let Some(worst) = worst.filter(|worst| {
            incident
                .peak
                .as_ref()
                .is_none_or(|peak| worst.is_worse(peak, group))
        }) {
            incident.peak = Some(worst);
        }
    }
}

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
