//! What was understood of a mail, as an object for machines and as a page for people.

use crate::domain::incoming::mime::Address;
use crate::domain::incoming::{Attachment, Incoming};
use std::io;

/// Columns of a page.
const WIDTH: usize = 100;
/// Columns before what is said.
const INDENT: usize = 16;
/// How much of the text is shown; all of it is in the JSON.
const SHOWN: usize = 600;

/// The object of `askance read --json`, with `file` first.
pub fn as_json(file: &str, incoming: &Incoming) -> io::Result<serde_json::Value> {
    let serde_json::Value::Object(fields) = serde_json::to_value(incoming)? else {
        return Err(io::Error::other("expected an object"));
    };
    let mut object = serde_json::Map::new();
    object.insert("file".to_owned(), file.into());
    object.extend(fields);
    Ok(serde_json::Value::Object(object))
}

/// The same for people.
pub fn as_text(file: &str, incoming: &Incoming) -> String {
    let mut page = Page { text: format!("{}\n", harmless(file)), heading: None };
    envelope(&mut page, incoming);
    reading(&mut page, incoming);
    belongs(&mut page, incoming);
    page.group("Text");
    page.row("own words", shortened(&incoming.text));
    page.row("quoted", incoming.quoted.as_deref().map(shortened).unwrap_or_default());
    for hidden in &incoming.hidden {
        page.row("hidden", hidden.detail.clone());
    }
    page.group("Attachments");
    for file in &incoming.attachments {
        attachment(&mut page, file);
    }
    page.group("Notes");
    for note in &incoming.notes {
        page.row("note", note.clone());
    }
    page.text.push('\n');
    page.text
}

fn envelope(page: &mut Page, incoming: &Incoming) {
    let people = |people: &[Address]| people.iter().map(person).collect::<Vec<_>>().join(", ");
    page.row("subject", incoming.subject.clone());
    page.row("from", incoming.from.as_ref().map(person).unwrap_or_default());
    page.row("to", people(&incoming.to));
    page.row("cc", people(&incoming.cc));
    page.row("date", incoming.date.map(|d| d.format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default());
    page.row(
        "size",
        format!("{} bytes, {} parts, SHA-256 {}", incoming.size, incoming.parts, incoming.sha256),
    );
}

fn reading(page: &mut Page, incoming: &Incoming) {
    let reading = &incoming.reading;
    page.group("What it says");
    page.row("kind", format!("{} ({:.0} %)", reading.kind, reading.confidence * 100.0));
    page.row("also", reading.also.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", "));
    page.row("language", incoming.language.clone().unwrap_or_default());
    page.row("automatic", incoming.automatic.as_str().to_owned());
    if let Some(bounce) = &incoming.bounce {
        let lasting = if bounce.permanent { "for good" } else { "for now" };
        let status = bounce.status.as_deref().unwrap_or("no status");
        page.row("not reached", format!("{}: {lasting} ({status})", bounce.recipients.join(", ")));
    }
    page.row("reference", reading.reference.clone().unwrap_or_default());
    page.row("promised for", reading.new_due_on.map(|d| d.to_string()).unwrap_or_default());
    let unit = |period: &_| serde_json::to_value(period).ok();
    if let Some(period) = &reading.extension {
        let named = unit(&period.unit).and_then(|u| Some(u.as_str()?.replace('_', " "))).unwrap_or_default();
        page.row("extended by", format!("{} {named}", period.amount));
    }
    page.row("fee", reading.fee.as_ref().map(|f| format!("{} {}", f.amount, f.currency)).unwrap_or_default());
    for ground in &reading.grounds {
        let law: Vec<&str> =
            [ground.regime.as_deref(), ground.category.as_deref()].into_iter().flatten().collect();
        let law = if law.is_empty() { String::new() } else { format!(" ({})", law.join(", ")) };
        page.row("ground", format!("{}{law}", ground.cite));
    }
    page.row("passed on to", reading.transferred_to.clone().unwrap_or_default());
    page.row("asks for", reading.asks_for.clone().unwrap_or_default());
    for link in &reading.links {
        let until = link.expires_on.map(|day| format!(" (until {day})")).unwrap_or_default();
        let note = link.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
        page.row("link", format!("{}{until}{note}", link.url));
    }
    for evidence in &reading.evidence {
        page.row("evidence", format!("{}: “{}”", evidence.place, evidence.text));
    }
}

/// What tells whose it is.
fn belongs(page: &mut Page, incoming: &Incoming) {
    page.group("Whose it may be");
    let own = |address: &&String| !incoming.to.iter().chain(&incoming.cc).any(|a| &&a.address == address);
    page.row(
        "delivered to",
        incoming.delivered_to.iter().filter(own).cloned().collect::<Vec<_>>().join(", "),
    );
    page.row("message id", incoming.message_id.clone().unwrap_or_default());
    page.row("answers", incoming.in_reply_to.join(", "));
    page.row("after", incoming.references.join(", "));
    page.row("returned", incoming.returned_ids.join(", "));
}

fn attachment(page: &mut Page, file: &Attachment) {
    let text = match (file.text_chars, file.scanned_pages) {
        (0, 0) => "no text".to_owned(),
        (0, pages) => format!("{pages} pages that are pictures of text"),
        (chars, 0) => format!("{chars} characters of text"),
        (chars, pages) => format!("{chars} characters of text, {pages} pages that are pictures"),
    };
    page.row("file", format!("{} ({}, {} bytes, {text})", file.name, file.content_type, file.size));
    page.row("", format!("SHA-256 {}", file.sha256));
    for hidden in &file.hidden {
        page.row("  hidden", format!("{}: {}", hidden.what.as_str().replace('_', " "), hidden.detail));
    }
    for note in &file.notes {
        page.row("  note", note.clone());
    }
}

fn person(address: &Address) -> String {
    match &address.name {
        Some(name) if !name.trim().is_empty() => format!("{} <{}>", name.trim(), address.address),
        _ => address.address.clone(),
    }
}

fn shortened(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{} …", words.get(..at).unwrap_or_default()),
        None => words,
    }
}

/// A mail must not steer the terminal of who reads it, nor turn the order of what it says.
fn harmless(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Rows of a name and what is said, wrapped; a group without rows is not shown.
struct Page {
    text: String,
    /// A heading that waits for its first row.
    heading: Option<&'static str>,
}

impl Page {
    fn group(&mut self, name: &'static str) {
        self.heading = Some(name);
    }

    fn row(&mut self, name: &str, said: String) {
        let said = harmless(&said.split_whitespace().collect::<Vec<_>>().join(" "));
        if said.is_empty() {
            return;
        }
        if let Some(heading) = self.heading.take() {
            self.text.extend(["  ", heading, "\n"]);
        }
        self.text.push_str("    ");
        self.text.push_str(name);
        self.text.push_str(&" ".repeat((INDENT - 4).saturating_sub(name.len())));
        let mut column = INDENT;
        for (number, word) in said.split(' ').enumerate() {
            let width = word.chars().count();
            if number > 0 && column + 1 + width > WIDTH {
                self.text.push('\n');
                self.text.push_str(&" ".repeat(INDENT));
                column = INDENT;
            } else if number > 0 {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += width;
        }
        self.text.push('\n');
    }
}
