//! What was found out about an incident, in words: diagnosis, contributions, limits.

use super::number;
use super::untrusted::{cut, tame};
use super::{Example, LocalZone, moment};
use crate::contribution::Contributions;
use crate::diagnosis::facts::{Concurrency, Deploy};
use crate::diagnosis::{CauseKind, Confidence, Diagnosis};
use crate::hindsight::{MOST_EARLIER, SIMILAR_DAYS, Similar};

/// A label inside a list stays short enough for the list to be read.
const LABEL_CHARS: usize = 60;

/// What was found out beyond the numbers that convict. [`Findings::default`] is what nobody looked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// What probably happened; `None`: nobody looked. An empty diagnosis says "unknown".
    pub diagnosis: Option<Diagnosis>,
    /// Who explains the change, by each dimension that was looked at.
    pub contributions: Vec<Contributions>,
    /// Concurrency and its limits, where they say something about this incident.
    pub concurrency: Option<Concurrency>,
    /// The last deploy that the logs themselves tell of.
    pub deploy: Option<Deploy>,
    /// Requests to look at, beside those of the transition.
    pub examples: Vec<Example>,
    /// Earlier incidents of the same group, newest first; `None`: nobody looked.
    pub similar: Option<Vec<Similar>>,
}

impl Findings {
    /// The cause that decides what to do first: one that is at least likely.
    pub(crate) fn cause(&self) -> Option<CauseKind> {
        let first = self.diagnosis.as_ref()?.first()?;
        (first.confidence != Confidence::Possible).then_some(first.kind)
    }

    /// A line for each cause.
    pub(crate) fn diagnosis(&self) -> Vec<String> {
        self.diagnosis
            .as_ref()
            .map_or_else(Vec::new, Diagnosis::lines)
    }

    /// `by route: POST /cars 85%, GET /cars 10%, 2 others 5%`: whole percents that sum to 100.
    pub(crate) fn contributions(&self) -> Vec<String> {
        self.contributions.iter().map(shares).collect()
    }

    /// `2 like this in 30 days; last 2026-11-03 10:00 UTC for 14 min, judged expected by Ada: load test`.
    pub(crate) fn similar(&self, local: Option<&LocalZone>) -> Option<String> {
        let found = self.similar.as_ref()?;
        let Some(last) = found.first() else {
            return Some(format!("none in {SIMILAR_DAYS} days"));
        };
        let verdict = last.judgement.as_ref().map_or_else(
            || "nobody said what it was".to_owned(),
            |judgement| {
                let note = judgement
                    .note
                    .as_ref()
                    .map_or_else(String::new, |note| format!(": {}", tame(note)));
                format!(
                    "judged {} by {}{note}",
                    judgement.verdict,
                    tame(&judgement.by)
                )
            },
        );
        Some(format!(
            "{}{} like this in {SIMILAR_DAYS} days; last {} for {}, {verdict} ({})",
            if found.len() < MOST_EARLIER {
                ""
            } else {
                "at least "
            },
            found.len(),
            moment::full(last.earlier.opened.start(), local),
            number::duration(last.earlier.minutes),
            last.earlier.id,
        ))
    }

    /// What a throttled function's people ask first: `reserved 20; peak 20 (5 before); …`.
    pub(crate) fn limits(&self) -> Vec<String> {
        let Some(known) = &self.concurrency else {
            return Vec::new();
        };
        let number = |value: Option<f64>| value.map(number::number);
        let or_not = |value: Option<f64>| number(value).unwrap_or_else(|| "not read".to_owned());
        let reserved = match (known.reserved, known.account_limit) {
            (None, Some(_)) => "none".to_owned(),
            (reserved, _) => or_not(reserved),
        };
        let before =
            number(known.peak_before).map_or_else(String::new, |it| format!(" ({it} before)"));
        let neighbours = crate::diagnosis::neighbours(known);
        let neighbours = neighbours
            .strip_prefix("; ")
            .unwrap_or("top neighbours not read");
        let deploy = match &self.deploy {
            Some(deploy) => format!("last deploy {}", arrived(deploy)),
            None => "no deploy heard of in the hour before".to_owned(),
        };
        vec![
            format!(
                "reserved {reserved}, peak {}{before}; account limit {}, its peak {}",
                or_not(known.peak),
                or_not(known.account_limit),
                or_not(known.account_peak)
            ),
            format!("{neighbours}; {deploy}"),
        ]
    }
}

/// `version 42, 4 min before the start`.
fn arrived(deploy: &Deploy) -> String {
    let version = deploy.version.as_ref().map_or_else(
        || "of a version that is not known".to_owned(),
        |it| format!("version {}", cut(&tame(it), LABEL_CHARS)),
    );
    let (side, minutes) = if deploy.minutes_before >= 0 {
        ("before", deploy.minutes_before)
    } else {
        ("after", deploy.minutes_before.saturating_neg())
    };
    format!(
        "{version}, {} {side} the start",
        number::duration(moment::whole(minutes))
    )
}

fn shares(found: &Contributions) -> String {
    let mut left = 100.0;
    let mut rounded = |percent: f64| {
        let percent = percent.round();
        left -= percent;
        percent
    };
    let mut said: Vec<String> = found
        .parts
        .iter()
        .map(|part| {
            let label = cut(&tame(&part.label), LABEL_CHARS);
            format!("{label} {}%", number::number(rounded(part.percent)))
        })
        .collect();
    let mix = rounded(found.mix);
    if mix != 0.0 {
        said.push(format!(
            "requests that moved between them {}%",
            number::number(mix)
        ));
    }
    if left != 0.0 {
        let others = match found.unlisted {
            0 => "rounding".to_owned(),
            1 => "1 other".to_owned(),
            many => format!("{} others", number::count(many as u64)),
        };
        let against = if left < 0.0 && found.unlisted > 0 {
            " (the other way)"
        } else {
            ""
        };
        said.push(format!("{others} {}%{against}", number::number(left)));
    }
    format!("by {}: {}", found.dimension.as_str(), said.join(", "))
}
