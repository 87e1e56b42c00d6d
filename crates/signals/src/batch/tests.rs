use super::*;

/// Rollups and claims are stored under these names. A build that names the same log events otherwise takes what
/// an earlier one claimed for somebody else's, and neither its retries nor its replays count them any more.
#[test]
fn the_same_parts_have_the_same_name_in_every_build() {
    let long = [b'x'; PIECE + 1];
    for (rule, parts, name) in [
        ("nothing", &[][..], "99aa06d3014798d86001c324468d497f"),
        (
            "parts",
            &[&b"ab"[..], b"c"],
            "f2eda2708bcfd51cc05c0ee4c9f60440",
        ),
        ("an empty part", &[b""], "2c0a8a99dc147d5445c3b49d035665b2"),
        (
            "more than a piece",
            &[&long, b"c"],
            "ef40263cc565940f87c5c84bc57fabf8",
        ),
    ] {
        assert_eq!(BatchId::of(parts.iter().copied()).as_str(), name, "{rule}");
    }
    let stream = StreamId::of("123456789012", "/aws/lambda/f", "2026/11/20/[1]a");
    assert_eq!(stream.as_str(), "563ae4202b16d88a9a77ca6c54244f10");
}

#[test]
fn parts_that_come_one_by_one_make_the_name_of_all_of_them() {
    let parts: Vec<Vec<u8>> = (0..200).map(|length| vec![b'x'; length * 7]).collect();
    let mut identity = BatchIdentity::default();
    parts.iter().for_each(|part| identity.add(part));
    let whole = BatchId::of(parts.iter().map(Vec::as_slice));
    assert_eq!(identity.finish(), whole);
    let shorter = parts[..199].iter().map(Vec::as_slice);
    assert_ne!(BatchId::of(shorter), whole);
}
