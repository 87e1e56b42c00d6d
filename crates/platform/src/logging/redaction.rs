//! What must never be read in a log: secrets, identities and positions, by the name of their field and by their
//! shape in a text.
//!
//! Redaction is the second line of defence. The first is that no code hands such a value to a log.

use std::borrow::Cow;
use std::ops::Range;

/// Stands where something was taken out.
pub const REDACTED: &str = "[REDACTED]";

/// A field whose name contains one of these (letters and digits only, lower case) is taken out whole.
const DENIED: [&str; 12] = [
    "authorization",
    "cookie",
    "password",
    "passwd",
    "token",
    "secret",
    "apikey",
    "credential",
    "email",
    "phone",
    "latitude",
    "longitude",
];

/// Longest field name that is looked at in a text; longer words name no field.
const LONGEST_KEY: usize = 64;

/// Whether a field of this name is taken out whatever its value is.
#[must_use]
pub fn denied(key: &str) -> bool {
    let plain: Vec<u8> = key
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    // Three times as quick as `str::contains`, which prepares a search that a name is too short for; every field of
    // every line comes through here.
    let contains = |word: &str| {
        plain
            .windows(word.len())
            .any(|part| part == word.as_bytes())
    };
    DENIED.iter().any(|word| contains(word))
}

/// The text without JSON Web Tokens, AWS access key ids, e-mail addresses, card numbers, and the values of
/// denied names (`password=…`, `"token": "…"`). Takes time linear in the length.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut hidden = Vec::new();
    assignments(text, &mut hidden);
    tokens(text, &mut hidden);
    access_keys(text, &mut hidden);
    addresses(text, &mut hidden);
    cards(text, &mut hidden);
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    hidden.sort_by_key(|range| (range.start, range.end));
    let mut clean = String::with_capacity(text.len());
    let mut shown_to = 0;
    for range in hidden {
        if range.start >= shown_to {
            clean.push_str(&text[shown_to..range.start]);
            clean.push_str(REDACTED);
        }
        shown_to = shown_to.max(range.end);
    }
    clean.push_str(&text[shown_to..]);
    Cow::Owned(clean)
}

fn run_forward(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    bytes[from..]
        .iter()
        .position(|byte| !belongs(*byte))
        .map_or(bytes.len(), |len| from + len)
}

fn run_backward(bytes: &[u8], to: usize, belongs: impl Fn(u8) -> bool) -> usize {
    bytes[..to]
        .iter()
        .rposition(|byte| !belongs(*byte))
        .map_or(0, |last| last + 1)
}

/// `name=value`, `name: value`, `"name":"value"`, `Name: Some("value")`.
fn assignments(text: &str, hidden: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(sign) = bytes[at..]
        .iter()
        .position(|byte| matches!(byte, b':' | b'='))
        .map(|offset| at + offset)
    {
        at = sign + 1;
        let key_end = run_backward(bytes, sign, |byte| {
            matches!(byte, b' ' | b'"' | b'\'' | b'\\')
        });
        let from = key_end.saturating_sub(LONGEST_KEY);
        let belongs = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let key_start = from + run_backward(&bytes[from..], key_end - from, belongs);
        // All bytes between are ASCII, so this slice is on character boundaries.
        let key = &text[key_start..key_end];
        if denied(key) {
            let value = value_after(bytes, at, key);
            at = value.end.max(at);
            if !value.is_empty() {
                hidden.push(value);
            }
        }
    }
}

/// Where the value that begins at or after `from` stands.
fn value_after(bytes: &[u8], from: usize, key: &str) -> Range<usize> {
    let start = run_forward(bytes, from, |byte| matches!(byte, b' ' | b'\t'));
    // Looked for only where the value reaches it, because the search goes on behind the value: a text full of denied
    // names would otherwise be read to its end at each of them.
    let line_end = || run_forward(bytes, start, |byte| byte != b'\n');
    let escaped = bytes.get(start) == Some(&b'\\');
    let quote_at = start + usize::from(escaped);
    match bytes.get(quote_at) {
        Some(quote @ (b'"' | b'\'')) => {
            let inside = quote_at + 1;
            inside..closing(bytes, inside, *quote, escaped)
        }
        Some(b'{' | b'[' | b'(') => start..line_end(),
        _ => {
            let word = run_forward(bytes, start, |byte| {
                !matches!(
                    byte,
                    b' ' | b'\t'
                        | b'\r'
                        | b'\n'
                        | b','
                        | b';'
                        | b'&'
                        | b')'
                        | b'}'
                        | b']'
                        | b'"'
                        | b'\''
                )
            });
            // `Authorization: Bearer …`, `Cookie: a=b; c=d` and `Some("…")` go on after their first word.
            let key = key.to_ascii_lowercase();
            let goes_on = key.contains("authorization")
                || key.contains("cookie")
                || bytes[start..word].contains(&b'(');
            let scheme = [b"bearer".as_slice(), b"basic"]
                .iter()
                .any(|scheme| bytes[start..word].eq_ignore_ascii_case(scheme));
            start..if goes_on || scheme { line_end() } else { word }
        }
    }
}

/// Where a quoted value ends: at its quote, which is written `\"` when the opening one was.
fn closing(bytes: &[u8], inside: usize, quote: u8, escaped: bool) -> usize {
    let mut at = inside;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escaped && bytes.get(at + 1) == Some(&quote) => return at,
            b'\\' => at += 2,
            byte if byte == quote => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// JSON Web Tokens: three base64url parts, the first of which begins with `{"`, that is `eyJ`.
fn tokens(text: &str, hidden: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(start) = text[at..].find("eyJ").map(|offset| at + offset) {
        let end = run_forward(bytes, start, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
        });
        let mut parts = text[start..end].split('.');
        if parts.next().is_some_and(|head| head.len() > 3)
            && parts.next().is_some_and(|claims| !claims.is_empty())
            && parts.next().is_some()
        {
            hidden.push(start..end);
        }
        at = end;
    }
}

/// AWS access key ids: AKIA or ASIA and 16 capitals or digits.
fn access_keys(text: &str, hidden: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    for prefix in ["AKIA", "ASIA"] {
        for (start, _) in text.match_indices(prefix) {
            let longest = (start + 20).min(bytes.len());
            let end = run_forward(&bytes[..longest], start, |byte| {
                byte.is_ascii_uppercase() || byte.is_ascii_digit()
            });
            if end - start == 20 {
                hidden.push(start..end);
            }
        }
    }
}

/// E-mail addresses, letters of any script included.
fn addresses(text: &str, hidden: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    for (sign, _) in text.match_indices('@') {
        let local = |byte: u8| {
            byte.is_ascii_alphanumeric()
                || !byte.is_ascii()
                || b"._%+-!#$&*/?^`{|}~".contains(&byte)
        };
        let host = |byte: u8| {
            byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'.' | b'-')
        };
        let start = run_backward(bytes, sign, local);
        let end = run_forward(bytes, sign + 1, host);
        let domain = text[sign + 1..end].trim_end_matches('.');
        if start < sign && domain.trim_start_matches('.').contains('.') {
            hidden.push(start..end);
        }
    }
}

/// Card numbers (ISO/IEC 7812): 13 to 19 digits, in groups or not, whose Luhn sum is right.
fn cards(text: &str, hidden: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_alphanumeric)
    };
    let mut at = 0;
    while let Some(start) = bytes[at..]
        .iter()
        .position(u8::is_ascii_digit)
        .map(|offset| at + offset)
    {
        let group_end = run_forward(bytes, start, |byte| byte.is_ascii_digit());
        at = group_end;
        if word(start.checked_sub(1)) {
            continue;
        }
        let mut digits = Vec::with_capacity(19);
        let mut here = start;
        while digits.len() <= 19 && bytes.get(here).is_some_and(u8::is_ascii_digit) {
            let end = run_forward(bytes, here, |byte| byte.is_ascii_digit());
            digits.extend(bytes[here..end].iter().take(20).map(|digit| digit - b'0'));
            if (13..=19).contains(&digits.len()) && !word(Some(end)) && luhn(&digits) {
                hidden.push(start..end);
                at = at.max(end);
            }
            here = end + usize::from(matches!(bytes.get(end), Some(b' ' | b'-')));
            if here == end {
                break;
            }
        }
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(
            |(position, digit)| match (position % 2, u32::from(*digit)) {
                (0, digit) => digit,
                (_, digit) => digit * 2 / 10 + digit * 2 % 10,
            },
        )
        .sum();
    sum.is_multiple_of(10)
}
