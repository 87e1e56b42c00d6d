//! What CloudWatch drops without a word, and what would have run up a bill: counted, and said with what to do about it.

use std::collections::BTreeMap;

use extraction::Counts;
use extraction::counts::OTHER;
use signals::Metric;

use super::{Speaker, number};

/// A name as a dimension's value, which must not be empty.
fn named(name: &str) -> &str {
    if name.is_empty() { "unknown" } else { name }
}

/// Tells of invalid documents.
pub(super) fn emit(speaker: &Speaker<'_>, counts: &Counts) {
    let [function, service] = speaker.own();
    let mut by_reason = BTreeMap::<_, u64>::new();
    let mut by_set = BTreeMap::<_, u64>::new();
    for (violation, broken) in counts.violations.iter() {
        let reason = violation.reason.as_str();
        let (group, namespace) = (violation.log_group.as_str(), named(&violation.namespace));
        *by_reason.entry(reason).or_default() += broken.count;
        let admitted = speaker.sightings.guard().admits([group, namespace, reason]);
        let set = if admitted {
            (group, namespace)
        } else {
            (OTHER, OTHER)
        };
        *by_set.entry((set, reason)).or_default() += broken.count;
        if speaker
            .sightings
            .guard()
            .says(speaker.at, [group, namespace, reason])
        {
            tracing::warn!(
                log_group = group,
                namespace,
                reason,
                place = broken.place.as_deref().unwrap_or_default(),
                documents = broken.count,
                "CloudWatch drops documents in the embedded metric format without a word: {}",
                violation.reason.fix()
            );
        }
    }
    for (reason, times) in by_reason {
        let dimensions = [function, service, ("reason", reason)];
        speaker.tell(&dimensions, &[(Metric::EmfViolations, number(times))]);
    }
    for (((group, namespace), reason), times) in by_set {
        let dimensions = [
            ("log_group", group),
            ("namespace", namespace),
            ("reason", reason),
        ];
        speaker.tell(&dimensions, &[(Metric::EmfViolations, number(times))]);
    }
}

/// Tells of dimensions with too many values.
pub(super) fn emit_capped(speaker: &Speaker<'_>, counts: &Counts) {
    for ((namespace, dimension), data) in &counts.capped {
        let [namespace, dimension] = [shown(namespace), shown(dimension)];
        if speaker
            .sightings
            .guard()
            .says(speaker.at, ["", &namespace, &dimension])
        {
            tracing::warn!(
                namespace,
                dimension,
                data,
                "a dimension has too many values for one batch: what is beyond is counted in its series {OTHER}. Take the \
                 dimension out of the sets and write it as a property, or use a template of it (/cars/{{id}} for the path); \
                 CloudWatch bills each of its values as a metric of its own"
            );
        }
    }
}

/// A name from a document as it may be shown.
fn shown(name: &str) -> String {
    name.chars().take(64).flat_map(char::escape_debug).collect()
}
