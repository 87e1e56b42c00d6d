//! Any text as JSON: our own reading of it, which fast tiers and reference share, and serde_json's make the same of it.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use signals::emf::{Object, Raw, json};

fuzz_target!(|text: &str| {
    let whole = Raw::first(text)
        .filter(|(_, end)| json::space(text.as_bytes(), *end) == text.len())
        .map(|(raw, _)| raw);
    let expected = serde_json::from_str::<&RawValue>(text).ok();
    assert_eq!(whole.map(Raw::get), expected.map(RawValue::get));
    let string: Option<String> = serde_json::from_str(text).ok();
    assert_eq!(whole.and_then(Raw::text).as_deref(), string.as_deref());
    let array: Option<Vec<&RawValue>> = serde_json::from_str(text).ok();
    let array = array.map(|all| all.iter().map(|raw| raw.get()).collect::<Vec<_>>());
    let elements = whole.and_then(Raw::elements);
    assert_eq!(elements.map(|all| all.map(Raw::get).collect()), array);
    // Of members with the same name the last one counts; one whose name is no text makes the object none.
    let members: Option<BTreeMap<String, &RawValue>> = serde_json::from_str(text).ok();
    let object = Object::parse(text).ok();
    assert_eq!(object.is_some(), members.is_some());
    for (name, value) in members.unwrap_or_default() {
        let found = object.as_ref().and_then(|object| object.get(&name));
        assert_eq!(found.map(Raw::get), Some(value.get()));
    }
});
