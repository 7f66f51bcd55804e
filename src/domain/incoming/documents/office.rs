//! Office files that are zip archives of XML: docx and odt.

use crate::domain::incoming::MAX_ANALYSED;
use crate::domain::incoming::mime::Notes;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::io::{Cursor, Read};

/// How many entries an archive may have.
const MAX_ENTRIES: usize = 1_000;
/// How much one entry may unpack to.
const MAX_UNPACKED: u64 = 20 * 1024 * 1024;
/// How many times larger than its packed form an entry may be.
const MAX_RATIO: u64 = 200;

/// One entry of a zipped office file, its paragraphs as lines.
pub fn text(data: &[u8], entry: &str, notes: &mut Notes) -> Option<String> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(data)) else {
        notes.add("not read: the file is damaged");
        return None;
    };
    if archive.len() > MAX_ENTRIES {
        notes.add("not read: too many entries in the file");
        return None;
    }
    let Ok(file) = archive.by_name(entry) else {
        notes.add("not read: the file holds no document");
        return None;
    };
    let (packed, unpacked) = (file.compressed_size().max(1), file.size());
    if unpacked > MAX_UNPACKED || unpacked / packed > MAX_RATIO {
        notes.add("not read: the file unpacks to too much");
        return None;
    }
    let mut xml = Vec::new();
    if file.take(MAX_UNPACKED).read_to_end(&mut xml).is_err() {
        notes.add("not read to its end: the file is damaged");
    }
    Some(xml_text(&String::from_utf8_lossy(&xml)))
}

/// Text of a docx or odt body: paragraphs end lines, tabs and breaks are kept, deleted text is not.
fn xml_text(xml: &str) -> String {
    let mut reader = Reader::from_str(xml);
    let mut out = String::new();
    let mut deleted = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_deleted(tag.local_name().as_ref()) => deleted += 1,
            Ok(Event::End(tag)) if is_deleted(tag.local_name().as_ref()) => {
                deleted = deleted.saturating_sub(1);
            }
            Ok(Event::End(tag)) => match tag.local_name().as_ref() {
                "p" | "h" => out.push_str("\n\n"),
                "tc" | "table-cell" => out.push('\t'),
                _ => {}
            },
            Ok(Event::Empty(tag)) => match tag.local_name().as_ref() {
                "br" | "line-break" | "cr" => out.push('\n'),
                "tab" | "s" => out.push(' '),
                _ => {}
            },
            Ok(Event::Text(text)) if deleted == 0 => out.push_str(&text.xml10_content()),
            Ok(Event::GeneralRef(name)) if deleted == 0 => out.push_str(&entity(&name)),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
        if out.len() > 4 * MAX_ANALYSED {
            break;
        }
    }
    out
}

fn is_deleted(name: &str) -> bool {
    matches!(name, "del" | "instrText" | "deletion" | "tracked-changes")
}

/// The five named entities and character numbers; no other entity is ever looked up.
fn entity(name: &str) -> String {
    let number = name
        .strip_prefix("#x")
        .map(|h| u32::from_str_radix(h, 16))
        .or_else(|| name.strip_prefix('#').map(str::parse));
    match (name, number) {
        ("amp", _) => "&".to_owned(),
        ("lt", _) => "<".to_owned(),
        ("gt", _) => ">".to_owned(),
        ("quot", _) => "\"".to_owned(),
        ("apos", _) => "'".to_owned(),
        (_, Some(Ok(code))) => char::from_u32(code).map(String::from).unwrap_or_default(),
        _ => String::new(),
    }
}
