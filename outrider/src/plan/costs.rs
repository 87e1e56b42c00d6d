//! What a month costs, line by line. Pure.

use serde::Serialize;

use super::inventory::{Function, Inventory};
use super::prices::Prices;
use super::workload::{MONTH_MINUTES, MONTH_SECONDS, Workload};

/// Whose bill a line is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// The service that is watched: it would cost this without Outrider too, but for its metrics and log lines.
    Service,
    /// Outrider.
    Outrider,
}

/// One line of the bill.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Whose it is.
    pub payer: Payer,
    /// What is billed.
    pub item: &'static str,
    /// How much of it a month.
    pub quantity: f64,
    /// In which unit.
    pub unit: &'static str,
    /// US dollars a month.
    pub usd: f64,
}

/// A gigabyte as CloudWatch and Lambda count it.
const GB: f64 = 1_073_741_824.0;
const MILLION: f64 = 1e6;

/// Mean billed times of Outrider's own functions, milliseconds: a batch, and a run of the detector. Several times what
/// is measured on one machine (`make bench`), because a small memory size brings a share of a processor.
const BATCH_MS: f64 = 50.0;
const RUN_MS: f64 = 500.0;
/// Bytes of an API's access log line, as `deploy/template.yaml` formats it, with what CloudWatch Logs adds.
const ACCESS_LOG_BYTES: f64 = 600.0;
/// Bytes that one invocation of Outrider's own functions logs.
const OWN_LOG_BYTES: f64 = 1_500.0;
/// Signals asked of AWS/Lambda, for the account each minute and for a function every fifth (`detector/src/polling.rs`).
const SIGNALS: f64 = 4.0;
const ROUTINE_MINUTES: f64 = 5.0;
/// Custom metrics of Outrider itself: `log-processor/src/telemetry.rs`, `detector/src/telemetry.rs`.
const OWN_METRICS: f64 = 25.0;
/// And of each watched function: `log-processor/src/telemetry/functions.rs`.
const FUNCTION_METRICS: f64 = 6.0;
/// And of its one objective: burn and budget (`detector/src/telemetry.rs`).
const OBJECTIVE_METRICS: f64 = 2.0;
/// Minutes of rollups that a run of the detector reads again, and the kilobytes that one read unit covers, strongly
/// consistent (Amazon DynamoDB pricing, November 2026).
const MINUTES_READ: f64 = 8.0;
const KB_A_READ_UNIT: f64 = 4.0;
/// Days that raw rollups and sealed minutes live (`crates/platform/src/series_store/layout.rs`). Hours live longer and
/// are a sixtieth of the minutes.
const RAW_DAYS: f64 = 15.0;
const SEALED_DAYS: f64 = 35.0;
/// Lambda samples the first request a second and one in twenty of the rest (AWS X-Ray Developer Guide, November 2026).
const SAMPLED: f64 = 0.05;

/// Every line of a month's bill; free tiers are left out.
pub(crate) fn lines(prices: &Prices, load: &Workload, all: &Inventory) -> Vec<Line> {
    let mut bill = Bill {
        prices,
        lines: Vec::new(),
    };
    if let Some(function) = all.function("CarApi") {
        service(&mut bill, load, all, function);
    }
    pipeline(&mut bill, load, all);
    definitions(&mut bill, load, all);
    bill.lines
}

fn service(bill: &mut Bill<'_>, load: &Workload, all: &Inventory, function: &Function) {
    let prices = bill.prices;
    let requests = load.requests();
    let payer = Payer::Service;
    if all.apis > 0 {
        bill.add(
            payer,
            "API requests",
            requests,
            "requests",
            prices.api_gateway.million_requests / MILLION,
        );
    }
    bill.function(
        payer,
        ["car-api requests", "car-api time"],
        function,
        requests,
        load.duration_ms,
    );
    bill.provisioned(payer, "car-api provisioned concurrency", function);
    let writes = requests * load.write_share;
    bill.add(
        payer,
        "cars: writes",
        writes * 2.0,
        "write units",
        prices.dynamodb.million_write_units / MILLION,
    );
    bill.add(
        payer,
        "cars: reads",
        requests - writes,
        "read units",
        prices.dynamodb.million_read_units / MILLION,
    );
    bill.add(
        payer,
        "events",
        writes,
        "events",
        prices.eventbridge.million_events / MILLION,
    );
    let access = if all.apis > 0 { ACCESS_LOG_BYTES } else { 0.0 };
    let gigabytes = requests * (load.log_bytes + access) / GB;
    bill.add(
        payer,
        "log lines",
        gigabytes,
        "GB",
        prices.cloudwatch.logs_gb_in + prices.cloudwatch.logs_gb_month,
    );
    bill.add(
        payer,
        "custom metrics",
        load.custom_metrics,
        "metrics",
        prices.cloudwatch.metric_month,
    );
    let first = requests.min(MONTH_SECONDS);
    let traces = first + (requests - first) * SAMPLED;
    bill.add(
        payer,
        "traces",
        traces,
        "traces",
        prices.xray.million_traces / MILLION,
    );
}

fn pipeline(bill: &mut Bill<'_>, load: &Workload, all: &Inventory) {
    let prices = bill.prices;
    let payer = Payer::Outrider;
    let batches = load.batches() * load.services;
    if let Some(function) = all.function("LogProcessor") {
        bill.function(
            payer,
            ["log-processor requests", "log-processor time"],
            function,
            batches,
            BATCH_MS,
        );
    }
    if let Some(function) = all.function("Detector") {
        bill.function(
            payer,
            ["detector requests", "detector time"],
            function,
            MONTH_MINUTES,
            RUN_MS,
        );
    }
    let kilobytes = (load.rollup_bytes / 1_024.0).ceil();
    // Each batch, and each minute once more when it is sealed.
    bill.add(
        payer,
        "rollups: writes",
        (batches + load.services * MONTH_MINUTES) * kilobytes,
        "write units",
        prices.dynamodb.million_write_units / MILLION,
    );
    let read = batches * MINUTES_READ * (kilobytes / KB_A_READ_UNIT);
    bill.add(
        payer,
        "rollups: reads",
        read,
        "read units",
        prices.dynamodb.million_read_units / MILLION,
    );
    let raw = batches * (RAW_DAYS / 30.0);
    let sealed = load.services * MONTH_MINUTES * (SEALED_DAYS / 30.0);
    let stored = (raw + sealed) * load.rollup_bytes / GB;
    let kept = prices.dynamodb.storage_gb_month + prices.dynamodb.recovery_gb_month;
    bill.add(payer, "rollups: kept", stored, "GB", kept);
    // A batch that continues its stream: one link is read, one is written, each below a kilobyte.
    bill.add(
        payer,
        "ledger: reads",
        batches,
        "read units",
        prices.dynamodb.million_read_units / MILLION,
    );
    bill.add(
        payer,
        "ledger: writes",
        batches,
        "write units",
        prices.dynamodb.million_write_units / MILLION,
    );
    // A claim, a pointer and the mark of a finished window, each run.
    bill.add(
        payer,
        "state: writes",
        3.0 * MONTH_MINUTES,
        "write units",
        prices.dynamodb.million_write_units / MILLION,
    );
    bill.add(
        payer,
        "state objects",
        MONTH_MINUTES,
        "writes",
        prices.s3.thousand_puts / 1_000.0,
    );
    // A function with reserved concurrency can be throttled while the account is not, so it is asked each minute.
    let reserved = all
        .function("CarApi")
        .is_some_and(|function| function.reserved > 0.0);
    let turns = if reserved { 1.0 } else { ROUTINE_MINUTES };
    let asked = SIGNALS * MONTH_MINUTES * (1.0 + load.services / turns);
    bill.add(
        payer,
        "metrics read",
        asked,
        "metrics",
        prices.cloudwatch.thousand_metrics_read / 1_000.0,
    );
    let gigabytes = (batches + MONTH_MINUTES) * OWN_LOG_BYTES / GB;
    bill.add(
        payer,
        "own log lines",
        gigabytes,
        "GB",
        prices.cloudwatch.logs_gb_in + prices.cloudwatch.logs_gb_month,
    );
    bill.add(
        payer,
        "own metrics",
        OWN_METRICS + (FUNCTION_METRICS + OBJECTIVE_METRICS) * load.services,
        "metrics",
        prices.cloudwatch.metric_month,
    );
    let ticks = MONTH_MINUTES * count(all.schedules);
    bill.add(
        payer,
        "schedule",
        ticks,
        "invocations",
        prices.eventbridge.million_schedule_invocations / MILLION,
    );
}

fn definitions(bill: &mut Bill<'_>, load: &Workload, all: &Inventory) {
    let prices = bill.prices;
    let payer = Payer::Outrider;
    bill.add(
        payer,
        "alarms",
        count(all.alarm_metrics),
        "metrics",
        prices.cloudwatch.alarm_metric_month,
    );
    bill.add(
        payer,
        "dashboards",
        count(all.dashboards),
        "dashboards",
        prices.cloudwatch.dashboard_month,
    );
    let key = prices.kms.key_month;
    bill.add(payer, "keys", count(all.keys), "keys", key);
    let secret = prices.secrets_manager.secret_month;
    bill.add(payer, "secrets", count(all.secrets), "secrets", secret);
    // An event source polls an empty queue too: five long polls of 20 seconds (AWS Lambda Developer Guide, November 2026).
    let polls = if all.event_sources > 0 {
        5.0 * MONTH_SECONDS / 20.0
    } else {
        0.0
    };
    bill.add(
        payer,
        "queue polls",
        polls,
        "requests",
        prices.sqs.million_requests / MILLION,
    );
    let pages = 30.0 * load.services;
    let mail = prices.sns.million_publishes / MILLION + prices.sns.hundred_thousand_mails / 1e5;
    bill.add(payer, "messages", pages, "messages", mail);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a template has less than 2^53 resources"
)]
fn count(number: usize) -> f64 {
    number as f64
}

struct Bill<'a> {
    prices: &'a Prices,
    lines: Vec<Line>,
}

impl Bill<'_> {
    fn add(
        &mut self,
        payer: Payer,
        item: &'static str,
        quantity: f64,
        unit: &'static str,
        price: f64,
    ) {
        self.lines.push(Line {
            payer,
            item,
            quantity,
            unit,
            usd: quantity * price,
        });
    }

    fn function(
        &mut self,
        payer: Payer,
        items: [&'static str; 2],
        function: &Function,
        runs: f64,
        ms: f64,
    ) {
        let lambda = &self.prices.lambda;
        let price = if function.arm {
            lambda.gb_second_arm64
        } else {
            lambda.gb_second_x86_64
        };
        let gb_seconds = runs * ms / 1_000.0 * function.memory_mb / 1_024.0;
        let request = lambda.million_requests / MILLION;
        self.add(payer, items[0], runs, "requests", request);
        self.add(payer, items[1], gb_seconds, "GB-s", price);
    }

    fn provisioned(&mut self, payer: Payer, item: &'static str, function: &Function) {
        if function.provisioned > 0.0 {
            let lambda = &self.prices.lambda;
            let price = if function.arm {
                lambda.provisioned_gb_second_arm64
            } else {
                lambda.provisioned_gb_second_x86_64
            };
            let gb_seconds = function.provisioned * function.memory_mb / 1_024.0 * MONTH_SECONDS;
            self.add(payer, item, gb_seconds, "GB-s", price);
        }
    }
}
