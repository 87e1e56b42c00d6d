//! The rules of ARCHITECTURE.md that a test can check.
//!
//! A rule is a function from texts to complaints. Each is asked twice: about the workspace, where it must find
//! nothing, and about an example that breaks it, where it must: a rule that cannot fail protects nothing.

mod documents;
mod manifests;
mod metric_names;
mod purity;
mod sdk;
mod shape;
mod sources;

/// Fails with every complaint at once.
#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(
        complaints.is_empty(),
        "{} complaint(s):\n  {}",
        complaints.len(),
        complaints.join("\n  ")
    );
}

/// Fails unless there is exactly one complaint, and it is about `part`.
#[track_caller]
fn one(complaints: Vec<String>, part: &str) {
    assert!(
        complaints.len() == 1 && complaints[0].contains(part),
        "expected one about {part}: {complaints:?}"
    );
}
