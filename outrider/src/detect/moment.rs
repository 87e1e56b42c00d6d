//! What a timestamp may look like.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Numbers from here on are milliseconds: as seconds they would be after the year 5138. As milliseconds they are from
/// March 1973 on, so an earlier instant can only be written in seconds or as a date.
const MILLISECONDS_FROM: f64 = 1e11;
/// Numbers from here on are neither: milliseconds after the year 5138 are microseconds.
const TOO_LARGE: f64 = 1e14;

/// Seconds since 1970-01-01T00:00:00Z, parts of a second cut off towards the past. RFC 3339; the same without an
/// offset, which is UTC, with a `T` or a space; seconds or milliseconds since 1970, with or without a fraction.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let looks_like_a_date = text.as_bytes().get(4) == Some(&b'-') && !text.starts_with('-');
    if looks_like_a_date {
        return of_date(text);
    }
    let number: f64 = text.parse().ok()?;
    let seconds = match number.abs() {
        size if size < MILLISECONDS_FROM => number,
        size if size < TOO_LARGE => number / 1e3,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "below 10^11")]
    Some(seconds.floor() as i64)
}

fn of_date(text: &str) -> Option<i64> {
    let has_offset = text
        .bytes()
        .skip(10)
        .any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-' | b'['));
    let at = if has_offset {
        text.parse::<Timestamp>().ok()?
    } else {
        let local: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()?
    };
    // jiff rounds towards 1970.
    let before = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
    Some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_instant_is_the_same_second() {
        let noon = 1_397_131_200; // 2014-04-10T12:00:00Z
        for (name, text, expected) in [
            ("RFC 3339", "2014-04-10T12:00:00Z", Some(noon)),
            ("small letters", "2014-04-10t12:00:00z", Some(noon)),
            ("an offset", "2014-04-10T14:00:00+02:00", Some(noon)),
            (
                "an offset to the west",
                "2014-04-10T07:00:00-05:00",
                Some(noon),
            ),
            (
                "a fraction and an offset",
                "2014-04-10T12:00:00.999Z",
                Some(noon),
            ),
            ("UTC without a word", "2014-04-10 12:00:00", Some(noon)),
            ("microseconds", "2014-04-10 12:00:00.000001", Some(noon)),
            ("with a T and no offset", "2014-04-10T12:00:00", Some(noon)),
            ("without seconds", "2014-04-10 12:00", Some(noon)),
            ("epoch seconds", "1397131200", Some(noon)),
            ("epoch seconds with a fraction", "1397131200.75", Some(noon)),
            ("epoch seconds as a power", "1.3971312e9", Some(noon)),
            ("epoch milliseconds", "1397131200999", Some(noon)),
            (
                "epoch milliseconds with a fraction",
                "1397131200999.5",
                Some(noon),
            ),
            ("the epoch", "0", Some(0)),
            ("before the epoch", "-0.5", Some(-1)),
            (
                "a date before the epoch",
                "1969-12-31T23:59:59.5Z",
                Some(-1),
            ),
            ("microseconds since 1970", "1397131200999000", None),
            ("no number", "NaN", None),
            ("infinite", "inf", None),
            ("a month that is none", "2014-13-10 12:00:00", None),
            ("a day of another order", "10/04/2014 12:00", None),
            ("nothing", "", None),
            ("a word", "yesterday", None),
        ] {
            assert_eq!(seconds(text), expected, "{name}: {text}");
        }
    }
}
