//! Containers that hold a mail's parts once more: TNEF, Outlook's own mails, uuencode, yEnc, zip; all within limits.
//!
//! The leaves of MIME stay as they are, each with its own bytes; what is taken out of them follows after the last.

pub mod compressed_rtf;
pub mod encoded;
pub mod mapi;
pub mod outlook;
pub mod tnef;
pub mod zipped;

use crate::domain::incoming::documents::sniff::{Format, by_bytes};
use crate::domain::incoming::mime::{self, Leaf, Mail, Notes};

/// How many files are taken out of containers.
const MAX_TAKEN: usize = 200;
/// How many bytes they may have together.
const MAX_BYTES: usize = 100 * 1024 * 1024;
/// What a small mail may be unpacked to, and how many times itself a larger one: archives of documents grow tenfold.
const SMALL_MAIL: usize = 16 * 1024 * 1024;
const MAX_GROWTH: usize = 20;
/// How deep containers are opened in each other.
const MAX_NESTED: usize = 2;
/// The largest container that is opened.
const MAX_CONTAINER: usize = 60 * 1024 * 1024;

/// A file taken out of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// Its name, empty if it has none.
    pub name: String,
    /// Its content type, empty if it has none.
    pub content_type: String,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// What a container holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// Subject of the mail in it.
    pub subject: String,
    /// Sender of the mail in it.
    pub from: String,
    /// Recipients as they are shown.
    pub to: String,
    /// Header fields it came with.
    pub headers: String,
    /// Text of the mail in it.
    pub text: String,
    /// Files.
    pub files: Vec<Taken>,
}

/// Puts what the containers of a mail hold after its own leaves.
pub fn expand(mail: &mut Mail) {
    let mut notes = std::mem::take(&mut mail.notes);
    let packed: usize = mail.leaves.iter().map(|leaf| leaf.data.len()).sum();
    let bytes = packed.saturating_mul(MAX_GROWTH).clamp(SMALL_MAIL, MAX_BYTES);
    let mut room = Room { files: MAX_TAKEN, bytes };
    let bare = !mail
        .leaves
        .iter()
        .any(|l| l.within == 0 && !l.attached && is_text(l) && !l.data.trim_ascii().is_empty());
    for at in 0..mail.leaves.len() {
        let inline = mail.leaves.get_mut(at).filter(|l| is_text(l) && l.name.is_none() && !l.attached);
        if let Some(leaf) = inline {
            let (within, taken) = (leaf.within, encoded::take_out(leaf, &mut notes));
            for file in taken {
                room.add(mail, file, ("the text", within), &mut notes);
            }
        }
    }
    let mut from = 0;
    for depth in 0..=MAX_NESTED {
        let to = mail.leaves.len();
        for at in from..to {
            let Some(leaf) = mail.leaves.get(at) else { break };
            let Some(opened) = open(leaf, depth, &mut notes) else { continue };
            let (name, within) = (name_of(leaf), leaf.within);
            // A mail that Outlook sent as TNEF has its words there and nowhere else.
            if bare && depth == 0 && opened.format == Format::Tnef && !opened.contents.text.trim().is_empty()
            {
                notes.add(format!("the text of the mail was taken out of `{name}`"));
                mail.leaves.push(text_leaf(opened.contents.text, &name));
            }
            let inside = within + usize::from(matches!(opened.format, Format::OutlookMail | Format::Mail));
            for file in opened.contents.files {
                room.add(mail, file, (&name, inside), &mut notes);
            }
        }
        from = to;
    }
    mail.notes = notes;
}

fn is_text(leaf: &Leaf) -> bool {
    matches!(leaf.content_type.as_str(), "text/plain" | "text/html")
}

fn name_of(leaf: &Leaf) -> String {
    leaf.name.clone().unwrap_or_else(|| leaf.content_type.clone())
}

struct Opened {
    format: Format,
    contents: Contents,
}

fn open(leaf: &Leaf, depth: usize, notes: &mut Notes) -> Option<Opened> {
    if leaf.is_mail || leaf.data.len() > MAX_CONTAINER {
        return None;
    }
    let named_mail = leaf.name.as_ref().is_some_and(|n| n.to_lowercase().ends_with(".eml"));
    let format = match by_bytes(&leaf.data) {
        None if named_mail => Format::Mail,
        Some(format @ (Format::Tnef | Format::OutlookMail | Format::Zip)) => format,
        _ => return None,
    };
    if depth >= MAX_NESTED {
        notes.add(format!("not read: containers lie more than {MAX_NESTED} deep in each other"));
        return None;
    }
    let mut inner = Notes::default();
    let contents = match format {
        Format::Tnef => tnef::read(&leaf.data, &mut inner),
        Format::OutlookMail => outlook::read(&leaf.data, &mut inner),
        Format::Zip => zipped::read(&leaf.data, &mut inner),
        _ => mail_as_file(&leaf.data),
    };
    for note in inner.into_vec() {
        notes.add(format!("{}: {note}", name_of(leaf)));
    }
    Some(Opened { format, contents })
}

/// The files of a mail that was attached as a mere file, so that MIME did not descend into it.
fn mail_as_file(data: &[u8]) -> Contents {
    let files = mime::parse(data)
        .leaves
        .into_iter()
        .filter(|l| l.is_mail || l.attached || l.name.is_some())
        .map(|l| Taken { name: l.name.unwrap_or_default(), content_type: l.content_type, data: l.data });
    Contents { files: files.collect(), ..Contents::default() }
}

struct Room {
    files: usize,
    bytes: usize,
}

impl Room {
    fn add(&mut self, mail: &mut Mail, file: Taken, (container, within): (&str, usize), notes: &mut Notes) {
        if self.files == 0 || file.data.len() > self.bytes {
            notes.add("not read: the containers of this mail hold more files than are taken out");
            return;
        }
        self.files -= 1;
        self.bytes -= file.data.len();
        mail.leaves.push(file.into_leaf(container, within));
    }
}

impl Taken {
    fn into_leaf(self, container: &str, within: usize) -> Leaf {
        let is_mail = self.content_type == "message/rfc822";
        let name = last_name(&self.name);
        Leaf {
            content_type: if self.content_type.contains('/') {
                self.content_type.to_lowercase()
            } else {
                "application/octet-stream".to_owned()
            },
            charset: None,
            name: (!name.is_empty()).then_some(name),
            attached: true,
            within,
            alternative: None,
            is_mail,
            container: Some(container.to_owned()),
            data: self.data,
        }
    }
}

/// The name without folders: nothing is ever written to a path that a sender chose.
fn last_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(255).collect();
    if clean.trim_matches('.').is_empty() { String::new() } else { clean.trim().to_owned() }
}

fn text_leaf(text: String, container: &str) -> Leaf {
    Leaf {
        content_type: "text/plain".to_owned(),
        charset: Some("utf-8".to_owned()),
        name: None,
        attached: false,
        within: 0,
        alternative: None,
        is_mail: false,
        container: Some(container.to_owned()),
        data: text.into_bytes(),
    }
}
