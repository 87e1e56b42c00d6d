//! A template, and questions to it.

use serde_json::{Map, Value};

use crate::reference::{self, Reference};

/// A template: sections as `CloudFormation` names them, functions in their long forms.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    root: Map<String, Value>,
}

/// A resource of a template.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// Its logical id.
    pub id: &'a str,
    /// Its type, such as `AWS::SQS::Queue`.
    pub kind: &'a str,
    body: &'a Value,
}

impl<'a> Resource<'a> {
    /// The resource as it stands in the template, with `Type`, `Properties`, `Condition` and so on.
    #[must_use]
    pub fn body(&self) -> &'a Value {
        self.body
    }

    /// What a JSON pointer such as `/RedrivePolicy/maxReceiveCount` finds below its properties.
    #[must_use]
    pub fn property(&self, pointer: &str) -> Option<&'a Value> {
        self.body.get("Properties")?.pointer(pointer)
    }
}

impl Template {
    pub(crate) fn new(root: Map<String, Value>) -> Self {
        Self { root }
    }

    /// The whole template.
    #[must_use]
    pub fn root(&self) -> &Map<String, Value> {
        &self.root
    }

    /// The whole template, to be changed. Whoever takes away what something refers to makes a template that
    /// `CloudFormation` refuses; [`Self::dangling`] tells.
    pub fn root_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.root
    }

    /// The members of a section such as `Parameters`; none when it is absent.
    pub fn section(&self, name: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.root
            .get(name)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(id, member)| (id.as_str(), member))
    }

    /// Every resource, by logical id.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        self.section("Resources").filter_map(|(id, body)| {
            let kind = body.get("Type")?.as_str()?;
            Some(Resource { id, kind, body })
        })
    }

    /// The resources of a type.
    pub fn of_type(&self, kind: &str) -> impl Iterator<Item = Resource<'_>> {
        self.resources().filter(move |found| found.kind == kind)
    }

    /// One resource by its logical id.
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        self.resources().find(|found| found.id == id)
    }

    /// Everything in the template that names a parameter, a condition or a resource, with where it does.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        reference::of_root(&self.root)
    }

    /// Where a logical id is named, as JSON pointers.
    #[must_use]
    pub fn references_to(&self, id: &str) -> Vec<String> {
        self.references()
            .into_iter()
            .filter(|found| found.id == id)
            .map(|found| found.at)
            .collect()
    }

    /// References to what is not there. A good template has none.
    #[must_use]
    pub fn dangling(&self) -> Vec<Reference> {
        let has = |section: &str, id: &str| {
            self.root
                .get(section)
                .and_then(|section| section.get(id))
                .is_some()
        };
        let mut found = self.references();
        found.retain(|reference| {
            let sections: &[&str] = match reference.role {
                reference::Role::Condition => &["Conditions"],
                reference::Role::Resource => &["Resources"],
                reference::Role::Value => &["Parameters", "Resources"],
            };
            !sections.iter().any(|section| has(section, &reference.id))
        });
        found
    }

    /// The template as JSON, indented, members in the order of their names, with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        // `{:#}` of a JSON value is its indented text.
        format!("{:#}\n", Value::Object(self.root.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
Parameters: {Name: {Type: String}}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn}}}
  Dead: {Type: AWS::SQS::Queue}
";

    #[test]
    fn it_answers_by_type_by_id_and_by_reference() {
        let template = Template::from_yaml(TEXT).unwrap();
        let queues: Vec<_> = template
            .of_type("AWS::SQS::Queue")
            .map(|queue| queue.id)
            .collect();
        assert_eq!(queues, ["Dead", "Queue"]);
        assert_eq!(
            template.references_to("Dead"),
            ["/Resources/Queue/Properties/RedrivePolicy/deadLetterTargetArn"]
        );
        let queue = template.resource("Queue").unwrap();
        assert!(queue.property("/RedrivePolicy").is_some() && queue.property("/None").is_none());
        assert!(
            template.resource("Name").is_none(),
            "a parameter is no resource"
        );
        assert!(template.dangling().is_empty());
    }

    #[test]
    fn what_it_prints_reads_as_the_same_template() {
        let template = Template::from_yaml(TEXT).unwrap();
        let text = template.to_json();
        assert!(text.ends_with("}\n"));
        assert_eq!(Template::from_json(&text).unwrap(), template);
    }

    #[test]
    fn a_reference_to_nothing_is_found() {
        let mut template = Template::from_yaml(TEXT).unwrap();
        template.root_mut().remove("Parameters");
        let dangling = template.dangling();
        assert_eq!(dangling.len(), 1);
        assert_eq!(
            (dangling[0].id.as_str(), dangling[0].at.as_str()),
            ("Name", "/Resources/Queue/Properties/QueueName")
        );
    }
}
