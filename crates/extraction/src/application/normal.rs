//! A message without what differs from one time to the next, and without what is nobody's business.
//!
//! One pass over its words. What stays are words of letters; what has a digit, stands in quotes, follows `=` or looks
//! like an address or a secret becomes a placeholder. Rather too much is replaced than too little: the result is
//! stored and shown.

/// Bytes of a message that are looked at.
const LOOKED_AT: usize = 1024;
/// Characters of the result.
const LONGEST: usize = 160;
/// A word of letters alone that is longer is no word: the longest of English and of Java's class names are shorter.
const LONGEST_WORD: usize = 48;

/// Words that stand before a secret, with `:` or `=` between.
const BEFORE_SECRETS: [&str; 12] = [
    "token",
    "password",
    "passwd",
    "pwd",
    "secret",
    "apikey",
    "api_key",
    "api-key",
    "x-api-key",
    "authorization",
    "cookie",
    "session",
];
/// The same with nothing but a space between.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// Units that may stand right behind a number.
const UNITS: [&str; 20] = [
    "ms", "s", "us", "µs", "ns", "m", "h", "d", "b", "k", "kb", "mb", "gb", "kib", "mib", "gib",
    "%", "x", "th", "st",
];

/// The first line of a message, normalised. Linear in the part that is looked at.
pub(super) fn message(text: &str) -> String {
    let text = text.trim_start();
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    let cut = line.len() > LOOKED_AT;
    let line = if cut {
        let line = &line[..line.floor_char_boundary(LOOKED_AT)];
        // The word that the cut went through could be half an address.
        line.rfind(char::is_whitespace)
            .map_or("", |end| &line[..end])
    } else {
        line
    };
    let mut out = Out {
        text: String::with_capacity(line.len().min(LONGEST)),
        characters: 0,
    };
    let mut rest = line;
    let mut secret = false;
    let mut endless = String::new();
    while let Some(first) = rest.chars().next() {
        if out.characters >= LONGEST {
            break;
        }
        let before = out.text.chars().next_back();
        if let Some(close) = closing(first)
            && !before.is_some_and(char::is_alphanumeric)
            && !endless.contains(first)
        {
            let Some(end) = quoted(rest, first, close, cut) else {
                // No later one ends either: do not look again.
                endless.push(first);
                continue;
            };
            out.push("<str>");
            rest = &rest[end..];
            secret = false;
        } else if is_part_of_word(first) {
            let end = word_end(rest);
            let (found, after) = rest.split_at(end);
            let name = found.trim_end_matches([':', '.']);
            if before == Some('=') {
                out.push("<val>");
            } else if secret {
                out.push("<secret>");
            } else {
                word(name, &mut out);
            }
            out.push(&found[name.len()..]);
            let is_one_of =
                |words: &[&str]| words.iter().any(|word| name.eq_ignore_ascii_case(word));
            let assigned = || found.ends_with(':') || after.trim_start().starts_with(['=', ':']);
            secret = is_one_of(&SCHEMES) || is_one_of(&BEFORE_SECRETS) && assigned();
            rest = after;
        } else {
            // `password = x` still is one; a comma or bracket ends it.
            secret &= first.is_whitespace() || matches!(first, '=' | ':');
            out.other(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out.text.truncate(out.text.trim_end().len());
    out.text
}

/// The result in the making.
#[derive(Default)]
struct Out {
    text: String,
    characters: usize,
}

impl Out {
    /// A word or a placeholder. One that does not fit ends the result: half of it would be another one.
    fn push(&mut self, text: &str) {
        self.characters += text.chars().count();
        if self.characters <= LONGEST {
            self.text.push_str(text);
        }
    }

    /// A character between words: spaces and control characters are one space.
    fn other(&mut self, c: char) {
        let c = if c.is_whitespace() || c.is_control() {
            ' '
        } else {
            c
        };
        if c != ' ' || !self.text.ends_with(' ') {
            self.text.push(c);
            self.characters += 1;
        }
    }
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(
            c,
            '_' | '-' | '.' | ':' | '/' | '@' | '+' | '~' | '$' | '%' | '\\' | '°'
        )
}

fn closing(open: char) -> Option<char> {
    match open {
        '"' | '\'' | '`' => Some(open),
        '“' => Some('”'),
        '‘' => Some('’'),
        '«' => Some('»'),
        _ => None,
    }
}

/// Where a quoted text ends. An apostrophe inside a word ends nothing; a text that never ends is quoted to the end of
/// what is looked at, if there was more.
fn quoted(rest: &str, open: char, close: char, cut: bool) -> Option<usize> {
    let mut from = open.len_utf8();
    while let Some(found) = rest[from..].find(close) {
        let end = from + found + close.len_utf8();
        if !rest[end..].starts_with(char::is_alphanumeric) {
            return Some(end);
        }
        from = end;
    }
    cut.then_some(rest.len())
}

fn has_digit(text: &str) -> bool {
    text.chars().any(char::is_numeric)
}

/// Where a word ends that begins `text`.
fn word_end(text: &str) -> usize {
    let end = |byte: &u8| !byte.is_ascii() || !is_part_of_word(char::from(*byte));
    match text.bytes().position(|byte| end(&byte)) {
        None => text.len(),
        Some(at) if text.as_bytes()[at].is_ascii() => at,
        Some(at) => text[at..]
            .find(|c| !is_part_of_word(c))
            .map_or(text.len(), |more| at + more),
    }
}

/// Whether a word stays as it is: nothing in it but letters and signs that mean nothing, too few for a secret.
fn stays(word: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.');
    word.len() <= LONGEST_WORD
        && word.bytes().all(harmless)
        && (word.len() < 8 || word.bytes().any(|byte| matches!(byte | 0x20, b'g'..=b'z')))
}

fn word(word: &str, out: &mut Out) {
    if stays(word) {
        out.push(word);
        return;
    }
    if word.contains("://") {
        out.push("<url>");
    } else if word.contains('@') && word.len() > 1 {
        out.push("<email>");
    } else if word.starts_with("arn:") {
        out.push("<arn>");
    } else if is_uuid(word) {
        out.push("<id>");
    } else if is_time(word) {
        out.push("<time>");
    } else if is_number(word) {
        out.push("<num>");
    } else if word.contains(['/', '\\', ':']) {
        let mut private = false;
        for part in word.split_inclusive(['/', '\\', ':']) {
            let name = part.trim_end_matches(['/', '\\', ':']);
            if private && !name.is_empty() {
                out.push("<id>");
            } else {
                self::plain(name, out);
            }
            out.push(&part[name.len()..]);
            // /home/alice and /Users/alice
            private = matches!(name, "home" | "Users" | "users");
        }
    } else {
        plain(word, out);
    }
}

/// A word without separators.
fn plain(word: &str, out: &mut Out) {
    if word.is_empty() {
    } else if is_number(word) {
        out.push("<num>");
    } else if has_digit(word) {
        // With its dots: python3.12, 10-0-3-4.internal, and a JSON Web Token.
        out.push("<id>");
    } else if is_uuid(word)
        || word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        || word
            .split(['.', '_', '-'])
            .any(|part| part.len() > LONGEST_WORD)
    {
        out.push("<id>");
    } else {
        out.push(word);
    }
}

/// 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A day, with or without the time of day; or a time of day.
fn is_time(word: &str) -> bool {
    let starts = |pattern: &[u8]| {
        let bytes = word.as_bytes();
        bytes.len() >= pattern.len()
            && pattern
                .iter()
                .zip(bytes)
                .all(|(wanted, byte)| *wanted == b'0' && byte.is_ascii_digit() || wanted == byte)
    };
    starts(b"0000-00-00") || starts(b"0000/00/00") || starts(b"00:00:00")
}

/// Digits with signs, points and an exponent, an address of the Internet Protocol version 4, or a number with a unit.
fn is_number(word: &str) -> bool {
    let word = word.trim_start_matches(['+', '-', '~', '$']);
    let digits = word.trim_end_matches(|c: char| !c.is_numeric());
    let unit = &word[digits.len()..];
    let unit_fits = unit.is_empty()
        || UNITS.iter().any(|known| unit.eq_ignore_ascii_case(known))
        || matches!(unit, "." | "-" | "°");
    digits.starts_with(char::is_numeric)
        && unit_fits
        && digits
            .chars()
            .all(|c| c.is_numeric() || matches!(c, '.' | '-' | '+' | '_' | 'e' | 'E'))
}
