//! What people and paging tools receive: one transition of an incident, said in every form it is needed in.
//!
//! Deterministic: the same inputs give the same bytes, so a message that is sent twice after a crash is
//! recognised as the same one. Limits: Amazon SNS API reference, `Publish`.

pub(crate) mod addresses;
mod advice;
pub(crate) mod alarm;
pub(crate) mod canonical;
pub(crate) mod chat;
mod drill;
pub(crate) mod email;
mod findings;
pub(crate) mod moment;
pub(crate) mod number;
pub(crate) mod region;
pub(crate) mod story;
pub(crate) mod untrusted;

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod goldens;
#[cfg(test)]
mod rules;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use drill::Drill;
pub use findings::Findings;
pub use moment::LocalZone;

use crate::{Action, Audience, Member, Record, Severity};
use story::Story;

/// Subjects shorter than 100 characters are accepted by SNS.
pub(crate) const SUBJECT_CHARS: usize = 99;
/// One SMS of the GSM alphabet is 160; the sender's name and SNS's prefix need some.
const SMS_CHARS: usize = 140;
/// What a message should stay below, so that every tool on the way takes it. SNS's own limit is 262,144 bytes.
pub(crate) const TARGET_BYTES: usize = 16 * 1024;
/// How many members are listed, tried in this order until the message is small enough.
const MEMBER_LIMITS: [usize; 5] = [20, 10, 5, 2, 1];

/// Where the watched service runs, and what is known around it. The same for all its incidents.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Context {
    /// Region code: `eu-west-1`.
    pub region: String,
    /// Account number, 12 digits.
    pub account: String,
    /// The team that owns the service; `None`: not configured.
    pub owner: Option<String>,
    /// The zone of the people on call; `None`: UTC only.
    pub local: Option<LocalZone>,
    /// Where the runbooks lie: `<base>/latency.md`; `None`: not configured.
    pub runbook_base: Option<String>,
    /// The name of the service's dashboard; `None`: there is none.
    pub dashboard: Option<String>,
    /// The log group of the service; `None`: not known.
    pub log_group: Option<String>,
    /// Deploys and other changes, in any order and of any age.
    pub changes: Vec<Change>,
    /// Where the service's objectives stand.
    pub objectives: Vec<crate::slo::Standing>,
    /// When the feed of changes last said anything; `None`: not within a day, or there is no feed.
    pub deploy_feed_last_seen: Option<Timestamp>,
    /// Whether AWS tells of changes at all: then silence means that nothing changed, else that nothing is known.
    pub change_feed: bool,
    /// Where the incident of the message can be acknowledged ([`crate::acknowledge_link::Links::of`]); `None`: by the
    /// command line only. Messages to the page and ticket topics carry it while there is something to acknowledge; the
    /// chat never does, because more people read a chat, and for longer, than are on call.
    pub acknowledge: Option<String>,
    /// Set where the incident is a test that somebody started.
    pub drill: Option<Drill>,
}

/// Something that somebody or something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What: `deploy car-api v41 -> v42`.
    pub text: String,
    /// Whether it was done to the service, so that it can be undone. What goes on at AWS cannot.
    pub ours: bool,
}

/// A request to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its request id.
    pub request_id: String,
    /// What its log says, as it stands there: the message cleans, redacts and cuts it.
    pub text: Option<String>,
}

/// What happened to an incident, and what is known in this minute.
#[derive(Debug, Clone, Copy)]
pub struct Transition<'a> {
    /// What to say.
    pub action: Action,
    /// The run's `now`.
    pub at: Timestamp,
    /// The record after the decision.
    pub record: &'a Record,
    /// The series that breach in this window, in any order.
    pub members: &'a [Member],
    /// Labels of series of the same symptom that were measured and are normal.
    pub unaffected: &'a [String],
    /// Alerts of the same service that this one mutes: `high latency`.
    pub also_seen: &'a [String],
    /// Requests to look at.
    pub examples: &'a [Example],
}

/// Which SNS topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// `outrider-page`: paging tools and the mail of those on call.
    Page,
    /// `outrider-ticket`: what can wait for the morning.
    Ticket,
    /// `outrider-chat`: Amazon Q Developer in Slack or Teams.
    Chat,
}

impl Topic {
    /// The spelling in ids.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
            Self::Chat => "chat",
        }
    }
}

/// One SNS request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// `<incident>-<seq>-<topic>`: the same when the same transition is rendered again.
    pub id: String,
    /// Where it goes.
    pub topic: Topic,
    /// `Subject`: ASCII, at most 99 characters, begins with `ALARM: ` or `OK: `.
    pub subject: String,
    /// `Message`, exactly.
    pub message: String,
    /// `MessageStructure`: `json` for page and ticket, absent for chat.
    pub message_structure: Option<String>,
    /// `MessageAttributes`, all of type String: `severity`, `state`, `service`, `env`, `kind`.
    pub attributes: BTreeMap<String, String>,
    /// The mail's text, whatever the topic: for the inbox and for people who read along.
    pub email: String,
    /// The chat's text in Slack markdown, whatever the topic.
    pub chat: String,
}

/// Says a transition: one publication for each topic that must hear of it, most urgent first. Empty if there is
/// nothing to say.
#[must_use]
pub fn render(context: &Context, transition: &Transition<'_>) -> Vec<Publication> {
    render_with(context, transition, &Findings::default())
}

/// The same, with what was found out about the incident.
#[must_use]
pub fn render_with(
    context: &Context,
    transition: &Transition<'_>,
    findings: &Findings,
) -> Vec<Publication> {
    let Some(incident) = transition.record.incident.as_ref() else {
        return Vec::new();
    };
    topics(transition.action, transition.record)
        .iter()
        .map(|topic| smallest(context, transition, incident, findings, *topic))
        .collect()
}

/// Which topics hear of `action`, most urgent first; `record` is the one after the decision.
#[must_use]
pub fn topics(action: Action, record: &Record) -> &'static [Topic] {
    let Some(incident) = record.incident.as_ref().filter(|_| action != Action::None) else {
        return &[];
    };
    // Who was called knows of it: the others read along.
    let known = matches!(action, Action::Flap | Action::Acknowledge)
        || action == Action::Update && incident.acknowledged.is_some();
    match (incident.audience, record.group.severity()) {
        (Audience::Nobody, _) => &[],
        _ if known => &[Topic::Chat],
        (Audience::Chat, _) | (Audience::OnCall, Severity::Info) => &[Topic::Chat],
        (Audience::OnCall, Severity::Page) => &[Topic::Page, Topic::Chat],
        (Audience::OnCall, Severity::Ticket) => &[Topic::Ticket, Topic::Chat],
    }
}

/// Lists fewer members until the message is small enough. Every text in it is cut, so the last try always is.
fn smallest(
    context: &Context,
    transition: &Transition<'_>,
    incident: &crate::Incident,
    findings: &Findings,
    topic: Topic,
) -> Publication {
    let [first, rest @ ..] = MEMBER_LIMITS;
    let story = |limit| Story::new(context, transition, incident, findings, topic, limit);
    let mut publication = publication(&story(first), topic);
    for limit in rest {
        if publication.message.len() <= TARGET_BYTES {
            break;
        }
        publication = self::publication(&story(limit), topic);
    }
    publication
}

fn publication(story: &Story<'_>, topic: Topic) -> Publication {
    let id = format!(
        "{}-{}-{}",
        story.incident.id,
        story.incident.seq,
        topic.as_str()
    );
    let email = email::text(story);
    let (message, message_structure) = match topic {
        Topic::Chat => (chat::notification(story, &id).to_string(), None),
        Topic::Page | Topic::Ticket => {
            let (alarm, alert) = (alarm::notification(story), canonical::alert(story, &id));
            let message = structured(&story.headline(), &email, &alarm, &alert, &story.sms());
            (message, Some("json".to_owned()))
        }
    };
    let group = story.group();
    let attributes = [
        ("severity", group.severity().as_str()),
        ("state", story.state()),
        ("service", group.service.as_str()),
        ("env", group.environment.as_str()),
        ("kind", "anomaly"),
    ];
    Publication {
        id,
        topic,
        subject: untrusted::ascii(&story.subject(), SUBJECT_CHARS),
        message,
        message_structure,
        attributes: attributes_of(attributes),
        email,
        chat: chat::text(story),
    }
}

/// The `Message` of `MessageStructure` `json`: one text for each kind of subscriber.
pub(crate) fn structured(
    headline: &str,
    email: &str,
    alarm: &Value,
    canonical: &Value,
    sms: &str,
) -> String {
    let canonical = canonical.to_string();
    json!({
        "default": headline,
        "email": email,
        "https": alarm.to_string(),
        "sqs": canonical,
        "lambda": canonical,
        "sms": untrusted::ascii(sms, SMS_CHARS),
    })
    .to_string()
}

/// `MessageAttributes`: one line each, and never empty.
pub(crate) fn attributes_of<const N: usize>(
    attributes: [(&str, &str); N],
) -> BTreeMap<String, String> {
    attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), untrusted::one_line_of(value)))
        .collect()
}

#[cfg(test)]
mod tests;
