//! Errors that the function's own code, or the runtime under it, writes into the log.
//!
//! They make no series: the platform's report of the invocation is what counts it. They are counted by class, and by
//! fingerprint, so that an error nobody has seen before can be told of.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use signals::emf::Object;

mod errors;
mod fingerprint;
mod json;
mod named;
mod normal;
mod quick;
#[cfg(test)]
mod tests;
mod text;
mod trace;

pub(crate) use errors::MAX_EXAMINED;
pub use errors::{Errors, Seen};
pub use fingerprint::Fingerprint;
pub(crate) use fingerprint::{ErrorLine, Sighting};
pub(crate) use quick::{DECIDING_MEMBERS, text_may_tell};
use quick::{LEVEL_MEMBERS, TYPE_MEMBER};

/// What kind of error a line tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorClass {
    /// The process was killed at the memory limit.
    OutOfMemory,
    /// Lambda ended the invocation at its timeout.
    Timeout,
    /// The init phase failed.
    Init,
    /// The runtime process ended.
    RuntimeExit,
    /// A Rust or Go panic.
    Panic,
    /// A line at level ERROR or above, or an exception that nobody caught.
    Logged,
}

impl ErrorClass {
    /// The class as it is counted.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfMemory => "out_of_memory",
            Self::Timeout => "timeout",
            Self::Init => "init",
            Self::RuntimeExit => "runtime_exit",
            Self::Panic => "panic",
            Self::Logged => "logged",
        }
    }
}

/// What lines of text say, the more telling first. The `Runtime.` types are those with which Lambda's own runtimes
/// refuse to start (Troubleshoot invocation issues in Lambda, read 2026-11-21).
const PHRASES: [(&str, ErrorClass); 10] = [
    ("signal: killed", ErrorClass::OutOfMemory),
    ("Runtime.OutOfMemory", ErrorClass::OutOfMemory),
    ("Task timed out after ", ErrorClass::Timeout),
    ("Runtime.ImportModuleError", ErrorClass::Init),
    ("Runtime.HandlerNotFound", ErrorClass::Init),
    ("Runtime.UserCodeSyntaxError", ErrorClass::Init),
    ("Runtime.MalformedHandlerName", ErrorClass::Init),
    ("Runtime exited ", ErrorClass::RuntimeExit),
    ("Runtime.ExitError", ErrorClass::RuntimeExit),
    (PANICKED, ErrorClass::Panic),
];

/// What each of [`PHRASES`] begins with, once: they are looked for in nearly every line that may tell of an error.
static BEGINNINGS: LazyLock<[Finder<'static>; 4]> = LazyLock::new(|| {
    [
        "signal: killed",
        "Task timed out after ",
        "Runtime",
        PANICKED,
    ]
    .map(Finder::new)
});
const PANICKED: &str = " panicked at ";

/// Where a panic of Rust tells its place.
fn panicked(line: &str) -> Option<usize> {
    BEGINNINGS[3].find(line.as_bytes())
}

fn class_of_phrases(line: &str) -> Option<ErrorClass> {
    let line = line.as_bytes();
    let [killed, timeout, runtime, panicked] = &*BEGINNINGS;
    if let Some(at) = runtime.find(line) {
        // The phrases have an order, and lines that speak of a runtime are few.
        let rest = line.get(at..).unwrap_or_default();
        let found = |phrase: &str| {
            let line = if phrase.starts_with("Runtime") {
                rest
            } else {
                line
            };
            memchr::memmem::find(line, phrase.as_bytes()).is_some()
        };
        let phrase = PHRASES.iter().find(|(phrase, _)| found(phrase));
        return phrase.map(|(_, class)| *class);
    }
    if killed.find(line).is_some() {
        Some(ErrorClass::OutOfMemory)
    } else if timeout.find(line).is_some() {
        Some(ErrorClass::Timeout)
    } else {
        panicked.find(line).map(|_| ErrorClass::Panic)
    }
}

/// The words for "error and worse" in the loggers of all of Lambda's languages.
fn is_error(level: &str) -> bool {
    ["ERROR", "FATAL", "CRITICAL", "SEVERE"]
        .iter()
        .any(|word| level.eq_ignore_ascii_case(word))
}

/// The class of a line of text. It depends on the words for "error" alone, so that a quick search can rule it out:
/// see [`text_may_tell`].
pub(crate) fn class_of_text(line: &str) -> Option<ErrorClass> {
    if let Some(class) = class_of_phrases(line) {
        return Some(class);
    }
    let head = text::plain(line);
    text::after_level(&head)
        .or_else(|| text::uncaught(&head))
        .map(|told| told.class)
}

/// The class of a JSON line: by its level, a word or Pino's number (50 is error, 60 fatal), and without a level by
/// the `errorType` with which Lambda's runtimes write what nobody caught.
pub(crate) fn class_of_json(line: &Object<'_>) -> Option<ErrorClass> {
    let mut levels = LEVEL_MEMBERS
        .iter()
        .filter_map(|name| line.text(name))
        .filter(|level| !level.is_empty())
        .peekable();
    let number = line.number("level");
    let is_one = if levels.peek().is_some() || number.is_some() {
        levels.any(|level| is_error(&level)) || number.is_some_and(|level| level >= 50.0)
    } else {
        line.text(TYPE_MEMBER).is_some_and(|kind| !kind.is_empty())
    };
    is_one.then(|| {
        let said = ["errorType", "errorMessage", "message", "msg"];
        let mut said = said.iter().filter_map(|name| line.text(name));
        said.find_map(|text: Cow<'_, str>| class_of_phrases(&text))
            .unwrap_or(ErrorClass::Logged)
    })
}
