//! How far a run is, for people: on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// One line of standard error that is written over. Where that is no terminal, nothing.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// With so many ticks to come.
    pub(crate) fn new(ticks: u64) -> Self {
        let bar = ProgressBar::new(ticks);
        if let Ok(style) = ProgressStyle::with_template("{elapsed} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_secs(1));
        Self(bar)
    }

    pub(crate) fn tick(&self, what: &str) {
        if self.0.message() != what {
            self.0.set_message(what.to_owned());
        }
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
