use std::path::Path;

use incidents::change::ChangeMarker;
use platform::state_store::{Note, Notes};
use serde_json::Value;

use super::*;
use crate::local::OpenDetector;
use crate::recorded;

async fn show(data: &Path, json: bool) -> Vec<String> {
    let args = IncidentsArgs {
        action: Action::Show { id: String::new() },
        place: Place::local(data),
        json,
    };
    let mut said = Vec::new();
    run(args, &mut |line| said.push(line.to_owned()))
        .await
        .unwrap();
    said
}

/// What AWS would have told of a function at a time.
fn marker(id: &str, at: &str, function: &str) -> ChangeMarker {
    let text = format!("PutFunctionConcurrency {function} by ada (reserved 5)");
    ChangeMarker::from_json(&format!(
        r#"{{"schema":1,"id":"{id}","at":"{at}","sent":"{at}","kind":"concurrency","function":"{function}","versions":[],"by":"ada","text":"{text}"}}"#
    ))
    .unwrap()
}

#[tokio::test]
async fn an_incident_is_shown_with_what_was_changed_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    // The incident begins at 10:20.
    recorded::run(data, 26).await;
    let open = OpenDetector::open(data, None).await.unwrap();
    for marker in [
        marker("after", "2026-11-18T10:30:00Z", "car-api"),
        marker("before", "2026-11-18T10:16:00Z", "car-api"),
        marker("long-before", "2026-11-18T09:00:00Z", "car-api"),
        marker("another", "2026-11-18T10:17:00Z", "orders"),
    ] {
        let note = Note {
            id: marker.name(),
            body: marker.to_json(),
            until: marker.sent,
        };
        open.deps.state.keep(Notes::Changes, &note).await.unwrap();
    }
    open.close().await.unwrap();

    let lines = show(data, false).await;
    assert_eq!(lines.len(), 3, "{lines:?}");
    let changed = "PutFunctionConcurrency car-api by ada (reserved 5)";
    assert!(lines[0].contains("CarManager high latency"), "{lines:?}");
    assert_eq!(
        lines[1..],
        [
            format!("  changed 2026-11-18T10:16:00Z {changed}"),
            format!("  changed 2026-11-18T10:30:00Z {changed}"),
        ]
    );
    let documents: Value = serde_json::from_str(&show(data, true).await[0]).unwrap();
    let changes = documents[0]["changes"].as_array().unwrap();
    let ids: Vec<_> = changes.iter().map(|change| &change["id"]).collect();
    assert_eq!(ids, ["before", "after"]);
    assert!(documents[0]["incident"]["id"].is_string(), "{documents}");
}
