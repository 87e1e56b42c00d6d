//! What changed around the onset.

use std::collections::BTreeMap;

use super::super::untrusted::tame;
use super::super::{Change, moment, number};
use super::{LISTED, Story};

/// Changes this long before the onset may have caused it.
const CHANGE_MINUTES: i64 = 60;

/// A change, and how often the same was done in the same time.
pub(crate) struct Near<'a> {
    pub(crate) change: &'a Change,
    times: usize,
}

impl<'a> Story<'a> {
    /// Changes from an hour before the onset until now, nearest to the onset first, and how many more there are. What
    /// was done again and again is one of them, where it is nearest.
    pub(crate) fn changes(&self) -> (Vec<Near<'a>>, usize) {
        let onset = self.incident.onset.start();
        let distance = |change: &Change| onset.as_second().abs_diff(change.at.as_second());
        let mut found: Vec<&Change> = self
            .context
            .changes
            .iter()
            .filter(|change| {
                change.at <= self.transition.at
                    && moment::minutes(change.at, onset) <= CHANGE_MINUTES
            })
            .collect();
        // Of two at the same distance the earlier one can be a cause.
        found.sort_by(|a, b| (distance(a), a.at, &a.text).cmp(&(distance(b), b.at, &b.text)));
        let mut near: Vec<Near<'a>> = Vec::new();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for change in found {
            let at = *seen.entry(&change.text).or_insert(near.len());
            match near.get_mut(at) {
                Some(same) => same.times += 1,
                None => near.push(Near { change, times: 1 }),
            }
        }
        let more = near.len().saturating_sub(LISTED);
        near.truncate(LISTED);
        (near, more)
    }

    /// One line for each change, or why there is none.
    pub(crate) fn changed(&self) -> Vec<String> {
        let local = self.context.local.as_ref();
        let onset = self.incident.onset.start();
        let (near, more) = self.changes();
        if near.is_empty() {
            let context = self.context;
            return vec![match context.deploy_feed_last_seen {
                None if context.change_feed => {
                    "none found (the feed told nothing for a day; it knows calls of the Lambda API only with a CloudTrail trail)".to_owned()
                }
                None => "unknown: no feed of deploys and changes is connected".to_owned(),
                Some(seen) => format!(
                    "none found (deploy feed last seen {})",
                    moment::full(seen, local)
                ),
            }];
        }
        let mut lines: Vec<String> = near
            .iter()
            .map(|Near { change, times }| {
                let (before, after) = (
                    moment::minutes(change.at, onset),
                    moment::minutes(onset, change.at),
                );
                let relation = if change.at <= onset {
                    format!("{} before the start", number::duration(before))
                } else {
                    format!("{} after the start", number::duration(after))
                };
                let times = match times {
                    1 => String::new(),
                    times => format!("; {times} times"),
                };
                format!(
                    "{} {} ({relation}{times})",
                    moment::full(change.at, local),
                    tame(&change.text)
                )
            })
            .collect();
        if more > 0 {
            lines.push(format!("+{more} more"));
        }
        lines
    }
}

#[cfg(test)]
mod tests;
