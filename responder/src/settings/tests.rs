use std::collections::BTreeMap;

use super::*;

fn read(arn: &str) -> Result<Settings, ConfigErrors> {
    Settings::read(&BTreeMap::from([(VERSION_ARN.to_owned(), arn.to_owned())]))
}

#[test]
fn only_a_version_can_be_tried() {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:outrider-car-api:42";
    assert_eq!(read(arn).unwrap().version_arn.as_deref(), Some(arn));
    for (rule, arn) in [
        ("nothing", ""),
        ("a name", "outrider-car-api"),
        (
            "a function",
            "arn:aws:lambda:eu-west-1:123456789012:function:f",
        ),
        (
            "an alias",
            "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
        ),
        (
            "the newest code",
            "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST",
        ),
        (
            "something else",
            "arn:aws:lambda:eu-west-1:123456789012:layer:f:1",
        ),
        (
            "too much",
            "arn:aws:lambda:eu-west-1:123456789012:function:f:1:2",
        ),
    ] {
        let error = read(arn).unwrap_err().to_string();
        assert!(
            error.contains(VERSION_ARN) && error.contains(arn),
            "{rule}: {error}"
        );
    }
}

#[test]
fn links_are_served_with_a_key_and_mistakes_name_the_variable() {
    let (key, old) = ("k".repeat(32), "o".repeat(64));
    let whole = [(ACKNOWLEDGE_KEY, key.as_str()), (STATE_TABLE, "state")];
    let read = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        Settings::read(&pairs.collect::<BTreeMap<_, _>>())
    };
    let settings = read(&whole).unwrap();
    assert!(settings.version_arn.is_none());
    let links = settings.links.unwrap();
    assert!(links.keys.previous.is_none() && links.place.local.is_none());
    let more = [
        (ACKNOWLEDGE_PREVIOUS_KEY, old.as_str()),
        (RUNBOOKS, "https://docs.example.com"),
        (TIME_ZONE, "Europe/Paris"),
        (REGION, "eu-west-1"),
    ];
    let links = read(&[&whole[..], &more].concat()).unwrap().links.unwrap();
    assert!(links.keys.previous.is_some() && links.place.local.is_some());
    assert_eq!(links.place.region, "eu-west-1");
    for (rule, pairs, says) in [
        (
            "a short key",
            vec![(ACKNOWLEDGE_KEY, "hunter2"), (STATE_TABLE, "state")],
            "CAROBS_ACKNOWLEDGE_KEY: the key that signs acknowledgement links has 7 bytes",
        ),
        (
            "a short old key",
            [&whole[..], &[(ACKNOWLEDGE_PREVIOUS_KEY, "hunter2")]].concat(),
            "CAROBS_ACKNOWLEDGE_PREVIOUS_KEY: the key",
        ),
        ("no table", vec![whole[0]], "CAROBS_STATE_TABLE is not set"),
        (
            "no zone",
            [&whole[..], &[(TIME_ZONE, "Mars/Olympus")]].concat(),
            "CAROBS_TIME_ZONE is \"Mars/Olympus\"",
        ),
        (
            "no version",
            [&whole[..], &[(VERSION_ARN, "x")]].concat(),
            "CAR_API_VERSION_ARN is \"x\"",
        ),
    ] {
        let error = read(&pairs).unwrap_err().to_string();
        assert!(
            error.contains(says) && !error.contains("hunter2") && !error.contains(&key),
            "{rule}: {error}"
        );
    }
}
