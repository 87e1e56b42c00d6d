//! The chat: a custom notification of Amazon Q Developer (its administrator guide, "Custom notifications"). Its thread is the incident.

use serde_json::{Value, json};

use super::story::{Story, runbook_name};
use super::untrusted::{cut, slack};
use super::{addresses, moment};
use crate::links::Partition;
use crate::{Action, Severity};

/// A title stays one line of a channel.
pub(crate) const TITLE_CHARS: usize = 250;

/// The text as people see it: title, then description.
pub(crate) fn text(story: &Story<'_>) -> String {
    format!("{}\n{}\n", title(story), description(story))
}

/// The whole notification.
pub(crate) fn notification(story: &Story<'_>, id: &str) -> Value {
    let (group, incident) = (story.group(), story.incident);
    let event = format!("anomaly.{}", story.transition.action.as_str());
    let region = &story.context.region;
    let function = story
        .context
        .log_group
        .as_deref()
        .and_then(|group| group.strip_prefix("/aws/lambda/"));
    let related: Vec<String> = function
        .map(|name| {
            let partition = Partition::of(region).as_str();
            format!(
                "arn:{partition}:lambda:{region}:{}:function:{name}",
                story.context.account
            )
        })
        .into_iter()
        .collect();
    payload(Notification {
        id,
        title: title(story),
        description: description(story),
        next_steps: next_steps(story),
        keywords: [
            slack(&story.service()),
            slack(&story.environment()),
            group.symptom.as_str().to_owned(),
        ],
        thread: incident.id.as_str(),
        summary: slack(&format!("{} {}", story.service(), story.what())),
        event: &event,
        related,
        more: json!({
            "severity": group.severity().as_str(),
            "fingerprint": story.transition.record.fingerprint.as_str(),
            "seq": incident.seq.to_string(),
        }),
    })
}

/// What a notification says, whatever it is about. All texts are ready for Slack.
pub(crate) struct Notification<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) next_steps: Vec<String>,
    pub(crate) keywords: [String; 3],
    pub(crate) thread: &'a str,
    pub(crate) summary: String,
    pub(crate) event: &'a str,
    pub(crate) related: Vec<String>,
    pub(crate) more: Value,
}

/// The notification as Amazon Q reads it.
pub(crate) fn payload(said: Notification<'_>) -> Value {
    json!({
        "version": "1.0",
        "source": "custom",
        "id": said.id,
        "content": {
            "textType": "client-markdown",
            "title": said.title,
            "description": said.description,
            "nextSteps": said.next_steps,
            "keywords": said.keywords,
        },
        "metadata": {
            "threadId": said.thread,
            "summary": said.summary,
            "eventType": said.event,
            "relatedResources": said.related,
            "additionalContext": said.more,
            "enableCustomActions": false,
        },
    })
}

fn title(story: &Story<'_>) -> String {
    let sign = match (story.transition.action, story.group().severity()) {
        (Action::Resolve, _) => ":white_check_mark:",
        (Action::Reopen | Action::Flap, _) => ":arrows_counterclockwise:",
        (Action::Acknowledge, _) => ":eyes:",
        (_, Severity::Page) => ":rotating_light:",
        (_, Severity::Ticket) => ":ticket:",
        (_, Severity::Info) => ":information_source:",
    };
    slack(&cut(&format!("{sign} {}", story.headline()), TITLE_CHARS))
}

fn description(story: &Story<'_>) -> String {
    let local = story.context.local.as_ref();
    let started = moment::full(story.incident.onset.start(), local);
    let mut lines = Vec::new();
    let mut line = |name: &str, text: &str| lines.push(format!("*{name}*: {}", slack(text)));
    if story.is_over() {
        line("Peak", &story.peak());
        line("From", &started);
        line("To", &moment::full(story.recovered(), local));
        line("Acknowledged by", &story.acknowledged());
    } else if story.transition.action == Action::Acknowledge {
        line("Since", &started);
        line("Peak", &story.peak());
    } else {
        line("Impact", &story.impact());
        line("Since", &started);
        let findings = story.findings;
        for (name, texts) in [
            ("Diagnosis", findings.diagnosis()),
            ("Explained", findings.contributions()),
            ("Limits", findings.limits()),
        ] {
            for text in texts.iter().take(2) {
                line(name, text);
            }
        }
        if let Some(similar) = findings.similar(story.context.local.as_ref()) {
            line("Similar", &similar);
        }
        for member in story.members.iter().skip(1).take(4) {
            line("Also", &story.convicted(member));
        }
        let unsaid = story.members.len().saturating_sub(5) + story.more;
        if unsaid > 0 {
            line("And", &format!("{unsaid} more series"));
        }
        line("Normal", &story.unaffected());
        line("Evidence", &story.evidence().join("; "));
        for example in story.examples().iter().take(2) {
            line("Example", example);
        }
    }
    // The message that opened it has them; here they were not looked for.
    if story.transition.action != Action::Acknowledge {
        line("Changed", &story.changed().join("; "));
    }
    // Whoever takes it on has it now, whosever it is.
    if story.transition.action != Action::Acknowledge {
        for objective in story.objectives() {
            line("Objective", &objective);
        }
        line("Owner", &story.owner());
    }
    for link in addresses::links(story) {
        lines.push(address(&link.url, &link.name));
    }
    lines.join("\n")
}

fn next_steps(story: &Story<'_>) -> Vec<String> {
    let mut steps = Vec::new();
    if story.transition.action != Action::Acknowledge {
        steps.push(slack(&story.first_action()));
    }
    if let Some(runbook) = story.runbook() {
        steps.push(format!(
            "Runbook: {}",
            address(&runbook, runbook_name(story.context, story.group().symptom))
        ));
    }
    steps
}

/// A link in Slack's own notation; what would end it early is encoded.
pub(crate) fn address(url: &str, name: &str) -> String {
    let url = url
        .replace('&', "&amp;")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace('|', "%7C");
    format!("<{url}|{}>", slack(name).replace('|', "/"))
}
