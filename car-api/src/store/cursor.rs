//! Where a page of a list ended, as an opaque text.
//!
//! It says what the next query needs and nothing of the table: a status and a car's key. It is validated like any
//! other input, because clients can and do make cursors up.

use serde::{Deserialize, Serialize};

use crate::car::{CarId, Status};

/// Version of the text. A cursor of another version is refused, and the client starts its list anew.
const VERSION: u8 = 1;
/// Longest text that can be a cursor: a key of 64 bytes, two statuses and their names in base64.
const LONGEST: usize = 256;

/// The last car of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The filter of the list that it belongs to.
    pub filter: Option<Status>,
    /// The status of that car.
    pub status: Status,
    /// Its key.
    pub car_id: CarId,
}

/// The text is no cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCursor {
    /// It was made up, cut, or made by another version.
    #[error("cursor is not one that this service gave out; start the list again without it")]
    Unreadable,
    /// It belongs to a list with another filter.
    #[error(
        "cursor belongs to a list with another status filter; send the filter it was given out for"
    )]
    OtherFilter,
}

impl BadCursor {
    /// The same cursor is refused again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<String>,
    s: String,
    k: String,
}

impl Cursor {
    /// The opaque text: base64url of JSON.
    #[must_use]
    pub fn encode(&self) -> String {
        let wire = Wire {
            v: VERSION,
            f: self.filter.map(|status| status.as_str().to_owned()),
            s: self.status.as_str().to_owned(),
            k: self.car_id.as_str().to_owned(),
        };
        // A struct of strings and a number always becomes JSON.
        let json = serde_json::to_vec(&wire).unwrap_or_default();
        base64_simd::URL_SAFE_NO_PAD.encode_to_string(json)
    }

    /// # Errors
    /// A text that this service did not give out for a list with this filter.
    pub fn decode(text: &str, filter: Option<Status>) -> Result<Self, BadCursor> {
        let wire = Some(text)
            .filter(|text| text.len() <= LONGEST)
            .and_then(|text| base64_simd::URL_SAFE_NO_PAD.decode_to_vec(text).ok())
            .and_then(|json| serde_json::from_slice::<Wire>(&json).ok())
            .filter(|wire| wire.v == VERSION)
            .ok_or(BadCursor::Unreadable)?;
        let named = wire
            .f
            .map(|word| word.parse::<Status>())
            .transpose()
            .map_err(|_| BadCursor::Unreadable)?;
        let status: Status = wire.s.parse().map_err(|_| BadCursor::Unreadable)?;
        let car_id = wire.k.parse().map_err(|_| BadCursor::Unreadable)?;
        if named.is_some_and(|named| named != status) {
            return Err(BadCursor::Unreadable);
        }
        if named != filter {
            return Err(BadCursor::OtherFilter);
        }
        Ok(Self {
            filter,
            status,
            car_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(filter: Option<Status>) -> Cursor {
        Cursor {
            filter,
            status: Status::Rented,
            car_id: "c-1".parse().unwrap(),
        }
    }

    #[test]
    fn a_cursor_is_only_good_for_the_list_it_was_given_out_for() {
        let json = |text: &str| base64_simd::URL_SAFE_NO_PAD.encode_to_string(text);
        let filtered = cursor(Some(Status::Rented));
        let cases = [
            (
                "its own list",
                cursor(None).encode(),
                None,
                Ok(cursor(None)),
            ),
            (
                "its own filter",
                filtered.encode(),
                Some(Status::Rented),
                Ok(filtered.clone()),
            ),
            (
                "a list without its filter",
                filtered.encode(),
                None,
                Err(BadCursor::OtherFilter),
            ),
            (
                "another filter",
                filtered.encode(),
                Some(Status::Free),
                Err(BadCursor::OtherFilter),
            ),
            (
                "a filter it never had",
                cursor(None).encode(),
                Some(Status::Rented),
                Err(BadCursor::OtherFilter),
            ),
            (
                "no base64",
                "%%%".to_owned(),
                None,
                Err(BadCursor::Unreadable),
            ),
            ("no JSON", json("hello"), None, Err(BadCursor::Unreadable)),
            (
                "a newer version",
                json(r#"{"v":2,"s":"Rented","k":"c-1"}"#),
                None,
                Err(BadCursor::Unreadable),
            ),
            (
                "a key of another item",
                json(r#"{"v":1,"s":"Rented","k":"idempotency#1"}"#),
                None,
                Err(BadCursor::Unreadable),
            ),
            (
                "a status that is none",
                json(r#"{"v":1,"s":"Gone","k":"c-1"}"#),
                None,
                Err(BadCursor::Unreadable),
            ),
            (
                "a member too many",
                json(r#"{"v":1,"s":"Free","k":"c-1","x":1}"#),
                None,
                Err(BadCursor::Unreadable),
            ),
            (
                "a text without end",
                "A".repeat(100_000),
                None,
                Err(BadCursor::Unreadable),
            ),
        ];
        for (rule, text, filter, expected) in cases {
            assert_eq!(Cursor::decode(&text, filter), expected, "{rule}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(text in "\\PC{0,80}") {
            let _ = Cursor::decode(&text, None);
        }

        #[test]
        fn every_cursor_comes_back(id in "[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", at in 0_usize..7) {
            let cursor = Cursor { filter: None, status: Status::ALL[at], car_id: id.parse().unwrap() };
            prop_assert_eq!(Cursor::decode(&cursor.encode(), None), Ok(cursor));
        }
    }
}
