//! Where the binaries of this build are.

use std::path::{Path, PathBuf};

/// The binary `name` of the same build as the running executable: beside it, or above it when it is a test.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let running = std::env::current_exe().unwrap_or_else(|error| panic!("where am I? {error}"));
    let mut folder = running.parent().unwrap_or(Path::new("."));
    if folder.ends_with("deps") {
        folder = folder.parent().unwrap_or(folder);
    }
    let binary = folder.join(name);
    assert!(
        binary.exists(),
        "{} is not there: build the workspace first (cargo build --workspace)",
        binary.display()
    );
    binary
}

/// The folder of the workspace, whose rules the architecture test checks.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
