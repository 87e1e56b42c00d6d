//! `outrider plan`: what a deployment costs a month and which limits it comes near, before it is made. It reads the
//! template and asks nobody.

mod costs;
mod inventory;
mod parameters;
mod prices;
mod quotas;
mod workload;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use cfn::{Stack, Template};
use clap::Args;
use serde::Serialize;

pub use costs::{Line, Payer};
pub use prices::Prices;
pub use quotas::{Quotas, Use};
pub use workload::Workload;

use inventory::Inventory;

/// The template that ships with the project.
const TEMPLATE: &str = include_str!("../../deploy/template.yaml");

/// Arguments of `outrider plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The template; without it, the project's own deploy/template.yaml
    #[arg(long)]
    template: Option<PathBuf>,
    /// A parameter of the template, as it will be deployed; again for each
    #[arg(long, value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// Another price list than the project's own deploy/prices.toml
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Another list of limits than the project's own deploy/quotas.toml
    #[arg(long, value_name = "FILE")]
    quotas: Option<PathBuf>,
    /// Requests a second of each watched service, around the clock
    #[arg(long, value_name = "N")]
    requests_per_second: Option<f64>,
    /// Mean billed time of a request
    #[arg(long, value_name = "MS")]
    duration_ms: Option<f64>,
    /// Share of the requests that write, 0 to 1
    #[arg(long, value_name = "SHARE")]
    write_share: Option<f64>,
    /// Bytes that a request leaves in its log
    #[arg(long, value_name = "BYTES")]
    log_bytes: Option<f64>,
    /// Services that are watched
    #[arg(long, value_name = "N")]
    services: Option<f64>,
    /// Fail when a month costs more than this
    #[arg(long, value_name = "USD")]
    budget: Option<f64>,
    /// One JSON document on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// A month's bill, and how near the limits are.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The day of the prices.
    pub prices_as_of: String,
    /// The region of the prices.
    pub region: String,
    /// The day of the limits.
    pub quotas_as_of: String,
    /// What is assumed of the traffic.
    pub assumed: Workload,
    /// The bill.
    pub lines: Vec<Line>,
    /// Its sum, US dollars a month.
    pub usd: f64,
    /// The part of it that Outrider causes.
    pub outrider_usd: f64,
    /// The limits.
    pub quotas: Vec<Use>,
    /// What was asked not to be exceeded, US dollars a month.
    pub budget_usd: Option<f64>,
}

impl Plan {
    /// Prices what a template creates.
    ///
    /// # Errors
    /// A template that cannot be read, a parameter that it does not have, an assumption out of its range.
    pub fn of(
        template: &str,
        parameters: &[String],
        prices: &Prices,
        quotas: &Quotas,
        assumed: Workload,
    ) -> anyhow::Result<Self> {
        let problems = assumed.problems();
        anyhow::ensure!(problems.is_empty(), "{}", problems.join("; "));
        let parsed = Template::from_yaml(template)?;
        let stack = Stack::new(&parsed, parameters::given(&parsed, parameters)?);
        let all = Inventory::of(&parsed, &stack, template)?;
        let lines = costs::lines(prices, &assumed, &all);
        let total = |payer: Option<Payer>| {
            let counted = lines
                .iter()
                .filter(|line| payer.is_none_or(|payer| payer == line.payer));
            counted.map(|line| line.usd).sum()
        };
        Ok(Self {
            prices_as_of: prices.as_of.to_string(),
            region: prices.region.clone(),
            quotas_as_of: quotas.as_of.to_string(),
            usd: total(None),
            outrider_usd: total(Some(Payer::Outrider)),
            quotas: quotas.uses(&assumed, &all),
            budget_usd: None,
            assumed,
            lines,
        })
    }

    /// Whether the answer is "no": a budget or a limit is exceeded.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.budget_usd.is_some_and(|budget| self.usd > budget)
            || self.quotas.iter().any(|one| one.exceeded)
    }
}

/// Runs the command.
///
/// # Errors
/// A file that cannot be read or means nothing, wrong parameters and assumptions.
pub(crate) fn run(args: &PlanArgs, say: &mut dyn FnMut(&str)) -> anyhow::Result<ExitCode> {
    let template = text(args.template.as_deref(), TEMPLATE)?;
    let named = |file: Option<&Path>, own: &str| {
        file.map_or_else(|| own.to_owned(), |file| file.display().to_string())
    };
    let prices = Prices::parse(&text(args.prices.as_deref(), prices::SHIPPED)?)
        .with_context(|| named(args.prices.as_deref(), "deploy/prices.toml"))?;
    let quotas = Quotas::parse(&text(args.quotas.as_deref(), quotas::SHIPPED)?)
        .with_context(|| named(args.quotas.as_deref(), "deploy/quotas.toml"))?;
    let usual = Workload::default();
    let assumed = Workload {
        requests_per_second: args
            .requests_per_second
            .unwrap_or(usual.requests_per_second),
        duration_ms: args.duration_ms.unwrap_or(usual.duration_ms),
        write_share: args.write_share.unwrap_or(usual.write_share),
        log_bytes: args.log_bytes.unwrap_or(usual.log_bytes),
        services: args.services.unwrap_or(usual.services),
        ..usual
    };
    if let Some(budget) = args.budget {
        anyhow::ensure!(
            budget.is_finite() && budget >= 0.0,
            "--budget is {budget}: write an amount of 0 or more"
        );
    }
    let mut plan = Plan::of(&template, &args.parameter, &prices, &quotas, assumed)
        .with_context(|| named(args.template.as_deref(), "deploy/template.yaml"))?;
    plan.budget_usd = args.budget;
    if args.json {
        say(&serde_json::to_string(&plan)?);
    } else {
        tell(&plan, say);
    }
    Ok(if plan.refused() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn text(file: Option<&Path>, own: &str) -> anyhow::Result<String> {
    match file {
        None => Ok(own.to_owned()),
        Some(file) => {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
        }
    }
}

fn tell(plan: &Plan, say: &mut dyn FnMut(&str)) {
    let assumed = &plan.assumed;
    say(&format!(
        "{} request(s) a second for each of {} service(s), {} ms each, {} % of them writes, {} log bytes a request;",
        assumed.requests_per_second,
        assumed.services,
        assumed.duration_ms,
        assumed.write_share * 100.0,
        assumed.log_bytes
    ));
    say(&format!(
        "list prices of {} on {}, for 30 days; without free tiers, tax, requests to KMS and traffic\n",
        plan.region, plan.prices_as_of
    ));
    for (payer, title) in [
        (Payer::Service, "the car service"),
        (Payer::Outrider, "Outrider"),
    ] {
        let lines: Vec<_> = plan
            .lines
            .iter()
            .filter(|line| line.payer == payer)
            .collect();
        if lines.is_empty() {
            continue;
        }
        say(&format!(
            "{title:<34} {:>16} {:<12} {:>9}",
            "a month", "", "USD"
        ));
        for line in &lines {
            say(&format!(
                "  {:<32} {:>16} {:<12} {:>9.2}",
                line.item,
                amount(line.quantity),
                line.unit,
                line.usd
            ));
        }
        let sum: f64 = lines.iter().map(|line| line.usd).sum();
        say(&format!(
            "  {:<32} {:>16} {:<12} {sum:>9.2}\n",
            "together", "", ""
        ));
    }
    say(&format!(
        "all together: {:.2} USD a month, {:.2} of it Outrider\n",
        plan.usd, plan.outrider_usd
    ));
    say(&format!(
        "AWS's limits on {}, as a new account has them",
        plan.quotas_as_of
    ));
    for one in &plan.quotas {
        let word = match (one.exceeded, one.near) {
            (true, _) => "EXCEEDED",
            (false, true) => "near",
            (false, false) => "",
        };
        let share = format!("{:.1} %", 100.0 * one.used / one.limit);
        say(&format!(
            "  {:<48} {:>10} of {:>9} {share:>8} {word}",
            one.name,
            amount(one.used),
            amount(one.limit)
        ));
        if one.near {
            say(&format!("    {} ({})", one.advice, one.source));
        }
    }
    if let Some(budget) = plan.budget_usd {
        let word = if plan.usd > budget { "ABOVE" } else { "within" };
        say(&format!("\n{word} the budget of {budget:.2} USD a month"));
    }
}

/// A number for people: thousands apart, decimals only where they matter.
fn amount(value: f64) -> String {
    let plain = if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    };
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut apart = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position) % 3 == 0 {
            apart.push(',');
        }
        apart.push(digit);
    }
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() {
        apart
    } else {
        format!("{apart}.{rest}")
    }
}

#[cfg(test)]
mod tests;
