//! Text that came out of a log, or from anybody who may send a request: it must neither forge a message nor leak
//! a secret into one.

/// The longest excerpt, in characters.
const EXCERPT: usize = 200;
/// How much of a text is looked at: more cannot reach the excerpt, and a hostile megabyte costs nothing.
const LOOKED_AT: usize = 4_000;

/// Words after which a value is a secret or a position. Compared in lower case, without `-` and `_`.
const SECRET_NAMES: &[&str] = &[
    "authorization",
    "cookie",
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "apikey",
    "credential",
    "signature",
    "latitude",
    "longitude",
    "privatekey",
    "sessionid",
];
/// Schemes of an `Authorization` header: what follows is the secret.
const SCHEMES: &[&str] = &["bearer", "basic", "digest", "aws4hmacsha256"];

/// Makes a text from outside fit for a message: one line, no control or direction characters, e-mail addresses,
/// tokens, keys and positions replaced, at most 200 characters.
pub(crate) fn tame(text: &str) -> String {
    cut(&redacted(&one_line(text)), EXCERPT)
}

/// Configured text (service, owner, dashboard): trusted, but still one line and at most 200 characters, and never
/// empty: SNS refuses an empty attribute, and the page would be lost.
pub(crate) fn one_line_of(text: &str) -> String {
    let line = one_line(text);
    let line = line.trim();
    if line.is_empty() {
        "unknown".to_owned()
    } else {
        cut(line, EXCERPT)
    }
}

/// Slack reads `&`, `<` and `>` as markup, and so a text could link, or call everybody.
pub(crate) fn slack(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('`', "'")
}

/// ASCII, at most `limit` characters: what is not printable becomes `?`, what is too long ends in `...`.
pub(crate) fn ascii(text: &str, limit: usize) -> String {
    cut(
        &text
            .chars()
            .map(|c| {
                if c.is_ascii_graphic() || c == ' ' {
                    c
                } else {
                    '?'
                }
            })
            .collect::<String>(),
        limit,
    )
}

/// At most `limit` characters, the last three of them dots where something was cut.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(3)).collect();
    format!("{kept}...")
}

fn one_line(text: &str) -> String {
    // Besides control characters, those that reorder or hide what follows them in a mail client.
    let hidden = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    let mut line: String = text
        .chars()
        .take(LOOKED_AT)
        .map(|c| if c.is_control() || hidden(c) { ' ' } else { c })
        .collect();
    if text.chars().nth(LOOKED_AT).is_some() {
        // A secret cut in half would not look like one any more.
        line.truncate(line.rfind(' ').unwrap_or(0));
    }
    line
}

/// Letters that make up a word: secrets are one word, whatever stands around them.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || "-_.+/=@%~".contains(c)
}

fn redacted(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut after_scheme = false;
    while !rest.is_empty() {
        let (gap, from_word) = rest.split_at(rest.find(in_word).unwrap_or(rest.len()));
        out.push_str(gap);
        let (word, after) =
            from_word.split_at(from_word.find(|c| !in_word(c)).unwrap_or(from_word.len()));
        rest = after;
        let name = word.split('=').next().unwrap_or(word);
        let plain = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_lowercase();
        let is_secret = SECRET_NAMES.iter().any(|secret| plain.contains(secret));
        if let Some(behind) = behind_value(&from_word[name.len()..]).filter(|_| is_secret) {
            out.push_str(name);
            out.push_str("=[redacted]");
            // The values of these two are many words: nothing behind them is worth the risk.
            rest = if plain.contains("authorization") || plain.contains("cookie") {
                ""
            } else {
                behind
            };
        } else if after_scheme && !plain.is_empty() {
            out.push_str("[redacted]");
        } else {
            out.push_str(kind_of_secret(word).unwrap_or(word));
        }
        after_scheme = SCHEMES.contains(&plain.as_str());
    }
    out
}

/// What follows the value of a name, where `rest` starts right behind the name; `None` if no value is given: the
/// word only occurs in a sentence (`unexpected token in JSON`).
fn behind_value(rest: &str) -> Option<&str> {
    const QUOTES: [char; 3] = ['"', '\'', '\\'];
    let value = rest
        .trim_start_matches([' ', '"', '\'', '\\'])
        .strip_prefix([':', '='])?
        .trim_start();
    let inside = value.trim_start_matches(QUOTES);
    let quote = value[..value.len() - inside.len()].chars().last();
    let end = match quote {
        Some(quote) => inside.find(quote),
        None => inside.find(|c: char| c.is_whitespace() || ",;&)]}".contains(c)),
    };
    Some(end.map_or("", |end| &inside[end..]))
}

/// What to show instead of a word that is a secret by its own look.
fn kind_of_secret(word: &str) -> Option<&'static str> {
    let bytes = word.as_bytes();
    let is_mail = word.split(['=', '/']).any(|part| {
        part.split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
            || part
                .to_ascii_lowercase()
                .split_once("%40")
                .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    });
    if is_mail {
        return Some("[e-mail]");
    }
    let key_id = |at: usize| {
        bytes[at..].len() >= 20
            && [b"AKIA", b"ASIA"]
                .iter()
                .any(|prefix| bytes[at..].starts_with(*prefix))
            && bytes[at..at + 20]
                .iter()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    if (0..bytes.len()).any(key_id) {
        return Some("[aws key]");
    }
    if word
        .match_indices("eyJ")
        .any(|(at, _)| bytes.len() - at >= 13)
    {
        return Some("[token]");
    }
    let mixed = |part: &str| {
        part.bytes().any(|b| b.is_ascii_digit()) && part.bytes().any(|b| b.is_ascii_alphabetic())
    };
    // An AWS secret key has 40 characters of base 64, with slashes; paths have no capitals, digits and small
    // letters in exactly that length. Other tokens are long runs without any separator, which UUIDs are not.
    let secret_key = word.len() == 40
        && mixed(word)
        && word.bytes().any(|b| b.is_ascii_uppercase())
        && word.bytes().any(|b| b.is_ascii_lowercase())
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    let long = word
        .split(['/', '.', '-', '=', '%'])
        .any(|part| part.len() >= 32 && mixed(part));
    let prefixed = [
        "ghp_",
        "gho_",
        "github_pat_",
        "xoxb-",
        "xoxp-",
        "sk-",
        "sk_live_",
        "sk_test_",
    ]
    .iter()
    .any(|prefix| word.starts_with(prefix) && word.len() >= prefix.len() + 8);
    (secret_key || long || prefixed).then_some("[token]")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_never_pass() {
        for (text, secret) in [
            ("user anna.k+x@example.com failed", "anna"),
            ("mail=a.b@example.org&x=1", "a.b@"),
            ("to a.b%40example.org", "a.b%40"),
            ("Authorization: Bearer abc.def.ghi", "abc"),
            (
                "authorization: AWS4-HMAC-SHA256 Credential=AKIDX/2026, Signature=ab12",
                "AKIDX",
            ),
            ("{\"Authorization\":\"Basic dXNlcjpwYXNz\"}", "dXNl"),
            ("proxy-authorization: token123", "token123"),
            ("used Bearer 5ecr3t now", "5ecr3t"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", "eyJ"),
            ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSF"),
            ("key=ASIAIOSFODNN7EXAMPLE", "ASIAIOSF"),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalr"),
            ("password=hunter2 next", "hunter2"),
            ("\"password\": \"hunter2\"", "hunter2"),
            ("{\\\"password\\\": \\\"correct hunter2\\\"}", "hunter2"),
            ("password = hunter2", "hunter2"),
            ("https://h/p?a=1&access_token=hunter2&b=2", "hunter2"),
            ("password : hunter2", "hunter2"),
            ("db_password=hunter2", "hunter2"),
            ("api-key: hunter2", "hunter2"),
            ("x-api-key=hunter2", "hunter2"),
            ("Set-Cookie: sid=hunter2; path=/", "hunter2"),
            ("at {\"latitude\": 48.85, \"longitude\": 2.35}", "48.85"),
            ("ghp_0123456789abcdefghij", "ghp_"),
            ("sha 0123456789abcdef0123456789abcdef", "89abcdef"),
        ] {
            let tamed = tame(text);
            assert!(!tamed.contains(secret), "{text} became {tamed}");
        }
    }

    #[test]
    fn ordinary_words_pass_unchanged() {
        for text in [
            "POST /cars/{car_id}",
            "ProvisionedThroughputExceededException: Rate exceeded for table cars",
            "request 8f14e45f-ceea-467f-9d3c-2b5a6f1e0c11 took 1,940 ms",
            "trace 1-67891233-abcdef012345678912345678",
            "50% slower at 12:30, user@ nobody",
            "SyntaxError: Unexpected token < in JSON at position 5",
            "Größe 12 €",
        ] {
            assert_eq!(tame(text), text);
        }
    }

    #[test]
    fn a_text_stays_one_short_line() {
        assert_eq!(tame("a\r\nALARM: b\u{202e}c\u{0}"), "a  ALARM: b c ");
        assert_eq!(tame(&"é ".repeat(300)).chars().count(), EXCERPT);
        let long = format!("{}AKIAIOSFODNN7EXAMPLE", "x".repeat(LOOKED_AT - 10));
        assert_eq!(
            tame(&long),
            "",
            "a secret that is cut in half is not shown at all"
        );
        assert_eq!(ascii("Zürich\n€", 99), "Z?rich??");
        assert_eq!(ascii(&"x".repeat(120), 99).len(), 99);
    }

    #[test]
    fn configured_text_is_never_empty() {
        assert_eq!(one_line_of(" a\nb "), "a b");
        assert_eq!(one_line_of("\u{0}"), "unknown");
    }

    #[test]
    fn slack_markup_is_shown_and_not_obeyed() {
        assert_eq!(
            slack("<!channel> & <http://x|y> `z`"),
            "&lt;!channel&gt; &amp; &lt;http://x|y&gt; 'z'"
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_limits(text in any::<String>()) {
            let tamed = tame(&text);
            prop_assert!(tamed.chars().count() <= EXCERPT && !tamed.chars().any(char::is_control));
        }

        #[test]
        fn a_password_is_hidden_between_any_words(before in "[a-z ]{0,20}", secret in "[a-zA-Z0-9]{6,20}") {
            prop_assume!(!before.contains(&secret));
            let text = format!("{before} password={secret}");
            let leak = format!("={secret}");
            prop_assert!(!tame(&text).contains(&leak));
        }
    }
}
