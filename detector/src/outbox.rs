//! Sends what waits. A crash between publishing and noting it sends the same message again; it says so by its
//! identity, and pagers and chats merge it. No message is ever lost, and no incident is ever told twice.

use incidents::Publication;
use jiff::SignedDuration;
use platform::state_store::OutboxItem;

use crate::{Deps, Error, Outcome};

/// How long one attempt to send owns the message: well above the SDK's own deadline.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Attempts, one a run, before a message is given up: by then the fault is not a passing one.
pub(crate) const ATTEMPTS: u32 = 5;

/// What is kept with a message that shadow mode kept back.
const SHADOW: &str = "shadow mode: nobody was told";

/// Sends every message that nobody else is sending.
pub(crate) async fn send(deps: &Deps, outcome: &mut Outcome) -> Result<(), Error> {
    let mut waiting = Vec::new();
    for item in deps.state.outbox().await? {
        match serde_json::from_str::<Publication>(&item.body) {
            Ok(publication) => waiting.push((publication, item)),
            Err(error) => {
                let reason = format!("its stored form is damaged: {error}");
                give_up(deps, &item, &reason, outcome).await?;
            }
        }
    }
    // Who is to be woken first is told first.
    waiting.sort_by(|(a, _), (b, _)| a.topic.cmp(&b.topic).then_with(|| a.id.cmp(&b.id)));
    for (publication, item) in waiting {
        let now = deps.clock.now();
        let until = now.saturating_add(LEASE).unwrap_or(now);
        if !deps.state.lease(&item.id, now, until).await? {
            continue;
        }
        if deps.watch.detector.shadow {
            deps.state.sent(&item, SHADOW, deps.clock.now()).await?;
            outcome.messages_withheld += 1;
        } else {
            attempt(deps, &publication, &item, outcome).await?;
        }
    }
    Ok(())
}

async fn attempt(
    deps: &Deps,
    publication: &Publication,
    item: &OutboxItem,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    match deps.notifier.publish(publication).await {
        Ok(receipt) => {
            deps.state.sent(item, &receipt, deps.clock.now()).await?;
            outcome.messages_published += 1;
            Ok(())
        }
        Err(error) if !error.is_retryable() || item.attempts + 1 >= ATTEMPTS => {
            give_up(deps, item, &error.to_string(), outcome).await
        }
        Err(error) => {
            tracing::warn!(publication = item.id, %error, "the next run tries again");
            Ok(())
        }
    }
}

async fn give_up(
    deps: &Deps,
    item: &OutboxItem,
    reason: &str,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    tracing::error!(publication = item.id, reason, "a message was given up");
    deps.state.dead(item, reason, deps.clock.now()).await?;
    outcome.messages_dead += 1;
    Ok(())
}
