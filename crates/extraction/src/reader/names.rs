//! Names that are looked for, found by their first eight bytes and their length: one probe for nearly every name that is
//! none of them.

use super::template::MAX_SLOTS;

/// Names that are looked for.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<(u64, Box<[u8]>)>,
    table: [u8; 256],
}

/// A name's first eight bytes, NUL behind its end.
#[inline(always)]
pub(super) fn first_word(text: &[u8], start: usize, len: usize) -> u64 {
    let word = text
        .get(start..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |word| u64::from_le_bytes(*word));
    if len >= 8 {
        word
    } else {
        word & ((1 << (8 * len)) - 1)
    }
}

fn place_of(word: u64, len: usize) -> usize {
    ((word ^ len as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

impl Default for Names {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            table: [0; 256],
        }
    }
}

impl Names {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// `None` when there are too many.
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut all = Self::default();
        for name in names {
            let mut padded = name.to_vec();
            padded.resize(name.len().max(8), 0);
            let word = first_word(&padded, 0, name.len());
            if all.find(word, name).is_some() {
                return None;
            }
            let mut at = place_of(word, name.len());
            while all.table[at] != 0 {
                at = (at + 1) & 255;
            }
            all.names.push((word, name.into()));
            if all.names.len() > MAX_SLOTS {
                return None;
            }
            all.table[at] = u8::try_from(all.names.len()).ok()?;
        }
        Some(all)
    }

    #[inline(always)]
    pub(super) fn find(&self, word: u64, name: &[u8]) -> Option<usize> {
        let mut at = place_of(word, name.len());
        loop {
            let number = usize::from(self.table[at & 255]).checked_sub(1)?;
            let (known, text) = &self.names[number];
            if *known == word && text.len() == name.len() && (name.len() <= 8 || **text == *name) {
                return Some(number);
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_found_by_its_number_and_no_other_is() {
        let all = [
            "a",
            "ab",
            "service",
            "services",
            "services2",
            "services3",
            "é",
            "",
        ];
        let names = Names::new(all.iter().map(|name| name.as_bytes())).unwrap();
        let find = |name: &str| {
            let text = format!("{name}\\\":1,and more");
            names.find(first_word(text.as_bytes(), 0, name.len()), name.as_bytes())
        };
        for (number, name) in all.iter().enumerate() {
            assert_eq!(find(name), Some(number), "{name}");
        }
        for name in ["b", "servic", "services4", "service2", "abc"] {
            assert_eq!(find(name), None, "{name}");
        }
        assert!(
            Names::new([&b"a"[..], b"a"]).is_none(),
            "a name that is there twice"
        );
    }
}
