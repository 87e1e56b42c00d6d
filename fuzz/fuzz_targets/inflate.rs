//! Bytes that may be gzip: the reader's decoder, which is libdeflate, and the reference's, which is flate2, make the same
//! of them.
#![no_main]

use std::io::Write;

use extraction::{Reader, Skip};
use flate2::Compression;
use flate2::write::GzEncoder;
use fuzz::{agree, wrap};
use libfuzzer_sys::fuzz_target;

/// A document that says its own text back: as samples, or as the place where it stops being one.
fn document(data: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(data);
    let message = format!("REPORT RequestId: 1\tDuration: {} ms\t{text}", data.len());
    wrap::document(
        0,
        [message.as_str()],
        wrap::Escapes::Raw,
        wrap::Order::Usual,
    )
    .into_bytes()
}

fn compressed(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    // Into memory nothing fails.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default()
}

fuzz_target!(|data: (u16, u8, &[u8])| {
    let (place, change, data) = data;
    let mut reader = Reader::default();
    let whole = compressed(&document(data), u32::from(change % 10));
    let mut damaged = whole.clone();
    let place = usize::from(place) % damaged.len();
    damaged[place] ^= change;
    let cut = &whole[..place];
    let followed = [whole.as_slice(), data].concat();
    let members = [
        compressed(&document(data), 1),
        wrap::gzip(&document(b"x")),
        wrap::gzip(data),
    ]
    .concat();
    // What flags promise stands between the header and the data, and has checksums and limits of its own.
    let mut headed = whole.clone();
    headed[3] = change;
    headed.splice(10..10, data.iter().copied());
    let pieces: [&[u8]; 7] = [data, &whole, &damaged, cut, &followed, &members, &headed];
    for (n, bytes) in pieces.into_iter().enumerate() {
        let mut event = wrap::event(bytes);
        if n == 1 {
            event.push(change);
        }
        agree::check(&mut reader, &event, &agree::rules(255), &Skip::new());
    }
});
