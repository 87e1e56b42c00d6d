//! What changed around the onset.

use super::super::untrusted::tame;
use super::super::{Change, moment, number};
use super::{LISTED, Story};

/// Changes this long before the onset may have caused it.
const CHANGE_MINUTES: i64 = 60;

impl<'a> Story<'a> {
    /// Changes from an hour before the onset until now, nearest to the onset first, and how many more there are.
    pub(crate) fn changes(&self) -> (Vec<&'a Change>, usize) {
        let onset = self.incident.onset.start();
        let distance = |change: &Change| onset.as_second().abs_diff(change.at.as_second());
        let mut near: Vec<&Change> = self
            .context
            .changes
            .iter()
            .filter(|change| {
                change.at <= self.transition.at
                    && moment::minutes(change.at, onset) <= CHANGE_MINUTES
            })
            .collect();
        near.sort_by(|a, b| (distance(a), &a.text).cmp(&(distance(b), &b.text)));
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
            return vec![match self.context.deploy_feed_last_seen {
                None => "unknown: no feed of deploys and changes is connected".to_owned(),
                Some(seen) => format!(
                    "none found (deploy feed last seen {})",
                    moment::full(seen, local)
                ),
            }];
        }
        let mut lines: Vec<String> = near
            .iter()
            .map(|change| {
                let (before, after) = (
                    moment::minutes(change.at, onset),
                    moment::minutes(onset, change.at),
                );
                let relation = if change.at <= onset {
                    format!("{} before the start", number::duration(before))
                } else {
                    format!("{} after the start", number::duration(after))
                };
                format!(
                    "{} {} ({relation})",
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
