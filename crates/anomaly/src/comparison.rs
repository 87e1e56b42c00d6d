//! Two versions side by side: is the new one worse than the old one over the same minutes?
//!
//! Nothing is learned here. Which version gets a request is drawn by lot (Lambda's weighted alias), whatever the
//! request is and however bad the minute: given that `k` of the minute's requests went badly, how many of them the
//! new version got has a hypergeometric distribution if it is no worse. The minutes are independent draws, so
//! [`chance`] convolves them and is exact: no estimate of a rate, no normal approximation, and a burst that hits
//! both versions accuses nobody, even in the minute in which the weights change.
//!
//! **The promise.** A rollout is looked at every minute, and every look may be wrong. [`FALSE_ALARM`] is spent in
//! equal parts on [`LOOKS`] looks at [`QUESTIONS`] questions each, so by Bonferroni's inequality a version that is
//! no worse is accused in any [`LOOKS`] minutes of two versions with at most that probability, however the looks
//! depend on each other. `tests/rollouts.rs` simulates it.
//!
//! What the lot does not cover is an environment that is bad by itself (a bad host), since a new version has few
//! of them. So one bad minute does not accuse: what is said must hold without the new version's worst minute, by
//! [`REST`] and by the floors. An environment that stays bad for several minutes is not told from a bad version.

use std::fmt;

mod chance;
mod latency;

pub use chance::chance;
pub use latency::{Latencies, LatencyPair, latencies};

/// How probable it is at most that a version which is no worse is accused during [`LOOKS`] looks: once in two
/// hundred rollouts. Counts are whole and looks resemble each other, so that it is far less in fact: 17 of 100,000
/// in the simulation of `tests/rollouts.rs`, counted before [`REST`] was asked for too, which only spares. A fifth of it would cost one more failure to be seen, which at 40
/// requests a minute is two more minutes of a bad version.
pub const FALSE_ALARM: f64 = 5e-3;
/// Looks that the promise covers, one a minute, each at no more than as many minutes. CodeDeploy's
/// `Canary10Percent15Minutes` bakes for 15, and its alarm comes two or three minutes behind.
pub const LOOKS: u32 = 20;
/// What is asked at each look: function errors, failed requests, latency.
pub const QUESTIONS: u32 = 3;

/// Below this number of requests of either version nothing is said, however bad they are.
const LEAST: u64 = 5;
/// "Not worse" takes this many requests of each. To be worse takes fewer: what chance would do is known exactly at
/// any number, while that nothing was seen in a handful of requests means nothing.
const ENOUGH: u64 = 20;
/// One bad minute may be one bad host: below this chance the minutes without it must be. They are what the lot
/// decides, so a bad minute accuses a version that is no worse as rarely as they do: in 7 of 2,000 simulated
/// rollouts that each have one, where chance over all minutes alone would accuse 315.
pub const REST: f64 = 0.01;

/// Attempts of one version, and how many of them went badly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Failed or slow ones. More than there were attempts counts as all of them.
    pub bad: u64,
    /// Attempts.
    pub of: u64,
}

impl Tally {
    /// The share that went badly, 0 to 1; 0 without attempts.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.of == 0 {
            0.0
        } else {
            number(self.bad.min(self.of)) / number(self.of)
        }
    }

    fn add(&mut self, other: Self) {
        self.bad = self.bad.saturating_add(other.bad.min(other.of));
        self.of = self.of.saturating_add(other.of);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.bad, self.of)
    }
}

/// One minute of two versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pair {
    /// What is compared with.
    pub old: Tally,
    /// What is judged.
    pub new: Tally,
}

impl Pair {
    /// Whether the minute can tell anything: both served.
    fn is_common(&self) -> bool {
        self.old.of > 0 && self.new.of > 0
    }
}

/// What a look comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// Too few requests in the minutes in which both served.
    TooFew,
    /// Enough requests, and nothing that chance would not do, or nothing that matters.
    NotWorse,
    /// Worse, by more than chance would do and by more than the floors.
    Worse,
}

impl Finding {
    /// The spelling in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooFew => "too few requests",
            Self::NotWorse => "not worse",
            Self::Worse => "worse",
        }
    }
}

/// The answer to one question, with the numbers it was made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The answer.
    pub finding: Finding,
    /// Minutes in which both served; only these count.
    pub minutes: usize,
    /// The old version in these minutes.
    pub old: Tally,
    /// The new one.
    pub new: Tally,
    /// What the floors are held against: the share of failures, or the p90 in milliseconds.
    pub old_level: f64,
    /// The same of the new version.
    pub new_level: f64,
    /// How probable it is that the new version has as many bad ones or more when it is no worse.
    pub chance: f64,
}

/// By how much a level must be above the old one to matter.
#[derive(Debug, Clone, Copy)]
struct Floors {
    /// In the level's unit.
    absolute: f64,
    /// As a share of the old level.
    relative: f64,
    /// Bad ones more than the new version's part of all bad ones.
    excess: f64,
}

/// Half a percent of the requests, half as many again, and three of them: what a rollback is worth.
const ERRORS: Floors = Floors {
    absolute: 0.005,
    relative: 0.5,
    excess: 3.0,
};

/// Whether the new version fails more often. Each pair is one minute, in any order; those in which not both
/// served are left out.
#[must_use]
pub fn errors(minutes: &[Pair]) -> Comparison {
    judged(minutes, ERRORS, |of| (of.old.share(), of.new.share()))
}

/// The probability below which a question of one look accuses.
#[must_use]
pub fn threshold() -> f64 {
    FALSE_ALARM / f64::from(LOOKS * QUESTIONS)
}

/// The minutes in which both served, all or all but one.
struct Common {
    pairs: Vec<Pair>,
    /// Which of the minutes that were given is not among them.
    without: Option<usize>,
    old: Tally,
    new: Tally,
}

impl Common {
    fn of(minutes: &[Pair], without: Option<usize>) -> Self {
        let all = minutes.iter().enumerate();
        let kept = all.filter(|(at, pair)| Some(*at) != without && pair.is_common());
        let pairs: Vec<Pair> = kept.map(|(_, pair)| *pair).collect();
        let (mut old, mut new) = (Tally::default(), Tally::default());
        for pair in &pairs {
            old.add(pair.old);
            new.add(pair.new);
        }
        Self {
            pairs,
            without,
            old,
            new,
        }
    }

    fn matters(&self, floors: Floors, (old_level, new_level): (f64, f64)) -> bool {
        let excess = self.pairs.iter().map(excess).sum::<f64>();
        new_level - old_level >= floors.absolute
            && new_level >= old_level * (1.0 + floors.relative)
            && excess >= floors.excess
    }
}

/// Bad ones more than the lot would give the new version of this minute's.
fn excess(pair: &Pair) -> f64 {
    number(pair.new.bad.min(pair.new.of)) - chance::expected(pair)
}

/// The minute that speaks most against the new version.
fn worst(minutes: &[Pair]) -> Option<usize> {
    let common = minutes.iter().enumerate();
    let common = common.filter(|(_, pair)| pair.is_common());
    let excesses = common.map(|(at, pair)| (at, excess(pair)));
    let worst = excesses.max_by(|(_, a), (_, b)| a.total_cmp(b));
    worst.map(|(at, _)| at)
}

fn judged(minutes: &[Pair], floors: Floors, levels: impl Fn(&Common) -> (f64, f64)) -> Comparison {
    let common = Common::of(minutes, None);
    let (old_level, new_level) = levels(&common);
    let chance = chance(&common.pairs);
    let holds_without_the_worst = || {
        let rest = Common::of(minutes, worst(minutes));
        self::chance(&rest.pairs) < REST && rest.matters(floors, levels(&rest))
    };
    let fewest = common.old.of.min(common.new.of);
    let finding = if fewest >= LEAST
        && chance < threshold()
        && common.matters(floors, (old_level, new_level))
        && holds_without_the_worst()
    {
        Finding::Worse
    } else if fewest >= ENOUGH {
        Finding::NotWorse
    } else {
        Finding::TooFew
    };
    Comparison {
        finding,
        minutes: common.pairs.len(),
        old: common.old,
        new: common.new,
        old_level,
        new_level,
        chance,
    }
}

/// Counts above 2^53 lose their last digits, which no statistic here can tell.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(count: usize, (old_bad, old): (u64, u64), (new_bad, new): (u64, u64)) -> Vec<Pair> {
        let pair = Pair {
            old: Tally {
                bad: old_bad,
                of: old,
            },
            new: Tally {
                bad: new_bad,
                of: new,
            },
        };
        vec![pair; count]
    }

    #[test]
    fn findings_follow_chance_floors_and_numbers() {
        use Finding::{NotWorse, TooFew, Worse};
        for (name, minutes, expected) in [
            ("nothing", vec![], TooFew),
            ("all well", minutes(10, (0, 36), (0, 4)), NotWorse),
            ("every request fails", minutes(5, (0, 36), (4, 4)), Worse),
            ("one in five fails", minutes(10, (0, 36), (1, 5)), Worse),
            ("both fail alike", minutes(10, (9, 36), (1, 4)), NotWorse),
            (
                "the old one fails more",
                minutes(10, (9, 36), (0, 4)),
                NotWorse,
            ),
            (
                "nineteen are too few to be cleared",
                minutes(19, (0, 9), (0, 1)),
                TooFew,
            ),
            (
                "and twenty are enough",
                minutes(20, (0, 9), (0, 1)),
                NotWorse,
            ),
            (
                "five of five that fail are enough to accuse",
                minutes(5, (0, 40), (1, 1)),
                Worse,
            ),
            ("four of four are not", minutes(4, (0, 400), (1, 1)), TooFew),
            (
                "few old ones say nothing",
                minutes(4, (0, 1), (9, 9)),
                TooFew,
            ),
            (
                "one bad minute is a bad host",
                minutes(1, (0, 360), (40, 40)),
                NotWorse,
            ),
            (
                "one bad minute, and a stray failure in another",
                [
                    minutes(8, (0, 360), (0, 40)),
                    minutes(1, (0, 360), (1, 40)),
                    minutes(1, (0, 360), (10, 40)),
                ]
                .concat(),
                NotWorse,
            ),
            (
                "one bad minute, and chance in all others",
                [
                    minutes(9, (36, 360), (4, 40)),
                    minutes(1, (36, 360), (40, 40)),
                ]
                .concat(),
                NotWorse,
            ),
            (
                "one bad minute, and too little in the others",
                [
                    minutes(9, (0, 36), (0, 4)),
                    minutes(3, (0, 36), (1, 4)),
                    minutes(1, (0, 36), (4, 4)),
                ]
                .concat(),
                NotWorse,
            ),
            (
                "one bad minute, and enough in the others",
                [
                    minutes(9, (0, 36), (0, 4)),
                    minutes(4, (0, 36), (1, 4)),
                    minutes(1, (0, 36), (4, 4)),
                ]
                .concat(),
                Worse,
            ),
            (
                "one bad minute in which only the new one served",
                [minutes(10, (0, 36), (1, 4)), minutes(1, (0, 0), (400, 400))].concat(),
                Worse,
            ),
            (
                "significant, but a thousandth",
                minutes(20, (100, 90_000), (40, 10_000)),
                NotWorse,
            ),
            (
                "significant, but a third more",
                minutes(20, (2_700, 9_000), (400, 1_000)),
                NotWorse,
            ),
            (
                "the new one only, after the shift",
                minutes(20, (0, 0), (4, 40)),
                TooFew,
            ),
        ] {
            let found = errors(&minutes);
            assert_eq!(found.finding, expected, "{name}: {found:?}");
        }
    }

    #[test]
    fn minutes_of_one_version_change_nothing() {
        let common = minutes(10, (1, 36), (1, 4));
        let mut more = common.clone();
        more.extend(minutes(30, (900, 900), (0, 0)));
        more.extend(minutes(30, (0, 0), (40, 40)));
        assert_eq!(errors(&common), errors(&more));
    }

    #[test]
    fn an_outage_in_the_minute_in_which_the_weights_change_accuses_nobody() {
        let mut minutes = minutes(15, (0, 360), (0, 40));
        // Half of everything fails while the new version takes over: pooled, that would be 45 of 690 against 180 of
        // 5,760, and as good as impossible by chance.
        minutes.extend([Pair {
            old: Tally { bad: 45, of: 90 },
            new: Tally { bad: 135, of: 270 },
        }]);
        let found = errors(&minutes);
        assert_eq!(found.finding, Finding::NotWorse, "{found:?}");
        assert!(found.chance > 0.4, "{found:?}");
    }

    #[test]
    fn more_failures_than_requests_are_all_of_them() {
        let found = errors(&minutes(10, (0, 36), (u64::MAX, 4)));
        assert_eq!(
            (found.finding, found.new),
            (Finding::Worse, Tally { bad: 40, of: 40 })
        );
        assert!(errors(&minutes(3, (u64::MAX, u64::MAX), (u64::MAX, u64::MAX))).chance > 0.99);
    }
}
