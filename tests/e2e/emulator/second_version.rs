//! The same stack, deployed again with another package of car-api.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use e2e::dist;
use e2e::emulator::stack::Deployer;
use e2e::emulator::wait::until;
use platform::series_store::SeriesStore;
use reqwest::Method;
use tempfile::TempDir;

use super::{PARAMETERS, STACK, World, now, tables};

/// On AWS CodeDeploy would move the alias in steps; here it moves at once. Either way, what the new version says is kept
/// apart by its number, as the comparison of versions needs it.
pub(super) async fn new_code_is_a_new_version(world: &World, deployer: &Deployer, binaries: &Path) {
    let changed = TempDir::new().unwrap();
    for function in dist::FUNCTIONS {
        symlink(binaries.join(function), changed.path().join(function)).unwrap();
    }
    let package = changed.path().join("car-api");
    std::fs::remove_file(&package).unwrap();
    std::fs::create_dir(&package).unwrap();
    std::fs::copy(
        binaries.join("car-api/bootstrap"),
        package.join("bootstrap"),
    )
    .unwrap();
    std::fs::write(package.join("note"), "another build").unwrap();
    let _ = deployer.package(changed.path(), world.deployed);
    deployer.deploy(STACK, &PARAMETERS).unwrap();

    let alias = world.account.lambda.get_alias().name("live");
    let alias = alias.function_name(world.outputs.get("CarApiFunction"));
    let alias = alias.send().await.unwrap();
    assert_eq!(alias.function_version.as_deref(), Some("2"), "{alias:?}");
    let listed = world.ask(Method::GET, "/cars", &[], None).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let models = listed.body.as_array().unwrap().iter();
    assert!(
        models.into_iter().any(|car| car["model"] == "Later"),
        "what was stored is still there: {listed:?}"
    );
    let (store, group) = (tables::series(world), world.log_group("CarApiFunction"));
    until(
        "a rollup of the second version",
        Duration::from_secs(30),
        async || {
            let versions = store.raw_minutes_by_version(&group, world.deployed, now());
            let versions = versions.await.unwrap();
            versions
                .keys()
                .any(|version| version.to_string() == "2")
                .then_some(())
        },
    )
    .await;
}
