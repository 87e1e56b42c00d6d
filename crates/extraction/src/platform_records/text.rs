//! REPORT lines, as AWS Lambda's text log format writes them.
//!
//! Labels are matched, never columns: the separator is a tab, or a space and a tab, or only a space
//! (`Init Duration: 3439.00 ms Status: timeout` has been seen), and X-Ray adds a second line of its own.

use super::{BadReport, PlatformRecord, Report, Status, is_out_of_memory, measure};

const LABELS: [&str; 9] = [
    "Billed Restore Duration: ",
    "Restore Duration: ",
    "Billed Duration: ",
    "Init Duration: ",
    "Duration: ",
    "Memory Size: ",
    "Max Memory Used: ",
    "Status: ",
    "Error Type: ",
];

/// The value of each label that a line has, in the order of [`LABELS`]. A label must begin a word, and one that
/// ends with another's words is found first, because the line is read from left to right.
fn labels(line: &str) -> [Option<&str>; LABELS.len()] {
    let mut found = [None; LABELS.len()];
    let mut rest = line;
    loop {
        if let Some((index, value)) = LABELS
            .iter()
            .enumerate()
            .find_map(|(i, label)| Some((i, rest.strip_prefix(label)?)))
        {
            let end = value.find(char::is_whitespace).unwrap_or(value.len());
            found[index].get_or_insert(&value[..end]);
            rest = &value[end..];
        }
        let Some(space) = rest.find(char::is_whitespace) else {
            return found;
        };
        rest = rest[space..].trim_start();
    }
}

/// Reads a line of text; `None` when it is no platform record.
///
/// # Errors
/// A REPORT with a number that is none.
pub(crate) fn read(message: &str) -> Option<Result<PlatformRecord, BadReport>> {
    if message.starts_with("REPORT RequestId: ") {
        return Some(report(message).map(PlatformRecord::Report));
    }
    if message.starts_with("INIT_REPORT ") || message.starts_with("RESTORE_REPORT ") {
        let [.., status, _] = labels(message);
        let failed = matches!(
            status.map(Status::of),
            Some(Status::Failed | Status::Timeout)
        );
        return Some(Ok(if failed {
            PlatformRecord::InitFailed
        } else {
            PlatformRecord::Other
        }));
    }
    [
        "START RequestId: ",
        "END RequestId: ",
        "INIT_START ",
        "RESTORE_START ",
        "XRAY TraceId: ",
    ]
    .iter()
    .any(|start| message.starts_with(start))
    .then_some(Ok(PlatformRecord::Other))
}

fn report(line: &str) -> Result<Report, BadReport> {
    let [_, _, billed, init, duration, size, used, status, error_type] = labels(line);
    let number = |text: Option<&str>| text.map(|text| measure(text).ok_or(BadReport)).transpose();
    let status = status.map_or(Status::Unknown, Status::of);
    let (memory_used_mb, memory_size_mb) = (number(used)?, number(size)?);
    Ok(Report {
        duration_ms: number(duration)?,
        billed_ms: number(billed)?,
        init_ms: number(init)?,
        memory_used_mb,
        memory_size_mb,
        status,
        out_of_memory: is_out_of_memory(status, error_type, memory_used_mb, memory_size_mb),
    })
}
