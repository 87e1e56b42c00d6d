//! What a version is asked, and what it must answer. Pure.
//!
//! One synthetic car is created, read, changed, read again, deleted and missed. Each step is safe to repeat: the
//! creation by its idempotency key, the change by the version it expects, the deletion by its nature.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Answer, one_line};
use crate::hook::Hook;

/// Marks an event as the responder's own. Clients of the API cannot set it: the gateway writes `requestContext`.
/// car-api keeps what is marked out of its metrics and tells nobody of it.
pub const API_ID: &str = "outrider-pre-traffic";
/// The model of every synthetic car, for a person who finds one.
pub const MODEL: &str = "Outrider pre-traffic check";
/// Nobody rents a car with this status while it exists.
const STATUS: &str = "Retired";
/// What the change writes.
const PASSENGERS: u64 = 1;
/// The problem of a car that is not there. A route that is not there has another one.
const NO_CAR: &str = "urn:acm:problem:no-such-car";

/// One request, with what must be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `POST /cars`
    Create,
    /// `GET /cars/{car_id}`: what was created.
    Read,
    /// `PATCH /cars/{car_id}`
    Change,
    /// `GET /cars/{car_id}`: what was changed.
    ReadChanged,
    /// `DELETE /cars/{car_id}`
    Delete,
    /// `GET /cars/{car_id}`: nothing.
    Miss,
}

/// The whole trial, in order.
pub const STEPS: [Step; 6] = [
    Step::Create,
    Step::Read,
    Step::Change,
    Step::ReadChanged,
    Step::Delete,
    Step::Miss,
];

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// As it should be; with the car's version, where the answer has a car.
    Right(Option<u64>),
    /// The creation was done by an earlier run of the same event, at this time.
    Replayed {
        /// When that run created its car.
        created_at: Timestamp,
        /// The version that the car had then.
        version: u64,
    },
    /// A dependency is busy: the version says so in the agreed way, and asks to come back.
    ComeBack(String),
    /// The version does not do what it should.
    Wrong(String),
}

/// A synthetic car: who it is for, its key, and what is known of it.
#[derive(Debug, Clone)]
pub struct Synthetic {
    /// Its key, and the idempotency key of its creation.
    pub car_id: String,
    correlation_id: String,
    /// Its first version, once it is created; the versions of cars begin anywhere.
    created: u64,
    /// Its version after the change, once that is answered.
    changed: Option<u64>,
}

impl Synthetic {
    /// The car of one round of one lifecycle event.
    #[must_use]
    pub fn of(hook: &Hook, round: u8) -> Self {
        Self {
            car_id: hook.car_id(round),
            correlation_id: hook.correlation_id(),
            created: 0,
            changed: None,
        }
    }

    /// Remembers the version that a step's right answer had.
    pub fn learn(&mut self, step: Step, version: u64) {
        match step {
            Step::Create => self.created = version,
            Step::Change => self.changed = Some(version),
            _ => {}
        }
    }
}

impl Step {
    /// What it does, for a person.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Change => "change",
            Self::ReadChanged => "read what was changed",
            Self::Delete => "delete",
            Self::Miss => "read what was deleted",
        }
    }

    /// The event: API Gateway's payload format 2.0 for HTTP APIs, with [`API_ID`] where the API's id stands.
    #[must_use]
    pub fn event(self, car: &Synthetic, now: Timestamp) -> Value {
        let one = "/cars/{car_id}";
        let (method, route, body) = match self {
            Self::Create => (
                "POST",
                "/cars",
                Some(
                    json!({ "car_id": car.car_id, "model": MODEL, "year": 2000, "status": STATUS }),
                ),
            ),
            Self::Read | Self::ReadChanged | Self::Miss => ("GET", one, None),
            Self::Change => ("PATCH", one, Some(json!({ "nb_passengers": PASSENGERS }))),
            Self::Delete => ("DELETE", one, None),
        };
        let path = route.replace("{car_id}", &car.car_id);
        let mut headers = json!({
            "accept": "application/json",
            "host": "outrider-pre-traffic.invalid",
            "user-agent": API_ID,
            "x-correlation-id": car.correlation_id,
        });
        if body.is_some() {
            headers["content-type"] = json!("application/json");
        }
        match self {
            Self::Create => headers["idempotency-key"] = json!(car.car_id),
            Self::Change => headers["if-match"] = json!(format!("\"{}\"", car.created)),
            _ => {}
        }
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("{method} {route}"),
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "accountId": "anonymous",
                "apiId": API_ID,
                "domainName": "outrider-pre-traffic.invalid",
                "domainPrefix": "outrider-pre-traffic",
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": API_ID },
                "requestId": format!("{}-{method}", car.car_id),
                "routeKey": format!("{method} {route}"),
                "stage": "$default",
                "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                "timeEpoch": now.as_millisecond(),
            },
            "isBase64Encoded": false,
        });
        if route == one {
            event["pathParameters"] = json!({ "car_id": car.car_id });
        }
        if let Some(body) = body {
            event["body"] = Value::String(body.to_string());
        }
        event
    }

    /// Judges the answer. `repeated` says that an earlier attempt of this step may have been done without its answer
    /// arriving; then a change and a deletion may find themselves done.
    #[must_use]
    pub fn judge(self, answer: &Answer, car: &Synthetic, repeated: bool) -> Judgement {
        if matches!(answer.status, 429 | 503) {
            return Judgement::ComeBack(answer.summary());
        }
        let judged = match self {
            Self::Create if answer.status == 201 => judge_car(answer, car, 0, |_| Ok(())),
            Self::Read if answer.status == 200 => {
                judge_car(answer, car, 0, |version| same(version, car.created))
            }
            Self::Change if answer.status == 200 => judge_car(answer, car, PASSENGERS, |version| {
                newer(version, car.created)
            }),
            Self::ReadChanged if answer.status == 200 => {
                judge_car(answer, car, PASSENGERS, |version| match car.changed {
                    Some(changed) => same(version, changed),
                    None => newer(version, car.created),
                })
            }
            // The reading that follows says what was really done.
            Self::Change if repeated && answer.status == 412 => return Judgement::Right(None),
            Self::Delete if answer.status == 204 || (repeated && no_car(answer)) => {
                return Judgement::Right(None);
            }
            Self::Miss if no_car(answer) => return Judgement::Right(None),
            _ => Err(format!(
                "answered {}, expected {}",
                answer.summary(),
                self.expected()
            )),
        };
        match judged {
            Ok(version) if answer.header("idempotency-replayed") == Some("true") => {
                replayed(answer, version)
            }
            Ok(version) => Judgement::Right(Some(version)),
            Err(reason) => Judgement::Wrong(reason),
        }
    }

    /// Whether an answer to a deletion says that the car is gone, whoever deleted it.
    #[must_use]
    pub fn is_gone(answer: &Answer) -> bool {
        answer.status == 204 || no_car(answer)
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Create => "201",
            Self::Read | Self::Change | Self::ReadChanged => "200",
            Self::Delete => "204",
            Self::Miss => "404 (urn:acm:problem:no-such-car)",
        }
    }
}

fn no_car(answer: &Answer) -> bool {
    answer.status == 404 && answer.json()["type"] == NO_CAR
}

fn replayed(answer: &Answer, version: u64) -> Judgement {
    let time = answer.json()["created_at"].as_str().map(str::parse);
    match time {
        Some(Ok(created_at)) => Judgement::Replayed {
            created_at,
            version,
        },
        _ => Judgement::Wrong("the car has no created_at".to_owned()),
    }
}

fn same(version: u64, before: u64) -> Result<(), String> {
    if version == before {
        return Ok(());
    }
    Err(format!("the ETag is \"{version}\", expected \"{before}\""))
}

fn newer(version: u64, before: u64) -> Result<(), String> {
    if version > before {
        return Ok(());
    }
    Err(format!(
        "the ETag is \"{version}\" after the change and was \"{before}\" before"
    ))
}

/// The version of the car that the answer must hold. A member that is added is nobody's fault.
fn judge_car(
    answer: &Answer,
    car: &Synthetic,
    passengers: u64,
    judge_version: impl FnOnce(u64) -> Result<(), String>,
) -> Result<u64, String> {
    let tag = answer.header("etag").ok_or("the ETag is missing")?;
    let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let version = version
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| format!("the ETag is {}, which is no version", one_line(tag)))?;
    judge_version(version)?;
    let body = answer.json();
    for (member, expected) in [
        ("car_id", json!(car.car_id)),
        ("model", json!(MODEL)),
        ("status", json!(STATUS)),
        ("nb_passengers", json!(passengers)),
        ("version", json!(version)),
    ] {
        if body[member] != expected {
            let found = one_line(&body[member].to_string());
            return Err(format!(
                "{member} of the car is {found}, expected {expected}"
            ));
        }
    }
    Ok(version)
}
