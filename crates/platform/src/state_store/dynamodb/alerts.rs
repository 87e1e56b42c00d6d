//! Records of alert groups, many at once.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::items::key;
use super::{AlertItem, DynamoDbStateStore, StateStoreError};
use crate::dynamodb::Item;

/// Keys of one call (Amazon DynamoDB API reference, `BatchGetItem`).
const KEYS_A_CALL: usize = 100;
/// Calls for the same keys, when the service leaves some of them out: what is left then is given up for this run.
const CALLS: u32 = 6;
/// Before the second call for the same keys; it doubles with each (Amazon DynamoDB API reference, `BatchGetItem`).
const PAUSE: Duration = Duration::from_millis(20);
const PREFIX: &str = "ALERT#";

pub(super) fn alert_key(fingerprint: &str) -> Item {
    key(format!("{PREFIX}{fingerprint}"), "STATE")
}

impl DynamoDbStateStore {
    pub(super) fn alert_of(
        &self,
        item: &Item,
        fingerprint: &str,
    ) -> Result<AlertItem, StateStoreError> {
        let version = u64::try_from(self.number_of(item, "version")?)
            .map_err(|_| self.damaged(item, "version"))?;
        Ok(AlertItem {
            fingerprint: fingerprint.to_owned(),
            version,
            body: self.text_of(item, "body")?,
        })
    }

    /// An answer holds at most 16 MB, so a call may leave keys out; they are asked for again a little later, each time fewer.
    pub(super) async fn read_alerts(
        &self,
        fingerprints: &[String],
    ) -> Result<Vec<AlertItem>, StateStoreError> {
        let mut found = Vec::new();
        for some in fingerprints.chunks(KEYS_A_CALL) {
            let mut keys: Vec<Item> = some.iter().map(|it| alert_key(it)).collect();
            for call in 0..CALLS {
                if keys.is_empty() {
                    break;
                }
                if call > 0 {
                    tokio::time::sleep(PAUSE * 2_u32.pow(call - 1)).await;
                }
                let (items, left) = self.batch(keys).await?;
                for item in items {
                    let pk = self.text_of(&item, "pk")?;
                    let fingerprint = pk.strip_prefix(PREFIX).unwrap_or(&pk);
                    found.push(self.alert_of(&item, fingerprint)?);
                }
                keys = left;
            }
            if !keys.is_empty() {
                return Err(StateStoreError::Call {
                    table: self.table.clone(),
                    operation: "BatchGetItem",
                    message: format!("{} of {} records were left out", keys.len(), some.len()),
                    retryable: true,
                });
            }
        }
        Ok(found)
    }

    /// One call: what it found, and the keys that it left out.
    async fn batch(&self, keys: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>), StateStoreError> {
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()
            .map_err(|error| self.unbuilt("BatchGetItem", &error))?;
        let answer = self
            .client
            .batch_get_item()
            .request_items(&self.table, asked)
            .send()
            .await
            .map_err(|error| self.failed("BatchGetItem", &error))?;
        let of_table = |tables: Option<HashMap<String, Vec<Item>>>| {
            tables.and_then(|mut tables| tables.remove(&self.table))
        };
        let left = answer
            .unprocessed_keys
            .and_then(|mut tables| tables.remove(&self.table));
        Ok((
            of_table(answer.responses).unwrap_or_default(),
            left.map_or_else(Vec::new, |left| left.keys),
        ))
    }
}
