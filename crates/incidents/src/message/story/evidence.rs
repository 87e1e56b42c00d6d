//! What a message says of why the detector spoke.

use super::super::number;
use super::super::untrusted::one_line_of;
use super::Story;
use crate::Member;

/// A smaller chance is not told by its number: no baseline has seen enough minutes to know it.
const LEAST_CHANCE: f64 = 1e-12;

impl Story<'_> {
    /// What convicts the worst member: every number with what it counts.
    pub(crate) fn evidence(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(worst) = self.members.first() {
            let chance = match worst.tail {
                tail if (LEAST_CHANCE..=1.0).contains(&tail) => number::number(tail),
                tail if (0.0..LEAST_CHANCE).contains(&tail) => "below 1e-12".to_owned(),
                _ => "unknown".to_owned(),
            };
            let told = worst
                .test
                .map_or_else(String::new, |test| format!("{}; ", one_line_of(test)));
            // A burn is counted over windows of its own: no minute of it breaches by itself.
            if self.group().symptom.is_burn() {
                lines.push(
                    "the long and the short window both burn faster than warned of".to_owned(),
                );
            } else {
                lines.push(format!(
                    "{told}breached in {} of the last {} minutes",
                    worst.breaches, worst.windows
                ));
                lines.extend(compared(worst, &chance));
            }
        }
        if self.is_over() {
            lines.push(format!(
                "breaching minutes since it opened: {}",
                number::count(self.incident.breaches.into())
            ));
            lines.push(format!(
                "then clear minutes in a row: {}",
                number::count(self.incident.clear_windows.into())
            ));
        }
        if lines.is_empty() {
            lines.push("no series breaches in this minute".to_owned());
        }
        lines
    }
}

/// With what the worst member was compared.
fn compared(worst: &Member, chance: &str) -> Vec<String> {
    if worst.baseline_samples == 0 {
        return vec!["compared with a fixed limit: nothing is learned here".to_owned()];
    }
    let how = match worst.stretch() {
        None => format!("the chance of a value this far out in a healthy minute is {chance}"),
        Some(stretch) => format!(
            "in healthy times chance does as much as these {} together once in {}",
            number::duration(i64::from(stretch.minutes)),
            number::duration(stretch.once_in.min(1e12) as i64)
        ),
    };
    let learned = format!(
        "normal range learned from {} earlier minutes",
        number::count(worst.baseline_samples)
    );
    vec![how, learned]
}
