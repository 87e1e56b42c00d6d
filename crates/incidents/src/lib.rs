//! What becomes of verdicts: lifecycle, grouping, messages, deep links.
//!
//! Pure: no I/O, no clock, no randomness. The detector says what it saw in a window ([`Observation`]);
//! [`decide`] says what that means for the incident of the group and why; [`render`] says it to people. The shell
//! stores the [`Record`] and publishes each [`Publication`] exactly as it stands.
//!
//! The lifecycle borrows from Prometheus Alertmanager (grouping, repeat, inhibition) and PagerDuty (one identity for
//! trigger and resolve); the messages from Google's SRE book (a page is urgent, important, actionable and real).

pub mod acknowledge_link;
pub mod change;
pub mod contribution;
pub mod diagnosis;
pub mod fingerprint;
pub mod hindsight;
pub mod incident_id;
pub mod inhibition;
pub mod lifecycle;
pub mod links;
pub mod member;
pub mod message;
pub mod mute;
pub mod policy;
pub mod reason;
pub mod record;
pub mod silence;
pub mod slo;
pub mod storm;
pub mod symptom;
mod wire;

pub use contribution::{Contributions, Dimension};
pub use diagnosis::{Cause, CauseKind, Confidence, Diagnosis, Facts, diagnose};
pub use fingerprint::{Fingerprint, Group, InvalidGroup};
pub use hindsight::{
    Earlier, InvalidJudgement, Judgement, Similar, Tally, Verdict, similar, tally,
};
pub use incident_id::IncidentId;
pub use inhibition::{Heard, Inhibition, inhibitor};
pub use lifecycle::{
    Action, Condition, Decision, NotTaken, Observation, Taken, acknowledge, decide, m_of_n,
};
pub use member::{Member, Reading, Statistic, Stretch};
pub use message::{
    Change, Context, Drill, Example, Findings, LocalZone, Publication, Topic, Transition, render,
    render_with, topics,
};
pub use mute::Mute;
pub use policy::{InvalidPolicy, MOfN, Policy, Settings};
pub use reason::Reason;
pub use record::{Acknowledgement, Audience, Incident, Record, RecordError, Sighting, Status};
pub use storm::{Asked, Storm, StormError, render_storm};
pub use symptom::{Direction, Severity, Symptom};
