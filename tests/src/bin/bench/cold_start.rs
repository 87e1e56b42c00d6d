//! From the start of the process to its first question for an event: what a cold start adds of our own. Lambda adds
//! the microVM and the download, which nobody here can measure.

use e2e::function::Function;
use tempfile::TempDir;

use crate::figures::{Figures, ROUNDS};

/// Nobody listens here: the start calls nobody.
const NOBODY: &str = "http://127.0.0.1:9";
const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000000:outrider";
const FUNCTIONS: [(&str, &[(&str, &str)]); 3] = [
    (
        "car-api",
        &[("CAR_TABLE_NAME", "acm_cars"), ("CAR_EVENT_BUS", "cars")],
    ),
    ("log-processor", &[("CAROBS_SERIES_TABLE", "series")]),
    (
        "detector",
        &[
            ("CAROBS_CHAT_TOPIC_ARN", TOPIC),
            ("CAROBS_PAGE_TOPIC_ARN", TOPIC),
            ("CAROBS_SERIES_TABLE", "series"),
            ("CAROBS_STATE_BUCKET", "outrider-state"),
            ("CAROBS_STATE_TABLE", "state"),
            ("CAROBS_TICKET_TOPIC_ARN", TOPIC),
        ],
    ),
];
const WATCH: &str = "environment='bench'\nregion='eu-west-1'\naccount='000000000000'\nrunbooks='r'\n\
                     [[service]]\nname='cars'\nlog_group='/aws/lambda/cars'\nowner='o'\n";

pub(crate) async fn all(figures: &mut Figures) {
    for (name, vars) in FUNCTIONS {
        let mut best: Option<(f64, Option<u64>)> = None;
        for _ in 0..ROUNDS {
            let package = package();
            let vars: Vec<_> = vars
                .iter()
                .copied()
                .chain([("AWS_ENDPOINT_URL", NOBODY)])
                .collect();
            let mut function = Function::start_in(package, name, &vars).await;
            let ms = function.started().await.as_secs_f64() * 1e3;
            if best.is_none_or(|(so_far, _)| ms < so_far) {
                best = Some((ms, function.resident_kib()));
            }
        }
        let Some((ms, resident)) = best else { continue };
        let name = name.replace('-', "_");
        figures.take(&format!("cold_start_ms_{name}"), ms, "ms");
        if let Some(kib) = resident.and_then(|kib| u32::try_from(kib).ok()) {
            figures.take(
                &format!("cold_start_resident_mib_{name}"),
                f64::from(kib) / 1024.0,
                "MiB",
            );
        }
    }
}

/// The folder of a function, with the file that the detector's package holds.
fn package() -> TempDir {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
    std::fs::write(folder.path().join("outrider.toml"), WATCH)
        .unwrap_or_else(|error| panic!("no file: {error}"));
    folder
}
