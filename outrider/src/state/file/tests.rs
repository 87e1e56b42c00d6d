use super::*;

fn contents() -> Contents {
    Contents {
        shards: vec![ShardState {
            number: 3,
            committed: 29_900_000,
            decided: 29_900_006,
            state: vec![1, 2, 255],
        }],
        minutes: vec![MinuteOf {
            log_group: "/aws/lambda/f".to_owned(),
            minute: -1,
            version: Some("7".to_owned()),
            series: vec![("lambda/f/errors{}".to_owned(), vec![0])],
        }],
        alerts: vec![AlertOf {
            fingerprint: "abc".to_owned(),
            body: "{}".to_owned(),
        }],
    }
}

#[test]
fn a_file_reads_back_to_the_same_contents() {
    for contents in [contents(), Contents::default()] {
        assert_eq!(Contents::decode(&contents.encode().unwrap()), Ok(contents));
    }
}

#[test]
fn a_file_of_which_one_byte_is_another_is_refused_and_so_is_a_shorter_one() {
    let whole = contents().encode().unwrap();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        assert!(Contents::decode(&bytes).is_err(), "byte {place}");
        assert!(Contents::decode(&whole[..place]).is_err(), "{place} bytes");
    }
    let mut longer = whole;
    longer.push(0);
    assert!(Contents::decode(&longer).is_err());
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_the_fix() {
    let mut newer = contents().encode().unwrap();
    newer[MAGIC.len()] = 2;
    for (name, bytes, words) in [
        ("nothing", &b""[..], "it is no state of outrider"),
        (
            "another file",
            b"{\"a\":1}",
            "`outrider state export` wrote",
        ),
        (
            "another version",
            &newer,
            "it has version 2, and this build reads version 1",
        ),
        (
            "the first line alone",
            MAGIC,
            "ends within its first line; copy it again",
        ),
    ] {
        let error = Contents::decode(bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{name}: {error}");
    }
}
