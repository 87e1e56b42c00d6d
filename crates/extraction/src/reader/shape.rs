//! The shape of a JSON document in its escaped form: where its scalars stand and what they are called. Slow, for
//! learning; no recursion, and an explicit limit of depth.

use super::number::number;
use super::scan::at;
use super::string;
use super::template::word;
use super::template::{Kind, MAX_SLOTS};

/// Containers inside each other.
const MAX_DEPTH: usize = 16;
/// Scalars that are looked at.
const MAX_SCALARS: usize = 512;

/// A scalar, or an array of numbers that is a member of the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar<'t> {
    /// Names from the root; elements of arrays are called by the empty name.
    pub(super) path: Vec<&'t [u8]>,
    /// First place of its characters: behind the quotation mark, behind the bracket.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

/// A document's scalars in their order, and where it ends. `None` for what is odd: escapes in names, duplicate members,
/// white space, depth.
pub(super) fn of(text: &[u8], place: usize) -> Option<(Vec<Scalar<'_>>, usize)> {
    let mut scalars = Vec::new();
    let mut path: Vec<&[u8]> = Vec::new();
    // Whether each open container is an object, and the names of its members so far.
    let mut open: Vec<(bool, Vec<&[u8]>)> = Vec::new();
    let mut p = place;
    loop {
        // A value begins at `p`.
        match at(text, p) {
            bracket @ (b'{' | b'[') => {
                let object = bracket == b'{';
                if let Some(end) = (!object && path.len() == 1)
                    .then(|| all_numbers(text, p + 1))
                    .flatten()
                {
                    scalars.push(Scalar {
                        path: path.clone(),
                        start: p + 1,
                        end,
                        kind: Kind::Numbers,
                    });
                    p = end + 1;
                } else if at(text, p + 1) == if object { b'}' } else { b']' } {
                    p += 2;
                } else {
                    if open.len() == MAX_DEPTH {
                        return None;
                    }
                    open.push((object, Vec::new()));
                    path.push(b"");
                    p = if object {
                        name(text, p + 1, &mut path, &mut open)?
                    } else {
                        p + 1
                    };
                    continue;
                }
            }
            b'\\' if at(text, p + 1) == b'"' => {
                let end = string::end(text, p + 2)?.at;
                scalars.push(Scalar {
                    path: path.clone(),
                    start: p + 2,
                    end,
                    kind: Kind::Text,
                });
                p = end + 2;
            }
            b't' | b'f' | b'n' => {
                let end = word(text, p)?;
                scalars.push(Scalar {
                    path: path.clone(),
                    start: p,
                    end,
                    kind: Kind::Word,
                });
                p = end;
            }
            _ => {
                let end = number(text, p)?.end;
                scalars.push(Scalar {
                    path: path.clone(),
                    start: p,
                    end,
                    kind: Kind::Number,
                });
                p = end;
            }
        }
        if scalars.len() > MAX_SCALARS {
            return None;
        }
        // A value ends at `p`.
        loop {
            let Some((object, _)) = open.last() else {
                return Some((scalars, p));
            };
            match (at(text, p), *object) {
                (b',', true) => {
                    p = name(text, p + 1, &mut path, &mut open)?;
                    break;
                }
                (b',', false) => {
                    p += 1;
                    break;
                }
                (b'}', true) | (b']', false) => {
                    open.pop();
                    path.pop();
                    p += 1;
                }
                _ => return None,
            }
        }
    }
}

/// Reads a member's name and the colon; the place of its value.
fn name<'t>(
    text: &'t [u8],
    place: usize,
    path: &mut [&'t [u8]],
    open: &mut [(bool, Vec<&'t [u8]>)],
) -> Option<usize> {
    if at(text, place) != b'\\' || at(text, place + 1) != b'"' {
        return None;
    }
    let end = string::end(text, place + 2)?;
    let name = text.get(place + 2..end.at)?;
    let (_, names) = open.last_mut()?;
    if end.escaped
        || at(text, end.at + 2) != b':'
        || names.contains(&name)
        || names.len() > MAX_SLOTS * 2
    {
        return None;
    }
    names.push(name);
    *path.last_mut()? = name;
    Some(end.at + 3)
}

/// The place of the bracket that ends an array of numbers, at least one.
fn all_numbers(text: &[u8], mut place: usize) -> Option<usize> {
    loop {
        place = number(text, place)?.end;
        match at(text, place) {
            b',' => place += 1,
            b']' => return Some(place),
            _ => return None,
        }
    }
}
