//! Which batch owns which log events of a stream, so that events which are delivered again in other batches are
//! counted once.
//!
//! A [`Claim`] says that one batch owns the log events from one id to another. The claims of a stream form a chain
//! in the order of their ids. A [`Link`] is what is stored under a claim: which claim follows it. So whoever claims a
//! gap changes exactly one stored item, the one before the gap, on condition that it still is as it was read: of
//! several who want the same gap one gets it, without a transaction, and the others read again.
//!
//! What is known of the chain ([`chain`]) and how it grows:
//! * a claim is never changed nor removed, but for its expiry;
//! * what follows a claim is what its link says; while it has none, it is the claim that followed when it was put in
//!   ([`Link::after`] of the link that names it next), which is why it gets its link before another is put before it.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use signals::{BatchId, EventId, Run, StreamId};

pub mod chain;
pub mod dynamodb;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
#[cfg(test)]
mod tests;

pub use chain::{Chain, Step};

/// A run of log events and the batch that owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The log events.
    pub run: Run,
    /// The only batch that counts them.
    pub owner: BatchId,
}

/// What follows a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The claim; `None` for the beginning of the stream.
    pub of: Option<Claim>,
    /// The claim that follows.
    pub next: Claim,
    /// What followed when `next` was put in; `None` when it was the last one.
    pub after: Option<Claim>,
}

impl Link {
    /// Where the claim begins that it is the link of.
    #[must_use]
    pub fn key(&self) -> Option<EventId> {
        self.of.as_ref().map(|claim| claim.run.first)
    }
}

/// Why the ledger did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The service refused or did not answer.
    #[error("ledger in table {table}: {operation} failed: {message}")]
    Call {
        /// The table's name.
        table: String,
        /// The operation in DynamoDB's words.
        operation: &'static str,
        /// What the service said.
        message: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// An item is there but does not have the shape this build writes.
    #[error(
        "ledger in table {table}: item {item} is unreadable: {reason}; delete the items of its partition, and log events \
         that come again in other batches within 15 days count twice"
    )]
    Damaged {
        /// The table's name.
        table: String,
        /// Partition and sort key.
        item: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl LedgerError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Call {
                retryable: true,
                ..
            }
        )
    }
}

/// The claims of log streams.
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    /// The links of every claim that begins within `first..=last`, of the last one before that, and of the
    /// beginning when there is none before.
    async fn links(
        &self,
        stream: &StreamId,
        first: &EventId,
        last: &EventId,
    ) -> Result<Vec<Link>, LedgerError>;

    /// Stores a link, on condition that the stored one with its key says `seen` is next, or that none is stored when
    /// that is `None`. `false` when it is not so: somebody else was faster, or an earlier try of the same call did it.
    async fn put(
        &self,
        stream: &StreamId,
        link: &Link,
        seen: Option<&Claim>,
        now: Timestamp,
    ) -> Result<bool, LedgerError>;
}
