//! What documents point to is there, and the page on deploying says what the template says.

use std::collections::BTreeMap;

use e2e::built::workspace;

use super::sources::{Source, ending_in};
use super::{none, one};

/// The page that explains the template's parameters and outputs.
const DEPLOY: &str = "docs/deploy.md";
const TEMPLATE: &str = "deploy/template.yaml";
/// Defaults that a table has no room for; there it says what they mean.
const DESCRIBED: [&str; 1] = ["SubscriptionFilterPattern"];

/// The lines of a document that are no code, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    let lines = text.lines().enumerate();
    lines.filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            code = !code;
            return None;
        }
        (!code).then_some((index + 1, line))
    })
}

/// Where a heading is linked to: its words in lower case with hyphens, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| {
        if c == ' ' {
            '-'
        } else {
            c.to_ascii_lowercase()
        }
    })
    .collect()
}

fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings
        .map(|(_, line)| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

/// The targets of `[…](…)` and of `[…]: …`.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let inline = line.split("](").skip(1);
        found.extend(inline.filter_map(|rest| Some((number, rest.split_once(')')?.0))));
        if line.starts_with('[')
            && let Some((_, target)) = line.split_once("]: ")
        {
            found.push((number, target.trim()));
        }
    }
    found
}

/// `path` from the folder of `from`, without `.` and `..`.
fn resolved(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Complaints about targets that are not there. `texts` are all documents by their path; `exists` is asked of what is
/// no document.
fn broken(
    document: &Source,
    texts: &BTreeMap<&str, &str>,
    exists: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, target) in links(&document.text) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (path, heading) = target.split_once('#').unwrap_or((target, ""));
        let path = if path.is_empty() {
            document.path.clone()
        } else {
            resolved(&document.path, path)
        };
        let problem = match texts.get(path.as_str()) {
            Some(text) if !heading.is_empty() => (!anchors(text).iter().any(|one| one == heading))
                .then(|| format!("{path} has no heading #{heading}")),
            Some(_) => None,
            None => (!exists(&path)).then(|| format!("{path} is not there")),
        };
        complaints.extend(
            problem
                .map(|problem| format!("{}:{number} links to {target}: {problem}", document.path)),
        );
    }
    complaints
}

fn documents() -> Vec<Source> {
    ending_in(".md")
}

fn by_path(documents: &[Source]) -> BTreeMap<&str, &str> {
    documents
        .iter()
        .map(|document| (document.path.as_str(), document.text.as_str()))
        .collect()
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let documents = documents();
    let texts = by_path(&documents);
    let exists = |path: &str| workspace().join(path).exists();
    none(
        documents
            .iter()
            .flat_map(|document| broken(document, &texts, &exists))
            .collect(),
    );
    let example = |text: &str| {
        let document = Source::of("docs/a.md", text);
        let others = BTreeMap::from([
            ("docs/a.md", text),
            ("README.md", "# What it *is*: a test\n"),
        ]);
        broken(&document, &others, &|path| path == "docs/there")
    };
    none(example(
        "# Own\n[x](#own) [y](../README.md#what-it-is-a-test) [z](there/) [w](https://a.b)\n```\n[v](none)\n```\n",
    ));
    for (text, part) in [
        ("[x](none.md)", "docs/none.md is not there"),
        ("[x](../README.md#absent)", "no heading #absent"),
        ("[x](#absent)", "no heading #absent"),
        ("a\n\n[x]: ./none.md\n", "docs/a.md:3"),
    ] {
        one(example(text), part);
    }
}

/// Runbooks that a template names below `${RunbooksUrl}/`: page and heading.
fn named_runbooks(template: &str) -> Vec<(String, String)> {
    let named = template.split("${RunbooksUrl}/").skip(1).map(|rest| {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || "-_.#/".contains(c));
        let name = rest.split(ends).next().unwrap_or_default();
        let name = name.trim_end_matches('.');
        let (page, heading) = name.split_once('#').unwrap_or((name, ""));
        (page.to_owned(), heading.to_owned())
    });
    named.collect()
}

#[test]
fn every_runbook_that_the_template_names_is_there_and_every_runbook_is_listed() {
    let documents = documents();
    let texts = by_path(&documents);
    let complaints = |template: &str| {
        let missing = named_runbooks(template)
            .into_iter()
            .filter(|(page, heading)| {
                let text = texts.get(format!("docs/runbooks/{page}").as_str());
                text.is_none_or(|text| !heading.is_empty() && !anchors(text).contains(heading))
            });
        missing
            .map(|(page, heading)| format!("the template names {page}#{heading}"))
            .collect::<Vec<_>>()
    };
    none(complaints(&template()));
    one(
        complaints("\"Runbook: ${RunbooksUrl}/gone.md. x\""),
        "gone.md",
    );
    one(
        complaints("${RunbooksUrl}/pipeline.md#gone. x"),
        "pipeline.md#gone",
    );

    let list = texts["docs/runbooks/README.md"];
    let pages = texts
        .keys()
        .filter_map(|path| path.strip_prefix("docs/runbooks/"));
    for page in pages.filter(|page| *page != "README.md") {
        assert!(list.contains(&format!("({page})")), "{page} is not listed");
    }
}

fn template() -> String {
    std::fs::read_to_string(workspace().join(TEMPLATE)).unwrap()
}

/// The names below a top-level key of the template, each with its default where that stands on the same line.
fn below(template: &str, key: &str) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    let mut name = None;
    let inside = template
        .lines()
        .skip_while(|line| *line != format!("{key}:"))
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    for line in inside {
        let own = line
            .strip_prefix("  ")
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        if let Some(new) = own.and_then(|rest| rest.strip_suffix(':')) {
            found.insert(new.to_owned(), None);
            name = Some(new.to_owned());
        } else if let (Some(name), Some(value)) = (&name, line.strip_prefix("    Default: ")) {
            found.insert(name.clone(), Some(value.trim_matches('"').to_owned()));
        }
    }
    found
}

/// The rows of the tables whose first column holds names in backticks: the names, and the second column.
fn rows(text: &str) -> Vec<(Vec<String>, String)> {
    let rows = prose(text).filter_map(|(_, line)| line.strip_prefix("| `"));
    rows.filter_map(|row| {
        let mut columns = row.split(" | ");
        let names = columns.next()?.trim_end_matches('`');
        let names = names.split("`, `").map(str::to_owned).collect();
        let second = columns.next()?.trim_end_matches(" |");
        Some((names, second.trim_matches('`').to_owned()))
    })
    .collect()
}

/// What the page says of the template that is not so, and what it does not say.
fn untrue(page: &str, template: &str) -> Vec<String> {
    let (parameters, outputs) = (below(template, "Parameters"), below(template, "Outputs"));
    let rows = rows(page);
    let explained = |name: &String| rows.iter().any(|(names, _)| names.contains(name));
    let mut complaints: Vec<_> = parameters
        .keys()
        .chain(outputs.keys())
        .filter(|name| !explained(name))
        .map(|name| format!("{name} is not explained"))
        .collect();
    for (names, default) in &rows {
        for name in names {
            match parameters.get(name) {
                None if !outputs.contains_key(name) => {
                    complaints.push(format!("{name} is not in the template"));
                }
                Some(real) if !DESCRIBED.contains(&name.as_str()) => {
                    let real = match real.as_deref() {
                        None => "required",
                        Some("") => "none",
                        Some(real) => real,
                    };
                    if default != real {
                        complaints.push(format!("{name} is said to be {default}, it is {real}"));
                    }
                }
                _ => {}
            }
        }
    }
    complaints
}

#[test]
fn the_page_on_deploying_explains_every_parameter_and_output_as_it_is() {
    let page = std::fs::read_to_string(workspace().join(DEPLOY)).unwrap();
    let tables = |page: &str| {
        // The other tables of the page are about other things.
        let from = page.find("### Parameters").unwrap_or_default();
        let to = page.find("## Confirm").unwrap_or(page.len());
        page[from..to].to_owned()
    };
    none(untrue(&tables(&page), &template()));

    let template = "Parameters:\n  Owner:\n    Type: String\n  Rate:\n    Default: 50\n  Mail:\n    Default: \"\"\n\
                    Outputs:\n  Url:\n    Value: x\n";
    let page = "| `Owner` | required | who |\n| `Rate` | `50` | how |\n| `Mail` | none | whom |\n| `Url` | where |\n";
    none(untrue(page, template));
    one(
        untrue(&page.replace("`50`", "`60`"), template),
        "Rate is said to be 60",
    );
    one(
        untrue(
            &page.replace("| `Owner` | required | who |\n", ""),
            template,
        ),
        "Owner is not explained",
    );
    one(
        untrue(&format!("{page}| `Gone` | `1` | x |\n"), template),
        "Gone is not in the template",
    );
}
