//! YAML with `CloudFormation`'s tags → JSON with long forms.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use saphyr::{LoadableYamlNode, MarkedYaml, Marker, Scalar, Tag, YamlData};
use serde_json::{Map, Number, Value, json};

use crate::read::ReadError;

/// Deeper than any template; a bound, so that a hostile text cannot exhaust the stack.
const DEEPEST: usize = 64;
/// The same for the parser, which builds nodes before they are looked at here: in blocks, each level takes at least a
/// column at the beginning of a line. (In braces and brackets it has a bound of its own.)
const WIDEST_INDENT: usize = 512;

/// What a tag `!X` becomes: `Ref` and `Condition` by themselves, the others `Fn::X`.
const BARE: [&str; 2] = ["Ref", "Condition"];
const FUNCTIONS: [&str; 20] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "Transform",
    "ValueOf",
];

fn wrong(at: Marker, problem: impl Into<String>) -> ReadError {
    ReadError::Text {
        line: at.line(),
        column: at.col() + 1,
        problem: problem.into(),
    }
}

pub(crate) fn read(text: &str) -> Result<Value, ReadError> {
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start_matches([' ', '\t', '-', '?', ':']).len();
        if indent > WIDEST_INDENT {
            return Err(ReadError::Text {
                line: number + 1,
                column: 1,
                problem: format!("is indented by more than {WIDEST_INDENT} columns"),
            });
        }
    }
    let documents =
        MarkedYaml::load_from_str(text).map_err(|error| wrong(*error.marker(), error.info()))?;
    match documents.as_slice() {
        [document] => value(document, 0),
        _ => Err(ReadError::shape(
            "the text",
            format!("holds {} YAML documents; write one", documents.len()),
        )),
    }
}

fn value(node: &MarkedYaml<'_>, depth: usize) -> Result<Value, ReadError> {
    let at = node.span.start;
    if depth > DEEPEST {
        return Err(wrong(at, format!("is nested deeper than {DEEPEST} levels")));
    }
    match &node.data {
        YamlData::Value(scalar) => scalar_value(scalar, at),
        YamlData::Sequence(items) => items
            .iter()
            .map(|item| value(item, depth + 1))
            .collect::<Result<_, _>>()
            .map(Value::Array),
        YamlData::Mapping(members) => {
            let mut object = Map::new();
            for (name, member) in members {
                let member = value(member, depth + 1)?;
                object.insert(key(name)?, member);
            }
            Ok(Value::Object(object))
        }
        YamlData::Tagged(tag, inner) => function(tag, value(inner, depth + 1)?, at),
        YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => {
            Err(wrong(at, "is no value that a template can have"))
        }
    }
}

fn scalar_value(scalar: &Scalar<'_>, at: Marker) -> Result<Value, ReadError> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(yes) => json!(yes),
        Scalar::Integer(number) => json!(number),
        Scalar::FloatingPoint(number) => {
            Number::from_f64(number.into_inner())
                .map(Value::Number)
                .ok_or_else(|| wrong(at, "is a number that JSON does not have"))?
        }
        Scalar::String(text) => json!(text),
    })
}

fn key(node: &MarkedYaml<'_>) -> Result<String, ReadError> {
    let at = node.span.start;
    match &node.data {
        YamlData::Value(Scalar::String(text)) if text == "<<" => {
            Err(wrong(at, "is a merge key, which CloudFormation refuses"))
        }
        YamlData::Value(Scalar::String(text)) => Ok(text.clone().into_owned()),
        // Names of mappings and values of tags may be numbers.
        YamlData::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        _ => Err(wrong(at, "is a key that is no text; put it in quotes")),
    }
}

fn function(tag: &Tag, argument: Value, at: Marker) -> Result<Value, ReadError> {
    let name = tag.suffix.as_str();
    if tag.handle != "!" {
        return Err(wrong(
            at,
            format!("the tag {tag} is none of CloudFormation's"),
        ));
    }
    if BARE.contains(&name) {
        return match argument {
            Value::String(_) => Ok(json!({ name: argument })),
            _ => Err(wrong(at, format!("!{name} takes one name"))),
        };
    }
    if !FUNCTIONS.contains(&name) {
        return Err(wrong(
            at,
            format!("the function !{name} is none of CloudFormation's"),
        ));
    }
    let argument = if name == "GetAtt" {
        attribute(argument).ok_or_else(|| {
            wrong(
                at,
                "!GetAtt takes a name and an attribute, such as Queue.Arn",
            )
        })?
    } else {
        argument
    };
    Ok(json!({ format!("Fn::{name}"): argument }))
}

/// `Queue.Arn` → `["Queue", "Arn"]`; an attribute may have dots itself.
fn attribute(argument: Value) -> Option<Value> {
    match argument {
        Value::String(text) => {
            let (name, attribute) = text.split_once('.')?;
            Some(json!([name, attribute]))
        }
        Value::Array(parts) if parts.len() == 2 => Some(Value::Array(parts)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_long_forms() {
        for (short, long) in [
            ("!Ref Queue", json!({"Ref": "Queue"})),
            ("!Condition IsProd", json!({"Condition": "IsProd"})),
            ("!GetAtt Queue.Arn", json!({"Fn::GetAtt": ["Queue", "Arn"]})),
            (
                "!GetAtt A.Version.Version",
                json!({"Fn::GetAtt": ["A", "Version.Version"]}),
            ),
            (
                "!GetAtt [Queue, Arn]",
                json!({"Fn::GetAtt": ["Queue", "Arn"]}),
            ),
            ("!Sub '${A}-b'", json!({"Fn::Sub": "${A}-b"})),
            (
                "!If [C, !Ref A, !Sub '${B}']",
                json!({"Fn::If": ["C", {"Ref": "A"}, {"Fn::Sub": "${B}"}]}),
            ),
            (
                "!Join [',', [a, b]]",
                json!({"Fn::Join": [",", ["a", "b"]]}),
            ),
            (
                "!Not [!Equals [!Ref A, '']]",
                json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, ""]}]}),
            ),
        ] {
            assert_eq!(
                read(&format!("a: {short}")).unwrap(),
                json!({"a": long}),
                "{short}"
            );
        }
    }

    #[test]
    fn scalars_are_what_yaml_1_2_says() {
        assert_eq!(
            read(
                "a: 1\nb: 0.5\nc: true\nd: '1'\ne: 2012-10-17\nf:\ng: no\nh: >-\n  x\n  y\n200: z"
            )
            .unwrap(),
            json!({"a": 1, "b": 0.5, "c": true, "d": "1", "e": "2012-10-17", "f": null, "g": "no", "h": "x y", "200": "z"})
        );
    }

    #[test]
    fn mistakes_name_line_and_column() {
        for (text, line, part) in [
            ("a: 1\nb: !Reff Queue", 2, "!Reff"),
            ("a: !GetAtt Queue", 1, "Queue.Arn"),
            ("a: !Ref [x]", 1, "one name"),
            ("a: 1\nb:\n  c: 1\n  c: 2", 4, ""),
            ("a: [1", 1, ""),
            ("a: &x {b: 1}\nc: {<<: *x}", 2, "merge key"),
            ("a: .nan", 1, "number"),
            ("? [1]\n: 2", 1, "quotes"),
        ] {
            let error = read(text).unwrap_err();
            let ReadError::Text {
                line: found,
                column,
                problem,
            } = &error
            else {
                panic!("{text}: {error}");
            };
            assert!(problem.contains(part), "{text}: {error}");
            assert!(*found >= line && *column >= 1, "{text}: {error}");
        }
    }

    #[test]
    fn two_documents_and_bottomless_ones_are_refused() {
        assert!(read("a: 1\n---\nb: 1").is_err());
        assert!(read("").is_err());
        for (begin, part) in [
            ("- ", "indented by more"),
            ("? ", "indented by more"),
            ("[", ""),
        ] {
            assert!(
                read(&begin.repeat(100_000))
                    .unwrap_err()
                    .to_string()
                    .contains(part),
                "{begin}"
            );
        }
        let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
        assert!(
            read(&deep)
                .unwrap_err()
                .to_string()
                .contains("nested deeper")
        );
    }
}
