//! The binaries that are shipped: what they need of Amazon Linux 2023, how big they are, and that they do what the
//! binaries of the other tests do.

mod elf;

use std::path::PathBuf;

use e2e::dist;
use e2e::function::Function;
use platform::testing::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

use elf::Needs;

/// The most KiB of each binary, and of its package: Lambda fetches and loads them at every cold start. A tenth above
/// what they have; whoever needs more says so here.
const BUDGETS: [(&str, u64, u64); 4] = [
    ("car-api", 10_496, 4_608),
    ("log-processor", 9_216, 4_096),
    // Searching logs for examples takes 0.2 MiB, limits and their client 0.8, diagnosis and the past the rest.
    ("detector", 13_824, 6_400),
    // Links that acknowledge brought the DynamoDB client, records and messages: 1.8 MiB.
    ("responder", 10_560, 4_416),
];

fn binary(function: &str) -> PathBuf {
    dist::package(function).join("bootstrap")
}

fn read(function: &str) -> Vec<u8> {
    std::fs::read(binary(function)).unwrap()
}

#[test]
fn every_shipped_binary_starts_on_amazon_linux_2023() {
    for function in dist::FUNCTIONS {
        let needs = Needs::of(&read(function)).unwrap();
        assert!(
            needs.libraries.contains("libc.so.6") && !needs.versions.is_empty(),
            "{function} needs nothing? {needs:?}"
        );
        let missing = needs.missing_there();
        assert!(
            missing.is_empty(),
            "{function} needs {missing:?}, which Amazon Linux 2023 does not have"
        );
    }
}

#[test]
fn a_binary_that_was_linked_against_a_newer_glibc_would_be_found() {
    let mut bytes = read("log-processor");
    let (from, to) = (b"\0GLIBC_2.34\0", b"\0GLIBC_2.39\0");
    let at = bytes.windows(from.len()).position(|bytes| bytes == from);
    let at = at.expect("it needs 2.34, where main is __libc_start_main's");
    bytes[at..at + to.len()].copy_from_slice(to);
    let missing = Needs::of(&bytes).unwrap().missing_there();
    assert_eq!(missing, ["GLIBC_2.39"]);
}

#[test]
fn every_shipped_binary_stays_within_its_budget() {
    assert_eq!(BUDGETS.map(|(function, _, _)| function), dist::FUNCTIONS);
    for (function, binary_budget, zip_budget) in BUDGETS {
        let kib = |path: PathBuf| std::fs::metadata(path).unwrap().len() / 1024;
        let (binary, zip) = (kib(binary(function)), kib(dist::zip(function)));
        assert!(
            binary <= binary_budget && zip <= zip_budget,
            "{function} has {binary} KiB of {binary_budget}, zipped {zip} of {zip_budget}"
        );
    }
}

/// The entropy of the processor's jitter costs 20 ms or more of every cold start (aws/aws-lambda-rust-runtime#1101).
/// The build of AWS-LC leaves it out when `.cargo/config.toml` says so; what it compiled says whether it did.
#[test]
fn the_shipped_cryptography_collects_no_entropy_from_the_processor_s_jitter() {
    let _ = dist::package("car-api");
    let built = e2e::built::workspace().join("target/x86_64-unknown-linux-gnu/dist/build");
    let archives: Vec<_> = std::fs::read_dir(&built)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("/aws-lc-sys-"))
        .filter_map(|path| std::fs::read_dir(path.join("out")).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("_crypto.a"))
        .collect();
    // Others are of older builds.
    let newest = archives
        .iter()
        .max_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    let bytes = std::fs::read(newest.expect("AWS-LC is built")).unwrap();
    let has = |name: &[u8]| bytes.windows(name.len()).any(|bytes| bytes == name);
    assert!(has(b"RAND_bytes"), "{newest:?} is no AWS-LC");
    assert!(
        !has(b"jent_entropy_collector_alloc"),
        "{newest:?} was built without AWS_LC_SYS_NO_JITTER_ENTROPY"
    );
}

#[tokio::test]
async fn a_panic_in_the_shipped_car_api_is_an_error_and_the_next_request_is_served() {
    let shipped = binary("car-api");
    let dynamodb = Server::start().await;
    car_api::store::dynamodb::create_table(&dynamodb.client().await, "cars")
        .await
        .unwrap();
    let vars = [
        ("AWS_ENDPOINT_URL", dynamodb.endpoint.as_str()),
        ("CAR_TABLE_NAME", "cars"),
        ("CAR_EVENT_BUS", "cars"),
        ("CAROBS_FAULT_INJECTION", "enabled"),
    ];
    let mut function = Function::start_binary(TempDir::new().unwrap(), &shipped, &vars).await;
    let process = function.process_id();
    let request: Value = serde_json::from_str(include_str!("../fixtures/http_v2.json")).unwrap();
    let mut faulty = request.clone();
    faulty["headers"]["x-outrider-fault"] = json!("panic");

    let error = function.invoke(&faulty).await.error();
    assert!(
        error["errorMessage"]
            .as_str()
            .is_some_and(|message| message.contains("injected fault: panic")),
        "{error}"
    );
    let after = function.invoke(&request).await.response();
    assert_eq!(
        (&after["statusCode"], function.process_id()),
        (&json!(404), process)
    );
}
