//! How much minutes depend on each other, which decides what several of them together mean.
//!
//! Two figures. How much more the sum of half an hour of deviates varies than a sum of independent ones would is the
//! number of minutes that tell as much as one (the variance ratio of batch means; Law and Kelton, *Simulation
//! Modeling and Analysis*, §9.5): evidence that adds up is tempered by it (see [`crate::evidence`]). The correlation of
//! neighbours alone would miss what waxes and wanes over an hour. The share of exceedances of 1 % that another one
//! follows within two minutes, beyond chance, is the extremal clustering (Ferro and Segers, JRSS B 65, 2003) that two
//! of three minutes must be held against. Both count only as far as they stand out from chance, so that independent
//! minutes pay nothing.

use crate::SnapshotError;
use crate::snapshot::{Reader, put_f32};

/// Minutes of a block, and what each block keeps of the memory: 2^(−30/10,080), so that it halves in a week.
const BLOCK: u8 = 30;
const KEEP: f32 = 0.997_939_2;
/// What a minute keeps of the exceedances' memory: 2^(−1/20,160), two weeks.
const KEEP_RARE: f32 = 0.999_965_6;
/// Squares of independent deviates that are believed in at first: those of five hours.
const BELIEF: f32 = 300.0;
/// What chance alone shows of dependence: twice the standard error of the ratio of a week.
const CHANCE: f32 = 0.15;
/// A block's sum counts as at most this many of its standard deviations: one incident is not how a series behaves.
const WILD: f32 = 3.5;
/// An exceedance, and how many of two following minutes are one by chance.
const RARE: f64 = 0.01;
const FOLLOWING: f32 = 0.02;
/// Deviates beyond this count as this.
const WINSOR: f64 = 3.0;

/// What is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dependence {
    /// Of the block so far: its sum, its sum of squares, its minutes.
    sum: f32,
    square: f32,
    minutes: u8,
    /// Discounted sums over blocks: of squared sums, and of sums of squares.
    sums: f32,
    squares: f32,
    rare: f32,
    followed: f32,
    /// Minutes since the last exceedance.
    ago: u8,
}

impl Dependence {
    pub(crate) fn new() -> Self {
        Self {
            sum: 0.0,
            square: 0.0,
            minutes: 0,
            sums: 0.0,
            squares: 0.0,
            rare: 0.0,
            followed: 0.0,
            ago: u8::MAX,
        }
    }

    /// What evidence is tempered by: 1 for independent minutes, less for others.
    #[inline]
    pub(crate) fn temper(&self) -> f64 {
        let squares = self.squares + BELIEF;
        let beyond = self.sums + BELIEF - squares * CHANCE;
        if beyond <= squares {
            return 1.0;
        }
        f64::from(squares / beyond)
    }

    /// How much more probable than by chance one of the two minutes after an exceedance is one as well, halved: the
    /// probability for each of them. Three standard errors of chance are taken off.
    pub(crate) fn follows(&self) -> f64 {
        let chance = FOLLOWING * self.rare;
        let beyond = self.followed - chance - 3.0 * (chance + 1.0).sqrt();
        f64::from((0.5 * beyond.max(0.0) / self.rare.max(1.0)).min(1.0))
    }

    /// Learns a minute, by its deviate and its calibrated tail.
    #[inline]
    pub(crate) fn learn(&mut self, deviate: f64, tail: f64) {
        let deviate = deviate.clamp(-WINSOR, WINSOR) as f32;
        self.sum += deviate;
        self.square += deviate * deviate;
        self.minutes += 1;
        if self.minutes >= BLOCK {
            let ratio = (self.sums + BELIEF) / (self.squares + BELIEF);
            let most = WILD * WILD * ratio * self.square;
            self.sums = self.sums * KEEP + (self.sum * self.sum).min(most);
            self.squares = self.squares * KEEP + self.square;
            (self.sum, self.square, self.minutes) = (0.0, 0.0, 0);
        }
        self.rare *= KEEP_RARE;
        self.followed *= KEEP_RARE;
        self.ago = self.ago.saturating_add(1);
        if tail < RARE {
            self.rare += 1.0;
            if self.ago <= 2 {
                self.followed += 1.0;
            }
            self.ago = 0;
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [
            self.sum,
            self.square,
            self.sums,
            self.squares,
            self.rare,
            self.followed,
        ] {
            put_f32(out, number);
        }
        out.push(self.minutes);
        out.push(self.ago);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            sum: reader.f32_in("sum of a block", -1e3, 1e3)?,
            square: reader.f32_in("squares of a block", 0.0, 1e4)?,
            sums: reader.f32_in("squared sums", 0.0, 1e9)?,
            squares: reader.f32_in("sums of squares", 0.0, 1e9)?,
            rare: reader.f32_in("exceedances", 0.0, 1e9)?,
            followed: reader.f32_in("followed exceedances", 0.0, 1e9)?,
            minutes: reader.byte("minutes of a block")?.min(BLOCK),
            ago: reader.byte("minutes since an exceedance")?,
        })
    }
}

#[cfg(test)]
mod tests;
