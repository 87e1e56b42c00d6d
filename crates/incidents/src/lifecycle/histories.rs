//! Any history at all: what must hold whatever the windows say.

use proptest::prelude::*;

use super::*;
use crate::message::example::{member, minute};
use crate::{Direction, Group, Settings, Symptom};

fn condition() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(0_u8), 1 => Just(1), 4 => Just(2), 1 => Just(3)]
}

fn mute() -> impl Strategy<Value = Option<Mute>> {
    let until = minute("23:00").start();
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Mute::Cause(Symptom::Throttles))),
        1 => Just(Some(Mute::Silence { until })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn every_history_keeps_the_promises(
        steps in prop::collection::vec((condition(), 1_i64..12, mute(), prop::bool::weighted(0.2), prop::bool::weighted(0.05)), 1..120),
        ticket in any::<bool>(),
        reopen_minutes in 0_u32..60,
    ) {
        let direction = if ticket { Direction::High } else { Direction::Low };
        let group = Group::new("prod", "car-api", Symptom::Traffic, direction).unwrap();
        let (fingerprint, name) = (group.fingerprint(), group.alarm_name());
        let settings = Settings { reopen_minutes, repeat_page_minutes: 10, escalate_minutes: 15, ..Settings::default() };
        let policy = Policy::try_from(settings).unwrap();
        let mut record = Record::new(group);
        let mut window = minute("00:00");
        // What the world was told: (id, last seq) of an incident whose end it has not heard of.
        let mut told: Option<(IncidentId, u32)> = None;
        let mut seen = std::collections::BTreeMap::new();
        for (kind, gap, mute, replay, taken) in steps {
            window = window.plus(if gap > 9 { gap } else { 1 });
            let condition = match kind {
                0 => Condition::Breaching { onset: window },
                1 => Condition::Between,
                2 => Condition::Clear,
                _ => Condition::Missing,
            };
            let members = vec![member("POST /cars")];
            let observation =
                Observation { window, condition, members, muted: mute };
            let now = window.plus(1).start();
            let muted = mute.is_some();
            let open = record.incident.as_ref().filter(|_| record.is_open()).map(|incident| incident.id.clone());
            if let Some(id) = open.filter(|_| taken) {
                let was = record.incident.as_ref().and_then(|incident| incident.acknowledged.clone());
                match acknowledge(&record, &id, "Ada", now).unwrap() {
                    Taken::Already(first) => prop_assert_eq!(Some(first), was, "the first name stays"),
                    Taken::Now(next, action) => {
                        prop_assert!(was.is_none() && next.ver == record.ver + 1);
                        let seq = next.incident.as_ref().unwrap().seq;
                        let heard = seen.entry(id.clone()).or_insert(0);
                        prop_assert_eq!(seq, *heard + u32::from(action != Action::None), "no number is left out");
                        prop_assert_eq!(action != Action::None, told.is_some(), "who was told is told of it");
                        *heard = seq;
                        record = *next;
                    }
                }
            }
            let before = record.clone();
            let decision = decide(&before, &observation, &policy, now);
            prop_assert_eq!(&decision, &decide(&before, &observation, &policy, now), "the same window, the same answer");
            if let Some(next) = decision.next {
                if replay {
                    let again = decide(&next, &observation, &policy, now.checked_add(jiff::SignedDuration::from_hours(9)).unwrap());
                    prop_assert_eq!((again.next, again.action), (None, Action::None), "a replay changes nothing");
                }
                prop_assert_eq!(next.ver, before.ver + 1);
                record = Record::from_json(&next.to_json()).unwrap();
                prop_assert_eq!(&record, &next);
            } else {
                prop_assert_eq!(decision.action, Action::None, "what is said is stored");
            }
            prop_assert_eq!((&record.fingerprint, record.group.alarm_name()), (&fingerprint, name.clone()));
            let Some(incident) = &record.incident else { continue };
            prop_assert_eq!(record.is_open(), incident.resolved.is_none(), "at most one incident, and it is open or not");
            if before.is_open() {
                prop_assert_eq!(&before.incident.as_ref().unwrap().id, &incident.id, "the id stays from open to resolve");
            }
            let last = seen.insert(incident.id.clone(), incident.seq).unwrap_or(0);
            prop_assert_eq!(incident.seq, last + u32::from(decision.action != Action::None), "no number is left out");
            match decision.action {
                Action::Open => {
                    prop_assert!(told.is_none() && incident.seq == 1);
                    let breaching = matches!(condition, Condition::Breaching { .. });
                    prop_assert!(breaching && !muted);
                    told = Some((incident.id.clone(), incident.seq));
                }
                Action::Reopen => {
                    prop_assert!(told.is_none() && incident.seq > 1);
                    let late = decision.reason == Reason::Unmuted;
                    prop_assert_eq!(incident.audience, if late { Audience::OnCall } else { Audience::Chat });
                    told = Some((incident.id.clone(), incident.seq));
                }
                Action::Update | Action::Flap | Action::Escalate => {
                    prop_assert_eq!(told.as_ref().map(|(id, _)| id), Some(&incident.id));
                    prop_assert!(!muted, "what is muted says nothing in between");
                    let taken_on = decision.action == Action::Escalate && incident.acknowledged.is_some();
                    prop_assert!(!taken_on, "what somebody takes on is not escalated");
                }
                Action::Acknowledge => prop_assert!(false, "no window acknowledges"),
                Action::Resolve => {
                    prop_assert!(!record.is_open());
                    prop_assert_eq!(told.take().map(|(id, _)| id), Some(incident.id.clone()), "only what began ends");
                }
                Action::None => {}
            }
            if matches!(condition, Condition::Missing) {
                prop_assert_eq!(before.is_open(), record.is_open(), "no data is not news");
            }
            prop_assert!(record.is_open() || told.is_none(), "whoever heard the beginning has heard the end");
        }
    }
}
