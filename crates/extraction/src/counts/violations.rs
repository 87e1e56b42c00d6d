//! Documents that CloudWatch drops without a word to their author: whose they are, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use signals::emf::{Place, Rejection};

use crate::application::MAX_EXAMINED;

/// Namespaces that are told apart, of each log group.
const MAX_NAMESPACES: usize = 20;
/// Log groups that are told apart. A payload has the log events of one.
const MAX_GROUPS: usize = 50;
/// Characters of a name that are kept.
const LONGEST: usize = 64;
/// The name of what there was no room for.
pub const OTHER: &str = "__other__";

/// What CloudWatch drops, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The log group of the documents.
    pub log_group: String,
    /// The namespace of their metrics, 64 characters at most, escaped; empty where the document does not say one,
    /// [`OTHER`] beyond 20 a log group.
    pub namespace: String,
    /// Why.
    pub reason: Rejection,
}

/// How often, and where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Broken {
    /// Documents.
    pub count: u64,
    /// The name of the member, dimension or metric that is wrong in one of them, never its value: 64 characters at
    /// most, escaped. Of several the smallest, so that their order does not matter.
    pub place: Option<String>,
}

/// Violations of a payload, or several. Bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(BTreeMap<Violation, Broken>);

/// A name that is safe to show: cut, and without characters that change how it is shown.
fn shown(name: &str) -> String {
    let cut: String = name.chars().take(LONGEST).collect();
    let mut shown: String = cut.escape_debug().collect();
    if cut.len() < name.len() {
        shown.push('…');
    }
    shown
}

impl Violations {
    /// Takes a message that was rejected; `examined` is what looking at messages of this payload has cost so far.
    pub(crate) fn take(
        &mut self,
        log_group: &str,
        reason: Rejection,
        message: &str,
        examined: &mut u64,
    ) {
        let (namespace, place) = if *examined >= MAX_EXAMINED {
            (OTHER.to_owned(), None)
        } else {
            *examined += message.len() as u64;
            let place = Place::of(message, reason);
            (
                place.namespace.as_deref().map(shown).unwrap_or_default(),
                place.member.as_deref().map(shown),
            )
        };
        let violation = Violation {
            log_group: log_group.to_owned(),
            namespace,
            reason,
        };
        self.add(violation, &Broken { count: 1, place });
    }

    fn add(&mut self, mut violation: Violation, broken: &Broken) {
        if !self.0.contains_key(&violation) {
            let groups: BTreeSet<_> = self.0.keys().map(|known| &known.log_group).collect();
            if groups.len() >= MAX_GROUPS && !groups.contains(&violation.log_group) {
                OTHER.clone_into(&mut violation.log_group);
            }
            let of_group = self
                .0
                .keys()
                .filter(|known| known.log_group == violation.log_group);
            let namespaces: BTreeSet<_> = of_group.map(|known| known.namespace.as_str()).collect();
            if namespaces.len() >= MAX_NAMESPACES
                && !namespaces.contains(violation.namespace.as_str())
            {
                OTHER.clone_into(&mut violation.namespace);
            }
        }
        let known = self.0.entry(violation).or_default();
        known.count += broken.count;
        known.place = match (known.place.take(), &broken.place) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs.clone())),
            (ours, theirs) => ours.or_else(|| theirs.clone()),
        };
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (violation, broken) in &other.0 {
            self.add(violation.clone(), broken);
        }
    }

    /// Each of them, in the order of log groups, namespaces and reasons.
    pub fn iter(&self) -> impl Iterator<Item = (&Violation, &Broken)> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(all: &mut Violations, group: &str, namespace: &str) {
        let line = format!(
            r#"{{"_aws":{{"Timestamp":0,"CloudWatchMetrics":[{{"Namespace":"{namespace}","Dimensions":[["d"]],"Metrics":[{{"Name":"M"}}]}}]}},"M":1}}"#
        );
        all.take(group, Rejection::DimensionMissing, &line, &mut 0);
    }

    fn told(all: &Violations) -> Vec<(&str, &str, u64, Option<&str>)> {
        all.iter()
            .map(|(violation, broken)| {
                let place = broken.place.as_deref();
                (
                    violation.log_group.as_str(),
                    violation.namespace.as_str(),
                    broken.count,
                    place,
                )
            })
            .collect()
    }

    #[test]
    fn violations_are_counted_by_log_group_and_namespace_with_their_place() {
        let mut all = Violations::default();
        take(&mut all, "g", "N");
        take(&mut all, "g", "N");
        take(&mut all, "g", "O");
        let mut others = Violations::default();
        take(&mut others, "h", "N");
        take(&mut others, "g", "O");
        all.merge(&others);
        let expected = [
            ("g", "N", 2, Some("d")),
            ("g", "O", 2, Some("d")),
            ("h", "N", 1, Some("d")),
        ];
        assert_eq!(told(&all), expected);
    }

    #[test]
    fn names_that_explode_are_bounded_and_none_is_lost() {
        let mut all = Violations::default();
        for index in 0..100 {
            take(&mut all, "g", &format!("N{index}"));
        }
        for index in 0..200 {
            take(&mut all, &format!("group-{index}"), "N");
        }
        assert_eq!(all.iter().map(|(_, broken)| broken.count).sum::<u64>(), 300);
        let of_one = told(&all).into_iter().filter(|(group, ..)| *group == "g");
        assert_eq!(of_one.count(), MAX_NAMESPACES + 1);
        let groups: BTreeSet<_> = told(&all)
            .into_iter()
            .map(|(group, ..)| group.to_owned())
            .collect();
        assert_eq!(groups.len(), MAX_GROUPS + 1);
        assert!(groups.contains(OTHER));
    }

    #[test]
    fn names_are_cut_and_escaped_and_reading_them_has_an_end() {
        let mut all = Violations::default();
        take(&mut all, "g", "a\\nb\\u0007");
        take(&mut all, "g", &"n".repeat(1024));
        let mut examined = MAX_EXAMINED;
        all.take(
            "g",
            Rejection::NotJson,
            "{\"Namespace\":\"X\"",
            &mut examined,
        );
        let namespaces: Vec<_> = told(&all)
            .iter()
            .map(|(_, namespace, ..)| (*namespace).to_owned())
            .collect();
        assert_eq!(
            namespaces,
            [OTHER, "a\\nb\\u{7}", &format!("{}…", "n".repeat(64))]
        );
    }
}
