//! The form that paging tools parse: a `CloudWatch` alarm's notification as SNS delivers it.
//!
//! `AlarmName` and `AlarmArn` are a pager's key, so they are those of the group, in ALARM and in OK. No alarm of
//! that name need exist in `CloudWatch`. `AlarmConfigurationUpdatedTimestamp` and the lists of actions' topics
//! are left out or empty: there is no such configuration, and a made-up one could be believed.

use jiff::Timestamp;
use serde_json::{Value, json};
use signals::SeriesName;

use super::story::Story;
use super::{Context, addresses, moment, region};
use crate::links::Partition;
use crate::{Action, Direction, Statistic};

/// What a notification says, whatever it is about.
pub(crate) struct Alarm<'a> {
    /// The same in ALARM and in OK.
    pub(crate) name: &'a str,
    pub(crate) description: String,
    /// `ALARM` or `OK`.
    pub(crate) state: &'a str,
    pub(crate) old_state: &'a str,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
    /// The same in ALARM and in OK.
    pub(crate) trigger: Value,
}

/// The notification as SNS delivers it.
pub(crate) fn payload(context: &Context, alarm: Alarm<'_>) -> Value {
    let partition = Partition::of(&context.region).as_str();
    json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": context.account,
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": moment::cloudwatch(alarm.at),
        "Region": region::display_name(&context.region),
        "AlarmArn": format!(
            "arn:{partition}:cloudwatch:{}:{}:alarm:{}",
            context.region, context.account, alarm.name
        ),
        "OldStateValue": alarm.old_state,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Trigger": alarm.trigger,
    })
}

pub(crate) fn notification(story: &Story<'_>) -> Value {
    let at = match story.transition.action {
        Action::Open => story.incident.detected_at,
        _ => story.transition.at,
    };
    let runbook = story
        .runbook()
        .map_or_else(String::new, |address| format!(" Runbook: {address}"));
    // A pager's own button stops the pager alone; who was called should not have to look for the mail.
    let acknowledge = story
        .acknowledge
        .map_or_else(String::new, |link| format!(" Acknowledge: {link}"));
    let old_state = if story.transition.action == Action::Open {
        "OK"
    } else {
        "ALARM"
    };
    let alarm = Alarm {
        name: &story.group().alarm_name(),
        description: format!(
            "{}. Owner: {}.{runbook}{acknowledge}",
            story.headline(),
            story.owner()
        ),
        state: story.state(),
        old_state,
        reason: reason(story),
        at,
        trigger: trigger(story),
    };
    payload(story.context, alarm)
}

fn reason(story: &Story<'_>) -> String {
    let evidence = story.evidence().join("; ");
    if story.is_over() {
        return format!("{}. Peak: {}. {evidence}.", story.headline(), story.peak());
    }
    // CloudWatch's own reasons end at 1,023 characters; the first cause is what a pager's reader needs.
    match story.findings.diagnosis().first() {
        Some(first) => format!("{}. Diagnosis: {first}. {evidence}.", story.headline()),
        None => format!("{}. {evidence}.", story.headline()),
    }
}

/// The metric that opened the incident, the same in OK.
fn trigger(story: &Story<'_>) -> Value {
    let (operator, direction) = match story.group().direction {
        Direction::High => ("GreaterThanThreshold", Direction::High),
        Direction::Low => ("LessThanThreshold", Direction::Low),
    };
    let rule = story.incident.rule;
    let mut trigger = json!({
        "Period": 60,
        "EvaluationPeriods": rule.n,
        "DatapointsToAlarm": rule.m,
        "ComparisonOperator": operator,
        "Threshold": 0.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
        "Unit": null,
        "Dimensions": [],
    });
    let Some(reading) = addresses::shown(story) else {
        return trigger;
    };
    trigger["Threshold"] = match direction {
        Direction::High => json!(reading.expected_high),
        Direction::Low => json!(reading.expected_low),
    };
    if !addresses::is_presentable(&reading.series) {
        return trigger;
    }
    if let Some(address) = addresses::metric(reading) {
        trigger["MetricName"] = json!(address.metric);
        trigger["Namespace"] = json!(address.namespace);
        let dimension = |(name, value): &(String, String)| json!({"name": name, "value": value});
        trigger["Dimensions"] = address.dimensions.iter().map(dimension).collect();
    } else if let SeriesName::Lambda { function, signal } = &reading.series.name {
        // Not a metric of CloudWatch: it says so by a namespace that is none.
        trigger["MetricName"] = json!(signal.as_str());
        trigger["Namespace"] = json!("outrider/platform-records");
        trigger["Dimensions"] = json!([{"name": "function", "value": function}]);
    }
    let statistic = match reading.statistic {
        Statistic::Percentile(_) => {
            trigger["ExtendedStatistic"] = json!(reading.statistic.to_string());
            trigger["StatisticType"] = json!("ExtendedStatistic");
            return trigger;
        }
        Statistic::Sum => "SUM",
        Statistic::Average => "AVERAGE",
        Statistic::Maximum => "MAXIMUM",
    };
    trigger["StatisticType"] = json!("Statistic");
    trigger["Statistic"] = json!(statistic);
    trigger
}
