//! A JSON object whose members are read only when somebody asks for them.

use std::borrow::Cow;

use super::json::{self, Members, Raw};

/// Members beyond which they are looked up by halving instead of one after the other.
const FEW: usize = 16;

/// The members of a JSON object by name. Of duplicate names the last wins.
///
/// The whole text is checked to be JSON, but members stay text: nothing is nested in memory, and nesting costs no stack.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    /// As they come; in the order of their names when they are more than [`FEW`].
    members: Vec<(Cow<'a, str>, Raw<'a>)>,
}

/// A text is no JSON object, or one of its names is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no JSON object up to byte {place}: write one whole JSON object")]
pub struct NotAnObject {
    /// How far it is one, bytes.
    pub place: usize,
}

impl NotAnObject {
    /// The same text is never an object.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl<'a> Object<'a> {
    /// Reads a text that is one JSON object, with nothing but white space around it.
    ///
    /// # Errors
    /// The place where the text stops being that.
    pub fn parse(text: &'a str) -> Result<Self, NotAnObject> {
        let mut found = Members::of(text).ok_or(NotAnObject { place: 0 })?;
        let mut members = Vec::with_capacity(FEW / 2);
        members.extend(&mut found);
        let end = found.end().map(|end| json::space(text.as_bytes(), end));
        if end != Some(text.len()) {
            return Err(NotAnObject {
                place: found.place(),
            });
        }
        if members.len() > FEW {
            // Stable: of equal names the last stays the last.
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        Ok(Self { members })
    }

    /// A member's value as an object; `None` when it is something else.
    #[must_use]
    pub fn of(value: Raw<'a>) -> Option<Self> {
        Self::parse(value.get()).ok()
    }

    /// A member as it is written.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Raw<'a>> {
        if self.members.len() <= FEW {
            let mut members = self.members.iter().rev();
            return members
                .find(|(known, _)| known == name)
                .map(|(_, value)| *value);
        }
        let behind = self.members.partition_point(|(known, _)| &**known <= name);
        let (known, value) = self.members.get(behind.checked_sub(1)?)?;
        (known == name).then_some(*value)
    }

    /// Every member, duplicates too; of equal names the last comes last.
    pub fn members(&self) -> impl Iterator<Item = (&str, Raw<'a>)> {
        self.members.iter().map(|(name, value)| (&**name, *value))
    }

    /// A member that is an object.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Self> {
        self.get(name).and_then(Self::of)
    }

    /// A member that is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(Raw::text)
    }

    /// A member that is a finite number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(super::target::number)
    }
}
