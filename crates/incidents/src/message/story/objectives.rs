//! What a message says of the service's objectives.

use super::super::untrusted::tame;
use super::{LISTED, Story};
use crate::slo::Standing;

impl Story<'_> {
    /// The objectives, the fastest burning first.
    fn standings(&self) -> Vec<&Standing> {
        let mut standings: Vec<_> = self.context.objectives.iter().collect();
        standings.sort_by(|a, b| b.burn.unwrap_or(0.0).total_cmp(&a.burn.unwrap_or(0.0)));
        standings
    }

    /// What the fastest burning objective says, where it burns faster than it lasts.
    pub(super) fn alarming(&self) -> Option<String> {
        self.standings().into_iter().find_map(Standing::alarming)
    }

    /// Where each objective stands: `cars answer: 99.9% in 30 d: 41% of the budget left …`. When all is over nothing is
    /// foretold: what burned does not any more.
    pub(crate) fn objectives(&self) -> Vec<String> {
        let standings = self.standings();
        let more = standings.len().saturating_sub(LISTED);
        let line = |standing: &&Standing| {
            let said = if self.is_over() {
                standing.left()
            } else {
                standing.to_string()
            };
            format!("{}: {said}", tame(&standing.name))
        };
        let mut lines: Vec<_> = standings.iter().take(LISTED).map(line).collect();
        lines.extend((more > 0).then(|| format!("+{more} more")));
        lines
    }
}
