use super::*;

#[test]
fn every_measure_of_a_series_has_its_own_name() {
    for (measure, symptom, suffix, words, unit) in [
        (
            Measure::Percentile(90),
            Symptom::Latency,
            "",
            "p90 latency",
            Unit::Milliseconds,
        ),
        (
            Measure::Percentile(99),
            Symptom::Latency,
            ".p99",
            "p99 latency",
            Unit::Milliseconds,
        ),
        (
            Measure::Percentile(95),
            Symptom::ColdStarts,
            ".p95",
            "p95 init time",
            Unit::Milliseconds,
        ),
        (
            Measure::Count,
            Symptom::ColdStarts,
            "",
            "cold starts",
            Unit::Count,
        ),
        (
            Measure::Count,
            Symptom::Traffic,
            "",
            "requests",
            Unit::Count,
        ),
        (
            Measure::OfTimeout,
            Symptom::Headroom,
            ".of_timeout",
            "p99 duration, of the timeout",
            Unit::Percent,
        ),
        (
            Measure::Projected,
            Symptom::Headroom,
            ".projected",
            "concurrency expected in 14 days, of its limit",
            Unit::Percent,
        ),
    ] {
        assert_eq!(
            (measure.suffix(), measure.words(symptom), measure.unit()),
            (suffix.to_owned(), words.to_owned(), unit)
        );
    }
}
