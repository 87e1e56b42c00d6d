//! Text → template, or what is wrong with it and where.

use serde_json::Value;

use crate::template::Template;
use crate::yaml;

/// A template in S3 has at most 1 MB (AWS `CloudFormation` quotas,
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>, 2026-11-21).
const LARGEST: usize = 1_000_000;

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The text cannot be read, or holds what a template cannot.
    #[error("line {line}, column {column}: {problem}")]
    Text {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is there, and what may be.
        problem: String,
    },
    /// It reads, but has not the shape of a template.
    #[error("{at}: {problem}")]
    Shape {
        /// Where, as a path such as `Resources.Queue`.
        at: String,
        /// What is there, and what must be.
        problem: String,
    },
    /// `CloudFormation` would refuse it for its size.
    #[error("the template has {bytes} bytes; CloudFormation takes at most {LARGEST}")]
    TooLarge {
        /// Bytes.
        bytes: usize,
    },
}

impl ReadError {
    /// Never: the same text gives the same error.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }

    pub(crate) fn shape(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Shape {
            at: at.into(),
            problem: problem.into(),
        }
    }
}

impl Template {
    /// Reads a template in YAML; every short form becomes its long form.
    ///
    /// # Errors
    /// Text that is not YAML, an unknown tag, a key that is no string, with line and column; a document that has not the
    /// shape of a template, with the path; a template above the 1 MB that `CloudFormation` takes.
    pub fn from_yaml(text: &str) -> Result<Self, ReadError> {
        fits(text)?;
        shaped(yaml::read(text)?)
    }

    /// Reads a template in JSON.
    ///
    /// # Errors
    /// Like [`Self::from_yaml`].
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        fits(text)?;
        let value = serde_json::from_str(text).map_err(|error| ReadError::Text {
            line: error.line(),
            column: error.column(),
            problem: error.to_string(),
        })?;
        shaped(value)
    }
}

fn fits(text: &str) -> Result<(), ReadError> {
    if text.len() > LARGEST {
        return Err(ReadError::TooLarge { bytes: text.len() });
    }
    Ok(())
}

/// A mapping with `Resources`, each of them a mapping with a `Type`; other sections are mappings when they are there.
fn shaped(value: Value) -> Result<Template, ReadError> {
    let Value::Object(root) = value else {
        return Err(ReadError::shape("the template", "is no mapping"));
    };
    for section in [
        "Parameters",
        "Rules",
        "Conditions",
        "Mappings",
        "Globals",
        "Outputs",
    ] {
        if root.get(section).is_some_and(|value| !value.is_object()) {
            return Err(ReadError::shape(section, "is no mapping"));
        }
    }
    let Some(Value::Object(resources)) = root.get("Resources") else {
        return Err(ReadError::shape("Resources", "is missing, or no mapping"));
    };
    for (id, resource) in resources {
        let at = || format!("Resources.{id}");
        let Value::Object(resource) = resource else {
            return Err(ReadError::shape(at(), "is no mapping"));
        };
        if !resource.get("Type").is_some_and(Value::is_string) {
            return Err(ReadError::shape(at(), "has no Type"));
        }
        if resource
            .get("Properties")
            .is_some_and(|value| !value.is_object())
        {
            return Err(ReadError::shape(
                format!("Resources.{id}.Properties"),
                "is no mapping",
            ));
        }
    }
    Ok(Template::new(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_the_shape_of_a_template_is_refused_with_its_path() {
        for (text, begins) in [
            ("[]", "the template: is no mapping"),
            ("{}", "Resources: is missing"),
            ("{Resources: []}", "Resources: is missing, or no mapping"),
            ("{Resources: {A: 1}}", "Resources.A: is no mapping"),
            (
                "{Resources: {A: {Properties: {}}}}",
                "Resources.A: has no Type",
            ),
            (
                "{Resources: {A: {Type: T, Properties: 1}}}",
                "Resources.A.Properties: is no mapping",
            ),
            ("{Resources: {}, Outputs: 1}", "Outputs: is no mapping"),
        ] {
            let error = Template::from_yaml(text).unwrap_err();
            assert!(error.to_string().starts_with(begins), "{text}: {error}");
            assert!(!error.is_retryable());
        }
    }

    #[test]
    fn json_errors_name_line_and_column() {
        let error = Template::from_json("{\n  \"Resources\": }").unwrap_err();
        assert!(
            matches!(error, ReadError::Text { line: 2, column, .. } if column > 1),
            "{error}"
        );
    }

    #[test]
    fn a_template_that_cloudformation_would_refuse_for_its_size_is_refused() {
        let text = format!(
            "{{Resources: {{}}, Description: '{}'}}",
            "x".repeat(LARGEST)
        );
        assert!(matches!(
            Template::from_yaml(&text),
            Err(ReadError::TooLarge { .. })
        ));
    }
}
