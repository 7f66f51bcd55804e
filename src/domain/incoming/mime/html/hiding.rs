//! Text that HTML holds and does not show: told apart from what a reader sees, before anything is laid out.

use crate::domain::incoming::mime::html::look::{Ink, Look, Size};
use crate::domain::incoming::mime::html::sheet::{Known, Sheet};
use crate::domain::incoming::mime::html::state::{MARKED, State};
use crate::domain::incoming::mime::html::tags::{Piece, Pieces, Tag};
use std::collections::HashMap;

/// So many passages are told one by one; what is more is added to the last.
pub(super) const MOST_PASSAGES: usize = 40;
/// So often the look of open elements is worked out anew because one around them was closed out of turn.
const MOST_ANEW: usize = 500_000;
/// So many classes of one element are looked at.
const MOST_CLASSES: usize = 50;

/// HTML without what it hides, and what it hides.
pub(super) struct Sifted {
    /// The HTML that is shown.
    pub shown: String,
    /// Why something is not shown, and its HTML.
    pub hidden: Vec<(&'static str, String)>,
    /// Whether there were more rules of style than are followed.
    pub unfinished: bool,
}

/// Elements without content.
const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "link",
    "meta", "param", "source", "track", "wbr",
];
/// Elements that an end tag of another does not reach over.
const SCOPES: &[&str] =
    &["table", "td", "th", "caption", "button", "object", "marquee", "applet", "html", "body", "template"];
/// Elements that make a block, or that a small element does not close over.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "li",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "plaintext",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
    "xmp",
];
/// Elements that go on in the next block if they were closed out of turn.
const FORMATS: &[&str] =
    &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

struct Element<'h> {
    name: &'h str,
    link: bool,
    look: Look,
    state: State,
}

/// The elements that are open, and where each name stands among them.
struct Walk<'h> {
    sheet: Sheet,
    root: State,
    open: Vec<Element<'h>>,
    known: Vec<Known<'h>>,
    places: HashMap<&'h str, Vec<usize>>,
    scopes: Vec<usize>,
    blocks: Vec<usize>,
    quirks: bool,
    anew: usize,
    out: Sifted,
    apart: bool,
}

/// Takes out of HTML the text that it does not show; `None` if all is shown.
pub(super) fn sift(html: &str) -> Option<Sifted> {
    let lower = html.to_ascii_lowercase();
    // Without one of these nothing can be hidden.
    if !["style", "hidden", "color", "text="].iter().any(|word| lower.contains(word)) {
        return None;
    }
    let mut sheet = Sheet::default();
    for piece in Pieces::of(html, &lower) {
        if let Piece::Raw("style", css) = piece {
            sheet.add(css);
        }
    }
    let ground = if sheet.ground_unknown { Ink::Unknown } else { Ink::Known([255; 3]) };
    let root = State { gone: None, unseen: false, tiny: false, ink: Ink::Unknown, ground };
    let mut walk = Walk {
        sheet,
        root,
        open: Vec::new(),
        known: Vec::new(),
        places: HashMap::new(),
        scopes: Vec::new(),
        blocks: Vec::new(),
        quirks: !lower.contains("<!doctype"),
        anew: 0,
        out: Sifted { shown: String::with_capacity(html.len()), hidden: Vec::new(), unfinished: false },
        apart: true,
    };
    for piece in Pieces::of(html, &lower) {
        walk.take(piece);
    }
    walk.out.unfinished = walk.sheet.unfinished || walk.anew > MOST_ANEW;
    (walk.out.unfinished || !walk.out.hidden.is_empty()).then_some(walk.out)
}

impl<'h> Walk<'h> {
    fn take(&mut self, piece: Piece<'h>) {
        match piece {
            Piece::Text(text) | Piece::Raw("textarea" | "xmp", text) => self.text(text),
            Piece::Open(tag) => self.start(&tag),
            Piece::Close(name, written) => self.end(name, written),
            Piece::Raw(..) if self.state().gone.is_some() => {}
            Piece::Raw(_, written) | Piece::Aside(written) => self.out.shown.push_str(written),
        }
    }

    fn state(&self) -> State {
        self.open.last().map_or(self.root, |element| element.state)
    }

    fn text(&mut self, text: &str) {
        let blank = text.trim().is_empty();
        match self.state().hides() {
            Some(why) if !blank => self.hide(why, text),
            Some(_) if self.state().gone.is_some() => {}
            _ => {
                self.apart |= !blank;
                self.out.shown.push_str(text);
            }
        }
    }

    /// Keeps hidden HTML; what follows at once for the same reason is one passage.
    fn hide(&mut self, why: &'static str, html: &str) {
        let full = self.out.hidden.len() >= MOST_PASSAGES;
        match self.out.hidden.last_mut() {
            Some((last, passage)) if full || (*last == why && !self.apart) => passage.push_str(html),
            _ => self.out.hidden.push((why, html.to_owned())),
        }
        self.apart = false;
    }

    /// A block within what is hidden begins a line there.
    fn line(&mut self, name: &str) {
        if (name == "br" || BLOCKS.contains(&name))
            && let Some((_, passage)) = self.out.hidden.last_mut()
            && !passage.ends_with("<br>")
        {
            passage.push_str("<br>");
        }
    }

    fn start(&mut self, tag: &Tag<'h>) {
        self.close_before(tag.name);
        let (known, look) = self.look(tag);
        let link = tag.name == "a" && tag.attribute("href").is_some();
        let state = self.state().within(&look, link);
        if state.gone.is_some() {
            self.line(tag.name);
            if let Some(alt) = tag.attribute("alt").filter(|alt| tag.name == "img" && !alt.trim().is_empty())
            {
                self.hide(state.gone.unwrap_or(MARKED), &alt.replace('<', "&lt;"));
            }
        } else {
            if self.state().hides().is_some() {
                self.line(tag.name);
            }
            self.out.shown.push_str(tag.written);
        }
        if VOID.contains(&tag.name) {
            return;
        }
        let at = self.open.len();
        self.places.entry(tag.name).or_default().push(at);
        if SCOPES.contains(&tag.name) {
            self.scopes.push(at);
        }
        if BLOCKS.contains(&tag.name) {
            self.blocks.push(at);
        }
        self.open.push(Element { name: tag.name, link, look, state });
        self.known.push(known);
    }

    /// What its attributes and the rules say of an element.
    fn look(&mut self, tag: &Tag<'h>) -> (Known<'h>, Look) {
        let lower = |name: &str| tag.attribute(name).map(|value| value.to_lowercase());
        let classes = lower("class").unwrap_or_default();
        let classes = classes.split_whitespace().take(MOST_CLASSES).map(str::to_owned).collect();
        let known = Known { name: tag.name, id: lower("id"), classes };
        let mut look = self.sheet.look(&known, tag.attribute("style").as_deref(), &self.known);
        // Attributes give way to styles.
        if tag.attribute("hidden").is_some() {
            look.none = look.none.or(Some(true));
        }
        let colour = match tag.name {
            "font" => lower("color"),
            "body" => lower("text"),
            _ => None,
        };
        // Without a doctype, tables have letters of a size of their own.
        if (tag.name == "font" && tag.attribute("size").is_some()) || (tag.name == "table" && self.quirks) {
            look.size = look.size.or(Some(Size::Seen));
        }
        look.ink = look.ink.or_else(|| Ink::parse(&colour?));
        look.ground = look.ground.or_else(|| Ink::parse(&lower("bgcolor")?));
        if tag.attribute("background").is_some() {
            look.ground = Some(Ink::Unknown);
        }
        (known, look)
    }

    fn last(&self, name: &str) -> Option<usize> {
        self.places.get(name).and_then(|places| places.last()).copied()
    }

    /// Elements that end where another begins: paragraphs, items, cells, rows.
    fn close_before(&mut self, name: &str) {
        if let Some(head) = self.last("head").filter(|_| name == "body") {
            return self.close_from(head);
        }
        let above =
            |at: Option<usize>, bound: Option<usize>| at.filter(|at| bound.is_none_or(|bound| *at > bound));
        let scope = self.scopes.last().copied();
        let table = self.last("table");
        let found = match name {
            "li" => above(self.last("li"), scope.max(self.last("ul")).max(self.last("ol"))),
            "dd" | "dt" => above(self.last("dd").max(self.last("dt")), scope.max(self.last("dl"))),
            "option" => above(self.last("option"), scope),
            "td" | "th" => above(self.last("td").max(self.last("th")), table),
            "tr" => above(self.last("tr"), table),
            "tbody" | "thead" | "tfoot" => {
                above(self.last("tbody").max(self.last("thead")).max(self.last("tfoot")), table)
            }
            _ => None,
        };
        let paragraph = BLOCKS.contains(&name).then(|| above(self.last("p"), scope)).flatten();
        // The outermost of both takes the other with it.
        let lowest = found.into_iter().chain(paragraph).min();
        if let Some(at) = lowest {
            self.close_from(at);
        }
    }

    fn end(&mut self, name: &'h str, written: &str) {
        let state = self.state();
        if state.hides().is_some() {
            self.line(name);
        }
        let closes = self.closes(name);
        let of_hidden = match closes.and_then(|at| self.open.get(at)) {
            Some(element) => element.state.gone.is_some(),
            None => state.gone.is_some(),
        };
        if !of_hidden {
            self.out.shown.push_str(written);
        }
        match closes {
            Some(at) if FORMATS.contains(&name) && self.is_over_block(at) => self.close_out_of_turn(name, at),
            Some(at) => self.close_from(at),
            None => {}
        }
    }

    fn is_over_block(&self, at: usize) -> bool {
        self.blocks.last().is_some_and(|block| *block > at)
    }

    /// Which open element an end tag closes.
    fn closes(&self, name: &str) -> Option<usize> {
        // Whatever follows them is still in the body.
        let at = self.last(name).filter(|_| !matches!(name, "body" | "html"))?;
        let over_scope = self.scopes.last().is_some_and(|scope| *scope > at);
        let allowed = match name {
            "table" => true,
            "tbody" | "thead" | "tfoot" | "tr" | "td" | "th" | "caption" => {
                self.last("table").is_none_or(|table| table < at)
            }
            _ if BLOCKS.contains(&name) || SCOPES.contains(&name) || FORMATS.contains(&name) => !over_scope,
            _ => !over_scope && !self.is_over_block(at),
        };
        allowed.then_some(at)
    }

    fn close_from(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(element) = self.open.pop() else { break };
            self.known.pop();
            if let Some(places) = self.places.get_mut(element.name) {
                places.pop_if(|place| *place >= at);
            }
        }
        while self.scopes.pop_if(|place| *place >= at).is_some() {}
        while self.blocks.pop_if(|place| *place >= at).is_some() {}
    }

    /// The element ends, those in it go on without it.
    fn close_out_of_turn(&mut self, name: &str, at: usize) {
        if let Some(places) = self.places.get_mut(name) {
            places.pop();
        }
        self.anew += self.open.len() - at;
        if self.anew > MOST_ANEW {
            return;
        }
        let mut state = at.checked_sub(1).and_then(|i| self.open.get(i)).map_or(self.root, |e| e.state);
        for (index, element) in self.open.iter_mut().enumerate().skip(at) {
            if index == at {
                (element.look, element.name, element.link) = (Look::default(), "", false);
            }
            state = state.within(&element.look, element.link);
            element.state = state;
        }
    }
}
