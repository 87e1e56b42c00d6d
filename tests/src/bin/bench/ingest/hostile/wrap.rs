//! Text → the event of a megabyte that holds as much of it as fits.

use libdeflater::{CompressionLvl, Compressor};
use serde_json::Value;

use super::{CAP, EVENT_BYTES};

/// What a megabyte of event holds as gzip, less what stands around it.
const COMPRESSED: usize = (EVENT_BYTES - 64) / 4 * 3;
/// The timestamp of every log event here: 2026-11-20T18:40:00Z.
pub(super) const MILLIS: i64 = 1_795_200_000_000;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut out = vec![0; compressor.gzip_compress_bound(text.len())];
    let written = compressor.gzip_compress(text, &mut out).unwrap_or(0);
    out.truncate(written);
    out
}

fn event(compressed: &[u8]) -> Vec<u8> {
    let data = base64_simd::STANDARD.encode_to_string(compressed);
    format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#).into_bytes()
}

/// As gzip of one member.
pub(super) fn text(text: &[u8]) -> Vec<u8> {
    event(&gzip(text))
}

/// As it is, for bytes that no compression makes smaller.
pub(super) fn stored(text: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::fastest());
    let mut out = vec![0; compressor.gzip_compress_bound(text.len())];
    let written = compressor.gzip_compress(text, &mut out).unwrap_or(0);
    event(&out[..written.min(COMPRESSED)])
}

/// The same member many times.
pub(super) fn members(times: usize, text: &[u8]) -> Vec<u8> {
    event(&gzip(text).repeat(times))
}

/// The same document as often as the cap allows.
pub(super) fn repeated(document: &str) -> Vec<u8> {
    text(document.repeat(CAP / document.len()).as_bytes())
}

/// A document around the elements of `logEvents`; the log group's name ends in `n`.
pub(super) fn document(elements: &str, n: usize) -> String {
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/f{n}","logStream":"s","subscriptionFilters":["f"],"logEvents":[{elements}]}}"#
    )
}

/// One document of as many elements as fit into the cap and the event.
pub(super) fn envelope(element: impl Fn(usize) -> String) -> Vec<u8> {
    let mut room = CAP - 1024;
    loop {
        let (mut elements, mut n) = (String::new(), 0);
        loop {
            let next = element(n);
            if elements.len() + next.len() + 1 > room {
                break;
            }
            if n > 0 {
                elements.push(',');
            }
            elements.push_str(&next);
            n += 1;
        }
        let compressed = gzip(document(&elements, 0).as_bytes());
        if compressed.len() <= COMPRESSED {
            return event(&compressed);
        }
        // What is left compresses as well as the whole did, or nearly.
        room = room * (COMPRESSED / 100 * 98) / compressed.len();
    }
}

/// The same of log events, by their messages.
pub(super) fn lines(message: impl Fn(usize) -> String) -> Vec<u8> {
    envelope(|n| {
        let message = Value::from(message(n));
        format!(r#"{{"id":"{n:056}","timestamp":{MILLIS},"message":{message}}}"#)
    })
}

/// The same of messages that are escaped already.
pub(super) fn raw_lines(message: impl Fn(usize) -> String) -> Vec<u8> {
    envelope(|n| {
        let message = message(n);
        format!(r#"{{"id":"{n:056}","timestamp":{MILLIS},"message":"{message}"}}"#)
    })
}
