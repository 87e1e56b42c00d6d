//! Addresses in the AWS console, with the incident's own time range.
//!
//! The formats are undocumented: they live here alone, under golden tests, so that a change
//! of the console is a change of one line.

pub mod jsurl;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Statistic;
use jsurl::Value;

/// What JavaScript's `encodeURIComponent` leaves alone.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The part of AWS that a region belongs to: each has its own console and its own ARN prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// Everywhere else.
    Aws,
    /// China.
    AwsCn,
    /// The United States government.
    AwsUsGov,
}

impl Partition {
    /// The partition of a region, by the region's prefix.
    #[must_use]
    pub fn of(region: &str) -> Self {
        if region.starts_with("cn-") {
            Self::AwsCn
        } else if region.starts_with("us-gov-") {
            Self::AwsUsGov
        } else {
            Self::Aws
        }
    }

    /// The second component of an ARN.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
        }
    }
}

/// An absolute range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first instant.
    pub start: Timestamp,
    /// Its last instant.
    pub end: Timestamp,
}

impl Span {
    /// From 30 minutes before the onset to 30 minutes after `now`: the console then shows normal, the break, and
    /// what came of it, whenever the link is opened.
    #[must_use]
    pub fn around(onset: Timestamp, now: Timestamp) -> Self {
        let margin = SignedDuration::from_mins(30);
        let start = onset.checked_sub(margin).unwrap_or(Timestamp::MIN);
        let end = now.max(onset).checked_add(margin).unwrap_or(Timestamp::MAX);
        Self { start, end }
    }
}

fn instant(at: Timestamp) -> Value {
    Value::Text(at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
}

fn component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// `encodeURIComponent` twice, `%` written as `$`: how the console hides a path inside its fragment.
fn twice(text: &str) -> String {
    component(&component(text)).replace('%', "$")
}

/// The console of one region.
#[derive(Debug, Clone, Copy)]
pub struct Console<'a> {
    region: &'a str,
}

/// A metric as `CloudWatch` knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricAddress {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub metric: String,
    /// Dimensions, name and value.
    pub dimensions: Vec<(String, String)>,
    /// Statistic.
    pub statistic: Statistic,
}

impl<'a> Console<'a> {
    /// The console of `region`, a code such as `eu-west-1`.
    #[must_use]
    pub fn new(region: &'a str) -> Self {
        Self { region }
    }

    fn host(self) -> String {
        match Partition::of(self.region) {
            Partition::Aws => format!("{}.console.aws.amazon.com", self.region),
            Partition::AwsCn => format!("{}.console.amazonaws.cn", self.region),
            Partition::AwsUsGov => "console.amazonaws-us-gov.com".to_owned(),
        }
    }

    fn cloudwatch(self, fragment: &str) -> String {
        format!(
            "https://{}/cloudwatch/home?region={}#{fragment}",
            self.host(),
            self.region
        )
    }

    /// A dashboard. How its address carries a time range is documented nowhere, so it opens on its own default.
    #[must_use]
    pub fn dashboard(self, name: &str) -> String {
        self.cloudwatch(&format!("dashboards/dashboard/{}", component(name)))
    }

    /// An alarm.
    #[must_use]
    pub fn alarm(self, name: &str) -> String {
        self.cloudwatch(&format!("alarmsV2:alarm/{}", component(name)))
    }

    /// The graph of one metric, a point a minute.
    #[must_use]
    pub fn metric_graph(self, address: &MetricAddress, span: Span) -> String {
        let mut row: Vec<Value> = vec![
            address.namespace.as_str().into(),
            address.metric.as_str().into(),
        ];
        for (name, value) in &address.dimensions {
            row.extend([name.as_str().into(), value.as_str().into()]);
        }
        row.push(Value::Object(vec![(
            "stat",
            address.statistic.to_string().into(),
        )]));
        let widget = Value::Object(vec![
            ("metrics", Value::List(vec![Value::List(row)])),
            ("view", "timeSeries".into()),
            ("stacked", Value::Bool(false)),
            ("region", self.region.into()),
            ("period", Value::Integer(60)),
            ("start", instant(span.start)),
            ("end", instant(span.end)),
        ]);
        self.cloudwatch(&format!("metricsV2:graph={}", jsurl::encode(&widget)))
    }

    /// A Logs Insights query over one log group.
    #[must_use]
    pub fn logs_insights(self, log_group: &str, query: &str, span: Span) -> String {
        let detail = Value::Object(vec![
            ("end", instant(span.end)),
            ("start", instant(span.start)),
            ("timeType", "ABSOLUTE".into()),
            ("tz", "UTC".into()),
            ("editorString", query.into()),
            ("queryId", "".into()),
            ("source", Value::List(vec![log_group.into()])),
            ("lang", "CWLI".into()),
        ]);
        self.cloudwatch(&format!(
            "logsV2:logs-insights$3FqueryDetail$3D{}",
            jsurl::encode(&detail)
        ))
    }

    /// The events of a log group that match a filter pattern.
    #[must_use]
    pub fn log_events(self, log_group: &str, pattern: &str, span: Span) -> String {
        self.cloudwatch(&format!(
            "logsV2:log-groups/log-group/{}/log-events$3FfilterPattern$3D{}$26start$3D{}$26end$3D{}",
            twice(log_group),
            twice(pattern),
            span.start.as_millisecond(),
            span.end.as_millisecond(),
        ))
    }

    /// A Lambda function's monitoring page.
    #[must_use]
    pub fn function(self, name: &str) -> String {
        let (host, region, name) = (self.host(), self.region, component(name));
        format!("https://{host}/lambda/home?region={region}#/functions/{name}?tab=monitoring")
    }
}

#[cfg(test)]
mod tests {
    use signals::Metric;

    use super::*;

    fn span() -> Span {
        Span::around(
            "2026-11-20T21:59:00Z".parse().unwrap(),
            "2026-11-20T22:05:00Z".parse().unwrap(),
        )
    }

    fn latency() -> MetricAddress {
        MetricAddress {
            namespace: "CarManager".to_owned(),
            metric: Metric::Latency.name().to_owned(),
            dimensions: vec![("route".to_owned(), "POST /cars".to_owned())],
            statistic: Statistic::Percentile(90.0),
        }
    }

    #[test]
    fn each_address_has_the_form_that_was_captured() {
        let console = Console::new("eu-west-1");
        let addresses = [
            console.dashboard("cars-service"),
            console.alarm("car-api high latency (prod)"),
            console.metric_graph(&latency(), span()),
            console.logs_insights(
                "/aws/lambda/car-api",
                "fields @timestamp, @message\n| limit 20",
                span(),
            ),
            console.log_events("/aws/lambda/car-api", "\"timed out\"", span()),
            console.function("car-api"),
        ]
        .join("\n");
        insta::assert_snapshot!(addresses);
    }

    #[test]
    fn every_partition_has_its_own_console() {
        for (region, partition, address) in [
            (
                "eu-west-1",
                "aws",
                "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/f?tab=monitoring",
            ),
            (
                "cn-north-1",
                "aws-cn",
                "https://cn-north-1.console.amazonaws.cn/lambda/home?region=cn-north-1#/functions/f?tab=monitoring",
            ),
            (
                "us-gov-west-1",
                "aws-us-gov",
                "https://console.amazonaws-us-gov.com/lambda/home?region=us-gov-west-1#/functions/f?tab=monitoring",
            ),
        ] {
            assert_eq!(Partition::of(region).as_str(), partition);
            assert_eq!(Console::new(region).function("f"), address);
        }
    }

    #[test]
    fn a_span_shows_normal_before_and_what_follows() {
        assert_eq!(span().start.to_string(), "2026-11-20T21:29:00Z");
        assert_eq!(span().end.to_string(), "2026-11-20T22:35:00Z");
        let edge = Span::around(Timestamp::MIN, Timestamp::MAX);
        assert_eq!((edge.start, edge.end), (Timestamp::MIN, Timestamp::MAX));
        let backwards = Span::around(span().end, span().start);
        assert!(
            backwards.start < backwards.end,
            "a clock that jumped back does not turn a span around"
        );
    }
}
