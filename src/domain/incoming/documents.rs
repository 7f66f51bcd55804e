//! Attachments to text: PDF, office files, HTML, plain text, mail in mail; within limits, never more than text.

use crate::domain::incoming::MAX_ANALYSED;
use crate::domain::incoming::mime::{self, Leaf, Notes, charset, html};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::io::{Cursor, Read};

/// The largest file whose text is read.
const MAX_FILE: usize = 30 * 1024 * 1024;
/// How many entries an archive may have.
const MAX_ENTRIES: usize = 1_000;
/// How much one entry may unpack to.
const MAX_UNPACKED: u64 = 20 * 1024 * 1024;
/// How many times larger than its packed form an entry may be.
const MAX_RATIO: u64 = 200;

/// What a file is, by its type, its name and its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Pdf,
    Docx,
    Odt,
    Html,
    Text,
    Mail,
    Report,
    Silent,
    Unknown,
}

/// The text of an attachment; a note says why there is none.
pub fn text(leaf: &Leaf, notes: &mut Notes) -> Option<String> {
    if leaf.data.is_empty() {
        notes.add("empty");
        return None;
    }
    if leaf.data.len() > MAX_FILE {
        notes.add("not read: too large");
        return None;
    }
    let found = match format(leaf) {
        Format::Pdf => pdf(&leaf.data, notes),
        Format::Docx => office(&leaf.data, "word/document.xml", notes),
        Format::Odt => office(&leaf.data, "content.xml", notes),
        Format::Html | Format::Text | Format::Report => Some(decoded_text(leaf, notes)),
        Format::Mail => Some(mail(&leaf.data, notes)),
        Format::Silent => None,
        Format::Unknown => {
            notes.add(format!("not read: no reader for `{}`", leaf.content_type));
            None
        }
    };
    found.map(|text| html::cut(&text, MAX_ANALYSED).to_owned())
}

fn format(leaf: &Leaf) -> Format {
    let name = leaf.name.as_deref().unwrap_or_default().to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, e)| e);
    if leaf.data.get(..1024).unwrap_or(&leaf.data).windows(5).any(|w| w == b"%PDF-") {
        return Format::Pdf;
    }
    if leaf.is_mail {
        return Format::Mail;
    }
    match (leaf.content_type.as_str(), ending) {
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _) | (_, "docx") => {
            Format::Docx
        }
        ("application/vnd.oasis.opendocument.text", _) | (_, "odt") => Format::Odt,
        (_, "eml") => Format::Mail,
        ("text/html" | "application/xhtml+xml", _) | (_, "html" | "htm") => Format::Html,
        ("message/delivery-status" | "message/disposition-notification" | "text/rfc822-headers", _) => {
            Format::Report
        }
        ("text/plain" | "text/csv" | "text/markdown" | "text/tab-separated-values", _)
        | (_, "txt" | "csv" | "md") => Format::Text,
        (t, _) if t.starts_with("image/") || t.contains("signature") || t == "text/calendar" => {
            Format::Silent
        }
        _ => Format::Unknown,
    }
}

/// The characters of a text part, HTML rendered.
pub fn decoded_text(leaf: &Leaf, notes: &mut Notes) -> String {
    let declared = leaf
        .charset
        .clone()
        .or_else(|| (leaf.content_type == "text/html").then(|| meta_charset(&leaf.data)).flatten());
    let decoded = charset::decode(&leaf.data, declared.as_deref());
    if let Some(note) = decoded.note {
        notes.add(note);
    }
    let mut text = decoded.text;
    if text.contains('\0') {
        notes.add("there are NUL characters in the text; they were left out");
        text.retain(|c| c != '\0');
    }
    if leaf.content_type == "text/html" || looks_like_html(&text) {
        return html::to_text(&text);
    }
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

fn looks_like_html(text: &str) -> bool {
    let start = text.trim_start().get(..15).unwrap_or_default().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// `<meta charset="…">` or `content="text/html; charset=…"` near the start.
fn meta_charset(html: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(html.get(..2048).unwrap_or(html)).to_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    (!label.is_empty()).then_some(label)
}

#[cfg(feature = "pdf")]
fn pdf(data: &[u8], notes: &mut Notes) -> Option<String> {
    // `pdf-extract` panics on some damaged files; a panic here is one file without text. What aborts is caught by
    // the child process in which `understand` runs.
    let result = std::panic::catch_unwind(|| pdf_extract::extract_text_from_mem(data));
    match result {
        Ok(Ok(text)) if text.trim().is_empty() => {
            notes.add("no text in this PDF: probably scanned");
            None
        }
        Ok(Ok(text)) => Some(text),
        Ok(Err(_)) | Err(_) => {
            notes.add("not read: the PDF is damaged or protected");
            None
        }
    }
}

#[cfg(not(feature = "pdf"))]
fn pdf(_data: &[u8], notes: &mut Notes) -> Option<String> {
    notes.add("not read: built without a PDF reader");
    None
}

/// One entry of a zipped office file, its paragraphs as lines.
fn office(data: &[u8], entry: &str, notes: &mut Notes) -> Option<String> {
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

/// Subject and text of a mail within the mail, and of those within it.
fn mail(data: &[u8], notes: &mut Notes) -> String {
    let inner = mime::parse(data);
    let mut out = inner.headers.first("Subject").unwrap_or_default();
    for leaf in inner.leaves.iter().filter(|l| !l.is_mail && !l.attached && l.content_type == "text/plain") {
        out.push_str("\n\n");
        out.push_str(&decoded_text(leaf, notes));
    }
    let without_plain = !inner.leaves.iter().any(|l| l.content_type == "text/plain");
    for leaf in inner.leaves.iter().filter(|l| without_plain && l.content_type == "text/html") {
        out.push_str("\n\n");
        out.push_str(&decoded_text(leaf, notes));
    }
    out
}
