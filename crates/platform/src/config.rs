//! Configuration from the environment: read once, at cold start, with every mistake reported at once.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Where variables come from.
pub trait Vars {
    /// The variable's value; `None` when it is not set.
    fn get(&self, key: &str) -> Option<String>;
}

/// The process's environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

impl Vars for Environment {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    fn get(&self, key: &str) -> Option<String> {
        std::env::var(key).ok()
    }
}

impl Vars for BTreeMap<String, String> {
    fn get(&self, key: &str) -> Option<String> {
        BTreeMap::get(self, key).cloned()
    }
}

/// Everything that is wrong with the configuration, one problem a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(Vec<String>);

impl ConfigErrors {
    /// The problems, in the order the variables were read.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }

    /// The same environment fails the same way.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} problem(s):", self.0.len())?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Reads variables and remembers what was wrong with them.
///
/// ```
/// # use std::collections::BTreeMap;
/// let vars = BTreeMap::from([("SHARDS".to_owned(), "many".to_owned())]);
/// let mut reader = platform::config::Reader::new(&vars);
/// let table: String = reader.required("SERIES_TABLE_NAME", "the DynamoDB table of rollups");
/// let shards: u16 = reader.or("SHARDS", 1, "how many detectors share the log groups");
/// let errors = reader.finish().unwrap_err();
/// assert_eq!(errors.problems().len(), 2);
/// # let _ = (table, shards);
/// ```
pub struct Reader<'a> {
    vars: &'a dyn Vars,
    problems: Vec<String>,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// A reader of `vars`.
    #[must_use]
    pub fn new(vars: &'a dyn Vars) -> Self {
        Self {
            vars,
            problems: Vec::new(),
        }
    }

    /// The variable's value when it is set and not empty.
    #[must_use]
    pub fn optional(&self, key: &str) -> Option<String> {
        self.vars
            .get(key)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// A variable that must be set. When it is not, remembers that and returns an empty stand-in, which
    /// [`Reader::finish`] keeps from ever being used.
    pub fn required(&mut self, key: &str, meaning: &str) -> String {
        self.optional(key).unwrap_or_else(|| {
            self.problems
                .push(format!("{key} is not set: it names {meaning}"));
            String::new()
        })
    }

    /// A variable with a default.
    pub fn or<T>(&mut self, key: &str, default: T, meaning: &str) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let Some(text) = self.optional(key) else {
            return default;
        };
        match text.parse() {
            Ok(value) => value,
            Err(error) => {
                self.problems.push(format!(
                    "{key} is {text:?}, which is not {meaning}: {error}"
                ));
                default
            }
        }
    }

    /// A variable that must be one of a few words. The words are compared without regard to case.
    pub fn one_of<T: Copy>(&mut self, key: &str, default: T, choices: &[(&str, T)]) -> T {
        let Some(text) = self.optional(key) else {
            return default;
        };
        if let Some((_, value)) = choices
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(&text))
        {
            return *value;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.problems.push(format!(
            "{key} is {text:?}: write one of {}",
            words.join(", ")
        ));
        default
    }

    /// Remembers a problem that only the caller can see, such as a number out of its range.
    pub fn problem(&mut self, text: String) {
        self.problems.push(text);
    }

    /// Reads and parses a file that a variable names; `None` when that went wrong, which is remembered. `hint`
    /// says where the name came from and what to do.
    pub fn file<T, E: fmt::Display>(
        &mut self,
        path: &str,
        hint: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {path}: {error} ({hint})"));
        text.and_then(|text| parse(&text).map_err(|error| format!("{path}: {error}")))
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }

    /// Like [`Reader::finish`], handing on a value that is only there when nothing went wrong.
    ///
    /// # Errors
    /// Every problem there was.
    pub fn finish_with<T>(self, value: Option<T>) -> Result<T, ConfigErrors> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(ConfigErrors(self.problems)),
        }
    }

    /// # Errors
    /// Every problem there was.
    pub fn finish(self) -> Result<(), ConfigErrors> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigErrors(self.problems))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn every_mistake_is_reported_with_its_value_and_its_fix() {
        let vars = vars(&[("SHARDS", "many"), ("LEVEL", "loud"), ("EMPTY", " ")]);
        let mut reader = Reader::new(&vars);
        assert_eq!(reader.or("SHARDS", 4_u16, "a number of shards"), 4);
        assert_eq!(reader.one_of("LEVEL", 1, &[("info", 1), ("warn", 2)]), 1);
        let _ = reader.required("EMPTY", "the table");
        let text = reader.finish().unwrap_err().to_string();
        for part in [
            "3 problem(s)",
            "SHARDS is \"many\"",
            "write one of info, warn",
            "EMPTY is not set",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn a_right_configuration_is_read_as_it_stands() {
        let vars = vars(&[("SHARDS", "8"), ("LEVEL", "WARN"), ("TABLE", "series")]);
        let mut reader = Reader::new(&vars);
        assert_eq!(reader.or("SHARDS", 1_u16, "a number"), 8);
        assert_eq!(reader.one_of("LEVEL", 1, &[("info", 1), ("warn", 2)]), 2);
        assert_eq!(reader.required("TABLE", "the table"), "series");
        assert_eq!(reader.finish(), Ok(()));
    }
}
