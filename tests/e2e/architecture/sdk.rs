//! Only adapters and wiring speak to AWS.

use super::sources::{Source, ending_in};
use super::{none, one};

/// What the SDK's crates begin with, and the crate that speaks to S3.
const CLIENTS: [&str; 3] = ["aws_sdk_", "aws_config", "object_store::"];
/// A file, or a folder, with one of these names adapts that service and nothing else.
const ADAPTERS: [&str; 7] = [
    "cloudwatch",
    "cloudwatch_logs",
    "codedeploy",
    "dynamodb",
    "eventbridge",
    "sns",
    "sqs",
];
/// Whoever else may, and why.
const OTHERS: [(&str, &str); 16] = [
    (
        "car-api/src/lib.rs",
        "connects the service: one client each",
    ),
    (
        "crates/platform/src/aws.rs",
        "sets the SDK up for everybody",
    ),
    (
        "crates/platform/src/checkpoints.rs",
        "the adapter of object stores, named for what it keeps",
    ),
    (
        "crates/platform/src/series_store/layout.rs",
        "what an item of the series table looks like",
    ),
    (
        "crates/platform/src/testing.rs",
        "a client of the DynamoDB in this process, for tests",
    ),
    (
        "detector/src/aws.rs",
        "the adapter of metrics and limits: CloudWatch and AWS Lambda",
    ),
    (
        "detector/src/start.rs",
        "connects the function: one client each",
    ),
    (
        "log-processor/src/start.rs",
        "connects the function: one client each",
    ),
    (
        "responder/src/start.rs",
        "connects the function: one client each",
    ),
    (
        "responder/src/version/lambda.rs",
        "the adapter of AWS Lambda; in the embedded stack a file of that name stands for the service itself",
    ),
    (
        "outrider/src/ingest/replay/target.rs",
        "connects the replay of dead letters",
    ),
    (
        "outrider/src/local/open_detector.rs",
        "connects commands that only ask to the embedded stack",
    ),
    (
        "outrider/src/replay/world.rs",
        "connects the replay of recorded minutes",
    ),
    ("outrider/src/local.rs", "connects the embedded stack"),
    (
        "outrider/src/local/open_logs.rs",
        "connects the replay to the embedded stack",
    ),
    (
        "outrider/src/local/lambda.rs",
        "connects car-api in the embedded stack",
    ),
];
/// Listens to the client's calls; there is nothing of a service in it.
const LISTENER: &str = "outrider/src/local/store_calls.rs";

fn speaks(source: &Source) -> Option<usize> {
    let names_a_client = |line: &str| CLIENTS.iter().any(|client| line.contains(client));
    source
        .code()
        .find(|(_, line)| names_a_client(line))
        .map(|(number, _)| number)
}

fn allowed(path: &str) -> bool {
    let mut parts = path
        .split('/')
        .map(|part| part.strip_suffix(".rs").unwrap_or(part));
    path == LISTENER
        || parts.any(|part| ADAPTERS.contains(&part))
        || OTHERS.iter().any(|(other, _)| path == *other)
}

fn complaint(source: &Source) -> Option<String> {
    let line = speaks(source).filter(|_| !allowed(&source.path))?;
    Some(format!(
        "{}:{line} speaks to AWS: move it into an adapter named for the service",
        source.path
    ))
}

#[test]
fn only_adapters_and_wiring_speak_to_aws() {
    none(ending_in(".rs").iter().filter_map(complaint).collect());
    let text = "use aws_sdk_dynamodb::Client;\n";
    for bad in [
        "car-api/src/routes.rs",
        "log-processor/src/rollup.rs",
        "outrider/src/demo.rs",
    ] {
        one(complaint(&Source::of(bad, text)).into_iter().collect(), bad);
    }
    for fine in [
        "car-api/src/store/dynamodb.rs",
        "car-api/src/store/dynamodb/call.rs",
        "detector/src/tests/world.rs",
    ] {
        none(complaint(&Source::of(fine, text)).into_iter().collect());
    }
}

#[test]
fn whoever_may_speak_to_aws_does() {
    let sources = ending_in(".rs");
    for (path, why) in OTHERS {
        let found = sources.iter().find(|source| source.path == path);
        assert!(
            found.is_some_and(|source| speaks(source).is_some()),
            "{path} ({why}) does not: remove the exception"
        );
    }
}
