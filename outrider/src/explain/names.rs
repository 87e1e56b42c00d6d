//! Which of many names is meant.

use std::collections::BTreeSet;

/// How many names an error lists.
const LISTED: usize = 5;

/// What a text may mean.
#[derive(Debug, PartialEq)]
pub(super) enum Choice<'a> {
    /// The place of the one name.
    One(usize),
    /// Names that it is part of.
    Several(Vec<&'a str>),
    /// It is part of none; these are the most like it.
    None(Vec<&'a str>),
}

/// The name that is `wanted`, or the only one that ends with it after `|`, or the only one that it is part of.
pub(super) fn choose<'a>(wanted: &str, ids: &[&'a str]) -> Choice<'a> {
    let of = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..ids.len()).filter(|place| is(ids[*place])).collect()
    };
    let series = |id: &str| {
        id.split_once('|')
            .is_some_and(|(_, series)| series == wanted)
    };
    let mut found = of(&|id| id == wanted);
    for more in [of(&series), of(&|id| id.contains(wanted))] {
        if found.is_empty() {
            found = more;
        }
    }
    match found.as_slice() {
        [] => Choice::None(nearest(wanted, ids)),
        [one] => Choice::One(*one),
        several => Choice::Several(several.iter().map(|place| ids[*place]).collect()),
    }
}

/// Pieces of three characters, whatever their case.
fn pieces(text: &str) -> BTreeSet<String> {
    let chars: Vec<char> = text.to_lowercase().chars().collect();
    chars
        .windows(3)
        .map(|piece| piece.iter().collect())
        .collect()
}

/// The names that have most pieces in common with a text (Dice's coefficient), the most alike first.
fn nearest<'a>(wanted: &str, ids: &[&'a str]) -> Vec<&'a str> {
    let wanted = pieces(wanted);
    #[expect(clippy::cast_precision_loss, reason = "lengths of names")]
    let alike = |id: &str| {
        let of = pieces(id);
        let common = of.intersection(&wanted).count();
        2.0 * common as f64 / (of.len() + wanted.len()).max(1) as f64
    };
    let mut ranked: Vec<(f64, &str)> = ids.iter().map(|id| (alike(id), *id)).collect();
    ranked.sort_by(|(a, name_a), (b, name_b)| b.total_cmp(a).then_with(|| name_a.cmp(name_b)));
    ranked.into_iter().map(|(_, id)| id).take(LISTED).collect()
}

/// The first few names, and how many more there are.
pub(super) fn listed(names: &[&str]) -> String {
    let mut text = names
        .iter()
        .take(LISTED)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 5] = [
        "errors|emf/CarManager/Faults{service=C}",
        "latency|emf/CarManager/Latency{route=GET%20/cars,service=C}",
        "latency|emf/CarManager/Latency{service=C}",
        "latency.p99|emf/CarManager/Latency{service=C}",
        "traffic|emf/CarManager/Requests{service=C}",
    ];

    #[test]
    fn a_name_is_found_whole_or_by_a_part_that_is_its_own() {
        for (name, wanted, expected) in [
            ("whole", IDS[2], Choice::One(2)),
            (
                "its series",
                "emf/CarManager/Requests{service=C}",
                Choice::One(4),
            ),
            ("a part", "Faults", Choice::One(0)),
            ("a part of two", "p99|", Choice::One(3)),
            (
                "a series that is scored twice",
                "emf/CarManager/Latency{service=C}",
                Choice::Several(vec![IDS[2], IDS[3]]),
            ),
            (
                "a part of several",
                "Latency",
                Choice::Several(vec![IDS[1], IDS[2], IDS[3]]),
            ),
        ] {
            assert_eq!(choose(wanted, &IDS), expected, "{name}");
        }
    }

    #[test]
    fn what_is_part_of_none_is_told_the_nearest() {
        let Choice::None(nearest) = choose("emf/CarManger/Request", &IDS) else {
            panic!("it is part of none");
        };
        assert_eq!((nearest[0], nearest.len()), (IDS[4], 5));
        assert_eq!(
            listed(&["a", "b", "c", "d", "e", "f", "g"]),
            "a, b, c, d, e and 2 more"
        );
    }
}
