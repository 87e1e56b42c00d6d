//! One process at a time has a data directory.

use std::fs::{File, OpenOptions};
use std::path::Path;

use anyhow::Context;

/// Held while the process lives; the system lets go of it however the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock is the open file")] File);

impl Lock {
    /// Makes the directory when it is not there, and takes it.
    ///
    /// # Errors
    /// A directory that cannot be made, or that another process has.
    pub fn take(data: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data)
            .with_context(|| format!("cannot make the folder {}", data.display()))?;
        let path = data.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        file.try_lock().with_context(|| {
            format!(
                "{} is in use by another outrider; stop it or choose another --data",
                data.display()
            )
        })?;
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_has_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let error = Lock::take(folder.path()).unwrap_err();
        assert!(
            format!("{error:#}").contains("in use by another outrider"),
            "{error:#}"
        );
        drop(first);
        Lock::take(folder.path()).unwrap();
    }
}
