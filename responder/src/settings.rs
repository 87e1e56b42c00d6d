//! The responder's configuration: which version it is to try, and which links it serves.

use incidents::acknowledge_link::{Key, Keys};
use incidents::{Context, LocalZone};
use jiff::tz::TimeZone;
use platform::config::{ConfigErrors, Reader, Vars};
use platform::logging::Level;

/// The ARN of the version that is to get traffic, `…:function:<name>:<number>`.
pub const VERSION_ARN: &str = "CAR_API_VERSION_ARN";
/// The secret that signs links, at least 32 random bytes, as the detector has it.
pub const ACKNOWLEDGE_KEY: &str = "CAROBS_ACKNOWLEDGE_KEY";
/// The secret that signed them before, until its last link has ended: a day.
pub const ACKNOWLEDGE_PREVIOUS_KEY: &str = "CAROBS_ACKNOWLEDGE_PREVIOUS_KEY";
/// The DynamoDB table of incidents and outbox.
pub const STATE_TABLE: &str = "CAROBS_STATE_TABLE";
/// Where the runbooks are published: messages to the chat link there.
pub const RUNBOOKS: &str = "CAROBS_RUNBOOKS";
/// The readers' time zone, an IANA name; without it pages speak UTC only.
pub const TIME_ZONE: &str = "CAROBS_TIME_ZONE";
/// Lambda's own.
const REGION: &str = "AWS_REGION";

/// Everything the responder is told at its start. One of the two is there.
#[derive(Debug, Clone)]
pub struct Settings {
    /// See [`VERSION_ARN`].
    pub version_arn: Option<String>,
    /// What serving links needs; `None` without [`ACKNOWLEDGE_KEY`].
    pub links: Option<LinkSettings>,
}

/// What serving links needs.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// See [`ACKNOWLEDGE_KEY`] and [`ACKNOWLEDGE_PREVIOUS_KEY`].
    pub keys: Keys,
    /// See [`STATE_TABLE`].
    pub state_table: String,
    /// The region, [`RUNBOOKS`] and [`TIME_ZONE`].
    pub place: Context,
}

/// A version's number stands at the end: trying an alias would try the version that has the traffic already.
fn is_version(arn: &str) -> bool {
    let mut parts = arn.split(':');
    let parts: [Option<&str>; 9] = std::array::from_fn(|_| parts.next());
    let [
        Some("arn"),
        _,
        Some("lambda"),
        _,
        _,
        Some("function"),
        Some(name),
        Some(version),
        None,
    ] = parts
    else {
        return false;
    };
    !name.is_empty() && !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Nothing to do; a variable that is missing, or a value that is none.
    pub fn read(vars: &dyn Vars) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(vars);
        // Logging has been set up already; here a level that is no level is reported with everything else.
        Level::read(&mut reader);
        let key = reader.optional(ACKNOWLEDGE_KEY);
        let version_arn = if key.is_some() {
            reader.optional(VERSION_ARN)
        } else {
            let meaning = format!("the version of car-api to try, unless {ACKNOWLEDGE_KEY} is set");
            Some(reader.required(VERSION_ARN, &meaning))
        };
        if let Some(arn) = version_arn.as_deref().filter(|arn| !arn.is_empty())
            && !is_version(arn)
        {
            reader.problem(format!(
                "{VERSION_ARN} is {arn:?}: write the ARN of a version, arn:…:function:<name>:<number>"
            ));
        }
        let links = key.and_then(|key| links(&key, &mut reader));
        reader.finish().map(|()| Self { version_arn, links })
    }
}

fn links(key_text: &str, reader: &mut Reader<'_>) -> Option<LinkSettings> {
    let previous = reader.optional(ACKNOWLEDGE_PREVIOUS_KEY);
    let state_table = reader.required(STATE_TABLE, "the DynamoDB table of incidents");
    let zone = reader.optional(TIME_ZONE);
    let place = Context {
        region: reader.optional(REGION).unwrap_or_default(),
        runbook_base: reader.optional(RUNBOOKS),
        local: zone.and_then(|name| local(name, reader)),
        ..Context::default()
    };
    let mut key = |variable: &str, text: &str| {
        Key::new(text.as_bytes())
            .map_err(|error| reader.problem(format!("{variable}: {error}")))
            .ok()
    };
    let current = key(ACKNOWLEDGE_KEY, key_text);
    let previous = previous.map(|text| key(ACKNOWLEDGE_PREVIOUS_KEY, &text));
    Some(LinkSettings {
        keys: Keys {
            current: current?,
            previous: previous.flatten(),
        },
        state_table,
        place,
    })
}

fn local(name: String, reader: &mut Reader<'_>) -> Option<LocalZone> {
    let Ok(zone) = TimeZone::get(&name) else {
        reader.problem(format!(
            "{TIME_ZONE} is {name:?}: write an IANA name such as Europe/Paris"
        ));
        return None;
    };
    Some(LocalZone { name, zone })
}

#[cfg(test)]
mod tests;
