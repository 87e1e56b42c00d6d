//! A stream of log events, cut into batches in many ways, and what each log event counted once comes to.

use extraction::read_payload;
use extraction::testing::document_from;
use platform::ledger::memory::MemoryLedger;
use platform::series_store::Rollups;
use serde_json::Value;
use signals::Minute;

use super::calls::{Between, Watched};
use super::memory::MemorySeries;
use super::*;

pub(super) const GROUP: &str = "/aws/lambda/f";

/// Where a batch begins in the stream and where the next one would.
pub(super) type Cut = (usize, usize);

/// Log events `cut` of one stream: two of three tell a duration, the others nothing; a new minute every five.
pub(super) fn stream_document(stream: &str, (from, to): Cut) -> Value {
    let line = |number: usize| match number % 3 {
        0 => format!("line {number}"),
        // Ends with a digit that is not exact in binary, so that sums show it when something is missing.
        _ => report(1.1 + (number * 37 % 101) as f64),
    };
    let lines: Vec<_> = (from..to).map(line).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let mut document = document_from(from, &lines);
    document["logStream"] = json!(stream);
    for (event, number) in document["logEvents"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .zip(from..to)
    {
        let minute = i64::try_from(number / 5).unwrap();
        event["timestamp"] = json!(EVENT + 60_000 * minute);
    }
    document
}

/// A payload of one batch.
pub(super) fn batch(cut: Cut) -> Vec<u8> {
    payload(&stream_document("s", cut))
}

/// What the stream's log events come to, each counted once.
pub(super) fn reference(cut: Cut) -> Rollups {
    let (batches, _) = read_payload(&batch(cut), &Rules::default(), &Skip::new()).unwrap();
    batches
        .into_iter()
        .flat_map(|batch| batch.rollups)
        .collect()
}

/// What is stored.
pub(super) async fn stored(series: &dyn SeriesStore) -> Rollups {
    let (from, to) = (
        Minute::from_index(0),
        Minute::from_millis(EVENT).plus(10_000),
    );
    series.raw_minutes(GROUP, from, to).await.unwrap()
}

/// Says where two sets of rollups differ; sums may by 1e-12.
pub(super) fn difference(found: &Rollups, expected: &Rollups) -> Result<(), String> {
    let keys = |rollups: &Rollups| -> BTreeSet<_> {
        let minutes = rollups.iter();
        minutes
            .flat_map(|(minute, series)| series.keys().map(|key| (*minute, key.clone())))
            .collect()
    };
    let (has, wants) = (keys(found), keys(expected));
    if has != wants {
        return Err(format!("other series: {has:?} instead of {wants:?}"));
    }
    for (minute, key) in wants {
        let (a, b) = (&found[&minute][&key], &expected[&minute][&key]);
        let same = (a.count(), a.min(), a.max()) == (b.count(), b.min(), b.max())
            && a.histogram() == b.histogram()
            && (a.sum() - b.sum()).abs() <= 1e-12 * b.sum().abs();
        if !same {
            return Err(format!("{minute} {key}: {a:?} instead of {b:?}"));
        }
    }
    Ok(())
}

/// A processor whose calls somebody watches.
pub(super) fn processor(
    ledger: Arc<dyn Ledger>,
    series: Arc<dyn SeriesStore>,
    clock: Arc<dyn Clock>,
    between: Arc<dyn Between>,
) -> Deps {
    Deps {
        ledger: Some(Arc::new(Watched {
            inner: ledger,
            between: between.clone(),
        })),
        series: Arc::new(Watched {
            inner: series,
            between,
        }),
        emitter: Arc::new(platform::emit::Captured::default()),
        clock,
        function_name: String::new(),
        rules: Rules::default(),
        reader: Mutex::default(),
        sightings: Sightings::default(),
    }
}

/// Stores in memory.
pub(super) fn in_memory() -> (Arc<dyn Ledger>, Arc<dyn SeriesStore>) {
    (
        Arc::new(MemoryLedger::default()),
        Arc::new(MemorySeries::default()),
    )
}
