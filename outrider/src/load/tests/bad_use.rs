//! Arguments that cannot be: each refused before the first request, with its name and the fix.

use clap::Parser;

use crate::load::{Clients, LoadArgs};

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    load: LoadArgs,
}

fn parse(changes: &[(&str, &str)]) -> anyhow::Result<crate::load::Config> {
    let mut arguments = vec![
        ("--url", "http://127.0.0.1:8080"),
        ("--rate", "10"),
        ("--duration", "10s"),
    ];
    for (name, value) in changes {
        match arguments.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = value,
            None => arguments.push((name, value)),
        }
    }
    let words = arguments
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    Line::try_parse_from(std::iter::once("load".to_owned()).chain(words))?
        .load
        .config()
}

#[test]
fn what_cannot_be_is_refused_with_the_fix() {
    for (rule, changes, says) in [
        (
            "no URL",
            vec![("--url", "cars")],
            "--url is no URL: write http://127.0.0.1:8080",
        ),
        (
            "another scheme",
            vec![("--url", "ftp://127.0.0.1")],
            "--url begins with ftp",
        ),
        (
            "a password in the URL",
            vec![("--url", "http://u:p@127.0.0.1")],
            "--header 'Authorization",
        ),
        (
            "a query",
            vec![("--url", "http://127.0.0.1/?a=1")],
            "query or fragment: leave it out",
        ),
        (
            "the path twice",
            vec![("--url", "http://127.0.0.1/prod/cars/")],
            "ends in /cars",
        ),
        (
            "no rate",
            vec![("--rate", "0")],
            "--rate is 0: write 0.1 to 5000",
        ),
        ("a negative rate", vec![("--rate", "-5")], "--rate is -5"),
        (
            "a rate that is no number",
            vec![("--rate", "NaN")],
            "--rate is NaN",
        ),
        (
            "a rate beyond the cap",
            vec![("--rate", "5001")],
            "write 0.1 to 5000",
        ),
        (
            "no duration",
            vec![("--duration", "soon")],
            "--duration \"soon\": write a time such as 30s",
        ),
        (
            "a negative duration",
            vec![("--duration", "-5s")],
            "--duration \"-5s\"",
        ),
        (
            "a short duration",
            vec![("--duration", "10ms")],
            "too short: write at least 1s",
        ),
        (
            "a long duration",
            vec![("--duration", "3h")],
            "at most 2h; --scenario soak for at most 24h",
        ),
        (
            "a long soak",
            vec![("--duration", "25h"), ("--scenario", "soak")],
            "a soak runs for at most 24h",
        ),
        (
            "a soak of too many",
            vec![
                ("--duration", "24h"),
                ("--scenario", "soak"),
                ("--rate", "5000"),
            ],
            "lower the rate",
        ),
        (
            "less than one request",
            vec![("--rate", "0.1"), ("--duration", "5s")],
            "less than one request",
        ),
        (
            "an unknown scenario",
            vec![("--scenario", "flood")],
            "there is no scenario \"flood\": write constant",
        ),
        (
            "no connection",
            vec![("--connections", "0")],
            "--connections is 0: write 1 to 1000",
        ),
        (
            "too many connections",
            vec![("--connections", "1001")],
            "write 1 to 1000",
        ),
        (
            "no patience",
            vec![("--timeout-ms", "0")],
            "--timeout-ms is 0: write 1 to 60000",
        ),
        (
            "a header without colon",
            vec![("--header", "secret")],
            "--header number 1: write 'Name: value'",
        ),
        (
            "a header of two lines",
            vec![("--header", "A: b\nC: secret")],
            "--header number 1",
        ),
        (
            "an objective beyond all",
            vec![("--slo-percent", "101")],
            "--slo-percent is 101: write 0 to 100",
        ),
        (
            "an objective of no time",
            vec![("--slo-ms", "0")],
            "--slo-ms is 0",
        ),
        (
            "a function of no memory",
            vec![("--memory-mb", "1")],
            "--memory-mb is 1: write 128 to 10240",
        ),
    ] {
        let error = format!("{:#}", parse(&changes).expect_err(rule));
        assert!(error.contains(says), "{rule}: {error}");
        assert!(
            !error.contains("secret"),
            "{rule} repeats a header: {error}"
        );
    }
}

#[test]
fn what_can_be_is_taken_as_it_is_meant() {
    let config = parse(&[
        ("--duration", "90"),
        ("--scenario", "retry-storm"),
        ("--header", "Authorization: Bearer x"),
    ])
    .unwrap();
    assert!(
        (config.profile.seconds - 90.0).abs() < 1e-9,
        "plain numbers are seconds"
    );
    assert_eq!(config.clients, Clients::Impatient);
    assert!(config.headers["authorization"].is_sensitive());
    assert!(!format!("{config:?}").contains("Bearer"), "{config:?}");
    let config = parse(&[("--duration", "1h30m"), ("--url", "https://a.example/prod")]).unwrap();
    assert!((config.profile.seconds - 5_400.0).abs() < 1e-9);
    assert_eq!(config.clients, Clients::Patient);
}
