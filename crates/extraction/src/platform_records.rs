//! What Lambda itself writes into a function's log about each invocation, as text or as JSON.
//!
//! One record says everything: REPORT, or `platform.report`. Other lines repeat parts of it (`Task timed out`,
//! `signal: killed`, INIT_START), and whether they stand in the same batch is an accident. So they are never
//! counted as signals: each batch's rollups depend on its own lines only, and any split of the batches gives the
//! same counts.

use signals::LambdaSignal;

mod json;
mod text;

pub(crate) use json::read as read_json;
pub(crate) use text::read as read_text;

/// A platform record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlatformRecord {
    /// An invocation ended.
    Report(Report),
    /// The init phase failed, or the restore of a snapshot: it may be tried again inside the first invocation, whose report then counts.
    InitFailed,
    /// Lambda dropped log lines before they got here: how many, at least 1.
    LogsDropped(u64),
    /// Start, end and whatever else is of no interest here.
    Other,
}

/// How an invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    /// `error` or `failure`: the handler, or the runtime around it.
    Failed,
    Timeout,
    /// Not said (older text), or a word that did not exist when this was written.
    Unknown,
}

impl Status {
    fn of(word: &str) -> Self {
        match word {
            "success" => Self::Success,
            "error" | "failure" => Self::Failed,
            "timeout" => Self::Timeout,
            _ => Self::Unknown,
        }
    }
}

/// The end of one invocation: every report counts as one, whatever else it says. Numbers are finite and not negative;
/// what the record does not say is `None` (Managed Instances are not billed by the invocation).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    pub(crate) duration_ms: Option<f64>,
    pub(crate) billed_ms: Option<f64>,
    pub(crate) init_ms: Option<f64>,
    pub(crate) memory_used_mb: Option<f64>,
    pub(crate) memory_size_mb: Option<f64>,
    pub(crate) status: Status,
    pub(crate) out_of_memory: bool,
}

/// A platform record that does not have the shape AWS documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadReport;

impl Report {
    /// The samples it makes, in the contract's words.
    pub(crate) fn samples(&self) -> impl Iterator<Item = (LambdaSignal, f64)> {
        let once = |occurred: bool| occurred.then_some(1.0);
        [
            (LambdaSignal::DurationMs, self.duration_ms),
            (LambdaSignal::BilledMs, self.billed_ms),
            (LambdaSignal::InitMs, self.init_ms),
            (LambdaSignal::MemoryUsedMb, self.memory_used_mb),
            (LambdaSignal::MemorySizeMb, self.memory_size_mb),
            (LambdaSignal::Invocations, Some(1.0)),
            (
                LambdaSignal::Errors,
                once(matches!(self.status, Status::Failed | Status::Timeout)),
            ),
            (LambdaSignal::Timeouts, once(self.status == Status::Timeout)),
            (LambdaSignal::ColdStarts, once(self.init_ms.is_some())),
            (LambdaSignal::OutOfMemory, once(self.out_of_memory)),
        ]
        .into_iter()
        .filter_map(|(signal, value)| Some((signal, value?)))
    }
}

/// Whether the memory limit ended the invocation: the runtime says so, or the process was killed with all memory
/// in use. A success or a timeout with all memory in use is neither.
fn is_out_of_memory(
    status: Status,
    error_type: Option<&str>,
    used: Option<f64>,
    size: Option<f64>,
) -> bool {
    let full = used.zip(size).is_some_and(|(used, size)| used >= size);
    error_type == Some("Runtime.OutOfMemory") || (status == Status::Failed && full)
}

/// A finite number that is not negative, from its text.
fn measure(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .filter(|value: &f64| text.starts_with(|c: char| c.is_ascii_digit()) && value.is_finite())
}
