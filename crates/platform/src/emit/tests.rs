use super::*;

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("no space left"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_costs_the_line_and_nothing_else() {
    let emitter = Writer::new(Broken);
    emitter.emit("{}");
    emitter.emit("{}");
    assert_eq!(emitter.lost(), 2);
}

#[test]
fn a_line_is_written_whole_with_its_newline() {
    let emitter = Writer::new(Vec::new());
    emitter.emit("one");
    emitter.emit("two");
    assert_eq!(emitter.inner().writer.as_slice(), b"one\ntwo\n");
}

/// Keeps each write apart.
#[derive(Default)]
struct Writes(Vec<Vec<u8>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_that_is_held_is_written_with_the_next_or_when_asked() {
    let emitter = Writer::new(Writes::default());
    emitter.hold("one");
    assert!(emitter.inner().writer.0.is_empty());
    emitter.emit("two");
    emitter.hold("three");
    emitter.flush();
    emitter.flush();
    let writes = &emitter.inner().writer.0;
    assert_eq!(*writes, [b"one\ntwo\n".to_vec(), b"three\n".to_vec()]);
}

#[test]
fn a_held_line_that_cannot_be_written_is_counted_as_well() {
    let emitter = Writer::new(Broken);
    emitter.hold("{}");
    emitter.emit("{}");
    assert_eq!(emitter.lost(), 2);
}
