//! The command: asks, runs, tells.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::http::is_loopback;
use super::{Config, LoadArgs, Report, compare, print, run_until};

fn progress_bar(config: &Config) -> ProgressBar {
    let bar = ProgressBar::new(config.profile.seconds.ceil() as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} s  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

fn earlier(path: &Path) -> anyhow::Result<Report> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("--compare cannot read {}", path.display()))?;
    Report::parse(&text)
        .with_context(|| format!("--compare {} is no result of outrider load", path.display()))
}

/// The folder must be there before the run, not after it.
fn check_out(path: &Path) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    ensure!(
        folder.is_dir(),
        "--out {}: make the folder {} first",
        path.display(),
        folder.display()
    );
    ensure!(
        !path.is_dir(),
        "--out {} is a folder: name a file",
        path.display()
    );
    Ok(())
}

/// Whole or not at all.
fn write(report: &Report, path: &Path) -> anyhow::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, format!("{}\n", serde_json::to_string(report)?))
        .and_then(|()| std::fs::rename(&part, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Runs `outrider load`.
///
/// # Errors
/// Arguments that cannot be, a service that does not answer, files that cannot be read or written.
pub(crate) async fn command(
    args: LoadArgs,
    say: &mut (dyn FnMut(&str) + Send),
) -> anyhow::Result<ExitCode> {
    let config = args.config()?;
    let before = args.compare.as_deref().map(earlier).transpose()?;
    if let Some(out) = &args.out {
        check_out(out)?;
    }
    if !is_loopback(&config.url) {
        let cost = print::cost(&config.estimate()?);
        let host = config.url.host_str().unwrap_or_default();
        let sent = config.profile.count();
        ensure!(
            args.yes,
            "{host} is not this machine, and would get {sent} requests; {cost}. If it may be loaded, add --yes"
        );
        // Nothing is left to tell a failing standard error to.
        let _ = writeln!(std::io::stderr(), "{sent} requests to {host}; {cost}");
    }
    let bar = progress_bar(&config);
    let stop = || -> futures_util::future::BoxFuture<'static, ()> {
        Box::pin(async {
            if tokio::signal::ctrl_c().await.is_err() {
                // Without the signal there is only the plan's own end.
                std::future::pending::<()>().await;
            }
        })
    };
    let report = run_until(&config, &stop, &mut |at| {
        if bar.position() != at.as_secs() {
            bar.set_position(at.as_secs());
            bar.set_message(format!(
                "{:.0} requests/s",
                config.profile.rate_at(at.as_secs_f64())
            ));
        }
    })
    .await?;
    bar.finish_and_clear();
    if let Some(out) = &args.out {
        write(&report, out)?;
    }
    let found = before.map(|before| compare(&before, &report));
    if args.json {
        let mut document = serde_json::to_value(&report)?;
        if let Some(found) = &found {
            document["comparison"] = serde_json::to_value(found)?;
        }
        say(&document.to_string());
    } else {
        print::lines(&report).iter().for_each(|line| say(line));
        found
            .iter()
            .flat_map(print::comparison)
            .for_each(|line| say(&line));
    }
    Ok(if report.objective.met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
