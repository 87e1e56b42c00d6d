//! Who waits for the verdict, as a port.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use crate::budget::{Budget, left};
use crate::hook::Hook;
use crate::{Deps, Verdict};

pub mod codedeploy;

/// Attempts to tell, each with the SDK's own three.
const ATTEMPTS: u32 = 3;
/// Pause between them.
const PAUSE: Duration = Duration::from_millis(500);

/// How the verdict was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reported {
    /// As the answer.
    Now,
    /// There was an answer before: an earlier run of the same event gave it, or the deployment was stopped.
    Before,
}

/// Why a verdict was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "CodeDeploy did not take the verdict {verdict:?} on deployment {deployment}: {message}. A deployment that hears \
     nothing fails after an hour; stop it sooner with aws deploy stop-deployment"
)]
pub struct ReportError {
    /// The deployment.
    pub deployment: String,
    /// What it was to be told.
    pub verdict: Verdict,
    /// What the service said.
    pub message: String,
    /// Whether it may work later.
    pub retryable: bool,
}

impl ReportError {
    /// Whether the same report may be taken later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Takes verdicts.
#[async_trait]
pub trait Deployments: Send + Sync + std::fmt::Debug {
    /// Answers the lifecycle event. A second answer changes nothing.
    async fn report(&self, hook: &Hook, verdict: Verdict) -> Result<Reported, ReportError>;
}

/// Reports, and tries again as long as there is time.
pub(crate) async fn tell(
    hook: &Hook,
    verdict: Verdict,
    budget: &Budget,
    deps: &Deps,
) -> Result<Reported, ReportError> {
    let mut attempt = 1;
    loop {
        let error = match deps.deployments.report(hook, verdict).await {
            Ok(reported) => return Ok(reported),
            Err(error) => error,
        };
        let time = left(budget.tell, deps.clock.now()).is_some_and(|left| left > PAUSE);
        if attempt == ATTEMPTS || !error.is_retryable() || !time {
            return Err(error);
        }
        tracing::warn!(attempt, "{error}");
        deps.clock.pause(PAUSE).await;
        attempt += 1;
    }
}
