//! What people say about an incident afterwards, and what was like it before.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signals::Minute;

use crate::{Incident, IncidentId, Record, Severity};

/// The version this build writes.
const SCHEMA: u32 = 1;
/// Longest name and note, in characters.
const NAME_CHARS: usize = 80;
const NOTE_CHARS: usize = 200;
/// Earlier incidents that a group remembers.
pub const MOST_EARLIER: usize = 5;
/// Days before an incident in which another one of the same group counts as like it.
pub const SIMILAR_DAYS: i64 = 30;

/// What an incident turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Something was broken.
    Real,
    /// Somebody did it on purpose, or knew: a load test, a migration.
    Expected,
    /// Nothing was wrong.
    False,
}

impl Verdict {
    /// The spelling on the command line and in stored items.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Expected => "expected",
            Self::False => "false",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Verdict {
    type Err = InvalidJudgement;

    fn from_str(text: &str) -> Result<Self, InvalidJudgement> {
        [Self::Real, Self::Expected, Self::False]
            .into_iter()
            .find(|verdict| verdict.as_str() == text)
            .ok_or_else(|| InvalidJudgement::Verdict(text.to_owned()))
    }
}

/// Why a judgement is refused.
#[derive(Debug, thiserror::Error)]
pub enum InvalidJudgement {
    /// No verdict.
    #[error("{0:?} is no verdict: write real, expected or false")]
    Verdict(String),
    /// A text that cannot be shown.
    #[error("the {what} has {length} characters: write {least} to {most} of them in one line")]
    Text {
        /// `name` or `note`.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// A stored judgement of another build.
    #[error(
        "a stored judgement has schema {found}, this build reads {SCHEMA}: use the build that wrote it, or a newer one"
    )]
    Schema {
        /// The schema found.
        found: u32,
    },
    /// No stored judgement.
    #[error("a stored judgement is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
}

/// Somebody's verdict on an incident. The newest one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    schema: u32,
    /// The incident.
    pub incident: IncidentId,
    /// What it was.
    pub verdict: Verdict,
    /// Who says so.
    pub by: String,
    /// When.
    #[serde(with = "crate::wire::text")]
    pub at: Timestamp,
    /// Why, if anything was written.
    pub note: Option<String>,
}

fn line(
    what: &'static str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<String, InvalidJudgement> {
    let text = text.trim();
    let length = text.chars().count();
    if !(least..=most).contains(&length) || text.chars().any(char::is_control) {
        return Err(InvalidJudgement::Text {
            what,
            length,
            least,
            most,
        });
    }
    Ok(text.to_owned())
}

impl Judgement {
    /// A judgement of now.
    ///
    /// # Errors
    /// A name or a note that is too long, has control characters, or a name that is empty.
    pub fn new(
        incident: IncidentId,
        verdict: Verdict,
        by: &str,
        note: Option<&str>,
        at: Timestamp,
    ) -> Result<Self, InvalidJudgement> {
        Ok(Self {
            schema: SCHEMA,
            incident,
            verdict,
            by: line("name", by, 1, NAME_CHARS)?,
            at,
            note: note
                .map(|note| line("note", note, 1, NOTE_CHARS))
                .transpose()?,
        })
    }

    /// The JSON that is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::wire::json(self)
    }

    /// Reads what [`Judgement::to_json`] wrote.
    ///
    /// # Errors
    /// Another schema version, JSON that is no judgement's, or texts that cannot be shown.
    pub fn from_json(text: &str) -> Result<Self, InvalidJudgement> {
        let found = crate::wire::schema(text)?;
        if found != SCHEMA {
            return Err(InvalidJudgement::Schema { found });
        }
        // Somebody may have written the item without asking this crate.
        let read: Self = serde_json::from_str(text)?;
        let note = read.note.as_deref();
        Self::new(read.incident, read.verdict, &read.by, note, read.at)
    }
}

/// What is kept of an earlier incident of the same group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its id.
    pub id: IncidentId,
    /// When it opened.
    #[serde(with = "crate::wire::minute")]
    pub opened: Minute,
    /// How long it was, in minutes from its onset to the end of its last breaching minute.
    pub minutes: i64,
}

impl Earlier {
    /// `None` of one that nobody was told of: nobody remembers it.
    pub(crate) fn of(incident: &Incident) -> Option<Self> {
        (incident.seq > 0).then(|| Self {
            id: incident.id.clone(),
            opened: incident.opened,
            minutes: incident.last_breach.plus(1).since(incident.onset),
        })
    }
}

/// An earlier incident of the same group, and what it turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Similar {
    /// The incident.
    pub earlier: Earlier,
    /// What it was, if anybody said so.
    pub judgement: Option<Judgement>,
}

/// The incidents of the group of `record` that opened within [`SIMILAR_DAYS`] before `before`, newest first; at most
/// [`MOST_EARLIER`] are remembered.
#[must_use]
pub fn similar(record: &Record, before: Minute, judgements: &[Judgement]) -> Vec<Similar> {
    record
        .earlier
        .iter()
        .filter(|earlier| before.since(earlier.opened) <= SIMILAR_DAYS * 1_440)
        .map(|earlier| Similar {
            earlier: earlier.clone(),
            judgement: judgements
                .iter()
                .filter(|one| one.incident == earlier.id)
                .max_by_key(|one| one.at)
                .cloned(),
        })
        .collect()
}

/// What one kind of incident came to in a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The service.
    pub service: String,
    /// What was wrong with it, in words: `many errors`.
    pub what: &'static str,
    /// Whether it wakes somebody.
    pub page: bool,
    /// Incidents that somebody was told of, or would have been in shadow mode.
    pub incidents: u32,
    /// Messages about them.
    pub messages: u32,
    /// Of the incidents, those that were judged real, expected and false.
    pub judged: [u32; 3],
}

/// Counts the incidents of `history` by service and symptom, the most first.
#[must_use]
pub fn tally(history: &[Record], judgements: &[Judgement]) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    for record in history {
        let Some(incident) = record.incident.as_ref().filter(|one| one.seq > 0) else {
            continue;
        };
        let group = &record.group;
        let what = group.symptom.words(group.direction);
        let page = group.severity() == Severity::Page;
        let same = |one: &Tally| one.service == group.service && one.what == what;
        let position = tallies.iter().position(same).unwrap_or_else(|| {
            tallies.push(Tally {
                service: group.service.clone(),
                what,
                page,
                incidents: 0,
                messages: 0,
                judged: [0; 3],
            });
            tallies.len() - 1
        });
        let tally = &mut tallies[position];
        tally.incidents += 1;
        tally.messages += incident.seq;
        let newest = judgements
            .iter()
            .filter(|one| one.incident == incident.id)
            .max_by_key(|one| one.at);
        if let Some(judgement) = newest {
            tally.judged[judgement.verdict as usize] += 1;
        }
    }
    tallies.sort_by(|a, b| {
        (b.page, b.incidents)
            .cmp(&(a.page, a.incidents))
            .then_with(|| (&a.service, a.what).cmp(&(&b.service, b.what)))
    });
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::example::{instant, minute, open_record};

    fn of_day(day: &str) -> Earlier {
        let opened = Minute::parse(&format!("2026-11-{day}T10:00:00Z")).unwrap();
        Earlier {
            id: IncidentId::mint(&open_record().fingerprint, opened),
            opened,
            minutes: 14,
        }
    }

    fn judged(id: &IncidentId, verdict: Verdict, at: &str) -> Judgement {
        Judgement::new(id.clone(), verdict, "Ada", Some("load test"), instant(at)).unwrap()
    }

    #[test]
    fn what_was_like_it_is_what_the_group_told_in_the_month_before_with_the_newest_verdict() {
        let mut record = open_record();
        record.earlier = vec![of_day("21"), of_day("03")];
        let id = record.earlier[0].id.clone();
        let judgements = [
            judged(&id, Verdict::Expected, "02:00"),
            judged(&id, Verdict::False, "01:00"),
        ];
        let before = Minute::parse("2026-11-30T10:00:00Z").unwrap();
        let verdicts = |before| -> Vec<_> {
            similar(&record, before, &judgements)
                .into_iter()
                .map(|one| (one.earlier, one.judgement.map(|it| it.verdict)))
                .collect()
        };
        assert_eq!(
            verdicts(before),
            [
                (of_day("21"), Some(Verdict::Expected)),
                (of_day("03"), None)
            ]
        );
        assert_eq!(verdicts(before.plus(10 * 1_440)).len(), 1);
    }

    #[test]
    fn incidents_are_counted_by_what_was_wrong_and_pages_come_first() {
        let told = |service: &str, direction, seq| {
            let symptom = crate::Symptom::Traffic;
            let group = crate::Group::new("prod", service, symptom, direction).unwrap();
            let mut record = open_record();
            let id = IncidentId::mint(&group.fingerprint(), minute("01:00"));
            (record.fingerprint, record.group) = (group.fingerprint(), group);
            let incident = record.incident.as_mut().unwrap();
            (incident.id, incident.seq) = (id, seq);
            record
        };
        use crate::Direction::{High, Low};
        let history = [
            told("cars", High, 3),
            told("cars", High, 1),
            told("cars", Low, 2),
            told("orders", Low, 2),
            told("orders", Low, 0),
        ];
        let id = history[2].incident.as_ref().unwrap().id.clone();
        let judgements = [
            judged(&id, Verdict::Real, "01:00"),
            judged(&id, Verdict::False, "02:00"),
        ];
        let found: Vec<_> = tally(&history, &judgements)
            .into_iter()
            .map(|one| {
                (
                    one.service,
                    one.what,
                    one.page,
                    one.incidents,
                    one.messages,
                    one.judged,
                )
            })
            .collect();
        let expected = [
            ("cars", "traffic drop", true, 1, 2, [0, 0, 1]),
            ("orders", "traffic drop", true, 1, 2, [0; 3]),
            ("cars", "traffic rise", false, 2, 4, [0; 3]),
        ]
        .map(|(service, what, page, count, messages, judged)| {
            (service.to_owned(), what, page, count, messages, judged)
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_judgement_reads_back_and_what_cannot_be_read_says_why() {
        let judgement = judged(&of_day("21").id, Verdict::Real, "03:00");
        let json = judgement.to_json();
        assert_eq!(Judgement::from_json(&json).unwrap(), judgement);
        for (text, says) in [
            (json.replace("\"schema\":1", "\"schema\":2"), "has schema 2"),
            (
                json.replace("\"real\"", "\"perhaps\""),
                "unknown variant `perhaps`",
            ),
            (
                json.replace("Ada", "\\u001b[2J"),
                "the name has 4 characters",
            ),
            ("{}".to_owned(), "missing field `schema`"),
        ] {
            let error = Judgement::from_json(&text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_judgement_that_nobody_could_read_is_refused() {
        let id = || IncidentId::mint(&open_record().fingerprint, minute("01:00"));
        let new = |by: &str, note: Option<&str>| {
            Judgement::new(id(), Verdict::Real, by, note, instant("01:00"))
                .map_err(|error| error.to_string())
        };
        for (by, note, says) in [
            ("", None, "the name has 0 characters: write 1 to 80"),
            ("a\tb", None, "the name has 3 characters"),
            (
                "Ada",
                Some(" "),
                "the note has 0 characters: write 1 to 200",
            ),
        ] {
            let error = new(by, note).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(new("Ada", Some(&"x".repeat(201))).is_err());
        assert_eq!("real".parse::<Verdict>().unwrap(), Verdict::Real);
        let error = "true".parse::<Verdict>().unwrap_err().to_string();
        assert!(error.contains("write real, expected or false"), "{error}");
    }
}
