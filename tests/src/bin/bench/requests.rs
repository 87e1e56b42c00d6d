//! Requests per second of car-api on the embedded stack, beside a bare axum route under the same load in the same
//! run. Clients and servers share the machine, so the ratio means more than either number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, ensure};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use e2e::listener::Listener;
use outrider::local::gateway::Arrivals;
use outrider::local::lambda::Arrival;
use outrider::local::{Options, Stack};
use platform::clock::{Clock, Operation, SystemClock};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::figures::{Figures, ROUNDS};

/// Requests of one round; every fifth creates a car, the others read one.
const REQUESTS: u32 = 400;
const CREATES: u32 = 5;
/// Cars that are read.
const CARS: u32 = 50;

#[derive(Debug, Default)]
pub(crate) struct Numbered(AtomicU32);

impl Arrivals for Numbered {
    fn next(&self) -> Arrival {
        Arrival {
            request: self.0.fetch_add(1, Ordering::Relaxed),
            throttled: false,
            init_ms: None,
        }
    }
}

pub(crate) fn car(id: &str) -> Value {
    json!({
        "car_id": id, "model": "Model_1", "year": 2024, "status": "Available", "latitude": "48.8566",
        "longitude": "2.3522", "nb_passengers": 2, "bike_rack": true,
    })
}

/// The least that could answer the same requests.
fn bare() -> Router {
    let answer = car("car-0").to_string();
    let created = answer.clone();
    Router::new()
        .route("/cars/{id}", get(async move || answer.clone()))
        .route(
            "/cars",
            post(async move |_: String| (StatusCode::CREATED, created.clone())),
        )
}

async fn create(client: &Client, url: &str, id: &str) -> anyhow::Result<()> {
    let answer = client
        .post(format!("{url}/cars"))
        .json(&car(id))
        .send()
        .await?;
    ensure!(
        answer.status() == 201,
        "{id} was not created: {}",
        answer.text().await?
    );
    answer.bytes().await?;
    Ok(())
}

async fn read(client: &Client, url: &str, id: &str) -> anyhow::Result<()> {
    let answer = client.get(format!("{url}/cars/{id}")).send().await?;
    ensure!(
        answer.status() == 200,
        "{id} was not read: {}",
        answer.text().await?
    );
    answer.bytes().await?;
    Ok(())
}

/// One connection's share of a round.
async fn connection(
    url: String,
    client: Client,
    name: String,
    requests: u32,
) -> anyhow::Result<()> {
    for request in 0..requests {
        if request % CREATES == 0 {
            create(&client, &url, &format!("{name}-{request}")).await?;
        } else {
            read(&client, &url, &format!("car-{}", request % CARS)).await?;
        }
    }
    Ok(())
}

/// Requests per second over `connections`, in the best round.
async fn measure(url: &str, connections: u32) -> anyhow::Result<f64> {
    let clients: Vec<_> = (0..connections).map(|_| Client::new()).collect();
    let mut best = 0.0_f64;
    for round in 0..ROUNDS {
        let mark = SystemClock.start();
        let mut running = JoinSet::new();
        for (number, client) in clients.iter().enumerate() {
            let name = format!("c{connections}-{round}-{number}");
            running.spawn(connection(
                url.to_owned(),
                client.clone(),
                name,
                REQUESTS / connections,
            ));
        }
        while let Some(ended) = running.join_next().await {
            ended.context("a client crashed")??;
        }
        let seconds = SystemClock.finish(Operation::Request, mark).as_secs_f64();
        best = best.max(f64::from(REQUESTS) / seconds);
    }
    Ok(best)
}

pub(crate) async fn against_a_bare_route(figures: &mut Figures) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let stack = Stack::start(Options {
        data: data.path().to_owned(),
        port: 0,
        clock: Arc::new(SystemClock),
        arrivals: Arc::new(Numbered::default()),
        links: false,
        store_calls: None,
    })
    .await?;
    let client = Client::new();
    for number in 0..CARS {
        create(&client, &stack.url(), &format!("car-{number}")).await?;
    }
    let route = Listener::serve(bare()).await;
    for connections in [1, 8] {
        let ours = measure(&stack.url(), connections).await?;
        let bare = measure(&route.endpoint(), connections).await?;
        figures.take(&format!("requests_per_second_{connections}"), ours, "1/s");
        figures.take(
            &format!("bare_requests_per_second_{connections}"),
            bare,
            "1/s",
        );
        figures.take(
            &format!("requests_ratio_{connections}"),
            ours / bare,
            "of the bare route",
        );
    }
    drop(client);
    stack.stop().await
}
