//! A new version beside the old one: two models of one series, so that a deploy neither erases what was normal nor
//! hides behind it.

use crate::{Input, Model, Verdict};

/// Both models. Twice the fixed size of one.
///
/// The detector makes one when it first hears a new version of a service, from the model it has, and steps it in that
/// model's place. What alarms is judged by `old`: normal is what was normal before the deploy. `new` starts out
/// expecting the same and follows the new version from its first minute, so that when the deploy is called good (its
/// level was accepted, or a week has passed) [`Versions::promote`] goes on without a blind spot, and when it is
/// rolled back [`Versions::roll_back`] has the old baseline, untouched by the new version.
#[derive(Debug, Clone, PartialEq)]
pub struct Versions {
    /// What was normal before the new version. Judges; learns nothing of the new version.
    old: Model,
    /// What is normal with it.
    new: Model,
}

impl Versions {
    /// A new version from this minute on, since the Unix epoch.
    #[must_use]
    pub fn of(mut model: Model, minute: i64) -> Self {
        model.deployed(minute);
        Self {
            new: model.fork(),
            old: model,
        }
    }

    /// Judges a minute by what was normal before the new version, and by what is with it. The old baseline's
    /// evidence goes on; only its expectation stays as it was.
    pub fn step(&mut self, input: &Input) -> [Verdict; 2] {
        [self.old.judge_only(input), self.new.step(input)]
    }

    /// What was normal before the new version.
    #[must_use]
    pub fn old(&self) -> &Model {
        &self.old
    }

    /// What is normal with it.
    #[must_use]
    pub fn new_version(&self) -> &Model {
        &self.new
    }

    /// The new version is what is normal now.
    #[must_use]
    pub fn promote(self) -> Model {
        self.new
    }

    /// It is not, and never was.
    #[must_use]
    pub fn roll_back(self) -> Model {
        self.old
    }
}
