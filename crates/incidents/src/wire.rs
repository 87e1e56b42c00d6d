//! How the vocabulary's types are spelled in stored JSON: by their own text form, which never changes.

use serde::{Deserialize, Serialize};

/// The JSON of what is stored.
pub(crate) fn json(value: &impl Serialize) -> String {
    #[expect(
        clippy::expect_used,
        reason = "only maps with keys that are no text and failing writers fail"
    )]
    serde_json::to_string(value)
        .expect("what is stored has text keys only and a string takes every write")
}

/// The `schema` of something stored. It is read before the rest, because what a newer build wrote may well not have the
/// fields of this one.
pub(crate) fn schema(text: &str) -> Result<u32, serde_json::Error> {
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
    }
    serde_json::from_str(text).map(|Head { schema }| schema)
}

/// Types with `Display` and `FromStr`: series keys, units, instants.
pub(crate) mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }

    /// The same, where there may be none.
    pub(crate) mod option {
        use serde::Serialize;

        use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

        pub(crate) fn serialize<T: Display, S: Serializer>(
            value: &Option<T>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            // As an option and not as its text: formats that do not describe themselves tell the two apart.
            value.as_ref().map(ToString::to_string).serialize(to)
        }

        pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<T>, D::Error> {
            let text = Option::<String>::deserialize(from)?;
            text.map(|text| text.parse())
                .transpose()
                .map_err(D::Error::custom)
        }
    }
}

/// Numbers, as text: `serde_json` reads numbers back up to one unit in the last place off, and a record that is read
/// back must be the one that was written.
pub(crate) mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{value:?}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Minutes, as the RFC 3339 text of their first instant.
pub(crate) mod minute {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use signals::Minute;

    pub(crate) fn serialize<S: Serializer>(
        value: &Minute,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Minute, D::Error> {
        Minute::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }

    /// The same, where there may be none.
    pub(crate) mod option {
        use serde::Serialize;

        use super::{Deserialize, Deserializer, Error, Minute, Serializer};

        pub(crate) fn serialize<S: Serializer>(
            value: &Option<Minute>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            // As an option and not as its text: formats that do not describe themselves tell the two apart.
            value.map(|minute| minute.to_string()).serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Minute>, D::Error> {
            let text = Option::<String>::deserialize(from)?;
            text.map(|text| Minute::parse(&text))
                .transpose()
                .map_err(D::Error::custom)
        }
    }
}
