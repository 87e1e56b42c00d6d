//! All series of one batch in one minute, as the bytes of one or more stored items.
//!
//! `DynamoDB` bills by the kilobyte and a series takes about 300 bytes, so an item a series would cost several
//! times as much. An item holds at most 400 KB (Amazon `DynamoDB` service quotas); parts are cut well below it.

use std::collections::BTreeMap;

use crate::varint::{Reader, put};
use crate::{DecodeError, Rollup, SeriesKey};

/// Where a part ends: 350 KB leaves room for the item's keys and attributes under `DynamoDB`'s 400 KB.
pub const PART_BYTES: usize = 350 * 1024;
const VERSION: u8 = 1;
const WHAT: &str = "packed rollups";

/// The bytes of `series`, in parts of at most `part_bytes` (one series larger than that gets a part alone).
/// Deterministic: the same series give the same parts.
#[must_use]
pub fn pack(series: &BTreeMap<SeriesKey, Rollup>, part_bytes: usize) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut part = vec![VERSION];
    let mut bytes = Vec::new();
    for (key, rollup) in series {
        let mut entry = Vec::new();
        let name = key.to_string();
        put(&mut entry, name.len() as u64);
        entry.extend_from_slice(name.as_bytes());
        bytes.clear();
        rollup.encode(&mut bytes);
        put(&mut entry, bytes.len() as u64);
        entry.extend_from_slice(&bytes);
        if part.len() > 1 && part.len() + entry.len() > part_bytes {
            parts.push(std::mem::replace(&mut part, vec![VERSION]));
        }
        part.extend_from_slice(&entry);
    }
    if part.len() > 1 {
        parts.push(part);
    }
    parts
}

/// Merges one part into `series`.
///
/// # Errors
/// Bytes that are truncated, of another version, or damaged; `series` may then hold the part's first entries.
pub fn merge_into(
    series: &mut BTreeMap<SeriesKey, Rollup>,
    part: &[u8],
) -> Result<(), DecodeError> {
    let mut reader = Reader::new(WHAT, part);
    reader.version(VERSION)?;
    while reader.end().is_err() {
        let len = reader.length("series name length")?;
        let name = reader.bytes("series name", len)?;
        let name = std::str::from_utf8(name).map_err(|error| reader.damaged(error.to_string()))?;
        let key: SeriesKey = name
            .parse()
            .map_err(|error| reader.damaged(format!("{error}")))?;
        let len = reader.length("rollup length")?;
        let rollup = Rollup::decode(reader.bytes("rollup", len)?)?;
        series.entry(key).or_default().merge(&rollup);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LambdaSignal;

    fn many(count: u32) -> BTreeMap<SeriesKey, Rollup> {
        (0..count)
            .map(|i| {
                (
                    SeriesKey::lambda(&format!("function-{i}"), LambdaSignal::DurationMs),
                    Rollup::of(f64::from(i)),
                )
            })
            .collect()
    }

    #[test]
    fn parts_stay_below_their_size_and_merge_back_to_the_whole() {
        let series = many(200);
        let parts = pack(&series, 1_000);
        assert!(parts.len() > 5, "{} parts", parts.len());
        assert!(parts.iter().all(|part| part.len() <= 1_000));
        let mut merged = BTreeMap::new();
        for part in parts.iter().rev() {
            merge_into(&mut merged, part).unwrap();
        }
        assert_eq!(merged, series);
    }

    #[test]
    fn nothing_packs_to_nothing() {
        assert!(pack(&BTreeMap::new(), PART_BYTES).is_empty());
    }

    #[test]
    fn a_truncated_part_says_what_is_missing() {
        let part = pack(&many(1), PART_BYTES).remove(0);
        for len in 0..part.len() {
            let found = merge_into(&mut BTreeMap::new(), &part[..len]);
            assert!(
                found.is_err() || len == 1,
                "{len} of {} bytes were accepted",
                part.len()
            );
        }
    }
}
