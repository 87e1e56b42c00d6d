//! What the templates write into the functions' environments is what the functions read: their own code is asked.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use cfn::{Stack, Template};
use detector::watch::Watch;
use platform::config::Vars;
use serde_json::{Value, json};

use super::{FUNCTION, holds, put};

/// An environment that remembers what it was asked for.
#[derive(Default)]
struct Asked {
    variables: BTreeMap<String, String>,
    asked: RefCell<BTreeSet<String>>,
}

impl Vars for Asked {
    fn get(&self, key: &str) -> Option<String> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.variables.get(key).cloned()
    }
}

/// Names and attributes that only a deployment knows, where their form matters.
const DEPLOYED: [(&str, &str); 7] = [
    (
        "CarQueue",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/stack-CarQueue",
    ),
    (
        "CarApi.Version",
        "arn:aws:lambda:eu-west-1:123456789012:function:stack-car-api:7",
    ),
    ("CarApi", "stack-car-api"),
    ("CarApiLogGroup", "/aws/lambda/stack-car-api"),
    ("PageTopic", "arn:aws:sns:eu-west-1:123456789012:stack-page"),
    ("LogGroupName", "/aws/lambda/orders-api"),
    (
        "AcknowledgeUrl.FunctionUrl",
        "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws/",
    ),
];
const GIVEN: [(&str, &str); 4] = [
    ("Environment", "prod"),
    ("Owner", "team-cars"),
    ("ServiceName", "Orders"),
    ("FunctionName", "orders"),
];

fn environment(stack: &Stack<'_>, template: &Template, function: &str) -> Result<Asked, String> {
    let variables = template
        .resource(function)
        .and_then(|found| found.property("/Environment/Variables")?.as_object())
        .ok_or_else(|| format!("{function}: has no environment"))?;
    let mut made = Asked::default();
    for (name, value) in variables {
        let text = stack
            .text(value)
            .map_err(|error| format!("{function}: {name}: {error}"))?;
        made.variables.insert(name.clone(), text);
    }
    Ok(made)
}

/// Reads an environment as the function does.
fn start(function: &str, vars: &Asked) -> Result<(), String> {
    let wrong = match function {
        "CarApi" => car_api::settings::Settings::read(vars).err(),
        "LogProcessor" => log_processor::settings::Settings::read(vars).err(),
        "Detector" => detector::settings::Settings::read(vars).err(),
        "Responder" | "Acknowledger" => ::responder::settings::Settings::read(vars).err(),
        other => {
            return Err(format!(
                "{other}: say in this test who reads its environment"
            ));
        }
    };
    wrong.map_or(Ok(()), |error| {
        Err(format!("{function}: does not start: {error}"))
    })
}

fn unread(template: &Template) -> Vec<String> {
    let links = |is| unread_with(template, ("AcknowledgeLinks", is));
    [links("no"), links("yes")].concat()
}

fn unread_with(template: &Template, given: (&str, &str)) -> Vec<String> {
    let stack = Stack::new(template, DEPLOYED.into_iter().chain(GIVEN).chain([given]));
    let mut complaints = Vec::new();
    let made = template.of_type(FUNCTION).filter(|function| {
        let condition = function.body().get("Condition").and_then(Value::as_str);
        condition.is_none_or(|condition| stack.holds(condition).unwrap_or(true))
    });
    for function in made.map(|function| function.id) {
        match environment(&stack, template, function) {
            Err(problem) => complaints.push(problem),
            Ok(vars) => {
                complaints.extend(start(function, &vars).err());
                let asked = vars.asked.borrow();
                for name in vars.variables.keys().filter(|name| !asked.contains(*name)) {
                    complaints.push(format!("{function}: {name} is set, and nobody reads it"));
                }
            }
        }
    }
    complaints
}

fn without(template: &mut Template, function: &str, name: &str) {
    let at = "/Environment/Variables";
    let mut variables = template
        .resource(function)
        .unwrap()
        .property(at)
        .unwrap()
        .clone();
    assert!(
        variables.as_object_mut().unwrap().remove(name).is_some(),
        "{function} has no {name}"
    );
    put(template, function, at, variables);
}

#[test]
fn every_function_starts_with_the_environment_that_the_template_gives_it() {
    holds(
        unread,
        &[
            (
                "no table",
                &|template| without(template, "CarApi", "CAR_TABLE_NAME"),
                "CAR_TABLE_NAME is not set",
            ),
            (
                "a queue without its table",
                &|template| without(template, "CarApi", "CAR_REQUEST_TABLE_NAME"),
                "CAR_REQUEST_TABLE_NAME",
            ),
            (
                "no bus",
                &|template| without(template, "CarApi", "CAR_EVENT_BUS"),
                "CAR_EVENT_BUS is not set",
            ),
            (
                "no series",
                &|template| without(template, "LogProcessor", "CAROBS_SERIES_TABLE"),
                "CAROBS_SERIES_TABLE is not set",
            ),
            (
                "no bucket",
                &|template| without(template, "Detector", "CAROBS_STATE_BUCKET"),
                "CAROBS_STATE_BUCKET is not set",
            ),
            (
                "no version",
                &|template| without(template, "Responder", "CAR_API_VERSION_ARN"),
                "CAR_API_VERSION_ARN is not set",
            ),
            (
                "links without a key",
                &|template| without(template, "Detector", "CAROBS_ACKNOWLEDGE_KEY"),
                "CAROBS_ACKNOWLEDGE_KEY is not",
            ),
            (
                "links without a table",
                &|template| without(template, "Acknowledger", "CAROBS_STATE_TABLE"),
                "CAROBS_STATE_TABLE is not set",
            ),
            (
                "a typing error",
                &|template| {
                    put(
                        template,
                        "Detector",
                        "/Environment/Variables/CAROBS_STATE_TABEL",
                        json!("x"),
                    )
                },
                "CAROBS_STATE_TABEL is set, and nobody reads it",
            ),
            (
                "a wrong value",
                &|template| {
                    put(
                        template,
                        "CarApi",
                        "/Environment/Variables/CAROBS_CALL_TIMEOUT_MS",
                        json!("soon"),
                    )
                },
                "CAROBS_CALL_TIMEOUT_MS",
            ),
            (
                "no service",
                &|template| {
                    put(
                        template,
                        "Detector",
                        "/Environment/Variables/CAROBS_WATCH",
                        json!("environment = \"x\""),
                    )
                },
                "Detector: does not start",
            ),
        ],
    );
}

fn watch(template: &Template, given: &[(&str, &str)]) -> Result<Watch, String> {
    let stack = Stack::new(
        template,
        DEPLOYED
            .into_iter()
            .chain(GIVEN)
            .chain(given.iter().copied()),
    );
    let vars = environment(&stack, template, "Detector")?;
    let text = vars
        .variables
        .get("CAROBS_WATCH")
        .ok_or("no CAROBS_WATCH")?;
    Watch::parse(text).map_err(|error| format!("{error} in\n{text}"))
}

#[test]
fn the_detector_s_own_parser_takes_what_the_templates_say_is_watched() {
    let whole = super::template();
    let plain = watch(&whole, &[]).unwrap();
    assert_eq!(
        (
            plain.environment.as_str(),
            plain.region.as_str(),
            plain.account.as_str()
        ),
        ("prod", "eu-west-1", "123456789012")
    );
    assert_eq!(
        (plain.time_zone.as_deref(), plain.runbooks.as_str()),
        (None, "docs/runbooks")
    );
    let car = &plain.services[0];
    assert_eq!(
        (
            car.name.as_str(),
            car.owner.as_str(),
            car.log_group.as_str(),
            car.function()
        ),
        (
            "Orders",
            "team-cars",
            "/aws/lambda/stack-car-api",
            "stack-car-api"
        )
    );
    assert!(car.reserved_concurrency);
    assert_eq!(car.emf.as_ref().unwrap().namespace, "CarManager");
    let other = watch(
        &whole,
        &[
            ("TimeZone", "Europe/Paris"),
            ("CarApiReservedConcurrency", "0"),
            ("ServiceNamespace", "My/Cars"),
        ],
    )
    .unwrap();
    assert_eq!(other.time_zone.as_deref(), Some("Europe/Paris"));
    assert!(!other.services[0].reserved_concurrency);
    assert_eq!(other.services[0].emf.as_ref().unwrap().namespace, "My/Cars");

    let attached = super::attached();
    let bare = watch(&attached, &[]).unwrap();
    let orders = &bare.services[0];
    assert_eq!(
        (orders.log_group.as_str(), orders.function()),
        ("/aws/lambda/orders-api", "orders")
    );
    assert!(
        orders.emf.is_none() && !orders.reserved_concurrency,
        "the platform's records are watched"
    );
    let own = watch(
        &attached,
        &[
            ("ServiceNamespace", "Orders"),
            ("FunctionHasReservedConcurrency", "true"),
        ],
    )
    .unwrap();
    assert_eq!(own.services[0].emf.as_ref().unwrap().namespace, "Orders");
    assert!(own.services[0].reserved_concurrency);
}

/// The text is TOML, so what a parameter may hold must not end a string in it.
#[test]
fn no_parameter_can_break_out_of_what_is_watched() {
    for (name, template) in [
        ("template.yaml", super::template()),
        ("attach.json", super::attached()),
    ] {
        for parameter in [
            "Environment",
            "FunctionName",
            "LogGroupName",
            "Owner",
            "RunbooksUrl",
            "ServiceName",
            "ServiceNamespace",
            "TimeZone",
        ] {
            let Some(declared) = template.root()["Parameters"].get(parameter) else {
                continue;
            };
            let pattern = declared["AllowedPattern"].as_str().unwrap();
            // Each is a class of listed characters, as often as it may come: what is not listed is refused.
            let listed =
                pattern.starts_with('^') && pattern.ends_with("}$") || parameter == "Environment";
            let negated =
                pattern.contains("[^") || pattern.contains("\\S") || pattern.contains(".*");
            assert!(listed && !negated, "{name}: {parameter}: {pattern}");
            for bad in ['"', '\\', '\''] {
                assert!(
                    !pattern.contains(bad),
                    "{name}: {parameter} takes {bad:?}: {pattern}"
                );
            }
        }
    }
}

#[test]
fn the_schedule_sends_what_the_detector_reads() {
    for template in [super::template(), super::attached()] {
        let schedule = template.resource("DetectorSchedule").unwrap();
        let input = schedule
            .property("/Target/Input")
            .and_then(Value::as_str)
            .unwrap();
        assert!(
            input.contains("<aws.scheduler.scheduled-time>"),
            "a replay needs the time it was due"
        );
        // What EventBridge Scheduler puts there:
        // https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
        let sent = input.replace("<aws.scheduler.scheduled-time>", "2026-11-21T12:00:00Z");
        let tick: detector::Tick = serde_json::from_str(&sent).unwrap();
        assert_eq!(
            (tick.at.to_string().as_str(), tick.shard),
            ("2026-11-21T12:00:00Z", 0)
        );
        assert_eq!(
            schedule.property("/ScheduleExpression"),
            Some(&json!("rate(1 minute)"))
        );
        assert_eq!(
            schedule.property("/FlexibleTimeWindow/Mode"),
            Some(&json!("OFF"))
        );
    }
}

#[test]
fn the_detector_is_told_the_timeout_that_car_api_has() {
    let template = super::template();
    let timeout = |id: &str, at: &str| {
        let resource = template.resource(id).unwrap();
        resource.property(at).cloned().unwrap_or_default()
    };
    let told = timeout(
        "Detector",
        "/Environment/Variables/CAROBS_WATCH/Fn::Sub/1/Timeout",
    );
    let has = timeout("CarApi", "/Timeout");
    assert_eq!(told, json!(format!("timeout_seconds = {has}")));
}
