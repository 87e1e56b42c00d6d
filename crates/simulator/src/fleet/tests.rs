//! What a fleet promises, on its own numbers.

use std::collections::BTreeSet;

use super::*;

mod behind;
mod faults;

fn start() -> Minute {
    Minute::parse("2026-11-02T00:00:00Z").unwrap()
}

fn fleet(name: &str, seed: u64, days: u32) -> Fleet {
    Scenario::by_name(name)
        .unwrap()
        .fleet(seed, start(), Some(days))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn the_same_seed_gives_the_same_minutes_and_another_does_not() {
    let (one, again) = (fleet("fleet", 5, 2), fleet("fleet", 5, 2));
    assert_eq!(one, again);
    for place in [0, 7, 23] {
        let points: Vec<Point> = one.run(place).take(600).collect();
        assert_eq!(again.run(place).take(600).collect::<Vec<_>>(), points);
        assert_eq!(points[0].minute, one.from);
        // Half-way and back: what a run hands on is all there is to it.
        let mut run = one.run(place);
        let half = run.by_ref().take(300).count();
        assert_eq!(run.clone().next(), Some(points[half]));
    }
    let numbers = |fleet: &Fleet| -> Vec<u32> {
        let run = fleet.run(23).take(60);
        run.map(|point| point.signals.invocations).collect()
    };
    assert_ne!(numbers(&one), numbers(&fleet("fleet", 6, 2)));
    // Nor do scenarios of one seed share their noise.
    let first = |name| numbers_of(&fleet(name, 5, 2));
    assert_ne!(first("traffic-x10"), first("latency-x1.5"));
}

fn numbers_of(fleet: &Fleet) -> Vec<u32> {
    let run = fleet.run(0).take(60);
    run.map(|point| point.signals.invocations).collect()
}

#[test]
fn a_longer_fleet_begins_like_a_shorter_one_without_faults() {
    let (short, long) = (fleet("quiet", 1, 1), fleet("quiet", 1, 2));
    assert_eq!(short.functions.len(), long.functions.len());
    assert_eq!(long.run(3).count(), 2 * 1_440);
    assert!(long.run(3).all(|point| point.minute < long.to()));
}

#[test]
fn quiet_functions_have_every_rhythm_and_size_and_no_fault() {
    let fleet = fleet("quiet", 2, 7);
    assert!(fleet.faults.is_empty() && fleet.functions.len() == 60);
    let whole = Scenario::by_name("quiet").unwrap().fleet(2, start(), None);
    assert!(
        (whole.scored_weeks() - 240.0).abs() < 1e-9,
        "the bar asks for 200"
    );
    let shapes: BTreeSet<Shape> = fleet.functions.iter().map(|one| one.shape).collect();
    assert_eq!(shapes.len(), Shape::ALL.len());
    let mut rates = Vec::new();
    for place in (0..60).step_by(2) {
        let function = &fleet.functions[place];
        let points: Vec<Point> = fleet.run(place).collect();
        assert!(
            points
                .iter()
                .all(|point| point.signals.throttles == 0 && !point.silent)
        );
        let rate = mean(
            points
                .iter()
                .map(|point| f64::from(point.signals.invocations)),
        );
        let scheduled = function
            .cron
            .map_or(0.0, |cron| cron.size / f64::from(cron.every));
        let expected = function.level + scheduled;
        // Bursts add some, noise takes some; rare invocations are counted on few fingers.
        let chance = 5.0 / (expected * points.len() as f64).sqrt();
        assert!(
            (rate / expected - 1.0).abs() < 0.25 + chance,
            "{}: {rate}, not {expected}",
            function.name
        );
        rates.push(rate);
    }
    let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rates.iter().copied().fold(0.0, f64::max);
    assert!(least < 0.2 && most > 3_000.0, "{least} to {most}");
}

#[test]
fn traffic_is_over_dispersed_and_its_level_wanders() {
    let fleet = fleet("latency-x1.5", 3, 14);
    let history: Vec<f64> = fleet
        .run(0)
        .take_while(|point| point.minute < fleet.scored_from)
        .map(|point| f64::from(point.signals.invocations))
        .collect();
    let centre = mean(history.iter().copied());
    let variance = mean(history.iter().map(|one| (one - centre).powi(2)));
    assert!(variance > 1.3 * centre, "{variance} around {centre}");
    let together = mean(
        history
            .windows(2)
            .map(|two| (two[0] - centre) * (two[1] - centre)),
    );
    let correlation = together / variance;
    assert!((0.1..0.8).contains(&correlation), "{correlation}");
}

#[test]
fn durations_have_a_heavy_tail_and_rise_with_the_load() {
    let fleet = fleet("errors-x3-at-1000", 3, 4);
    let points: Vec<Point> = fleet.run(4).take(5_000).collect();
    let logs: Vec<f64> = points[..10]
        .iter()
        .flat_map(|point| fleet.requests(point))
        .map(|one| one.duration_ms.ln())
        .collect();
    let centre = mean(logs.iter().copied());
    let third = mean(logs.iter().map(|one| (one - centre).powi(3)));
    let second = mean(logs.iter().map(|one| (one - centre).powi(2)));
    let skew = third / second.powf(1.5);
    assert!(skew > 0.2, "{skew}: the tail is to the right");
    // An evening's peak is three times the night.
    let (busy, idle): (Vec<&Point>, Vec<&Point>) = points
        .iter()
        .partition(|one| one.signals.invocations > 1_000);
    let p50 = |of: &[&Point]| mean(of.iter().filter_map(|one| one.signals.p50));
    assert!(
        p50(&busy) > 1.02 * p50(&idle),
        "{} {}",
        p50(&busy),
        p50(&idle)
    );
}

#[test]
fn rare_functions_start_cold_and_deployments_start_a_burst() {
    let fleet = fleet("quiet", 4, 7);
    let rare = fleet
        .functions
        .iter()
        .position(|one| one.level > 0.0 && one.level < 0.1);
    let rare: Vec<Point> = fleet.run(rare.unwrap()).collect();
    let sum = |of: fn(&Signals) -> u32| -> u32 { rare.iter().map(|one| of(&one.signals)).sum() };
    let (cold, all) = (sum(|one| one.cold_starts), sum(|one| one.invocations));
    assert!(
        all > 50 && f64::from(cold) > 0.3 * f64::from(all),
        "{cold} of {all}"
    );
    let mut bursts = (0.0, 0.0);
    for place in 30..42 {
        let at: BTreeSet<Minute> = fleet.functions[place]
            .deploys
            .iter()
            .map(|deploy| deploy.at)
            .collect();
        for point in fleet.run(place) {
            let cold = f64::from(point.signals.cold_starts);
            if at.contains(&point.minute) {
                bursts.0 += cold / at.len() as f64;
                let now = &fleet.functions[place].deployed(point.minute);
                assert!(now.0 > 1 && (0.85..1.2).contains(&now.1));
            }
            bursts.1 += cold / f64::from(fleet.minutes);
        }
    }
    assert!(bursts.0 > 3.0 * bursts.1, "{bursts:?}");
}

#[test]
fn scenarios_are_found_by_name_and_the_nearest_is_said() {
    let names: BTreeSet<&str> = Scenario::all().iter().map(|one| one.name).collect();
    assert_eq!(names.len(), Scenario::all().len());
    for (wrong, nearest) in [
        ("timeout_wall", "timeout-wall"),
        ("quite", "quiet"),
        ("errors-x3-at-50", "errors-x3-at-10"),
        ("", "creep"),
    ] {
        let error = Scenario::by_name(wrong).unwrap_err();
        assert_eq!(error.nearest, nearest, "{wrong}");
        assert!(error.to_string().contains(nearest) && !error.to_string().contains('\n'));
    }
    for scenario in Scenario::all() {
        assert!(scenario.written_days == 1 && scenario.days >= 21);
        assert!(scenario.about.len() < 110 && !scenario.about.contains('\n'));
    }
}

#[test]
fn truth_is_data_with_readable_times() {
    let truth = serde_json::to_value(fleet("bad-route", 1, 2).truth()).unwrap();
    assert_eq!(truth["scenario"], "bad-route");
    assert_eq!(truth["from"], "2026-11-02T00:00:00Z");
    assert_eq!(truth["to"], "2026-11-04T00:00:00Z");
    let fault = &truth["faults"][0];
    assert_eq!(
        (&fault["kind"], &fault["route"]),
        (&"bad_route".into(), &"POST /items".into())
    );
    assert_eq!(
        (&fault["signal"], &fault["told"]),
        (&"errors".into(), &true.into())
    );
    assert!(fault["from"].as_str().unwrap().starts_with("2026-11-03T"));
    assert!(fault["bound_minutes"].as_f64().unwrap() > 1.0);
    let truth = serde_json::to_value(fleet("late-data", 1, 2).truth()).unwrap();
    assert!(truth["faults"][0]["bound_minutes"].is_null() && truth["faults"][0]["told"] == false);
}
