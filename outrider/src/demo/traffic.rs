//! The scenario's requests, sent over HTTP as a client would, each at its virtual time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;
use signals::Minute;
use simulator::{Injected, Operation, Request, Scenario};

use crate::local::Stack;
use crate::local::clock::{Modelled, VirtualClock};
use crate::local::gateway::Arrivals;
use crate::local::lambda::Arrival;

/// What the driver has said of the request it is about to send. One request is under way at a time.
#[derive(Debug, Default)]
pub(super) struct NextArrival(Mutex<Option<Arrival>>);

impl NextArrival {
    fn set(&self, arrival: Arrival) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(arrival);
    }
}

impl Arrivals for NextArrival {
    fn next(&self) -> Arrival {
        let arrival = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        arrival.unwrap_or(Arrival {
            request: u32::MAX,
            throttled: false,
            init_ms: None,
        })
    }
}

fn car_id(car: u32) -> String {
    format!("car-{car:04}")
}

fn car(number: u32) -> serde_json::Value {
    json!({
        "car_id": car_id(number), "model": format!("Model_{}", number % 5 + 1), "year": 2020 + number % 6,
        "status": "Available", "latitude": "48.8566", "longitude": "2.3522", "nb_passengers": number % 5,
        "bike_rack": number.is_multiple_of(3),
    })
}

/// A key that makes sending the request again the same request.
fn key(minute: Minute, request: u32) -> String {
    format!("demo-{}-{request}", minute.index())
}

fn post(client: &Client, url: &str, number: u32, key: &str) -> RequestBuilder {
    client
        .post(format!("{url}/cars"))
        .header("idempotency-key", key)
        .json(&car(number))
}

/// Creates the cars that the traffic reads and changes.
pub(super) async fn stock(
    scenario: &Scenario,
    url: &str,
    arrivals: &NextArrival,
) -> anyhow::Result<()> {
    let client = Client::new();
    for number in 0..scenario.service.inventory {
        arrivals.set(Arrival {
            request: number,
            throttled: false,
            init_ms: None,
        });
        let answer = post(&client, url, number, &format!("stock-{number}"))
            .send()
            .await?;
        // A demo that was killed here finds the cars that it had made.
        if !answer.status().is_success() && answer.status() != reqwest::StatusCode::CONFLICT {
            anyhow::bail!(
                "cannot create {}: {} {}",
                car_id(number),
                answer.status(),
                answer.text().await?
            );
        }
    }
    Ok(())
}

/// Sends the scenario's requests.
pub(super) struct Driver<'a> {
    scenario: &'a Scenario,
    stack: &'a Stack,
    url: String,
    client: Client,
    clock: Arc<VirtualClock>,
    arrivals: Arc<NextArrival>,
}

fn milliseconds(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.max(0.0) / 1e3)
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        scenario: &'a Scenario,
        stack: &'a Stack,
        clock: Arc<VirtualClock>,
        arrivals: Arc<NextArrival>,
    ) -> anyhow::Result<Self> {
        let client = Client::builder()
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self {
            scenario,
            stack,
            url: stack.url(),
            client,
            clock,
            arrivals,
        })
    }

    /// Sends the requests of a minute, but for those whose logs an earlier process left: they have been answered.
    pub(super) async fn send(&self, minute: Minute) -> anyhow::Result<()> {
        let answered = self.stack.journal.read(minute)?;
        for request in self.scenario.requests(minute) {
            if !answered.contains_key(&request.index) {
                self.send_one(minute, &request).await?;
            }
        }
        Ok(())
    }

    async fn send_one(&self, minute: Minute, request: &Request) -> anyhow::Result<()> {
        self.arrivals.set(Arrival {
            request: request.index,
            throttled: request.throttled,
            init_ms: request.cold_start,
        });
        let at = Timestamp::from_millisecond(request.at_millis)?;
        self.clock.begin(
            at,
            Modelled {
                request: milliseconds(request.service_ms),
                dynamodb: milliseconds(request.dynamodb_ms),
                eventbridge: milliseconds(request.eventbridge_ms),
            },
        );
        let mut call = self.call(minute, request);
        call = match request.injected {
            Some(Injected::LatencyMs(ms)) => {
                call.header("x-outrider-fault", format!("latency={ms}"))
            }
            Some(Injected::Error) => call.header("x-outrider-fault", "error"),
            None => call,
        };
        // Failing answers are what the scenario is about; only no answer at all is a failure of the demo.
        let answer = call.send().await.context("the gateway does not answer")?;
        answer
            .bytes()
            .await
            .context("the gateway's answer broke off")?;
        Ok(())
    }

    fn call(&self, minute: Minute, request: &Request) -> RequestBuilder {
        let url = &self.url;
        let one = format!("{url}/cars/{}", car_id(request.car));
        match request.operation {
            Operation::Create => post(&self.client, url, request.car, &key(minute, request.index)),
            Operation::Read => self.client.get(one),
            Operation::List => self
                .client
                .get(format!("{url}/cars?status=Available&limit=20")),
            Operation::Update => self.client.put(one).json(&car(request.car)),
            Operation::Patch => self
                .client
                .request(Method::PATCH, one)
                .json(&json!({ "nb_passengers": request.index % 5 })),
            Operation::Delete => self.client.delete(one),
        }
    }
}
