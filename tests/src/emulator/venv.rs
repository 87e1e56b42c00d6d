//! The virtual environment with the emulator and the AWS command line, at the versions of
//! `tests/emulator/requirements.txt`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

use crate::built::workspace;

/// The interpreter in `target/emulator/venv`, which is made when it is not there or was made of other requirements.
/// Processes take turns.
///
/// # Panics
/// When it cannot be made: nothing that needs the emulator may pass without it.
#[must_use]
pub fn python() -> PathBuf {
    let folder = workspace().join("target/emulator");
    let venv = folder.join("venv");
    let failed = |doing: &str, error: &dyn std::fmt::Display| -> ! {
        panic!("{doing} {} failed: {error}", venv.display())
    };
    let lock = std::fs::create_dir_all(&folder)
        .and_then(|()| File::create(folder.join(".lock")))
        .unwrap_or_else(|error| failed("locking", &error));
    flock(&lock, FlockOperation::LockExclusive).unwrap_or_else(|error| failed("locking", &error));

    let requirements = workspace().join("tests/emulator/requirements.txt");
    let wanted = std::fs::read(&requirements)
        .unwrap_or_else(|error| failed("reading the requirements of", &error));
    let stamp = venv.join("installed.txt");
    let python = venv.join("bin/python");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    // What is half made, or made of something else, is of no use.
    if venv.exists() {
        std::fs::remove_dir_all(&venv).unwrap_or_else(|error| failed("clearing", &error));
    }
    run(
        Command::new("python3").args(["-m", "venv"]).arg(&venv),
        "it needs Python 3.10 or newer with venv",
    );
    run(
        &mut pip(&python, &requirements),
        "it needs PyPI, or a mirror of it that pip is configured for",
    );
    std::fs::write(&stamp, wanted).unwrap_or_else(|error| failed("finishing", &error));
    python
}

fn pip(python: &Path, requirements: &Path) -> Command {
    let mut command = Command::new(python);
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]);
    command
        .args(["--retries", "2", "--timeout", "20", "--requirement"])
        .arg(requirements);
    command
}

fn run(command: &mut Command, needs: &str) {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| {
        panic!("the emulator cannot be installed: {command:?}: {error}; {needs}")
    });
    assert!(
        output.status.success(),
        "the emulator cannot be installed: {command:?} ended with {}; {needs}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
