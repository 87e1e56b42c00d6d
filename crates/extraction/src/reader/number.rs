//! JSON numbers, read where they stand. What is read is correctly rounded: exactly what `str::parse` gives.

use super::scan::{Chunk, at, digits, padded};

/// A number and where it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    /// Finite; negative zero is zero.
    pub(super) value: f64,
    /// The place behind it.
    pub(super) end: usize,
}

/// Powers of ten that a double holds exactly.
const TENS: [f64; 8] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
/// The same as integers.
const WHOLE_TENS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The value of eight ASCII digits, the first in the lowest byte (Langdale and Lemire, "Parsing gigabytes of JSON per
/// second", VLDB Journal 28, 2019, section 3.1.2: three multiplications).
#[inline(always)]
fn eight(word: u64) -> u64 {
    let digits = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = digits.wrapping_mul(2561) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32
}

/// The value of the first `count` (1 to 8) of eight digits.
#[inline(always)]
fn first(word: u64, count: u32) -> u64 {
    // Zeros move in front; what is behind them is cut off.
    eight(word << (64 - 8 * count))
}

/// Reads the number that begins at `place`; `None` unless it is one as JSON has it, and finite.
#[inline(always)]
pub(super) fn number(text: &[u8], place: usize) -> Option<Number> {
    // Eight digits, a point, six digits and the byte behind them: what is longer, or near the end, is for the slow way.
    let Some(near) = text.get(place..).and_then(|rest| rest.first_chunk::<24>()) else {
        return any(text, place);
    };
    let mask = digits(chunk_of(near));
    let whole = mask.trailing_ones();
    if whole == 0 || (whole > 1 && near[0] == b'0') {
        return any(text, place);
    }
    let end = whole as usize;
    if whole > 8 {
        return long(near, whole).map_or_else(
            || any(text, place),
            |value| {
                Some(Number {
                    value,
                    end: place + end,
                })
            },
        );
    }
    let integer = first(word(near, 0), whole);
    match near[end & 15] {
        b'.' => {
            let fraction = (mask >> (whole + 1)).trailing_ones();
            let after = end + 1 + fraction as usize;
            if !(1..=6).contains(&fraction) || near[after & 15] | 0x20 == b'e' {
                return any(text, place);
            }
            let digits =
                integer * WHOLE_TENS[fraction as usize & 7] + first(word(near, end + 1), fraction);
            Some(Number {
                // At most 14 digits, and a power of ten that is exact: one rounding, so the right one (Clinger, "How
                // to read floating point numbers accurately", PLDI 1990).
                #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                value: digits as f64 / TENS[fraction as usize & 7],
                end: place + after,
            })
        }
        b'e' | b'E' => any(text, place),
        _ => Some(Number {
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            value: integer as f64,
            end: place + end,
        }),
    }
}

/// The value of the integer of `len` digits that begins at `place`; `None` when there is none, or one of another length.
#[inline(always)]
pub(super) fn integer(text: &[u8], place: usize, len: usize) -> Option<f64> {
    let near = text.get(place..)?.first_chunk::<24>()?;
    if !(1..=15).contains(&len) {
        return None;
    }
    let mask = digits(chunk_of(near));
    if mask & (0xffff >> (15 - len)) != (1 << len) - 1
        || matches!(near[len & 15], b'.' | b'e' | b'E')
    {
        return None;
    }
    if near[0] == b'0' && len > 1 {
        return None;
    }
    let count = len as u32;
    if len > 8 {
        return long(near, count);
    }
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    Some(first(word(near, 0), count) as f64)
}

/// An integer of 9 to 15 digits, a timestamp mostly; `None` when it is longer or goes on.
#[inline(always)]
fn long(near: &[u8; 24], whole: u32) -> Option<f64> {
    if whole > 15 || matches!(near[whole as usize & 15], b'.' | b'e' | b'E') {
        return None;
    }
    let digits = eight(word(near, 0)) * WHOLE_TENS[(whole - 8) as usize & 7]
        + first(word(near, 8), whole - 8);
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    Some(digits as f64)
}

/// The first sixteen of them.
#[inline(always)]
fn chunk_of(near: &[u8; 24]) -> &Chunk {
    // There are as many.
    near.first_chunk().unwrap_or(&[0; 16])
}

/// Eight of them, from the `from`-th on, which is at most the sixteenth.
#[inline(always)]
fn word(near: &[u8; 24], from: usize) -> u64 {
    let from = from & 15;
    near[from..from + 8]
        .try_into()
        .map_or(0, u64::from_le_bytes)
}

/// Any other number: negative ones, long ones, those with an exponent, and what is none.
#[cold]
fn any(text: &[u8], place: usize) -> Option<Number> {
    let run = |from: usize| {
        let mut end = from;
        while at(text, end).is_ascii_digit() {
            end += 1;
        }
        (end > from).then_some(end)
    };
    let start = place + usize::from(at(text, place) == b'-');
    let mut end = if at(text, start) == b'0' {
        start + 1
    } else {
        run(start)?
    };
    if at(text, end) == b'.' {
        end = run(end + 1)?;
    }
    if matches!(at(text, end), b'e' | b'E') {
        end = run(end + 1 + usize::from(matches!(at(text, end + 1), b'+' | b'-')))?;
    }
    let value: f64 = std::str::from_utf8(text.get(place..end)?)
        .ok()?
        .parse()
        .ok()?;
    value.is_finite().then_some(Number {
        value: value + 0.0,
        end,
    })
}

/// Thirteen digits, as milliseconds have them from 2001 to 2286, followed by something else.
#[inline(always)]
pub(super) fn millis(text: &[u8], place: usize) -> Option<i64> {
    let chunk = padded(text, place);
    if digits(&chunk) & 0x3fff != 0x1fff || chunk[0] == b'0' {
        return None;
    }
    let both = u128::from_le_bytes(chunk);
    #[expect(clippy::cast_possible_truncation, reason = "eight bytes each")]
    let (head, tail) = (both as u64, (both >> 64) as u64);
    Some((eight(head) * 100_000 + first(tail, 5)).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn same(text: &str, behind: &str) -> Result<(), TestCaseError> {
        let all = format!("{text}{behind}");
        let read = number(all.as_bytes(), 0);
        let json = serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
        let expected = text
            .parse::<f64>()
            .ok()
            .filter(|value| json && value.is_finite())
            .map(|value| value + 0.0);
        match (read, expected) {
            (Some(read), Some(expected)) => {
                prop_assert_eq!(read.value.to_bits(), expected.to_bits(), "{}", all);
                prop_assert_eq!(read.end, text.len(), "{}", all);
            }
            // What is no number may begin with one.
            (Some(read), None) => prop_assert!(
                read.end < text.len() && text[..read.end].parse::<f64>().is_ok(),
                "{}",
                all
            ),
            (None, expected) => prop_assert!(expected.is_none(), "{}", all),
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_rust_reads_them(
            text in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            behind in prop_oneof![Just(""), Just(","), Just("}x"), Just(",123456789012345678901234567890")],
        ) { same(&text, behind)?; }

        #[test]
        fn short_ones_too(whole in prop_oneof![0_u64..200_000_000, 0_u64..10_000_000_000_000_000], fraction in 0_u32..12, digits in 0_u64..1_000_000_000) {
            let text = if fraction == 0 { whole.to_string() } else { format!("{whole}.{:0width$}", digits % 10_u64.pow(fraction.min(9)), width = fraction as usize) };
            same(&text, ",")?;
        }

        #[test]
        fn what_is_no_number_is_none(text in "[-+.eE0-9]{1,12}") { same(&text, "}")?; }

        #[test]
        fn milliseconds_are_thirteen_digits(text in "[0-9]{11,15}", behind in "[,}x]") {
            let expected = (text.len() == 13 && !text.starts_with('0')).then(|| text.parse().unwrap());
            prop_assert_eq!(millis(format!("{text}{behind}").as_bytes(), 0), expected);
        }
    }

    #[test]
    fn odd_numbers() {
        for text in [
            "-0",
            "-0.0",
            "1e400",
            "032",
            ".5",
            "5.",
            "-",
            "1.5e-3",
            "123456789012345678",
            "19.740000000000003",
            "0",
            "00",
            "1e5",
            "1.797e308",
        ] {
            same(text, "}").unwrap();
        }
    }
}
