//! What the links that were read say together, and what must be written to claim a gap between claims. Pure.

use std::collections::BTreeMap;

use signals::{EventId, Run};

use super::{Claim, Link};

/// A write that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To be stored unless its key has a link already; either way the next step may follow.
    Ensure(Link),
    /// To be stored if the stored link with its key says that this claim is next, or is absent. If not, nothing was
    /// claimed and the chain is to be read again.
    Claim(Link, Option<Claim>),
}

/// A part of the chain of a stream.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    links: BTreeMap<Option<EventId>, Link>,
}

impl Chain {
    /// What these links say.
    #[must_use]
    pub fn of(links: impl IntoIterator<Item = Link>) -> Self {
        Self {
            links: links.into_iter().map(|link| (link.key(), link)).collect(),
        }
    }

    /// All claims that the links name, in the order of their ids.
    fn known(&self) -> BTreeMap<EventId, &Claim> {
        let named = self.links.values().flat_map(|link| {
            let others = link.of.iter().chain(&link.after);
            others.chain([&link.next])
        });
        named.map(|claim| (claim.run.first, claim)).collect()
    }

    /// The claims that hold ids of `run`, in the order of their ids.
    #[must_use]
    pub fn overlapping(&self, run: &Run) -> Vec<Claim> {
        self.known()
            .range(..=run.last)
            .filter(|(_, claim)| claim.run.last >= run.first)
            .map(|(_, claim)| (*claim).clone())
            .collect()
    }

    /// What must be written, in this order, to put in a claim that no known one overlaps.
    #[must_use]
    pub fn steps(&self, claim: &Claim) -> Vec<Step> {
        let known = self.known();
        let before = known.range(..claim.run.first).next_back();
        let before = before.map(|(_, claim)| (*claim).clone());
        let after = known.range(claim.run.first..).next();
        let after = after.map(|(_, claim)| (*claim).clone());
        let stored = self
            .links
            .get(&before.as_ref().map(|claim| claim.run.first));
        let mut steps = Vec::new();
        // Once `next` is not next any more nobody reads what followed it when it came: its own link must say so.
        if let Some(Link {
            next,
            after: Some(followed),
            ..
        }) = stored
        {
            steps.push(Step::Ensure(Link {
                of: Some(next.clone()),
                next: followed.clone(),
                after: None,
            }));
        }
        let link = Link {
            of: before,
            next: claim.clone(),
            after,
        };
        steps.push(Step::Claim(link, stored.map(|link| link.next.clone())));
        steps
    }

    /// Notes a link that was stored.
    pub fn stored(&mut self, link: Link) {
        self.links.insert(link.key(), link);
    }
}
