//! `outrider simulate`: a simulated Lambda fleet with known faults, as files.
//!
//! The fleet is stepped minute by minute, all functions at once, so that what is written is in order of time and
//! little of it is held. The same arguments give the same bytes.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signals::Minute;
use simulator::fleet::{Fleet, Point, Scenario};

mod payloads;
mod rollups;
mod series;
#[cfg(test)]
mod tests;

/// The first simulated minute: a Monday.
const FROM: &str = "2026-11-02T00:00:00Z";
/// Beyond so many invocations (some 400 MB) not all payloads are written unless somebody asks for them.
const MANY: f64 = 3e6;

/// `simulate --scenario NAME --seed N --out DIR`, `simulate --list`
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Which scenario; --list names all of them
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    pub scenario: Option<String>,
    /// Where all randomness comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// An empty folder, or one that is not there yet
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    pub out: Option<PathBuf>,
    /// Days to simulate, the first two thirds of them (two weeks at most) without faults; one day without this
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: Option<u32>,
    /// Which payloads to write; without it all of them, unless they are of more than three million invocations
    #[arg(long, value_enum, value_name = "WHICH")]
    pub payloads: Option<Which>,
    /// Name the scenarios
    #[arg(long, conflicts_with_all = ["scenario", "out"])]
    pub list: bool,
}

/// Which payloads are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// Every minute's
    All,
    /// From an hour before each fault to half an hour after it, of its function; the last hour if there is none
    Faults,
    /// None
    None,
}

/// Runs the command.
///
/// # Errors
/// A scenario that is not there; a folder that is not empty; files that cannot be written.
pub fn run(args: &SimulateArgs, print: &mut dyn FnMut(&str)) -> anyhow::Result<ExitCode> {
    // clap asks for both, or for the list.
    let (Some(name), Some(out)) = (&args.scenario, &args.out) else {
        for scenario in Scenario::all() {
            print(&format!("{:<18} {}", scenario.name, scenario.about));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let scenario = Scenario::by_name(name)?;
    make_empty(out)?;
    let from = Minute::parse(FROM).context("the constant FROM")?;
    let days = args.days.unwrap_or(scenario.written_days);
    let fleet = scenario.fleet(args.seed, from, Some(days));
    let bar = progress_bar(fleet.minutes);
    let told = write(&fleet, out, args.payloads, &bar)?;
    bar.finish_and_clear();
    print(&told);
    Ok(ExitCode::SUCCESS)
}

/// Nothing that is there is written over.
fn make_empty(out: &Path) -> anyhow::Result<()> {
    let shown = out.display();
    std::fs::create_dir_all(out).with_context(|| format!("{shown}: cannot make the folder"))?;
    let mut entries =
        std::fs::read_dir(out).with_context(|| format!("{shown}: cannot read the folder"))?;
    if entries.next().is_some() {
        bail!("{shown} is not empty: name a folder that is, or one that is not there yet");
    }
    Ok(())
}

fn progress_bar(minutes: u32) -> ProgressBar {
    let bar = ProgressBar::new(u64::from(minutes));
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} minutes  {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

/// Writes everything, and says in one line what.
fn write(
    fleet: &Fleet,
    out: &Path,
    which: Option<Which>,
    bar: &ProgressBar,
) -> anyhow::Result<String> {
    let which = which.unwrap_or_else(|| {
        let a_minute: f64 = fleet.functions.iter().map(|one| one.level).sum();
        if a_minute * f64::from(fleet.minutes) <= MANY {
            Which::All
        } else {
            Which::Faults
        }
    });
    let truth = serde_json::to_string_pretty(&fleet.truth())? + "\n";
    let path = out.join("truth.json");
    std::fs::write(&path, truth).with_context(|| format!("cannot write {}", path.display()))?;
    let mut payloads = payloads::Payloads::in_folder(&out.join("payloads"))?;
    let mut rollups = rollups::Rollups::create(&out.join("rollups.jsonl"))?;
    let mut series = series::Tables::in_folder(&out.join("series"), fleet)?;
    let mut runs: Vec<_> = (0..fleet.functions.len())
        .map(|place| fleet.run(place))
        .collect();
    loop {
        let points: Vec<Point> = runs.iter_mut().filter_map(Iterator::next).collect();
        let Some(minute) = points.first().map(|point| point.minute) else {
            break;
        };
        for point in &points {
            let requests = fleet.requests(point);
            rollups.add(fleet, point, &requests)?;
            series.add(fleet, point)?;
            if is_wanted(fleet, point, which) {
                payloads.add(point, fleet.logs(point, &requests))?;
            }
        }
        rollups.end_minute(minute, fleet.account_metrics(points.iter()))?;
        payloads.end_minute(minute)?;
        bar.inc(1);
    }
    let (files, count) = payloads.finish()?;
    series.finish()?;
    let lines = rollups.finish()?;
    let left_out = match which {
        Which::All => "",
        Which::Faults => " (around the faults alone: --payloads all writes all of them)",
        Which::None => " (--payloads none)",
    };
    Ok(format!(
        "{}: {} functions, {} days from {}, {} faults; {count} payloads in {files} files{left_out}, {lines} rollups",
        fleet.scenario,
        fleet.functions.len(),
        fleet.minutes / 1_440,
        fleet.from,
        fleet.faults.len(),
    ))
}

fn is_wanted(fleet: &Fleet, point: &Point, which: Which) -> bool {
    match which {
        Which::All => true,
        Which::None => false,
        Which::Faults if fleet.faults.is_empty() => point.minute >= fleet.to().plus(-60),
        Which::Faults => fleet.faults.iter().any(|fault| {
            fleet.shows(fault, point.function)
                && fault.from.plus(-60) <= point.minute
                && point.minute < fault.to.plus(30)
        }),
    }
}
