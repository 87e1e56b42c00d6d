//! Lines of text: where their level stands, and what is behind it.

use std::borrow::Cow;

use signals::emf::Object;

use super::fingerprint::LOOKED_AT;
use super::{ErrorClass, Sighting, is_error, json, normal, trace};

/// Bytes in which a level, or a request id, must stand.
const HEAD: usize = 256;
/// Words before the level: date, time, zone, thread, request id.
const WORDS_BEFORE: usize = 6;

/// What stands behind a level or a runtime's own words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) class: ErrorClass,
    rest: &'a str,
    panic: bool,
}

/// The part of a line that is looked at, without the colours that terminals show.
pub(super) fn plain(line: &str) -> Cow<'_, str> {
    let line = &line[..line.floor_char_boundary(LOOKED_AT)];
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut parts = line.split('\u{1b}');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // `[31m`: a bracket, parameters, and one letter.
        let rest = part.strip_prefix('[').and_then(|rest| {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            Some(&rest[end + 1..])
        });
        // A space, so that what it separates stays apart.
        out.push(' ');
        out.push_str(rest.unwrap_or(part));
    }
    Cow::Owned(out)
}

/// What stands behind the level, if it is an error's.
pub(super) fn after_level(line: &str) -> Option<Told<'_>> {
    let told = |rest| Told {
        class: ErrorClass::Logged,
        rest,
        panic: false,
    };
    // Python's `[ERROR]\t<time>\t<request id>\t…`, and `[ERROR] ValueError: …` of what nobody caught.
    if let Some((level, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && is_error(level)
    {
        let mut fields = rest.splitn(4, '\t');
        let logged = fields.next().is_some_and(str::is_empty);
        return Some(told(fields.nth(2).filter(|_| logged).unwrap_or(rest)));
    }
    // Node's `<time>\t<request id>\tERROR\t…`; .NET writes the level as `fail` or `crit`.
    let mut fields = line.splitn(4, '\t');
    if let Some(level) = fields.nth(2)
        && (is_error(level) || matches!(level, "fail" | "crit"))
    {
        return Some(told(fields.next().unwrap_or_default()));
    }
    for console in ["fail: ", "crit: "] {
        if let Some(rest) = line.strip_prefix(console) {
            // .NET's console logger: the category and, in the next line, the message.
            let message = rest.split_once('\n').map_or(rest, |(_, message)| message);
            return Some(told(message.trim_start()));
        }
    }
    let head = &line[..line.floor_char_boundary(HEAD)];
    let assigns = memchr::memchr(b'=', head.as_bytes()).is_some();
    for word in ["level=", "lvl=", "severity="] {
        if assigns
            && let Some(at) = head.find(word)
            && let level = head[at + word.len()..].trim_start_matches('"')
            && let end = level
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(level.len())
            && (is_error(&level[..end]) || matches!(&level[..end], "panic"))
        {
            return Some(told(logfmt(line).unwrap_or(line)));
        }
    }
    free(head).map(|end| told(line[end..].trim_start_matches([' ', '\t', ':', '-', ']', ')', '|'])))
}

/// `msg="…"` of logfmt, without its quotation marks.
fn logfmt(line: &str) -> Option<&str> {
    let at = ["msg=", "message=", "error=", "err="]
        .iter()
        .find_map(|name| line.find(name).map(|at| at + name.len()))?;
    let value = &line[at..];
    Some(match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => value.split(' ').next().unwrap_or_default(),
    })
}

/// Where the level ends that stands, in capitals, among the first words of a line. Only what looks like dates, ids
/// and threads may stand before it: in a sentence the word "ERROR" is no level.
fn free(head: &str) -> Option<usize> {
    let mut at = 0;
    let mut bracketed = false;
    for _ in 0..=WORDS_BEFORE {
        let rest = &head[at..];
        let start = at + rest.find(|c: char| !c.is_whitespace())?;
        let end = head[start..]
            .find(char::is_whitespace)
            .map_or(head.len(), |end| start + end);
        let word = &head[start..end];
        let level = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if matches!(level, "ERROR" | "FATAL" | "CRITICAL" | "SEVERE") {
            // `ERROR:root:message`, `[ERROR]`, `ERROR`.
            return Some(start + word.find(level)? + level.len());
        }
        if let Some((level, _)) = word.split_once(':')
            && matches!(level, "ERROR" | "FATAL" | "CRITICAL" | "SEVERE")
        {
            return Some(start + level.len());
        }
        bracketed |= word.starts_with(['[', '(']);
        let other = ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING"];
        if other.contains(&level) || !bracketed && !is_prefix(word) {
            return None;
        }
        bracketed &= !word.ends_with([']', ')', ':']);
        at = end;
    }
    None
}

/// Whether a word may stand before a level: a date, a time, an id, `Nov`, `UTC`, Ruby's `E,`, `-`.
fn is_prefix(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
        || word.ends_with(',')
        || !word.contains(char::is_alphanumeric)
        || word.len() == 3 && word.starts_with(|c: char| c.is_ascii_uppercase())
}

/// What a language's runtime writes of an error that nobody caught, without any level.
pub(super) fn uncaught(line: &str) -> Option<Told<'_>> {
    let told = |class, rest, panic| Told { class, rest, panic };
    for start in ["panic: ", "fatal error: "] {
        if let Some(rest) = line.strip_prefix(start) {
            return Some(told(ErrorClass::Panic, rest, true));
        }
    }
    let known = [
        "Traceback (most recent call last):",
        "Exception in thread ",
        "Unhandled exception",
        "Uncaught Exception",
    ];
    let is_known = known.iter().any(|start| line.starts_with(start));
    let first = line.lines().next().unwrap_or_default();
    // `ValueError: …`; a warning is none, and a name alone may be anything.
    let is_typed = || {
        trace::typed(first).is_some_and(|(kind, message)| {
            !message.is_empty() && (kind.ends_with("Error") || kind.ends_with("Exception"))
        })
    };
    (is_known || is_typed()).then(|| told(ErrorClass::Logged, line, false))
}

/// Reads type and message of a line of this class.
pub(super) fn sighting(class: ErrorClass, line: &str) -> Sighting {
    let line = plain(line);
    let (kind, message) = parts(class, &line);
    Sighting {
        class,
        kind,
        message,
        request_id: request_id(&line),
    }
}

fn request_id(line: &str) -> Option<String> {
    let head = &line.as_bytes()[..line.floor_char_boundary(HEAD)];
    let mut start = 0;
    for (at, byte) in head.iter().chain([&0]).enumerate() {
        if byte.is_ascii_hexdigit() || *byte == b'-' {
            continue;
        }
        if at == start + 36
            && let Some(word) = line.get(start..at)
            && normal::is_uuid(word)
        {
            return Some(word.to_owned());
        }
        start = at + 1;
    }
    None
}

fn parts(class: ErrorClass, line: &str) -> (String, String) {
    let from = |phrase: &str| {
        memchr::memmem::find(line.as_bytes(), phrase.as_bytes()).map_or(line, |at| &line[at..])
    };
    if let Some(at) = super::panicked(line) {
        return (
            "panic".to_owned(),
            rust_panic(&line[at + super::PANICKED.len()..]),
        );
    }
    match class {
        // The type that Lambda itself gives it.
        ErrorClass::Timeout => (
            "Sandbox.Timedout".to_owned(),
            normal::message(from("Task timed out")),
        ),
        ErrorClass::OutOfMemory if line.contains("Runtime.OutOfMemory") => (
            "Runtime.OutOfMemory".to_owned(),
            normal::message(from("Runtime exited")),
        ),
        ErrorClass::OutOfMemory | ErrorClass::RuntimeExit => (
            "Runtime.ExitError".to_owned(),
            normal::message(from("Runtime exited")),
        ),
        ErrorClass::Init | ErrorClass::Panic | ErrorClass::Logged => logged(line),
    }
}

fn logged(line: &str) -> (String, String) {
    let told = after_level(line).or_else(|| uncaught(line));
    let rest = told.map_or(line, |told| told.rest).trim_start();
    // Node: `Invoke Error \t{"errorType":…}`.
    if let Some((label, object)) = rest.find('{').map(|at| rest.split_at(at))
        && label.len() <= 64
        && let Ok(object) = Object::parse(object)
        && let Some(found) = json::named(&object)
    {
        return found;
    }
    let rest = [
        "Unhandled exception. ",
        "Unhandled exception: ",
        "Uncaught Exception ",
        "Unhandled Promise Rejection ",
    ]
    .iter()
    .find_map(|start| rest.strip_prefix(start))
    .or_else(|| {
        rest.strip_prefix("Exception in thread ")?
            .split_once("\" ")
            .map(|(_, rest)| rest)
    })
    .unwrap_or(rest)
    .trim_start();
    if told.is_some_and(|told| told.panic) {
        return ("panic".to_owned(), normal::message(rest));
    }
    let first = rest.lines().next().unwrap_or_default();
    if let Some((kind, message)) = trace::typed(first) {
        return (kind.to_owned(), normal::message(message));
    }
    match trace::exception(rest) {
        // Logged with its trace: the text is the developer's own, and says more than the exception's.
        Some((kind, _)) if !first.starts_with("Traceback") => {
            (kind.to_owned(), normal::message(first))
        }
        Some((kind, message)) => (kind.to_owned(), normal::message(message)),
        None => ("error".to_owned(), normal::message(first)),
    }
}

/// `thread 'main' panicked at src/lib.rs:12:5:\nmessage`, and before Rust 1.73
/// `thread 'main' panicked at 'message', src/lib.rs:12:5`. The file tells panics of the same words apart.
fn rust_panic(rest: &str) -> String {
    let (first, message) = rest.split_once('\n').unwrap_or((rest, ""));
    let (place, message) = match first
        .strip_prefix('\'')
        .and_then(|old| old.rsplit_once("', "))
    {
        Some((message, place)) => (place, message),
        None => (first, message),
    };
    let file = place.split(':').next().unwrap_or_default();
    normal::message(&format!(
        "{file}: {}",
        message.lines().next().unwrap_or_default()
    ))
}
