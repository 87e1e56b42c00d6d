//! The responder's configuration: which version it is to try.

use platform::config::{ConfigErrors, Reader, Vars};
use platform::logging::Level;

/// The ARN of the version that is to get traffic, `…:function:<name>:<number>`.
pub const VERSION_ARN: &str = "CAR_API_VERSION_ARN";

/// Everything the responder is told at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// See [`VERSION_ARN`].
    pub version_arn: String,
}

/// A version's number stands at the end: trying an alias would try the version that has the traffic already.
fn is_version(arn: &str) -> bool {
    let mut parts = arn.split(':');
    let parts: [Option<&str>; 9] = std::array::from_fn(|_| parts.next());
    let [
        Some("arn"),
        _,
        Some("lambda"),
        _,
        _,
        Some("function"),
        Some(name),
        Some(version),
        None,
    ] = parts
    else {
        return false;
    };
    !name.is_empty() && !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// A variable that is missing, or names no version.
    pub fn read(vars: &dyn Vars) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(vars);
        // Logging has been set up already; here a level that is no level is reported with everything else.
        Level::read(&mut reader);
        let version_arn = reader.required(VERSION_ARN, "the version of car-api to try");
        if !version_arn.is_empty() && !is_version(&version_arn) {
            reader.problem(format!(
                "{VERSION_ARN} is {version_arn:?}: write the ARN of a version, arn:…:function:<name>:<number>"
            ));
        }
        reader.finish().map(|()| Self { version_arn })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(arn: &str) -> Result<Settings, ConfigErrors> {
        Settings::read(&BTreeMap::from([(VERSION_ARN.to_owned(), arn.to_owned())]))
    }

    #[test]
    fn only_a_version_can_be_tried() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:outrider-car-api:42";
        assert_eq!(read(arn).unwrap().version_arn, arn);
        for (rule, arn) in [
            ("nothing", ""),
            ("a name", "outrider-car-api"),
            (
                "a function",
                "arn:aws:lambda:eu-west-1:123456789012:function:f",
            ),
            (
                "an alias",
                "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
            ),
            (
                "the newest code",
                "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST",
            ),
            (
                "something else",
                "arn:aws:lambda:eu-west-1:123456789012:layer:f:1",
            ),
            (
                "too much",
                "arn:aws:lambda:eu-west-1:123456789012:function:f:1:2",
            ),
        ] {
            let error = read(arn).unwrap_err().to_string();
            assert!(
                error.contains(VERSION_ARN) && error.contains(arn),
                "{rule}: {error}"
            );
        }
    }
}
