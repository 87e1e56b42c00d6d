//! The state as bytes: postcard, with each model in its own versioned bytes.

use std::collections::BTreeMap;

use anomaly::Model;
use incidents::Symptom;
use serde::{Deserialize, Serialize};
use signals::{Minute, SeriesKey};

use super::{Behind, Entry, Known, State};
use crate::facts::Facts;
use crate::levels::Level;
use crate::measure::Measure;
use crate::objectives::Histories;
use crate::track::{Evidence, Judge, Previous, Track};
use crate::watchlist::Subject;

/// Goes up with every change of what is stored. 2: facts, limits, versions and histories beside the models. 3: the
/// minutes that alarm together. 4: the requests of objectives.
const VERSION: u8 = 4;

#[derive(Serialize, Deserialize)]
enum StoredJudge {
    Model(Vec<u8>),
    Level(Level),
}

#[derive(Serialize, Deserialize)]
struct StoredTrack {
    symptom: Symptom,
    measure: Measure,
    series: String,
    label: String,
    judge: StoredJudge,
    /// Version, first minute of the newer one, model.
    previous: Option<(u64, i64, Vec<u8>)>,
    breaching: u32,
    alarmed: u32,
    clear: u32,
    judged: u32,
    warming_up: bool,
    onset: Option<i64>,
    last: Option<Evidence>,
    breach: Option<Evidence>,
}

#[derive(Serialize, Deserialize)]
struct StoredKnown {
    tracks: Vec<StoredTrack>,
    facts: Facts,
    histories: Histories,
    left_out: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    log_group: String,
    known: StoredKnown,
    behind: Option<(i64, StoredKnown)>,
    learned: bool,
}

/// A state object that this build cannot use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("state object is unusable: {0}")]
pub struct StateError(String);

fn damaged(error: impl std::fmt::Display) -> StateError {
    StateError(error.to_string())
}

fn bytes_of(model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.encode(&mut bytes);
    bytes
}

impl From<&Track> for StoredTrack {
    fn from(track: &Track) -> Self {
        Self {
            symptom: track.subject.symptom,
            measure: track.subject.measure,
            series: track.subject.series.to_string(),
            label: track.subject.label.clone(),
            judge: match &track.judge {
                Judge::Model(model) => StoredJudge::Model(bytes_of(model)),
                Judge::Level(level) => StoredJudge::Level(*level),
            },
            previous: track
                .previous
                .as_ref()
                .map(|it| (it.version, it.since, bytes_of(&it.model))),
            breaching: track.breaching,
            alarmed: track.alarmed,
            clear: track.clear,
            judged: track.judged,
            warming_up: track.warming_up,
            onset: track.onset,
            last: track.last.clone(),
            breach: track.breach.clone(),
        }
    }
}

impl StoredTrack {
    fn read(self) -> Result<Track, StateError> {
        let series: SeriesKey = self.series.parse().map_err(damaged)?;
        let subject = Subject {
            symptom: self.symptom,
            series,
            measure: self.measure,
            label: self.label,
        };
        let unusable = |why: String| StateError(format!("{}: {why}", subject.id()));
        let model = |bytes: &[u8]| {
            let model = Model::decode(bytes).map_err(|error| unusable(error.to_string()))?;
            if subject.kind() != Some(model.kind()) {
                return Err(unusable(format!("its model is of {:?}", model.kind())));
            }
            Ok(model)
        };
        let judge = match &self.judge {
            StoredJudge::Model(bytes) => Judge::Model(model(bytes)?),
            // The limit is this build's, whatever was stored.
            StoredJudge::Level(_) => Judge::Level(
                Level::of(&subject).ok_or_else(|| unusable("it has no limit".to_owned()))?,
            ),
        };
        let previous = match &self.previous {
            Some((version, since, bytes)) => Some(Previous {
                version: *version,
                since: *since,
                model: model(bytes)?,
            }),
            None => None,
        };
        Ok(Track {
            judge,
            previous,
            subject,
            breaching: self.breaching,
            alarmed: self.alarmed,
            clear: self.clear,
            judged: self.judged,
            warming_up: self.warming_up,
            onset: self.onset,
            last: self.last,
            breach: self.breach,
        })
    }
}

impl From<&Known> for StoredKnown {
    fn from(known: &Known) -> Self {
        Self {
            tracks: known.tracks.values().map(StoredTrack::from).collect(),
            facts: known.facts.clone(),
            histories: known.histories.clone(),
            left_out: known.left_out,
        }
    }
}

impl StoredKnown {
    fn read(self) -> Result<Known, StateError> {
        let mut tracks = BTreeMap::new();
        for track in self.tracks {
            let track = track.read()?;
            tracks.insert(track.subject.id(), track);
        }
        Ok(Known {
            tracks,
            facts: self.facts,
            histories: self.histories,
            left_out: self.left_out,
        })
    }
}

impl State {
    /// Deterministic bytes: equal states have equal bytes.
    ///
    /// # Errors
    /// Never for a state that fits in memory; the encoder's own error otherwise.
    pub fn encode(&self) -> Result<Vec<u8>, StateError> {
        let entries: Vec<StoredEntry> = self
            .entries
            .iter()
            .map(|(log_group, entry)| StoredEntry {
                log_group: log_group.clone(),
                known: StoredKnown::from(&entry.known),
                behind: entry
                    .behind
                    .as_ref()
                    .map(|behind| (behind.window.index(), StoredKnown::from(&behind.known))),
                learned: entry.learned,
            })
            .collect();
        let mut bytes = vec![VERSION];
        bytes.extend(postcard::to_stdvec(&(self.window.index(), entries)).map_err(damaged)?);
        Ok(bytes)
    }

    /// Reads what [`State::encode`] wrote, to the same bits.
    ///
    /// # Errors
    /// Bytes of another version, or damaged ones. The detector then learns anew from the stored rollups.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let (version, body) = bytes.split_first().ok_or_else(|| damaged("it is empty"))?;
        if *version != VERSION {
            return Err(damaged(format!(
                "it has version {version}, this build reads {VERSION}; let the detector learn anew from the stored \
                 rollups, or export the state with the build that wrote it"
            )));
        }
        let (window, stored): (i64, Vec<StoredEntry>) =
            postcard::from_bytes(body).map_err(damaged)?;
        let mut state = Self::before_history(Minute::from_index(window));
        for entry in stored {
            let behind = match entry.behind {
                Some((window, known)) => Some(Behind {
                    window: Minute::from_index(window),
                    known: known.read()?,
                }),
                None => None,
            };
            let known = entry.known.read()?;
            let entry_of = Entry {
                known,
                behind,
                learned: entry.learned,
            };
            state.entries.insert(entry.log_group, entry_of);
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests;
