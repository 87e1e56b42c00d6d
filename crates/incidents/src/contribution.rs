//! Who explains the change: what each route, version or status contributes to it.
//!
//! Two kinds of numbers are taken apart, and both sum to 100 %:
//!
//! * **A count** (requests): part = (its count now − before) ÷ (the whole now − before), the *explanatory power* of
//!   Bhagwan et al., "Adtributor: Revenue Debugging in Advertising Systems", NSDI 2014, section 3.
//! * **A ratio** (failed of all, slow of all, milliseconds per request): the whole is R = Σ wᵢ·rᵢ with wᵢ the part's
//!   share of the requests and rᵢ its own ratio. A part can contribute because it got worse itself, or because more
//!   of the requests go to it. Kitagawa, "Components of a Difference Between Two Rates", JASA 50 (1955) 1168–1194,
//!   separates the two without a rest: ΔR = Σ ½(wᵢ+wᵢ′)·(rᵢ′−rᵢ) + Σ (wᵢ′−wᵢ)·½(rᵢ+rᵢ′). The first sum is said part by
//!   part; the second only as a whole, the *mix*: its single terms have no meaning, since shares sum to one and any
//!   constant may be taken off all ratios.
//!
//! Blaming a part by its total alone is Simpson's trap: a route can lead every list because it has most requests,
//! and the overall ratio can rise while each route gets better. Those are not contributions here.

/// What the change is taken apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Route template.
    Route,
    /// Published version of the function.
    Version,
    /// Class of the answer.
    Status,
    /// Function.
    Function,
}

impl Dimension {
    /// What a reader calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Version => "version",
            Self::Status => "status",
            Self::Function => "function",
        }
    }
}

/// One value of a dimension, before and while it breached. `hits` is what is wrong with it (failed, slow, refused,
/// milliseconds), `exposure` what could have been (requests). Rates and totals both do, as long as before and during
/// are each one kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Slice {
    /// Its value: `POST /cars`, `42`, `5xx`.
    pub label: String,
    /// Hits before.
    pub hits_before: f64,
    /// Exposure before.
    pub exposure_before: f64,
    /// Hits while it breached.
    pub hits_during: f64,
    /// Exposure while it breached.
    pub exposure_during: f64,
}

/// What one value of the dimension contributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its value.
    pub label: String,
    /// Percent of the change; negative: it worked against it.
    pub percent: f64,
    /// Its share of the requests while it breached, 0 to 1: what it would contribute if all were alike.
    pub exposure: f64,
}

/// A change taken apart. `parts`, `mix` and `rest` sum to 100.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// By what.
    pub dimension: Dimension,
    /// The largest first, at most [`LISTED`].
    pub parts: Vec<Part>,
    /// Percent of the change that is requests moving between parts; 0 for a count, which has no mix.
    pub mix: f64,
    /// Percent of the change in all parts that are not listed.
    pub rest: f64,
    /// How many parts are not listed.
    pub unlisted: usize,
}

/// Parts listed at most.
pub const LISTED: usize = 3;
/// A part below this percentage is not listed.
const WORTH_SAYING: f64 = 1.0;
/// Parts looked at, those with most exposure: dimensions are capped when they are stored, and no list is endless.
const LOOKED_AT: usize = 1_000;

/// Takes a change of counts apart: `hits` per minute, where `exposure` is not used. `None` when the whole did not
/// change, a number is none, or there is only one value to blame.
#[must_use]
pub fn of_counts(dimension: Dimension, slices: &[Slice]) -> Option<Contributions> {
    let slices = usable(slices)?;
    let change = |slice: &&Slice| slice.hits_during - slice.hits_before;
    let total: f64 = slices.iter().map(change).sum();
    let now: f64 = slices.iter().map(|slice| slice.hits_during).sum();
    let parts = slices.iter().map(|slice| {
        let exposure = if now > 0.0 {
            slice.hits_during / now
        } else {
            0.0
        };
        (slice.label.clone(), change(slice), exposure)
    });
    listed(dimension, parts.collect(), 0.0, total, now)
}

/// Takes a change of a ratio of hits to exposure apart. `None` when the ratio did not change, there was no exposure
/// before or during, a number is none, or there is only one value to blame.
#[must_use]
pub fn of_ratio(dimension: Dimension, slices: &[Slice]) -> Option<Contributions> {
    let slices = usable(slices)?;
    let sum = |of: fn(&Slice) -> f64| slices.iter().map(|slice| of(slice)).sum::<f64>();
    let (before, during) = (sum(|s| s.exposure_before), sum(|s| s.exposure_during));
    if before <= 0.0 || during <= 0.0 {
        return None;
    }
    let (old, new) = (
        sum(|s| s.hits_before) / before,
        sum(|s| s.hits_during) / during,
    );
    let mut mix = 0.0;
    let mut parts = Vec::new();
    for slice in &slices {
        let (w0, w1) = (
            slice.exposure_before / before,
            slice.exposure_during / during,
        );
        // A value that had no requests has no ratio of its own: it came or went, which is mix.
        let r0 = ratio(slice.hits_before, slice.exposure_before);
        let r1 = ratio(slice.hits_during, slice.exposure_during);
        let (Some(r0), Some(r1)) = (r0.or(r1), r1.or(r0)) else {
            continue;
        };
        mix += (w1 - w0) * f64::midpoint(r0, r1);
        parts.push((slice.label.clone(), f64::midpoint(w0, w1) * (r1 - r0), w1));
    }
    listed(dimension, parts, mix, new - old, old.max(new))
}

fn ratio(hits: f64, exposure: f64) -> Option<f64> {
    (exposure > 0.0).then_some(hits / exposure)
}

/// Slices whose numbers are numbers, those with most exposure first.
fn usable(slices: &[Slice]) -> Option<Vec<&Slice>> {
    let sound = |slice: &&Slice| {
        let numbers = [
            slice.hits_before,
            slice.exposure_before,
            slice.hits_during,
            slice.exposure_during,
        ];
        // Above this, sums and products of them may not be numbers any more.
        numbers.iter().all(|it| (0.0..=1e100).contains(it))
    };
    let mut sorted: Vec<&Slice> = slices.iter().filter(sound).collect();
    let weight = |slice: &Slice| slice.exposure_before + slice.exposure_during + slice.hits_during;
    sorted.sort_by(|a, b| {
        weight(b)
            .total_cmp(&weight(a))
            .then_with(|| a.label.cmp(&b.label))
    });
    sorted.truncate(LOOKED_AT);
    (sorted.len() > 1).then_some(sorted)
}

fn listed(
    dimension: Dimension,
    parts: Vec<(String, f64, f64)>,
    mix: f64,
    total: f64,
    scale: f64,
) -> Option<Contributions> {
    // A change of less than a thousandth of the whole has no author: its parts would be quotients of noise.
    if !total.is_finite() || total.abs() <= scale.abs() * 1e-3 {
        return None;
    }
    // Plus zero: minus nothing is nothing.
    let percent = |amount: f64| 100.0 * amount / total + 0.0;
    let mut parts: Vec<Part> = parts
        .into_iter()
        .map(|(label, amount, exposure)| Part {
            label,
            percent: percent(amount),
            exposure,
        })
        .collect();
    parts.sort_by(|a, b| {
        b.percent
            .total_cmp(&a.percent)
            .then_with(|| a.label.cmp(&b.label))
    });
    let mix = percent(mix);
    let worth = parts
        .iter()
        .take(LISTED)
        .filter(|part| part.percent >= WORTH_SAYING)
        .count();
    let rest = parts[worth..].iter().map(|part| part.percent).sum::<f64>() + 0.0;
    let unlisted = parts.len() - worth;
    parts.truncate(worth);
    Some(Contributions {
        dimension,
        parts,
        mix,
        rest,
        unlisted,
    })
}

#[cfg(test)]
mod tests;
