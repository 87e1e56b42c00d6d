//! CodeDeploy's lifecycle event, and the names that are made of it. Pure.

use std::fmt;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Longest deployment id, in bytes. CodeDeploy's are a dozen: `d-ABCDEF123`.
const LONGEST_DEPLOYMENT_ID: usize = 64;
/// Longest execution id, in bytes. CodeDeploy's are some hundred.
const LONGEST_EXECUTION_ID: usize = 4_096;
/// Bytes of the execution id's digest in a name: 96 bits are enough for every deployment there will ever be.
const NAME_BYTES: usize = 12;

/// A lifecycle event that can be answered.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Event")]
pub struct Hook {
    deployment_id: String,
    execution_id: String,
}

/// What CodeDeploy sends ([tutorial][event], November 2026).
///
/// [event]: https://docs.aws.amazon.com/codedeploy/latest/userguide/tutorial-lambda-sam-create-lambda-before-traffic.html
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    deployment_id: String,
    lifecycle_event_hook_execution_id: String,
}

/// An event that CodeDeploy does not send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} of the lifecycle event {rule}: only CodeDeploy is to invoke this function")]
pub struct InvalidHook {
    /// The field that is wrong.
    pub field: &'static str,
    /// What it must be. Never its value, which may be a token.
    pub rule: String,
}

impl InvalidHook {
    /// The same event is refused again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl Hook {
    /// # Errors
    /// An id that is empty, too long, or has characters that ids do not have.
    pub fn new(
        deployment_id: impl Into<String>,
        execution_id: impl Into<String>,
    ) -> Result<Self, InvalidHook> {
        let (deployment_id, execution_id) = (deployment_id.into(), execution_id.into());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=LONGEST_DEPLOYMENT_ID).contains(&deployment_id.len())
            || !deployment_id.bytes().all(plain)
        {
            return Err(InvalidHook {
                field: "DeploymentId",
                rule: format!("must be 1 to {LONGEST_DEPLOYMENT_ID} letters, digits or -"),
            });
        }
        if !(1..=LONGEST_EXECUTION_ID).contains(&execution_id.len())
            || !execution_id.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(InvalidHook {
                field: "LifecycleEventHookExecutionId",
                rule: format!("must be 1 to {LONGEST_EXECUTION_ID} printable characters"),
            });
        }
        Ok(Self {
            deployment_id,
            execution_id,
        })
    }

    /// The deployment.
    #[must_use]
    pub fn deployment_id(&self) -> &str {
        &self.deployment_id
    }

    /// The execution. It is what CodeDeploy recognises an answer by: never log it.
    #[must_use]
    pub fn execution_id(&self) -> &str {
        &self.execution_id
    }

    /// The key of the synthetic car of a round, which is its idempotency key too. The same event names the same cars,
    /// whoever handles it and however often.
    #[must_use]
    pub fn car_id(&self, round: u8) -> String {
        let digest = Sha256::digest(self.execution_id.as_bytes());
        let hex: String = digest
            .iter()
            .take(NAME_BYTES)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("pre-traffic-{hex}-{round}")
    }

    /// Finds the trial's requests in car-api's log.
    #[must_use]
    pub fn correlation_id(&self) -> String {
        format!("pre-traffic-{}", self.deployment_id)
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("deployment_id", &self.deployment_id)
            .finish_non_exhaustive()
    }
}

impl TryFrom<Event> for Hook {
    type Error = InvalidHook;

    fn try_from(event: Event) -> Result<Self, InvalidHook> {
        Self::new(event.deployment_id, event.lifecycle_event_hook_execution_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codedeploys_event_is_read_and_its_token_is_not_shown() {
        let event = r#"{"DeploymentId":"d-ABC123","LifecycleEventHookExecutionId":"eyJ0b2tlbiI=","CombinedNew":1}"#;
        let hook: Hook = serde_json::from_str(event).unwrap();
        assert_eq!(hook, Hook::new("d-ABC123", "eyJ0b2tlbiI=").unwrap());
        assert!(!format!("{hook:?}").contains("eyJ"), "{hook:?}");
    }

    #[test]
    fn an_event_that_is_none_of_codedeploys_names_its_fault() {
        let long = "x".repeat(LONGEST_EXECUTION_ID + 1);
        for (rule, deployment, execution, field) in [
            ("no deployment", "", "e", "DeploymentId"),
            ("a deployment that is a path", "../d", "e", "DeploymentId"),
            ("no execution", "d-1", "", "LifecycleEventHookExecutionId"),
            (
                "an execution of lines",
                "d-1",
                "a\nb",
                "LifecycleEventHookExecutionId",
            ),
            (
                "an execution without end",
                "d-1",
                &long,
                "LifecycleEventHookExecutionId",
            ),
        ] {
            let error = Hook::new(deployment, execution).unwrap_err();
            assert_eq!(error.field, field, "{rule}");
            assert!(!error.to_string().contains(&long), "{rule}");
        }
        for event in ["{}", "[]", r#"{"DeploymentId":"d-1"}"#] {
            assert!(serde_json::from_str::<Hook>(event).is_err(), "{event}");
        }
    }

    #[test]
    fn names_depend_on_the_execution_and_the_round_alone_and_are_valid_keys() {
        let hook = |deployment, execution| Hook::new(deployment, execution).unwrap();
        let name = hook("d-1", "e-1").car_id(0);
        assert_eq!(name, hook("d-2", "e-1").car_id(0));
        assert_ne!(name, hook("d-1", "e-2").car_id(0));
        assert_ne!(name, hook("d-1", "e-1").car_id(1));
        assert!(name.len() <= 64, "car-api takes keys of 64 bytes: {name}");
    }
}
