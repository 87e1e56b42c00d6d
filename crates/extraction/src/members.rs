//! JSON objects of which only a few members matter.
//!
//! Why not `#[derive(Deserialize)]`: it fails on duplicate members, where the contract says that the last one
//! wins; and one member of the wrong type would fail the whole object without saying which.

use std::borrow::Cow;

use signals::emf::Raw;

/// Defines a struct that keeps the named members of a JSON object as they are written, the last of duplicates,
/// and skips over all others.
macro_rules! members {
    ($(#[$doc:meta])* $name:ident { $($field:ident = $key:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name<'a> { $(pub(crate) $field: Option<signals::emf::Raw<'a>>),* }

        impl<'a> $name<'a> {
            /// The object that begins at `place`, behind white space, and the place behind it.
            ///
            /// # Errors
            /// How far it is an object.
            pub(crate) fn at(text: &'a str, place: usize) -> Result<(Self, usize), usize> {
                let mut found = Self::default();
                let mut members = signals::emf::json::Members::at(text, place).ok_or(place)?;
                for (key, value) in &mut members {
                    match &*key {
                        $($key => found.$field = Some(value),)*
                        _ => {}
                    }
                }
                Ok((found, members.end().ok_or(members.place())?))
            }
        }
    };
}
pub(crate) use members;

/// A member that is a string.
pub(crate) fn text(member: Option<Raw<'_>>) -> Option<Cow<'_, str>> {
    member.and_then(Raw::text)
}

/// A member that is an integer of 64 bits.
pub(crate) fn integer(member: Option<Raw<'_>>) -> Option<i64> {
    member?.get().parse().ok()
}
