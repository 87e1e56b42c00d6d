use jiff::SignedDuration;
use proptest::prelude::*;
use signals::Minute;

use super::*;
use crate::acknowledge_link::page::Subject;
use crate::acknowledge_link::tests::{
    GOLDEN, claim_on, end, key, keys, link, token, token_of, verify,
};
use crate::message::example;
use crate::{Direction, Group, Symptom};

#[test]
fn a_token_is_the_mac_that_another_implementation_computes() {
    assert_eq!(token().as_str(), GOLDEN);
    assert!(GOLDEN.len() <= TOKEN_CHARS);
}

#[test]
fn a_token_says_what_it_was_signed_for_each_time_it_is_asked() {
    let record = example::open_record();
    let claim = claim_on(&record);
    assert_eq!(claim.incident(), &record.incident.as_ref().unwrap().id);
    assert_eq!(claim.fingerprint(), &record.fingerprint);
    assert_eq!(claim.expires(), end());
    assert_eq!(verify(GOLDEN), Ok(claim), "a replay is no error");
}

#[test]
fn what_is_no_token_of_ours_is_refused() {
    use TokenError::{Expired, Forged, Malformed};
    let [version, incident, fingerprint, seconds, mac] =
        GOLDEN.split('.').collect::<Vec<_>>().try_into().unwrap();
    let with = |fields: [&str; 5]| fields.join(".");
    let earlier = (end() - SignedDuration::from_secs(1))
        .as_second()
        .to_string();
    let foreign = token_of(&example::open_record(), &key(1));
    for (rule, text, error) in [
        ("nothing", String::new(), Malformed),
        ("only dots", "....".to_owned(), Malformed),
        ("a dot behind it", format!("{GOLDEN}."), Malformed),
        ("a bracket behind it", format!("{GOLDEN}>"), Malformed),
        ("a space before it", format!(" {GOLDEN}"), Malformed),
        ("a broken line", GOLDEN.replacen('.', ".\n", 1), Malformed),
        (
            "a whole link",
            link("https://h", &token()).unwrap(),
            Malformed,
        ),
        ("a megabyte", "v1.".repeat(400_000), Malformed),
        (
            "another version",
            with(["v2", incident, fingerprint, seconds, mac]),
            Malformed,
        ),
        (
            "a field too many",
            with([version, incident, fingerprint, seconds, "1"]) + "." + mac,
            Malformed,
        ),
        (
            "the mac in capitals",
            with([version, incident, fingerprint, seconds, &mac.to_uppercase()]),
            Malformed,
        ),
        (
            "half a mac",
            with([version, incident, fingerprint, seconds, &mac[..32]]),
            Malformed,
        ),
        (
            "no mac",
            with([version, incident, fingerprint, seconds, ""]),
            Malformed,
        ),
        (
            "an id in small letters",
            with([version, &incident.to_lowercase(), fingerprint, seconds, mac]),
            Malformed,
        ),
        (
            "an end with a sign",
            with([version, incident, fingerprint, &format!("+{seconds}"), mac]),
            Malformed,
        ),
        (
            "an end that no calendar has",
            with([version, incident, fingerprint, "999999999999", mac]),
            Malformed,
        ),
        (
            "an end with a leading zero",
            with([version, incident, fingerprint, &format!("0{seconds}"), mac]),
            Forged,
        ),
        (
            "a later end",
            with([version, incident, fingerprint, "9999999999", mac]),
            Forged,
        ),
        // Were it Expired, anybody could have a made-up token confirmed as well-formed.
        (
            "an end in the past, forged",
            with([version, incident, fingerprint, "0", mac]),
            Forged,
        ),
        (
            "the mac of another end",
            with([version, incident, fingerprint, &earlier, mac]),
            Forged,
        ),
        (
            "another group",
            with([version, incident, "0000000000000000", seconds, mac]),
            Forged,
        ),
        (
            "another incident",
            with([
                version,
                "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                fingerprint,
                seconds,
                mac,
            ]),
            Forged,
        ),
        (
            "a mac of zeros",
            with([version, incident, fingerprint, seconds, &"0".repeat(64)]),
            Forged,
        ),
        ("a foreign key", foreign.as_str().to_owned(), Forged),
    ] {
        assert_eq!(verify(&text), Err(error), "{rule}");
    }
    for (rule, now, expected) in [
        (
            "a second before its end",
            end() - SignedDuration::from_secs(1),
            None,
        ),
        (
            "a nanosecond before its end",
            end() - SignedDuration::from_nanos(1),
            None,
        ),
        ("at its end", end(), Some(Expired { since: end() })),
        (
            "a year later",
            "2027-11-21T00:00:00Z".parse().unwrap(),
            Some(Expired { since: end() }),
        ),
        (
            "before it was signed, by a clock that jumped",
            Timestamp::MIN,
            None,
        ),
    ] {
        assert_eq!(
            Token::verify(GOLDEN, &keys(), now).err(),
            expected,
            "{rule}"
        );
    }
}

#[test]
fn no_character_can_be_changed_dropped_or_doubled() {
    for position in 0..GOLDEN.len() {
        let (before, rest) = GOLDEN.split_at(position);
        let after = &rest[1..];
        assert_eq!(
            verify(before),
            Err(TokenError::Malformed),
            "cut at {position}"
        );
        let original = rest.as_bytes()[0];
        let dropped = format!("{before}{after}");
        let doubled = format!("{before}{}{rest}", char::from(original));
        // A bit flipped is one of these: all the characters that ASCII has.
        let changed = (0..128_u8)
            .filter(|other| *other != original)
            .map(|other| format!("{before}{}{after}", char::from(other)));
        for text in changed.chain([dropped, doubled]) {
            let refused = verify(&text).unwrap_err();
            assert!(
                matches!(refused, TokenError::Malformed | TokenError::Forged),
                "{text:?}: {refused}"
            );
        }
    }
}

#[test]
fn a_claim_finds_its_own_incident_and_no_other() {
    let record = example::open_record();
    let claim = claim_on(&record);
    let group = |service| Group::new("prod", service, Symptom::Latency, Direction::High).unwrap();
    let mut later = record.clone();
    let window = Minute::parse("2026-11-21T03:00:00Z").unwrap();
    later.incident.as_mut().unwrap().id = IncidentId::mint(&record.fingerprint, window);
    // An incident of the same name under another group cannot be minted, only forged in the store.
    let mut moved = Record::new(group("other"));
    moved.incident.clone_from(&record.incident);
    for (rule, record, is_found) in [
        ("its own", record.clone(), true),
        ("its own, resolved", example::resolved_record(), true),
        ("a later incident of the group", later, false),
        (
            "a group that never had one",
            Record::new(example::group()),
            false,
        ),
        ("the same id in another group", moved, false),
    ] {
        let found = claim.incident_in(&record);
        let expected = if is_found {
            Ok(record.incident.as_ref().unwrap())
        } else {
            Err(TokenError::OtherIncident)
        };
        assert_eq!(found, expected, "{rule}");
        assert_eq!(
            Subject::new(&claim, &record, None).is_ok(),
            is_found,
            "{rule}"
        );
    }
}

#[test]
fn what_a_verifier_would_not_read_is_not_signed() {
    let record = example::open_record();
    let (incident, fingerprint) = (&record.incident.as_ref().unwrap().id, &record.fingerprint);
    let edited = |text: &str| serde_json::from_value::<IncidentId>(text.into()).unwrap();
    let short: Fingerprint = serde_json::from_value("e546".into()).unwrap();
    for (incident, fingerprint) in [
        (&edited("INC-0193"), fingerprint),
        (&edited("../../../../../admin/x?a=b"), fingerprint),
        (incident, &short),
    ] {
        let error = Token::sign(incident, fingerprint, end(), &key(0)).unwrap_err();
        assert!(error.to_string().contains("edited by hand"), "{error}");
    }
    let ancient = Token::sign(incident, fingerprint, Timestamp::MIN, &key(0)).unwrap();
    let since = Timestamp::UNIX_EPOCH;
    assert_eq!(verify(ancient.as_str()), Err(TokenError::Expired { since }));
}

proptest! {
    #[test]
    fn no_text_verifies_or_panics(text in any::<String>()) {
        prop_assert_eq!(verify(&text), Err(TokenError::Malformed));
    }

    #[test]
    fn no_text_in_the_form_of_a_token_verifies(
        text in r"v1\.[0-9A-HJKMNP-TV-Z]{26}\.[0-9a-f]{16}\.[0-9]{1,11}\.[0-9a-f]{64}",
    ) {
        prop_assert_eq!(verify(&text), Err(TokenError::Forged));
    }

    #[test]
    fn a_token_is_good_for_its_incident_until_its_end_whatever_they_are(
        window in any::<i64>(),
        end in 0..=Timestamp::MAX.as_second(),
        now in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
    ) {
        let fingerprint = example::group().fingerprint();
        let incident = IncidentId::mint(&fingerprint, Minute::from_index(window));
        let (since, now) = (Timestamp::from_second(end).unwrap(), Timestamp::from_second(now).unwrap());
        let token = Token::sign(&incident, &fingerprint, since, &key(0)).unwrap();
        prop_assert!(token.as_str().len() <= TOKEN_CHARS);
        let verified = Token::verify(token.as_str(), &keys(), now);
        if now < since {
            let claim = verified.unwrap();
            prop_assert_eq!((claim.incident(), claim.expires()), (&incident, since));
        } else {
            prop_assert_eq!(verified, Err(TokenError::Expired { since }));
        }
    }
}
