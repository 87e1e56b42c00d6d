//! Documents of a few shapes, over and over, each a little different: what a reader learns of a shape must hold for
//! the next document that looks like it, and must not for one that only nearly does.
#![no_main]

use extraction::Reader;
use fuzz::wrap::{self, Escapes, Order};
use fuzz::{agree, shape};
use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut bytes = Unstructured::new(data);
    let mut reader = Reader::default();
    // An input that is used up says 0 to everything: it ends the payloads.
    let how: u8 = bytes.arbitrary().unwrap_or_default();
    let rules = agree::rules(bytes.arbitrary().unwrap_or_default());
    let skip = agree::skip(how / 16);
    let shapes = shape::some(&mut bytes);
    for n in 0..3 {
        let messages = shape::messages(&shapes, &mut bytes);
        if messages.is_empty() {
            return;
        }
        let lines = messages.iter().map(String::as_str);
        let document = wrap::document(
            100 * n,
            lines,
            Escapes::of(how.wrapping_add(n as u8)),
            Order::of(how / 8 + n as u8),
        );
        agree::check(
            &mut reader,
            &wrap::payload(document.as_bytes()),
            &rules,
            &skip,
        );
    }
});
