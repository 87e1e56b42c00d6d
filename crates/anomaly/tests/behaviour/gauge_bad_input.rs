//! Whatever a series holds, every reading is finite, scores lie within 0..1, and the state can be stored.

use anomaly::gauge::{Gauge, Reading, State, Tuning};

type Rows = Vec<(i64, Option<f64>)>;

/// A row a minute.
fn minutes(values: impl IntoIterator<Item = f64>) -> Rows {
    values
        .into_iter()
        .zip(0..)
        .map(|(value, row)| (row * 60, Some(value)))
        .collect()
}

/// Something like noise without a generator: sums of sines whose periods have no common multiple.
fn noise(row: i64) -> f64 {
    let row = row as f64;
    (row * 1.3).sin() + (row * 0.7).cos() + (row * 2.9).sin()
}

fn at(times: impl IntoIterator<Item = i64>) -> Rows {
    times
        .into_iter()
        .zip(0..)
        .map(|(seconds, row)| (seconds, Some(50.0 + noise(row))))
        .collect()
}

fn run(name: &str, rows: &Rows) -> Vec<Reading> {
    let tuning = Tuning::default();
    let mut gauge = Gauge::new(&tuning);
    let readings: Vec<Reading> = rows
        .iter()
        .enumerate()
        .map(|(row, (seconds, value))| {
            let reading = gauge.step(*seconds, *value);
            for number in [
                reading.surprise,
                reading.score,
                reading.strength,
                reading.expected,
                reading.low,
                reading.high,
                reading.scale,
            ]
            .into_iter()
            .chain(reading.parts.map(f64::from))
            {
                assert!(number.is_finite(), "{name}, row {row}: {reading:?}");
            }
            assert!(
                (0.0..1.0).contains(&reading.score),
                "{name}, row {row}: {reading:?}"
            );
            assert!(
                reading.low <= reading.high && reading.surprise >= 0.0 && reading.scale >= 0.0,
                "{name}, row {row}: {reading:?}"
            );
            reading
        })
        .collect();
    let mut bytes = Vec::new();
    gauge.encode(&mut bytes);
    assert_eq!(
        Gauge::decode(&bytes, &tuning).as_ref(),
        Ok(&gauge),
        "{name}"
    );
    readings
}

#[test]
fn nothing_that_a_series_can_hold_breaks_a_reading() {
    let minute_of_day = |row: i64| row * 60;
    let table: Vec<(&str, Rows)> = vec![
        ("empty", vec![]),
        ("one point", minutes([7.0])),
        ("two points", minutes([7.0, 8.0])),
        ("constant", minutes([3.0; 2_000])),
        ("constant zero", minutes([0.0; 2_000])),
        (
            "negative",
            minutes((0..2_000).map(|row| -50.0 + noise(row))),
        ),
        (
            "NaN among numbers",
            minutes((0..2_000).map(|row| if row % 3 == 0 { f64::NAN } else { noise(row) })),
        ),
        (
            "infinities among numbers",
            minutes((0..2_000).map(|row| match row % 5 {
                0 => f64::INFINITY,
                1 => f64::NEG_INFINITY,
                _ => noise(row),
            })),
        ),
        ("nothing but NaN", minutes([f64::NAN; 500])),
        (
            "nothing but missing",
            (0..500).map(|row| (row * 60, None)).collect(),
        ),
        (
            "duplicate timestamps",
            at((0..2_000).map(|row| row / 2 * 60)),
        ),
        ("one timestamp", at([0; 2_000])),
        ("backwards", at((0..2_000).map(|row| -row * 60))),
        (
            "out of order",
            at((0..2_000).map(|row| (row + if row % 7 == 0 { -5 } else { 0 }) * 60)),
        ),
        (
            "gaps of minutes to centuries",
            at((0..400).map(|row| minute_of_day(row) + (1_i64 << (row / 12)))),
        ),
        ("a row a second", at(0..4_000)),
        ("a row a day", at((0..3_000).map(|row| row * 86_400))),
        ("a row a decade", at((0..500).map(|row| row * 315_360_000))),
        (
            "another interval",
            at((0..1_000)
                .map(minute_of_day)
                .chain((0..1_000).map(|row| 60_000 + row * 3_600))),
        ),
        (
            "the ends of time",
            at((0..600).map(|row| match row % 3 {
                0 => i64::MIN,
                1 => i64::MAX,
                _ => row,
            })),
        ),
        (
            "around the end of time",
            at((0..500).map(|row| i64::MAX - 500 + row)),
        ),
        (
            "from the beginning of time",
            at((0..500).map(|row| i64::MIN + row * 60)),
        ),
        (
            "huge",
            minutes((0..2_000).map(|row| 1e300 * (1.0 + 0.1 * noise(row)))),
        ),
        ("the largest", minutes([f64::MAX; 500])),
        (
            "alternating huge",
            minutes((0..2_000).map(|row| if row % 2 == 0 { 1e300 } else { -1e300 })),
        ),
        (
            "alternating largest",
            minutes((0..2_000).map(|row| if row % 2 == 0 { f64::MAX } else { f64::MIN })),
        ),
        (
            "tiny",
            minutes((0..2_000).map(|row| 1e-300 * (1.0 + 0.1 * noise(row)))),
        ),
        (
            "subnormal",
            minutes((0..2_000).map(|row| f64::from_bits((row % 9) as u64))),
        ),
        (
            "tiny, then huge",
            minutes((0..2_000).map(|row| if row < 1_000 { 1e-300 } else { 1e300 })),
        ),
        (
            "huge, then tiny",
            minutes((0..2_000).map(|row| if row < 1_000 { 1e300 } else { 1e-300 })),
        ),
        (
            "ever growing",
            minutes((0..2_000).map(|row| 1.4_f64.powi(row).min(f64::MAX))),
        ),
    ];
    for (name, rows) in table {
        assert_eq!(run(name, &rows).len(), rows.len(), "{name}");
    }
}

#[test]
fn what_is_missing_is_missing_and_teaches_nothing() {
    let mut rows = minutes((0..500).map(noise));
    let plain = run("plain", &rows);
    for row in (100..500).step_by(10) {
        rows.insert(row, (rows[row - 1].0 + 1, None));
        rows.insert(row, (rows[row - 1].0 + 1, Some(f64::NAN)));
    }
    let holes = run("with holes", &rows);
    let (missing, judged): (Vec<Reading>, Vec<Reading>) = holes
        .into_iter()
        .partition(|reading| reading.state == State::Missing);
    assert_eq!(missing.len(), 80);
    assert!(
        missing
            .iter()
            .all(|reading| reading.score < f64::MIN_POSITIVE)
    );
    assert_eq!(judged, plain);
}

#[test]
fn late_rows_are_judged_and_teach_nothing() {
    let mut rows = minutes((0..500).map(noise));
    let plain = run("plain", &rows);
    for row in (100..500).step_by(10) {
        let (seconds, value) = rows[row];
        rows.insert(row + 1, (seconds, value.map(|value| value + 40.0)));
    }
    let doubled = run("with late rows", &rows);
    let (late, judged): (Vec<Reading>, Vec<Reading>) = doubled
        .into_iter()
        .partition(|reading| reading.state == State::OutOfOrder);
    assert_eq!((late.len(), judged), (40, plain));
    assert!(late.iter().all(|reading| reading.score > 0.5));
}

#[test]
fn a_million_identical_values_then_a_change_is_an_event() {
    let mut gauge = Gauge::new(&Tuning::default());
    for row in 0..1_000_000 {
        let reading = gauge.step(row * 60, Some(12.5));
        assert!(reading.score < f64::MIN_POSITIVE, "row {row}: {reading:?}");
    }
    let reading = gauge.step(60_000_000, Some(13.5));
    assert!(reading.score > 0.6 && reading.surprise > 4.0, "{reading:?}");
    assert!(reading.high < 13.0, "{reading:?}");
}

#[test]
fn what_was_nothing_for_hours_and_then_is_something_is_an_event() {
    let mut gauge = Gauge::new(&Tuning::default());
    for row in 0..976 {
        gauge.step(row * 60, Some(0.0));
    }
    let readings = [17.0, 16.0, 6.0].map(|value| gauge.clone().step(976 * 60, Some(value)));
    for reading in readings {
        assert!(reading.score > 0.4 && reading.surprise > 2.0, "{reading:?}");
    }
}

#[test]
fn another_interval_begins_the_warm_up_again_and_keeps_the_time_of_day() {
    let wave =
        |seconds: i64| 100.0 + 50.0 * (seconds as f64 / 86_400.0 * std::f64::consts::TAU).sin();
    let mut gauge = Gauge::new(&Tuning::default());
    let mut states = Vec::new();
    let quick = (0..5 * 1_440).map(|row| row * 60);
    let slow = (1..=200).map(|row| 5 * 86_400 + row * 900);
    for seconds in quick.chain(slow) {
        let reading = gauge.step(seconds, Some(wave(seconds) + noise(seconds / 60)));
        states.push(reading.state);
        if reading.state == State::Ready {
            assert!(reading.score < 0.75, "{seconds}: {reading:?}");
        }
    }
    let again = states
        .iter()
        .skip(100)
        .filter(|state| **state == State::WarmingUp)
        .count();
    let warm_up = Tuning::CONSTANTS
        .iter()
        .find(|constant| constant.name == "warm_up")
        .unwrap();
    assert_eq!(again, warm_up.default as usize, "rows");
}

#[test]
fn a_clock_set_back_for_good_starts_anew() {
    let ahead = (0..300).map(|row| 10_000_000_000 + row * 60);
    let back = (0..300).map(|row| row * 60);
    let readings = run("set back", &at(ahead.chain(back)));
    let late = readings
        .iter()
        .filter(|reading| reading.state == State::OutOfOrder)
        .count();
    assert_eq!(late, 63);
    assert_eq!(readings.last().unwrap().state, State::Ready);
}
