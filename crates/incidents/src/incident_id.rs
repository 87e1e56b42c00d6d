//! The name of an incident: shaped like a ULID, but not random.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signals::Minute;

use crate::Fingerprint;

/// Crockford's base 32: no I, L, O or U, so it survives being read aloud at 3 am.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 26 characters that sort by the time the incident opened.
///
/// 48 bits are the milliseconds of the opening window, 80 bits come from `sha256("fingerprint|window")`. A ULID's
/// random part would be different when a crash replays the window; here the replay mints the same id, so the
/// second write meets the first instead of opening a second incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(String);

impl IncidentId {
    /// The id of the incident that `fingerprint` opens in `window`. Windows before 1970 count as 1970.
    #[must_use]
    pub fn mint(fingerprint: &Fingerprint, window: Minute) -> Self {
        let millis = u128::from(window.start_millis().max(0).unsigned_abs()) & ((1 << 48) - 1);
        let hash = Sha256::digest(format!("{fingerprint}|{window}").as_bytes());
        let low = hash
            .iter()
            .take(10)
            .fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let bits = (millis << 80) | low;
        // 26 digits of 5 bits hold 130 bits: the first digit only ever holds the top 3.
        let digit = |place: u32| char::from(DIGITS[((bits >> (5 * place)) & 31) as usize]);
        Self((0..26).rev().map(digit).collect())
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Direction, Group, Symptom};

    fn fingerprint(service: &str) -> Fingerprint {
        Group::new("prod", service, Symptom::Latency, Direction::High)
            .unwrap()
            .fingerprint()
    }

    #[test]
    fn a_replayed_window_mints_the_same_id() {
        let window = Minute::parse("2026-11-20T22:05:00Z").unwrap();
        let id = IncidentId::mint(&fingerprint("car-api"), window);
        assert_eq!(id, IncidentId::mint(&fingerprint("car-api"), window));
        assert_ne!(
            id,
            IncidentId::mint(&fingerprint("car-api"), window.plus(1))
        );
        assert_ne!(id, IncidentId::mint(&fingerprint("other"), window));
        // The time part is that of the ULID specification's own example of 48 bits in 10 digits.
        assert!(
            IncidentId::mint(&fingerprint("car-api"), Minute::from_index(0))
                .as_str()
                .starts_with("0000000000")
        );
    }

    proptest! {
        #[test]
        fn ids_sort_by_time_and_use_crockfords_digits(a in 0_i64..100_000_000, gap in 1_i64..100_000) {
            let (early, late) = (Minute::from_index(a), Minute::from_index(a + gap));
            let (first, second) =
                (IncidentId::mint(&fingerprint("x"), early), IncidentId::mint(&fingerprint("y"), late));
            prop_assert!(first < second);
            prop_assert!(first.as_str().len() == 26 && first.as_str().bytes().all(|c| DIGITS.contains(&c)));
        }

        #[test]
        fn no_window_panics(index in any::<i64>()) {
            prop_assert_eq!(IncidentId::mint(&fingerprint("x"), Minute::from_index(index)).as_str().len(), 26);
        }
    }
}
