//! The dashboard of the pipeline: a body that CloudWatch takes, and no graph that stays empty.

use cfn::{Stack, Template};
use serde_json::{Value, json};

use super::metrics::emitted;
use super::{drop, holds};

/// The grid has 24 columns (CloudWatch user guide, "Dashboard body structure and syntax").
const COLUMNS: u64 = 24;

fn empty(template: &Template) -> Vec<String> {
    let stack = Stack::new(template, [("Environment", "test"), ("Owner", "me")]);
    let mut complaints = Vec::new();
    let mut seen = 0;
    for dashboard in template.of_type("AWS::CloudWatch::Dashboard") {
        seen += 1;
        let id = dashboard.id;
        let text = dashboard
            .property("/DashboardBody")
            .map(|body| stack.text(body));
        let body: Value = match text.map(|text| text.map(|text| serde_json::from_str(&text))) {
            Some(Ok(Ok(body))) => body,
            other => {
                complaints.push(format!("{id}: is no JSON: {other:?}"));
                continue;
            }
        };
        let mut taken: Vec<[u64; 4]> = Vec::new();
        for widget in body["widgets"].as_array().into_iter().flatten() {
            let title = widget["properties"]["title"].as_str().unwrap_or("text");
            let place = ["x", "y", "width", "height"]
                .map(|name| widget[name].as_u64().unwrap_or(u64::MAX / 2));
            if place[0].saturating_add(place[2]) > COLUMNS {
                complaints.push(format!("{id}: {title} is wider than the grid"));
            }
            let overlaps = |other: &[u64; 4]| {
                (0..2).all(|axis| {
                    place[axis] < other[axis] + other[axis + 2]
                        && other[axis] < place[axis] + place[axis + 2]
                })
            };
            if taken.iter().any(overlaps) {
                complaints.push(format!("{id}: {title} lies on another widget"));
            }
            taken.push(place);
            for row in widget["properties"]["metrics"]
                .as_array()
                .into_iter()
                .flatten()
            {
                if let Err(problem) = graphed(row) {
                    complaints.push(format!("{id}: {title}: {problem}"));
                }
            }
        }
    }
    if seen == 0 {
        complaints.push("there is no dashboard".to_owned());
    }
    complaints
}

/// A row is `[namespace, metric, name, value, …, {how it is drawn}]`.
fn graphed(row: &Value) -> Result<(), String> {
    let texts: Vec<&str> = row
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let [namespace, metric, dimensions @ ..] = texts.as_slice() else {
        return Err(format!("{row} is no metric"));
    };
    let dimensions: Vec<(String, Value)> = dimensions
        .chunks(2)
        .map(|pair| (pair[0].to_owned(), json!(pair.get(1))))
        .collect();
    emitted(namespace, metric, &dimensions)
}

fn redrawn(template: &mut Template, from: &str, to: &str) {
    let at = "/Resources/PipelineDashboard/Properties/DashboardBody/Fn::Sub";
    let parts = template.root()["Resources"]
        .pointer(at.trim_start_matches("/Resources"))
        .unwrap()
        .clone();
    let text = parts.to_string();
    assert!(text.contains(from), "{from}");
    let changed: Value = serde_json::from_str(&text.replace(from, to)).unwrap();
    template.set(at, changed).unwrap();
}

#[test]
fn no_graph_of_the_pipeline_stays_empty() {
    holds(
        empty,
        &[
            (
                "no dashboard",
                &|template| drop(template, &["PipelineDashboard"]),
                "no dashboard",
            ),
            (
                "a metric that is none",
                &|template| redrawn(template, "DataLagSeconds", "DataLag"),
                "DataLag is no metric",
            ),
            (
                "a metric of another",
                &|template| {
                    redrawn(
                        template,
                        r#"\"LogEvents\", \"function_name\", \"${LogProcessor}\", \"service\", \"log-processor\""#,
                        r#"\"LogEvents\", \"function_name\", \"${LogProcessor}\", \"service\", \"detector\""#,
                    )
                },
                "does not emit LogEvents",
            ),
            (
                "widgets on each other",
                &|template| redrawn(template, r#"\"x\": 16, \"y\": 2"#, r#"\"x\": 12, \"y\": 2"#),
                "lies on another",
            ),
            (
                "a widget beyond the edge",
                &|template| redrawn(template, r#"\"x\": 16, \"y\": 2"#, r#"\"x\": 20, \"y\": 2"#),
                "wider than the grid",
            ),
            (
                "no JSON",
                &|template| redrawn(template, r#"{\"start\":"#, r#"{start:"#),
                "is no JSON",
            ),
        ],
    );
}
