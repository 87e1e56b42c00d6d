//! Workflows that hold a role of AWS: whose code runs beside it, and what they leave lying about.

use std::fs;

use e2e::built::workspace;

/// What is wrong with a workflow, line by line.
fn careless(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut complaints = Vec::new();
    if !text.contains("\npermissions:\n  contents: read\n") {
        complaints.push("does not begin with the right to read alone".to_owned());
    }
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim_start_matches("- ");
        if let Some(used) = line.strip_prefix("uses: ") {
            if !used.starts_with("actions/") && !used.starts_with("./") {
                complaints.push(format!("{used}: the code of somebody else"));
            }
            if used.starts_with("actions/checkout@")
                && lines.get(at + 2) != Some(&"persist-credentials: false")
            {
                complaints.push(format!("{used}: leaves its token on the disk"));
            }
        }
        // What an expression puts into a script is run as it is; through `env` it is only a text.
        let script = !line.starts_with('#') && !line.contains(": ");
        if script && line.contains("${{") {
            complaints.push(format!("{line}: an expression in a script"));
        }
        if line.contains("--parameter-overrides") && !line.contains("\"${parameters[@]}\"") {
            complaints.push(format!("{line}: splits a parameter at its spaces"));
        }
    }
    complaints
}

#[test]
fn workflows_run_nobody_else_s_code_beside_a_role() {
    let folder = workspace().join(".github/workflows");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let complaints = careless(&read(&name));
        assert!(complaints.is_empty(), "{name}: {complaints:?}");
        names.push(name);
    }
    names.sort_unstable();
    assert_eq!(names, ["deliver.yml", "deploy.yml"]);

    let deliver = read("deliver.yml");
    let production = deliver.split_once("\n  production:").unwrap().1;
    assert!(
        production.contains("needs: staging"),
        "production comes after staging"
    );

    let deploy = read("deploy.yml");
    for (what, from, to, part) in [
        (
            "an action of somebody else",
            "actions/download-artifact",
            "somebody/download",
            "somebody else",
        ),
        (
            "a token that stays",
            "persist-credentials: false",
            "fetch-depth: 1",
            "leaves its token",
        ),
        (
            "a name in a script",
            "umask 077",
            "echo ${{ vars.X }}",
            "in a script",
        ),
        (
            "parameters in one",
            "\"${parameters[@]}\"",
            "$PARAMETERS",
            "splits a parameter",
        ),
        (
            "all rights",
            "\npermissions:\n",
            "\nnothing:\n",
            "right to read",
        ),
    ] {
        assert!(deploy.contains(from), "{what}");
        let complaints = careless(&deploy.replacen(from, to, 1));
        assert!(
            complaints.iter().any(|found| found.contains(part)),
            "{what}: {complaints:?}"
        );
    }
}
