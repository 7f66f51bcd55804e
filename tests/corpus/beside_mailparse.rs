//! Where `mailparse` reads a mail without complaint, our own parts are the same bytes under the same names.

use crate::corpus::corpus;
use askance::domain::incoming::mime::{self, Leaf};
use mailparse::{DispositionType, ParsedMail};
use std::fs;

/// A part as both can say it.
#[derive(Debug, PartialEq)]
struct Part {
    content_type: String,
    name: Option<String>,
    attached: bool,
    bytes: Vec<u8>,
}

fn theirs(mail: &ParsedMail<'_>, parts: &mut Vec<Part>) -> Result<(), mailparse::MailParseError> {
    if mail.ctype.mimetype.starts_with("multipart/") && !mail.subparts.is_empty() {
        return mail.subparts.iter().try_for_each(|part| theirs(part, parts));
    }
    let disposition = mail.get_content_disposition();
    let name = disposition.params.get("filename").or_else(|| mail.ctype.params.get("name"));
    parts.push(Part {
        content_type: mail.ctype.mimetype.clone(),
        name: name.cloned(),
        attached: disposition.disposition == DispositionType::Attachment,
        bytes: mail.get_body_raw()?,
    });
    Ok(())
}

fn ours(leaf: &Leaf) -> Part {
    Part {
        content_type: leaf.content_type.clone(),
        name: leaf.name.clone(),
        attached: leaf.attached,
        bytes: leaf.data.clone(),
    }
}

/// `mailparse` ends decoded lines with CRLF, we leave them as they came; in a text that says nothing.
fn same(ours: &Part, theirs: &Part) -> bool {
    let bytes = |part: &Part| -> Vec<u8> {
        let text = part.content_type.starts_with("text/");
        part.bytes.iter().copied().filter(|b| !(text && *b == b'\r')).collect()
    };
    let names = (&ours.content_type, &ours.name, ours.attached)
        == (&theirs.content_type, &theirs.name, theirs.attached);
    names && bytes(ours) == bytes(theirs)
}

/// Where it gives up or is wrong, and our reading differs on purpose.
const DIFFERENT: &[(&str, &str)] = &[
    ("boundary-is-prefix-of-another.eml", "it takes a boundary for one that begins alike"),
    ("broken-base64.eml", "it gives up on the whole part"),
    ("lone-carriage-returns.eml", "it finds no header and no body"),
    ("no-end-boundary.eml", "it counts the line end before the end to the file"),
    ("base64-cut-off.eml", "it gives up on the whole part"),
    ("base64-that-is-plain-words.eml", "it gives up on the whole part"),
    ("base64-with-an-armour-sum.eml", "it gives up on the whole part"),
    ("base64-with-foreign-characters.eml", "it gives up on the whole part"),
    ("base64-without-padding.eml", "it gives up on the whole part"),
    ("boundary-missing.eml", "it looks for no boundary"),
    ("boundary-not-the-declared-one.eml", "it looks for no other boundary"),
    ("boundary-prefix-of-inner.eml", "it takes a boundary for one that begins alike"),
    ("boundary-used-twice.eml", "it reads no further than the first closing line"),
    ("empty-lines-before-the-header.eml", "it takes the header for the text"),
    ("field-name-and-colon-apart.eml", "it finds no header"),
    ("line-of-blanks-ends-the-header.eml", "it reads the parts as header"),
    ("name-in-pieces-of-encoded-words.eml", "it leaves the words encoded"),
    ("name-that-turns-the-reading.eml", "it keeps the character that turns the reading"),
    ("name-twice-the-extended-one-counts.eml", "it takes the name for old programs"),
    ("name-with-a-windows-path.eml", "it takes the path's strokes for escapes"),
    ("name-with-quote-never-closed.eml", "it keeps the lone quote"),
    ("no-empty-line-before-the-text.eml", "it reads the text as header"),
    ("no-header-at-all.eml", "it reads the text as header"),
    ("part-begins-with-its-text.eml", "it reads the text as header"),
    ("parts-20-deep.eml", "it takes a boundary for one that begins alike"),
    ("parts-60-deep-are-listed-flat.eml", "it takes a boundary for one that begins alike"),
    ("type-is-nonsense.eml", "it keeps a type that is none"),
    ("type-without-semicolon.eml", "it takes type and charset for one word"),
    ("uuencoded-part.eml", "it does not decode uuencode"),
];

#[test]
fn sound_mail_is_taken_apart_as_mailparse_does() {
    let (mut alike, mut different) = (0, Vec::new());
    for path in corpus() {
        let raw = fs::read(&path).unwrap();
        let mut expected = Vec::new();
        let read = mailparse::parse_mail(&raw).and_then(|mail| theirs(&mail, &mut expected));
        let found: Vec<Part> =
            mime::parse(&raw).leaves.iter().filter(|leaf| leaf.within == 0).map(ours).collect();
        let equal = found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| same(a, b));
        if read.is_ok() && equal {
            alike += 1;
        } else {
            different.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    let known: Vec<&str> = DIFFERENT.iter().map(|(name, _)| *name).collect();
    assert_eq!(different, known);
    assert!(alike >= 160, "{alike} mails");
}
