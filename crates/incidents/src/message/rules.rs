//! The ten rules of a great page, each a named row over the rendered messages.

use super::example::{
    context, examples, instant, member, open_record, resolved_record, unaffected,
};
use super::{Context, Publication, Transition, render};
use crate::{Action, Member};

struct Said {
    open: Publication,
    resolve: Publication,
    /// The same opening where nothing is configured and nothing is known.
    bare: Publication,
}

fn say(context: &Context, action: Action, members: &[Member], known: bool) -> Publication {
    let (unaffected, examples) = if known {
        (unaffected(), examples())
    } else {
        (vec![], vec![])
    };
    let (record, at) = match action {
        Action::Resolve => (resolved_record(), instant("22:29")),
        _ => (open_record(), instant("22:05")),
    };
    let transition = Transition {
        action,
        at,
        record: &record,
        members,
        unaffected: &unaffected,
        also_seen: &[],
        examples: &examples,
    };
    render(context, &transition).remove(0)
}

fn said() -> Said {
    let two = [member("PUT /cars/{car_id}"), member("POST /cars")];
    let bare = Context {
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
        ..Context::default()
    };
    let mut uncounted = member("POST /cars");
    (uncounted.requests, uncounted.affected) = (None, None);
    Said {
        open: say(&context(), Action::Open, &two, true),
        resolve: say(&context(), Action::Resolve, &[], true),
        bare: say(&bare, Action::Open, &[uncounted], false),
    }
}

fn first_lines(publication: &Publication, count: usize) -> String {
    publication
        .email
        .lines()
        .take(count)
        .collect::<Vec<_>>()
        .join("\n")
}

fn holds(text: &str, parts: &[&str]) -> Result<(), String> {
    parts.iter().try_for_each(|part| {
        if text.contains(part) {
            Ok(())
        } else {
            Err(format!("{part:?} is missing in:\n{text}"))
        }
    })
}

fn lacks(text: &str, parts: &[&str]) -> Result<(), String> {
    parts.iter().try_for_each(|part| {
        if text.contains(part) {
            Err(format!("{part:?} is in:\n{text}"))
        } else {
            Ok(())
        }
    })
}

type Rule = (&'static str, fn(&Said) -> Result<(), String>);

const RULES: [Rule; 10] = [
    (
        "1 the value, the normal range and the ratio are stated, never a bare threshold",
        |said| {
            for publication in [&said.open, &said.bare] {
                holds(
                    &first_lines(publication, 1),
                    &[
                        "1,940 ms",
                        "(normal 380-520 ms)",
                        "3.74x the upper end of normal",
                    ],
                )?;
                lacks(&publication.email, &["hreshold"])?;
            }
            holds(
                &said.resolve.email,
                &["2,810 ms (normal 380-520 ms), 5.4x the upper end of normal"],
            )
        },
    ),
    (
        "2 the blast radius is counts and a share, and what is not affected is named",
        |said| {
            holds(
                &said.open.email,
                &[
                    "31% of requests",
                    "412 of 1,330 in 5 min",
                    "normal: GET /cars, GET /cars/{car_id}",
                ],
            )?;
            holds(
                &said.bare.email,
                &["requests to POST /cars were not counted", "normal: unknown"],
            )
        },
    ),
    (
        "3 changes in the hour before the start are listed, and their absence is explained",
        |said| {
            holds(
                &said.open.email,
                &[
                    "2026-11-20 21:55 UTC (22:55 Europe/Paris) deploy car-api v41 -> v42 (4 min before the start)",
                ],
            )?;
            lacks(&said.open.email, &["v40"])?;
            holds(
                &said.bare.email,
                &["Changed   unknown: no feed of deploys and changes is connected"],
            )?;
            let quiet = Context {
                changes: vec![],
                ..context()
            };
            let quiet = say(&quiet, Action::Open, &[member("POST /cars")], true);
            holds(
                &quiet.email,
                &["none found (deploy feed last seen 2026-11-20 21:55 UTC (22:55 Europe/Paris))"],
            )
        },
    ),
    (
        "4 times are absolute, in UTC and where people are",
        |said| {
            holds(
                &said.open.email,
                &["Started   2026-11-20 21:59 UTC (22:59 Europe/Paris)"],
            )?;
            holds(
                &said.open.email,
                &["Detected  2026-11-20 22:05 UTC (23:05 Europe/Paris), 6 min after the start"],
            )?;
            lacks(&said.open.email, &["ago", "last hour"])
        },
    ),
    (
        "5 links carry the incident's own time, from 30 minutes before to 30 minutes after",
        |said| {
            let (start, end) = (
                "start~'2026-11-20T21*3a29*3a00.000Z",
                "end~'2026-11-20T22*3a35*3a00.000Z",
            );
            for link in ["metricsV2:graph=", "logsV2:logs-insights"] {
                let line = said
                    .open
                    .email
                    .lines()
                    .find(|line| line.contains(link))
                    .ok_or(link)?;
                holds(line, &[start, end])?;
            }
            lacks(&said.open.email, &["start=PT", "-PT", "RELATIVE"])?;
            // Their formats have no known place for a time, and the message says so.
            holds(
                &said.open.email,
                &["Dashboard (set the time range by hand):"],
            )
        },
    ),
    (
        "6 the resolve states duration, peak and who acknowledged, under the same subject",
        |said| {
            holds(
                &said.resolve.email,
                &[
                    "over after 27 min",
                    "Peak: POST /cars p90 latency 2,810 ms",
                    "Acknowledged by: nobody",
                ],
            )?;
            let tail = |publication: &Publication| {
                publication
                    .subject
                    .split_once(": ")
                    .map(|(_, tail)| tail.to_owned())
            };
            if tail(&said.open) == tail(&said.resolve) {
                Ok(())
            } else {
                Err(said.resolve.subject.clone())
            }
        },
    ),
    (
        "7 log text is stripped, capped, redacted and escaped",
        |said| {
            holds(
                &said.open.email,
                &["PutItem took 1,871 ms for <[e-mail]> ALARM: forged"],
            )?;
            holds(
                &said.open.chat,
                &["PutItem took 1,871 ms for &lt;[e-mail]&gt; ALARM: forged"],
            )?;
            lacks(&said.open.message, &["anna@"])
        },
    ),
    (
        "8 numbers have three digits, a unit and separators",
        |said| {
            holds(
                &said.open.email,
                &["1,940 ms", "1,120 earlier minutes", "1,330 in 5 min"],
            )?;
            lacks(&said.open.email, &["1943", "1,943", "380.2", "520.4"])
        },
    ),
    (
        "9 the first three lines say what broke, how bad and what to do first",
        |said| {
            let lock_screen = first_lines(&said.open, 3);
            holds(
                &lock_screen,
                &[
                    "[PAGE] car-api: POST /cars",
                    "Impact: 31%",
                    "First action: ",
                    "runbooks/latency.md",
                    "team-cars",
                ],
            )?;
            holds(
                &first_lines(&said.resolve, 3),
                &["[RESOLVED] car-api", "Peak: ", "First action: none"],
            )?;
            holds(
                &first_lines(&said.bare, 3),
                &[
                    "First action: ",
                    "Runbook: not configured",
                    "owner: not configured",
                ],
            )
        },
    ),
    (
        "10 the fields come in the order in which they are needed, and the identity last",
        |said| {
            let order = [
                "[PAGE]",
                "Impact: ",
                "First action: ",
                "\nStarted ",
                "\nScope ",
                "\nChanged ",
                "\nEvidence ",
                "\nDashboard ",
                "\nid=",
            ];
            let places: Option<Vec<usize>> = order
                .iter()
                .map(|name| said.open.email.find(name))
                .collect();
            match places {
                Some(places) if places.is_sorted() => holds(&said.open.email, &[" seq=1 fp="]),
                other => Err(format!("{other:?} in:\n{}", said.open.email)),
            }
        },
    ),
];

#[test]
fn a_great_page_keeps_all_ten_rules() {
    let said = said();
    let broken: Vec<String> = RULES
        .iter()
        .filter_map(|(rule, check)| check(&said).err().map(|why| format!("rule {rule}: {why}")))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}
