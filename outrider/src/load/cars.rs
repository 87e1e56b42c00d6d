//! Which car each request is about: a stock that is read and changed, cars that come and go, and a list of
//! everything that has to be cleaned up.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use simulator::Operation;
use simulator::load::Arrival;

/// Cars that are there before the first request and until the end: as many as a page of the list shows.
pub(crate) const STOCK: u64 = 20;

/// One request, ready to be sent; sending it again is the same request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// What it asks.
    pub(crate) operation: Operation,
    /// The car's key; `None` for a list.
    pub(crate) car: Option<String>,
    /// The JSON body, for what has one.
    pub(crate) body: Option<Value>,
    /// The same for every attempt: the service's log shows what belongs together, and a creation happens once.
    pub(crate) name: String,
}

#[derive(Debug, Default)]
struct State {
    /// Created on the way and not yet asked to go, oldest first.
    passing: VecDeque<String>,
    /// Everything that may exist.
    made: BTreeSet<String>,
}

/// The cars of one run.
#[derive(Debug)]
pub(crate) struct Cars {
    run: String,
    state: Mutex<State>,
}

fn document(id: &str, draw: u64) -> Value {
    json!({
        "car_id": id, "model": format!("Model_{}", draw % 5 + 1), "year": 2020 + draw % 6, "status": "Available",
        "latitude": "48.8566", "longitude": "2.3522", "nb_passengers": draw % 5, "bike_rack": draw.is_multiple_of(3),
    })
}

impl Cars {
    /// The cars of the run that is called `run`: letters, digits and hyphens.
    pub(crate) fn of(run: &str) -> Self {
        Self {
            run: run.to_owned(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Sets of names: nothing is left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stocked(&self, number: u64) -> String {
        format!("load-{}-s{number}", self.run)
    }

    fn creation(&self, car: String, draw: u64, name: String) -> Call {
        self.state().made.insert(car.clone());
        let body = Some(document(&car, draw));
        Call {
            operation: Operation::Create,
            car: Some(car),
            body,
            name,
        }
    }

    /// The request that creates a car of the stock, 0 to [`STOCK`].
    pub(crate) fn stock(&self, number: u64) -> Call {
        let car = self.stocked(number);
        self.creation(car.clone(), number, car)
    }

    /// The request that a planned arrival turns into, now that it is sent. A deletion that finds no car of its own
    /// reads one instead: a 404 that the tool makes itself would say nothing about the service.
    pub(crate) fn call(&self, arrival: &Arrival) -> Call {
        let name = format!("load-{}-{}", self.run, arrival.index);
        let one = self.stocked(arrival.draw % STOCK);
        let (operation, car, body) = match arrival.operation {
            Operation::Create => return self.creation(name.clone(), arrival.draw, name),
            Operation::Read => (Operation::Read, Some(one), None),
            Operation::List => (Operation::List, None, None),
            Operation::Update => {
                let body = document(&one, arrival.draw);
                (Operation::Update, Some(one), Some(body))
            }
            Operation::Patch => {
                let body = json!({ "nb_passengers": arrival.draw % 5 });
                (Operation::Patch, Some(one), Some(body))
            }
            Operation::Delete => match self.state().passing.pop_front() {
                Some(car) => (Operation::Delete, Some(car), None),
                None => (Operation::Read, Some(one), None),
            },
        };
        Call {
            operation,
            car,
            body,
            name,
        }
    }

    /// The request that removes a car at the end.
    pub(crate) fn removal(&self, car: &str) -> Call {
        Call {
            operation: Operation::Delete,
            car: Some(car.to_owned()),
            body: None,
            name: format!("{car}-end"),
        }
    }

    /// Takes note of a request that did what it asked.
    pub(crate) fn done(&self, call: &Call) {
        let Some(car) = &call.car else { return };
        match call.operation {
            Operation::Create => self.state().passing.push_back(car.clone()),
            Operation::Delete => drop(self.state().made.remove(car)),
            _ => {}
        }
    }

    /// What may still exist, in order.
    pub(crate) fn left(&self) -> Vec<String> {
        self.state().made.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
