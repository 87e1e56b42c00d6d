//! A function's binary, started as Lambda starts it.

use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use platform::clock::{Clock, Mark, Operation, SystemClock};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::built;
use crate::runtime_api::{Answer, RuntimeApi};

/// A running function with the Runtime API that it asks for events.
///
/// Its outputs go to files, and an answer comes after everything that was written for it: a test that has the
/// answer can read its lines without waiting.
#[derive(Debug)]
pub struct Function {
    /// What it asks for events.
    pub api: RuntimeApi,
    process: Child,
    task: TempDir,
    spawned: Mark,
}

/// How a function ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub status: ExitStatus,
    /// Everything on standard output.
    pub stdout: String,
    /// Everything on standard error.
    pub stderr: String,
}

/// What Lambda sets for every function (AWS Lambda developer guide, "Defined runtime environment variables"), and
/// credentials that mean nothing.
const LAMBDA_SETS: [(&str, &str); 11] = [
    ("_HANDLER", "bootstrap"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ("AWS_LAMBDA_FUNCTION_NAME", "under-test"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/under-test"),
    (
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "2026/11/20/[7]0123456789abcdef",
    ),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("TZ", ":UTC"),
];

impl Function {
    /// Starts the binary `name` as `bootstrap` in a folder of its own, with `vars` on top of Lambda's and with
    /// nothing of this process's environment.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(name: &str, vars: &[(&str, &str)]) -> Self {
        let task =
            tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for {name}: {error}"));
        Self::start_in(task, name, vars).await
    }

    /// The same with a package that holds more than the binary.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start_in(task: TempDir, name: &str, vars: &[(&str, &str)]) -> Self {
        Self::start_binary(task, &built::binary(name), vars).await
    }

    /// The same with any binary, a shipped one for instance.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start_binary(task: TempDir, binary: &Path, vars: &[(&str, &str)]) -> Self {
        let name = binary.display();
        let failed = |error: std::io::Error| -> ! { panic!("{name} cannot be started: {error}") };
        let api = RuntimeApi::start().await;
        let bootstrap = task.path().join("bootstrap");
        std::os::unix::fs::symlink(binary, &bootstrap).unwrap_or_else(|error| failed(error));
        let output =
            |name| File::create(task.path().join(name)).unwrap_or_else(|error| failed(error));
        let spawned = SystemClock.start();
        let process = Command::new(&bootstrap)
            .current_dir(task.path())
            .env_clear()
            .envs(LAMBDA_SETS)
            .env("AWS_LAMBDA_RUNTIME_API", api.authority())
            .env("LAMBDA_TASK_ROOT", task.path())
            .envs(vars.iter().copied())
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| failed(error));
        Self {
            api,
            process,
            task,
            spawned,
        }
    }

    /// Has it handle an event.
    ///
    /// # Panics
    /// When it ends instead of answering.
    pub async fn invoke(&mut self, event: &Value) -> Answer {
        self.invoke_raw(Bytes::from(event.to_string())).await
    }

    /// The same with an event that need not be JSON.
    ///
    /// # Panics
    /// When it ends instead of answering.
    pub async fn invoke_raw(&mut self, event: Bytes) -> Answer {
        tokio::select! {
            answer = self.api.invoke(event) => answer,
            status = self.process.wait() => {
                panic!("the function ended ({status:?})\n{}\n{}", self.read("stdout"), self.read("stderr"))
            }
        }
    }

    /// Waits until it has asked for its first event; says how long that took from the moment it was started.
    ///
    /// # Panics
    /// When it ends instead.
    pub async fn started(&mut self) -> Duration {
        tokio::select! {
            () = self.api.first_poll() => SystemClock.finish(Operation::Request, self.spawned),
            status = self.process.wait() => {
                panic!("the function ended ({status:?})\n{}\n{}", self.read("stdout"), self.read("stderr"))
            }
        }
    }

    /// Has it handle an event that waits for it from the start. Says how long it took from the moment it was started
    /// until it asked for the event, and until it had answered.
    ///
    /// # Panics
    /// When it ends instead.
    pub async fn first(&mut self, event: &Value) -> (Duration, Duration, Answer) {
        let event = Bytes::from(event.to_string());
        let since_start = || SystemClock.finish(Operation::Request, self.spawned);
        let asked = async {
            self.api.first_poll().await;
            since_start()
        };
        let answered = async {
            let answer = self.api.invoke(event).await;
            (since_start(), answer)
        };
        tokio::select! {
            (asked, (answered, answer)) = async { tokio::join!(asked, answered) } => (asked, answered, answer),
            status = self.process.wait() => {
                panic!("the function ended ({status:?})\n{}\n{}", self.read("stdout"), self.read("stderr"))
            }
        }
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When that cannot be learned.
    pub async fn ended(mut self) -> Ended {
        let status = self
            .process
            .wait()
            .await
            .unwrap_or_else(|error| panic!("how did it end? {error}"));
        Ended {
            status,
            stdout: self.read("stdout"),
            stderr: self.read("stderr"),
        }
    }

    /// The id of its process; the same one as long as it lives.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// The memory it holds, where the system says so.
    #[must_use]
    pub fn resident_kib(&self) -> Option<u64> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id()?)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// What it has written to standard output, which is its log.
    #[must_use]
    pub fn log(&self) -> Log {
        Log::of(&self.read("stdout"))
    }

    fn read(&self, output: &str) -> String {
        std::fs::read_to_string(self.task.path().join(output)).unwrap_or_default()
    }
}

/// A function's log, told apart.
#[derive(Debug, Default)]
pub struct Log {
    /// Metric documents.
    pub emf: Vec<Value>,
    /// Log lines.
    pub lines: Vec<Value>,
}

impl Log {
    /// Reads what a function wrote.
    ///
    /// # Panics
    /// When a line is no JSON object: a log group that mixes formats cannot be queried.
    #[must_use]
    pub fn of(output: &str) -> Self {
        let mut log = Self::default();
        for line in output.lines() {
            let value: Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{error} in the line {line}"));
            assert!(value.is_object(), "a log line is no object: {line}");
            if value.get("_aws").is_some() {
                log.emf.push(value)
            } else {
                log.lines.push(value)
            }
        }
        log
    }

    /// The documents that hold a metric.
    #[must_use]
    pub fn with(&self, metric: signals::Metric) -> Vec<&Value> {
        self.emf
            .iter()
            .filter(|document| document.get(metric.name()).is_some())
            .collect()
    }
}
