//! The template and the shipped binaries on an emulator of AWS that nobody here wrote: deployed, called, broken, paged.
//!
//! It evaluates IAM, so that each function does here what its role lets it. What differs from AWS is said where a step
//! meets it, in the table of `tests/emulator/deploy.py`, and in ARCHITECTURE.md, section 9. It runs in real time:
//! history is loaded, and the detector is told the time.

mod bus;
mod cars;
mod failures;
mod logs;
mod metrics;
mod pager;
mod parameters;
mod queue;
mod rights;
mod rollout;
mod second_version;
mod stages;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use e2e::dist;
use e2e::emulator::account::Account;
use e2e::emulator::api::{Answer, Api};
use e2e::emulator::server::Server;
use e2e::emulator::stack::{Deployer, Outputs};
use e2e::emulator::venv;
use e2e::emulator::wait::until;
use platform::clock::{Clock, SystemClock};
use platform::config::{Environment, Vars};
use reqwest::Method;
use serde_json::Value;
use signals::Minute;

use stages::Stages;

const STACK: &str = "outrider";
/// What the stack is deployed with; everything else is the template's default.
const PARAMETERS: [(&str, &str); 7] = [
    ("Environment", "test"),
    ("Owner", "team-cars"),
    ("Architecture", "x86_64"),
    ("RunbooksUrl", "https://example.com/runbooks"),
    ("FaultInjection", "enabled"),
    // The emulator does not read JSON patterns: a pattern's words must all be in the line.
    ("SubscriptionFilterPattern", ""),
    // AWS delivers a batch again when log-processor is at its limit; the emulator drops it.
    ("LogProcessorReservedConcurrency", "0"),
];

/// What the stages share.
struct World {
    account: Account,
    api: Api,
    outputs: Outputs,
    /// The minute in which it was deployed. The schedule's runs are told its beginning, so they are about the minute
    /// before it.
    deployed: Minute,
    /// Requests that car-api answered.
    answered: AtomicU64,
}

impl World {
    /// One request that reaches car-api.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.api.call(method, path, headers, body).await
    }

    fn log_group(&self, output: &str) -> String {
        format!("/aws/lambda/{}", self.outputs.get(output))
    }
}

fn now() -> Minute {
    Minute::containing(SystemClock.now())
}

/// The folders with each function's `bootstrap`: what `make dist` builds, or another build for whoever works on this.
fn binaries() -> PathBuf {
    if let Some(folder) = Environment.get("EMULATOR_BINARIES") {
        return folder.into();
    }
    let packages = dist::FUNCTIONS.map(dist::package);
    packages[0].parent().unwrap().to_owned()
}

/// Processes whose program lies in the folder.
fn processes_in(folder: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let programs =
        processes.filter_map(|process| std::fs::read_link(process.path().join("exe")).ok());
    programs
        .filter(|program| program.starts_with(folder))
        .count()
}

#[tokio::test]
async fn the_template_and_the_shipped_binaries_keep_their_promises_on_an_emulator_nobody_here_wrote()
 {
    let mut stages = Stages::start();
    let binaries = binaries();
    stages.built("find or build the binaries");
    let python = venv::python();
    stages.done("find or install the emulator");
    let rollout = rollout::CodeDeploy::start().await;
    let server = Server::start(
        &python,
        &[
            // The emulator speaks plain HTTP; the crate that speaks to S3 refuses it unless it is told.
            ("AWS_ALLOW_HTTP", "true"),
            // It has no CodeDeploy.
            ("AWS_ENDPOINT_URL_CODEDEPLOY", &rollout.endpoint()),
            // AWS waits a minute before it repeats an asynchronous invocation, and then two.
            ("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "0.1"),
        ],
    )
    .await;
    stages.done("start the emulator");
    let deployer = Deployer::new(&python, &server);
    let deployed = now();
    stages.say(&deployer.package(&binaries, deployed));
    stages.done("package");
    let outputs = deployer.deploy(STACK, &PARAMETERS).unwrap();
    stages.done("deploy");
    let world = World {
        account: Account::connect(&server).await,
        api: Api::new(outputs.get("ApiUrl"), server.address()),
        outputs,
        deployed,
        answered: AtomicU64::new(0),
    };

    cars::nobody_is_let_in_unsigned(&world).await;
    let listener = bus::listen(&world).await;
    let car = cars::a_car_is_created_read_changed_listed_and_deleted(&world).await;
    bus::the_bus_tells_what_became_of_a_car(&world, &listener, &car).await;
    stages.done("cars through the API");
    queue::a_creation_is_accepted_and_happens_later(&world).await;
    queue::a_message_that_is_delivered_again_changes_nothing(&world).await;
    queue::a_poisoned_message_ends_in_the_dead_letters_and_is_reported(&world).await;
    stages.done("cars through the queue, dead letters");
    logs::standard_output_is_in_the_log_groups(&world).await;
    logs::rollups_count_every_request(&world).await;
    stages.done("logs and rollups");
    failures::a_batch_that_cannot_be_read_is_kept(&world).await;
    stages.done("on-failure destination");
    metrics::what_rust_puts_reads_back(&world).await;
    metrics::a_verdict_rings_the_alarm_of_the_rollout(&world).await;
    stages.done("metrics and alarms");
    rollout::the_hook_tries_the_new_version(&world, &rollout).await;
    stages.done("pre-traffic hook");
    tables::load_history(&world).await;
    stages.done("load history");
    let first = pager::fail_some_requests(&world, deployed).await;
    parameters::a_wrong_parameter_is_refused_by_name(&deployer);
    stages.done("failing requests in one minute, wrong parameters");
    pager::the_schedule_runs_the_detector(&world).await;
    stages.done("wait for the schedule's first run");
    let second = pager::fail_some_requests(&world, first).await;
    logs::rollups_count_every_request(&world).await;
    stages.done("failing requests in another minute");
    pager::somebody_is_woken(&world, first, second).await;
    stages.done("detector, page");
    second_version::new_code_is_a_new_version(&world, &deployer, &binaries).await;
    stages.done("second version");
    rights::a_queue_refuses_plain_http(&world).await;
    rights::a_role_lets_its_function_write_to_its_own_table_alone(&world).await;
    stages.done("rights");
    let work = server.work();
    assert_ne!(processes_in(&work), 0, "the functions run in processes");
    drop(server);
    until(
        "the end of what it started",
        Duration::from_secs(10),
        async || (processes_in(&work) == 0).then_some(()),
    )
    .await;
    stages.done("end the emulator");
    stages.finish();
}
