//! The head of a mail as all sane programs read it, and who its From line names.
//!
//! What is checked must be what is shown. A head that two programs may read differently is therefore not believed:
//! the checks read it with one parser, the desk with another, and an attacker picks the one that suits him.

use crate::domain::incoming::matching::domains::host_of;
use crate::domain::incoming::mime::{Address, address};
use crate::domain::words::words;
use serde::{Deserialize, Serialize};

/// The longest head that is looked at.
const MOST_HEAD: usize = 512 * 1024;
/// The most fields that are looked at.
const MOST_FIELDS: usize = 1_000;
/// The longest From line.
const MOST_FROM: usize = 4 * 1024;

words! {
    /// Why what the checks find cannot be said of what is shown.
    pub enum Doubt {
        /// Its lines end in more than one way, or hold NUL bytes.
        Lines = "lines",
        /// It has lines that are no fields.
        Fields = "fields",
        /// It is longer than what is looked at.
        Long = "long",
        /// There is no From line.
        NoFrom = "no_from",
        /// There are two From lines.
        TwoFrom = "two_from",
        /// The From line names several senders.
        SeveralSenders = "several_senders",
        /// The From line names a group (RFC 6854).
        Group = "group",
        /// The From line cannot be read.
        Unreadable = "unreadable",
        /// Two programs read the From line differently.
        Ambiguous = "ambiguous",
        /// A field that is shown is there twice: only one of the two is signed.
        Twice = "twice",
        /// The mail is too large.
        Large = "large",
    }
    expected "a reason for doubt"
}

impl Doubt {
    /// The reason as the desk shows it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Lines => "The lines of its head are badly written, so that programs read them differently.",
            Self::Fields => {
                "Its head has lines that are no header fields, so that programs read it differently."
            }
            Self::Long => "Its head is longer than what is looked at.",
            Self::NoFrom => "It has no From line.",
            Self::TwoFrom => "It has more than one From line.",
            Self::SeveralSenders => "Its From line names more than one sender.",
            Self::Group => "Its From line names a group instead of a sender.",
            Self::Unreadable => "Its From line names no address that can be checked.",
            Self::Ambiguous => "Its From line can be read in two ways.",
            Self::Twice => {
                "Its head has a field twice that may stand there once: what is shown may not be what was signed."
            }
            Self::Large => "It is larger than what is checked.",
        }
    }
}

/// Who the From line names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The address as it is shown.
    pub address: String,
    /// Its domain, lower case, in ASCII (RFC 5890).
    pub domain: String,
    /// Whether the name beside it shows the address of another domain.
    #[serde(default)]
    pub poses: bool,
}

/// A head of which there are no two readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// Names and values in their order, folds and all.
    pub fields: Vec<(&'a str, &'a [u8])>,
    /// The mail from its first field on.
    pub mail: &'a [u8],
    /// Whether lines end with a line feed alone, as a pipe hands them over.
    pub bare: bool,
}

impl<'a> Head<'a> {
    /// The values of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// How often a field is there.
    pub fn count(&self, name: &str) -> usize {
        self.all(name).count()
    }
}

/// Reads the head of a mail, or says why it has more than one reading.
pub fn head(raw: &[u8]) -> Result<Head<'_>, Doubt> {
    let mail = without_mailbox_line(raw);
    let mut fields: Vec<(&str, &[u8])> = Vec::new();
    let (mut at, mut bare, mut start) = (0, None, 0);
    loop {
        let rest = mail.get(at..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', rest) else {
            // A mail may end with its head.
            return if rest.is_empty() { Ok(done(fields, mail, bare)) } else { Err(Doubt::Lines) };
        };
        let line = rest.get(..end).unwrap_or_default();
        let (line, is_bare) = line.strip_suffix(b"\r").map_or((line, true), |line| (line, false));
        if *bare.get_or_insert(is_bare) != is_bare || memchr::memchr2(b'\r', 0, line).is_some() {
            return Err(Doubt::Lines);
        }
        if line.is_empty() {
            return Ok(done(fields, mail, bare));
        }
        if at + end > MOST_HEAD || fields.len() >= MOST_FIELDS {
            return Err(Doubt::Long);
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            // A line of blanks alone ends the head for some.
            let last = fields.last_mut().filter(|_| !line.trim_ascii().is_empty());
            let Some((_, value)) = last else { return Err(Doubt::Fields) };
            *value = mail.get(start..at + end).unwrap_or_default();
        } else {
            let (name, value) = field(line).ok_or(Doubt::Fields)?;
            start = at + name.len() + 1;
            fields.push((name, value));
        }
        at += end + 1;
    }
}

fn done<'a>(fields: Vec<(&'a str, &'a [u8])>, mail: &'a [u8], bare: Option<bool>) -> Head<'a> {
    Head { fields, mail, bare: bare.unwrap_or_default() }
}

/// The line that a pipe puts before a mail, as in a mailbox file.
fn without_mailbox_line(raw: &[u8]) -> &[u8] {
    // `From : a@b.example` is a field to some programs, and no such line.
    if raw.strip_prefix(b"From ").is_none_or(|rest| rest.trim_ascii_start().starts_with(b":")) {
        return raw;
    }
    memchr::memchr(b'\n', raw).and_then(|end| raw.get(end + 1..)).unwrap_or_default()
}

/// RFC 5322 §2.2: a name of printable characters, and the colon right behind it.
fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at(colon);
    let sound = (1..=100).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
    Some((str::from_utf8(name).ok().filter(|_| sound)?, value.get(1..)?))
}

/// Fields that may stand in a head once (RFC 5322 §3.6, RFC 2045 §3) and are shown, or say how the mail is shown.
const ONCE: &[&str] = &[
    "Subject",
    "Date",
    "To",
    "Cc",
    "Reply-To",
    "Sender",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// Who the From line names, and whether what is shown beside it has one reading.
pub fn author(head: &Head<'_>) -> (Option<Author>, Option<Doubt>) {
    let mut lines = head.all("From");
    let Some(line) = lines.next() else { return (None, Some(Doubt::NoFrom)) };
    if lines.next().is_some() {
        return (None, Some(Doubt::TwoFrom));
    }
    match of_line(line) {
        Ok(author) => {
            let twice = ONCE.iter().any(|name| head.count(name) > 1);
            (Some(author), twice.then_some(Doubt::Twice))
        }
        Err(doubt) => (None, Some(doubt)),
    }
}

/// The sender of a From line, by the very reading that the desk shows.
fn of_line(line: &[u8]) -> Result<Author, Doubt> {
    if line.len() > MOST_FROM || str::from_utf8(line).is_err() {
        return Err(Doubt::Unreadable);
    }
    let found = address::senders(line.trim_ascii());
    let (sender, is_group) = match found.as_slice() {
        [] => return Err(Doubt::Unreadable),
        [(sender, is_group)] => (sender, *is_group),
        _ => return Err(Doubt::SeveralSenders),
    };
    if is_group {
        return Err(Doubt::Group);
    }
    let domain = sender.domain().as_deref().and_then(ascii).ok_or(Doubt::Unreadable)?;
    if !is_plain(&sender.address) || written_addresses(line) != 1 {
        return Err(Doubt::Ambiguous);
    }
    let poses = poses(sender, &domain);
    Ok(Author { address: sender.address.clone(), domain, poses })
}

/// An address without quotes, comments, routes, blanks and control characters: all programs read it alike.
fn is_plain(address: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"(),:;<>[]\\".contains(c);
    address.matches('@').count() == 1 && !address.contains(odd)
}

/// How many addresses stand outside of the quoted name.
fn written_addresses(line: &[u8]) -> usize {
    let text = String::from_utf8_lossy(line);
    let (mut quoted, mut escaped, mut found) = (false, false, 0);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            '@' if !quoted => found += 1,
            _ => {}
        }
    }
    found
}

/// Whether the name of a sender looks like an address elsewhere: `"foi@city.example" <x@elsewhere.example>`.
fn poses(sender: &Address, domain: &str) -> bool {
    let name = sender.name.as_deref().unwrap_or_default();
    let mut hosts = name.split(['@', '＠']).skip(1).filter_map(|rest| {
        let host = rest.split(|c: char| c.is_whitespace() || "<>()[],;\"'".contains(c)).next()?;
        ascii(host)
    });
    hosts.any(|host| host.contains('.') && host != domain)
}

/// A domain as names are looked up: lower case, in ASCII; none for what is none.
pub fn ascii(domain: &str) -> Option<String> {
    let domain = host_of(domain);
    let sound = domain.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || "-._".contains(c));
    if !sound || !domain.contains('.') || domain.len() > 253 {
        return None;
    }
    match url::Host::parse(&domain).ok()? {
        url::Host::Domain(domain) => Some(domain),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Option<String>, Option<Doubt>) {
        match head(text.as_bytes()) {
            Ok(head) => {
                let (author, doubt) = author(&head);
                (author.map(|author| author.domain), doubt)
            }
            Err(doubt) => (None, Some(doubt)),
        }
    }

    #[test]
    fn one_sender_in_one_from_line_is_the_author() {
        for line in [
            "a@City.example",
            "City <a@city.example>",
            "\"City, Office\" <a@city.example>",
            "=?utf-8?q?B=C3=BCro?= <a@city.example>",
            "\"b@other.example\" <a@city.example>",
            "Long\r\n name <a@city.example>",
        ] {
            let mail = format!("From: {line}\r\nSubject: x\r\n\r\ntext");
            assert_eq!(of(&mail), (Some("city.example".to_owned()), None), "{line}");
        }
        assert_eq!(of("From: a@städte.example\r\n\r\n").0.as_deref(), Some("xn--stdte-hra.example"));
        assert_eq!(
            of("From x@y Mon Sep  7\nFrom: a@city.example\n\ntext").0.as_deref(),
            Some("city.example")
        );
    }

    #[test]
    fn what_has_two_readings_has_no_author() {
        let cases = [
            ("From: a@x.example\r\nFrom: b@y.example\r\n\r\n", Doubt::TwoFrom),
            ("From: a@x.example, b@y.example\r\n\r\n", Doubt::SeveralSenders),
            ("From: Office: a@x.example;\r\n\r\n", Doubt::Group),
            ("From: a@x.example (b@y.example)\r\n\r\n", Doubt::Ambiguous),
            ("From: <@y.example:a@x.example>\r\n\r\n", Doubt::Ambiguous),
            ("From: \"a@x.example\"@y.example\r\n\r\n", Doubt::Ambiguous),
            ("From: nobody\r\n\r\n", Doubt::Unreadable),
            ("From: a@[127.0.0.1]\r\n\r\n", Doubt::Unreadable),
            ("Subject: x\r\n\r\n", Doubt::NoFrom),
            ("From: a@x.example\rFrom: b@y.example\r\n\r\n", Doubt::Lines),
            ("From: a@x.example\0\r\n\r\n", Doubt::Lines),
            ("From: a@x.example\nSubject: x\r\n\r\n", Doubt::Lines),
            ("From : a@x.example\r\n\r\n", Doubt::Fields),
            ("From  : a@x.example\r\nFrom: b@y.example\r\n\r\n", Doubt::Fields),
            ("Subject: x\r\n \r\nFrom: a@x.example\r\n\r\n", Doubt::Fields),
            ("no field\r\nFrom: a@x.example\r\n\r\n", Doubt::Fields),
            ("\r\nFrom: a@x.example\r\n\r\n", Doubt::NoFrom),
        ];
        for (mail, doubt) in cases {
            assert_eq!(of(mail), (None, Some(doubt)), "{mail:?}");
        }
        let twice = "From: a@x.example\r\nSubject: a\r\nSubject: b\r\n\r\n";
        assert_eq!(of(twice), (Some("x.example".to_owned()), Some(Doubt::Twice)));
    }
}
