//! Names of exceptions, where they stand alone and where they stand in a trace.

/// Longest name of an exception's class.
const LONGEST: usize = 128;
/// Digits that such a name may have. A secret has more.
const DIGITS: usize = 3;
/// How the names of exceptions end, in all of Lambda's languages.
const ENDINGS: [&str; 12] = [
    "Error",
    "Exception",
    "Fault",
    "Failure",
    "Panic",
    "Warning",
    "Interrupt",
    "Timeout",
    "Exit",
    "Err",
    "Abort",
    "Timedout",
];
/// Exceptions that are called otherwise.
const NAMES: [&str; 6] = [
    "KeyboardInterrupt",
    "StopIteration",
    "StopAsyncIteration",
    "SystemExit",
    "GeneratorExit",
    "MultipleInvalid",
];

/// Whether a text can be the name of an exception's class: `ValueError`, `java.lang.IllegalStateException`,
/// `botocore.errorfactory.ResourceNotFound`, `my::Error`.
pub(super) fn is_type(name: &str) -> bool {
    is_name(name) && {
        let mut parts = name.rsplit(['.', ':', '$']);
        let last = parts.next().unwrap_or_default();
        let capital = last.starts_with(|c: char| c.is_ascii_uppercase());
        let mut packages = parts.filter(|part| !part.is_empty()).peekable();
        capital
            && (NAMES.contains(&last)
                || ENDINGS.iter().any(|ending| last.ends_with(ending))
                || packages.peek().is_some()
                    && packages.all(|part| part.starts_with(|c: char| c.is_ascii_lowercase())))
    }
}

/// Whether a text is made like a name, and neither like a sentence nor like a secret.
pub(super) fn is_name(name: &str) -> bool {
    (2..=LONGEST).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'$'))
        && name.bytes().filter(u8::is_ascii_digit).count() <= DIGITS
        && name
            .split(['.', ':', '$', '_'])
            .all(|part| part.len() <= 64)
}

/// `Type: message`, `Type` alone, or Node's `Type [CODE]: message`: type and message.
pub(super) fn typed(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end();
    let (head, message) = line
        .split_once(": ")
        .unwrap_or_else(|| (line.trim_end_matches(':'), ""));
    let name = head.split_once(" [").map_or(head, |(name, _)| name);
    is_type(name).then_some((name, message.trim_start()))
}

/// The marker of Python's traces; the exception stands in their last line.
const TRACEBACK: &str = "Traceback (most recent call last):";

/// The exception that a text of several lines is about: its type and its message.
pub(super) fn exception(text: &str) -> Option<(&str, &str)> {
    let mut lines = text
        .lines()
        .filter(|line| !line.starts_with([' ', '\t', '\u{a0}']));
    if text.contains(TRACEBACK) {
        lines.filter_map(typed).next_back()
    } else {
        lines.find_map(typed)
    }
}
