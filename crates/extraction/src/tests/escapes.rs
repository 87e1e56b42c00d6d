//! Text as JSON may spell it: the envelope's escapes around the message's own.

use super::*;

const EMF: &str = r#"{"_aws":{"Timestamp":1795200000000,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["d"]],"Metrics":[{"Name":"M"}]}]},"d":"DIMENSION","M":MEMBER}"#;

/// What a payload comes to whose one message is spelled `spelled`, with its quotes.
fn told(spelled: &str) -> Vec<String> {
    let text = text(&document(&["HERE"])).replace("\"HERE\"", spelled);
    let (batches, counts) = read(&event(&gzip(text.as_bytes()))).unwrap();
    let reasons = rejected(&counts);
    let reasons = reasons.iter().map(|(reason, _)| format!("!{reason}"));
    let rollups = batches.iter().flat_map(|batch| batch.rollups.values());
    let series = rollups.flat_map(|series| {
        series
            .iter()
            .map(|(key, rollup)| format!("{key} {}", rollup.sum()))
    });
    series.chain(reasons).collect()
}

fn emf(dimension: &str) -> String {
    EMF.replace("DIMENSION", dimension).replace("MEMBER", "1")
}

/// Every character as `\uXXXX`, those beyond the first plane as two of them.
fn escaped(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[test]
fn however_the_envelope_spells_a_message_it_says_the_same() {
    for dimension in [
        "plain",
        "é☕",
        "🚗",
        r#"a\"b"#,
        r"tab\tz",
        r"\u00e9\ud83d\ude97",
        r"x\\y",
        r"a\/b",
    ] {
        let message = emf(dimension);
        let plain = told(&quoted(&message));
        assert_eq!(plain.len(), 1, "{dimension}: {plain:?}");
        assert!(
            plain[0].starts_with("emf/N/M{d=") && plain[0].ends_with("} 1"),
            "{plain:?}"
        );
        for (rule, spelled) in [
            ("all escaped", escaped(&message)),
            (
                "quotes as \\u0022",
                quoted(&message).replace("\\\"", "\\u0022"),
            ),
            (
                "upper case",
                escaped(&message).to_uppercase().replace("\\U", "\\u"),
            ),
            ("slashes", quoted(&message).replace('/', "\\/")),
            (
                "a newline at the end",
                format!("{}\\n\"", quoted(&message).trim_end_matches('"')),
            ),
        ] {
            // The newline's row cuts the closing quote alone: the message ends with a brace.
            assert_eq!(told(&spelled), plain, "{rule}: {dimension}");
        }
    }
}

#[test]
fn what_is_no_text_is_a_reason_and_never_a_panic() {
    for (rule, spelled, expected) in [
        (
            "half a pair in the envelope",
            r#""\ud83d""#.to_owned(),
            "!malformed_record",
        ),
        (
            "the other half",
            r#""\ude97""#.to_owned(),
            "!malformed_record",
        ),
        (
            "a pair the wrong way round",
            r#""\ude97\ud83d""#.to_owned(),
            "!malformed_record",
        ),
        (
            "half a pair in a dimension",
            quoted(&emf(r"\ud83d")),
            "!dimension_not_text",
        ),
        (
            "half a pair in a member's name",
            quoted(&emf(r#"v","\udc00":"x"#)),
            "!not_json",
        ),
        (
            "NUL in a dimension",
            quoted(&emf(r"\u0000")),
            "emf/N/M{d=%00} 1",
        ),
        (
            "NUL as it is, which JSON does not allow",
            quoted(&emf("\0")),
            "!not_json",
        ),
        (
            "a newline within a string, which JSON does not allow",
            quoted(&emf("a\nb")),
            "!not_json",
        ),
    ] {
        assert_eq!(told(&spelled), [expected], "{rule}");
    }
    for message in ["\0", "\u{1}{", "{\0}", "\u{feff}{\"_aws\":{}}", ""] {
        assert!(told(&quoted(message)).len() <= 1, "{message:?}");
    }
}

#[test]
fn units_that_do_not_agree_are_one_series() {
    let unit = |unit: &str| {
        emf("v").replace(
            r#"{"Name":"M"}"#,
            &format!(r#"{{"Name":"M","Unit":"{unit}"}}"#),
        )
    };
    let (batches, counts) = read(&payload(&document(&[
        &unit("Seconds"),
        &unit("Bytes"),
        &unit("Parsecs"),
    ])))
    .unwrap();
    assert_eq!((counts.samples, rejected(&counts)), (3, vec![]));
    assert_eq!(
        batches[0]
            .rollups
            .values()
            .map(BTreeMap::len)
            .sum::<usize>(),
        1
    );
}

#[test]
fn sums_beyond_every_number_stay_at_its_edge() {
    let huge = |value: &str| EMF.replace("DIMENSION", "v").replace("MEMBER", value);
    for (value, n, sum, min, max) in [
        ("[1e308,1e308]", 2, f64::MAX, 1e308, 1e308),
        ("[-1e308,-1e308]", 2, -f64::MAX, -1e308, -1e308),
        ("[5e-324,5e-324]", 2, 1e-323, 5e-324, 5e-324),
        ("[-0,0]", 2, 0.0, 0.0, 0.0),
        (
            r#"{"Values":[2],"Counts":[18446744073709551615]}"#,
            u64::MAX,
            36_893_488_147_419_103_232.0,
            2.0,
            2.0,
        ),
    ] {
        let (batches, _) = read(&payload(&document(&[&huge(value)]))).unwrap();
        let rollup = batches[0]
            .rollups
            .values()
            .next()
            .unwrap()
            .values()
            .next()
            .unwrap();
        let found = (rollup.count(), rollup.sum(), rollup.min(), rollup.max());
        assert_eq!(found, (n, sum, Some(min), Some(max)), "{value}");
    }
}
