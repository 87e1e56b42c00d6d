//! deploy/attach.json is rendered from deploy/template.yaml: Outrider for a service that exists already, without
//! car-api, its API, its stores and its rollout.

use cfn::{ChangeError, Template};
use platform::config::{Environment, Vars};
use serde_json::{Value, json};

use super::{read, template};

/// Accepts what the template renders to now: `ACCEPT_ATTACH=1 cargo test -p e2e attach_json`.
const ACCEPT: &str = "ACCEPT_ATTACH";

/// What belongs to car-api alone; what only these need goes with them.
const CAR: [&str; 11] = [
    "Api",
    "ApiAccessLogGroup",
    "CarApi",
    "CarApiLogGroup",
    "CarDeadLetters",
    "CarEventBus",
    "CarQueue",
    "CarRequestsTable",
    "CarsTable",
    "Responder",
    "ResponderLogGroup",
];

/// Metric documents, reports as JSON and as text, and errors. Terms, because an existing function may log text; they
/// match in JSON as well: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>
const PATTERN: &str = r#"?_aws ?"platform.report" ?"platform.initReport" ?"REPORT RequestId" ?ERROR ?FATAL ?CRITICAL ?panicked ?"panic:" ?Traceback ?Exception ?"Task timed out" ?"Runtime exited""#;

fn parameters(template: &mut Template) -> Result<(), ChangeError> {
    let group = json!({
        "Type": "String",
        "Description": "The log group of the function to watch. It may have two subscription filters, and needs one free.",
        "AllowedPattern": r"^[A-Za-z0-9_./#-]{1,512}$",
        "ConstraintDescription": "LogGroupName: the name of a log group, such as /aws/lambda/orders-api",
    });
    let function = json!({
        "Type": "String",
        "Description": "The name of the function to watch, for its metrics and for links.",
        "AllowedPattern": "^[A-Za-z0-9_-]{1,64}$",
        "ConstraintDescription": "FunctionName: the name of a function (not its ARN)",
    });
    let reserved = json!({
        "Type": "String",
        "Description": "Whether that function has reserved concurrency; it can then be throttled while the account is not.",
        "Default": "false",
        "AllowedValues": ["false", "true"],
        "ConstraintDescription": "FunctionHasReservedConcurrency: true or false",
    });
    let name = json!({
        "Type": "String",
        "Description": "The watched service's name in messages. It is part of an incident's identity; changing it begins a new history.",
        "AllowedPattern": template.root()["Parameters"]["ServiceName"]["AllowedPattern"],
        "ConstraintDescription": template.root()["Parameters"]["ServiceName"]["ConstraintDescription"],
    });
    let namespace = json!({
        "Type": "String",
        "Description": "CloudWatch namespace of the service's own metrics (EMF), named as car-api names them. Empty - what Lambda reports is watched.",
        "Default": "",
        "AllowedPattern": "^$|^(?!AWS/)[A-Za-z0-9_.#:/-]{1,255}$",
        "ConstraintDescription": "ServiceNamespace: nothing, or 1 to 255 letters, digits or _.#:/-, not beginning with AWS/",
    });
    for (parameter, value) in [
        ("LogGroupName", group),
        ("FunctionName", function),
        ("FunctionHasReservedConcurrency", reserved),
        ("ServiceName", name),
        ("ServiceNamespace", namespace),
    ] {
        template.set(&format!("/Parameters/{parameter}"), value)?;
    }
    template.set(
        "/Parameters/SubscriptionFilterPattern/Default",
        json!(PATTERN),
    )?;
    template.set(
        "/Conditions/HasServiceNamespace",
        json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "ServiceNamespace"}, ""]}]}),
    )
}

/// The watched function is a parameter wherever Outrider itself names it.
fn watched(template: &mut Template) -> Result<(), ChangeError> {
    let group = json!({"Ref": "LogGroupName"});
    let arn = json!({"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${LogGroupName}:*"});
    for resource in [
        "CarApiSubscription",
        "Detector",
        "LogDeliveryErrorsAlarm",
        "LogDeliveryThrottlingAlarm",
        "ServiceEmfAlarm",
        "ServiceEmfParsingAlarm",
    ] {
        template.substitute(resource, "CarApiLogGroup", None, &group)?;
    }
    for resource in ["CarApiSubscriptionPermission", "DetectorRole", "LogReaders"] {
        template.substitute(resource, "CarApiLogGroup", Some("Arn"), &arn)?;
    }
    for resource in ["Detector", "FunctionChanges"] {
        template.substitute(resource, "CarApi", None, &json!({"Ref": "FunctionName"}))?;
    }
    let function = json!({"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${FunctionName}"});
    template.substitute("DetectorRole", "CarApi", Some("Arn"), &function)?;
    let watch = "/Resources/Detector/Properties/Environment/Variables/CAROBS_WATCH/Fn::Sub/1";
    template.set(
        &format!("{watch}/Reserved"),
        json!({"Ref": "FunctionHasReservedConcurrency"}),
    )?;
    // Nobody said what it is; the detector learns it when one occurs.
    template.set(&format!("{watch}/Timeout"), json!(""))?;
    let emf = template.root()["Resources"]
        .pointer(&format!("{watch}/Emf").replacen("/Resources", "", 1))
        .cloned()
        .unwrap_or_default();
    template.set(
        &format!("{watch}/Emf"),
        json!({"Fn::If": ["HasServiceNamespace", emf, ""]}),
    )
}

/// The console's groups name only parameters that there are.
fn groups(template: &mut Template) -> Result<(), ChangeError> {
    let at = "/Metadata/AWS::CloudFormation::Interface/ParameterGroups";
    let left: Vec<String> = template
        .section("Parameters")
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut groups =
        template.root()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"].clone();
    if let Value::Array(groups) = &mut groups {
        for group in groups.iter_mut() {
            if let Some(Value::Array(names)) = group.get_mut("Parameters") {
                names.retain(|name| left.iter().any(|left| name == left));
            }
        }
        groups.retain(|group| group["Parameters"] != json!([]));
        groups.insert(
            0,
            json!({
                "Label": {"default": "What is watched"},
                "Parameters": ["LogGroupName", "FunctionName", "FunctionHasReservedConcurrency"],
            }),
        );
    }
    template.set(at, groups)
}

fn render(mut template: Template) -> Result<Template, ChangeError> {
    let words = "Outrider for a service that exists already, by its log group and function name. Rendered from deploy/template.yaml; do not edit. How to deploy: docs/deploy.md.";
    template
        .root_mut()
        .insert("Description".to_owned(), json!(words));
    parameters(&mut template)?;
    watched(&mut template)?;
    let parts = "/Resources/PipelineDashboard/Properties/DashboardBody/Fn::Sub/1";
    for part in ["CarDeadLettersRow", "CarQueueWidget"] {
        template.set(&format!("{parts}/{part}"), json!(""))?;
    }
    template.drop_resources(&CAR)?;
    template.prune();
    groups(&mut template)?;
    Ok(template)
}

#[test]
fn attach_json_is_what_the_template_renders_to() {
    let rendered = render(template())
        .unwrap_or_else(|error| panic!("{error}"))
        .to_json();
    if Environment.get(ACCEPT).as_deref() == Some("1") {
        let path = e2e::built::workspace().join("deploy/attach.json");
        std::fs::write(&path, &rendered)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    assert!(
        read("attach.json") == rendered,
        "deploy/attach.json is not what deploy/template.yaml renders to. Accept it with\n  {ACCEPT}=1 cargo test -p e2e attach_json\nand read the difference before you commit it"
    );
}

#[test]
fn what_is_attached_is_outrider_and_nothing_of_the_car_service() {
    let rendered = render(template()).unwrap();
    let mut functions: Vec<_> = rendered
        .of_type(super::FUNCTION)
        .map(|function| function.id)
        .collect();
    functions.sort_unstable();
    assert_eq!(functions, ["Acknowledger", "Detector", "LogProcessor"]);
    for kept in [
        "SeriesTable",
        "StateTable",
        "StateBucket",
        "PageTopic",
        "TicketTopic",
        "ChatTopic",
        "AlertKey",
        "DetectorSchedule",
        "SchedulerRole",
        "FunctionChanges",
        "FunctionChangesPermission",
        "AwsHealth",
        "AwsHealthPermission",
        "CarApiSubscription",
        "CarApiSubscriptionPermission",
        "AlertDeadLetters",
        "ScheduleDeadLetters",
        "LogProcessorFailures",
        "DetectorFailures",
        "PipelineDashboard",
        "DetectorHeartbeatAlarm",
        "LogReaders",
        "Budget",
        "PageSubscription",
        "AcknowledgeUrl",
        "AcknowledgeKey",
    ] {
        assert!(rendered.resource(kept).is_some(), "{kept} is missing");
    }
    for kind in [
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Route",
        "AWS::Events::EventBus",
        "AWS::Lambda::EventSourceMapping",
    ] {
        assert_eq!(rendered.of_type(kind).count(), 0, "{kind}");
    }
    assert!(rendered.dangling().is_empty(), "{:?}", rendered.dangling());
    for (name, parameter) in rendered.section("Parameters") {
        let must = [
            "Environment",
            "Owner",
            "ServiceName",
            "LogGroupName",
            "FunctionName",
        ]
        .contains(&name);
        assert_eq!(parameter.get("Default").is_none(), must, "{name}");
    }
}

#[test]
fn a_template_that_lost_what_is_rendered_cannot_be_rendered() {
    for (what, id) in [
        ("a resource", "CarQueue"),
        ("the subscription", "CarApiSubscription"),
        ("the dashboard", "PipelineDashboard"),
    ] {
        let mut template = template();
        super::drop(&mut template, &[id]);
        assert!(render(template).is_err(), "{what}");
    }
}
