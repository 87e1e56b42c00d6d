//! The order of steps, the same for every kind: predict, calibrate, judge, test, learn.

mod general;

pub(crate) use general::General;

use crate::alarm::{Alarm, Recent, Run};
use crate::calibration::{Calibration, PLAIN_TAIL};
use crate::dependence::Dependence;
use crate::elementary::ln;
use crate::evidence::{Addend, Evidence, Since, lasting};
use crate::input::Point;
use crate::judge::{Baseline, Calibrated, Prediction, judge};
use crate::shift::Shift;
use crate::snapshot::Reader;
use crate::{Gate, Input, Kind, Learning, Settings, SnapshotError, State, Thresholds, Verdict};

/// Minutes without a value that break a run.
const RUN_GAP: i64 = 60;
/// Minutes learned before tails are worth calibrating by.
const SETTLED: u32 = 240;
/// One minute alone alarms only with this many times the least traffic: the next minute tells. Beyond a 90th
/// percentile of fifty samples lie five requests, which are more than one slow host.
const ALONE: f64 = 3.0;
const ALONE_LATENCY: f64 = 5.0;
/// Minutes that are held back at most before they are learned, alarm or not: what has not alarmed in six hours is
/// normal, or too small to matter.
const HOLD_AT_MOST: f64 = 360.0;
/// Minutes learned between two looks at how much they depend on each other.
const LOOK: u32 = 32;
/// A tail from which on a deviate is corrected by what calibration makes of it; above, hardly anything is.
const FAR_OUT: f64 = 0.1;
/// Evidence from which its run is worth telling of: below, most minutes of any series have one.
const SHOWN: f64 = 100.0;
/// Minutes after a deploy in which verdicts speak of it.
const DEPLOY_MATTERS: i64 = 24 * 60;
/// No minute.
const NEVER: i64 = i64::MIN;

/// What is kept of a series beside its baseline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Core {
    kind: Kind,
    settings: Settings,
    thresholds: Thresholds,
    last: i64,
    /// The last minute that had a value.
    heard: i64,
    /// Minutes with a value; stops counting when it is full.
    learned: u32,
    deployed: i64,
    follows: f64,
    dependence: Dependence,
    recent: Recent,
    above: Calibration,
    below: Calibration,
    rise: Evidence,
    fall: Evidence,
    shift: Shift,
}

/// How much heavier a tail is believed to be than the model says, until the series has spoken: service latencies
/// have worse minutes than percentiles of log-normal samples; counts are nearly what they are said to be.
fn heavier(kind: Kind) -> f32 {
    match kind {
        Kind::Latency => 1.3,
        Kind::Errors | Kind::Throttles | Kind::Traffic | Kind::Gauge => 1.1,
    }
}

fn thresholds(settings: &Settings, follows: f64) -> Thresholds {
    let watch = settings.watch();
    let sides = f64::from(u8::from(watch.high()) + u8::from(watch.low()));
    settings.budget().thresholds(sides, follows)
}

impl Core {
    pub(crate) fn new(kind: Kind, settings: Settings) -> Self {
        Self {
            kind,
            settings,
            thresholds: thresholds(&settings, 0.0),
            last: NEVER,
            heard: NEVER,
            learned: 0,
            deployed: NEVER,
            follows: 0.0,
            dependence: Dependence::new(),
            recent: Recent::new(),
            above: Calibration::new(heavier(kind)),
            below: Calibration::new(heavier(kind)),
            rise: Evidence::new(),
            fall: Evidence::new(),
            shift: Shift::new(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
        self.thresholds = thresholds(&settings, self.follows);
    }

    pub(crate) fn last(&self) -> Option<i64> {
        (self.last != NEVER).then_some(self.last)
    }

    #[inline]
    pub(crate) fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    pub(crate) fn deployed(&mut self, minute: i64) {
        self.deployed = self.deployed.max(minute);
    }

    pub(crate) fn forget_evidence(&mut self) {
        self.recent = Recent::new();
        self.rise = Evidence::new();
        self.fall = Evidence::new();
        self.shift = Shift::new();
    }

    #[inline]
    pub(crate) fn step(
        &mut self,
        baseline: &mut impl Baseline,
        input: &Input,
        verdict: &mut Verdict,
    ) {
        let point = Point::checked(self.kind, self.settings.missing(), input);
        let in_order = self.last == NEVER || point.minute > self.last;
        let warm = self.learned >= self.settings.warm_up();
        if in_order {
            baseline.turn_to(point.minute);
            if point.value.is_some() {
                if self.heard != NEVER && point.minute.saturating_sub(self.heard) > RUN_GAP {
                    self.forget_evidence();
                    baseline.release();
                }
                self.heard = point.minute;
            }
            self.last = point.minute;
        }
        let mut prediction = baseline.predict(&point);
        if self.kind == Kind::Traffic {
            prediction.irregular |= self.above.is_wild();
        }
        let calibrated = self.calibrated(&prediction);
        let extreme = judge(
            self.kind,
            &self.settings,
            &point,
            &prediction,
            &calibrated,
            (warm, in_order),
            verdict,
        );
        let since_deploy = point.minute.saturating_sub(self.deployed);
        if self.deployed != NEVER && (0..=DEPLOY_MATTERS).contains(&since_deploy) {
            verdict.after_deploy = u32::try_from(since_deploy).ok();
        }
        let Some(value) = point
            .value
            .filter(|_| in_order && verdict.state != State::Missing)
        else {
            return;
        };
        if warm {
            self.gather(baseline, &point, value, &prediction, &calibrated);
            self.test(verdict, &calibrated);
        }
        verdict.level_shift = self.follow(baseline, &point, value, extreme);
        if self.learned >= SETTLED {
            let judged =
                self.kind != Kind::Latency || !verdict.gates.contains(Gate::MinimumTraffic);
            if judged {
                self.learn_tails(point.minute, &prediction, verdict);
            }
        }
        verdict.learning = if verdict.level_shift || verdict.breaching {
            Learning::KeptOut
        } else {
            self.learn(baseline, &point, value, &prediction)
        };
        if verdict.learning != Learning::Learned {
            baseline.acquaint(&point, value, &prediction);
        }
        self.learned = self.learned.saturating_add(1);
    }

    #[inline]
    fn calibrated(&self, prediction: &Prediction) -> Calibrated {
        let tails = &prediction.tails;
        let watch = self.settings.watch();
        let read = |watched: bool, calibration: &Calibration, tail: f64, beyond: f64| {
            if !watched {
                return (tail, beyond);
            }
            let calibrated = calibration.tail(tail);
            // Latency has no value of its own weight: the two are the same. What goes on beyond a value that is no
            // news is left as it is.
            if calibrated >= PLAIN_TAIL {
                (calibrated, beyond.min(calibrated))
            } else if beyond < tail {
                (calibrated, calibration.tail(beyond))
            } else {
                (calibrated, calibrated)
            }
        };
        Calibrated {
            above: read(watch.high(), &self.above, tails.at_least, tails.more),
            below: read(watch.low(), &self.below, tails.at_most, tails.fewer),
        }
    }

    /// Adds the minute to the evidence of each watched side.
    #[inline]
    fn gather(
        &mut self,
        baseline: &mut impl Baseline,
        point: &Point,
        value: f64,
        prediction: &Prediction,
        calibrated: &Calibrated,
    ) {
        let (observed, expected, attempts) = match self.kind {
            Kind::Latency => (value - prediction.mean, 0.0, point.weight),
            Kind::Errors | Kind::Throttles => (value, prediction.expected, point.weight),
            Kind::Traffic | Kind::Gauge => (value, prediction.expected, 1.0),
        };
        let addend = Addend {
            minute: point.minute,
            observed,
            expected,
            attempts,
        };
        let temper = self.dependence.temper();
        let threshold = self.thresholds.sustained;
        let (kind, watch) = (self.kind, self.settings.watch());
        let mut over = false;
        let mut room = Prediction::unknown(None);
        if watch.high() {
            let tail = prediction.tails.at_least;
            let known = self.known(prediction, &mut room, tail, calibrated.above.0);
            let nats = baseline.ratios(point, value, known, true);
            let lasts = |run: &Since| lasting(kind, value, known, true, run.factor(kind));
            over |= self.rise.add(nats, temper, threshold, addend, lasts);
        }
        if watch.low() {
            let tail = prediction.tails.at_most;
            let known = self.known(prediction, &mut room, tail, calibrated.below.0);
            let nats = baseline.ratios(point, value, known, false);
            let lasts = |run: &Since| lasting(kind, value, known, false, run.factor(kind));
            over |= self.fall.add(nats, temper, threshold, addend, lasts);
        }
        if over {
            *baseline.held() = Default::default();
        }
    }

    /// The prediction with its deviate as far out as the calibrated tail says: a surprise grows with the square of a
    /// deviate. Only latency looks at it.
    #[inline]
    fn known<'a>(
        &self,
        prediction: &'a Prediction,
        room: &'a mut Prediction,
        tail: f64,
        calibrated: f64,
    ) -> &'a Prediction {
        if self.kind != Kind::Latency || tail >= FAR_OUT {
            return prediction;
        }
        *room = *prediction;
        room.deviate *= (ln(calibrated) / ln(tail)).sqrt();
        room
    }

    /// The three tests.
    #[inline]
    fn test(&mut self, verdict: &mut Verdict, calibrated: &Calibrated) {
        let high = calibrated.above.0 <= calibrated.below.0;
        let rises = self.settings.watch().high()
            && (!self.settings.watch().low() || self.rise.amount() >= self.fall.amount());
        let evidence = if rises { &self.rise } else { &self.fall };
        verdict.evidence = evidence.amount();
        if verdict.evidence >= SHOWN {
            verdict.run = Run::of(self.kind, evidence, rises);
        }
        let open = verdict.gates.is_empty() && !verdict.irregular;
        let tail = if open { verdict.tail } else { 1.0 };
        let first = self
            .recent
            .add(verdict.minute, tail, high, &self.thresholds);
        let run = verdict.run.filter(|run| {
            evidence.is_raised()
                && !verdict.irregular
                && run.passes(self.kind, &self.settings, verdict.expected)
        });
        let traffic = match self.kind {
            Kind::Traffic => verdict.expected.max(verdict.value.unwrap_or(0.0)),
            Kind::Latency | Kind::Errors | Kind::Throttles | Kind::Gauge => verdict.weight,
        };
        // A minute of which half is still on its way looks like a drop; by the next one it is there.
        let whole = high || self.kind != Kind::Traffic;
        let times = match self.kind {
            Kind::Latency => ALONE_LATENCY,
            Kind::Errors | Kind::Throttles | Kind::Traffic | Kind::Gauge => ALONE,
        };
        let alone = open && whole && traffic >= times * self.settings.min_weight();
        let extreme = verdict.tail < self.thresholds.extreme;
        (verdict.alarm, verdict.since) = if alone && extreme {
            (Some(Alarm::Extreme), Some(verdict.minute))
        } else if let Some(first) = first {
            // What begins with a bang did not begin with the somewhat unusual minute before it, unless the run says so.
            let since = if extreme { verdict.minute } else { first };
            (Some(Alarm::Repeated), Some(since))
        } else if let Some(run) = run {
            (Some(Alarm::Sustained), Some(run.since))
        } else {
            return;
        };
        verdict.clear = false;
        // The run knows better when it began, if it has anything to say.
        if let Some(run) = verdict
            .run
            .filter(|_| evidence.is_open() && (rises == high || run.is_some()))
        {
            verdict.since = Some(
                verdict
                    .since
                    .map_or(run.since, |since| since.min(run.since)),
            );
        }
    }

    /// Follows runs of extreme minutes; true when one became the new level.
    fn follow(
        &mut self,
        baseline: &mut impl Baseline,
        point: &Point,
        value: f64,
        extreme: Option<bool>,
    ) -> bool {
        let raised = if self.rise.is_raised() {
            Some(true)
        } else if self.fall.is_raised() {
            Some(false)
        } else {
            None
        };
        let Some(high) = extreme.or(raised) else {
            self.shift.normal();
            return false;
        };
        let evidence = baseline.evidence(point, value);
        let Some(run) = self.shift.extreme(high, evidence) else {
            return false;
        };
        baseline.accept(run);
        *baseline.held() = Default::default();
        baseline.turn_to(point.minute);
        self.forget_evidence();
        true
    }

    #[inline]
    fn learn_tails(&mut self, minute: i64, prediction: &Prediction, verdict: &Verdict) {
        let tails = &prediction.tails;
        let watch = self.settings.watch();
        if watch.high() {
            self.above
                .learn(minute, tails.at_least, tails.more, heavier(self.kind));
        }
        if watch.low() {
            self.below
                .learn(minute, tails.at_most, tails.fewer, heavier(self.kind));
        }
        self.learn_dependence(prediction.deviate, verdict.tail);
    }

    #[inline]
    fn learn(
        &mut self,
        baseline: &mut impl Baseline,
        point: &Point,
        value: f64,
        prediction: &Prediction,
    ) -> Learning {
        if self.rise.is_raised() || self.fall.is_raised() {
            return Learning::KeptOut;
        }
        let open = self.rise.is_open() || self.fall.is_open();
        let held = baseline.held().minutes;
        if open && held < HOLD_AT_MOST {
            baseline.hold(point, value, prediction);
            return Learning::Held;
        }
        if held > 0.0 {
            baseline.release();
        }
        baseline.learn(point, value, prediction);
        Learning::Learned
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.settings.encode(out);
        for minute in [self.last, self.heard, self.deployed] {
            out.extend_from_slice(&minute.to_le_bytes());
        }
        out.extend_from_slice(&self.learned.to_le_bytes());
        crate::snapshot::put_f64(out, self.follows);
        self.dependence.encode(out);
        self.recent.encode(out);
        self.above.encode(out);
        self.below.encode(out);
        self.rise.encode(out);
        self.fall.encode(out);
        self.shift.encode(out);
    }

    pub(crate) fn decode(kind: Kind, reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let settings = Settings::decode(reader)?;
        let [last, heard, deployed] = [
            reader.i64("last minute")?,
            reader.i64("last minute with a value")?,
            reader.i64("minute of the deploy")?,
        ];
        let learned = reader.u32("minutes learned")?;
        let follows = reader.f64_in("dependence", 0.0, 1.0)?;
        Ok(Self {
            kind,
            settings,
            thresholds: thresholds(&settings, follows),
            last,
            heard,
            learned,
            deployed,
            follows,
            dependence: Dependence::decode(reader)?,
            recent: Recent::decode(reader)?,
            above: Calibration::decode(reader)?,
            below: Calibration::decode(reader)?,
            rise: Evidence::decode(reader)?,
            fall: Evidence::decode(reader)?,
            shift: Shift::decode(reader)?,
        })
    }
}
