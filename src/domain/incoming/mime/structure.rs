//! The tree of parts (RFC 2046 §5), walked without recursion and flattened to leaves.

use crate::domain::incoming::mime::boundary::{self, Parts};
use crate::domain::incoming::mime::charset::Hint;
use crate::domain::incoming::mime::header::{self, Headers};
use crate::domain::incoming::mime::parameter::Structured;
use crate::domain::incoming::mime::{MAX_DEPTH, MAX_PARTS, Notes, encoding};

/// One part that holds no further parts, or a mail within the mail (whose own parts follow it).
#[derive(Debug, Clone, Default, PartialEq)]
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

/// Mails in mails hold the same bytes again at each step; so many are kept at least, else twice the size of the mail.
const LEAST_BUDGET: usize = 32 * 1024 * 1024;

struct Node<'a> {
    raw: &'a [u8],
    depth: usize,
    within: usize,
    alternative: Option<usize>,
    digest: bool,
    /// Whether a whole mail lies here, not a part of one.
    is_mail: bool,
}

/// Where what is found on the way waits: parts of these bytes, and mails that had to be decoded first.
struct Queues<'q, 'a> {
    stack: &'q mut Vec<Node<'a>>,
    decoded: &'q mut Vec<(Vec<u8>, usize, usize)>,
}

/// Walks the tree with a stack of its own: nesting of any depth costs no call stack.
pub fn read_structure(raw: &[u8], notes: Notes) -> Mail {
    let mail = Mail { notes, ..Mail::default() };
    let budget = LEAST_BUDGET.max(raw.len().saturating_mul(2));
    let mut walk = Walk { mail, groups: 0, budget, hint: Hint::default() };
    // Mails in mails that were themselves encoded must be owned somewhere while their parts are read.
    let mut decoded: Vec<(Vec<u8>, usize, usize)> = Vec::new();
    walk.run(
        Node { raw, depth: 0, within: 0, alternative: None, digest: false, is_mail: true },
        &mut decoded,
    );
    while let Some((bytes, depth, within)) = decoded.pop() {
        walk.run(
            Node { raw: &bytes, depth, within, alternative: None, digest: false, is_mail: true },
            &mut decoded,
        );
    }
    if walk.mail.leaves.is_empty() {
        // Nothing but frames of parts: their lines are all there is.
        let rest = Leaf { content_type: "text/plain".to_owned(), data: raw.to_vec(), ..Leaf::default() };
        walk.mail.leaves.push(rest);
    }
    walk.mail
}

struct Walk {
    mail: Mail,
    groups: usize,
    /// How many bytes of parts may still be kept before mails in mails are no longer opened.
    budget: usize,
    hint: Hint,
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
        let first = node.depth == 0 && node.within == 0;
        let is_part = node.depth > 0 && !node.is_mail;
        let notes = &mut self.mail.notes;
        let (mut headers, body) =
            if is_part { header::split_part(node.raw, notes) } else { header::split(node.raw, notes) };
        if first {
            self.hint = Hint::gather(headers.first_raw("From"), headers.raw_8_bit(), node.raw);
        }
        headers.settle(&self.hint, &mut self.mail.notes);
        let default = if node.digest { "message/rfc822" } else { "text/plain" };
        let content = Structured::parse(headers.first_raw("Content-Type").unwrap_or(default.as_bytes()));
        if first {
            self.mail.content_type.clone_from(&content.value);
            self.mail.report_type = content.parameter("report-type").map(|t| t.to_lowercase());
        }
        if content.value.starts_with("multipart/")
            && let Some(found) = self.children(&content, body, node.depth)
        {
            let mut alternative = self.group(&content.value, node.alternative);
            let digest = content.value == "multipart/digest";
            let depth = node.depth + 1;
            let first_child = stack.len();
            for raw in found.slices {
                match found.reused.then(|| empty_frame(raw)).flatten() {
                    // Its parts follow as its siblings: they have the same boundary.
                    Some(kind) => alternative = self.group(&kind, alternative),
                    None => stack.push(Node {
                        raw,
                        depth,
                        within: node.within,
                        alternative,
                        digest,
                        is_mail: false,
                    }),
                }
            }
            if let Some(new) = stack.get_mut(first_child..) {
                new.reverse();
            }
        } else {
            let leaf = self.leaf(&headers, &content, body, node);
            self.descend(&leaf, body, node, Queues { stack, decoded });
            self.mail.leaves.push(leaf);
        }
        if first {
            self.mail.headers = headers;
        }
    }

    /// Opens a mail within the mail, unless it lies too deep or its bytes were kept often enough.
    fn descend<'a>(&mut self, leaf: &Leaf, body: &'a [u8], node: &Node<'a>, queues: Queues<'_, 'a>) {
        if !leaf.is_mail {
            return;
        }
        if node.depth >= MAX_DEPTH || leaf.data.len() > self.budget {
            self.mail.notes.add("a mail within the mail lies too deep; it is kept as one file");
            return;
        }
        self.budget -= leaf.data.len();
        let (depth, within) = (node.depth + 1, node.within + 1);
        if leaf.data == body {
            queues.stack.push(Node {
                raw: body,
                depth,
                within,
                alternative: None,
                digest: false,
                is_mail: true,
            });
        } else {
            queues.decoded.push((leaf.data.clone(), depth, within));
        }
    }

    fn group(&mut self, content_type: &str, outer: Option<usize>) -> Option<usize> {
        if content_type != "multipart/alternative" {
            return outer;
        }
        self.groups += 1;
        Some(self.groups)
    }

    /// The children of a multipart; `None` if there is no boundary to be found.
    fn children<'a>(&mut self, content: &Structured, body: &'a [u8], depth: usize) -> Option<Parts<'a>> {
        let declared = content.bytes("boundary").filter(|b| !b.is_empty());
        if depth >= MAX_DEPTH {
            // One level only, whatever lies in what: each line is looked at once more and never again.
            self.mail
                .notes
                .add(format!("parts lie more than {MAX_DEPTH} deep; the deeper ones are listed flat"));
            return self.noted(boundary::flat(body, declared));
        }
        if let Some(boundary) = &declared
            && let Some(found) = self.noted(boundary::split(body, boundary))
        {
            return Some(found);
        }
        let guessed = boundary::guess(body)?;
        self.mail.notes.add("the boundary between parts is not the declared one; it was guessed");
        self.noted(boundary::split(body, &guessed))
    }

    fn noted<'a>(&mut self, found: Parts<'a>) -> Option<Parts<'a>> {
        if found.slices.is_empty() {
            return None;
        }
        if !found.closed {
            self.mail.notes.add("the last part has no end mark; the mail may be cut off");
        }
        if found.more > 0 {
            self.mail.notes.add(format!("{} further parts were left out", found.more));
        }
        if found.reused {
            self.mail.notes.add("parts within a part are separated by the same boundary");
        }
        if found.epilogue {
            self.mail.notes.add("there is text after the last part; it is not shown");
        }
        Some(found)
    }

    fn leaf(&mut self, headers: &Headers, content: &Structured, body: &[u8], node: &Node<'_>) -> Leaf {
        let disposition = headers.first_raw("Content-Disposition").map(Structured::parse).unwrap_or_default();
        let transfer = headers.first("Content-Transfer-Encoding").unwrap_or_default();
        let undone = encoding::undo(&transfer, body);
        if !encoding::is_known(&transfer) {
            let word = word(&transfer);
            self.mail
                .notes
                .add(format!("a part is packed in an unknown way, `{word}`; it is kept as it came"));
        }
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
        let charset = content.parameter("charset").or_else(|| self.unnamed(&content_type, &undone.bytes));
        Leaf {
            content_type,
            charset,
            name,
            attached: disposition.value == "attachment",
            within: node.within,
            alternative: node.alternative,
            is_mail,
            container: None,
            data: undone.bytes,
        }
    }

    /// The charset of an 8-bit text that names none; HTML may name it inside.
    fn unnamed(&mut self, content_type: &str, bytes: &[u8]) -> Option<String> {
        if content_type != "text/plain" || bytes.is_ascii() || str::from_utf8(bytes).is_ok() {
            return None;
        }
        let name = self.hint.encoding(bytes).name();
        self.mail.notes.add(format!("no charset is given for 8-bit text, read as {name}"));
        Some(name.to_owned())
    }
}

/// The type of a multipart that holds nothing.
fn empty_frame(raw: &[u8]) -> Option<String> {
    let head = raw.trim_ascii().get(..10)?;
    if raw.len() > 2_000 || !head.eq_ignore_ascii_case(b"content-ty") {
        return None;
    }
    let (headers, body) = header::split_part(raw, &mut Notes::default());
    let kind = Structured::parse(headers.first_raw("Content-Type")?).value;
    (body.trim_ascii().is_empty() && kind.starts_with("multipart/")).then_some(kind)
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
