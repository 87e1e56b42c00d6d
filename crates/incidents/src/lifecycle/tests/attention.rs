//! What keeps an incident from asking for more attention than it deserves, or for less.

use super::*;
use crate::Settings;
use crate::acknowledge_link::InvalidBy;

fn escalating() -> Story {
    let settings = Settings {
        escalate_minutes: 30,
        ..Settings::default()
    };
    Story {
        policy: Policy::try_from(settings).unwrap(),
        ..Story::page()
    }
}

/// A page that breaches every second minute.
fn flapping() -> Story {
    let mut story = Story::page();
    for window in 0..20 {
        if window % 2 == 0 {
            story.breach()
        } else {
            story.clear()
        };
    }
    assert_eq!(story.record.status, Status::Flapping);
    story
}

impl Story {
    fn acknowledge(&mut self, by: &str) -> Result<Taken, NotTaken> {
        let id = self.incident().id.clone();
        let taken = acknowledge(&self.record, &id, by, self.window.plus(1).start());
        if let Ok(Taken::Now(next, _)) = &taken {
            assert_eq!(next.ver, self.record.ver + 1);
            self.record = Record::clone(next);
        }
        taken
    }

    fn silenced(&mut self, condition: Condition) -> (Action, Reason) {
        let until = instant("23:00");
        self.seen(condition, Some(Mute::Silence { until }))
    }
}

#[test]
fn what_comes_and_goes_is_said_once_and_resolves_after_it_has_settled() {
    let mut story = Story::page();
    let mut said = Vec::new();
    for window in 0..40 {
        let (action, reason) = if window % 4 < 2 {
            story.breach()
        } else {
            story.clear()
        };
        if action != Action::None {
            said.push((window, action, reason));
        }
    }
    let actions: Vec<_> = said.iter().map(|(_, action, _)| *action).collect();
    assert_eq!(actions, [Action::Open, Action::Flap], "{said:?}");
    assert_eq!(story.record.status, Status::Flapping);
    let seq = story.incident().seq;
    let mut quiet = 0;
    let last = loop {
        quiet += 1;
        let (action, reason) = story.clear();
        if action != Action::None {
            break (action, reason);
        }
    };
    assert_eq!(last.0, Action::Resolve, "{last:?}");
    assert!(
        (17..=20).contains(&quiet),
        "settled after {quiet} clear minutes"
    );
    assert_eq!(story.incident().seq, seq + 1);
}

#[test]
fn what_flaps_and_then_stays_broken_is_open_again() {
    let mut story = flapping();
    for _ in 0..22 {
        assert_eq!(story.breach().0, Action::None);
    }
    assert_eq!(story.record.status, Status::Open);
}

#[test]
fn one_fault_and_its_echo_do_not_flap() {
    let mut story = Story::page();
    story.breach();
    story.resolve();
    for _ in 0..8 {
        story.clear();
    }
    assert_eq!(story.breach().0, Action::Reopen);
    for _ in 0..6 {
        assert_eq!(story.breach().0, Action::None);
    }
    assert_eq!(story.clear().0, Action::None);
    assert_eq!(story.clear().0, Action::None);
    assert_eq!(story.clear().0, Action::Resolve);
}

#[test]
fn a_page_that_nobody_acknowledges_is_escalated_once() {
    let mut story = escalating();
    story.breach();
    let mut said = Vec::new();
    for minute in 1..200 {
        let (action, reason) = story.breach();
        if action != Action::None {
            said.push((minute, action, reason));
        }
    }
    let reason = Reason::Unacknowledged { minutes: 30 };
    assert_eq!(said, [(30, Action::Escalate, reason)]);
}

#[test]
fn an_acknowledged_page_is_not_escalated_and_an_acknowledgement_ends_with_the_incident() {
    let mut story = escalating();
    story.breach();
    let Ok(Taken::Now(_, action)) = story.acknowledge(" Ada ") else {
        panic!("the first acknowledgement counts");
    };
    assert_eq!(action, Action::Acknowledge);
    assert_eq!(story.incident().seq, 2);
    let Ok(Taken::Already(first)) = story.acknowledge("Grace") else {
        panic!("the second one changes nothing");
    };
    assert_eq!(first.by, "Ada");
    for minute in 1..240 {
        assert_eq!(story.breach().0, Action::None, "minute {minute}");
    }
    assert_eq!(story.breach().0, Action::Update);
    story.resolve();
    assert_eq!(story.breach().0, Action::Reopen);
    assert_eq!(story.incident().acknowledged, None);
}

#[test]
fn an_acknowledgement_that_cannot_be_given_says_why() {
    let mut story = Story::page();
    story.breach();
    let id = story.incident().id.clone();
    let at = instant("23:00");
    let line = InvalidBy::Control {
        found: '\n',
        position: 2,
    };
    for (name, why) in [
        ("", InvalidBy::Empty),
        ("   ", InvalidBy::Empty),
        ("a\nb", line),
        (&"x".repeat(81), InvalidBy::TooLong { chars: 81 }),
    ] {
        let refused = acknowledge(&story.record, &id, name, at);
        assert_eq!(refused, Err(NotTaken::Name(why)), "{name:?}");
    }
    let other = IncidentId::mint(&group().fingerprint(), minute("01:00"));
    let refused = acknowledge(&story.record, &other, "Ada", at).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("not the newest one of its group"),
        "{refused}"
    );
    story.resolve();
    let refused = story.acknowledge("Ada").unwrap_err();
    assert!(
        refused.to_string().contains("nothing left to acknowledge"),
        "{refused}"
    );
}

#[test]
fn a_silence_mutes_the_message_and_not_the_state_and_ends_with_one_page() {
    let mut story = Story::page();
    let onset = minute("22:00");
    let breach = Condition::Breaching { onset };
    let (action, reason) = story.silenced(breach);
    assert_eq!(action, Action::None);
    assert!(
        reason
            .to_string()
            .contains("it is silenced until 2026-11-20T23:00:00Z"),
        "{reason}"
    );
    assert_eq!(story.record.status, Status::Open);
    for _ in 0..20 {
        assert_eq!(story.silenced(breach).0, Action::None);
    }
    assert_eq!(story.breach(), (Action::Open, Reason::Unmuted));
    assert_eq!(story.breach(), (Action::None, Reason::Ongoing));
}

#[test]
fn a_silence_of_what_was_told_mutes_repeats_and_escalation_but_not_the_end() {
    let mut story = escalating();
    story.breach();
    let breach = Condition::Breaching {
        onset: minute("22:00"),
    };
    for minute in 1..300 {
        assert_eq!(story.silenced(breach).0, Action::None, "minute {minute}");
    }
    story.silenced(Condition::Clear);
    story.silenced(Condition::Clear);
    assert_eq!(story.silenced(Condition::Clear).0, Action::Resolve);
}

#[test]
fn a_group_remembers_its_last_five_incidents_that_somebody_was_told_of() {
    let mut story = Story::page();
    let mut ids = Vec::new();
    for round in 0..7 {
        if round == 3 {
            story.muted();
            for _ in 0..8 {
                story.muted();
            }
        } else {
            story.breach();
            ids.push(story.incident().id.clone());
        }
        story.resolve();
        for _ in 0..40 {
            story.clear();
        }
        // What is quiet is not stored: the window goes on all the same.
        story.window = story.window.plus(60);
    }
    let earlier: Vec<_> = story
        .record
        .earlier
        .iter()
        .map(|one| one.id.clone())
        .collect();
    let newest_first: Vec<_> = ids.into_iter().rev().skip(1).take(5).collect();
    assert_eq!(earlier, newest_first);
}

#[test]
fn what_nobody_was_told_of_pages_in_full_although_somebody_took_it_on() {
    let mut story = Story::page();
    story.muted();
    let Ok(Taken::Now(_, action)) = story.acknowledge("Ada") else {
        panic!("it is open");
    };
    assert_eq!((action, story.incident().seq), (Action::None, 0));
    assert_eq!(story.breach().0, Action::Open);
    assert_eq!(story.incident().audience, Audience::OnCall);
}

#[test]
fn what_was_told_and_silenced_is_told_again_when_the_silence_ends_and_it_still_breaches() {
    let breach = Condition::Breaching {
        onset: minute("22:00"),
    };
    let mut story = Story::page();
    story.breach();
    for _ in 0..120 {
        story.silenced(breach);
    }
    assert_eq!(story.seen(Condition::Between, None).0, Action::None);
    assert_eq!(story.breach(), (Action::Update, Reason::Unmuted));
    assert_eq!(story.breach(), (Action::None, Reason::Ongoing));
}

#[test]
fn what_came_back_under_a_silence_pages_when_the_silence_ends() {
    let mut story = Story::page();
    story.breach();
    story.resolve();
    let breach = Condition::Breaching {
        onset: minute("22:00"),
    };
    for _ in 0..60 {
        story.silenced(breach);
    }
    assert_eq!(story.breach(), (Action::Reopen, Reason::Unmuted));
    assert_eq!(story.incident().audience, Audience::OnCall);
}

#[test]
fn an_escalation_counts_from_the_page_and_not_from_the_opening() {
    let mut story = escalating();
    for _ in 0..100 {
        story.muted();
    }
    assert_eq!(story.breach().0, Action::Open);
    for minute in 1..30 {
        assert_eq!(story.breach().0, Action::None, "minute {minute}");
    }
    assert_eq!(story.breach().0, Action::Escalate);
    story.resolve();
    assert_eq!(story.breach().0, Action::Reopen);
    for minute in 1..240 {
        assert_eq!(
            story.breach().0,
            Action::None,
            "minute {minute} in the chat"
        );
    }
    assert_eq!(story.breach().0, Action::Update, "now it pages");
    for minute in 1..30 {
        assert_eq!(
            story.breach().0,
            Action::None,
            "minute {minute} of the page"
        );
    }
    assert_eq!(story.breach().0, Action::Escalate);
}

#[test]
fn a_page_that_comes_and_goes_is_reminded_of_and_escalated_all_the_same() {
    let mut story = escalating();
    let mut said = Vec::new();
    for window in 0..480 {
        let (action, _) = if window % 4 < 2 {
            story.breach()
        } else {
            story.clear()
        };
        if action != Action::None {
            said.push(action);
        }
    }
    assert_eq!(
        said,
        [Action::Open, Action::Flap, Action::Escalate, Action::Update]
    );
}

#[test]
fn what_comes_and_goes_and_then_says_nothing_is_open_again_and_reminded_of() {
    let mut story = flapping();
    let mut said = Vec::new();
    for _ in 0..300 {
        let (action, _) = story.seen(Condition::Missing, None);
        if action != Action::None {
            said.push(action);
        }
    }
    assert_eq!(
        (story.record.status, said),
        (Status::Open, vec![Action::Update])
    );
}

#[test]
fn a_minute_that_is_clear_within_a_fault_is_no_coming_and_going() {
    let mut story = Story::page();
    let mut said = Vec::new();
    for window in 0..30 {
        let breaching = window < 12 && window != 5;
        let (action, _) = if breaching {
            story.breach()
        } else {
            story.clear()
        };
        if action != Action::None {
            said.push(action);
        }
    }
    assert_eq!(said, [Action::Open, Action::Resolve]);
}
