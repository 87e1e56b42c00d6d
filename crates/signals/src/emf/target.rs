//! The members that directives name: metric values and dimension values.

use std::borrow::Cow;

use super::json::Raw;
use super::{Object, Observation, Rejection};

/// Values of a metric that is an array (EMF specification, "Target members").
const MAX_VALUES: usize = 100;
/// Characters of a dimension's value (EMF specification, "Target members").
const MAX_DIMENSION_VALUE: usize = 1024;

/// A dimension's value: a string of 1 to 1,024 characters.
pub(super) fn dimension(raw: Option<Raw<'_>>) -> Result<Cow<'_, str>, Rejection> {
    let value = raw
        .ok_or(Rejection::DimensionMissing)?
        .text()
        .ok_or(Rejection::DimensionNotText)?;
    if value.is_empty() {
        Err(Rejection::DimensionEmpty)
    } else if value.len() > MAX_DIMENSION_VALUE && value.chars().count() > MAX_DIMENSION_VALUE {
        Err(Rejection::DimensionTooLong)
    } else {
        Ok(value)
    }
}

/// A metric's value in any of its forms. Empty when all of it stands for no samples (every count is 0).
pub(super) fn metric(raw: Option<Raw<'_>>) -> Result<Vec<Observation>, Rejection> {
    let raw = raw.ok_or(Rejection::MetricMissing)?;
    match raw.get().as_bytes().first() {
        Some(b'[') => {
            let values = raw.elements().ok_or(Rejection::MetricNotNumber)?;
            match values.clone().take(MAX_VALUES + 1).count() {
                0 => Err(Rejection::NoValues),
                1..=MAX_VALUES => values.map(single).collect(),
                _ => Err(Rejection::TooManyValues),
            }
        }
        Some(b'{') => {
            let object = Object::of(raw).ok_or(Rejection::MetricNotNumber)?;
            // Emitters of exponential histograms write both forms at once. The values are the ones that have
            // percentiles.
            if object.get("Values").is_some() || object.get("Counts").is_some() {
                weighted(&object)
            } else {
                statistics(&object)
            }
        }
        _ => single(raw).map(|observation| vec![observation]),
    }
}

fn single(raw: Raw<'_>) -> Result<Observation, Rejection> {
    number(raw)
        .map(|value| Observation::Value { value, weight: 1 })
        .ok_or(Rejection::MetricNotNumber)
}

/// `{"Values":[…],"Counts":[…]}`. No limit on their number: the specification does not know the form, and
/// metrique writes as many as it has seen.
fn weighted(object: &Object<'_>) -> Result<Vec<Observation>, Rejection> {
    let list = |name| {
        object
            .get(name)
            .and_then(Raw::elements)
            .ok_or(Rejection::ValuesAndCounts)
    };
    let (values, counts) = (list("Values")?, list("Counts")?);
    let count = values.clone().count();
    if counts.clone().count() != count {
        return Err(Rejection::ValuesAndCounts);
    }
    if count == 0 {
        return Err(Rejection::NoValues);
    }
    let mut observations = Vec::with_capacity(count);
    for (value, weight) in values.zip(counts) {
        let value = number(value).ok_or(Rejection::MetricNotNumber)?;
        let weight = whole(weight).ok_or(Rejection::ValuesAndCounts)?;
        if weight > 0 {
            observations.push(Observation::Value { value, weight });
        }
    }
    Ok(observations)
}

/// `{"Max":…,"Min":…,"Count":…,"Sum":…}`.
fn statistics(object: &Object<'_>) -> Result<Vec<Observation>, Rejection> {
    // An object with none of these is no statistic set but something else altogether.
    if ["Max", "Min", "Count", "Sum"]
        .iter()
        .all(|name| object.get(name).is_none())
    {
        return Err(Rejection::MetricNotNumber);
    }
    let member = |name| object.number(name).ok_or(Rejection::StatisticSet);
    let (max, min, sum) = (member("Max")?, member("Min")?, member("Sum")?);
    let count = object
        .get("Count")
        .and_then(whole)
        .ok_or(Rejection::StatisticSet)?;
    if min > max {
        return Err(Rejection::StatisticSet);
    }
    Ok(if count > 0 {
        vec![Observation::Statistics {
            count,
            sum,
            min,
            max,
        }]
    } else {
        Vec::new()
    })
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

/// A finite number, correctly rounded. Negative zero is zero: a minimum must not depend on which came first.
pub(super) fn number(raw: Raw<'_>) -> Option<f64> {
    // What `Raw` holds is JSON, so only numbers start like this, and Rust reads every JSON number.
    let value: f64 = Some(raw.get())
        .filter(|text| is_number(text))?
        .parse()
        .ok()?;
    value.is_finite().then_some(value + 0.0)
}

/// A number written as an integer. One beyond 64 bits is as large as 64 bits get.
pub(super) fn integer(raw: Raw<'_>) -> Option<i64> {
    let text = Some(raw.get()).filter(|text| is_number(text))?;
    let (negative, digits) = text
        .strip_prefix('-')
        .map_or((false, text), |digits| (true, digits));
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    Some(
        text.parse()
            .unwrap_or(if negative { i64::MIN } else { i64::MAX }),
    )
}

/// A count: a number without fraction from 0 to 2^64 − 1. Emitters in languages without integers write `3.0`.
fn whole(raw: Raw<'_>) -> Option<u64> {
    if let Ok(count) = raw.get().parse() {
        return Some(count);
    }
    let count = number(raw)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be in range and whole"
    )]
    (count.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&count))
        .then_some(count as u64)
}
