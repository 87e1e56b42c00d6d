//! A function that is configured wrongly does not start, and says everything that is wrong at once.

use e2e::function::{Ended, Function, Log};
use signals::Metric;

use super::assert_emf;

/// Starts `function`, which must end by itself without having asked for an event.
async fn refused(function: &str, vars: &[(&str, &str)]) -> (Ended, Log) {
    let function = Function::start(function, vars).await;
    let ended = function.ended().await;
    assert!(!ended.status.success(), "{ended:?}");
    let log = Log::of(&ended.stdout);
    (ended, log)
}

/// Every log line as one text.
fn said(log: &Log) -> String {
    log.lines
        .iter()
        .filter(|line| line["level"] == "ERROR")
        .map(ToString::to_string)
        .collect()
}

#[tokio::test]
async fn every_function_names_every_mistake_and_counts_the_refusal() {
    for (function, vars, names) in [
        (
            "car-api",
            vec![
                ("CAR_TABLE_NAME", "x"),
                ("CAROBS_FAULT_INJECTION", "maybe"),
                ("LOG_LEVEL", "loud"),
            ],
            vec![
                "CAR_TABLE_NAME",
                "CAR_EVENT_BUS",
                "CAROBS_FAULT_INJECTION",
                "LOG_LEVEL",
            ],
        ),
        (
            "log-processor",
            vec![("CAROBS_INFLATE_CAP_MIB", "0")],
            vec!["CAROBS_SERIES_TABLE", "CAROBS_INFLATE_CAP_MIB"],
        ),
        (
            "detector",
            vec![("CAROBS_WATCH_FILE", "nowhere.toml")],
            vec![
                "CAROBS_SERIES_TABLE",
                "CAROBS_STATE_TABLE",
                "CAROBS_STATE_BUCKET",
                "CAROBS_PAGE_TOPIC_ARN",
                "CAROBS_TICKET_TOPIC_ARN",
                "CAROBS_CHAT_TOPIC_ARN",
                "nowhere.toml",
            ],
        ),
    ] {
        let (ended, log) = refused(function, &vars).await;
        for name in names {
            assert!(
                said(&log).contains(name),
                "{function} does not name {name}: {ended:?}"
            );
        }
        log.emf.iter().for_each(assert_emf);
        assert_eq!(
            log.with(Metric::ConfigError).len(),
            1,
            "{function}: {ended:?}"
        );
    }
}

#[tokio::test]
async fn a_bad_log_level_is_one_mistake_among_the_others() {
    for function in ["detector", "log-processor"] {
        let (ended, log) = refused(function, &[("LOG_LEVEL", "loud")]).await;
        let said = said(&log);
        assert!(
            said.contains("LOG_LEVEL") && said.contains("CAROBS_SERIES_TABLE"),
            "{function}: {ended:?}"
        );
    }
}
