//! Acknowledging an incident by a signed link that ends, from a phone at 3 am: no login, one button.
//!
//! ```text
//! message ──link──▶ GET  <base>/acknowledge/<token>   shows what it is about; changes nothing
//!                   POST the same address, `by=Anna`  stores who took the incident on, if nobody had
//! ```
//! * **GET changes nothing**: mail scanners, link previews and prefetching browsers open every link of a message.
//!   Only the button of the page POSTs.
//! * **A token may be used again.** It is a capability, not a ticket: verifying it twice gives the same [`Claim`].
//!   POST is idempotent because the record decides: who is already in it was first and stays, and a second POST (a
//!   double tap, a reload, a retry of the network) is answered with [`page::already`]. The shell stores the name on
//!   condition that the record's `ver` is still the one it read, and reads again if it is not.
//! * An incident that came back is the same incident: its earlier links are good until they end.
//! * **Whoever has the link may acknowledge, and nothing else**: it reads or changes no other incident. The name is
//!   what the person typed; nobody has checked it.
//! * The POST carries its proof in its address, which another site does not know, so a form there cannot send it. Its
//!   `Origin` is `null`, because of the page's `Referrer-Policy`: do not ask for one.

pub mod page;
pub mod token;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use crate::{Acknowledgement, Record};
pub use token::{Claim, Token, TokenError, Unsignable};

/// The segment before the token in a link's path.
pub const PATH: &str = "acknowledge";
/// As many bytes as the hash has: RFC 2104, section 3, discourages shorter keys.
pub const KEY_BYTES: usize = 32;
/// How long a link is good, counted from its message: a night and the day after it. Reminders of a page come every four
/// hours unless somebody chose otherwise, each with a link of its own.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// The longest base of a link, in characters.
pub const BASE_CHARS: usize = 200;
/// The longest name of a person, in characters.
pub const BY_CHARS: usize = 80;

/// Says what a MAC is for, so that a text that the same key signed for another purpose is no token.
const PURPOSE: &[u8] = b"outrider acknowledge|";
/// Who acknowledged, where the field was left empty: a name is a courtesy, and 3 am is no time to insist.
const UNNAMED: &str = "somebody with the link";

/// The secret that signs links. It is never printed, compared or given back.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// A key that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key that signs acknowledgement links has {bytes} bytes: store at least {KEY_BYTES} random ones, for example from `openssl rand -hex 32`"
)]
pub struct ShortKey {
    /// How many bytes it has.
    pub bytes: usize,
}

impl Key {
    /// A key of at least [`KEY_BYTES`] random bytes. They are taken as they are: who signs and who verifies must both
    /// decode a stored text, or both not.
    ///
    /// # Errors
    /// Fewer bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, ShortKey> {
        let short = ShortKey { bytes: bytes.len() };
        if bytes.len() < KEY_BYTES {
            return Err(short);
        }
        // HMAC takes keys of any length, so only the check above ever refuses one.
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| short)
    }

    fn sign(&self, text: &str) -> [u8; 32] {
        self.over(text).finalize().into_bytes().into()
    }

    /// Compares in a time that does not depend on where two MACs differ (`CtOutput` of the `digest` crate).
    fn has_signed(&self, text: &str, mac: &[u8; 32]) -> bool {
        self.over(text).verify_slice(mac).is_ok()
    }

    fn over(&self, text: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update(PURPOSE).chain_update(text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The keys that a verifier accepts. To rotate: give verifiers the new key as `current` and the old one as `previous`,
/// then give signers the new one, and drop `previous` when the last link of the old key has ended. A key that leaked
/// must not become `previous`.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs new links.
    pub current: Key,
    /// Signed links that are still under way.
    pub previous: Option<Key>,
}

impl Keys {
    fn have_signed(&self, text: &str, mac: &[u8; 32]) -> bool {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .any(|key| key.has_signed(text, mac))
    }
}

impl From<Key> for Keys {
    fn from(current: Key) -> Self {
        Self {
            current,
            previous: None,
        }
    }
}

/// An address that links cannot begin with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the base of acknowledgement links {base:?} {problem}; set it to the responder's address, for example \"https://ack.example.com/prod\""
)]
pub struct InvalidBase {
    /// Its first [`BASE_CHARS`] characters; of a base with a password only what follows it.
    pub base: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Makes links: where they begin, and the key that signs them.
#[derive(Debug, Clone)]
pub struct Links {
    base: String,
    key: Key,
}

impl Links {
    /// Links that begin with `base`, the address at which the responder answers.
    ///
    /// # Errors
    /// A `base` that is not https (http only on 127.0.0.1, for a stack on one machine), is longer than [`BASE_CHARS`],
    /// or has more than a host, a port and a path of letters, digits, `-`, `.`, `_`, `~` and `/`.
    pub fn new(base: &str, key: Key) -> Result<Self, InvalidBase> {
        match problem_of(base) {
            Some(problem) => Err(InvalidBase {
                // Errors are logged, and what stands before @ may be a password.
                base: base
                    .rsplit('@')
                    .next()
                    .unwrap_or(base)
                    .chars()
                    .take(BASE_CHARS)
                    .collect(),
                problem,
            }),
            None => Ok(Self {
                base: base.trim_end_matches('/').to_owned(),
                key,
            }),
        }
    }

    /// The link of a message of `at` about the record's incident, good for [`LIFETIME`]; `None` without an incident.
    /// The same message has the same link, byte for byte.
    ///
    /// # Errors
    /// A record that was edited by hand.
    pub fn of(&self, record: &Record, at: Timestamp) -> Result<Option<String>, Unsignable> {
        let Some(incident) = &record.incident else {
            return Ok(None);
        };
        let end = at.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
        let token = Token::sign(&incident.id, &record.fingerprint, end, &self.key)?;
        Ok(Some(self.to(&token)))
    }

    /// `<base>/acknowledge/<token>`, at most 337 ASCII characters.
    ///
    /// The token is the last segment of the path, because that arrives unchanged. A fragment never reaches a server,
    /// and scanners that rewrite links drop it. A query loses `=` and the two hexadecimal digits behind it where a mail
    /// is decoded as quoted-printable once too often, its `&` becomes `&amp;`, and privacy filters cut parameters off.
    /// A path of letters, digits, `.` and `/` that ends in a digit or a letter needs no encoding anywhere, holds
    /// nothing that a chat reads as markup, and loses no last character to a mail client that takes it for the end of
    /// a sentence.
    ///
    /// The address is the proof: it belongs in messages to those on call, and in no log.
    fn to(&self, token: &Token) -> String {
        format!("{}/{PATH}/{}", self.base, token.as_str())
    }
}

fn problem_of(base: &str) -> Option<&'static str> {
    const NOT_HTTPS: &str = "does not begin with https:// (http:// is for 127.0.0.1 only)";
    if base.chars().count() > BASE_CHARS {
        return Some("is longer than 200 characters");
    }
    let (is_secure, rest) = match (base.strip_prefix("https://"), base.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return Some(NOT_HTTPS),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Some("has a user name or a password before @, which links must not carry");
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_name = |text: &str, others: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    // Names begin with a letter or a digit, which refuses an empty host too.
    if !host.starts_with(|c: char| c.is_ascii_alphanumeric()) || !is_name(host, "-.") {
        return Some("has no plain host name behind //");
    }
    if !is_secure && host != "127.0.0.1" {
        return Some(NOT_HTTPS);
    }
    let is_port = |port: &str| is_name(port, "") && port.parse::<u16>().is_ok_and(|port| port > 0);
    if port.is_some_and(|port| !is_port(port)) {
        return Some("has a port that is not 1 to 65535");
    }
    (!is_name(path, "-._~/")).then_some(
        "has a path with other characters than letters, digits, -, ., _, ~ and / (a query or a fragment would swallow the token)",
    )
}

/// The name of a person as typed: trimmed, 1 to [`BY_CHARS`] characters, none of them a control character. It proves
/// nothing about who typed it and may look like markup: pages and messages escape it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By(String);

/// A name that is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBy {
    /// Nothing to see in it.
    #[error("the name is empty: write the name that the team knows you by")]
    Empty,
    /// More than [`BY_CHARS`] characters.
    #[error("the name has {chars} characters: write at most {BY_CHARS}")]
    TooLong {
        /// How many it has.
        chars: usize,
    },
    /// A character that breaks or reorders lines, or cannot be seen.
    #[error(
        "the name has the control character U+{:04X} at position {position}: leave it out",
        u32::from(*found)
    )]
    Control {
        /// Which.
        found: char,
        /// Where, counted from 1.
        position: usize,
    },
}

impl By {
    /// A name.
    ///
    /// # Errors
    /// Empty, too long, or with control characters, which includes those that reorder or hide text (the joiners of
    /// Persian and Indian scripts and of emoji are letters here).
    pub fn new(typed: &str) -> Result<Self, InvalidBy> {
        let name = typed.trim();
        let is_joiner = |c| matches!(c, '\u{200c}' | '\u{200d}');
        if name.chars().all(is_joiner) {
            return Err(InvalidBy::Empty);
        }
        let chars = name.chars().count();
        if chars > BY_CHARS {
            return Err(InvalidBy::TooLong { chars });
        }
        let control = name.chars().zip(1..).find(|(c, _)| is_control(*c));
        if let Some((found, position)) = control {
            return Err(InvalidBy::Control { found, position });
        }
        Ok(Self(name.to_owned()))
    }

    /// What the page's optional field holds; left empty it stands for `somebody with the link`.
    ///
    /// # Errors
    /// Too long, or with control characters.
    pub fn from_form(typed: &str) -> Result<Self, InvalidBy> {
        match Self::new(typed) {
            Err(InvalidBy::Empty) => Ok(Self(UNNAMED.to_owned())),
            result => result,
        }
    }

    /// The name. Not escaped.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored in the record.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Acknowledgement {
        Acknowledgement { by: self.0, at }
    }
}

fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
pub(crate) mod tests;
