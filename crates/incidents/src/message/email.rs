//! The mail: plain text, most urgent first. The first three lines are enough on a lock screen.

use super::addresses;
use super::story::Story;
use super::{Context, moment, number, region};
use crate::Action;

/// Where the text of a field begins.
const COLUMN: usize = 10;

pub(crate) fn text(story: &Story<'_>) -> String {
    let mut lines = opening(story);
    lines.push(String::new());
    times(story, &mut lines);
    if !story.is_over() {
        field("Diagnosis", &story.findings.diagnosis(), &mut lines);
        field("Explained", &story.findings.contributions(), &mut lines);
        field("Limits", &story.findings.limits(), &mut lines);
    }
    scope(story, &mut lines);
    field("Changed", &story.changed(), &mut lines);
    field("Objective", &story.objectives(), &mut lines);
    field("Evidence", &story.evidence(), &mut lines);
    field("Examples", &story.examples(), &mut lines);
    let local = story.context.local.as_ref();
    let similar: Vec<String> = story.findings.similar(local).into_iter().collect();
    field("Similar", &similar, &mut lines);
    links(story, &mut lines);
    lines.push(String::new());
    let (incident, fingerprint) = (story.incident, &story.transition.record.fingerprint);
    if !story.is_over() {
        let place = place(story.context);
        if incident.acknowledged.is_none() {
            let take = format!("outrider incidents ack {} --by NAME{place}", incident.id);
            field("Take it", &[take], &mut lines);
        }
        let silence = format!(
            "outrider silence add --fingerprint {fingerprint} --for 2h --by NAME --reason WHY{place}"
        );
        field("Silence", &[silence], &mut lines);
    }
    lines.push(format!(
        "id={} seq={} fp={fingerprint}",
        incident.id, incident.seq
    ));
    lines.join("\n") + "\n"
}

/// Where a command finds the incidents. The embedded stack has an account of noughts, and lies in a folder.
pub(crate) fn place(context: &Context) -> &'static str {
    if context.account.chars().any(|digit| digit != '0') {
        " --aws"
    } else {
        ""
    }
}

/// What broke, how bad, what to do first, and where to say that somebody does.
fn opening(story: &Story<'_>) -> Vec<String> {
    let runbook = story.runbook().map_or_else(
        || "Runbook: not configured".to_owned(),
        |address| format!("Runbook: {address}"),
    );
    let owner = story.owner();
    let second = if story.is_over() {
        format!("Peak: {}", story.peak())
    } else {
        format!("Impact: {}", story.impact())
    };
    let taken = if story.is_over() {
        format!("Acknowledged by: {}. ", story.acknowledged())
    } else {
        String::new()
    };
    let mut lines = vec![
        story.headline(),
        second,
        format!(
            "{taken}First action: {}. {runbook} (owner: {owner})",
            story.first_action()
        ),
    ];
    // At the end of a line of its own, so that no mail client takes more or less for the address.
    lines.extend(story.acknowledge.map(|link| format!("Acknowledge: {link}")));
    lines
}

fn times(story: &Story<'_>, lines: &mut Vec<String>) {
    let (incident, local) = (story.incident, story.context.local.as_ref());
    let onset = incident.onset.start();
    field("Started", &[moment::full(onset, local)], lines);
    let delay = number::duration(moment::minutes(onset, incident.detected_at));
    field(
        "Detected",
        &[format!(
            "{}, {delay} after the start",
            moment::full(incident.detected_at, local)
        )],
        lines,
    );
    match story.transition.action {
        Action::Resolve => {
            field(
                "Recovered",
                &[moment::full(story.recovered(), local)],
                lines,
            );
            let at = incident.resolved_at.unwrap_or(story.transition.at);
            field("Resolved", &[moment::full(at, local)], lines);
        }
        Action::Update | Action::Reopen | Action::Flap | Action::Escalate | Action::Acknowledge => {
            field("Now", &[moment::full(story.transition.at, local)], lines);
            field("Peak", &[story.peak()], lines);
            field("Taken by", &[story.acknowledged()], lines);
        }
        Action::Open | Action::None => {}
    }
    if incident.reopened > 0 {
        field(
            "Came back",
            &[format!(
                "{} times after it had resolved",
                number::count(incident.reopened.into())
            )],
            lines,
        );
    }
}

fn scope(story: &Story<'_>, lines: &mut Vec<String>) {
    let context = story.context;
    let code = super::untrusted::one_line_of(&context.region);
    let place = region::display_name(&code);
    let account = super::untrusted::one_line_of(&context.account);
    let mut scope = vec![format!(
        "{} in {} ({code}), account {account}",
        story.environment(),
        place
    )];
    if !story.is_over() {
        for member in &story.members {
            let since = moment::short(member.started.start());
            scope.push(format!(
                "affected: {}, since {since}",
                story.convicted(member)
            ));
        }
        if story.more > 0 {
            scope.push(format!("+{} more", story.more));
        }
    }
    scope.push(format!("normal: {}", story.unaffected()));
    if let Some(also) = story.also_seen() {
        scope.push(format!("also seen, explained by this: {also}"));
    }
    field("Scope", &scope, lines);
}

fn links(story: &Story<'_>, lines: &mut Vec<String>) {
    let links = addresses::links(story);
    if links.is_empty() {
        field(
            "Links",
            &["none: no dashboard, metric or log group is known".to_owned()],
            lines,
        );
        return;
    }
    lines.push(String::new());
    // A name and its address on lines of their own: mail clients end a link at quotes and brackets otherwise.
    for link in links {
        lines.push(format!("{}:", link.name));
        lines.push(link.url);
    }
}

/// A name, then its texts below each other; nothing if there are none.
pub(crate) fn field(name: &str, texts: &[String], lines: &mut Vec<String>) {
    for (position, text) in texts.iter().enumerate() {
        let name = if position == 0 { name } else { "" };
        lines.push(format!("{name:COLUMN$}{text}"));
    }
}
