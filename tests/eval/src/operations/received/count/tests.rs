use super::*;

/// Minute 100 to 160 of service 0, unless the row says otherwise.
fn fault(service: usize, from: i64, to: i64, told: bool) -> Injected {
    Injected {
        service,
        name: "errors",
        size: "some",
        from: Minute::from_index(from),
        to: Minute::from_index(to),
        told,
    }
}

/// A message of service 0 about errors, group 1.
fn message(window: i64, opened: i64, action: Action) -> Message {
    Message {
        window: Minute::from_index(window),
        service: 0,
        group: 1,
        symptom: Symptom::Errors,
        opened: Minute::from_index(opened),
        action,
        topic: Topic::Page,
        in_storm: false,
    }
}

fn on(topic: Topic, message: Message) -> Message {
    Message { topic, ..message }
}

fn stormy(message: Message) -> Message {
    Message {
        in_storm: true,
        ..message
    }
}

#[test]
fn a_group_is_paged_twice_when_a_second_page_is_no_declared_repeat() {
    use Action::{Escalate, Open, Reopen, Resolve, Update};
    for (name, messages, twice) in [
        ("one page", vec![message(101, 101, Open)], 0),
        (
            "a repeat and an escalation",
            vec![
                message(101, 101, Open),
                message(341, 101, Update),
                message(350, 101, Escalate),
            ],
            0,
        ),
        (
            "an echo in the chat",
            vec![
                message(101, 101, Open),
                message(110, 101, Resolve),
                on(Topic::Chat, message(120, 101, Reopen)),
            ],
            0,
        ),
        (
            "two incidents of one group",
            vec![
                message(101, 101, Open),
                message(110, 101, Resolve),
                message(150, 150, Open),
            ],
            1,
        ),
        (
            "three of them are one group still",
            vec![
                message(101, 101, Open),
                message(130, 130, Open),
                message(159, 159, Open),
            ],
            1,
        ),
        (
            "another group of the same fault",
            vec![
                message(101, 101, Open),
                Message {
                    group: 2,
                    symptom: Symptom::Latency,
                    ..message(102, 102, Open)
                },
            ],
            0,
        ),
        (
            "by itself, and again within a storm",
            vec![message(101, 101, Open), stormy(message(150, 150, Open))],
            1,
        ),
        (
            "held, and said by the storm alone",
            vec![
                on(Topic::Chat, message(101, 101, Open)),
                stormy(message(101, 101, Open)),
            ],
            0,
        ),
        (
            "two faults",
            vec![message(101, 101, Open), message(501, 501, Open)],
            0,
        ),
    ] {
        let faults = [fault(0, 100, 160, true), fault(0, 500, 560, true)];
        let counted = count(&faults, &messages);
        let found: usize = counted.about.iter().map(|it| it.paged_twice.len()).sum();
        assert_eq!(found, twice, "{name}");
    }
}

#[test]
fn a_fault_is_noticed_by_what_opens_while_it_lasts_and_half_an_hour_longer() {
    use Action::{Open, Reopen, Resolve, Update};
    for (name, messages, noticed) in [
        ("nothing", vec![], false),
        ("before it", vec![message(99, 99, Open)], false),
        ("its first minute", vec![message(100, 100, Open)], true),
        ("29 minutes after", vec![message(189, 189, Open)], true),
        ("30 minutes after", vec![message(190, 190, Open)], false),
        ("what comes back", vec![message(120, 50, Reopen)], true),
        (
            "a repeat and an end of before",
            vec![message(120, 50, Update), message(121, 50, Resolve)],
            false,
        ),
        (
            "another service",
            vec![Message {
                service: 1,
                ..message(120, 120, Open)
            }],
            false,
        ),
        (
            "only a storm names it",
            vec![stormy(message(120, 120, Open))],
            true,
        ),
    ] {
        let counted = count(&[fault(0, 100, 160, true)], &messages);
        assert_eq!(counted.about[0].noticed, noticed, "{name}");
    }
}

#[test]
fn what_ends_or_repeats_is_about_what_its_opening_was_about() {
    use Action::{Flap, Open, Reopen, Resolve, Update};
    let burn = |message: Message| Message {
        symptom: Symptom::SlowBurn,
        topic: Topic::Ticket,
        ..message
    };
    let late = |told| [fault(0, 100, 160, told)];
    for (name, faults, messages, (transitions, repeats, noise)) in [
        (
            "begins, flaps, repeats, ends much later",
            late(true),
            vec![
                message(101, 101, Open),
                message(110, 101, Flap),
                message(341, 101, Update),
                message(900, 101, Resolve),
            ],
            (3, 1, 0),
        ),
        (
            "an hour after its end it is still about it",
            late(true),
            vec![message(219, 219, Open), message(230, 219, Resolve)],
            (2, 0, 0),
        ),
        (
            "later it is about nothing",
            late(true),
            vec![message(220, 220, Open), message(230, 220, Resolve)],
            (0, 0, 2),
        ),
        (
            "a slow burn counts six hours",
            late(true),
            vec![
                burn(message(519, 519, Open)),
                burn(message(600, 519, Resolve)),
            ],
            (2, 0, 0),
        ),
        (
            "an echo of it is it",
            late(true),
            vec![message(150, 150, Open), message(240, 150, Reopen)],
            (2, 0, 0),
        ),
        (
            "nobody was to be told",
            late(false),
            vec![message(101, 101, Open)],
            (0, 0, 1),
        ),
        (
            "the storm's message is counted as that",
            late(true),
            vec![
                on(Topic::Chat, message(101, 101, Open)),
                stormy(message(101, 101, Open)),
            ],
            (1, 0, 0),
        ),
    ] {
        let counted = count(&faults, &messages);
        let about = &counted.about[0];
        let Noise {
            pages,
            tickets,
            chats,
        } = counted.noise;
        assert_eq!(
            (
                about.transitions.len(),
                about.repeats,
                pages + tickets + chats
            ),
            (transitions, repeats, noise),
            "{name}"
        );
    }
}

#[test]
fn noise_is_counted_by_its_most_urgent_topic() {
    let messages = [Topic::Page, Topic::Ticket, Topic::Ticket, Topic::Chat]
        .map(|topic| on(topic, message(5, 5, Action::Open)));
    assert_eq!(
        count(&[], &messages).noise,
        Noise {
            pages: 1,
            tickets: 2,
            chats: 1
        }
    );
}

#[test]
fn of_two_faults_the_newer_one_is_the_cause() {
    let faults = [fault(0, 100, 160, true), fault(0, 170, 200, true)];
    let counted = count(&faults, &[message(171, 171, Action::Open)]);
    let lengths: Vec<_> = counted
        .about
        .iter()
        .map(|it| it.transitions.len())
        .collect();
    assert_eq!(lengths, [0, 1]);
}
