//! Who counts what: each batch claims its log events before its rollups are written.
//!
//! One assumption: a batch holds a contiguous run of the log events of its stream that reach this function, in the
//! order of their ids. Then a claim holds the log events between its ends, all of them, whoever delivers them again.
//!
//! A batch that goes on owns every log event of its own that nobody else does, and nobody else can own them: the
//! ledger gives a gap to one. Claims stay, so whoever tries again with the same log events finds the same ones owned,
//! and writes the same rollups over its own. So nothing is counted twice; and nothing is lost as long as whoever
//! claimed comes back until its rollups are written, which the retries and the on-failure destination are for.
//!
//! Where a claim does not fit what the payload holds between its ends, the assumption is broken. That is counted,
//! and nothing is skipped for the sake of that claim: counted twice is found out, lost is lost.

use extraction::runs::{Inside, divide};
use extraction::{Batch, Skip};
use platform::deadline::Deadline;
use platform::ledger::{Chain, Claim, Ledger, LedgerError, Step};
use signals::Run;

use crate::{Deps, Error, telemetry};

/// What claiming came to.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    /// Log events that other batches own.
    pub(crate) skip: Skip,
    /// Batches all of whose log events other batches own.
    pub(crate) replayed: u64,
    /// Claims that the payload contradicts.
    pub(crate) gaps: u64,
    /// Batches that claim nothing.
    pub(crate) unclaimed: u64,
}

/// Claims the log events of the batches.
pub(crate) async fn claim(
    event: &[u8],
    batches: &[Batch],
    deps: &Deps,
    deadline: &Deadline,
) -> Result<Claimed, Error> {
    let mut claimed = Claimed::default();
    for batch in batches {
        let (Some(ledger), Some(run)) = (&deps.ledger, batch.run) else {
            claimed.unclaimed += 1;
            if deps.ledger.is_some() && once_an_hour(deps, "unclaimed", batch) {
                tracing::warn!(
                    log_group = batch.log_group,
                    batch = batch.id.as_str(),
                    "log events without ids of 56 digits, or with ids that do not rise, cannot be claimed: the ones that \
                     come again in other batches count twice"
                );
            }
            continue;
        };
        let claiming = Claiming {
            event,
            batch,
            run,
            deps,
            ledger: ledger.as_ref(),
            deadline,
        };
        claiming.finish(&mut claimed).await?;
    }
    Ok(claimed)
}

/// Whether this is to be said of the batch's log group now: what ails one batch of a stream ails them all.
fn once_an_hour(deps: &Deps, what: &str, batch: &Batch) -> bool {
    let mut guard = deps.sightings.guard();
    guard.says(deps.clock.now(), ["ledger", what, &batch.log_group])
}

/// One batch on its way to own what it counts.
struct Claiming<'a> {
    event: &'a [u8],
    batch: &'a Batch,
    run: Run,
    deps: &'a Deps,
    ledger: &'a dyn Ledger,
    deadline: &'a Deadline,
}

/// The claims that touch a batch, what it holds of each, and what it holds beside them.
#[derive(Debug)]
struct Seen {
    claims: Vec<Claim>,
    inside: Vec<Inside>,
    free: Vec<Run>,
}

impl Claiming<'_> {
    async fn finish(&self, claimed: &mut Claimed) -> Result<(), Error> {
        let mut tries = 1;
        loop {
            let links = self
                .ledger
                .links(&self.batch.stream, &self.run.first, &self.run.last);
            let mut chain = Chain::of(self.answer("reading the ledger", links).await?);
            let seen = self.seen(chain.overlapping(&self.run))?;
            if self.claim_all(&mut chain, &seen.free).await? {
                self.judge(&seen, claimed);
                return Ok(());
            }
            if !self.deadline.again(tries).await {
                return Err(Error::Contended {
                    log_group: self.batch.log_group.clone(),
                    tries,
                });
            }
            tries += 1;
        }
    }

    /// What a call says, in time.
    async fn answer<T>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, LedgerError>> + Send,
    ) -> Result<T, Error> {
        let log_group = || self.batch.log_group.clone();
        match self.deadline.cut(call).await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(source)) => Err(Error::Ledger {
                log_group: log_group(),
                source,
            }),
            None => Err(Error::OutOfTime {
                log_group: log_group(),
                what,
            }),
        }
    }

    fn seen(&self, claims: Vec<Claim>) -> Result<Seen, Error> {
        // The usual cases are the continuation of a stream and the retry of a batch that has claimed all of itself.
        // For neither the payload has to be read again.
        let (inside, free) = if claims.is_empty() {
            (Vec::new(), vec![self.run])
        } else if matches!(&claims[..], [own] if own.owner == self.batch.id && own.run == self.run)
        {
            let all = Inside {
                events: self.run.events,
                first: true,
                last: true,
            };
            (vec![all], Vec::new())
        } else {
            let runs: Vec<_> = claims.iter().map(|claim| claim.run).collect();
            let rules = &self.deps.rules;
            let divided =
                divide(self.event, rules, self.batch.document, &runs).map_err(|error| {
                    telemetry::emit_unreadable(self.deps, &error);
                    Error::Payload(error)
                })?;
            (divided.inside, divided.outside)
        };
        Ok(Seen {
            claims,
            inside,
            free,
        })
    }

    /// Claims what is free, one gap after the other; `false` when somebody else was faster.
    async fn claim_all(&self, chain: &mut Chain, free: &[Run]) -> Result<bool, Error> {
        for run in free {
            let claim = Claim {
                run: *run,
                owner: self.batch.id.clone(),
            };
            for step in chain.steps(&claim) {
                let (link, seen) = match &step {
                    Step::Ensure(link) => (link, None),
                    Step::Claim(link, seen) => (link, seen.as_ref()),
                };
                let now = self.deps.clock.now();
                let put = self.ledger.put(&self.batch.stream, link, seen, now);
                let stored = self.answer("claiming log events", put).await?;
                match step {
                    Step::Claim(..) if !stored => return Ok(false),
                    Step::Claim(link, _) => chain.stored(link),
                    Step::Ensure(_) => {}
                }
            }
        }
        Ok(true)
    }

    /// Every log event of the batch is owned now: what others own is skipped.
    fn judge(&self, seen: &Seen, claimed: &mut Claimed) {
        let mut skip = Vec::new();
        let mut skipped = 0;
        for (claim, inside) in seen.claims.iter().zip(&seen.inside) {
            if claim.owner == self.batch.id {
                continue;
            }
            if self.fits(&claim.run, inside) {
                skip.push(claim.run);
                skipped += inside.events;
            } else {
                claimed.gaps += 1;
                if !once_an_hour(self.deps, "gap", self.batch) {
                    continue;
                }
                tracing::warn!(
                    log_group = self.batch.log_group,
                    batch = self.batch.id.as_str(),
                    owner = claim.owner.as_str(),
                    first = claim.run.first.as_str(),
                    last = claim.run.last.as_str(),
                    claimed = claim.run.events,
                    found = inside.events,
                    "a batch does not hold what another one claimed between its ends: the stream does not come in \
                     contiguous runs, and some of its log events may count twice"
                );
            }
        }
        if skipped == self.run.events {
            claimed.replayed += 1;
        }
        if !skip.is_empty() {
            claimed.skip.insert(self.batch.document, skip);
        }
    }

    /// Whether what the batch holds inside somebody else's run can be the same log events: an end that lies within
    /// the batch is one of its own, and their number is right as far as it can be known.
    fn fits(&self, run: &Run, inside: &Inside) -> bool {
        let begins = run.first >= self.run.first;
        let ends = run.last <= self.run.last;
        (inside.first || !begins)
            && (inside.last || !ends)
            && if begins && ends {
                inside.events == run.events
            } else {
                inside.events < run.events
            }
    }
}
