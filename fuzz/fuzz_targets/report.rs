//! One line of text or JSON that the platform, the runtime or the function may have written.
#![no_main]

use extraction::{Reader, Skip};
use fuzz::agree;
use fuzz::wrap::{self, Escapes, Order};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &str| {
    let mut reader = Reader::default();
    for (escapes, order) in [(Escapes::Few, Order::Usual), (Escapes::Ascii, Order::Mixed)] {
        let text = wrap::document(0, [message, message], escapes, order);
        let event = wrap::payload(text.as_bytes());
        agree::check(&mut reader, &event, &agree::rules(255), &Skip::new());
    }
});
