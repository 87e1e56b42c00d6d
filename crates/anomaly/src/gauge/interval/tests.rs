use super::*;

fn steps(times: impl IntoIterator<Item = i64>) -> (Interval, Vec<Step>) {
    let mut interval = Interval::new();
    let steps = times.into_iter().map(|time| interval.step(time)).collect();
    (interval, steps)
}

#[test]
fn the_interval_is_the_first_step_and_jitter_and_gaps_do_not_change_it() {
    let (interval, found) = steps([0, 300, 610, 890, 1_200, 3_000, 3_300]);
    assert_eq!(interval.seconds(), 300);
    assert_eq!(found[5], Step::Gap);
    assert!(
        found
            .iter()
            .enumerate()
            .all(|(row, step)| row == 5 || *step == Step::Next)
    );
}

#[test]
fn twelve_steps_of_another_length_are_a_change_told_once() {
    let minutes = (0..50).map(|row| row * 60);
    let hours = (1..=30).map(|row| 49 * 60 + row * 3_600);
    let (interval, found) = steps(minutes.chain(hours));
    assert_eq!(interval.seconds(), 3_600);
    let changes: Vec<usize> = (0..found.len())
        .filter(|row| found[*row] == Step::Changed)
        .collect();
    assert_eq!(changes, [50 + CHANGED as usize - 1]);
}

#[test]
fn repeated_and_earlier_rows_are_late_until_the_clock_was_set_back_for_good() {
    let (_, found) = steps([0, 60, 60, 30, 120]);
    assert_eq!(found[2..], [Step::Late, Step::Late, Step::Next]);
    let back = (0..200).map(|row| -1_000_000 + row * 60);
    let (interval, found) = steps([i64::MAX - 1, i64::MAX].into_iter().chain(back));
    assert_eq!(found.iter().filter(|step| **step == Step::Anew).count(), 1);
    assert_eq!(
        (found[found.len() - 1], interval.seconds()),
        (Step::Next, 60)
    );
}

#[test]
fn a_gap_of_years_starts_anew() {
    let (_, found) = steps([0, 60, 120, 3 * 365 * 86_400, i64::MAX, i64::MIN]);
    assert_eq!(found[3..], [Step::Anew, Step::Anew, Step::Late]);
}
