//! Who names whom: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::If`, `Condition` and `DependsOn`.

use serde_json::{Map, Value};

/// What a reference may point to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A parameter or a resource.
    Value,
    /// A resource.
    Resource,
    /// A condition.
    Condition,
}

/// One place that names something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The logical id. SAM's `Function.Alias` and `Function.Version` name the function.
    pub id: String,
    /// What it may be.
    pub role: Role,
    /// Where it is named, as a JSON pointer from the template's root.
    pub at: String,
}

/// `${Name}`, `${Name.Attribute}` and `${!Literal}` of a text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let (inner, _) = rest.split_once('}')?;
        (!inner.starts_with('!')).then_some(inner.trim())
    })
}

/// The logical id of `Name` or `Name.Attribute`; none for a pseudo parameter.
pub(crate) fn named(text: &str) -> Option<&str> {
    let id = text.split('.').next().unwrap_or(text);
    (!id.starts_with("AWS::")).then_some(id)
}

struct Walk(Vec<Reference>);

impl Walk {
    fn add(&mut self, text: &str, role: Role, at: &str) {
        if let Some(id) = named(text) {
            self.0.push(Reference {
                id: id.to_owned(),
                role,
                at: at.to_owned(),
            });
        }
    }

    fn value(&mut self, value: &Value, at: &str) {
        match value {
            Value::Array(items) => {
                for (position, item) in items.iter().enumerate() {
                    self.value(item, &format!("{at}/{position}"));
                }
            }
            Value::Object(members) if members.len() == 1 => {
                // The only member, so there is a first.
                for (name, argument) in members {
                    self.function(name, argument, at);
                }
            }
            Value::Object(members) => self.members(members, at),
            _ => {}
        }
    }

    fn members(&mut self, members: &Map<String, Value>, at: &str) {
        for (name, member) in members {
            self.value(member, &format!("{at}/{}", escaped(name)));
        }
    }

    fn function(&mut self, name: &str, argument: &Value, at: &str) {
        match (name, argument) {
            ("Ref", Value::String(id)) => self.add(id, Role::Value, at),
            ("Condition", Value::String(id)) => self.add(id, Role::Condition, at),
            ("Fn::GetAtt", Value::Array(parts)) => {
                if let Some(id) = parts.first().and_then(Value::as_str) {
                    self.add(id, Role::Resource, at);
                }
                for part in parts {
                    self.value(part, at);
                }
            }
            ("Fn::GetAtt", Value::String(text)) => self.add(text, Role::Resource, at),
            ("Fn::Sub", Value::String(text)) => self.text(text, None, at),
            ("Fn::Sub", Value::Array(parts)) => {
                let own = parts.get(1).and_then(Value::as_object);
                if let Some(text) = parts.first().and_then(Value::as_str) {
                    self.text(text, own, at);
                }
                if let Some(own) = own {
                    self.members(own, &format!("{at}/Fn::Sub/1"));
                }
            }
            ("Fn::If", Value::Array(parts)) => {
                if let Some(id) = parts.first().and_then(Value::as_str) {
                    self.add(id, Role::Condition, at);
                }
                for (position, part) in parts.iter().enumerate().skip(1) {
                    self.value(part, &format!("{at}/Fn::If/{position}"));
                }
            }
            _ => self.value(argument, &format!("{at}/{}", escaped(name))),
        }
    }

    fn text(&mut self, text: &str, own: Option<&Map<String, Value>>, at: &str) {
        for inner in placeholders(text) {
            if own.is_none_or(|own| !own.contains_key(inner)) {
                self.add(inner, Role::Value, at);
            }
        }
    }
}

/// JSON pointers write `~` as `~0` and `/` as `~1` (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

pub(crate) fn of_root(root: &Map<String, Value>) -> Vec<Reference> {
    let mut walk = Walk(Vec::new());
    for (section, members) in root {
        let Value::Object(members) = members else {
            continue;
        };
        for (id, member) in members {
            let at = format!("/{section}/{}", escaped(id));
            match section.as_str() {
                // Parameters are literals; the metadata's lists of parameters are for the console.
                "Parameters" | "Mappings" | "Metadata" => {}
                "Resources" | "Outputs" => owner(&mut walk, member, &at),
                _ => walk.value(member, &at),
            }
        }
    }
    walk.0
}

/// A resource or output: its own condition and what it waits for, then everything in it.
fn owner(walk: &mut Walk, member: &Value, at: &str) {
    let Value::Object(members) = member else {
        return;
    };
    for (name, member) in members {
        let at = format!("{at}/{}", escaped(name));
        match (name.as_str(), member) {
            ("Condition", Value::String(id)) => walk.add(id, Role::Condition, &at),
            ("DependsOn", Value::String(id)) => walk.add(id, Role::Resource, &at),
            ("DependsOn", Value::Array(ids)) => {
                for id in ids.iter().filter_map(Value::as_str) {
                    walk.add(id, Role::Resource, &at);
                }
            }
            ("Type" | "DeletionPolicy" | "UpdateReplacePolicy" | "Metadata", _) => {}
            _ => walk.value(member, &at),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Template;

    #[test]
    fn every_way_of_naming_is_found_once_and_pseudo_parameters_never() {
        let template = Template::from_yaml(
            "
Conditions: {C: !Equals [!Ref P, x], D: !And [!Condition C, !Not [!Condition C]]}
Parameters: {P: {Type: String, Default: Q}}
Resources:
  A:
    Type: T
    Condition: C
    DependsOn: [B, E]
    Properties:
      Ref1: !Ref B
      Alias: !Ref F.Alias
      Att: !GetAtt F.Version.Version
      Sub1: !Sub '${B.Arn}/${AWS::Region}/${!Literal}/$x'
      Sub2: !Sub ['${Own}-${G}', {Own: !Ref H}]
      If1: !If [D, !Ref I, !Ref AWS::NoValue]
      Data: {Condition: {Bool: {'aws:SecureTransport': 'false'}}, Ref: text, Other: 1}
  B: {Type: T, DependsOn: E}
Outputs: {O: {Condition: D, Value: !Ref A}}
",
        )
        .unwrap();
        let mut named: Vec<_> = template
            .references()
            .into_iter()
            .map(|found| format!("{} {:?}", found.id, found.role))
            .collect();
        named.sort();
        assert_eq!(
            named,
            [
                "A Value",
                "B Resource",
                "B Value",
                "B Value",
                "C Condition",
                "C Condition",
                "C Condition",
                "D Condition",
                "D Condition",
                "E Resource",
                "E Resource",
                "F Resource",
                "F Value",
                "G Value",
                "H Value",
                "I Value",
                "P Value",
            ]
        );
    }
}
