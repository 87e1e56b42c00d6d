//! "New normal?": a deviation that lasts becomes the baseline, once, and says so.
//!
//! Minutes that breach are kept out of the baseline, so without this a deploy that makes a service slower for
//! good would alert for ever.

use crate::SnapshotError;
use crate::snapshot::{MOST, Reader, put_f64};

/// Minutes on one side after which the new level is accepted: six hours, a shift of on-call who saw it.
const ACCEPT: u16 = 6 * 60;
/// A minute back within the normal range undoes this many: an incident that comes and goes is not a new level.
const FORGIVE: u16 = 4;

/// A run of extreme minutes on one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    high: bool,
    run: u16,
    top: f64,
    bottom: f64,
}

/// Sums over an accepted run: what they are is the model's affair (see [`crate::judge::Baseline::evidence`]).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Shift {
    pub(crate) fn new() -> Self {
        Self {
            high: false,
            run: 0,
            top: 0.0,
            bottom: 0.0,
        }
    }

    /// An extreme minute, above (`high`) or below. Returns the sums when the run is long enough, and starts anew.
    pub(crate) fn extreme(&mut self, high: bool, (top, bottom): (f64, f64)) -> Option<Accepted> {
        if self.high != high || self.run == 0 {
            *self = Self {
                high,
                ..Self::new()
            };
        }
        self.run += 1;
        self.top += top;
        self.bottom += bottom;
        if self.run < ACCEPT {
            return None;
        }
        let accepted = Accepted {
            top: self.top,
            bottom: self.bottom,
        };
        *self = Self::new();
        Some(accepted)
    }

    /// A minute that is not extreme.
    pub(crate) fn normal(&mut self) {
        self.run = self.run.saturating_sub(FORGIVE);
        if self.run == 0 {
            *self = Self::new();
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.high));
        out.extend_from_slice(&self.run.to_le_bytes());
        put_f64(out, self.top);
        put_f64(out, self.bottom);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let high = match reader.byte("shift side")? {
            0 => false,
            1 => true,
            other => return Err(reader.damaged(format!("shift side is {other}"))),
        };
        let run = reader.u16("shift run")?;
        if run >= ACCEPT {
            return Err(reader.damaged(format!("a shift has run for {run} minutes")));
        }
        Ok(Self {
            high,
            run,
            top: reader.f64_in("shift sum", -MOST, MOST)?,
            bottom: reader.f64_in("shift weight", 0.0, MOST)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_hours_on_one_side_are_accepted_once() {
        let mut shift = Shift::new();
        for minute in 1..ACCEPT {
            assert_eq!(shift.extreme(true, (2.0, 1.0)), None, "minute {minute}");
        }
        assert_eq!(
            shift.extreme(true, (2.0, 1.0)),
            Some(Accepted {
                top: 720.0,
                bottom: 360.0
            })
        );
        assert_eq!(shift.extreme(true, (2.0, 1.0)), None);
    }

    #[test]
    fn the_other_side_or_normal_minutes_start_anew() {
        let mut shift = Shift::new();
        for _ in 1..ACCEPT {
            shift.extreme(true, (1.0, 1.0));
        }
        assert_eq!(shift.extreme(false, (1.0, 1.0)), None);
        for _ in 0..10_000 {
            shift.normal();
            for _ in 0..FORGIVE {
                assert_eq!(shift.extreme(false, (1.0, 1.0)), None);
            }
        }
    }
}
