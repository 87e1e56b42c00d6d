//! Which log events of a document lie inside given runs of its stream, and which runs are left between them. Pure.

use signals::{EventId, Run};

use crate::batch::Rules;
use crate::envelope::{self, Document};
use crate::payload::{self, PayloadError};

/// What a document holds of a given run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inside {
    /// Log events inside the run; may be none.
    pub events: u64,
    /// Whether the log event that the run begins with is among them.
    pub first: bool,
    /// Whether the log event that the run ends with is among them.
    pub last: bool,
}

/// A document's log events, as some runs divide them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Divided {
    /// For each of the given runs, in their order.
    pub inside: Vec<Inside>,
    /// What is outside all of them, in rising order: the log events before, between and after them.
    pub outside: Vec<Run>,
}

/// Divides the log events of one document of a payload, counted from 0, by `runs`, which do not overlap and rise.
/// Meant for documents whose ids rise ([`crate::Batch::run`]); log events without an id of 56 digits are left out.
///
/// # Errors
/// A payload that cannot be decoded.
pub fn divide(
    event: &[u8],
    rules: &Rules,
    document: usize,
    runs: &[Run],
) -> Result<Divided, PayloadError> {
    let text = payload::text(event, rules.inflate_cap)?;
    let mut division = Division::by(runs);
    let mut position = 0;
    envelope::documents(&text, |found| {
        let wanted = position == document;
        position += 1;
        match found {
            Document::Data(stream) if wanted => stream.events(|_, event| {
                let id = event
                    .ok()
                    .and_then(|event| EventId::parse(event.id.as_bytes()));
                if let Some(id) = id {
                    division.take(id);
                }
            }),
            _ => Ok(()),
        }
    })?;
    Ok(division.divided)
}

/// A [`Divided`] in the making.
#[derive(Debug)]
struct Division<'a> {
    runs: &'a [Run],
    divided: Divided,
    /// The run outside that the last log event belongs to, by the number of given runs before it.
    open: Option<usize>,
}

impl<'a> Division<'a> {
    fn by(runs: &'a [Run]) -> Self {
        let none = Inside {
            events: 0,
            first: false,
            last: false,
        };
        Self {
            runs,
            divided: Divided {
                inside: vec![none; runs.len()],
                outside: Vec::new(),
            },
            open: None,
        }
    }

    fn take(&mut self, id: EventId) {
        let before = self.runs.partition_point(|run| run.last < id);
        if let Some(run) = self.runs.get(before)
            && run.contains(&id)
        {
            let inside = &mut self.divided.inside[before];
            inside.events += 1;
            inside.first |= id == run.first;
            inside.last |= id == run.last;
            return;
        }
        match self.divided.outside.last_mut() {
            Some(run) if self.open == Some(before) => {
                run.last = id;
                run.events += 1;
            }
            _ => self.divided.outside.push(Run {
                first: id,
                last: id,
                events: 1,
            }),
        }
        self.open = Some(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{document_from, event, gzip, payload};

    fn id(number: u64) -> EventId {
        EventId::parse(format!("{number:056}").as_bytes()).unwrap()
    }

    fn run(first: u64, last: u64) -> Run {
        Run {
            first: id(first),
            last: id(last),
            events: last - first + 1,
        }
    }

    fn inside(events: u64, first: bool, last: bool) -> Inside {
        Inside {
            events,
            first,
            last,
        }
    }

    #[test]
    fn log_events_are_before_between_after_or_inside_the_runs() {
        // Ten log events, 10 to 19.
        let event = payload(&document_from(10, &["x"; 10]));
        for (name, runs, expected, outside) in [
            ("none", vec![], vec![], vec![run(10, 19)]),
            (
                "all",
                vec![run(10, 19)],
                vec![inside(10, true, true)],
                vec![],
            ),
            (
                "more than all",
                vec![run(5, 30)],
                vec![inside(10, false, false)],
                vec![],
            ),
            (
                "its beginning",
                vec![run(5, 12)],
                vec![inside(3, false, true)],
                vec![run(13, 19)],
            ),
            (
                "its end",
                vec![run(19, 25)],
                vec![inside(1, true, false)],
                vec![run(10, 18)],
            ),
            (
                "two, one next to the other",
                vec![run(12, 13), run(14, 15)],
                vec![inside(2, true, true); 2],
                vec![run(10, 11), run(16, 19)],
            ),
            (
                "two with a gap",
                vec![run(11, 11), run(13, 19)],
                vec![inside(1, true, true), inside(7, true, true)],
                vec![run(10, 10), run(12, 12)],
            ),
            (
                "others",
                vec![run(1, 9), run(20, 29)],
                vec![inside(0, false, false); 2],
                vec![run(10, 19)],
            ),
        ] {
            let divided = divide(&event, &Rules::default(), 0, &runs).unwrap();
            let expected = Divided {
                inside: expected,
                outside,
            };
            assert_eq!(divided, expected, "{name}");
        }
    }

    #[test]
    fn only_the_document_that_is_asked_for_counts_and_only_ids() {
        let mut second = document_from(20, &["x"; 3]);
        second["logEvents"][1]["id"] = "seven".into();
        let text = format!("{}{second}", document_from(10, &["x"; 3]));
        let event = event(&gzip(text.as_bytes()));
        let divided = divide(&event, &Rules::default(), 1, &[]).unwrap();
        let expected = Run {
            events: 2,
            ..run(20, 22)
        };
        assert_eq!(divided.outside, [expected]);
        assert_eq!(
            divide(&event, &Rules::default(), 2, &[]).unwrap(),
            Divided::default()
        );
        assert!(divide(b"{}", &Rules::default(), 0, &[]).is_err());
    }
}
