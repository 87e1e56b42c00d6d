//! Names for new things, derived from the request they come from.
//!
//! Lambda gives every request an id that is unique, and gives the same id to a repetition of the same invocation.
//! A name derived from it is therefore unique, and the same again when the same work is done again; and a simulated
//! run with given request ids is the same each time.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use platform::logging::redaction::redact;
use sha2::{Digest, Sha256};

/// Longest correlation id that is taken over.
const LONGEST_CORRELATION_ID: usize = 128;

/// An RFC 9562 UUID of version 8 (custom): the first 122 bits of SHA-256 over the request's id and the purpose.
#[must_use]
pub fn derived(request_id: &str, purpose: &str) -> String {
    let hash = Sha256::new()
        .chain_update(request_id)
        .chain_update([0])
        .chain_update(purpose)
        .finalize();
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// SHA-256 over the parts, each ended, as lower-case hexadecimal.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> String {
    let hash = parts.iter().fold(Sha256::new(), |hash, part| {
        hash.chain_update(part.len().to_be_bytes())
            .chain_update(part)
    });
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the text has the shape of a UUID, of whatever version.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Whether a client's id may be taken over: 1 to 128 bytes of few characters, and nothing that looks like a secret or an
/// identity. It goes into metric documents, which no redaction touches.
#[must_use]
pub fn is_correlation_id(text: &str) -> bool {
    let harmless = |text| matches!(redact(text), std::borrow::Cow::Borrowed(_));
    (1..=LONGEST_CORRELATION_ID).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:/+=-".contains(&byte))
        && harmless(text)
}

/// A request id where no platform gives one: a plain HTTP server, a test. Unique in the process by its counter and
/// between processes by the seed of the standard hasher.
#[must_use]
pub fn fresh() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(COUNTER.fetch_add(1, Ordering::Relaxed));
    derived(
        &format!(
            "{:016x}-{}",
            hasher.finish(),
            COUNTER.load(Ordering::Relaxed)
        ),
        "request",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_depends_on_the_request_and_the_purpose_and_on_nothing_else() {
        let id = derived("r-1", "car");
        assert_eq!(id, derived("r-1", "car"));
        assert_ne!(id, derived("r-1", "event"));
        assert_ne!(id, derived("r-2", "car"));
        assert_eq!(
            (id.len(), &id[14..15]),
            (36, "8"),
            "{id} is a UUID of version 8"
        );
        assert_ne!(fresh(), fresh());
    }

    #[test]
    fn a_digest_knows_where_its_parts_end() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
