//! The form for programs (SQS, Lambda): everything the mail says, as JSON with stable names.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::addresses;
use super::story::Story;
use super::untrusted::{one_line_of, tame};
use crate::diagnosis::facts::Concurrency;
use crate::slo::Standing;
use crate::{Cause, Contributions, Diagnosis, Member, Reading};

/// Goes up when a name changes or disappears; new names do not change it.
const VERSION: u32 = 1;

pub(crate) fn alert(story: &Story<'_>, id: &str) -> Value {
    let (incident, group, record) = (story.incident, story.group(), story.transition.record);
    let over = story.is_over();
    let links: Value = addresses::links(story)
        .into_iter()
        .map(|link| json!({"name": link.name, "url": link.url}))
        .collect();
    json!({
        "version": VERSION,
        "id": id,
        "incident": incident.id.as_str(),
        "seq": incident.seq,
        "fingerprint": record.fingerprint.as_str(),
        "alarm_name": group.alarm_name(),
        "action": story.transition.action.as_str(),
        "state": story.state(),
        "severity": group.severity(),
        "symptom": group.symptom,
        "direction": group.direction,
        "service": story.service(),
        "environment": story.environment(),
        "region": one_line_of(&story.context.region),
        "account": one_line_of(&story.context.account),
        "owner": story.context.owner.as_deref().map(one_line_of),
        "summary": story.headline(),
        "impact": if over { Value::Null } else { json!(story.impact()) },
        "first_action": story.first_action(),
        "runbook": story.runbook(),
        "at": instant(story.transition.at),
        "onset": instant(incident.onset.start()),
        "detected": instant(incident.detected_at),
        "recovered": over.then(|| instant(story.recovered())),
        "minutes": story.minutes(),
        "similar": story.findings.similar.as_ref().map(|found| found.iter().map(|one| json!({
            "incident": one.earlier.id.as_str(),
            "opened": instant(one.earlier.opened.start()),
            "minutes": one.earlier.minutes,
            "verdict": one.judgement.as_ref().map(|judgement| judgement.verdict.as_str()),
        })).collect::<Vec<_>>()),
        "acknowledge_url": story.acknowledge,
        "acknowledged_by": incident.acknowledged.as_ref().map(|taken| tame(&taken.by)),
        "members": story.members.iter().map(|member| convicted(story, member)).collect::<Vec<_>>(),
        "more_members": story.more,
        "peak": incident.peak.as_ref().map(|peak| {
            let mut value = measured(story, &peak.reading);
            value["at"] = json!(instant(peak.window.start()));
            value
        }),
        "changed": story.changed(),
        "objectives": story.context.objectives.iter().map(standing).collect::<Vec<_>>(),
        "unaffected": story.transition.unaffected.iter().take(20).map(|text| tame(text)).collect::<Vec<_>>(),
        "examples": story.all_examples().map(|example| tame(&example.request_id)).collect::<Vec<_>>(),
        "diagnosis": story.findings.diagnosis.as_ref().map(diagnosed),
        "contributions": story.findings.contributions.iter().map(shared).collect::<Vec<_>>(),
        "concurrency": story.findings.concurrency.as_ref().map(limited),
        "links": links,
    })
}

/// Causes, the one to act on first; none is "unknown".
fn diagnosed(found: &Diagnosis) -> Value {
    let cause = |it: &Cause| {
        json!({
            "cause": it.kind.as_str(),
            "confidence": it.confidence.as_str(),
            "reason": it.reason,
        })
    };
    json!({
        "causes": found.causes.iter().map(cause).collect::<Vec<_>>(),
        "not_measured": found.not_measured,
    })
}

fn standing(standing: &Standing) -> Value {
    json!({
        "name": tame(&standing.name),
        "target": standing.target,
        "days": standing.days,
        "burn_1h": standing.burn,
        "budget_remaining": standing.budget.map(|budget| budget.remaining_share),
        "exhausted_in_seconds": standing.budget.and_then(|budget| budget.exhausted_in).map(|left| left.as_secs()),
    })
}

fn shared(found: &Contributions) -> Value {
    let part = |it: &crate::contribution::Part| json!({"label": tame(&it.label), "percent": it.percent, "share_of_requests": it.exposure});
    json!({
        "dimension": found.dimension.as_str(),
        "parts": found.parts.iter().map(part).collect::<Vec<_>>(),
        "mix_percent": found.mix,
        "rest_percent": found.rest,
        "rest_parts": found.unlisted,
    })
}

fn limited(known: &Concurrency) -> Value {
    json!({
        "peak": known.peak,
        "peak_before": known.peak_before,
        "reserved": known.reserved,
        "account_limit": known.account_limit,
        "account_peak": known.account_peak,
    })
}

fn instant(at: Timestamp) -> String {
    at.to_string()
}

fn measured(story: &Story<'_>, reading: &Reading) -> Value {
    let series = addresses::is_presentable(&reading.series).then(|| reading.series.to_string());
    json!({
        // A name that would have to be redacted or cut is no name any more.
        "series": series.filter(|name| name.len() <= 1_024),
        "label": tame(&reading.label),
        "metric": tame(&reading.metric),
        "statistic": reading.statistic.to_string(),
        "unit": reading.unit.as_str(),
        "observed": reading.observed,
        "expected_low": reading.expected_low,
        "expected_high": reading.expected_high,
        "ratio": reading.ratio(story.group().direction),
    })
}

fn convicted(story: &Story<'_>, member: &Member) -> Value {
    let mut value = measured(story, &member.reading);
    value["tail"] = json!(member.tail);
    value["baseline_samples"] = json!(member.baseline_samples);
    value["breaches"] = json!(member.breaches);
    value["windows"] = json!(member.windows);
    value["requests_5min"] = json!(member.requests);
    value["affected_5min"] = json!(member.affected);
    value["started"] = json!(instant(member.started.start()));
    value["stretch"] = json!(member.stretch().map(|stretch| json!({
        "minutes": stretch.minutes,
        "times_normal": stretch.times,
        "once_in_minutes": stretch.once_in,
    })));
    value
}
