use signals::{AwsSignal, Rollup, SeriesKey};

use super::*;
use crate::watch::Watch;

fn watch(max_series: usize) -> Watch {
    let text = format!(
        "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[detector]\nmax_series={max_series}\n[[service]]\nname='cars'\nlog_group='/aws/lambda/f'\nowner='o'\n[service.emf]\nnamespace='N'"
    );
    Watch::parse(&text).unwrap()
}

/// A minute in which these routes fail now and then, and AWS counts.
fn minute(routes: &[&str]) -> Series {
    let faults = |route: &&str| {
        let key = SeriesKey::emf("N", "Faults", [("service", "C"), ("route", *route)]);
        (key, Rollup::of(0.0))
    };
    let invocations = SeriesKey::aws(Some("f"), AwsSignal::Invocations);
    let counted = (invocations, Rollup::of(40.0));
    routes.iter().map(faults).chain([counted]).collect()
}

#[test]
fn what_nobody_says_any_more_gives_back_its_share_and_then_its_place() {
    let watch = watch(5);
    let mut known = Known::default();
    let mut see = |at: i64, routes: &[&str]| {
        let service = &watch.services[0];
        let minute_of = Minute::from_index(at);
        known.step(service, &watch.detector, minute_of, &minute(routes));
        let heard = known.tracks.values().find(|it| it.subject.label == "/new");
        let share = heard
            .and_then(Track::model)
            .map(|it| *it.settings().budget());
        (known.tracks.len(), known.left_out, share)
    };
    let pages = watch.detector.budget.false_pages_per_service_week;
    let among = |series| Some(Budget::new(pages, series).unwrap());
    // Errors and throttles of the function, and three routes.
    assert_eq!(see(0, &["/new", "/a", "/b"]), (5, 0, among(5)));
    assert_eq!(see(1, &["/new", "/c", "/d"]).1, 2, "no room");
    assert_eq!(see(2, &["/new", "/c", "/d"]).1, 2, "not a sum over minutes");
    assert_eq!(see(1_440, &["/new"]), (5, 0, among(5)), "a day");
    assert_eq!(see(1_441, &["/new"]), (5, 0, among(3)), "no longer heard");
    assert_eq!(
        see(FORGOTTEN_MINUTES + 1, &["/new", "/c"]),
        (4, 0, among(4))
    );
}
