//! The life of an incident, a sentence at a time.

use super::*;
use crate::message::example::{group, instant, member, minute};
use crate::{Direction, Group, Symptom};

mod attention;

/// A story of one group: windows in order, what each decides.
struct Story {
    record: Record,
    policy: Policy,
    window: Minute,
}

impl Story {
    fn of(symptom: Symptom, direction: Direction) -> Self {
        let group = Group::new("prod", "car-api", symptom, direction).unwrap();
        Self {
            record: Record::new(group),
            policy: Policy::default(),
            window: minute("22:00"),
        }
    }

    fn page() -> Self {
        Self::of(Symptom::Latency, Direction::High)
    }

    fn seen(&mut self, condition: Condition, muted: Option<Mute>) -> (Action, Reason) {
        self.window = self.window.plus(1);
        let members = match condition {
            Condition::Breaching { .. } => vec![member("POST /cars")],
            _ => vec![],
        };
        let observation = Observation {
            window: self.window,
            condition,
            members,
            muted,
        };
        let decision = decide(
            &self.record,
            &observation,
            &self.policy,
            self.window.plus(1).start(),
        );
        if let Some(next) = decision.next {
            assert_eq!(next.ver, self.record.ver + 1);
            self.record = next;
        }
        (decision.action, decision.reason)
    }

    fn breach(&mut self) -> (Action, Reason) {
        let onset = self.window;
        self.seen(Condition::Breaching { onset }, None)
    }

    fn muted(&mut self) -> (Action, Reason) {
        let onset = self.window;
        self.seen(
            Condition::Breaching { onset },
            Some(Mute::Cause(Symptom::Throttles)),
        )
    }

    fn clear(&mut self) -> (Action, Reason) {
        self.seen(Condition::Clear, None)
    }

    /// Breaches until the minimum is over, then clear until it is resolved.
    fn resolve(&mut self) {
        while self
            .incident()
            .last_breach
            .since(self.incident().open_since)
            < 5
        {
            self.breach();
        }
        while self.record.is_open() {
            self.clear();
        }
    }

    fn incident(&self) -> &Incident {
        self.record.incident.as_ref().unwrap()
    }
}

const RULE: crate::MOfN = crate::MOfN { m: 2, n: 3 };

#[test]
fn m_of_n_counts_the_newest_windows_only() {
    for (history, m, n, satisfied) in [
        (0b011, 2, 3, true),
        (0b101, 2, 3, true),
        (0b1001, 2, 3, false),
        (0b1111_1000, 1, 3, false),
        (u32::MAX, 32, 32, true),
        (u32::MAX, 3, 2, false),
        (u32::MAX, 40, 64, false),
        (u32::MAX, 0, 3, false),
        (0, 1, 3, false),
        (1, 1, 0, false),
    ] {
        assert_eq!(
            m_of_n(history, m, n),
            satisfied,
            "{m} of {n} in {history:b}"
        );
    }
}

#[test]
fn a_page_opens_at_once_and_resolves_after_three_clear_windows() {
    let mut story = Story::page();
    assert_eq!(story.clear(), (Action::None, Reason::Quiet));
    assert_eq!(
        (story.record.ver, story.record.window),
        (0, None),
        "a healthy minute writes nothing"
    );
    assert_eq!(
        story.breach(),
        (
            Action::Open,
            Reason::Opened {
                rule: RULE,
                test: None
            }
        )
    );
    for _ in 0..3 {
        assert_eq!(story.breach(), (Action::None, Reason::Ongoing));
    }
    let id = story.incident().id.clone();
    assert_eq!(
        story.clear(),
        (
            Action::None,
            Reason::Clearing {
                clear: 1,
                needed: 3
            }
        )
    );
    assert_eq!(
        story.clear(),
        (
            Action::None,
            Reason::Clearing {
                clear: 2,
                needed: 3
            }
        )
    );
    assert_eq!(
        story.clear(),
        (Action::Resolve, Reason::Resolved { clear: 3 })
    );
    assert_eq!(
        (
            story.record.status,
            story.incident().seq,
            &story.incident().id
        ),
        (Status::Ok, 2, &id)
    );
    assert_eq!(story.incident().breaches, 4);
    assert_eq!(story.clear(), (Action::None, Reason::Quiet));
}

#[test]
fn an_incident_stays_open_for_five_minutes_at_least() {
    let mut story = Story::page();
    story.breach();
    story.clear();
    story.clear();
    assert_eq!(
        story.clear(),
        (Action::None, Reason::HeldOpen { open: 3, needed: 5 })
    );
    assert_eq!(
        story.clear(),
        (Action::None, Reason::HeldOpen { open: 4, needed: 5 })
    );
    assert_eq!(
        story.clear(),
        (Action::Resolve, Reason::Resolved { clear: 5 })
    );
}

#[test]
fn a_ticket_waits_for_one_more_window() {
    let mut story = Story::of(Symptom::Traffic, Direction::High);
    assert_eq!(story.breach(), (Action::None, Reason::AwaitsConfirmation));
    assert_eq!(story.clear(), (Action::None, Reason::NotConfirmed));
    assert_eq!(story.record.status, Status::Ok);
    story.breach();
    assert_eq!(
        story.seen(Condition::Missing, None),
        (
            Action::None,
            Reason::NoData {
                status: Status::Pending
            }
        )
    );
    assert_eq!(
        story.breach(),
        (
            Action::Open,
            Reason::Opened {
                rule: crate::MOfN { m: 3, n: 5 },
                test: None
            }
        )
    );
}

#[test]
fn missing_data_neither_opens_nor_clears() {
    let mut story = Story::page();
    assert_eq!(
        story.seen(Condition::Missing, None),
        (Action::None, Reason::NoData { status: Status::Ok })
    );
    story.breach();
    for _ in 0..30 {
        assert_eq!(
            story.seen(Condition::Missing, None),
            (
                Action::None,
                Reason::NoData {
                    status: Status::Open
                }
            )
        );
    }
    story.clear();
    story.seen(Condition::Missing, None);
    assert_eq!(
        story.clear(),
        (
            Action::None,
            Reason::Clearing {
                clear: 2,
                needed: 3
            }
        ),
        "nor does it start afresh"
    );
}

#[test]
fn a_window_between_the_thresholds_starts_the_clearing_afresh() {
    let mut story = Story::page();
    story.breach();
    story.clear();
    story.clear();
    assert_eq!(
        story.seen(Condition::Between, None),
        (Action::None, Reason::NotClear)
    );
    assert_eq!(
        (story.record.status, story.incident().clear_windows),
        (Status::Open, 0)
    );
}

#[test]
fn what_comes_back_within_thirty_minutes_is_the_same_incident_and_no_page() {
    let mut story = Story::page();
    story.breach();
    story.resolve();
    let (id, end) = (story.incident().id.clone(), story.window);
    while story.window < end.plus(29) {
        story.clear();
    }
    assert_eq!(
        story.breach(),
        (Action::Reopen, Reason::Reopened { minutes: 30 })
    );
    assert_eq!(
        (
            &story.incident().id,
            story.incident().audience,
            story.incident().reopened
        ),
        (&id, Audience::Chat, 1)
    );
    story.resolve();
    assert_eq!(
        (story.incident().seq, story.incident().audience),
        (4, Audience::Chat),
        "its end is for the chat too"
    );
    let end = story.window;
    while story.window < end.plus(30) {
        story.clear();
    }
    assert_eq!(
        story.breach(),
        (
            Action::Open,
            Reason::Opened {
                rule: RULE,
                test: None
            }
        ),
        "31 minutes later it is another one"
    );
    assert_ne!(story.incident().id, id);
}

#[test]
fn an_open_page_is_repeated_every_four_hours_and_a_ticket_every_day() {
    for (direction, minutes) in [(Direction::Low, 240), (Direction::High, 1_440)] {
        let mut story = Story::of(Symptom::Traffic, direction);
        while story.breach().0 != Action::Open {}
        for _ in 1..minutes {
            assert_eq!(story.breach(), (Action::None, Reason::Ongoing));
        }
        assert_eq!(
            story.breach(),
            (Action::Update, Reason::RepeatDue { minutes })
        );
        assert_eq!(story.breach(), (Action::None, Reason::Ongoing));
    }
}

#[test]
fn a_reopened_incident_that_lasts_pages_at_its_first_repeat() {
    let mut story = Story::page();
    story.breach();
    story.resolve();
    assert_eq!(story.breach().0, Action::Reopen);
    while story.breach().0 != Action::Update {}
    assert_eq!(story.incident().audience, Audience::OnCall);
}

#[test]
fn a_muted_incident_keeps_its_state_and_speaks_when_its_cause_is_over() {
    let mut story = Story::page();
    let by = Mute::Cause(Symptom::Throttles);
    assert_eq!(story.muted(), (Action::None, Reason::Muted(by)));
    assert_eq!(story.muted(), (Action::None, Reason::Muted(by)));
    assert_eq!(
        (story.record.status, story.incident().seq),
        (Status::Open, 0)
    );
    let id = story.incident().id.clone();
    assert_eq!(story.breach(), (Action::Open, Reason::Unmuted));
    assert_eq!((&story.incident().id, story.incident().seq), (&id, 1));
}

#[test]
fn what_nobody_was_told_of_ends_in_silence_and_pages_if_it_comes_back() {
    let mut story = Story::page();
    story.muted();
    for _ in 0..4 {
        story.muted();
    }
    story.clear();
    story.clear();
    assert_eq!(story.clear(), (Action::None, Reason::ResolvedUnsaid));
    assert_eq!(
        story.breach(),
        (Action::Open, Reason::Reopened { minutes: 1 })
    );
    assert_eq!(story.incident().seq, 1);
}

#[test]
fn a_cause_that_comes_later_mutes_the_repeats_but_never_the_end() {
    let mut story = Story::page();
    story.breach();
    for _ in 1..240 {
        story.muted();
    }
    assert_eq!(
        story.muted(),
        (Action::None, Reason::Muted(Mute::Cause(Symptom::Throttles)))
    );
    for _ in 0..2 {
        story.seen(Condition::Clear, Some(Mute::Cause(Symptom::Throttles)));
    }
    assert_eq!(
        story
            .seen(Condition::Clear, Some(Mute::Cause(Symptom::Throttles)))
            .0,
        Action::Resolve
    );
}

#[test]
fn a_replayed_window_and_a_window_from_the_future_change_nothing() {
    let mut story = Story::page();
    story.breach();
    let applied = story.window;
    story.window = story.window.plus(-1);
    assert_eq!(
        story.breach(),
        (Action::None, Reason::AlreadyApplied { applied })
    );
    let observation = Observation {
        window: minute("23:59"),
        condition: Condition::Clear,
        members: vec![],
        muted: None,
    };
    let decision = decide(&story.record, &observation, &story.policy, instant("22:05"));
    assert_eq!(
        (decision.next, decision.reason),
        (None, Reason::FromTheFuture)
    );
}

#[test]
fn the_peak_is_the_worst_of_all_minutes_and_the_opening_stays() {
    let mut record = Record::new(group());
    for (position, (observed, peak)) in [
        (900.0, 900.0),
        (2_500.0, 2_500.0),
        (f64::NAN, 2_500.0),
        (1_000.0, 2_500.0),
    ]
    .into_iter()
    .enumerate()
    {
        let mut worst = member("POST /cars");
        worst.reading.observed = observed;
        let window = minute("22:00").plus(i64::try_from(position).unwrap());
        let condition = Condition::Breaching {
            onset: minute("22:00"),
        };
        let observation = Observation {
            window,
            condition,
            members: vec![worst],
            muted: None,
        };
        record = decide(
            &record,
            &observation,
            &Policy::default(),
            window.plus(1).start(),
        )
        .next
        .unwrap();
        let incident = record.incident.as_ref().unwrap();
        let of = |sighting: &Option<Sighting>| {
            sighting.as_ref().map(|sighting| sighting.reading.observed)
        };
        assert_eq!(
            (of(&incident.opening), of(&incident.peak)),
            (Some(900.0), Some(peak))
        );
    }
}
