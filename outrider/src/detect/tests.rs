use std::path::Path;

use serde_json::Value;

use super::*;

mod places;

/// Files that are there, by relative path.
type Files<'a> = &'a [(&'a str, &'a [u8])];

/// A folder with `in`, where the files are, and the place for `out`.
fn world(files: Files<'_>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    for (name, content) in files {
        let path = folder.path().join("in").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// Exit code, standard output and standard error of `detect --input in --output <output>`.
fn detect(folder: &Path, output: &str, json: bool) -> (ExitCode, String, String) {
    let args = DetectArgs {
        input: folder.join("in"),
        output: folder.join(output),
        json,
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = run(&args, &mut stdout, &mut stderr).unwrap_or_else(|error| {
        writeln!(stderr, "outrider: {error:#}").unwrap();
        ExitCode::from(2)
    });
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(&*folder.to_string_lossy(), "DIR")
    };
    (code, text(stdout), text(stderr))
}

/// The scores of one file; none when it was not scored.
fn scores(content: &[u8]) -> Option<String> {
    let world = world(&[("a.csv", content)]);
    detect(world.path(), "out", false);
    std::fs::read_to_string(world.path().join("out/a.csv")).ok()
}

/// Timestamp and value of each row, without the score.
fn texts(scored: &str) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_reader(scored.as_bytes());
    reader
        .records()
        .map(|row| row.unwrap())
        .map(|row| (row[0].to_owned(), row[1].to_owned()))
        .collect()
}

/// Every path below a folder, sorted.
fn paths(folder: &Path) -> Vec<String> {
    let mut paths: Vec<_> = walkdir::WalkDir::new(folder)
        .min_depth(1)
        .into_iter()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .strip_prefix(folder)
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    paths.sort();
    paths
}

/// A series with a season, some noise and two things to find.
fn series(rows: usize) -> String {
    let mut text = "timestamp,value\n".to_owned();
    for row in 0..rows {
        let noise = (row * 7_919 % 101) as f64 / 10.0;
        let fault = if row == 700 || row > 950 { 400.0 } else { 0.0 };
        let value = 100.0 + 30.0 * (row as f64 / 50.0).sin() + noise + fault;
        text.push_str(&format!("{},{value}\n", 1_397_088_000 + 300 * row));
    }
    text
}

#[test]
fn every_csv_below_the_folder_is_scored_under_the_same_path() {
    let world = world(&[
        ("b.csv", b"timestamp,value\n1,2\n"),
        ("a/deep/c.csv", b"timestamp,value\n1,2\n2,\n"),
        ("a/notes.txt", b"no series"),
        ("a/deep/d.CSV.bak", b"no series"),
    ]);
    let (code, stdout, stderr) = detect(world.path(), "out", true);
    assert_eq!((code, stderr.as_str()), (ExitCode::SUCCESS, ""));
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        summary,
        serde_json::json!({
            "files": 2, "failed": 0, "links_left_out": 0, "rows": 3, "missing": 1, "not_later": 0, "output": "DIR/out"
        })
    );
    assert_eq!(
        paths(&world.path().join("out")),
        ["a", "a/deep", "a/deep/c.csv", "b.csv"]
    );
}

#[test]
fn rows_are_read_as_they_may_be_written() {
    let day = |text: &str| (text.to_owned(), "5".to_owned());
    for (name, content, expected) in [
        (
            "any case, other columns, another order",
            &b"label,VALUE,TimeStamp\nx,5,2014-04-10 00:00:00\n"[..],
            vec![day("2014-04-10 00:00:00")],
        ),
        (
            "quoted",
            b"\"TimeStamp\",\"Value\"\n\"2018-04-25T00:00:00Z\",\"5\"\n",
            vec![day("2018-04-25T00:00:00Z")],
        ),
        (
            "a byte order mark",
            b"\xef\xbb\xbftimestamp,value\n1,5\n",
            vec![day("1")],
        ),
        (
            "a byte order mark and quotes",
            b"\xef\xbb\xbf\"timestamp\",value\n1,5\n",
            vec![day("1")],
        ),
        (
            "lines that end as on Windows",
            b"timestamp,value\r\n1,5\r\n2,5\r\n",
            vec![day("1"), day("2")],
        ),
        (
            "no end of the last line, and empty lines",
            b"timestamp,value\n\n1,5\n\n2,5",
            vec![day("1"), day("2")],
        ),
        (
            "blanks stay in the text",
            b" timestamp , value\n 1,5\n",
            vec![day(" 1")],
        ),
        (
            "a row that stands twice, and one that comes late, are rows",
            b"timestamp,value\n60,5\n60,5\n0,5\n120,5\n",
            vec![day("60"), day("60"), day("0"), day("120")],
        ),
        ("no rows", b"timestamp,value\n", vec![]),
    ] {
        let scored = scores(content).expect(name);
        assert!(
            scored.starts_with("timestamp,value,anomaly_score\n"),
            "{name}"
        );
        assert_eq!(texts(&scored), expected, "{name}");
    }
}

#[test]
fn what_was_not_measured_scores_nothing_and_keeps_its_text() {
    let mut content = series(900);
    let texts = ["", " ", "NaN", "nan", "inf", "-Infinity", "1e400"];
    for (row, text) in texts.iter().enumerate() {
        content.push_str(&format!("{},{text}\n", 1_397_088_000 + 300 * (900 + row)));
    }
    let scored = scores(content.as_bytes()).unwrap();
    let rows: Vec<_> = scored.lines().skip(901).collect();
    assert_eq!(rows.len(), texts.len());
    for (row, text) in rows.iter().zip(texts) {
        assert!(row.ends_with(&format!(",{text},0")), "{row}");
    }
}

#[test]
fn numbers_of_any_size_have_a_score_between_nothing_and_one() {
    let mut content = series(900);
    for (row, text) in ["1e300", "-1e300", "5e-324", "0", "-0", "+7", "1.5E3"]
        .iter()
        .enumerate()
    {
        content.push_str(&format!("{},{text}\n", 1_397_088_000 + 300 * (900 + row)));
    }
    let scored = scores(content.as_bytes()).unwrap();
    assert_eq!(scored.lines().count(), 908);
    for row in scored.lines().skip(1) {
        let score: f64 = row.rsplit(',').next().unwrap().parse().unwrap();
        assert!((0.0..=1.0).contains(&score), "{row}");
    }
}

#[test]
fn a_shorter_copy_has_the_same_scores_and_so_has_a_second_run() {
    let content = series(1_000);
    let whole = scores(content.as_bytes()).unwrap();
    assert_eq!(scores(content.as_bytes()).unwrap(), whole);
    for rows in [1, 2, 500, 701, 999] {
        let shorter: String = content
            .lines()
            .take(rows + 1)
            .map(|line| format!("{line}\n"))
            .collect();
        let scored = scores(shorter.as_bytes()).unwrap();
        assert_eq!(scored.lines().count(), rows + 1);
        assert!(whole.starts_with(&scored), "{rows} rows");
    }
    let scores: Vec<f64> = whole
        .lines()
        .skip(1)
        .map(|row| row.rsplit(',').next().unwrap().parse().unwrap())
        .collect();
    assert!(
        scores[700] > scores[600..699].iter().copied().fold(0.0, f64::max),
        "the peak is found"
    );
}

#[test]
fn mistakes_name_the_file_the_line_and_the_fix() {
    let long = format!("timestamp,value\n1,2\n2,\"{}\n", "x".repeat(3 << 20));
    for (name, content, words) in [
        (
            "an empty file",
            &b""[..],
            vec!["it is empty", "timestamp,value"],
        ),
        (
            "no column value",
            b"timestamp,count\n1,2\n",
            vec![
                "line 1: no column is called value, there is \"timestamp\", \"count\"",
                "name the columns",
            ],
        ),
        (
            "another separator",
            b"timestamp;value\n1;2\n",
            vec![
                "no column is called timestamp, there is \"timestamp;value\"",
                "separated by commas",
            ],
        ),
        (
            "no names at all",
            b"1,2\n2,3\n",
            vec!["no column is called timestamp, there is \"1\", \"2\""],
        ),
        (
            "UTF-16",
            b"\xff\xfet\0i\0m\0e\0",
            vec!["no column is called timestamp"],
        ),
        (
            "a name twice",
            b"value,timestamp,Value\n1,2,3\n",
            vec!["columns 1 and 3 are both called value", "rename"],
        ),
        (
            "a row with less",
            b"timestamp,value\n1,2\n2\n",
            vec!["line 3: it has 1 columns and the first line has 2"],
        ),
        (
            "a row with more",
            b"timestamp,value\n1,2,3\n",
            vec!["line 2: it has 3 columns and the first line has 2"],
        ),
        (
            "an instant of another form",
            b"value,timestamp\n1,10/04/2014\n",
            vec![
                "line 2: column 2 (timestamp) is \"10/04/2014\"",
                "write 2026-11-20T22:05:00Z",
            ],
        ),
        (
            "no instant",
            b"timestamp,value\n,2\n",
            vec!["column 1 (timestamp) is \"\"", "no instant"],
        ),
        (
            "a word",
            b"timestamp,value\n\n\n1,n/a\n",
            vec![
                "line 4: column 2 (value) is \"n/a\"",
                "nothing where the value is missing",
            ],
        ),
        (
            "a word in a file of Windows, after empty lines and a text of two lines",
            b"timestamp,value,text\r\n1,1,\"a\r\nb\"\r\n\r\n1,?,\r\n",
            vec!["line 5: column 2 (value) is \"?\""],
        ),
        (
            "a word behind a byte order mark",
            b"\xef\xbb\xbftimestamp,value\n1,1\n1,?\n",
            vec!["line 3: column 2 (value) is \"?\""],
        ),
        (
            "a word in a last line without an end",
            b"timestamp,value\n1,1\n1,?",
            vec!["line 3: column 2 (value) is \"?\""],
        ),
        (
            "a number of another country",
            b"timestamp,value\n1,\"12,5\"\n",
            vec!["(value) is \"12,5\", which is no number"],
        ),
        (
            "what a terminal would obey",
            b"timestamp,value\n1,\x1b[2J\n",
            vec!["\"\\u{1b}[2J\""],
        ),
        (
            "bytes that are no text",
            b"timestamp,value\n1,\xff\xff\n",
            vec!["column 2 (value) is"],
        ),
        (
            "a quote that never ends",
            long.as_bytes(),
            vec!["line 3: the row is longer than 1048576 bytes"],
        ),
    ] {
        let world = world(&[
            ("a/bad.csv", content),
            ("good.csv", b"timestamp,value\n1,2\n"),
        ]);
        let (code, stdout, stderr) = detect(world.path(), "out", false);
        assert_eq!(code, ExitCode::from(2), "{name}");
        assert!(
            stderr.starts_with("outrider: DIR/in/a/bad.csv: "),
            "{name}: {stderr}"
        );
        assert_eq!(stderr.lines().count(), 1, "{name}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{name}: {stderr}");
        }
        assert!(
            stdout.starts_with("1 files, 1 rows scored"),
            "{name}: {stdout}"
        );
        assert_eq!(
            paths(&world.path().join("out")),
            ["a", "good.csv"],
            "{name}: nothing half-written"
        );
    }
}

#[test]
fn what_was_there_stays_until_the_new_one_is_whole() {
    let world = world(&[("a.csv", b"timestamp,value\n1,2\n")]);
    detect(world.path(), "out", false);
    let before = std::fs::read(world.path().join("out/a.csv")).unwrap();
    std::fs::write(world.path().join("in/a.csv"), "timestamp,value\n1,2\n2,x\n").unwrap();
    let (code, _, stderr) = detect(world.path(), "out", false);
    assert_eq!(code, ExitCode::from(2), "{stderr}");
    assert_eq!(
        std::fs::read(world.path().join("out/a.csv")).unwrap(),
        before
    );
}

#[test]
fn several_bad_files_are_counted_and_the_first_is_named() {
    let world = world(&[("a.csv", b""), ("b.csv", b""), ("c.csv", b"")]);
    let (code, _, stderr) = detect(world.path(), "out", false);
    assert_eq!(code, ExitCode::from(2));
    assert!(
        stderr.starts_with("outrider: DIR/in/a.csv: it is empty"),
        "{stderr}"
    );
    assert!(
        stderr.contains("(and 2 other files cannot be scored)"),
        "{stderr}"
    );
}
