//! Times for people: absolute UTC first, local time beside it where a zone is known.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone of the people who are called. Resolved by the shell: reading a zone database is I/O.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalZone {
    /// What people call it: `Europe/Paris`.
    pub name: String,
    /// Its rules.
    pub zone: TimeZone,
}

/// `2026-11-20 21:59 UTC (22:59 Europe/Paris)`; the local date is written where it differs.
pub(crate) fn full(at: Timestamp, local: Option<&LocalZone>) -> String {
    let utc = at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let Some(LocalZone { name, zone }) = local else {
        return utc;
    };
    let (here, there) = (at.to_zoned(TimeZone::UTC), at.to_zoned(zone.clone()));
    let format = if here.date() == there.date() {
        "%H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    format!(
        "{utc} ({} {})",
        there.strftime(format),
        super::untrusted::one_line_of(name)
    )
}

/// `21:59 UTC`: where the date stands beside it already.
pub(crate) fn short(at: Timestamp) -> String {
    at.strftime("%H:%M UTC").to_string()
}

/// The form of `CloudWatch`'s notifications: three digits of a second, no colon in the offset.
pub(crate) fn cloudwatch(at: Timestamp) -> String {
    format!(
        "{}.{:03}+0000",
        at.strftime("%Y-%m-%dT%H:%M:%S"),
        at.subsec_millisecond()
    )
}

/// Minutes that a message may state: a century is enough, and no sum of them overflows.
pub(crate) fn whole(minutes: i64) -> i64 {
    minutes.clamp(0, 52_560_000)
}

/// Whole minutes from `earlier` to `later`, never negative: a clock that jumped back measures nothing.
pub(crate) fn minutes(earlier: Timestamp, later: Timestamp) -> i64 {
    (later.as_second().saturating_sub(earlier.as_second()) / 60).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_comes_first_and_the_local_date_where_it_differs() {
        let paris = LocalZone {
            name: "Europe/Paris".to_owned(),
            zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        };
        for (at, text) in [
            (
                "2026-11-20T21:59:30Z",
                "2026-11-20 21:59 UTC (22:59 Europe/Paris)",
            ),
            (
                "2026-11-20T23:30:00Z",
                "2026-11-20 23:30 UTC (2026-11-21 00:30 Europe/Paris)",
            ),
            (
                "2026-07-01T10:00:00Z",
                "2026-07-01 10:00 UTC (12:00 Europe/Paris)",
            ),
        ] {
            assert_eq!(full(at.parse().unwrap(), Some(&paris)), text);
        }
        assert_eq!(
            full("2026-11-20T21:59:30Z".parse().unwrap(), None),
            "2026-11-20 21:59 UTC"
        );
    }

    #[test]
    fn cloudwatch_writes_milliseconds_and_no_colon() {
        assert_eq!(
            cloudwatch("2026-11-20T22:05:30.1239Z".parse().unwrap()),
            "2026-11-20T22:05:30.123+0000"
        );
        assert_eq!(
            cloudwatch("2026-11-20T22:05:30Z".parse().unwrap()),
            "2026-11-20T22:05:30.000+0000"
        );
    }

    #[test]
    fn time_never_runs_backwards() {
        let (a, b) = (
            "2026-11-20T22:00:00Z".parse().unwrap(),
            "2026-11-20T22:06:59Z".parse().unwrap(),
        );
        assert_eq!((minutes(a, b), minutes(b, a)), (6, 0));
    }
}
