//! Text → Lambda event, as cheaply as gzip allows: thousands of times a second.

use flate2::Crc;

/// The timestamp of every log event: 2026-11-20T18:40:00Z.
pub const MILLIS: i64 = 1_795_200_000_000;
/// Bytes of one stored block (RFC 1951, 3.2.4).
const BLOCK: usize = 65_535;

/// A gzip member of stored blocks (RFC 1952).
#[must_use]
pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = text.chunks(BLOCK).peekable();
    if text.is_empty() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        // Never longer than BLOCK.
        let len = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(len.to_le_bytes());
        out.extend((!len).to_le_bytes());
        out.extend(block);
    }
    let mut crc = Crc::new();
    crc.update(text);
    out.extend(crc.sum().to_le_bytes());
    out.extend((text.len() as u32).to_le_bytes());
    out
}

/// An event around compressed bytes.
#[must_use]
pub fn event(compressed: &[u8]) -> Vec<u8> {
    let data = base64_simd::STANDARD.encode_to_string(compressed);
    format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#).into_bytes()
}

/// An event around a text.
#[must_use]
pub fn payload(text: &[u8]) -> Vec<u8> {
    event(&gzip(text))
}

/// How the writer of an envelope escapes what it need not escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// As few as JSON allows.
    Few,
    /// Everything beyond ASCII, as Python does.
    Ascii,
    /// Slashes too, as PHP does.
    Slashes,
    /// Control characters and quotes by their numbers.
    Numbers,
    /// None: the message is what stands between the quotes.
    Raw,
}

impl Escapes {
    /// One for each number.
    #[must_use]
    pub fn of(number: u8) -> Self {
        // Most writers escape as little as they can.
        match number % 8 {
            0 => Self::Ascii,
            1 => Self::Slashes,
            2 => Self::Numbers,
            3 => Self::Raw,
            _ => Self::Few,
        }
    }

    fn write(self, message: &str, out: &mut String) {
        out.push('"');
        let number = |c: char, out: &mut String| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        };
        for c in message.chars() {
            match c {
                _ if self == Self::Raw => out.push(c),
                '"' | '\\' if self != Self::Numbers => out.extend(['\\', c]),
                '\n' if self != Self::Numbers => out.push_str("\\n"),
                '\t' if self != Self::Numbers => out.push_str("\\t"),
                '\r' if self != Self::Numbers => out.push_str("\\r"),
                '/' if self == Self::Slashes => out.push_str("\\/"),
                '"' | '\\' | '\0'..='\x1f' => number(c, out),
                c if self == Self::Ascii && !c.is_ascii() => number(c, out),
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

/// The order in which a writer puts members. What reads quickly knows that of CloudWatch Logs alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As CloudWatch Logs does.
    Usual,
    /// The log events first, so that nothing is known of them when they are read.
    EventsFirst,
    /// The members of each log event backwards.
    Backwards,
    /// The usual one, with white space in between.
    Spaced,
    /// The log events in the usual order and backwards in turns.
    Mixed,
}

impl Order {
    /// One for each number.
    #[must_use]
    pub fn of(number: u8) -> Self {
        match number % 16 {
            1 => Self::EventsFirst,
            2 => Self::Backwards,
            3 => Self::Spaced,
            4 => Self::Mixed,
            _ => Self::Usual,
        }
    }

    /// The log event of an index between the others.
    fn write(self, n: usize, id: u64, message: &str) -> String {
        let backwards = self == Self::Backwards || self == Self::Mixed && n % 2 == 1;
        let (colon, comma) = if self == Self::Spaced {
            (" : ", "\n, ")
        } else {
            (":", ",")
        };
        let (id, timestamp) = (
            format!(r#""id"{colon}"{id:056}""#),
            format!(r#""timestamp"{colon}{MILLIS}"#),
        );
        let message = format!(r#""message"{colon}{message}"#);
        let mut members = [id, timestamp, message];
        if backwards {
            members.reverse();
        }
        format!("{{{}}}", members.join(comma))
    }
}

/// A document of one stream; ids count from `first`.
#[must_use]
pub fn document<'a>(
    first: u64,
    messages: impl IntoIterator<Item = &'a str>,
    escapes: Escapes,
    order: Order,
) -> String {
    let mut events = Vec::new();
    for (n, message) in messages.into_iter().enumerate() {
        let mut quoted = String::new();
        escapes.write(message, &mut quoted);
        events.push(order.write(n, first + n as u64, &quoted));
    }
    let names = r#""messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/f","logStream":"2026/11/20/[7]0123456789abcdef0123456789abcdef","subscriptionFilters":["f"]"#;
    let events = format!(r#""logEvents":[{}]"#, events.join(","));
    match order {
        Order::EventsFirst => format!("{{{events},{names}}}"),
        _ => format!("{{{names},{events}}}"),
    }
}
