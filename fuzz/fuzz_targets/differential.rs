//! Several payloads of messages, as lines of text, read by one reader that learns from each: it must say what the
//! reference says, which learns nothing.
#![no_main]

use extraction::Reader;
use fuzz::wrap::{self, Escapes, Order};
use fuzz::{agree, messages};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (u8, u8, &str)| {
    let (how, limits, text) = data;
    let mut reader = Reader::default();
    let (rules, skip) = (agree::rules(limits), agree::skip(limits / 16));
    for (n, payload) in messages::split(text).iter().enumerate() {
        let escapes = Escapes::of(how.wrapping_add(n as u8));
        let lines = payload.iter().map(String::as_str);
        let document = wrap::document(100 * n as u64, lines, escapes, Order::of(how / 8 + n as u8));
        let event = wrap::payload(document.as_bytes());
        agree::check(&mut reader, &event, &rules, &skip);
    }
});
