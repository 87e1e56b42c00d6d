//! `outrider explain`: what the detector saw of a series in a minute, and why it judged as it did.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use detector::explain::origin::{self, Shard};
use detector::watch::Service;
use signals::Minute;

use crate::place::Place;

mod document;
mod names;
mod number;
#[cfg(test)]
mod tests;
mod text;

use names::Choice;

/// `explain SERIES --at TIME [--data DIR] [--config FILE] [--aws] [--json]`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The series by its name, or by any part of it that no other series has. `latency|` before it chooses between
    /// several that are scored of one series
    #[arg(value_name = "SERIES")]
    pub(crate) series: String,
    /// The minute, RFC 3339; seconds are cut off
    #[arg(long, value_name = "TIME")]
    pub(crate) at: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// One JSON document on standard output and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs the command.
///
/// # Errors
/// A time that is none; a data directory that is in use or holds nothing; a series that is not scored; a minute that
/// nothing is known of.
pub(crate) async fn run(args: &ExplainArgs, stdout: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let at = Minute::parse(&args.at).with_context(|| {
        format!(
            "--at {:?} is no instant: write one such as 2026-11-20T22:05:00Z",
            args.at
        )
    })?;
    let place = args.place.open().await?;
    let text = told(args, at, place.deps()).await;
    place.close().await?;
    let text = text?;
    crate::ingest::or_gone(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))?;
    Ok(ExitCode::SUCCESS)
}

async fn told(args: &ExplainArgs, at: Minute, deps: &detector::Deps) -> anyhow::Result<String> {
    let shards = origin::shards(deps).await?;
    let Some(newest) = shards.iter().map(|shard| shard.pointer.decided).max() else {
        bail!(
            "the detector has never run here; run `outrider demo` or `outrider up`, or name another --data"
        );
    };
    if at > newest {
        bail!(
            "--at {at}: the detector has not come that far; the newest minute it judged is {newest}"
        );
    }
    let (shard, service, id) = subject(args, deps, &shards).await?;
    let before = origin::before(deps, shard, service, at).await?;
    let rules = &deps.watch.detector;
    let found = detector::explain::explain(&before.state, service, rules, at, &before.series, &id);
    let Some(explanation) = found else {
        bail!("{id}: nothing was heard of this series up to {at}, or what was is no longer kept");
    };
    let told = text::Told {
        service,
        origin: before.origin,
        explanation: &explanation,
    };
    Ok(if args.json {
        document::of(&told).to_string()
    } else {
        told.to_string()
    })
}

/// The one subject that is meant.
async fn subject<'a>(
    args: &ExplainArgs,
    deps: &'a detector::Deps,
    shards: &'a [Shard],
) -> anyhow::Result<(&'a Shard, &'a Service, String)> {
    let mut scored = Vec::new();
    for shard in shards {
        let Some(state) = &shard.state else { continue };
        for service in deps.watch.watched() {
            for track in state.tracks(&service.log_group) {
                scored.push((shard, service, track.subject.id()));
            }
        }
    }
    let ids: Vec<&str> = scored.iter().map(|(.., id)| id.as_str()).collect();
    if ids.is_empty() {
        bail!("no series is scored yet: the detector has no state, or has heard nothing");
    }
    match names::choose(&args.series, &ids) {
        Choice::One(place) => {
            let (shard, service, id) = &scored[place];
            Ok((shard, service, id.clone()))
        }
        Choice::Several(names) => bail!(
            "{:?} is part of {} names: {}; write more of the one that is meant",
            args.series,
            names.len(),
            names::listed(&names)
        ),
        Choice::None(nearest) => {
            for service in deps.watch.watched() {
                let stored = deps.series.registry(&service.log_group).await?;
                if stored.iter().any(|key| key.to_string() == args.series) {
                    bail!(
                        "{} is stored and not scored; scored is, for example: {}",
                        args.series,
                        names::listed(&nearest)
                    );
                }
            }
            bail!(
                "no series is called {:?}; the nearest are: {}",
                args.series,
                names::listed(&nearest)
            )
        }
    }
}
