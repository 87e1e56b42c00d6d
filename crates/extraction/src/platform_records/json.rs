//! `platform.*` records, as AWS Lambda's JSON log format writes them (Lambda Telemetry API schema reference).

use signals::emf::Object;

use super::{BadReport, PlatformRecord, Report, Status, is_out_of_memory, measure};

/// Reads a JSON line; `None` when it is no platform record.
///
/// # Errors
/// A `platform.report` without metrics, or with one that is no number.
pub(crate) fn read(line: &Object<'_>) -> Option<Result<PlatformRecord, BadReport>> {
    let kind = line.text("type")?;
    match kind.strip_prefix("platform.")? {
        "report" => Some(report(line).map(PlatformRecord::Report)),
        // A restore is what SnapStart has for an init.
        "initReport" | "restoreReport" => Some(Ok(init_report(line))),
        "logsDropped" => Some(Ok(logs_dropped(line))),
        _ => Some(Ok(PlatformRecord::Other)),
    }
}

fn logs_dropped(line: &Object<'_>) -> PlatformRecord {
    let records = line
        .object("record")
        .and_then(|record| record.get("droppedRecords")?.get().parse().ok());
    // The record is there because something was dropped, whatever it says of how much.
    PlatformRecord::LogsDropped(records.unwrap_or(0).max(1))
}

fn init_report(line: &Object<'_>) -> PlatformRecord {
    let status = line
        .object("record")
        .and_then(|record| record.text("status").map(|word| Status::of(&word)));
    match status {
        Some(Status::Failed | Status::Timeout) => PlatformRecord::InitFailed,
        _ => PlatformRecord::Other,
    }
}

fn report(line: &Object<'_>) -> Result<Report, BadReport> {
    let record = line.object("record").ok_or(BadReport)?;
    let metrics = record.object("metrics").ok_or(BadReport)?;
    // All of them are floats: emitters write 512.0 as well as 512.
    let number = |name| match metrics.get(name).map(|raw| raw.get()) {
        None | Some("null") => Ok(None),
        Some(text) => measure(text).map(Some).ok_or(BadReport),
    };
    let status = record
        .text("status")
        .map_or(Status::Unknown, |word| Status::of(&word));
    let (memory_used_mb, memory_size_mb) = (number("maxMemoryUsedMB")?, number("memorySizeMB")?);
    let error_type = record.text("errorType");
    Ok(Report {
        duration_ms: number("durationMs")?,
        billed_ms: number("billedDurationMs")?,
        init_ms: number("initDurationMs")?,
        memory_used_mb,
        memory_size_mb,
        status,
        out_of_memory: is_out_of_memory(
            status,
            error_type.as_deref(),
            memory_used_mb,
            memory_size_mb,
        ),
    })
}
