//! Compound files ([MS-CFB]): the container of Word, Excel and `PowerPoint` before 2007 and of Outlook's mails.

use crate::domain::incoming::documents::sniff::Format;
use crate::domain::incoming::documents::{Document, Hiding, properties};
use crate::domain::incoming::mime::Notes;
use cfb::CompoundFile;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::io::{Cursor, Read};

/// The first eight bytes.
pub const MAGIC: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// How much of one stream is read.
const MAX_STREAM: u64 = 32 * 1024 * 1024;
/// How many streams and storages are looked at.
pub const MAX_ENTRIES: usize = 5_000;

/// An opened compound file.
pub type Compound<'a> = CompoundFile<Cursor<&'a [u8]>>;

/// Opens a compound file; a note says why that was not possible.
pub fn open<'a>(data: &'a [u8], notes: &mut Notes) -> Option<Compound<'a>> {
    let opened = CompoundFile::open(Cursor::new(data)).ok();
    if opened.is_none() {
        notes.add("not read: the file is damaged");
    }
    opened
}

/// Which program's file it is.
pub fn format(data: &[u8]) -> Format {
    let Ok(file) = CompoundFile::open(Cursor::new(data)) else { return Format::Compound };
    let kinds = [
        ("/WordDocument", Format::OldWord),
        ("/Workbook", Format::OldSheet),
        ("/Book", Format::OldSheet),
        ("/PowerPoint Document", Format::OldSlides),
        ("/__properties_version1.0", Format::OutlookMail),
        ("/EncryptedPackage", Format::Locked),
    ];
    kinds.into_iter().find(|(path, _)| file.is_stream(path)).map_or(Format::Compound, |(_, format)| format)
}

/// The bytes of a stream, none if there is no such stream.
pub fn stream(file: &mut Compound<'_>, path: &str) -> Option<Vec<u8>> {
    let stream = file.open_stream(path).ok()?;
    let mut bytes = Vec::new();
    // What a damaged file gives is taken as far as it goes.
    let _ = stream.take(MAX_STREAM).read_to_end(&mut bytes);
    Some(bytes)
}

/// A 16-bit number.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk::<2>()?))
}

/// A 32-bit number.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}

/// A 32-bit number as a size.
pub fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

/// The encoding of a Windows code page.
pub fn code_page(number: u32) -> &'static Encoding {
    let label = match number {
        65001 => "utf-8".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10000 => "macintosh".to_owned(),
        10007 => "x-mac-cyrillic".to_owned(),
        20866 => "koi8-r".to_owned(),
        21866 => "koi8-u".to_owned(),
        866 => "ibm866".to_owned(),
        n @ 28591..=28605 => format!("iso-8859-{}", n - 28590),
        n => format!("windows-{n}"),
    };
    Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252)
}

/// Reports author and last hand ([MS-OLEPS]), macros and embedded objects.
pub fn report(file: &mut Compound<'_>, document: &mut Document) {
    if let Some(bytes) = stream(file, "/\u{5}SummaryInformation") {
        let said = [(4, "written by"), (8, "last changed by")];
        let said: Vec<(&str, String)> =
            said.into_iter().filter_map(|(id, role)| Some((role, property(&bytes, id)?))).collect();
        properties::author(&said, document);
    }
    let (mut objects, mut programs) = (0, false);
    for entry in file.walk().take(MAX_ENTRIES) {
        let path = entry.path().to_string_lossy().replace('\\', "/");
        let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        // Word keeps objects in `ObjectPool`, Excel in storages named `MBD…`.
        let object = matches!(parts.as_slice(), ["ObjectPool", _])
            || (parts.len() == 1 && entry.is_storage() && parts.iter().any(|p| p.starts_with("MBD")));
        objects += usize::from(object);
        programs |= matches!(parts.as_slice(), ["Macros" | "_VBA_PROJECT_CUR", ..]);
    }
    if objects > 0 {
        document.hide(Hiding::EmbeddedFile, format!("{objects} files within the file"));
    }
    if programs {
        document.hide(Hiding::EmbeddedFile, "a program (macro) is in the file");
    }
}

/// A string of a property set ([MS-OLEPS] §2.21), in the code page that it names.
fn property(bytes: &[u8], wanted: u32) -> Option<String> {
    let set = size_at(bytes, 44)?;
    let set = bytes.get(set..)?;
    let count = u32_at(set, 4)?.min(200);
    let find = |id: u32| {
        (0..usize::try_from(count).ok()?)
            .find_map(|n| (u32_at(set, 8 + n * 8)? == id).then(|| size_at(set, 12 + n * 8)).flatten())
    };
    let page = find(1).and_then(|at| u16_at(set, at + 4)).map_or(WINDOWS_1252, |n| code_page(u32::from(n)));
    let at = find(wanted)?;
    let (kind, length) = (u32_at(set, at)?, size_at(set, at + 4)?);
    let text = match kind {
        0x1e => {
            let raw = set.get(at + 8..at.checked_add(8)?.checked_add(length.min(1_000))?)?;
            if std::str::from_utf8(raw).is_ok() { UTF_8.decode(raw).0 } else { page.decode(raw).0 }
                .into_owned()
        }
        0x1f => {
            let raw = set.get(at + 8..at.checked_add(8)?.checked_add(length.min(1_000) * 2)?)?;
            encoding_rs::UTF_16LE.decode(raw).0.into_owned()
        }
        _ => return None,
    };
    Some(text.trim_end_matches('\0').to_owned())
}
