//! `outrider silence`: what nobody is to be told of for a while. The detector goes on judging.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use incidents::Symptom;
use incidents::silence::{
    Matcher, Request, Schedule, Silence, SilenceStatus, parse_duration, parse_weekly,
};
use jiff::Timestamp;
use platform::state_store::{Note, Notes};

use crate::place::Place;

/// Arguments of `outrider silence`.
#[derive(Debug, Args)]
pub(crate) struct SilenceArgs {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    place: Place,
    /// One JSON document on standard output and nothing else
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Mute what fits everything that is given here
    Add(Box<AddArgs>),
    /// The silences that are active or to come, and those of the last weeks
    List,
    /// End a silence now
    Expire {
        /// Its id, or the beginning of it
        id: String,
        /// Who ends it
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

#[derive(Debug, Args)]
struct AddArgs {
    /// The alert group's fingerprint, or its first 4 digits at least; a message states it as fp=
    #[arg(long, value_name = "DIGITS")]
    fingerprint: Option<String>,
    /// The service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// The environment
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// The symptom: latency, errors, throttles, traffic, …
    #[arg(long, value_name = "NAME")]
    symptom: Option<String>,
    /// For how long from now: 30m, 2h, 3d
    #[arg(long = "for", value_name = "DURATION", conflicts_with_all = ["weekly", "until"])]
    duration: Option<String>,
    /// In a window of each week: "Sat,Sun 02:00-04:00 Europe/Paris"
    #[arg(long, value_name = "WINDOW", requires = "until")]
    weekly: Option<String>,
    /// When it ends, or when the weekly windows end for good, RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Who silences it
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Runs the command.
///
/// # Errors
/// A data directory that is in use or holds no state; a silence that mutes everything, lasts too long, or has no author,
/// reason or end; an id that no silence has.
pub(crate) async fn run(args: SilenceArgs, say: &mut dyn FnMut(&str)) -> anyhow::Result<ExitCode> {
    let place = args.place.open().await?;
    let done = act(&args, place.deps(), say).await;
    place.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(
    args: &SilenceArgs,
    deps: &detector::Deps,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<()> {
    // Nobody silences by the nanosecond.
    let now = Timestamp::from_second(deps.clock.now().as_second())?;
    let said = match &args.action {
        Action::Add(add) => {
            is_watched(add, deps)?;
            let silence = Silence::new(asked(add, now)?, now)?;
            keep(deps, &silence).await?;
            vec![silence]
        }
        Action::List => {
            let (mut all, unreadable) = read(deps).await?;
            if !args.json {
                for problem in unreadable {
                    say(&problem);
                }
            }
            // What mutes now comes first, then what will, then what did.
            all.sort_by_key(|silence| (rank(silence.status(now)), silence.until()));
            all
        }
        Action::Expire { id, by } => {
            let mut silence = one(read(deps).await?.0, id)?;
            if !silence.expire(now, by.as_deref())? {
                bail!(
                    "{} is over since {}: nothing changes",
                    silence.id,
                    silence.until()
                );
            }
            keep(deps, &silence).await?;
            vec![silence]
        }
    };
    if args.json {
        say(&serde_json::to_string(&said)?);
    } else {
        for silence in &said {
            say(&line(silence, now));
        }
    }
    Ok(())
}

fn asked(args: &AddArgs, now: Timestamp) -> anyhow::Result<Request> {
    let schedule = match (&args.duration, &args.weekly, args.until) {
        (Some(duration), None, _) => Schedule::Once {
            from: now,
            to: now
                .checked_add(parse_duration(duration).context("--for")?)
                .context("--for ends after the end of time")?,
        },
        (None, None, Some(until)) => Schedule::Once {
            from: now,
            to: until,
        },
        (None, Some(window), Some(until)) => parse_weekly(window, until).context("--weekly")?,
        _ => bail!(
            "a silence needs an end: write --for 2h, or --weekly \"Sat,Sun 02:00-04:00 Europe/Paris\" --until 2027-01-31T00:00:00Z"
        ),
    };
    let symptom = match &args.symptom {
        None => None,
        Some(text) => Some(symptom(text)?),
    };
    Ok(Request {
        matcher: Matcher {
            fingerprint: args.fingerprint.clone(),
            environment: args.environment.clone(),
            service: args.service.clone(),
            symptom,
        },
        schedule,
        author: args.by.clone(),
        reason: args.reason.clone(),
    })
}

fn symptom(text: &str) -> anyhow::Result<Symptom> {
    let all = || Symptom::ALL.iter();
    let found = all().find(|symptom| symptom.as_str() == text);
    found.copied().with_context(|| {
        let names: Vec<_> = all().map(|symptom| symptom.as_str()).collect();
        format!(
            "--symptom {text:?} is none; write one of {}",
            names.join(", ")
        )
    })
}

async fn keep(deps: &detector::Deps, silence: &Silence) -> anyhow::Result<()> {
    let note = Note {
        id: silence.id.to_string(),
        body: silence.to_json(),
        until: silence.until(),
    };
    Ok(deps.state.keep(Notes::Silences, &note).await?)
}

/// The silences, and a line for each that this build cannot read.
async fn read(deps: &detector::Deps) -> anyhow::Result<(Vec<Silence>, Vec<String>)> {
    let (mut silences, mut unreadable) = (Vec::new(), Vec::new());
    for (id, body) in deps.state.kept(Notes::Silences).await? {
        match Silence::from_json(&body) {
            Ok(silence) => silences.push(silence),
            Err(error) => unreadable.push(format!("{id}  silences nothing: {error}")),
        }
    }
    Ok((silences, unreadable))
}

/// A misspelt name would be noticed at 3 am.
fn is_watched(args: &AddArgs, deps: &detector::Deps) -> anyhow::Result<()> {
    let services: Vec<&str> = deps.watch.watched().map(|one| one.name.as_str()).collect();
    if let Some(service) = args
        .service
        .as_deref()
        .filter(|name| !services.contains(name))
    {
        bail!(
            "--service {service:?} is not watched; watched are: {}",
            services.join(", ")
        );
    }
    let environment = deps.watch.environment.as_str();
    if let Some(other) = args
        .environment
        .as_deref()
        .filter(|name| *name != environment)
    {
        bail!("--environment {other:?} is not watched here: this is {environment:?}");
    }
    Ok(())
}

fn one(silences: Vec<Silence>, id: &str) -> anyhow::Result<Silence> {
    let mut found = silences
        .into_iter()
        .filter(|silence| !id.is_empty() && silence.id.as_str().starts_with(id));
    let first = found.next().with_context(|| {
        format!("no silence has the id {id:?}; `outrider silence list` names them")
    })?;
    match found.count() {
        0 => Ok(first),
        more => bail!(
            "the id {id:?} is the beginning of {} silences; write more of it",
            more + 1
        ),
    }
}

fn rank(status: SilenceStatus) -> u8 {
    match status {
        SilenceStatus::Active => 0,
        SilenceStatus::Pending => 1,
        SilenceStatus::Expired => 2,
    }
}

fn line(silence: &Silence, now: Timestamp) -> String {
    let when = match silence.status(now) {
        SilenceStatus::Active => silence
            .ends(now)
            .map_or_else(|| "active".to_owned(), |end| format!("active until {end}")),
        SilenceStatus::Pending => silence
            .next(now)
            .map_or_else(|| "to come".to_owned(), |next| format!("to come at {next}")),
        SilenceStatus::Expired => format!("over since {}", silence.until()),
    };
    let matcher = &silence.matcher;
    let what: Vec<String> = [
        ("fingerprint", matcher.fingerprint.clone()),
        ("environment", matcher.environment.clone()),
        ("service", matcher.service.clone()),
        (
            "symptom",
            matcher.symptom.map(|symptom| symptom.as_str().to_owned()),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
    .collect();
    format!(
        "{}  {}: {when}, by {}: {}",
        silence.id,
        what.join(" "),
        silence.author,
        silence.reason
    )
}
