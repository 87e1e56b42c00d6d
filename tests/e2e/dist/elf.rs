//! What a binary asks of the machine that it is started on.

use std::collections::BTreeSet;

use object::elf::{DT_NEEDED, FileHeader64};
use object::read::elf::{Dyn, FileHeader};
use object::{Endianness, StringTable};

/// glibc of Amazon Linux 2023, which `provided.al2023` is
/// (<https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html>, 2026-11-21).
const GLIBC: Version = Version(2, 34);

/// The libraries of glibc: `provided.al2023` has them, and no other that we could rely on.
const THERE: [&str; 6] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32);

/// What a binary is linked to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Libraries by name.
    pub(super) libraries: BTreeSet<String>,
    /// Versions of their symbols, as written: `GLIBC_2.34`.
    pub(super) versions: BTreeSet<String>,
}

impl Needs {
    /// Reads an ELF file of 64 bits.
    pub(super) fn of(file: &[u8]) -> object::read::Result<Self> {
        let header = FileHeader64::<Endianness>::parse(file)?;
        let endian = header.endian()?;
        let sections = header.sections(endian, file)?;
        let text = |strings: &StringTable<'_>, offset: u64| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            String::from_utf8_lossy(strings.get(offset).unwrap_or(b"?")).into_owned()
        };
        let mut needs = Self::default();
        if let Some((entries, link)) = sections.dynamic(endian, file)? {
            let strings = sections.strings(endian, file, link)?;
            let needed = entries
                .iter()
                .filter(|entry| entry.d_tag(endian) == DT_NEEDED);
            needs
                .libraries
                .extend(needed.map(|entry| text(&strings, entry.d_val(endian))));
        }
        if let Some((mut files, link)) = sections.gnu_verneed(endian, file)? {
            let strings = sections.strings(endian, file, link)?;
            while let Some((_, mut versions)) = files.next()? {
                while let Some(version) = versions.next()? {
                    let name = version.name(endian, strings)?;
                    needs
                        .versions
                        .insert(String::from_utf8_lossy(name).into_owned());
                }
            }
        }
        Ok(needs)
    }

    /// What of it Amazon Linux 2023 does not have.
    pub(super) fn missing_there(&self) -> Vec<String> {
        let libraries = self
            .libraries
            .iter()
            .filter(|library| !THERE.contains(&library.as_str()))
            .cloned();
        let versions = self
            .versions
            .iter()
            .filter(|version| glibc(version).is_none_or(|version| version > GLIBC))
            .cloned();
        libraries.chain(versions).collect()
    }
}

/// `GLIBC_2.3.4` is 2.3 here: nothing that matters hangs on the third number.
fn glibc(version: &str) -> Option<Version> {
    let mut numbers = version.strip_prefix("GLIBC_")?.split('.');
    Some(Version(
        numbers.next()?.parse().ok()?,
        numbers.next()?.parse().ok()?,
    ))
}

#[test]
fn what_amazon_linux_2023_lacks_is_named() {
    let needs = |libraries: &[&str], versions: &[&str]| Needs {
        libraries: libraries.iter().map(ToString::to_string).collect(),
        versions: versions.iter().map(ToString::to_string).collect(),
    };
    for (name, needs, missing) in [
        (
            "what zig links",
            needs(&["libc.so.6", "libm.so.6"], &["GLIBC_2.2.5", "GLIBC_2.34"]),
            &[][..],
        ),
        (
            "the glibc of a newer machine",
            needs(&["libc.so.6"], &["GLIBC_2.34", "GLIBC_2.35", "GLIBC_2.100"]),
            &["GLIBC_2.100", "GLIBC_2.35"][..],
        ),
        (
            "a private symbol of glibc",
            needs(&[], &["GLIBC_PRIVATE"]),
            &["GLIBC_PRIVATE"][..],
        ),
        (
            "a library of this machine",
            needs(&["libc.so.6", "libssl.so.3"], &[]),
            &["libssl.so.3"][..],
        ),
    ] {
        assert_eq!(needs.missing_there(), missing, "{name}");
    }
}
