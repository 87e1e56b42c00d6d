//! Who may do what: one role each, resources named, nothing that AWS does not force to be wider.

use cfn::Template;
use serde_json::{Value, json};

use super::{FUNCTION, drop, holds, leaves, put, target};

/// Wildcards that AWS forces: actions, resource, reason. An action or resource that is not here is complained about.
const FORCED: [(&[&str], &str, &str); 9] = [
    (
        &["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        "*",
        "X-Ray has no resources for segments",
    ),
    (
        &["cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"],
        "*",
        "CloudWatch has no resources for metrics, and DescribeAlarms asks for several at once",
    ),
    (
        &["lambda:GetAccountSettings"],
        "*",
        "the account's limits are of the account and of no resource",
    ),
    (
        &[
            "logs:DescribeLogGroups",
            "logs:GetQueryResults",
            "logs:StopQuery",
        ],
        "*",
        "a query and the list of groups have no resource; only who may read a group is limited",
    ),
    (
        &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        "${StateBucket.Arn}/state/*",
        "objects are named for minutes; the prefix is named",
    ),
    (
        &["lambda:InvokeFunction"],
        "${CarApi.Arn}:*",
        "a version's number is not known before it is published; the function is named",
    ),
    (
        &["codedeploy:PutLifecycleEventHookExecutionStatus"],
        "arn:${AWS::Partition}:codedeploy:${AWS::Region}:${AWS::AccountId}:deploymentgroup:${AWS::StackName}-*",
        "CloudFormation makes up the rest of the names",
    ),
    (
        &[
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda-insights:*",
        "the streams of the one group of Lambda Insights",
    ),
    (
        &[
            "logs:DescribeLogStreams",
            "logs:FilterLogEvents",
            "logs:GetLogEvents",
            "logs:GetLogRecord",
            "logs:StartQuery",
        ],
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${LogGroupName}:*",
        "the streams of the one watched group",
    ),
];

/// One text of a policy: an action, or a resource as it is written.
fn texts(value: &Value) -> Vec<String> {
    leaves(value)
        .into_iter()
        .map(|leaf| match leaf {
            Value::String(text) => text.clone(),
            Value::Object(members) => match members.get("Fn::Sub") {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Array(parts)) => parts[0].as_str().unwrap_or_default().to_owned(),
                _ => leaf.to_string(),
            },
            other => other.to_string(),
        })
        .collect()
}

/// Every statement that lets a principal of this account do something, with the resource it stands in.
fn grants(template: &Template) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for resource in template.resources() {
        let documents: Vec<&Value> = match resource.kind {
            "AWS::IAM::Role" => resource
                .property("/Policies")
                .map(leaves)
                .unwrap_or_default()
                .into_iter()
                .filter_map(|policy| policy.get("PolicyDocument"))
                .collect(),
            "AWS::IAM::ManagedPolicy" | "AWS::IAM::Policy" => {
                resource.property("/PolicyDocument").into_iter().collect()
            }
            _ => continue,
        };
        for document in documents {
            for statement in document.get("Statement").map(leaves).unwrap_or_default() {
                if statement.get("Effect") == Some(&json!("Allow")) {
                    found.push((resource.id.to_owned(), statement));
                }
            }
        }
    }
    found
}

fn wide(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for (owner, statement) in grants(template) {
        let part = |name: &str| statement.get(name).map(texts).unwrap_or_default();
        if statement.get("NotAction").is_some() || statement.get("NotResource").is_some() {
            complaints.push(format!(
                "{owner}: says what is not allowed instead of what is"
            ));
        }
        let (actions, resources) = (part("Action"), part("Resource"));
        if actions.is_empty() || resources.is_empty() {
            complaints.push(format!("{owner}: a statement without actions or resources"));
        }
        for action in &actions {
            if action.contains('*') {
                complaints.push(format!("{owner}: the action {action} is a wildcard"));
            }
        }
        for resource in resources.iter().filter(|resource| resource.contains('*')) {
            for action in &actions {
                let forced = FORCED.iter().any(|(actions, wide, _)| {
                    actions.contains(&action.as_str()) && wide == resource
                });
                if !forced {
                    complaints.push(format!(
                        "{owner}: {action} on {resource} is wider than AWS forces"
                    ));
                }
            }
        }
    }
    complaints
}

#[test]
fn nothing_may_do_more_than_aws_forces() {
    holds(
        wide,
        &[
            (
                "all of DynamoDB",
                &|template| {
                    put(
                        template,
                        "CarApiRole",
                        "/Policies/0/PolicyDocument/Statement/0/Action",
                        json!("dynamodb:*"),
                    )
                },
                "the action dynamodb:* is a wildcard",
            ),
            (
                "the settings of any function",
                &|template| {
                    put(
                        template,
                        "DetectorRole",
                        "/Policies/0/PolicyDocument/Statement/6/Resource",
                        json!("*"),
                    )
                },
                "lambda:GetFunctionConcurrency on * is wider",
            ),
            (
                "the logs of any group",
                &|template| {
                    put(
                        template,
                        "DetectorRole",
                        "/Policies/0/PolicyDocument/Statement/7/Resource",
                        json!("*"),
                    )
                },
                "logs:FilterLogEvents on * is wider",
            ),
            (
                "any table",
                &|template| {
                    put(
                        template,
                        "CarApiRole",
                        "/Policies/0/PolicyDocument/Statement/0/Resource",
                        json!("*"),
                    )
                },
                "dynamodb:GetItem on * is wider",
            ),
            (
                "any topic, behind a condition",
                &|template| {
                    let resource = json!({"Fn::If": ["HasOwnKey", {"Fn::Sub": "arn:aws:sns:${AWS::Region}:*:x"}, {"Ref": "AWS::NoValue"}]});
                    put(
                        template,
                        "RolloutRole",
                        "/Policies/0/PolicyDocument/Statement/3/Resource",
                        resource,
                    );
                },
                "sns:Publish on",
            ),
            (
                "everything but",
                &|template| {
                    put(
                        template,
                        "LogReaders",
                        "/PolicyDocument/Statement/0/NotAction",
                        json!(["logs:PutLogEvents"]),
                    )
                },
                "says what is not allowed",
            ),
        ],
    );
}

#[test]
fn every_forced_wildcard_is_still_needed_and_says_why() {
    let both = [super::template(), super::attached()];
    let used: Vec<(String, String)> = both
        .iter()
        .flat_map(grants)
        .flat_map(|(_, statement)| {
            let resources = texts(&statement["Resource"]);
            texts(&statement["Action"])
                .into_iter()
                .flat_map(move |action| {
                    resources
                        .clone()
                        .into_iter()
                        .map(move |resource| (action.clone(), resource))
                })
        })
        .collect();
    for (actions, resource, reason) in FORCED {
        assert!(!reason.is_empty());
        for action in actions {
            assert!(
                used.iter()
                    .any(|(used, on)| used == action && on == resource),
                "nobody needs {action} on {resource} any more: take it off the list"
            );
        }
    }
}

/// A role belongs to one function, a function has one of its own, and neither has what somebody else wrote.
fn shared(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for role in template.of_type("AWS::IAM::Role") {
        if role.property("/ManagedPolicyArns").is_some() {
            complaints.push(format!(
                "{}: has a managed policy, which is wider than its function",
                role.id
            ));
        }
        let users = template
            .of_type(FUNCTION)
            .filter(|function| function.property("/Role").and_then(target) == Some(role.id))
            .count();
        let trusted = role
            .property("/AssumeRolePolicyDocument")
            .map(Value::to_string)
            .unwrap_or_default();
        if trusted.contains("lambda.amazonaws.com") && users != 1 {
            complaints.push(format!("{}: is the role of {users} functions", role.id));
        }
        if !trusted.contains("lambda.amazonaws.com") && users > 0 {
            complaints.push(format!("{}: Lambda cannot assume it", role.id));
        }
    }
    for function in template.of_type(FUNCTION) {
        if function.property("/Policies").is_some() {
            complaints.push(format!(
                "{}: has SAM's policies beside its role",
                function.id
            ));
        }
        let role = function.property("/Role").and_then(target);
        if role.is_none_or(|role| template.resource(role).is_none()) {
            complaints.push(format!("{}: has no role in this template", function.id));
        }
    }
    complaints
}

#[test]
fn every_function_has_a_role_of_its_own() {
    holds(
        shared,
        &[
            (
                "a role for two",
                &|template| {
                    put(
                        template,
                        "Detector",
                        "/Role",
                        json!({"Fn::GetAtt": ["LogProcessorRole", "Arn"]}),
                    )
                },
                "LogProcessorRole: is the role of 2 functions",
            ),
            (
                "a managed policy",
                &|template| {
                    put(
                        template,
                        "DetectorRole",
                        "/ManagedPolicyArns",
                        json!(["arn:aws:iam::aws:policy/AdministratorAccess"]),
                    )
                },
                "DetectorRole: has a managed policy",
            ),
            (
                "SAM's policies",
                &|template| {
                    put(
                        template,
                        "Detector",
                        "/Policies",
                        json!(["AmazonS3FullAccess"]),
                    )
                },
                "SAM's policies",
            ),
            (
                "no role",
                &|template| drop(template, &["DetectorRole"]),
                "Detector: has no role",
            ),
        ],
    );
}

/// What each function's code calls, and what Lambda does in its name (its log, its traces, its queues). A call that is
/// added to the code is added here and to the role; one that is not made any more goes from both.
const CALLS: [(&str, &str, &[&str]); 14] = [
    (
        "CarApiRole",
        "CarsTable",
        &[
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        ],
    ),
    (
        "CarApiRole",
        "${CarsTable.Arn}/index/by_status",
        &["dynamodb:Query"],
    ),
    (
        "CarApiRole",
        "CarRequestsTable",
        &[
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        ],
    ),
    ("CarApiRole", "CarEventBus", &["events:PutEvents"]),
    (
        "CarApiRole",
        "CarQueue",
        &[
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ],
    ),
    (
        "LogProcessorRole",
        "SeriesTable",
        &[
            "dynamodb:BatchWriteItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        ],
    ),
    (
        "DetectorRole",
        "SeriesTable",
        &["dynamodb:BatchWriteItem", "dynamodb:Query"],
    ),
    (
        "DetectorRole",
        "StateTable",
        &[
            "dynamodb:BatchGetItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        ],
    ),
    (
        "DetectorRole",
        "${StateBucket.Arn}/state/*",
        &["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
    ),
    ("DetectorRole", "StateBucket", &["s3:ListBucket"]),
    ("DetectorRole", "PageTopic", &["sns:Publish"]),
    (
        "ResponderRole",
        "${CarApi.Arn}:*",
        &["lambda:InvokeFunction"],
    ),
    (
        "AcknowledgerRole",
        "StateTable",
        &["dynamodb:GetItem", "dynamodb:PutItem"],
    ),
    ("SchedulerRole", "Detector", &["lambda:InvokeFunction"]),
];

/// The actions that a role has on a resource, by its logical id or as it is written.
fn granted(template: &Template, role: &str, resource: &str) -> Vec<String> {
    let mut actions: Vec<String> = grants(template)
        .into_iter()
        .filter(|(owner, statement)| {
            let named = |value: &&Value| {
                target(value) == Some(resource) || texts(value).iter().any(|text| text == resource)
            };
            owner == role && leaves(&statement["Resource"]).iter().any(named)
        })
        .flat_map(|(_, statement)| texts(&statement["Action"]))
        .collect();
    actions.sort();
    actions
}

fn other_calls(template: &Template) -> Vec<String> {
    CALLS
        .iter()
        .filter(|(role, ..)| template.resource(role).is_some())
        .filter_map(|(role, resource, calls)| {
            let granted = granted(template, role, resource);
            (granted != *calls).then(|| {
                format!("{role}: may {granted:?} on {resource}; its function calls {calls:?}")
            })
        })
        .collect()
}

#[test]
fn a_role_grants_what_its_function_calls_and_no_more() {
    holds(
        other_calls,
        &[
            (
                "a right too many",
                &|template| {
                    let at = "/Policies/0/PolicyDocument/Statement/0/Action";
                    let actions = json!(["dynamodb:BatchWriteItem", "dynamodb:Scan"]);
                    put(template, "LogProcessorRole", at, actions);
                },
                "LogProcessorRole: may",
            ),
            (
                "a right that lacks",
                &|template| {
                    let at = "/Policies/0/PolicyDocument/Statement/0/Action";
                    put(template, "DetectorRole", at, json!("dynamodb:Query"));
                },
                "DetectorRole: may",
            ),
        ],
    );
}
