//! One creation, whoever asks for it: a request that waits for it, or a message of the queue.
//!
//! Everything that a repetition must find unchanged is decided before anything is written: the car's key, the time, the
//! answer, and what the event's id is made of.

use http::StatusCode;
use jiff::Timestamp;

use crate::car::{Car, CarId};
use crate::events::{CarEvent, Happened};
use crate::ids;
use crate::problem::Failure;
use crate::routes::Call;
use crate::store::{Answer, Created, Once, Origin, Write};

/// What is to be created.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) car: Car,
    pub(crate) origin: Origin,
    /// What stands before the paths of links.
    pub(crate) prefix: String,
    /// The key under which it happens once, what it was asked with, and when the key is free again.
    pub(crate) once: Option<(String, String, Timestamp)>,
}

/// What was created, now or before.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) answer: Answer,
    pub(crate) car_id: CarId,
    /// What others are to be told. Told again when the answer is given again: the first attempt may have died before it
    /// could. None for an answer that was kept by an older version.
    pub(crate) event: Option<CarEvent>,
    pub(crate) replayed: bool,
}

fn answer(car: &Car, prefix: &str) -> Answer {
    Answer {
        status: StatusCode::CREATED.as_u16(),
        location: format!("{prefix}/cars/{}", car.car_id.as_str()),
        etag: car.etag(),
        // A car is a struct of texts and numbers, which always becomes JSON.
        body: serde_json::to_string(car).unwrap_or_default(),
    }
}

/// The same for the same car and origin, to the last byte.
fn event(car: &Car, origin: &Origin, now: Timestamp) -> CarEvent {
    let id = ids::derived(&origin.request_id, Happened::Created.detail_type());
    let at = car.created_at.unwrap_or(now);
    CarEvent::new(Happened::Created, car, &id, at, &origin.correlation_id)
}

/// Creates the car once.
///
/// # Errors
/// [`Failure::Duplicate`] and [`Failure::KeyReused`] for good; a failure of the store.
pub(crate) async fn make(call: &Call, order: Order) -> Result<Made, Failure> {
    let Order {
        car,
        origin,
        prefix,
        once,
    } = order;
    call.flight.is_about(&car.car_id);
    let now = car.created_at.unwrap_or_else(|| call.deps().clock.now());
    let once = once.map(|(key, request, expires)| Once {
        key,
        request,
        answer: answer(&car, &prefix),
        origin: origin.clone(),
        expires,
    });
    let write_id = ids::derived(&origin.request_id, "write");
    let write = Write {
        id: &write_id,
        expected: None,
        now,
    };
    let store = &call.deps().store;
    let created = call
        .stored(store.create(&car, once.as_ref(), write, &call.flight.meter))
        .await?;
    let car = match created {
        Created::New => car,
        Created::Again(car) => *car,
        Created::Replayed {
            answer,
            car: made,
            origin,
        } => {
            let made = made.map_or(car, |made| *made);
            call.flight.is_about(&made.car_id);
            return Ok(Made {
                answer,
                event: origin.map(|origin| event(&made, &origin, now)),
                car_id: made.car_id,
                replayed: true,
            });
        }
        Created::Duplicate => return Err(Failure::Duplicate),
        Created::KeyReused => return Err(Failure::KeyReused),
    };
    call.flight.count(|figures| figures.created += 1);
    Ok(Made {
        answer: answer(&car, &prefix),
        event: Some(event(&car, &origin, now)),
        car_id: car.car_id,
        replayed: false,
    })
}
