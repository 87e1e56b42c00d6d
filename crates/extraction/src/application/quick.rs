//! What can be told of a line before it is read: that it says nothing of an error.
//!
//! Nearly every line does not, and reading each one to learn that is most of the work. The answer here may be "it may"
//! of any line, and "it cannot" only of lines of which it is true.

/// The members of a JSON line that are its level.
pub(super) const LEVEL_MEMBERS: [&str; 6] = [
    "level",
    "severity",
    "levelname",
    "log.level",
    "LogLevel",
    "@l",
];
/// The member that makes a JSON line without a level an error.
pub(super) const TYPE_MEMBER: &str = "errorType";

/// The members of a JSON line that decide whether it tells of an error, when it is neither in the embedded metric
/// format nor a record of the platform. A line without any of them tells of none.
pub(crate) const DECIDING_MEMBERS: &[&str] = &{
    let [a, b, c, d, e, f] = LEVEL_MEMBERS;
    [a, b, c, d, e, f, TYPE_MEMBER]
};

/// Four letters of every phrase and word that makes a line of text an error, in lower case: `ERROR`, `FATAL`,
/// `CRITICAL` and `crit:`, `SEVERE`, `Exception`, `panic`, `signal: killed`, `timed out`, `Runtime`, `Traceback`,
/// `fail:`.
const CORES: [&[u8; 4]; 11] = [
    b"rror", b"atal", b"crit", b"seve", b"xcep", b"anic", b"kill", b"imed", b"ntim", b"aceb",
    b"fail",
];

/// The bit of each core's first letter, and of the escape's first character behind them.
const STARTS: u64 = 0x0000_1111_1111_1111;
/// The bit of each core's last letter, and of the escape's last character.
const ENDS: u64 = 0x0000_0888_8888_8888 | (1 << 48);

/// Of each byte: at which places of which cores it may stand. The last five bits are `\u00` and a digit from 2 to 7:
/// the escapes that stand for letters, and so could hide a core. No other escape can.
const PLACES: [u64; 256] = {
    let mut places = [0; 256];
    let mut core = 0;
    while core < CORES.len() {
        let mut at = 0;
        while at < 4 {
            let letter = CORES[core][at];
            let bit = 1 << (core * 4 + at);
            places[letter as usize] |= bit;
            places[letter.to_ascii_uppercase() as usize] |= bit;
            at += 1;
        }
        core += 1;
    }
    places[b'\\' as usize] |= 1 << 44;
    places[b'u' as usize] |= 1 << 45;
    places[b'0' as usize] |= 1 << 46 | 1 << 47;
    let mut digit = b'2';
    while digit <= b'7' {
        places[digit as usize] |= 1 << 48;
        digit += 1;
    }
    places
};

/// Whether a line of text, still escaped as it stands in the JSON of its log event (without the quotation marks),
/// may tell of an error. `false` is certain: [`super::class_of_text`] finds nothing in what it stands for.
///
/// One pass and one table, after Baeza-Yates and Gonnet's "shift-and" (A New Approach to Text Searching, CACM 35(10),
/// 1992): each bit of the state says that so much of a core has just been seen.
pub(crate) fn text_may_tell(escaped: &[u8]) -> bool {
    let mut state = 0_u64;
    let mut found = 0_u64;
    for chunk in escaped.chunks(64) {
        for byte in chunk {
            state = (state << 1 | STARTS) & PLACES[usize::from(*byte)];
            found |= state;
        }
        if found & ENDS != 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::super::class_of_text;
    use super::*;

    /// A text as the inside of a JSON string; `how` picks an escape of each character.
    fn escaped(text: &str, how: &[u8]) -> String {
        let mut how = how.iter().cycle();
        let mut out = String::new();
        for c in text.chars() {
            match (*how.next().unwrap(), c) {
                (0, _) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                    write!(out, "\\u{unit:04X}").unwrap();
                }),
                (1, _) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                    write!(out, "\\u{unit:04x}").unwrap();
                }),
                (2, '/') => out.push_str("\\/"),
                _ => {
                    let quoted = serde_json::to_string(&c).unwrap();
                    out.push_str(&quoted[1..quoted.len() - 1]);
                }
            }
        }
        out
    }

    /// Pieces of lines that tell of errors, and of lines that do not.
    fn piece() -> impl Strategy<Value = String> {
        const TOLD: &[&str] = &[
            "ERROR",
            "[Error]",
            "FATAL",
            "CRITICAL",
            "SEVERE: ",
            "[ERROR]",
            "level=error",
            "fail: ",
            "crit: ",
            "signal: killed",
            "Runtime.OutOfMemory",
            "Task timed out after 3 s",
            "Runtime exited ",
            "Runtime.ExitError",
            " panicked at ",
            "panic: ",
            "fatal error: ",
            "Traceback (most recent call last):",
            "Exception in thread ",
            "java.lang.IllegalStateException: x",
            "ValueError: x",
            "Unhandled exception. ",
            "Uncaught Exception",
            "\t",
            " ",
            "\n",
            "INFO",
            "\u{1b}[31m",
            "E, [",
            "] ",
        ];
        prop_oneof![
            prop::sample::select(TOLD).prop_map(str::to_owned),
            "\\PC{0,6}"
        ]
    }

    proptest! {
        #[test]
        fn no_line_that_tells_of_an_error_is_passed_over(
            pieces in prop::collection::vec(piece(), 1..6),
            how in prop::collection::vec(0_u8..40, 1..9),
        ) {
            let line = pieces.concat();
            if class_of_text(&line).is_some() {
                prop_assert!(text_may_tell(escaped(&line, &how).as_bytes()), "{line}");
            }
        }
    }

    #[test]
    fn ordinary_lines_are_passed_over() {
        for line in [
            "",
            "START RequestId: 5a1c Version: 7\\n",
            "2026-11-20T18:40:00.000Z\\t5a1c\\tINFO\\tcar c-1 booked \\u00e9 \\\"yes\\\" \\ud83d\\ude97",
            "[INFO]\\t2026-11-20T18:40:00.000Z\\t5a1c\\thello",
        ] {
            assert!(!text_may_tell(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_core_is_found_wherever_the_pass_cuts_the_line() {
        for before in 0..130 {
            let line = format!("{}ERROR", "-".repeat(before));
            assert!(text_may_tell(line.as_bytes()), "{before}");
        }
    }
}
