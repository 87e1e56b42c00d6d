//! The facts of a transition in words: every form of the message is made of these, so no two can disagree.

use jiff::Timestamp;

mod changes;
mod evidence;
mod objectives;
mod whose;

pub(crate) use whose::{owner, runbook, runbook_name};

use super::untrusted::{one_line_of, tame};
use super::{Context, Findings, Topic, Transition, advice, moment, number};
use crate::{Action, Group, Incident, Member, Reading, Symptom, member};

/// How many entries of the secondary lists are shown.
const LISTED: usize = 5;

/// A transition with what can be derived from it.
pub(crate) struct Story<'a> {
    pub(crate) context: &'a Context,
    pub(crate) transition: &'a Transition<'a>,
    pub(crate) incident: &'a Incident,
    /// What was found out about it.
    pub(crate) findings: &'a Findings,
    /// Where the reader can acknowledge it.
    pub(crate) acknowledge: Option<&'a str>,
    /// Worst first, as many as may be listed.
    pub(crate) members: Vec<&'a Member>,
    /// How many more there are.
    pub(crate) more: usize,
}

impl<'a> Story<'a> {
    pub(crate) fn new(
        context: &'a Context,
        transition: &'a Transition<'a>,
        incident: &'a Incident,
        findings: &'a Findings,
        topic: Topic,
        limit: usize,
    ) -> Self {
        let mut members =
            member::worst_first(transition.members, transition.record.group.direction);
        let more = members.len().saturating_sub(limit);
        members.truncate(limit);
        let can = topic != Topic::Chat
            && transition.action != Action::Resolve
            && incident.acknowledged.is_none();
        Self {
            context,
            transition,
            incident,
            findings,
            acknowledge: context.acknowledge.as_deref().filter(|_| can),
            members,
            more,
        }
    }

    pub(crate) fn group(&self) -> &'a Group {
        &self.transition.record.group
    }

    pub(crate) fn service(&self) -> String {
        one_line_of(&self.group().service)
    }

    pub(crate) fn environment(&self) -> String {
        one_line_of(&self.group().environment)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.transition.action == Action::Resolve
    }

    /// The word that paging tools read.
    pub(crate) fn state(&self) -> &'static str {
        if self.is_over() { "OK" } else { "ALARM" }
    }

    /// The word that people read.
    pub(crate) fn tag(&self) -> String {
        let severity = self.group().severity().as_str().to_uppercase();
        match self.transition.action {
            Action::Open | Action::None => format!("[{severity}]"),
            Action::Update => format!("[{severity}, STILL OPEN]"),
            Action::Resolve => "[RESOLVED]".to_owned(),
            Action::Reopen => "[BACK AGAIN]".to_owned(),
            Action::Flap => format!("[{severity}, COMES AND GOES]"),
            Action::Escalate => format!("[{severity}, NOBODY ACKNOWLEDGED]"),
            Action::Acknowledge => "[ACKNOWLEDGED]".to_owned(),
        }
    }

    /// The label under which the incident opened: subjects keep it until the end, so that mail stays one thread.
    fn opening_label(&self) -> Option<String> {
        self.incident
            .opening
            .as_ref()
            .map(|sighting| tame(&sighting.reading.label))
    }

    /// `high latency on POST /cars`.
    pub(crate) fn what(&self) -> String {
        let words = self.group().symptom.words(self.group().direction);
        self.opening_label()
            .map_or_else(|| words.to_owned(), |label| format!("{words} on {label}"))
    }

    /// The state, then what never changes from open to resolve.
    pub(crate) fn subject(&self) -> String {
        let place = super::region::display_name(&self.context.region);
        let (service, environment) = (self.service(), self.environment());
        format!(
            "{}: {service} {} ({environment}, {})",
            self.state(),
            self.what(),
            one_line_of(place)
        )
    }

    /// Onset to now, or to the end of the last breaching minute.
    pub(crate) fn minutes(&self) -> i64 {
        let end = if self.is_over() {
            self.recovered()
        } else {
            self.transition.at
        };
        moment::minutes(self.incident.onset.start(), end)
    }

    /// The end of the last minute that breached.
    pub(crate) fn recovered(&self) -> Timestamp {
        self.incident.last_breach.plus(1).start()
    }

    /// One line that says it all: what, value, normal range, ratio, how long.
    pub(crate) fn headline(&self) -> String {
        let (tag, service, length) = (self.tag(), self.service(), number::duration(self.minutes()));
        match (self.is_over(), self.members.first()) {
            (true, _) => format!("{tag} {service}: {} is over after {length}", self.what()),
            (false, _) if self.transition.action == Action::Acknowledge => format!(
                "{tag} {service}: {}, for {length}; {} takes it on",
                self.what(),
                self.acknowledged()
            ),
            (false, Some(worst)) => {
                format!("{tag} {service}: {}, for {length}", self.convicted(worst))
            }
            (false, None) => {
                let last = moment::full(self.recovered(), self.context.local.as_ref());
                format!(
                    "{tag} {service}: {}, for {length}; no series breaches in this minute, the last did until {last}",
                    self.what()
                )
            }
        }
    }

    /// `POST /cars p90 latency 1,940 ms (normal 380-520 ms), 3.73x the upper end of normal`.
    pub(crate) fn described(&self, reading: &Reading) -> String {
        format!(
            "{} {} {}",
            tame(&reading.label),
            tame(&reading.metric),
            self.measured(reading)
        )
    }

    /// What convicts a member: its reading, or the minutes that do so together, of which the newest may be a normal one:
    /// `POST /cars p90 latency 1.4x what is normal over 22 min, now 482 ms (normal 380-520 ms)`.
    pub(crate) fn convicted(&self, member: &Member) -> String {
        let reading = &member.reading;
        let Some(stretch) = member.stretch() else {
            return self.described(reading);
        };
        let unit = number::unit(reading.unit, self.group().symptom);
        format!(
            "{} {} {}x what is normal over {}, now {}{unit} ({})",
            tame(&reading.label),
            tame(&reading.metric),
            number::number(stretch.times),
            number::duration(i64::from(stretch.minutes)),
            number::number(reading.observed),
            normal(reading, &unit),
        )
    }

    fn measured(&self, reading: &Reading) -> String {
        let Group {
            symptom, direction, ..
        } = *self.group();
        let unit = number::unit(reading.unit, symptom);
        if symptom.is_share_of_a_limit() || symptom.is_burn() {
            // Nothing is learned of a limit: what is stated is where the warning begins.
            return format!(
                "{}{unit} (warned of from {}{unit})",
                number::number(reading.observed),
                number::number(reading.expected_high)
            );
        }
        let normal = normal(reading, &unit);
        let end = match direction {
            crate::Direction::High => "upper",
            crate::Direction::Low => "lower",
        };
        let ratio = reading.ratio(direction).map_or_else(
            || format!("no ratio, as the {end} end of normal is 0"),
            |ratio| format!("{}x the {end} end of normal", number::number(ratio)),
        );
        format!(
            "{}{unit} ({normal}), {ratio}",
            number::number(reading.observed)
        )
    }

    /// The worst of all minutes, with its time.
    pub(crate) fn peak(&self) -> String {
        self.incident.peak.as_ref().map_or_else(
            || "unknown: no series with numbers was recorded".to_owned(),
            |peak| {
                format!(
                    "{}, at {}",
                    self.described(&peak.reading),
                    moment::full(peak.window.start(), self.context.local.as_ref())
                )
            },
        )
    }

    /// How many requests suffer, or that nobody knows. The most requests may suffer on another series than the worst
    /// one, which the headline names; then it says so.
    pub(crate) fn impact(&self) -> String {
        // Series overlap (a route is part of its service), so their requests must not be added up.
        // The last of equals is taken, so the worst must come last.
        let most = self
            .members
            .iter()
            .rev()
            .max_by_key(|member| (member.affected, member.requests));
        let Some(member) = most else {
            return "unknown: no series breaches in this minute".to_owned();
        };
        let mut impact = self.impact_on(member);
        if let Some(worst) = self.members.first()
            && worst.reading.series != member.reading.series
        {
            let worst = tame(&worst.reading.label);
            impact.push_str(&format!(
                "; the widest of {}, {worst} is the worst",
                self.members.len()
            ));
        }
        if let Some(burn) = self.alarming() {
            impact.push_str(&format!("; {burn}"));
        }
        impact
    }

    fn impact_on(&self, member: &Member) -> String {
        let label = tame(&member.reading.label);
        if self.group().symptom.is_share_of_a_limit() && member.affected.is_none() {
            return format!(
                "none counted: {label} is near a limit, beyond which work is ended or refused"
            );
        }
        let happened = match self.group().symptom {
            Symptom::Latency => "were slower than normal",
            Symptom::Errors => "failed",
            Symptom::Throttles => "were refused",
            Symptom::ColdStarts => "waited for a new environment",
            Symptom::FastBurn | Symptom::SlowBurn => "missed the objective",
            Symptom::Traffic | Symptom::Capacity | Symptom::Saturation | Symptom::Headroom => {
                "were affected"
            }
        };
        match (member.affected, member.requests) {
            (Some(affected), Some(requests)) => {
                let share = number::share(affected, requests);
                let share =
                    share.map_or_else(String::new, |share| format!("{share} of requests to "));
                let (affected, requests) = (number::count(affected), number::count(requests));
                format!("{share}{label} {happened} ({affected} of {requests} in 5 min)")
            }
            (Some(affected), None) => {
                format!(
                    "{} requests to {label} {happened} in 5 min; of how many was not measured",
                    number::count(affected)
                )
            }
            (None, Some(requests)) => {
                format!(
                    "share unknown (not measured); {label} had {} requests in 5 min",
                    number::count(requests)
                )
            }
            (None, None) => format!("unknown: requests to {label} were not counted"),
        }
    }

    pub(crate) fn first_action(&self) -> std::borrow::Cow<'static, str> {
        if let Some(drill) = &self.context.drill {
            return drill.first_action(self.is_over()).into();
        }
        if self.is_over() {
            return "none; write down what you found while it is fresh".into();
        }
        let onset = self.incident.onset.start();
        let changed = self
            .changes()
            .0
            .iter()
            .any(|near| near.change.ours && near.change.at <= onset);
        let group = self.group();
        advice::first_action(
            group.symptom,
            group.direction,
            changed,
            self.findings.cause(),
        )
        .into()
    }

    pub(crate) fn runbook(&self) -> Option<String> {
        runbook(self.context, self.group().symptom)
    }

    pub(crate) fn owner(&self) -> String {
        owner(self.context)
    }

    pub(crate) fn acknowledged(&self) -> String {
        self.incident.acknowledged.as_ref().map_or_else(
            || "nobody".to_owned(),
            |taken| {
                format!(
                    "{} at {}",
                    tame(&taken.by),
                    moment::full(taken.at, self.context.local.as_ref())
                )
            },
        )
    }

    /// The labels of what is measured and normal, or that it is not known.
    pub(crate) fn unaffected(&self) -> String {
        listed(self.transition.unaffected).unwrap_or_else(|| {
            "unknown: no other series had enough data to call it normal".to_owned()
        })
    }

    pub(crate) fn also_seen(&self) -> Option<String> {
        listed(self.transition.also_seen)
    }

    pub(crate) fn examples(&self) -> Vec<String> {
        let line = |example: &super::Example| {
            let id = tame(&example.request_id);
            example
                .text
                .as_ref()
                .map_or_else(|| id.clone(), |text| format!("{id}: {}", tame(text)))
        };
        self.all_examples().map(line).collect()
    }

    /// The requests to look at, as many as may be listed.
    pub(crate) fn all_examples(&self) -> impl Iterator<Item = &super::Example> {
        self.transition
            .examples
            .iter()
            .chain(&self.findings.examples)
            .take(LISTED)
    }

    /// What fits an SMS.
    pub(crate) fn sms(&self) -> String {
        let at = moment::short(self.incident.onset.start());
        let (tag, service, environment) = (self.tag(), self.service(), self.environment());
        match (self.is_over(), self.members.first()) {
            (false, Some(worst)) => format!(
                "{tag} {service} {environment}: {}, since {at}",
                self.convicted(worst)
            ),
            _ => format!(
                "{tag} {service} {environment}: {}, {}, since {at}",
                self.what(),
                number::duration(self.minutes())
            ),
        }
    }
}

/// A reading where a line must be short: `POST /cars p90 latency 1,940 ms (normal 380-520 ms)`.
pub(crate) fn brief(reading: &Reading, symptom: Symptom) -> String {
    let unit = number::unit(reading.unit, symptom);
    let usual = if symptom.is_share_of_a_limit() || symptom.is_burn() {
        format!(
            "warned of from {}{unit}",
            number::number(reading.expected_high)
        )
    } else {
        normal(reading, &unit)
    };
    format!(
        "{} {} {}{unit} ({usual})",
        tame(&reading.label),
        tame(&reading.metric),
        number::number(reading.observed)
    )
}

fn normal(reading: &Reading, unit: &str) -> String {
    let (low, high) = (
        number::number(reading.expected_low),
        number::number(reading.expected_high),
    );
    if low == high {
        format!("normal {low}{unit}")
    } else {
        format!("normal {low}-{high}{unit}")
    }
}

fn listed(texts: &[String]) -> Option<String> {
    let shown: Vec<String> = texts.iter().take(LISTED).map(|text| tame(text)).collect();
    let more = texts.len().saturating_sub(LISTED);
    let rest = if more > 0 {
        format!(", +{more} more")
    } else {
        String::new()
    };
    (!shown.is_empty()).then(|| format!("{}{rest}", shown.join(", ")))
}
