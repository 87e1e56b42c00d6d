//! Messages that are hard to read, each in its own way. `n` numbers them, so that no two need be alike.

use std::fmt::Write as _;

use super::wrap::MILLIS;

fn joined(count: usize, mut part: impl FnMut(usize) -> String) -> String {
    let mut text = String::new();
    for n in 0..count {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&part(n));
    }
    text
}

/// An EMF document of one directive.
fn emf(sets: &str, metrics: &str, members: &str) -> String {
    format!(
        r#"{{"_aws":{{"Timestamp":{MILLIS},"CloudWatchMetrics":[{{"Namespace":"N","Dimensions":[{sets}],"Metrics":[{metrics}]}}]}},{members}}}"#
    )
}

/// Bytes that no compression makes smaller (SplitMix64; Steele, Lea and Flood, 2014).
pub(super) fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 20_261_120_u64;
    let mut out = Vec::with_capacity(bytes);
    while out.len() < bytes {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        out.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    out
}

/// A member of an envelope, nested as deep as its bytes allow.
pub(super) fn nested(bytes: usize) -> Vec<u8> {
    let mut text = br#"{"messageType":"DATA_MESSAGE","x":"#.to_vec();
    text.resize(bytes, b'[');
    text
}

pub(super) fn nested_message(depth: usize) -> String {
    format!(r#"{{"_aws":{}{}}}"#, "[".repeat(depth), "]".repeat(depth))
}

pub(super) fn keys(count: usize) -> String {
    let members = joined(count, |n| format!(r#""{n}":1"#));
    emf(
        r#"["d"]"#,
        r#"{"Name":"m"}"#,
        &format!(r#"{members},"d":"v","m":1"#),
    )
}

pub(super) fn same_key(count: usize) -> String {
    emf(
        "[]",
        r#"{"Name":"m"}"#,
        &joined(count, |_| r#""m":1"#.to_owned()),
    )
}

pub(super) fn numbers(count: usize) -> String {
    emf(
        "[]",
        r#"{"Name":"m"}"#,
        &format!(r#""m":[{}]"#, joined(count, |_| "1".to_owned())),
    )
}

pub(super) fn report_text(n: usize) -> String {
    format!(
        "REPORT RequestId: {n}\tDuration: {n}.25 ms\tBilled Duration: {n} ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tInit Duration: 1 ms\tStatus: error\n"
    )
}

pub(super) fn report_labels(times: usize) -> String {
    format!("REPORT RequestId: 1\t{}", "Max Memory Use ".repeat(times))
}

pub(super) fn report_json(n: usize) -> String {
    format!(
        r#"{{"type":"platform.report","record":{{"status":"error","metrics":{{"durationMs":{n}.5,"billedDurationMs":{n},"memorySizeMB":1,"maxMemoryUsedMB":1,"initDurationMs":1}}}}}}"#
    )
}

/// Errors no two of which are of one kind.
pub(super) fn error(n: usize) -> String {
    let word: String = n
        .to_string()
        .bytes()
        .map(|digit| char::from(digit + 49))
        .collect();
    format!(r#"{{"level":"ERROR","message":"{word} failed","errorType":"E{word}"}}"#)
}

pub(super) fn not_numbers(n: usize) -> String {
    let value = [
        "NaN", "1e400", "-1e400", "1e-400", "01", "1.", "Infinity", "\"1\"",
    ][n % 8];
    emf(
        r#"["d"]"#,
        r#"{"Name":"m"}"#,
        &format!(r#""d":"v","m":{value}"#),
    )
}

pub(super) fn long_numbers(n: usize) -> String {
    let values = joined(100, |at| format!("{at}.{:017}e-{}", n * 97 + at, at * 3));
    emf("[]", r#"{"Name":"m"}"#, &format!(r#""m":[{values}]"#))
}

pub(super) fn dimension_value(n: usize) -> String {
    emf(
        r#"["d"]"#,
        r#"{"Name":"m"}"#,
        &format!(r#""d":"{n}","m":1"#),
    )
}

/// Documents no two of which have the same members in the same order.
pub(super) fn shape(n: usize) -> String {
    let mut members = String::from(r#""d":"v","m":1"#);
    for bit in 0..16 {
        if n >> bit & 1 == 1 {
            let _ = write!(members, r#","k{bit}":{{"a":[{bit}]}}"#);
        }
    }
    emf(r#"["d"]"#, r#"{"Name":"m"}"#, &members)
}

/// Ten thousand series: a hundred sets of a hundred metrics.
pub(super) fn series(n: usize) -> String {
    let sets = joined(100, |_| r#"["d"]"#.to_owned());
    let metrics = joined(100, |_| r#"{"Name":"m"}"#.to_owned());
    emf(&sets, &metrics, &format!(r#""d":"{n}","m":1"#))
}

pub(super) fn distribution(n: usize) -> String {
    let values = joined(10_000, |at| format!("{}e{}", at % 97, at % 300));
    let counts = joined(10_000, |_| "1".to_owned());
    emf(
        r#"["d"]"#,
        r#"{"Name":"m"}"#,
        &format!(r#""d":"{n}","m":{{"Values":[{values}],"Counts":[{counts}]}}"#),
    )
}

/// Names and values as long as they may be, and all different.
pub(super) fn long_names(n: usize) -> String {
    let sets = joined(30, |at| format!("\"d{at}{}\"", "x".repeat(240)));
    let values = joined(30, |at| {
        format!(r#""d{at}{}":"{n}{}""#, "x".repeat(240), "é".repeat(1_000))
    });
    let name = "m".repeat(1_024);
    emf(
        &format!("[{sets}]"),
        &format!(r#"{{"Name":"{name}"}}"#),
        &format!(r#"{values},"{name}":1"#),
    )
}

/// A hundred metrics a document.
pub(super) fn metrics(n: usize) -> String {
    let names = joined(100, |at| format!(r#"{{"Name":"m{at}"}}"#));
    let values = joined(100, |at| format!(r#""m{at}":{}"#, n + at));
    emf("[]", &names, &values)
}
