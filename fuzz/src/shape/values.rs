//! Values: mostly such as programs write, sometimes such as break readers.

use libfuzzer_sys::arbitrary::{Result, Unstructured};

use crate::wrap::MILLIS;

pub(super) const METRICS: [&str; 5] = ["took", "orders", "a.b", "größe", r#"x\"y"#];
pub(super) const DIMENSIONS: [&str; 4] = ["service", "route", "ü", r"a\\b"];
pub(super) const STATUS: [&str; 6] = ["success", "failure", "error", "timeout", "", "other"];
/// Members that no directive names.
pub(super) const MEMBERS: [&str; 9] = [
    r#""requestId":"&""#,
    r#""note":$"#,
    r#""nested":{"a":[1,{"b":$}],"c":#}"#,
    r#""flag":true"#,
    r#""nothing":null"#,
    r#""list":[#,#]"#,
    r#""type":"platform.report""#,
    r#""level":"ERROR""#,
    // The same name twice: the last one counts.
    r#""took":#"#,
];
const ODD_NUMBERS: [&str; 32] = [
    "-0",
    "0.0",
    "1e3",
    "1E-7",
    "19.740000000000003",
    "9007199254740993",
    "123456789012345678901",
    "1e308",
    "1.7976931348623157e308",
    "1.8e308",
    "1e400",
    "-1e400",
    "5e-324",
    "2.2250738585072011e-308",
    "1e-400",
    "01",
    ".5",
    "1.",
    "+1",
    "NaN",
    "null",
    "true",
    "\"5\"",
    "[1,2,3]",
    "[]",
    "[1,\"2\"]",
    r#"{"Values":[1,5],"Counts":[3,2]}"#,
    r#"{"Values":[1],"Counts":[0]}"#,
    r#"{"Counts":[1,2],"Values":[1]}"#,
    r#"{"Max":3,"Min":1,"Count":2,"Sum":4}"#,
    r#"{"Max":1,"Min":3,"Count":2,"Sum":4}"#,
    " 7 ",
];
const ODD_WORDS: [&str; 16] = [
    r#""""#,
    r#""naïve café ☕""#,
    r#""x\"y""#,
    r#""a\\b""#,
    r#""\u0061""#,
    r#""\ud800""#,
    r#""\ud83d\ude00""#,
    r#""\u0000""#,
    r#""a\/b""#,
    r#""tab\there""#,
    "1",
    "null",
    "[]",
    r#"{"a":1}"#,
    r#""unfinished"#,
    "\"raw\ttab\"",
];
const EDITS: [&str; 24] = [
    "",
    "",
    "\"",
    "\\",
    "\\\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\n",
    "\t",
    "0",
    "-",
    ".",
    "e",
    "é",
    "\u{1}",
    "\\u0022",
    "null",
    "},{\"id\":\"",
    "\"_aws\"",
];

pub(super) fn number(bytes: &mut Unstructured<'_>, out: &mut String) -> Result<()> {
    match bytes.arbitrary::<u8>()? {
        0..=5 => out.push_str(bytes.choose(&ODD_NUMBERS)?),
        6..=99 => out.push_str(&bytes.arbitrary::<u16>()?.to_string()),
        100..=199 => {
            let (whole, part) = bytes.arbitrary::<(u16, u16)>()?;
            out.push_str(&format!("{whole}.{part}"));
        }
        200..=229 => out.push_str(&bytes.arbitrary::<i64>()?.to_string()),
        _ => {
            // The shortest digits that read back to these bits: as many as 17 of them.
            let value = f64::from_bits(bytes.arbitrary()?);
            out.push_str(&if value.is_finite() {
                format!("{value:e}")
            } else {
                "0".to_owned()
            });
        }
    }
    Ok(())
}

pub(super) fn word(bytes: &mut Unstructured<'_>, out: &mut String) -> Result<()> {
    match bytes.arbitrary::<u8>()? {
        0..=9 => out.push_str(bytes.choose(&ODD_WORDS)?),
        10 => out.push_str(&format!(
            "\"{}\"",
            "é".repeat(bytes.int_in_range(1_020..=1_028)?)
        )),
        number => out.push_str(&format!("\"w{}\"", number % 5)),
    }
    Ok(())
}

/// From 15 days before the log event to 3 hours after it, and sometimes no time at all.
pub(super) fn millis(bytes: &mut Unstructured<'_>, out: &mut String) -> Result<()> {
    let shift: i64 = match bytes.arbitrary::<u8>()? {
        0..=7 => return number(bytes, out),
        8..=15 => bytes.int_in_range(-15 * 86_400_000..=3 * 3_600_000)?,
        _ => bytes.int_in_range(-90_000..=90_000)?,
    };
    out.push_str(&(MILLIS + shift).to_string());
    Ok(())
}

/// One piece more, or one character less, somewhere.
pub(super) fn edit(bytes: &mut Unstructured<'_>, out: &mut String) -> Result<()> {
    let mut at = bytes.int_in_range(0..=out.len())?;
    while !out.is_char_boundary(at) {
        at -= 1;
    }
    if bytes.ratio(1, 2)? && at < out.len() {
        out.remove(at);
    }
    if bytes.ratio(1, 16)? {
        out.truncate(at);
    }
    out.insert_str(at, bytes.choose(&EDITS)?);
    Ok(())
}
