//! The guards that can keep an extreme minute from breaching.

use std::fmt;

/// One guard: what users of other detectors ask for most, so that an unlikely minute is not yet a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gate {
    /// Too few samples, attempts or expected requests to judge.
    MinimumTraffic,
    /// Unlikely, but smaller than anyone would act on in the series' own unit.
    AbsoluteFloor,
    /// Unlikely, but small compared with what is expected (with the attempts, for errors and throttles).
    RelativeFloor,
    /// Unlikely on the side that is not watched.
    Direction,
    /// The baseline has not seen enough minutes yet.
    WarmUp,
    /// The baseline never varied, so any change would be infinitely unlikely; it was judged with the smallest
    /// spread that can be told apart, and is not unlikely by that.
    FlatLine,
    /// The minute is not later than the last one: judged, but neither learned nor acted on.
    OutOfOrder,
}

impl Gate {
    /// Every one of them, in bit order.
    pub const ALL: [Self; 7] = [
        Self::MinimumTraffic,
        Self::AbsoluteFloor,
        Self::RelativeFloor,
        Self::Direction,
        Self::WarmUp,
        Self::FlatLine,
        Self::OutOfOrder,
    ];

    /// The words used in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MinimumTraffic => "minimum traffic",
            Self::AbsoluteFloor => "absolute floor",
            Self::RelativeFloor => "relative floor",
            Self::Direction => "direction",
            Self::WarmUp => "warm-up",
            Self::FlatLine => "flat line",
            Self::OutOfOrder => "out of order",
        }
    }
}

/// The guards that spoke in one minute. `Display` lists them, or says `none`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Gates(u8);

impl Gates {
    /// Adds a guard.
    pub fn insert(&mut self, gate: Gate) {
        self.0 |= 1 << gate as u8;
    }

    /// Did this guard speak?
    #[must_use]
    pub fn contains(self, gate: Gate) -> bool {
        self.0 & (1 << gate as u8) != 0
    }

    /// Did none speak?
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that spoke, in the order of [`Gate::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Gate> {
        Gate::ALL
            .into_iter()
            .filter(move |gate| self.contains(*gate))
    }
}

impl fmt::Display for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (position, gate) in self.iter().enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(f, "{comma}{}", gate.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_list_themselves_in_order() {
        let mut gates = Gates::default();
        assert_eq!(
            (gates.is_empty(), gates.to_string().as_str()),
            (true, "none")
        );
        gates.insert(Gate::WarmUp);
        gates.insert(Gate::MinimumTraffic);
        gates.insert(Gate::WarmUp);
        assert_eq!(
            gates.iter().collect::<Vec<_>>(),
            [Gate::MinimumTraffic, Gate::WarmUp]
        );
        assert_eq!(gates.to_string(), "minimum traffic, warm-up");
        assert!(!gates.contains(Gate::FlatLine));
    }
}
