//! What lies in the inbox: each file the SNS request that was sent, read by whoever would read it.

use std::collections::BTreeMap;

use aws_lambda_events::event::sns::CloudWatchAlarmPayload;
use serde_json::Value;

/// A published message, read back.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Message {
    /// On the topic that wakes somebody: the alarm and its state.
    Page { alarm: String, state: String },
    /// On the topic of the chat channel: the thread it belongs to.
    Chat { thread: String },
}

/// Reads a file of the inbox as SNS, an incident manager and a chat channel would.
///
/// # Panics
/// When one of them would refuse it.
pub(super) fn read(name: &str, bytes: &[u8]) -> Message {
    let request: Value =
        serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = |member: &str| {
        request[member]
            .as_str()
            .unwrap_or_else(|| panic!("{name} has no {member}: {request}"))
    };
    assert!(bytes.len() <= 256 * 1024, "{name} is larger than SNS takes");
    assert_attributes(name, &request["MessageAttributes"]);
    let topic = text("TopicArn").rsplit(':').next().unwrap_or_default();
    assert!(
        text("TopicArn").starts_with("arn:aws:sns:"),
        "{name}: {request}"
    );
    match topic {
        "outrider-page" => page(
            name,
            text("Subject"),
            text("MessageStructure"),
            text("Message"),
        ),
        "outrider-chat" => chat(name, text("Message")),
        other => panic!("{name} is on the topic {other}"),
    }
}

/// At most ten of them, each a text, or raw delivery to SQS discards the message.
fn assert_attributes(name: &str, attributes: &Value) {
    let attributes = attributes
        .as_object()
        .unwrap_or_else(|| panic!("{name} has no MessageAttributes"));
    assert!(
        (1..=10).contains(&attributes.len()),
        "{name}: {attributes:?}"
    );
    for attribute in attributes.values() {
        let value = attribute["StringValue"].as_str();
        assert!(
            attribute["DataType"] == "String" && value.is_some_and(|text| !text.is_empty()),
            "{name}: {attribute}"
        );
    }
}

/// Incident managers read the state from the subject and the alarm from the body, and drop what does not agree.
fn page(name: &str, subject: &str, structure: &str, message: &str) -> Message {
    assert!(
        subject.len() <= 99 && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{name}: {subject}"
    );
    assert_eq!(structure, "json", "{name}");
    let forms: BTreeMap<String, String> =
        serde_json::from_str(message).unwrap_or_else(|error| panic!("{name}: {error}"));
    for form in ["default", "email", "https", "sms"] {
        assert!(
            forms.get(form).is_some_and(|text| !text.is_empty()),
            "{name} has no text for {form}"
        );
    }
    let alarm: CloudWatchAlarmPayload =
        serde_json::from_str(&forms["https"]).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        subject.starts_with(&format!("{}: ", alarm.new_state_value)),
        "{name}: {subject} is not {}",
        alarm.new_state_value
    );
    Message::Page {
        alarm: alarm.alarm_name,
        state: alarm.new_state_value,
    }
}

/// The custom notification of Amazon Q Developer in chat applications; anything else is dropped silently.
fn chat(name: &str, message: &str) -> Message {
    let body: Value =
        serde_json::from_str(message).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(
        (&body["version"], &body["source"]),
        (&Value::from("1.0"), &Value::from("custom")),
        "{name}"
    );
    assert!(
        body["content"]["description"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{name}: {body}"
    );
    let thread = body["metadata"]["threadId"]
        .as_str()
        .unwrap_or_else(|| panic!("{name} belongs to no thread: {body}"));
    Message::Chat {
        thread: thread.to_owned(),
    }
}

/// The states of each alarm's pages, in the order they were sent.
pub(super) fn pages(inbox: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<String>> {
    let mut pages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, bytes) in inbox {
        if let Message::Page { alarm, state } = read(name, bytes) {
            pages.entry(alarm).or_default().push(state);
        }
    }
    pages
}

/// How many messages each chat thread has.
pub(super) fn threads(inbox: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, usize> {
    let mut threads: BTreeMap<String, usize> = BTreeMap::new();
    for (name, bytes) in inbox {
        if let Message::Chat { thread } = read(name, bytes) {
            *threads.entry(thread).or_default() += 1;
        }
    }
    threads
}
