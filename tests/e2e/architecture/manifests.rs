//! Arrows between packages run down only, and every version is written once.

use e2e::built::workspace;
use toml::{Table, Value};

use super::sources::ending_in;
use super::{none, one};

/// The roof: the packages that may see several deployables. The tests stand on the command line's stack.
const ROOF: [&str; 2] = ["outrider", "e2e"];

/// A package of the workspace.
pub(super) struct Member {
    pub(super) path: String,
    pub(super) name: String,
    manifest: Table,
}

impl Member {
    pub(super) fn of(path: &str, manifest: &str) -> Self {
        let manifest: Table = manifest
            .parse()
            .unwrap_or_else(|error| panic!("{path}/Cargo.toml: {error}"));
        let name = manifest["package"]["name"].as_str().unwrap().to_owned();
        Self {
            path: path.to_owned(),
            name,
            manifest,
        }
    }

    /// Its dependencies of every kind, the kind first.
    fn dependencies(&self) -> Vec<(String, String, Value)> {
        let mut found = Vec::new();
        collect(&self.manifest, &mut found);
        found
    }

    fn normal(&self) -> Vec<String> {
        let normal = self
            .dependencies()
            .into_iter()
            .filter(|(kind, _, _)| kind == "dependencies");
        normal.map(|(_, name, _)| name).collect()
    }

    fn is_deployable(&self) -> bool {
        let below = |folder: &str| self.path.starts_with(folder);
        !below("crates/") && !below("tests/") && !ROOF.contains(&self.name.as_str())
    }
}

/// `[target.….dependencies]` hide one level down.
fn collect(table: &Table, found: &mut Vec<(String, String, Value)>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if key.ends_with("dependencies") {
            found.extend(
                inner
                    .iter()
                    .map(|(name, how)| (key.clone(), name.clone(), how.clone())),
            );
        } else if key == "target" {
            inner
                .values()
                .filter_map(Value::as_table)
                .for_each(|target| collect(target, found));
        }
    }
}

/// Every package below the workspace's folder.
pub(super) fn members() -> Vec<Member> {
    let manifests = ending_in("/Cargo.toml".trim_start_matches('/'));
    let packages = manifests
        .iter()
        // What fuzzes is a workspace of its own, as cargo-fuzz has it: its lints and features are not the product's.
        .filter(|manifest| !["Cargo.toml", "fuzz/Cargo.toml"].contains(&manifest.path.as_str()));
    packages
        .map(|manifest| {
            Member::of(
                manifest.path.trim_end_matches("/Cargo.toml"),
                &manifest.text,
            )
        })
        .collect()
}

fn root() -> Table {
    std::fs::read_to_string(workspace().join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap()
}

/// Arrows that run up or sideways, over every kind of dependency.
fn arrows(members: &[Member]) -> Vec<String> {
    let ours = |name: &str| members.iter().find(|member| member.name == name);
    let mut complaints = Vec::new();
    for member in members {
        for (_, name, _) in member.dependencies() {
            let Some(other) = ours(&name) else { continue };
            let roof = ROOF.iter().position(|roof| *roof == member.name);
            let down = match ROOF.iter().position(|roof| *roof == other.name) {
                Some(height) => roof.is_some_and(|own| own > height),
                None => other.path.starts_with("crates/") || roof.is_some(),
            };
            if !down {
                complaints.push(format!(
                    "{} depends on {name}: arrows run down only",
                    member.name
                ));
            }
        }
        if member.name == "anomaly" {
            let known = member
                .normal()
                .into_iter()
                .filter(|name| ours(name).is_some());
            complaints.extend(
                known.map(|name| {
                    format!("anomaly depends on {name}: it knows numbers and none of us")
                }),
            );
        }
    }
    complaints
}

fn versions(member: &Member) -> Vec<String> {
    let inherits = |value: Option<&Value>| {
        value.and_then(|value| value.get("workspace")) == Some(&Value::Boolean(true))
    };
    let own = member
        .dependencies()
        .into_iter()
        .filter(|(_, _, how)| !inherits(Some(how)));
    let mut complaints: Vec<_> = own
        .map(|(_, name, _)| {
            format!(
                "{} names a version of {name}: write {name}.workspace = true",
                member.name
            )
        })
        .collect();
    if !inherits(member.manifest.get("lints")) {
        complaints.push(format!(
            "{} has lints of its own: write [lints] workspace = true",
            member.name
        ));
    }
    complaints
}

/// `clippy` is `clippy.toml`: each ban has its reason, and the bans that the design rests on are there.
fn bans(clippy: &Table) -> Vec<String> {
    let entries = ["disallowed-methods", "disallowed-types"]
        .map(|key| clippy.get(key).and_then(Value::as_array));
    let entries: Vec<&Value> = entries.into_iter().flatten().flatten().collect();
    let text = |entry: &Value, key: &str| {
        entry
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let unexplained = entries
        .iter()
        .filter(|entry| text(entry, "reason").is_empty());
    let mut complaints: Vec<_> = unexplained
        .map(|entry| format!("clippy.toml bans {entry} without a reason"))
        .collect();
    for path in [
        "std::time::SystemTime::now",
        "std::time::Instant::now",
        "jiff::Timestamp::now",
        "std::env::var",
        "std::thread::sleep",
        "tokio::spawn",
        "flate2::read::GzDecoder",
    ] {
        if !entries.iter().any(|entry| text(entry, "path") == path) {
            complaints.push(format!("clippy.toml no longer bans {path}"));
        }
    }
    complaints
}

#[test]
fn arrows_between_packages_run_down_only() {
    none(arrows(&members()));
    let house = |package: &str, manifest: &str| {
        let manifest = format!("[package]\nname = \"{package}\"\n{manifest}");
        let path = if ["anomaly", "platform"].contains(&package) {
            format!("crates/{package}")
        } else {
            package.to_owned()
        };
        let rest = ["anomaly", "platform", "signals"].map(|name| {
            Member::of(
                &format!("crates/{name}"),
                &format!("[package]\nname = \"{name}\""),
            )
        });
        let row = ["car-api", "detector", "e2e", "outrider"]
            .map(|name| Member::of(name, &format!("[package]\nname = \"{name}\"")));
        let others = rest
            .into_iter()
            .chain(row)
            .filter(|member| member.name != package);
        arrows(
            &others
                .chain([Member::of(&path, &manifest)])
                .collect::<Vec<_>>(),
        )
    };
    for (package, manifest, complaint) in [
        (
            "detector",
            "[dependencies]\ncar-api.workspace = true",
            "detector depends on car-api",
        ),
        (
            "detector",
            "[dev-dependencies]\ncar-api.workspace = true",
            "detector depends on car-api",
        ),
        (
            "detector",
            "[target.'cfg(unix)'.dependencies]\noutrider.workspace = true",
            "detector depends on outrider",
        ),
        (
            "platform",
            "[dependencies]\ndetector.workspace = true",
            "platform depends on detector",
        ),
        (
            "outrider",
            "[dependencies]\ne2e.workspace = true",
            "outrider depends on e2e",
        ),
        (
            "anomaly",
            "[dependencies]\nsignals.workspace = true",
            "anomaly depends on signals",
        ),
    ] {
        one(house(package, manifest), complaint);
    }
    none(house(
        "outrider",
        "[dependencies]\ncar-api.workspace = true\ndetector.workspace = true",
    ));
    none(house(
        "e2e",
        "[dependencies]\noutrider.workspace = true\ncar-api.workspace = true",
    ));
}

#[test]
fn every_deployable_is_known_to_this_test() {
    let deployables: Vec<_> = members()
        .into_iter()
        .filter(Member::is_deployable)
        .map(|member| member.name)
        .collect();
    assert_eq!(
        deployables,
        ["car-api", "detector", "log-processor", "responder"]
    );
}

#[test]
fn every_version_is_in_the_root_and_every_package_has_its_lints() {
    none(members().iter().flat_map(versions).collect());
    let member = |rest: &str| {
        versions(&Member::of(
            "a",
            &format!("[package]\nname = \"a\"\n{rest}"),
        ))
    };
    one(
        member("[lints]\nworkspace = true\n[dependencies]\nserde = \"1\""),
        "a version of serde",
    );
    one(
        member("[lints]\nworkspace = true\n[dev-dependencies]\nserde = { version = \"1\" }"),
        "a version of serde",
    );
    one(
        member("[dependencies]\nserde.workspace = true"),
        "lints of its own",
    );
    let root = root();
    let lints = &root["workspace"]["lints"];
    assert_eq!(lints["rust"]["unsafe_code"].as_str(), Some("forbid"));
    assert!(
        lints["clippy"].get("disallowed_methods").is_some()
            && lints["clippy"].get("disallowed_types").is_some()
    );
}

#[test]
fn every_package_below_the_workspace_is_a_member() {
    let listed: Vec<_> = root()["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap().to_owned())
        .collect();
    for member in members() {
        assert!(
            listed.contains(&member.path),
            "{} is no member: nobody tests it",
            member.path
        );
    }
}

#[test]
fn every_ban_has_its_reason() {
    let text = std::fs::read_to_string(workspace().join("clippy.toml")).unwrap();
    none(bans(&text.parse().unwrap()));
    one(
        bans(
            &text
                .replace(
                    "path = \"std::thread::sleep\"",
                    "path = \"std::thread::park\"",
                )
                .parse()
                .unwrap(),
        ),
        "sleep",
    );
    let silent = format!("{text}\n").replace(
        "reason = \"a data race with every reader of the environment\"",
        "reason = \"\"",
    );
    one(bans(&silent.parse().unwrap()), "without a reason");
}
