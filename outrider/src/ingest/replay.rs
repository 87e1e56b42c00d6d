//! `outrider ingest --from-dlq`: what log-processor could not write, written after all.
//!
//! Each record of the on-failure destination holds the payload as it came. It goes through the same log-processor into
//! the real store and ledger, under the same names, so that it does no harm to replay what was written already, in part
//! or as a whole. A message is deleted only after that.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use log_processor::Deps;
use platform::deadline::Deadline;

mod contents;
mod files;
mod record;
mod shown;
mod source;
mod sqs;
mod summary;
mod target;
#[cfg(test)]
mod tests;

use contents::Contents;
use record::Record;
use shown::shown;
use source::{Source, Stored};
use summary::Summary;
use target::Target;

/// Failures of the store one after the other, after which the rest is left for another time: each takes seconds, and
/// a table that refuses three batches refuses the fourth.
const MOST_FAILURES: u32 = 3;
/// How long one record may take: `Timeout` of `LogProcessor` in deploy/template.yaml, half of what a message is hidden
/// for.
const LONGEST: Duration = Duration::from_secs(60);
/// Where the embedded stack keeps its data, unless told.
const DATA: &str = ".outrider";

/// `--from-dlq [SOURCE…] [--data DIR | --endpoint URL | --aws] [--dry-run] [--json]`
#[derive(Debug, Default, Args)]
pub struct ReplayArgs {
    /// Replay what log-processor could not write: records of its on-failure destination, from a queue's URL, files or
    /// folders; without any, from the data directory's own. A message is deleted when its rollups are written
    #[arg(long)]
    pub from_dlq: bool,
    /// With --from-dlq: the data directory of a demo or of `up`, which must not be running [default: .outrider]
    #[arg(long, value_name = "DIR", requires = "from_dlq", conflicts_with_all = ["endpoint", "aws"])]
    pub data: Option<PathBuf>,
    /// With --from-dlq: an AWS-compatible endpoint; the environment says the rest, as it does for log-processor
    #[arg(
        long,
        value_name = "URL",
        requires = "from_dlq",
        conflicts_with = "aws"
    )]
    pub endpoint: Option<String>,
    /// With --from-dlq: AWS; credentials, region and the function's variables are in the environment
    #[arg(long, requires = "from_dlq")]
    pub aws: bool,
    /// With --from-dlq: say what would be replayed, and write and delete nothing
    #[arg(long, requires = "from_dlq")]
    pub dry_run: bool,
    /// With --from-dlq: one JSON document on standard output and nothing else
    #[arg(long, requires = "from_dlq")]
    pub json: bool,
}

/// Runs the command: 0 when nothing is left, 1 when something is, 2 when something cannot be read.
///
/// # Errors
/// A source, a store or a data directory that cannot be opened; an output that cannot be written.
pub(super) async fn run(
    args: &ReplayArgs,
    sources: &[PathBuf],
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let target = open(args, sources).await?;
    let mut summary = Summary::default();
    let replayed = replay(args, sources, &target, &mut summary).await;
    target.close().await?;
    replayed?;
    super::or_gone(summary.write(args, stdout))?;
    summary.complain(stderr)?;
    Ok(summary.exit_code())
}

async fn open(args: &ReplayArgs, sources: &[PathBuf]) -> anyhow::Result<Target> {
    if args.aws || args.endpoint.is_some() {
        if sources.is_empty() {
            bail!("name the queue's URL, or files of records: outrider ingest --from-dlq SOURCE");
        }
        return Target::aws(args.endpoint.as_deref(), args.dry_run).await;
    }
    if sources.iter().any(|source| source::is_url(source)) {
        bail!("say whose queue it is: --aws, or --endpoint URL for a server that speaks as AWS");
    }
    if args.dry_run && !sources.is_empty() {
        return Ok(Target::Nowhere);
    }
    let data = args.data.clone().unwrap_or_else(|| PathBuf::from(DATA));
    Target::data(&data).await
}

async fn replay(
    args: &ReplayArgs,
    sources: &[PathBuf],
    target: &Target,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    for mut source in Source::of(sources, target)? {
        let replayed = one_source(args, &mut source, target, summary).await;
        source.close().await;
        replayed?;
        if summary.stopped.is_some() {
            break;
        }
    }
    Ok(())
}

async fn one_source(
    args: &ReplayArgs,
    source: &mut Source,
    target: &Target,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let mut failures = 0;
    loop {
        let stored = match source.next().await {
            Ok(Some(stored)) => stored,
            Ok(None) => return Ok(()),
            // What was replayed before is done, and is told of.
            Err(source::Error::Queue(error)) if error.is_retryable() => {
                summary.stopped = Some(shown(&error.to_string()));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        summary.records += 1;
        let record = match &stored.bytes {
            Ok(bytes) => Record::read(bytes),
            Err(error) => Err(error.clone()),
        };
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                summary.unreadable(&stored, &error.to_string());
                source.stays(&stored);
                continue;
            }
        };
        match target.processor() {
            Some(processor) if !args.dry_run => {
                match write(&stored, &record, processor, source, summary).await {
                    Wrote::Yes => failures = 0,
                    Wrote::No => failures += 1,
                    Wrote::Never => {}
                }
                if failures == MOST_FAILURES {
                    let reason = format!("{MOST_FAILURES} records in a row were not written");
                    summary.stopped = Some(reason);
                    return Ok(());
                }
            }
            _ => {
                match Contents::of(record.payload.as_bytes()) {
                    Ok(contents) => summary.would(&stored, &record, contents),
                    Err(error) => summary.unreadable(&stored, &error.to_string()),
                }
                source.stays(&stored);
            }
        }
    }
}

/// What became of a record.
enum Wrote {
    Yes,
    /// The store failed.
    No,
    /// The payload cannot be read.
    Never,
}

async fn write(
    stored: &Stored,
    record: &Record<'_>,
    processor: &Deps,
    source: &mut Source,
    summary: &mut Summary,
) -> Wrote {
    let deadline = Deadline::after(processor.clock.clone(), LONGEST);
    let payload = record.payload.as_bytes();
    match log_processor::handle_until(payload, processor, &deadline).await {
        Ok(outcome) => {
            summary.replayed(&outcome);
            if let Err(error) = source.written(stored).await {
                summary.left(stored, &format!("written, and not deleted: {error}"));
            }
            Wrote::Yes
        }
        Err(error @ log_processor::Error::Payload(_)) => {
            summary.unreadable(stored, &error.to_string());
            source.stays(stored);
            Wrote::Never
        }
        Err(error) => {
            summary.left(stored, &error.to_string());
            source.stays(stored);
            Wrote::No
        }
    }
}
