//! The tree of parts (RFC 2046 §5), walked without recursion and flattened to leaves.

use crate::domain::incoming::mime::header::{self, Headers};
use crate::domain::incoming::mime::parameter::Structured;
use crate::domain::incoming::mime::{MAX_DEPTH, MAX_PARTS, Notes, encoding};

/// One part that holds no further parts, or a mail within the mail (whose own parts follow it).
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// `text/plain`, lower case.
    pub content_type: String,
    /// The charset it claims.
    pub charset: Option<String>,
    /// The file name it claims.
    pub name: Option<String>,
    /// Whether it is marked as an attachment.
    pub attached: bool,
    /// Number of mails around it: 0 for the mail itself.
    pub within: usize,
    /// The innermost `multipart/alternative` it stands in.
    pub alternative: Option<usize>,
    /// Whether this is a mail within the mail, whose parts are listed as well.
    pub is_mail: bool,
    /// The container it was taken out of after the mail was read; none for a part of the mail itself.
    pub container: Option<String>,
    /// Decoded bytes.
    pub data: Vec<u8>,
}

/// A mail taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mail {
    /// Header of the mail itself.
    pub headers: Headers,
    /// Its content type, lower case.
    pub content_type: String,
    /// `report-type` of a `multipart/report` (RFC 6522).
    pub report_type: Option<String>,
    /// All leaves in their order.
    pub leaves: Vec<Leaf>,
    /// What was odd.
    pub notes: Notes,
}

struct Node<'a> {
    raw: &'a [u8],
    depth: usize,
    within: usize,
    alternative: Option<usize>,
    digest: bool,
}

/// Walks the tree with a stack of its own: nesting of any depth costs no call stack.
pub fn read_structure(raw: &[u8], notes: Notes) -> Mail {
    let mut walk = Walk { mail: Mail { notes, ..Mail::default() }, groups: 0 };
    // Mails in mails that were themselves encoded must be owned somewhere while their parts are read.
    let mut decoded: Vec<(Vec<u8>, usize, usize)> = Vec::new();
    walk.run(Node { raw, depth: 0, within: 0, alternative: None, digest: false }, &mut decoded);
    while let Some((bytes, depth, within)) = decoded.pop() {
        walk.run(Node { raw: &bytes, depth, within, alternative: None, digest: false }, &mut decoded);
    }
    walk.mail
}

struct Walk {
    mail: Mail,
    groups: usize,
}

impl Walk {
    fn run(&mut self, root: Node<'_>, decoded: &mut Vec<(Vec<u8>, usize, usize)>) {
        let mut stack = vec![root];
        while let Some(node) = stack.pop() {
            if self.mail.leaves.len() >= MAX_PARTS {
                self.mail
                    .notes
                    .add(format!("the mail has more than {MAX_PARTS} parts; the rest was left out"));
                return;
            }
            self.visit(&node, &mut stack, decoded);
        }
    }

    fn visit<'a>(
        &mut self,
        node: &Node<'a>,
        stack: &mut Vec<Node<'a>>,
        decoded: &mut Vec<(Vec<u8>, usize, usize)>,
    ) {
        let (headers, body) = header::split(node.raw, &mut self.mail.notes);
        let default = if node.digest { "message/rfc822" } else { "text/plain" };
        let content = Structured::parse(headers.first_raw("Content-Type").unwrap_or(default.as_bytes()));
        if node.depth == 0 && node.within == 0 {
            self.mail.content_type.clone_from(&content.value);
            self.mail.report_type = content.parameter("report-type").map(|t| t.to_lowercase());
            self.mail.headers = headers.clone();
        }
        let too_deep = node.depth >= MAX_DEPTH;
        if too_deep && content.value.starts_with("multipart/") {
            self.mail
                .notes
                .add(format!("parts lie more than {MAX_DEPTH} deep; the deeper ones are kept as one"));
        }
        if content.value.starts_with("multipart/")
            && !too_deep
            && let Some(children) = self.children(&content, body)
        {
            let alternative = self.group(&content.value, node.alternative);
            let digest = content.value == "multipart/digest";
            let depth = node.depth + 1;
            let child = |raw| Node { raw, depth, within: node.within, alternative, digest };
            stack.extend(children.into_iter().rev().map(child));
            return;
        }
        let leaf = self.leaf(&headers, &content, body, node);
        let descend = leaf.is_mail && !too_deep;
        let encoded = headers.first_raw("Content-Transfer-Encoding").is_some_and(|e| {
            e.eq_ignore_ascii_case(b"base64") || e.eq_ignore_ascii_case(b"quoted-printable")
        });
        if descend && encoded {
            decoded.push((leaf.data.clone(), node.depth + 1, node.within + 1));
        } else if descend {
            let (depth, within) = (node.depth + 1, node.within + 1);
            stack.push(Node { raw: body, depth, within, alternative: None, digest: false });
        }
        self.mail.leaves.push(leaf);
    }

    fn group(&mut self, content_type: &str, outer: Option<usize>) -> Option<usize> {
        if content_type != "multipart/alternative" {
            return outer;
        }
        self.groups += 1;
        Some(self.groups)
    }

    /// The children of a multipart; `None` if there is no boundary to be found.
    fn children<'a>(&mut self, content: &Structured, body: &'a [u8]) -> Option<Vec<&'a [u8]>> {
        let declared = content.bytes("boundary").filter(|b| !b.is_empty());
        if let Some(boundary) = &declared {
            let found = split_parts(body, boundary);
            if !found.slices.is_empty() {
                self.note_ends(&found);
                return Some(found.slices);
            }
        }
        let guessed = guess_boundary(body)?;
        self.mail.notes.add("the boundary between parts is not the declared one; it was guessed");
        let found = split_parts(body, &guessed);
        self.note_ends(&found);
        (!found.slices.is_empty()).then_some(found.slices)
    }

    fn note_ends(&mut self, found: &Parts<'_>) {
        if !found.closed {
            self.mail.notes.add("the last part has no end mark; the mail may be cut off");
        }
        if found.more > 0 {
            self.mail.notes.add(format!("{} further parts were left out", found.more));
        }
    }

    fn leaf(&mut self, headers: &Headers, content: &Structured, body: &[u8], node: &Node<'_>) -> Leaf {
        let disposition = headers.first_raw("Content-Disposition").map(Structured::parse).unwrap_or_default();
        let transfer = headers.first("Content-Transfer-Encoding").unwrap_or_default();
        let undone = encoding::undo(&transfer, body);
        if undone.damaged {
            self.mail
                .notes
                .add(format!("a part is not valid {}; what could be decoded is kept", word(&transfer)));
        }
        let is_mail = matches!(content.value.as_str(), "message/rfc822" | "message/global");
        let name = disposition
            .parameter("filename")
            .filter(|n| !n.trim().is_empty())
            .or_else(|| content.parameter("name"))
            .map(|n| clean_name(&n))
            .filter(|n| !n.is_empty());
        let content_type = if content.value.contains('/') && !content.value.starts_with("multipart/") {
            content.value.clone()
        } else {
            "text/plain".to_owned()
        };
        Leaf {
            content_type,
            charset: content.parameter("charset"),
            name,
            attached: disposition.value == "attachment",
            within: node.within,
            alternative: node.alternative,
            is_mail,
            container: None,
            data: undone.bytes,
        }
    }
}

fn word(transfer: &str) -> String {
    transfer.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(30).collect()
}

/// A name as it was written, without characters that hide or turn what is read.
fn clean_name(name: &str) -> String {
    let unsafe_mark = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let clean: String = name.chars().filter(|c| !unsafe_mark(*c)).collect();
    clean.trim().chars().take(255).collect()
}

struct Parts<'a> {
    slices: Vec<&'a [u8]>,
    closed: bool,
    more: usize,
}

/// Cuts a body at the lines that are exactly the boundary: one boundary may be the beginning of another.
fn split_parts<'a>(body: &'a [u8], boundary: &[u8]) -> Parts<'a> {
    let mut found = Parts { slices: Vec::new(), closed: false, more: 0 };
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|&b| b == b'\n') {
        let here = at;
        at += line.len();
        let Some(close) = boundary_line(line, boundary) else { continue };
        if let Some(from) = start {
            found.push(body, from, here);
        }
        start = Some(at);
        if close {
            found.closed = true;
            start = None;
            break;
        }
    }
    if let Some(from) = start
        && from < body.len()
    {
        found.push(body, from, body.len());
    }
    found
}

impl<'a> Parts<'a> {
    fn push(&mut self, body: &'a [u8], from: usize, to: usize) {
        if self.slices.len() >= MAX_PARTS {
            self.more += 1;
            return;
        }
        let part = body.get(from..to).unwrap_or_default();
        // The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        self.slices.push(part.strip_suffix(b"\r").unwrap_or(part));
    }
}

/// Whether a line is the boundary, and whether it closes.
fn boundary_line(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let rest = rest.trim_ascii_end();
    if rest.is_empty() {
        return Some(false);
    }
    (rest == b"--").then_some(true)
}

/// The first line that looks like a boundary and is followed by a header line.
fn guess_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let mut lines = body.split(|&b| b == b'\n').take(2_000).map(<[u8]>::trim_ascii_end).peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        if let Some(rest) = line.strip_prefix(b"--")
            && (4..=100).contains(&rest.len())
            && next.len() > 8
            && next.get(..8).is_some_and(|n| n.eq_ignore_ascii_case(b"content-"))
        {
            return Some(rest.to_vec());
        }
    }
    None
}
