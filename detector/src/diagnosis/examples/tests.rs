use platform::log_search::FoundEvent;

fn found(message: &str) -> FoundEvent {
    FoundEvent {
        at: jiff::Timestamp::UNIX_EPOCH,
        message: message.to_owned(),
    }
}

#[test]
fn an_example_is_a_request_with_what_its_event_says() {
    let id = "8f14e45f-ceea-467f-9d3c-2b5a6f1e0c11";
    for (name, message, expected) in [
        (
            "a metric document of this repository",
            format!(
                r#"{{"request_id":"{id}","route":"POST /cars","status":503,"Latency":1871.2,"error_type":"unavailable"}}"#
            ),
            Some("POST /cars 503 unavailable 1871 ms"),
        ),
        (
            "a log line",
            format!(r#"{{"function_request_id":"{id}","message":"table is slow"}}"#),
            Some("table is slow"),
        ),
        (
            "Powertools, whose values are lists",
            format!(r#"{{"function_request_id":"{id}","Latency":[12.5]}}"#),
            Some("12.5 ms"),
        ),
        (
            "a duration with more digits than matter",
            format!(r#"{{"request_id":"{id}","Latency":96.41655300000001}}"#),
            Some("96.4 ms"),
        ),
        (
            "a duration that is no number",
            format!(r#"{{"request_id":"{id}","Latency":"long"}}"#),
            Some("long ms"),
        ),
        (
            "the platform's report",
            format!(
                r#"{{"type":"platform.report","record":{{"requestId":"{id}","status":"timeout","metrics":{{"durationMs":3000.0}}}}}}"#
            ),
            Some("timeout 3000 ms"),
        ),
        (
            "the platform's text",
            format!("2026-11-20T21:59:01Z {id} Task timed out after 3.00 seconds"),
            Some(
                "2026-11-20T21:59:01Z 8f14e45f-ceea-467f-9d3c-2b5a6f1e0c11 Task timed out after 3.00 seconds",
            ),
        ),
        (
            "an event of no request",
            "ERROR out of cheese".to_owned(),
            None,
        ),
        (
            "JSON of no request",
            r#"{"message":"init"}"#.to_owned(),
            None,
        ),
        (
            "an id that is no text",
            r#"{"request_id":7}"#.to_owned(),
            None,
        ),
    ] {
        let read = super::of(&[found(&message)]);
        assert_eq!(
            read.first().and_then(|it| it.text.as_deref()),
            expected,
            "{name}"
        );
        assert!(read.iter().all(|it| it.request_id == id), "{name}");
    }
    let twice = format!(r#"{{"request_id":"{id}","message":"a"}}"#);
    assert_eq!(
        super::of(&[found(&twice), found(&twice)]).len(),
        1,
        "each request once"
    );
    let many: Vec<_> = (0..9)
        .map(|n| found(&format!(r#"{{"request_id":"{n}"}}"#)))
        .collect();
    assert_eq!(super::of(&many).len(), 5);
    let long = format!(r#"{{"request_id":"1","message":"{}"}}"#, "é".repeat(5_000));
    let text = super::of(&[found(&long)])[0].text.clone().unwrap();
    assert_eq!(text.chars().count(), 1_000);
}

#[test]
fn repeated_work_is_counted_by_request_and_not_by_line() {
    let line = |request: u32, work: &str| {
        found(&format!(
            r#"{{"request_id":"{request}","correlation_id":"{work}"}}"#
        ))
    };
    let events = [
        line(1, "a"),
        line(1, "a"),
        line(2, "a"),
        line(3, "b"),
        found("text"),
    ];
    let counted = super::correlation(&events).unwrap();
    assert_eq!((counted.requests, counted.distinct), (3, 2));
    assert_eq!(super::correlation(&[found("text"), found("{}")]), None);
}
