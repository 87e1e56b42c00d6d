//! A Lambda event: as it is, or from its gzip bytes on. Nothing panics, and nothing needs much more memory than the cap.
#![no_main]

use extraction::{Reader, Skip};
use fuzz::{agree, wrap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut reader = Reader::default();
    let rules = agree::rules(255);
    agree::check(&mut reader, data, &rules, &Skip::new());
    if data.first() == Some(&0x1f) {
        agree::check(&mut reader, &wrap::event(data), &rules, &Skip::new());
    }
});
