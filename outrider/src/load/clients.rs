//! What a client does when it is refused, answered with an error or kept waiting.

use std::time::Duration;

use super::target::Answer;

/// How clients behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// They wait as long as `Retry-After` says and a random part of a pause that doubles: of a crowd that was
    /// refused together no two come back together. Three attempts in all.
    Patient,
    /// They give up after a second and come back at once, eight attempts in all: how an overload that would have
    /// passed becomes a storm. Only for provoking one.
    Impatient,
}

/// The first pause of a patient client; the second is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// A patient client that is told to come back later than this does not come back within the run.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
/// How soon an impatient client is back.
const AT_ONCE: Duration = Duration::from_millis(20);
/// How long an impatient client waits for an answer.
const IMPATIENCE: Duration = Duration::from_secs(1);

impl Clients {
    /// Attempts in all, the first included.
    pub(crate) fn attempts(self) -> u32 {
        match self {
            Self::Patient => 3,
            Self::Impatient => 8,
        }
    }

    /// How long one attempt may take when the run allows `timeout`.
    pub(crate) fn timeout(self, timeout: Duration) -> Duration {
        match self {
            Self::Patient => timeout,
            Self::Impatient => timeout.min(IMPATIENCE),
        }
    }

    /// How long to wait before the next attempt, after `made` of them and this answer; `None`: it is final.
    /// `draw` is what chance there is.
    pub(crate) fn again(self, answer: &Answer, made: u32, draw: u64) -> Option<Duration> {
        if made >= self.attempts() {
            return None;
        }
        let told = match answer {
            // What a service, a gateway or the network may do better in a moment; a 500 would be a 500 again.
            Answer::Status {
                code: 429 | 502 | 503 | 504,
                retry_after,
            } => *retry_after,
            Answer::Status { code: 500, .. } if self == Self::Impatient => None,
            Answer::TimedOut | Answer::Unreachable(_) => None,
            Answer::Status { .. } => return None,
        };
        match self {
            Self::Impatient => Some(AT_ONCE),
            Self::Patient => {
                let pause = FIRST_PAUSE * 2_u32.saturating_pow(made.saturating_sub(1));
                let told = told.unwrap_or_default();
                (told <= LONGEST_RETRY_AFTER).then(|| told + pause.mul_f64(share(draw, made)))
            }
        }
    }
}

/// A number from 0 to 1 that differs from attempt to attempt.
fn share(draw: u64, made: u32) -> f64 {
    let mixed = draw
        .wrapping_add(u64::from(made))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let share = (mixed >> 32) as f64 / f64::from(u32::MAX);
    share
}

#[cfg(test)]
mod tests;
