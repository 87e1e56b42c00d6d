//! How notes are kept beside what the detector writes.

use super::items::{expiry, key, text};
use super::{DynamoDbStateStore, Note, Notes, StateStoreError};
use crate::dynamodb::Item;

/// Days that a note is there after it is over. Silences and verdicts are listed for the report of their week and the
/// one after; changes are looked up beside the incidents that `outrider incidents` lists, and for a quarter.
fn days(notes: Notes) -> i64 {
    match notes {
        Notes::Silences | Notes::Verdicts => 35,
        Notes::Changes => 90,
    }
}

fn partition(notes: Notes) -> &'static str {
    match notes {
        Notes::Silences => "SILENCES",
        Notes::Verdicts => "VERDICTS",
        Notes::Changes => "CHANGES",
    }
}

impl DynamoDbStateStore {
    pub(super) async fn keep_note(&self, notes: Notes, note: &Note) -> Result<(), StateStoreError> {
        let mut item = key(partition(notes), &note.id);
        item.extend([
            ("body".to_owned(), text(&note.body)),
            ("expires".to_owned(), expiry(note.until, days(notes))),
        ]);
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failed("PutItem", &error))
    }

    pub(super) async fn notes(
        &self,
        notes: Notes,
    ) -> Result<Vec<(String, String)>, StateStoreError> {
        let items = self.query(partition(notes), " ", "~").await?;
        Ok(self.read_notes(&items))
    }

    /// One page: a limit of 1,000 and more may end at DynamoDB's 1 MB, and brings what is newest then too.
    pub(super) async fn newest_notes(
        &self,
        notes: Notes,
        from: &str,
        to: &str,
        limit: u16,
    ) -> Result<Vec<(String, String)>, StateStoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(partition(notes)))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
            .scan_index_forward(false)
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(|error| self.failed("Query", &error))?;
        Ok(self.read_notes(found.items()))
    }

    fn read_notes(&self, items: &[Item]) -> Vec<(String, String)> {
        let note = |item: &Item| -> Result<_, StateStoreError> {
            Ok((self.text_of(item, "sk")?, self.text_of(item, "body")?))
        };
        let warned = |error: &StateStoreError| tracing::warn!(%error, "a note is left out");
        let notes = items.iter().map(note);
        notes
            .filter_map(|note| note.inspect_err(warned).ok())
            .collect()
    }
}
