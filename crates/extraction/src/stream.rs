//! What the name of a log stream says. Untrusted: whoever may write to the log group may name a stream anything.

use signals::Version;
use signals::series::function_of_log_group;

/// The published version of the function that writes to the stream, or `None`: `$LATEST`, a stream that is no
/// function's, a name of another shape.
///
/// A stream belongs to one execution environment and an environment runs one version. Lambda names it
/// `<year>/<month>/<day>/[<version>]<environment>`, in a log group that was configured by name
/// `<year>/<month>/<day>/<function>[<version>][<environment>]` (AWS Lambda developer guide, "Configuring
/// CloudWatch log groups", read 2026-11-21). Several functions may share such a log group, and their versions have
/// nothing to do with each other: only the function that the log group is named after is read there.
pub(crate) fn version(log_group: &str, log_stream: &str) -> Option<Version> {
    let (_, name) = log_stream.rsplit_once('/')?;
    let name = name
        .strip_prefix(function_of_log_group(log_group))
        .unwrap_or(name);
    let (version, _) = name.strip_prefix('[')?.split_once(']')?;
    Version::parse(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_where_lambda_writes_it_and_nowhere_else() {
        for (name, group, stream, expected) in [
            (
                "a published version",
                "/aws/lambda/car-api",
                "2026/11/21/[42]0123456789abcdef0123456789abcdef",
                Some("42"),
            ),
            (
                "a log group configured by name",
                "/aws/lambda/car-api",
                "2026/11/21/car-api[42][0123456789abcdef]",
                Some("42"),
            ),
            (
                "another function in a shared log group",
                "/teams/cars",
                "2026/11/21/car-api[42][0123456789abcdef]",
                None,
            ),
            (
                "what is not published",
                "/aws/lambda/car-api",
                "2026/11/21/[$LATEST]0123456789abcdef",
                None,
            ),
            ("no bracket", "/ecs/orders", "web/orders/0123456789", None),
            ("no slash", "/aws/lambda/car-api", "[42]0123", None),
            (
                "no closing bracket",
                "/aws/lambda/car-api",
                "2026/11/21/[42",
                None,
            ),
            (
                "no digits",
                "/aws/lambda/car-api",
                "2026/11/21/[]0123",
                None,
            ),
            (
                "a name",
                "/aws/lambda/car-api",
                "2026/11/21/[live]0123",
                None,
            ),
            (
                "a sign",
                "/aws/lambda/car-api",
                "2026/11/21/[-42]0123",
                None,
            ),
            (
                "a leading zero",
                "/aws/lambda/car-api",
                "2026/11/21/[042]0123",
                None,
            ),
            (
                "a later bracket",
                "/aws/lambda/car-api",
                "2026/11/21/a[42]0123",
                None,
            ),
            (
                "the bracket of a folder",
                "/aws/lambda/car-api",
                "2026/11/[42]21/0123",
                None,
            ),
            (
                "a number beyond counting",
                "/aws/lambda/car-api",
                "2026/11/21/[99999999999999999999]0",
                None,
            ),
            (
                "other digits",
                "/aws/lambda/car-api",
                "2026/11/21/[٤٢]0123",
                None,
            ),
            ("nothing", "", "", None),
        ] {
            let found = version(group, stream).map(|version| version.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
