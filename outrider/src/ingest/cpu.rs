//! CPU time of this thread: what processing costs, whatever else the machine does.

use std::hint::black_box;

use extraction::{Reader, Rules, Skip};
use rustix::time::{ClockId, clock_gettime};

use super::input::Input;

/// The best of `repeat` passes over the input, in CPU seconds. Each has a reader of its own, so that none knows what an
/// earlier one learned, and takes every payload to the rollups of its batches; merging those of different payloads is
/// the business of whoever reads the store.
pub(super) fn best_seconds(inputs: &[Input], repeat: u32) -> f64 {
    let rules = Rules::default();
    let nothing = Skip::new();
    (0..repeat)
        .map(|_| {
            let before = thread_seconds();
            let mut reader = Reader::default();
            for input in inputs {
                // What cannot be read was said by the pass that makes the output.
                if let Ok(reading) = reader.extract(input.bytes(), &rules, &nothing) {
                    black_box(reading.counts());
                }
            }
            thread_seconds() - before
        })
        .fold(f64::INFINITY, f64::min)
}

/// CPU seconds that this thread has used since it began.
fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a thread does not run for 2^53 seconds"
    )]
    let seconds = time.tv_sec as f64;
    #[expect(clippy::cast_precision_loss, reason = "below 10^9")]
    let nanoseconds = time.tv_nsec as f64;
    seconds + nanoseconds / 1e9
}
