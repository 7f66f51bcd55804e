//! The files of a reply as they are listed at the desk: what was read of each, what was not, and what hides in it.

use crate::domain::incoming::mime::html::cut;
use crate::domain::incoming::{self, MAX_ANALYSED};
use crate::service::cage::recognition;
use crate::store::desk::message::Attachment;
use crate::web::desk::folding::folded;
use crate::web::desk::hidings::{self, Warning};
use crate::web::desk::passages::{self, Segment};
use crate::web::desk::words;
use crate::web::filters;
use serde::Serialize;

/// How much text of all files of a mail one page shows, in bytes.
const MOST: usize = 1_000_000;

/// Notes of the readers that a text was looked for in pictures, and found.
const SCANNED: &[&str] = &["no text in this PDF", "its text was recognised from a picture and"];

/// A file as it is listed.
#[derive(Debug, Clone, Serialize)]
pub struct File {
    /// Place in the mail.
    pub position: i64,
    /// As the sender named it.
    pub name: String,
    /// The name, its middle left out where it is long.
    pub short: String,
    /// What it is, in plain words.
    pub what: String,
    /// Bytes.
    pub size: i64,
    /// Of the bytes.
    pub sha256: String,
    /// Characters of text.
    pub text_chars: usize,
    /// What was odd or could not be read, and what to do.
    pub notes: Vec<String>,
    /// That it was scanned, and what follows.
    pub scanned: Option<String>,
    /// What hides in it.
    pub hidden: Vec<Warning>,
    /// Its text, cut at the passages.
    pub segments: Vec<Segment>,
    /// Whether its text is longer than what is shown.
    pub longer: bool,
    /// What its passages show.
    pub shows: Shows,
    /// Whether everyone may have it.
    pub published: bool,
}

/// What the passages in a file show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// There are none.
    Nothing,
    /// Something that was read.
    Something,
    /// What kind of reply it is.
    Kind,
}

/// What the passages of a text show; the kind is the first row of the proposal.
fn shows(segments: &[Segment]) -> Shows {
    let kind = passages::row(0);
    if segments.iter().any(|segment| segment.row.as_ref() == Some(&kind)) {
        Shows::Kind
    } else if segments.iter().any(|segment| segment.number.is_some()) {
        Shows::Something
    } else {
        Shows::Nothing
    }
}

/// The text of each file as far as a page shows it.
pub fn texts(files: &[Attachment]) -> Vec<&str> {
    let mut left = MOST;
    files
        .iter()
        .map(|file| {
            let shown = cut(file.content.as_deref().unwrap_or_default(), left.min(MAX_ANALYSED));
            left = left.saturating_sub(shown.len());
            shown
        })
        .collect()
}

/// A file with what the reading knows of it.
pub fn file(file: Attachment, read: Option<&incoming::Attachment>, segments: Vec<Segment>) -> File {
    let notes: Vec<String> = serde_json::from_str(&file.notes).unwrap_or_default();
    let content = file.content.unwrap_or_default();
    // As long as its text is awaited, the note that says so is enough.
    let scanned = read
        .filter(|_| !recognition::is_awaited(&notes))
        .and_then(|read| scanned(read.scanned_pages, !content.is_empty()));
    // That it was scanned, and what of it was recognised, is said in one sentence of its own.
    let is_said = |note: &String| {
        scanned.is_some() && !content.is_empty() && SCANNED.iter().any(|words| note.contains(words))
    };
    let shown: usize = segments.iter().map(|segment| segment.text.len()).sum();
    File {
        text_chars: content.chars().count(),
        hidden: read.iter().flat_map(|read| read.hidden.iter().map(hidings::warning)).collect(),
        longer: shown < content.len(),
        shows: shows(&segments),
        position: file.position,
        what: filters::file_kind(&file.content_type, &file.name),
        short: filters::shortened(&file.name),
        name: file.name,
        size: file.size,
        sha256: file.sha256,
        notes: notes.iter().filter(|note| !is_said(note)).map(|note| words::note(note)).collect(),
        scanned,
        segments: folded(segments),
        published: file.published_at.is_some(),
    }
}

fn scanned(pages: usize, has_text: bool) -> Option<String> {
    let count = i64::try_from(pages).unwrap_or(i64::MAX);
    let pages = (count > 0).then(|| filters::counted(count, "page is a picture", "pages are pictures"))?;
    Some(if has_text {
        format!("Scanned: {pages}. Recognised text may have errors: compare figures and names with the file.")
    } else {
        format!("Scanned: {pages}. No text could be recognised: save the file and read it.")
    })
}
