//! HTML cut into tags and text where a browser cuts it; its work is bounded by its length.

/// Attributes of one tag that are looked at.
const MOST_ATTRIBUTES: usize = 100;
/// Attributes that can say how text looks.
const WANTED: &[&str] =
    &["style", "class", "id", "hidden", "bgcolor", "color", "text", "background", "href", "alt", "size"];
/// Elements whose content is no HTML.
const RAW: &[&str] =
    &["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"];

/// A stretch of HTML.
#[derive(Debug)]
pub(super) enum Piece<'h> {
    /// Characters, with their entities.
    Text(&'h str),
    /// A start tag.
    Open(Tag<'h>),
    /// An end tag: its name, and it as written.
    Close(&'h str, &'h str),
    /// What stands in a `style`, a `script` or the like.
    Raw(&'h str, &'h str),
    /// A comment, a declaration, a tag that never ends.
    Aside(&'h str),
}

/// A start tag.
#[derive(Debug)]
pub(super) struct Tag<'h> {
    /// Its name, lower case.
    pub name: &'h str,
    /// As written.
    pub written: &'h str,
    attributes: Vec<(&'h str, &'h str)>,
}

impl Tag<'_> {
    /// The value of an attribute, its entities decoded; the first of that name counts.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(found, _)| *found == name).map(|(_, value)| decoded(value))
    }
}

/// Goes through HTML piece by piece; `lower` is the same in lower case.
pub(super) struct Pieces<'h> {
    html: &'h str,
    lower: &'h str,
    at: usize,
    raw: Option<&'h str>,
}

impl<'h> Pieces<'h> {
    /// Both texts have the same length: only ASCII letters change.
    pub fn of(html: &'h str, lower: &'h str) -> Self {
        Pieces { html, lower, at: 0, raw: None }
    }

    fn seek(&self, from: usize, wanted: &str) -> Option<usize> {
        self.lower.get(from..)?.find(wanted).map(|at| from + at)
    }

    fn cut_to(&mut self, end: usize) -> &'h str {
        let piece = self.html.get(self.at..end).unwrap_or_default();
        self.at = end;
        piece
    }

    /// Up to the end tag of the element.
    fn raw_text(&mut self, name: &'h str) -> Piece<'h> {
        let end = self.seek(self.at, &format!("</{name}")).unwrap_or(self.html.len());
        Piece::Raw(name, self.cut_to(end))
    }

    fn comment(&mut self) -> Piece<'h> {
        let start = self.at + 4;
        let short =
            [">", "->"].iter().find(|end| self.lower.get(start..).is_some_and(|c| c.starts_with(**end)));
        let end = match short {
            Some(end) => start + end.len(),
            None => self.seek(start, "-->").map_or(self.html.len(), |at| at + 3),
        };
        Piece::Aside(self.cut_to(end))
    }

    fn tag(&mut self, closes: bool) -> Piece<'h> {
        let start = self.at + if closes { 2 } else { 1 };
        let rest = self.lower.get(start..).unwrap_or_default();
        let length =
            rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        let Some((end, attributes)) = self.attributes(start + length) else {
            let end = self.html.len();
            return Piece::Aside(self.cut_to(end));
        };
        let written = self.cut_to(end);
        if closes {
            return Piece::Close(name, written);
        }
        self.raw = RAW.contains(&name).then_some(name);
        Piece::Open(Tag { name, written, attributes })
    }

    /// Attributes from here to the end of the tag, quotes heeded; `None` if the tag never ends.
    fn attributes(&self, from: usize) -> Option<(usize, Vec<(&'h str, &'h str)>)> {
        let bytes = self.lower.as_bytes();
        let skip = |mut at: usize, among: &dyn Fn(u8) -> bool| {
            while bytes.get(at).is_some_and(|b| among(*b)) {
                at += 1;
            }
            at
        };
        let blank = |b: u8| b.is_ascii_whitespace();
        let mut found = Vec::new();
        let mut at = from;
        loop {
            at = skip(at, &|b| blank(b) || b == b'/');
            if *bytes.get(at)? == b'>' {
                return Some((at + 1, found));
            }
            let name = at;
            at = skip(at + 1, &|b| !blank(b) && !matches!(b, b'/' | b'>' | b'='));
            let name = self.lower.get(name..at).unwrap_or_default();
            let mut value = at..at;
            let equals = skip(at, &blank);
            if bytes.get(equals) == Some(&b'=') {
                at = skip(equals + 1, &blank);
                let quote = bytes.get(at).copied().filter(|b| matches!(b, b'"' | b'\''));
                let start = at + usize::from(quote.is_some());
                at = skip(start, &|b| quote.map_or(!blank(b) && b != b'>', |quote| b != quote));
                value = start..at;
                at += usize::from(quote.is_some());
            }
            if WANTED.contains(&name) && found.len() < MOST_ATTRIBUTES {
                found.push((name, self.html.get(value).unwrap_or_default()));
            }
        }
    }
}

impl<'h> Iterator for Pieces<'h> {
    type Item = Piece<'h>;

    fn next(&mut self) -> Option<Piece<'h>> {
        let rest = self.lower.get(self.at..).filter(|rest| !rest.is_empty())?;
        if let Some(name) = self.raw.take()
            && !rest.starts_with(&format!("</{name}"))
        {
            return Some(self.raw_text(name));
        }
        let letter = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_alphabetic);
        if rest.starts_with("<!--") {
            return Some(self.comment());
        }
        if rest.starts_with('<') && letter(1) {
            return Some(self.tag(false));
        }
        if rest.starts_with("</") && letter(2) {
            return Some(self.tag(true));
        }
        if rest.starts_with("<!") || rest.starts_with("<?") || rest.starts_with("</") {
            let end = self.seek(self.at, ">").map_or(self.html.len(), |at| at + 1);
            return Some(Piece::Aside(self.cut_to(end)));
        }
        // A bare `<` is text.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let end = self.seek(self.at + first, "<").unwrap_or(self.html.len());
        Some(Piece::Text(self.cut_to(end)))
    }
}

/// Entities of an attribute: by number, and those that styles can hide behind.
fn decoded(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.find(';').filter(|end| *end <= 10);
        let name = end.and_then(|end| after.get(..end)).unwrap_or_default();
        let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        let found = match name {
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "colon" => Some(':'),
            "semi" => Some(';'),
            "num" => Some('#'),
            "Tab" | "NewLine" | "nbsp" => Some(' '),
            _ => number.and_then(char::from_u32),
        };
        out.push(found.unwrap_or('&'));
        rest = if found.is_some() { after.get(name.len() + 1..).unwrap_or_default() } else { after };
    }
    out + rest
}
