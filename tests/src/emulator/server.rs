//! The emulator's process.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::wait::until;
use super::{OWNER, REGION};
use crate::built::workspace;

/// How much of its log is shown when a test fails.
const LINES_SHOWN: usize = 40;
const COLUMNS_SHOWN: usize = 240;

/// A running emulator on 127.0.0.1. It ends, with every function it runs, when this is dropped or this process dies:
/// either way the pipe that it reads ends (`tests/emulator/serve.py`).
#[derive(Debug)]
pub struct Server {
    process: Child,
    stdin: Option<ChildStdin>,
    port: u16,
    work: TempDir,
}

impl Server {
    /// Starts it and waits until it answers. `vars` is added to its environment, which the functions inherit.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(python: &Path, vars: &[(&str, &str)]) -> Self {
        let work = tempfile::tempdir()
            .unwrap_or_else(|error| panic!("no folder for the emulator: {error}"));
        let mut process = Command::new(python)
            .arg(workspace().join("tests/emulator/serve.py"))
            .arg(work.path())
            .env_clear()
            .envs(environment())
            .envs(vars.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", python.display()));
        let mut line = String::new();
        let read = process
            .stdout
            .take()
            .map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let port = line.trim().parse();
        let port =
            port.unwrap_or_else(|_| panic!("the emulator said no port but {line:?} ({read:?})"));
        let mut server = Self {
            stdin: process.stdin.take(),
            process,
            port,
            work,
        };
        let health = format!("{}/_ministack/health", server.endpoint());
        until(
            "the emulator's first answer",
            Duration::from_secs(60),
            async || {
                let ended = server.process.try_wait();
                assert!(
                    matches!(ended, Ok(None)),
                    "the emulator ended ({ended:?})\n{}",
                    server.log()
                );
                let answer = reqwest::get(&health).await.ok()?;
                answer.status().is_success().then_some(())
            },
        )
        .await;
        server
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// `http://127.0.0.1:<port>`
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// A folder that is gone with it.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.work.path().to_owned()
    }

    /// The end of its log: the last lines, and the beginning of each.
    #[must_use]
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.work.path().join("server.log")).unwrap_or_default();
        let lines: Vec<String> = log
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| line.chars().take(COLUMNS_SHOWN).collect())
            .collect();
        lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
    }
}

/// What every tool of AWS is told here; nothing of this process's environment, so that no call can leave the machine
/// with somebody's credentials.
pub(super) fn environment() -> [(&'static str, &'static str); 10] {
    let (key, secret) = OWNER;
    [
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("MINISTACK_REGION", REGION),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("LANG", "C.UTF-8"),
    ]
}

impl Drop for Server {
    #[expect(
        clippy::print_stderr,
        reason = "why a test failed may stand in no other place"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the emulator's log ends:\n{}", self.log());
        }
        self.stdin = None;
        // It kills its own group; nothing is left to wait for but that.
        let _ = self.process.wait();
    }
}
