//! A storm said in every form that other messages have: mail, chat, SMS, the pager's and that for programs.

use serde_json::{Value, json};

use super::words::{Said, what};
use super::{Kind, Line, News};
use crate::message::untrusted::{self, one_line_of, slack};
use crate::message::{
    SUBJECT_CHARS, TARGET_BYTES, alarm, attributes_of, chat, moment, region, structured,
};
use crate::{Context, Publication, Topic};

/// How many groups programs are told, tried in this order until the message is small enough.
const LINE_LIMITS: [usize; 4] = [200, 40, 15, 5];
/// Goes up when a name changes or disappears; new names do not change it.
const VERSION: u32 = 1;
/// The value of the attribute `service`: a storm has many, and a filter must not get its beginning and miss its end.
const SERVICE: &str = "alert storm";

/// Says it to the page topic and to the chat, most urgent first. `context` is that of the service that moved first
/// ([`News::first`]): whoever owns it is asked to begin, and the links are its own.
///
/// Subscriptions that filter by the attribute `service` do not get it: it is `alert storm`, and `kind` is `storm`.
#[must_use]
pub fn render_storm(context: &Context, news: &News) -> Vec<Publication> {
    [Topic::Page, Topic::Chat]
        .map(|topic| publication(&Said { context, news }, topic))
        .into()
}

fn publication(said: &Said<'_>, topic: Topic) -> Publication {
    let (news, context) = (said.news, said.context);
    let id = format!("{}-{}-{}", news.id, news.seq, topic.as_str());
    let email = said.email();
    let (message, message_structure) = match topic {
        Topic::Chat => (said.notification(&id).to_string(), None),
        Topic::Page | Topic::Ticket => {
            let form = |limit| {
                let canonical = said.canonical(&id, limit);
                structured(
                    &said.headline(),
                    &email,
                    &said.alarm(),
                    &canonical,
                    &said.sms(),
                )
            };
            let [most, fewer @ ..] = LINE_LIMITS;
            let mut message = form(most);
            for limit in fewer {
                if message.len() <= TARGET_BYTES {
                    break;
                }
                message = form(limit);
            }
            (message, Some("json".to_owned()))
        }
    };
    let place = one_line_of(region::display_name(&context.region));
    // The state, then what never changes from beginning to end: mail stays one thread.
    let subject = format!(
        "{}: alert storm ({}, {place})",
        said.state(),
        news.environment
    );
    Publication {
        id,
        topic,
        subject: untrusted::ascii(&subject, SUBJECT_CHARS),
        message,
        message_structure,
        attributes: attributes_of([
            ("severity", "page"),
            ("state", said.state()),
            ("service", SERVICE),
            ("env", &news.environment),
            ("kind", "storm"),
        ]),
        email,
        chat: format!("{}\n{}\n", said.title(), said.description()),
    }
}

impl Said<'_> {
    fn alarm(&self) -> Value {
        let news = self.news;
        let runbook = self
            .runbook()
            .map_or_else(String::new, |address| format!(" Runbook: {address}"));
        let listed: Vec<String> = self.listed().iter().map(|line| what(&line.alert)).collect();
        let old_state = if news.kind == Kind::Begin {
            "OK"
        } else {
            "ALARM"
        };
        let payload = alarm::Alarm {
            name: &news.alarm_name(),
            description: format!("{}. Owner: {}.{runbook}", self.headline(), self.owner()),
            state: self.state(),
            old_state,
            reason: format!(
                "{}. {}. Listed: {}. Pages: {}.",
                self.headline(),
                self.first(),
                listed.join(", "),
                self.pages()
            ),
            at: self.at(),
            // Not a metric of CloudWatch: it says so by a namespace that is none.
            trigger: json!({
                "MetricName": "pages",
                "Namespace": "outrider/storm",
                "StatisticType": "Statistic",
                "Statistic": "SUM",
                "Unit": null,
                "Dimensions": [{"name": "environment", "value": news.environment}],
                "Period": 3_600,
                "EvaluationPeriods": 1,
                "DatapointsToAlarm": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": f64::from(news.limit),
                "TreatMissingData": "missing",
                "EvaluateLowSampleCountPercentile": "",
            }),
        };
        alarm::payload(self.context, payload)
    }

    fn canonical(&self, id: &str, limit: usize) -> Value {
        let (news, over) = (self.news, self.is_over());
        let action = match news.kind {
            Kind::Begin => "open",
            Kind::Grown => "update",
            Kind::Over => "resolve",
        };
        let line = |line: &Line| {
            let alert = &line.alert;
            json!({
                "incident": alert.incident.as_str(),
                "fingerprint": alert.fingerprint.as_str(),
                "service": alert.service,
                "symptom": alert.symptom,
                "direction": alert.direction,
                "onset": alert.onset.to_string(),
                "reading": alert.reading,
                "paged": alert.called,
                "resolved": alert.resolved.map(|window| window.plus(1).to_string()),
                "held": line.held,
                "known": line.known,
            })
        };
        let links = self.links();
        json!({
            "version": VERSION,
            "kind": "storm",
            "id": id,
            "incident": news.id.as_str(),
            "seq": news.seq,
            "fingerprint": news.fingerprint().as_str(),
            "alarm_name": news.alarm_name(),
            "action": action,
            "state": self.state(),
            "severity": "page",
            "environment": news.environment,
            "region": one_line_of(&self.context.region),
            "account": one_line_of(&self.context.account),
            "owner": self.context.owner.as_deref().map(one_line_of),
            "summary": self.headline(),
            "first_mover": news.first().map(|first| first.incident.as_str()),
            "first_action": self.first_action(),
            "runbook": self.runbook(),
            "at": self.at().to_string(),
            "onset": news.since.to_string(),
            "recovered": over.then(|| news.until().to_string()),
            "minutes": moment::whole(news.minutes()),
            "pages_per_hour": news.limit,
            "groups": news.groups(),
            "groups_listed": news.lines.iter().take(limit).map(line).collect::<Vec<_>>(),
            "more_groups": news.lines.len().saturating_sub(limit) + news.beyond,
            "links": links.iter().map(|link| json!({"name": link.name, "url": link.url})).collect::<Vec<_>>(),
        })
    }

    fn notification(&self, id: &str) -> Value {
        let news = self.news;
        let mut next_steps = vec![slack(self.first_action())];
        if let Some((address, first)) = self.runbook().zip(news.first()) {
            let link = chat::address(&address, first.symptom.runbook());
            next_steps.push(format!("Runbook: {link}"));
        }
        chat::payload(chat::Notification {
            id,
            title: self.title(),
            description: self.description(),
            next_steps,
            keywords: [slack(SERVICE), slack(&news.environment), "storm".to_owned()],
            thread: news.id.as_str(),
            summary: slack(&format!("{} alert storm", news.environment)),
            event: &format!("storm.{}", news.kind.as_str()),
            related: Vec::new(),
            more: json!({
                "severity": "page",
                "fingerprint": news.fingerprint().as_str(),
                "seq": news.seq.to_string(),
            }),
        })
    }
}
