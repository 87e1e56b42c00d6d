//! The arguments of `outrider load`, and what is refused before the first request.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use jiff::SignedDuration;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use simulator::load::{Profile, Shape};

use super::cost::Assumed;
use super::{Clients, Config};

/// Arguments of `outrider load`.
#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// The car API: the URL to which /cars is appended
    #[arg(long)]
    pub(crate) url: String,
    /// The highest rate, requests a second: 0.1 to 5000
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(crate) rate: f64,
    /// How long: 30s, 5m, 1h30m; up to 2h, a soak up to 24h
    #[arg(long, value_name = "D")]
    pub(crate) duration: String,
    /// constant, ramp, spike, soak, retry-storm or cold-burst
    #[arg(long, default_value = "constant")]
    pub(crate) scenario: String,
    /// Chooses when exactly requests are due and what they ask
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Requests under way at the same time, each on a connection of its own: 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(crate) connections: usize,
    /// Sent with each request, again for each: a token for a JWT authorizer, for example
    #[arg(long, value_name = "'NAME: VALUE'")]
    pub(crate) header: Vec<String>,
    /// Sign requests with the AWS credentials of this shell, for an IAM authorizer
    #[arg(long)]
    pub(crate) sign: bool,
    /// Longest wait for one answer
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub(crate) timeout_ms: u64,
    /// The objective: requests end well within this time …
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 1_000.0,
        allow_negative_numbers = true
    )]
    pub(crate) slo_ms: f64,
    /// … this percentage of them; the exit code is 1 when fewer do
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 99.0,
        allow_negative_numbers = true
    )]
    pub(crate) slo_percent: f64,
    /// Memory of the function, for the estimated cost
    #[arg(long, value_name = "MB", default_value_t = 256)]
    pub(crate) memory_mb: u32,
    /// Billed time of a request, for the estimated cost; without it, what is measured from outside
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(crate) billed_ms: Option<f64>,
    /// Write the result to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Show this result file beside the new one, and which differences are more than noise
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,
    /// One JSON document on standard output and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// Load a service that is not on this machine, at its owner's cost
    #[arg(long)]
    pub(crate) yes: bool,
}

/// One client process sends no more than this in good time.
const MOST_RATE: f64 = 5_000.0;
const LEAST_RATE: f64 = 0.1;
const LONGEST: Duration = Duration::from_secs(2 * 3_600);
const LONGEST_SOAK: Duration = Duration::from_secs(24 * 3_600);
/// File descriptors are usually 1,024 for a process.
const MOST_CONNECTIONS: usize = 1_000;
/// API Gateway gives up after 29 s or 30 s.
const TIMEOUT_MS: std::ops::RangeInclusive<u64> = 1..=60_000;

fn duration(text: &str, shape: Shape) -> anyhow::Result<Duration> {
    let spelled = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{text}s")
    } else {
        text.to_owned()
    };
    let parsed = spelled
        .parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok());
    let parsed = parsed
        .with_context(|| format!("--duration {text:?}: write a time such as 30s, 5m or 1h30m"))?;
    let (longest, name) = if shape == Shape::Soak {
        (LONGEST_SOAK, "24h")
    } else {
        (LONGEST, "2h")
    };
    ensure!(
        parsed >= Duration::from_secs(1),
        "--duration {text:?} is too short: write at least 1s"
    );
    ensure!(
        parsed <= longest,
        "--duration {text:?} is too long: a {shape} runs for at most {name}{}",
        if shape == Shape::Soak {
            ""
        } else {
            "; --scenario soak for at most 24h"
        }
    );
    Ok(parsed)
}

fn service(text: &str) -> anyhow::Result<Url> {
    let example = "write http://127.0.0.1:8080 or https://<id>.execute-api.<region>.amazonaws.com";
    let url = text
        .parse::<Url>()
        .ok()
        .with_context(|| format!("--url is no URL: {example}"))?;
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "--url begins with {}: {example}",
        url.scheme()
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "--url holds a user name or password: send it with --header 'Authorization: …'"
    );
    ensure!(
        url.query().is_none() && url.fragment().is_none(),
        "--url ends in a query or fragment: leave it out"
    );
    ensure!(
        !url.path().trim_end_matches('/').ends_with("/cars"),
        "--url ends in /cars, which is appended: leave it out"
    );
    Ok(url)
}

/// Never repeats a value: it may be a token.
fn headers(lines: &[String]) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (position, line) in lines.iter().enumerate() {
        let wrong = || {
            format!(
                "--header number {}: write 'Name: value', of visible ASCII characters",
                position + 1
            )
        };
        let (name, value) = line.split_once(':').with_context(wrong)?;
        let name = HeaderName::try_from(name.trim()).ok().with_context(wrong)?;
        let mut value = HeaderValue::try_from(value.trim())
            .ok()
            .with_context(wrong)?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn within(name: &str, value: f64, low: f64, high: f64) -> anyhow::Result<f64> {
    ensure!(
        (low..=high).contains(&value),
        "{name} is {value}: write {low} to {high}"
    );
    Ok(value)
}

impl LoadArgs {
    /// The configuration that the arguments ask for.
    ///
    /// # Errors
    /// The first argument that cannot be, with its name, its value unless it may be secret, and the fix.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        let shape: Shape = self.scenario.parse().context("--scenario")?;
        let rate = within("--rate", self.rate, LEAST_RATE, MOST_RATE)?;
        let seconds = duration(&self.duration, shape)?.as_secs_f64();
        let profile = Profile {
            shape,
            rate,
            seconds,
            seed: self.seed,
        };
        profile.check()?;
        if !(1..=MOST_CONNECTIONS).contains(&self.connections) {
            bail!(
                "--connections is {}: write 1 to {MOST_CONNECTIONS}",
                self.connections
            );
        }
        if !TIMEOUT_MS.contains(&self.timeout_ms) {
            bail!(
                "--timeout-ms is {}: write {} to {}",
                self.timeout_ms,
                TIMEOUT_MS.start(),
                TIMEOUT_MS.end()
            );
        }
        let clients = if shape == Shape::RetryStorm {
            Clients::Impatient
        } else {
            Clients::Patient
        };
        Ok(Config {
            url: service(&self.url)?,
            profile,
            connections: self.connections,
            timeout: Duration::from_millis(self.timeout_ms),
            clients,
            headers: headers(&self.header)?,
            sign: self.sign,
            slo_ms: within("--slo-ms", self.slo_ms, 0.001, 600_000.0)?,
            slo_percent: within("--slo-percent", self.slo_percent, 0.0, 100.0)?,
            assumed: Assumed {
                memory_mb: within("--memory-mb", f64::from(self.memory_mb), 128.0, 10_240.0)?,
                billed_ms: self
                    .billed_ms
                    .map(|ms| within("--billed-ms", ms, 0.0, 900_000.0))
                    .transpose()?,
                ..Assumed::default()
            },
        })
    }
}
