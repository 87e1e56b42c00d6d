//! What the detector knows of every subject at the end of a window: a pure function of the rollups up to it.

use std::collections::BTreeMap;

use anomaly::{Model, Settings, Verdict};
use incidents::Symptom;
use serde::{Deserialize, Serialize};
use signals::{Minute, SeriesKey};

use crate::watch::{Rules, Service};
use crate::watchlist::{self, Series, Subject};

const VERSION: u8 = 1;

/// The verdict that a message is written from, kept while its window matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The minute judged, counted from the epoch.
    pub minute: i64,
    /// What was measured.
    pub value: f64,
    /// Samples or attempts behind it.
    pub weight: f64,
    /// What was expected, and the normal range.
    pub expected: f64,
    /// Lower end of the normal range.
    pub low: f64,
    /// Upper end of the normal range.
    pub high: f64,
    /// Probability of a value at least this extreme when all is normal.
    pub tail: f64,
    /// Whether it lies above the range.
    pub above: bool,
    /// Minutes of baseline behind the expectation.
    pub samples: f64,
}

impl Evidence {
    fn of(verdict: &Verdict) -> Option<Self> {
        Some(Self {
            minute: verdict.minute,
            value: verdict.value?,
            weight: verdict.weight,
            expected: verdict.expected,
            low: verdict.low,
            high: verdict.high,
            tail: verdict.tail,
            above: verdict.direction != anomaly::Direction::Low,
            samples: verdict.samples,
        })
    }
}

/// One subject: its model and what the last 32 windows said.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// What is scored.
    pub subject: Subject,
    /// What is normal.
    pub model: Model,
    /// One bit a window, the newest lowest: breaching.
    pub breaching: u32,
    /// One bit a window, the newest lowest: clearly normal.
    pub clear: u32,
    /// One bit a window, the newest lowest: there was a value, and enough behind it to judge it.
    pub judged: u32,
    /// The first breaching minute of the current run; a run ends with three windows without a breach.
    pub onset: Option<i64>,
    /// The newest verdict that had a value.
    pub last: Option<Evidence>,
    /// The newest breaching verdict of the current run.
    pub breach: Option<Evidence>,
}

/// Windows without a breach that end a run.
const RUN_ENDS: u32 = 3;

impl Track {
    fn new(subject: Subject) -> Self {
        let kind = subject.kind();
        Self {
            subject,
            model: Model::new(kind, Settings::for_kind(kind)),
            breaching: 0,
            clear: 0,
            judged: 0,
            onset: None,
            last: None,
            breach: None,
        }
    }

    fn step(&mut self, minute: Minute, value: Option<f64>, weight: f64) {
        let verdict = self.model.step(&anomaly::Input {
            minute: minute.index(),
            value,
            weight,
        });
        self.breaching = (self.breaching << 1) | u32::from(verdict.breaching);
        self.clear = (self.clear << 1) | u32::from(verdict.clear);
        let judged = verdict.state == anomaly::State::Ready
            && !verdict.gates.contains(anomaly::Gate::MinimumTraffic);
        self.judged = (self.judged << 1) | u32::from(judged);
        let evidence = Evidence::of(&verdict);
        if verdict.breaching {
            self.onset.get_or_insert(minute.index());
            self.breach.clone_from(&evidence);
        } else if self.breaching.trailing_zeros() >= RUN_ENDS {
            self.onset = None;
            self.breach = None;
        }
        if evidence.is_some() {
            self.last = evidence;
        }
    }
}

/// Every subject of a shard at the end of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The last minute that was learned.
    pub window: Minute,
    /// By log group, then by subject.
    tracks: BTreeMap<String, BTreeMap<String, Track>>,
    /// Subjects that were left out because their service had too many.
    pub left_out: u64,
}

/// How a track is stored: postcard of these fields, the model in its own versioned bytes.
#[derive(Serialize, Deserialize)]
struct StoredTrack {
    log_group: String,
    symptom: Symptom,
    series: String,
    label: String,
    breaching: u32,
    clear: u32,
    judged: u32,
    onset: Option<i64>,
    last: Option<Evidence>,
    breach: Option<Evidence>,
    model: Vec<u8>,
}

/// A state object that this build cannot use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("state object is unusable: {0}")]
pub struct StateError(String);

impl State {
    /// A state that has seen nothing yet; the first minute it learns is the one after `before`.
    #[must_use]
    pub fn before_history(before: Minute) -> Self {
        Self {
            window: before,
            tracks: BTreeMap::new(),
            left_out: 0,
        }
    }

    /// Learns one minute of one service. Subjects that are known and not in `series` are unknown this minute.
    pub fn step(&mut self, service: &Service, rules: &Rules, minute: Minute, series: &Series) {
        let tracks = self.tracks.entry(service.log_group.clone()).or_default();
        let mut samples: BTreeMap<_, _> = watchlist::samples(service, series)
            .into_iter()
            .map(|sample| (sample.subject.id(), sample))
            .collect();
        for (id, track) in tracks.iter_mut() {
            let (value, weight) = samples
                .remove(id)
                .map_or((None, 0.0), |sample| (sample.value, sample.weight));
            track.step(minute, value, weight);
        }
        for (id, sample) in samples {
            if tracks.len() >= rules.max_series {
                self.left_out += 1;
                continue;
            }
            let mut track = Track::new(sample.subject);
            track.step(minute, sample.value, sample.weight);
            tracks.insert(id, track);
        }
        self.window = self.window.max(minute);
    }

    /// The subjects of a log group, in a fixed order.
    pub fn tracks(&self, log_group: &str) -> impl Iterator<Item = &Track> {
        self.tracks
            .get(log_group)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// How many subjects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tracks.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing was ever learned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Deterministic bytes: equal states have equal bytes.
    ///
    /// # Errors
    /// Never for a state that fits in memory; the encoder's own error otherwise.
    pub fn encode(&self) -> Result<Vec<u8>, StateError> {
        let tracks: Vec<StoredTrack> = self
            .tracks
            .iter()
            .flat_map(|(log_group, tracks)| tracks.values().map(move |track| (log_group, track)))
            .map(|(log_group, track)| {
                let mut model = Vec::new();
                track.model.encode(&mut model);
                StoredTrack {
                    log_group: log_group.clone(),
                    symptom: track.subject.symptom,
                    series: track.subject.series.to_string(),
                    label: track.subject.label.clone(),
                    breaching: track.breaching,
                    clear: track.clear,
                    judged: track.judged,
                    onset: track.onset,
                    last: track.last.clone(),
                    breach: track.breach.clone(),
                    model,
                }
            })
            .collect();
        let body = (self.window.index(), self.left_out, tracks);
        let mut bytes = vec![VERSION];
        bytes.extend(postcard::to_stdvec(&body).map_err(|error| StateError(error.to_string()))?);
        Ok(bytes)
    }

    /// Reads what [`State::encode`] wrote, to the same bits.
    ///
    /// # Errors
    /// Bytes of another version, or damaged ones. The detector then learns anew from the stored rollups.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let damaged = |what: String| StateError(what);
        let (version, body) = bytes
            .split_first()
            .ok_or_else(|| damaged("it is empty".to_owned()))?;
        if *version != VERSION {
            return Err(damaged(format!(
                "it has version {version}, this build reads {VERSION}"
            )));
        }
        let (window, left_out, stored): (i64, u64, Vec<StoredTrack>) =
            postcard::from_bytes(body).map_err(|error| damaged(error.to_string()))?;
        let mut state = Self {
            window: Minute::from_index(window),
            tracks: BTreeMap::new(),
            left_out,
        };
        for track in stored {
            let series: SeriesKey = track
                .series
                .parse()
                .map_err(|error| damaged(format!("{error}")))?;
            let subject = Subject {
                symptom: track.symptom,
                series,
                label: track.label,
            };
            let model = Model::decode(&track.model)
                .map_err(|error| damaged(format!("{}: {error}", subject.id())))?;
            state.tracks.entry(track.log_group).or_default().insert(
                subject.id(),
                Track {
                    subject,
                    model,
                    breaching: track.breaching,
                    clear: track.clear,
                    judged: track.judged,
                    onset: track.onset,
                    last: track.last,
                    breach: track.breach,
                },
            );
        }
        Ok(state)
    }
}
