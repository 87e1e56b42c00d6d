//! What detection costs: nanoseconds a point, whether they grow with the history, a whole fleet's minute, bytes, and a
//! random cut forest on the same points.

use std::hint::black_box;

use anomaly::gauge::{Gauge, Tuning};
use anomaly::{Input, Kind, Model, Settings};
use anyhow::anyhow;
use krcf::{RandomCutForest, RandomCutForestOptions};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::figures::{Figures, best, nanos_each, once};

/// Two weeks, and as many again in each further stretch.
const MINUTES: u32 = 20_160;
/// Stretches of history before the one that is compared with the first: two months and a half in all.
const LATER: u32 = 4;
const SERIES: u32 = 300_000;
/// Minutes that all of them have seen.
const WARM: i64 = 20;
const KINDS: [Kind; 4] = [Kind::Latency, Kind::Errors, Kind::Throttles, Kind::Traffic];

/// Minutes that are never twice the same, so that no branch is learned by heart.
fn inputs(kind: Kind, random: &mut ChaCha8Rng) -> Vec<Input> {
    let mut noise = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
    let minute = |minute: u32| {
        let wave = (f64::from(minute) / 229.0).sin();
        let count = |mean: f64, noise: f64| (mean + mean.sqrt() * noise).round().max(0.0);
        let requests = count(40.0 + 15.0 * wave, noise());
        let (value, weight) = match kind {
            Kind::Latency => ((4.4 + 0.2 * wave + 0.15 * noise()).exp(), requests),
            Kind::Errors => (count(0.4, noise()).min(requests), requests),
            Kind::Throttles => (0.0, requests),
            _ => (requests, 1.0),
        };
        Input {
            minute: i64::from(minute),
            value: Some(value),
            weight,
        }
    };
    (0..MINUTES).map(minute).collect()
}

fn feed(model: &mut Model, inputs: &[Input], stretch: u32) {
    for input in inputs {
        let minute = input.minute + i64::from(stretch * MINUTES);
        black_box(model.step(&Input { minute, ..*input }));
    }
}

/// Every figure of detection.
pub(crate) fn all(figures: &mut Figures) -> anyhow::Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut each, mut growth, mut bytes) = (Vec::new(), 0.0_f64, 0);
    for kind in KINDS {
        let inputs = inputs(kind, &mut random);
        let first = nanos_each(
            best(|| feed(&mut Model::new(kind, Settings::for_kind(kind)), &inputs, 0)),
            MINUTES,
        );
        figures.take(
            &format!("detect_ns_per_point_{}", kind.as_str()),
            first,
            "ns",
        );
        let mut old = Model::new(kind, Settings::for_kind(kind));
        (0..LATER).for_each(|stretch| feed(&mut old, &inputs, stretch));
        let later = best(|| feed(&mut old.clone(), &inputs, LATER));
        growth = growth.max(nanos_each(later, MINUTES) / first);
        let mut state = Vec::new();
        old.encode(&mut state);
        bytes = bytes.max(state.len()).max(size_of::<Model>());
        each.push(first);
    }
    each.sort_by(f64::total_cmp);
    let median = 0.5 * (each[1] + each[2]);
    figures.take("detect_ns_per_point", median, "ns");
    figures.take("detect_growth_with_history", growth, "times");
    figures.take(
        "detect_state_bytes",
        f64::from(u32::try_from(bytes)?),
        "bytes",
    );
    let points = inputs(Kind::Latency, &mut random);
    gauges(figures, &points)?;
    let forest = forest(&points)?;
    figures.take("krcf_ns_per_point", forest, "ns");
    figures.take("detect_krcf_ratio", forest / median, "times");
    fleet(figures);
    Ok(())
}

/// A series of unknown meaning: the detector alone, as `outrider detect` uses it, and as a model.
fn gauges(figures: &mut Figures, points: &[Input]) -> anyhow::Result<()> {
    let alone = best(|| {
        let mut gauge = Gauge::new(&Tuning::default());
        for point in points {
            black_box(gauge.step(point.minute * 60, point.value));
        }
    });
    figures.take("gauge_ns_per_row", nanos_each(alone, MINUTES), "ns");
    let new = || Model::new(Kind::Gauge, Settings::for_kind(Kind::Gauge));
    let model = best(|| feed(&mut new(), points, 0));
    figures.take(
        "detect_ns_per_point_gauge",
        nanos_each(model, MINUTES),
        "ns",
    );
    let mut state = Vec::new();
    new().encode(&mut state);
    let bytes = size_of::<Model>() + size_of::<Gauge>();
    let bytes = u32::try_from(bytes.max(state.len()))?;
    figures.take("detect_state_bytes_gauge", f64::from(bytes), "bytes");
    Ok(())
}

/// Nanoseconds of a point in a forest of the usual size (50 trees of 256), scored and learned.
fn forest(points: &[Input]) -> anyhow::Result<f64> {
    let mut options = RandomCutForestOptions {
        dimensions: 1,
        shingle_size: 1,
        num_trees: Some(50),
        sample_size: Some(256),
        random_seed: Some(1),
        parallel_execution_enabled: Some(false),
        ..RandomCutForestOptions::default()
    };
    let mut fastest = f64::INFINITY;
    for seed in 1..=2 {
        options.random_seed = Some(seed);
        let mut forest =
            RandomCutForest::new(options.clone()).map_err(|error| anyhow!("krcf: {error:?}"))?;
        let mut failed = None;
        let took = once(|| {
            for point in points.iter().filter_map(|point| point.value) {
                // It works with single precision.
                let point = [point as f32];
                failed = failed.take().or_else(|| {
                    black_box(forest.score(&point))
                        .and_then(|_| forest.update(&point))
                        .err()
                });
            }
        });
        if let Some(error) = failed {
            return Err(anyhow!("krcf refuses a point: {error:?}"));
        }
        fastest = fastest.min(nanos_each(took, MINUTES));
    }
    Ok(fastest)
}

/// One minute of a hundred thousand functions' series, their models side by side in memory.
fn fleet(figures: &mut Figures) {
    let mut models: Vec<Model> = (0..SERIES)
        .map(|series| Model::new(kind(series), Settings::for_kind(kind(series))))
        .collect();
    // The first quarter of an hour of a series is its cheapest.
    (0..WARM).for_each(|minute| everybody(&mut models, minute));
    let mut minute = WARM;
    let total = best(|| {
        everybody(&mut models, minute);
        minute += 1;
    });
    figures.take("detect_300000_series_ms", nanos_each(total, 1) / 1e6, "ms");
}

fn kind(series: u32) -> Kind {
    KINDS[series as usize % KINDS.len()]
}

fn everybody(models: &mut [Model], minute: i64) {
    for (series, model) in (0..SERIES).zip(models) {
        let value = match kind(series) {
            Kind::Latency => 80.0 + f64::from(series % 7),
            Kind::Traffic => f64::from(40 + series % 9),
            _ => 0.0,
        };
        black_box(model.step(&Input {
            minute,
            value: Some(value),
            weight: 40.0,
        }));
    }
}
