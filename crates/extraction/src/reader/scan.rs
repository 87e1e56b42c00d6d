//! Sixteen bytes at a time. `wide` has them in one register, SSE2 on every x86-64 and NEON on every aarch64, without
//! `unsafe` here; elsewhere it is portable. The path is chosen when it is built.
//!
//! A mask has one bit a byte, the lowest for the first.

use wide::u8x16;

/// Bytes that are looked at together.
pub(super) const LANES: usize = 16;
/// As many bytes.
pub(super) type Chunk = [u8; LANES];

/// The bytes that end a piece of a JSON string: quotation marks, backslashes, control characters.
#[inline(always)]
pub(super) fn special(chunk: &Chunk) -> u32 {
    let lanes = u8x16::from(*chunk);
    let ends = lanes.simd_eq(u8x16::splat(b'"')) | lanes.simd_eq(u8x16::splat(b'\\'));
    (ends | at_most(lanes, 0x1f)).to_bitmask()
}

/// The bytes that are equal in both.
#[inline(always)]
pub(super) fn equal(one: &Chunk, other: &Chunk) -> u32 {
    u8x16::from(*one).simd_eq(u8x16::from(*other)).to_bitmask()
}

/// The bytes that are ASCII digits.
#[inline(always)]
pub(super) fn digits(chunk: &Chunk) -> u32 {
    at_most(u8x16::from(*chunk) - u8x16::splat(b'0'), 9).to_bitmask()
}

#[inline(always)]
fn at_most(lanes: u8x16, limit: u8) -> u8x16 {
    lanes.min(u8x16::splat(limit)).simd_eq(lanes)
}

/// The byte at a place; beyond the end it is NUL, which ends everything that is scanned here.
#[inline(always)]
pub(super) fn at(text: &[u8], place: usize) -> u8 {
    text.get(place).copied().unwrap_or(0)
}

/// The chunk that begins at a place, if the text goes on that far.
#[inline(always)]
pub(super) fn chunk(text: &[u8], place: usize) -> Option<&Chunk> {
    text.get(place..)?.first_chunk()
}

/// The chunk that begins at a place, with NUL for what lies beyond the end.
#[inline(always)]
pub(super) fn padded(text: &[u8], place: usize) -> Chunk {
    chunk(text, place)
        .copied()
        .unwrap_or_else(|| short(text, place))
}

#[cold]
fn short(text: &[u8], place: usize) -> Chunk {
    let mut chunk = [0; LANES];
    let rest = text.get(place..).unwrap_or_default();
    chunk
        .iter_mut()
        .zip(rest)
        .for_each(|(to, from)| *to = *from);
    chunk
}

/// The bytes that end a piece of a string, of the two chunks that begin at a place; `None` near the text's end.
#[inline(always)]
pub(super) fn special_two(text: &[u8], place: usize) -> Option<u32> {
    let both: &[u8; 2 * LANES] = text.get(place..)?.first_chunk()?;
    let (one, other) = both.split_at(LANES);
    let mask = |half: &[u8]| half.first_chunk().map_or(0, special);
    Some(mask(one) | mask(other) << LANES)
}

/// The first byte from `place` on that ends a piece of a string; the text's length when none does.
#[inline(always)]
pub(super) fn next_special(text: &[u8], mut place: usize) -> usize {
    // Two at once: most strings are longer than one, and few are longer than two.
    while let Some(mask) = special_two(text, place) {
        if mask != 0 {
            return place + mask.trailing_zeros() as usize;
        }
        place += 2 * LANES;
    }
    last_special(text, place)
}

#[cold]
fn last_special(text: &[u8], place: usize) -> usize {
    let rest = text.get(place..).unwrap_or_default();
    let ends = |byte: &u8| *byte < 0x20 || matches!(*byte, b'"' | b'\\');
    rest.iter()
        .position(ends)
        .map_or(text.len(), |at| place + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(chunk: &Chunk, is: impl Fn(u8) -> bool) -> u32 {
        (0..LANES)
            .filter(|lane| is(chunk[*lane]))
            .fold(0, |mask, lane| mask | 1 << lane)
    }

    fn byte() -> impl Strategy<Value = u8> {
        prop_oneof![
            any::<u8>(),
            Just(b'"'),
            Just(b'\\'),
            0x1e_u8..0x22,
            0x2e_u8..0x3b,
            Just(0x7f),
            Just(0x80)
        ]
    }

    proptest! {
        #[test]
        fn lanes_find_what_a_loop_finds(
            one in prop::array::uniform16(byte()),
            other in prop::array::uniform16(byte()),
            kept in any::<u16>(),
        ) {
            let mut near = other;
            for lane in 0..LANES {
                if kept >> lane & 1 == 1 { near[lane] = one[lane]; }
            }
            let expected = [
                naive(&one, |byte| byte < 0x20 || byte == b'"' || byte == b'\\'),
                (0..LANES).fold(0, |mask, lane| mask | u32::from(one[lane] == near[lane]) << lane),
                naive(&one, |byte| byte.is_ascii_digit()),
            ];
            prop_assert_eq!([special(&one), equal(&one, &near), digits(&one)], expected);
        }

        #[test]
        fn the_next_special_byte_is_found_wherever_it_is(
            text in prop::collection::vec(prop_oneof![9 => Just(b'x'), 1 => byte()], 0..80),
            from in 0_usize..90,
        ) {
            let expected = (from..text.len())
                .find(|place| text[*place] < 0x20 || matches!(text[*place], b'"' | b'\\'))
                .unwrap_or(text.len());
            prop_assert_eq!(next_special(&text, from), expected);
            prop_assert_eq!(padded(&text, from)[3], at(&text, from + 3));
        }
    }
}
