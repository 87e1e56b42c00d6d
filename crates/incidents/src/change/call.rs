//! Calls of the Lambda API, recorded by CloudTrail:
//! <https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html>, and for the members
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.

use jiff::Timestamp;
use serde_json::Value;

use super::event::{Envelope, optional, text};
use super::{ChangeKind, ChangeMarker, Home, InvalidEvent, NoChange, Read, SCHEMA};
use crate::message::untrusted::{cut, tame};

/// A name of a function has 64 characters at most:
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>.
const NAME_CHARS: usize = 64;
/// A session's or a user's name has 64 as well; more would leave no room for what was done.
const WHO_CHARS: usize = 64;
/// A version, an alias or a setting inside the parentheses.
const WORD_CHARS: usize = 40;
/// The parentheses.
const DETAIL_CHARS: usize = 120;

/// Settings that are named without their value, by how CloudTrail spells them. The values are long, or secret.
const SETTINGS: [(&str, &str); 13] = [
    ("environment", "environment"),
    ("layers", "layers"),
    ("role", "role"),
    ("vpcConfig", "VPC"),
    ("ephemeralStorage", "ephemeral storage"),
    ("snapStart", "SnapStart"),
    ("tracingConfig", "tracing"),
    ("loggingConfig", "logging"),
    ("deadLetterConfig", "dead-letter queue"),
    ("kMSKeyArn", "key"),
    ("imageConfig", "image"),
    ("fileSystemConfigs", "file systems"),
    ("description", "description"),
];

/// What changed by one call.
pub(super) fn read(event: &Envelope<'_>, home: Home<'_>) -> Result<Read, InvalidEvent> {
    if event.region != home.region {
        return Ok(Read::NoChange(NoChange::Elsewhere));
    }
    let body = event.body;
    let call = undated(text(body, "/detail/eventName", "the name of a call")?);
    let Some(kind) = kind(call) else {
        return Ok(Read::NoChange(NoChange::OtherCall));
    };
    if body
        .pointer("/detail/errorCode")
        .is_some_and(|it| !it.is_null())
    {
        return Ok(Read::NoChange(NoChange::Failed));
    }
    if body.pointer("/detail/requestParameters/dryRun") == Some(&Value::Bool(true)) {
        return Ok(Read::NoChange(NoChange::DryRun));
    }
    let member = "/detail/requestParameters/functionName";
    let expected = "a function's name or ARN";
    let function =
        function(text(body, member, expected)?).ok_or(InvalidEvent::Member { member, expected })?;
    // Nothing is told before it is done.
    let at = optional(body, "/detail/eventTime")
        .and_then(|at| at.parse().ok())
        .filter(|at: &Timestamp| *at <= event.sent)
        .unwrap_or(event.sent);
    let by = who(body);
    let details = cut(&details(call, body).join(", "), DETAIL_CHARS);
    let mut text = format!("{call} {function}");
    if let Some(by) = &by {
        text.push_str(&format!(" by {by}"));
    }
    if !details.is_empty() {
        text.push_str(&format!(" ({details})"));
    }
    Ok(Read::Change(Box::new(ChangeMarker {
        schema: SCHEMA,
        id: event.id.to_owned(),
        at,
        sent: event.sent,
        kind,
        function: Some(function.to_owned()),
        versions: versions(body),
        by,
        text: cut(&text, 200),
    })))
}

/// CloudTrail writes the API's version behind the names of older calls: `PublishVersion20150331`,
/// `UpdateFunctionCode20150331v2`.
fn undated(name: &str) -> &str {
    let digits =
        |text: &str| text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let short = match name.rfind('v') {
        Some(at) if at + 1 < name.len() && digits(name) == name.len() - at - 1 => &name[..at],
        _ => name,
    };
    match digits(short) {
        8 => &short[..short.len() - 8],
        _ => name,
    }
}

fn kind(call: &str) -> Option<ChangeKind> {
    Some(match call {
        "UpdateFunctionCode" | "PublishVersion" => ChangeKind::Deploy,
        "UpdateAlias" => ChangeKind::Alias,
        "UpdateFunctionConfiguration" => ChangeKind::Configuration,
        "PutFunctionConcurrency"
        | "DeleteFunctionConcurrency"
        | "PutProvisionedConcurrencyConfig"
        | "DeleteProvisionedConcurrencyConfig" => ChangeKind::Concurrency,
        _ => return None,
    })
}

/// The function's name out of a name, a partial ARN or an ARN, each with or without a qualifier:
/// <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html>.
fn function(given: &str) -> Option<&str> {
    let mut parts = given.split(':');
    let name = if given.contains(":function:") {
        parts
            .find(|part| *part == "function")
            .and_then(|_| parts.next())
    } else {
        parts.next()
    };
    name.filter(|name| {
        (1..=NAME_CHARS).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    })
}

/// Who called: the last part of the principal's ARN, with the role of a session; a service that called in somebody's
/// name is that service.
fn who(body: &Value) -> Option<String> {
    let identity = |member: &str| optional(body, &format!("/detail/userIdentity/{member}"));
    let said = |text: &str| {
        let text = tame(text);
        let text = text.trim();
        (!text.is_empty()).then(|| cut(text, WHO_CHARS))
    };
    if let Some(service) = identity("invokedBy").and_then(said) {
        return Some(service);
    }
    let resource = identity("arn").and_then(|arn| arn.splitn(6, ':').nth(5));
    let Some(resource) = resource else {
        return identity("userName").and_then(said);
    };
    match resource.split('/').collect::<Vec<_>>().as_slice() {
        // Each by itself, or an e-mail address as the session's name would hide the role as well.
        ["assumed-role", role, session] => {
            let (role, session) = (said(role)?, said(session));
            let session = session.map_or_else(String::new, |session| format!("/{session}"));
            Some(cut(&format!("{role}{session}"), WHO_CHARS))
        }
        [.., last] => said(last),
        [] => None,
    }
}

/// The versions that a call brings.
fn versions(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for member in [
        "/detail/responseElements/version",
        "/detail/requestParameters/functionVersion",
    ] {
        found.extend(
            optional(body, member)
                .filter(|it| *it != "$LATEST")
                .map(word),
        );
    }
    found.extend(weights(body).map(|(version, _)| version));
    found
}

/// Versions that an alias gives a part of its traffic, with their shares.
fn weights(body: &Value) -> impl Iterator<Item = (String, f64)> {
    let weights = body.pointer("/detail/requestParameters/routingConfig/additionalVersionWeights");
    // There can be one: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    let weights = weights
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .take(2);
    weights.filter_map(|(version, share)| Some((word(version), share.as_f64()?)))
}

fn word(text: &str) -> String {
    cut(&tame(text), WORD_CHARS)
}

/// What a call says of what it changed. It never says what was before.
fn details(call: &str, body: &Value) -> Vec<String> {
    let asked = |member: &str| body.pointer(&format!("/detail/requestParameters/{member}"));
    let number = |member: &str| asked(member).and_then(Value::as_u64);
    let named = |member: &str| asked(member).and_then(Value::as_str).map(word);
    let version = || optional(body, "/detail/responseElements/version").map(word);
    match call {
        "UpdateFunctionCode" | "PublishVersion" => version()
            .filter(|version| version != "$LATEST")
            .map(|version| format!("version {version}"))
            .into_iter()
            .collect(),
        "UpdateAlias" => {
            let alias = named("name").unwrap_or_else(|| "an alias".to_owned());
            let to = named("functionVersion").map(|version| format!("{alias} -> {version}"));
            let mut said = vec![to.unwrap_or(alias)];
            said.extend(weights(body).map(|(version, share)| {
                format!(
                    "{version} gets {}%",
                    crate::message::number::number(100.0 * share)
                )
            }));
            said
        }
        "UpdateFunctionConfiguration" => {
            let mut said: Vec<String> = Vec::new();
            said.extend(number("memorySize").map(|mb| format!("memory {mb} MB")));
            said.extend(number("timeout").map(|seconds| format!("timeout {seconds} s")));
            said.extend(named("runtime").map(|runtime| format!("runtime {runtime}")));
            said.extend(named("handler").map(|handler| format!("handler {handler}")));
            let others = SETTINGS
                .iter()
                .filter(|(member, _)| asked(member).is_some());
            said.extend(others.map(|(_, words)| (*words).to_owned()));
            said
        }
        "PutFunctionConcurrency" => number("reservedConcurrentExecutions")
            .map(|reserved| format!("reserved {reserved}"))
            .into_iter()
            .collect(),
        _ => {
            let mut said: Vec<String> = named("qualifier").into_iter().collect();
            let provisioned = number("provisionedConcurrentExecutions");
            said.extend(provisioned.map(|provisioned| format!("provisioned {provisioned}")));
            said
        }
    }
}
