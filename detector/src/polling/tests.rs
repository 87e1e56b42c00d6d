use std::collections::BTreeMap;

use super::*;
use crate::watch::Watch;

fn service(reserved: bool) -> Service {
    let text = format!(
        "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='c'\nlog_group='g'\nowner='o'\nreserved_concurrency={reserved}"
    );
    Watch::parse(&text).unwrap().services.remove(0)
}

#[test]
fn a_function_is_asked_when_something_suggests_it() {
    let turn = Minute::from_index(100);
    for (rule, reserved, window, moved, open, expected) in [
        (
            "a quiet function waits for its turn",
            false,
            turn.plus(1),
            false,
            false,
            None,
        ),
        (
            "its turn comes every five minutes",
            false,
            turn,
            false,
            false,
            Some(Why::Routine),
        ),
        (
            "reserved concurrency hides from the aggregate",
            true,
            turn.plus(1),
            false,
            false,
            Some(Why::Reserved),
        ),
        (
            "the aggregate moved",
            false,
            turn.plus(1),
            true,
            false,
            Some(Why::AccountMoved),
        ),
        (
            "an open incident is followed closely",
            false,
            turn.plus(1),
            false,
            true,
            Some(Why::IncidentOpen),
        ),
    ] {
        assert_eq!(
            asked(&service(reserved), window, moved, open),
            expected,
            "{rule}"
        );
    }
}

#[test]
fn every_minute_is_asked_for_when_it_is_certain_and_before_it_is_learned() {
    let mut certain = std::collections::BTreeSet::new();
    let settle = 6;
    for index in 100..130 {
        let window = Minute::from_index(index);
        if !is_turn(window) {
            continue;
        }
        let mut values = MetricValues::new();
        declare_silence("f", &mut values, window.plus(1 - REREAD_MINUTES), window);
        certain.extend(values.into_values().flatten().map(|(minute, _)| minute));
        let learned = window.plus(-settle);
        assert!(
            index < 110 || certain.contains(&learned),
            "{learned} is learned at {window}"
        );
    }
    let whole: Vec<_> = (102..=123).map(Minute::from_index).collect();
    assert!(
        whole.iter().all(|minute| certain.contains(minute)),
        "{certain:?}"
    );
}

#[test]
fn silence_is_declared_where_nothing_was_said_and_enough_time_has_passed() {
    let window = Minute::from_index(100);
    let query = |signal| MetricQuery {
        function: Some("f".to_owned()),
        signal,
    };
    let said = BTreeMap::from([(window.plus(-4), 7.0)]);
    let mut values = MetricValues::from([(query(AwsSignal::Invocations), said)]);
    declare_silence("f", &mut values, window.plus(-5), window);
    let expected = BTreeMap::from([
        (window.plus(-5), 0.0),
        (window.plus(-4), 7.0),
        (window.plus(-3), 0.0),
        (window.plus(-2), 0.0),
    ]);
    assert_eq!(
        values,
        MetricValues::from([(query(AwsSignal::Invocations), expected)])
    );
}

#[test]
fn the_account_s_pools_are_asked_in_turn() {
    for (name, minute, late, asked) in [
        ("between", 101, false, 4),
        ("its turn", 100, false, 6),
        ("after a gap", 101, true, 6),
    ] {
        assert_eq!(
            account(Minute::from_index(minute), late).len(),
            asked,
            "{name}"
        );
    }
}

#[test]
fn only_throttles_and_errors_move_the_aggregate() {
    let value = |signal, value: f64| {
        BTreeMap::from([(
            MetricQuery {
                function: None,
                signal,
            },
            BTreeMap::from([(Minute::from_index(1), value)]),
        )])
    };
    assert!(moved(&value(AwsSignal::Throttles, 1.0)));
    assert!(moved(&value(AwsSignal::Errors, 3.0)));
    assert!(!moved(&value(AwsSignal::Throttles, 0.0)));
    assert!(!moved(&value(AwsSignal::Invocations, 500.0)));
}
