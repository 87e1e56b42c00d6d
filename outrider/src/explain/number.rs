//! Numbers as a reader wants them: a few digits of what is measured, a power of ten of what is unlikely.

/// Four significant digits, without a power of ten between a thousandth and ten millions.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e7).contains(&size) {
        return scientific(value);
    }
    // At least one digit before the point; at most seven.
    let before = (1..7)
        .take_while(|digits| size >= 10_f64.powi(*digits))
        .count()
        + 1;
    let text = format!("{value:.*}", 4_usize.saturating_sub(before), value = value);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A probability, or a number of minutes: two digits and a power of ten.
pub(super) fn scientific(value: f64) -> String {
    if (1e-2..1e4).contains(&value.abs()) {
        return number(value);
    }
    format!("{value:.1e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_as_many_digits_as_a_reader_wants() {
        for (value, text) in [
            (0.0, "0"),
            (41.0, "41"),
            (118.234, "118.2"),
            (0.035, "0.035"),
            (12_345.678, "12346"),
            (-3.5, "-3.5"),
            (f64::MAX, "1.8e308"),
            (1e-9, "1.0e-9"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(scientific(3.14e-12), "3.1e-12");
        assert_eq!(scientific(0.25), "0.25");
    }
}
