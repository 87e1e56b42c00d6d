//! Bytes → payloads of messages, readable as text: lines, in payloads that are parted by empty lines.

/// What stands between two messages, and what ends a payload.
const MESSAGE: &str = "\n";
const PAYLOAD: &str = "\n\n";
/// Messages of one input, and payloads.
const MESSAGES: usize = 64;
const PAYLOADS: usize = 4;

/// The messages of each payload. A message that is to end with a line break, or to hold one, writes `␊`.
#[must_use]
pub fn split(text: &str) -> Vec<Vec<String>> {
    let payloads = text.split(PAYLOAD).take(PAYLOADS);
    payloads
        .map(|payload| {
            let messages = payload.split(MESSAGE).take(MESSAGES);
            messages.map(|line| line.replace('␊', "\n")).collect()
        })
        .collect()
}
