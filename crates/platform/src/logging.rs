//! JSON log lines through `tracing`, redacted.
//!
//! One event is one line, with the keys of AWS Powertools, so that one query reads this service's lines and those
//! of a Python service alike: `level`, `message`, `timestamp`, `service`, `function_name`, `function_version`, and
//! whatever the enclosing spans carry (`function_request_id`, `correlation_id`, `xray_trace_id`, `cold_start`).
//! EMF documents do not go through here: they are metrics, not log lines, and must survive a level of WARN.
//!
//! Why not `tracing_subscriber`'s own JSON format: it nests the fields, takes the machine's clock, and has no place
//! for redaction between a field and its line.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::Clock;
use crate::emit::Emitter;

pub mod level;
pub mod redaction;
#[cfg(test)]
mod tests;

pub use level::Level;

/// Longest text of one field, in bytes: Lambda cuts a log event at 256 KB, and a line that is cut is no JSON.
const LONGEST_TEXT: usize = 8 * 1024;

/// Who writes the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The service (`POWERTOOLS_SERVICE_NAME`).
    pub service: String,
    /// The Lambda function.
    pub function_name: String,
    /// Its published version, or `$LATEST`.
    pub function_version: String,
}

/// A subscriber that writes one redacted JSON line an event to `emitter`. Use it for the process ([`init`]), or
/// for one function among several with `tracing::instrument::WithSubscriber`.
pub fn subscriber(
    emitter: Arc<dyn Emitter>,
    clock: Arc<dyn Clock>,
    identity: &Identity,
    level: &Level,
) -> impl Subscriber + Send + Sync + use<> {
    let lines = JsonLines {
        emitter,
        clock,
        identity: identity.clone(),
    };
    tracing_subscriber::registry().with(lines.with_filter(level.targets()))
}

/// Makes [`subscriber`] the process's own, and has panics written as one JSON line too. A second call changes
/// nothing.
pub fn init(emitter: Arc<dyn Emitter>, clock: Arc<dyn Clock>, identity: &Identity, level: &Level) {
    if tracing::subscriber::set_global_default(subscriber(emitter, clock, identity, level)).is_err()
    {
        return;
    }
    log_panics();
}

/// Has a panic written as one JSON line by the subscriber in whose scope it happens. Where there is none, it is
/// told as before.
pub fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !tracing::enabled!(tracing::Level::ERROR) {
            return before(panic);
        }
        let message = panic.payload_as_str().unwrap_or("a panic without a text");
        let location = panic.location().map(ToString::to_string);
        tracing::error!(error_class = "Panic", location, "{message}");
    }));
}

struct JsonLines {
    emitter: Arc<dyn Emitter>,
    clock: Arc<dyn Clock>,
    identity: Identity,
}

/// The fields of a span or an event, redacted as they come in.
#[derive(Debug, Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        // `r#type` is the field `type`.
        let key = field.name().trim_start_matches("r#");
        let value = if redaction::denied(key) {
            Value::from(redaction::REDACTED)
        } else {
            value
        };
        self.0.insert(key.to_owned(), value);
    }

    fn text(&mut self, field: &Field, text: &str) {
        let mut text = redaction::redact(text).into_owned();
        if text.len() > LONGEST_TEXT {
            // Cut after redaction: half a secret would no longer be recognised.
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
            text.push('…');
        }
        self.put(field, Value::from(text));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity.
        let value = serde_json::Number::from_f64(value)
            .map_or_else(|| Value::from(value.to_string()), Value::Number);
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }
}

impl JsonLines {
    fn line(
        &self,
        level: &tracing::Level,
        spans: Map<String, Value>,
        event: Map<String, Value>,
    ) -> String {
        let mut line = spans;
        line.extend(event);
        let now = self.clock.now();
        let fixed = [
            ("level", level.to_string()),
            ("timestamp", format!("{now:.3}")),
            ("service", self.identity.service.clone()),
            ("function_name", self.identity.function_name.clone()),
            ("function_version", self.identity.function_version.clone()),
        ];
        for (key, value) in fixed {
            // A field that takes one of these names keeps its value under another.
            if let Some(other) = line.insert(key.to_owned(), Value::from(value)) {
                line.insert(format!("field_{key}"), other);
            }
        }
        line.entry("message").or_insert_with(|| Value::from(""));
        Value::Object(line).to_string()
    }
}

impl<S> Layer<S> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut spans = Map::new();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                spans.extend(of_span.0.clone());
            }
        }
        self.emitter
            .emit(&self.line(event.metadata().level(), spans, fields.0));
    }
}
