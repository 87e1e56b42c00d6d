//! The pre-traffic hook. The emulator has no CodeDeploy: the test says that there is a new version, and a stand-in takes
//! the verdict.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use e2e::listener::Listener;
use serde_json::{Value, json};

use super::World;

type Told = Arc<Mutex<Vec<Value>>>;

/// Takes verdicts.
pub(super) struct CodeDeploy {
    listener: Listener,
    told: Told,
}

impl CodeDeploy {
    pub(super) async fn start() -> Self {
        let told = Told::default();
        let take = async |State(told): State<Told>, body: Bytes| {
            told.lock()
                .unwrap()
                .push(serde_json::from_slice(&body).unwrap());
            "{}"
        };
        let router = Router::new()
            .route("/", post(take))
            .with_state(told.clone());
        Self {
            listener: Listener::serve(router).await,
            told,
        }
    }

    pub(super) fn endpoint(&self) -> String {
        self.listener.endpoint()
    }
}

pub(super) async fn the_hook_tries_the_new_version(world: &World, codedeploy: &CodeDeploy) {
    let function = world
        .outputs
        .get("CarApiFunction")
        .replace("car-api", "responder");
    let event = json!({ "DeploymentId": "d-emulator", "LifecycleEventHookExecutionId": "hook-1" });
    let answer = world.account.invoke(&function, &event).await;
    assert!(!answer.failed, "{answer:?}");
    let told = codedeploy.told.lock().unwrap().clone();
    let verdict = json!({ "deploymentId": "d-emulator", "lifecycleEventHookExecutionId": "hook-1", "status": "Succeeded" });
    assert_eq!(told, [verdict]);
}
