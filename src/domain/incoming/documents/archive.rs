//! Zip archives as they came: a list of what is in them. The files themselves stand after the mail's own.

use crate::domain::incoming::documents::Document;
use crate::domain::incoming::documents::package::{Entry, Package};
use crate::domain::incoming::mime::Notes;

/// How many names are listed.
const MAX_LISTED: usize = 40;

/// Notes what an archive holds. It has no text of its own: names of files are no sentence of a letter.
pub fn read(data: &[u8], notes: &mut Notes) -> Document {
    let Some(package) = Package::open(data, notes) else { return Document::default() };
    let files: Vec<&Entry> = package.entries().iter().filter(|e| !e.folder).collect();
    let named: Vec<String> =
        files.iter().take(MAX_LISTED).map(|e| format!("{} ({} bytes)", e.name, e.size)).collect();
    let more = if files.len() > MAX_LISTED { " and more" } else { "" };
    notes.add(format!("holds {} files: {}{more}", files.len(), named.join(", ")));
    if package.entries().iter().any(Entry::leads_out) {
        notes.add("not read: a name in the archive leads out of its folder (\"zip slip\")");
    }
    let locked = files.iter().filter(|e| e.locked).count();
    if locked > 0 {
        notes.add(format!("not read: {locked} of its files are protected with a password"));
    }
    Document::default()
}
