//! What is promised, and what people hear of it when it is not kept.

use simulator::FaultKind;

use super::world::{World, fault};
use crate::watch::Watch;

/// The world's service with an objective.
async fn world(history: u32, faults: Vec<simulator::Fault>) -> World {
    let mut world = World::with_history(history, faults).await;
    world.deps.watch = Watch::parse(&format!(
        "{}\n[[service.objective]]\nname = 'cars answer'\ntarget = 0.99\n",
        super::world::WATCH
    ))
    .unwrap();
    world
}

#[tokio::test]
async fn a_service_without_a_past_is_paged_by_what_it_promises() {
    let world = world(0, vec![fault(FaultKind::Error, 8, 6)]).await;
    let outcomes = world.pass(0..58).await;
    let told: Vec<_> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.told)
        .filter(|told| told.messages > 0)
        .map(|told| (told.symptom, told.action))
        .collect();
    assert_eq!(told, [("fast-burn", "open"), ("fast-burn", "resolve")]);
    let sent = world.inbox.all();
    let page = &sent[0];
    for part in [
        "[PAGE] CarManager: cars answer error budget burn over 6 h ",
        "x (warned of from 6x)",
        "missed the objective (",
        "; SLO burn ",
        "Objective cars answer: 99% in 30 d: no budget left (",
        "the long and the short window both burn faster than warned of",
        "runbooks/error-budget.md",
    ] {
        assert!(page.email.contains(part), "{part}: {}", page.email);
    }
    assert!(
        page.subject
            .starts_with("ALARM: CarManager fast error budget burn on cars answer")
    );
}

#[tokio::test]
async fn what_was_paged_as_errors_is_not_paged_again_as_its_burn() {
    let world = world(2 * 1_440, vec![fault(FaultKind::Error, 8, 12)]).await;
    let outcomes = world.pass(0..55).await;
    let heard: Vec<_> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.told)
        .filter(|told| told.messages > 0)
        .map(|told| (told.symptom, told.action))
        .collect();
    assert_eq!(heard, [("errors", "open"), ("errors", "resolve")]);
    let sent = world.inbox.all();
    let page = &sent[0].email;
    assert!(
        page.contains("; SLO burn ") && page.contains(" budget left ("),
        "{page}"
    );
}

#[tokio::test]
async fn budget_and_burn_are_metrics_of_each_objective() {
    let world = world(0, vec![fault(FaultKind::Error, 5, 5)]).await;
    world.pass(0..8).await;
    let documents = world.emitted.lines();
    let of_objective: Vec<_> = documents
        .iter()
        .filter(|line| line.contains("\"objective\":\"cars answer\""))
        .collect();
    assert!(of_objective.len() >= 6, "{documents:?}");
    let last: serde_json::Value = serde_json::from_str(of_objective.last().unwrap()).unwrap();
    assert_eq!(last["service"], "CarManager");
    assert!(last["BurnRate"].as_f64().unwrap() > 10.0, "{last}");
    assert!(
        last["ErrorBudgetRemaining"].as_f64().unwrap() < 0.0,
        "{last}"
    );
}
