//! What each version said, beside what all said together.

use super::*;

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

/// Two versions in one minute, one of them in two batches; another minute of one; and a batch of none.
async fn store_with_versions() -> (Client, DynamoDbSeriesStore, crate::testing::Server) {
    let (client, server) = table().await;
    let store = DynamoDbSeriesStore::new(client.clone(), "series");
    for (name, of, samples) in [
        ("a", Some("9"), vec![(0, 1, 1.0), (1, 1, 2.0)]),
        ("b", Some("10"), vec![(0, 1, 0.1)]),
        ("c", Some("10"), vec![(0, 1, 0.2), (0, 2, 8.0)]),
        ("d", None, vec![(0, 1, 16.0), (2, 1, 32.0)]),
    ] {
        store
            .put_batch_of(GROUP, &batch(name), of.map(version), &rollups(&samples))
            .await
            .unwrap();
    }
    (client, store, server)
}

#[tokio::test]
async fn each_version_is_read_by_itself_and_batches_of_none_are_left_out() {
    let (_, store, _server) = store_with_versions().await;
    let read = store
        .raw_minutes_by_version(GROUP, minute(0), minute(2))
        .await
        .unwrap();
    let expected = RollupsByVersion::from([
        (version("9"), rollups(&[(0, 1, 1.0), (1, 1, 2.0)])),
        (
            version("10"),
            rollups(&[(0, 1, 0.1), (0, 1, 0.2), (0, 2, 8.0)]),
        ),
    ]);
    assert_eq!(read, expected);
    let nothing = store
        .raw_minutes_by_version(GROUP, minute(2), minute(9))
        .await
        .unwrap();
    assert!(nothing.is_empty(), "{nothing:?}");
}

#[tokio::test]
async fn one_read_says_the_whole_and_who_was_heard_in_each_minute() {
    let (_, store, _server) = store_with_versions().await;
    let (whole, heard) = store
        .raw_minutes_and_versions(GROUP, minute(0), minute(2))
        .await
        .unwrap();
    let alone = store
        .raw_minutes(GROUP, minute(0), minute(2))
        .await
        .unwrap();
    // Equal to the last bit: the whole is merged in the order of the batches, whatever version they are of.
    assert_eq!(whole, alone);
    assert_eq!(alone[&minute(0)][&series(1)].count(), 4);
    assert_eq!(
        heard,
        VersionsHeard::from([
            (minute(0), BTreeSet::from([version("9"), version("10")])),
            (minute(1), BTreeSet::from([version("9")])),
        ])
    );
}

#[tokio::test]
async fn only_items_of_a_versions_batch_carry_it_and_keys_stay_as_they_were() {
    let (client, store, _server) = store_with_versions().await;
    store
        .seal_minutes(GROUP, &rollups(&[(0, 1, 1.0)]))
        .await
        .unwrap();
    let items = client
        .scan()
        .table_name("series")
        .send()
        .await
        .unwrap()
        .items
        .unwrap();
    let mut found: Vec<_> = items
        .iter()
        .map(|item| {
            let version = item.get("version").map(|of| of.as_s().unwrap().as_str());
            (item["sk"].as_s().unwrap().clone(), version)
        })
        .collect();
    found.sort();
    let raw = |offset, name| format!("m#{}#{}#0000", minute(offset), batch(name).as_str());
    let mut expected = vec![
        (raw(0, "a"), Some("9")),
        (raw(1, "a"), Some("9")),
        (raw(0, "b"), Some("10")),
        (raw(0, "c"), Some("10")),
        (raw(0, "d"), None),
        (raw(2, "d"), None),
        (format!("s#{}#0000", minute(0)), None),
    ];
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn all_parts_of_a_large_batch_are_its_versions() {
    let (store, _server) = store().await;
    let said = wide(1_200, 1.0);
    store
        .put_batch_of(GROUP, &batch("a"), Some(version("3")), &said)
        .await
        .unwrap();
    let read = store
        .raw_minutes_by_version(GROUP, minute(0), minute(0))
        .await
        .unwrap();
    assert_eq!(read, RollupsByVersion::from([(version("3"), said)]));
}

#[tokio::test]
async fn an_attribute_that_is_no_version_costs_the_version_and_not_the_data() {
    let (client, store, _server) = store_with_versions().await;
    let key = format!("m#{}#{}#0000", minute(0), batch("a").as_str());
    for wrong in [
        AttributeValue::S("$LATEST".to_owned()),
        AttributeValue::N("9".to_owned()),
    ] {
        client
            .update_item()
            .table_name("series")
            .key("pk", AttributeValue::S(format!("g#{GROUP}")))
            .key("sk", AttributeValue::S(key.clone()))
            .update_expression("SET #version = :wrong")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":wrong", wrong)
            .send()
            .await
            .unwrap();
        let (whole, heard) = store
            .raw_minutes_and_versions(GROUP, minute(0), minute(0))
            .await
            .unwrap();
        assert_eq!(whole[&minute(0)][&series(1)].count(), 4);
        assert_eq!(heard[&minute(0)], BTreeSet::from([version("10")]));
    }
}
