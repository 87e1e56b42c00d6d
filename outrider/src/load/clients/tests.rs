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
