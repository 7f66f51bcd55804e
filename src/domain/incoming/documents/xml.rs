//! XML as a run of steps: names without prefix, only the five named entities, nothing ever looked up (no XXE).

use crate::domain::incoming::mime::Notes;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element that opens.
pub struct Tag<'a>(BytesStart<'a>);

impl Tag<'_> {
    /// Its name without prefix.
    pub fn name(&self) -> &str {
        let name = self.0.name();
        let whole: &str = name.as_ref();
        let start = whole.rfind(':').map_or(0, |at| at + 1);
        let long = whole.len();
        // The name stands at the beginning of the raw tag.
        let raw: &str = &self.0;
        raw.get(start..long).unwrap_or_default()
    }

    /// An attribute by its name without prefix, its entities resolved.
    pub fn attribute(&self, wanted: &str) -> Option<String> {
        self.0.attributes().with_checks(false).flatten().find_map(|attribute| {
            let key: &str = attribute.key.as_ref();
            let key = key.rsplit(':').next().unwrap_or(key);
            (key == wanted).then(|| unescape(&attribute.value))
        })
    }

    /// An attribute by its whole name, prefix included.
    pub fn exactly(&self, wanted: &str) -> Option<String> {
        self.0.attributes().with_checks(false).flatten().find_map(|attribute| {
            let key: &str = attribute.key.as_ref();
            (key == wanted).then(|| unescape(&attribute.value))
        })
    }

    /// Whether a switch like `w:vanish` is on: there, and not with a value that says no.
    pub fn is_on(&self) -> bool {
        !matches!(self.attribute("val").as_deref(), Some("0" | "false" | "off" | "none"))
    }

    /// Whether an attribute says yes.
    pub fn says(&self, wanted: &str) -> bool {
        matches!(self.attribute(wanted).as_deref(), Some("1" | "true" | "on"))
    }
}

/// A step through a document. An empty element opens and closes.
pub enum Step<'a> {
    /// An element opens.
    Open(&'a Tag<'a>),
    /// An element closes; its name without prefix.
    Close(&'a str),
    /// Characters.
    Text(&'a str),
}

/// Walks through a document as far as it is well formed; the visitor says whether to go on.
pub fn walk(xml: &str, notes: &mut Notes, mut visit: impl FnMut(Step<'_>) -> bool) {
    let mut reader = Reader::from_str(xml.strip_prefix('\u{feff}').unwrap_or(xml));
    reader.config_mut().check_end_names = false;
    loop {
        let more = match reader.read_event() {
            Ok(Event::Start(tag)) => visit(Step::Open(&Tag(tag))),
            Ok(Event::Empty(tag)) => {
                let tag = Tag(tag);
                visit(Step::Open(&tag)) && visit(Step::Close(tag.name()))
            }
            Ok(Event::End(tag)) => visit(Step::Close(tag.local_name().as_ref())),
            Ok(Event::Text(text)) => visit(Step::Text(&text.xml10_content())),
            Ok(Event::CData(text)) => visit(Step::Text(&text.xml10_content())),
            Ok(Event::GeneralRef(name)) => visit(Step::Text(&entity(&name))),
            Ok(Event::DocType(declared)) => {
                if declared.contains("<!ENTITY") {
                    notes.add("not read: entities that the file declares itself; none was looked up");
                }
                true
            }
            Ok(Event::Eof) => false,
            Ok(_) => true,
            Err(_) => {
                notes.add("not read to its end: the file is damaged");
                false
            }
        };
        if !more {
            return;
        }
    }
}

fn unescape(value: &str) -> String {
    let mut pieces = value.split('&');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(';') {
            Some((name, rest)) => {
                out.push_str(&entity(name));
                out.push_str(rest);
            }
            None => out.push_str(piece),
        }
    }
    out
}

/// The five named entities and character numbers; any other stays away.
fn entity(name: &str) -> String {
    let number = name
        .strip_prefix("#x")
        .map(|h| u32::from_str_radix(h, 16))
        .or_else(|| name.strip_prefix('#').map(str::parse));
    match (name, number) {
        ("amp", _) => "&".to_owned(),
        ("lt", _) => "<".to_owned(),
        ("gt", _) => ">".to_owned(),
        ("quot", _) => "\"".to_owned(),
        ("apos", _) => "'".to_owned(),
        (_, Some(Ok(code))) => char::from_u32(code).map(String::from).unwrap_or_default(),
        _ => String::new(),
    }
}
