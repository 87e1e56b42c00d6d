//! The log events behind a minute, as Lambda writes them and CloudWatch Logs delivers them.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

use super::point::Point;
use super::request::{Invocation, Outcome};
use super::rollups::{NAMESPACE, ROUTE, SERVICE, billed_ms, document};
use super::{Fleet, Function};

/// One log event, as a subscription delivers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEvent {
    /// 56 digits, rising within the stream.
    pub id: String,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// One line.
    pub message: String,
}

/// The log events of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    /// The log group.
    pub group: String,
    /// The stream: day, version, and what stands for an environment.
    pub stream: String,
    /// In order.
    pub events: Vec<LogEvent>,
}

impl Fleet {
    /// The log events of a point's invocations: one stream for each version that served some. Nothing is said of
    /// whether and when they come: see [`Point::arrival`].
    ///
    /// # Panics
    /// The point is of a fleet with more functions.
    #[must_use]
    pub fn logs(&self, point: &Point, requests: &[Invocation]) -> Vec<LogStream> {
        let function = &self.functions[point.function];
        let mut streams: BTreeMap<u32, Vec<LogEvent>> = BTreeMap::new();
        for one in requests {
            let events = streams.entry(one.version).or_default();
            for message in lines(self.seed, function, point, one) {
                // The time in the high digits, as in CloudWatch's own, and the line below it.
                let id = format!("{:043}{:013}", point.minute.start_millis(), events.len());
                events.push(LogEvent {
                    id,
                    timestamp: one.ended_millis,
                    message,
                });
            }
        }
        let day = point.minute.start().strftime("%Y/%m/%d").to_string();
        streams
            .into_iter()
            .map(|(version, events)| LogStream {
                group: format!("/aws/lambda/{}", function.name),
                stream: format!("{day}/[{version}]{:032x}", self.seed),
                events,
            })
            .collect()
    }
}

/// Lambda's id of an invocation, in the form of a UUID.
fn request_id(seed: u64, point: &Point, one: &Invocation) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        point.minute.index() & 0xffff_ffff,
        point.function & 0xffff,
        seed & 0xfff,
        (seed >> 12) & 0xfff,
        one.index
    )
}

/// What one invocation logs.
fn lines(seed: u64, function: &Function, point: &Point, one: &Invocation) -> Vec<String> {
    let id = request_id(seed, point, one);
    let correlation = format!(
        "c-{:x}-{:x}-{:x}",
        point.function,
        point.minute.index(),
        one.correlation
    );
    // Instants in the minutes of a simulation are no dates beyond the calendar.
    let time = jiff::Timestamp::from_millisecond(one.ended_millis)
        .unwrap_or_default()
        .to_string();
    let mut lines = Vec::with_capacity(4);
    if !function.json_logs {
        lines.push(format!("START RequestId: {id} Version: {}\n", one.version));
    }
    lines.extend(trouble(function, one, &id, &correlation, &time));
    lines.extend(emf(function, one, &id, &correlation));
    if function.json_logs {
        lines.push(json_report(function, one, &id, &time));
    } else {
        lines.push(format!("END RequestId: {id}\n"));
        lines.push(text_report(function, one, &id));
    }
    lines
}

/// The error's own line.
fn trouble(
    function: &Function,
    one: &Invocation,
    id: &str,
    correlation: &str,
    time: &str,
) -> Option<String> {
    let route = function
        .routes
        .get(one.route)
        .map_or("", |route| &route.name);
    let (kind, message) = match one.outcome {
        Outcome::Success | Outcome::ClientError => return None,
        Outcome::Error => (
            "UpstreamError",
            format!("{route} failed: upstream answered 500"),
        ),
        Outcome::Refused => (
            "ThrottlingException",
            format!("{route} refused: rate exceeded"),
        ),
        Outcome::Timeout => {
            let seconds = function.timeout_ms / 1e3;
            return Some(if function.json_logs {
                format!(
                    r#"{{"timestamp":"{time}","level":"ERROR","requestId":"{id}","message":"Task timed out after {seconds:.2} seconds"}}"#
                )
            } else {
                format!("{time} {id} Task timed out after {seconds:.2} seconds\n\n")
            });
        }
        Outcome::OutOfMemory => {
            return Some(format!(
                "RequestId: {id} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"
            ));
        }
    };
    Some(if function.json_logs {
        format!(
            r#"{{"timestamp":"{time}","level":"ERROR","requestId":"{id}","correlation_id":"{correlation}","errorType":"{kind}","errorMessage":{},"route":{}}}"#,
            quoted(&message),
            quoted(route)
        )
    } else {
        format!("[ERROR]\t{time}\t{id}\t{kind}: {message}\n")
    })
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The document in the embedded metric format.
fn emf(function: &Function, one: &Invocation, id: &str, correlation: &str) -> Option<String> {
    let values = document(one)?;
    let route = function
        .routes
        .get(one.route)
        .map_or("", |route| &route.name);
    let mut out = format!(
        r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"{NAMESPACE}","Dimensions":[["{SERVICE}"],["{ROUTE}","{SERVICE}"]],"Metrics":["#,
        one.ended_millis
    );
    for (at, (metric, _)) in values.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            r#"{comma}{{"Name":"{}","Unit":"{}"}}"#,
            metric.name(),
            metric.unit().as_str()
        );
    }
    let _ = write!(
        out,
        r#"]}}]}},"{SERVICE}":{},"{ROUTE}":{},"version":"{}","request_id":"{id}","correlation_id":"{correlation}","status":{}"#,
        quoted(&function.name),
        quoted(route),
        one.version,
        one.outcome.status()
    );
    for (metric, value) in values {
        let _ = write!(out, r#","{}":{value}"#, metric.name());
    }
    out.push('}');
    Some(out)
}

fn json_report(function: &Function, one: &Invocation, id: &str, time: &str) -> String {
    let (status, error) = match one.outcome {
        Outcome::Success | Outcome::ClientError => ("success", ""),
        Outcome::Error | Outcome::Refused => ("error", r#","errorType":"Function.Error""#),
        Outcome::Timeout => ("timeout", ""),
        Outcome::OutOfMemory => ("error", r#","errorType":"Runtime.OutOfMemory""#),
    };
    let init = one
        .init_ms
        .map(|ms| format!(r#","initDurationMs":{ms}"#))
        .unwrap_or_default();
    format!(
        r#"{{"time":"{time}","type":"platform.report","record":{{"requestId":"{id}","metrics":{{"durationMs":{},"billedDurationMs":{},"memorySizeMB":{},"maxMemoryUsedMB":{}{init}}},"status":"{status}"{error}}}}}"#,
        one.duration_ms,
        billed_ms(one),
        function.memory_size_mb,
        one.memory_mb
    )
}

fn text_report(function: &Function, one: &Invocation, id: &str) -> String {
    let mut out = format!(
        "REPORT RequestId: {id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
        one.duration_ms,
        billed_ms(one),
        function.memory_size_mb,
        one.memory_mb
    );
    // Writing to a string cannot fail.
    if let Some(ms) = one.init_ms {
        let _ = write!(out, "Init Duration: {ms:.2} ms\t");
    }
    match one.outcome {
        Outcome::Success | Outcome::ClientError => {}
        Outcome::Error | Outcome::Refused => {
            out.push_str("Status: error\tError Type: Function.Error\t")
        }
        Outcome::Timeout => out.push_str("Status: timeout\t"),
        Outcome::OutOfMemory => out.push_str("Status: error\tError Type: Runtime.OutOfMemory\t"),
    }
    out.push('\n');
    out
}
