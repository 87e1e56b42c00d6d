//! Members of an object that are looked for under many names: found in one pass over it.

use signals::emf::{Object, Raw};

/// Names, 64 at most, and which of them have so many bytes and begin with this one.
pub(super) struct Names<const N: usize> {
    names: [&'static str; N],
    lengths: [u64; 32],
    firsts: [u64; 128],
}

impl<const N: usize> Names<N> {
    /// Of the lists one behind the other; their names are ASCII of 1 to 31 bytes.
    pub(super) const fn new(lists: &[&[&'static str]]) -> Self {
        assert!(N <= 64);
        let mut all = Self {
            names: [""; N],
            lengths: [0; 32],
            firsts: [0; 128],
        };
        let (mut list, mut count) = (0, 0);
        while list < lists.len() {
            let mut at = 0;
            while at < lists[list].len() {
                let name = lists[list][at];
                all.names[count] = name;
                all.lengths[name.len()] |= 1 << count;
                all.firsts[name.as_bytes()[0] as usize] |= 1 << count;
                count += 1;
                at += 1;
            }
            list += 1;
        }
        assert!(count == N);
        all
    }

    /// The members of an object that have these names, in the names' order. Of equal ones the last.
    pub(super) fn find<'a>(&self, object: &Object<'a>) -> [Option<Raw<'a>>; N] {
        let mut found = [None; N];
        for (name, value) in object.members() {
            let first = name.as_bytes().first().map_or(0, |byte| usize::from(*byte));
            let first = self.firsts.get(first).copied().unwrap_or(0);
            let mut may = first & self.lengths.get(name.len()).copied().unwrap_or(0);
            while may != 0 {
                let at = may.trailing_zeros() as usize;
                if self.names[at] == name {
                    found[at] = Some(value);
                }
                may &= may - 1;
            }
        }
        found
    }
}
