//! A service that stalls once: who measures from the moment of sending sees one slow request, and who measures from
//! when requests were due sees everybody who had to wait.

use simulator::load::Shape;

use super::virtual_time::{NEVER, StandIn, config, status};

/// 10 ms a request, and nothing at all from 5 s to 7 s.
fn stalls_once() -> StandIn {
    StandIn::new(|_, now| {
        let stalled = if (5.0..7.0).contains(&now) {
            7.0 - now
        } else {
            0.0
        };
        (stalled + 0.010, status(200))
    })
}

#[test]
fn the_corrected_percentiles_show_a_stall_that_the_time_from_sending_hides() {
    // 50 requests a second over one connection: half busy. While it is stalled, 100 more are due.
    let mut config = config(Shape::Constant, 50.0, 20.0);
    config.connections = 1;
    let report = stalls_once().load(&config, NEVER).unwrap();
    assert_eq!(report.latency_ms.count, 1_000, "nobody is left out");
    assert_eq!(report.endings[&super::super::Ending::Ok], 1_000);

    // One request in a thousand was under way when it happened.
    assert!(report.service_ms.p99 < 11.0, "{:?}", report.service_ms.p99);
    assert!(
        report.service_ms.max > 1_980.0,
        "{:?}",
        report.service_ms.max
    );
    // 100 were due in the stall, and as many while the line was worked off: a fifth of all.
    assert!(
        (1_800.0..2_020.0).contains(&report.latency_ms.p99),
        "{:?}",
        report.latency_ms.p99
    );
    assert!(report.latency_ms.p90 > 900.0, "{:?}", report.latency_ms.p90);
    assert!(report.latency_ms.p50 < 20.0, "{:?}", report.latency_ms.p50);
    // All of the difference is waiting for the connection, which is told too.
    assert!(report.late_ms.p99 > 1_800.0, "{:?}", report.late_ms.p99);
}

#[test]
fn a_stall_slows_no_arrival_down() {
    let mut config = config(Shape::Constant, 50.0, 20.0);
    config.connections = 1;
    let report = stalls_once().load(&config, NEVER).unwrap();
    assert_eq!(report.series.len(), 20);
    assert!(
        report.series.iter().all(|second| second.arrivals == 50),
        "{:?}",
        report.series
    );
    // The seconds of the stall are the slow ones.
    assert!(report.series[5].max > 1_900.0 && report.series[4].max < 20.0);
    assert!(report.series[19].max < 20.0, "the line was worked off");
}

#[test]
fn what_cannot_be_sent_in_time_is_counted_and_not_dropped() {
    // A second each over ten connections: ten of fifty a second.
    let stand_in = StandIn::new(|_, _| (1.0, status(200)));
    let mut config = config(Shape::Constant, 50.0, 10.0);
    config.connections = 10;
    config.timeout = std::time::Duration::from_secs(2);
    let report = stand_in.load(&config, NEVER).unwrap();
    let of = |ending| report.endings.get(&ending).copied().unwrap_or_default();
    let (ok, unsent) = (
        of(super::super::Ending::Ok),
        of(super::super::Ending::Unsent),
    );
    assert_eq!(ok + unsent, 500, "{:?}", report.endings);
    assert!((110..=130).contains(&ok), "{ok} were served in 12 s");
    assert_eq!(
        report
            .series
            .iter()
            .map(|second| second.unsent)
            .sum::<u64>(),
        unsent
    );
    assert!(
        report.latency_ms.max <= 3_050.0,
        "patience and one answer: {}",
        report.latency_ms.max
    );
    let attempts = report.answers.values().sum::<u64>();
    assert_eq!(attempts, ok, "the service never saw the others");
    assert!(
        report
            .first_failure
            .as_deref()
            .unwrap()
            .contains("connections were busy")
    );
    assert!(!report.objective.met && report.objective.used >= unsent);
}
