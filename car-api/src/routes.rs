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
use crate::queue::{QueueError, Work};
use crate::store::StoreError;

mod accept;
mod body;
mod list;
mod openapi;
mod path;
mod read;
mod status;
mod write;

pub use body::LARGEST_BODY;
pub use openapi::document;

/// The interface over `app`.
pub(crate) fn over(app: Arc<App>) -> Router {
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
        .route("/requests/{request_id}", get(status::read))
        .route("/requests/{request_id}/", get(status::read))
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
    pub(crate) flight: Arc<Flight>,
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
    /// A call that no router makes.
    pub(crate) fn new(app: Arc<App>, flight: Arc<Flight>) -> Self {
        Self { app, flight }
    }

    pub(crate) fn deps(&self) -> &Deps {
        &self.app.deps
    }

    /// Runs one call of the store: timed, and ended when the store does not end it.
    pub(crate) async fn stored<T>(
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

    /// Puts a message on the queue; ended when the queue does not end it.
    pub(crate) async fn queued(&self, message: &str) -> Result<(), QueueError> {
        let Deps {
            backlog, settings, ..
        } = self.deps();
        let operation = "SendMessage";
        let Some(backlog) = backlog else {
            let message = "no queue is configured".to_owned();
            return Err(QueueError::Refused { operation, message });
        };
        tokio::time::timeout(settings.call_timeout, backlog.queue.send(message))
            .await
            .unwrap_or_else(|_| {
                let message = format!("nothing within {:?}", settings.call_timeout);
                Err(QueueError::Unavailable { operation, message })
            })
    }

    /// Tells others, at once or, when the bus does not take it, later. Whether every event is in good hands: what is
    /// not is counted and logged, and fails no request: the write has happened, and the answer says so.
    pub(crate) async fn publish(&self, events: &[CarEvent]) -> bool {
        let mut safe = true;
        for event in self.announce(events).await {
            let deferred = self.queued(&Work::Publish(event).encode()).await;
            safe &= deferred.is_ok();
            self.flight.count(|figures| match deferred {
                Ok(()) => figures.events_deferred += 1,
                Err(_) => figures.event_publish_failures += 1,
            });
            if let Err(error) = deferred {
                tracing::error!(
                    error_class = "EventLost",
                    "an event is neither on the bus nor on the queue: {error}"
                );
            }
        }
        safe
    }

    /// Tells the bus; what it did not take comes back. Of a request that only tries this version out nobody hears.
    pub(crate) async fn announce(&self, events: &[CarEvent]) -> Vec<CarEvent> {
        if self.flight.synthetic {
            return Vec::new();
        }
        let Deps {
            clock, settings, ..
        } = self.deps();
        let mark = clock.start();
        let result =
            tokio::time::timeout(settings.call_timeout, self.deps().events.publish(events)).await;
        let took = clock.finish(Operation::EventBridge, mark);
        let published = result.unwrap_or_else(|_| Published {
            left: events.to_vec(),
            reason: Some(format!("nothing within {:?}", settings.call_timeout)),
            ..Published::default()
        });
        if let Some(reason) = &published.reason {
            tracing::warn!(
                error_class = "EventPublish",
                left = published.left.len(),
                "the bus did not take every event: {reason}"
            );
        }
        self.flight.count(|figures| {
            figures.eventbridge = Some(figures.eventbridge.unwrap_or_default() + took);
            figures.events_published += published.accepted;
            figures.event_retries += published.retries;
        });
        published.left
    }
}
