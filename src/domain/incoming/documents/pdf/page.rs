//! The pages of a file, and what stands on each.

use crate::domain::incoming::documents::pdf::content::{Canvas, Shared};
use crate::domain::incoming::documents::pdf::file::File;
use crate::domain::incoming::documents::pdf::object::{Dict, Object};
use crate::domain::incoming::documents::pdf::state::{Matrix, Rect, area, around, colour, light};
use std::collections::BTreeSet;
use std::rc::Rc;

/// How many pages are read.
const MAX_PAGES: usize = 2000;
/// How many nodes the tree of pages may have.
const MAX_NODES: usize = 20_000;
/// How many streams a page's content may be divided into.
const MAX_CONTENTS: usize = 500;
/// How many annotations of a page are looked at.
const MAX_ANNOTATIONS: usize = 500;
/// The paper of a page that does not say: A4.
const A4: Rect = [0.0, 0.0, 595.0, 842.0];

/// A page with what it has from the nodes above it.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its own dictionary.
    pub dict: Rc<Dict>,
    resources: Rc<Dict>,
    paper: Rect,
}

/// The pages in their order; a node that was already seen, or is its own child, is left out.
pub fn pages(file: &File) -> Vec<Page> {
    let root = file.entry(&file.trailer, "Root");
    let Some(top) = root.dict().and_then(|dict| dict.get(b"Pages".as_slice())).cloned() else {
        return Vec::new();
    };
    let (mut seen, mut nodes, mut pages) = (BTreeSet::new(), 0, Vec::new());
    let mut open = vec![(top, Rc::new(Dict::new()), A4)];
    while let Some((node, resources, paper)) = open.pop() {
        nodes += 1;
        if let Object::Reference(number) = node
            && !seen.insert(number)
        {
            continue;
        }
        let object = file.resolve(&node);
        let Some(dict) = object.dict().filter(|_| nodes <= MAX_NODES && pages.len() < MAX_PAGES) else {
            continue;
        };
        let resources = file.entry(dict, "Resources").dict().cloned().unwrap_or(resources);
        let paper = ["CropBox", "MediaBox"]
            .iter()
            .find_map(|key| rect(file, dict, key).filter(|r| area(*r) > 1.0))
            .unwrap_or(paper);
        let kids = file.entry(dict, "Kids");
        match kids.list() {
            Some(kids) if file.entry(dict, "Type").name() != Some(b"Page") => {
                let below = kids.iter().take(MAX_NODES).rev();
                open.extend(below.map(|kid| (kid.clone(), Rc::clone(&resources), paper)));
            }
            _ => pages.push(Page { dict: Rc::clone(dict), resources, paper }),
        }
    }
    pages
}

/// A rectangle, whichever corners it is written by.
pub fn rect(file: &File, dict: &Dict, key: &str) -> Option<Rect> {
    let [a, b, c, d] = <[f64; 4]>::try_from(file.numbers(&file.entry(dict, key))).ok()?;
    Some([a.min(c), b.min(d), a.max(c), b.max(d)])
}

/// The annotations of a page.
pub fn annotations(file: &File, page: &Page) -> Vec<Rc<Dict>> {
    let list = file.entry(&page.dict, "Annots");
    let all = list.list().unwrap_or_default().iter().take(MAX_ANNOTATIONS);
    all.filter_map(|object| file.resolve(object).dict().cloned()).collect()
}

/// Runs a page: its content, then what lies on it as annotations.
pub fn drawn<'a>(file: &'a File<'a>, shared: &'a mut Shared, page: &Page) -> Canvas<'a> {
    let mut canvas = Canvas::new(file, shared, page.paper);
    let contents = file.entry(&page.dict, "Contents");
    let mut content = Vec::new();
    match &contents {
        Object::List(list) => {
            for part in list.iter().take(MAX_CONTENTS) {
                content.extend(file.unpack(&file.resolve(part)));
                content.push(b'\n');
            }
        }
        stream => content = file.unpack(stream),
    }
    canvas.run(&content, &page.resources, 0);
    canvas.in_annotation = true;
    for annotation in annotations(file, page) {
        draw_annotation(&mut canvas, &annotation);
    }
    canvas
}

fn draw_annotation(canvas: &mut Canvas, annotation: &Rc<Dict>) {
    let file = canvas.file;
    let flags = file.entry(annotation, "F").count().unwrap_or(0);
    let kind = file.entry(annotation, "Subtype");
    let kind = kind.name().unwrap_or_default();
    // Hidden, and not to be viewed (§12.5.3); links and pop-ups have no look of their own.
    if flags & (2 | 32) != 0 || matches!(kind, b"Popup" | b"Link" | b"Redact") {
        return;
    }
    let Some(place) = rect(file, annotation, "Rect") else { return };
    canvas.order += 1;
    let looks = file.at(&file.entry(annotation, "AP"), "N");
    let look = match &looks {
        Object::Dict(states) => {
            let state = file.entry(annotation, "AS");
            let name = state.name().map(<[u8]>::to_vec).unwrap_or_default();
            states.get(&name).map_or(Object::Null, |o| file.resolve(o))
        }
        other => other.clone(),
    };
    let Some(dict) = look.dict().filter(|_| matches!(look, Object::Stream(..))) else {
        let key = if kind == b"Square" { "IC" } else { "C" };
        let paint = colour(&file.numbers(&file.entry(annotation, key)), false);
        let is_dark = paint.is_some_and(|c| light(c) < 0.2);
        if kind == b"Square" && paint.is_some() || kind == b"Highlight" && is_dark {
            canvas.add_painted(place, paint, true, false);
        }
        return;
    };
    let matrix = Matrix::try_from(file.numbers(&file.entry(dict, "Matrix")));
    let own =
        around(matrix.unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]), rect(file, dict, "BBox").unwrap_or(place));
    let scale = |to: f64, from: f64| if from.abs() > 1e-6 { to / from } else { 1.0 };
    let (sx, sy) = (scale(place[2] - place[0], own[2] - own[0]), scale(place[3] - place[1], own[3] - own[1]));
    let placed = [sx, 0.0, 0.0, sy, place[0] - own[0] * sx, place[1] - own[1] * sy];
    canvas.form(&look, &Rc::new(Dict::new()), 1, placed);
}

/// The share of the paper that pictures cover.
pub fn covered(canvas: &Canvas) -> f64 {
    let sum: f64 = canvas.pictures.iter().map(|(place, _)| area(*place)).sum();
    sum / area(canvas.page).max(1.0)
}
