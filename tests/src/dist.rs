//! The binaries that are shipped, as `make dist` builds them.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rustix::fs::{FlockOperation, flock};

use crate::built::workspace;

/// The functions that are shipped.
pub const FUNCTIONS: [&str; 4] = ["car-api", "log-processor", "detector", "responder"];

/// What Cargo and make tell the programs they start. A build that is told so once and once not would be two builds.
const OF_THE_CALLER: [&str; 9] = [
    "CARGO",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "LD_LIBRARY_PATH",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "RUST_RECURSION_COUNT",
];

/// The folder that becomes the function's package; its binary is `bootstrap`. Built if it is missing or older than
/// the sources, which can take minutes: call it before anything that waits.
///
/// # Panics
/// When it cannot be built; says why.
#[must_use]
pub fn package(function: &str) -> PathBuf {
    make().join(function)
}

/// The package as Lambda takes it. See [`package`].
///
/// # Panics
/// When it cannot be built; says why.
#[must_use]
pub fn zip(function: &str) -> PathBuf {
    make().join(format!("{function}.zip"))
}

/// Has make and Cargo decide what is to be built, once a process. Processes take turns.
fn make() -> &'static PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = workspace().join("target/dist");
        let lock = std::fs::create_dir_all(&folder)
            .and_then(|()| File::create(folder.join(".lock")))
            .unwrap_or_else(|error| panic!("{} is no place for a lock: {error}", folder.display()));
        flock(&lock, FlockOperation::LockExclusive)
            .unwrap_or_else(|error| panic!("{} cannot be locked: {error}", folder.display()));
        let mut command = Command::new("make");
        command
            .arg("dist")
            .current_dir(workspace())
            .stdin(Stdio::null());
        for name in OF_THE_CALLER {
            command.env_remove(name);
        }
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("make cannot be started: {error}"));
        assert!(
            output.status.success(),
            "make dist failed ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        folder.join("bootstrap")
    })
}
