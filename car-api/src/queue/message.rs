//! What a message of the queue looks like, and back. Pure.
//!
//! ```json
//! {"v":1,"create":{"request_id":"…","origin_id":"…","correlation_id":"…","accepted_at":"…","key":"idempotency#…","request":"…","prefix":"/prod","car":{…}}}
//! {"v":1,"publish":{"detail_type":"…","occurred_at":"…","detail":"{…}"}}
//! ```
//!
//! A message is not trusted: it may be older than this program, or made by hand. It is validated like a request, and
//! one that no retry can help is [`Poison`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::car::{Car, Draft};
use crate::events::{CarEvent, Happened};
use crate::ids;
use crate::store::{ONCE, Origin};

/// Version of the messages.
const VERSION: u64 = 1;
/// Largest message that is read, in bytes. Ours have less than 3 KB: a car's fields are capped.
pub const LARGEST_MESSAGE: usize = 16 * 1024;
/// Longest id, digest or prefix, in bytes. A stage's name has at most 128 (Amazon API Gateway quotas,
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>, November 2026).
const LONGEST_NAME: usize = 128;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Create the car of an accepted request.
    Create(Box<Creation>),
    /// Publish an event that the bus did not take.
    Publish(CarEvent),
}

/// Everything about an accepted creation, so that doing it again makes the same car and the same event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// The id of the status link.
    pub request_id: String,
    /// The request that was accepted.
    pub origin: Origin,
    /// When.
    pub accepted_at: Timestamp,
    /// The key under which the creation happens once.
    pub key: String,
    /// What was asked for, hashed.
    pub request: String,
    /// What stands before the paths of links: the stage of an API, or nothing.
    pub prefix: String,
    /// Whether the request was made to try this version out: it must not be heard of.
    pub synthetic: bool,
    /// The car, with the key that was minted when the request was accepted.
    pub car: Car,
}

/// A message that no retry can help. The texts name no values: they may be anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Poison {
    /// Larger than any of ours.
    #[error("it has {0} bytes; the largest message has {LARGEST_MESSAGE}")]
    TooLarge(usize),
    /// Not JSON, or none of the shapes.
    #[error("it is no message of this service: {0}")]
    Unreadable(String),
    /// Written by a newer program, or by nobody.
    #[error("its version is not {VERSION}; deploy the version that wrote it, then redrive")]
    Version,
    /// A name or path that none of ours looks like.
    #[error("its {0} has a shape that this service writes none of")]
    Shape(&'static str),
    /// A key that could be another kind of item in the table.
    #[error("its key is no idempotency key")]
    Key,
    /// A car whose fields break the rules.
    #[error("its car is not valid: {0}")]
    Car(String),
    /// An event of a type that there is not.
    #[error("its detail type is none of this service's")]
    DetailType,
}

impl Poison {
    /// The same message is refused again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    v: u64,
    #[serde(default, borrow)]
    create: Option<&'a RawValue>,
    #[serde(default, borrow)]
    publish: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct NewEnvelope<'a> {
    v: u64,
    #[serde(flatten)]
    work: NewWork<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum NewWork<'a> {
    Create(CreateWire<'a, &'a Car>),
    Publish(PublishWire<'a>),
}

#[derive(Serialize, Deserialize)]
struct CreateWire<'a, C> {
    request_id: std::borrow::Cow<'a, str>,
    origin_id: std::borrow::Cow<'a, str>,
    correlation_id: std::borrow::Cow<'a, str>,
    accepted_at: Timestamp,
    key: std::borrow::Cow<'a, str>,
    request: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    prefix: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    synthetic: bool,
    car: C,
}

#[derive(Serialize, Deserialize)]
struct PublishWire<'a> {
    detail_type: std::borrow::Cow<'a, str>,
    occurred_at: Timestamp,
    detail: std::borrow::Cow<'a, str>,
}

impl Work {
    /// A short word for logs and metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Publish(_) => "publish",
        }
    }

    /// The message's body.
    #[must_use]
    pub fn encode(&self) -> String {
        let work = match self {
            Self::Create(creation) => NewWork::Create(CreateWire {
                request_id: creation.request_id.as_str().into(),
                origin_id: creation.origin.request_id.as_str().into(),
                correlation_id: creation.origin.correlation_id.as_str().into(),
                accepted_at: creation.accepted_at,
                key: creation.key.as_str().into(),
                request: creation.request.as_str().into(),
                prefix: creation.prefix.as_str().into(),
                synthetic: creation.synthetic,
                car: &creation.car,
            }),
            Self::Publish(event) => NewWork::Publish(PublishWire {
                detail_type: event.happened.detail_type().into(),
                occurred_at: event.occurred_at,
                detail: event.detail.as_str().into(),
            }),
        };
        // Structs of texts and numbers always become JSON.
        serde_json::to_string(&NewEnvelope { v: VERSION, work }).unwrap_or_default()
    }

    /// # Errors
    /// Whatever no retry can help.
    pub fn decode(message: &str) -> Result<Self, Poison> {
        if message.len() > LARGEST_MESSAGE {
            return Err(Poison::TooLarge(message.len()));
        }
        let envelope: Envelope<'_> = serde_json::from_str(message).map_err(unreadable)?;
        if envelope.v != VERSION {
            return Err(Poison::Version);
        }
        match (envelope.create, envelope.publish) {
            (Some(create), None) => creation(create.get()),
            (None, Some(publish)) => publication(publish.get()),
            _ => Err(Poison::Unreadable(
                "it must have one of create and publish".to_owned(),
            )),
        }
    }
}

/// Where the parser stopped, without what it found there.
fn unreadable(error: serde_json::Error) -> Poison {
    let (line, column) = (error.line(), error.column());
    Poison::Unreadable(format!(
        "{:?} error at line {line}, column {column}",
        error.classify()
    ))
}

/// Ids and digests: letters, digits and dashes.
fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Nothing, or a path that keeps links on the host that they are read from: never `//host`.
fn is_prefix(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let segment = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(unreserved);
    let path = |text: &str| text.len() <= LONGEST_NAME && text.split('/').all(segment);
    text.is_empty() || text.strip_prefix('/').is_some_and(path)
}

/// That every text which goes into items, links, logs and metrics has the shape of ours.
fn shapes<C>(wire: &CreateWire<'_, C>) -> Result<(), Poison> {
    let key = wire.key.strip_prefix(ONCE).ok_or(Poison::Key)?;
    // Without an id of the client's it is the request's, which may look like a card number by chance.
    let correlation_id =
        wire.correlation_id == wire.origin_id || ids::is_correlation_id(&wire.correlation_id);
    let rules = [
        ("request_id", ids::is_uuid(&wire.request_id)),
        ("origin_id", is_name(&wire.origin_id)),
        ("correlation_id", correlation_id),
        ("key", is_name(key)),
        ("request", is_name(&wire.request)),
        ("prefix", is_prefix(&wire.prefix)),
    ];
    let broken = rules.iter().find(|(_, kept)| !kept);
    broken.map_or(Ok(()), |(field, _)| Err(Poison::Shape(field)))
}

fn creation(text: &str) -> Result<Work, Poison> {
    let wire: CreateWire<'_, Map<String, Value>> =
        serde_json::from_str(text).map_err(unreadable)?;
    let input = Draft::parse(&wire.car).input.map_err(|errors| {
        let names: Vec<_> = errors.iter().map(|error| error.field).collect();
        Poison::Car(names.join(", "))
    })?;
    shapes(&wire)?;
    let car_id = input.car_id.ok_or(Poison::Car("car_id".to_owned()))?;
    Ok(Work::Create(Box::new(Creation {
        request_id: wire.request_id.into_owned(),
        origin: Origin {
            request_id: wire.origin_id.into_owned(),
            correlation_id: wire.correlation_id.into_owned(),
        },
        accepted_at: wire.accepted_at,
        key: wire.key.into_owned(),
        request: wire.request.into_owned(),
        prefix: wire.prefix.into_owned(),
        synthetic: wire.synthetic,
        car: Car::create(car_id, input.fields, wire.accepted_at),
    })))
}

fn publication(text: &str) -> Result<Work, Poison> {
    let wire: PublishWire<'_> = serde_json::from_str(text).map_err(unreadable)?;
    // The bus refuses what is no JSON object, each time.
    serde_json::from_str::<Map<String, Value>>(&wire.detail).map_err(unreadable)?;
    Ok(Work::Publish(CarEvent {
        happened: Happened::of_detail_type(&wire.detail_type).ok_or(Poison::DetailType)?,
        occurred_at: wire.occurred_at,
        detail: wire.detail.into_owned(),
    }))
}
