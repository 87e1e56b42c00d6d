//! The workspace's files as texts.

use std::path::Path;

use e2e::built::workspace;

/// A file: its path within the workspace, with slashes, and its text.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    pub(super) fn of(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Whether the whole file is for tests.
    pub(super) fn is_test(&self) -> bool {
        let path = &self.path;
        path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
    }

    /// The lines that are compiled into what is deployed, numbered from 1: no comments, no test module at the end.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens = |pair: &[&str]| {
            pair[0].trim() == "#[cfg(test)]"
                && pair[1].starts_with("mod ")
                && pair[1].ends_with('{')
        };
        let end = lines.windows(2).position(opens).unwrap_or(lines.len());
        let end = if self.is_test() { 0 } else { end };
        lines
            .into_iter()
            .take(end)
            .enumerate()
            .map(|(number, line)| (number + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// The files below the workspace whose name ends in `suffix`, in order; build output and data are none of ours.
pub(super) fn ending_in(suffix: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&workspace(), &workspace(), suffix, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        !found.is_empty(),
        "there are no files *{suffix} in {}",
        workspace().display()
    );
    found
}

fn walk(root: &Path, folder: &Path, suffix: &str, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (
            entry.path(),
            entry.file_name().to_string_lossy().into_owned(),
        );
        if path.is_dir() {
            if name != "target" && !(name.starts_with('.') && name != ".cargo" && name != ".ci") {
                walk(root, &path, suffix, found);
            }
        } else if name.ends_with(suffix) {
            let relative = path
                .strip_prefix(root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            found.push(Source {
                path: relative,
                text: std::fs::read_to_string(&path).unwrap_or_default(),
            });
        }
    }
}

#[test]
fn comments_and_the_test_module_are_no_code() {
    let text = "//! Doc\nfn a() {}\n#[cfg(test)]\nmod elsewhere;\nfn b() {} // c\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
    let lines = |path| {
        Source::of(path, text)
            .code()
            .map(|(number, _)| number)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines("detector/src/lib.rs"), [2, 3, 4, 5]);
    for test in [
        "tests/src/lib.rs",
        "detector/src/tests.rs",
        "detector/src/tests/world.rs",
    ] {
        assert!(lines(test).is_empty(), "{test}");
    }
}
