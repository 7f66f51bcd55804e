//! A file that came with a mail: what it is called, what it says, what hides in it.

use crate::domain::incoming::documents::sniff;
use crate::domain::incoming::documents::{self, Document, Hidden, Supplied};
use crate::domain::incoming::mime::{Leaf, Notes};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An attachment, by its place in the mail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attachment {
    /// File name as the sender gave it, or one made from its type.
    pub name: String,
    /// Content type, lower case.
    pub content_type: String,
    /// Size of the decoded bytes.
    pub size: usize,
    /// SHA-256 of the decoded bytes, hex.
    pub sha256: String,
    /// The container it was taken out of (an archive, `winmail.dat`, the text); none for a part of the mail itself.
    #[serde(default)]
    pub within: Option<String>,
    /// How many characters of text were found in it.
    pub text_chars: usize,
    /// What was odd or could not be read.
    pub notes: Vec<String>,
    /// Its text, if it has any we can read.
    #[serde(default)]
    pub text: Option<String>,
    /// What hides in it, to be looked at before it is published.
    #[serde(default)]
    pub hidden: Vec<Hidden>,
    /// Number of pages that are pictures of text and have none of their own.
    #[serde(default)]
    pub scanned_pages: usize,
}

/// Reads one; `supplied` may have its text.
pub fn describe(leaf: &Leaf, supplied: &Supplied) -> Attachment {
    let mut notes = Notes::default();
    let sha256 = HEXLOWER.encode(&Sha256::digest(&leaf.data));
    let Document { text, hidden, scanned_pages } = documents::read(leaf, &mut notes);
    let text = supplied.get(&sha256).cloned().or(text);
    let content_type = sniff::content_type(leaf);
    Attachment {
        name: file_name(leaf, &content_type),
        content_type,
        size: leaf.data.len(),
        sha256,
        within: leaf.container.clone(),
        text_chars: text.as_deref().map_or(0, |t| t.chars().count()),
        notes: notes.into_vec(),
        text,
        hidden,
        scanned_pages,
    }
}

fn file_name(leaf: &Leaf, content_type: &str) -> String {
    if let Some(name) = &leaf.name {
        return name.clone();
    }
    if leaf.is_mail {
        return "message.eml".to_owned();
    }
    let ending = match content_type {
        "text/calendar" => "ics",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        other => sniff::by_content_type(other).ending(),
    };
    format!("attachment.{ending}")
}
