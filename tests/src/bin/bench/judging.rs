//! What costs processor time and nothing else: a metric document, a step of an incident.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use car_api::store::Cost;
use car_api::telemetry::{Figures as RequestFigures, Finished, Telemetry};
use incidents::{
    Action, Condition, Context, Direction, Group, Member, Observation, Policy, Reading, Record,
    Statistic, Symptom, Transition, decide, render,
};
use jiff::Timestamp;
use platform::emit::Emitter;
use platform::logging::Identity;
use signals::{Metric, Minute, SeriesKey, Unit};

use crate::figures::{Figures, best, nanos_each};

const DOCUMENTS: u32 = 20_000;
const INCIDENTS: u32 = 500;
/// Two windows to open, four more, and as many clear ones as close it.
const WINDOWS: u32 = 20;
const BREACHING: u32 = 6;

#[derive(Debug)]
struct Nowhere;

impl Emitter for Nowhere {
    fn emit(&self, line: &str) {
        black_box(line);
    }
}

/// One request's document through car-api's own telemetry, without the write.
pub(crate) fn emf(figures: &mut Figures) {
    let identity = Identity {
        service: "CarManager".to_owned(),
        function_name: "car-api".to_owned(),
        function_version: "7".to_owned(),
    };
    let telemetry = Telemetry::new("CarManager", identity, Arc::new(Nowhere));
    let request = Finished {
        at: Timestamp::UNIX_EPOCH,
        route: "POST /cars",
        status: 201,
        latency: Duration::from_micros(23_456),
        error_type: None,
        throttled: false,
        invalid: false,
        figures: RequestFigures {
            dynamodb: Some(Duration::from_micros(7_654)),
            eventbridge: Some(Duration::from_micros(9_876)),
            events_published: 1,
            created: 1,
            ..RequestFigures::default()
        },
        cost: Cost::default(),
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        correlation_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        trace_id: Some("1-5759e988-bd862e3fe1be46a994272793"),
        cold_start: false,
    };
    let total = best(|| (0..DOCUMENTS).for_each(|_| telemetry.request(black_box(&request))));
    figures.take("emf_ns_per_document", nanos_each(total, DOCUMENTS), "ns");
}

fn member(from: Minute) -> Member {
    Member {
        reading: Reading {
            series: SeriesKey::emf(
                "CarManager",
                Metric::Faults.name(),
                [("service", "CarManager")],
            ),
            label: "CarManager".to_owned(),
            metric: "errors".to_owned(),
            statistic: Statistic::Sum,
            unit: Unit::Count,
            observed: 23.0,
            expected_low: 0.0,
            expected_high: 2.0,
        },
        tail: 1e-20,
        baseline_samples: 20_160,
        breaches: 2,
        windows: 3,
        requests: Some(246),
        affected: Some(40),
        started: from,
        test: None,
        stretch: None,
    }
}

/// Whole incidents: each window decided, each transition rendered in every form.
pub(crate) fn incidents(figures: &mut Figures) -> anyhow::Result<()> {
    let group = Group::new("prod", "CarManager", Symptom::Errors, Direction::High)?;
    let (policy, from) = (Policy::default(), Minute::from_index(29_920_000));
    let members = [member(from)];
    let context = Context {
        region: "eu-west-1".to_owned(),
        account: "000000000000".to_owned(),
        owner: Some("team-cars".to_owned()),
        local: None,
        runbook_base: Some("https://example.com/runbooks".to_owned()),
        dashboard: None,
        log_group: Some("/aws/lambda/car-api".to_owned()),
        changes: Vec::new(),
        objectives: Vec::new(),
        deploy_feed_last_seen: None,
        change_feed: false,
        acknowledge: None,
        drill: None,
    };
    let mut told = 0;
    let total = best(|| {
        told = 0;
        for _ in 0..INCIDENTS {
            let mut record = Record::new(group.clone());
            for index in 0..WINDOWS {
                let window = from.plus(i64::from(index));
                let breaching = index < BREACHING;
                let condition = if breaching {
                    Condition::Breaching { onset: from }
                } else {
                    Condition::Clear
                };
                let members = if breaching {
                    members.to_vec()
                } else {
                    Vec::new()
                };
                let observation = Observation {
                    window,
                    condition,
                    members,
                    muted: None,
                };
                let at = window.plus(1).start();
                let decision = decide(&record, &observation, &policy, at);
                let Some(next) = decision.next else { continue };
                if decision.action != Action::None {
                    told += 1;
                    let members = &observation.members;
                    let transition = Transition {
                        action: decision.action,
                        at,
                        record: &next,
                        members,
                        unaffected: &[],
                        also_seen: &[],
                        examples: &[],
                    };
                    black_box(render(&context, &transition));
                }
                record = next;
            }
        }
    });
    anyhow::ensure!(
        told == 2 * INCIDENTS,
        "{INCIDENTS} incidents did not open and resolve: {told} transitions"
    );
    figures.take(
        "incident_step_us",
        nanos_each(total, INCIDENTS * WINDOWS) / 1e3,
        "us",
    );
    Ok(())
}
