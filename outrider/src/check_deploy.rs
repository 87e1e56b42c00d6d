//! `outrider check-deploy`: whether a newer version of a function is worse than the one it replaces; a gate for a
//! pipeline. The comparison is the detector's own, with its promise: a version that is no worse is accused in at most
//! one of two hundred rollouts (`anomaly::comparison`).

use std::io::Write;
use std::process::ExitCode;

use anomaly::comparison::{Finding, LOOKS};
use anyhow::{Context, bail};
use clap::Args;
use detector::Deps;
use detector::canary::{self, Judgement};
use detector::explain::origin;
use serde::Serialize;
use signals::Minute;

use crate::place::Place;

/// `check-deploy --function F [--at TIME] [--require-answer] [--data DIR] [--config FILE] [--aws] [--json]`
///
/// Exit codes: 0 no newer version is worse, 1 one is (or, with --require-answer, too little was seen to say), 2 wrong
/// use.
#[derive(Debug, Args)]
pub(crate) struct CheckDeployArgs {
    /// The function, or the service, by its name
    #[arg(long, value_name = "NAME")]
    function: String,
    /// The last of the 20 minutes that are compared, RFC 3339; without it the newest that the detector decided
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Too few requests to say is a no
    #[arg(long)]
    require_answer: bool,
    #[command(flatten)]
    place: Place,
    /// One JSON document on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// One newer version beside the older one.
#[derive(Debug, Serialize)]
struct Compared {
    version: String,
    against: String,
    /// `worse`, `not worse` or `too few`.
    finding: &'static str,
    why: String,
}

/// The document of `--json`.
#[derive(Debug, Serialize)]
struct Document {
    function: String,
    from: String,
    to: String,
    passed: bool,
    versions: Vec<Compared>,
}

/// Runs the command.
///
/// # Errors
/// A function that is not watched; a data directory that is in use or holds nothing; a time that is none.
pub(crate) async fn run(
    args: &CheckDeployArgs,
    stdout: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let place = args.place.open().await?;
    let document = compared(args, place.deps()).await;
    place.close().await?;
    let document = document?;
    let text = if args.json {
        serde_json::to_string(&document)?
    } else {
        told(&document)
    };
    crate::ingest::or_gone(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))?;
    Ok(if document.passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn compared(args: &CheckDeployArgs, deps: &Deps) -> anyhow::Result<Document> {
    let services = &deps.watch.services;
    let found = services
        .iter()
        .find(|service| service.function() == args.function || service.name == args.function);
    let Some(service) = found else {
        let names: Vec<_> = services.iter().map(|service| service.function()).collect();
        bail!(
            "--function {:?} is not watched; watched are: {}",
            args.function,
            names.join(", ")
        );
    };
    let to = match &args.at {
        Some(text) => Minute::parse(text).with_context(|| {
            format!("--at {text:?} is no instant: write one such as 2026-11-20T22:05:00Z")
        })?,
        None => {
            let shards = origin::shards(deps).await?;
            let newest = shards.iter().map(|shard| shard.pointer.decided).max();
            newest.context("the detector has never run here; say --at which minute")?
        }
    };
    let from = to.plus(1 - i64::from(LOOKS));
    let read = deps
        .series
        .raw_minutes_by_version(&service.log_group, from, to);
    let judgements = canary::verdicts(service, &read.await?);
    Ok(document(args, service.function(), (from, to), &judgements))
}

fn document(
    args: &CheckDeployArgs,
    function: &str,
    (from, to): (Minute, Minute),
    judgements: &[Judgement],
) -> Document {
    let is = |finding| {
        judgements
            .iter()
            .any(|judgement| judgement.finding == finding)
    };
    let answered = !judgements.is_empty() && !is(Finding::TooFew);
    let versions = judgements.iter().map(|judgement| Compared {
        version: judgement.new.to_string(),
        against: judgement.old.to_string(),
        finding: judgement.finding.as_str(),
        why: judgement.why.clone(),
    });
    Document {
        function: function.to_owned(),
        from: from.to_string(),
        to: to.to_string(),
        passed: !is(Finding::Worse) && (answered || !args.require_answer),
        versions: versions.collect(),
    }
}

fn told(document: &Document) -> String {
    let Document {
        function, from, to, ..
    } = document;
    if document.versions.is_empty() {
        return format!(
            "{function}: no two versions served in the same minutes from {from} to {to}"
        );
    }
    let line = |compared: &Compared| {
        format!(
            "{function}: version {} against {}, {from} to {to}: {} ({})",
            compared.version, compared.against, compared.finding, compared.why
        )
    };
    let lines: Vec<_> = document.versions.iter().map(line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use platform::series_store::{BatchId, Version};
    use serde_json::Value;
    use signals::{Rollup, SeriesKey};

    use super::*;
    use crate::local::LOG_GROUP;
    use crate::local::OpenDetector;

    const LAST: &str = "2026-11-18T10:19:00Z";

    /// Twenty minutes in which version 1 and, if it is there, version 2 serve: requests a minute, and how many fail.
    async fn rollout(data: &Path, versions: &[(&str, u64, u64)]) {
        let open = OpenDetector::make(data, None).await.unwrap();
        let last = Minute::parse(LAST).unwrap();
        for (version, requests, failed) in versions {
            let key = |metric| SeriesKey::emf("CarManager", metric, [("service", "CarManager")]);
            let mut counted = [Rollup::default(), Rollup::default()];
            counted[0].add(1.0, *requests);
            counted[1].add(1.0, *failed);
            counted[1].add(0.0, requests - failed);
            let [requests, faults] = counted;
            let series = BTreeMap::from([(key("Requests"), requests), (key("Faults"), faults)]);
            let minutes = (0..20)
                .map(|back| (last.plus(-back), series.clone()))
                .collect();
            let batch = BatchId::of([version.as_bytes()]);
            let put =
                open.deps
                    .series
                    .put_batch_of(LOG_GROUP, &batch, Version::parse(version), &minutes);
            put.await.unwrap();
        }
        open.close().await.unwrap();
    }

    async fn check(
        data: &Path,
        change: impl FnOnce(&mut CheckDeployArgs),
    ) -> Result<(ExitCode, Value), String> {
        let mut args = CheckDeployArgs {
            function: "car-api".to_owned(),
            at: Some(LAST.to_owned()),
            require_answer: false,
            place: Place::local(data),
            json: true,
        };
        change(&mut args);
        let mut stdout = Vec::new();
        match run(&args, &mut stdout).await {
            Ok(code) => Ok((code, serde_json::from_slice(&stdout).unwrap())),
            Err(error) => Err(format!("{error:#}")),
        }
    }

    #[tokio::test]
    async fn a_version_that_fails_more_does_not_pass() {
        let (yes, no) = (ExitCode::SUCCESS, ExitCode::FAILURE);
        for (name, versions, strict, code, findings) in [
            (
                "as good",
                vec![("1", 100, 1), ("2", 100, 1)],
                false,
                yes,
                vec!["not worse"],
            ),
            (
                "worse",
                vec![("1", 100, 1), ("2", 20, 8)],
                false,
                no,
                vec!["worse"],
            ),
            (
                "hardly called",
                vec![("1", 100, 1), ("2", 0, 0)],
                false,
                yes,
                vec![],
            ),
            (
                "hardly called, and that is a no",
                vec![("1", 100, 1)],
                true,
                no,
                vec![],
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            rollout(folder.path(), &versions).await;
            let (found, document) = check(folder.path(), |args| args.require_answer = strict)
                .await
                .unwrap();
            assert_eq!(found, code, "{name}: {document}");
            let told: Vec<_> = document["versions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|version| version["finding"].as_str().unwrap())
                .collect();
            assert_eq!(told, findings, "{name}: {document}");
            assert_eq!(document["from"], "2026-11-18T10:00:00Z", "{name}");
        }
    }

    #[tokio::test]
    async fn mistakes_say_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        rollout(folder.path(), &[]).await;
        let unknown = check(folder.path(), |args| args.function = "cars".to_owned()).await;
        assert!(
            unknown
                .unwrap_err()
                .contains("--function \"cars\" is not watched; watched are: car-api")
        );
        let time = check(folder.path(), |args| args.at = Some("noon".to_owned())).await;
        assert!(time.unwrap_err().contains("--at \"noon\" is no instant"));
        let never = check(folder.path(), |args| args.at = None).await;
        assert!(
            never
                .unwrap_err()
                .contains("the detector has never run here")
        );
        let nowhere = check(&folder.path().join("nowhere"), |_| {}).await;
        assert!(nowhere.unwrap_err().contains("holds no data of outrider"));
    }
}
