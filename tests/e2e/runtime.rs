//! Each function's binary, started as Lambda starts it and driven through a Runtime API: what only `main.rs`, the
//! environment and the mapping of errors can get wrong.

mod car_api;
mod configuration;
mod detector;
mod log_processor;

use serde_json::Value;

/// Fails unless Amazon CloudWatch would make metrics of the document (EMF specification).
#[track_caller]
fn assert_emf(document: &Value) {
    let millis = document["_aws"]["Timestamp"].as_i64();
    assert!(
        millis.is_some_and(|millis| millis > 1_700_000_000_000),
        "no time in {document}"
    );
    let directives = document["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    assert!(!directives.is_empty(), "no directive in {document}");
    for directive in directives {
        assert!(
            directive["Namespace"]
                .as_str()
                .is_some_and(|name| !name.is_empty()),
            "no namespace in {document}"
        );
        for set in directive["Dimensions"].as_array().unwrap() {
            for name in set.as_array().unwrap() {
                let value = &document[name.as_str().unwrap()];
                assert!(
                    value.as_str().is_some_and(|text| !text.is_empty()),
                    "dimension {name} of {document}"
                );
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!(
            (1..=100).contains(&metrics.len()),
            "{} metrics in {document}",
            metrics.len()
        );
        for metric in metrics {
            let value = &document[metric["Name"].as_str().unwrap()];
            assert!(
                value.is_number() || value.is_array() || value.is_object(),
                "metric {metric} of {document}"
            );
        }
    }
}
