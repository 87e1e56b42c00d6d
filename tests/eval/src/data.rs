//! Series with labels, as their publishers wrote them.

pub(crate) mod cloud;
pub(crate) mod nab;

use std::path::Path;

use anyhow::{Context, bail};

/// One row of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    /// Seconds since 1970 in UTC.
    pub(crate) seconds: i64,
    /// None: the field is empty.
    pub(crate) value: Option<f64>,
}

/// What a detector is given: rows in the order of the file, and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// The path below the data's folder, with `/`.
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
}

impl Series {
    /// Seconds between two rows, as the owner of a metric would declare them: the median of all distances.
    pub(crate) fn interval(&self) -> i64 {
        let mut steps: Vec<i64> = self
            .rows
            .windows(2)
            .map(|pair| pair[1].seconds - pair[0].seconds)
            .collect();
        steps.sort_unstable();
        steps.get(steps.len() / 2).copied().unwrap_or(60).max(1)
    }
}

/// Seconds since 1970. As `event_score.py` has it, what is written without a zone is UTC.
pub(crate) fn seconds(text: &str) -> anyhow::Result<i64> {
    let text = text.trim().trim_end_matches('Z');
    let time: jiff::civil::DateTime = text
        .parse()
        .with_context(|| format!("{text:?} is no time like 2018-07-03 14:00:00"))?;
    Ok(time
        .to_zoned(jiff::tz::TimeZone::UTC)
        .context("a time outside the calendar")?
        .timestamp()
        .as_second())
}

/// The records of a CSV file behind its header.
pub(crate) fn records(path: &Path) -> anyhow::Result<Vec<csv::StringRecord>> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let records: Result<Vec<_>, _> = reader.records().collect();
    let records = records.with_context(|| format!("{} is no CSV", path.display()))?;
    if records.is_empty() {
        bail!("{} has no rows", path.display());
    }
    Ok(records)
}

/// The value of a row; an empty field is a missing one.
pub(crate) fn value(text: &str) -> anyhow::Result<Option<f64>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let value = text
        .parse()
        .with_context(|| format!("{text:?} is no number"))?;
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_in_either_spelling_and_values_may_be_missing() {
        for text in [
            "2018-07-03 14:00:00",
            "2018-07-03T14:00:00Z",
            " 2018-07-03T14:00:00 ",
        ] {
            assert_eq!(seconds(text).unwrap(), 1_530_626_400, "{text}");
        }
        let error = seconds("yesterday").unwrap_err().to_string();
        assert!(error.contains("\"yesterday\" is no time like"), "{error}");
        assert_eq!(value("").unwrap(), None);
        assert_eq!(value(" 1.5e3 ").unwrap(), Some(1_500.0));
        let error = value("many").unwrap_err().to_string();
        assert!(error.contains("\"many\" is no number"), "{error}");
    }

    #[test]
    fn a_file_that_is_damaged_is_named_with_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let head = "timestamp,value,label\n";
        for (name, text, complaint) in [
            ("no rows", head.to_owned(), "has no rows"),
            (
                "no label",
                format!("{head}2018-07-03 14:00:00,1\n"),
                "row 1: three columns",
            ),
            (
                "no time",
                format!("{head}2018-07-03 14:00:00,1,0\nsoon,1,0\n"),
                "row 2",
            ),
        ] {
            write("one.csv", &text);
            let error = format!("{:#}", cloud::load(folder.path()).unwrap_err());
            assert!(
                error.contains(complaint) && error.contains("one.csv"),
                "{name}: {error}"
            );
        }
        write(
            "labels/combined_windows.json",
            r#"{"g/f.csv": [["2014-04-01 00:05:00.000000", "2014-04-01 00:10:00.000000"]]}"#,
        );
        write(
            "data/g/f.csv",
            "timestamp,value\n2014-04-01 00:00:00,1\n2014-04-01 00:05:00,2\n",
        );
        let error = format!("{:#}", nab::load(folder.path()).unwrap_err());
        assert!(
            error.contains("g/f.csv has no row at 2014-04-01 00:10:00"),
            "{error}"
        );
    }

    #[test]
    fn the_interval_is_the_usual_distance_between_rows() {
        let rows = [0, 60, 120, 4_000, 4_060, 4_120].map(|seconds| Row {
            seconds,
            value: None,
        });
        let series = |rows: &[Row]| Series {
            name: String::new(),
            rows: rows.to_vec(),
        };
        assert_eq!(series(&rows).interval(), 60);
        assert_eq!(series(&rows[..1]).interval(), 60);
    }
}
