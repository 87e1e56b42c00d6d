//! JSON objects of which only a few members matter.
//!
//! Why not `#[derive(Deserialize)]`: it fails on duplicate members, where the contract says that the last one
//! wins; and one member of the wrong type would fail the whole object without saying which.

use std::borrow::Cow;

use serde::Deserialize;
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

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;

                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a JSON object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut found = $name::default();
                        while let Some(crate::members::Text(key)) = map.next_key()? {
                            match &*key {
                                $($key => found.$field = Some(map.next_value::<&'de serde_json::value::RawValue>()?.into()),)*
                                _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
                            }
                        }
                        Ok(found)
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }
    };
}
pub(crate) use members;

/// A string, borrowed from the text it stands in unless it holds escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// A member that is a string.
pub(crate) fn text(member: Option<Raw<'_>>) -> Option<Cow<'_, str>> {
    member.and_then(Raw::text)
}

/// A member that is an integer of 64 bits.
pub(crate) fn integer(member: Option<Raw<'_>>) -> Option<i64> {
    member?.get().parse().ok()
}
