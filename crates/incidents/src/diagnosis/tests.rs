//! One named row for each cause and for each near-miss that must not be called so.

use proptest::prelude::*;

use super::facts::{Changed, Concurrency, Correlation, Dependency, Deploy, Memory, Runs, Signal};
use super::*;
use crate::{Direction, Symptom};

mod rows;

pub(crate) use rows::healthy;
use rows::{cold, dependency, facts_of, range, rival, slow};

/// The first row whose first cause is of this kind.
pub(crate) fn examples_of(kind: CauseKind) -> Facts {
    rows::all()
        .map(facts_of)
        .find(|facts| diagnose(facts).first().map(|it| it.kind) == Some(kind))
        .expect("every kind has a row")
}

/// Facts that no known cause fits.
pub(crate) fn unknown() -> Facts {
    facts_of(rows::all().next().expect("there are rows"))
}

#[test]
fn each_cause_is_called_by_its_name_and_no_near_miss_is() {
    let wrong: Vec<String> = rows::all()
        .filter_map(|row| {
            let said = diagnose(&facts_of(row)).lines();
            (!said[0].starts_with(row.3)).then(|| format!("{}:\n  {}", row.0, said.join("\n  ")))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_cause_has_a_row_that_calls_it() {
    for kind in CauseKind::ALL {
        let called = rows::all()
            .any(|row| diagnose(&facts_of(row)).first().map(|it| it.kind) == Some(*kind));
        assert!(called, "no row calls {}", kind.words());
    }
}

#[test]
fn what_was_not_measured_convicts_nobody_and_is_named() {
    for symptom in Symptom::ALL {
        let mut facts = Facts::of(*symptom, Direction::High);
        (facts.minutes, facts.heard) = (5, 5);
        let found = diagnose(&facts);
        assert_eq!(found.causes, [], "{symptom}");
        assert_eq!(
            found.lines(),
            [
                "unknown: no known cause fits the numbers; not measured: requests, latency, the platform's reports, \
                 calls to other services, concurrency and its limits"
            ]
        );
    }
}

#[test]
fn the_root_comes_before_what_it_leads_to() {
    let mut facts = healthy(Symptom::Latency);
    slow(&mut facts);
    facts.dependencies = vec![dependency("DynamoDbLatency", 112.0, 20.0)];
    facts.runs = Some(Runs {
        p99_ms: Some(3_000.0),
        timeout_ms: Some(3_000.0),
        timeouts: 30,
        invocations: 500,
    });
    facts.requests = Some(range(200.0, 100.0));
    let kinds: Vec<CauseKind> = diagnose(&facts).causes.iter().map(|it| it.kind).collect();
    assert_eq!(
        kinds,
        [
            CauseKind::SlowDependency,
            CauseKind::TimeoutWall,
            CauseKind::Load
        ]
    );
}

#[test]
fn what_is_only_possible_comes_after_what_is_certain_however_near_to_the_root_it_lies() {
    let mut facts = healthy(Symptom::Errors);
    facts.failed = Some(range(12.0, 1.0));
    facts.runs = Some(Runs {
        p99_ms: Some(3_000.0),
        timeout_ms: Some(3_000.0),
        timeouts: 30,
        invocations: 500,
    });
    facts.deploy = Some(Deploy {
        minutes_before: 20,
        version: Some("42".to_owned()),
    });
    let kinds: Vec<CauseKind> = diagnose(&facts).causes.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [CauseKind::TimeoutWall, CauseKind::BadVersion]);
}

#[test]
fn contradiction_is_mutual_and_nothing_contradicts_itself() {
    for a in CauseKind::ALL {
        for b in CauseKind::ALL {
            assert_eq!(a.contradicts(*b), b.contradicts(*a), "{a:?} {b:?}");
        }
        assert!(!a.contradicts(*a));
    }
}

#[test]
fn texts_from_logs_in_a_reason_are_cleaned_and_cut() {
    let mut facts = healthy(Symptom::Latency);
    slow(&mut facts);
    let hostile = format!("anna@example.com\nALARM: forged {}", "x".repeat(300));
    facts.dependencies = vec![dependency(&hostile, 112.0, 20.0)];
    let said = diagnose(&facts).lines().join("|");
    assert!(
        said.contains("[e-mail] ALARM: forged") && !said.contains("anna") && !said.contains('\n'),
        "{said}"
    );
    assert!(said.len() < 250, "{said}");
}

/// Any number, sane or not.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..2_000.0_f64,
        1 => Just(0.0),
        1 => any::<f64>(),
    ]
}

fn signal() -> impl Strategy<Value = Option<Signal>> {
    prop::option::of((number(), number(), number(), number()).prop_map(
        |(observed, expected, low, high)| Signal {
            observed,
            expected,
            low,
            high,
        },
    ))
}

proptest! {
    #[test]
    fn two_causes_that_cannot_both_be_true_are_never_both_said(
        symptom in prop::sample::select(Symptom::ALL),
        high in any::<bool>(),
        (minutes, heard, idle) in (0_u32..9, 0_u32..9, 0_u32..90),
        signals in prop::collection::vec(signal(), 6),
        counts in prop::collection::vec(0_u64..500, 9),
        numbers in prop::collection::vec(prop::option::of(number()), 10),
        dependency in signal(),
        deploy in prop::option::of(-60_i64..60),
    ) {
        let mut facts = Facts::of(symptom, if high { Direction::High } else { Direction::Low });
        (facts.minutes, facts.heard, facts.idle_before) = (minutes, heard, Some(idle));
        (facts.requests, facts.answered, facts.failed) = (signals[0], signals[1], signals[2]);
        (facts.refused, facts.latency_ms, facts.mean_latency_ms) = (signals[3], signals[4], signals[5]);
        facts.slow = Some(counts[0]);
        facts.cold = cold(counts[1], counts[2]);
        facts.runs = Some(Runs { p99_ms: numbers[0], timeout_ms: numbers[1], timeouts: counts[3], invocations: counts[2] });
        facts.memory = Some(Memory { peak_mb: numbers[2], peak_before_mb: numbers[3], size_mb: numbers[4], out_of_memory: counts[4] / 400 });
        facts.concurrency = Concurrency {
            peak: numbers[5], peak_before: numbers[6], reserved: numbers[7], account_limit: numbers[8], account_peak: numbers[9],
            neighbours: vec![("a".to_owned(), f64::NAN), ("b".to_owned(), 3.0)],
        };
        facts.correlation = Some(Correlation { requests: counts[5], distinct: counts[6] });
        facts.dependencies = dependency.map(|per_request_ms| Dependency { name: "d".to_owned(), per_request_ms }).into_iter().collect();
        facts.deploy = deploy.map(|minutes_before| Deploy { minutes_before, version: None });
        facts.changed = deploy.map(|at| Changed { minutes_before: at / 2, what: "x\n".repeat(300) });
        facts.versions = vec![rival("1", counts[7], counts[0]), rival("2", counts[8], counts[1])];
        let found = diagnose(&facts);
        prop_assert_eq!(&found, &diagnose(&facts), "the same facts give the same words");
        prop_assert!(found.causes.len() <= LISTED);
        for (at, a) in found.causes.iter().enumerate() {
            prop_assert!(!a.reason.is_empty() && a.reason.len() <= 300 && !a.reason.contains('\n'), "{}", a);
            for b in &found.causes[at + 1..] {
                prop_assert!(!a.kind.contradicts(b.kind) && a.kind != b.kind, "{} and {}", a, b);
            }
        }
    }
}
