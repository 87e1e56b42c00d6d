//! Where a command finds the detector: a data directory, or AWS.

use std::path::PathBuf;

use clap::Args;

use crate::local::OpenDetector;

/// `[--data DIR] [--config FILE] [--aws]`
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The data directory of a demo or of `up`, which must not be running
    #[arg(
        long,
        default_value = ".outrider",
        conflicts_with = "aws",
        global = true
    )]
    pub(crate) data: PathBuf,
    /// What is watched there (outrider.toml), if not what `up` watches
    #[arg(long, value_name = "FILE", conflicts_with = "aws", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// AWS; credentials, region and the detector's variables are in the environment
    #[arg(long, global = true)]
    pub(crate) aws: bool,
}

/// What is there.
pub(crate) enum Opened {
    /// A data directory, which nobody else may open.
    Local(Box<OpenDetector>),
    /// The account that the environment names.
    Aws(Box<detector::Deps>),
}

impl Place {
    /// A data directory, watched as `up` watches it.
    #[cfg(test)]
    pub(crate) fn local(data: &std::path::Path) -> Self {
        Self {
            data: data.to_owned(),
            config: None,
            aws: false,
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// A directory that is in use or holds nothing; variables that are missing.
    pub(crate) async fn open(&self) -> anyhow::Result<Opened> {
        Ok(if self.aws {
            let deps = detector::connect(&platform::config::Environment).await?;
            Opened::Aws(Box::new(deps))
        } else {
            let open = OpenDetector::open(&self.data, self.config.as_deref()).await?;
            Opened::Local(Box::new(open))
        })
    }
}

impl Opened {
    /// Everything the detector has.
    pub(crate) fn deps(&self) -> &detector::Deps {
        match self {
            Self::Local(open) => &open.deps,
            Self::Aws(deps) => deps,
        }
    }

    /// Closes it.
    ///
    /// # Errors
    /// What ended the local database early.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Local(open) => open.close().await,
            Self::Aws(_) => Ok(()),
        }
    }
}
