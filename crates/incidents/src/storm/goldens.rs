//! What people and pagers read of a storm: golden files, and the oracle that paging tools stand for.

use std::collections::BTreeMap;

use aws_lambda_events::event::sns::CloudWatchAlarmPayload;
use proptest::prelude::*;
use serde_json::Value;

use super::tests::LIMITS;
use super::*;
use crate::message::example::{self, minute};
use crate::{Context, Publication};

/// A database is slow from 21:58, and one service after the other feels it. Orders felt it first, and asked second.
fn storm() -> Storm {
    let mut storm = Storm::new("prod");
    let high = Direction::High;
    for (service, symptom, onset, window, reading) in [
        (
            "car-api",
            Symptom::Latency,
            "21:59",
            "22:01",
            "POST /cars p90 latency 1,940 ms (normal 380-520 ms)",
        ),
        (
            "orders",
            Symptom::Latency,
            "21:58",
            "22:02",
            "all routes p90 latency 2,310 ms (normal 90-140 ms)",
        ),
        (
            "car-api",
            Symptom::Errors,
            "22:01",
            "22:02",
            "POST /cars errors 61 errors/min (normal 0-3 errors/min)",
        ),
        (
            "payments",
            Symptom::Errors,
            "22:01",
            "22:02",
            "all routes errors 40 errors/min (normal 0-2 errors/min)",
        ),
        ("stock", Symptom::Errors, "22:01", "22:02", ""),
        ("prices", Symptom::Latency, "22:01", "22:03", ""),
        (
            "checkout",
            Symptom::Latency,
            "22:00",
            "22:04",
            "POST /checkout p90 latency 4,020 ms (normal 200-310 ms)",
        ),
        ("checkout", Symptom::Errors, "22:02", "22:04", ""),
        ("search", Symptom::Latency, "22:02", "22:04", ""),
        ("invoices", Symptom::Errors, "22:02", "22:04", ""),
    ] {
        ask(&mut storm, service, symptom, high, onset, window, reading);
    }
    storm
}

fn ask(
    storm: &mut Storm,
    service: &str,
    symptom: Symptom,
    direction: Direction,
    onset: &str,
    window: &str,
    reading: &str,
) {
    let group = Group::new("prod", service, symptom, direction).unwrap();
    let asked = Asked {
        urgent: false,
        incident: &IncidentId::mint(&group.fingerprint(), minute(window)),
        seq: 1,
        group: &group,
        onset: minute(onset),
        window: minute(window),
        reading: reading.to_owned(),
    };
    storm.ask(&asked, &LIMITS);
}

/// The three messages of it.
fn said() -> [News; 3] {
    let mut storm = storm();
    let begin = storm.due(minute("22:04"), &LIMITS).unwrap();
    let (symptom, low) = (Symptom::Traffic, Direction::Low);
    let reading = "all routes requests 20 requests/min (normal 90-110 requests/min)";
    ask(
        &mut storm, "emails", symptom, low, "22:05", "22:09", reading,
    );
    let grown = storm.due(minute("22:14"), &LIMITS).unwrap();
    let open = grown.lines.clone();
    for (position, line) in open.iter().enumerate() {
        let at = minute("22:20").plus(i64::try_from(position).unwrap());
        storm.resolved(&line.alert.fingerprint, &line.alert.incident, at);
    }
    let over = storm.due(minute("22:31"), &LIMITS).unwrap();
    [begin, grown, over]
}

/// That of the service that moved first.
fn context() -> Context {
    Context {
        owner: Some("team-orders".to_owned()),
        dashboard: None,
        log_group: Some("/aws/lambda/orders".to_owned()),
        ..example::context()
    }
}

fn page(news: &News) -> Publication {
    render_storm(&context(), news).remove(0)
}

fn forms(publication: &Publication) -> BTreeMap<String, String> {
    serde_json::from_str(&publication.message).unwrap()
}

fn alarm(publication: &Publication) -> CloudWatchAlarmPayload {
    serde_json::from_str(&forms(publication)["https"]).unwrap()
}

#[test]
fn the_mails_of_a_storm() {
    for (news, name) in said().iter().zip(["begin", "grown", "over"]) {
        let page = page(news);
        let text = format!("Subject: {}\n\n{}", page.subject, page.email);
        insta::assert_snapshot!(format!("mail_{name}"), text);
    }
}

#[test]
fn the_text_messages_of_a_storm() {
    let texts = said().map(|news| forms(&page(&news))["sms"].clone());
    insta::assert_snapshot!("sms", texts.join("\n"));
}

#[test]
fn the_chat_of_a_storm() {
    let [begin, _, over] = said();
    let chat = render_storm(&context(), &begin).remove(1);
    assert_eq!(
        (chat.topic, chat.message_structure),
        (crate::Topic::Chat, None)
    );
    let notification: Value = serde_json::from_str(&chat.message).unwrap();
    insta::assert_json_snapshot!("chat_begin", notification);
    assert_eq!(
        notification["metadata"]["threadId"],
        begin.id.as_str(),
        "one thread for one storm"
    );
    insta::assert_snapshot!("chat_over", render_storm(&context(), &over).remove(1).chat);
}

#[test]
fn the_forms_for_programs_of_a_storm() {
    let forms = forms(&page(&said()[0]));
    for form in ["https", "sqs"] {
        let value: Value = serde_json::from_str(&forms[form]).unwrap();
        insta::assert_json_snapshot!(format!("form_{form}"), value);
    }
    assert_eq!(forms["sqs"], forms["lambda"]);
    assert_eq!(
        forms.keys().collect::<Vec<_>>(),
        ["default", "email", "https", "lambda", "sms", "sqs"]
    );
}

#[test]
fn a_pager_keeps_a_storm_under_one_name_from_its_beginning_to_its_end() {
    let pages = said().map(|news| page(&news));
    let [begin, grown, over] = [0, 1, 2].map(|at| alarm(&pages[at]));
    for (later, old, new) in [(&grown, "ALARM", "ALARM"), (&over, "ALARM", "OK")] {
        assert_eq!(later.alarm_name, begin.alarm_name);
        assert_eq!(later.alarm_arn, begin.alarm_arn);
        assert_eq!(later.trigger, begin.trigger);
        assert_eq!(
            (
                later.old_state_value.as_str(),
                later.new_state_value.as_str()
            ),
            (old, new)
        );
    }
    assert_eq!(begin.alarm_name, "alert storm (prod)");
    assert_eq!(begin.alarm_name, storm().alarm_name());
    assert_eq!(
        pages[0].subject.strip_prefix("ALARM"),
        pages[2].subject.strip_prefix("OK"),
        "one thread of mail"
    );
    for page in &pages {
        let state = &alarm(page).new_state_value;
        assert_eq!(&page.attributes["state"], state);
        assert!(page.subject.starts_with(&format!("{state}: ")));
    }
}

#[test]
fn no_storm_shares_its_name_with_that_of_another_environment() {
    let name = |environment: &str| Storm::new(environment).alarm_name();
    assert_ne!(name("pröd"), name("prüd"));
    let long = name(&"x".repeat(200));
    assert!(long.len() <= 255 && long != name(&"x".repeat(199)));
}

#[test]
fn what_is_not_configured_is_said_to_be_so() {
    let bare = Context {
        region: "eu-west-1".to_owned(),
        account: "000000000000".to_owned(),
        ..Context::default()
    };
    let [begin, ..] = said();
    let email = render_storm(&bare, &begin).remove(0).email;
    assert!(
        email.contains("Runbook: not configured (owner: not configured)"),
        "{email}"
    );
    assert!(!email.contains("--aws"), "{email}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_input_breaks_a_limit_or_forges_a_line(
        environment in "\\PC{0,400}|[\\x00-\\x7f]{1,300}",
        service in "\\PC{1,400}|[\\x00-\\x7f]{1,300}",
        reading in any::<String>(),
        count in 1_u32..260,
        (onset, window) in (any::<i64>(), any::<i64>()),
        over in any::<bool>(),
    ) {
        let mut storm = Storm::new(&environment);
        let limits = Limits { pages_per_hour: 1, group_minutes: 10 };
        for number in 0..count {
            let group = Group {
                environment: environment.clone(),
                service: format!("{service}{number}"),
                symptom: Symptom::Errors,
                direction: Direction::High,
            };
            let asked = Asked {
                urgent: false,
                incident: &IncidentId::mint(&group.fingerprint(), Minute::from_index(window)),
                seq: 2,
                group: &group,
                onset: Minute::from_index(onset),
                window: Minute::from_index(window),
                reading: reading.clone(),
            };
            storm.ask(&asked, &limits);
        }
        let mut news = storm.due(Minute::from_index(window).plus(10), &limits);
        if over { news = storm.due(Minute::from_index(window).plus(30), &limits).or(news); }
        let mut context = context();
        context.owner = Some(reading.clone());
        if let Some(news) = &news {
            let publications = render_storm(&context, news);
            prop_assert_eq!(&publications, &render_storm(&context, news), "the same inputs give the same bytes");
            for one in publications {
                let subject = &one.subject;
                prop_assert!(subject.len() <= 99 && subject.bytes().all(|c| (0x20..0x7f).contains(&c)), "{}", subject);
                prop_assert!(one.message.len() <= 100_000, "{}", one.message.len());
                prop_assert!(!one.email.lines().any(|line| line.starts_with("ALARM") || line.starts_with("OK:")));
                prop_assert!(one.attributes.values().all(|value| !value.is_empty() && !value.chars().any(char::is_control)));
                if one.topic == Topic::Page {
                    prop_assert!(forms(&one)["sms"].len() <= 140);
                    let payload = alarm(&one);
                    prop_assert!(payload.alarm_name.len() <= 255);
                    let state = format!("{}: ", payload.new_state_value);
                    prop_assert!(subject.starts_with(&state));
                }
                serde_json::from_str::<Value>(&one.message).unwrap();
            }
        }
    }
}
