use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else {
        panic!("{value} is no object")
    };
    map
}

fn now() -> Timestamp {
    "2026-11-16T08:00:00Z".parse().unwrap()
}

/// A body that is right but for the fields in `change`.
fn body_with(change: Value) -> Map<String, Value> {
    let mut body = object(json!({ "model": "Model_1", "year": 2024 }));
    for (key, value) in object(change) {
        if value == json!("absent") {
            body.remove(&key)
        } else {
            body.insert(key, value)
        };
    }
    body
}

#[test]
fn a_field_is_accepted_or_named_with_what_it_must_be() {
    let long = "x".repeat(101);
    let cases = [
        ("only what is required", json!({}), None),
        ("a year as digits", json!({ "year": "2024" }), None),
        (
            "passengers as digits",
            json!({ "nb_passengers": "4" }),
            None,
        ),
        (
            "coordinates as text",
            json!({ "latitude": "37.7", "longitude": "-122.42" }),
            None,
        ),
        (
            "coordinates as numbers",
            json!({ "latitude": 37.7, "longitude": -122.42 }),
            None,
        ),
        (
            "a number that JSON writes with an exponent",
            json!({ "latitude": 0.000001, "longitude": -1e-300 }),
            None,
        ),
        (
            "a number that is far too large",
            json!({ "longitude": 1e300 }),
            Some("longitude"),
        ),
        ("no coordinates", json!({ "latitude": null }), None),
        (
            "the edge of the map",
            json!({ "latitude": "-90", "longitude": 180 }),
            None,
        ),
        (
            "what a client read before",
            json!({ "created_at": "x", "updated_at": 1, "version": 3 }),
            None,
        ),
        ("model missing", json!({ "model": "absent" }), Some("model")),
        ("model empty", json!({ "model": "  " }), Some("model")),
        ("model too long", json!({ "model": long }), Some("model")),
        (
            "model with a control character",
            json!({ "model": "a\u{7}b" }),
            Some("model"),
        ),
        ("model a number", json!({ "model": 3 }), Some("model")),
        ("year missing", json!({ "year": "absent" }), Some("year")),
        (
            "year before the first car",
            json!({ "year": 1885 }),
            Some("year"),
        ),
        (
            "year after the range",
            json!({ "year": "2101" }),
            Some("year"),
        ),
        (
            "year with a fraction",
            json!({ "year": 2024.5 }),
            Some("year"),
        ),
        ("year with a sign", json!({ "year": "+2024" }), Some("year")),
        ("year empty", json!({ "year": "" }), Some("year")),
        ("year null", json!({ "year": null }), Some("year")),
        (
            "status in another case",
            json!({ "status": "available" }),
            Some("status"),
        ),
        (
            "status that only the store reads",
            json!({ "status": "Unknown" }),
            Some("status"),
        ),
        (
            "latitude beyond the pole",
            json!({ "latitude": "90.01" }),
            Some("latitude"),
        ),
        (
            "latitude that is no number",
            json!({ "latitude": "NaN" }),
            Some("latitude"),
        ),
        (
            "latitude with an exponent",
            json!({ "latitude": "1e1" }),
            Some("latitude"),
        ),
        (
            "latitude that is a list",
            json!({ "latitude": [] }),
            Some("latitude"),
        ),
        (
            "longitude beyond the date line",
            json!({ "longitude": -180.5 }),
            Some("longitude"),
        ),
        (
            "passengers below none",
            json!({ "nb_passengers": -1 }),
            Some("nb_passengers"),
        ),
        (
            "too many passengers",
            json!({ "nb_passengers": 201 }),
            Some("nb_passengers"),
        ),
        (
            "rack as text",
            json!({ "bike_rack": "true" }),
            Some("bike_rack"),
        ),
        (
            "key with a slash",
            json!({ "car_id": "a/b" }),
            Some("car_id"),
        ),
        (
            "key of another item",
            json!({ "car_id": "idempotency#1" }),
            Some("car_id"),
        ),
        ("key of two dots", json!({ "car_id": ".." }), Some("car_id")),
        (
            "version negative",
            json!({ "version": -1 }),
            Some("version"),
        ),
    ];
    for (rule, change, expected) in cases {
        let wrong = Draft::parse(&body_with(change))
            .input
            .err()
            .unwrap_or_default();
        let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
        assert_eq!(fields, expected.into_iter().collect::<Vec<_>>(), "{rule}");
    }
}

#[test]
fn all_mistakes_are_named_at_once_and_unknown_members_are_counted() {
    let parsed = Draft::parse(&object(
        json!({ "year": "x", "status": 1, "colour": "red", "type": "T" }),
    ));
    let fields: Vec<_> = parsed
        .input
        .unwrap_err()
        .into_iter()
        .map(|error| error.field)
        .collect();
    assert_eq!(fields, ["year", "status", "model"]);
    assert_eq!(parsed.unknown_fields, 2);
}

#[test]
fn a_new_car_has_the_defaults_of_the_contract() {
    let draft = Draft::parse(&body_with(json!({}))).input.unwrap().fields;
    let car = Car::create("c-1".parse().unwrap(), draft, now());
    let expected = json!({
        "car_id": "c-1", "model": "Model_1", "year": 2024, "status": "Available", "latitude": "0", "longitude": "0",
        "nb_passengers": 0, "bike_rack": false, "created_at": "2026-11-16T08:00:00Z",
        "updated_at": "2026-11-16T08:00:00Z", "version": 1_794_816_000_000_000_u64,
    });
    assert_eq!(serde_json::to_value(&car).unwrap(), expected);
    assert_eq!(car.etag(), "\"1794816000000000\"");
}

#[test]
fn a_change_touches_its_fields_the_version_and_the_time_only() {
    let draft = Draft::parse(&body_with(json!({ "latitude": "37.70" })))
        .input
        .unwrap()
        .fields;
    let car = Car::create("c-1".parse().unwrap(), draft, now());
    let changes = Changes::parse(&object(json!({ "status": "Rented", "longitude": null })))
        .input
        .unwrap()
        .fields;
    let later = "2026-11-16T09:00:00Z".parse().unwrap();
    let expected = Car {
        status: Status::Rented,
        longitude: None,
        updated_at: Some(later),
        version: 1_794_816_000_000_001,
        ..car.clone()
    };
    assert_eq!(car.changed(&changes, later), expected);
    assert_eq!(
        expected.latitude.as_deref(),
        Some("37.70"),
        "its digits are kept"
    );
}

#[test]
fn a_change_of_nothing_is_refused() {
    for body in [
        json!({}),
        json!({ "colour": "red" }),
        json!({ "car_id": "c-1", "version": 2 }),
    ] {
        assert_eq!(
            Changes::parse(&object(body)).input.unwrap_err()[0].field,
            "body"
        );
    }
}

proptest! {
    #[test]
    fn any_object_is_read_without_a_panic_and_messages_never_repeat_values(
        latitude in "[0-9a-z.+-]{0,40}", year in any::<i64>(), model in "\\PC{0,120}",
    ) {
        let body = object(json!({ "latitude": latitude, "year": year, "model": model }));
        if let Err(wrong) = Draft::parse(&body).input {
            prop_assert!(!wrong.is_empty());
            let repeats = latitude.len() > 5 && wrong.iter().any(|error| error.message.contains(&latitude));
            prop_assert!(!repeats);
        }
    }
}

#[test]
fn a_small_number_is_stored_as_a_plain_decimal() {
    let cases = [
        (json!(0.000001), "0.000001"),
        (json!(-1.5e-7), "-0.00000015"),
        (json!(1.234_567_890_123_456_7e-10), "0.000000000123457"),
        (json!(-1e-300), "0"),
        (json!(37.7), "37.7"),
        (json!(-122), "-122"),
    ];
    for (number, expected) in cases {
        let body = body_with(json!({ "latitude": 0, "longitude": number }));
        let draft = Draft::parse(&body).input.unwrap().fields;
        assert_eq!(draft.longitude.unwrap().as_str(), expected, "{number}");
    }
}
