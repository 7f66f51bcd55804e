//! Attachments to text: PDF, office files, HTML, plain text, mail in mail; within limits, never more than text.

pub mod archive;
pub mod beside;
pub mod compound;
pub mod grid;
pub mod image;
pub mod number;
pub mod old_sheet;
pub mod old_slides;
pub mod old_word;
pub mod open_document;
pub mod open_sheet;
pub mod package;
pub mod pdf;
pub mod properties;
pub mod relations;
pub mod rtf;
pub mod slides;
pub mod sniff;
pub mod word;
pub mod workbook;
pub mod xml;

use crate::domain::incoming::MAX_ANALYSED;
use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::sniff::Format;
use crate::domain::incoming::mime::html::{self, Page, Unshown};
use crate::domain::incoming::mime::{self, Leaf, Notes, charset};
use crate::domain::incoming::unpack::outlook;
use crate::domain::words::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The largest file whose text is read.
const MAX_FILE: usize = 30 * 1024 * 1024;
/// How much text of one file is gathered before it is cut to what is analysed.
pub const MAX_TEXT: usize = 4 * MAX_ANALYSED;
/// How many findings of one file are listed.
const MAX_HIDDEN: usize = 60;

/// What a file shows and what it hides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Its text, if it has any we can read.
    pub text: Option<String>,
    /// What someone who opens it does not see at once, but who gets it can find.
    pub hidden: Vec<Hidden>,
    /// Number of pages that are pictures of text; 0 if it has a text of its own or is no document.
    pub scanned_pages: usize,
}

words! {
    /// What hides in a file (reliability R35).
    pub enum Hiding {
        /// A sheet, row, column or slide that is hidden, also "very hidden".
        HiddenSheet = "hidden_sheet",
        /// The data behind a pivot table.
        PivotCache = "pivot_cache",
        /// Values kept from another workbook.
        ExternalLink = "external_link",
        /// A name for a range of cells, hidden or with a value of its own.
        NamedRange = "named_range",
        /// Text that was deleted or inserted with changes tracked.
        TrackedChanges = "tracked_changes",
        /// A comment.
        Comments = "comments",
        /// The notes of a speaker.
        Notes = "notes",
        /// Text that is formatted as hidden or white on white.
        HiddenText = "hidden_text",
        /// Where a photograph was taken.
        Location = "location",
        /// A box drawn over text that is still there.
        CoveredText = "covered_text",
        /// A file within the file.
        EmbeddedFile = "embedded_file",
        /// A mail within the mail.
        InnerMail = "inner_mail",
        /// Who wrote or changed the file.
        Author = "author",
        /// A version of the file before it was changed, still in it.
        EarlierVersion = "earlier_version",
    }
    expected "what hides in a file"
}

/// Something hidden in a file, for whoever is about to publish it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// What it is.
    pub what: Hiding,
    /// Where and what, in plain words, at most 300 characters.
    pub detail: String,
}

/// Texts of files that something outside this process read (recognised from a scan, taken out by another program),
/// by the SHA-256 of the file, hex.
pub type Supplied = BTreeMap<String, String>;

impl Document {
    /// Reports something hidden, cut to 300 characters.
    pub fn hide(&mut self, what: Hiding, detail: impl AsRef<str>) {
        let detail = detail.as_ref();
        let mut cut: String = detail.chars().filter(|c| !c.is_control()).take(300).collect();
        if detail.chars().nth(300).is_some() {
            cut = cut.chars().take(299).chain(['…']).collect();
        }
        let finding = Hidden { what, detail: cut };
        if self.hidden.len() < MAX_HIDDEN && !self.hidden.contains(&finding) {
            self.hidden.push(finding);
        }
    }

    /// Reports what HTML does not show.
    pub fn hide_unshown(&mut self, unshown: &[Unshown]) {
        for one in unshown {
            self.hide(Hiding::HiddenText, one.in_words());
        }
    }
}

/// Reads an attachment; a note says why there is no text.
pub fn read(leaf: &Leaf, notes: &mut Notes) -> Document {
    let mut document = Document::default();
    if leaf.data.is_empty() {
        notes.add("empty");
        return document;
    }
    let format = sniff::format(leaf, notes);
    // An archive is only listed, whatever its size.
    if leaf.data.len() > MAX_FILE && format != Format::Zip {
        notes.add("not read: too large");
        return document;
    }
    document = match format {
        Format::Pdf => pdf::read(&leaf.data, notes),
        Format::Word => office(&leaf.data, word::read, notes),
        Format::Workbook => office(&leaf.data, workbook::read, notes),
        Format::Slides => office(&leaf.data, slides::read, notes),
        Format::OpenText | Format::OpenSlides => office(&leaf.data, open_document::read, notes),
        Format::OpenSheet => office(&leaf.data, open_sheet::read, notes),
        Format::OldWord => old_word::read(&leaf.data, notes),
        Format::OldSheet => old_sheet::read(&leaf.data, notes),
        Format::OldSlides => old_slides::read(&leaf.data, notes),
        Format::Rtf => rtf::read(&leaf.data, notes),
        Format::OutlookMail => outlook_mail(&leaf.data, notes),
        Format::Tnef => Document::default(),
        Format::Zip => archive::read(&leaf.data, notes),
        Format::Html | Format::Text | Format::Report => {
            document.text = Some(decoded_into(leaf, notes, &mut document.hidden));
            document
        }
        Format::Mail => mail(&leaf.data, notes),
        Format::Picture => image::read(&leaf.data, notes),
        Format::Silent => document,
        Format::Locked => {
            notes.add("not read: protected with a password");
            document
        }
        _ => {
            notes.add(format!("not read: no reader for `{}`", leaf.content_type));
            document
        }
    };
    let cut = |text: String| html::cut(&text, MAX_ANALYSED).to_owned();
    document.text = document.text.map(cut).filter(|text| !text.trim().is_empty());
    document
}

/// Reads a zipped office file and what lies beside its content.
fn office(data: &[u8], read: fn(&mut Package<'_>, &mut Notes) -> Document, notes: &mut Notes) -> Document {
    let Some(mut package) = Package::open(data, notes) else { return Document::default() };
    let mut document = read(&mut package, notes);
    properties::report(&mut package, &mut document, notes);
    document
}

/// The text of a part as it is shown; what it hides goes to the findings.
fn decoded_into(leaf: &Leaf, notes: &mut Notes, hidden: &mut Vec<Hidden>) -> String {
    let page = decoded(leaf, notes);
    let mut found = Document { hidden: std::mem::take(hidden), ..Document::default() };
    found.hide_unshown(&page.hidden);
    *hidden = found.hidden;
    page.text
}

/// The characters of a text part, HTML rendered and without what it hides.
pub fn decoded(leaf: &Leaf, notes: &mut Notes) -> Page {
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
        return html::read(&text, notes);
    }
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
    Page { text, hidden: Vec::new() }
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

/// Subject and text of a mail that Outlook saved; its files stand after those of the mail around it.
fn outlook_mail(data: &[u8], notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let inner = outlook::read(data, notes);
    let files = inner.files.len();
    let detail = format!("a mail with {files} files, “{}”, from {}", inner.subject, inner.from);
    document.hide(Hiding::InnerMail, detail);
    document.text = Some(format!("{}\n\n{}", inner.subject, inner.text));
    document
}

/// Subject and text of a mail within the mail, and of those within it.
fn mail(data: &[u8], notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let inner = mime::parse(data);
    let mut out = inner.headers.first("Subject").unwrap_or_default();
    let files = inner.leaves.iter().filter(|l| l.attached || l.name.is_some()).count();
    let from = inner.headers.first("From").unwrap_or_default();
    document.hide(Hiding::InnerMail, format!("a mail with {files} files, “{out}”, from {from}"));
    for leaf in inner.leaves.iter().filter(|l| !l.is_mail && !l.attached && l.content_type == "text/plain") {
        out.push_str("\n\n");
        out.push_str(&decoded_into(leaf, notes, &mut document.hidden));
    }
    let without_plain = !inner.leaves.iter().any(|l| l.content_type == "text/plain");
    for leaf in inner.leaves.iter().filter(|l| without_plain && l.content_type == "text/html") {
        out.push_str("\n\n");
        out.push_str(&decoded_into(leaf, notes, &mut document.hidden));
    }
    document.text = Some(out);
    document
}
