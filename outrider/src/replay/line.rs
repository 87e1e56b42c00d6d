//! A line that `outrider ingest` printed, and the rollup it stands for.
//!
//! The line has count, sum, minimum, maximum and three percentiles; the histogram they were taken from is gone. The
//! rollup that is made of them answers the same count, minimum, maximum and percentiles, and the same sum: as many
//! samples as are needed lie on each percentile, and one more, whose size is not known, makes up the sum. What counts
//! samples above a limit (the affected requests in a message) is therefore coarse: it moves in the steps of the
//! percentiles. Of two percentiles that so few samples cannot tell apart, the 90th is right: it is what is judged.

use serde::Deserialize;
use serde::de::IgnoredAny;
use signals::{Minute, Rollup, SeriesKey};

/// A line of a recording, of either kind.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    series: Option<String>,
    minute: Option<String>,
    count: Option<u64>,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
    /// Only a subscription payload has it.
    awslogs: Option<IgnoredAny>,
}

/// What is wrong with a line.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum LineError {
    #[error(
        "it is no JSON of a rollup or a payload: {0}; give what `outrider ingest` prints, or the Lambda events of a subscription"
    )]
    Json(String),
    #[error(
        "it is neither a rollup (series, minute, count, …) nor a payload (awslogs); give what `outrider ingest` prints, or the Lambda events of a subscription"
    )]
    Neither,
    #[error("{field} is missing; give whole lines of what `outrider ingest` prints")]
    Missing { field: &'static str },
    #[error("series {0}")]
    Series(String),
    #[error("minute {0:?} is no instant: write one such as 2026-11-20T22:05:00Z")]
    Minute(String),
    #[error(
        "{count} samples from {min} to {max} with percentiles {percentiles:?} cannot be: write them in rising order, between min and max"
    )]
    Order {
        count: u64,
        min: f64,
        max: f64,
        percentiles: Vec<f64>,
    },
}

/// What a line holds.
#[derive(Debug, PartialEq)]
pub(super) enum Held {
    Payload,
    Rollup(Recorded),
}

/// One rollup, as it was printed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recorded {
    pub(super) series: SeriesKey,
    pub(super) minute: Minute,
    pub(super) numbers: Numbers,
}

/// The numbers of a rollup.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Numbers {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// The 50th, 90th and 99th; `None`: no single value was seen.
    percentiles: Option<[f64; 3]>,
}

impl Line {
    pub(super) fn read(bytes: &[u8]) -> Result<Held, LineError> {
        let line: Self = serde_json::from_slice(bytes).map_err(|error| {
            // serde's own words could repeat what stands there.
            LineError::Json(format!("line {} column {}", error.line(), error.column()))
        })?;
        if line.awslogs.is_some() {
            return Ok(Held::Payload);
        }
        let Some(series) = &line.series else {
            return Err(LineError::Neither);
        };
        let series: SeriesKey = series
            .parse()
            .map_err(|error| LineError::Series(format!("{error}")))?;
        let minute = line.minute.as_deref().ok_or(missing("minute"))?;
        let minute = Minute::parse(minute).map_err(|_| LineError::Minute(minute.to_owned()))?;
        let numbers = line.numbers()?;
        Ok(Held::Rollup(Recorded {
            series,
            minute,
            numbers,
        }))
    }

    fn numbers(&self) -> Result<Numbers, LineError> {
        let count = self.count.ok_or(missing("count"))?;
        let sum = self.sum.ok_or(missing("sum"))?;
        if count == 0 {
            let nothing = 0.0;
            return Ok(Numbers {
                count,
                sum: nothing,
                min: nothing,
                max: nothing,
                percentiles: None,
            });
        }
        let min = self.min.ok_or(missing("min"))?;
        let max = self.max.ok_or(missing("max"))?;
        let percentiles = match (self.p50, self.p90, self.p99) {
            (Some(p50), Some(p90), Some(p99)) => Some([p50, p90, p99]),
            (None, None, None) => None,
            (None, ..) => return Err(missing("p50")),
            (_, None, _) => return Err(missing("p90")),
            (.., None) => return Err(missing("p99")),
        };
        let order: Vec<f64> = [min]
            .into_iter()
            .chain(percentiles.into_iter().flatten())
            .chain([max])
            .collect();
        if !order.is_sorted() {
            return Err(LineError::Order {
                count,
                min,
                max,
                percentiles: percentiles.into_iter().flatten().collect(),
            });
        }
        Ok(Numbers {
            count,
            sum,
            min,
            max,
            percentiles,
        })
    }
}

fn missing(field: &'static str) -> LineError {
    LineError::Missing { field }
}

impl Numbers {
    /// The rollup that answers with these numbers.
    pub(super) fn rollup(&self) -> Rollup {
        let Self {
            count,
            sum,
            min,
            max,
            percentiles,
        } = *self;
        let mut rollup = Rollup::default();
        let Some([p50, p90, p99]) = percentiles else {
            rollup.add_statistics(count, sum, min, max);
            return rollup;
        };
        if count <= 2 {
            // One sample is the sum; two are the least and the greatest.
            rollup.add(if count == 1 { sum } else { min }, 1);
            rollup.add(max, count - 1);
            return rollup;
        }
        let known = count - 1;
        let (half, most, nearly) = (rank(0.5, known), rank(0.9, known), rank(0.99, known));
        // The first sample is the least, unless it is the median as well.
        let least = u64::from(half > 1);
        rollup.add(min, least);
        rollup.add(p50, half - least);
        rollup.add(p90, most - half);
        rollup.add(p99, nearly - most);
        rollup.add(max, known - nearly);
        rollup.add_statistics(1, sum - rollup.sum(), min, max);
        rollup
    }
}

/// Which of `count` samples in rising order is the percentile `q`, counted from 1: the rule of `signals::Histogram`.
fn rank(q: f64, count: u64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is between 0 and the count"
    )]
    let rank = (q * count as f64).ceil() as u64;
    rank.min(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `ingest` would print of a rollup.
    fn printed(rollup: &Rollup) -> String {
        serde_json::json!({
            "series": "lambda/f/duration_ms{}", "minute": "2026-11-20T22:05:00Z",
            "count": rollup.count(), "sum": rollup.sum(), "min": rollup.min(), "max": rollup.max(),
            "p50": rollup.quantile(0.5), "p90": rollup.quantile(0.9), "p99": rollup.quantile(0.99),
        })
        .to_string()
    }

    fn read_back(text: &str) -> Rollup {
        match Line::read(text.as_bytes()) {
            Ok(Held::Rollup(recorded)) => recorded.numbers.rollup(),
            other => panic!("{other:?}"),
        }
    }

    fn of(samples: impl IntoIterator<Item = f64>) -> Rollup {
        let mut rollup = Rollup::default();
        for sample in samples {
            rollup.add(sample, 1);
        }
        rollup
    }

    #[test]
    fn a_rollup_that_was_printed_answers_as_the_one_it_was_printed_of() {
        let spread = |count: u32| of((0..count).map(|n| 20.0 + f64::from(n * n % 97) * 7.3));
        let mut mixed = spread(40);
        mixed.add_statistics(10, 5_000.0, 1.0, 2_000.0);
        let mut only_statistics = Rollup::default();
        only_statistics.add_statistics(10, 55.0, 1.0, 10.0);
        for (name, rollup) in [
            ("one", of([17.5])),
            ("two", of([17.5, 1_000.0])),
            ("three", of([1.0, 2.0, 300.0])),
            ("ten", spread(10)),
            ("eleven", spread(11)),
            ("forty", spread(40)),
            ("a hundred", spread(100)),
            ("a thousand", spread(1_000)),
            ("ones", of([1.0; 40])),
            ("faults", of([[0.0; 37].as_slice(), &[1.0; 3]].concat())),
            ("below zero", of([-5.0, -3.0, 0.0, 8.0])),
            ("with a statistic set", mixed),
            ("a statistic set alone", only_statistics),
        ] {
            let back = read_back(&printed(&rollup));
            let of = |r: &Rollup| {
                (
                    r.count(),
                    r.min(),
                    r.max(),
                    r.quantile(0.5),
                    r.quantile(0.9),
                )
            };
            assert_eq!(of(&back), of(&rollup), "{name}");
            let scale = rollup.sum().abs().max(1.0);
            assert!(
                (back.sum() - rollup.sum()).abs() <= 1e-12 * scale,
                "{name}: {}",
                back.sum()
            );
            if rollup.count() > 10 {
                assert_eq!(back.quantile(0.99), rollup.quantile(0.99), "{name}");
            }
        }
        assert_eq!(read_back(&printed(&Rollup::default())), Rollup::default());
        let counted = read_back(&printed(&of([[0.0; 37].as_slice(), &[1.0; 3]].concat())));
        assert_eq!(
            counted.sum().to_bits(),
            3.0_f64.to_bits(),
            "counts stay whole"
        );
    }

    #[test]
    fn lines_that_are_no_recording_say_what_is_wrong() {
        let whole = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut line: serde_json::Value =
                serde_json::from_str(&printed(&of([1.0, 2.0, 3.0]))).unwrap();
            change(&mut line);
            line.to_string()
        };
        for (name, text, words) in [
            (
                "no JSON",
                "timestamp,value".to_owned(),
                "no JSON of a rollup or a payload: line 1 column",
            ),
            ("half a line", whole(&|_| ())[..40].to_owned(), "no JSON"),
            ("a list", "[1,2]".to_owned(), "no JSON of a rollup"),
            (
                "another document",
                "{\"a\":1}".to_owned(),
                "neither a rollup",
            ),
            (
                "no name",
                whole(&|line| line["series"] = "cpu".into()),
                "series ",
            ),
            (
                "a minute that is none",
                whole(&|line| line["minute"] = "noon".into()),
                "minute \"noon\" is no instant",
            ),
            (
                "no minute",
                whole(&|line| line["minute"] = serde_json::Value::Null),
                "minute is missing",
            ),
            (
                "no count",
                whole(&|line| line["count"] = serde_json::Value::Null),
                "count is missing",
            ),
            (
                "a count below zero",
                whole(&|line| line["count"] = (-1).into()),
                "no JSON of a rollup",
            ),
            (
                "no sum",
                whole(&|line| line["sum"] = serde_json::Value::Null),
                "sum is missing",
            ),
            (
                "no p90",
                whole(&|line| line["p90"] = serde_json::Value::Null),
                "p90 is missing",
            ),
            (
                "percentiles that fall",
                whole(&|line| line["p90"] = 1.5.into()),
                "rising order",
            ),
            (
                "a maximum below",
                whole(&|line| line["max"] = 0.5.into()),
                "rising order",
            ),
        ] {
            let error = Line::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{name}: {error}");
        }
        assert_eq!(
            Line::read(b"{\"awslogs\":{\"data\":\"x\"}}"),
            Ok(Held::Payload)
        );
    }
}
