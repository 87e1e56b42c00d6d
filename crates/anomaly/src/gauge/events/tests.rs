use super::*;

fn counted(strengths: &[f32], quiet: u32) -> Vec<bool> {
    let mut events = Events::new();
    strengths
        .iter()
        .zip(0..)
        .map(|(strength, row)| events.counts(row, *strength, quiet, 1.0))
        .collect()
}

#[test]
fn a_row_counts_if_it_is_the_strongest_of_the_quiet_time() {
    // The plain rule: no stronger or equal row among the last `quiet`.
    let mut seed = 1_u32;
    let strengths: Vec<f32> = (0..5_000)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            1.5 + (seed >> 16) as f32 / 6_000.0
        })
        .collect();
    for quiet in [0, 1, 30, 400] {
        let found = counted(&strengths, quiet);
        for (row, strength) in strengths.iter().enumerate() {
            let before = &strengths[row.saturating_sub(quiet as usize)..row];
            let expected = before.iter().all(|earlier| earlier < strength);
            assert_eq!(found[row], expected, "row {row}, quiet for {quiet}");
        }
    }
}

#[test]
fn equal_rows_count_once_and_again_after_the_quiet_time() {
    let found = counted(&[5.0; 10], 3);
    let expected: Vec<bool> = (0..10).map(|row| row % 4 == 0).collect();
    assert_ne!(found, expected, "each equal row renews the quiet time");
    assert_eq!(found.iter().filter(|counts| **counts).count(), 1);
}

#[test]
fn a_row_hardly_stronger_than_the_last_does_not_count() {
    let mut events = Events::new();
    assert!(events.counts(0, 5.0, 10, 1.05));
    assert!(!events.counts(1, 5.2, 10, 1.05));
    assert!(
        !events.counts(2, 5.4, 10, 1.05),
        "the greatest so far counts, not the last that counted"
    );
    assert!(events.counts(3, 5.7, 10, 1.05));
}

#[test]
fn a_full_queue_gives_up_its_weakest_row() {
    let falling: Vec<f32> = (0..40).map(|row| 100.0 - row as f32).collect();
    let mut events = Events::new();
    for (row, strength) in falling.iter().enumerate() {
        assert_eq!(events.counts(row as u32, *strength, 1_000, 1.0), row == 0);
    }
    assert!(!events.counts(40, 99.5, 1_000, 1.0) && events.counts(41, 100.5, 1_000, 1.0));
}

#[test]
fn row_numbers_may_wrap_around() {
    let mut events = Events::new();
    assert!(events.counts(u32::MAX - 1, 5.0, 10, 1.0));
    assert!(!events.counts(3, 4.0, 10, 1.0));
    assert!(events.counts(20, 4.0, 10, 1.0));
}
