//! What a run costs on AWS: requests, time, storage, events and log lines at list prices. Pure.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use simulator::Operation;

use crate::plan::Prices;

/// A gigabyte as CloudWatch and Lambda count it.
const GB: f64 = 1_073_741_824.0;
const MILLION: f64 = 1e6;

/// What is assumed where nothing is measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Assumed {
    /// Memory of the function, megabytes.
    pub memory_mb: f64,
    /// Billed time of a request, milliseconds; `None`: what was measured from outside, which is more.
    pub billed_ms: Option<f64>,
    /// Bytes that a request leaves in the log: EMF document, line, platform records.
    pub log_bytes: f64,
}

impl Default for Assumed {
    fn default() -> Self {
        // What CloudWatch Logs bills of the demo's log group, as in `outrider plan`.
        Self {
            memory_mb: 256.0,
            billed_ms: None,
            log_bytes: 2_222.0,
        }
    }
}

/// Billed time of a request before anything was measured, as in `outrider plan`.
pub(crate) const BILLED_MS: f64 = 20.0;

/// What a run asks of AWS.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Usage {
    /// Requests that reached the service, by what they asked.
    pub(crate) requests: BTreeMap<Operation, u64>,
    /// Requests that were refused before they ran.
    pub(crate) throttled: u64,
    /// Billed time of each, milliseconds.
    pub(crate) billed_ms: f64,
}

/// One item of the bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What is billed.
    pub item: String,
    /// How much of it.
    pub quantity: f64,
    /// In which unit.
    pub unit: String,
    /// US dollars.
    pub usd: f64,
}

/// The estimated bill of a run: list prices without free tiers, discounts or tax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// The sum, US dollars.
    pub usd: f64,
    /// The items.
    pub items: Vec<Item>,
    /// The day of the prices.
    pub prices_as_of: String,
    /// Their region.
    pub region: String,
    /// What was assumed.
    pub assumed: Assumed,
}

/// Write and read units of an operation: a car and its index are one unit each; an idempotent creation is a
/// transaction, which counts twice, of the car and the key. A page of 20 cars is below 8 KB, eventually consistent.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html> (November 2026)
fn units(operation: Operation) -> (f64, f64) {
    match operation {
        Operation::Create => (5.0, 0.0),
        Operation::Read | Operation::List => (0.0, 1.0),
        Operation::Update | Operation::Patch | Operation::Delete => (2.0, 0.0),
    }
}

impl Usage {
    fn total(&self) -> f64 {
        self.requests.values().copied().map(count).sum()
    }
}

/// The list prices that ship with the project, the same as for `outrider plan`.
///
/// # Errors
/// A file that was changed and is no price list any more.
pub(crate) fn shipped() -> anyhow::Result<Prices> {
    Prices::parse(include_str!("../../../deploy/prices.toml")).context("deploy/prices.toml")
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 requests")]
fn count(number: u64) -> f64 {
    number as f64
}

impl Bill {
    pub(crate) fn of(prices: &Prices, assumed: Assumed, usage: &Usage) -> Self {
        let total = usage.total();
        let ran = (total - count(usage.throttled)).max(0.0);
        let gb_seconds = ran * usage.billed_ms / 1e3 * assumed.memory_mb / 1_024.0;
        // What was refused wrote and read nothing; refusals meet all operations alike.
        let share = if total > 0.0 { ran / total } else { 0.0 };
        let (mut writes, mut reads, mut events) = (0.0, 0.0, 0.0);
        for (operation, requests) in &usage.requests {
            let (write, read) = units(*operation);
            let requests = count(*requests) * share;
            writes += write * requests;
            reads += read * requests;
            events += if write > 0.0 { requests } else { 0.0 };
        }
        let lines = [
            (
                "API requests",
                total,
                "requests",
                prices.api_gateway.million_requests / MILLION,
            ),
            (
                "Lambda requests",
                ran,
                "requests",
                prices.lambda.million_requests / MILLION,
            ),
            (
                "Lambda time",
                gb_seconds,
                "GB-s",
                prices.lambda.gb_second_arm64,
            ),
            (
                "DynamoDB writes",
                writes,
                "write units",
                prices.dynamodb.million_write_units / MILLION,
            ),
            (
                "DynamoDB reads",
                reads,
                "read units",
                prices.dynamodb.million_read_units / MILLION,
            ),
            (
                "events",
                events,
                "events",
                prices.eventbridge.million_events / MILLION,
            ),
            (
                "log lines",
                ran * assumed.log_bytes / GB,
                "GB",
                prices.cloudwatch.logs_gb_in,
            ),
        ];
        let items: Vec<_> = lines
            .into_iter()
            .map(|(item, quantity, unit, price)| Item {
                item: item.to_owned(),
                quantity,
                unit: unit.to_owned(),
                usd: quantity * price,
            })
            .collect();
        Self {
            usd: items.iter().map(|item| item.usd).sum(),
            items,
            prices_as_of: prices.as_of.to_string(),
            region: prices.region.clone(),
            assumed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_reads_cost_what_the_price_list_says() {
        let prices = shipped().unwrap();
        let usage = Usage {
            requests: [(Operation::Read, 1_000_000)].into(),
            throttled: 0,
            billed_ms: 20.0,
        };
        let bill = Bill::of(&prices, Assumed::default(), &usage);
        let of = |item: &str| {
            bill.items
                .iter()
                .find(|line| line.item == item)
                .unwrap()
                .quantity
        };
        assert!(
            (of("Lambda time") - 5_000.0).abs() < 1e-6,
            "20 ms of a quarter of a gigabyte"
        );
        assert!((of("DynamoDB reads") - 1e6).abs() < 1e-6 && of("DynamoDB writes").abs() < 1e-9);
        let sum = prices.api_gateway.million_requests
            + prices.lambda.million_requests
            + 5_000.0 * prices.lambda.gb_second_arm64
            + prices.dynamodb.million_read_units
            + of("log lines") * prices.cloudwatch.logs_gb_in;
        assert!((bill.usd - sum).abs() < 1e-9, "{} {sum}", bill.usd);
    }

    #[test]
    fn what_was_throttled_never_ran() {
        let prices = shipped().unwrap();
        let usage = |throttled| Usage {
            requests: [(Operation::Create, 100)].into(),
            throttled,
            billed_ms: 20.0,
        };
        let [all, none] =
            [0, 100].map(|throttled| Bill::of(&prices, Assumed::default(), &usage(throttled)));
        assert!(
            (all.items[3].quantity - 500.0).abs() < 1e-9,
            "car, index and a key, in a transaction"
        );
        assert!(
            (none.items[0].quantity - 100.0).abs() < 1e-9,
            "the API bills refusals"
        );
        let ran = &none.items[1..];
        assert!(ran.iter().all(|item| item.usd.abs() < 1e-12), "{ran:?}");
    }
}
