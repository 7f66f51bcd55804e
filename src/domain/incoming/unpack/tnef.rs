//! `winmail.dat` ([MS-OXTNEF]): what Outlook makes of a mail that it takes for one of its own.

use crate::domain::incoming::documents::compound::{size_at, u16_at, u32_at};
use crate::domain::incoming::mime::Notes;
use crate::domain::incoming::unpack::mapi::{Properties, id};
use crate::domain::incoming::unpack::{Contents, Taken};

/// How many attributes or properties are looked at.
const MAX_COUNT: usize = 10_000;

/// One file while it is put together.
#[derive(Default)]
struct File {
    properties: Properties,
    title: Vec<u8>,
    data: Option<Vec<u8>>,
}

/// Takes the mail and its files out.
pub fn read(data: &[u8], notes: &mut Notes) -> Contents {
    let mut mail = Properties::default();
    let mut files: Vec<File> = Vec::new();
    let mut rest = data.get(6..).unwrap_or_default();
    for _ in 0..MAX_COUNT {
        let Some((attribute, body, after)) = attribute(rest) else { break };
        match attribute {
            0x9007 => mail.page = u32_at(body, 0),
            // The old form of subject and body, in the code page of the sender.
            0x8004 => mail.set(id::SUBJECT, 0x1e, body),
            0x800c => mail.set(id::BODY, 0x1e, body),
            0x9003 => properties(body, &mut mail),
            0x9002 => files.push(File::default()),
            0x8010 => on_last(&mut files, |file| file.title = body.to_vec()),
            0x800f => on_last(&mut files, |file| file.data = Some(body.to_vec())),
            0x9005 => on_last(&mut files, |file| properties(body, &mut file.properties)),
            _ => {}
        }
        rest = after;
    }
    if rest.len() > 16 {
        notes.add("not read to its end: the container is damaged");
    }
    let page = mail.page;
    let mut contents = mail.mail(notes);
    contents.files = files.into_iter().filter_map(|file| file.take(page)).collect();
    contents
}

fn on_last(files: &mut Vec<File>, change: impl FnOnce(&mut File)) {
    if files.is_empty() {
        files.push(File::default());
    }
    if let Some(file) = files.last_mut() {
        change(file);
    }
}

impl File {
    fn take(mut self, page: Option<u32>) -> Option<Taken> {
        self.properties.page = page;
        if !self.title.is_empty() {
            self.properties.set(id::DISPLAY_NAME, 0x1e, &self.title);
        }
        // An object begins with the id of its interface; a mail within the mail is TNEF again.
        let object = self.properties.binary(id::DATA).map(|bytes| match bytes.get(16..20) {
            Some([0x78, 0x9f, 0x3e, 0x22]) => bytes.get(16..).unwrap_or_default().to_vec(),
            _ => bytes.to_vec(),
        });
        let data = object.or(self.data).filter(|data| !data.is_empty())?;
        Some(self.properties.file(data))
    }
}

/// Id, bytes and what follows: level, id and type, length, bytes, checksum (§2.1.3).
fn attribute(rest: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let id = u16_at(rest, 1)?;
    let length = size_at(rest, 5)?;
    let body = rest.get(9..)?;
    // A container that was cut off keeps its last attribute as far as it goes.
    let cut = body.get(..length).unwrap_or(body);
    let after = length.checked_add(2).and_then(|end| body.get(end..)).unwrap_or_default();
    Some((id, cut, after))
}

/// Properties as TNEF writes them (§2.1.3.4): each value filled up to four bytes.
fn properties(bytes: &[u8], into: &mut Properties) {
    let count = size_at(bytes, 0).unwrap_or(0).min(MAX_COUNT);
    let mut at = 4;
    for _ in 0..count {
        let Some(next) = property(bytes, at, into) else { return };
        at = next;
    }
}

fn property(bytes: &[u8], at: usize, into: &mut Properties) -> Option<usize> {
    let (kind, id) = (u16_at(bytes, at)?, u16_at(bytes, at + 2)?);
    let mut at = at + 4;
    if id >= 0x8000 {
        let named = u32_at(bytes, at + 16)? == 1;
        at += 20;
        at = at.checked_add(if named { 4 + padded(size_at(bytes, at)?)? } else { 4 })?;
    }
    let several = kind & 0x1000 != 0;
    let base = kind & 0x0fff;
    let long = matches!(base, 0x1e | 0x1f | 0x0102 | 0x0d);
    let count = if several || long { size_at(bytes, at)? } else { 1 };
    at += if several || long { 4 } else { 0 };
    for n in 0..count.min(MAX_COUNT) {
        let length = if long {
            at += 4;
            size_at(bytes, at - 4)?
        } else {
            match base {
                0x05..=0x07 | 0x14 | 0x40 => 8,
                0x48 => 16,
                _ => 4,
            }
        };
        let value = bytes.get(at..at.checked_add(length)?)?;
        if n == 0 && !several {
            into.set(id, base, value);
        }
        at = at.checked_add(padded(length)?)?;
    }
    Some(at)
}

fn padded(length: usize) -> Option<usize> {
    Some(length.checked_add(3)? / 4 * 4)
}
