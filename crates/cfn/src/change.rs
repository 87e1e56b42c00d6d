//! Changes by which a smaller template comes out of a larger one.

use serde_json::{Map, Value};

use crate::reference::named;
use crate::template::Template;

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no resource of that name.
    #[error("there is no resource {id} to {verb}")]
    NoResource {
        /// What was to be done with it.
        verb: &'static str,
        /// Its logical id.
        id: String,
    },
    /// There is nothing at that place.
    #[error("there is nothing at {at}")]
    NoPlace {
        /// A JSON pointer from the template's root.
        at: String,
    },
    /// A resource does not name what was to be replaced in it.
    #[error("{resource} does not name {id}")]
    NotNamed {
        /// The resource's logical id.
        resource: String,
        /// The logical id it should name.
        id: String,
    },
}

impl ChangeError {
    /// Never: the same template gives the same error.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl Template {
    /// Takes resources away. What refers to them stays, dangling, until it is replaced or [pruned](Self::prune).
    ///
    /// # Errors
    /// A resource that is not there: the list is out of date.
    pub fn drop_resources(&mut self, ids: &[&str]) -> Result<(), ChangeError> {
        for id in ids {
            let gone = self.resources_mut().remove(*id);
            if gone.is_none() {
                return Err(ChangeError::NoResource {
                    verb: "drop",
                    id: (*id).to_owned(),
                });
            }
        }
        Ok(())
    }

    /// In one resource, puts `with` in the place of every `Ref` to `id`, or of every `Fn::GetAtt` of it when an
    /// attribute is given. In the text of a `Fn::Sub` the placeholder stays and becomes a variable of that text.
    ///
    /// # Errors
    /// A resource that is not there, or does not name `id` so.
    pub fn substitute(
        &mut self,
        resource: &str,
        id: &str,
        attribute: Option<&str>,
        with: &Value,
    ) -> Result<(), ChangeError> {
        let Some(body) = self.resources_mut().get_mut(resource) else {
            return Err(ChangeError::NoResource {
                verb: "change",
                id: resource.to_owned(),
            });
        };
        if substituted(body, id, attribute, with) == 0 {
            return Err(ChangeError::NotNamed {
                resource: resource.to_owned(),
                id: attribute.map_or_else(|| id.to_owned(), |name| format!("{id}.{name}")),
            });
        }
        Ok(())
    }

    /// Puts a value at a JSON pointer; only the last member may be new.
    ///
    /// # Errors
    /// A place above it that is not there.
    pub fn set(&mut self, at: &str, value: Value) -> Result<(), ChangeError> {
        let missing = || ChangeError::NoPlace { at: at.to_owned() };
        let (above, name) = at.rsplit_once('/').ok_or_else(missing)?;
        let mut steps = above.split('/').skip(1);
        let first = steps.next().ok_or_else(missing)?;
        let mut place = self.root_mut().get_mut(first).ok_or_else(missing)?;
        for step in steps {
            let step = step.replace("~1", "/").replace("~0", "~");
            place = match place {
                Value::Array(items) => items.get_mut(step.parse::<usize>().map_err(|_| missing())?),
                other => other.get_mut(&step),
            }
            .ok_or_else(missing)?;
        }
        let name = name.replace("~1", "/").replace("~0", "~");
        place
            .as_object_mut()
            .ok_or_else(missing)?
            .insert(name, value);
        Ok(())
    }

    /// Takes away what cannot stand any longer: list items that are nothing but a reference to what is not there,
    /// then resources, outputs and rules that name it, and last the parameters and conditions that nothing needs.
    /// Returns the logical ids of the resources that went.
    pub fn prune(&mut self) -> Vec<String> {
        let mut gone = Vec::new();
        loop {
            let missing: Vec<String> = self.dangling().into_iter().map(|found| found.id).collect();
            for section in ["Resources", "Outputs"] {
                if let Some(Value::Object(members)) = self.root_mut().get_mut(section) {
                    members
                        .values_mut()
                        .for_each(|member| thin(member, &missing));
                }
            }
            let doomed: Vec<(String, String)> = self
                .dangling()
                .iter()
                .filter_map(|found| owner(&found.at))
                .collect();
            for (section, id) in &doomed {
                if let Some(Value::Object(members)) = self.root_mut().get_mut(section)
                    && members.remove(id).is_some()
                    && section == "Resources"
                {
                    gone.push(id.clone());
                }
            }
            if doomed.is_empty() && !self.forget_unneeded() {
                gone.sort();
                return gone;
            }
        }
    }

    /// Takes away conditions, then parameters, that nothing but a rule needs; rules follow as they dangle.
    fn forget_unneeded(&mut self) -> bool {
        let needed: Vec<String> = self
            .references()
            .into_iter()
            .filter(|found| !found.at.starts_with("/Rules/"))
            .map(|found| found.id)
            .collect();
        let mut changed = false;
        for section in ["Conditions", "Parameters"] {
            if let Some(Value::Object(members)) = self.root_mut().get_mut(section) {
                let before = members.len();
                members.retain(|id, _| needed.contains(id));
                changed |= members.len() < before;
            }
        }
        changed
    }

    fn resources_mut(&mut self) -> &mut Map<String, Value> {
        let resources = self
            .root_mut()
            .entry("Resources")
            .or_insert_with(|| Value::Object(Map::new()));
        if !resources.is_object() {
            *resources = Value::Object(Map::new());
        }
        match resources {
            Value::Object(members) => members,
            _ => unreachable!("it was made an object above"),
        }
    }
}

/// `/Resources/Queue/Properties/…` → `("Resources", "Queue")`. Conditions go when nothing needs them, not before.
fn owner(at: &str) -> Option<(String, String)> {
    let mut steps = at.split('/').skip(1);
    let (section, id) = (steps.next()?, steps.next()?);
    ["Resources", "Outputs", "Rules", "Conditions"]
        .contains(&section)
        .then(|| (section.to_owned(), id.to_owned()))
}

/// The logical id that a value is nothing but a reference to.
fn sole(value: &Value) -> Option<&str> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, argument) = members.iter().next()?;
    let text = match (name.as_str(), argument) {
        ("Ref", Value::String(id)) => id,
        ("Fn::GetAtt", Value::Array(parts)) => parts.first()?.as_str()?,
        _ => return None,
    };
    named(text)
}

/// Takes items that are nothing but references to what is missing out of lists, while something stays in the list.
/// The arguments of functions are no lists, but for what `Fn::Join` joins.
fn thin(value: &mut Value, missing: &[String]) {
    match value {
        Value::Array(items) => {
            let stays = |item: &Value| {
                sole(item).is_none_or(|id| !missing.iter().any(|missing| missing == id))
            };
            if items.iter().any(stays) {
                items.retain(stays);
            }
            items.iter_mut().for_each(|item| thin(item, missing));
        }
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("Fn::Join", Value::Array(parts)) => {
                        parts.iter_mut().for_each(|part| thin(part, missing));
                    }
                    (name, Value::Array(parts)) if name.starts_with("Fn::") => {
                        for part in parts.iter_mut().filter(|part| part.is_object()) {
                            thin(part, missing);
                        }
                    }
                    (_, member) => thin(member, missing),
                }
            }
        }
        _ => {}
    }
}

fn substituted(value: &mut Value, id: &str, attribute: Option<&str>, with: &Value) -> usize {
    let is_it = match (attribute, value.as_object().filter(|it| it.len() == 1)) {
        (None, Some(it)) => it.get("Ref").and_then(Value::as_str) == Some(id),
        (Some(attribute), Some(it)) => it
            .get("Fn::GetAtt")
            .and_then(Value::as_array)
            .is_some_and(|parts| parts.iter().eq([id, attribute])),
        _ => false,
    };
    if is_it {
        *value = with.clone();
        return 1;
    }
    match value {
        Value::Array(items) => items
            .iter_mut()
            .map(|item| substituted(item, id, attribute, with))
            .sum(),
        Value::Object(members) => members
            .iter_mut()
            .map(|(name, member)| {
                let deeper = substituted(member, id, attribute, with);
                if name == "Fn::Sub" {
                    deeper + in_text(member, id, attribute, with)
                } else {
                    deeper
                }
            })
            .sum(),
        _ => 0,
    }
}

/// `${Id}` in a text becomes a variable of the text. Variables may not have dots, so `${Id.Arn}` is renamed `${IdArn}`.
fn in_text(argument: &mut Value, id: &str, attribute: Option<&str>, with: &Value) -> usize {
    let full = attribute.map_or_else(|| id.to_owned(), |name| format!("{id}.{name}"));
    let variable = full.replace('.', "");
    let (text, mut own) = match &*argument {
        Value::String(text) => (text.clone(), Map::new()),
        Value::Array(parts) => {
            let (Some(Value::String(text)), Some(Value::Object(own))) =
                (parts.first(), parts.get(1))
            else {
                return 0;
            };
            (text.clone(), own.clone())
        }
        _ => return 0,
    };
    let placeholder = format!("${{{full}}}");
    if own.contains_key(&full) || !text.contains(&placeholder) {
        return 0;
    }
    own.insert(variable.clone(), with.clone());
    let text = text.replace(&placeholder, &format!("${{{variable}}}"));
    *argument = Value::Array(vec![Value::String(text), Value::Object(own)]);
    1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "
Parameters: {Kept: {Type: String}, Only: {Type: String}, Rate: {Type: Number}}
Rules: {R: {Assertions: [{Assert: !Equals [!Ref Only, x]}]}}
Conditions: {HasRate: !Equals [!Ref Rate, '0'], HasKept: !Equals [!Ref Kept, x]}
Resources:
  Api: {Type: Api, Condition: HasRate, Properties: {Only: !Ref Only}}
  Route: {Type: Route, Properties: {Api: !Ref Api}}
  Group: {Type: Group}
  Reader:
    Type: Reader
    Condition: HasKept
    Properties:
      Groups: [!GetAtt Group.Arn, !GetAtt Own.Arn]
      Names: !Join [',', [!Ref Own, !Ref Group]]
      Text: !Sub 'group=${Group} arn=${Group.Arn} region=${AWS::Region}'
      Name: !Ref Group
  Own: {Type: Group}
  Alarm: {Type: Alarm, Properties: {Dimensions: [{Name: Api, Value: !Ref Api}, {Name: x, Value: y}]}}
Outputs: {Url: {Value: !Ref Api}, Own: {Value: !Ref Own}}
";

    fn template() -> Template {
        Template::from_yaml(TEXT).unwrap()
    }

    #[test]
    fn what_needs_a_dropped_resource_goes_with_it_and_so_does_what_only_it_needed() {
        let mut template = template();
        template.drop_resources(&["Api"]).unwrap();
        assert_eq!(template.prune(), ["Alarm", "Route"]);
        let names = |section| {
            template
                .section(section)
                .map(|(id, _)| id.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("Resources"), ["Group", "Own", "Reader"]);
        assert_eq!(names("Outputs"), ["Own"]);
        assert_eq!(names("Conditions"), ["HasKept"]);
        assert_eq!(names("Parameters"), ["Kept"]);
        assert!(
            names("Rules").is_empty(),
            "a rule about a parameter that is gone"
        );
        assert!(template.dangling().is_empty());
    }

    #[test]
    fn a_list_loses_the_item_and_keeps_its_owner() {
        let mut template = template();
        for (attribute, with) in [
            (None, json!("watched")),
            (Some("Arn"), json!({"Ref": "Kept"})),
        ] {
            template
                .substitute("Reader", "Group", attribute, &with)
                .unwrap();
        }
        let reader = |template: &Template, at: &str| {
            template
                .resource("Reader")
                .unwrap()
                .property(at)
                .unwrap()
                .clone()
        };
        assert_eq!(reader(&template, "/Name"), json!("watched"));
        assert_eq!(
            reader(&template, "/Text"),
            json!({"Fn::Sub": [
                "group=${Group} arn=${GroupArn} region=${AWS::Region}",
                {"Group": "watched", "GroupArn": {"Ref": "Kept"}}
            ]})
        );
        template.drop_resources(&["Own"]).unwrap();
        assert!(template.prune().is_empty());
        assert_eq!(reader(&template, "/Groups"), json!([{"Ref": "Kept"}]));
        assert_eq!(
            reader(&template, "/Names"),
            json!({"Fn::Join": [",", ["watched"]]})
        );
    }

    #[test]
    fn a_list_of_nothing_but_what_is_gone_takes_its_owner_along() {
        let mut template = template();
        template.drop_resources(&["Group", "Own"]).unwrap();
        assert_eq!(template.prune(), ["Reader"]);
    }

    #[test]
    fn a_change_of_what_is_not_there_is_an_error() {
        let mut template = template();
        for error in [
            template.drop_resources(&["Apo"]).unwrap_err(),
            template
                .substitute("Apo", "Group", None, &json!(1))
                .unwrap_err(),
            template
                .substitute("Route", "Group", None, &json!(1))
                .unwrap_err(),
            template.set("/Resources/Apo/Type", json!(1)).unwrap_err(),
            template.set("nowhere", json!(1)).unwrap_err(),
        ] {
            assert!(!error.is_retryable() && !error.to_string().is_empty());
        }
        template
            .set("/Resources/Own/Properties", json!({}))
            .unwrap();
        template
            .set("/Resources/Alarm/Properties/Dimensions/1/Name", json!("z"))
            .unwrap();
        assert_eq!(
            template
                .resource("Alarm")
                .unwrap()
                .property("/Dimensions/1/Name"),
            Some(&json!("z"))
        );
    }
}
