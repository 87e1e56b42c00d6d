//! One line of text or JSON that the platform, the runtime or the function may have written.
#![no_main]

use extraction::{Reader, Skip};
use fuzz::agree;
use fuzz::wrap::{self, Escapes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &str| {
    let mut reader = Reader::default();
    for escapes in [Escapes::Few, Escapes::Ascii] {
        let text = wrap::document(0, [message, message], escapes);
        let event = wrap::payload(text.as_bytes());
        agree::check(&mut reader, &event, &agree::rules(255), &Skip::new());
    }
});
