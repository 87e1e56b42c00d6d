//! What the run is at, and how long each part took.

use std::time::Duration;

use e2e::built::workspace;
use platform::clock::{Clock, Mark, Operation, SystemClock};

/// The run's own budget: it is part of every `make test`.
const LONGEST: Duration = Duration::from_secs(600);

pub(super) struct Stages {
    begun: Mark,
    last: Mark,
    building: Duration,
    lines: String,
}

impl Stages {
    pub(super) fn start() -> Self {
        let begun = SystemClock.start();
        Self {
            begun,
            last: begun,
            building: Duration::ZERO,
            lines: String::new(),
        }
    }

    /// The end of a stage.
    pub(super) fn done(&mut self, stage: &str) {
        let took = SystemClock.finish(Operation::Request, self.last);
        self.last = SystemClock.start();
        self.line(&format!("{:6.1} s  {stage}", took.as_secs_f64()));
    }

    /// The end of what builds what was not built: that is not the run's time.
    pub(super) fn built(&mut self, stage: &str) {
        self.done(stage);
        self.building = SystemClock.finish(Operation::Request, self.begun);
    }

    pub(super) fn say(&mut self, lines: &[String]) {
        for line in lines {
            self.line(&format!("          {line}"));
        }
    }

    fn line(&mut self, line: &str) {
        println!("{line}");
        self.lines.push_str(line);
        self.lines.push('\n');
    }

    /// The whole run. Whoever runs the tests does not see what one that passed has said, so it is in a file too.
    pub(super) fn finish(mut self) {
        let took = SystemClock.finish(Operation::Request, self.begun) - self.building;
        self.line(&format!("{:6.1} s  in all", took.as_secs_f64()));
        std::fs::write(
            workspace().join("target/emulator/last-run.txt"),
            &self.lines,
        )
        .unwrap();
        assert!(took < LONGEST, "it may take {LONGEST:?}");
    }
}
