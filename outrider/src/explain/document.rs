//! The explanation as a JSON document.

use anomaly::{Alarm, Direction, Learning, Settings, State, Verdict, Watch};
use detector::explain::Said;
use detector::explain::origin::Origin;
use detector::state::History;
use serde_json::{Value, json};
use signals::Minute;

use super::text::{Told, windows};

fn minute(index: Option<i64>) -> Option<String> {
    index.map(|index| Minute::from_index(index).to_string())
}

/// A number that is no number, or none yet, is `null`.
fn finite(value: f64) -> Option<f64> {
    (value.is_finite() && value < f64::MAX).then_some(value)
}

/// The whole document.
pub(super) fn of(told: &Told<'_>) -> Value {
    let explanation = told.explanation;
    let subject = &explanation.subject;
    let origin = match told.origin {
        Origin::Object(window) => json!({ "object": window.to_string() }),
        Origin::Minutes(before) => json!({ "minutes_since": before.plus(1).to_string() }),
    };
    let history = match explanation.history {
        History::Unknown => "unknown",
        History::Learning { .. } => "learning",
        History::Learned => "learned",
    };
    let mut document = json!({
        "series": subject.series.to_string(),
        "id": subject.id(),
        "service": told.service.name,
        "symptom": subject.symptom.as_str(),
        "what": subject.measure.words(subject.symptom),
        "unit": subject.measure.unit().as_str(),
        "minute": explanation.minute.to_string(),
        "state": origin,
        "history": history,
        "warming_up": explanation.warming_up,
        "onset": explanation.onset.map(|onset| onset.to_string()),
        "windows": windows(explanation).collect::<String>(),
        "previous_version": explanation.previous.map(|(version, since)| json!({
            "version": version, "since": since.to_string(),
        })),
        "breaching": explanation.breaching & 1 == 1,
        "clear": explanation.clear & 1 == 1,
    });
    match &explanation.said {
        Said::Level { value, at } => document["limit"] = json!({ "value": value, "at": at }),
        Said::Model { verdict, settings } => {
            document["model"] = model(verdict, settings);
            document["guards"] = explanation
                .guards()
                .iter()
                .map(|guard| {
                    json!({
                        "guard": guard.gate.as_str(), "spoke": guard.spoke,
                        "measured": guard.measured, "at_least": guard.limit, "unit": guard.unit(),
                    })
                })
                .collect();
        }
    }
    document
}

fn model(verdict: &Verdict, settings: &Settings) -> Value {
    let (budget, thresholds) = (settings.budget(), verdict.thresholds);
    let [extreme, repeated, sustained] = thresholds.pages_a_week;
    json!({
        "value": verdict.value,
        "weight": verdict.weight,
        "expected": finite(verdict.expected),
        "low": finite(verdict.low),
        "high": finite(verdict.high),
        "samples": verdict.samples,
        "tail": verdict.tail,
        "model_tail": verdict.model_tail,
        "surprise": -verdict.tail.log10() + 0.0,
        "direction": match verdict.direction {
            Direction::High => "high",
            Direction::Low => "low",
            Direction::None => "none",
        },
        "watched": match settings.watch() {
            Watch::High => "high",
            Watch::Low => "low",
            Watch::Both => "both",
        },
        "state": match verdict.state {
            State::WarmingUp => "warming_up",
            State::Ready => "ready",
            State::Missing => "missing",
        },
        "alarm": verdict.alarm.map(Alarm::as_str),
        "since": minute(verdict.since),
        "evidence_minutes": finite(verdict.evidence),
        "run": verdict.run.map(|run| json!({
            "since": minute(Some(run.since)), "minutes": run.minutes, "high": run.high,
            "attempts": run.attempts, "observed": run.observed, "expected": run.expected, "factor": finite(run.factor),
        })),
        "budget": {
            "false_pages_a_service_week": budget.pages(),
            "series": budget.series(),
            "tests": {
                "extreme": { "false_pages_a_week": extreme, "tail_below": thresholds.extreme },
                "repeated": { "false_pages_a_week": repeated, "tail_below": thresholds.repeated },
                "sustained": { "false_pages_a_week": sustained, "once_in_minutes": finite(thresholds.sustained) },
            },
        },
        "learning": match verdict.learning {
            Learning::Learned => "learned",
            Learning::Held => "held",
            Learning::KeptOut => "kept_out",
            Learning::Nothing => "nothing",
        },
        "level_shift": verdict.level_shift,
        "assumed_zero": verdict.assumed_zero,
        "minutes_after_deploy": verdict.after_deploy,
    })
}
