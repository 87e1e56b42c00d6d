//! From the rollups of two versions to what is compared. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use anomaly::comparison::{
    Comparison, Finding, Latencies, LatencyPair, Pair, Tally, errors, latencies, threshold,
};
use platform::series_store::{RollupsByVersion, Version};
use signals::{LambdaSignal, Minute, Rollup, SeriesKey, SeriesName};

use crate::watch::{Emf, Service};
use crate::watchlist::Series;

/// How the percentile of latency reads.
const LATENCY_LABEL: &str = "p90";

/// Versions that are judged in one look at most. A canary and the version that it becomes are two; the third is
/// room for a version that somebody calls directly.
const JUDGED: usize = 3;

/// What is asked of a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// Errors and timeouts that the platform reports, of its invocations.
    FunctionErrors,
    /// Requests that the service says it failed, of those it says it had.
    FailedRequests,
    /// What the service says of its latency; without a word from it, the time in the handler.
    Latency,
}

/// A new version beside the one it replaces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compared {
    /// The one that is judged.
    pub(super) new: Version,
    /// The older one that served most of the requests in the minutes in which the new one served.
    pub(super) old: Version,
    answers: Vec<(Question, Comparison)>,
}

impl Compared {
    /// Worse in anything is worse; enough to answer one question is enough not to be.
    pub(super) fn finding(&self) -> Finding {
        let findings = self.answers.iter().map(|(_, answer)| answer.finding);
        findings.max().unwrap_or(Finding::TooFew)
    }

    /// The numbers that decided, for one log line.
    pub(super) fn why(&self) -> String {
        let told: Vec<_> = self.answers.iter().map(why).collect();
        format!("{}; threshold {:.1e}", told.join("; "), threshold())
    }
}

fn why((question, answer): &(Question, Comparison)) -> String {
    let Comparison {
        finding,
        minutes,
        old,
        new,
        old_level,
        new_level,
        chance,
    } = answer;
    let counted = match question {
        Question::FunctionErrors => format!("function errors {new} against {old}"),
        Question::FailedRequests => format!("failed requests {new} against {old}"),
        Question::Latency => format!(
            "{LATENCY_LABEL} {new_level:.0} ms against {old_level:.0} ms, slow {new} against {old}"
        ),
    };
    let found = finding.as_str();
    format!("{counted} in {minutes} minutes, chance {chance:.1e}: {found}")
}

/// Compares the version that serves most of the requests, and those newer than it, each with the one it replaces;
/// those with most requests first, [`JUDGED`] at most. Nothing when no two served in the same minute.
///
/// Not the highest number alone: whoever calls a published version directly, or writes a stream that claims one,
/// would hide the canary behind it. And the one that serves most is among them, since a canary that gets half of
/// the requests or more is still on trial.
pub(super) fn compare(service: &Service, by_version: &RollupsByVersion) -> Vec<Compared> {
    let mut served: Vec<(u64, Version, BTreeMap<Minute, u64>)> = by_version
        .iter()
        .map(|(version, minutes)| {
            let minutes: BTreeMap<Minute, u64> = minutes
                .iter()
                .map(|(minute, series)| (*minute, requests(service, series)))
                .filter(|(_, requests)| *requests > 0)
                .collect();
            let all = minutes
                .values()
                .fold(0, |sum: u64, it| sum.saturating_add(*it));
            (all, *version, minutes)
        })
        .filter(|(all, ..)| *all > 0)
        .collect();
    // Most requests first; of as many, the newer.
    served.sort_unstable_by_key(|(all, version, _)| Reverse((*all, *version)));
    let Some((_, main, _)) = served.first() else {
        return Vec::new();
    };
    let candidates = served.iter().filter(|(_, version, _)| version >= main);
    let compared = candidates.filter_map(|(_, new, minutes)| {
        let beside = |(_, version, others): &(u64, Version, BTreeMap<Minute, u64>)| {
            let common = others.iter().filter(|(at, _)| minutes.contains_key(*at));
            let requests = common.fold(0, |sum: u64, (_, it)| sum.saturating_add(*it));
            (requests, *version)
        };
        let older = served.iter().filter(|(_, version, _)| version < new);
        let (_, old) = older.map(beside).filter(|(all, _)| *all > 0).max()?;
        let nothing = Series::new();
        let of = |version: &Version, minute: &Minute| {
            let minutes = by_version.get(version);
            minutes
                .and_then(|minutes| minutes.get(minute))
                .unwrap_or(&nothing)
        };
        let pairs: Vec<(&Series, &Series)> = minutes
            .keys()
            .map(|minute| (of(&old, minute), of(new, minute)))
            .collect();
        Some(Compared {
            new: *new,
            old,
            answers: answers(service, &pairs),
        })
    });
    compared.take(JUDGED).collect()
}

fn answers(service: &Service, minutes: &[(&Series, &Series)]) -> Vec<(Question, Comparison)> {
    let tallies = |of: &dyn Fn(&Series) -> Tally| -> Comparison {
        let pairs: Vec<Pair> = minutes
            .iter()
            .map(|(old, new)| Pair {
                old: of(old),
                new: of(new),
            })
            .collect();
        errors(&pairs)
    };
    let mut answers = vec![(
        Question::FunctionErrors,
        tallies(&|series| function_errors(service, series)),
    )];
    if let Some(emf) = &service.emf {
        let failed = tallies(&|series| failed_requests(emf, series));
        answers.push((Question::FailedRequests, failed));
    }
    let pairs: Vec<LatencyPair> = minutes
        .iter()
        .map(|(old, new)| LatencyPair {
            old: latency(service, old),
            new: latency(service, new),
        })
        .collect();
    answers.push((Question::Latency, latencies(&pairs)));
    answers
}

/// A sum of ones, as a count. What is negative or no number is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at both ends"
)]
fn whole(sum: f64) -> u64 {
    sum.round() as u64
}

fn lambda(service: &Service, series: &Series, signal: LambdaSignal) -> u64 {
    let key = SeriesKey::lambda(service.function(), signal);
    series.get(&key).map_or(0, |rollup| whole(rollup.sum()))
}

/// The rollups of one of the service's own metrics over all routes, whatever the service calls itself.
fn own<'a>(emf: &'a Emf, series: &'a Series, metric: &'a str) -> impl Iterator<Item = &'a Rollup> {
    let is_whole = move |key: &SeriesKey| {
        let SeriesName::Emf {
            namespace,
            metric: name,
        } = &key.name
        else {
            return false;
        };
        *namespace == emf.namespace
            && name == metric
            && key.dimensions.len() == 1
            && key.dimensions.contains_key(&emf.service_dimension)
    };
    let found = series.iter().filter(move |(key, _)| is_whole(key));
    found.map(|(_, rollup)| rollup)
}

fn count_own(emf: &Emf, series: &Series, metric: &str) -> u64 {
    whole(own(emf, series, metric).map(Rollup::sum).sum())
}

/// How many requests a version had in a minute, by whoever counts more.
fn requests(service: &Service, series: &Series) -> u64 {
    let own = |emf| count_own(emf, series, &emf.requests);
    let own = service.emf.as_ref().map_or(0, own);
    lambda(service, series, LambdaSignal::Invocations).max(own)
}

fn function_errors(service: &Service, series: &Series) -> Tally {
    Tally {
        // Timeouts are among them.
        bad: lambda(service, series, LambdaSignal::Errors),
        of: lambda(service, series, LambdaSignal::Invocations),
    }
}

fn failed_requests(emf: &Emf, series: &Series) -> Tally {
    Tally {
        bad: count_own(emf, series, &emf.faults),
        of: count_own(emf, series, &emf.requests),
    }
}

/// The latencies of a minute, and how many of them may be of cold starts: those that were reported as such, and
/// those that nothing was reported of yet. A request's own document may come in an earlier batch than its report,
/// and where reports are switched off nothing is known of cold starts at all.
fn latency(service: &Service, series: &Series) -> Latencies {
    let duration = SeriesKey::lambda(service.function(), LambdaSignal::DurationMs);
    let values = |rollup: &Rollup| rollup.histogram().iter().collect::<Vec<_>>();
    let values: Vec<(f64, u64)> = match &service.emf {
        Some(emf) => own(emf, series, &emf.latency).flat_map(values).collect(),
        None => series.get(&duration).map(values).unwrap_or_default(),
    };
    let samples = values
        .iter()
        .fold(0_u64, |count, (_, weight)| count.saturating_add(*weight));
    let reported = lambda(service, series, LambdaSignal::Invocations);
    let cold = lambda(service, series, LambdaSignal::ColdStarts);
    Latencies {
        values,
        cold: cold.saturating_add(samples.saturating_sub(reported)),
    }
}

#[cfg(test)]
mod tests;
