//! The file of an export: a name, a version, a checksum, and everything a detector needs to go on. Pure.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What every such file begins with.
const MAGIC: &[u8; 15] = b"outrider state\n";
/// What is behind the checksum; raised with every change of it.
const VERSION: u16 = 1;
const CHECKSUM: usize = 32;

/// A file that is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FileError {
    #[error("it is no state of outrider; give a file that `outrider state export` wrote")]
    NoState,
    #[error(
        "it has version {found}, and this build reads version {VERSION}; import it with the build that wrote it"
    )]
    Version { found: u16 },
    #[error("it is damaged: {0}; copy it again, or export it again")]
    Damaged(String),
}

/// Everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) shards: Vec<ShardState>,
    pub(super) minutes: Vec<MinuteOf>,
    pub(super) alerts: Vec<AlertOf>,
}

/// One shard: how far it came, and its state object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ShardState {
    pub(super) number: u16,
    /// Minutes since the epoch, as `decided`.
    pub(super) committed: i64,
    pub(super) decided: i64,
    pub(super) state: Vec<u8>,
}

/// What is stored of one minute and log group that the state has not learned yet, or that its hour is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MinuteOf {
    pub(super) log_group: String,
    pub(super) minute: i64,
    /// The newest version that was heard.
    pub(super) version: Option<String>,
    /// Names of series and their rollups.
    pub(super) series: Vec<(String, Vec<u8>)>,
}

/// The record of one alert group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AlertOf {
    pub(super) fingerprint: String,
    pub(super) body: String,
}

impl Contents {
    /// Equal contents have equal bytes.
    pub(super) fn encode(&self) -> Result<Vec<u8>, FileError> {
        let body =
            postcard::to_stdvec(self).map_err(|error| FileError::Damaged(error.to_string()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&Sha256::digest(&body));
        bytes.extend(body);
        Ok(bytes)
    }

    /// Reads what [`Contents::encode`] wrote.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, FileError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(FileError::NoState)?;
        let short = || FileError::Damaged("it ends within its first line".to_owned());
        let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
        let found = u16::from_le_bytes(*version);
        if found != VERSION {
            return Err(FileError::Version { found });
        }
        let (checksum, body) = rest.split_first_chunk::<CHECKSUM>().ok_or_else(short)?;
        if Sha256::digest(body).as_slice() != checksum {
            return Err(FileError::Damaged("its checksum is another one".to_owned()));
        }
        postcard::from_bytes(body).map_err(|error| FileError::Damaged(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
