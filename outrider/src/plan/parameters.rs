//! The values of a template's parameters, as somebody types them.

use anyhow::{bail, ensure};
use cfn::Template;
use serde_json::Value;

/// Pairs of names and values out of words `Name=Value`.
///
/// # Errors
/// A word without `=`, a name that the template has no parameter of, a value that the parameter does not allow.
pub(crate) fn given<'a>(
    template: &Template,
    words: &'a [String],
) -> anyhow::Result<Vec<(&'a str, &'a str)>> {
    words.iter().map(|word| pair(template, word)).collect()
}

fn pair<'a>(template: &Template, word: &'a str) -> anyhow::Result<(&'a str, &'a str)> {
    let Some((name, value)) = word.split_once('=') else {
        bail!("--parameter {word}: write Name=Value");
    };
    let Some((_, parameter)) = template
        .section("Parameters")
        .find(|(known, _)| *known == name)
    else {
        let names: Vec<_> = template
            .section("Parameters")
            .map(|(name, _)| name)
            .collect();
        bail!(
            "--parameter {name}: the template has no such parameter; it has {}",
            names.join(", ")
        );
    };
    if let Some(allowed) = parameter["AllowedValues"].as_array() {
        let allowed: Vec<_> = allowed.iter().map(text).collect();
        let fits = allowed.iter().any(|one| one == value);
        ensure!(
            fits,
            "--parameter {name} is {value}: the template allows {}",
            allowed.join(", ")
        );
    }
    if parameter["Type"] == "Number" {
        let number = value.parse::<f64>().is_ok_and(f64::is_finite);
        ensure!(
            number,
            "--parameter {name} is {value}: the template asks for a number"
        );
    }
    Ok((name, value))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_parameter_is_named_with_the_fix() {
        let template = Template::from_yaml(
            "Parameters: {Pool: {Type: Number}, Stage: {Type: String, AllowedValues: [prod, dev]}}\nResources: {A: {Type: B}}",
        )
        .unwrap();
        for (word, parts) in [
            ("Pool", ["Pool", "Name=Value"]),
            ("Pol=1", ["Pol", "Pool, Stage"]),
            ("Pool=many", ["Pool is many", "number"]),
            ("Stage=test", ["Stage is test", "prod, dev"]),
        ] {
            let error = given(&template, &[word.to_owned()])
                .unwrap_err()
                .to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
        let words = ["Pool=2".to_owned(), "Stage=dev".to_owned()];
        assert_eq!(
            given(&template, &words).unwrap(),
            [("Pool", "2"), ("Stage", "dev")]
        );
    }
}
