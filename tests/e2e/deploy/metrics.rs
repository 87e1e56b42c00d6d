//! Metrics that alarms and graphs look at: somebody must emit each, with exactly these dimensions.

use cfn::Template;
use serde_json::{Value, json};
use signals::Metric;

use super::{holds, put};

/// A namespace, some of its metrics, and the sets of dimensions that each of them has.
type Emitted = (
    &'static str,
    &'static [&'static str],
    &'static [&'static [&'static str]],
);

/// Metrics of AWS and their dimensions, from the services' own lists (2026-11-21):
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>,
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html>,
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html>,
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html>,
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html>
const AWS: [Emitted; 7] = [
    (
        "AWS/Lambda",
        &[
            "Errors",
            "Throttles",
            "Duration",
            "AsyncEventsDropped",
            "AsyncEventAge",
            "DestinationDeliveryFailures",
        ],
        &[
            &["FunctionName"],
            &["FunctionName", "Resource", "ExecutedVersion"],
        ],
    ),
    (
        "AWS/Lambda",
        &[
            "ProvisionedConcurrencySpilloverInvocations",
            "ProvisionedConcurrencyUtilization",
        ],
        &[&["FunctionName", "Resource"]],
    ),
    (
        "AWS/SQS",
        &[
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateAgeOfOldestMessage",
        ],
        &[&["QueueName"]],
    ),
    (
        "AWS/DynamoDB",
        &["ReadThrottleEvents", "WriteThrottleEvents"],
        &[&["TableName"], &["TableName", "GlobalSecondaryIndexName"]],
    ),
    (
        "AWS/Scheduler",
        &["InvocationDroppedCount", "TargetErrorCount"],
        &[&["ScheduleGroup"]],
    ),
    (
        "AWS/SNS",
        &["NumberOfNotificationsFailed"],
        &[&["TopicName"]],
    ),
    (
        "AWS/Logs",
        &[
            "EMFParsingErrors",
            "EMFValidationErrors",
            "DeliveryErrors",
            "DeliveryThrottling",
        ],
        &[
            &["LogGroupName"],
            &["LogGroupName", "DestinationType", "FilterName"],
        ],
    ),
];
/// What Outrider says: `service` is the function that speaks of itself, verdicts have the function and its version, and
/// what log-processor says of a watched function has that function's name alone.
const OWN: [(&str, &[&str]); 5] = [
    (
        "detector",
        &[
            "DetectorRun",
            "DataLagSeconds",
            "SeriesEvaluated",
            "SeriesWarmingUp",
            "BackfilledMinutes",
            "BackfillFailed",
            "IncidentsOpened",
            "IncidentsResolved",
            "MessagesPublished",
            "MessagesDead",
        ],
    ),
    (
        "log-processor",
        &[
            "LogEvents",
            "Samples",
            "RejectedEvents",
            "RollupsWritten",
            "BytesIn",
            "BytesInflated",
            "BatchesReplayed",
            "EventsSkipped",
            "LedgerGaps",
            "LogsDropped",
            "ApplicationErrors",
            "NewErrors",
            "EmfViolations",
            "CardinalityCapped",
            "IngestLagSeconds",
            "OldestIngestLagSeconds",
        ],
    ),
    ("", &["CanaryVerdict"]),
    ("of an objective", &["BurnRate", "ErrorBudgetRemaining"]),
    (
        "of a watched function",
        &[
            "MaxMemoryUsed",
            "MemoryUtilization",
            "InitDuration",
            "ColdStarts",
            "Timeouts",
            "OutOfMemory",
        ],
    ),
];

/// Whether somebody emits the metric with exactly these dimensions (names and, where they are texts, values).
pub(super) fn emitted(
    namespace: &str,
    metric: &str,
    dimensions: &[(String, Value)],
) -> Result<(), String> {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| name.as_str()).collect();
    if namespace == "Outrider" {
        if Metric::ALL.iter().all(|known| known.name() != metric) {
            return Err(format!("{metric} is no metric of signals::Metric"));
        }
        let service = match dimensions {
            [(name, _), (own, Value::String(service))]
                if name == "function_name" && own == "service" =>
            {
                service.as_str()
            }
            [(name, _)] if name == "function_name" => "of a watched function",
            [(function, _), (version, _)] if function == "function" && version == "version" => "",
            _ => {
                return Err(format!(
                    "Outrider emits nothing with the dimensions {names:?}"
                ));
            }
        };
        let known = OWN
            .iter()
            .any(|(who, metrics)| *who == service && metrics.contains(&metric));
        return if known {
            Ok(())
        } else {
            Err(format!("{service:?} does not emit {metric}"))
        };
    }
    let known = AWS.iter().any(|(space, metrics, sets)| {
        *space == namespace && metrics.contains(&metric) && sets.contains(&names.as_slice())
    });
    if known {
        Ok(())
    } else {
        Err(format!("{namespace} does not emit {metric} with {names:?}"))
    }
}

fn deaf(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for alarm in template.of_type("AWS::CloudWatch::Alarm") {
        let text = |at: &str| {
            alarm
                .property(at)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let dimensions: Vec<(String, Value)> = alarm
            .property("/Dimensions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|dimension| {
                (
                    dimension["Name"].as_str().unwrap_or_default().to_owned(),
                    dimension["Value"].clone(),
                )
            })
            .collect();
        if let Err(problem) = emitted(text("/Namespace"), text("/MetricName"), &dimensions) {
            complaints.push(format!("{}: {problem}", alarm.id));
        }
    }
    complaints
}

#[test]
fn every_alarm_looks_at_a_metric_that_somebody_emits() {
    holds(
        deaf,
        &[
            (
                "a metric that is none",
                &|template| {
                    put(
                        template,
                        "DetectorHeartbeatAlarm",
                        "/MetricName",
                        json!("DetectorRuns"),
                    )
                },
                "DetectorRuns is no metric",
            ),
            (
                "a dimension too many",
                &|template| {
                    put(
                        template,
                        "DetectorErrorsAlarm",
                        "/Dimensions",
                        json!([{"Name": "FunctionName", "Value": "x"}, {"Name": "Alias", "Value": "live"}]),
                    )
                },
                "does not emit Errors",
            ),
            (
                "another's metric",
                &|template| {
                    put(
                        template,
                        "DetectorHeartbeatAlarm",
                        "/Dimensions/1/Value",
                        json!("log-processor"),
                    )
                },
                "does not emit DetectorRun",
            ),
            (
                "an index without its table",
                &|template| {
                    put(
                        template,
                        "CarsByStatusReadThrottlesAlarm",
                        "/Dimensions",
                        json!([{"Name": "GlobalSecondaryIndexName", "Value": "by_status"}]),
                    )
                },
                "does not emit ReadThrottleEvents",
            ),
            (
                "a typing error",
                &|template| {
                    put(
                        template,
                        "CarQueueAgeAlarm",
                        "/MetricName",
                        json!("ApproximateAgeOfOldestMessages"),
                    )
                },
                "ApproximateAgeOfOldestMessages",
            ),
        ],
    );
}
