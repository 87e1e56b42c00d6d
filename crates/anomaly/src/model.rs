//! One series: its settings, its baseline, and what is kept beside it.

use crate::core::{Core, General};
use crate::judge::nothing;
use crate::latency::Latency;
use crate::rate::Rate;
use crate::snapshot::Reader;
use crate::traffic::Traffic;
use crate::{Input, Kind, Settings, SnapshotError, Thresholds, Verdict, errors, throttles};

const VERSION: u8 = 3;
/// A gap beyond which the old baseline says nothing any more: minutes are kept for 35 days.
const LONGEST_GAP: i64 = 35 * 24 * 60;

/// The model of one series. Fixed size, below 4 KB and in one piece; that of a gauge keeps 4 KB beside it. Stepping
/// allocates nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    core: Core,
    state: Learned,
}

#[derive(Debug, Clone, PartialEq)]
enum Learned {
    Latency(Latency),
    Errors(Rate),
    Throttles(Rate),
    Traffic(Traffic),
    /// Apart: it is as large as all else, and most series are none.
    Gauge(Box<General>),
}

impl Learned {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Latency => Self::Latency(Latency::new()),
            Kind::Errors => Self::Errors(Rate::new(&errors::PRIOR)),
            Kind::Throttles => Self::Throttles(Rate::new(&throttles::PRIOR)),
            Kind::Traffic => Self::Traffic(Traffic::new()),
            Kind::Gauge => Self::Gauge(Box::new(General::new())),
        }
    }
}

impl Model {
    /// A model that has seen nothing.
    #[must_use]
    pub fn new(kind: Kind, settings: Settings) -> Self {
        Self {
            core: Core::new(kind, settings),
            state: Learned::new(kind),
        }
    }

    /// What the series measures.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.core.kind()
    }

    /// The settings it judges by.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.core.settings()
    }

    /// Judges by other settings from now on; what was learned stays.
    pub fn set_settings(&mut self, settings: Settings) {
        self.core.set_settings(settings);
    }

    /// The last minute it was fed, since the Unix epoch.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.core.last()
    }

    /// The thresholds of the three tests as they stand: the budget's, and what the series' dependence leaves of it.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        self.core.thresholds()
    }

    /// Context: a deploy in this minute (since the Unix epoch). For a day verdicts say how long ago it was; nothing
    /// is judged otherwise. An earlier minute than the one known is ignored.
    pub fn deployed(&mut self, minute: i64) {
        self.core.deployed(minute);
    }

    /// Judges a minute by everything before it, then learns it.
    ///
    /// Kept out of the baseline: minutes that breach, minutes of an alarmed run, minutes without a usable value, and
    /// minutes not later than the last one. Minutes of a run that may yet alarm are held back until it is decided.
    /// The others are learned winsorised to their normal range. A gap of more than 35 days starts from nothing.
    #[inline]
    pub fn step(&mut self, input: &Input) -> Verdict {
        let mut verdict = nothing(input.minute, self.core.thresholds());
        self.take(input, &mut verdict);
        verdict
    }

    /// Completes a verdict in its place: it is large, and a copy of it would cost as much as a logarithm.
    fn take(&mut self, input: &Input, said: &mut Verdict) {
        let gap = self
            .last()
            .map_or(0, |last| input.minute.saturating_sub(last));
        if gap > LONGEST_GAP {
            *self = Self::new(self.kind(), *self.settings());
            said.thresholds = self.core.thresholds();
        }
        match &mut self.state {
            Learned::Latency(latency) => self.core.step(latency, input, said),
            Learned::Errors(rate) | Learned::Throttles(rate) => self.core.step(rate, input, said),
            Learned::Traffic(traffic) => self.core.step(traffic, input, said),
            Learned::Gauge(gauge) => self.core.step_gauge(gauge, input, said),
        }
    }

    /// Appends the model's bytes: equal models have equal bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.push(match self.kind() {
            Kind::Latency => 0,
            Kind::Errors => 1,
            Kind::Throttles => 2,
            Kind::Traffic => 3,
            Kind::Gauge => 4,
        });
        self.core.encode(out);
        match &self.state {
            Learned::Latency(latency) => latency.encode(out),
            Learned::Errors(rate) | Learned::Throttles(rate) => rate.encode(out),
            Learned::Traffic(traffic) => traffic.encode(out),
            Learned::Gauge(gauge) => gauge.encode(out),
        }
    }

    /// Reads what [`Model::encode`] wrote; from then on it behaves bit for bit as the original.
    ///
    /// # Errors
    /// Bytes that are truncated, of another version, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut reader = Reader::new(bytes);
        let found = reader.byte("version")?;
        if found != VERSION {
            return Err(SnapshotError::Version {
                found,
                expected: VERSION,
            });
        }
        let kind = match reader.byte("kind")? {
            0 => Kind::Latency,
            1 => Kind::Errors,
            2 => Kind::Throttles,
            3 => Kind::Traffic,
            4 => Kind::Gauge,
            other => return Err(reader.damaged(format!("{other} is no kind"))),
        };
        let core = Core::decode(kind, &mut reader)?;
        let state = match kind {
            Kind::Latency => Learned::Latency(Latency::decode(&mut reader)?),
            Kind::Errors => Learned::Errors(Rate::decode(&errors::PRIOR, &mut reader)?),
            Kind::Throttles => Learned::Throttles(Rate::decode(&throttles::PRIOR, &mut reader)?),
            Kind::Traffic => Learned::Traffic(Traffic::decode(&mut reader)?),
            Kind::Gauge => Learned::Gauge(Box::new(General::decode(&mut reader)?)),
        };
        reader.end()?;
        Ok(Self { core, state })
    }
}
