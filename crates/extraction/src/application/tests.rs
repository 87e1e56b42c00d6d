//! Real lines of every language: what error they tell of.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::extract::{self, Said};

fn sighting(line: &str) -> Option<Sighting> {
    match extract::read(line, 0).unwrap() {
        Said::Error(line) => Some(line.sighting()),
        _ => None,
    }
}

fn rows() -> Vec<Value> {
    serde_json::from_str(include_str!("tests/lines.json")).unwrap()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {row}"))
}

fn fingerprint(sighting: &Sighting) -> Fingerprint {
    Fingerprint::of(&sighting.kind, &sighting.message)
}

#[test]
fn lines_of_every_language_have_a_type_and_a_message() {
    let mut fingerprints = BTreeSet::new();
    for row in rows() {
        let rule = text(&row, "rule");
        let found = sighting(text(&row, "line")).unwrap_or_else(|| panic!("no error: {rule}"));
        assert_eq!(found.class.as_str(), text(&row, "class"), "{rule}");
        assert_eq!(found.kind, text(&row, "type"), "{rule}");
        assert_eq!(found.message, text(&row, "message"), "{rule}");
        assert_eq!(
            found.request_id.as_deref(),
            row["request"].as_str(),
            "{rule}"
        );
        if let Some(again) = row["again"].as_str() {
            let again = sighting(again).unwrap_or_else(|| panic!("no error again: {rule}"));
            assert_eq!(
                fingerprint(&again),
                fingerprint(&found),
                "{rule}: {again:?}"
            );
        }
        let same = row["same_as_before"].as_bool().unwrap_or(false);
        assert_eq!(
            fingerprints.insert(fingerprint(&found)),
            !same,
            "{rule}: told apart"
        );
    }
    assert!(fingerprints.len() > 25);
}

#[test]
fn ordinary_lines_tell_of_no_error() {
    for line in [
        "",
        "INIT_START Runtime Version: python:3.12.v30",
        "[INFO]\t2026-11-20T18:40:00.000Z\t5a1c\tno error",
        "[WARNING]\t2026-11-20T18:40:00.000Z\t5a1c\tERROR budget low",
        "2026-11-20T18:40:00.000Z\t5a1c\tINFO\tretrying after ERROR",
        "2026-11-20T18:40:00.000Z  INFO orders: ERROR rate is 0",
        "no ERROR here",
        "the next ERROR is yours",
        "level=info msg=\"error budget\"",
        r#"{"level":"INFO","errorType":"ValueError","message":"handled"}"#,
        r#"{"level":30,"msg":"error"}"#,
        r#"{"message":"an error"}"#,
        "Error handling is on",
        "panicked? no",
    ] {
        assert_eq!(sighting(line), None, "{line}");
    }
}

#[test]
fn nothing_personal_survives() {
    for (message, expected) in [
        (
            "no user alice.smith+x@example.com found",
            "no user <email> found",
        ),
        (
            "mail to <alice@example.com> failed",
            "mail to <<email>> failed",
        ),
        ("at 52.5200,13.4050 (±5m)", "at <num>,<num> (±<num>)"),
        ("position 52.52°N is bad", "position <id> is bad"),
        (
            "lat=52.5 lon=-13.4 user=alice",
            "lat=<val> lon=<val> user=<val>",
        ),
        (
            "Authorization: Bearer abcDEFghi",
            "Authorization: <secret> <secret>",
        ),
        ("password: hunter", "password: <secret>"),
        ("token = abc, next", "token = <secret>, next"),
        ("key AKIAIOSFODNN7EXAMPLE refused", "key <id> refused"),
        (
            "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1g",
            "jwt <id>",
        ),
        ("call +49 170 1234567 now", "call <num> <num> <num> now"),
        (
            "https://alice:pw@example.com/x?y=z failed",
            "<url>?y=<val> failed",
        ),
        (
            "/home/alice/data/x.json is gone",
            "/home/<id>/data/x.json is gone",
        ),
        (
            "from 10.0.3.4:5432 and fe80::1:2",
            "from <num>:<num> and fe80::<num>:<num>",
        ),
        (
            "arn:aws:sns:eu-west-1:123456789012:page denied",
            "<arn> denied",
        ),
        (
            "couldn't read 'Alice Smith' or \"Bob's\"",
            "couldn't read <str> or <str>",
        ),
        (
            "id 550e8400-e29b-41d4-a716-446655440000 at 2026-11-20T18:40:00.123Z",
            "id <id> at <time>",
        ),
        (
            "after 3.00 seconds, 12ms, 128MB, 1e-5 and 0x7fff",
            "after <num> seconds, <num>, <num>, <num> and <id>",
        ),
        ("tab\tand \u{1b}bell\u{7}", "tab and bell"),
        ("deadbeef and cafebabecafe", "<id> and <id>"),
    ] {
        let expected = expected.replace("fe80", "<id>");
        assert_eq!(normal::message(message), expected, "{message}");
    }
}

#[test]
fn a_message_ends_before_the_word_or_placeholder_that_has_no_room() {
    for (text, expected) in [
        ("\"a\"".repeat(40), "<str>".repeat(32)),
        (
            format!("{} {}", "\"a\"".repeat(29), "\"a\"".repeat(9)),
            format!("{} <str><str>", "<str>".repeat(29)),
        ),
        (
            format!("{}abcdef ghi", "\"a\" ".repeat(26)),
            "<str> ".repeat(26).trim_end().to_owned(),
        ),
    ] {
        let found = normal::message(&text);
        assert_eq!(found, expected, "{text}");
        assert!(found.chars().count() <= 160);
    }
}

#[test]
fn a_word_or_a_quotation_that_is_cut_leaves_nothing_behind() {
    let long = format!("{} alice@example.com", "x ".repeat(507));
    assert!(!normal::message(&long).contains("alice"));
    for end in 1_000..1_024 {
        let filler = "1".repeat(end - 10);
        assert!(
            !normal::message(&format!("a {filler} 'alice smith {}'", "b ".repeat(99)))
                .contains("alice")
        );
    }
}

/// Another character of the same sort in place of each digit.
fn other_digits(text: &str, seed: u32) -> String {
    text.chars()
        .zip(0..)
        .map(|(c, at)| match c.to_digit(10) {
            Some(_) => {
                char::from_digit((seed.wrapping_mul(31).wrapping_add(at * 7)) % 10, 10).unwrap()
            }
            None => c,
        })
        .collect()
}

proptest! {
    #[test]
    fn digits_and_ids_never_make_another_error(
        words in prop::collection::vec("[a-z]{1,8}|[0-9]{1,9}|[a-z0-9]{2,12}|[A-Z][a-z]{1,9}:|'[a-z0-9 ]{0,9}'|[0-9]{1,3}[.][0-9]{1,3}", 1..12),
        seed in any::<u32>(),
        (id, other) in ("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"),
    ) {
        let message = words.join(" ");
        prop_assert_eq!(normal::message(&message), normal::message(&other_digits(&message, seed)));
        prop_assert_eq!(normal::message(&format!("{message} {id}!")), normal::message(&format!("{message} {other}!")));
    }

    #[test]
    fn no_text_breaks_the_reading_of_an_error(head in "\\PC{0,20}", text in any::<String>(), cut in 0_usize..64) {
        for line in [format!("[ERROR] {head}{text}"), format!("{head}\tx\tERROR\t{text}"), format!("panic: {text}"), text] {
            let line = &line[line.ceil_char_boundary(cut.min(line.len()))..];
            if let Some(class) = class_of_text(line) {
                let found = text::sighting(class, line);
                prop_assert!(found.message.chars().count() <= 200 && found.kind.len() <= 1024);
                prop_assert!(!found.message.contains(char::is_control));
            }
        }
    }
}

#[test]
fn hostile_lines_are_read_no_further_than_a_few_kilobytes() {
    let megabyte = 1024 * 1024;
    for unit in [
        "'",
        "a'",
        "\"\\",
        "(",
        "[",
        "\u{1b}[",
        "at x\n",
        "E: ",
        "=",
        "1",
        "a@",
        "\u{1b}",
        "{",
        "é\u{301}",
    ] {
        for start in [
            "[ERROR] ",
            "panic: ",
            "x\ty\tERROR\t",
            "Traceback (most recent call last):\n",
            " panicked at ",
        ] {
            let line = format!("{start}{}", unit.repeat(megabyte / unit.len()));
            let class = class_of_text(&line).unwrap();
            let found = text::sighting(class, &line);
            assert!(found.message.chars().count() <= 200, "{start}{unit}");
        }
    }
}

fn errors_of(lines: &[(&str, i64)]) -> Errors {
    let mut errors = Errors::default();
    let mut examined = 0;
    for (line, millis) in lines {
        let Said::Error(said) = extract::read(line, *millis).unwrap() else {
            panic!("no error: {line}");
        };
        errors.take(&said, line.len(), *millis, &mut examined);
    }
    errors
}

#[test]
fn errors_are_counted_by_fingerprint_with_their_first_and_last() {
    let a = "[ERROR]\t2026-11-20T18:40:00.000Z\t550e8400-e29b-41d4-a716-446655440000\tcar 1 lost";
    let b = "[ERROR]\t2026-11-20T18:41:00.000Z\t550e8400-e29b-41d4-a716-446655440001\tcar 2 lost";
    let whole = errors_of(&[(b, 20), (a, 10), ("[ERROR] x", 5)]);
    assert_eq!(
        (whole.total(), whole.overflow(), whole.seen().len()),
        (3, 0, 2)
    );
    let lost = whole
        .seen()
        .values()
        .find(|seen| seen.message == "car <num> lost")
        .unwrap();
    assert_eq!((lost.count, lost.first, lost.last), (2, 10, 20));
    assert_eq!(
        lost.example,
        Some((10, "550e8400-e29b-41d4-a716-446655440000".to_owned()))
    );
    // Any split, in any order.
    let mut split = errors_of(&[("[ERROR] x", 5)]);
    split.merge(&errors_of(&[(a, 10)]));
    split.merge(&errors_of(&[(b, 20)]));
    assert_eq!(split, whole);
}

#[test]
fn what_finds_no_room_is_counted_all_the_same() {
    let lines: Vec<_> = ('a'..='z')
        .flat_map(|a| ('g'..='z').map(move |b| format!("[ERROR] {a}{b}x")))
        .collect();
    let lines: Vec<_> = lines.iter().map(|line| (line.as_str(), 0)).collect();
    let errors = errors_of(&lines);
    assert_eq!(errors.seen().len(), 50);
    assert_eq!(errors.total(), lines.len() as u64);
    let mut merged = errors_of(&lines[..200]);
    merged.merge(&errors_of(&lines[200..]));
    assert_eq!(merged.total(), errors.total());
    // Reading costs at most so much of one payload.
    let mut errors = Errors::default();
    let mut examined = MAX_EXAMINED;
    let Said::Error(said) = extract::read("[ERROR] x", 0).unwrap() else {
        panic!()
    };
    errors.take(&said, 9, 0, &mut examined);
    assert_eq!(
        (errors.overflow(), errors.seen().len(), examined),
        (1, 0, MAX_EXAMINED)
    );
}

#[test]
fn a_fingerprint_stays_the_same_from_build_to_build() {
    // Stored in the series table: a change makes every known error new.
    assert_eq!(
        Fingerprint::of("ValueError", "car <num> lost").to_string(),
        "06119f7c54f7c10c"
    );
}

#[test]
fn no_member_decides_but_those_that_are_named() {
    for name in [
        "message",
        "msg",
        "errorMessage",
        "error",
        "exception",
        "stack",
        "Level",
        "lvl",
    ] {
        for value in [
            "\"ERROR\"",
            "60",
            "{\"level\":\"ERROR\"}",
            "\"Runtime.ExitError\"",
        ] {
            let line = format!("{{\"{name}\":{value}}}");
            assert_eq!(sighting(&line), None, "{line}");
        }
    }
    for name in DECIDING_MEMBERS {
        assert!(
            sighting(&format!("{{\"{name}\":\"ERROR\"}}")).is_some(),
            "{name}"
        );
    }
}
