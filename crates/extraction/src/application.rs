//! Errors that the function's own code, or the runtime under it, writes into the log.
//!
//! They are counted by class and make no series: the platform's report of the invocation is what counts it.

use signals::emf::Object;

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
    /// A Rust panic.
    Panic,
    /// A line at level ERROR or above.
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

/// What lines of text say, the more telling first.
const PHRASES: [(&str, ErrorClass); 6] = [
    ("signal: killed", ErrorClass::OutOfMemory),
    ("Runtime.OutOfMemory", ErrorClass::OutOfMemory),
    ("Task timed out after ", ErrorClass::Timeout),
    ("Runtime exited ", ErrorClass::RuntimeExit),
    ("Runtime.ExitError", ErrorClass::RuntimeExit),
    (" panicked at ", ErrorClass::Panic),
];

/// The words for "error and worse" in the loggers of all of Lambda's languages.
fn is_error(level: &str) -> bool {
    ["ERROR", "FATAL", "CRITICAL"]
        .iter()
        .any(|word| level.eq_ignore_ascii_case(word))
}

/// The class of a line of text.
pub(crate) fn class_of_text(line: &str) -> Option<ErrorClass> {
    if let Some((_, class)) = PHRASES.iter().find(|(phrase, _)| line.contains(phrase)) {
        return Some(*class);
    }
    // Python's `[ERROR]\t<time>\t<request id>\t…`, Node's `<time>\t<request id>\tERROR\t…`.
    let bracketed = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map(|(level, _)| level);
    let third = line.split('\t').nth(2);
    (bracketed.is_some_and(is_error) || third.is_some_and(is_error)).then_some(ErrorClass::Logged)
}

/// The class of a JSON line: by its level, a word or Pino's number (50 is error, 60 fatal).
pub(crate) fn class_of_json(line: &Object<'_>) -> Option<ErrorClass> {
    let word = line.text("level").is_some_and(|level| is_error(&level));
    let number = line.number("level").is_some_and(|level| level >= 50.0);
    (word || number).then_some(ErrorClass::Logged)
}
