//! What people and pagers read for each kind of cause: golden files, one for each.

use serde_json::Value;
use signals::{AwsSignal, LambdaSignal, Metric, Minute, SeriesKey, Unit};

use super::example::{context, instant, minute, unaffected};
use super::{Change, Example, Findings, Publication, Topic, Transition, render_with};
use crate::diagnosis::facts::Changed;
use crate::diagnosis::{CauseKind, Facts, diagnose, tests::examples_of};
use crate::{
    Action, Condition, Direction, Earlier, Group, IncidentId, Judgement, Member, Observation,
    Policy, Reading, Record, Similar, Statistic, Symptom, Verdict, decide,
};

/// One like it, two weeks before, which somebody judged.
fn similar() -> Similar {
    let opened = Minute::parse("2026-11-06T10:00:00Z").unwrap();
    let id = IncidentId::mint(&super::example::group().fingerprint(), opened);
    let judgement = Judgement::new(
        id.clone(),
        Verdict::Expected,
        "Ada",
        Some("load test of the summer sale"),
        opened.plus(90).start(),
    );
    Similar {
        earlier: Earlier {
            id,
            opened,
            minutes: 14,
        },
        judgement: Some(judgement.unwrap()),
    }
}

/// A member with numbers that fit the symptom.
fn member(symptom: Symptom, direction: Direction) -> Member {
    use Metric::{Faults, Latency, Requests};
    let own =
        |metric: Metric| SeriesKey::emf("CarManager", metric.name(), [("service", "CarManager")]);
    let aws = |signal| SeriesKey::aws(Some("car-api"), signal);
    let cold = SeriesKey::lambda("car-api", LambdaSignal::ColdStarts);
    let duration = SeriesKey::lambda("car-api", LambdaSignal::DurationMs);
    let sum = Statistic::Sum;
    let (series, metric, statistic, unit, observed, low, high) = match (symptom, direction) {
        (Symptom::Latency, _) => (
            own(Latency),
            "p90 latency",
            Statistic::Percentile(90.0),
            Unit::Milliseconds,
            400.0,
            81.0,
            99.0,
        ),
        (Symptom::Errors, _) => (own(Faults), "errors", sum, Unit::Count, 40.0, 0.0, 3.0),
        (Symptom::Throttles, _) => (
            aws(AwsSignal::Throttles),
            "throttles",
            sum,
            Unit::Count,
            40.0,
            0.0,
            0.0,
        ),
        (Symptom::Traffic, Direction::High) => (
            own(Requests),
            "requests",
            sum,
            Unit::Count,
            300.0,
            90.0,
            110.0,
        ),
        (Symptom::Traffic, Direction::Low) => (
            own(Requests),
            "requests",
            sum,
            Unit::Count,
            20.0,
            90.0,
            110.0,
        ),
        (Symptom::ColdStarts, _) => (
            cold,
            "cold starts",
            Statistic::Average,
            Unit::Percent,
            40.0,
            0.0,
            2.0,
        ),
        (Symptom::Capacity | Symptom::Saturation, _) => (
            aws(AwsSignal::ConcurrentExecutions),
            "concurrency of its limit",
            Statistic::Maximum,
            Unit::Percent,
            96.0,
            0.0,
            if symptom == Symptom::Capacity {
                80.0
            } else {
                95.0
            },
        ),
        (Symptom::FastBurn | Symptom::SlowBurn, _) => (
            SeriesKey::emf(
                "Outrider",
                Metric::BurnRate.name(),
                [("service", "CarManager"), ("objective", "cars answer")],
            ),
            "error budget burn over 1 h",
            Statistic::Average,
            Unit::None,
            36.0,
            0.0,
            14.4,
        ),
        (Symptom::Headroom, _) => (
            duration,
            "p99 duration of the timeout",
            Statistic::Percentile(99.0),
            Unit::Percent,
            90.0,
            0.0,
            80.0,
        ),
    };
    let counted = matches!(
        symptom,
        Symptom::Latency
            | Symptom::Errors
            | Symptom::Throttles
            | Symptom::FastBurn
            | Symptom::SlowBurn
    );
    Member {
        reading: Reading {
            series,
            label: match symptom {
                Symptom::Throttles => "function car-api",
                Symptom::FastBurn | Symptom::SlowBurn => "cars answer",
                _ => "all routes",
            }
            .to_owned(),
            metric: metric.to_owned(),
            statistic,
            unit,
            observed,
            expected_low: low,
            expected_high: high,
        },
        tail: 4.7e-9,
        // What breaks a rule has nothing learned.
        baseline_samples: if symptom.is_share_of_a_limit() || symptom.is_burn() {
            0
        } else {
            1_120
        },
        breaches: 2,
        windows: 3,
        requests: counted.then_some(500),
        affected: counted.then_some(150),
        started: minute("21:59"),
        test: (symptom == Symptom::Errors).then_some("one extreme minute"),
        stretch: None,
    }
}

/// What is blamed is listed, too.
fn listed(changed: &Changed) -> Change {
    Change {
        at: minute("21:59").plus(-changed.minutes_before).start(),
        text: changed.what.clone(),
        ours: true,
    }
}

/// What is published when an incident opens for which the facts are these.
pub(crate) fn published(facts: &Facts) -> Vec<Publication> {
    let group = Group::new("prod", "CarManager", facts.symptom, facts.direction).unwrap();
    let members = vec![member(facts.symptom, facts.direction)];
    let mut record = Record::new(group);
    // Twice: a ticket waits for a second window.
    for window in ["22:03", "22:04"] {
        let observation = Observation {
            window: minute(window),
            condition: Condition::Breaching {
                onset: minute("21:59"),
            },
            members: members.clone(),
            muted: None,
        };
        let due = minute(window).plus(1).start();
        let decision = decide(&record, &observation, &Policy::default(), due);
        record = decision.next.unwrap();
    }
    let throttles = matches!(
        facts.symptom,
        Symptom::Throttles | Symptom::Capacity | Symptom::Saturation
    );
    let findings = Findings {
        diagnosis: Some(diagnose(facts)),
        contributions: facts.contributions.clone(),
        concurrency: throttles.then(|| facts.concurrency.clone()),
        deploy: facts.deploy.clone(),
        examples: vec![Example {
            request_id: "8f14e45f-ceea-467f-9d3c-2b5a6f1e0c11".to_owned(),
            text: Some("POST /cars took 1,871 ms for <anna@example.com>\nALARM: forged".to_owned()),
        }],
        similar: Some(vec![similar()]),
    };
    let unaffected = unaffected();
    let quiet = super::Context {
        changes: facts.changed.iter().map(listed).collect(),
        ..context()
    };
    let transition = Transition {
        action: Action::Open,
        at: instant("22:05"),
        record: &record,
        members: &members,
        unaffected: &unaffected,
        also_seen: &[],
        examples: &[],
    };
    render_with(&quiet, &transition, &findings)
}

/// Mail, chat, what a pager shows as the reason, and SMS, below each other.
fn all_forms(publications: &[Publication]) -> String {
    let first = &publications[0];
    let forms: Value = serde_json::from_str(&first.message).unwrap();
    let pager: Value = serde_json::from_str(forms["https"].as_str().unwrap()).unwrap();
    format!(
        "Subject: {}\n\n{}\n---- chat\n{}\n---- pager\n{}\n\n---- sms\n{}\n",
        first.subject,
        first.email,
        first.chat,
        pager["NewStateReason"].as_str().unwrap(),
        forms["sms"].as_str().unwrap()
    )
}

#[test]
fn every_kind_of_cause_is_said_well_in_all_forms() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        for kind in CauseKind::ALL {
            let facts = examples_of(*kind);
            let publications = published(&facts);
            assert_ne!(publications[0].topic, Topic::Chat);
            let said = all_forms(&publications);
            insta::assert_snapshot!(format!("cause_{}", kind.as_str()), said);
        }
        for symptom in [
            Symptom::Capacity,
            Symptom::Saturation,
            Symptom::Headroom,
            Symptom::FastBurn,
            Symptom::SlowBurn,
        ] {
            let facts = crate::diagnosis::tests::healthy(symptom);
            insta::assert_snapshot!(format!("limit_{symptom}"), all_forms(&published(&facts)));
        }
        insta::assert_snapshot!(
            "cause_unknown",
            all_forms(&published(&crate::diagnosis::tests::unknown()))
        );
    });
}

#[test]
fn a_diagnosed_message_keeps_the_limits_and_says_the_cause_in_every_form() {
    for kind in CauseKind::ALL {
        let publications = published(&examples_of(*kind));
        for publication in &publications {
            assert!(
                publication.message.len() <= 16 * 1024,
                "{}",
                publication.message.len()
            );
            assert!(
                publication.email.contains(kind.words()),
                "{}",
                publication.email
            );
            assert!(
                publication.chat.contains(kind.words()),
                "{}",
                publication.chat
            );
            assert!(
                !publication.message.contains("anna@"),
                "{}",
                publication.message
            );
        }
        let forms: Value = serde_json::from_str(&publications[0].message).unwrap();
        let pager: Value = serde_json::from_str(forms["https"].as_str().unwrap()).unwrap();
        let reason = pager["NewStateReason"].as_str().unwrap();
        // CloudWatch's own reasons have at most 1,023 characters (API reference, `MetricAlarm`).
        assert!(
            reason.contains(kind.words()) && reason.len() <= 1_023,
            "{reason}"
        );
        let program: Value = serde_json::from_str(forms["sqs"].as_str().unwrap()).unwrap();
        assert_eq!(program["diagnosis"]["causes"][0]["cause"], kind.as_str());
    }
}
