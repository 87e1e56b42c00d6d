//! The scoring rule of the Numenta Anomaly Benchmark, version 1.1 (Lavin and Ahmad 2015, "Evaluating Real-time Anomaly
//! Detection Algorithms").
//!
//! A flagged row in a window earns the more the earlier it lies, and each window counts its best row once; a flagged
//! row elsewhere costs the more the farther it lies behind the window before it. One threshold for the whole corpus.

/// What a hit earns, a false row costs and a missed window costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    hit: f64,
    false_row: f64,
    miss: f64,
}

/// The three columns of the scoreboard.
pub(crate) const PROFILES: [Profile; 3] = [
    Profile {
        name: "standard",
        hit: 1.0,
        false_row: 0.11,
        miss: 1.0,
    },
    Profile {
        name: "low FP",
        hit: 1.0,
        false_row: 0.22,
        miss: 1.0,
    },
    Profile {
        name: "low FN",
        hit: 1.0,
        false_row: 0.11,
        miss: 2.0,
    },
];

/// The first column, which everything is tuned and compared by.
pub(crate) const STANDARD: Profile = PROFILES[0];

/// The geometry of one file.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// What a flagged row earns (in a window) or costs (outside) for each point of the profile.
    unit: Vec<f64>,
    /// First and last row of each window.
    windows: Vec<(usize, usize)>,
    /// Rows before this one are not scored.
    probation: usize,
}

/// The scaled sigmoid of the rule: 1 far before, 0 at the edge, -1 far behind.
fn sigmoid(x: f64) -> f64 {
    2.0 / (1.0 + (5.0 * x).exp()) - 1.0
}

impl Layout {
    pub(crate) fn new(rows: usize, windows: Vec<(usize, usize)>) -> Self {
        let mut unit = vec![-1.0; rows];
        for (k, &(from, to)) in windows.iter().enumerate() {
            let width = (to - from + 1) as f64;
            for (row, unit) in unit.iter_mut().enumerate().take(to + 1).skip(from) {
                *unit = sigmoid(-((to - row + 1) as f64) / width) / sigmoid(-1.0);
            }
            let stop = windows.get(k + 1).map_or(rows, |next| next.0);
            for (row, unit) in unit.iter_mut().enumerate().take(stop).skip(to + 1) {
                let distance = (row - to) as f64 / (width - 1.0);
                *unit = if distance > 3.0 {
                    -1.0
                } else {
                    sigmoid(distance)
                };
            }
        }
        Self {
            unit,
            windows,
            probation: (0.15 * rows as f64).min(750.0) as usize,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.unit.len()
    }

    /// The windows that can be hit at all: the others end before the first scored row.
    fn live(&self) -> impl Iterator<Item = (usize, usize)> {
        let windows = self.windows.iter().copied();
        windows.filter(|&(_, to)| to >= self.probation)
    }
}

/// The best threshold, and what it reaches. More than 0 at the least; 100 is all windows at their first row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Best {
    pub(crate) threshold: f64,
    pub(crate) score: f64,
}

/// Rows of all files, by what flagging them changes, the greatest score first.
fn changes<'a>(
    files: impl Iterator<Item = (&'a Layout, &'a [f64])>,
    profile: Profile,
) -> Vec<(f64, f64)> {
    let mut all = Vec::new();
    let mut inside = Vec::new();
    for (layout, scores) in files {
        let mut next = layout.probation;
        for (from, to) in layout.live() {
            let from = from.max(layout.probation);
            all.extend((next..from).map(|row| (scores[row], profile.false_row * layout.unit[row])));
            inside.clear();
            inside.extend((from..=to).map(|row| (scores[row], layout.unit[row])));
            inside.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut best = -profile.miss;
            for &(score, unit) in &inside {
                let earned = (profile.hit * unit).max(best);
                all.push((score, earned - best));
                best = earned;
            }
            next = to + 1;
        }
        let rest = next..layout.rows();
        all.extend(rest.map(|row| (scores[row], profile.false_row * layout.unit[row])));
    }
    all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    all
}

/// Windows, and those that can be hit.
fn count<'a>(layouts: impl Iterator<Item = &'a Layout>) -> (f64, f64) {
    layouts.fold((0.0, 0.0), |(all, live), layout| {
        (
            all + layout.windows.len() as f64,
            live + layout.live().count() as f64,
        )
    })
}

/// The raw sum on the scale of the scoreboard: 0 flags nothing, 100 is perfect.
pub(crate) fn normalised<'a>(
    raw: f64,
    layouts: impl Iterator<Item = &'a Layout>,
    profile: Profile,
) -> f64 {
    let (all, live) = count(layouts);
    100.0 * (raw + profile.miss * live) / (profile.hit * all + profile.miss * live)
}

/// The sum at every threshold, the highest first: what k rows earn, for each k at which the k-th and the next score
/// differ.
#[derive(Debug)]
pub(crate) struct Curve {
    /// Rows flagged, threshold, raw sum. The first flags nothing.
    steps: Vec<(usize, f64, f64)>,
    scale: (f64, f64),
}

impl Curve {
    pub(crate) fn new<'a>(
        files: impl Iterator<Item = (&'a Layout, &'a [f64])> + Clone,
        profile: Profile,
    ) -> Self {
        let (all, live) = count(files.clone().map(|(layout, _)| layout));
        let lost = profile.miss * live;
        let changes = changes(files, profile);
        let mut total = -lost;
        let mut steps = vec![(0, f64::INFINITY, total)];
        for (k, &(score, change)) in changes.iter().enumerate() {
            total += change;
            if changes.get(k + 1).is_none_or(|next| next.0 < score) {
                steps.push((k + 1, score, total));
            }
        }
        Self {
            steps,
            scale: (lost, profile.hit * all + lost),
        }
    }

    fn normalised(&self, raw: f64) -> f64 {
        100.0 * (raw + self.scale.0) / self.scale.1
    }

    pub(crate) fn best(&self) -> Best {
        let mut best = self.steps[0];
        for step in &self.steps {
            if step.2 > best.2 {
                best = *step;
            }
        }
        Best {
            threshold: best.1,
            score: self.normalised(best.2),
        }
    }

    /// The threshold that is best together with its neighbours, from 3/4 to 4/3 of the flagged rows, and the mean of
    /// these: a peak that a few rows make is no reason to choose it.
    pub(crate) fn broad_best(&self) -> Best {
        const NEIGHBOURS: [f64; 5] = [0.75, 0.87, 1.0, 1.15, 1.33];
        let mut places = NEIGHBOURS.map(|_| 0);
        let mut best = (0, f64::NEG_INFINITY);
        for (k, &(rows, ..)) in self.steps.iter().enumerate() {
            let mut mean = 0.0;
            for (place, share) in places.iter_mut().zip(NEIGHBOURS) {
                // Rows only grow, so each place only moves on.
                let wanted = rows as f64 * share;
                while self
                    .steps
                    .get(*place + 1)
                    .is_some_and(|next| next.0 as f64 <= wanted)
                {
                    *place += 1;
                }
                mean += self.steps[*place].2 / NEIGHBOURS.len() as f64;
            }
            if mean > best.1 {
                best = (k, mean);
            }
        }
        Best {
            threshold: self.steps[best.0].1,
            score: self.normalised(best.1),
        }
    }
}

/// The threshold that is best for these files; infinity when flagging nothing is.
pub(crate) fn best<'a>(
    files: impl Iterator<Item = (&'a Layout, &'a [f64])> + Clone,
    profile: Profile,
) -> Best {
    Curve::new(files, profile).best()
}

/// What a file earns at a threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Earned {
    pub(crate) raw: f64,
    pub(crate) hits: usize,
    pub(crate) windows: usize,
    /// Flagged rows outside windows.
    pub(crate) false_rows: usize,
}

/// The file at a fixed threshold.
pub(crate) fn at(layout: &Layout, scores: &[f64], profile: Profile, threshold: f64) -> Earned {
    let mut earned = Earned {
        windows: layout.windows.len(),
        ..Earned::default()
    };
    let flagged = |row: &usize| scores[*row] >= threshold;
    let mut next = layout.probation;
    let mut cost = 0.0;
    let mut outside = |rows: std::ops::Range<usize>| {
        for row in rows.filter(flagged) {
            earned.false_rows += 1;
            cost += profile.false_row * layout.unit[row];
        }
    };
    for (from, to) in layout.live() {
        outside(next..from.max(next));
        next = to + 1;
    }
    outside(next..layout.rows());
    earned.raw = cost;
    for (from, to) in layout.live() {
        let rows = from.max(layout.probation)..to + 1;
        let hit = rows
            .filter(flagged)
            .map(|row| profile.hit * layout.unit[row]);
        let hit = hit.reduce(f64::max);
        earned.hits += usize::from(hit.is_some());
        earned.raw += hit.unwrap_or(-profile.miss).max(-profile.miss);
    }
    earned
}
