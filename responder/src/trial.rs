//! Runs the plan on the version, and cleans up behind it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::answer::Answer;
use crate::budget::{ABANDONED_AFTER, Budget, left};
use crate::hook::Hook;
use crate::plan::{Judgement, STEPS, Step, Synthetic};
use crate::version::InvokeError;
use crate::{Complaint, Deps};

/// Attempts of one step.
const ATTEMPTS: u32 = 6;
/// Attempts to delete a car at the end.
const CLEAN_ATTEMPTS: u32 = 4;
/// First pause between attempts; it doubles up to [`LONGEST_PAUSE`]. There is one caller, so nothing is spread.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// How far the clocks of two functions may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(2);
/// Cars of one event: each run of the event that came as far as creating one uses one up. Lambda runs a failed event
/// twice more, and may deliver any of them twice.
const ROUNDS: u8 = 8;

/// What a trial came to.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// What was wrong; none when every answer was right.
    pub(crate) complaint: Option<Complaint>,
    /// Invocations.
    pub(crate) calls: u32,
    /// Keys of cars that could not be deleted.
    pub(crate) left_behind: Vec<String>,
}

/// Why a round ended before its end.
enum Ended {
    /// An earlier run of the same event has used this round's names, at this time.
    Taken(Timestamp),
    /// The version failed.
    Failed {
        complaint: Complaint,
        /// Whether the car may be there.
        maybe_there: bool,
    },
}

struct Runner<'a> {
    started: Timestamp,
    budget: &'a Budget,
    deps: &'a Deps,
    trial: Trial,
}

/// Tries the version, within the budget.
pub(crate) async fn run(hook: &Hook, budget: &Budget, deps: &Deps) -> Trial {
    let mut runner = Runner {
        started: deps.clock.now(),
        budget,
        deps,
        trial: Trial::default(),
    };
    for round in 0..ROUNDS {
        let mut car = Synthetic::of(hook, round);
        match runner.round(&mut car).await {
            Ok(()) => return runner.trial,
            Err(Ended::Taken(created_at)) => {
                let age = deps.clock.now().duration_since(created_at);
                tracing::info!(
                    round,
                    age_ms = age.as_millis(),
                    "an earlier run of this event was here"
                );
                // A younger car may belong to a run that is still going: it cleans up behind itself.
                if age > ABANDONED_AFTER {
                    runner.clean(&car).await;
                }
            }
            Err(Ended::Failed {
                complaint,
                maybe_there,
            }) => {
                if maybe_there {
                    runner.clean(&car).await;
                }
                runner.trial.complaint = Some(complaint);
                return runner.trial;
            }
        }
    }
    runner.trial.complaint = Some(Complaint {
        step: Step::Create.name(),
        reason: format!("{ROUNDS} runs of this event created a car before this one"),
    });
    runner.trial
}

impl Runner<'_> {
    async fn round(&mut self, car: &mut Synthetic) -> Result<(), Ended> {
        for step in STEPS {
            if let Some(version) = self.step(step, car).await? {
                car.learn(step, version);
            }
        }
        Ok(())
    }

    /// Takes one step, as often as it may help; gives the car's version when the answer has it.
    async fn step(&mut self, step: Step, car: &Synthetic) -> Result<Option<u64>, Ended> {
        let mut pause = FIRST_PAUSE;
        // An attempt without an answer, or with "come back", may yet have been done.
        let mut repeated = false;
        let mut attempt = 1;
        loop {
            let failed = |reason, ran| Ended::Failed {
                complaint: Complaint {
                    step: step.name(),
                    reason,
                },
                maybe_there: ran || step != Step::Create,
            };
            let reason = match self.invoke(step, car, self.budget.trial).await {
                Ok(answer) => match step.judge(&answer, car, repeated) {
                    Judgement::Right(version) => return Ok(version),
                    // The creation that is replayed is this run's own, whose answer was lost.
                    Judgement::Replayed {
                        created_at,
                        version,
                    } if repeated && self.is_own(created_at) => {
                        return Ok(Some(version));
                    }
                    Judgement::Replayed { created_at, .. } => return Err(Ended::Taken(created_at)),
                    Judgement::Wrong(reason) => return Err(failed(reason, true)),
                    Judgement::ComeBack(reason) => format!("answered {reason}"),
                },
                Err(error) if error.is_retryable() => error.to_string(),
                Err(error) => {
                    let ran = repeated || !matches!(error, InvokeError::Refused(_));
                    return Err(failed(error.to_string(), ran));
                }
            };
            let time = left(self.budget.trial, self.deps.clock.now());
            if attempt == ATTEMPTS || time.is_none_or(|left| left <= pause) {
                return Err(failed(format!("{reason}, {attempt} times"), true));
            }
            tracing::warn!(step = step.name(), attempt, reason, "tried again");
            repeated = true;
            self.deps.clock.pause(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempt += 1;
        }
    }

    fn is_own(&self, created_at: Timestamp) -> bool {
        created_at.duration_since(self.started) > -SKEW
    }

    /// One invocation, which ends at `end` at the latest.
    async fn invoke(
        &mut self,
        step: Step,
        car: &Synthetic,
        end: Timestamp,
    ) -> Result<Answer, InvokeError> {
        let now = self.deps.clock.now();
        let late = || InvokeError::Unreachable("no answer before the time was over".to_owned());
        let time = left(end, now).ok_or_else(late)?;
        self.trial.calls += 1;
        let event = step.event(car, now);
        let payload = tokio::time::timeout(time, self.deps.version.invoke(&event))
            .await
            .map_err(|_| late())??;
        // Not a way of saying "later": the gateway would answer 502 to a client.
        Answer::parse(&payload).map_err(|error| InvokeError::Crashed(error.to_string()))
    }

    /// Deletes the car whatever state it is in; remembers it when that does not work.
    async fn clean(&mut self, car: &Synthetic) {
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=CLEAN_ATTEMPTS {
            match self.invoke(Step::Delete, car, self.budget.clean).await {
                Ok(answer) if Step::is_gone(&answer) => return,
                Ok(answer) => tracing::warn!(attempt, "cleaning up: {}", answer.summary()),
                Err(error) => tracing::warn!(attempt, "cleaning up: {error}"),
            }
            let time = left(self.budget.clean, self.deps.clock.now());
            if attempt == CLEAN_ATTEMPTS || time.is_none_or(|left| left <= pause) {
                break;
            }
            self.deps.clock.pause(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.trial.left_behind.push(car.car_id.clone());
    }
}
