//! Which of AWS's limits a deployment comes near. The limits are AWS's defaults on a day: an account may have others,
//! and `plan` asks no account. Pure.

use serde::{Deserialize, Serialize};

use super::inventory::Inventory;
use super::workload::Workload;

/// The limits that ship with the project: `deploy/quotas.toml`.
pub(crate) const SHIPPED: &str = include_str!("../../../deploy/quotas.toml");

/// A deployment that uses this share of a limit is near it.
const NEAR: f64 = 0.8;

/// AWS's limits on a day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// The day they were read, `YYYY-MM-DD`.
    pub as_of: jiff::civil::Date,
    quota: Vec<Quota>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    name: String,
    measure: Measure,
    limit: f64,
    source: String,
    advice: String,
}

/// What is compared with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Measure {
    ReservedConcurrency,
    Environments,
    RequestsPerSecond,
    EventsPerSecond,
    WritesPerSecond,
    SubscriptionsPerGroup,
    Alarms,
    Resources,
    Parameters,
    TemplateBytes,
}

/// How much of a limit is used.
#[derive(Debug, Clone, Serialize)]
pub struct Use {
    /// The limit's name.
    pub name: String,
    /// What is used of it.
    pub used: f64,
    /// AWS's default.
    pub limit: f64,
    /// Whether at least four fifths of it are used.
    pub near: bool,
    /// Whether more than all of it is used.
    pub exceeded: bool,
    /// What to do about it.
    pub advice: String,
    /// Where AWS says so.
    pub source: String,
}

/// What SAM makes of a function beside itself: version, alias, permissions, deployment group.
const ADDED_BY_SAM: usize = 6;

impl Quotas {
    /// Reads the text of a file of limits.
    ///
    /// # Errors
    /// A text that is not TOML of this shape, with its line; a limit that is not above 0.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let quotas: Self = toml::from_str(text)?;
        for quota in &quotas.quota {
            let sensible = quota.limit.is_finite() && quota.limit > 0.0;
            anyhow::ensure!(
                sensible,
                "{:?}: the limit is {}: write a number above 0",
                quota.name,
                quota.limit
            );
        }
        Ok(quotas)
    }

    /// How much of each limit is used.
    pub(crate) fn uses(&self, load: &Workload, all: &Inventory) -> Vec<Use> {
        let uses = self.quota.iter().map(|quota| {
            let used = measured(quota.measure, load, all);
            Use {
                name: quota.name.clone(),
                used,
                limit: quota.limit,
                near: used >= NEAR * quota.limit,
                exceeded: used > quota.limit,
                advice: quota.advice.clone(),
                source: quota.source.clone(),
            }
        });
        uses.collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a template has less than 2^53 of anything"
)]
fn measured(measure: Measure, load: &Workload, all: &Inventory) -> f64 {
    let writes = load.requests_per_second * load.write_share;
    match measure {
        Measure::ReservedConcurrency => {
            all.functions.iter().map(|function| function.reserved).sum()
        }
        Measure::Environments => load.environments() * load.services,
        Measure::RequestsPerSecond => load.requests_per_second,
        Measure::EventsPerSecond => writes,
        // The car and its index.
        Measure::WritesPerSecond => 2.0 * writes,
        Measure::SubscriptionsPerGroup => f64::from(u8::from(all.subscriptions > 0)),
        Measure::Alarms => all.alarms as f64,
        Measure::Resources => (all.resources + ADDED_BY_SAM * all.functions.len()) as f64,
        Measure::Parameters => all.parameters as f64,
        Measure::TemplateBytes => all.template_bytes as f64,
    }
}
