//! The pages behind a link: small complete HTML documents, readable on a phone with the screen half shut out.
//!
//! No scripts, nothing loaded from anywhere, one style of our own. All that comes from outside (service, labels, names)
//! is cleaned as in messages, escaped, and kept in `<bdi>`, so that a right-to-left name does not turn its line around.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{BY_CHARS, Claim, InvalidBy, TokenError};
use crate::message::number;
use crate::message::untrusted::{one_line_of, tame};
use crate::{Acknowledgement, Group, Incident, LocalZone, Reading, Record, Status};

/// 40 columns, dark at night, a button as wide as the thumb needs. Its hash is in [`CONTENT_SECURITY_POLICY`].
const STYLE: &str = ":root{color-scheme:light dark}\
body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40ch;margin:1rem auto;padding:0 1rem;overflow-wrap:anywhere}\
h1{font-size:1.4rem;line-height:1.2}dt{opacity:.75}dd{margin:0 0 .5rem}\
input,button{font:inherit;box-sizing:border-box;width:100%;padding:.75rem;margin:.25rem 0 1rem}\
button{background:#0059b3;color:#fff;border:0;border-radius:.5rem}";

/// Nothing but our own style, by its SHA-256, and the form's own address. A text that got through the escaping could
/// still load, run, frame or send nothing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'sha256-iqUTVCyYLbynH1CuBa61EZow2ApLB1oPkzZ/I+6b28o='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A response: its status and its body. [`headers`] go with each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// HTTP status code.
    pub status: u16,
    /// A complete document, UTF-8.
    pub html: String,
}

/// The headers of every page, name and value.
///
/// `no-referrer`, because the address is the proof; `no-store`, because the page is true only now.
#[must_use]
pub fn headers() -> [(&'static str, &'static str); 6] {
    [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        // What `frame-ancestors` says to older browsers.
        ("X-Frame-Options", "DENY"),
    ]
}

/// What a page is about. It takes a verified claim, so no page says a word about an incident without one.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    record: &'a Record,
    incident: &'a Incident,
    local: Option<&'a LocalZone>,
}

impl<'a> Subject<'a> {
    /// The incident of `claim` in the record stored for its group; `local` is the zone of those on call.
    ///
    /// # Errors
    /// [`TokenError::OtherIncident`]: the record does not hold the incident.
    pub fn new(
        claim: &Claim,
        record: &'a Record,
        local: Option<&'a LocalZone>,
    ) -> Result<Self, TokenError> {
        let incident = claim.incident_in(record)?;
        Ok(Self {
            record,
            incident,
            local,
        })
    }

    /// What is wrong where, in one line.
    fn what(&self) -> String {
        let group = &self.record.group;
        let name = |text: &str| isolated(&one_line_of(text));
        format!(
            "<p><strong>{}: {} ({})</strong></p>\n",
            name(&group.service),
            group.symptom.words(group.direction),
            name(&group.environment)
        )
    }

    fn at(&self, at: Timestamp) -> String {
        escaped(&moment(at, self.local))
    }

    fn taken(&self, taken: &Acknowledgement) -> [(&'static str, String); 2] {
        // Cleaned as in messages, so that both show the same name.
        let by = isolated(&one_line_of(&tame(&taken.by)));
        [("Taken by", by), ("Since", self.at(taken.at))]
    }

    fn id(&self) -> (&'static str, String) {
        ("Incident", escaped(self.incident.id.as_str()))
    }
}

/// GET: what the incident is, and one button. Status 200.
///
/// The form has no address of its own: it POSTs to the address of the page, so the token is nowhere in the text. Its
/// one field is `by`, for [`super::By::from_form`].
#[must_use]
pub fn confirm(subject: &Subject<'_>) -> Page {
    let Subject {
        record, incident, ..
    } = subject;
    let state = match record.status {
        Status::Clearing => "open, and clear for now",
        _ => "open",
    };
    let mut rows = vec![
        ("Severity", record.group.severity().as_str().to_owned()),
        ("State", state.to_owned()),
        ("Started", subject.at(incident.onset.start())),
    ];
    if let Some(peak) = &incident.peak {
        rows.push(("Worst", measured(&record.group, &peak.reading)));
        rows.push(("Worst at", subject.at(peak.window.start())));
    }
    rows.push(subject.id());
    let body = format!(
        "{}{}<form method=\"post\">\n\
         <label for=\"by\">Your name (optional)</label>\n\
         <input id=\"by\" name=\"by\" maxlength=\"{}\" autocomplete=\"name\">\n\
         <button>Acknowledge</button>\n\
         </form>\n\
         <p>Nothing changes before you press the button.</p>\n",
        subject.what(),
        list(&rows),
        BY_CHARS
    );
    document(200, "Acknowledge this incident?", &body)
}

/// POST: it is yours. Status 200.
#[must_use]
pub fn done(subject: &Subject<'_>, taken: &Acknowledgement) -> Page {
    let [by, since] = subject.taken(taken);
    let body = format!(
        "{}{}<p>It stays open until it is measured to be over.</p>\n",
        subject.what(),
        list(&[by, since, subject.id()])
    );
    document(200, "Acknowledged", &body)
}

/// GET or POST: somebody has it already, and keeps it; `taken` says who and since when. Status 200: the same POST twice
/// is no error.
#[must_use]
pub fn already(subject: &Subject<'_>, taken: &Acknowledgement) -> Page {
    let [by, since] = subject.taken(taken);
    let body = format!(
        "{}{}<p>Nothing was changed.</p>\n",
        subject.what(),
        list(&[by, since, subject.id()])
    );
    document(200, "Already acknowledged", &body)
}

/// GET or POST: the incident has resolved, so there is nothing to take on. Status 200.
#[must_use]
pub fn over(subject: &Subject<'_>) -> Page {
    let incident = subject.incident;
    let mut rows = vec![("Started", subject.at(incident.onset.start()))];
    rows.extend(incident.resolved_at.map(|at| ("Resolved", subject.at(at))));
    if let Some(taken) = &incident.acknowledged {
        rows.extend(subject.taken(taken));
    }
    rows.push(subject.id());
    let body = format!(
        "{}{}<p>Nothing was changed.</p>\n",
        subject.what(),
        list(&rows)
    );
    document(200, "This incident is over", &body)
}

/// Why there is nothing to show, or nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The link.
    #[error(transparent)]
    Link(#[from] TokenError),
    /// The name: going back keeps the form.
    #[error("{0}; go back and try again")]
    Name(#[from] InvalidBy),
    /// The record could not be read, or nobody knows whether it was written. Without a page that says so, a tired
    /// person takes it for done.
    #[error(
        "the store did not answer, so this may or may not have been stored: open the link again in a minute"
    )]
    Unavailable,
    /// Nothing is here: the address was cut or made up.
    #[error(
        "there is nothing at this address: open the link in the message again, or copy all of it"
    )]
    NotFound,
    /// Neither GET, HEAD nor POST; the answer's `Allow` says so too.
    #[error(
        "this address is for looking and for the button of its page: open the link in a browser"
    )]
    Method,
    /// The form is larger than the page's own can be.
    #[error(
        "the form is too large: open the link again and write a name of at most {BY_CHARS} characters"
    )]
    TooLarge,
    /// The form is not the page's.
    #[error("the form cannot be read: open the link again and use the button of the page")]
    Form,
}

impl Refusal {
    fn status(self) -> u16 {
        match self {
            Self::Link(TokenError::Malformed) | Self::Name(_) | Self::Form => 400,
            Self::NotFound => 404,
            Self::Method => 405,
            Self::TooLarge => 413,
            Self::Link(TokenError::Forged) => 403,
            Self::Link(TokenError::Expired { .. } | TokenError::OtherIncident) => 410,
            Self::Unavailable => 503,
        }
    }
}

/// GET or POST: the reason and what to do, and not a word about any incident. Status 400 (malformed, name), 403
/// (forged), 404, 405, 410 (expired, another incident), 413 or 503 (unavailable).
#[must_use]
pub fn refused(refusal: &Refusal) -> Page {
    let reason = refusal.to_string();
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let sentence: String = first.into_iter().chain(letters).collect();
    let (title, outcome) = match refusal {
        Refusal::Unavailable => ("Not known to be acknowledged", ""),
        _ => ("Not acknowledged", "<p>Nothing was changed.</p>\n"),
    };
    let body = format!("<p>{}.</p>\n{outcome}", escaped(&sentence));
    document(refusal.status(), title, &body)
}

/// `title` is ours, `body` is HTML.
fn document(status: u16, title: &'static str, body: &str) -> Page {
    let html = format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{title}</title>\n\
         <style>{STYLE}</style>\n\
         </head>\n\
         <body>\n\
         <h1>{title}</h1>\n\
         {body}\
         </body>\n\
         </html>\n"
    );
    Page { status, html }
}

/// Names are ours, values are HTML.
fn list(rows: &[(&'static str, String)]) -> String {
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd>{value}</dd>\n"))
        .collect();
    format!("<dl>\n{rows}</dl>\n")
}

/// `POST /cars p90 latency 1,940 ms (normal 380-520 ms)`: the mail's words without the ratio, which a phone lacks the
/// room for.
fn measured(group: &Group, reading: &Reading) -> String {
    let unit = number::unit(reading.unit, group.symptom);
    let [observed, low, high] = [
        reading.observed,
        reading.expected_low,
        reading.expected_high,
    ]
    .map(number::number);
    let expected = if group.symptom.is_share_of_a_limit() {
        format!("warned of from {high}{unit}")
    } else if low == high {
        format!("normal {low}{unit}")
    } else {
        format!("normal {low}-{high}{unit}")
    };
    let (label, metric) = (
        isolated(&tame(&reading.label)),
        isolated(&tame(&reading.metric)),
    );
    let numbers = escaped(&format!("{observed}{unit} ({expected})"));
    format!("{label} {metric} {numbers}")
}

/// `2026-11-20 21:59 UTC (22:59 Europe/Paris)`, with the local date where it differs, as in messages.
fn moment(at: Timestamp, local: Option<&LocalZone>) -> String {
    let utc = at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let Some(LocalZone { name, zone }) = local else {
        return utc;
    };
    let (here, there) = (at.to_zoned(TimeZone::UTC), at.to_zoned(zone.clone()));
    let format = if here.date() == there.date() {
        "%H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    format!("{utc} ({} {})", there.strftime(format), one_line_of(name))
}

fn isolated(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

/// Text as HTML, between tags and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests;
