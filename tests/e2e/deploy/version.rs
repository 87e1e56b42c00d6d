//! What makes a new version of car-api: its code, or a text that names everything else that is part of a version.

use std::collections::BTreeSet;
use std::fs;

use cfn::{Stack, Template};
use e2e::built::workspace;
use serde_json::{Value, json};

use super::{FUNCTION, holds, put, take};

/// <https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html>
const LONGEST: usize = 256;
/// Members of a function that are no part of a version, or are the text itself, or the code.
const APART: [&str; 11] = [
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "CodeUri",
    "DeploymentPreference",
    "Description",
    "EventInvokeConfig",
    "FunctionName",
    "ProvisionedConcurrencyConfig",
    "ReservedConcurrentExecutions",
    "Tags",
    "VersionDescription",
];

/// What the template says of every version of a function, with parameters by their names.
fn parts<'a>(template: &'a Template, function: &str) -> Vec<(String, &'a Value)> {
    let own = (
        format!("/Resources/{function}/Properties"),
        template
            .resource(function)
            .and_then(|found| found.body().get("Properties")),
    );
    let all = (
        "/Globals/Function".to_owned(),
        template
            .root()
            .get("Globals")
            .and_then(|globals| globals.get("Function")),
    );
    let mut found = Vec::new();
    for (at, members) in [all, own] {
        for (name, member) in members.and_then(Value::as_object).into_iter().flatten() {
            if !APART.contains(&name.as_str()) {
                found.push((format!("{at}/{name}"), member));
            }
        }
    }
    found
}

/// FNV-1a of 32 bits: <http://www.isthe.com/chongo/tech/comp/fnv/> (read 2026-11-21). It has only to change.
fn revision(parts: &[(String, &Value)]) -> String {
    let hash = parts
        .iter()
        .flat_map(|(at, part)| format!("{at} {part}\n").into_bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    format!("{hash:08x}")
}

/// The parameters that these parts refer to, by themselves or through a condition.
fn parameters(template: &Template, parts: &[(String, &Value)]) -> BTreeSet<String> {
    let all = template.references();
    let mut places: Vec<String> = parts.iter().map(|(at, _)| at.clone()).collect();
    let mut found = BTreeSet::new();
    let mut next = 0;
    while let Some(place) = places.get(next).cloned() {
        next += 1;
        let below = |at: &str| {
            at.strip_prefix(&place)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        for reference in all.iter().filter(|reference| below(&reference.at)) {
            let condition = format!("/Conditions/{}", reference.id);
            if template
                .section("Parameters")
                .any(|(name, _)| name == reference.id)
            {
                found.insert(reference.id.clone());
            } else if !places.contains(&condition) {
                places.push(condition);
            }
        }
    }
    found
}

/// Two values of a parameter, as long as it takes them.
fn longest(name: &str, parameter: &Value) -> [String; 2] {
    if let Some(allowed) = parameter.get("AllowedValues").and_then(Value::as_array) {
        let mut texts: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        return [texts[0].to_owned(), texts[1].to_owned()];
    }
    if let Some(most) = parameter.get("MaxValue").and_then(Value::as_u64) {
        return [most.to_string(), (most - 1).to_string()];
    }
    // The last `{…,N}` of its pattern; some have one character before it.
    let bound = parameter
        .get("AllowedPattern")
        .and_then(Value::as_str)
        .and_then(|pattern| pattern.rsplit_once('{')?.1.split_once('}'))
        .and_then(|(bounds, _)| bounds.split(',').next_back()?.parse::<usize>().ok())
        .unwrap_or_else(|| panic!("{name}: no longest value is known"));
    let before = match name {
        "LambdaInsightsLayerArn" => {
            "arn:aws:lambda:eu-west-1:123456789012:layer:LambdaInsightsExtension:"
        }
        "KmsKeyArn" => "arn:aws:kms:eu-west-1:123456789012:key/",
        _ => "x",
    };
    ["1", "2"].map(|digit| format!("{before}{}", digit.repeat(bound)))
}

/// `Fn::Select` of a `Fn::Split`, which the stack does not evaluate, as what it selects.
fn selected(stack: &Stack<'_>, value: &Value) -> Value {
    if let Some([Value::Number(index), split]) = value
        .get("Fn::Select")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        && let Some(Value::Array(pieces)) = stack.value(split).ok().flatten()
    {
        let index = usize::try_from(index.as_u64().unwrap()).unwrap();
        return pieces.get(index).cloned().unwrap_or_default();
    }
    match value {
        Value::Array(items) => items.iter().map(|item| selected(stack, item)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), selected(stack, member)))
            .collect(),
        _ => value.clone(),
    }
}

fn described(template: &Template, given: &[(String, String)], description: &Value) -> String {
    let given = given
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let stack = Stack::new(template, given);
    stack
        .text(&selected(&stack, description))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn stuck(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    let globals = template.root().get("Globals");
    if globals.is_some_and(|all| all.pointer("/Function/AutoPublishAlias").is_some()) {
        complaints
            .push("Globals: every function has an alias, which keeps old settings".to_owned());
    }
    for function in template.of_type(FUNCTION) {
        let id = function.id;
        if function.property("/AutoPublishAlias").is_none() {
            continue; // its callers see each change at once
        }
        let mut complain = |text: String| complaints.push(format!("{id}: {text}"));
        if function
            .property("/AutoPublishAliasAllProperties")
            .is_some()
        {
            complain("publishes for a tag, when Lambda has nothing to publish".to_owned());
        }
        if function.body().get("UpdateReplacePolicy") != Some(&json!("Retain"))
            || function.body().get("DeletionPolicy").is_some()
        {
            complain("a version that is replaced is deleted, and nothing to go back to".to_owned());
        }
        let Some(description) = function.property("/VersionDescription") else {
            complain("a change of a parameter is no new version".to_owned());
            continue;
        };
        if function.property("/Description") != Some(description) {
            complain("Description and VersionDescription are not the same text".to_owned());
        }
        let parts = parts(template, id);
        let two: Vec<(String, [String; 2])> = parameters(template, &parts)
            .into_iter()
            .map(|name| {
                let values = longest(&name, &template.root()["Parameters"][&name]);
                (name, values)
            })
            .collect();
        let one: Vec<(String, String)> = two
            .iter()
            .map(|(name, values)| (name.clone(), values[0].clone()))
            .collect();
        let text = described(template, &one, description);
        if text.chars().count() > LONGEST {
            complain(format!("its description may be too long: {text}"));
        }
        for (at, (name, values)) in two.iter().enumerate() {
            let mut other = one.clone();
            other[at].1.clone_from(&values[1]);
            if described(template, &other, description) == text {
                complain(format!("a change of {name} is no new version"));
            }
        }
        let now = revision(&parts);
        if !text.contains(&format!("revision {now}")) {
            complain(format!(
                "what the template itself says of it has changed: both descriptions must end in revision {now}"
            ));
        }
    }
    complaints
}

#[test]
fn every_change_of_an_aliased_function_is_a_new_version() {
    let whole = super::template();
    let found = parameters(&whole, &parts(&whole, "CarApi"));
    for known in [
        "CarApiMemory",
        "FaultInjection",
        "KmsKeyArn",
        "Architecture",
    ] {
        assert!(found.contains(known), "{known} is part of a version");
    }
    assert!(!found.contains("Owner"), "a tag is no part of a version");
    let text = |template: &mut Template, change: &dyn Fn(&str) -> String| {
        for name in ["/Description", "/VersionDescription"] {
            let at = format!("{name}/Fn::Sub");
            let mut parts = template
                .resource("CarApi")
                .and_then(|car| car.property(&at).cloned())
                .unwrap();
            parts[0] = json!(change(parts[0].as_str().unwrap()));
            put(template, "CarApi", &at, parts);
        }
    };
    holds(
        stuck,
        &[
            (
                "an alias for all",
                &|template| {
                    template
                        .set("/Globals/Function/AutoPublishAlias", json!("live"))
                        .unwrap()
                },
                "Globals: every function",
            ),
            (
                "an alias without a description",
                &|template| put(template, "Detector", "/AutoPublishAlias", json!("live")),
                "Detector: a change of a parameter",
            ),
            (
                "no description",
                &|template| take(template, "CarApi", "VersionDescription"),
                "CarApi: a change of a parameter",
            ),
            (
                "versions of tags",
                &|template| {
                    put(
                        template,
                        "CarApi",
                        "/AutoPublishAliasAllProperties",
                        json!(true),
                    )
                },
                "publishes for a tag",
            ),
            (
                "a parameter less",
                &|template| text(template, &|old| old.replace("${FaultInjection}", "")),
                "a change of FaultInjection",
            ),
            (
                "a key that is not named",
                &|template| text(template, &|old| old.replace("${Key}", "")),
                "a change of KmsKeyArn",
            ),
            (
                "a new variable",
                &|template| {
                    let at = "/Environment/Variables/CAROBS_NEW";
                    put(template, "CarApi", at, json!({"Ref": "TimeZone"}));
                },
                "a change of TimeZone",
            ),
            (
                "a literal",
                &|template| put(template, "CarApi", "/Timeout", json!(21)),
                "must end in revision",
            ),
            (
                "a literal of all functions",
                &|template| {
                    template
                        .set("/Globals/Function/Tracing", json!("PassThrough"))
                        .unwrap()
                },
                "must end in revision",
            ),
            (
                "a long text",
                &|template| text(template, &|old| format!("{old} and more")),
                "too long",
            ),
            (
                "another text",
                &|template| put(template, "CarApi", "/Description", json!("Cars")),
                "not the same text",
            ),
            (
                "versions that go",
                &|template| {
                    template
                        .set("/Resources/CarApi/UpdateReplacePolicy", json!("Delete"))
                        .unwrap()
                },
                "nothing to go back to",
            ),
        ],
    );
}

/// Pages that call an alias of a function which has none send a person who was woken into an error.
#[test]
fn no_page_names_an_alias_that_is_not_there() {
    let docs = workspace().join("docs");
    for folder in [docs.clone(), docs.join("runbooks")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|found| found != "md") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for (at, _) in text.match_indices(":live") {
                let before = &text[..at];
                assert!(before.ends_with("-car-api"), "{}", path.display());
            }
        }
    }
}
