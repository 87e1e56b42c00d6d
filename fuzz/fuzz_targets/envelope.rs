//! The text inside a payload: its documents and their log events.
#![no_main]

use extraction::Reader;
use fuzz::{agree, wrap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let mut reader = Reader::default();
    let number = text.len() as u8;
    let (rules, skip) = (agree::rules(number), agree::skip(number));
    let event = wrap::payload(text);
    // The second time with everything that the first has taught it.
    agree::check(&mut reader, &event, &rules, &skip);
    agree::check(&mut reader, &event, &rules, &skip);
});
