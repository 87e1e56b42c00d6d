//! Which log events are worth showing, and what of them. Pure.
//!
//! Everything in an event is from outside: what is taken from it is cleaned, redacted and cut by the message.

use std::collections::BTreeSet;

use incidents::diagnosis::facts::Correlation;
use incidents::{Example, Symptom};
use platform::log_search::FoundEvent;
use serde_json::Value;
use signals::{Metric, SeriesName};

use super::gather::Question;

/// Requests shown at most: the message shows no more.
const SHOWN: usize = 5;
/// Of an event no more is read: the message shows 200 characters of it.
const TEXT_CHARS: usize = 1_000;
/// Names under which a request's id is logged: this repository's, Lambda's, Powertools'.
const REQUEST_IDS: [&str; 5] = [
    "request_id",
    "function_request_id",
    "requestId",
    "AWSRequestId",
    "function_request_Id",
];

/// Requests that name the work they belong to.
pub(super) const REQUESTS: &str = "{ $.correlation_id = * }";

/// The filter pattern that finds requests which suffer; `None`: the logs know none (what was refused never ran).
pub(super) fn pattern(question: &Question<'_>) -> Option<String> {
    let worst = question
        .members
        .iter()
        .min_by(|a, b| a.worst_first(b, question.direction))?;
    if let SeriesName::Emf { metric, .. } = &worst.reading.series.name {
        let field = selector(metric)?;
        let wrong = match question.symptom {
            Symptom::Latency => format!("{field} > {}", worst.reading.expected_high),
            Symptom::Errors | Symptom::Throttles => format!("{field} > 0"),
            _ => return None,
        };
        let emf = question.service.emf.as_ref()?;
        let route = worst.reading.series.dimensions.get(&emf.route_dimension);
        return Some(match route {
            Some(route) => {
                let (name, value) = (selector(&emf.route_dimension)?, quoted(route)?);
                format!("{{ ({wrong}) && ({name} = {value}) }}")
            }
            None => format!("{{ {wrong} }}"),
        });
    }
    // Whether the platform's records are text or JSON is not known: any of these terms, in either spelling.
    match question.symptom {
        Symptom::Errors => Some(
            r#"?"Task timed out" ?"Runtime exited" ?"Runtime.OutOfMemory" ?"\"status\":\"error\"" ?"\"status\":\"failure\"" ?"\"status\":\"timeout\"""#
                .to_owned(),
        ),
        Symptom::ColdStarts => Some(r#"?"Init Duration" ?initDurationMs"#.to_owned()),
        Symptom::Headroom => Some(r#"?"REPORT RequestId" ?"platform.report""#.to_owned()),
        _ => None,
    }
}

/// `$.name`; `None` for a name that a selector cannot hold.
fn selector(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    (!name.is_empty() && name.chars().all(plain)).then(|| format!("$.{name}"))
}

/// A value in quotes; `None` for one that could end them early or that means more than itself.
fn quoted(value: &str) -> Option<String> {
    (!value.contains(['"', '\\', '*']) && !value.chars().any(char::is_control))
        .then(|| format!("\"{value}\""))
}

/// The requests of the events, each once, with what the event says of it.
pub(super) fn of(events: &[FoundEvent]) -> Vec<Example> {
    let mut seen = BTreeSet::new();
    let read = events.iter().filter_map(|event| example(&event.message));
    read.filter(|it| seen.insert(it.request_id.clone()))
        .take(SHOWN)
        .collect()
}

fn example(message: &str) -> Option<Example> {
    let cut = |text: &str| text.chars().take(TEXT_CHARS).collect::<String>();
    let Ok(Value::Object(event)) = serde_json::from_str(message) else {
        // The platform's text: `REPORT RequestId: <id> …`, `<time> <id> Task timed out …`.
        let id = message
            .split(|c: char| c.is_whitespace() || c == '\t')
            .find(|word| is_request_id(word))?;
        return Some(Example {
            request_id: id.to_owned(),
            text: Some(cut(message)),
        });
    };
    let record = event.get("record").and_then(Value::as_object);
    let id = REQUEST_IDS
        .iter()
        .filter_map(|name| event.get(*name).or_else(|| record?.get(*name)))
        .find_map(Value::as_str)?;
    let said = |name: &str| event.get(name).or_else(|| record?.get(name));
    let text = |name: &str| match said(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        // Powertools writes values as lists of one.
        Value::Array(values) => values.first().map(ToString::to_string),
        _ => None,
    };
    let facts = ["route", "status", "error_type", "errorType", "message"];
    let mut words: Vec<String> = facts.iter().filter_map(|name| text(name)).collect();
    let took = text(Metric::Latency.name()).or_else(|| {
        let metrics = said("metrics")?;
        Some(metrics.get("durationMs")?.to_string())
    });
    words.extend(took.map(|ms| milliseconds(&ms)));
    Some(Example {
        request_id: id.to_owned(),
        text: (!words.is_empty()).then(|| cut(&words.join(" "))),
    })
}

/// No more digits than matter; what is no number stays as it is.
fn milliseconds(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(ms) if ms >= 100.0 => format!("{ms:.0} ms"),
        Ok(ms) => format!("{ms:.1} ms"),
        Err(_) => format!("{text} ms"),
    }
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_request_id(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// How many different pieces of work the events are of; `None`: none of them says.
pub(super) fn correlation(events: &[FoundEvent]) -> Option<Correlation> {
    let mut requests = BTreeSet::new();
    let mut distinct = BTreeSet::new();
    for event in events {
        let Ok(Value::Object(event)) = serde_json::from_str(&event.message) else {
            continue;
        };
        let id = event.get("correlation_id").and_then(Value::as_str);
        let request = REQUEST_IDS
            .iter()
            .find_map(|name| event.get(*name)?.as_str());
        // A request logs several lines: each counts once.
        if let (Some(id), Some(request)) = (id, request)
            && requests.insert(request.to_owned())
        {
            distinct.insert(id.to_owned());
        }
    }
    (!requests.is_empty()).then_some(Correlation {
        requests: requests.len() as u64,
        distinct: distinct.len() as u64,
    })
}

#[cfg(test)]
mod tests;
