use proptest::prelude::*;

use super::*;
use crate::Record;
use crate::message::example;

/// HMAC-SHA256 of Python 3 (`hmac.new(bytes(range(32)), b"outrider acknowledge|" + signed, "sha256")`).
pub(crate) const GOLDEN: &str = "v1.01M7XFSS40QTTBQZJPHQWT9FCC.e546c16386841a0f.1795298700.1e255cb1b73fcae61c34481635efa13e3a4fd9886c795c32b4f49f1f9daf41f9";

pub(crate) fn key(first: u8) -> Key {
    let bytes: Vec<u8> = (first..first + 32).collect();
    Key::new(&bytes).unwrap()
}

pub(crate) fn keys() -> Keys {
    key(0).into()
}

/// When the token of the tests ends, and a minute before.
pub(crate) fn end() -> Timestamp {
    "2026-11-21T22:05:00Z".parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    end() - SignedDuration::from_mins(1)
}

pub(crate) fn token_of(record: &Record, key: &Key) -> Token {
    let incident = record.incident.as_ref().unwrap();
    Token::sign(&incident.id, &record.fingerprint, end(), key).unwrap()
}

pub(crate) fn token() -> Token {
    token_of(&example::open_record(), &key(0))
}

/// The address of a token behind a base.
pub(crate) fn link(base: &str, token: &Token) -> Result<String, InvalidBase> {
    Ok(Links::new(base, key(0))?.to(token))
}

pub(crate) fn verify(text: &str) -> Result<Claim, TokenError> {
    Token::verify(text, &keys(), now())
}

pub(crate) fn claim_on(record: &Record) -> Claim {
    verify(token_of(record, &key(0)).as_str()).unwrap()
}

#[test]
fn the_previous_key_verifies_until_it_is_dropped() {
    let old = token_of(&example::open_record(), &key(0));
    let new = token_of(&example::open_record(), &key(1));
    let keys = |current, previous: Option<u8>| Keys {
        current: key(current),
        previous: previous.map(key),
    };
    for (rule, keys, old_is_good, new_is_good) in [
        ("before", keys(0, None), true, false),
        ("during", keys(1, Some(0)), true, true),
        ("after", keys(1, None), false, true),
        ("neither", keys(2, Some(3)), false, false),
    ] {
        for (token, is_good) in [(&old, old_is_good), (&new, new_is_good)] {
            let expected = (!is_good).then_some(TokenError::Forged);
            assert_eq!(
                Token::verify(token.as_str(), &keys, now()).err(),
                expected,
                "{rule}"
            );
        }
    }
}

#[test]
fn a_short_key_is_refused_and_no_key_or_mac_is_printed() {
    for bytes in [0, 1, 31] {
        let error = Key::new(&vec![7; bytes]).unwrap_err();
        assert_eq!(error, ShortKey { bytes });
        assert!(error.to_string().contains("at least 32"), "{error}");
    }
    assert!(Key::new(&[7; 32]).is_ok() && Key::new(&[7; 200]).is_ok());
    let printed = format!(
        "{:?}",
        Keys {
            current: key(0),
            previous: Some(key(1))
        }
    );
    assert_eq!(
        printed,
        "Keys { current: Key(..), previous: Some(Key(..)) }"
    );
    let (signed, mac) = GOLDEN.rsplit_once('.').unwrap();
    assert_eq!(format!("{:?}", token()), format!("Token({signed}..)"));
    assert!(!format!("{:?}", claim_on(&example::open_record())).contains(mac));
}

#[test]
fn a_link_is_its_base_and_the_token_as_the_last_segment() {
    let longest = format!("https://h/{}", "a".repeat(BASE_CHARS - 10));
    for (base, before) in [
        ("https://ack.example.com", "https://ack.example.com"),
        ("https://ack.example.com/", "https://ack.example.com"),
        (
            "https://ack.example.com:8443/prod",
            "https://ack.example.com:8443/prod",
        ),
        ("https://127.0.0.1", "https://127.0.0.1"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        (longest.as_str(), longest.as_str()),
    ] {
        assert_eq!(
            link(base, &token()).unwrap(),
            format!("{before}/acknowledge/{GOLDEN}")
        );
    }
}

#[test]
fn the_link_of_a_message_ends_a_day_after_it_and_is_the_same_each_time() {
    let links = Links::new("https://ack.example.com", key(0)).unwrap();
    let (record, at) = (example::open_record(), end() - LIFETIME);
    let link = links.of(&record, at).unwrap().unwrap();
    assert_eq!(
        link,
        format!("https://ack.example.com/acknowledge/{GOLDEN}")
    );
    assert_eq!(links.of(&record, at).unwrap(), Some(link));
    let other = links.of(&record, end()).unwrap().unwrap();
    assert!(!other.contains(GOLDEN), "{other}");
    let empty = Record::new(example::group());
    assert_eq!(links.of(&empty, at), Ok(None));
    let printed = format!("{links:?}");
    assert!(printed.ends_with("key: Key(..) }"), "{printed}");
}

#[test]
fn a_base_that_would_lose_the_token_or_show_it_to_others_is_refused() {
    let long = format!("https://h/{}", "a".repeat(BASE_CHARS - 9));
    for (base, says) in [
        ("", "https://"),
        ("ack.example.com", "https://"),
        ("ftp://ack.example.com", "https://"),
        ("javascript:alert(1)//", "https://"),
        ("http://ack.example.com", "127.0.0.1 only"),
        ("http://127.0.0.1.example.com", "127.0.0.1 only"),
        ("http://localhost:3000", "127.0.0.1 only"),
        ("http://127.0.0.1@example.com", "before @"),
        ("https://", "plain host"),
        ("https:///prod", "plain host"),
        ("https://:443", "plain host"),
        ("https://user:secret@h", "before @"),
        ("https://h h", "plain host"),
        ("https://h\n", "plain host"),
        ("https://hé", "plain host"),
        ("https://h?x=1", "plain host"),
        ("https://h:0", "port"),
        ("https://h:", "port"),
        ("https://h:+80", "port"),
        ("https://h:65536", "port"),
        ("https://h/a?x=1", "a query or a fragment"),
        ("https://h/#x", "a query or a fragment"),
        ("https://h/a b", "a path"),
        ("https://h/\"><script>", "a path"),
        (long.as_str(), "longer than 200"),
    ] {
        let error = link(base, &token()).unwrap_err().to_string();
        assert!(
            error.contains(says) && error.contains("for example") && !error.contains("secret"),
            "{base}: {error}"
        );
    }
}

#[test]
fn a_name_is_taken_as_typed_or_refused_with_the_reason() {
    let (longest, long) = ("é".repeat(80), "é".repeat(81));
    let control = |found, position| Err(InvalidBy::Control { found, position });
    for (typed, expected) in [
        ("Anna", Ok("Anna")),
        ("  Anna  K. \r\n", Ok("Anna  K.")),
        ("<b>O'Neil & \"co\"</b>", Ok("<b>O'Neil & \"co\"</b>")),
        ("علی\u{200c}رضا", Ok("علی\u{200c}رضا")),
        (longest.as_str(), Ok(longest.as_str())),
        (long.as_str(), Err(InvalidBy::TooLong { chars: 81 })),
        ("", Err(InvalidBy::Empty)),
        (" \t\n", Err(InvalidBy::Empty)),
        ("\u{200d}\u{200c}", Err(InvalidBy::Empty)),
        ("a\nALARM: b", control('\n', 2)),
        ("a\u{0}", control('\u{0}', 2)),
        ("\u{202e}annA", control('\u{202e}', 1)),
        ("\u{200b}", control('\u{200b}', 1)),
    ] {
        let by = By::new(typed);
        assert_eq!(
            by.as_ref().map(By::as_str),
            expected.as_deref(),
            "{typed:?}"
        );
    }
    assert_eq!(
        By::from_form(" ").unwrap().as_str(),
        "somebody with the link"
    );
    assert_eq!(By::from_form(&long), Err(InvalidBy::TooLong { chars: 81 }));
    assert_eq!(
        By::new("Anna").unwrap().at(now()),
        Acknowledgement {
            by: "Anna".to_owned(),
            at: now()
        }
    );
}

proptest! {
    #[test]
    fn any_base_gives_one_line_that_ends_in_the_token_or_an_error(
        base in "https?://(127.0.0.1|[a-z0-9.-]{1,5})(:[0-9]{1,5})?[a-z0-9/?#@ \"\u{e9}\n-]{0,4}",
    ) {
        if let Ok(link) = link(&base, &token()) {
            prop_assert!(link.ends_with(GOLDEN) && link.bytes().all(|c| c.is_ascii_graphic()));
        }
    }

    #[test]
    fn any_name_keeps_its_limits(typed in any::<String>()) {
        if let Ok(by) = By::new(&typed) {
            prop_assert!((1..=BY_CHARS).contains(&by.as_str().chars().count()));
            prop_assert!(by.as_str().trim() == by.as_str() && !by.as_str().chars().any(char::is_control));
        }
    }
}
