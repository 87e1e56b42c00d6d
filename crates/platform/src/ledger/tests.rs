//! The contract of the port, and the chain on both adapters: in memory, and `dynoxide` over HTTP.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use super::dynamodb::DynamoDbLedger;
use super::memory::MemoryLedger;
use super::*;
use crate::series_store::dynamodb::create_table;

fn id(number: u64) -> EventId {
    EventId::parse(format!("{number:056}").as_bytes()).unwrap()
}

fn run(first: u64, last: u64) -> Run {
    Run {
        first: id(first),
        last: id(last),
        events: last - first + 1,
    }
}

fn claim(owner: &str, first: u64, last: u64) -> Claim {
    Claim {
        run: run(first, last),
        owner: BatchId::of([owner.as_bytes()]),
    }
}

fn stream() -> StreamId {
    StreamId::of("123456789012", "/aws/lambda/f", "s")
}

fn now() -> Timestamp {
    "2026-11-20T22:05:00Z".parse().unwrap()
}

async fn table() -> (Client, crate::testing::Server) {
    let server = crate::testing::Server::start().await;
    let client = server.client().await;
    create_table(&client, "series").await.unwrap();
    (client, server)
}

/// Both adapters; what they promise is the same.
async fn both() -> (Vec<Box<dyn Ledger>>, crate::testing::Server) {
    let (client, server) = table().await;
    let dynamodb = DynamoDbLedger::new(client, "series");
    (
        vec![Box::<MemoryLedger>::default(), Box::new(dynamodb)],
        server,
    )
}

async fn chain(ledger: &dyn Ledger, first: u64, last: u64) -> Chain {
    Chain::of(
        ledger
            .links(&stream(), &id(first), &id(last))
            .await
            .unwrap(),
    )
}

/// Does what the chain says is due; `false` when somebody else was faster.
async fn put(ledger: &dyn Ledger, chain: &mut Chain, claim: &Claim) -> bool {
    for step in chain.steps(claim) {
        match step {
            Step::Ensure(link) => {
                ledger.put(&stream(), &link, None, now()).await.unwrap();
            }
            Step::Claim(link, seen) => {
                let stored = ledger.put(&stream(), &link, seen.as_ref(), now()).await;
                if !stored.unwrap() {
                    return false;
                }
                chain.stored(link);
            }
        }
    }
    true
}

async fn claims(ledger: &dyn Ledger, first: u64, last: u64) -> Vec<Claim> {
    chain(ledger, first, last)
        .await
        .overlapping(&run(first, last))
}

#[tokio::test]
async fn claims_come_in_any_order_and_stand_in_the_order_of_their_ids() {
    // Runs by their tens: (0, 9), (10, 19), …
    for order in [
        [0, 1, 2, 3, 4, 5],
        [5, 4, 3, 2, 1, 0],
        [0, 5, 1, 4, 2, 3],
        [2, 0, 5, 3, 1, 4],
        [3, 1, 2, 0, 5, 4],
    ] {
        let (ledgers, _server) = both().await;
        for ledger in &ledgers {
            for tens in order {
                let claim = claim(&format!("batch {tens}"), 10 * tens, 10 * tens + 9);
                let mut chain = chain(ledger.as_ref(), 10 * tens, 10 * tens + 9).await;
                assert!(
                    put(ledger.as_ref(), &mut chain, &claim).await,
                    "{order:?} {ledger:?}"
                );
            }
            let expected: Vec<_> = (0..6)
                .map(|tens| claim(&format!("batch {tens}"), 10 * tens, 10 * tens + 9))
                .collect();
            for (first, last) in [
                (0, 59),
                (0, 0),
                (9, 10),
                (15, 15),
                (31, 55),
                (59, 70),
                (60, 70),
            ] {
                let touched: Vec<_> = expected
                    .iter()
                    .filter(|claim| claim.run.first <= id(last) && claim.run.last >= id(first))
                    .cloned()
                    .collect();
                let found = claims(ledger.as_ref(), first, last).await;
                assert_eq!(found, touched, "{order:?} {first}-{last} {ledger:?}");
            }
        }
    }
}

#[tokio::test]
async fn of_two_who_read_the_same_chain_one_gets_the_gap() {
    for (place, earlier) in [
        ("an empty ledger", vec![]),
        ("the end", vec![(0, 9)]),
        ("the end after two", vec![(0, 4), (5, 9)]),
        ("the beginning", vec![(40, 49)]),
        ("between two", vec![(0, 9), (40, 49)]),
        ("between two, the later one first", vec![(40, 49), (0, 9)]),
        (
            "between many",
            vec![(60, 69), (0, 3), (40, 49), (4, 9), (50, 59)],
        ),
    ] {
        let (ledgers, _server) = both().await;
        for ledger in ledgers.iter().map(AsRef::as_ref) {
            for (first, last) in &earlier {
                let mut chain = chain(ledger, *first, *last).await;
                assert!(put(ledger, &mut chain, &claim("earlier", *first, *last)).await);
            }
            for (mine, theirs) in [
                ((20, 29), (25, 34)),
                ((11, 12), (14, 15)),
                ((17, 18), (17, 18)),
            ] {
                let (mine, theirs) = (
                    claim("mine", mine.0, mine.1),
                    claim("theirs", theirs.0, theirs.1),
                );
                let mut a = chain(ledger, 11, 34).await;
                let mut b = a.clone();
                assert!(put(ledger, &mut a, &mine).await, "{place}");
                assert!(!put(ledger, &mut b, &theirs).await, "{place} {ledger:?}");
            }
            let mut all: Vec<_> = earlier
                .iter()
                .map(|(a, b)| claim("earlier", *a, *b))
                .collect();
            all.extend([
                claim("mine", 20, 29),
                claim("mine", 11, 12),
                claim("mine", 17, 18),
            ]);
            all.sort_by_key(|claim| claim.run.first);
            assert_eq!(claims(ledger, 0, 99).await, all, "{place} {ledger:?}");
        }
    }
}

#[tokio::test]
async fn a_gap_can_be_filled_bit_by_bit_from_what_was_read_once() {
    let (ledgers, _server) = both().await;
    for ledger in ledgers.iter().map(AsRef::as_ref) {
        for (first, last) in [(10, 19), (40, 49)] {
            let mut chain = chain(ledger, first, last).await;
            assert!(put(ledger, &mut chain, &claim("earlier", first, last)).await);
        }
        let mut chain = chain(ledger, 0, 99).await;
        for (first, last) in [(0, 9), (20, 39), (50, 99)] {
            assert!(
                put(ledger, &mut chain, &claim("mine", first, last)).await,
                "{ledger:?}"
            );
        }
        let owners: Vec<_> = claims(ledger, 0, 99)
            .await
            .into_iter()
            .map(|claim| claim.run)
            .collect();
        assert_eq!(
            owners,
            [
                run(0, 9),
                run(10, 19),
                run(20, 39),
                run(40, 49),
                run(50, 99)
            ]
        );
    }
}

#[tokio::test]
async fn streams_do_not_meet() {
    let (ledgers, _server) = both().await;
    for ledger in ledgers.iter().map(AsRef::as_ref) {
        let mut chain = chain(ledger, 0, 9).await;
        assert!(put(ledger, &mut chain, &claim("a", 0, 9)).await);
        let other = StreamId::of("123456789012", "/aws/lambda/f", "t");
        assert!(
            ledger
                .links(&other, &id(0), &id(9))
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_batch_that_continues_its_stream_costs_one_read_unit_and_one_write_unit() {
    let (client, _server) = table().await;
    let ledger = DynamoDbLedger::new(client.clone(), "series");
    for n in 0..40 {
        let (first, last) = (n * 1_000, n * 1_000 + 999);
        let links = ledger
            .links(&stream(), &id(first), &id(last))
            .await
            .unwrap();
        assert!(
            links.len() <= 1,
            "{n}: one link is read, not the whole stream"
        );
        let chain = Chain::of(links);
        let steps = chain.steps(&claim("b", first, last));
        let [Step::Claim(link, seen)] = &steps[..] else {
            panic!("{n}: more than one write: {steps:?}");
        };
        assert!(
            ledger
                .put(&stream(), link, seen.as_ref(), now())
                .await
                .unwrap()
        );
    }
    let items = client.scan().table_name("series").send().await.unwrap();
    let bytes = |value: &AttributeValue| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        other => panic!("{other:?}"),
    };
    let sizes = items.items().iter().map(|item| {
        item.iter()
            .map(|(name, value)| name.len() + bytes(value))
            .sum::<usize>()
    });
    let largest = sizes.max().unwrap();
    // The one in the middle of which another is put has a third claim.
    assert!(largest + 170 < 1_024, "{largest} bytes");
}

#[tokio::test]
async fn items_are_as_documented_and_outlive_any_replay() {
    let (client, _server) = table().await;
    let ledger = DynamoDbLedger::new(client.clone(), "series");
    for (first, last) in [(10, 19), (20, 29)] {
        let mut chain = chain(&ledger, first, last).await;
        assert!(put(&ledger, &mut chain, &claim("b", first, last)).await);
    }
    let items = client.scan().table_name("series").send().await.unwrap();
    let mut found: Vec<_> = items
        .items()
        .iter()
        .map(|item| {
            let text = |name: &str| {
                item.get(name)
                    .and_then(|v| v.as_s().ok())
                    .cloned()
                    .unwrap_or_default()
            };
            assert_eq!(
                item["expires"],
                AttributeValue::N((now().as_second() + 15 * 86_400).to_string())
            );
            [text("pk"), text("sk"), text("of"), text("next")]
        })
        .collect();
    found.sort();
    let pk = format!("ledger#{}", stream().as_str());
    let said = |first: u64, last: u64| {
        format!(
            "{first:056}/{last:056}/10/{}",
            BatchId::of([&b"b"[..]]).as_str()
        )
    };
    assert_eq!(
        found,
        [
            [pk.clone(), "-".to_owned(), String::new(), said(10, 19)],
            [pk, format!("{:056}", 10), said(10, 19), said(20, 29)],
        ]
    );
}

#[tokio::test]
async fn an_item_that_somebody_else_wrote_is_an_error_that_says_what_to_do() {
    let (client, _server) = table().await;
    let ledger = DynamoDbLedger::new(client.clone(), "series");
    for (name, next) in [
        ("no claim", AttributeValue::S("1/2/3".to_owned())),
        ("no text", AttributeValue::N("1".to_owned())),
        (
            "backwards",
            AttributeValue::S(format!("{:056}/{:056}/1/{:032}", 2, 1, 0)),
        ),
        (
            "too much",
            AttributeValue::S(format!("{:056}/{:056}/1/{:032}/x", 1, 2, 0)),
        ),
    ] {
        client
            .put_item()
            .table_name("series")
            .item(
                "pk",
                AttributeValue::S(format!("ledger#{}", stream().as_str())),
            )
            .item("sk", AttributeValue::S("-".to_owned()))
            .item("next", next)
            .send()
            .await
            .unwrap();
        let error = ledger.links(&stream(), &id(1), &id(2)).await.unwrap_err();
        assert!(!error.is_retryable());
        let text = error.to_string();
        assert!(
            text.contains("/- is unreadable: attribute next is no claim; delete"),
            "{name}: {text}"
        );
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_an_error_that_may_pass() {
    let (client, server) = table().await;
    let ledger = DynamoDbLedger::new(client, "series");
    drop(server);
    let link = Link {
        of: None,
        next: claim("a", 1, 2),
        after: None,
    };
    let read = ledger.links(&stream(), &id(1), &id(2)).await.unwrap_err();
    let put = ledger.put(&stream(), &link, None, now()).await.unwrap_err();
    assert!(read.is_retryable() && put.is_retryable(), "{read} {put}");
}
