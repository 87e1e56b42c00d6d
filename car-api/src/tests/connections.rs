use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{ConnectInfo, State};
use axum::{Json, Router};
use platform::clock::{Clock, SystemClock};
use platform::emit::Captured;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::harness::*;
use crate::{Deps, Service};

async fn remember(
    State(seen): State<Arc<Mutex<Vec<SocketAddr>>>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Json<Value> {
    seen.lock().unwrap().push(peer);
    Json(json!({}))
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test's server ends with the test's runtime"
)]
async fn clients_are_made_once_and_keep_their_connection() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = Router::new().fallback(remember).with_state(seen.clone());
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async { axum::serve(listener, service).await });

    let aws = platform::aws::for_endpoint(&endpoint).await;
    let deps = Deps::connect(
        settings(&[]),
        &aws,
        Arc::new(SystemClock),
        Arc::new(Captured::default()),
    );
    let router = Service::new(deps).router();
    for _ in 0..5 {
        assert_eq!(answer(&router, get("/cars/c-1")).await.status, 404);
    }
    let seen = seen.lock().unwrap();
    let connections: BTreeSet<_> = seen.iter().collect();
    assert_eq!(
        (seen.len(), connections.len()),
        (5, 1),
        "calls, connections"
    );
}

#[tokio::test]
async fn a_real_dependency_that_is_gone_costs_the_client_s_time_out_and_no_more() {
    let aws = platform::aws::for_endpoint("http://127.0.0.1:1").await;
    let emitter = Arc::new(platform::emit::Captured::default());
    let clock = Arc::new(platform::clock::SystemClock);
    let router = Service::new(Deps::connect(
        settings(&[]),
        &aws,
        clock.clone(),
        emitter.clone(),
    ))
    .router();
    let mark = clock.start();
    let reply = answer(&router, get("/cars/c-1")).await;
    let took = clock.finish(platform::clock::Operation::Request, mark);
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert!(
        took < Duration::from_secs(3),
        "{took:?} is past Lambda's default time-out"
    );
    let document = super::documents::checked(emitter.lines().last().unwrap());
    assert_eq!(
        (&document["RetryAttempts"], &document["RetriesExhausted"]),
        (&json!(2), &json!(1))
    );
}
