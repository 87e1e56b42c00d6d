//! What an objective may promise, and its windows.

use super::*;

/// The part of the period's budget that is gone when a window fires.
fn share_spent(window: &Window, days: u32) -> f64 {
    window.factor * f64::from(window.long_minutes) / f64::from(days * 1_440)
}

#[test]
fn thirty_days_have_the_windows_of_the_workbook() {
    let table: Vec<_> = windows(30)
        .map(|w| (w.long_minutes, w.short_minutes, w.factor, w.severity))
        .collect();
    assert_eq!(
        table,
        [
            (60, 5, 14.4, Severity::Page),
            (360, 30, 6.0, Severity::Page),
            (1_440, 120, 3.0, Severity::Ticket),
            (4_320, 360, 1.0, Severity::Ticket),
        ]
    );
}

#[test]
fn every_period_spends_the_same_shares_and_never_alarms_while_the_objective_is_kept() {
    for days in 1..=30 {
        let rows: Vec<_> = windows(days).collect();
        assert_eq!(rows.len(), if days > 10 { 4 } else { 3 }, "{days} days");
        for (row, share) in rows.iter().zip([0.02, 0.05, 0.1, 0.1]) {
            assert!(
                (share_spent(row, days) - share).abs() < 1e-12,
                "{days} {row:?}"
            );
            assert!(row.factor >= 1.0, "{days} {row:?}");
            assert!((5..=360).contains(&row.short_minutes) && row.short_minutes < row.long_minutes);
        }
    }
    let week: Vec<_> = windows(7).map(|w| (w.long_minutes, w.factor)).collect();
    assert_eq!(week, [(60, 3.36), (360, 1.4), (1_008, 1.0)]);
    let four_weeks = windows(28).last().unwrap();
    assert_eq!(
        (four_weeks.long_minutes, four_weeks.short_minutes),
        (4_032, 336)
    );
}

#[test]
fn each_problem_of_an_objective_is_told_with_its_value_and_the_fix() {
    let with = |change: &dyn Fn(&mut Definition)| {
        let mut changed = definition();
        change(&mut changed);
        changed
    };
    for (definition, expected, says) in [
        (
            with(&|d| d.name = " ".into()),
            None,
            "name is empty: give 1 to 128",
        ),
        (
            with(&|d| d.name = "x".repeat(129)),
            None,
            "name has 129 characters",
        ),
        (
            with(&|d| d.route = Some(String::new())),
            None,
            "leave it out for all routes",
        ),
        (
            with(&|d| d.route = Some("GET /\n".into())),
            None,
            "route = \"GET /\\n\": it has control",
        ),
        (
            with(&|d| d.latency_ms = Some(0)),
            None,
            "latency_ms = 0: choose 1 to 900000",
        ),
        (
            with(&|d| d.target = 99.9),
            None,
            "target = 99.9: choose a share",
        ),
        (with(&|d| d.target = f64::NAN), None, "target = NaN"),
        (with(&|d| d.days = 31), None, "days = 31: choose 1 to 30"),
        (
            with(&|d| d.target = 0.9),
            None,
            "burns at 10, and the 1 h window fires above 14.4; choose a target above 0.9306",
        ),
        (
            with(&|d| d.target = 0.8),
            None,
            "the 6 h window fires above 6; choose a target above 0.8334",
        ),
        (
            with(&|_| ()),
            Some(0.0),
            "requests_per_minute = 0: give a number above 0",
        ),
        (
            with(&|_| ()),
            Some(0.5),
            "the 1 h window counts 30 of the 50 requests it needs",
        ),
        (
            with(&|_| ()),
            Some(0.1),
            "the 6 h window counts 36 of the 50",
        ),
        (
            with(&|_| ()),
            Some(1.0),
            "one bad request in 1 h burns at 16.7, above 14.4, so the gate of 5 bad requests decides and not the \
             target; choose a target of at most 0.99884, or 1.158 requests a minute",
        ),
    ] {
        let definition = Definition {
            requests_per_minute: expected,
            ..definition
        };
        let error = Objective::try_from(definition).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn the_fix_that_is_named_works() {
    for (target, expected) in [(0.998_84, 1.0), (0.999, 1.158), (0.930_6, 1e3)] {
        let definition = Definition {
            target,
            requests_per_minute: Some(expected),
            ..definition()
        };
        assert!(Objective::try_from(definition).is_ok());
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let definition = Definition {
        name: String::new(),
        target: 0.5,
        latency_ms: Some(0),
        requests_per_minute: Some(0.001),
        ..definition()
    };
    // A name, a threshold, three windows above 2x, and four that count too little.
    let problems = Objective::try_from(definition).unwrap_err().problems;
    assert_eq!(problems.len(), 2 + 3 + 4, "{problems:#?}");
}

#[test]
fn a_configuration_file_is_checked_as_it_is_read() {
    let read = |text: &str| serde_json::from_str::<Objective>(text).map_err(|e| e.to_string());
    let good = r#"{"name":"cars answer","target":0.999}"#;
    assert_eq!(read(good), Ok(objective(0.999, 30)));
    let latency = good.replace("\"target", "\"latency_ms\":300,\"target");
    assert_eq!(
        read(&latency).map(|objective| objective.definition().latency_ms),
        Ok(Some(300))
    );
    for (from, to, says) in [
        ("\"target\"", "\"goal\"", "unknown field `goal`"),
        ("0.999", "0.9", "choose a target above 0.9306"),
    ] {
        let error = read(&good.replace(from, to)).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
