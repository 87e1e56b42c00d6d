//! Tells CodeDeploy's event from a request.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Deps, Error, Hook, Outcome, acknowledge, handle};

/// A responder with its jobs: at least one of them.
#[derive(Debug)]
pub struct Responder {
    /// Tries versions; `None`: there is none to try.
    pub trial: Option<Deps>,
    /// Serves links; `None`: there are none.
    pub links: Option<acknowledge::Deps>,
}

/// What an invocation is answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To CodeDeploy, which reads nothing of it: for people who invoke it by hand.
    Trial(Outcome),
    /// To whoever opened a link.
    Page(acknowledge::Response),
}

impl Responder {
    /// Answers one event, before `deadline_ms`: the invocation's, in milliseconds since 1970.
    ///
    /// # Errors
    /// An event that is none of the two, or for a job that this responder does not have; a verdict that CodeDeploy did
    /// not take.
    pub async fn serve(&self, event: Value, deadline_ms: u64) -> Result<Answer, Error> {
        // A function URL puts what its callers send below members of its own, so no request looks like CodeDeploy's.
        if event.get("requestContext").is_some() {
            let links = self.links.as_ref().ok_or(Error::NoLinks)?;
            return Ok(Answer::Page(acknowledge::answer(&event, links).await));
        }
        let hook = Hook::deserialize(event)?;
        let trial = self.trial.as_ref().ok_or(Error::NothingToTry)?;
        handle(&hook, deadline_ms, trial).await.map(Answer::Trial)
    }
}
