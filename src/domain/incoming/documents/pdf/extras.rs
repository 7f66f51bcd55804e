//! What a PDF carries beside its pages: files, comments, names, scripts, earlier versions.

use crate::domain::incoming::documents::pdf::drawing::is_within;
use crate::domain::incoming::documents::pdf::encoding::prose;
use crate::domain::incoming::documents::pdf::file::{File, find};
use crate::domain::incoming::documents::pdf::object::{Dict, Object};
use crate::domain::incoming::documents::pdf::page::{Page, annotations, rect};
use crate::domain::incoming::documents::pdf::state::{Glyph, Rect};
use crate::domain::incoming::documents::{Hidden, Hiding};
use crate::domain::incoming::mime::Notes;
use std::collections::BTreeSet;

/// How many findings of one kind are told.
const MAX_TOLD: usize = 20;
/// How many nodes of a tree of names are looked at.
const MAX_NODES: usize = 2000;

/// A finding whose detail is cut to what is shown.
pub fn hidden(what: Hiding, detail: &str) -> Hidden {
    let detail: String = detail.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = detail.chars().take(299).collect();
    Hidden { what, detail: if cut.len() < detail.len() { cut + "…" } else { cut } }
}

/// Adds what the catalog and the document's properties tell.
pub fn of_file(file: &File, found: &mut Vec<Hidden>, notes: &mut Notes) {
    let info = file.entry(&file.trailer, "Info");
    let root = file.entry(&file.trailer, "Root");
    let said = |key: &str| file.at(&info, key).bytes().map(prose).filter(|text| !text.trim().is_empty());
    let author = said("Author").or_else(|| creator(&file.unpack(&file.at(&root, "Metadata"))));
    if let Some(author) = author {
        found.push(hidden(Hiding::Author, &format!("written by {author}, as its properties say")));
    }
    if let Some(title) = said("Title") {
        notes.add(format!("the PDF is titled “{}”", hidden(Hiding::Author, &title).detail));
    }
    let names = file.at(&root, "Names");
    let mut files = tree(file, &file.at(&names, "EmbeddedFiles"));
    let associated = file.at(&root, "AF");
    files.extend(
        associated.list().unwrap_or_default().iter().take(MAX_TOLD).filter_map(|o| file_name(file, o)),
    );
    tell_files(files, found);
    if file.at(&root, "Collection") != Object::Null {
        notes.add("the PDF is a portfolio: a wrapping around other files");
    }
    let scripts = file.at(&names, "JavaScript") != Object::Null;
    let opens = [file.at(&root, "OpenAction"), file.at(&root, "AA")].iter().any(|a| acts(file, a));
    if scripts || opens {
        notes.add("the PDF carries a script or starts something when opened; nothing of it was run");
    }
    if file.at(&file.at(&root, "AcroForm"), "XFA") != Object::Null {
        notes.add(
            "the PDF is a form that only some programs fill in; what they would show may be missing here",
        );
    }
}

fn tell_files(files: Vec<String>, found: &mut Vec<Hidden>) {
    let names: BTreeSet<String> = files.into_iter().collect();
    for name in names.iter().take(MAX_TOLD) {
        found.push(hidden(Hiding::EmbeddedFile, &format!("the file “{name}” is in the PDF")));
    }
    if names.len() > MAX_TOLD {
        let more = names.len() - MAX_TOLD;
        found.push(hidden(Hiding::EmbeddedFile, &format!("and {more} more files are in the PDF")));
    }
}

/// Versions of a file that later ones were added to (§7.5.6); a file laid out for the web has two tables from the
/// start.
pub fn earlier_versions(data: &[u8], tables: usize) -> Option<Hidden> {
    let start = data.get(..2048).unwrap_or(data);
    let own = 1 + usize::from(find(start, b"/Linearized").is_some());
    let earlier = tables.checked_sub(own).filter(|count| *count > 0)?;
    let detail = if earlier == 1 {
        "an earlier version of the file is still in it; what was changed or taken out since can be brought back".into()
    } else {
        format!(
            "{earlier} earlier versions of the file are still in it; what was changed can be brought back"
        )
    };
    Some(hidden(Hiding::EarlierVersion, &detail))
}

/// The names of the files in a tree of names (§7.9.6).
fn tree(file: &File, top: &Object) -> Vec<String> {
    let (mut names, mut seen, mut open, mut nodes) = (Vec::new(), BTreeSet::new(), vec![top.clone()], 0);
    while let Some(node) = open.pop() {
        nodes += 1;
        if nodes > MAX_NODES || matches!(node, Object::Reference(number) if !seen.insert(number)) {
            continue;
        }
        let list = file.at(&node, "Names");
        for pair in list.list().unwrap_or_default().chunks_exact(2).take(MAX_NODES) {
            let [name, value] = pair else { continue };
            let own = || file.resolve(name).bytes().map(prose);
            names.extend(file_name(file, value).or_else(own));
        }
        let kids = file.resolve(&node).dict().and_then(|dict| dict.get(b"Kids".as_slice())).cloned();
        let kids = kids.map_or(Object::Null, |kids| file.resolve(&kids));
        open.extend(kids.list().unwrap_or_default().iter().take(MAX_NODES).cloned());
    }
    names
}

fn file_name(file: &File, specification: &Object) -> Option<String> {
    let found = file.resolve(specification);
    ["UF", "F", "Unix", "DOS"].iter().find_map(|key| file.at(&found, key).bytes().map(prose))
}

/// Whether an action runs a script or a program; an entry of triggers counts if one of them does.
fn acts(file: &File, action: &Object) -> bool {
    let is_active = |a: &Object| {
        matches!(file.at(a, "S").name(), Some(b"JavaScript" | b"Launch" | b"SubmitForm" | b"ImportData"))
    };
    is_active(action) || action.dict().is_some_and(|dict| dict.values().take(20).any(is_active))
}

/// The first name in `dc:creator` of the metadata.
fn creator(xmp: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(xmp.get(..65_536).unwrap_or(xmp)).into_owned();
    let (_, after) = text.split_once("<dc:creator")?;
    let (inner, _) = after.split_once("</dc:creator>")?;
    let inner = inner.split_once("<rdf:li").map_or(inner, |(_, li)| li);
    let (_, name) = inner.split_once('>')?;
    let name = name.split('<').next().unwrap_or_default().trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Adds the comments, attachments, marks for redaction and actions of a page.
pub fn of_page(
    file: &File,
    page: &Page,
    (number, glyphs): (usize, &[Glyph]),
    found: &mut Vec<Hidden>,
    notes: &mut Notes,
) {
    if acts(file, &file.entry(&page.dict, "AA")) {
        notes.add("the PDF carries a script or starts something when opened; nothing of it was run");
    }
    for annotation in annotations(file, page) {
        let kind = file.entry(&annotation, "Subtype");
        let kind = kind.name().unwrap_or_default();
        if acts(file, &file.entry(&annotation, "A")) {
            notes.add(
                "something on a page of the PDF runs a script or a program when touched; it was not run",
            );
        }
        match kind {
            b"FileAttachment" => {
                if let Some(name) = file_name(file, &file.entry(&annotation, "FS")) {
                    let detail = format!("page {number}: the file “{name}” is pinned to the page");
                    tell(found, hidden(Hiding::EmbeddedFile, &detail));
                }
            }
            b"Redact" => {
                let words = marked(file, &annotation, glyphs);
                if !words.is_empty() {
                    let detail =
                        format!("page {number}: marked to be blacked out, but it is still there: {words}");
                    tell(found, hidden(Hiding::CoveredText, &detail));
                }
            }
            b"Link" | b"Widget" | b"Popup" | b"PrinterMark" | b"TrapNet" => {}
            _ => comment(file, &annotation, number, found),
        }
    }
}

fn comment(file: &File, annotation: &Dict, number: usize, found: &mut Vec<Hidden>) {
    let text = file.entry(annotation, "Contents").bytes().map(prose).unwrap_or_default();
    if text.trim().is_empty() {
        return;
    }
    let by = file.entry(annotation, "T").bytes().map(prose).filter(|name| !name.trim().is_empty());
    let by = by.map(|name| format!(", by {name}")).unwrap_or_default();
    tell(found, hidden(Hiding::Comments, &format!("page {number}{by}: {text}")));
}

fn tell(found: &mut Vec<Hidden>, finding: Hidden) {
    if found.iter().filter(|f| f.what == finding.what).count() < MAX_TOLD && !found.contains(&finding) {
        found.push(finding);
    }
}

/// The words within a mark: its corners if it lists them, else its frame.
fn marked(file: &File, annotation: &Dict, glyphs: &[Glyph]) -> String {
    let corners = file.numbers(&file.entry(annotation, "QuadPoints"));
    let mut places: Vec<Rect> = corners
        .chunks_exact(8)
        .map(|quad| {
            let pick = |from: usize| quad.iter().skip(from).step_by(2).copied();
            let low = |from| pick(from).fold(f64::INFINITY, f64::min);
            let high = |from| pick(from).fold(f64::NEG_INFINITY, f64::max);
            [low(0), low(1), high(0), high(1)]
        })
        .collect();
    if places.is_empty() {
        places.extend(rect(file, annotation, "Rect"));
    }
    let within = |g: &&Glyph| places.iter().any(|place| is_within(*place, g.middle));
    glyphs.iter().filter(within).map(|g| g.c).take(400).collect()
}
