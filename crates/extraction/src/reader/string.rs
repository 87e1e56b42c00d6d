//! Strings inside JSON that is itself a string: `\"` is the quotation mark, `\\` the backslash.
//!
//! Nothing is unescaped. What is accepted is exactly what both layers of JSON accept, but for escapes of the outer
//! layer that stand for ordinary characters (`\u00e9`, `\/`): those are for the last tier.

use super::scan::{LANES, at, next_special, special_two};

/// Where a string ends, and whether there were escapes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The place of the `\"` behind it.
    pub(super) at: usize,
    /// Its characters are not its bytes.
    pub(super) escaped: bool,
}

/// The end of the string whose first character is at `place`; `None` when it is none, or odd.
#[inline(always)]
pub(super) fn end(text: &[u8], place: usize) -> Option<End> {
    let found = next_special(text, place);
    if at(text, found) == b'\\' && at(text, found + 1) == b'"' {
        return Some(End {
            at: found,
            escaped: false,
        });
    }
    escaped_end(text, found)
}

/// Whether the first special character from `place` on stands `len` bytes behind it.
#[inline(always)]
pub(super) fn is_plain(text: &[u8], mut place: usize, mut len: usize) -> bool {
    while len >= 2 * LANES {
        match special_two(text, place) {
            Some(0) => {}
            _ => return false,
        }
        place += 2 * LANES;
        len -= 2 * LANES;
        if place > text.len() {
            return false;
        }
    }
    special_two(text, place).is_some_and(|mask| mask & (u32::MAX >> (31 - len)) == 1 << len)
}

/// The same, from a place that is special and not the end.
#[cold]
fn escaped_end(text: &[u8], mut place: usize) -> Option<End> {
    let mut escaped = false;
    loop {
        match (at(text, place), at(text, place + 1)) {
            (b'\\', b'"') => return Some(End { at: place, escaped }),
            (b'\\', b'\\') => {}
            _ => return None,
        }
        escaped = true;
        place += match at(text, place + 2) {
            b'\\' if matches!(at(text, place + 3), b'\\' | b'"') => 4,
            b'b' | b'f' | b'n' | b'r' | b't' | b'/' => 3,
            b'u' if (3..7).all(|digit| at(text, place + digit).is_ascii_hexdigit()) => 7,
            _ => return None,
        };
        place = next_special(text, place);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ends_and_escapes() {
        for (text, expected) in [
            (r#"abc\""#, Some((3, false))),
            (r#"\""#, Some((0, false))),
            (r#"a\\\"b\""#, Some((6, true))),
            (r#"a\\\\\""#, Some((5, true))),
            (r#"a\\nb\\u00e9\""#, Some((12, true))),
            (r#"a\\ud800\""#, Some((8, true))),
            (r#"a\\u00g9\""#, None),
            (r#"a\\x\""#, None),
            (r#"a\nb\""#, None),
            (r#"a\u00e9\""#, None),
            (r#"a\/\""#, None),
            (r#"a""#, None),
            ("a\nb\\\"", None),
            ("a", None),
        ] {
            assert_eq!(
                end(text.as_bytes(), 0).map(|end| (end.at, end.escaped)),
                expected,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_a_string_in_a_string(text in r#"([a-e]|\\|"|n|u00e9|\n| ){0,24}"#) {
            let all = format!("\\\"{text}");
            if let Some(end) = end(all.as_bytes(), 2) {
                let outer = format!("\"{}\"", &all[..end.at + 2]);
                let inner: String = serde_json::from_str(&outer).unwrap();
                let value: &serde_json::value::RawValue = serde_json::from_str(&inner).unwrap();
                prop_assert_eq!(value.get(), &inner);
                prop_assert_eq!(end.escaped, all[2..end.at].contains('\\'));
            }
        }
    }
}
