//! Metrics that Rust writes, and the alarm that rolls a version back.

use std::time::Duration;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, MetricAlarm, MetricDatum, StandardUnit, StateValue, Statistic,
};
use e2e::emulator::wait::until;
use platform::clock::{Clock, SystemClock};
use signals::Metric;

use super::World;

const NAMESPACE: &str = "Outrider";
/// Enough that the SDK compresses the request, which it does from 10 KiB on.
const OTHERS: u32 = 150;

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

/// A version whose name makes the request long.
fn other(number: u32) -> Vec<Dimension> {
    let name = format!("a version with a long name, one of very many of them: {number}");
    vec![dimension("version", &name)]
}

/// The SDK sends CBOR, compressed. An emulator that does not read it answers 200 and keeps nothing, so what was put is
/// read back. The emulator makes no metrics of log lines: what the detector's document would say is put here.
pub(super) async fn what_rust_puts_reads_back(world: &World) {
    let at = SystemClock.now().as_second();
    let datum = |dimensions: &[Dimension]| {
        let datum = MetricDatum::builder().metric_name(Metric::CanaryVerdict.name());
        let datum = datum.timestamp(DateTime::from_secs(at)).value(1.0);
        let datum = datum.unit(StandardUnit::Count);
        datum.set_dimensions(Some(dimensions.to_vec())).build()
    };
    let cloudwatch = &world.account.cloudwatch;
    let many: Vec<_> = (0..OTHERS).map(|number| datum(&other(number))).collect();
    for data in [many, vec![datum(&verdict(world))]] {
        let put = cloudwatch.put_metric_data().namespace(NAMESPACE);
        put.set_metric_data(Some(data)).send().await.unwrap();
    }
    for dimensions in [verdict(world), other(OTHERS - 1)] {
        let ask = cloudwatch.get_metric_statistics().namespace(NAMESPACE);
        let ask = ask.metric_name(Metric::CanaryVerdict.name()).period(60);
        let ask = ask.statistics(Statistic::Maximum);
        let ask = ask.set_dimensions(Some(dimensions.clone()));
        let ask = ask.start_time(DateTime::from_secs(at - 300));
        let ask = ask.end_time(DateTime::from_secs(at + 300));
        let points = ask.send().await.unwrap().datapoints.unwrap_or_default();
        let found: Vec<_> = points.iter().filter_map(|point| point.maximum).collect();
        assert_eq!(format!("{found:?}"), "[1.0]", "{dimensions:?}");
    }
}

/// What the detector calls the first version of car-api.
fn verdict(world: &World) -> Vec<Dimension> {
    let function = world.outputs.get("CarApiFunction");
    vec![dimension("function", function), dimension("version", "1")]
}

/// The emulator looks at no dimensions when it evaluates an alarm, and at no missing data: that the alarm is about this
/// version and this metric is read from it.
pub(super) async fn a_verdict_rings_the_alarm_of_the_rollout(world: &World) {
    let what = "the alarm on the verdict";
    let alarm = until(what, Duration::from_secs(30), async || {
        let alarms = world.account.cloudwatch.describe_alarms().send().await;
        let alarms = alarms.unwrap().metric_alarms.unwrap();
        let mut alarms = alarms.into_iter().filter(is_about_verdicts);
        alarms.find(|alarm| alarm.state_value == Some(StateValue::Alarm))
    })
    .await;
    assert_eq!(
        (alarm.namespace.as_deref(), alarm.metric_name.as_deref()),
        (Some(NAMESPACE), Some(Metric::CanaryVerdict.name())),
        "{alarm:?}"
    );
    assert_eq!(alarm.dimensions, Some(verdict(world)));
}

fn is_about_verdicts(alarm: &MetricAlarm) -> bool {
    let name = alarm.alarm_name.as_deref();
    name.is_some_and(|name| name.contains("CanaryVerdictAlarm"))
}
