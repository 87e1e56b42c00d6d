//! What a message says of the service's objectives.

use super::super::untrusted::tame;
use super::{LISTED, Story};

impl Story<'_> {
    /// What the fastest burning objective says, where it burns faster than it lasts.
    pub(super) fn alarming(&self) -> Option<String> {
        let objectives = self.context.objectives.iter();
        objectives
            .max_by(|a, b| a.burn.unwrap_or(0.0).total_cmp(&b.burn.unwrap_or(0.0)))?
            .alarming()
    }

    /// Where each objective stands: `cars answer: 99.9% in 30 d: burns 11x over 1 h, …`.
    pub(crate) fn objectives(&self) -> Vec<String> {
        let standings = self.context.objectives.iter().take(LISTED);
        standings
            .map(|standing| format!("{}: {standing}", tame(&standing.name)))
            .collect()
    }
}
