//! Pure crates do no I/O, ask no clock and draw no randomness: neither themselves nor through anybody.

use std::process::Command;

use e2e::built::workspace;

use super::manifests::{Member, members};
use super::sources::{Source, ending_in};
use super::{none, one};

/// Numbers and decisions.
const PURE: [&str; 6] = [
    "anomaly",
    "cfn",
    "extraction",
    "incidents",
    "signals",
    "simulator",
];
/// The shell around them.
const SHELL: [&str; 1] = ["platform"];
/// Packages whose name begins so do I/O, or bring a runtime for it. `getrandom` is how randomness that nobody
/// handed in gets into a program: `rand` brings it with `thread_rng` and not without.
const IMPURE: [&str; 17] = [
    "async-",
    "aws-",
    "aws_",
    "axum",
    "dynoxide",
    "futures",
    "getrandom",
    "hyper",
    "lambda_",
    "mio",
    "object_store",
    "platform",
    "reqwest",
    "rustls",
    "socket2",
    "tokio",
    "tracing",
];
/// What of the standard library does.
const IMPURE_PATHS: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "Timestamp::now",
    "Zoned::now",
];

/// `tree` is what `cargo tree --prefix none` prints of `package`.
fn reached(package: &str, tree: &str) -> Vec<String> {
    let names = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != package);
    let impure = names.filter(|name| IMPURE.iter().any(|begin| name.starts_with(begin)));
    let mut complaints: Vec<_> = impure
        .map(|name| format!("{package} is pure, and reaches {name}"))
        .collect();
    complaints.sort();
    complaints.dedup();
    complaints
}

fn tree(package: &str) -> String {
    let cargo = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--package",
            package,
        ])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(
        cargo.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&cargo.stderr)
    );
    String::from_utf8(cargo.stdout).unwrap()
}

fn touches_the_world(source: &Source) -> Vec<String> {
    let pure = PURE
        .iter()
        .any(|name| source.path.starts_with(&format!("crates/{name}/src/")));
    let lines = source.code().filter(|_| pure);
    let impure = lines.filter_map(|(number, line)| {
        let path = IMPURE_PATHS.iter().find(|path| line.contains(**path))?;
        Some(format!(
            "{}:{number} uses {path} in a pure crate",
            source.path
        ))
    });
    impure.collect()
}

#[test]
fn a_pure_crate_reaches_nothing_that_does_io() {
    none(
        PURE.iter()
            .flat_map(|package| reached(package, &tree(package)))
            .collect(),
    );
    let bad = "signals v0.1.0 (/w/crates/signals)\nserde v1.0.0\nrand v0.10.0\ngetrandom v0.4.1\ngetrandom v0.4.1 (*)\n";
    one(reached("signals", bad), "getrandom");
    for impure in [
        "tokio-util v1",
        "aws-sdk-sns v1",
        "platform v0.1.0",
        "hyper v1",
        "reqwest v0",
        "object_store v0",
    ] {
        one(
            reached("signals", impure),
            impure.split(' ').next().unwrap(),
        );
    }
}

#[test]
fn the_question_would_be_answered_yes_for_the_shell() {
    let reached = reached("platform", &tree("platform"));
    assert!(
        reached
            .iter()
            .any(|complaint| complaint.ends_with(" tokio")),
        "{reached:?}"
    );
}

#[test]
fn every_crate_has_decided_whether_it_is_pure() {
    let undecided = |members: &[Member]| {
        let crates = members
            .iter()
            .filter(|member| member.path.starts_with("crates/"));
        let names = crates.map(|member| member.name.clone());
        names
            .filter(|name| !PURE.contains(&name.as_str()) && !SHELL.contains(&name.as_str()))
            .collect::<Vec<_>>()
    };
    none(undecided(&members()));
    one(
        undecided(&[Member::of(
            "crates/insights",
            "[package]\nname = \"insights\"",
        )]),
        "insights",
    );
}

#[test]
fn a_pure_crate_asks_the_world_for_nothing() {
    none(
        ending_in(".rs")
            .iter()
            .flat_map(touches_the_world)
            .collect(),
    );
    let text = "let now = std::time::SystemTime::now();\n";
    one(
        touches_the_world(&Source::of("crates/incidents/src/reason.rs", text)),
        "reason.rs:1",
    );
    none(touches_the_world(&Source::of(
        "crates/platform/src/clock.rs",
        text,
    )));
}
