//! Payloads of a megabyte that are made to cost as much as they can: the worst of them is what counts.

use anyhow::ensure;

use super::apart;
use crate::figures::Figures;

mod lines;
mod wrap;

/// What Lambda takes as the event of an asynchronous invocation (AWS Lambda quotas, "Invocation payload").
const EVENT_BYTES: usize = 1024 * 1024;
/// What a payload may inflate to by default.
const CAP: usize = extraction::payload::DEFAULT_CAP;

/// The bounds: processor time of each, and memory over an idle process: the inflated text and 32 MiB beside it.
const TIME: &str = "ms (at most 150)";
const MEMORY: &str = "MiB (at most 96)";

/// A name, and what makes the event when it is needed: together they would be as large as they inflate.
type Payload = (&'static str, fn() -> Vec<u8>);

const TABLE: &[Payload] = &[
    ("bomb", || wrap::text(&vec![0; 10 * CAP])),
    ("spaces", || wrap::text(&vec![b' '; CAP])),
    ("no_text", || wrap::text(&vec![0xff; CAP])),
    ("incompressible", || wrap::stored(&lines::noise(780_000))),
    ("members", || {
        wrap::members(1_000, b"{\"messageType\":\"CONTROL_MESSAGE\"}")
    }),
    ("documents", || {
        wrap::repeated(r#"{"messageType":"CONTROL_MESSAGE"}"#)
    }),
    ("empty_batches", || wrap::repeated(&wrap::document("", 0))),
    ("nested_envelope", || wrap::text(&lines::nested(CAP))),
    ("elements", || wrap::envelope(|_| "1".to_owned())),
    ("event_ids", || wrap::lines(|_| String::new())),
    ("keys", || wrap::lines(|_| lines::keys(100_000))),
    ("same_key", || wrap::lines(|_| lines::same_key(150_000))),
    ("nested", || wrap::lines(|_| lines::nested_message(500_000))),
    ("long_lines", || wrap::lines(|_| "x".repeat(1_000_000))),
    ("escapes", || wrap::lines(|_| "\u{1}\"\\\n".repeat(50_000))),
    ("surrogates", || {
        wrap::raw_lines(|_| r"\ud800\udc00".repeat(40_000))
    }),
    ("tabs", || wrap::lines(|_| "\t".repeat(400_000))),
    ("almost_errors", || {
        wrap::lines(|_| "Task timed out afte Runtime.ExitErro".repeat(25_000))
    }),
    ("numbers", || wrap::lines(|_| lines::numbers(500_000))),
    ("report_text", || wrap::lines(lines::report_text)),
    ("report_labels", || {
        wrap::lines(|_| lines::report_labels(60_000))
    }),
    ("report_json", || wrap::lines(lines::report_json)),
    ("errors", || wrap::lines(lines::error)),
    ("no_numbers", || wrap::lines(lines::not_numbers)),
    ("long_numbers", || wrap::lines(lines::long_numbers)),
    ("dimension_values", || wrap::lines(lines::dimension_value)),
    ("shapes", || wrap::lines(lines::shape)),
    ("series_10000", || wrap::lines(lines::series)),
    ("distributions", || wrap::lines(lines::distribution)),
    ("long_names", || wrap::lines(lines::long_names)),
    ("metrics", || wrap::lines(lines::metrics)),
];

pub(super) fn all(figures: &mut Figures) -> anyhow::Result<()> {
    let (mut slowest, mut largest) = ((0.0, ""), (0.0, ""));
    for (name, make) in TABLE.iter().copied() {
        if !figures.wants(&format!("hostile_ms_{name}")) {
            continue;
        }
        let event = make();
        ensure!(
            event.len() <= EVENT_BYTES,
            "{name} has {} bytes, which Lambda does not take",
            event.len()
        );
        let apart = apart::event(&event)?;
        figures.take(
            &format!("hostile_ms_{name}"),
            apart.ms,
            &format!("ms, {:.0} MiB: {}", apart.mib(), apart.outcome),
        );
        if apart.ms > slowest.0 {
            slowest = (apart.ms, name);
        }
        if apart.mib() > largest.0 {
            largest = (apart.mib(), name);
        }
    }
    if largest.1.is_empty() {
        return Ok(());
    }
    figures.take("hostile_ms", slowest.0, &format!("{TIME}: {}", slowest.1));
    figures.take(
        "hostile_mib",
        largest.0,
        &format!("{MEMORY}: {}", largest.1),
    );
    Ok(())
}
