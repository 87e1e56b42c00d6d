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
mod tests {
    use super::*;

    fn status(code: u16, retry_after: Option<u64>) -> Answer {
        Answer::Status {
            code,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn only_what_may_be_better_in_a_moment_is_tried_again() {
        use Clients::{Impatient, Patient};
        for (rule, clients, answer, made, again) in [
            ("a refusal", Patient, status(429, None), 1, true),
            ("an overload", Patient, status(503, None), 2, true),
            ("a gateway", Patient, status(504, None), 1, true),
            ("no answer", Patient, Answer::TimedOut, 1, true),
            (
                "nobody there",
                Patient,
                Answer::Unreachable("refused".to_owned()),
                1,
                true,
            ),
            ("the last attempt", Patient, status(429, None), 3, false),
            ("a defect", Patient, status(500, None), 1, false),
            ("a client's mistake", Patient, status(403, None), 1, false),
            (
                "told to come back tomorrow",
                Patient,
                status(503, Some(86_400)),
                1,
                false,
            ),
            (
                "a defect, in a hurry",
                Impatient,
                status(500, None),
                7,
                true,
            ),
            (
                "the last attempt, in a hurry",
                Impatient,
                status(429, None),
                8,
                false,
            ),
            (
                "a client's mistake, in a hurry",
                Impatient,
                status(404, None),
                1,
                false,
            ),
        ] {
            assert_eq!(clients.again(&answer, made, 7).is_some(), again, "{rule}");
        }
    }

    #[test]
    fn a_patient_client_waits_as_told_and_a_random_part_of_a_pause_that_doubles() {
        let waits = |made, answer: &Answer| -> Vec<Duration> {
            (0..1_000)
                .filter_map(|draw| Clients::Patient.again(answer, made, draw))
                .collect()
        };
        for (made, longest) in [(1, 200), (2, 400)] {
            let waits = waits(made, &status(503, Some(2)));
            let told = Duration::from_secs(2);
            let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
            assert!(
                *least >= told && *most <= told + Duration::from_millis(longest),
                "{least:?} {most:?}"
            );
            assert!(
                *most - *least > Duration::from_millis(longest * 9 / 10),
                "spread over the pause"
            );
        }
        let hurried = Clients::Impatient.again(&status(429, Some(30)), 5, 1);
        assert_eq!(hurried, Some(AT_ONCE), "neither told nor growing");
        assert_eq!(
            Clients::Impatient.timeout(Duration::from_secs(10)),
            IMPATIENCE
        );
    }
}
