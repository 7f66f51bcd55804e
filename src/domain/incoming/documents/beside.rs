//! What lies in a workbook beside its sheets: pivot caches, copies of other workbooks, names, comments, connections.

use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::properties::Remarks;
use crate::domain::incoming::documents::xml::{Step, walk};
use crate::domain::incoming::documents::{Document, Hiding, relations};
use crate::domain::incoming::mime::Notes;

/// Reports all of it.
pub fn report(package: &mut Package<'_>, document: &mut Document, notes: &mut Notes) {
    pivots(package, document, notes);
    links(package, document, notes);
    names(package, document, notes);
    comments(package, document, notes);
    if let Some(xml) = package.xml("xl/connections.xml", notes) {
        let mut found = Remarks::default();
        walk(&xml, notes, |step| {
            if let Step::Open(tag) = step
                && matches!(tag.name(), "connection" | "dbPr" | "webPr")
            {
                for name in ["name", "connection", "sourceFile", "url"] {
                    found.says(&tag.attribute(name).unwrap_or_default());
                }
            }
            true
        });
        found.report(Hiding::ExternalLink, "connections to other data", document);
    }
}

/// A pivot cache keeps a copy of every row it was made from (§18.10), also of those the table does not show.
fn pivots(package: &mut Package<'_>, document: &mut Document, notes: &mut Notes) {
    for part in package.named("xl/pivotCache/pivotCacheDefinition", ".xml") {
        let Some(xml) = package.xml(&part, notes) else { continue };
        let (mut source, mut fields, mut values) = (String::new(), Vec::new(), Vec::new());
        walk(&xml, notes, |step| {
            if let Step::Open(tag) = step {
                let value = |name: &str| tag.attribute(name).unwrap_or_default();
                match tag.name() {
                    "worksheetSource" => source = format!("{} {}", value("sheet"), value("ref")),
                    "cacheField" => fields.push(value("name")),
                    "s" | "n" | "d" => values.push(value("v")),
                    _ => {}
                }
            }
            fields.len() < 100 && values.len() < 200
        });
        let mut rows = 0_usize;
        for related in relations::of(package, &part, notes) {
            let records =
                related.kind_is("pivotCacheRecords").then(|| package.xml(&related.target, notes)).flatten();
            walk(records.as_deref().unwrap_or_default(), notes, |step| {
                if let Step::Open(tag) = step {
                    rows += usize::from(tag.name() == "r");
                    // Values that are not shared stand in the record itself.
                    if matches!(tag.name(), "s" | "n" | "d") && values.len() < 200 {
                        values.push(tag.attribute("v").unwrap_or_default());
                    }
                }
                true
            });
        }
        document.hide(
            Hiding::PivotCache,
            format!(
                "data behind a pivot table ({}): {rows} rows kept, fields {}, values {}",
                source.trim(),
                fields.join(" | "),
                values.join(" | ")
            ),
        );
    }
}

/// Values of another workbook, kept so that they can be shown without it (§18.14).
fn links(package: &mut Package<'_>, document: &mut Document, notes: &mut Notes) {
    for part in package.named("xl/externalLinks/externalLink", ".xml") {
        let Some(xml) = package.xml(&part, notes) else { continue };
        let (mut sheets, mut values, mut taking, mut cells) = (Vec::new(), Vec::new(), false, 0_usize);
        walk(&xml, notes, |step| {
            match step {
                Step::Open(tag) => match tag.name() {
                    "sheetName" => sheets.push(tag.attribute("val").unwrap_or_default()),
                    "v" => {
                        taking = true;
                        cells += 1;
                    }
                    _ => {}
                },
                Step::Text(text) if taking && values.len() < 100 => values.push(text.to_owned()),
                Step::Close("v") => taking = false,
                _ => {}
            }
            sheets.len() < 1_000
        });
        let from: Vec<String> = relations::of(package, &part, notes).into_iter().map(|r| r.target).collect();
        document.hide(
            Hiding::ExternalLink,
            format!(
                "{cells} values kept from `{}`, sheets {}, start: {}",
                from.join(", "),
                sheets.join(" | "),
                values.join(" | ")
            ),
        );
    }
}

/// Names for cells, values or formulas. What prints and what filters (`_xlnm.`) is Excel's own.
fn names(package: &mut Package<'_>, document: &mut Document, notes: &mut Notes) {
    let Some(xml) = package.xml("xl/workbook.xml", notes) else { return };
    let (mut found, mut name, mut text) = (Remarks::default(), None::<String>, String::new());
    walk(&xml, notes, |step| {
        match step {
            Step::Open(tag) if tag.name() == "definedName" => {
                let own = tag.attribute("name").filter(|n| !n.starts_with("_xlnm."));
                name = own.map(|n| if tag.says("hidden") { format!("{n} (hidden)") } else { n });
                text.clear();
            }
            Step::Text(piece) if name.is_some() => text.push_str(piece),
            Step::Close("definedName") => {
                if let Some(name) = name.take() {
                    found.says(&format!("{name} = {text}"));
                }
            }
            _ => {}
        }
        true
    });
    found.report(Hiding::NamedRange, "names for cells", document);
}

/// Comments, old and threaded (the old copy of a threaded one says so and is left out).
fn comments(package: &mut Package<'_>, document: &mut Document, notes: &mut Notes) {
    let mut found = Remarks::default();
    let threaded = package.named("xl/threadedComments/", ".xml");
    let mut parts = package.named("xl/comments", ".xml");
    parts.extend(package.named("xl/worksheets/comments", ".xml"));
    parts.extend(threaded.iter().cloned());
    parts.extend(package.named("xl/persons/", ".xml"));
    for part in parts {
        let Some(xml) = package.xml(&part, notes) else { continue };
        let (mut text, mut author) = (String::new(), false);
        walk(&xml, notes, |step| {
            match step {
                Step::Open(tag) => match tag.name() {
                    "author" => author = true,
                    "person" => found.by(&tag.attribute("displayName").unwrap_or_default()),
                    _ => {}
                },
                Step::Text(name) if author => {
                    // `tc={…}` is the name of a thread, not of a person.
                    if !name.starts_with("tc=") {
                        found.by(name);
                    }
                }
                Step::Text(piece) => text.push_str(piece),
                Step::Close("author") => author = false,
                Step::Close("comment" | "threadedComment") => {
                    let text = std::mem::take(&mut text);
                    if threaded.is_empty() || !text.starts_with("[Threaded comment]") {
                        found.says(&text);
                    }
                }
                Step::Close(_) => {}
            }
            text.len() < 1_000_000
        });
    }
    if !found.texts.is_empty() {
        found.report(Hiding::Comments, "comments", document);
    }
}
