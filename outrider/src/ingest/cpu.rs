//! CPU time of this thread: what processing costs, whatever else the machine does.

use rustix::time::{ClockId, clock_gettime};

/// CPU seconds that this thread has used since it began.
pub(super) fn thread_seconds() -> f64 {
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
