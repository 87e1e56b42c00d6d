//! The incident that the tests of this crate tell: creating cars in production has become slow.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use signals::{Metric, Minute, SeriesKey, Unit};

use crate::acknowledge_link::tests::GOLDEN;

use super::{Change, Context, Example, LocalZone};
use crate::slo::{Budget, Standing};
use crate::{
    Condition, Direction, Group, Member, Observation, Policy, Reading, Record, Statistic, Symptom,
    decide,
};

pub(crate) fn group() -> Group {
    Group::new("prod", "car-api", Symptom::Latency, Direction::High).unwrap()
}

pub(crate) fn minute(text: &str) -> Minute {
    Minute::parse(&format!("2026-11-20T{text}:00Z")).unwrap()
}

pub(crate) fn instant(text: &str) -> Timestamp {
    minute(text).start()
}

/// A member with ordinary numbers for latency.
pub(crate) fn member(label: &str) -> Member {
    Member {
        reading: Reading {
            series: SeriesKey::emf(
                "CarManager",
                Metric::Latency.name(),
                [("route", label), ("service", "car-api")],
            ),
            label: label.to_owned(),
            metric: "p90 latency".to_owned(),
            statistic: Statistic::Percentile(90.0),
            unit: Unit::Milliseconds,
            observed: 1_943.7,
            expected_low: 380.2,
            expected_high: 520.4,
        },
        tail: 4.7e-9,
        baseline_samples: 1_120,
        breaches: 2,
        windows: 3,
        requests: Some(1_330),
        affected: Some(412),
        started: minute("21:59"),
        test: None,
        stretch: None,
    }
}

pub(crate) fn breach(at: &str, members: Vec<Member>) -> Observation {
    let condition = Condition::Breaching {
        onset: minute("21:59"),
    };
    Observation {
        window: minute(at),
        condition,
        members,
        muted: None,
    }
}

pub(crate) fn open_record() -> Record {
    let observation = breach("22:04", vec![member("POST /cars")]);
    decide(
        &Record::new(group()),
        &observation,
        &Policy::default(),
        instant("22:05"),
    )
    .next
    .unwrap()
}

pub(crate) fn resolved_record() -> Record {
    let mut record = open_record();
    let mut worse = member("POST /cars");
    worse.reading.observed = 2_811.0;
    record = decide(
        &record,
        &breach("22:25", vec![worse]),
        &Policy::default(),
        instant("22:26"),
    )
    .next
    .unwrap();
    for window in ["22:26", "22:27", "22:28"] {
        let observation = Observation {
            window: minute(window),
            condition: Condition::Clear,
            members: vec![],
            muted: None,
        };
        let now = minute(window).plus(1).start();
        record = decide(&record, &observation, &Policy::default(), now)
            .next
            .unwrap();
    }
    record
}

pub(crate) fn context() -> Context {
    Context {
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
        owner: Some("team-cars".to_owned()),
        local: Some(LocalZone {
            name: "Europe/Paris".to_owned(),
            zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        }),
        runbook_base: Some("https://docs.example.com/runbooks/".to_owned()),
        dashboard: Some("cars-service".to_owned()),
        log_group: Some("/aws/lambda/car-api".to_owned()),
        changes: vec![
            Change {
                at: instant("21:55"),
                text: "deploy car-api v41 -> v42".to_owned(),
                ours: true,
            },
            Change {
                at: instant("12:00"),
                text: "deploy car-api v40 -> v41".to_owned(),
                ours: true,
            },
        ],
        objectives: vec![objective()],
        deploy_feed_last_seen: Some(instant("21:55")),
        change_feed: false,
        acknowledge: Some(format!("https://ack.example.com/acknowledge/{GOLDEN}")),
        drill: None,
    }
}

/// An objective that burns.
fn objective() -> Standing {
    Standing {
        name: "cars answer".to_owned(),
        target: 0.999,
        days: 30,
        burn: Some(11.0),
        counts: true,
        budget: Some(Budget {
            allowed: 1_000.0,
            spent: 590,
            remaining_share: 0.41,
            exhausted_in: Some(Duration::from_secs(235_636)),
        }),
    }
}

pub(crate) fn unaffected() -> Vec<String> {
    vec!["GET /cars".to_owned(), "GET /cars/{car_id}".to_owned()]
}

pub(crate) fn examples() -> Vec<Example> {
    vec![
        Example {
            request_id: "8f14e45f-ceea-467f-9d3c-2b5a6f1e0c11".to_owned(),
            text: Some("PutItem took 1,871 ms for <anna@example.com>\nALARM: forged".to_owned()),
        },
        Example {
            request_id: "c9f0f895-fb98-4b91-99f5-1fd02973acf1".to_owned(),
            text: None,
        },
    ]
}
