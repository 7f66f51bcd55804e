//! What lies in an office file beside its content: who wrote it, what is embedded, who commented.

use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::xml::{Step, walk};
use crate::domain::incoming::documents::{Document, Hiding};
use crate::domain::incoming::mime::Notes;

/// Reports author, last hand, firm and embedded files of an OOXML or `OpenDocument` file.
pub fn report(package: &mut Package<'_>, document: &mut Document, notes: &mut Notes) {
    let mut said = Vec::new();
    for part in ["docProps/core.xml", "docProps/app.xml", "meta.xml"] {
        if let Some(xml) = package.xml(part, notes) {
            people(&xml, &mut said, notes);
        }
    }
    author(&said, document);
    let embedded: Vec<String> = package
        .entries()
        .iter()
        .filter(|e| !e.folder && is_embedded(&e.name))
        .map(|e| format!("{} ({} bytes)", e.name, e.size))
        .collect();
    if !embedded.is_empty() {
        let list = embedded.join(", ");
        document.hide(Hiding::EmbeddedFile, format!("{} files within the file: {list}", embedded.len()));
    }
    if package.entries().iter().any(|e| e.name.ends_with("vbaProject.bin") || e.name.starts_with("Basic/")) {
        document.hide(Hiding::EmbeddedFile, "a program (macro) is in the file");
    }
}

/// Reports who wrote and changed a file, from pairs of role and name.
pub fn author(said: &[(&str, String)], document: &mut Document) {
    let said: Vec<String> = said
        .iter()
        .filter(|(_, who)| !who.trim().is_empty())
        .map(|(r, who)| format!("{r} “{who}”"))
        .collect();
    if !said.is_empty() {
        document.hide(Hiding::Author, said.join(", "));
    }
}

fn people(xml: &str, said: &mut Vec<(&'static str, String)>, notes: &mut Notes) {
    let mut role: Option<&'static str> = None;
    walk(xml, notes, |step| {
        match step {
            Step::Open(tag) => {
                role = match tag.name() {
                    "creator" => Some("written by"),
                    "initial-creator" => Some("begun by"),
                    "lastModifiedBy" => Some("last changed by"),
                    "printed-by" => Some("printed by"),
                    "Company" => Some("firm"),
                    "Manager" => Some("manager"),
                    _ => None,
                }
            }
            Step::Text(text) => {
                if let Some(role) = role {
                    match said.last_mut().filter(|(last, _)| *last == role) {
                        Some((_, name)) => name.push_str(text),
                        None => said.push((role, text.to_owned())),
                    }
                }
            }
            Step::Close(_) => role = None,
        }
        said.len() < 20
    });
}

fn is_embedded(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        ["word" | "ppt" | "xl", "embeddings" | "activeX", ..] => true,
        // Objects of an OpenDocument file are folders or files named `Object 1`; their pictures lie elsewhere.
        [object] | [object, "content.xml"] => object.starts_with("Object "),
        _ => false,
    }
}

/// Comments of a file that were gathered while it was walked.
#[derive(Debug, Default)]
pub struct Remarks {
    /// Who wrote them.
    pub people: Vec<String>,
    /// What they say.
    pub texts: Vec<String>,
}

impl Remarks {
    /// Adds a person once.
    pub fn by(&mut self, who: &str) {
        let who = who.trim();
        if !who.is_empty() && self.people.len() < 20 && !self.people.iter().any(|p| p == who) {
            self.people.push(who.to_owned());
        }
    }

    /// Adds what one says.
    pub fn says(&mut self, text: &str) {
        if !text.trim().is_empty() && self.texts.len() < 10_000 {
            self.texts.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }

    /// Adds to the last remark.
    pub fn goes_on(&mut self, text: &str) {
        match self.texts.last_mut() {
            Some(last) => last.push_str(text),
            None => self.texts.push(text.to_owned()),
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.people.is_empty()
    }

    /// “3 comments by A, B: “first” “second””.
    pub fn report(&self, what: Hiding, thing: &str, document: &mut Document) {
        if self.is_empty() {
            return;
        }
        let by =
            if self.people.is_empty() { String::new() } else { format!(" by {}", self.people.join(", ")) };
        let starts: Vec<String> = self.texts.iter().take(8).map(|t| format!("“{}”", t.trim())).collect();
        document.hide(what, format!("{thing}: {}{by}: {}", self.texts.len(), starts.join(" ")));
    }
}
