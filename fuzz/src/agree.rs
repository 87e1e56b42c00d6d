//! What must hold of every payload: the reader says what the reference says, to the bit, and what it says is sound.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use extraction::reader::Tiers;
use extraction::rollup::Limits;
use extraction::{Batch, Counts, PayloadError, Reader, Rules, Skip, read_payload};
use signals::{EventId, Rollup, Run, SeriesKey, packed};

/// What a payload of a few kilobytes may inflate to here: small, so that the cap is met.
const CAP: usize = 256 * 1024;

type Read = Result<(Vec<Batch>, Counts), PayloadError>;

/// Rules by a number: mostly the usual ones, sometimes with room for a few series only.
#[must_use]
pub fn rules(number: u8) -> Rules {
    let mut limits = Limits::default();
    match number % 16 {
        0 => limits.rollups = 3,
        1 => limits.memory_bytes = 9_000,
        2 => limits.work_bytes = 3_000,
        3 => limits.dimension_values = 2,
        _ => {}
    }
    Rules {
        inflate_cap: CAP,
        limits,
        ..Rules::default()
    }
}

/// Log events to leave out, by a number: mostly none.
#[must_use]
pub fn skip(number: u8) -> Skip {
    let id = |n: u8| EventId::parse(format!("{n:056}").as_bytes());
    let run = |first: u8, last: u8| {
        let (first, last) = (id(first)?, id(last)?);
        Some(Run {
            first,
            last,
            events: 1,
        })
    };
    let runs = match number % 8 {
        0 => vec![run(0, 0)],
        1 => vec![run(1, 2), run(5, 9)],
        _ => Vec::new(),
    };
    let runs: Vec<_> = runs.into_iter().flatten().collect();
    if runs.is_empty() {
        Skip::new()
    } else {
        Skip::from([(0, runs)])
    }
}

/// Reads an event both ways and compares.
///
/// # Panics
/// When they disagree, or when what they say cannot be.
pub fn check(reader: &mut Reader, event: &[u8], rules: &Rules, skip: &Skip) {
    let before = reader.tiers();
    let expected = read_payload(event, rules, skip);
    let found = reader.extract(event, rules, skip).map(|reading| {
        let counts = reading.counts().clone();
        let rollups = reading.rollups().count();
        let batches = reading.into_batches();
        let series = batches.iter().flat_map(|batch| batch.rollups.values());
        assert_eq!(rollups, series.map(BTreeMap::len).sum::<usize>());
        (batches, counts)
    });
    tell(before, reader.tiers());
    same(&expected, &found);
    if let Ok((batches, counts)) = &expected {
        sound(batches, counts);
    }
}

/// How often each tier had the word in this process, and payloads.
static TIERS: [AtomicU64; 7] = [const { AtomicU64::new(0) }; 7];

/// Counts, and prints at every power of two: targets that never leave the reference compare it with itself.
fn tell(before: Tiers, after: Tiers) {
    let of = |tiers: Tiers| {
        [
            ("payloads", 0),
            ("templates", tiers.templates),
            ("lines", tiers.lines),
            ("walked", tiers.walked),
            ("reference", tiers.reference),
            ("envelopes", tiers.envelopes),
            ("whole", tiers.payloads),
        ]
    };
    TIERS[0].fetch_add(1, Relaxed);
    let mut line = String::from("tiers:");
    for ((total, (name, after)), (_, before)) in TIERS.iter().zip(of(after)).zip(of(before)) {
        let total = total.fetch_add(after - before, Relaxed) + after - before;
        line.push_str(&format!(" {name} {total}"));
    }
    if TIERS[0].load(Relaxed).is_power_of_two() {
        eprintln!("{line}");
    }
}

fn same(expected: &Read, found: &Read) {
    match (expected, found) {
        (Ok((expected, counts)), Ok((found, found_counts))) => {
            assert_eq!(counts, found_counts, "counts");
            assert_eq!(expected, found, "batches");
            for (expected, found) in expected.iter().zip(found) {
                // Equal floats need not have equal bits, and bits are what is stored.
                for (minute, series) in &expected.rollups {
                    assert_eq!(
                        packed::pack(series, packed::PART_BYTES),
                        packed::pack(&found.rollups[minute], packed::PART_BYTES),
                        "stored bytes of {minute:?}"
                    );
                }
            }
        }
        (Err(expected), Err(found)) => assert_eq!(expected.to_string(), found.to_string()),
        (expected, found) => panic!("the reference says {expected:?}, the reader {found:?}"),
    }
}

fn sound(batches: &[Batch], counts: &Counts) {
    let mut samples = 0_u64;
    for batch in batches {
        assert!(!batch.rollups.is_empty() || !batch.errors.is_empty());
        for series in batch.rollups.values() {
            for (key, rollup) in series {
                named(key);
                numbers(rollup);
                samples = samples.saturating_add(rollup.count());
            }
        }
    }
    assert_eq!(samples, counts.samples);
    assert!(counts.skipped <= counts.events);
}

/// A series has one name, and the name says which series it is.
///
/// # Panics
/// When it does not.
pub fn named(key: &SeriesKey) {
    let name = key.to_string();
    let read: SeriesKey = name
        .parse()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(&read, key, "{name}");
}

/// What holds of any samples.
///
/// # Panics
/// When it does not.
pub fn numbers(rollup: &Rollup) {
    let (Some(min), Some(max)) = (rollup.min(), rollup.max()) else {
        assert_eq!(rollup.count(), 0);
        return;
    };
    assert!(min <= max && min.is_finite() && max.is_finite() && rollup.sum().is_finite());
    for q in [0.0, 0.5, 0.99, 1.0] {
        if let Some(value) = rollup.quantile(q) {
            assert!((min..=max).contains(&value), "{value} of {min} to {max}");
        }
    }
    let mut bytes = Vec::new();
    rollup.encode(&mut bytes);
    assert_eq!(Rollup::decode(&bytes).as_ref(), Ok(rollup));
}
