//! The template, packaged and deployed by the AWS command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use signals::Minute;

use super::server::{Server, environment};
use crate::built::workspace;

/// What deploys to one emulator.
#[derive(Debug)]
pub struct Deployer {
    python: PathBuf,
    endpoint: String,
    work: PathBuf,
}

impl Deployer {
    /// Deploys to `server`.
    #[must_use]
    pub fn new(python: &Path, server: &Server) -> Self {
        Self {
            python: python.to_owned(),
            endpoint: server.endpoint(),
            work: server.work(),
        }
    }

    /// Packages `deploy/template.yaml` with the binaries in `binaries`; the schedule's runs are told the time `tick`.
    /// Returns what was changed for the emulator, a line each.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn package(&self, binaries: &Path, tick: Minute) -> Vec<String> {
        let template = workspace().join("deploy/template.yaml");
        let mut command = self.command("package");
        command
            .arg(template)
            .arg(binaries)
            .arg(&self.work)
            .arg(tick.to_string());
        let changes = said(&mut command)
            .unwrap_or_else(|error| panic!("the template cannot be packaged: {error}"));
        serde_json::from_str(&changes).unwrap_or_else(|error| panic!("{error} in {changes}"))
    }

    /// Deploys what was packaged; returns the outputs.
    ///
    /// # Errors
    /// What the command line said.
    ///
    /// # Panics
    /// When the outputs are none.
    pub fn deploy(&self, stack: &str, parameters: &[(&str, &str)]) -> Result<Outputs, String> {
        let mut command = self.command("deploy");
        command.arg(stack).arg(&self.work);
        command.args(
            parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        let outputs = said(&mut command)?;
        let outputs =
            serde_json::from_str(&outputs).unwrap_or_else(|error| panic!("{error} in {outputs}"));
        Ok(Outputs(outputs))
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(&self.python);
        command
            .arg(workspace().join("tests/emulator/deploy.py"))
            .arg(what)
            .env_clear()
            .envs(environment())
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .stdin(Stdio::null());
        command
    }
}

fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The outputs of a stack, by name.
#[derive(Debug)]
pub struct Outputs(BTreeMap<String, String>);

impl Outputs {
    /// One of them.
    ///
    /// # Panics
    /// When the template has no such output.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let value = self.0.get(name);
        value.unwrap_or_else(|| panic!("the stack has no output {name}, but {:?}", self.0.keys()))
    }
}
