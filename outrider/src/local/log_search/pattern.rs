//! Filter patterns of CloudWatch Logs, as far as they are written here (Amazon CloudWatch Logs user guide, "Filter
//! pattern syntax"):
//!
//! * nothing: every event;
//! * `term "two words"`: events with all of them; `?term ?"two words"`: with any of them;
//! * `{ $.a.b > 1 }`, `{ ($.a = "x") && ($.b = *) }`: JSON events of which all conditions hold.

use serde_json::Value;

/// A pattern that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pattern {
    /// All of these, and one of those if there are any.
    Terms { all: Vec<String>, any: Vec<String> },
    /// A JSON object of which every condition holds.
    Json(Vec<Condition>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    /// The names from the root.
    path: Vec<String>,
    operator: String,
    operand: Operand,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    /// `*`: it is there.
    Anything,
    Number(f64),
    Text(String),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is not understood, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.strip_prefix('{') {
            None => terms(text),
            Some(rest) => {
                let inside = rest
                    .strip_suffix('}')
                    .ok_or_else(|| format!("Invalid filter pattern: no closing brace in {text}"))?;
                let conditions = inside
                    .split("&&")
                    .map(condition)
                    .collect::<Result<_, _>>()?;
                Ok(Self::Json(conditions))
            }
        }
    }

    /// Whether an event matches.
    pub(super) fn matches(&self, message: &str) -> bool {
        match self {
            Self::Terms { all, any } => {
                all.iter().all(|term| message.contains(term.as_str()))
                    && (any.is_empty() || any.iter().any(|term| message.contains(term.as_str())))
            }
            Self::Json(conditions) => {
                let Ok(event) = serde_json::from_str::<Value>(message) else {
                    return false;
                };
                event.is_object() && conditions.iter().all(|condition| condition.holds(&event))
            }
        }
    }
}

fn terms(text: &str) -> Result<Pattern, String> {
    let (mut all, mut any) = (Vec::new(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let optional = rest.starts_with('?');
        let from = &rest[usize::from(optional)..];
        let (term, after) = if let Some(quoted) = from.strip_prefix('"') {
            unquoted(quoted)
                .ok_or_else(|| format!("Invalid filter pattern: no closing quote in {text}"))?
        } else {
            let end = from.find(char::is_whitespace).unwrap_or(from.len());
            (from[..end].to_owned(), &from[end..])
        };
        // What is special to them and not written here is better refused than misread.
        if term.is_empty() || (!from.starts_with('"') && term.contains(['-', '[', '%', '&', '|'])) {
            return Err(format!("Invalid filter pattern: {text}"));
        }
        if optional {
            any.push(term)
        } else {
            all.push(term)
        }
        rest = after.trim_start();
    }
    Ok(Pattern::Terms { all, any })
}

/// The text up to the closing quote, without its backslashes, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((out, &text[at + 1..])),
            '\\' => out.push(letters.next()?.1),
            other => out.push(other),
        }
    }
    None
}

fn condition(text: &str) -> Result<Condition, String> {
    let invalid = || format!("Invalid filter pattern: {}", text.trim());
    let text = text.trim();
    let inside = match text.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')').ok_or_else(invalid)?.trim(),
        None => text,
    };
    let rest = inside.strip_prefix("$.").ok_or_else(invalid)?;
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)))
        .ok_or_else(invalid)?;
    let path: Vec<String> = rest[..end].split('.').map(str::to_owned).collect();
    let after = rest[end..].trim_start();
    let operator = ["!=", ">=", "<=", "=", ">", "<"]
        .into_iter()
        .find(|operator| after.starts_with(operator))
        .ok_or_else(invalid)?;
    let value = after[operator.len()..].trim();
    let operand = if value == "*" {
        Operand::Anything
    } else if let Some(quoted) = value.strip_prefix('"') {
        match unquoted(quoted) {
            Some((text, "")) => Operand::Text(text),
            _ => return Err(invalid()),
        }
    } else {
        Operand::Number(value.parse().map_err(|_| invalid())?)
    };
    let compares = !matches!(operator, "=" | "!=");
    if path.iter().any(String::is_empty) || (compares && !matches!(operand, Operand::Number(_))) {
        return Err(invalid());
    }
    Ok(Condition {
        path,
        operator: operator.to_owned(),
        operand,
    })
}

impl Condition {
    fn holds(&self, event: &Value) -> bool {
        let found = self.path.iter().try_fold(event, |at, name| at.get(name));
        let Some(value) = found else {
            return false;
        };
        match (&self.operand, self.operator.as_str()) {
            (Operand::Anything, "=") => true,
            (Operand::Text(text), "=") => value.as_str() == Some(text),
            (Operand::Text(text), "!=") => value.as_str().is_some_and(|it| it != text),
            (Operand::Number(number), operator) => {
                value.as_f64().is_some_and(|it| match operator {
                    "=" => it.total_cmp(number).is_eq(),
                    "!=" => it.total_cmp(number).is_ne(),
                    ">" => it > *number,
                    ">=" => it >= *number,
                    "<" => it < *number,
                    _ => it <= *number,
                })
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_here_is_understood_as_the_service_does() {
        let emf =
            r#"{"Latency":812.5,"route":"POST /cars","status":201,"record":{"status":"timeout"}}"#;
        for (pattern, message, matches) in [
            ("", "anything", true),
            ("{ $.Latency > 520.4 }", emf, true),
            ("{ $.Latency > 900 }", emf, false),
            ("{ $.Missing > 0 }", emf, false),
            (
                r#"{ ($.Latency > 520.4) && ($.route = "POST /cars") }"#,
                emf,
                true,
            ),
            (
                r#"{ ($.Latency > 520.4) && ($.route = "GET /cars") }"#,
                emf,
                false,
            ),
            ("{ $.route = * }", emf, true),
            ("{ $.route > 5 }", emf, false),
            (r#"{ $.record.status != "success" }"#, emf, true),
            ("{ $.status = 201 }", emf, true),
            ("{ $.Latency > 1 }", "no JSON", false),
            (
                r#"?"Task timed out" ?Exited"#,
                "x Task timed out after 3.00 seconds",
                true,
            ),
            (r#"?"Task timed out" ?Exited"#, "fine", false),
            (r#"?"\"status\":\"timeout\"""#, emf, true),
            ("Task out", "Task timed out", true),
            ("Task never", "Task timed out", false),
        ] {
            let read = Pattern::parse(pattern).unwrap();
            assert_eq!(read.matches(message), matches, "{pattern} on {message}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_and_never_guessed() {
        for pattern in [
            "{ $.a > 1",
            "{ a > 1 }",
            "{ $.a }",
            "{ $.a > \"x\" }",
            "{ $.a > x }",
            "{ $.a = \"x }",
            "{ $.a > 1 || $.b > 1 }",
            "{ ($.a > 1 }",
            "{ $..a = 1 }",
            "\"open",
            "-not",
            "[a, b]",
            "?",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
