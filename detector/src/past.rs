//! The past of a service as CloudWatch has it: which metrics to ask for, and the rollups that their values are. Pure.

use std::collections::BTreeMap;

use platform::metric_source::cloudwatch::{of_lambda, past_query};
use platform::metric_source::{MINUTE_DAYS, PastQuery, PastStatistic, Resolution};
use signals::{AwsSignal, LambdaSignal, Metric, Minute, Rollup, SeriesKey, SeriesName};

use crate::measure::Measure;
use crate::track::Track;
use crate::watch::Service;
use crate::watchlist::Series;

/// What AWS/Lambda counts of a function.
const COUNTED: [AwsSignal; 4] = [
    AwsSignal::Invocations,
    AwsSignal::Errors,
    AwsSignal::Throttles,
    AwsSignal::ConcurrentExecutions,
];
/// Percentiles that stand for a distribution. A histogram made of them has the same ones.
const PERCENTILES: [u8; 3] = [50, 90, 99];
/// Most metrics that are asked for one service at a time, a call's worth (Amazon CloudWatch API reference,
/// `GetMetricData`). A service with more routes learns the rest as it goes.
const MOST_QUERIES: usize = 500;

/// What becomes of the answers to a few queries.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// One value of AWS/Lambda: its series as it is polled.
    Counted(AwsSignal),
    /// A sum of ones.
    Ones(SeriesKey),
    /// A distribution: how many samples, then [`PERCENTILES`].
    Distribution(SeriesKey),
    /// How many of so many: the whole, then the share of it that counts.
    Share(SeriesKey),
}

impl Part {
    fn queries(&self) -> usize {
        match self {
            Self::Counted(_) | Self::Ones(_) => 1,
            Self::Distribution(_) => 1 + PERCENTILES.len(),
            Self::Share(_) => 2,
        }
    }
}

/// What is asked about a service's past, and what becomes of the answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    parts: Vec<Part>,
    /// In the order of the parts.
    pub(crate) queries: Vec<PastQuery>,
}

impl Plan {
    fn push(&mut self, part: Part, queries: Vec<PastQuery>) {
        if self.queries.len() + queries.len() <= MOST_QUERIES {
            self.parts.push(part);
            self.queries.extend(queries);
        }
    }

    /// What to ask about a service that has these subjects. Its own metrics are asked for by the names that were seen,
    /// dimension by dimension, as CloudWatch keeps them.
    pub(crate) fn of<'a>(service: &Service, tracks: impl Iterator<Item = &'a Track>) -> Self {
        let mut plan = Self::default();
        let function = Some(service.function());
        for signal in COUNTED {
            if let Some(query) = past_query(function, signal) {
                plan.push(Part::Counted(signal), vec![query]);
            }
        }
        let lambda = |statistic| of_lambda(function, Metric::Duration, statistic);
        if service.emf.is_none() {
            let key = |signal| SeriesKey::lambda(service.function(), signal);
            let invocations = of_lambda(function, Metric::Invocations, PastStatistic::Sum);
            plan.push(
                Part::Ones(key(LambdaSignal::Invocations)),
                vec![invocations],
            );
            plan.push(
                Part::Distribution(key(LambdaSignal::DurationMs)),
                distribution(lambda),
            );
        }
        for track in tracks {
            let subject = &track.subject;
            let SeriesName::Emf { namespace, metric } = &subject.series.name else {
                continue;
            };
            let own = |metric: &str, statistic| PastQuery {
                namespace: namespace.clone(),
                metric: metric.to_owned(),
                dimensions: subject.series.dimensions.clone(),
                statistic,
            };
            let key = subject.series.clone();
            match subject.measure {
                // The other percentiles are of the same series.
                Measure::Percentile(crate::measure::LATENCY_PERCENTILE) => {
                    let queries = distribution(|statistic| own(metric, statistic));
                    plan.push(Part::Distribution(key), queries);
                }
                Measure::Count if subject.is_traffic() => {
                    plan.push(Part::Ones(key), vec![own(metric, PastStatistic::Sum)]);
                }
                // A service says 0 or 1 of each request, so how often it spoke is how many there were.
                Measure::Count => {
                    let statistics = [PastStatistic::SampleCount, PastStatistic::Sum];
                    let queries = statistics.map(|statistic| own(metric, statistic));
                    plan.push(Part::Share(key), queries.to_vec());
                }
                _ => {}
            }
        }
        plan
    }

    /// The rollups that the answers are, by minute. Five minutes become one of them, the first, with a fifth of what
    /// was counted; the other four stay unknown.
    ///
    /// A minute for which AWS counts nothing is one without invocations, from the first on that it counts something
    /// for (or from the beginning, when something was `known_before`). That is said as 0, as for a minute that was
    /// polled.
    pub(crate) fn rollups(
        &self,
        service: &Service,
        answers: &[BTreeMap<Minute, f64>],
        wanted: &Wanted,
        known_before: bool,
    ) -> BTreeMap<Minute, Series> {
        let share = match wanted.resolution {
            Resolution::Minute => 1.0,
            Resolution::FiveMinutes => 0.2,
        };
        let mut minutes: BTreeMap<Minute, Series> = BTreeMap::new();
        let mut rest = answers;
        for part in &self.parts {
            let (own, others) = rest.split_at(part.queries().min(rest.len()));
            rest = others;
            let Some((first, others)) = own.split_first() else {
                break;
            };
            for (minute, value) in first {
                let at = |position: usize| others.get(position)?.get(minute).copied();
                if let Some((key, rollup)) = part.rollup(service, *value, &at, share) {
                    minutes.entry(*minute).or_default().insert(key, rollup);
                }
            }
        }
        let first = minutes.keys().next().copied();
        let silent_from = first.map(|first| if known_before { wanted.from } else { first });
        let silent_from = silent_from.or(known_before.then_some(wanted.from));
        let none = SeriesKey::aws(Some(service.function()), AwsSignal::Invocations);
        for minute in silent_from
            .into_iter()
            .flat_map(|from| wanted.minutes(from))
        {
            let series = minutes.entry(minute).or_default();
            series
                .entry(none.clone())
                .or_insert_with(|| Rollup::of(0.0));
        }
        minutes
    }
}

impl Part {
    /// The rollup of one minute: `value` answers the first query, `other` the later ones.
    fn rollup(
        &self,
        service: &Service,
        value: f64,
        other: &dyn Fn(usize) -> Option<f64>,
        share: f64,
    ) -> Option<(SeriesKey, Rollup)> {
        if !value.is_finite() || value < 0.0 {
            return None;
        }
        let mut rollup = Rollup::default();
        let key = match self {
            Self::Counted(signal) => {
                // The highest concurrency of five minutes is that of one of them.
                let is_sum = *signal != AwsSignal::ConcurrentExecutions;
                rollup.add(if is_sum { value * share } else { value }, 1);
                SeriesKey::aws(Some(service.function()), *signal)
            }
            Self::Ones(key) => {
                rollup.add(1.0, whole(value * share));
                key.clone()
            }
            Self::Distribution(key) => {
                let [p50, p90, p99] = [other(0)?, other(1)?, other(2)?];
                spread(&mut rollup, whole(value * share), [p50, p90, p99]);
                key.clone()
            }
            Self::Share(key) => {
                let all = whole(value * share);
                let set = whole(other(0)? * share).min(all);
                rollup.add(0.0, all - set);
                rollup.add(1.0, set);
                key.clone()
            }
        };
        (rollup.count() > 0).then_some((key, rollup))
    }
}

/// A distribution of `count` samples with these percentiles, by the nearest rank.
fn spread(rollup: &mut Rollup, count: u64, [p50, p90, p99]: [f64; 3]) {
    let half = count.div_ceil(2);
    let most = (count * 9).div_ceil(10);
    rollup.add(p50, half);
    rollup.add(p90, most - half);
    rollup.add(p99, count - most);
}

/// How many samples, and the percentiles of them.
fn distribution(of: impl Fn(PastStatistic) -> PastQuery) -> Vec<PastQuery> {
    let percentiles = PERCENTILES.map(PastStatistic::Percentile);
    let statistics = [PastStatistic::SampleCount].into_iter().chain(percentiles);
    statistics.map(of).collect()
}

/// A count, kept far from where sums of it would overflow.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped before"
)]
fn whole(value: f64) -> u64 {
    value.round().clamp(0.0, 1e15) as u64
}

/// Minutes of a service's past that nobody has: neither stored nor known to be without data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The first of them.
    pub(crate) from: Minute,
    /// The last of them.
    pub(crate) to: Minute,
    /// How fine CloudWatch still has them.
    pub(crate) resolution: Resolution,
}

impl Wanted {
    /// The minutes `from` to `to` as CloudWatch has them when it is `now`. A range that spans the edge is asked for in
    /// the coarser way, which it keeps for all of it; an hour of room, because the call takes a moment.
    pub(crate) fn of(from: Minute, to: Minute, now: Minute) -> Self {
        let edge = now.plus(60 - i64::from(MINUTE_DAYS) * 1_440);
        let resolution = if from < edge {
            Resolution::FiveMinutes
        } else {
            Resolution::Minute
        };
        Self {
            from,
            to,
            resolution,
        }
    }

    /// The minutes from `from` on that an answer can have a value for.
    fn minutes(&self, from: Minute) -> impl Iterator<Item = Minute> {
        let step = self.resolution.minutes();
        let first = from.index().max(self.from.index());
        let first = first + (-first).rem_euclid(step);
        (first..=self.to.index())
            .filter(move |index| index.rem_euclid(step) == 0)
            .map(Minute::from_index)
    }
}

#[cfg(test)]
mod tests;
