//! PDF: its text layer, which of its pages are pictures, and what lies beside or below what is seen.

mod cmap;
mod columns;
mod content;
mod covered;
mod drawing;
mod encoding;
mod extras;
mod file;
mod filter;
mod font;
mod layout;
mod object;
mod page;
mod pictures;
mod state;
mod stream;

pub use pictures::{PageImage, PictureKind};

use crate::domain::incoming::MAX_ANALYSED;
use crate::domain::incoming::documents::{Document, Hidden};
use crate::domain::incoming::mime::Notes;
use content::Shared;
use file::File;
use object::Object;
use page::Page;

/// How many operators of content are run in a file.
const MAX_OPERATORS: usize = 4_000_000;
/// Fewer characters than these on a page full of a picture are a page number or a stamp, not its text.
const FEW: usize = 12;
/// The share of a page that pictures cover at least when it is one.
const MOST: f64 = 0.5;
/// How many findings of hidden words are told.
const MAX_FINDINGS: usize = 40;

/// What the pages of a file gave.
#[derive(Default)]
struct Reading {
    text: String,
    hidden: Vec<Hidden>,
    notes: Notes,
    pages: usize,
    scanned: Vec<usize>,
    drawings: usize,
    unreadable: usize,
    letters: usize,
    ran_out: bool,
}

/// Text of a PDF, how many of its pages are pictures, and what it hides.
pub fn read(data: &[u8], notes: &mut Notes) -> Document {
    opened(data, notes, |data, reading| {
        let Some(reading) = reading else { return Document::default() };
        let mut hidden = reading.hidden;
        hidden.extend(extras::earlier_versions(data, File::open(data).tables));
        let text = Some(reading.text).filter(|text| !text.trim().is_empty());
        Document { text, hidden, scanned_pages: reading.scanned.len() }
    })
}

/// The pictures of pages that are pictures without text, at most so many; those packed as faxes (CCITT) or JBIG2 are
/// not among them.
pub fn page_images(data: &[u8], max: usize) -> Vec<PageImage> {
    let mut notes = Notes::default();
    let Some(plain) = decrypted(data, &mut notes) else { return Vec::new() };
    let data = plain.as_deref().unwrap_or(data);
    let file = File::open(data);
    let file = if page::pages(&file).is_empty() { File::salvage(data) } else { file };
    let scanned = whole(&file).scanned;
    let mut images = Vec::new();
    let mut shared = Shared { left: MAX_OPERATORS, ..Shared::default() };
    for (number, page) in page::pages(&file).iter().enumerate().map(|(i, page)| (i + 1, page)) {
        if images.len() >= max || !scanned.contains(&number) {
            continue;
        }
        let canvas = page::drawn(&file, &mut shared, page);
        let found = canvas.pictures.iter().filter_map(|(_, object)| pictures::picture(&file, object, number));
        images.extend(found.take(max - images.len()));
    }
    images
}

/// Opens a file, reads its pages, and says in notes what was in the way.
fn opened(data: &[u8], notes: &mut Notes, make: impl FnOnce(&[u8], Option<Reading>) -> Document) -> Document {
    let Some(plain) = decrypted(data, notes) else { return make(data, None) };
    let plain = plain.as_deref().unwrap_or(data);
    let file = File::open(plain);
    let mut reading = whole(&file);
    if reading.pages == 0 || file.astray.get() {
        let again = whole(&File::salvage(plain));
        if again.letters > reading.letters || reading.pages == 0 {
            reading = again;
            notes.add("the PDF is damaged; what could be found in it was read");
        }
    }
    say(&reading, notes);
    notes.extend(std::mem::take(&mut reading.notes));
    let found = reading.pages > 0;
    // Earlier versions are told by the file as it came, not as it was decrypted.
    make(data, found.then_some(reading))
}

fn say(reading: &Reading, notes: &mut Notes) {
    let (pages, scanned) = (reading.pages, reading.scanned.len());
    if pages == 0 {
        notes.add("not read: no page was found in the PDF; it is damaged");
        return;
    }
    if scanned == pages {
        notes.add("no text in this PDF: probably scanned");
    } else if scanned > 0 {
        notes.add(format!(
            "{scanned} of {pages} pages are pictures without text; what stands on them was not read"
        ));
    } else if reading.letters == 0 {
        notes.add("no text in this PDF");
    }
    if reading.drawings > 0 {
        let drawings = reading.drawings;
        notes.add(format!(
            "{drawings} of {pages} pages are drawings without text; what stands on them was not read"
        ));
    }
    if reading.unreadable > 20 && reading.unreadable * 20 > reading.letters {
        notes.add("a font of the PDF does not tell its letters; part of the text could not be read");
    }
    if reading.ran_out {
        notes.add("the PDF has more on its pages than is read; the rest was left out");
    }
}

/// Runs all pages.
fn whole(file: &File) -> Reading {
    let mut reading = Reading::default();
    let mut shared = Shared { left: MAX_OPERATORS, off: layers_off(file), ..Shared::default() };
    let pages = page::pages(file);
    reading.pages = pages.len();
    for (index, page) in pages.iter().enumerate() {
        one(file, page, (index + 1, &mut shared), &mut reading);
        if shared.left == 0 {
            reading.ran_out = true;
            break;
        }
    }
    if reading.pages > 0 {
        extras::of_file(file, &mut reading.hidden, &mut reading.notes);
    }
    reading
}

fn one<'a>(file: &'a File<'a>, page: &Page, (number, shared): (usize, &mut Shared), reading: &mut Reading) {
    let before = shared.left;
    let canvas = page::drawn(file, shared, page);
    let letters = canvas.glyphs.iter().filter(|g| !g.c.is_whitespace()).count();
    let is_full = page::covered(&canvas) >= MOST;
    let findings = covered::findings(&canvas.glyphs, &canvas.painted, canvas.page, is_full);
    for finding in findings {
        if reading.hidden.len() < MAX_FINDINGS {
            let detail = format!("page {number}: {}: {}", finding.how, finding.words);
            reading.hidden.push(extras::hidden(finding.what, &detail));
        }
    }
    extras::of_page(file, page, (number, &canvas.glyphs), &mut reading.hidden, &mut reading.notes);
    reading.letters += letters;
    reading.unreadable += canvas.unreadable;
    if letters < FEW && is_full {
        reading.scanned.push(number);
    } else if letters == 0 && canvas.unreadable == 0 && before - canvas.shared.left > 400 {
        reading.drawings += 1;
    }
    if reading.text.len() <= MAX_ANALYSED {
        let text = layout::text(&canvas.glyphs);
        if !reading.text.is_empty() && !text.is_empty() {
            reading.text.push_str("\n\n");
        }
        reading.text.push_str(&text);
    }
}

/// The layers that are switched off when the file is opened (§8.11.4).
fn layers_off(file: &File) -> std::collections::BTreeSet<u32> {
    let root = file.entry(&file.trailer, "Root");
    let properties = file.at(&root, "OCProperties");
    let start = file.at(&properties, "D");
    let numbers = |list: Object| -> Vec<u32> {
        let all = list.list().unwrap_or_default().iter().take(10_000);
        all.filter_map(|o| if let Object::Reference(number) = o { Some(*number) } else { None }).collect()
    };
    let mut off = Vec::new();
    if file.at(&start, "BaseState").name() == Some(b"OFF") {
        off = numbers(file.at(&properties, "OCGs"));
        let on = numbers(file.at(&start, "ON"));
        off.retain(|layer| !on.contains(layer));
    }
    off.extend(numbers(file.at(&start, "OFF")));
    off.into_iter().collect()
}

/// The file without its protection: none inside if it has none, none at all if it opens with a password only.
#[expect(clippy::option_option, reason = "no protection and no way in are two answers")]
fn decrypted(data: &[u8], notes: &mut Notes) -> Option<Option<Vec<u8>>> {
    let file = File::open(data);
    if !file.trailer.contains_key(b"Encrypt".as_slice()) {
        return Some(None);
    }
    let plain = unlocked(data);
    if plain.is_none() {
        notes.add("not read: the PDF opens with a password only");
    }
    plain.map(Some)
}

/// Opens a file with the empty password, as every viewer does, and writes it anew.
#[cfg(feature = "pdf")]
fn unlocked(data: &[u8]) -> Option<Vec<u8>> {
    // The reader of protected files panics on some damaged ones; what it aborts on costs this child process.
    let unlocked = std::panic::catch_unwind(|| {
        let mut document = lopdf::Document::load_mem(data).ok()?;
        if document.is_encrypted() {
            document.decrypt("").ok()?;
        }
        document.trailer.remove(b"Encrypt");
        let mut plain = Vec::new();
        document.save_to(&mut plain).ok()?;
        Some(plain)
    });
    unlocked.ok().flatten()
}

#[cfg(not(feature = "pdf"))]
fn unlocked(_data: &[u8]) -> Option<Vec<u8>> {
    None
}
