//! Mails that Outlook saved as a file ([MS-OXMSG]): a compound file of properties.

use crate::domain::incoming::documents::compound::{self, Compound, u16_at};
use crate::domain::incoming::mime::Notes;
use crate::domain::incoming::unpack::mapi::{Properties, id};
use crate::domain::incoming::unpack::{Contents, Taken};
use data_encoding::BASE64_MIME;
use std::fmt::Write as _;

/// How many files of one mail are taken out.
const MAX_FILES: usize = 200;
/// How deep mails in mails are read.
const MAX_DEPTH: usize = 3;

/// Takes the mail and its files out.
pub fn read(data: &[u8], notes: &mut Notes) -> Contents {
    let Some(mut file) = compound::open(data, notes) else { return Contents::default() };
    mail(&mut file, "", 0, notes)
}

/// The mail in a storage; the top one is the file itself.
fn mail(file: &mut Compound<'_>, storage: &str, depth: usize, notes: &mut Notes) -> Contents {
    let properties = properties(file, storage, if depth == 0 { 32 } else { 24 });
    let mut contents = properties.mail(notes);
    let mut storages: Vec<String> = children(file, storage)
        .into_iter()
        .filter(|(name, stream)| !stream && name.starts_with("__attach_version1.0_"))
        .map(|(name, _)| format!("{storage}/{name}"))
        .collect();
    storages.sort();
    for attached in storages.into_iter().take(MAX_FILES) {
        contents.files.extend(attachment(file, &attached, depth, notes));
    }
    contents
}

fn attachment(file: &mut Compound<'_>, storage: &str, depth: usize, notes: &mut Notes) -> Option<Taken> {
    let properties = properties(file, storage, 8);
    if let Some(data) = properties.binary(id::DATA) {
        return Some(properties.file(data.to_vec()));
    }
    // `PtypObject`: a mail within the mail is a storage again.
    let inner = format!("{storage}/__substg1.0_3701000D");
    if !file.is_stream(format!("{inner}/__properties_version1.0")) {
        return None;
    }
    if depth + 1 >= MAX_DEPTH {
        notes.add("not read: mails lie too deep in each other");
        return None;
    }
    let contents = mail(file, &inner, depth + 1, notes);
    let subject: String = contents.subject.chars().filter(|c| !"/\\:".contains(*c)).take(80).collect();
    let name =
        if subject.trim().is_empty() { "message.eml".to_owned() } else { format!("{}.eml", subject.trim()) };
    Some(Taken { name, content_type: "message/rfc822".to_owned(), data: contents.as_mail() })
}

/// Names below a storage and whether they are streams.
fn children(file: &Compound<'_>, storage: &str) -> Vec<(String, bool)> {
    let path = if storage.is_empty() { "/" } else { storage };
    let Ok(entries) = file.read_storage(path) else { return Vec::new() };
    entries.take(compound::MAX_ENTRIES).map(|e| (e.name().to_owned(), e.is_stream())).collect()
}

/// Properties of a storage: long ones are streams named by id and type, short ones stand in a table (§2.4).
fn properties(file: &mut Compound<'_>, storage: &str, header: usize) -> Properties {
    let mut found = Properties::default();
    if let Some(table) = compound::stream(file, &format!("{storage}/__properties_version1.0")) {
        for entry in table.get(header..).unwrap_or_default().chunks_exact(16) {
            if let (Some(kind), Some(id), Some(value)) = (u16_at(entry, 0), u16_at(entry, 2), entry.get(8..))
                && !matches!(kind, 0x1e | 0x1f | 0x0102 | 0x0d)
            {
                found.set(id, kind, value);
            }
        }
    }
    for (name, stream) in children(file, storage) {
        let Some(code) = name.strip_prefix("__substg1.0_").filter(|_| stream) else { continue };
        let number = |from: usize| code.get(from..from + 4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
        let (Some(id), Some(kind), 8) = (number(0), number(4), code.len()) else { continue };
        if let Some(bytes) = compound::stream(file, &format!("{storage}/{name}")) {
            found.set(id, kind, &bytes);
        }
    }
    found
}

impl Contents {
    /// The mail as MIME, so that everything reads it like any other.
    pub fn as_mail(&self) -> Vec<u8> {
        let mut out = String::new();
        let mut skipping = false;
        for line in self.headers.lines().take_while(|line| !line.is_empty()) {
            // The structure is a new one; the old fields about it would be wrong.
            let lower = line.to_ascii_lowercase();
            let goes_on = line.starts_with([' ', '\t']);
            skipping =
                if goes_on { skipping } else { lower.starts_with("content-") || lower.starts_with("mime-") };
            if !skipping {
                let _ = write!(out, "{line}\r\n");
            }
        }
        let has = |name: &str| out.lines().any(|l| l.to_ascii_lowercase().starts_with(name));
        let fields = [("Subject", &self.subject), ("From", &self.from), ("To", &self.to)];
        let missing: Vec<String> = fields
            .iter()
            .filter(|(name, value)| !value.is_empty() && !has(&format!("{}:", name.to_lowercase())))
            .map(|(name, value)| format!("{name}: {}\r\n", value.replace(['\r', '\n', '\0'], " ")))
            .collect();
        out.push_str(&missing.concat());
        let boundary = self.boundary();
        let _ = write!(
            out,
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n"
        );
        let text = encode(self.text.as_bytes());
        let _ = write!(
            out,
            "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
        );
        for file in &self.files {
            let plain = |text: &str| text.replace(['"', '\\', '\r', '\n', '\0', ';'], "_");
            let kind =
                if file.content_type.contains('/') { plain(&file.content_type) } else { String::new() };
            let kind = if kind.is_empty() { "application/octet-stream" } else { kind.as_str() };
            let (name, data) = (plain(&file.name), encode(&file.data));
            let _ = write!(
                out,
                "--{boundary}\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{data}\r\n"
            );
        }
        let _ = write!(out, "--{boundary}--\r\n");
        out.into_bytes()
    }

    /// A boundary that no line of base64 can be.
    fn boundary(&self) -> String {
        format!("=_outlook_{}", self.files.len())
    }
}

fn encode(data: &[u8]) -> String {
    BASE64_MIME.encode(data)
}
