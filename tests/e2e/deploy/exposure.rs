//! Who can reach it: nobody without a name, nothing in the clear, nothing unencrypted.

use cfn::Template;
use serde_json::{Value, json};

use super::{drop, holds, leaves, put, take, target};

/// The one way in that is public, where somebody asks for it: links that acknowledge, and carry their own proof. What
/// serves them has a role of its own.
fn links(resource: &cfn::Resource<'_>) -> bool {
    let of = ["/TargetFunctionArn", "/FunctionName"]
        .iter()
        .find_map(|at| resource.property(at).and_then(target));
    ["AWS::Lambda::Url", "AWS::Lambda::Permission"].contains(&resource.kind)
        && of == Some("Acknowledger")
        && resource.body().get("Condition") == Some(&json!("HasAcknowledgeLinks"))
}

fn open(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    let wanted = &template.root()["Parameters"]["AcknowledgeLinks"]["Default"];
    if *wanted != json!("no") {
        complaints.push("AcknowledgeLinks: a public address must be asked for".to_owned());
    }
    for route in template.of_type("AWS::ApiGatewayV2::Route") {
        let kind = route
            .property("/AuthorizationType")
            .map(leaves)
            .unwrap_or_default();
        if kind.is_empty()
            || !kind
                .iter()
                .all(|kind| **kind == json!("JWT") || **kind == json!("AWS_IAM"))
        {
            complaints.push(format!("{}: anybody may call it", route.id));
        }
    }
    for stage in template.of_type("AWS::ApiGatewayV2::Stage") {
        for (at, what) in [
            (
                "/DefaultRouteSettings/ThrottlingRateLimit",
                "has no rate limit",
            ),
            (
                "/DefaultRouteSettings/ThrottlingBurstLimit",
                "has no burst limit",
            ),
            ("/AccessLogSettings/DestinationArn", "writes no access log"),
        ] {
            if stage.property(at).is_none() {
                complaints.push(format!("{}: {what}", stage.id));
            }
        }
        let format = stage
            .property("/AccessLogSettings/Format")
            .and_then(Value::as_str)
            .unwrap_or_default();
        // `$context.status` alone does not say whether the code, Lambda or the gateway refused.
        for needed in [
            "$context.integration.status\"",
            "$context.integration.integrationStatus\"",
            "$context.error.message\"",
        ] {
            if !format.contains(needed) {
                complaints.push(format!(
                    "{}: its access log does not say {needed}",
                    stage.id
                ));
            }
        }
        for personal in ["identity.", "authorizer.claims", "authorizer.principalId"] {
            if format.contains(personal) {
                complaints.push(format!(
                    "{}: its access log says who called ({personal})",
                    stage.id
                ));
            }
        }
    }
    for resource in template.resources().filter(|one| !links(one)) {
        let text = resource.body().to_string();
        if [
            "AWS::Lambda::Url",
            "AWS::Serverless::HttpApi",
            "AWS::Serverless::Api",
        ]
        .contains(&resource.kind)
            || text.contains("FunctionUrlConfig")
        {
            complaints.push(format!(
                "{}: a second way in, which these rules do not know",
                resource.id
            ));
        }
    }
    for permission in template.of_type("AWS::Lambda::Permission") {
        let by = permission
            .property("/Principal")
            .and_then(Value::as_str)
            .unwrap_or("*");
        let bound = permission.property("/SourceArn").is_some()
            && (by != "logs.amazonaws.com" || permission.property("/SourceAccount").is_some());
        if links(&permission) {
            // Anybody, but only by way of the URL.
            let by_url = permission.property("/FunctionUrlAuthType") == Some(&json!("NONE"))
                || permission.property("/InvokedViaFunctionUrl") == Some(&json!(true));
            if !by_url {
                complaints.push(format!("{}: lets anybody invoke it", permission.id));
            }
            continue;
        }
        if by == "*" || !bound {
            complaints.push(format!(
                "{}: lets {by} of any account invoke it",
                permission.id
            ));
        }
    }
    complaints
}

#[test]
fn nobody_gets_in_without_a_name() {
    assert!(
        super::template()
            .of_type("AWS::ApiGatewayV2::Route")
            .count()
            >= 10
    );
    holds(
        open,
        &[
            (
                "an open route",
                &|template| take(template, "HealthRoute", "AuthorizationType"),
                "HealthRoute: anybody",
            ),
            (
                "open by a condition",
                &|template| {
                    put(
                        template,
                        "HealthRoute",
                        "/AuthorizationType",
                        json!({"Fn::If": ["UseJwt", "JWT", "NONE"]}),
                    )
                },
                "HealthRoute: anybody",
            ),
            (
                "no limit",
                &|template| take(template, "ApiStage", "DefaultRouteSettings"),
                "no rate limit",
            ),
            (
                "no access log",
                &|template| take(template, "ApiStage", "AccessLogSettings"),
                "no access log",
            ),
            (
                "addresses in the log",
                &|template| {
                    put(
                        template,
                        "ApiStage",
                        "/AccessLogSettings/Format",
                        json!("$context.identity.sourceIp"),
                    )
                },
                "says who called",
            ),
            (
                "an access log that does not say who refused",
                &|template| {
                    let format = json!({"status": "$context.status"});
                    let at = "/AccessLogSettings/Format";
                    put(template, "ApiStage", at, json!(format.to_string()));
                },
                "does not say $context.integration.status",
            ),
            (
                "a function's URL",
                &|template| {
                    put(
                        template,
                        "CarApi",
                        "/FunctionUrlConfig",
                        json!({"AuthType": "NONE"}),
                    )
                },
                "a second way in",
            ),
            (
                "links that nobody asked for",
                &|template| {
                    let at = "/Parameters/AcknowledgeLinks/Default";
                    template.set(at, json!("yes")).unwrap();
                },
                "must be asked for",
            ),
            (
                "a URL whatever the parameter says",
                &|template| {
                    let at = "/Resources/AcknowledgeUrl/Condition";
                    template.set(at, json!("HasOwnKey")).unwrap();
                },
                "AcknowledgeUrl: a second way in",
            ),
            (
                "a public URL of another function",
                &|template| {
                    let arn = json!({"Fn::GetAtt": ["Responder", "Arn"]});
                    put(template, "AcknowledgeUrl", "/TargetFunctionArn", arn);
                },
                "AcknowledgeUrl: a second way in",
            ),
            (
                "anybody, and not by the URL",
                &|template| {
                    let name = "InvokedViaFunctionUrl";
                    take(template, "AcknowledgeInvokePermission", name);
                },
                "lets anybody invoke it",
            ),
            (
                "anybody's logs",
                &|template| take(template, "CarApiSubscriptionPermission", "SourceAccount"),
                "of any account",
            ),
        ],
    );
}

/// The resource policies that must deny what does not come over TLS: type of the resource, type of the policy, and the
/// policy's list of what it is for.
const TLS: [(&str, &str, &str); 3] = [
    ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "/Queues/0"),
    ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "/Topics/0"),
    ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "/Bucket"),
];

fn statements<'a>(policy: &cfn::Resource<'a>) -> Vec<&'a Value> {
    policy
        .property("/PolicyDocument/Statement")
        .map(leaves)
        .unwrap_or_default()
}

fn clear(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for (kind, policy_kind, at) in TLS {
        for resource in template.of_type(kind) {
            let denied = template
                .of_type(policy_kind)
                .filter(|policy| policy.property(at).and_then(target) == Some(resource.id))
                .flat_map(|policy| statements(&policy))
                .any(|statement| {
                    statement.get("Effect") == Some(&json!("Deny"))
                        && statement.get("Principal") == Some(&json!("*"))
                        && statement.pointer("/Condition/Bool/aws:SecureTransport")
                            == Some(&json!("false"))
                });
            if !denied {
                complaints.push(format!("{}: can be reached without TLS", resource.id));
            }
        }
        for policy in template.of_type(policy_kind) {
            for statement in statements(&policy) {
                let anybody = statement
                    .get("Principal")
                    .is_some_and(|by| *by == json!("*") || *by == json!({"AWS": "*"}));
                let allows = statement.get("Effect") == Some(&json!("Allow"));
                if allows && (anybody || statement.get("Condition").is_none()) {
                    complaints.push(format!(
                        "{}: lets somebody in whom it does not name",
                        policy.id
                    ));
                }
            }
        }
    }
    complaints
}

#[test]
fn nothing_is_reached_without_tls_or_by_strangers() {
    holds(
        clear,
        &[
            (
                "a policy less",
                &|template| drop(template, &["CarQueuePolicy"]),
                "CarQueue: can be reached without TLS",
            ),
            (
                "another condition",
                &|template| {
                    put(
                        template,
                        "PageTopicPolicy",
                        "/PolicyDocument/Statement/0/Condition",
                        json!({}),
                    )
                },
                "PageTopic: can be reached without TLS",
            ),
            (
                "a policy for another bucket",
                &|template| put(template, "StateBucketPolicy", "/Bucket", json!("x")),
                "StateBucket: can be reached",
            ),
            (
                "any service",
                &|template| {
                    put(
                        template,
                        "PageTopicPolicy",
                        "/PolicyDocument/Statement/1/Principal",
                        json!("*"),
                    )
                },
                "PageTopicPolicy: lets somebody in",
            ),
            (
                "any account's alarms",
                &|template| take_condition(template),
                "PageTopicPolicy: lets somebody in",
            ),
        ],
    );
}

fn take_condition(template: &mut Template) {
    let statement = json!({"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": {"Ref": "PageTopic"}});
    put(
        template,
        "PageTopicPolicy",
        "/PolicyDocument/Statement",
        json!([{"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, statement]),
    );
}

/// What says that a resource is encrypted, by type; each place must be there, and where a value is given, be it.
fn plain(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for resource in template.resources() {
        let has = |at: &str| resource.property(at).is_some();
        let is = |at: &str, value: Value| resource.property(at) == Some(&value);
        let good = match resource.kind {
            "AWS::SNS::Topic" => has("/KmsMasterKeyId"),
            "AWS::SQS::Queue" => has("/SqsManagedSseEnabled") && has("/KmsMasterKeyId"),
            "AWS::DynamoDB::Table" => {
                is("/SSESpecification/SSEEnabled", json!(true))
                    && is(
                        "/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
                        json!(true),
                    )
                    && is("/TimeToLiveSpecification/Enabled", json!(true))
                    && is("/BillingMode", json!("PAY_PER_REQUEST"))
            }
            "AWS::S3::Bucket" => {
                let blocked = [
                    "BlockPublicAcls",
                    "BlockPublicPolicy",
                    "IgnorePublicAcls",
                    "RestrictPublicBuckets",
                ];
                has(
                    "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm",
                ) && is("/VersioningConfiguration/Status", json!("Enabled"))
                    && has("/LifecycleConfiguration/Rules/0")
                    && blocked.iter().all(|name| {
                        is(
                            &format!("/PublicAccessBlockConfiguration/{name}"),
                            json!(true),
                        )
                    })
            }
            "AWS::Logs::LogGroup" => has("/KmsKeyId") && has("/RetentionInDays"),
            "AWS::SecretsManager::Secret" => has("/KmsKeyId"),
            "AWS::KMS::Key" => is("/EnableKeyRotation", json!(true)),
            "AWS::Events::EventBus" => has("/KmsKeyIdentifier"),
            "AWS::Scheduler::Schedule" => has("/KmsKeyArn"),
            _ => true,
        };
        if !good {
            complaints.push(format!(
                "{}: is not kept as everything else is (encryption, recovery, expiry, privacy)",
                resource.id
            ));
        }
    }
    // What people would miss stays when the stack goes.
    for id in ["CarsTable", "SeriesTable", "StateTable", "StateBucket"] {
        let Some(resource) = template.resource(id) else {
            continue;
        };
        let stays = |name: &str| resource.body().get(name) == Some(&json!("Retain"));
        if !stays("DeletionPolicy") || !stays("UpdateReplacePolicy") {
            complaints.push(format!("{id}: goes with the stack"));
        }
    }
    complaints
}

#[test]
fn everything_stored_is_encrypted_expires_and_can_be_recovered() {
    holds(
        plain,
        &[
            (
                "a plain topic",
                &|template| take(template, "ChatTopic", "KmsMasterKeyId"),
                "ChatTopic: is not kept",
            ),
            (
                "a plain queue",
                &|template| take(template, "CarQueue", "SqsManagedSseEnabled"),
                "CarQueue: is not kept",
            ),
            (
                "no recovery",
                &|template| take(template, "StateTable", "PointInTimeRecoverySpecification"),
                "StateTable: is not kept",
            ),
            (
                "no expiry",
                &|template| take(template, "SeriesTable", "TimeToLiveSpecification"),
                "SeriesTable: is not kept",
            ),
            (
                "a public bucket",
                &|template| {
                    put(
                        template,
                        "StateBucket",
                        "/PublicAccessBlockConfiguration/BlockPublicAcls",
                        json!(false),
                    )
                },
                "StateBucket: is not kept",
            ),
            (
                "no versions",
                &|template| take(template, "StateBucket", "VersioningConfiguration"),
                "StateBucket: is not kept",
            ),
            (
                "an old key",
                &|template| put(template, "AlertKey", "/EnableKeyRotation", json!(false)),
                "AlertKey: is not kept",
            ),
            (
                "history that goes",
                &|template| {
                    template
                        .set("/Resources/StateTable/DeletionPolicy", json!("Delete"))
                        .unwrap()
                },
                "StateTable: goes",
            ),
        ],
    );
}
