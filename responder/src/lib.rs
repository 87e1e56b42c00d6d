//! The responder: answers what happens outside of the detector's minute. It tries a new version of car-api before
//! traffic reaches it, and tells CodeDeploy; and it serves the links by which people [acknowledge] incidents.
//!
//! The template makes two functions of it, each with the role and the variables of one job: what the public reaches can
//! neither invoke car-api nor answer CodeDeploy, and no flood of requests keeps a trial waiting.
//!
//! CodeDeploy runs it before it moves the alias. It creates, reads, changes and deletes one synthetic car on the very
//! version that is to get traffic, by invoking that version with the events that API Gateway would send, and checks
//! each answer. What it decides is pure ([`plan`], [`answer`], [`budget`], [`hook`]); what it touches is behind two
//! ports ([`version`], [`deployments`]).
//!
//! Only a trial whose every answer was right is reported as a success. A version that answers wrongly, crashes or
//! does not answer in time is reported as failed. A responder that crashes, or cannot reach CodeDeploy, reports
//! nothing: its invocation fails, and a deployment that hears nothing for an hour fails by itself ([CodeDeploy][hooks],
//! November 2026).
//!
//! [hooks]: https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html

use std::sync::Arc;

use platform::clock::Clock;
use serde::Serialize;

pub mod acknowledge;
pub mod answer;
pub mod budget;
pub mod deployments;
pub mod hook;
pub mod plan;
pub mod settings;
pub mod version;

mod serve;
mod start;
#[cfg(test)]
mod tests;
mod trial;

use budget::Budget;
use deployments::{Deployments, ReportError, Reported};
pub use hook::{Hook, InvalidHook};
pub use serve::{Answer, Responder};
pub use start::{connect, start};
use version::Version;

/// What a trial needs.
#[derive(Debug)]
pub struct Deps {
    /// The version to try.
    pub version: Arc<dyn Version>,
    /// Who is told.
    pub deployments: Arc<dyn Deployments>,
    /// The time, and pauses between attempts.
    pub clock: Arc<dyn Clock>,
}

/// What CodeDeploy is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Every answer was right: traffic may come.
    Succeeded,
    /// The deployment is to be rolled back; no traffic has reached the version.
    Failed,
}

/// Why a version failed its trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// The step that it failed, as [`plan::Step::name`] spells it.
    pub step: &'static str,
    /// What was wrong, in one line of at most [`answer::LONGEST_TEXT`] characters from the version itself.
    pub reason: String,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What CodeDeploy was told.
    pub verdict: Verdict,
    /// Whether this was news to it.
    pub reported: Reported,
    /// Why, when the verdict is [`Verdict::Failed`].
    pub complaint: Option<Complaint>,
    /// Invocations of the version, repetitions included.
    pub calls: u32,
    /// Keys of synthetic cars that could not be deleted: somebody has to.
    pub left_behind: Vec<String>,
}

/// Why there is no answer; of a trial, why CodeDeploy was told nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event is neither CodeDeploy's nor a request.
    #[error("{0}: CodeDeploy's lifecycle event and a function URL's request are known here")]
    Event(#[from] serde_json::Error),
    /// CodeDeploy asks a responder that has no version to try.
    #[error(
        "there is no version to try: set {} to the ARN of one, or take this function out of the deployment's hooks",
        settings::VERSION_ARN
    )]
    NothingToTry,
    /// Somebody opens a link, and this responder serves none.
    #[error(
        "no links are served here: set {} and {}, or take the function URL away",
        settings::ACKNOWLEDGE_KEY,
        settings::STATE_TABLE
    )]
    NoLinks,
    /// It could not be told.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl Error {
    /// Whether the same event may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Report(error) => error.is_retryable(),
            Self::Event(_) | Self::NothingToTry | Self::NoLinks => false,
        }
    }
}

/// One run, which ends before `deadline_ms`: the invocation's, in milliseconds since 1970.
///
/// # Errors
/// CodeDeploy did not take the verdict.
pub async fn handle(hook: &Hook, deadline_ms: u64, deps: &Deps) -> Result<Outcome, Error> {
    let budget = Budget::until(deadline_ms, deps.clock.now());
    let trial = trial::run(hook, &budget, deps).await;
    for car_id in &trial.left_behind {
        tracing::error!(
            error_class = "SyntheticCarLeft",
            car_id,
            "a synthetic car could not be deleted: delete it by hand"
        );
    }
    let deployment = hook.deployment_id();
    let verdict = match &trial.complaint {
        None => {
            tracing::info!(
                deployment,
                calls = trial.calls,
                "the new version answered as it should"
            );
            Verdict::Succeeded
        }
        Some(Complaint { step, reason }) => {
            tracing::error!(
                error_class = "TrialFailed",
                deployment,
                step,
                reason,
                calls = trial.calls,
                "the new version failed its trial: the deployment is rolled back"
            );
            Verdict::Failed
        }
    };
    let reported = deployments::tell(hook, verdict, &budget, deps).await?;
    if reported == Reported::Before {
        tracing::info!(deployment, "CodeDeploy had its answer already");
    }
    Ok(Outcome {
        verdict,
        reported,
        complaint: trial.complaint,
        calls: trial.calls,
        left_behind: trial.left_behind,
    })
}

/// What Lambda is told of a run that failed: the kind decides nothing there, but it is what its metrics group by.
impl From<Error> for lambda_runtime::Diagnostic {
    fn from(error: Error) -> Self {
        let kind = if error.is_retryable() {
            "Responder.Retryable"
        } else {
            "Responder.Permanent"
        };
        Self {
            error_type: kind.to_owned(),
            error_message: error.to_string(),
        }
    }
}
