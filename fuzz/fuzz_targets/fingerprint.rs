//! Lines that tell of errors: what is kept of them is short, has nothing in it that differs from one time to the next,
//! and does not depend on how lines are split into batches.
#![no_main]

use extraction::application::{Errors, Fingerprint};
use extraction::{Rules, Skip, read_payload};
use fuzz::wrap::{self, Escapes, Order};
use libfuzzer_sys::fuzz_target;

/// Characters of a message that is kept (`Seen::message`).
const LONGEST: usize = 160;

fn errors(first: usize, lines: &[&str]) -> Errors {
    let document = wrap::document(
        first as u64,
        lines.iter().copied(),
        Escapes::Few,
        Order::Usual,
    );
    let read = read_payload(
        &wrap::payload(document.as_bytes()),
        &Rules::default(),
        &Skip::new(),
    );
    let (batches, _) = read.expect("a payload that was written here is read");
    let mut all = Errors::default();
    batches.iter().for_each(|batch| all.merge(&batch.errors));
    all
}

fuzz_target!(|text: &str| {
    // One as it is, line breaks and all, and its lines, most of which tell of nothing.
    let mut lines: Vec<&str> = text.split('\n').take(32).collect();
    lines.push(text);
    let whole = errors(0, &lines);
    for (fingerprint, seen) in whole.seen() {
        assert_eq!(*fingerprint, Fingerprint::of(&seen.kind, &seen.message));
        assert!(seen.count > 0 && seen.first <= seen.last);
        assert!(seen.message.chars().count() <= LONGEST, "{seen:?}");
        assert!(
            !seen
                .message
                .chars()
                .any(|c| c.is_control() || c.is_numeric()),
            "{seen:?}"
        );
        assert!(
            !seen.kind.contains('\0') && !seen.kind.is_empty(),
            "{seen:?}"
        );
    }
    let (left, right) = lines.split_at(lines.len() / 2);
    let mut parts = errors(left.len(), right);
    parts.merge(&errors(0, left));
    assert_eq!(parts.total(), whole.total());
    if parts.overflow() == 0 && whole.overflow() == 0 {
        assert_eq!(parts, whole);
    }
});
