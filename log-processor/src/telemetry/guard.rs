//! What an execution environment has said already, so that it says it no more often than anybody wants to read or pay.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// Sets of dimensions with names from documents that one environment makes metrics of. A metric costs 30 cents a
/// month, by the hour in which it is told (Amazon CloudWatch pricing, custom metrics): at most $6 a month for each
/// environment that runs all the time.
const MAX_SETS: usize = 20;
/// Watched functions that one environment makes metrics of, six each: at most $180 a month. Whoever subscribes a whole
/// account knows of more functions than anybody looks at.
const MAX_FUNCTIONS: usize = 100;
/// Things that one environment remembers having said in the current hour. What is beyond is not said at all.
const MAX_LINES: usize = 200;

/// The memory of one environment. It decides only what is told, never what is counted.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    sets: BTreeSet<[String; 3]>,
    functions: BTreeSet<String>,
    hour: i64,
    lines: BTreeSet<[String; 3]>,
    /// Errors that the store knows, and the day on which it was last told.
    pub(crate) known: BTreeMap<(String, extraction::application::Fingerprint), i64>,
}

impl Guard {
    /// Whether metrics may be made of this set of dimensions: always if they were before.
    pub(super) fn admits(&mut self, set: [&str; 3]) -> bool {
        let set = set.map(str::to_owned);
        let admitted = self.sets.contains(&set) || self.sets.len() < MAX_SETS;
        if admitted {
            self.sets.insert(set);
        }
        admitted
    }

    /// Whether metrics may be made of this watched function: always if they were before.
    pub(super) fn admits_function(&mut self, function: &str) -> bool {
        if self.functions.contains(function) {
            return true;
        }
        let admitted = self.functions.len() < MAX_FUNCTIONS;
        if admitted {
            self.functions.insert(function.to_owned());
        }
        admitted
    }

    /// Whether this is to be said now: it was not in this hour.
    pub(crate) fn says(&mut self, at: Timestamp, what: [&str; 3]) -> bool {
        let hour = at.as_second().div_euclid(3600);
        if hour != self.hour {
            self.hour = hour;
            self.lines.clear();
        }
        self.lines.len() < MAX_LINES && self.lines.insert(what.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_sets_are_admitted_than_anybody_pays_for() {
        let mut guard = Guard::default();
        for index in 0..MAX_SETS {
            assert!(guard.admits(["g", &index.to_string(), "r"]));
        }
        assert!(!guard.admits(["g", "one more", "r"]));
        assert!(guard.admits(["g", "0", "r"]), "what was admitted stays");
    }

    #[test]
    fn no_more_functions_are_admitted_than_anybody_pays_for() {
        let mut guard = Guard::default();
        for index in 0..MAX_FUNCTIONS {
            assert!(guard.admits_function(&index.to_string()));
        }
        assert!(!guard.admits_function("one more"));
        assert!(guard.admits_function("0"), "what was admitted stays");
    }

    #[test]
    fn a_thing_is_said_once_an_hour_and_not_without_end() {
        let mut guard = Guard::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(guard.says(at(3600), ["a", "b", "c"]));
        assert!(!guard.says(at(7199), ["a", "b", "c"]));
        assert!(guard.says(at(7200), ["a", "b", "c"]));
        let said = (0..1_000).filter(|index| guard.says(at(7300), ["a", "b", &index.to_string()]));
        assert_eq!(said.count(), MAX_LINES - 1);
    }
}
