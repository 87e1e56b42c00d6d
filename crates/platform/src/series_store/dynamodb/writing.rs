//! Items by the dozen: BatchWriteItem, which may leave out what the table has no capacity for.

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};

use super::{DynamoDbSeriesStore, SeriesStoreError};
use crate::deadline::Deadline;
use crate::dynamodb::Item;

/// Puts of one BatchWriteItem (Amazon DynamoDB API reference). With parts of 350 KB that is below its 16 MB.
pub(super) const PUTS: usize = 25;

impl DynamoDbSeriesStore {
    /// [`DynamoDbSeriesStore::write_until`] without a deadline: what is left out is tried a few times.
    pub(super) async fn write(&self, writes: Vec<Vec<Item>>) -> Result<u64, SeriesStoreError> {
        self.write_until(writes, &Deadline::default()).await
    }

    /// Writes the items of several writes: first all further parts, then all parts 0, which make them count.
    pub(super) async fn write_until(
        &self,
        writes: Vec<Vec<Item>>,
        deadline: &Deadline,
    ) -> Result<u64, SeriesStoreError> {
        let mut first = Vec::with_capacity(writes.len());
        let mut further = Vec::new();
        for mut items in writes {
            further.extend(items.drain(1.min(items.len())..));
            first.extend(items);
        }
        let of = first.len() + further.len();
        let mut done = 0;
        for phase in [further, first] {
            let mut phase = phase.into_iter().peekable();
            while phase.peek().is_some() {
                let chunk: Vec<_> = phase.by_ref().take(PUTS).collect();
                let len = chunk.len();
                self.put_all(chunk, (done, of), deadline).await?;
                done += len;
            }
        }
        Ok(of as u64)
    }

    /// Puts at most [`PUTS`] items; `done` of `of` items were written before.
    async fn put_all(
        &self,
        items: Vec<Item>,
        (done, of): (usize, usize),
        deadline: &Deadline,
    ) -> Result<(), SeriesStoreError> {
        let len = items.len();
        let mut waiting: Vec<_> = items
            .into_iter()
            .map(|item| {
                // `item` is the one required member of a PutRequest, so this has no error to report.
                let put = PutRequest::builder().set_item(Some(item)).build().ok();
                WriteRequest::builder().set_put_request(put).build()
            })
            .collect();
        let mut attempts = 0;
        loop {
            let answer = self
                .client
                .batch_write_item()
                .request_items(&self.table, waiting.clone())
                .send()
                .await;
            attempts += 1;
            let answer = match answer {
                Ok(answer) => answer,
                // All of it was refused. Whoever has a deadline has time for more than the SDK's own attempts.
                Err(error) => {
                    let error = self.failed("BatchWriteItem", &error);
                    let wait = error.is_retryable() && !deadline.is_never();
                    if wait && deadline.again(attempts).await {
                        continue;
                    }
                    return Err(error);
                }
            };
            waiting = answer
                .unprocessed_items
                .unwrap_or_default()
                .remove(&self.table)
                .unwrap_or_default();
            if waiting.is_empty() {
                return Ok(());
            }
            tracing::debug!(table = %self.table, left = waiting.len(), attempts, "items were left out, trying again");
            if !deadline.again(attempts).await {
                return Err(SeriesStoreError::Unwritten {
                    table: self.table.clone(),
                    left: of - done - (len - waiting.len()),
                    of,
                    attempts,
                });
            }
        }
    }
}
