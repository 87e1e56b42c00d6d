//! The items of the series table.
//!
//! | item | pk | sk | expires after |
//! |---|---|---|---|
//! | what a batch says of a minute | `g#<log group>` | `m#<minute>#<batch>#<part>` | 15 days |
//! | a sealed minute | `g#<log group>` | `s#<minute>#<part>` | 35 days |
//! | a sealed hour | `g#<log group>` | `h#<first minute>#<part>` | 13 months |
//! | the registry of series | `g#<log group>` | `registry#<part>` | 13 months |
//! | a mark of late data | `g#<log group>` | `late#…`, see `dynamodb/late.rs` | 15 days |
//!
//! An item's rollups are in `data`. Every part also carries `content`, a digest of all parts of its write:
//! part 0 says which write counts, and parts with another digest are left over from an earlier write of the
//! same batch by another build, which may have had more parts. Part 0 is written last, so until a batch is
//! there as a whole it is not there at all.
//!
//! An item of a batch carries `version` ("42") when all its log events come from one published version of a
//! function. Items from before that, of `$LATEST`, and of what is no function's log have none.
//!
//! Expiry counts from the minute and not from the wall clock: a replay of last week's batch writes the very
//! same item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use signals::{Minute, Rollup, SeriesKey, packed};

use super::{BatchId, RAW_DAYS, Version};
use crate::dynamodb::Item;

/// Five weeks: the detector's seasonal baseline looks back four.
const SEALED_DAYS: i64 = 35;
/// Thirteen months: a report compares with the same month of last year.
const HOUR_DAYS: i64 = 396;
const MINUTES_A_DAY: i64 = 24 * 60;

/// An item holds 400 KB with its names and keys (Amazon DynamoDB service quotas); the partition key is at most
/// 2 KB, the sort key 1 KB, and the rest is below 1 KB.
const MAX_DATA: usize = (400 - 4) * 1024;

/// The attribute that names the version.
const VERSION: &str = "version";

/// The four kinds of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Raw,
    Sealed,
    Hour,
    Registry,
}

impl Kind {
    fn days(self) -> i64 {
        match self {
            Self::Raw => RAW_DAYS,
            Self::Sealed => SEALED_DAYS,
            Self::Hour | Self::Registry => HOUR_DAYS,
        }
    }

    /// What the sort keys of one write begin with.
    fn prefix(self, minute: Minute, batch: Option<&BatchId>) -> String {
        let batch = batch.map_or(String::new(), |batch| format!("#{}", batch.as_str()));
        match self {
            Self::Raw => format!("m#{minute}{batch}"),
            Self::Sealed => format!("s#{minute}"),
            Self::Hour => format!("h#{minute}"),
            Self::Registry => "registry".to_owned(),
        }
    }

    /// The first and the last sort key that a range can have: `$` is the character after `#`.
    pub(super) fn range(self, from: Minute, to: Minute) -> (String, String) {
        (
            format!("{}#", self.prefix(from, None)),
            format!("{}$", self.prefix(to, None)),
        )
    }
}

pub(super) fn partition(log_group: &str) -> AttributeValue {
    AttributeValue::S(format!("g#{log_group}"))
}

/// The items of one write and the number of series that no item can hold. The first item is part 0.
pub(super) fn items(
    kind: Kind,
    log_group: &str,
    minute: Minute,
    batch: Option<&BatchId>,
    version: Option<Version>,
    series: &BTreeMap<SeriesKey, Rollup>,
) -> (Vec<Item>, u64) {
    let mut parts = packed::pack(series, packed::PART_BYTES);
    let all = parts.len();
    // A part above the limit holds one series alone: `pack` starts a new part for whatever would overflow.
    parts.retain(|part| part.len() <= MAX_DATA);
    let too_large = (all - parts.len()) as u64;
    if parts.is_empty() && too_large == 0 {
        parts.push(Vec::new());
    }
    let content = BatchId::of(parts.iter().map(Vec::as_slice));
    let prefix = kind.prefix(minute, batch);
    let expires = minute.plus(kind.days() * MINUTES_A_DAY).start().as_second();
    let items = parts.into_iter().enumerate().map(|(number, part)| {
        let mut item = Item::from([
            ("pk".to_owned(), partition(log_group)),
            (
                "sk".to_owned(),
                AttributeValue::S(format!("{prefix}#{number:04}")),
            ),
            (
                "content".to_owned(),
                AttributeValue::S(content.as_str().to_owned()),
            ),
            ("expires".to_owned(), AttributeValue::N(expires.to_string())),
        ]);
        if !part.is_empty() {
            item.insert("data".to_owned(), AttributeValue::B(Blob::new(part)));
        }
        if let Some(version) = version {
            item.insert(VERSION.to_owned(), AttributeValue::S(version.to_string()));
        }
        item
    });
    (items.collect(), too_large)
}

/// A stored item, taken apart.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The sort key without its part number: what the parts of one write share.
    pub(super) write: &'a str,
    /// The part's number.
    pub(super) number: u32,
    /// The minute in the sort key; `None` for the registry.
    pub(super) minute: Option<Minute>,
    /// The digest of the write it belongs to.
    pub(super) content: &'a str,
    /// The version whose log events it is made of. What is no version there is as good as none: it says where
    /// data come from, and the data are whole without it.
    pub(super) version: Option<Version>,
    /// Its packed rollups; empty for a silent minute.
    pub(super) data: &'a [u8],
}

/// Takes an item apart, or says what is wrong with it.
pub(super) fn part(item: &Item) -> Result<Part<'_>, String> {
    let text = |name: &str| {
        item.get(name)
            .and_then(|value| value.as_s().ok())
            .ok_or_else(|| format!("attribute {name} is no string"))
    };
    let key = text("sk")?;
    let (write, number) = key
        .rsplit_once('#')
        .ok_or("its sort key has no part number")?;
    let number = number
        .parse()
        .map_err(|_| "its sort key has no part number".to_owned())?;
    let minute = match write.split('#').nth(1) {
        Some(minute) => Some(Minute::parse(minute).map_err(|error| error.to_string())?),
        None => None,
    };
    let data = match item.get("data") {
        Some(data) => data
            .as_b()
            .map_err(|_| "attribute data is not binary".to_owned())?
            .as_ref(),
        None => &[],
    };
    Ok(Part {
        write,
        number,
        minute,
        content: text("content")?,
        version: text(VERSION).ok().and_then(|text| Version::parse(text)),
        data,
    })
}
