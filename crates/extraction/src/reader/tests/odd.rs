//! Messages and envelopes of every odd form, each beside usual ones.

use super::*;

#[test]
fn each_tier_reads_what_it_is_for() {
    let none = Tiers::default();
    let usual = emf("s", 1.5).to_string();
    let platform = json!({
        "time": "t", "type": "platform.report",
        "record": { "requestId": "r", "status": "success",
            "metrics": { "durationMs": 1.5, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 60 } },
    });
    for (rule, messages, expected) in [
        (
            "a document of a known form",
            vec![usual.clone(); 2],
            Tiers {
                templates: 2,
                ..none
            },
        ),
        (
            "lines",
            vec![
                report(2.0),
                "START RequestId: r Version: 1\n".to_owned(),
                "hello".to_owned(),
            ],
            Tiers { lines: 3, ..none },
        ),
        (
            "a report in JSON",
            vec![platform.to_string(); 2],
            Tiers {
                templates: 2,
                ..none
            },
        ),
        (
            "a logger's line",
            vec![json!({ "level": "INFO", "message": "m", "n": 1 }).to_string(); 2],
            Tiers {
                templates: 2,
                ..none
            },
        ),
        (
            "an error",
            vec![json!({ "level": "ERROR", "message": "m" }).to_string()],
            Tiers {
                reference: 1,
                ..none
            },
        ),
        (
            "an escape in a dimension",
            vec![emf("q\"", 1.0).to_string()],
            Tiers {
                reference: 1,
                ..none
            },
        ),
    ] {
        let texts: Vec<_> = messages.iter().map(String::as_str).collect();
        assert_eq!(tiers(&payload(0, &texts)), expected, "{rule}");
    }
}

#[test]
fn an_order_that_comes_for_the_first_time_is_walked_through() {
    let mut reader = Reader::default();
    let document = emf("s", 2.0);
    let members: Vec<_> = document
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{}:{value}", json!(name)))
        .collect();
    agree(
        &mut reader,
        &payload(0, &[&document.to_string(), &document.to_string()]),
    );
    for turn in 1..members.len() {
        let mut members = members.clone();
        members.rotate_left(turn);
        let text = format!("{{{}}}", members.join(","));
        agree(&mut reader, &payload(0, &[&text]));
    }
    assert_eq!(
        reader.tiers().walked as usize,
        members.len() - 1,
        "{:?}",
        reader.tiers()
    );
}

#[test]
fn envelopes_of_any_form_end_where_the_reference_ends() {
    let usual = document(3, &[&emf("s", 1.0).to_string(), &report(3.0)]);
    let record = r#"{"id":"00000000000000000000000000000000000000000000000000000009","timestamp":1795200000000,"message":"x"}"#;
    let with =
        |record: &str| usual.replacen("\"logEvents\":[", &format!("\"logEvents\":[{record},"), 1);
    let kind = ",\"messageType\":\"DATA_MESSAGE\"";
    let mut reader = Reader::default();
    for text in [
        usual.clone(),
        usual.replace(",\"", " , \""),
        usual.replace(kind, ""),
        format!(
            "{}{kind}}}",
            usual.replace(kind, "").strip_suffix('}').unwrap()
        ),
        format!("{}{kind}}}", usual.strip_suffix('}').unwrap()),
        usual.replace("DATA_MESSAGE", "CONTROL_MESSAGE"),
        usual.replace("DATA_MESSAGE", "TOMORROW"),
        usual.replace(
            "\"owner\":",
            "\"policyLevel\":\"ACCOUNT_LEVEL_POLICY\",\"owner\":",
        ),
        usual.replace("\"owner\":", "\"owner\":\"first\",\"owner\":"),
        usual.replace("\"owner\":", "\"\\u006fwner\":\"escaped\",\"owner\":"),
        usual.replace("\"owner\":", "\"unknown\":{\"a\":[1]},\"owner\":"),
        usual.replace("/aws/lambda/f", ""),
        usual.replace("/aws/lambda/f", "é"),
        usual.replace("/aws/lambda/f", "a\\u0000b"),
        format!("{usual}{usual}"),
        format!(" {usual}\n\t{usual} "),
        format!("{usual}x"),
        format!("{usual}{{"),
        String::new(),
        " ".to_owned(),
        "7".to_owned(),
        usual[..usual.len() - 1].to_owned(),
        with("7"),
        with("null"),
        with("{}"),
        with(record),
        with(&record.replace("1795200000000", "-1")),
        with(&record.replace("1795200000000", "1795200000000.0")),
        with(&record.replace("1795200000000", "0179520000000")),
        with(&record.replace("1795200000000", "253370764800000")),
        with(&record.replace("0000009", "000000x")),
        with(&record.replace("0000009", "9")),
        with(&record.replace("\"x\"", "\"\\ud800\"")),
        with(&record.replace("\"x\"", "\"\\x\"")),
        with(&record.replace("\"x\"", "\"a\u{1}b\"")),
        with(&record.replace("\"x\"", "\"x\",\"extractedFields\":{\"a\":\"b\"}")),
        with(&record.replace(
            "\"x\"",
            "\"x\",\"message\":\"REPORT RequestId: r\\tDuration: 7 ms\\n\"",
        )),
        with(&record.replace("\"x\"", "{}")),
        with(&format!(" {record} ")),
        with(&format!("{record},")),
        usual.replace("]}", "],\"logEvents\":[]}"),
    ] {
        for _ in 0..2 {
            agree(&mut reader, &event(&gzip(text.as_bytes())));
        }
    }
    assert!(
        reader.tiers().envelopes > 5 && reader.tiers().payloads > 3,
        "{:?}",
        reader.tiers()
    );
}

#[test]
fn values_of_any_form_are_read_or_rejected_alike() {
    let mut reader = Reader::default();
    for value in [
        "1",
        "0",
        "-0",
        "-0.0",
        "-1.5e-3",
        "1e400",
        "032",
        ".5",
        "5.",
        "1.",
        "-",
        "+1",
        "NaN",
        "null",
        "true",
        "\"1\"",
        "{}",
        "[]",
        "[1]",
        "[1,2,]",
        "[1,,2]",
        "[-0]",
        "[\"1\"]",
        "[[1]]",
        "123456789012345678",
        "19.740000000000003",
        "1.7976931348623157e308",
        "{\"Values\":[1,2],\"Counts\":[3,4]}",
        "{\"Max\":2,\"Min\":1,\"Count\":2,\"Sum\":3}",
        "1 ",
        " 1",
        "1\\n",
        "99999999",
        "100000000",
        "0.0000001",
        "0.12345678",
        "00",
        "1e5",
        "1E+5",
        "0x10",
    ] {
        for member in ["M", "Timestamp", "service"] {
            let usual = emf("s", 1.0).to_string();
            let odd = match member {
                "M" => usual.replace("\"M\":1.0", &format!("\"M\":{value}")),
                "Timestamp" => usual.replace(&EVENT.to_string(), value),
                _ => usual.replace("\"service\":\"s\"", &format!("\"service\":{value}")),
            };
            let texts = [&*usual, &*usual, &*odd, &*odd, &*usual, &*odd];
            agree(&mut reader, &payload(0, &texts));
        }
    }
    let days = 86_400_000;
    for at in [
        EVENT - 14 * days,
        EVENT - 14 * days - 1,
        EVENT + 7_200_000,
        EVENT + 7_200_001,
        0,
        1_795_200_000,
    ] {
        let text = emf("s", 1.0)
            .to_string()
            .replace(&EVENT.to_string(), &at.to_string());
        agree(&mut reader, &payload(0, &[&text, &text, &text]));
    }
    let long = |text: &str, times: usize| text.repeat(times);
    for service in [
        String::new(),
        long("x", 1024),
        long("x", 1025),
        long("é", 1024),
        long("é", 513),
        long("a\t", 2),
    ] {
        let text = emf(&service, 1.0).to_string();
        agree(&mut reader, &payload(0, &[&text, &text, &text]));
    }
}

#[test]
fn names_that_begin_oddly_are_no_template() {
    let mut reader = Reader::default();
    let usual = emf("s", 1.0).to_string();
    for odd in [
        r#"{"\"a":1}"#,
        r#"{"":1}"#,
        r#"{"\ta":1}"#,
        r#"{"\u0001":1}"#,
        "{\"\t\":1}",
        "{}",
        "{\"",
        "{",
    ] {
        let before = reader.tiers().envelopes;
        for _ in 0..2 {
            agree(
                &mut reader,
                &payload(0, &[&usual, odd, &usual, odd, &usual]),
            );
        }
        assert_eq!(
            reader.tiers().envelopes,
            before,
            "{odd}: the document was taken back"
        );
    }
}

#[test]
fn log_events_that_others_own_are_skipped_alike() {
    let messages: Vec<_> = (0..6).map(|i| emf("s", f64::from(i)).to_string()).collect();
    let texts: Vec<_> = messages.iter().map(String::as_str).collect();
    let event = payload(10, &texts);
    let id = |n: usize| signals::EventId::parse(format!("{n:056}").as_bytes()).unwrap();
    let run = signals::Run {
        first: id(11),
        last: id(13),
        events: 3,
    };
    let skip = Skip::from([(0, vec![run])]);
    let mut reader = Reader::default();
    for _ in 0..2 {
        agree_with(&mut reader, &event, &Rules::default(), &skip).unwrap();
        agree(&mut reader, &event);
    }
}

#[test]
fn an_own_log_group_is_refused_alike() {
    let rules = Rules {
        own_log_groups: ["/aws/lambda/f".to_owned()].into(),
        ..Rules::default()
    };
    let event = payload(0, &[&report(1.0)]);
    agree_with(&mut Reader::default(), &event, &rules, &Skip::new()).unwrap();
}

#[test]
fn levels_that_are_passed_over_tell_of_no_error() {
    let levels = [
        "INFO", "info", "Debug", "WARN", "warning", "TRACE", "ERROR", "fatal", "Critical",
        "SEVERE", "",
    ];
    for name in crate::application::DECIDING_MEMBERS {
        for level in levels {
            let mut reader = Reader::default();
            let text = json!({ *name: level, "z": 1 }).to_string();
            let other = format!("{{\"z\":1,\"{name}\":\"{level}\"}}");
            agree(
                &mut reader,
                &payload(0, &[&text, &other, &text, &other, &text]),
            );
        }
    }
}
