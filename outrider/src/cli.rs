//! The command line. Exit codes: 0 done, 1 the answer is "no", 2 wrong use or bad input with one clear line.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::demo::{self, Narrator, Summary};
use crate::{
    check_deploy, detect, drill, explain, incidents_command, ingest, load, plan, replay,
    silence_command, simulate, state, up,
};

/// Observability and anomaly detection for AWS Lambda services
#[derive(Debug, Parser)]
#[command(name = "outrider", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole system in virtual time: normal traffic, three faults, and the messages they cause
    Demo(DemoArgs),
    /// The same system in real time, until Ctrl-C
    Up(up::UpArgs),
    /// Run log-processor on subscription payloads, without a store
    Ingest(ingest::IngestArgs),
    /// Score every row of the CSV files in a folder
    Detect(detect::DetectArgs),
    /// What would have been told of recorded minutes; exit code 1 when somebody would have been paged
    Replay(replay::ReplayArgs),
    /// What the detector saw of a series in a minute, and why it judged as it did
    Explain(explain::ExplainArgs),
    /// What the detector has learned, as one file
    State(state::StateArgs),
    /// Whether a newer version is worse than the one it replaces; exit code 1 when it is
    CheckDeploy(check_deploy::CheckDeployArgs),
    /// A simulated Lambda fleet with known faults, as files
    Simulate(simulate::SimulateArgs),
    /// Open-loop load on the car API, with percentiles corrected for coordinated omission
    Load(Box<load::LoadArgs>),
    /// The incidents: list them, take one on, say afterwards what it was
    Incidents(incidents_command::IncidentsArgs),
    /// What nobody is to be told of for a while
    Silence(silence_command::SilenceArgs),
    /// Send a test incident end to end and say what arrived; exit code 1 when something did not
    Drill(drill::DrillArgs),
    /// What a deployment costs a month, and which limits it comes near
    Plan(plan::PlanArgs),
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Chooses traffic, faults and their times
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where everything is kept; without it, a fresh folder below .outrider/
    #[arg(long)]
    data: Option<PathBuf>,
    /// One JSON document on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return refused(&error),
    };
    // A function that panics says so in its own log, as on Lambda.
    platform::logging::log_panics();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let result = match command {
        Command::Demo(args) => runtime.block_on(run_demo(args)),
        Command::Up(args) => runtime
            .block_on(up::run(args, &mut |line| print(line)))
            .map(|()| ExitCode::SUCCESS),
        Command::Ingest(args) => runtime.block_on(ingest::command(
            &args,
            &mut std::io::stdout().lock(),
            &mut std::io::stderr().lock(),
        )),
        Command::Detect(args) => detect::run(
            &args,
            &mut std::io::stdout().lock(),
            &mut std::io::stderr().lock(),
        ),
        Command::Replay(args) => {
            runtime.block_on(replay::run(&args, &mut std::io::stdout().lock()))
        }
        Command::Explain(args) => {
            runtime.block_on(explain::run(&args, &mut std::io::stdout().lock()))
        }
        Command::State(args) => runtime.block_on(state::run(&args, &mut std::io::stdout().lock())),
        Command::CheckDeploy(args) => {
            runtime.block_on(check_deploy::run(&args, &mut std::io::stdout().lock()))
        }
        Command::Simulate(args) => simulate::run(&args, &mut |line| print(line)),
        Command::Load(args) => runtime.block_on(load::command(*args, &mut |line| print(line))),
        Command::Drill(args) => runtime.block_on(drill::run(args, &mut |line| print(line))),
        Command::Plan(args) => plan::run(&args, &mut |line| print(line)),
        Command::Incidents(args) => {
            runtime.block_on(incidents_command::run(args, &mut |line| print(line)))
        }
        Command::Silence(args) => {
            runtime.block_on(silence_command::run(args, &mut |line| print(line)))
        }
    };
    result.unwrap_or_else(|error| failed(&error))
}

/// Help and version as they are; wrong use in one line.
fn refused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        print(error.to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let words: Vec<_> = text.split_whitespace().collect();
    failed(&anyhow::anyhow!(
        "{}",
        words.join(" ").trim_start_matches("error: ")
    ))
}

/// One clear line.
fn failed(error: &anyhow::Error) -> ExitCode {
    let line = one_line(&format!("{error:#}"));
    // Nothing is left to tell a failing standard error to.
    let _ = writeln!(std::io::stderr(), "outrider: {line}");
    ExitCode::from(2)
}

/// A text as a terminal may have it: names of files are others' words, and could hold what moves the cursor.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => line.push(' '),
            '"' | '\'' | '\\' => line.push(character),
            other => line.extend(other.escape_debug()),
        }
    }
    line
}

/// A reader that has gone away (`| head`) wants no more lines.
fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints what happens, around a progress bar.
struct Told<'a> {
    bar: &'a ProgressBar,
    quiet: bool,
}

impl Narrator for Told<'_> {
    fn say(&mut self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| print(line));
        }
    }
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} minutes  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

async fn run_demo(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let data = match args.data {
        Some(data) => data,
        None => fresh_folder(args.seed)?,
    };
    let bar = progress_bar();
    let options = demo::Options {
        seed: args.seed,
        data,
        store_calls: None,
    };
    let summary = demo::run(
        options,
        &mut Told {
            bar: &bar,
            quiet: args.json,
        },
        &bar,
    )
    .await?;
    if args.json {
        print(&serde_json::to_string(&summary)?);
    } else {
        tell(&summary);
    }
    Ok(demo::exit_code(&summary))
}

/// Without `--data` every run begins anew: the earlier demo's folder is replaced, and nothing else.
fn fresh_folder(seed: u64) -> anyhow::Result<PathBuf> {
    let folder = PathBuf::from(".outrider").join(format!("demo-{seed}"));
    if folder.exists() {
        drop(crate::local::Lock::take(&folder)?);
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(folder)
}

fn tell(summary: &Summary) {
    print("");
    for fault in &summary.faults {
        let outcome = match (&fault.detected, fault.seconds_to_detect, &fault.resolved) {
            (Some(_), Some(seconds), Some(resolved)) => {
                format!("detected after {seconds} s, resolved {resolved}")
            }
            (Some(_), Some(seconds), None) => format!("detected after {seconds} s, not resolved"),
            _ => "MISSED".to_owned(),
        };
        print(&format!(
            "{:<9} fault at {}: {outcome}",
            fault.kind, fault.started
        ));
    }
    print(&format!("pages without a fault: {}", summary.false_pages));
    print(&format!(
        "{} requests, {} log events, {} rollups",
        summary.requests, summary.log_events, summary.rollups
    ));
    print(&format!(
        "messages: {} (the mails beside it in email/, the chat bodies in chat/)",
        summary.inbox
    ));
}
