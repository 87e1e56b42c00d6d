//! Serves the links by which people acknowledge incidents: a page to look at, and its one button.
//!
//! GET and HEAD read and never write, because mail scanners, previews and prefetching browsers open every link. Only
//! POST stores, on condition that the record is the one that was read; of two, the first stays. What a link is and
//! whom it is for: [`incidents::acknowledge_link`].
//!
//! Whoever has no good token learns nothing about any incident, and nobody learns what went wrong inside: that is in
//! the log, where no address and no token ever is.

use std::sync::Arc;

use incidents::acknowledge_link::page::{self, Page, Refusal, Subject};
use incidents::acknowledge_link::{By, Claim, Keys, Token, TokenError};
use incidents::{Context, Record};
use platform::clock::Clock;
use platform::incident_store::{self, Attempt, TakeError};
use platform::state_store::StateStore;
use serde_json::Value;

mod request;
mod response;

use request::{Method, Request};
pub use response::Response;

/// How often a record is read again because somebody else changed it in between.
const ATTEMPTS: u32 = 5;

/// What serving links needs.
#[derive(Debug)]
pub struct Deps {
    /// Which tokens are good.
    pub keys: Keys,
    /// Records of incidents, and the outbox.
    pub state: Arc<dyn StateStore>,
    /// Where the incidents are: for the message that tells the chat, and for the zone of the pages' times.
    pub place: Context,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Answers one request, the event of a function URL (payload format 2.0). There is an answer to everything.
pub async fn answer(event: &Value, deps: &Deps) -> Response {
    let request = Request::of(event);
    let page = asked(&request, deps)
        .await
        .unwrap_or_else(|refusal| page::refused(&refusal));
    tracing::info!(status = page.status, "answered a link");
    Response::new(page, request.method)
}

async fn asked(request: &Request<'_>, deps: &Deps) -> Result<Page, Refusal> {
    let token = request.token().ok_or(Refusal::NotFound)?;
    if request.method == Method::Other {
        return Err(Refusal::Method);
    }
    let now = deps.clock.now();
    // First, so that whoever has no token makes nobody read a form or a store.
    let claim = Token::verify(token, &deps.keys, now)?;
    if request.method != Method::Post {
        return shown(&claim, deps).await;
    }
    let by = By::from_form(&request.name()?)?;
    for _ in 0..ATTEMPTS {
        let record = record(&claim, deps).await?;
        let subject = Subject::new(&claim, &record, deps.place.local.as_ref())?;
        if !record.is_open() {
            return Ok(page::over(&subject));
        }
        let (state, id) = (deps.state.as_ref(), claim.incident());
        match incident_store::take(state, &deps.place, &record, id, by.as_str(), now).await {
            Ok(Attempt::Taken(next, _)) => {
                tracing::info!(incident = %id, "an incident was acknowledged by its link");
                let subject = Subject::new(&claim, &next, deps.place.local.as_ref())?;
                return Ok(page::done(&subject, &by.at(now)));
            }
            // This very call: it was stored, its answer was lost, and the client of the store asked again.
            Ok(Attempt::Already(first)) if first == by.clone().at(now) => {
                return Ok(page::done(&subject, &first));
            }
            Ok(Attempt::Already(first)) => return Ok(page::already(&subject, &first)),
            Ok(Attempt::Lost) => {}
            Err(TakeError::NotTaken(error)) => return Err(unavailable(&error)),
            Err(TakeError::Store(error)) => return Err(unavailable(&error)),
        }
    }
    Err(unavailable(&format_args!(
        "alert group {} changed under {ATTEMPTS} attempts to write it",
        claim.fingerprint()
    )))
}

/// The page of a link that is opened. Reads once and writes nothing.
async fn shown(claim: &Claim, deps: &Deps) -> Result<Page, Refusal> {
    let record = record(claim, deps).await?;
    let subject = Subject::new(claim, &record, deps.place.local.as_ref())?;
    let incident = claim.incident_in(&record)?;
    Ok(match &incident.acknowledged {
        _ if !record.is_open() => page::over(&subject),
        Some(taken) => page::already(&subject, taken),
        None => page::confirm(&subject),
    })
}

async fn record(claim: &Claim, deps: &Deps) -> Result<Record, Refusal> {
    let record = incident_store::record(deps.state.as_ref(), claim.fingerprint()).await;
    let record = record.map_err(|error| unavailable(&error))?;
    Ok(record.ok_or(TokenError::OtherIncident)?)
}

fn unavailable(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(
        error_class = "AcknowledgeFailed",
        %error,
        "a link could not be answered; what its button asked for may not have been stored"
    );
    Refusal::Unavailable
}
