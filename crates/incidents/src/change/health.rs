//! AWS Health: <https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html>.

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

use super::event::{Envelope, optional, text};
use super::{ChangeKind, ChangeMarker, Home, InvalidEvent, NoChange, Read, SCHEMA};
use crate::message::untrusted::{cut, tame};

/// The longest code that is shown.
const CODE_CHARS: usize = 80;
/// Health often tells some minutes after the beginning, which is what counts then. Of what lasts longer, the news
/// counts: a message looks back for an hour.
const OLD: SignedDuration = SignedDuration::from_hours(1);

/// What AWS tells of itself.
pub(super) fn read(event: &Envelope<'_>, home: Home<'_>) -> Result<Read, InvalidEvent> {
    let body = event.body;
    let code = words(
        text(body, "/detail/eventTypeCode", "a code")?,
        text(body, "/detail/service", "the name of a service")?,
    );
    let status = text(body, "/detail/statusCode", "open, closed or upcoming")?;
    let category = text(
        body,
        "/detail/eventTypeCategory",
        "issue or scheduledChange",
    )?;
    // Where it was delivered is not where it happens: each public event goes to a backup region, too, and the global
    // ones to us-east-1.
    let region = optional(body, "/detail/eventRegion").unwrap_or(event.region);
    let account = optional(body, "/detail/affectedAccount").unwrap_or(home.account);
    if (region != home.region && region != "global") || account != home.account {
        return Ok(Read::NoChange(NoChange::Elsewhere));
    }
    let is_trouble = matches!(category, "issue" | "investigation" | "scheduledChange");
    if !is_trouble || status == "upcoming" {
        return Ok(Read::NoChange(NoChange::NotNow));
    }
    let is_over = status == "closed";
    let (member, word) = if is_over {
        ("/detail/endTime", "closed")
    } else {
        ("/detail/startTime", "open")
    };
    let stated = optional(body, member).and_then(instant);
    let at = stated
        .filter(|at| *at <= event.sent && event.sent.duration_since(*at) <= OLD)
        .unwrap_or(event.sent);
    let since = match stated {
        Some(stated) if stated < at => format!(", since {}", stated.strftime("%Y-%m-%d %H:%M UTC")),
        _ => String::new(),
    };
    Ok(Read::Change(Box::new(ChangeMarker {
        schema: SCHEMA,
        id: event.id.to_owned(),
        at,
        sent: event.sent,
        kind: ChangeKind::Health,
        function: None,
        versions: Vec::new(),
        by: None,
        text: format!("AWS Health: {code} {word} in {region}{since}"),
    })))
}

/// `LAMBDA operational issue`, of `AWS_LAMBDA_OPERATIONAL_ISSUE`.
fn words(code: &str, service: &str) -> String {
    let of_it = code
        .strip_prefix("AWS_")
        .and_then(|code| code.strip_prefix(service));
    let words = match of_it.and_then(|code| code.strip_prefix('_')) {
        Some(rest) => format!("{service} {}", rest.to_lowercase()),
        None => code.to_owned(),
    };
    cut(&tame(&words.replace('_', " ")), CODE_CHARS)
}

/// Health writes `Wed, 15 Feb 2023 22:07:07 GMT`.
fn instant(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}
