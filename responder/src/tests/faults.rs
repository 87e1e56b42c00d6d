//! Faults at each call: of the version, of Lambda, of CodeDeploy.

use super::world::{Act, World, problem};
use crate::deployments::Reported;
use crate::version::InvokeError;
use crate::{Error, Verdict};

fn unreachable_once() -> InvokeError {
    InvokeError::Unreachable("TooManyRequestsException".to_owned())
}

#[tokio::test]
async fn a_call_that_is_throttled_lost_or_put_off_is_made_again_and_nothing_is_doubled() {
    for call in 1..=6 {
        for (rule, act) in [
            ("throttled", Act::Fails(unreachable_once())),
            ("done, its answer lost", Act::Loses(unreachable_once())),
            (
                "put off, and done all the same",
                Act::Answers(problem(503, "unavailable")),
            ),
        ] {
            let world = World::new();
            world.plan(&[(call, act)]);
            let outcome = world.run().await.unwrap();
            assert_eq!(
                world.told(),
                [Verdict::Succeeded],
                "call {call} {rule}: {outcome:?}"
            );
            assert_eq!(outcome.calls, 7, "call {call} {rule}");
            assert!(world.cars().is_empty(), "call {call} {rule}");
        }
    }
}

#[tokio::test]
async fn a_version_that_never_answers_fails_before_the_time_is_over() {
    for (rule, act, reason) in [
        (
            "unreachable",
            Act::Fails(unreachable_once()),
            "TooManyRequests",
        ),
        (
            "answers that are always lost",
            Act::Loses(unreachable_once()),
            "TooManyRequests",
        ),
        (
            "always busy",
            Act::Answers(problem(503, "throttled")),
            "503",
        ),
    ] {
        let world = World::new();
        let began = platform::clock::Clock::now(world.clock.as_ref());
        world.always(act);
        let outcome = world.run().await.unwrap();
        assert_eq!(world.told(), [Verdict::Failed], "{rule}");
        let complaint = outcome.complaint.unwrap();
        assert!(complaint.reason.contains(reason), "{rule}: {complaint:?}");
        let took = platform::clock::Clock::now(world.clock.as_ref()).duration_since(began);
        assert!(took.as_secs() < 50, "{rule} took {took}");
    }
}

#[tokio::test]
async fn a_version_that_lambda_refuses_to_invoke_fails_at_once_and_nothing_is_cleaned_up() {
    let world = World::new();
    world.always(Act::Fails(InvokeError::Refused(
        "AccessDeniedException".to_owned(),
    )));
    let outcome = world.run().await.unwrap();
    assert_eq!(world.told(), [Verdict::Failed]);
    assert_eq!((outcome.calls, outcome.left_behind), (1, Vec::new()));
}

#[tokio::test]
async fn a_car_that_cannot_be_deleted_is_named() {
    let world = World::new();
    // The deletions that clean up are the calls from the third on.
    let broken = (3..=20).map(|call| (call, Act::Fails(unreachable_once())));
    let mut acts: Vec<_> = broken.collect();
    acts.push((2, Act::Answers(problem(500, "internal-error"))));
    world.plan(&acts);
    let outcome = world.run().await.unwrap();
    assert_eq!(outcome.left_behind, world.cars());
    assert_eq!(outcome.left_behind.len(), 1);
    assert_eq!(
        outcome.complaint.unwrap().step,
        "read",
        "the first fault is what is reported"
    );
}

#[tokio::test]
async fn cleaning_up_survives_a_fault_of_its_own() {
    for (rule, act) in [
        ("throttled", Act::Fails(unreachable_once())),
        ("lost", Act::Loses(unreachable_once())),
        ("crashed", Act::Loses(InvokeError::Crashed("?".to_owned()))),
        ("busy", Act::Answers(problem(503, "throttled"))),
    ] {
        let world = World::new();
        world.plan(&[(2, Act::Answers(problem(500, "internal-error"))), (3, act)]);
        let outcome = world.run().await.unwrap();
        assert!(
            world.cars().is_empty() && outcome.left_behind.is_empty(),
            "{rule}: {outcome:?}"
        );
        assert_eq!(world.told(), [Verdict::Failed], "{rule}");
    }
}

#[tokio::test]
async fn codedeploy_is_told_again_when_it_does_not_answer() {
    let world = World::new();
    world.refuse(2, true);
    let outcome = world.run().await.unwrap();
    assert_eq!(
        (outcome.reported, world.told()),
        (Reported::Now, vec![Verdict::Succeeded])
    );
}

#[tokio::test]
async fn a_codedeploy_that_cannot_be_told_fails_the_invocation_and_is_never_a_success() {
    for (rule, times, retryable) in [("unreachable", 3, true), ("refuses", 1, false)] {
        let world = World::new();
        world.refuse(times, retryable);
        let error = world.run().await.unwrap_err();
        assert_eq!(error.is_retryable(), retryable, "{rule}");
        assert!(
            matches!(error, Error::Report(_)) && error.to_string().contains("d-ABC123"),
            "{rule}: {error}"
        );
        assert!(world.told().is_empty() && world.cars().is_empty(), "{rule}");
        let diagnostic = lambda_runtime::Diagnostic::from(error);
        let kind = if retryable {
            "Responder.Retryable"
        } else {
            "Responder.Permanent"
        };
        assert_eq!(diagnostic.error_type, kind);
    }
}
