//! The contract of the port, on a real DynamoDB API: `dynoxide` over HTTP.

use jiff::Timestamp;
use signals::Minute;

use super::dynamodb::{DynamoDbStateStore, create_table};
use super::*;

async fn store() -> (DynamoDbStateStore, crate::testing::Server) {
    let server = crate::testing::Server::start().await;
    let client = aws_sdk_dynamodb::Client::new(&crate::aws::for_endpoint(&server.endpoint).await);
    create_table(&client, "state").await.unwrap();
    (DynamoDbStateStore::new(client, "state"), server)
}

fn window() -> Minute {
    Minute::parse("2026-11-20T22:05:00Z").unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(window().start().as_second() + second).unwrap()
}

fn message(id: &str) -> OutboxItem {
    OutboxItem {
        id: id.to_owned(),
        incident: "INC".to_owned(),
        body: "{}".to_owned(),
        attempts: 0,
    }
}

fn transition(version: u64, messages: &[&str]) -> Transition {
    Transition {
        alert: AlertItem {
            fingerprint: "f".to_owned(),
            version,
            body: format!("{{\"v\":{version}}}"),
        },
        incident: Some(("INC".to_owned(), window())),
        outbox: messages.iter().map(|id| message(id)).collect(),
    }
}

#[tokio::test]
async fn a_window_has_one_owner_until_its_lease_ends() {
    let (store, _server) = store().await;
    let claim = async |owner, now, until| {
        store
            .claim_window(0, window(), owner, at(now), at(until))
            .await
            .unwrap()
    };
    assert_eq!(claim("a", 0, 60).await, Claim::Mine);
    assert_eq!(claim("b", 10, 70).await, Claim::Held { until: at(60) });
    assert_eq!(
        claim("a", 20, 80).await,
        Claim::Mine,
        "an owner's earlier attempt is over"
    );
    assert_eq!(
        claim("b", 81, 141).await,
        Claim::Mine,
        "the lease has ended"
    );
    store.finish_window(0, window(), "a").await.unwrap();
    assert!(
        matches!(claim("c", 90, 150).await, Claim::Held { .. }),
        "only the owner finishes a window"
    );
    store.finish_window(0, window(), "b").await.unwrap();
    assert_eq!(claim("b", 200, 260).await, Claim::Done);
    let other = store
        .claim_window(1, window(), "c", at(0), at(60))
        .await
        .unwrap();
    assert_eq!(other, Claim::Mine, "shards do not meet");
}

#[tokio::test]
async fn a_pointer_never_goes_back() {
    let (store, _server) = store().await;
    assert_eq!(store.pointer(0).await.unwrap(), None);
    let far = Pointer {
        committed: window(),
        decided: window().plus(5),
    };
    store.advance(0, far).await.unwrap();
    store
        .advance(
            0,
            Pointer {
                committed: window().plus(-1),
                decided: window(),
            },
        )
        .await
        .unwrap();
    assert_eq!(store.pointer(0).await.unwrap(), Some(far));
}

#[tokio::test]
async fn a_transition_and_its_messages_appear_together_or_not_at_all() {
    let (store, _server) = store().await;
    assert_eq!(
        store.apply(&transition(1, &["INC-0-page"])).await.unwrap(),
        Applied::Yes
    );
    assert_eq!(
        store.apply(&transition(1, &["INC-1-page"])).await.unwrap(),
        Applied::Lost,
        "somebody else was first"
    );
    assert_eq!(
        store.apply(&transition(3, &["INC-2-page"])).await.unwrap(),
        Applied::Lost,
        "decided on a stale record"
    );
    let waiting: Vec<_> = store
        .outbox()
        .await
        .unwrap()
        .into_iter()
        .map(|item| item.id)
        .collect();
    assert_eq!(waiting, ["INC-0-page"]);
    assert_eq!(
        store.apply(&transition(2, &["INC-0-page"])).await.unwrap(),
        Applied::Lost,
        "a message has one birth"
    );
    assert_eq!(store.alert("f").await.unwrap().unwrap().version, 1);
    assert_eq!(
        store.apply(&transition(2, &[])).await.unwrap(),
        Applied::Yes
    );
    assert_eq!(
        store
            .history(window().plus(-5_000), window())
            .await
            .unwrap(),
        ["{\"v\":2}"]
    );
    assert!(
        store
            .history(window().plus(1), window().plus(10))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.alert("unheard of").await.unwrap(), None);
}

#[tokio::test]
async fn a_message_has_one_sender_at_a_time_and_leaves_the_outbox_once() {
    let (store, _server) = store().await;
    store
        .apply(&transition(1, &["INC-0-page", "INC-0-chat"]))
        .await
        .unwrap();
    assert!(store.lease("INC-0-page", at(0), at(30)).await.unwrap());
    assert!(!store.lease("INC-0-page", at(10), at(40)).await.unwrap());
    assert!(
        store.lease("INC-0-page", at(31), at(61)).await.unwrap(),
        "the sender died"
    );
    let page = store
        .outbox()
        .await
        .unwrap()
        .into_iter()
        .find(|item| item.id == "INC-0-page")
        .unwrap();
    assert_eq!(page.attempts, 2);
    store.sent(&page, "sns-1", at(32)).await.unwrap();
    assert!(!store.lease("INC-0-page", at(99), at(129)).await.unwrap());
    store
        .dead(&message("INC-0-chat"), "the topic does not exist", at(33))
        .await
        .unwrap();
    assert!(store.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_is_gone_is_a_retryable_error_with_the_tables_name() {
    let client =
        aws_sdk_dynamodb::Client::new(&crate::aws::for_endpoint("http://127.0.0.1:1").await);
    let error = DynamoDbStateStore::new(client, "state")
        .pointer(0)
        .await
        .unwrap_err();
    assert!(error.is_retryable());
    assert!(
        error
            .to_string()
            .starts_with("state table state: GetItem failed: "),
        "{error}"
    );
}

#[tokio::test]
async fn notes_are_kept_by_kind_and_name_and_the_newer_one_counts() {
    let (store, _server) = store().await;
    let note = |id: &str, body: &str| Note {
        id: id.to_owned(),
        body: body.to_owned(),
        until: at(3_600),
    };
    for (notes, id, body) in [
        (Notes::Silences, "b", "{\"of\":\"b\"}"),
        (Notes::Silences, "a", "{\"of\":\"a\"}"),
        (Notes::Verdicts, "a", "{\"of\":\"verdict\"}"),
        (Notes::Silences, "b", "{\"of\":\"b, expired\"}"),
    ] {
        store.keep(notes, &note(id, body)).await.unwrap();
    }
    let kept = |id: &str, body: &str| (id.to_owned(), body.to_owned());
    assert_eq!(
        store.kept(Notes::Silences).await.unwrap(),
        [
            kept("a", "{\"of\":\"a\"}"),
            kept("b", "{\"of\":\"b, expired\"}")
        ]
    );
    assert_eq!(
        store.kept(Notes::Verdicts).await.unwrap(),
        [kept("a", "{\"of\":\"verdict\"}")]
    );
}

#[tokio::test]
async fn a_note_without_a_text_is_left_out_and_the_others_are_read() {
    let (store, server) = store().await;
    let note = Note {
        id: "b".to_owned(),
        body: "{}".to_owned(),
        until: at(3_600),
    };
    store.keep(Notes::Silences, &note).await.unwrap();
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let broken = server.client().await;
    let put = broken.put_item().table_name("state");
    put.item("pk", text("SILENCES"))
        .item("sk", text("a"))
        .send()
        .await
        .unwrap();
    let kept = store.kept(Notes::Silences).await.unwrap();
    assert_eq!(kept, [("b".to_owned(), "{}".to_owned())]);
}

#[tokio::test]
async fn the_newest_notes_of_a_range_come_first_and_not_more_than_asked_for() {
    let (store, _server) = store().await;
    for id in ["1#a", "2#a", "3#a", "3#b", "5#a"] {
        let note = Note {
            id: id.to_owned(),
            body: format!("of {id}"),
            until: at(0),
        };
        // Told twice, kept once.
        store.keep(Notes::Changes, &note).await.unwrap();
        store.keep(Notes::Changes, &note).await.unwrap();
    }
    let ids = async |from, to, limit| -> Vec<String> {
        let found = store.newest_kept(Notes::Changes, from, to, limit).await;
        found.unwrap().into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(ids("2", "4", 9).await, ["3#b", "3#a", "2#a"]);
    assert_eq!(ids("2", "4", 2).await, ["3#b", "3#a"]);
    assert_eq!(ids("6", "9", 2).await, [] as [&str; 0]);
    assert!(store.kept(Notes::Silences).await.unwrap().is_empty());
}
