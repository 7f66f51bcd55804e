//! `PowerPoint` files (ECMA-376 part 1 §19): slides in their order; notes, comments and hidden slides are reported.

use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::properties::Remarks;
use crate::domain::incoming::documents::xml::{Step, walk};
use crate::domain::incoming::documents::{Document, Hiding, MAX_TEXT, relations};
use crate::domain::incoming::mime::Notes;

/// Reads a pptx file.
pub fn read(package: &mut Package<'_>, notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let mut out = String::new();
    for (at, part) in order(package, notes).into_iter().enumerate() {
        let Some(xml) = package.xml(&part, notes) else { continue };
        let slide = slide(&xml, notes);
        let number = at + 1;
        if slide.hidden {
            let text = slide.text.split_whitespace().collect::<Vec<_>>().join(" ");
            document.hide(Hiding::HiddenSheet, format!("slide {number} is hidden, starts: {text}"));
        } else if out.len() < MAX_TEXT {
            out.push_str(slide.text.trim());
            out.push_str("\n\n");
        }
        for related in relations::of(package, &part, notes) {
            let Some(xml) =
                related.kind_is("notesSlide").then(|| package.xml(&related.target, notes)).flatten()
            else {
                continue;
            };
            let text = self::slide(&xml, notes).text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !text.is_empty() {
                document.hide(Hiding::Notes, format!("notes to slide {number}: {text}"));
            }
        }
    }
    comments(package, &mut document, notes);
    document.text = Some(out);
    document
}

/// Slides in the order in which they are shown; where the list is missing, in that of their numbers.
fn order(package: &mut Package<'_>, notes: &mut Notes) -> Vec<String> {
    let mut ids = Vec::new();
    if let Some(xml) = package.xml("ppt/presentation.xml", notes) {
        walk(&xml, notes, |step| {
            if let Step::Open(tag) = step
                && tag.name() == "sldId"
            {
                ids.extend(tag.exactly("r:id"));
            }
            ids.len() < 1_000
        });
    }
    let related = relations::of(package, "ppt/presentation.xml", notes);
    let listed: Vec<String> = ids
        .iter()
        .filter_map(|id| related.iter().find(|r| r.id == *id).map(|r| r.target.clone()))
        .filter(|target| package.has(target))
        .collect();
    if listed.is_empty() { package.named("ppt/slides/slide", ".xml") } else { listed }
}

struct Slide {
    text: String,
    hidden: bool,
}

/// Paragraphs of a slide; fields (slide number, date) are left out.
fn slide(xml: &str, notes: &mut Notes) -> Slide {
    let mut slide = Slide { text: String::new(), hidden: false };
    let (mut fields, mut words, mut first, mut fallback) = (0_usize, 0_usize, true, 0_usize);
    walk(xml, notes, |step| {
        match step {
            Step::Open(tag) => {
                slide.hidden |= first && matches!(tag.attribute("show").as_deref(), Some("0" | "false"));
                first = false;
                match tag.name() {
                    "fld" => fields += 1,
                    "Fallback" => fallback += 1,
                    "t" => words += 1,
                    "br" => slide.text.push('\n'),
                    _ => {}
                }
            }
            Step::Close("fld") => fields = fields.saturating_sub(1),
            Step::Close("Fallback") => fallback = fallback.saturating_sub(1),
            Step::Close("t") => words = words.saturating_sub(1),
            Step::Close("p" | "tr") => slide.text.push('\n'),
            Step::Close("tc") => {
                slide.text.truncate(slide.text.trim_end_matches('\n').len());
                slide.text.push('\t');
            }
            Step::Text(text) if words > 0 && fields == 0 && fallback == 0 => slide.text.push_str(text),
            _ => {}
        }
        slide.text.len() < MAX_TEXT
    });
    slide
}

/// Comments, old (`p:cm/p:text`) and new (`p188:cm` with paragraphs), with the names beside them.
fn comments(package: &mut Package<'_>, document: &mut Document, notes: &mut Notes) {
    let mut found = Remarks::default();
    for part in ["ppt/commentAuthors.xml", "ppt/authors.xml"] {
        let Some(xml) = package.xml(part, notes) else { continue };
        walk(&xml, notes, |step| {
            if let Step::Open(tag) = step
                && matches!(tag.name(), "cmAuthor" | "author")
            {
                found.by(&tag.attribute("name").unwrap_or_default());
            }
            true
        });
    }
    let mut any = false;
    for part in package.named("ppt/comments/", ".xml") {
        let Some(xml) = package.xml(&part, notes) else { continue };
        let mut text = String::new();
        walk(&xml, notes, |step| {
            match step {
                Step::Text(piece) => text.push_str(piece),
                Step::Close("cm" | "reply") => {
                    any = true;
                    found.says(&std::mem::take(&mut text));
                }
                _ => {}
            }
            text.len() < MAX_TEXT
        });
    }
    if any {
        found.report(Hiding::Comments, "comments", document);
    }
}
