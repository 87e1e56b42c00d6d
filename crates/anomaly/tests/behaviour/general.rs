//! A series of unknown meaning as a model: the detector of gauges behind the guards and the budget of all others.

use anomaly::{Alarm, Budget, Direction, Gate, Input, Kind, Model, Settings, Verdict, Watch};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const DAY: i64 = 1_440;
const KNOWN: i64 = 5 * DAY;

/// Memory in use, say: around 400, with a day's wave and some noise.
struct Memory(ChaCha8Rng);

impl Memory {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn minute(&mut self, minute: i64) -> Input {
        let wave = (minute as f64 / DAY as f64 * std::f64::consts::TAU).sin();
        let noise: f64 = StandardNormal.sample(&mut self.0);
        Input {
            minute,
            value: Some(400.0 + 30.0 * wave + 6.0 * noise),
            weight: 1.0,
        }
    }
}

fn known(settings: Settings) -> (Model, Memory) {
    let (mut model, mut memory) = (Model::new(Kind::Gauge, settings), Memory::new(3));
    for minute in 0..KNOWN {
        model.step(&memory.minute(minute));
    }
    (model, memory)
}

fn default() -> Settings {
    Settings::for_kind(Kind::Gauge)
}

/// Ten minutes at so many times the usual value.
fn at(times: f64, settings: Settings) -> Vec<Verdict> {
    let (mut model, mut memory) = known(settings);
    let minutes = KNOWN..KNOWN + 10;
    let inputs = minutes.map(|minute| {
        let input = memory.minute(minute);
        Input {
            value: input.value.map(|value| value * times),
            ..input
        }
    });
    inputs.map(|input| model.step(&input)).collect()
}

#[test]
fn a_jump_alarms_at_its_first_minutes_and_is_held_against_what_was_before_it() {
    for (name, times, direction) in [("up", 2.0, Direction::High), ("down", 0.3, Direction::Low)] {
        let verdicts = at(times, default());
        let first = verdicts.iter().position(|verdict| verdict.alarm.is_some());
        assert!(
            first.is_some_and(|first| first <= 1),
            "{name}: {verdicts:#?}"
        );
        for verdict in &verdicts[..3] {
            assert!(verdict.breaching, "{name}: {verdict:?}");
            assert_eq!(verdict.direction, direction, "{name}: {verdict:?}");
            assert!(
                (verdict.expected - 400.0).abs() < 40.0,
                "{name}: {verdict:?}"
            );
            assert!(verdict.model_tail <= 1e-5, "{name}: {verdict:?}");
        }
        assert_eq!(verdicts[1].since, Some(KNOWN), "{name}: {verdicts:#?}");
    }
}

#[test]
fn what_is_unlikely_and_small_is_kept_by_the_floor() {
    let verdicts = at(1.15, default());
    assert!(verdicts[0].tail < 1e-3, "{:?}", verdicts[0]);
    assert!(verdicts[0].gates.contains(Gate::RelativeFloor));
    assert!(verdicts.iter().all(|verdict| verdict.alarm.is_none()));
    let lower = default().with_relative_floor(0.05).unwrap_or(default());
    assert!(
        at(1.15, lower)
            .iter()
            .any(|verdict| verdict.alarm.is_some())
    );
}

#[test]
fn a_side_that_is_not_watched_says_nothing() {
    for (watch, times, speaks) in [
        (Watch::High, 2.0, true),
        (Watch::High, 0.3, false),
        (Watch::Low, 2.0, false),
        (Watch::Low, 0.3, true),
    ] {
        let verdicts = at(times, default().with_watch(watch));
        let spoke = verdicts.iter().any(|verdict| verdict.alarm.is_some());
        assert_eq!(spoke, speaks, "{watch:?}, {times}");
        let first = verdicts[0];
        assert_eq!(first.tail < 1.0, speaks, "{watch:?}, {times}: {first:?}");
        assert_eq!(first.gates.contains(Gate::Direction), !speaks);
    }
}

#[test]
fn the_budget_decides_what_one_minute_must_be() {
    let extreme = |pages: f64| {
        let budget = Budget::new(pages, 1).unwrap_or_default();
        let settings = default().with_relative_floor(0.0).unwrap_or(default());
        let verdicts = at(1.1, settings.with_budget(budget));
        (verdicts[0].thresholds.extreme, verdicts[0].alarm)
    };
    let (strict, of_strict) = extreme(2e-5);
    let (loose, of_loose) = extreme(168.0);
    assert!(strict < 1e-9 && loose > 1e-3);
    assert_eq!(of_loose, Some(Alarm::Extreme));
    assert_eq!(of_strict, None);
    // Enough for one of two of three, and not for one alone.
    let settings = default().with_relative_floor(0.0).unwrap_or(default());
    let first = at(1.085, settings)[0];
    assert!(
        first.tail < first.thresholds.repeated && first.tail > first.thresholds.extreme,
        "{first:?}"
    );
    assert_eq!(first.alarm, None);
}

#[test]
fn weeks_of_noise_page_nobody() {
    let (mut model, mut memory) = known(default().with_relative_floor(0.0).unwrap_or(default()));
    let mut alarms = 0;
    // Ten series' weeks at a hundredth of a page each, and what chance makes of it.
    for minute in KNOWN..KNOWN + 70 * DAY {
        let verdict = model.step(&memory.minute(minute));
        alarms += i32::from(verdict.alarm.is_some());
    }
    assert!(alarms <= 2, "{alarms}");
}

#[test]
fn other_series_do_not_pay_for_the_size_of_a_gauge() {
    assert!(size_of::<Model>() <= 2_816, "{}", size_of::<Model>());
}
