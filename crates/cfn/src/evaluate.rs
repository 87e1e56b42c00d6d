//! What a value of a template is when the parameters are these.
//!
//! Parameters, conditions and the text functions are evaluated as `CloudFormation` does. What only a deployment knows,
//! a resource's name or attribute, is a made-up text that says which: `Queue`, `Queue.Arn`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::template::Template;

/// Why a value cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// A parameter has neither a value nor a default.
    #[error("the parameter {0} has no value")]
    NoParameter(String),
    /// A condition is not in the template.
    #[error("there is no condition {0}")]
    NoCondition(String),
    /// Conditions that name each other.
    #[error("the condition {0} is nested too deep")]
    TooDeep(String),
    /// A function that is not evaluated here, or has arguments that it does not take.
    #[error("{name} is not evaluated with {argument}")]
    Function {
        /// The function.
        name: String,
        /// Its argument, as JSON.
        argument: String,
    },
}

impl EvaluateError {
    /// Never: the same template and parameters give the same error.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

/// Conditions that name conditions; more is a circle.
const DEEPEST: usize = 32;

/// A template with values for its parameters.
#[derive(Debug, Clone)]
pub struct Stack<'a> {
    template: &'a Template,
    names: BTreeMap<String, String>,
}

impl<'a> Stack<'a> {
    /// A stack of `template`. `given` holds values of parameters by name, of pseudo parameters such as `AWS::Region`, and
    /// of attributes such as `Queue.Arn`; for the rest defaults and made-up texts hold.
    pub fn new<'b>(
        template: &'a Template,
        given: impl IntoIterator<Item = (&'b str, &'b str)>,
    ) -> Self {
        let mut names: BTreeMap<String, String> = template
            .section("Parameters")
            .filter_map(|(name, parameter)| {
                Some((name.to_owned(), text(parameter.get("Default")?)?))
            })
            .collect();
        for (name, value) in [
            ("AWS::Region", "eu-west-1"),
            ("AWS::AccountId", "123456789012"),
            ("AWS::Partition", "aws"),
            ("AWS::StackName", "stack"),
            ("AWS::URLSuffix", "amazonaws.com"),
        ]
        .into_iter()
        .chain(given)
        {
            names.insert(name.to_owned(), value.to_owned());
        }
        Self { template, names }
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// A condition that is not there, or cannot be evaluated.
    pub fn holds(&self, condition: &str) -> Result<bool, EvaluateError> {
        self.condition(condition, 0)
    }

    /// A value without functions; none where it is `AWS::NoValue`, and lists and mappings lose such members.
    ///
    /// # Errors
    /// A parameter without a value, a function that is not evaluated here.
    pub fn value(&self, value: &Value) -> Result<Option<Value>, EvaluateError> {
        match value {
            Value::Array(items) => {
                let mut kept = Vec::new();
                for item in items {
                    kept.extend(self.value(item)?);
                }
                Ok(Some(Value::Array(kept)))
            }
            Value::Object(members) => match members.iter().next() {
                Some((name, argument)) if members.len() == 1 && is_function(name) => {
                    self.function(name, argument)
                }
                _ => {
                    let mut kept = Map::new();
                    for (name, member) in members {
                        if let Some(member) = self.value(member)? {
                            kept.insert(name.clone(), member);
                        }
                    }
                    Ok(Some(Value::Object(kept)))
                }
            },
            _ => Ok(Some(value.clone())),
        }
    }

    /// A value that must come out as a text or number.
    ///
    /// # Errors
    /// Like [`Self::value`]; a value that is a list, a mapping or nothing.
    pub fn text(&self, value: &Value) -> Result<String, EvaluateError> {
        self.value(value)?
            .as_ref()
            .and_then(text)
            .ok_or_else(|| unknown("a text", value))
    }

    fn function(&self, name: &str, argument: &Value) -> Result<Option<Value>, EvaluateError> {
        let parts = argument.as_array().map(Vec::as_slice);
        let made = match (name, argument, parts) {
            ("Ref", Value::String(id), _) if id == "AWS::NoValue" => return Ok(None),
            ("Ref", Value::String(id), _) => self.named(id)?,
            ("Fn::GetAtt", _, Some([Value::String(id), Value::String(attribute)])) => {
                let name = format!("{id}.{attribute}");
                self.names.get(&name).cloned().unwrap_or(name)
            }
            ("Fn::Sub", Value::String(pattern), _) => self.filled(pattern, &Map::new())?,
            ("Fn::Sub", _, Some([Value::String(pattern), Value::Object(own)])) => {
                self.filled(pattern, own)?
            }
            ("Fn::If", _, Some([Value::String(condition), yes, no])) => {
                return self.value(if self.holds(condition)? { yes } else { no });
            }
            ("Fn::Join", _, Some([Value::String(between), Value::Array(items)])) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.text(item)).collect();
                items?.join(between)
            }
            ("Fn::Split", _, Some([Value::String(between), whole])) => {
                let whole = self.text(whole)?;
                return Ok(Some(
                    whole.split(between.as_str()).map(Value::from).collect(),
                ));
            }
            ("Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" | "Condition", ..) => {
                let object = Map::from_iter([(name.to_owned(), argument.clone())]);
                return Ok(Some(self.truth(&Value::Object(object), 0)?.into()));
            }
            _ => return Err(unknown(name, argument)),
        };
        Ok(Some(Value::String(made)))
    }

    fn named(&self, id: &str) -> Result<String, EvaluateError> {
        if let Some(value) = self.names.get(id) {
            return Ok(value.clone());
        }
        let declared = self
            .template
            .section("Parameters")
            .any(|(name, _)| name == id);
        if declared || id.starts_with("AWS::") {
            return Err(EvaluateError::NoParameter(id.to_owned()));
        }
        Ok(id.to_owned())
    }

    fn filled(&self, pattern: &str, own: &Map<String, Value>) -> Result<String, EvaluateError> {
        let mut pieces = pattern.split("${");
        let mut made = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let Some((inner, rest)) = piece.split_once('}') else {
                made.push_str("${");
                made.push_str(piece);
                continue;
            };
            match (inner.strip_prefix('!'), own.get(inner)) {
                (Some(literal), _) => {
                    made.push_str("${");
                    made.push_str(literal);
                    made.push('}');
                }
                (None, Some(value)) => made.push_str(&self.text(value)?),
                (None, None) => made.push_str(&self.named(inner)?),
            }
            made.push_str(rest);
        }
        Ok(made)
    }

    fn condition(&self, id: &str, depth: usize) -> Result<bool, EvaluateError> {
        if depth > DEEPEST {
            return Err(EvaluateError::TooDeep(id.to_owned()));
        }
        let found = self
            .template
            .section("Conditions")
            .find(|(name, _)| *name == id);
        let (_, body) = found.ok_or_else(|| EvaluateError::NoCondition(id.to_owned()))?;
        self.truth(body, depth + 1)
    }

    fn truth(&self, body: &Value, depth: usize) -> Result<bool, EvaluateError> {
        let only = body.as_object().filter(|members| members.len() == 1);
        let (name, argument) = only
            .and_then(|members| members.iter().next())
            .ok_or_else(|| unknown("a condition", body))?;
        let parts = argument.as_array().map(Vec::as_slice);
        let mut each = parts
            .unwrap_or_default()
            .iter()
            .map(|part| self.truth(part, depth));
        match (name.as_str(), parts) {
            ("Condition", _) => match argument {
                Value::String(id) => self.condition(id, depth),
                _ => Err(unknown(name, argument)),
            },
            ("Fn::Equals", Some([left, right])) => Ok(self.text(left)? == self.text(right)?),
            ("Fn::Not", Some([part])) => self.truth(part, depth).map(|holds| !holds),
            ("Fn::And", Some(_)) => each.try_fold(true, |all, part| Ok(all && part?)),
            ("Fn::Or", Some(_)) => each.try_fold(false, |any, part| Ok(any || part?)),
            _ => Err(unknown(name, argument)),
        }
    }
}

fn is_function(name: &str) -> bool {
    name == "Ref" || name.starts_with("Fn::")
}

fn unknown(name: &str, argument: &Value) -> EvaluateError {
    EvaluateError::Function {
        name: name.to_owned(),
        argument: argument.to_string(),
    }
}

/// Parameters are texts, whatever the template writes.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template() -> Template {
        Template::from_yaml(
            "
Parameters: {Env: {Type: String}, Count: {Type: Number, Default: 0}, Zone: {Type: String, Default: ''}}
Conditions:
  Many: !Not [!Equals [!Ref Count, '0']]
  Prod: !Equals [!Ref Env, prod]
  Both: !And [!Condition Many, !Condition Prod]
  Any: !Or [!Condition Many, !Condition Prod]
  Circle: !Not [!Condition Circle]
Resources: {Queue: {Type: T}}
",
        )
        .unwrap()
    }

    #[test]
    fn functions_are_evaluated_with_parameters_and_defaults() {
        let template = template();
        let stack = Stack::new(&template, [("Env", "prod"), ("AWS::StackName", "s")]);
        for (yaml, made) in [
            ("!Ref Env", json!("prod")),
            ("!Ref Queue", json!("Queue")),
            ("!GetAtt Queue.Arn", json!("Queue.Arn")),
            (
                "!Sub '${AWS::StackName}/${Queue.Arn}/${!Env}/${Count}/$1'",
                json!("s/Queue.Arn/${Env}/0/$1"),
            ),
            (
                "!Sub ['${Own}-${Env}', {Own: !If [Many, m, !Sub 'f${Env}']}]",
                json!("fprod-prod"),
            ),
            ("!Join ['-', [a, !Ref Env, 1]]", json!("a-prod-1")),
            ("!Split [',', 'a,b']", json!(["a", "b"])),
            (
                "[1, !If [Many, 2, !Ref AWS::NoValue], {k: !Ref AWS::NoValue, l: x}]",
                json!([1, {"l": "x"}]),
            ),
        ] {
            let value = crate::yaml::read(&format!("v: {yaml}")).unwrap();
            assert_eq!(stack.value(&value["v"]).unwrap(), Some(made), "{yaml}");
        }
        let holds: Vec<_> = ["Many", "Prod", "Both", "Any"]
            .map(|condition| stack.holds(condition).unwrap())
            .into();
        assert_eq!(holds, [false, true, false, true]);
    }

    #[test]
    fn what_cannot_be_known_is_an_error() {
        let template = template();
        let stack = Stack::new(&template, []);
        for (value, part) in [
            (json!({"Ref": "Env"}), "Env has no value"),
            (json!({"Ref": "AWS::StackId"}), "AWS::StackId"),
            (json!({"Fn::Sub": "${Env}"}), "Env has no value"),
            (json!({"Fn::FindInMap": ["a", "b", "c"]}), "Fn::FindInMap"),
            (json!({"Fn::If": ["None", 1, 2]}), "no condition None"),
            (json!({"Fn::If": ["Circle", 1, 2]}), "too deep"),
            (json!({"Fn::Join": [",", [[1]]]}), "a text"),
        ] {
            let error = stack.value(&value).unwrap_err();
            assert!(error.to_string().contains(part), "{value}: {error}");
            assert!(!error.is_retryable());
        }
    }
}
