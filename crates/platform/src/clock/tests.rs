use super::*;

#[tokio::test]
async fn a_pause_on_a_manual_clock_takes_no_real_time_and_shows_as_duration() {
    let clock = ManualClock::at("2026-11-16T00:00:00Z".parse().unwrap());
    let mark = clock.start();
    clock.pause(Duration::from_secs(3_600)).await;
    assert_eq!(
        clock.finish(Operation::Request, mark),
        Duration::from_secs(3_600)
    );
    assert_eq!(clock.now().to_string(), "2026-11-16T01:00:00Z");
}

#[test]
fn the_system_clock_never_measures_backwards() {
    let clock = SystemClock;
    let mark = clock.start();
    assert!(clock.finish(Operation::Request, mark) <= clock.finish(Operation::Request, mark));
}
