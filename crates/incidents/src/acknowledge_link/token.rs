//! What a link carries: which incident, until when, and the proof that it was written here.
//!
//! ```text
//! v1.<incident>.<fingerprint>.<end>.<mac>
//!    26          16            1-12  64     characters
//! ```
//! The incident in Crockford's base 32, the group's fingerprint in hexadecimal digits, the end in seconds since 1970,
//! and HMAC-SHA256 (RFC 2104) over all before the last dot. All of it is in the message anyway except the MAC, so
//! nothing is hidden. Every token has one spelling: capitals, leading zeros or padding make it another text, which was
//! not signed.

use std::fmt;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};

use super::{Key, Keys};
use crate::fingerprint::hex;
use crate::{Fingerprint, Incident, IncidentId, Record};

/// The longest token: 2 + 26 + 16 + 12 + 64 characters and 4 dots.
pub const TOKEN_CHARS: usize = 124;

const VERSION: &str = "v1";

/// A signed token. It is all that an acknowledgement takes, so it does not appear in `Debug` and has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// An incident of which no token can be made: its stored record was edited by hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the incident id {incident:?} or its fingerprint {fingerprint:?} does not have the form that this build writes: the stored record was edited by hand; delete it to start the group afresh"
)]
pub struct Unsignable {
    /// The id found.
    pub incident: IncidentId,
    /// The fingerprint found.
    pub fingerprint: Fingerprint,
}

/// Why a link is refused. The first three are said without a look at what is stored, so they tell nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not the form of a token.
    #[error(
        "this link is incomplete or was changed on its way: open it in the message again, or copy all of it"
    )]
    Malformed,
    /// No key that is accepted has signed it.
    #[error(
        "this link was not signed here, or with a key that is no longer used: open the link in the newest message"
    )]
    Forged,
    /// It was ours, and it is too late.
    #[error(
        "this link ended at {}: open the link in the newest message",
        since.strftime("%Y-%m-%d %H:%M:%S UTC")
    )]
    Expired {
        /// The first instant at which it was refused.
        since: Timestamp,
    },
    /// It is ours, but the record is of another group, or holds another incident by now, or none.
    #[error(
        "this link is for an earlier incident than the alert's present one: open the link in the newest message"
    )]
    OtherIncident,
}

impl Token {
    /// Signs a token that is good before `expires`, in whole seconds; an instant before 1970 counts as 1970.
    ///
    /// Take `expires` from the transition's `at`, not from a clock, so that a message that is rendered again has the
    /// same bytes; and let it outlast the pause between two messages about the same incident.
    ///
    /// # Errors
    /// An id or a fingerprint that [`Token::verify`] would not read. None that this build minted is.
    pub fn sign(
        incident: &IncidentId,
        fingerprint: &Fingerprint,
        expires: Timestamp,
        key: &Key,
    ) -> Result<Self, Unsignable> {
        if !is_incident(incident.as_str()) || !is_hex(fingerprint.as_str(), 16) {
            return Err(Unsignable {
                incident: incident.clone(),
                fingerprint: fingerprint.clone(),
            });
        }
        let seconds = expires.as_second().max(0);
        let signed = format!("{VERSION}.{incident}.{fingerprint}.{seconds}");
        let mac = hex(&key.sign(&signed));
        Ok(Self(format!("{signed}.{mac}")))
    }

    /// Reads a token that came from anywhere. Pure: the same token may be verified as often as one likes.
    ///
    /// # Errors
    /// [`TokenError::Malformed`], [`TokenError::Forged`], [`TokenError::Expired`], in this order: nothing in a token is
    /// believed before its signature is. [`TokenError::OtherIncident`] comes from [`Claim::incident_in`].
    pub fn verify(text: &str, keys: &Keys, now: Timestamp) -> Result<Claim, TokenError> {
        let (signed, mac, claim) = read(text).ok_or(TokenError::Malformed)?;
        if !keys.have_signed(signed, &mac) {
            return Err(TokenError::Forged);
        }
        if now >= claim.expires {
            return Err(TokenError::Expired {
                since: claim.expires,
            });
        }
        Ok(claim)
    }

    /// The text: letters, digits and dots, at most [`TOKEN_CHARS`] characters. It goes into a link and into no log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = self.0.rsplit_once('.').map_or("", |(signed, _)| signed);
        write!(f, "Token({signed}..)")
    }
}

/// What a verified token is for. Only [`Token::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    incident: IncidentId,
    fingerprint: Fingerprint,
    expires: Timestamp,
}

impl Claim {
    /// The incident that may be acknowledged.
    #[must_use]
    pub fn incident(&self) -> &IncidentId {
        &self.incident
    }

    /// The group whose record to read.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The first instant at which the token is refused.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The incident, in the record that is stored under [`Claim::fingerprint`]. It may be over: see
    /// [`Record::is_open`]. Where nothing is stored, refuse with [`TokenError::OtherIncident`] too.
    ///
    /// # Errors
    /// [`TokenError::OtherIncident`]: the record of another group, or with another incident or none.
    pub fn incident_in<'a>(&self, record: &'a Record) -> Result<&'a Incident, TokenError> {
        record
            .incident
            .as_ref()
            .filter(|incident| {
                record.fingerprint == self.fingerprint && incident.id == self.incident
            })
            .ok_or(TokenError::OtherIncident)
    }
}

/// The signed text, its MAC and what it says; `None` if it does not have the form.
fn read(text: &str) -> Option<(&str, [u8; 32], Claim)> {
    // First, so that a hostile megabyte costs nothing.
    if text.len() > TOKEN_CHARS {
        return None;
    }
    let (signed, mac) = text.rsplit_once('.')?;
    let mut fields = signed.split('.');
    let version = fields.next().filter(|version| *version == VERSION);
    let (Some(_), Some(incident), Some(fingerprint), Some(end), None) = (
        version,
        fields.next(),
        fields.next(),
        fields.next(),
        fields.next(),
    ) else {
        return None;
    };
    let is_end = (1..=12).contains(&end.len()) && end.bytes().all(|c| c.is_ascii_digit());
    if !is_incident(incident) || !is_hex(fingerprint, 16) || !is_end {
        return None;
    }
    let claim = Claim {
        incident: stored(incident)?,
        fingerprint: stored(fingerprint)?,
        expires: Timestamp::from_second(end.parse().ok()?).ok()?,
    };
    Some((signed, bytes(mac)?, claim))
}

/// An id as the store would read it: text is all it is made of.
fn stored<T: DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(StrDeserializer::<Error>::new(text)).ok()
}

/// The digits that [`IncidentId::mint`] uses.
fn is_incident(text: &str) -> bool {
    let is_digit = |c: u8| c.is_ascii_digit() || (c.is_ascii_uppercase() && !b"ILOU".contains(&c));
    text.len() == 26 && text.bytes().all(is_digit)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|c| nibble(c).is_some())
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// 64 lower-case hexadecimal digits.
fn bytes(text: &str) -> Option<[u8; 32]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; 32] = pairs.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
