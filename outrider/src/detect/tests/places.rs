use super::*;

#[test]
fn folders_that_cannot_be_used_say_why() {
    let content: Files<'_> = &[("a.csv", b"timestamp,value\n1,2\n")];
    type Prepare = fn(&Path);
    let nothing: Prepare = |_| {};
    for (name, files, prepare, output, words) in [
        (
            "no CSV",
            &[("a.txt", &b"x"[..])][..],
            nothing,
            "out",
            "there is no *.csv",
        ),
        (
            "the same folder",
            content,
            nothing,
            "in",
            "is the same folder as --input",
        ),
        (
            "the same by another name",
            content,
            nothing,
            "in/../in/.",
            "is the same folder as",
        ),
        (
            "within the input",
            content,
            nothing,
            "in/x/y",
            "lies in --input",
        ),
        ("around the input", content, nothing, ".", "holds --input"),
        (
            "within it by a link",
            content,
            |dir| std::os::unix::fs::symlink(dir.join("in"), dir.join("link")).unwrap(),
            "link/out",
            "lies in --input",
        ),
        (
            "no input",
            content,
            |dir| std::fs::remove_dir_all(dir.join("in")).unwrap(),
            "out",
            "--input DIR/in: cannot read it",
        ),
        (
            "an input that is a file",
            content,
            |dir| {
                std::fs::remove_dir_all(dir.join("in")).unwrap();
                std::fs::write(dir.join("in"), "x").unwrap();
            },
            "out",
            "it is no folder; name the folder that holds",
        ),
        (
            "an output that is a file",
            content,
            |dir| std::fs::write(dir.join("out"), "x").unwrap(),
            "out",
            "--output DIR/out: it is no folder",
        ),
        (
            "an output below a file",
            content,
            |dir| std::fs::write(dir.join("file"), "x").unwrap(),
            "file/out",
            "--output DIR/file/out: cannot be reached",
        ),
        (
            "a score file that is a folder",
            content,
            |dir| std::fs::create_dir_all(dir.join("out/a.csv")).unwrap(),
            "out",
            "a.csv: cannot write DIR/out/a.csv",
        ),
    ] {
        let world = world(files);
        prepare(world.path());
        let (code, _, stderr) = detect(world.path(), output, false);
        assert_eq!(code, ExitCode::from(2), "{name}");
        assert!(stderr.contains(words), "{name}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{name}: {stderr}");
        assert!(
            !world.path().join("in/x").exists(),
            "{name}: nothing is made in the input"
        );
    }
}

#[test]
fn links_that_lead_out_of_the_folder_are_not_followed() {
    let world = world(&[
        ("a.csv", b"timestamp,value\n1,2\n"),
        ("deep/b.csv", b"timestamp,value\n1,2\n"),
    ]);
    let (dir, inside) = (world.path(), world.path().join("in"));
    std::fs::write(dir.join("secret.csv"), "timestamp,value\n1,2\n").unwrap();
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, inside.join(name)).unwrap();
    link(&dir.join("secret.csv"), "outside.csv");
    link(&inside.join("a.csv"), "again.csv");
    link(&inside.join("gone.csv"), "broken.csv");
    link(dir, "folder.csv");
    link(&inside, "loop");
    let (code, stdout, stderr) = detect(dir, "out", true);
    assert_eq!((code, stderr.as_str()), (ExitCode::SUCCESS, ""));
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&summary["files"], &summary["links_left_out"]),
        (&3.into(), &3.into())
    );
    assert_eq!(
        paths(&dir.join("out")),
        ["a.csv", "again.csv", "deep", "deep/b.csv"]
    );
}
