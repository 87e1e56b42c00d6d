//! The SDK's own client against the arrow.

use std::time::Duration;

use platform::aws;
use platform::log_search::cloudwatch_logs::CloudWatchLogs;
use platform::log_search::{LogQuery, LogSearch};

use super::*;
use crate::local::journal::{Entry, LogEvent};

const GROUP: &str = "/aws/lambda/car-api";

/// Three minutes with two requests each, one of which fails.
fn journal(folder: &std::path::Path) -> Arc<Journal> {
    let journal = Journal::in_folder(folder).unwrap();
    for at in 10..13_i64 {
        let minute = Minute::from_index(at);
        for request in 0..2_u32 {
            let message = format!("{{\"Faults\":{request},\"request_id\":\"{at}-{request}\"}}");
            let event = LogEvent {
                id: format!("{at:028}{request:028}"),
                timestamp: minute.start_millis() + i64::from(request),
                message,
            };
            let entry = Entry {
                request,
                throttled: false,
                error: false,
                events: vec![event],
            };
            journal.append(minute, &entry).unwrap();
        }
    }
    Arc::new(journal)
}

fn query(pattern: &str, log_group: &str, limit: u16) -> LogQuery {
    LogQuery {
        log_group: log_group.to_owned(),
        from: Minute::from_index(10).start(),
        to: Minute::from_index(12).start(),
        pattern: pattern.to_owned(),
        limit,
        time: Duration::from_secs(20),
    }
}

#[tokio::test]
async fn failing_requests_of_a_time_range_are_found_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(GROUP, journal(folder.path())).await.unwrap();
    let config = aws::for_endpoint(&server.endpoint()).await;
    let search = CloudWatchLogs::new(aws_sdk_cloudwatchlogs::Client::new(&config));
    let found = search
        .find(&query("{ $.Faults > 0 }", GROUP, 5))
        .await
        .unwrap();
    let messages: Vec<_> = found.into_iter().map(|event| event.message).collect();
    assert_eq!(
        messages,
        [
            r#"{"Faults":1,"request_id":"10-1"}"#,
            r#"{"Faults":1,"request_id":"11-1"}"#
        ]
    );
    assert_eq!(search.find(&query("", GROUP, 3)).await.unwrap().len(), 3);
    assert_eq!(
        search
            .find(&query("{ $.Faults > 7 }", GROUP, 3))
            .await
            .unwrap(),
        []
    );
    for (pattern, group, why) in [
        ("{ $.Faults", GROUP, "InvalidParameterException"),
        ("", "/aws/lambda/other", "ResourceNotFoundException"),
    ] {
        let error = search.find(&query(pattern, group, 3)).await.unwrap_err();
        assert!(
            error.to_string().contains(why) && !error.is_retryable(),
            "{error}"
        );
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(GROUP, journal(folder.path())).await.unwrap();
    let config = aws::for_endpoint(&server.endpoint()).await;
    let client = aws_sdk_cloudwatchlogs::Client::new(&config);
    let pages: Result<Vec<_>, _> = client
        .filter_log_events()
        .log_group_name(GROUP)
        .limit(4)
        .into_paginator()
        .send()
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect();
    let sizes: Vec<usize> = pages
        .unwrap()
        .iter()
        .map(|page| page.events().len())
        .collect();
    assert_eq!(sizes, [4, 2]);
    server.stop().await.unwrap();
}
