use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;
use tracing::{error, error_span, info, warn};

use super::redaction::{REDACTED, redact};
use super::*;
use crate::clock::ManualClock;
use crate::config::Reader;
use crate::emit::{Captured, Writer};

fn identity() -> Identity {
    Identity {
        service: "CarManager".to_owned(),
        function_name: "car-api".to_owned(),
        function_version: "7".to_owned(),
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-16T08:00:00.25Z".parse().unwrap()))
}

fn lines_at(level: &str, act: impl FnOnce()) -> Vec<Value> {
    let emitter = Arc::new(Captured::default());
    let subscriber = subscriber(
        emitter.clone(),
        clock(),
        &identity(),
        &Level::named(level).unwrap(),
    );
    tracing::subscriber::with_default(subscriber, act);
    emitter
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect()
}

#[test]
fn a_line_has_the_keys_of_powertools_the_fields_of_its_spans_and_its_own() {
    let lines = lines_at("INFO", || {
        let span = error_span!(
            "request",
            function_request_id = "r-1",
            correlation_id = "c-1",
            cold_start = true,
            xray_trace_id = tracing::field::Empty
        );
        span.record("xray_trace_id", "1-5759e988-bd862e3fe1be46a994272793");
        let _inside = span.enter();
        info!(
            route = "GET /cars",
            status = 200_u64,
            latency_ms = 12.5,
            "request"
        );
    });
    let expected = serde_json::json!({
        "level": "INFO", "message": "request", "timestamp": "2026-11-16T08:00:00.250Z",
        "service": "CarManager", "function_name": "car-api", "function_version": "7",
        "function_request_id": "r-1", "correlation_id": "c-1", "cold_start": true,
        "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "route": "GET /cars", "status": 200, "latency_ms": 12.5,
    });
    assert_eq!(lines, [expected]);
}

#[test]
fn at_warn_a_warning_keeps_the_fields_of_its_request() {
    let lines = lines_at("WARN", || {
        let _inside = error_span!("request", correlation_id = "c-1").entered();
        info!("not this");
        warn!("this");
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["correlation_id"], "c-1");
}

#[test]
fn control_characters_and_fields_named_like_our_own_cannot_forge_a_line() {
    let hostile = "x\"}\n{\"level\":\"INFO\",\u{1b}[31m\u{0}";
    let lines = lines_at("INFO", || {
        error!(level = "DEBUG", odd = f64::INFINITY, "{hostile}")
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["level"], "ERROR");
    assert_eq!(lines[0]["field_level"], "DEBUG");
    assert_eq!(lines[0]["odd"], "inf");
    assert_eq!(lines[0]["message"], hostile);
}

#[test]
fn a_text_that_is_too_long_is_cut_after_redaction() {
    // The cut falls into the key: cut first, its beginning would no longer look like one.
    let long = format!("{} AKIAIOSFODNN7EXAMPLE", "x".repeat(LONGEST_TEXT - 12));
    let lines = lines_at("INFO", || info!(body = long.as_str(), "long"));
    let body = lines[0]["body"].as_str().unwrap();
    assert!(!body.contains("AKIA"), "{body}");
    let wide = "é".repeat(LONGEST_TEXT);
    let lines = lines_at("INFO", || info!(body = wide.as_str(), "long"));
    let body = lines[0]["body"].as_str().unwrap();
    assert!(body.len() <= LONGEST_TEXT + '…'.len_utf8() && body.ends_with('…'));
}

#[test]
fn a_writer_that_fails_costs_the_line_and_nothing_else() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space left"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let emitter = Arc::new(Writer::new(Full));
    let subscriber = subscriber(emitter.clone(), clock(), &identity(), &Level::default());
    tracing::subscriber::with_default(subscriber, || info!("lost"));
    assert_eq!(emitter.lost(), 1);
}

#[test]
fn the_level_is_taken_from_the_first_variable_that_is_set() {
    let debug = |pairs: &[(&str, &str)]| {
        let vars: BTreeMap<_, _> = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let mut reader = Reader::new(&vars);
        let level = Level::read(&mut reader);
        let shown = [
            tracing::Level::DEBUG,
            tracing::Level::INFO,
            tracing::Level::WARN,
            tracing::Level::ERROR,
        ];
        let first = shown
            .into_iter()
            .find(|shown| level.enables("car_api", *shown));
        (
            first.map(|level| level.to_string()),
            level.enables("aws_smithy_runtime::client", tracing::Level::INFO),
            reader.finish().is_ok(),
        )
    };
    type Vars = &'static [(&'static str, &'static str)];
    let cases: [(&str, Vars, &str, bool, bool); 9] = [
        ("nothing is set", &[], "INFO", false, true),
        (
            "Lambda's own wins",
            &[("AWS_LAMBDA_LOG_LEVEL", "ERROR"), ("LOG_LEVEL", "DEBUG")],
            "ERROR",
            false,
            true,
        ),
        (
            "Powertools before LOG_LEVEL",
            &[("POWERTOOLS_LOG_LEVEL", "warning"), ("LOG_LEVEL", "DEBUG")],
            "WARN",
            false,
            true,
        ),
        (
            "LOG_LEVEL before RUST_LOG",
            &[("LOG_LEVEL", "debug"), ("RUST_LOG", "error")],
            "DEBUG",
            false,
            true,
        ),
        (
            "RUST_LOG with one level",
            &[("RUST_LOG", "debug")],
            "DEBUG",
            false,
            true,
        ),
        (
            "RUST_LOG names a library",
            &[("RUST_LOG", "warn,aws_smithy_runtime=info")],
            "WARN",
            true,
            true,
        ),
        (
            "RUST_LOG with directives keeps libraries quiet that none of them names",
            &[("RUST_LOG", "debug,car_api=trace")],
            "DEBUG",
            false,
            true,
        ),
        (
            "a word that means nothing",
            &[("LOG_LEVEL", "loud")],
            "INFO",
            false,
            false,
        ),
        (
            "directives that mean nothing",
            &[("RUST_LOG", "car_api=loud")],
            "INFO",
            false,
            false,
        ),
    ];
    for (rule, vars, first, library, valid) in cases {
        assert_eq!(
            debug(vars),
            (Some(first.to_owned()), library, valid),
            "{rule}"
        );
    }
}

#[test]
fn what_is_secret_is_taken_out_and_the_rest_stays() {
    let cases = [
        (
            "a plain text stays",
            "car c-1 moved at 08:00:00",
            "car c-1 moved at 08:00:00",
        ),
        (
            "a request id stays",
            "8e3f2c54-9ab0-4c11-8f5e-1b6f2a3c4d5e",
            "8e3f2c54-9ab0-4c11-8f5e-1b6f2a3c4d5e",
        ),
        (
            "an assignment",
            "password=hunter2 user=me",
            "password=[REDACTED] user=me",
        ),
        (
            "JSON",
            r#"{"api_key": "a\"b", "n": 1}"#,
            r#"{"api_key": "[REDACTED]", "n": 1}"#,
        ),
        (
            "JSON inside JSON",
            r#"{\"token\":\"abc\",\"n\":1}"#,
            r#"{\"token\":\"[REDACTED]\",\"n\":1}"#,
        ),
        (
            "Rust's debug form",
            r#"Car { latitude: Some("37.7"), n: 1 }"#,
            "Car { latitude: [REDACTED]",
        ),
        (
            "a header",
            "Authorization: Bearer abc def",
            "Authorization: [REDACTED]",
        ),
        (
            "cookies to the end of the line",
            "cookie: a=b; c=d\nnext",
            "cookie: [REDACTED]\nnext",
        ),
        (
            "a query string",
            "?email=a%40b.c&page=2",
            "?email=[REDACTED]&page=2",
        ),
        (
            "a position as a number",
            "longitude: -122.42, year: 2024",
            "longitude: [REDACTED], year: 2024",
        ),
        (
            "an address",
            "from jo.e+x@example.co.uk.",
            "from [REDACTED]",
        ),
        (
            "an access key",
            "key AKIAIOSFODNN7EXAMPLE used",
            "key [REDACTED] used",
        ),
        (
            "a web token",
            "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig_-x end",
            "jwt [REDACTED] end",
        ),
        (
            "a card number",
            "paid with 4111 1111 1111 1111 2024",
            "paid with [REDACTED] 2024",
        ),
        (
            "digits with a wrong sum stay",
            "order 4111111111111112",
            "order 4111111111111112",
        ),
        (
            "an unfinished value",
            "secret=\"never closed",
            "secret=\"[REDACTED]",
        ),
    ];
    for (rule, text, expected) in cases {
        assert_eq!(redact(text), expected, "{rule}");
    }
}

fn card() -> impl Strategy<Value = String> {
    (
        "[1-9][0-9]{11,17}",
        prop_oneof![Just(""), Just(" "), Just("-")],
    )
        .prop_map(|(body, separator)| {
            let sum: u32 = body
                .bytes()
                .rev()
                .enumerate()
                .map(|(position, digit)| {
                    let digit = u32::from(digit - b'0');
                    if position % 2 == 0 {
                        digit * 2 / 10 + digit * 2 % 10
                    } else {
                        digit
                    }
                })
                .sum();
            let digits = format!("{body}{}", (10 - sum % 10) % 10);
            let groups: Vec<_> = digits
                .as_bytes()
                .chunks(4)
                .map(|group| String::from_utf8_lossy(group).into_owned())
                .collect();
            groups.join(separator)
        })
}

fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "eyJ[A-Za-z0-9_-]{5,40}\\.[A-Za-z0-9_-]{5,60}\\.[A-Za-z0-9_-]{5,43}",
        "(AKIA|ASIA)[A-Z0-9]{16}",
        "[a-zà-ü][a-z0-9._+-]{0,12}@[a-z][a-z0-9-]{0,10}\\.(com|de|example)",
        card(),
    ]
}

proptest! {
    #[test]
    fn no_secret_appears_in_any_line(secret in secret(), before in "\\PC{0,30}", after in "\\PC{0,30}") {
        let text = format!("{before} {secret} {after}");
        let lines = lines_at("INFO", || {
            let _inside = error_span!("request", note = text.as_str()).entered();
            info!(detail = text.as_str(), debug = ?text, "{text}");
        });
        prop_assert!(!lines[0].to_string().contains(&secret), "{}", lines[0]);
    }

    #[test]
    fn no_value_of_a_denied_name_appears_in_any_line(value in "[a-zA-Z0-9!$%^*+/.]{9,40}", key in prop::sample::select(vec!["password", "X-Api-Key", "access_token", "clientSecret", "e-mail", "phone", "latitude"]), shape in 0..4) {
        let text = match shape {
            0 => format!("{key}={value} and more"),
            1 => format!("{{\"{key}\": \"{value}\"}}"),
            2 => format!("{key}: Some({value})"),
            _ => format!("the {key}:{value}"),
        };
        let lines = lines_at("INFO", || info!(password = value.as_str(), api_key = ?value, latitude = 37.7749, "{text}"));
        prop_assert!(!lines[0].to_string().contains(&value), "{}", lines[0]);
        prop_assert_eq!(&lines[0]["latitude"], REDACTED);
    }

    #[test]
    fn any_text_is_redacted_without_a_panic(text in ".{0,200}", pieces in prop::collection::vec(prop::sample::select(vec!["eyJ", "AKIA", "@", "é@é.é", "4111", " ", "-", "password", "=", ":", "\"", "\\", "(", "ß", "token"]), 0..40)) {
        let _ = redact(&text);
        let _ = redact(&pieces.concat());
    }
}
