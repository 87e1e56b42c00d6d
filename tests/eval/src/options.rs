//! The command line.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

const USAGE: &str = "write eval [corpora|fleet|received|null|refit] [--data FOLDER] [--quick] [--write FILE | --check FILE] \
                     [--refit FILE] [--seeds N] [--tries N] [--detector NAME]";

/// What is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything but refits.
    All,
    /// The labelled data alone.
    Corpora,
    /// The simulated fleet alone.
    Fleet,
    /// What people receive over four weeks alone; `Fleet` has it too.
    Received,
    /// The null calibration alone.
    Null,
    /// Refits of every constant.
    Refit,
}

/// What to do.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) part: Part,
    /// Where the labelled data lie.
    pub(crate) data: PathBuf,
    /// A tenth of everything: to see that it works, not to quote.
    pub(crate) quick: bool,
    /// The document to write.
    pub(crate) write: Option<PathBuf>,
    /// The document to compare with.
    pub(crate) check: Option<PathBuf>,
    /// Where refits are kept.
    pub(crate) refit: PathBuf,
    /// Ways to deal the files.
    pub(crate) seeds: u64,
    /// Sets of constants that each fold tries.
    pub(crate) tries: usize,
    /// `corpora`: only detectors whose name contains this.
    pub(crate) detector: String,
}

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self {
            part: Part::All,
            data: PathBuf::from("../shared/data"),
            quick: false,
            write: None,
            check: None,
            refit: PathBuf::from("tests/eval/refit.json"),
            seeds: 1,
            tries: 80,
            detector: String::new(),
        };
        while let Some(arg) = args.next() {
            let mut next = || {
                args.next()
                    .with_context(|| format!("{arg} needs a value: {USAGE}"))
            };
            match arg.as_str() {
                "corpora" => options.part = Part::Corpora,
                "fleet" => options.part = Part::Fleet,
                "received" => options.part = Part::Received,
                "null" => options.part = Part::Null,
                "refit" => options.part = Part::Refit,
                "--quick" => options.quick = true,
                "--data" => options.data = PathBuf::from(next()?),
                "--write" => options.write = Some(PathBuf::from(next()?)),
                "--check" => options.check = Some(PathBuf::from(next()?)),
                "--refit" => options.refit = PathBuf::from(next()?),
                "--detector" => options.detector = next()?,
                "--seeds" => options.seeds = next()?.parse().context(USAGE)?,
                "--tries" => options.tries = next()?.parse().context(USAGE)?,
                other => bail!("{other}: {USAGE}"),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> anyhow::Result<Options> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_there_is() {
        for (line, complaint) in [
            (
                "fleets",
                "fleets: write eval [corpora|fleet|received|null|refit]",
            ),
            ("--data", "--data needs a value"),
            ("refit --seeds many", "write eval"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(complaint), "{line}: {error}");
        }
        let options = parse("refit --quick --seeds 7 --data elsewhere").unwrap();
        assert_eq!(
            (options.part, options.quick, options.seeds),
            (Part::Refit, true, 7)
        );
        assert_eq!(options.data, PathBuf::from("elsewhere"));
        assert_eq!(parse("").unwrap().part, Part::All);
    }
}
