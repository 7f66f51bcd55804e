//! `PowerPoint` files of 1997 to 2003 ([MS-PPT]): the words of slides; those of notes are reported.

use crate::domain::incoming::documents::compound::{self, size_at, u16_at};
use crate::domain::incoming::documents::{Document, Hiding, MAX_TEXT};
use crate::domain::incoming::mime::Notes;
use encoding_rs::{UTF_16LE, WINDOWS_1252};

/// How deep records may lie in each other.
const MAX_DEPTH: usize = 40;

/// Reads a ppt file.
pub fn read(data: &[u8], notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let Some(mut file) = compound::open(data, notes) else { return document };
    let stream = compound::stream(&mut file, "/PowerPoint Document").unwrap_or_default();
    let (mut out, mut comments) = (String::new(), Vec::new());
    // What is left to read of each record that holds records, and whether it lies in notes.
    let mut stack: Vec<(&[u8], bool)> = vec![(&stream, false)];
    let mut note = String::new();
    while let Some((rest, in_notes)) = stack.pop() {
        let (Some(head), Some(kind), Some(length)) = (u16_at(rest, 0), u16_at(rest, 2), size_at(rest, 4))
        else {
            continue;
        };
        let body = rest.get(8..).unwrap_or_default();
        let after = body.get(length..).unwrap_or_default();
        let body = body.get(..length).unwrap_or(body);
        stack.push((after, in_notes));
        let text = match kind {
            0x0fa0 => UTF_16LE.decode(body).0.into_owned(),
            0x0fa8 => WINDOWS_1252.decode(body).0.into_owned(),
            0x0fba if head >> 4 == 1 => {
                comments.push(UTF_16LE.decode(body).0.into_owned());
                continue;
            }
            // The masters' words ("Click to edit") are nobody's.
            0x03f8 => continue,
            _ => {
                if head & 0xf == 0xf && stack.len() < MAX_DEPTH {
                    stack.push((body, in_notes || kind == 0x03f0));
                }
                continue;
            }
        };
        let target = if in_notes { &mut note } else { &mut out };
        target.push_str(text.replace(['\r', '\u{b}'], "\n").trim());
        target.push_str("\n\n");
        if out.len() + note.len() > MAX_TEXT {
            break;
        }
    }
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !note.trim().is_empty() {
        document.hide(Hiding::Notes, format!("notes to slides: {}", line(&note)));
    }
    // A comment has its author's name and initials as strings beside it; the longest is the comment.
    if let Some(longest) = comments.iter().max_by_key(|c| c.len()) {
        document.hide(Hiding::Comments, format!("comments on slides, one of them: {}", line(longest)));
    }
    document.text = Some(out);
    compound::report(&mut file, &mut document);
    document
}
