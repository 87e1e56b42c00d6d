//! The HTTP interface: which path does what, and what all handlers share.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use platform::clock::Operation;

use crate::Deps;
use crate::events::{CarEvent, Published};
use crate::observe::{App, Flight, around, inject, name_route};
use crate::problem::Failure;
use crate::store::StoreError;

mod body;
mod list;
mod openapi;
mod read;
mod write;

pub use body::LARGEST_BODY;
pub use openapi::document;

/// The service: hand it to `lambda_http::run`, to a server, or to [`crate::gateway::handle`]. It is one execution
/// environment: its first request is a cold start.
pub fn router(deps: Deps) -> Router {
    let app = Arc::new(App::new(deps));
    let cars = || {
        get(list::list)
            .post(write::create)
            .put(write::replace_named)
    };
    let car = || {
        get(read::read)
            .put(write::replace)
            .patch(write::change)
            .delete(write::delete)
    };
    let routes = Router::new()
        .route("/cars", cars())
        .route("/cars/", cars())
        .route("/cars/{car_id}", car())
        .route("/cars/{car_id}/", car())
        .route("/health", get(read::health))
        .route("/openapi.json", get(openapi::serve))
        .fallback(async || Failure::NoRoute)
        .method_not_allowed_fallback(async || Failure::NoMethod)
        .layer(from_fn_with_state(app.clone(), inject))
        .layer(from_fn(name_route))
        .with_state(app.clone());
    // Around routing, because the path may change before it is routed.
    Router::new()
        .fallback_service(routes)
        .layer(from_fn_with_state(app, around))
}

/// What a handler works with: everything shared, and the request under way.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    app: Arc<App>,
    flight: Arc<Flight>,
}

impl<S> FromRequestParts<S> for Call
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // `around` puts it there before any route is chosen.
        let flight = parts
            .extensions
            .get::<Arc<Flight>>()
            .cloned()
            .ok_or(Failure::NoRoute)?;
        Ok(Self {
            app: Arc::from_ref(state),
            flight,
        })
    }
}

impl Call {
    fn deps(&self) -> &Deps {
        &self.app.deps
    }

    /// Runs one call of the store: timed, and ended when the store does not end it.
    async fn stored<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Failure> {
        let Deps {
            clock, settings, ..
        } = self.deps();
        let mark = clock.start();
        let result = tokio::time::timeout(settings.call_timeout, work).await;
        let took = clock.finish(Operation::DynamoDb, mark);
        self.flight
            .count(|figures| figures.dynamodb = Some(figures.dynamodb.unwrap_or_default() + took));
        result
            .unwrap_or_else(|_| {
                self.flight.meter.add(|cost| cost.exhausted += 1);
                let message = format!("nothing within {:?}", settings.call_timeout);
                Err(StoreError::Unavailable {
                    operation: "a store call",
                    message,
                })
            })
            .map_err(Failure::from)
    }

    /// Tells others. What cannot be told is counted and logged: the write has happened, and the answer says so.
    async fn publish(&self, events: &[CarEvent]) {
        let Deps {
            clock, settings, ..
        } = self.deps();
        let mark = clock.start();
        let result =
            tokio::time::timeout(settings.call_timeout, self.deps().events.publish(events)).await;
        let took = clock.finish(Operation::EventBridge, mark);
        let published = result.unwrap_or_else(|_| Published {
            failed: u64::try_from(events.len()).unwrap_or(u64::MAX),
            reason: Some(format!("nothing within {:?}", settings.call_timeout)),
            ..Published::default()
        });
        if let Some(reason) = &published.reason {
            tracing::warn!(
                error_class = "EventPublish",
                failed = published.failed,
                "events were given up: {reason}"
            );
        }
        self.flight.count(|figures| {
            figures.eventbridge = Some(figures.eventbridge.unwrap_or_default() + took);
            figures.events_published += published.accepted;
            figures.event_publish_failures += published.failed;
            figures.event_retries += published.retries;
        });
    }
}
