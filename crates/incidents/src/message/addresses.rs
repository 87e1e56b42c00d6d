//! The links of a message: where to look, at the incident's own time.

use signals::{AwsSignal, Metric, SeriesKey, SeriesName};

use super::Context;
use super::story::Story;
use super::untrusted::{one_line_of, tame};
use crate::links::{Console, MetricAddress, Span};
use crate::{Reading, Symptom};

/// Longer addresses break in mail clients and browsers.
const LONGEST: usize = 2_000;

/// A link and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) url: String,
}

/// The links that what is known allows, in the order in which they help.
pub(crate) fn links(story: &Story<'_>) -> Vec<Link> {
    let context = story.context;
    let console = Console::new(&context.region);
    let span = Span::around(story.incident.onset.start(), story.transition.at);
    let reading = shown(story).filter(|reading| is_presentable(&reading.series));
    let mut links: Vec<Link> = dashboard(context).into_iter().collect();
    let mut add = |name: String, url: String| links.extend(short(name, url));
    if let Some(address) = reading.and_then(metric) {
        add(
            "Metric graph".to_owned(),
            console.metric_graph(&address, span),
        );
    }
    if let Some((log_group, reading)) = context.log_group.as_ref().zip(reading) {
        let (title, query) = query(story.group().symptom, &reading.series);
        add(
            format!("Logs ({title})"),
            console.logs_insights(log_group, &query, span),
        );
    }
    links.extend(function(context));
    links
}

fn short(name: String, url: String) -> Option<Link> {
    (url.len() <= LONGEST).then_some(Link { name, url })
}

/// The dashboard that is configured.
pub(crate) fn dashboard(context: &Context) -> Option<Link> {
    let name = one_line_of(context.dashboard.as_deref()?);
    short(
        "Dashboard (set the time range by hand)".to_owned(),
        Console::new(&context.region).dashboard(&name),
    )
}

/// The function that the log group belongs to; other services' groups belong to none.
pub(crate) fn function(context: &Context) -> Option<Link> {
    let name = context.log_group.as_deref()?.strip_prefix("/aws/lambda/")?;
    short(
        "Function (set the time range by hand)".to_owned(),
        Console::new(&context.region).function(name),
    )
}

/// The reading that links and pager triggers are about: the one that opened the incident, in OK too.
pub(crate) fn shown<'a>(story: &Story<'a>) -> Option<&'a Reading> {
    let opening = story
        .incident
        .opening
        .as_ref()
        .map(|sighting| &sighting.reading);
    opening.or_else(|| story.members.first().map(|member| &member.reading))
}

/// Whether no dimension holds what a message would have to redact or cut.
pub(crate) fn is_presentable(series: &SeriesKey) -> bool {
    series
        .dimensions
        .iter()
        .all(|(name, value)| tame(name) == *name && tame(value) == *value)
}

/// The metric as `CloudWatch` knows it; `None`: it is read from the platform's records and is no metric there.
pub(crate) fn metric(reading: &Reading) -> Option<MetricAddress> {
    let owned = |(name, value): (&String, &String)| (name.clone(), value.clone());
    let (namespace, metric, dimensions) = match &reading.series.name {
        SeriesName::Emf { namespace, metric } => (
            namespace.clone(),
            metric.clone(),
            reading.series.dimensions.iter().map(owned).collect(),
        ),
        SeriesName::Aws { function, signal } => {
            let metric = match signal {
                AwsSignal::Invocations => Metric::Invocations,
                AwsSignal::Errors => Metric::Errors,
                AwsSignal::Throttles => Metric::Throttles,
                AwsSignal::ConcurrentExecutions => Metric::ConcurrentExecutions,
                AwsSignal::ClaimedAccountConcurrency => Metric::ClaimedAccountConcurrency,
                AwsSignal::UnreservedConcurrentExecutions => Metric::UnreservedConcurrentExecutions,
                // A setting that was read.
                AwsSignal::ConcurrencyLimit | AwsSignal::UnreservedLimit => return None,
            };
            let dimension = function
                .iter()
                .map(|function| ("FunctionName".to_owned(), function.clone()))
                .collect();
            ("AWS/Lambda".to_owned(), metric.name().to_owned(), dimension)
        }
        SeriesName::Lambda { .. } => return None,
    };
    Some(MetricAddress {
        namespace,
        metric,
        dimensions,
        statistic: reading.statistic,
    })
}

/// What to ask the logs first, and what the answer shows.
fn query(symptom: Symptom, series: &SeriesKey) -> (&'static str, String) {
    const REPORTS: &str = "filter @type = \"REPORT\" or type = \"platform.report\"";
    // The series of a burn is our own: the service's log knows what failed, and not the burn.
    let of_service = !symptom.is_burn();
    if let (true, SeriesName::Emf { metric, .. }) = (of_service, &series.name) {
        let field = name(metric);
        let filters: String = series
            .dimensions
            .iter()
            .map(|(key, value)| format!("\n| filter {} = {}", name(key), text(value)))
            .collect();
        return match symptom {
            Symptom::Latency | Symptom::Headroom => (
                "slowest requests",
                format!(
                    "fields @timestamp, {field}, @message{filters}\n| filter ispresent({field})\n| sort {field} desc\n| limit 20"
                ),
            ),
            Symptom::Errors | Symptom::Throttles => (
                "failing requests",
                format!(
                    "fields @timestamp, {field}, @message{filters}\n| filter {field} > 0\n| sort @timestamp desc\n| limit 20"
                ),
            ),
            Symptom::Traffic
            | Symptom::ColdStarts
            | Symptom::Capacity
            | Symptom::Saturation
            | Symptom::FastBurn
            | Symptom::SlowBurn => (
                "requests by minute",
                format!(
                    "fields @timestamp{filters}\n| filter ispresent({field})\n| stats count(*) as requests by bin(1m)"
                ),
            ),
        };
    }
    match symptom {
        Symptom::Latency | Symptom::Headroom => (
            "slowest invocations",
            format!("{REPORTS}\n| fields @timestamp, coalesce(@duration, record.metrics.durationMs) as duration_ms, @message\n| sort duration_ms desc\n| limit 20"),
        ),
        Symptom::Errors | Symptom::FastBurn | Symptom::SlowBurn => (
            "error lines",
            "fields @timestamp, @requestId, @message\n| filter @message like /(?i)(error|exception|panic|timed out)/\n| sort @timestamp desc\n| limit 20".to_owned(),
        ),
        Symptom::ColdStarts => (
            "cold starts by minute",
            format!("{REPORTS}\n| fields coalesce(@initDuration, record.metrics.initDurationMs) as init_ms\n| stats count(*) as invocations, count(init_ms) as cold_starts, pct(init_ms, 90) as p90_init_ms by bin(1m)"),
        ),
        // A refused invocation never runs, so no log knows it: what did run shows how full the function was.
        Symptom::Throttles | Symptom::Traffic | Symptom::Capacity | Symptom::Saturation => {
            ("invocations by minute", format!("{REPORTS}\n| stats count(*) as invocations by bin(1m)"))
        }
    }
}

fn name(field: &str) -> String {
    let simple = field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if simple {
        field.to_owned()
    } else {
        format!("`{}`", field.replace('`', ""))
    }
}

fn text(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use signals::LambdaSignal;

    use super::*;
    use crate::message::example;

    #[test]
    fn a_query_asks_for_the_dimensions_of_the_series_and_quotes_them() {
        let series = SeriesKey::emf("N", "a-b", [("route", "GET \"x\"")]);
        let (title, query) = query(Symptom::Latency, &series);
        assert_eq!(title, "slowest requests");
        assert_eq!(
            query,
            "fields @timestamp, `a-b`, @message\n| filter route = \"GET \\\"x\\\"\"\n| filter ispresent(`a-b`)\n| sort `a-b` desc\n| limit 20"
        );
    }

    #[test]
    fn what_cloudwatch_does_not_have_is_not_linked() {
        let mut reading = example::member("x").reading;
        reading.series = SeriesKey::lambda("car-api", LambdaSignal::DurationMs);
        assert_eq!(metric(&reading), None);
        reading.series = SeriesKey::aws(None, AwsSignal::Throttles);
        assert_eq!(metric(&reading).unwrap().dimensions, []);
        reading.series = SeriesKey::aws(Some("car-api"), AwsSignal::Throttles);
        assert_eq!(
            metric(&reading).unwrap().dimensions,
            [("FunctionName".to_owned(), "car-api".to_owned())]
        );
    }

    #[test]
    fn a_dimension_that_holds_a_secret_is_not_presentable() {
        assert!(is_presentable(&SeriesKey::emf(
            "N",
            "M",
            [("route", "POST /cars")]
        )));
        assert!(!is_presentable(&SeriesKey::emf(
            "N",
            "M",
            [("user", "anna@example.com")]
        )));
        assert!(!is_presentable(&SeriesKey::emf(
            "N",
            "M",
            [("route", "x".repeat(500).as_str())]
        )));
    }
}
