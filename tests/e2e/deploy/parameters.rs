//! Parameters: a wrong one fails with its name, and everything carries the tags by which it is found and paid for.

use cfn::{Stack, Template};
use serde_json::{Value, json};

use super::{holds, put};

fn lax(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, parameter) in template.section("Parameters") {
        let has = |member: &str| parameter.get(member).is_some();
        let words = parameter
            .get("ConstraintDescription")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !["AllowedPattern", "AllowedValues", "MinValue", "MaxLength"]
            .iter()
            .any(|bound| has(bound))
        {
            complaints.push(format!("{name}: takes anything"));
        }
        if !words.starts_with(&format!("{name}: ")) {
            complaints.push(format!("{name}: its constraint does not say its name"));
        }
        if !has("Description") {
            complaints.push(format!("{name}: is not described"));
        }
        if template.references_to(name).is_empty() {
            complaints.push(format!("{name}: nobody needs it"));
        }
        let default = parameter.get("Default");
        let allowed = parameter.get("AllowedValues").and_then(Value::as_array);
        if let (Some(default), Some(allowed)) = (default, allowed)
            && !allowed.contains(default)
        {
            complaints.push(format!("{name}: its default is not allowed"));
        }
    }
    let asked: Vec<&str> = template
        .root()
        .get("Metadata")
        .and_then(|all| all.pointer("/AWS::CloudFormation::Interface/ParameterGroups"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|group| group.get("Parameters")?.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let declared: Vec<&str> = template
        .section("Parameters")
        .map(|(name, _)| name)
        .collect();
    for name in declared.iter().filter(|name| !asked.contains(name)) {
        complaints.push(format!("{name}: stands in no group"));
    }
    for name in asked.iter().filter(|name| !declared.contains(name)) {
        complaints.push(format!("{name}: stands in a group and is no parameter"));
    }
    complaints.extend(
        template
            .dangling()
            .iter()
            .map(|found| format!("{}: is named at {} and not there", found.id, found.at)),
    );
    // Lambda takes a line without a level for INFO: above it, metric documents are dropped.
    let levels = template
        .root()
        .get("Parameters")
        .and_then(|all| all.pointer("/ApplicationLogLevel/AllowedValues"));
    if levels != Some(&json!(["TRACE", "DEBUG", "INFO"])) {
        complaints.push("ApplicationLogLevel: above INFO Lambda drops metric documents".to_owned());
    }
    complaints
}

fn set(template: &mut Template, at: &str, value: Value) {
    template
        .set(at, value)
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_wrong_parameter_fails_with_its_name() {
    holds(
        lax,
        &[
            (
                "a parameter that takes anything",
                &|template| set(template, "/Parameters/Owner", json!({"Type": "String"})),
                "Owner: takes anything",
            ),
            (
                "a constraint without the name",
                &|template| {
                    set(
                        template,
                        "/Parameters/Owner/ConstraintDescription",
                        json!("letters"),
                    )
                },
                "does not say its name",
            ),
            (
                "one that nobody needs",
                &|template| set(template, "/Parameters/Spare", json!({"Type": "String"})),
                "Spare: nobody needs it",
            ),
            (
                "a default that is refused",
                &|template| set(template, "/Parameters/FaultInjection/Default", json!("off")),
                "default is not allowed",
            ),
            (
                "logs at WARN",
                &|template| {
                    set(
                        template,
                        "/Parameters/ApplicationLogLevel/AllowedValues",
                        json!(["INFO", "WARN"]),
                    )
                },
                "drops metric documents",
            ),
            (
                "a name that is not there",
                &|template| put(template, "CarQueue", "/QueueName", json!({"Ref": "Nmae"})),
                "Nmae: is named at",
            ),
        ],
    );
}

/// Combinations that must be refused, by the rule that refuses them.
#[test]
fn wrong_combinations_are_refused_by_a_rule_that_names_the_parameter() {
    let template = super::template();
    let base = [("Environment", "test"), ("Owner", "me")];
    for (name, given, refused) in [
        ("nothing special", vec![], None),
        (
            "JWT with everything",
            vec![
                ("ApiAuthorizer", "JWT"),
                ("JwtIssuer", "https://x"),
                ("JwtAudience", "a"),
            ],
            None,
        ),
        (
            "JWT without issuer",
            vec![("ApiAuthorizer", "JWT"), ("JwtAudience", "a")],
            Some("JwtIssuer must be given"),
        ),
        (
            "JWT without audience",
            vec![("ApiAuthorizer", "JWT"), ("JwtIssuer", "https://x")],
            Some("JwtAudience must be given"),
        ),
        (
            "faults in production",
            vec![("Environment", "prod"), ("FaultInjection", "enabled")],
            Some("FaultInjection must be disabled"),
        ),
        (
            "faults in production by another name",
            vec![("Environment", "production"), ("FaultInjection", "enabled")],
            Some("FaultInjection must be disabled"),
        ),
        (
            "faults where nobody said what it is",
            vec![("Environment", "eu-live"), ("FaultInjection", "enabled")],
            Some("FaultInjection must be disabled"),
        ),
        (
            "production without faults",
            vec![("Environment", "production")],
            None,
        ),
        (
            "faults elsewhere",
            vec![("FaultInjection", "enabled")],
            None,
        ),
        (
            "faults at the last stage before production",
            vec![("Environment", "staging"), ("FaultInjection", "enabled")],
            None,
        ),
        (
            "a budget for nobody",
            vec![("MonthlyBudgetUsd", "50")],
            Some("BudgetEmail must be given"),
        ),
        (
            "scaling from nothing",
            vec![("CarApiProvisionedConcurrencyMax", "5")],
            Some("CarApiProvisionedConcurrency must be given"),
        ),
    ] {
        let stack = Stack::new(&template, base.into_iter().chain(given));
        let truth = |value: &Value| stack.value(value).unwrap() == Some(json!(true));
        let mut said = Vec::new();
        for (_, rule) in template.section("Rules") {
            if rule.get("RuleCondition").is_none_or(truth) {
                for assertion in rule["Assertions"].as_array().unwrap() {
                    if !truth(&assertion["Assert"]) {
                        said.push(assertion["AssertDescription"].as_str().unwrap());
                    }
                }
            }
        }
        match refused {
            None => assert!(said.is_empty(), "{name}: {said:?}"),
            Some(part) => assert!(
                said.len() == 1 && said[0].contains(part),
                "{name}: {said:?}"
            ),
        }
    }
}

const TAGS: [&str; 5] = ["app", "service", "env", "owner", "cost-center"];
/// Types that take tags, and that somebody pays for or looks for.
const TAGGED: [&str; 13] = [
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::Scheduler::ScheduleGroup",
];

fn untagged(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut all: Vec<(&str, Option<&Value>)> = template
        .resources()
        .filter(|resource| TAGGED.contains(&resource.kind))
        .map(|resource| (resource.id, resource.property("/Tags")))
        .collect();
    let globals = template
        .root()
        .get("Globals")
        .and_then(|all| all.pointer("/Function/Tags"));
    all.push(("Globals.Function", globals));
    for (id, tags) in all {
        let has = |name: &str| match tags {
            Some(Value::Array(items)) => items.iter().any(|tag| tag["Key"] == json!(name)),
            Some(Value::Object(members)) => members.contains_key(name),
            _ => false,
        };
        for name in TAGS.iter().filter(|name| !has(name)) {
            complaints.push(format!("{id}: has no tag {name}"));
        }
    }
    complaints
}

#[test]
fn everything_carries_the_tags_by_which_it_is_found_and_paid_for() {
    holds(
        untagged,
        &[
            (
                "a table without",
                &|template| super::take(template, "CarsTable", "Tags"),
                "CarsTable: has no tag app",
            ),
            (
                "a function without",
                &|template| {
                    set(
                        template,
                        "/Globals/Function/Tags",
                        json!({"app": "outrider"}),
                    )
                },
                "Globals.Function: has no tag env",
            ),
        ],
    );
}
