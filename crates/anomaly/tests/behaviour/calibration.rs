//! A verdict's tail is a probability: it comes as often as it says, on series whose distribution is known.
//!
//! `POINTS=7000000 cargo test --release -p anomaly --test calibration -- --nocapture` for the long run.

use crate::null::{CASES, NOMINAL, realised};
use anomaly::MINUTES_A_WEEK;

#[test]
fn tails_come_as_often_as_they_say() {
    let points = option_env!("POINTS").map_or(300_000, |points| points.parse().unwrap());
    let only = option_env!("ONLY").unwrap_or_default();
    let mut wrong = Vec::new();
    for case in CASES.iter().filter(|case| case.name.contains(only)) {
        let found = realised(case, points, 1);
        let weeks = found.points as f64 / MINUTES_A_WEEK;
        let ratio = |count: u64, nominal: f64| count as f64 / found.points as f64 / nominal;
        let mut line = format!("{:45}", case.name);
        for (index, nominal) in NOMINAL.into_iter().enumerate() {
            let [randomised, plain] = [found.randomised[index], found.plain[index]];
            line += &format!(
                " {:.2} ({:.2})",
                ratio(randomised, nominal),
                ratio(plain, nominal)
            );
            let expected = nominal * found.points as f64;
            // Within 1.3 times, as far as this many points can tell: three standard errors of a count.
            let chance = 3.0 * (1.3 * expected).sqrt();
            if randomised as f64 > 1.3 * expected + chance || plain as f64 > 1.3 * expected + chance
            {
                wrong.push(format!("{} at {nominal:e}: too often", case.name));
            }
            if (randomised as f64) < expected / 1.3 - chance {
                wrong.push(format!("{} at {nominal:e}: too rarely", case.name));
            }
        }
        let pages = found.pages.map(|pages| pages as f64 / weeks);
        line += &format!(
            "  pages a week {:.4} {:.4} {:.4}",
            pages[0], pages[1], pages[2]
        );
        println!("{line}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
