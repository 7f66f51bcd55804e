//! PDF: its text layer, and what lies beside or below it.

use crate::domain::incoming::documents::Document;
use crate::domain::incoming::mime::Notes;

/// Text of a PDF, and how many of its pages are pictures.
pub fn read(data: &[u8], notes: &mut Notes) -> Document {
    Document { text: text(data, notes), ..Document::default() }
}

#[cfg(feature = "pdf")]
fn text(data: &[u8], notes: &mut Notes) -> Option<String> {
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
fn text(_data: &[u8], notes: &mut Notes) -> Option<String> {
    notes.add("not read: built without a PDF reader");
    None
}
