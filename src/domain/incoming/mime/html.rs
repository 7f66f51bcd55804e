//! HTML to readable text, without what it hides; quoted blocks keep their `>`, so that they are still known as quoted.

mod hiding;
mod look;
mod sheet;
mod state;
mod tags;

use crate::domain::incoming::mime::Notes;
use crate::domain::incoming::mime::html::hiding::sift;
use html2text::config;
use html2text::render::TextDecorator;

/// How much HTML is rendered; the rest is left out.
const MAX_HTML: usize = 1024 * 1024;
/// How deep elements may lie in each other before the simple reading takes over.
const MAX_NESTED: usize = 250;
/// How many elements are laid out before it takes over: each costs the renderer kilobytes.
const MAX_ELEMENTS: usize = 60_000;

/// Writes words only: no link marks, no stars; `> ` before quotes.
#[derive(Clone, Debug)]
struct Plain;

impl TextDecorator for Plain {
    type Annotation = ();

    fn decorate_link_start(&mut self, _url: &str) -> (String, Self::Annotation) {
        (String::new(), ())
    }
    fn decorate_link_end(&mut self) -> String {
        String::new()
    }
    fn decorate_em_start(&self) -> (String, Self::Annotation) {
        (String::new(), ())
    }
    fn decorate_em_end(&self) -> String {
        String::new()
    }
    fn decorate_strong_start(&self) -> (String, Self::Annotation) {
        (String::new(), ())
    }
    fn decorate_strong_end(&self) -> String {
        String::new()
    }
    fn decorate_strikeout_start(&self) -> (String, Self::Annotation) {
        (String::new(), ())
    }
    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }
    fn decorate_code_start(&self) -> (String, Self::Annotation) {
        (String::new(), ())
    }
    fn decorate_code_end(&self) -> String {
        String::new()
    }
    fn decorate_preformat_first(&self) -> Self::Annotation {}
    fn decorate_preformat_cont(&self) -> Self::Annotation {}
    fn decorate_image(&mut self, _src: &str, title: &str) -> (String, Self::Annotation) {
        (title.to_owned(), ())
    }
    fn header_prefix(&self, _level: usize) -> String {
        String::new()
    }
    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }
    fn unordered_item_prefix(&self) -> String {
        "- ".to_owned()
    }
    fn ordered_item_prefix(&self, i: i64) -> String {
        format!("{i}. ")
    }
    fn make_subblock_decorator(&self) -> Self {
        Plain
    }
}

/// A page as a reader sees it, and what it keeps from him.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// What is shown.
    pub text: String,
    /// What is not.
    pub hidden: Vec<Unshown>,
}

/// Text that stands in the HTML and is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unshown {
    /// How it is kept from the reader, in plain words.
    pub how: &'static str,
    /// The text; empty if there were more rules of style than are followed.
    pub text: String,
}

impl Unshown {
    /// What is said of it, in plain words.
    pub fn in_words(&self) -> String {
        if self.text.is_empty() {
            return format!(
                "the HTML has {}; text that they hide may stand here as if it were shown",
                self.how
            );
        }
        let text: Vec<&str> = self.text.split_whitespace().collect();
        format!("text {}: “{}”", self.how, text.join(" "))
    }
}

/// Renders HTML as text with what it hides named in notes.
pub fn to_text(html: &str, notes: &mut Notes) -> String {
    let page = read(html, notes);
    for unshown in &page.hidden {
        notes.warn(format!("the HTML hides {}", cut(&unshown.in_words(), 400)));
    }
    page.text
}

/// Tells what HTML shows from what it hides; what is hidden but also shown is no secret.
pub fn read(html: &str, notes: &mut Notes) -> Page {
    if html.len() > MAX_HTML {
        notes.warn(format!(
            "the HTML is longer than the {MAX_HTML} bytes that are read; the rest was left out"
        ));
    }
    let html = cut(html, MAX_HTML);
    let Some(sifted) = sift(html) else { return Page { text: laid_out(html, notes), hidden: Vec::new() } };
    let text = laid_out(&sifted.shown, notes);
    let flat = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .fold(String::from(" "), |all, word| all + word + " ")
    };
    let shown = flat(&text);
    let mut hidden = Vec::new();
    for (how, markup) in sifted.hidden {
        let passage = laid_out(&markup, notes);
        let words = flat(&passage);
        if words.len() > 1 && !shown.contains(&words) {
            hidden.push(Unshown { how, text: passage });
        }
    }
    if sifted.unfinished {
        hidden.push(Unshown { how: "more rules of style than are followed", text: String::new() });
    }
    Page { text, hidden }
}

/// Lays HTML out as text; what is too deep or too long for the renderer is read by dropping its tags.
fn laid_out(html: &str, notes: &mut Notes) -> String {
    let Size { elements, deepest } = size(html);
    if elements > MAX_ELEMENTS {
        notes.add(format!(
            "the HTML has {elements} elements, more than the {MAX_ELEMENTS} that are laid out; its text was taken as it stands"
        ));
    } else if deepest <= MAX_NESTED {
        let renderer = config::with_decorator(Plain)
            .raw_mode(true)
            .no_link_wrapping()
            .allow_width_overflow()
            .string_from_read(html.as_bytes(), 4_000);
        if let Ok(text) = renderer {
            return tidy(&text);
        }
    }
    tidy(&strip_tags(html))
}

/// The beginning of a text, cut at a character.
pub fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// What rendering would cost.
struct Size {
    elements: usize,
    deepest: usize,
}

fn size(html: &str) -> Size {
    let (mut elements, mut depth, mut deepest) = (0_usize, 0_usize, 0_usize);
    for piece in html.split('<').skip(1) {
        if piece.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if piece.starts_with(|c: char| c.is_ascii_alphabetic()) {
            elements += 1;
            if !is_void(piece) {
                depth += 1;
                deepest = deepest.max(depth);
            }
        }
    }
    Size { elements, deepest }
}

fn is_void(tag: &str) -> bool {
    let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let closes_itself = tag.split('>').next().is_some_and(|t| t.ends_with('/'));
    // `p`, `li`, `td` and their like are often left open; they close each other and do not nest.
    closes_itself
        || matches!(
            name.as_str(),
            "br" | "hr"
                | "img"
                | "meta"
                | "link"
                | "input"
                | "p"
                | "li"
                | "td"
                | "tr"
                | "th"
                | "col"
                | "option"
                | "dd"
                | "dt"
                | "base"
                | "area"
                | "wbr"
        )
}

fn strip_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    let mut skip_until: Option<&str> = None;
    let mut pieces = html.split('<');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let name: String = tag
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect::<String>()
            .to_lowercase();
        match (skip_until, name.as_str()) {
            (Some(end), n) if n == end => skip_until = None,
            (Some(_), _) => continue,
            (None, "script") => skip_until = Some("/script"),
            (None, "style") => skip_until = Some("/style"),
            (None, "br" | "p" | "div" | "/p" | "/div" | "tr" | "li" | "/tr" | "/li" | "/table") => {
                out.push('\n');
            }
            (None, "td" | "th") => out.push(' '),
            _ => {}
        }
        if skip_until.is_none() {
            out.push_str(text);
        }
    }
    entities(&out)
}

fn entities(text: &str) -> String {
    text.replace("&nbsp;", "\u{a0}")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// Rules as three dashes, no trailing blanks, at most one empty line in a row.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        let rule = line.chars().count() > 20 && line.chars().all(|c| matches!(c, '─' | '—' | '-' | '_'));
        out.push_str(if rule { "________________" } else { line });
    }
    out
}
