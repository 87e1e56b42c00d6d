//! The stored form of the item.

use super::{SCHEMA, Storm};

/// A stored item that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StormError {
    /// Written by another version of Outrider.
    #[error(
        "stored alert storm has schema {found}, this build reads {SCHEMA}: deploy the build that wrote it, or a newer one, here too"
    )]
    Schema {
        /// The schema found.
        found: u32,
    },
    /// Not the JSON of an alert storm.
    #[error(
        "stored alert storm is damaged: {0}; restore the item from a backup, or delete it: pages are then counted afresh, and what it held and had not said is in the chat only"
    )]
    Damaged(#[from] serde_json::Error),
}

impl StormError {
    /// Reading the same bytes again cannot help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl Storm {
    /// The JSON that is stored: below 400 KB, the limit of an item (Amazon `DynamoDB` developer guide, "Constraints").
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::wire::json(self)
    }

    /// Reads what [`Storm::to_json`] wrote.
    ///
    /// # Errors
    /// Another schema version, or JSON that is not an alert storm's.
    pub fn from_json(text: &str) -> Result<Self, StormError> {
        let found = crate::wire::schema(text)?;
        if found != SCHEMA {
            return Err(StormError::Schema { found });
        }
        Ok(serde_json::from_str(text)?)
    }
}
