//! What an incident's messages say of its cause, from rollups in the store to the mail.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use platform::log_search::{FoundEvent, LogQuery, LogSearch, LogSearchError};
use simulator::FaultKind;

use super::world::{World, fault};

/// A log group in which every search finds the same event, or fails.
#[derive(Debug, Default)]
struct Logs {
    asked: Mutex<Vec<LogQuery>>,
    fails: bool,
}

#[async_trait]
impl LogSearch for Logs {
    async fn find(&self, query: &LogQuery) -> Result<Vec<FoundEvent>, LogSearchError> {
        self.asked.lock().unwrap().push(query.clone());
        if self.fails {
            return Err(LogSearchError {
                log_group: query.log_group.clone(),
                from: query.from,
                to: query.to,
                message: "AccessDeniedException".to_owned(),
                retryable: false,
            });
        }
        let message = r#"{"request_id":"8f14e45f-ceea-467f-9d3c-2b5a6f1e0c11","message":"for anna@example.com"}"#;
        Ok(vec![FoundEvent {
            at: query.from,
            message: message.to_owned(),
        }])
    }
}

#[tokio::test]
async fn a_page_says_its_cause_and_shows_a_request() {
    let mut world = World::with(vec![fault(FaultKind::Error, 10, 20)]).await;
    let logs = Arc::new(Logs::default());
    world.deps.logs = Some(logs.clone());
    let outcomes = world.pass(0..20).await;
    let mails: Vec<_> = world
        .inbox
        .all()
        .into_iter()
        .filter(|it| it.email.contains("[PAGE]"))
        .collect();
    let mail = &mails.first().expect("the fault is noticed").email;
    for part in [
        "\nDiagnosis ",
        "\nExplained by ",
        "\nExamples  8f14e45f-ceea-467f-9d3c-2b5a6f1e0c11: for [e-mail]",
    ] {
        assert!(mail.contains(part), "{part} is missing in\n{mail}");
    }
    let asked = logs.asked.lock().unwrap();
    assert!(!asked.is_empty() && asked.len() <= 4, "{asked:?}");
    for query in asked.iter() {
        assert_eq!(query.log_group, super::world::GROUP);
        assert!(query.from < query.to && query.limit <= 50);
    }
    let failed: u64 = outcomes
        .iter()
        .map(|it| it.diagnoses_failed + it.log_searches_failed)
        .sum();
    assert_eq!(failed, 0);
}

#[tokio::test]
async fn a_search_that_fails_costs_the_examples_and_is_counted() {
    let mut world = World::with(vec![fault(FaultKind::Error, 10, 20)]).await;
    world.deps.logs = Some(Arc::new(Logs {
        fails: true,
        ..Logs::default()
    }));
    let outcomes = world.pass(0..20).await;
    let mails = world.inbox.all();
    let mail = &mails.first().expect("the fault is noticed").email;
    assert!(
        mail.contains("\nDiagnosis ") && !mail.contains("\nExamples "),
        "{mail}"
    );
    let failed: u64 = outcomes.iter().map(|it| it.log_searches_failed).sum();
    assert!(failed > 0);
}
