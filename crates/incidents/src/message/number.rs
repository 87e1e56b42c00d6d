//! Numbers for people: three significant digits, thousands separated, always with a unit.

use signals::Unit;

use crate::Symptom;

/// Three significant digits, thousands separated: `1,940`, `0.0123`, `4.12`. Above 10^15 and below 10^-3 in
/// powers of ten: `1.2e-9`.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "not a number".to_owned();
    }
    // Formatting rounds to three digits; reading it back gives the rounded value and its exponent.
    let scientific = format!("{value:.2e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let rounded: f64 = scientific.parse().unwrap_or(value);
    if rounded == 0.0 {
        return "0".to_owned();
    }
    if !(-3..=15).contains(&exponent) {
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        return format!("{mantissa}e{exponent}");
    }
    let decimals = usize::try_from(2 - exponent).unwrap_or(0);
    let plain = format!("{rounded:.decimals$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}", separated(whole))
}

/// A count: exact below 1,000, three significant digits above, like every other number.
pub(crate) fn count(value: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    number(value as f64)
}

fn separated(whole: &str) -> String {
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |digits| ("-", digits));
    let mut out = String::from(sign);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The short form of a unit, with the space before it where one belongs. A count is one minute's.
pub(crate) fn unit(unit: Unit, symptom: Symptom) -> String {
    let short = match unit {
        Unit::Milliseconds => " ms",
        Unit::Microseconds => " us",
        Unit::Seconds => " s",
        Unit::Percent => "%",
        Unit::Bytes => " B",
        Unit::Kilobytes => " kB",
        Unit::Megabytes => " MB",
        Unit::Gigabytes => " GB",
        Unit::Terabytes => " TB",
        // A burn rate says how many times as fast.
        Unit::None if symptom.is_burn() => "x",
        Unit::None => " (no unit)",
        Unit::Count => return format!(" {}/min", symptom.counted()),
        other => return format!(" {}", other.as_str()),
    };
    short.to_owned()
}

/// A share of a whole in percent; `None` of nothing.
pub(crate) fn share(part: u64, whole: u64) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    (whole > 0).then(|| format!("{}%", number(100.0 * part as f64 / whole as f64)))
}

/// A duration in whole minutes: `6 min`, `3 h 20 min`, `2 d 4 h`.
pub(crate) fn duration(minutes: i64) -> String {
    let (days, hours, rest) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let big = separated(&days.to_string());
    match (days, hours, rest) {
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (_, 0, _) => format!("{big} d"),
        (_, hours, _) => format!("{big} d {hours} h"),
    }
}

#[cfg(test)]
mod tests;
