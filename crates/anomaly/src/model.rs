//! One series: its settings, its baseline and the order of steps.

use crate::input::Point;
use crate::judge::{Baseline, judge};
use crate::latency::Latency;
use crate::rate::Rate;
use crate::shift::Shift;
use crate::snapshot::Reader;
use crate::traffic::Traffic;
use crate::{Input, Kind, Settings, SnapshotError, State, Verdict, errors, throttles};

const VERSION: u8 = 1;
/// A gap beyond which the old baseline says nothing any more: minutes are kept for 35 days.
const LONGEST_GAP: i64 = 35 * 24 * 60;
/// A gap that breaks a run of extreme minutes.
const RUN_GAP: i64 = 60;

/// The model of one series. Fixed size, below 2 KB; stepping allocates nothing once fifteen minutes were learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    settings: Settings,
    last: Option<i64>,
    /// Minutes with a value; stops counting when it is full.
    learned: u32,
    shift: Shift,
    state: Learned,
}

#[derive(Debug, Clone, PartialEq)]
enum Learned {
    Latency(Latency),
    Errors(Rate),
    Throttles(Rate),
    Traffic(Traffic),
}

impl Learned {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Latency => Self::Latency(Latency::new()),
            Kind::Errors => Self::Errors(Rate::new(&errors::PRIOR)),
            Kind::Throttles => Self::Throttles(Rate::new(&throttles::PRIOR)),
            Kind::Traffic => Self::Traffic(Traffic::new()),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Latency(_) => Kind::Latency,
            Self::Errors(_) => Kind::Errors,
            Self::Throttles(_) => Kind::Throttles,
            Self::Traffic(_) => Kind::Traffic,
        }
    }

    fn baseline(&self) -> &dyn Baseline {
        match self {
            Self::Latency(latency) => latency,
            Self::Errors(rate) | Self::Throttles(rate) => rate,
            Self::Traffic(traffic) => traffic,
        }
    }

    fn baseline_mut(&mut self) -> &mut dyn Baseline {
        match self {
            Self::Latency(latency) => latency,
            Self::Errors(rate) | Self::Throttles(rate) => rate,
            Self::Traffic(traffic) => traffic,
        }
    }
}

impl Model {
    /// A model that has seen nothing.
    #[must_use]
    pub fn new(kind: Kind, settings: Settings) -> Self {
        Self {
            settings,
            last: None,
            learned: 0,
            shift: Shift::new(),
            state: Learned::new(kind),
        }
    }

    /// What the series measures.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.state.kind()
    }

    /// The settings it judges by.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Judges by other settings from now on; what was learned stays.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// The last minute it was fed, since the Unix epoch.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// Judges a minute by everything before it, then learns it.
    ///
    /// Kept out of the baseline: minutes that breach, minutes without a usable value, and minutes not later than
    /// the last one. The others are learned winsorised to their normal range. A gap of more than 35 days starts
    /// from nothing.
    pub fn step(&mut self, input: &Input) -> Verdict {
        let point = Point::checked(self.kind(), input);
        let in_order = self.last.is_none_or(|last| point.minute > last);
        let gap = self
            .last
            .map_or(0, |last| point.minute.saturating_sub(last));
        if gap > LONGEST_GAP {
            *self = Self::new(self.kind(), self.settings);
        } else if gap > RUN_GAP {
            self.shift = Shift::new();
        }

        let warm = self.learned >= self.settings.warm_up();
        let prediction = self.state.baseline().predict(&point);
        let (mut verdict, extreme) = judge(
            self.kind(),
            &self.settings,
            &point,
            &prediction,
            (warm, in_order),
        );
        if !in_order {
            return verdict;
        }
        self.last = Some(point.minute);
        let Some(value) = point.value.filter(|_| verdict.state != State::Missing) else {
            return verdict;
        };
        verdict.level_shift = self.follow(&point, value, extreme);
        if !verdict.breaching && !verdict.level_shift {
            self.state.baseline_mut().learn(&point, value);
        }
        self.learned = self.learned.saturating_add(1);
        verdict
    }

    /// Follows runs of extreme minutes; true when one became the new level.
    fn follow(&mut self, point: &Point, value: f64, extreme: Option<bool>) -> bool {
        let Some(high) = extreme else {
            self.shift.normal();
            return false;
        };
        let evidence = self.state.baseline().evidence(point, value);
        let Some(run) = self.shift.extreme(high, evidence) else {
            return false;
        };
        self.state.baseline_mut().accept(run);
        true
    }

    /// Appends the model's bytes: equal models have equal bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.push(match self.kind() {
            Kind::Latency => 0,
            Kind::Errors => 1,
            Kind::Throttles => 2,
            Kind::Traffic => 3,
        });
        self.settings.encode(out);
        out.push(u8::from(self.last.is_some()));
        out.extend_from_slice(&self.last.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&self.learned.to_le_bytes());
        self.shift.encode(out);
        match &self.state {
            Learned::Latency(latency) => latency.encode(out),
            Learned::Errors(rate) | Learned::Throttles(rate) => rate.encode(out),
            Learned::Traffic(traffic) => traffic.encode(out),
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
        let kind = reader.byte("kind")?;
        let settings = Settings::decode(&mut reader)?;
        let known = reader.byte("last minute's presence")?;
        let minute = reader.i64("last minute")?;
        let last = match known {
            0 => None,
            1 => Some(minute),
            other => return Err(reader.damaged(format!("the last minute's presence is {other}"))),
        };
        let learned = reader.u32("minutes learned")?;
        let shift = Shift::decode(&mut reader)?;
        let state = match kind {
            0 => Learned::Latency(Latency::decode(&mut reader)?),
            1 => Learned::Errors(Rate::decode(&errors::PRIOR, &mut reader)?),
            2 => Learned::Throttles(Rate::decode(&throttles::PRIOR, &mut reader)?),
            3 => Learned::Traffic(Traffic::decode(&mut reader)?),
            other => return Err(reader.damaged(format!("{other} is no kind"))),
        };
        reader.end()?;
        Ok(Self {
            settings,
            last,
            learned,
            shift,
            state,
        })
    }
}
