use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::acknowledge_link::is_control;
use crate::acknowledge_link::tests::{GOLDEN, claim_on, end};
use crate::message::example;
use crate::{Direction, Symptom};

fn taken(by: &str) -> Acknowledgement {
    Acknowledgement {
        by: by.to_owned(),
        at: example::instant("22:07"),
    }
}

/// Every page, by name; those about an incident for `record`, acknowledged by `by`.
fn pages(record: &Record, by: &str, local: Option<&LocalZone>) -> Vec<(&'static str, Page)> {
    let subject = Subject::new(&claim_on(record), record, local).unwrap();
    let mut resolved = record.clone();
    let incident = resolved.incident.as_mut().unwrap();
    incident.resolved_at = Some(example::instant("22:29"));
    incident.acknowledged = Some(taken(by));
    let over = Subject::new(&claim_on(&resolved), &resolved, local).unwrap();
    let refused = |refusal: Refusal| super::refused(&refusal);
    vec![
        ("confirm", super::confirm(&subject)),
        ("done", super::done(&subject, &taken(by))),
        ("already", super::already(&subject, &taken(by))),
        ("over", super::over(&over)),
        ("refused_malformed", refused(TokenError::Malformed.into())),
        ("refused_forged", refused(TokenError::Forged.into())),
        (
            "refused_expired",
            refused(TokenError::Expired { since: end() }.into()),
        ),
        (
            "refused_other_incident",
            refused(TokenError::OtherIncident.into()),
        ),
        (
            "refused_name",
            refused(InvalidBy::TooLong { chars: 93 }.into()),
        ),
        ("refused_unavailable", refused(Refusal::Unavailable)),
        ("refused_not_found", refused(Refusal::NotFound)),
        ("refused_method", refused(Refusal::Method)),
        ("refused_too_large", refused(Refusal::TooLarge)),
        ("refused_form", refused(Refusal::Form)),
    ]
}

fn example_pages() -> Vec<(&'static str, Page)> {
    let local = example::context().local;
    pages(&example::open_record(), "Anna", local.as_ref())
}

#[test]
fn each_page_reads_as_agreed() {
    for (name, Page { status, html }) in example_pages() {
        insta::assert_snapshot!(format!("page_{name}"), format!("{status}\n{html}"));
    }
}

#[test]
fn every_response_forbids_all_but_its_own_style_and_form() {
    let said: String = headers()
        .map(|(name, value)| format!("{name}: {value}\n"))
        .concat();
    insta::assert_snapshot!("headers", said);
    for (name, Page { html, .. }) in example_pages() {
        let (_, rest) = html.split_once("<style>").unwrap();
        let (style, _) = rest.split_once("</style>").unwrap();
        let hash = base64_simd::STANDARD.encode_to_string(Sha256::digest(style.as_bytes()));
        assert!(
            said.contains(&format!("style-src 'sha256-{hash}';")),
            "{name}: {hash}"
        );
        for forbidden in [
            "<script", "http:", "https:", "src=", "href=", "url(", "@import", " style=", "action=",
        ] {
            assert!(!html.contains(forbidden), "{name} has {forbidden}");
        }
    }
}

#[test]
fn only_confirm_has_a_form_and_no_page_holds_the_token() {
    let (signed, mac) = GOLDEN.rsplit_once('.').unwrap();
    for (name, Page { html, .. }) in example_pages() {
        assert_eq!(
            html.contains("<form method=\"post\">"),
            name == "confirm",
            "{name}"
        );
        assert!(!html.contains(mac) && !html.contains(signed), "{name}");
    }
}

#[test]
fn a_refusal_says_nothing_of_what_exists() {
    let record = example::open_record();
    let id = record.incident.as_ref().unwrap().id.as_str();
    for (name, Page { html, status }) in example_pages() {
        let is_refusal = name.starts_with("refused");
        assert_eq!(is_refusal, status != 200, "{name}");
        for known in [
            "car-api",
            "prod",
            "latency",
            id,
            record.fingerprint.as_str(),
        ] {
            assert!(!(is_refusal && html.contains(known)), "{name} says {known}");
        }
    }
}

#[test]
fn a_page_fits_a_phone_of_40_columns() {
    for (name, Page { html, .. }) in example_pages() {
        assert!(
            html.contains("width=device-width") && html.contains("max-width:40ch"),
            "{name}"
        );
        let (_, body) = html.split_once("<body>").unwrap();
        let text: String = body
            .split('<')
            .filter_map(|part| part.split_once('>'))
            .map(|(_, text)| text)
            .collect();
        for word in text.split_whitespace() {
            assert!(word.chars().count() <= 40, "{name}: {word} does not fit");
        }
    }
}

/// The example's record with every name in it replaced.
fn named(text: &str) -> Record {
    let group = Group::new(
        &format!("e{text}"),
        &format!("s{text}"),
        Symptom::Latency,
        Direction::High,
    );
    let mut record = Record::new(group.unwrap());
    let open = example::open_record();
    record.status = open.status;
    record.incident = open.incident;
    let reading = &mut record
        .incident
        .as_mut()
        .unwrap()
        .peak
        .as_mut()
        .unwrap()
        .reading;
    reading.label = text.to_owned();
    reading.metric = text.to_owned();
    record
}

/// What of a page is markup: the tags, without what stands between them.
fn tags(page: &Page) -> Vec<&str> {
    page.html
        .split('<')
        .skip(1)
        .map(|part| part.split('>').next().unwrap_or(part))
        .collect()
}

#[test]
fn hostile_names_and_labels_are_text() {
    let harmless = pages(&named("x"), "x", None);
    for hostile in [
        "<script>alert(1)</script>",
        "</title></style></bdi><img src=x onerror=alert(1)>",
        "\" autofocus onfocus=\"alert(1)",
        "' onmouseover='alert(1)",
        "&lt;script&gt;",
        "<!-- ",
        "]]>",
        "a\r\nSet-Cookie: a=b\r\n\r\n<html>",
        "\u{202e}gnorw\u{0}",
    ] {
        for ((name, page), (_, plain)) in
            pages(&named(hostile), hostile, None).iter().zip(&harmless)
        {
            assert_eq!(tags(page), tags(plain), "{name}: {hostile}");
            let visible = !page.html.contains(|c: char| is_control(c) && c != '\n');
            assert!(visible, "{name}: {hostile:?}");
        }
    }
    assert_eq!(
        escaped("<a b=\"c\" d='e'>&amp;"),
        "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;"
    );
    let (_, confirm) = &pages(&named("&lt;"), "x", None)[0];
    assert!(
        confirm.html.contains("&amp;lt;"),
        "what looks escaped is escaped again"
    );
}

proptest! {
    #[test]
    fn any_name_stays_text(typed in any::<String>()) {
        let plain = pages(&example::open_record(), "x", None);
        for ((_, page), (_, plain)) in pages(&example::open_record(), &typed, None).iter().zip(&plain) {
            prop_assert_eq!(tags(page), tags(plain));
        }
    }
}
