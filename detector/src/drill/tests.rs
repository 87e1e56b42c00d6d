use std::collections::BTreeMap;

use signals::{Rollup, SeriesKey};

use super::*;
use crate::groups::{self, KINDS};
use crate::state::State;
use crate::watch::{Scope, Service, Watch};
use crate::watchlist::{self, Series};

const WATCH: &str = "
environment = 'test'
region = 'eu-west-1'
account = '000000000000'
runbooks = 'https://example.com/runbooks'
[[service]]
name = 'orders'
log_group = '/aws/lambda/orders'
owner = 'team-orders'
";

fn watch() -> Watch {
    Watch::parse(WATCH).unwrap()
}

fn drilled(watch: &Watch) -> &Service {
    watch.watched().last().unwrap()
}

fn minute(index: i64) -> Minute {
    Minute::from_index(29_920_000 + index)
}

fn series(by: &str) -> Series {
    [Metric::Requests, Metric::Faults]
        .map(|metric| {
            let key = SeriesKey::emf(NAMESPACE, metric.name(), [(STARTED_BY, by)]);
            (key, Rollup::of(f64::from(LINES)))
        })
        .into()
}

#[test]
fn a_drill_is_watched_last_and_only_by_its_objective() {
    let watch = watch();
    let drill = drilled(&watch);
    assert_eq!(drill.scope(), Scope::Drill);
    assert_eq!((&*drill.name, &*drill.log_group), (SERVICE, LOG_GROUP));
    assert_eq!(drill.owner, "team-orders");
    assert_eq!(drill.objectives.len(), 1);
    assert_eq!(groups::kinds(drill), groups::DRILL_KINDS);
    assert!(KINDS.contains(&groups::DRILL_KINDS[0]));
    assert!(watchlist::samples(drill, &series("Ada")).is_empty());
}

#[test]
fn a_state_that_has_forgotten_a_drill_is_as_one_that_never_heard_of_it() {
    let watch = watch();
    let (mut with, mut without) = (
        State::before_history(minute(0)),
        State::before_history(minute(0)),
    );
    let (none, drill) = (Series::new(), series("Ada"));
    let quiet = i64::from(QUIET_MINUTES);
    for index in 1..=3 + quiet {
        for service in watch.watched() {
            let is_drilled = service.scope() == Scope::Drill && index == 3;
            let heard = if is_drilled { &drill } else { &none };
            with.step(service, &watch.detector, minute(index), heard);
            without.step(service, &watch.detector, minute(index), &none);
        }
        let remembered = (3..3 + quiet).contains(&index);
        assert_eq!(with != without, remembered, "minute {index}");
    }
    assert_eq!(with.encode().unwrap(), without.encode().unwrap());
}

#[test]
fn silence_is_the_end_of_a_drill_and_not_of_a_service() {
    let watch = watch();
    let (service, drill) = (&watch.services[0], drilled(&watch));
    let state = State::before_history(minute(0));
    for (of, condition) in [
        (service, incidents::Condition::Missing),
        (drill, incidents::Condition::Clear),
    ] {
        let group = groups::group(&watch, of, groups::DRILL_KINDS[0]).unwrap();
        let seen = crate::objectives::observe(&group, of, &state, minute(1));
        assert_eq!(seen.condition, condition, "{}", of.name);
    }
}

#[test]
fn one_minute_of_its_lines_is_a_page() {
    let watch = watch();
    let drill = drilled(&watch);
    let mut state = State::before_history(minute(0));
    state.step(drill, &watch.detector, minute(1), &series("Ada"));
    let group = groups::group(&watch, drill, groups::DRILL_KINDS[0]).unwrap();
    assert_eq!(group.severity(), incidents::Severity::Page);
    let seen = crate::objectives::observe(&group, drill, &state, minute(1));
    let onset = minute(1);
    assert_eq!(seen.condition, incidents::Condition::Breaching { onset });
    assert!(crate::objectives::all(&watch, &state).is_empty());
}

#[test]
fn lines_are_documents_of_requests_that_all_fail() {
    let by = By::new("Ada \"the first\"").unwrap();
    let lines = lines(&by, minute(1));
    assert_eq!(lines.len(), LINES as usize);
    for line in &lines {
        let document: serde_json::Value = serde_json::from_str(line).unwrap();
        let at = document["_aws"]["Timestamp"].as_i64().unwrap();
        assert_eq!(at.div_euclid(60_000), minute(1).index());
        assert_eq!(document[STARTED_BY], "Ada \"the first\"");
        assert_eq!(
            (&document["Requests"], &document["Faults"]),
            (&1.into(), &1.into())
        );
    }
}

#[test]
fn the_newest_minute_says_who_started_it() {
    let recent = BTreeMap::from([
        (minute(1), series("Ada")),
        (minute(2), series("Grace")),
        (minute(3), Series::new()),
    ]);
    assert_eq!(started_by(&recent).as_deref(), Some("Grace"));
    assert_eq!(started_by(&BTreeMap::new()), None);
}
