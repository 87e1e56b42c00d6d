//! The least that any program must do with a payload: decode base64, inflate, look at every byte once.

use anyhow::{Context, anyhow};
use base64_simd::{Out, STANDARD};
use libdeflater::Decompressor;

use super::corpus::data;

/// Buffers that are kept from payload to payload; a longer one is made anew, because what was in it need not be copied.
pub(super) struct Least {
    inflate: Decompressor,
    compressed: Vec<u8>,
    text: Vec<u8>,
}

impl Least {
    pub(super) fn new() -> Self {
        Self {
            inflate: Decompressor::new(),
            compressed: Vec::new(),
            text: Vec::new(),
        }
    }

    /// The text of a payload that says its own size, as those of one gzip member do (RFC 1952, ISIZE).
    pub(super) fn text(&mut self, event: &[u8]) -> anyhow::Result<&[u8]> {
        let data = data(event);
        provide(&mut self.compressed, data.len());
        let decoded = STANDARD
            .decode(data, Out::from_slice(&mut self.compressed))
            .map_err(|_| anyhow!("a payload of the corpus is not base64"))?
            .len();
        let compressed = &self.compressed[..decoded];
        let size = compressed
            .last_chunk()
            .context("a payload of the corpus is empty")?;
        let size = u32::from_le_bytes(*size) as usize;
        provide(&mut self.text, size);
        let text = &mut self.text[..size];
        self.inflate
            .gzip_decompress(compressed, text)
            .context("a payload of the corpus is not gzip")?;
        Ok(text)
    }

    /// All of it; the number of line breaks, so that the last pass is for something.
    pub(super) fn read(&mut self, event: &[u8]) -> anyhow::Result<usize> {
        let text = self.text(event)?;
        Ok(memchr::memchr_iter(b'\n', text).count())
    }
}

fn provide(buffer: &mut Vec<u8>, len: usize) {
    if buffer.len() < len {
        *buffer = vec![0; len];
    }
}
