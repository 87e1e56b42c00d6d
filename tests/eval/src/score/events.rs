//! The event-wise score: what an engineer on call feels. The rules are those of `event_score.py`.
//!
//! The first 15 % of a series are not scored. Labelled runs at most ten minutes apart are one event, rows that fire at
//! most thirty minutes apart are one alarm. An event is detected by a row that fires in it or in the ten minutes after
//! it; an alarm is true when one of its rows does so. One threshold for all series.

use crate::data::Row;

/// The events of one series.
#[derive(Debug, Clone)]
pub(crate) struct Labels {
    /// The rows with a value: only these are scored.
    kept: Vec<usize>,
    /// The first scored row, of those kept.
    warm: usize,
    /// Ten and thirty minutes, in rows.
    tolerance: usize,
    cool: usize,
    /// First and last row of each event.
    events: Vec<(usize, usize)>,
    /// Whether firing at a row is right.
    near: Vec<bool>,
    /// Seconds a row.
    step: f64,
}

impl Labels {
    pub(crate) fn new(rows: &[Row], labels: &[bool]) -> Self {
        let kept: Vec<usize> = (0..rows.len())
            .filter(|&row| rows[row].value.is_some())
            .collect();
        let mut steps: Vec<f64> = kept
            .windows(2)
            .map(|pair| (rows[pair[1]].seconds - rows[pair[0]].seconds) as f64)
            .collect();
        let step = match median(&mut steps) {
            Some(step) if step != 0.0 => step,
            _ => 60.0,
        };
        let rows_in = |seconds: f64| ((seconds / step) as usize).max(1);
        let (tolerance, cool) = (rows_in(600.0), rows_in(1800.0));
        let warm = (0.15 * kept.len() as f64) as usize;
        let mut events: Vec<(usize, usize)> = Vec::new();
        for row in (0..kept.len()).filter(|&row| labels[kept[row]]) {
            match events.last_mut() {
                // A run goes on; or a new one begins near enough to the one before it.
                Some(event) if row - event.1 <= tolerance.max(1) => event.1 = row,
                _ => events.push((row, row)),
            }
        }
        events.retain(|event| event.1 >= warm);
        let mut near = vec![false; kept.len()];
        for &(from, to) in &events {
            let end = (to + tolerance + 1).min(near.len());
            near[from..end].fill(true);
        }
        Self {
            kept,
            warm,
            tolerance,
            cool,
            events,
            near,
            step,
        }
    }

    /// Weeks that are scored.
    pub(crate) fn weeks(&self) -> f64 {
        (self.kept.len() - self.warm) as f64 * self.step / 604_800.0
    }

    /// Seconds a row.
    pub(crate) fn step(&self) -> f64 {
        self.step
    }

    pub(crate) fn events(&self) -> usize {
        self.events.len()
    }

    /// The scores of the rows with a value.
    fn scores(&self, all: &[f64]) -> Vec<f64> {
        self.kept.iter().map(|&row| all[row]).collect()
    }
}

/// What one threshold reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) threshold: f64,
    /// Share of the scored rows that fire.
    pub(crate) fired: f64,
    pub(crate) f1: f64,
    pub(crate) precision: f64,
    pub(crate) recall: f64,
    /// False alarms a series-week.
    pub(crate) false_alarms: f64,
    /// The median over the detected events; none was.
    pub(crate) minutes: Option<f64>,
    pub(crate) tally: Tally,
}

/// What is counted: series add up by it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    /// Events, and those that were detected.
    events: f64,
    hits: f64,
    /// Alarms, and those that were true.
    alarms: f64,
    right: f64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.events += other.events;
        self.hits += other.hits;
        self.alarms += other.alarms;
        self.right += other.right;
    }

    fn recall(self) -> f64 {
        self.hits / self.events.max(1.0)
    }

    fn precision(self) -> f64 {
        self.right / self.alarms.max(1.0)
    }

    pub(crate) fn f1(self) -> f64 {
        let (recall, precision) = (self.recall(), self.precision());
        2.0 * recall * precision / (recall + precision).max(1e-12)
    }
}

/// What the best threshold reaches, and what budgets of false alarms allow.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) best: Point,
    /// Recall at no more than one false alarm a series-week, and at a quarter of one.
    pub(crate) recall_at_1: f64,
    pub(crate) recall_at_quarter: f64,
}

/// The series of a detector, ready to be scored.
#[derive(Debug)]
pub(crate) struct Scored<'a>(Vec<(&'a Labels, Vec<f64>)>);

impl<'a> Scored<'a> {
    /// Scores are of all rows of the file, with and without a value.
    pub(crate) fn new(series: impl Iterator<Item = (&'a Labels, &'a [f64])>) -> Self {
        Self(
            series
                .map(|(labels, all)| (labels, labels.scores(all)))
                .collect(),
        )
    }

    pub(crate) fn at(&self, threshold: f64) -> Point {
        let (mut tally, mut weeks) = (Tally::default(), 0.0);
        let (mut rows, mut all) = (0, 0);
        let mut delays = Vec::new();
        for (labels, scores) in &self.0 {
            tally.events += labels.events.len() as f64;
            weeks += labels.weeks();
            let fired: Vec<usize> = (labels.warm..scores.len())
                .filter(|&row| scores[row] >= threshold)
                .collect();
            rows += fired.len();
            all += scores.len() - labels.warm;
            for alarm in fired.chunk_by(|a, b| b - a <= labels.cool) {
                tally.alarms += 1.0;
                tally.right += f64::from(u8::from(alarm.iter().any(|&row| labels.near[row])));
            }
            for &(from, to) in &labels.events {
                let first = fired.partition_point(|&row| row < from);
                if let Some(&row) = fired.get(first)
                    && row <= to + labels.tolerance
                {
                    tally.hits += 1.0;
                    delays.push((row - from) as f64 * labels.step / 60.0);
                }
            }
        }
        Point {
            threshold,
            fired: rows as f64 / all as f64,
            f1: tally.f1(),
            precision: tally.precision(),
            recall: tally.recall(),
            false_alarms: (tally.alarms - tally.right) / weeks,
            minutes: median(&mut delays),
            tally,
        }
    }

    /// Eighty thresholds, at quantiles of the scores from 6 % to 3 in a million.
    fn grid(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self
            .0
            .iter()
            .flat_map(|(labels, scores)| &scores[labels.warm..])
            .copied()
            .collect();
        all.sort_unstable_by(f64::total_cmp);
        let step = (-5.5 + 1.2) / 79.0;
        let mut grid: Vec<f64> = (0..80)
            .map(|k| {
                let exponent = if k == 79 {
                    -5.5
                } else {
                    f64::from(k) * step - 1.2
                };
                quantile(&all, 1.0 - 10f64.powf(exponent))
            })
            .collect();
        grid.sort_unstable_by(f64::total_cmp);
        grid.dedup();
        grid
    }

    /// What `event_score.py` prints.
    #[cfg(test)]
    pub(super) fn outcome_of_all(&self) -> Outcome {
        self.outcome_within(1.0)
    }

    /// The same without thresholds at which more than a tenth of all rows fire.
    ///
    /// The grid ends where 6 % fire. Only where many scores are equal does a threshold of it let everything fire; each
    /// series is then one alarm without an end, which is true as soon as the series has any event. That is an
    /// accident of the rule (a detector that says 0 of most rows would have an F1 of .88 by it), and no skill.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome_within(0.1)
    }

    fn outcome_within(&self, most: f64) -> Outcome {
        let curve = self.grid().into_iter().map(|threshold| self.at(threshold));
        let curve: Vec<Point> = curve.filter(|point| point.fired <= most).collect();
        let mut best = curve
            .first()
            .copied()
            .unwrap_or_else(|| self.at(f64::INFINITY));
        for point in &curve {
            if point.f1 > best.f1 {
                best = *point;
            }
        }
        let recall_at = |limit: f64| {
            let allowed = curve.iter().filter(|point| point.false_alarms <= limit);
            allowed.map(|point| point.recall).fold(0.0, f64::max)
        };
        Outcome {
            best,
            recall_at_1: recall_at(1.0),
            recall_at_quarter: recall_at(0.25),
        }
    }
}

/// The quantile between the two nearest values, rounded as numpy rounds it.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = (sorted.len() - 1) as f64 * q;
    let low = at.floor() as usize;
    let (a, b) = (sorted[low], sorted[(low + 1).min(sorted.len() - 1)]);
    let part = at - at.floor();
    if part >= 0.5 {
        b - (b - a) * (1.0 - part)
    } else {
        a + (b - a) * part
    }
}

/// The value in the middle, or between the two there; none of nothing.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}
