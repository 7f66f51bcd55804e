//! Files for the tests, made here: archives, office files, compound files and the mails around them.

use askance::domain::incoming::documents::Hiding;
use askance::domain::incoming::{Attachment, Incoming, understand};
use data_encoding::BASE64_MIME;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip archive of these entries.
pub fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let entries: Vec<(&str, &[u8])> = entries.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    packed(&entries)
}

/// A zip archive of these entries, given as bytes.
pub fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in entries {
        zip.start_file(*name, options).expect("entry");
        zip.write_all(bytes).expect("bytes");
    }
    zip.finish().expect("archive").into_inner()
}

const TYPES: (&str, &str) = ("[Content_Types].xml", "<Types/>");

/// A Word file with this body and further parts.
pub fn word(body: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let document = format!("<w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>");
    let mut entries = vec![TYPES, ("word/document.xml", document.as_str())];
    entries.extend_from_slice(parts);
    archive(&entries)
}

/// One paragraph of one run.
pub fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

/// An Excel file: sheets as (name, state, rows), then further parts; `beside` stands in the workbook.
pub fn workbook(sheets: &[(&str, &str, &str)], beside: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut list, mut relations, mut own) = (String::new(), String::new(), Vec::new());
    for (at, (name, state, rows)) in sheets.iter().enumerate() {
        let _ = write!(list, "<sheet name=\"{name}\" sheetId=\"{at}\" state=\"{state}\" r:id=\"rId{at}\"/>");
        let _ = write!(relations, "<Relationship Id=\"rId{at}\" Target=\"worksheets/sheet{at}.xml\"/>");
        own.push((format!("xl/worksheets/sheet{at}.xml"), format!("<worksheet>{rows}</worksheet>")));
    }
    let book = format!("<workbook xmlns:r=\"r\"><sheets>{list}</sheets>{beside}</workbook>");
    let relations = format!("<Relationships>{relations}</Relationships>");
    let mut entries =
        vec![TYPES, ("xl/workbook.xml", book.as_str()), ("xl/_rels/workbook.xml.rels", relations.as_str())];
    entries.extend(own.iter().map(|(name, xml)| (name.as_str(), xml.as_str())));
    entries.extend_from_slice(parts);
    archive(&entries)
}

/// A row of text cells from column A on.
pub fn row(number: usize, attributes: &str, cells: &[&str]) -> String {
    let mut written = String::new();
    for (text, column) in cells.iter().zip('A'..='Z') {
        let _ = write!(written, "<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    }
    format!("<sheetData><row r=\"{number}\" {attributes}>{written}</row></sheetData>")
}

/// An `OpenDocument` file of this kind.
pub fn open_document(kind: &str, content: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let kind = format!("application/vnd.oasis.opendocument.{kind}");
    let content = format!("<office:document-content>{content}</office:document-content>");
    let mut entries = vec![("mimetype", kind.as_str()), ("content.xml", content.as_str())];
    entries.extend_from_slice(parts);
    archive(&entries)
}

/// A compound file of these streams; storages are made as their paths need them.
pub fn compound(streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("compound file");
    for (path, bytes) in streams {
        let (storage, _) = path.rsplit_once('/').expect("absolute path");
        if !storage.is_empty() {
            file.create_storage_all(storage).expect("storage");
        }
        file.create_stream(path).expect("stream").write_all(bytes).expect("bytes");
    }
    file.flush().expect("written");
    file.into_inner().into_inner()
}

/// UTF-16 as Windows writes it.
pub fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A mail with one file.
pub fn mail(name: &str, content_type: &str, file: &[u8]) -> Vec<u8> {
    mail_of("See the attached file.", &[(name, content_type, file)])
}

/// A mail with a text and files.
pub fn mail_of(text: &str, files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut raw = format!(
        "From: Office <office@authority.example>\r\nTo: a@b.example\r\nSubject: Your request\r\n\
         Date: Tue, 14 Apr 2026 09:12:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n\
         --outer\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    );
    for (name, content_type, bytes) in files {
        let encoded = BASE64_MIME.encode(bytes);
        let _ = write!(
            raw,
            "--outer\r\nContent-Type: {content_type}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
        );
    }
    raw.push_str("--outer--\r\n");
    raw.into_bytes()
}

/// What is understood of a mail.
pub fn read(raw: &[u8]) -> Incoming {
    understand(raw, &crate::corpus::KNOWLEDGE)
}

/// The first attachment of a mail with one file.
pub fn attached(name: &str, content_type: &str, file: &[u8]) -> Attachment {
    read(&mail(name, content_type, file)).attachments.into_iter().next().expect("the file is listed")
}

/// A file that says nothing about itself but its bytes.
pub fn file(bytes: &[u8]) -> Attachment {
    attached("file", "application/octet-stream", bytes)
}

/// Asserts that a file is warned of, with these words, and that they are nowhere in its text.
pub fn warned(found: &Attachment, what: Hiding, words: &[&str]) {
    let details: Vec<&str> =
        found.hidden.iter().filter(|h| h.what == what).map(|h| h.detail.as_str()).collect();
    for word in words {
        assert!(details.iter().any(|d| d.contains(word)), "`{word}` is not in {details:?} of {found:?}");
    }
    assert!(!details.is_empty(), "{what:?} is not in {found:?}");
    assert!(details.iter().all(|d| d.chars().count() <= 300), "{details:?}");
}

/// Asserts that a text has the one words and not the others.
pub fn says(found: &Attachment, words: &[&str], not: &[&str]) {
    let text = found.text.as_deref().unwrap_or_default();
    for word in words {
        assert!(text.contains(word), "`{word}` is not in `{text}`; notes {:?}", found.notes);
    }
    for word in not {
        assert!(!text.contains(word), "`{word}` is in `{text}`");
    }
}

/// Asserts that a note of a file or of a mail says this.
pub fn noted(notes: &[String], words: &str) {
    assert!(notes.iter().any(|n| n.contains(words)), "`{words}` is not in {notes:?}");
}
