//! What the templates must keep: rules on deploy/template.yaml, on deploy/attach.json, and on the way from one to the
//! other.
//!
//! A rule is a function from a template to complaints. Each is asked about both templates, where it must find nothing,
//! and about templates that were broken on purpose, where it must: a rule that cannot fail protects nothing.

use std::fs;

use cfn::{Resource, Template};
use e2e::built::workspace;
use serde_json::Value;

mod alarms;
mod attach;
mod changes;
mod dashboard;
mod environment;
mod exposure;
mod functions;
mod metrics;
mod parameters;
mod permissions;
mod queues;
mod rollout;
mod version;
mod workflows;

type Rule = fn(&Template) -> Vec<String>;
/// What is broken, how, and a part of the complaint that must follow.
type Broken<'a> = (&'a str, &'a dyn Fn(&mut Template), &'a str);

const FUNCTION: &str = "AWS::Serverless::Function";

fn read(name: &str) -> String {
    let path = workspace().join("deploy").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// deploy/template.yaml.
fn template() -> Template {
    Template::from_yaml(&read("template.yaml"))
        .unwrap_or_else(|error| panic!("deploy/template.yaml: {error}"))
}

/// deploy/attach.json.
fn attached() -> Template {
    Template::from_json(&read("attach.json"))
        .unwrap_or_else(|error| panic!("deploy/attach.json: {error}"))
}

/// Both templates keep the rule, and whatever is broken in deploy/template.yaml is complained about.
#[track_caller]
fn holds(rule: Rule, broken: &[Broken<'_>]) {
    for (name, whole) in [("template.yaml", template()), ("attach.json", attached())] {
        let complaints = rule(&whole);
        assert!(
            complaints.is_empty(),
            "deploy/{name}: {} complaint(s)\n  {}",
            complaints.len(),
            complaints.join("\n  ")
        );
    }
    for (what, breaks, part) in broken {
        let mut whole = template();
        breaks(&mut whole);
        let complaints = rule(&whole);
        assert!(
            complaints.iter().any(|complaint| complaint.contains(part)),
            "with {what}, expected a complaint about {part:?}: {complaints:?}"
        );
    }
}

/// Puts a value at a JSON pointer of a resource's properties.
#[track_caller]
fn put(template: &mut Template, resource: &str, at: &str, value: Value) {
    template
        .set(&format!("/Resources/{resource}/Properties{at}"), value)
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Takes a member of a resource's properties away.
#[track_caller]
fn take(template: &mut Template, resource: &str, name: &str) {
    let properties = template
        .root_mut()
        .get_mut("Resources")
        .and_then(|resources| resources.get_mut(resource))
        .and_then(|body| body.get_mut("Properties"))
        .and_then(Value::as_object_mut)
        .unwrap_or_else(|| panic!("no resource {resource}"));
    assert!(
        properties.remove(name).is_some(),
        "{resource} has no {name}"
    );
}

/// Takes resources away.
#[track_caller]
fn drop(template: &mut Template, ids: &[&str]) {
    template
        .drop_resources(ids)
        .unwrap_or_else(|error| panic!("{error}"));
}

/// The logical id that a value names by `Ref`, `Fn::GetAtt` or alone in a `Fn::Sub`, without SAM's `.Alias`.
fn target(value: &Value) -> Option<&str> {
    let text = value
        .get("Ref")
        .or_else(|| value.get("Fn::GetAtt").and_then(|parts| parts.get(0)))
        .and_then(Value::as_str)?;
    text.split('.').next()
}

/// Every object below a value that a list or a condition may stand between: statements, dimensions.
fn leaves(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::Object(members) => match members.get("Fn::If").and_then(Value::as_array) {
            Some(parts) => parts.iter().skip(1).flat_map(leaves).collect(),
            None if members.get("Ref").and_then(Value::as_str) == Some("AWS::NoValue") => {
                Vec::new()
            }
            None => vec![value],
        },
        _ => vec![value],
    }
}

/// A property that must be a whole number.
fn number(resource: &Resource<'_>, at: &str) -> Option<u64> {
    resource.property(at).and_then(Value::as_u64)
}
