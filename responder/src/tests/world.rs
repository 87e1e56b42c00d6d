//! A version that does what car-api promises, until it is told to fail; and a CodeDeploy that remembers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use platform::clock::{Clock, ManualClock};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::deployments::{Deployments, ReportError, Reported};
use crate::version::{InvokeError, Version};
use crate::{Deps, Error, Hook, Outcome, Verdict, handle};

/// What becomes of one call.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// It is done, and this is answered instead.
    Answers(Value),
    /// It is done, and these bytes are answered instead.
    Payload(&'static str),
    /// It is done, and the answer's headers or body are changed by this.
    Changed(fn(&mut Value)),
    /// It is not done, and fails.
    Fails(InvokeError),
    /// It is done, and fails.
    Loses(InvokeError),
    /// It is done, and never answered.
    Hangs,
}

#[derive(Debug, Clone)]
struct Car {
    passengers: u64,
    version: u64,
    body: Value,
}

#[derive(Debug, Default)]
struct Service {
    cars: BTreeMap<String, Car>,
    answers: BTreeMap<String, Value>,
    calls: Vec<Value>,
    acts: BTreeMap<usize, Act>,
    every: Option<Act>,
}

#[derive(Debug)]
pub(super) struct Model {
    service: Mutex<Service>,
    clock: Arc<ManualClock>,
    /// Told when a call hangs.
    pub(super) hangs: Notify,
}

pub(super) fn answer(status: u16, headers: Value, body: &Value) -> Value {
    json!({ "statusCode": status, "headers": headers, "body": body.to_string(), "isBase64Encoded": false })
}

pub(super) fn problem(status: u16, slug: &str) -> Value {
    answer(
        status,
        json!({ "content-type": "application/problem+json" }),
        &json!({ "type": format!("urn:acm:problem:{slug}") }),
    )
}

fn of(car: &Car, status: u16) -> Value {
    let mut body = car.body.clone();
    body["version"] = json!(car.version);
    body["nb_passengers"] = json!(car.passengers);
    answer(
        status,
        json!({ "etag": format!("\"{}\"", car.version) }),
        &body,
    )
}

impl Service {
    fn serve(&mut self, event: &Value, now: Timestamp) -> Value {
        let path = event["rawPath"].as_str().unwrap();
        let body: Value = serde_json::from_str(event["body"].as_str().unwrap_or("null")).unwrap();
        let id = path.strip_prefix("/cars/").unwrap_or_default();
        match event["requestContext"]["http"]["method"].as_str().unwrap() {
            "POST" => {
                let key = event["headers"]["idempotency-key"].as_str().unwrap();
                if let Some(first) = self.answers.get(key) {
                    let mut again = first.clone();
                    again["headers"]["idempotency-replayed"] = json!("true");
                    return again;
                }
                let mut body = body;
                body["created_at"] = json!(now.to_string());
                let car = Car {
                    passengers: 0,
                    // As car-api does it: the first version is the time, in microseconds.
                    version: u64::try_from(now.as_microsecond()).unwrap(),
                    body,
                };
                let id = car.body["car_id"].as_str().unwrap().to_owned();
                let answer = of(&car, 201);
                self.cars.insert(id, car);
                self.answers.insert(key.to_owned(), answer.clone());
                answer
            }
            "GET" => match self.cars.get(id) {
                Some(car) => of(car, 200),
                None => problem(404, "no-such-car"),
            },
            "PATCH" => match self.cars.get_mut(id) {
                Some(car) if event["headers"]["if-match"] == format!("\"{}\"", car.version) => {
                    car.version += 1;
                    car.passengers = body["nb_passengers"].as_u64().unwrap();
                    of(car, 200)
                }
                Some(_) => problem(412, "stale-version"),
                None => problem(404, "no-such-car"),
            },
            "DELETE" => match self.cars.remove(id) {
                Some(_) => json!({ "statusCode": 204, "headers": {}, "isBase64Encoded": false }),
                None => problem(404, "no-such-car"),
            },
            method => panic!("nobody asks {method}"),
        }
    }
}

#[async_trait]
impl Version for Model {
    async fn invoke(&self, event: &Value) -> Result<Vec<u8>, InvokeError> {
        let (act, mut answer) = {
            let mut service = self.service.lock().unwrap();
            service.calls.push(event.clone());
            let call = service.calls.len();
            let act = service.acts.get(&call).or(service.every.as_ref()).cloned();
            if let Some(Act::Fails(error)) = act {
                return Err(error);
            }
            let now = self.clock.now();
            (act, service.serve(event, now))
        };
        match act {
            Some(Act::Answers(other)) => answer = other,
            Some(Act::Payload(text)) => return Ok(text.into()),
            Some(Act::Changed(change)) => change(&mut answer),
            Some(Act::Loses(error)) => return Err(error),
            Some(Act::Hangs) => {
                self.hangs.notify_one();
                std::future::pending::<()>().await;
            }
            Some(Act::Fails(_)) | None => {}
        }
        Ok(answer.to_string().into_bytes())
    }
}

/// Remembers what it was told; refuses as ordered.
#[derive(Debug, Default)]
pub(super) struct CodeDeploy {
    pub(super) told: Mutex<Vec<(String, Verdict)>>,
    refusals: Mutex<VecDeque<ReportError>>,
}

#[async_trait]
impl Deployments for CodeDeploy {
    async fn report(&self, hook: &Hook, verdict: Verdict) -> Result<Reported, ReportError> {
        if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
            return Err(refusal);
        }
        let mut told = self.told.lock().unwrap();
        if told
            .iter()
            .any(|(execution, _)| execution == hook.execution_id())
        {
            return Ok(Reported::Before);
        }
        told.push((hook.execution_id().to_owned(), verdict));
        Ok(Reported::Now)
    }
}

pub(super) struct World {
    pub(super) model: Arc<Model>,
    pub(super) codedeploy: Arc<CodeDeploy>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) deps: Deps,
    pub(super) hook: Hook,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-16T12:00:00Z".parse().unwrap()));
        let model = Arc::new(Model {
            service: Mutex::default(),
            clock: clock.clone(),
            hangs: Notify::new(),
        });
        let codedeploy = Arc::new(CodeDeploy::default());
        Self {
            deps: Deps {
                version: model.clone(),
                deployments: codedeploy.clone(),
                clock: clock.clone(),
            },
            model,
            codedeploy,
            clock,
            hook: Hook::new("d-ABC123", "eyJleGVjdXRpb24i").unwrap(),
        }
    }

    /// The calls from now on, counted from 1, that do not go as they should.
    pub(super) fn plan(&self, acts: &[(usize, Act)]) {
        let mut service = self.model.service.lock().unwrap();
        service.calls.clear();
        service.acts = acts.iter().cloned().collect();
    }

    pub(super) fn always(&self, act: Act) {
        self.model.service.lock().unwrap().every = Some(act);
    }

    pub(super) fn refuse(&self, times: usize, retryable: bool) {
        let refusal = ReportError {
            deployment: "d-ABC123".to_owned(),
            verdict: Verdict::Succeeded,
            message: "no".to_owned(),
            retryable,
        };
        self.codedeploy
            .refusals
            .lock()
            .unwrap()
            .extend(std::iter::repeat_n(refusal, times));
    }

    /// One invocation with a time-out of a minute.
    pub(super) async fn run(&self) -> Result<Outcome, Error> {
        let deadline = u64::try_from(self.clock.now().as_millisecond()).unwrap() + 60_000;
        handle(&self.hook, deadline, &self.deps).await
    }

    /// The keys of the cars that are there.
    pub(super) fn cars(&self) -> Vec<String> {
        self.model
            .service
            .lock()
            .unwrap()
            .cars
            .keys()
            .cloned()
            .collect()
    }

    /// The events that were sent since the last plan.
    pub(super) fn calls(&self) -> Vec<Value> {
        self.model.service.lock().unwrap().calls.clone()
    }

    pub(super) fn told(&self) -> Vec<Verdict> {
        let told = self.codedeploy.told.lock().unwrap();
        told.iter().map(|(_, verdict)| *verdict).collect()
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}
