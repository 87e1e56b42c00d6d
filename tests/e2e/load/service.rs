//! A stand-in for the car API that remembers which cars there are.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use e2e::listener::Listener;
use serde_json::{Value, json};
use tokio::sync::watch;

#[derive(Debug)]
struct Cars {
    there: Mutex<BTreeSet<String>>,
    requests: watch::Sender<u64>,
}

/// The running stand-in.
pub(super) struct Service {
    pub(super) listener: Listener,
    cars: Arc<Cars>,
}

type Shared = State<Arc<Cars>>;

async fn create(State(cars): Shared, axum::Json(car): axum::Json<Value>) -> StatusCode {
    cars.requests.send_modify(|count| *count += 1);
    let id = car["car_id"].as_str().unwrap().to_owned();
    cars.there.lock().unwrap().insert(id);
    StatusCode::CREATED
}

async fn list(State(cars): Shared) -> axum::Json<Value> {
    cars.requests.send_modify(|count| *count += 1);
    axum::Json(json!([]))
}

async fn one(State(cars): Shared, Path(id): Path<String>) -> StatusCode {
    cars.requests.send_modify(|count| *count += 1);
    if cars.there.lock().unwrap().contains(&id) {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    }
}

async fn remove(State(cars): Shared, Path(id): Path<String>) -> StatusCode {
    cars.requests.send_modify(|count| *count += 1);
    if cars.there.lock().unwrap().remove(&id) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

impl Service {
    pub(super) async fn start() -> Self {
        let cars = Arc::new(Cars {
            there: Mutex::default(),
            requests: watch::Sender::new(0),
        });
        let router = Router::new()
            .route("/cars", get(list).post(create))
            .route("/cars/{id}", get(one).put(one).patch(one).delete(remove))
            .with_state(cars.clone());
        Self {
            listener: Listener::serve(router).await,
            cars,
        }
    }

    /// The cars that are there.
    pub(super) fn left(&self) -> Vec<String> {
        self.cars.there.lock().unwrap().iter().cloned().collect()
    }

    /// Waits until so many requests came.
    pub(super) async fn seen(&self, requests: u64) {
        self.cars
            .requests
            .subscribe()
            .wait_for(|count| *count >= requests)
            .await
            .unwrap();
    }
}
