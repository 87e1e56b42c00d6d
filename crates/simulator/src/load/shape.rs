//! How a load's rate moves over its run: stretches of straight lines, so that sums are exact.

use std::fmt;

/// The kinds of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// The same rate throughout.
    Constant,
    /// From a tenth of the rate to all of it.
    Ramp,
    /// A tenth of the rate, and all of it for the middle fifth.
    Spike,
    /// The same rate for long, to find what gets slowly worse.
    Soak,
    /// Half the rate, all of it for the second quarter, then half again, from clients that come back at once when
    /// they are refused. The push is over halfway; a storm is what does not end with it.
    RetryStorm,
    /// Nothing for the first half, so that environments go away, then all of it over new connections.
    ColdBurst,
}

/// A straight line: to which share of the run, from which level to which (shares of the highest rate).
struct Line {
    until: f64,
    from: f64,
    to: f64,
}

const fn flat(until: f64, level: f64) -> Line {
    Line {
        until,
        from: level,
        to: level,
    }
}

const CONSTANT: &[Line] = &[flat(1.0, 1.0)];
const RAMP: &[Line] = &[Line {
    until: 1.0,
    from: 0.1,
    to: 1.0,
}];
const SPIKE: &[Line] = &[flat(0.4, 0.1), flat(0.6, 1.0), flat(1.0, 0.1)];
const RETRY_STORM: &[Line] = &[flat(0.25, 0.5), flat(0.5, 1.0), flat(1.0, 0.5)];
const COLD_BURST: &[Line] = &[flat(0.5, 0.0), flat(1.0, 1.0)];

impl Line {
    /// The area below the line's first `width`, when it begins at `start`.
    fn area(&self, start: f64, width: f64) -> f64 {
        let slope = (self.to - self.from) / (self.until - start);
        self.from * width + slope * width * width / 2.0
    }

    /// How far along the line `area` lies.
    fn width(&self, start: f64, area: f64) -> f64 {
        let slope = (self.to - self.from) / (self.until - start);
        // slope/2 · w² + from · w − area = 0, in the form that also holds for a slope of 0.
        let root = (self.from * self.from + 2.0 * slope * area).max(0.0).sqrt();
        2.0 * area / (self.from + root)
    }
}

impl Shape {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::Constant,
        Self::Ramp,
        Self::Spike,
        Self::Soak,
        Self::RetryStorm,
        Self::ColdBurst,
    ];

    /// The spelling in arguments and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Ramp => "ramp",
            Self::Spike => "spike",
            Self::Soak => "soak",
            Self::RetryStorm => "retry-storm",
            Self::ColdBurst => "cold-burst",
        }
    }

    fn lines(self) -> &'static [Line] {
        match self {
            Self::Constant | Self::Soak => CONSTANT,
            Self::Ramp => RAMP,
            Self::Spike => SPIKE,
            Self::RetryStorm => RETRY_STORM,
            Self::ColdBurst => COLD_BURST,
        }
    }

    /// The rate at a share of the run (0 to 1), as a share of the highest.
    #[must_use]
    pub fn level(self, share: f64) -> f64 {
        let mut start = 0.0;
        let mut level = 0.0;
        for line in self.lines() {
            level = line.from + (line.to - line.from) * (share - start) / (line.until - start);
            if share < line.until {
                break;
            }
            (start, level) = (line.until, line.to);
        }
        level
    }

    /// The mean rate of the whole run, as a share of the highest.
    #[must_use]
    pub fn area(self) -> f64 {
        let mut start = 0.0;
        let mut sum = 0.0;
        for line in self.lines() {
            sum += line.area(start, line.until - start);
            start = line.until;
        }
        sum
    }

    /// The share of the run at which a share of its requests (0 to 1) has arrived.
    pub(super) fn reached(self, share: f64) -> f64 {
        let mut left = share * self.area();
        let mut start = 0.0;
        for line in self.lines() {
            let area = line.area(start, line.until - start);
            if left < area {
                return (start + line.width(start, left)).min(line.until);
            }
            left -= area;
            start = line.until;
        }
        1.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
