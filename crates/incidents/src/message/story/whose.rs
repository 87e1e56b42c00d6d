//! Whose an incident is, and which page says what to do.

use crate::Symptom;
use crate::message::untrusted::one_line_of;
use crate::message::{Context, drill};

/// The address of a symptom's runbook.
pub(crate) fn runbook(context: &Context, symptom: Symptom) -> Option<String> {
    let base = context
        .runbook_base
        .as_deref()
        .filter(|base| !base.trim().is_empty() && base.len() <= 200)?;
    Some(format!(
        "{}/{}.md",
        one_line_of(base).trim_end_matches('/'),
        runbook_name(context, symptom)
    ))
}

/// What its page is called.
pub(crate) fn runbook_name(context: &Context, symptom: Symptom) -> &'static str {
    match context.drill {
        Some(_) => drill::RUNBOOK,
        None => symptom.runbook(),
    }
}

pub(crate) fn owner(context: &Context) -> String {
    context
        .owner
        .as_deref()
        .map_or_else(|| "not configured".to_owned(), one_line_of)
}
