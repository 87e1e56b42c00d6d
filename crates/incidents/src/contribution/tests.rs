use proptest::prelude::*;

use super::*;

fn slice(label: &str, before: (f64, f64), during: (f64, f64)) -> Slice {
    Slice {
        label: label.to_owned(),
        hits_before: before.0,
        exposure_before: before.1,
        hits_during: during.0,
        exposure_during: during.1,
    }
}

fn said(found: &Contributions) -> String {
    let parts = found
        .parts
        .iter()
        .map(|part| format!("{} {:.0}", part.label, part.percent));
    let parts: Vec<String> = parts.collect();
    format!(
        "{}; mix {:.0}; rest {:.0} of {}",
        parts.join(", "),
        found.mix,
        found.rest,
        found.unlisted
    )
}

#[test]
fn a_ratio_is_taken_apart_into_who_got_worse_and_who_got_more() {
    // (name, slices of hits and exposure before and during, what is said)
    let rows: [(&str, Vec<Slice>, &str); 7] = [
        (
            "one route fails, the others are as they were",
            vec![
                slice("POST", (1.0, 100.0), (41.0, 100.0)),
                slice("GET", (3.0, 300.0), (3.0, 300.0)),
            ],
            "POST 100; mix 0; rest 0 of 1",
        ),
        (
            "most requests alone is no blame: all got worse alike",
            vec![
                slice("GET", (9.0, 900.0), (90.0, 900.0)),
                slice("POST", (1.0, 100.0), (10.0, 100.0)),
            ],
            "GET 90, POST 10; mix 0; rest 0 of 0",
        ),
        (
            "requests move to the slow route and nothing is slower: mix",
            vec![
                slice("slow", (50.0, 100.0), (450.0, 900.0)),
                slice("fast", (0.0, 900.0), (0.0, 100.0)),
            ],
            "; mix 100; rest 0 of 2",
        ),
        (
            "Simpson: each route gets better, and the whole gets worse",
            vec![
                slice("slow", (60.0, 100.0), (450.0, 900.0)),
                slice("fast", (18.0, 900.0), (1.0, 100.0)),
            ],
            "; mix 115; rest -15 of 2",
        ),
        (
            "a version that was not there before is mix, not a version that got worse",
            vec![
                slice("41", (10.0, 1_000.0), (9.0, 900.0)),
                slice("42", (0.0, 0.0), (50.0, 100.0)),
            ],
            "; mix 100; rest 0 of 2",
        ),
        (
            "traffic doubles everywhere at the same failure rates but one",
            vec![
                slice("a", (1.0, 100.0), (22.0, 200.0)),
                slice("b", (1.0, 100.0), (2.0, 200.0)),
            ],
            "a 100; mix 0; rest 0 of 1",
        ),
        (
            "a long list ends, and its rest is said",
            vec![
                slice("a", (0.0, 100.0), (40.0, 100.0)),
                slice("b", (0.0, 100.0), (30.0, 100.0)),
                slice("c", (0.0, 100.0), (20.0, 100.0)),
                slice("d", (0.0, 100.0), (6.0, 100.0)),
                slice("e", (0.0, 100.0), (4.0, 100.0)),
            ],
            "a 40, b 30, c 20; mix 0; rest 10 of 2",
        ),
    ];
    for (name, slices, expected) in rows {
        let found = of_ratio(Dimension::Route, &slices).expect(name);
        assert_eq!(said(&found), expected, "{name}");
    }
}

#[test]
fn a_count_is_shared_out_by_its_excess() {
    let slices = [
        slice("GET /cars", (100.0, 0.0), (400.0, 0.0)),
        slice("POST /cars", (50.0, 0.0), (170.0, 0.0)),
        slice("DELETE /cars", (30.0, 0.0), (10.0, 0.0)),
    ];
    let found = of_counts(Dimension::Route, &slices).unwrap();
    assert_eq!(
        said(&found),
        "GET /cars 75, POST /cars 30; mix 0; rest -5 of 1"
    );
    // A drop is a change too: who lost most explains most of it.
    let drop = [
        slice("GET /cars", (100.0, 0.0), (10.0, 0.0)),
        slice("POST /cars", (50.0, 0.0), (40.0, 0.0)),
    ];
    let found = of_counts(Dimension::Route, &drop).unwrap();
    assert_eq!(
        said(&found),
        "GET /cars 90, POST /cars 10; mix 0; rest 0 of 0"
    );
}

#[test]
fn what_has_no_author_is_not_said() {
    let equal = slice("a", (5.0, 100.0), (5.0, 100.0));
    let more = slice("b", (5.0, 100.0), (50.0, 100.0));
    for (name, slices) in [
        ("nothing changed", vec![equal.clone(), equal.clone()]),
        ("only one value", vec![more.clone()]),
        ("nothing at all", vec![]),
        (
            "no requests before",
            vec![
                slice("a", (0.0, 0.0), (5.0, 9.0)),
                slice("b", (0.0, 0.0), (5.0, 9.0)),
            ],
        ),
        (
            "not a number",
            vec![slice("a", (f64::NAN, 1.0), (5.0, 9.0)), more.clone()],
        ),
        (
            "endless",
            vec![slice("a", (1.0, 1.0), (f64::INFINITY, 9.0)), more],
        ),
        (
            "negative counts",
            vec![slice("a", (-1.0, 1.0), (5.0, 9.0)), equal],
        ),
    ] {
        assert_eq!(of_ratio(Dimension::Route, &slices), None, "{name}");
    }
}

proptest! {
    #[test]
    fn whatever_is_taken_apart_sums_to_a_hundred(
        numbers in prop::collection::vec((0.0..1e4, 0.0..1e4, 0.0..1e4, 0.0..1e4), 2..12),
    ) {
        let slices: Vec<Slice> = numbers
            .iter()
            .enumerate()
            // Hits among exposure, as they are.
            .map(|(at, (a, b, c, d)): (usize, &(f64, f64, f64, f64))| {
                slice(&at.to_string(), (a.min(*b), *b), (c.min(*d), *d))
            })
            .collect();
        let mut shuffled = slices.clone();
        shuffled.reverse();
        for take in [of_ratio, of_counts] {
            let found = take(Dimension::Route, &slices);
            prop_assert_eq!(&found, &take(Dimension::Route, &shuffled), "the order says nothing");
            if let Some(found) = found {
                let sum = found.parts.iter().map(|part| part.percent).sum::<f64>() + found.mix + found.rest;
                // A change of a thousandth of the whole leaves three of sixteen digits fewer.
                prop_assert!((sum - 100.0).abs() < 1e-6, "{sum}");
                prop_assert!(found.parts.len() <= LISTED);
            }
        }
    }
}
