//! Bytes → documents of a few shapes: the same members in the same order, with other values each time, and now and then
//! with an edit that makes a document only look like the others.

use libfuzzer_sys::arbitrary::{Result, Unstructured};

mod values;

/// Shapes of one input, and messages of one payload.
const SHAPES: usize = 4;
const MESSAGES: usize = 12;

/// A part of a document.
#[derive(Debug, Clone)]
enum Part {
    /// The same in each.
    Literal(String),
    /// A metric's value.
    Number,
    /// A string, as JSON.
    Word,
    /// Hexadecimal digits, which are never odd.
    Id,
    /// Milliseconds near the log event.
    Millis,
    /// The end of an invocation.
    Status,
}

/// A document without its values.
#[derive(Debug, Clone, Default)]
pub struct Shape(Vec<Part>);

impl Shape {
    fn literal(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Part::Literal(before)) => before.push_str(text),
            _ => self.0.push(Part::Literal(text.to_owned())),
        }
    }

    fn slot(&mut self, part: Part) {
        self.0.push(part);
    }

    /// Adds a text in which `#`, `$`, `&`, `@` and `%` stand for slots.
    fn pattern(&mut self, text: &str) {
        for piece in text.split_inclusive(['#', '$', '&', '@', '%']) {
            let slot = match piece.as_bytes().last() {
                Some(b'#') => Part::Number,
                Some(b'$') => Part::Word,
                Some(b'&') => Part::Id,
                Some(b'@') => Part::Millis,
                Some(b'%') => Part::Status,
                _ => {
                    self.literal(piece);
                    continue;
                }
            };
            self.literal(&piece[..piece.len() - 1]);
            self.slot(slot);
        }
    }

    fn render(&self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Number => values::number(bytes, &mut out)?,
                Part::Word => values::word(bytes, &mut out)?,
                Part::Id => out.push_str(&format!("{:08x}", bytes.arbitrary::<u32>()?)),
                Part::Millis => values::millis(bytes, &mut out)?,
                Part::Status => out.push_str(bytes.choose(&values::STATUS)?),
            }
        }
        if bytes.ratio(1, 8)? {
            values::edit(bytes, &mut out)?;
        }
        Ok(out)
    }
}

/// Lines of other kinds than metric documents.
const LINES: [&str; 12] = [
    "START RequestId: & Version: 7\n",
    "END RequestId: &\n",
    "REPORT RequestId: &\tDuration: # ms\tBilled Duration: # ms\tMemory Size: 128 MB\tMax Memory Used: # MB\t\n",
    "REPORT RequestId: &\tDuration: # ms\tBilled Duration: # ms \tMemory Size: 256 MB\tMax Memory Used: # MB\tInit Duration: # ms\tStatus: %\n",
    "REPORT RequestId: &\tDuration: # ms\tStatus: %\tError Type: Runtime.OutOfMemory\nXRAY TraceId: 1-&\tSegmentId: &\tSampled: true\t\n",
    r#"{"time":"2026-11-20T18:40:00.000Z","type":"platform.report","record":{"requestId":"&","metrics":{"durationMs":#,"billedDurationMs":#,"memorySizeMB":256,"maxMemoryUsedMB":#,"initDurationMs":#},"status":"%"}}"#,
    r#"{"time":"2026-11-20T18:40:00.000Z","type":"platform.start","record":{"requestId":"&","version":"7"}}"#,
    r#"{"type":"platform.initReport","record":{"phase":"init","status":"%","metrics":{"durationMs":#}}}"#,
    r#"{"timestamp":"2026-11-20T18:40:00.000Z","level":"ERROR","fields":{"message":$,"id":"&"},"target":"t::handler"}"#,
    r#"{"level":"INFO","message":$,"elapsed":#,"spans":[{"id":"&"}]}"#,
    "2026-11-20T18:40:00.000Z & Task timed out after 3.00 seconds\n\n",
    "thread 'main' panicked at src/lib.rs:&:5:\n$\n",
];

fn metrics(bytes: &mut Unstructured<'_>) -> Result<Shape> {
    let mut shape = Shape::default();
    let names = &values::METRICS[..bytes.int_in_range(1..=values::METRICS.len())?];
    let dimensions = &values::DIMENSIONS[..bytes.int_in_range(0..=values::DIMENSIONS.len())?];
    let list = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut sets = vec![format!("[{}]", list(dimensions))];
    if bytes.ratio(1, 3)? {
        sets.push(format!("[{}]", list(&dimensions[dimensions.len() / 2..])));
    }
    let definitions: Vec<_> = names
        .iter()
        .map(|name| format!(r#"{{"Name":"{name}","Unit":"Count"}}"#))
        .collect();
    let directive = |definitions: &[String]| {
        let (sets, definitions) = (sets.join(","), definitions.join(","));
        format!(r#"{{"Namespace":"N","Dimensions":[{sets}],"Metrics":[{definitions}]}}"#)
    };
    let directives = if bytes.ratio(1, 4)? {
        let (first, second) = definitions.split_at(definitions.len() / 2);
        [directive(first), directive(second)].join(",")
    } else {
        directive(&definitions)
    };
    let metadata = if bytes.ratio(1, 2)? {
        format!(r#""_aws":{{"Timestamp":@,"CloudWatchMetrics":[{directives}]}}"#)
    } else {
        format!(r#""_aws":{{"CloudWatchMetrics":[{directives}],"Timestamp":@}}"#)
    };
    let mut members = vec![metadata];
    members.extend(names.iter().map(|name| format!("\"{name}\":#")));
    members.extend(dimensions.iter().map(|name| format!("\"{name}\":$")));
    for _ in 0..bytes.int_in_range(0..=3)? {
        members.push((*bytes.choose(&values::MEMBERS)?).to_owned());
    }
    for last in (1..members.len()).rev() {
        members.swap(last, bytes.int_in_range(0..=last)?);
    }
    shape.pattern(&format!("{{{}}}", members.join(",")));
    if bytes.ratio(1, 2)? {
        shape.literal("\n");
    }
    Ok(shape)
}

/// A few shapes; at least one.
#[must_use]
pub fn some(bytes: &mut Unstructured<'_>) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for _ in 0..SHAPES {
        let shape = match bytes.ratio(2, 3) {
            Ok(true) => metrics(bytes),
            _ => bytes.choose(&LINES).map(|line| {
                let mut shape = Shape::default();
                shape.pattern(line);
                shape
            }),
        };
        shapes.extend(shape);
    }
    shapes
}

/// The messages of one payload, while there are bytes.
#[must_use]
pub fn messages(shapes: &[Shape], bytes: &mut Unstructured<'_>) -> Vec<String> {
    let mut messages = Vec::new();
    while messages.len() < MESSAGES && !bytes.is_empty() {
        let message = bytes.choose(shapes).and_then(|shape| shape.render(bytes));
        let Ok(message) = message else { break };
        messages.push(message);
    }
    messages
}
