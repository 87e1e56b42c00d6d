//! The same text as [`super::text`], by quicker means and in buffers that are used again.
//!
//! libdeflate needs the whole output in one piece and does not say how much of the input it read. So it is believed only
//! when the gzip data surely end where the input ends; every other case, and every error, is [`super::bytes`]'s.

use libdeflater::Decompressor;

use super::{PayloadError, mend};

/// Bytes behind the text that are NUL: whoever scans it need not look for its end at every step.
pub(crate) const PADDING: usize = 64;
/// Bytes of each buffer that stay from payload to payload. A megabyte of base64 and the text in it fit.
const KEPT: usize = 8 * 1024 * 1024;
/// How far deflate can inflate at most (zlib's technical details: 1032 to 1).
const MOST: usize = 1_032;
/// What stands around the data when Lambda writes the event.
const BEFORE: &[u8] = br#"{"awslogs":{"data":""#;
const BEHIND: &[u8] = br#""}}"#;

/// Buffers for payloads.
pub(crate) struct Inflater {
    decompressor: Decompressor,
    compressed: Vec<u8>,
    text: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Self {
        Self {
            decompressor: Decompressor::new(),
            compressed: Vec::new(),
            text: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater")
            .field("text", &self.text.len())
            .finish_non_exhaustive()
    }
}

impl Inflater {
    /// Takes the bytes inside an event, and says how many they are.
    pub(crate) fn fill(&mut self, event: &[u8], cap: usize) -> Result<usize, PayloadError> {
        let len = match self.inflate(event, cap) {
            Some(len) => len,
            None => {
                let bytes = super::bytes(event, cap)?;
                let len = bytes.len();
                self.text = bytes;
                self.text.resize(len + PADDING, 0);
                len
            }
        };
        self.text[len..len + PADDING].fill(0);
        Ok(len)
    }

    /// So many bytes that were taken, and [`PADDING`] bytes of NUL behind them.
    pub(crate) fn bytes(&self, len: usize) -> &[u8] {
        self.text.get(..len + PADDING).unwrap_or_default()
    }

    /// Makes UTF-8 of them when they are none.
    #[cold]
    pub(crate) fn mend(&mut self, len: usize) {
        mend(self.text.get_mut(..len).unwrap_or_default());
    }

    /// Lets go of what the last payload needed and few others do.
    pub(crate) fn trim(&mut self) {
        for buffer in [&mut self.compressed, &mut self.text] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
    }

    /// The length of the text; `None` when anything is unusual.
    fn inflate(&mut self, event: &[u8], cap: usize) -> Option<usize> {
        // JSON's white space: ASCII has more.
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        let len = event.iter().rposition(|byte| !is_space(byte))? + 1;
        let data = event[..len].strip_prefix(BEFORE)?.strip_suffix(BEHIND)?;
        let most = base64_simd::STANDARD.estimated_decoded_length(data.len());
        provide(&mut self.compressed, most);
        let out = base64_simd::Out::from_slice(&mut self.compressed[..most]);
        let compressed = &*base64_simd::STANDARD.decode(data, out).ok()?;
        // libdeflate does not check the header's own checksum, nor how long its fields are (RFC 1952, FLG).
        if compressed.get(3) != Some(&0) {
            return None;
        }
        let size = u32::from_le_bytes(*compressed.last_chunk()?);
        let len = usize::try_from(size).ok()?;
        if len > cap || len > compressed.len().saturating_mul(MOST) {
            return None;
        }
        provide(&mut self.text, len + PADDING);
        let found = self
            .decompressor
            .gzip_decompress(compressed, &mut self.text[..len])
            .ok()?;
        // A member ends with its size. When these four bytes stand nowhere but at the end, it ends there.
        let end = compressed.len() - size_of::<u32>();
        (found == len && memchr::memmem::find(compressed, &size.to_le_bytes()) == Some(end))
            .then_some(len)
    }
}

/// Makes a buffer long enough, with some to spare. What was in it is lost, so that nothing needs to be copied.
fn provide(buffer: &mut Vec<u8>, len: usize) {
    if buffer.len() < len {
        *buffer = Vec::new();
        *buffer = vec![0; len + len / 4];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{event, gzip};

    fn both(event: &[u8], cap: usize) -> (Result<String, String>, Result<String, String>) {
        let plain = super::super::text(event, cap).map_err(|error| error.to_string());
        let mut inflater = Inflater::default();
        // The second time, with whatever the first one left behind.
        let _ = inflater.fill(event, cap);
        let quick = inflater.fill(event, cap).map(|len| {
            inflater.mend(len);
            String::from_utf8(inflater.bytes(len)[..len].to_vec()).unwrap()
        });
        (quick.map_err(|error| error.to_string()), plain)
    }

    proptest! {
        #[test]
        fn any_bytes_inflate_to_the_same_text(
            text in prop::collection::vec(prop_oneof![4 => 0x20_u8..0x7f, 1 => any::<u8>()], 0..300),
            more in prop::collection::vec(any::<u8>(), 0..40),
            how in 0..6,
            at in any::<prop::sample::Index>(),
        ) {
            let mut compressed = gzip(&text);
            match how {
                0 => {}
                1 => compressed.extend(gzip(&more)),
                2 => compressed.extend(&more),
                // What ends as the data end, but does not belong to them.
                3 => { let end = compressed.split_off(compressed.len() - 8); compressed.extend(&end); compressed.extend(&more); compressed.extend(end); }
                4 => { let at = at.index(compressed.len()); compressed[at] ^= 0x55; }
                _ => compressed.truncate(at.index(compressed.len())),
            }
            let (quick, plain) = both(&event(&compressed), 1 << 20);
            prop_assert_eq!(quick, plain);
            let (quick, plain) = both(&event(&compressed), text.len().saturating_sub(1));
            prop_assert_eq!(quick, plain);
        }

        #[test]
        fn any_event_is_read_alike(damage in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<bool>()) {
            let mut event = event(&gzip(b"{\"a\":1}"));
            let at = damage.index(event.len());
            if cut { event.truncate(at) } else { event[at] = with }
            let (quick, plain) = both(&event, 1 << 20);
            prop_assert_eq!(quick, plain);
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_question_marks_one_for_one() {
        for (bytes, expected) in [
            (&b"a\xffb"[..], "a?b"),
            (b"\xe2\x82", "??"),
            (b"\xe2\x82x", "??x"),
            (b"\xed\xa0\x80", "???"),
            (b"\xf0\x9f\x98\x80\x80", "\u{1f600}?"),
            ("é".as_bytes(), "é"),
        ] {
            let (quick, plain) = both(&event(&gzip(bytes)), 100);
            assert_eq!(
                (quick.as_deref(), plain.as_deref()),
                (Ok(expected), Ok(expected))
            );
            assert_eq!(
                expected.len(),
                bytes.len(),
                "the text is as long as what was sent"
            );
        }
    }

    #[test]
    fn records_of_a_kinesis_batch_are_one_payload() {
        let data = |text: &[u8]| base64_simd::STANDARD.encode_to_string(gzip(text));
        let batch =
            |one: &str, other: &str| {
                serde_json::json!({ "Records": [
                { "eventSource": "aws:kinesis", "kinesis": { "partitionKey": "p", "data": one } },
                { "eventSource": "aws:kinesis", "kinesis": { "partitionKey": "p", "data": other } },
            ]}).to_string().into_bytes()
            };
        let event = batch(&data(b"one "), &data(b"two"));
        assert_eq!(
            both(&event, 7),
            (Ok("one two".to_owned()), Ok("one two".to_owned()))
        );
        let (quick, plain) = both(&event, 6);
        assert!(
            quick.as_ref().unwrap_err().contains("more than 6 bytes"),
            "{quick:?}"
        );
        assert_eq!(quick, plain);
        assert!(
            both(&batch(&data(b"one"), "@"), 9)
                .0
                .unwrap_err()
                .contains("not base64")
        );
        assert!(
            both(br#"{"Records":[{"sqs":{}}]}"#, 9)
                .0
                .unwrap_err()
                .contains("no subscription payload")
        );
    }

    #[test]
    fn a_huge_payload_leaves_little_behind() {
        let mut inflater = Inflater::default();
        inflater
            .fill(&event(&gzip(&vec![b'x'; 2 * KEPT])), 4 * KEPT)
            .unwrap();
        inflater.trim();
        inflater.fill(&event(&gzip(b"{}")), 4 * KEPT).unwrap();
        assert!(inflater.text.capacity() + inflater.compressed.capacity() <= 2 * KEPT);
    }
}
