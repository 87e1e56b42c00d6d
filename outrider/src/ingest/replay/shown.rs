//! Names and reasons as they are shown: some of them come out of records that anybody may have written.

/// Characters that are shown of one text.
const LONGEST: usize = 300;

/// The text on one line, without control characters and whatever else a terminal obeys, cut to [`LONGEST`].
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (position, character) in text.chars().enumerate() {
        if position == LONGEST {
            out.push('…');
            break;
        }
        match character {
            '"' | '\'' | '\\' => out.push(character),
            // It escapes what cannot be printed and leaves the rest.
            other => out.extend(other.escape_debug()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        for (text, expected) in [
            ("/aws/lambda/f", "/aws/lambda/f"),
            ("größer \"als\" \\", "größer \"als\" \\"),
            ("\u{1b}[2Jgone\r\n", "\\u{1b}[2Jgone\\r\\n"),
            ("left\u{202e}right", "left\\u{202e}right"),
        ] {
            assert_eq!(shown(text), expected);
        }
        assert_eq!(shown(&"a".repeat(400)).chars().count(), LONGEST + 1);
    }
}
