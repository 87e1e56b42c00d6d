//! Golden messages, limits, and the oracle that paging tools stand for.

use aws_lambda_events::event::sns::CloudWatchAlarmPayload;
use proptest::prelude::*;
use serde_json::Value;

use super::example::{
    context, examples, group, instant, member, minute, open_record, resolved_record, unaffected,
};
use super::*;
use crate::{Direction, Earlier, Group, IncidentId, Judgement, Similar, Stretch, Symptom, Verdict};

fn opened(members: &[Member]) -> Vec<Publication> {
    let (record, unaffected, examples) = (open_record(), unaffected(), examples());
    render(
        &context(),
        &Transition {
            action: Action::Open,
            at: instant("22:05"),
            record: &record,
            members,
            unaffected: &unaffected,
            also_seen: &[],
            examples: &examples,
        },
    )
}

fn resolved() -> Vec<Publication> {
    let (record, unaffected) = (resolved_record(), unaffected());
    render(
        &context(),
        &Transition {
            action: Action::Resolve,
            at: instant("22:29"),
            record: &record,
            members: &[],
            unaffected: &unaffected,
            also_seen: &[],
            examples: &[],
        },
    )
}

fn forms(publication: &Publication) -> BTreeMap<String, String> {
    serde_json::from_str(&publication.message).expect("every form is a text")
}

fn alarm(publication: &Publication) -> CloudWatchAlarmPayload {
    serde_json::from_str(&forms(publication)["https"]).unwrap()
}

fn pretty(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_mail_that_opens_an_incident() {
    let page = &opened(&[member("POST /cars")])[0];
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", page.subject, page.email));
}

#[test]
fn the_mail_that_closes_it() {
    let page = &resolved()[0];
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", page.subject, page.email));
}

#[test]
fn the_impact_says_so_when_it_is_on_another_series_than_the_headline() {
    let (worst, mut widest) = (member("POST /cars"), member("all routes"));
    widest.tail = worst.tail * 10.0;
    let impact = |members: &[Member]| {
        let mail = opened(members)[0].email.clone();
        let lines: Vec<String> = mail.lines().map(str::to_owned).collect();
        assert!(lines[0].contains("POST /cars"), "{mail}");
        lines[1].clone()
    };
    let alone = impact(std::slice::from_ref(&worst));
    // As many requests: it is the worst one's impact.
    assert_eq!(impact(&[widest.clone(), worst.clone()]), alone);
    widest.requests = widest.requests.map(|requests| requests * 2);
    widest.affected = widest.affected.map(|affected| affected * 2);
    assert_eq!(
        impact(&[worst, widest]),
        "Impact: 31% of requests to all routes were slower than normal (824 of 2,660 in 5 min); \
         the widest of 2, POST /cars is the worst; SLO burn 11x on cars answer (budget gone in 2.7 d)"
    );
}

#[test]
fn the_mail_of_an_incident_with_many_members_about_which_little_is_known() {
    let mut members: Vec<Member> = (0..30)
        .map(|i| member(&format!("GET /parts/{i:02}")))
        .collect();
    for (position, member) in members.iter_mut().enumerate() {
        (member.requests, member.affected) = (None, None);
        member.reading.observed += f64::from(u32::try_from(position).unwrap());
    }
    let record = open_record();
    let bare = Context {
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
        ..Context::default()
    };
    let transition = Transition {
        action: Action::Update,
        at: instant("23:05"),
        record: &record,
        members: &members,
        unaffected: &[],
        also_seen: &["traffic drop".to_owned()],
        examples: &[],
    };
    let page = &render(&bare, &transition)[0];
    assert!(
        page.message.len() <= TARGET_BYTES,
        "{} bytes",
        page.message.len()
    );
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", page.subject, page.email));
}

#[test]
fn the_chat_notification() {
    insta::assert_json_snapshot!(pretty(&opened(&[member("POST /cars")])[1].message));
}

#[test]
fn the_forms_for_programs() {
    let forms = forms(&opened(&[member("POST /cars")])[0]);
    insta::assert_json_snapshot!("form_https", pretty(&forms["https"]));
    insta::assert_json_snapshot!("form_sqs", pretty(&forms["sqs"]));
    assert_eq!(forms["sqs"], forms["lambda"]);
    insta::assert_snapshot!("form_sms", forms["sms"]);
    assert_eq!(
        forms.keys().collect::<Vec<_>>(),
        ["default", "email", "https", "lambda", "sms", "sqs"]
    );
}

#[test]
fn a_pager_recognises_the_end_of_what_it_was_told_the_beginning_of() {
    let (open, resolve) = (&opened(&[member("POST /cars")])[0], &resolved()[0]);
    let (began, ended) = (alarm(open), alarm(resolve));
    assert_eq!(
        (began.alarm_name.as_str(), began.alarm_arn.as_str()),
        (ended.alarm_name.as_str(), ended.alarm_arn.as_str())
    );
    assert_eq!(began.trigger, ended.trigger);
    assert_eq!(
        (
            began.old_state_value.as_str(),
            began.new_state_value.as_str()
        ),
        ("OK", "ALARM")
    );
    assert_eq!(
        (
            ended.old_state_value.as_str(),
            ended.new_state_value.as_str()
        ),
        ("ALARM", "OK")
    );
    for (publication, payload) in [(open, began), (resolve, ended)] {
        assert!(
            publication
                .subject
                .starts_with(&format!("{}: ", payload.new_state_value)),
            "{}",
            publication.subject
        );
        assert_eq!(publication.attributes["state"], payload.new_state_value);
        assert_eq!(
            (payload.region.as_str(), payload.trigger.threshold),
            ("EU (Ireland)", 520.4)
        );
    }
    assert_eq!(
        open.subject.strip_prefix("ALARM"),
        resolve.subject.strip_prefix("OK"),
        "one thread of mail"
    );
}

#[test]
fn who_hears_of_it_follows_from_severity_and_audience() {
    use Topic::{Chat, Page, Ticket};
    for (symptom, direction, audience, topics) in [
        (
            Symptom::Latency,
            Direction::High,
            Audience::OnCall,
            &[Page, Chat][..],
        ),
        (
            Symptom::Traffic,
            Direction::High,
            Audience::OnCall,
            &[Ticket, Chat],
        ),
        (Symptom::Errors, Direction::Low, Audience::OnCall, &[Chat]),
        (Symptom::Latency, Direction::High, Audience::Chat, &[Chat]),
        (Symptom::Latency, Direction::High, Audience::Nobody, &[]),
    ] {
        let mut record = open_record();
        record.group = Group::new("prod", "car-api", symptom, direction).unwrap();
        record.incident.as_mut().unwrap().audience = audience;
        let transition = Transition {
            action: Action::Open,
            at: instant("22:05"),
            record: &record,
            members: &[],
            unaffected: &[],
            also_seen: &[],
            examples: &[],
        };
        let publications = render(&context(), &transition);
        assert_eq!(
            publications.iter().map(|one| one.topic).collect::<Vec<_>>(),
            topics,
            "{symptom} to {audience:?}"
        );
        for one in &publications {
            assert_eq!(
                one.message_structure.as_deref(),
                (one.topic != Chat).then_some("json")
            );
            assert!(one.id.ends_with(&format!("-1-{}", one.topic.as_str())));
        }
        assert!(
            render(
                &context(),
                &Transition {
                    action: Action::None,
                    ..transition
                }
            )
            .is_empty()
        );
    }
}

#[test]
fn the_link_goes_to_those_who_are_called_while_there_is_something_to_acknowledge() {
    let link = context().acknowledge.unwrap();
    let mut taken = open_record();
    taken.incident.as_mut().unwrap().acknowledged = Some(crate::Acknowledgement {
        by: "Ada".to_owned(),
        at: instant("22:10"),
    });
    for (action, record, is_there) in [
        (Action::Open, open_record(), true),
        (Action::Update, open_record(), true),
        (Action::Escalate, open_record(), true),
        (Action::Reopen, open_record(), true),
        (Action::Escalate, taken, false),
        (Action::Resolve, resolved_record(), false),
    ] {
        let members = [member("POST /cars")];
        let publications = render(
            &context(),
            &Transition {
                action,
                at: instant("22:29"),
                record: &record,
                members: &members,
                unaffected: &[],
                also_seen: &[],
                examples: &[],
            },
        );
        let [page, chat] = &publications[..] else {
            panic!("{action:?}: {publications:?}")
        };
        let line = format!("\nAcknowledge: {link}\n");
        assert_eq!(page.email.contains(&line), is_there, "{action:?}");
        let forms = forms(page);
        let description = alarm(page).alarm_description;
        assert_eq!(description.contains(&link), is_there, "{action:?}");
        // CloudWatch's own descriptions end there (API reference, `PutMetricAlarm`).
        assert!(description.chars().count() <= 1_024, "{description}");
        let url = &pretty(&forms["sqs"])["acknowledge_url"];
        let expected = is_there.then_some(link.as_str());
        assert_eq!(url.as_str(), expected, "{action:?}");
        // 160 characters are no room for an address of 190.
        assert!(!forms["sms"].contains("https://"), "{}", forms["sms"]);
        // Not even in the texts beside it, which are for people who read along.
        let chat = format!("{}{}{}", chat.message, chat.email, chat.chat);
        assert!(!chat.contains("https://ack.example.com"), "{chat}");
        assert!(
            !page.chat.contains("https://ack.example.com"),
            "{}",
            page.chat
        );
    }
}

#[test]
fn a_record_without_an_incident_says_nothing() {
    let record = Record::new(group());
    let transition = Transition {
        action: Action::Open,
        at: instant("22:05"),
        record: &record,
        members: &[],
        unaffected: &[],
        also_seen: &[],
        examples: &[],
    };
    assert!(render(&context(), &transition).is_empty());
}

/// Findings in which every text comes from a log.
fn hostile_findings(text: &str, label: &str, number: f64) -> Findings {
    let part = crate::contribution::Part {
        label: text.to_owned(),
        percent: number,
        exposure: number,
    };
    let mut facts = crate::diagnosis::tests::healthy(Symptom::Latency);
    facts.mean_latency_ms = Some(crate::diagnosis::facts::Signal::against(900.0, 50.0));
    facts.dependencies[0].name = label.to_owned();
    facts.dependencies[0].per_request_ms.observed = 900.0;
    facts.concurrency.neighbours = vec![(text.to_owned(), number); 40];
    facts.concurrency.peak = Some(number);
    // Stored by somebody who did not ask this crate.
    let id = IncidentId::mint(&group().fingerprint(), minute("21:00"));
    let mut judgement = Judgement::new(id, Verdict::False, "x", None, instant("21:59")).unwrap();
    (judgement.by, judgement.note) = (text.to_owned(), Some(label.to_owned()));
    Findings {
        diagnosis: Some(crate::diagnose(&facts)),
        contributions: vec![
            crate::Contributions {
                dimension: crate::Dimension::Route,
                parts: vec![part; 3],
                mix: number,
                rest: number,
                unlisted: 40,
            };
            2
        ],
        concurrency: Some(facts.concurrency),
        deploy: Some(crate::diagnosis::facts::Deploy {
            minutes_before: i64::MIN,
            version: Some(text.to_owned()),
        }),
        examples: vec![
            Example {
                request_id: text.to_owned(),
                text: Some(label.to_owned()),
            };
            40
        ],
        similar: Some(vec![Similar {
            earlier: Earlier {
                id: judgement.incident.clone(),
                opened: minute("21:00"),
                minutes: i64::MIN,
            },
            judgement: Some(judgement),
        }]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_input_breaks_a_limit_or_forges_a_line(
        service in "\\PC{1,400}|[\\x00-\\x7f]{1,300}",
        label in any::<String>(),
        text in any::<String>(),
        dimension in "\\PC{0,1024}",
        (observed, low, high, tail) in any::<(f64, f64, f64, f64)>(),
        count in 0_usize..60,
        resolve in any::<bool>(),
    ) {
        let mut one = member(&label);
        one.reading.series = signals::SeriesKey::emf("N", "M", [("d", dimension.as_str())]);
        (one.reading.observed, one.reading.expected_low, one.reading.expected_high) = (observed, low, high);
        one.tail = tail;
        let members = vec![one; count];
        let group = Group { service, ..group() };
        let mut record = crate::decide(
            &Record::new(group),
            &super::example::breach("22:04", members.clone()),
            &crate::Policy::default(),
            instant("22:05"),
        ).next.unwrap();
        if resolve { record.status = crate::Status::Ok; }
        let mut context = context();
        context.owner = Some(label.clone());
        context.changes = vec![Change { at: instant("21:58"), text: text.clone(), ours: true }; 40];
        let texts = vec![text.clone(); 40];
        let findings = hostile_findings(&text, &label, observed);
        let examples = vec![Example { request_id: label, text: Some(text) }; 40];
        let transition = Transition {
            action: if resolve { Action::Resolve } else { Action::Open },
            at: instant("22:05"),
            record: &record,
            members: &members,
            unaffected: &texts,
            also_seen: &texts,
            examples: &examples,
        };
        let publications = render_with(&context, &transition, &findings);
        let again = render_with(&context, &transition, &findings);
        prop_assert_eq!(&publications, &again, "the same inputs give the same bytes");
        for publication in publications {
            let subject = &publication.subject;
            prop_assert!(subject.len() <= 99 && subject.bytes().all(|c| (0x20..0x7f).contains(&c)), "{}", subject);
            prop_assert!(publication.message.len() <= 200_000);
            prop_assert!(!publication.email.lines().skip(1).any(|line| line.starts_with("ALARM") || line.starts_with("OK:")));
            prop_assert!(publication.attributes.values().all(|value| !value.chars().any(char::is_control)));
            if publication.topic == Topic::Page {
                let forms = forms(&publication);
                prop_assert!(forms["sms"].len() <= 140);
                let payload: CloudWatchAlarmPayload = serde_json::from_str(&forms["https"]).unwrap();
                let state = format!("{}: ", payload.new_state_value);
                prop_assert!(subject.starts_with(&state));
            }
            serde_json::from_str::<Value>(&publication.message).unwrap();
        }
    }
}

#[test]
fn many_small_minutes_are_told_together_and_not_by_the_newest_of_them() {
    let mut together = member("POST /cars");
    together.reading.observed = 482.0;
    together.test = Some("sustained evidence");
    together.stretch = Some(Stretch {
        minutes: 22,
        times: 1.43,
        once_in: 2.6e6,
    });
    let email = opened(&[together])[0].email.clone();
    for said in [
        "POST /cars p90 latency 1.43x what is normal over 22 min, now 482 ms (normal 380-520 ms), for",
        "in healthy times chance does as much as these 22 min together once in 1,805 d",
    ] {
        assert!(email.contains(said), "{said} in {email}");
    }
    assert!(!email.contains("the upper end of normal"), "{email}");
}

#[test]
fn a_chance_that_no_baseline_can_know_is_told_as_a_bound() {
    for (tail, said) in [
        (1.08e-99, "is below 1e-12"),
        (0.0, "is below 1e-12"),
        (4.7e-9, "is 4.7e-9"),
        (f64::NAN, "is unknown"),
    ] {
        let mut one = member("POST /cars");
        one.tail = tail;
        let email = opened(&[one])[0].email.clone();
        assert!(email.contains(said), "{said} in {email}");
    }
}
