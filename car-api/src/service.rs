//! The function as Lambda sees it: one event in, one answer out, whoever sends it.
//!
//! Clients come through a gateway; work that the service owes itself comes from its queue. Both are this one function,
//! so that they share code, configuration, version and rollout.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use futures_util::FutureExt;
use lambda_http::Context;
use serde_json::value::{RawValue, to_raw_value};

use crate::Deps;
use crate::consume::{self, Batch};
use crate::gateway::{self, InvocationError};
use crate::observe::App;
use crate::routes;

/// One execution environment: its first event is a cold start.
#[derive(Debug, Clone)]
pub struct Service {
    app: Arc<App>,
    router: Router,
}

impl Service {
    /// A new environment.
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        let app = Arc::new(App::new(deps));
        Self {
            router: routes::over(app.clone()),
            app,
        }
    }

    /// The HTTP interface, for a server.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Runs one event.
    ///
    /// # Errors
    /// Whatever makes an invocation fail. Of a batch, what failed is in the answer and is no error.
    pub async fn handle(
        &self,
        event: &str,
        context: Context,
    ) -> Result<Box<RawValue>, InvocationError> {
        let answer = async {
            match Batch::of_queue(event) {
                Some(batch) => {
                    let answer = consume::batch(&self.app, batch, &context).await;
                    to_raw_value(&answer)
                        .map_err(|error| InvocationError::Response(error.to_string()))
                }
                None => gateway::handle(event, context, &self.router).await,
            }
        };
        // As the Lambda runtime does: a crash ends the invocation, not the environment.
        match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(answer) => answer,
            Err(panic) => Err(InvocationError::Crashed(panic_text(panic.as_ref()))),
        }
    }
}

/// What a crash said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a text".to_owned())
}
