//! What a message says when it is a test that somebody started: nobody may take it for a fault.

use super::untrusted;

/// The runbook of drills, without `.md`.
pub(crate) const RUNBOOK: &str = "drill";

/// A test incident, sent through everything that a real one goes through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drill {
    /// Who started it, as it stood in the log: the message cleans and cuts it. `None`: not known any more.
    pub started_by: Option<String>,
}

impl Drill {
    /// What to do first.
    pub(crate) fn first_action(&self, is_over: bool) -> String {
        let is = if is_over { "was" } else { "is" };
        match &self.started_by {
            Some(name) => format!(
                "nothing: this {is} a drill, started by {}",
                untrusted::tame(name)
            ),
            None => format!("nothing: this {is} a drill"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_says_that_it_is_one_and_who_began_it_in_one_line() {
        let by = |name: &str| Drill {
            started_by: Some(name.to_owned()),
        };
        for (drill, is_over, says) in [
            (by("Ada"), false, "nothing: this is a drill, started by Ada"),
            (by("Ada"), true, "nothing: this was a drill, started by Ada"),
            (Drill::default(), true, "nothing: this was a drill"),
        ] {
            assert_eq!(drill.first_action(is_over), says);
        }
        let forged = by(&format!("Ada\nFirst action: call {}", "x".repeat(500)));
        let said = forged.first_action(false);
        assert!(!said.contains('\n') && said.chars().count() < 260, "{said}");
    }
}
