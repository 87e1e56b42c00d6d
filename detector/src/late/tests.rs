//! What a run would do, without a store.

use signals::{Rollup, SeriesKey};

use super::*;

fn now() -> Timestamp {
    "2026-11-20T12:00:30Z".parse().unwrap()
}

/// The minute so many minutes before noon.
fn ago(minutes: i64) -> Minute {
    Minute::containing(now()).plus(-minutes)
}

/// A mark that was written so many seconds ago.
fn mark(seconds: i64, batch: &str, minutes: &[i64]) -> LateMark {
    LateMark {
        at: now() - SignedDuration::from_secs(seconds),
        hour: ago(minutes[0]).hour(),
        batch: batch.to_owned(),
        minutes: minutes.iter().map(|minutes| ago(*minutes)).collect(),
    }
}

const DAY: i64 = 24 * 60;

#[test]
fn marks_become_work_by_age() {
    let rested = REST_SECONDS;
    // (name, marks, what is done: minutes ago that are sealed again, too old ones, marks that go)
    type Row = (
        &'static str,
        Vec<LateMark>,
        Vec<(Vec<i64>, Vec<i64>, usize)>,
    );
    let table: [Row; 9] = [
        ("nothing", vec![], vec![]),
        (
            "a young mark is worked off and stays",
            vec![mark(5, "a", &[70])],
            vec![(vec![70], vec![], 0)],
        ),
        (
            "a mark that is neither young nor rested is left alone",
            vec![mark(121, "a", &[70]), mark(rested - 1, "b", &[70])],
            vec![],
        ),
        (
            "a rested mark is worked off and goes",
            vec![mark(rested, "a", &[70])],
            vec![(vec![70], vec![], 1)],
        ),
        (
            "marks of one hour are one piece of work",
            vec![
                mark(rested + 9, "a", &[70]),
                mark(rested + 8, "b", &[190]),
                mark(rested + 7, "c", &[71, 70]),
                mark(5, "d", &[72]),
            ],
            vec![(vec![72, 71, 70], vec![], 2), (vec![190], vec![], 1)],
        ),
        (
            "a minute that is not sealed yet needs no work, and its mark goes all the same",
            vec![mark(rested, "a", &[6]), mark(5, "b", &[6])],
            vec![(vec![], vec![], 1)],
        ),
        (
            "of an hour that is half sealed, the sealed half",
            vec![mark(rested, "a", &[8, 7, 6, 5])],
            vec![(vec![8, 7], vec![], 1)],
        ),
        (
            "a minute whose raw rollups expire is named when its mark goes",
            vec![mark(rested, "a", &[15 * DAY - 1])],
            vec![(vec![], vec![15 * DAY - 1], 1)],
        ),
        (
            "the oldest minute that is whole, and a young mark of a minute that is not",
            vec![
                mark(rested, "a", &[15 * DAY - 2]),
                mark(5, "b", &[15 * DAY + 600]),
            ],
            vec![(vec![15 * DAY - 2], vec![], 1), (vec![], vec![], 0)],
        ),
    ];
    for (name, marks, expected) in table {
        let work = plan(marks, now(), ago(7));
        let minutes = |of: &BTreeSet<Minute>| -> Vec<i64> {
            of.iter().map(|minute| ago(0).since(*minute)).collect()
        };
        let found: Vec<_> = work
            .iter()
            .map(|work| {
                (
                    minutes(&work.minutes),
                    minutes(&work.too_old),
                    work.rested.len(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

fn series(samples: &[(&str, u32)]) -> Series {
    let mut series = Series::new();
    for (name, count) in samples {
        let rollup: &mut Rollup = series.entry(SeriesKey::emf("N", name, [])).or_default();
        rollup.add(1.0, u64::from(*count));
    }
    series
}

#[test]
fn what_is_sealed_again_never_holds_less_than_before() {
    type Samples = Option<&'static [(&'static str, u32)]>;
    // (name, raw, sealed, whether it is sealed again, whether it is named)
    let table: [(&str, Samples, Samples, bool, bool); 9] = [
        ("nothing anywhere", None, None, false, false),
        ("never sealed", Some(&[("a", 1)]), None, true, false),
        (
            "sealed as silent",
            Some(&[("a", 1)]),
            Some(&[]),
            true,
            false,
        ),
        (
            "more samples",
            Some(&[("a", 2)]),
            Some(&[("a", 1)]),
            true,
            false,
        ),
        (
            "another series",
            Some(&[("a", 1), ("b", 1)]),
            Some(&[("a", 1)]),
            true,
            false,
        ),
        (
            "the same",
            Some(&[("a", 1)]),
            Some(&[("a", 1)]),
            false,
            false,
        ),
        (
            "fewer samples",
            Some(&[("a", 1), ("b", 9)]),
            Some(&[("a", 2)]),
            false,
            true,
        ),
        (
            "a series less",
            Some(&[("b", 9)]),
            Some(&[("a", 1), ("b", 1)]),
            false,
            true,
        ),
        ("nothing raw", None, Some(&[("a", 1)]), false, true),
    ];
    for (name, raw, sealed, again, less) in table {
        let minute = ago(70);
        let rollups = |samples: Samples| -> Rollups {
            samples
                .map(|samples| (minute, series(samples)))
                .into_iter()
                .collect()
        };
        let found = recompute(rollups(raw), rollups(sealed), &BTreeSet::from([minute]));
        assert_eq!(found.again.contains_key(&minute), again, "{name}");
        assert_eq!(found.less.contains(&minute), less, "{name}");
        let expected = if again { rollups(raw) } else { rollups(sealed) };
        assert_eq!(found.whole, expected, "{name}: what the hour is made of");
    }
}

#[test]
fn an_hour_is_made_of_all_its_minutes_and_late_ones_count_as_they_are_now() {
    let (late, other, unsealed) = (ago(70), ago(71), ago(72));
    let raw = Rollups::from([
        (late, series(&[("a", 5)])),
        (other, series(&[("a", 9)])),
        (unsealed, series(&[("a", 3)])),
    ]);
    let sealed = Rollups::from([(late, series(&[("a", 1)])), (other, series(&[("a", 2)]))]);
    let found = recompute(raw, sealed, &BTreeSet::from([late]));
    let count = |minute| {
        found.whole[&minute]
            .values()
            .map(Rollup::count)
            .sum::<u64>()
    };
    // A minute that no mark speaks of stays as it is sealed: somebody is still about to write its rollups.
    assert_eq!((count(late), count(other), count(unsealed)), (5, 2, 3));
}
