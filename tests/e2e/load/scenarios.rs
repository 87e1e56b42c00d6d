//! What the detector makes of each scenario: which load wakes somebody and which does not.

use simulator::load::Shape;
use simulator::load::fleet::Clients;

use super::world::{Load, Story, play};

/// So many environments that the limit is never met.
const PLENTY: usize = 500;

/// Patient clients and plenty of environments.
fn load(shape: Shape, rate: f64, minutes: u32) -> Load {
    Load {
        shape,
        rate,
        minutes,
        concurrency: PLENTY,
        clients: Clients::Patient,
    }
}

#[track_caller]
fn assert_silent(story: &Story) {
    assert!(
        story.told.is_empty(),
        "{:?} {:?}",
        story.told,
        story.headlines
    );
}

#[tokio::test]
async fn a_constant_load_within_normal_wakes_nobody() {
    assert_silent(&play(&load(Shape::Constant, 0.1, 30)).await);
}

#[tokio::test]
async fn a_soak_of_two_hours_within_normal_wakes_nobody() {
    assert_silent(&play(&load(Shape::Soak, 0.1, 120)).await);
}

#[tokio::test]
async fn a_ramp_within_normal_wakes_nobody() {
    assert_silent(&play(&load(Shape::Ramp, 0.15, 30)).await);
}

#[tokio::test]
async fn a_ramp_to_ten_times_the_traffic_that_the_service_carries_is_a_ticket_and_no_page() {
    let story = play(&load(Shape::Ramp, 7.0, 30)).await;
    assert_eq!(story.pages(), Vec::<&str>::new(), "{:?}", story.headlines);
    assert!(
        story.minute_of("traffic", "open").is_some(),
        "{:?}",
        story.told
    );
    assert_eq!(story.refused, 0);
}

#[tokio::test]
async fn a_constant_load_far_above_normal_that_the_service_carries_is_a_ticket_and_no_page() {
    let story = play(&load(Shape::Constant, 7.0, 20)).await;
    assert_eq!(story.pages(), Vec::<&str>::new(), "{:?}", story.headlines);
    assert!(
        story
            .minute_of("traffic", "open")
            .is_some_and(|minute| minute <= 4),
        "{:?}",
        story.told
    );
}

#[tokio::test]
async fn a_spike_beyond_the_concurrency_pages_for_throttles_within_two_minutes_and_resolves() {
    // 20 minutes, minutes 8 to 12 of which are at 100 a second: 2.7 environments' work for 2.
    let spike = Load {
        concurrency: 2,
        ..load(Shape::Spike, 100.0, 20)
    };
    let story = play(&spike).await;
    assert_eq!(story.pages(), ["throttles"], "{:?}", story.headlines);
    let opened = story.minute_of("throttles", "open").unwrap();
    assert!(
        (8..=10).contains(&opened),
        "opened in minute {opened}: {:?}",
        story.told
    );
    assert!(
        story.minute_of("throttles", "resolve").is_some(),
        "{:?}",
        story.told
    );
    assert!(story.refused > 1_000, "{} refusals", story.refused);
}

#[tokio::test]
async fn the_same_spike_with_enough_concurrency_pages_nobody() {
    let story = play(&load(Shape::Spike, 100.0, 20)).await;
    assert_eq!(
        (story.pages(), story.refused),
        (Vec::new(), 0),
        "{:?}",
        story.headlines
    );
}

#[tokio::test]
async fn a_retry_storm_pages_for_throttles_and_patient_clients_would_have_been_refused_less() {
    // The push is in minutes 4 to 8; the first minute meets cold environments.
    let storm = |clients| Load {
        concurrency: 2,
        clients,
        ..load(Shape::RetryStorm, 100.0, 16)
    };
    let impatient = play(&storm(Clients::Impatient)).await;
    assert_eq!(
        impatient.pages(),
        ["throttles"],
        "{:?}",
        impatient.headlines
    );
    let opened = impatient.minute_of("throttles", "open").unwrap();
    assert!(
        opened <= 6,
        "opened in minute {opened}: {:?}",
        impatient.told
    );
    let patient = play(&storm(Clients::Patient)).await;
    assert!(
        impatient.refused > 3 * patient.refused,
        "{} refusals of impatient clients, {} of patient ones",
        impatient.refused,
        patient.refused
    );
}

#[tokio::test]
async fn a_cold_burst_shows_as_cold_starts_and_wakes_nobody() {
    // Five idle minutes, then 20 a second: everything meets new environments at first.
    let story = play(&load(Shape::ColdBurst, 20.0, 10)).await;
    assert_eq!(story.pages(), Vec::<&str>::new(), "{:?}", story.headlines);
    assert!(story.cold >= 3 && story.refused == 0, "{story:?}");
}
