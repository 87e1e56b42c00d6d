//! Base64 and gzip, whole, odd and hostile.

use super::*;

const EMPTY: &[u8] =
    br#"{"messageType":"DATA_MESSAGE","owner":"o","logGroup":"g","logStream":"s","logEvents":[]}"#;

#[test]
fn odd_payloads_are_read_all_the_same() {
    let whole = gzip(&payload_text());
    let encoded = base64_simd::STANDARD.encode_to_string(&whole);
    let spaced: String = encoded.chars().flat_map(|c| [c, '\n']).collect();
    let (head, tail) = (&payload_text()[..100], &payload_text()[100..]);
    let members = [gzip(head), gzip(b""), gzip(tail)].concat();
    for (rule, event) in [
        ("as CloudWatch Logs sends it", event(&whole)),
        (
            "without padding",
            json!({ "awslogs": { "data": encoded.trim_end_matches('=') } })
                .to_string()
                .into_bytes(),
        ),
        (
            "with white space",
            json!({ "awslogs": { "data": spaced } })
                .to_string()
                .into_bytes(),
        ),
        (
            "with escaped slashes",
            json!({ "awslogs": { "data": encoded } })
                .to_string()
                .replace('/', "\\/")
                .into_bytes(),
        ),
        (
            "with other members",
            json!({ "x": 1, "awslogs": { "y": [], "data": encoded } })
                .to_string()
                .into_bytes(),
        ),
        ("in several gzip members", event(&members)),
    ] {
        let (batches, counts) = read(&event).unwrap();
        assert_eq!(
            (batches.len(), counts.samples, counts.bytes),
            (1, 5, payload_text().len() as u64),
            "{rule}"
        );
    }
}

fn payload_text() -> Vec<u8> {
    text(&document(&[&report(1.5)])).into_bytes()
}

#[test]
fn an_error_never_repeats_what_somebody_logged() {
    for event in [
        br#"{"awslogs":"hunter2"}"#.to_vec(),
        event(&gzip(br#""password hunter2""#)),
    ] {
        let error = read_payload(&event, &Rules::default(), &Skip::new())
            .unwrap_err()
            .to_string();
        assert!(!error.contains("hunter2") && error.len() < 200, "{error}");
    }
}

#[test]
fn broken_payloads_are_one_clear_error_each() {
    let whole = gzip(EMPTY);
    let mut flipped = whole.clone();
    let crc = flipped.len() - 8;
    flipped[crc] ^= 1;
    let mut scrambled = whole.clone();
    scrambled[20..60].fill(0xaa);
    let many = gzip(b"").repeat(1_001);
    for (reason, words, event) in [
        (
            "payload_not_an_event",
            "is no subscription payload",
            b"hello".to_vec(),
        ),
        (
            "payload_not_an_event",
            "a value of another type at line 1 column 13",
            br#"{"awslogs":{}}"#.to_vec(),
        ),
        (
            "payload_not_base64",
            "is not base64",
            br#"{"awslogs":{"data":"*"}}"#.to_vec(),
        ),
        ("payload_not_gzip", "not 1f 8b", event(b"plain")),
        ("payload_not_gzip", "its first bytes are []", event(b"")),
        (
            "payload_truncated",
            "cut short",
            event(&whole[..whole.len() - 1]),
        ),
        ("payload_truncated", "cut short", event(&whole[..5])),
        ("payload_damaged", "checksum", event(&flipped)),
        ("payload_damaged", "damaged gzip", event(&scrambled)),
        (
            "payload_trailing_bytes",
            "7 bytes after",
            event(&[&whole[..], b"garbage"].concat()),
        ),
        (
            "payload_truncated",
            "cut short",
            event(&[&whole[..], &whole[..9]].concat()),
        ),
        (
            "payload_too_many_members",
            "1000 gzip members",
            event(&many),
        ),
        ("payload_not_a_document", "it is empty", event(&gzip(b""))),
        ("payload_not_a_document", "no JSON", event(&gzip(b"hello"))),
    ] {
        let error = read(&event).unwrap_err();
        assert_eq!(error.as_str(), reason, "{error}");
        assert!(
            !error.is_retryable() && error.to_string().contains(words),
            "{error}"
        );
        assert_eq!(error.to_string().lines().count(), 1);
    }
}

#[test]
fn a_bomb_stops_at_the_cap() {
    let rules = Rules {
        inflate_cap: 1024 * 1024,
        ..Rules::default()
    };
    let bomb = gzip(&vec![b' '; 100 * 1024 * 1024]);
    assert!(bomb.len() < 110 * 1024);
    let error = read_payload(&event(&bomb), &rules, &Skip::new()).unwrap_err();
    assert_eq!(error.as_str(), "payload_too_large");
    let in_members = gzip(&vec![b' '; 1024 * 1024]).repeat(2);
    assert_eq!(
        read_payload(&event(&in_members), &rules, &Skip::new())
            .unwrap_err()
            .as_str(),
        "payload_too_large"
    );
}

#[test]
fn a_payload_as_large_as_the_cap_is_read() {
    let text = payload_text();
    let rules = Rules {
        inflate_cap: text.len(),
        ..Rules::default()
    };
    assert!(read_payload(&event(&gzip(&text)), &rules, &Skip::new()).is_ok());
    let rules = Rules {
        inflate_cap: text.len() - 1,
        ..Rules::default()
    };
    assert_eq!(
        read_payload(&event(&gzip(&text)), &rules, &Skip::new())
            .unwrap_err()
            .as_str(),
        "payload_too_large"
    );
}

#[test]
fn a_size_in_the_trailer_that_lies_is_found_out() {
    let mut lying = gzip(EMPTY);
    let size = lying.len() - 4;
    lying[size..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(
        read(&event(&lying)).unwrap_err().as_str(),
        "payload_damaged"
    );
}

#[test]
fn bytes_that_are_no_text_become_question_marks() {
    let mut bytes = text(&document(&["x\u{1}"])).into_bytes();
    let at = bytes
        .windows(6)
        .position(|window| window == b"\\u0001")
        .unwrap();
    bytes.splice(at..at + 6, [0xff]);
    let (_, counts) = read(&event(&gzip(&bytes))).unwrap();
    assert_eq!((counts.events, rejected(&counts)), (1, vec![]));
}

#[test]
fn what_is_broken_in_too_many_places_is_ascii_from_there_on() {
    let most = crate::payload::MAX_MENDED;
    for (rule, broken, kept) in [
        ("as many as are mended one by one", most, "é"),
        ("one more", most + 1, "??"),
    ] {
        let mut bytes = b"\xffx".repeat(broken);
        bytes.extend("é!".bytes());
        crate::payload::mend(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "?x".repeat(broken) + kept + "!", "{rule}");
    }
}

#[test]
fn whatever_a_gzip_header_promises_is_there_or_the_payload_is_damaged() {
    let plain = gzip(&payload_text());
    let with = |flags: u8, fields: &[u8]| {
        let mut bytes = plain.clone();
        bytes[3] = flags;
        bytes.splice(10..10, fields.iter().copied());
        read(&event(&bytes)).map_err(|error| error.as_str())
    };
    let name = |len: usize| [vec![b'x'; len], vec![0]].concat();
    for (flags, fields, reads) in [
        (0, &[][..], true),
        (1, &[], true),
        (4, &[2, 0, 7, 7], true),
        (8, &name(9), true),
        // Longer than anybody may remember.
        (8, &name(70_000), false),
        (16, &name(70_000), false),
        // A checksum of the header that is not its own.
        (2, &[0xde, 0xad], false),
        // A flag that does not exist.
        (0x20, &[], false),
    ] {
        let read = with(flags, fields);
        if reads {
            assert_eq!(read.unwrap().1.events, 1, "{flags:#x}");
        } else {
            assert_eq!(read.unwrap_err(), "payload_damaged", "{flags:#x}");
        }
    }
}
