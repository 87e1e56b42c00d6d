//! Which log events were counted already, when several payloads tell of the same ones: the ledger's rule, in memory.
//!
//! CloudWatch Logs may cut a stream's log events anew when it delivers them again. A batch is a run of one stream,
//! without gaps; whoever comes first owns its events, and a later batch counts only what is left.

use std::collections::{BTreeMap, BTreeSet};

use extraction::{Batch, Skip};
use signals::{BatchId, Run, StreamId};

/// What earlier payloads own.
#[derive(Debug, Default)]
pub(super) struct Owned {
    batches: BTreeSet<(String, BatchId)>,
    /// Runs that do not touch each other, in order.
    runs: BTreeMap<StreamId, Vec<Run>>,
}

impl Owned {
    /// Whether the very same batch came before; from now on it has.
    pub(super) fn knows(&mut self, log_group: &str, batch: &BatchId) -> bool {
        !self.batches.insert((log_group.to_owned(), batch.clone()))
    }

    /// Claims the log events of a payload's batches and says which of them somebody else owns. A batch without a run
    /// cannot be compared: only its own redelivery is recognised.
    pub(super) fn claim(&mut self, batches: &[Batch]) -> Skip {
        let mut skip = Skip::new();
        for batch in batches {
            let Some(run) = batch.run else { continue };
            let known = (batch.log_group.clone(), batch.id.clone());
            if self.batches.contains(&known) {
                continue;
            }
            let owned = take(self.runs.entry(batch.stream.clone()).or_default(), run);
            if !owned.is_empty() {
                skip.insert(batch.document, owned);
            }
        }
        skip
    }
}

/// Joins a run to those that are there, and gives those of them that it overlaps.
fn take(runs: &mut Vec<Run>, run: Run) -> Vec<Run> {
    let (overlapping, mut apart): (Vec<_>, Vec<_>) = std::mem::take(runs)
        .into_iter()
        .partition(|other| other.first <= run.last && run.first <= other.last);
    let joined = overlapping.iter().fold(run, |joined, other| Run {
        first: joined.first.min(other.first),
        last: joined.last.max(other.last),
        events: joined.events.max(other.events),
    });
    apart.push(joined);
    apart.sort_by_key(|run| run.first);
    *runs = apart;
    overlapping
}

#[cfg(test)]
mod tests {
    use signals::EventId;

    use super::*;

    fn run(first: u32, last: u32) -> Run {
        let id = |n: u32| EventId::parse(format!("{n:056}").as_bytes()).unwrap();
        Run {
            first: id(first),
            last: id(last),
            events: u64::from(last - first + 1),
        }
    }

    fn ends(runs: &[Run]) -> Vec<(u32, u32)> {
        let number = |id: EventId| id.as_str().parse().unwrap();
        runs.iter()
            .map(|run| (number(run.first), number(run.last)))
            .collect()
    }

    #[test]
    fn a_run_yields_what_it_overlaps_and_joins_it() {
        for (rule, before, new, yields, after) in [
            ("the first owns all", vec![], (5, 9), vec![], vec![(5, 9)]),
            (
                "one beside another",
                vec![(1, 4)],
                (5, 9),
                vec![],
                vec![(1, 4), (5, 9)],
            ),
            (
                "a common end",
                vec![(1, 5)],
                (5, 9),
                vec![(1, 5)],
                vec![(1, 9)],
            ),
            ("inside", vec![(1, 9)], (3, 4), vec![(1, 9)], vec![(1, 9)]),
            (
                "around two",
                vec![(2, 3), (6, 7), (20, 30)],
                (1, 9),
                vec![(2, 3), (6, 7)],
                vec![(1, 9), (20, 30)],
            ),
            (
                "before all",
                vec![(20, 30)],
                (1, 2),
                vec![],
                vec![(1, 2), (20, 30)],
            ),
        ] {
            let mut runs: Vec<_> = before.into_iter().map(|(a, b)| run(a, b)).collect();
            let yielded = take(&mut runs, run(new.0, new.1));
            assert_eq!((ends(&yielded), ends(&runs)), (yields, after), "{rule}");
        }
    }
}
