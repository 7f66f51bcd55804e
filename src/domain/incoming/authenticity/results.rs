//! What mail servers report in the head: `Authentication-Results` (RFC 8601) and the same of a sealer (RFC 8617).

use crate::domain::incoming::authenticity::Reported;
use crate::domain::incoming::authenticity::head::{Head, ascii};
use serde::{Deserialize, Serialize};

/// How much of one field is read.
const MOST_VALUE: usize = 16 * 1024;
/// How many fields are read; the others are counted only.
const MOST_FIELDS: usize = 20;
/// How many results of one field are read.
const MOST_RESULTS: usize = 50;

/// What one server found when it got the mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What it calls itself, lower case.
    pub server: String,
    /// Domains whose DKIM signature it found good.
    pub dkim: Vec<String>,
    /// The envelope domain for which the server before it may send.
    pub spf: Option<String>,
    /// Whether it found what SPF says, whatever that is.
    #[serde(default)]
    pub spf_known: bool,
    /// The domain of the From line, where that server found DMARC to hold.
    pub dmarc: Option<String>,
}

impl Told {
    /// Whether it says that anything passed.
    pub fn has_pass(&self) -> bool {
        !self.dkim.is_empty() || self.spf.is_some() || self.dmarc.is_some()
    }

    fn add(&mut self, other: Self) {
        self.server = other.server;
        self.dkim.extend(other.dkim);
        self.spf = self.spf.take().or(other.spf);
        self.spf_known |= other.spf_known;
        self.dmarc = self.dmarc.take().or(other.dmarc);
    }
}

/// What the head reports. Believed is only what our own server wrote, under its own name and above every `Received`: a
/// sender can write whatever stands below the line that our server put on top of what came.
pub fn reported(head: &Head<'_>, own: Option<&str>) -> Reported {
    let mut found = Reported::default();
    let mut above = true;
    for (name, value) in &head.fields {
        above &= !name.eq_ignore_ascii_case("Received");
        if name.eq_ignore_ascii_case("Received-SPF") {
            found.ignored += 1;
            found.claimed |=
                value.trim_ascii_start().get(..4).is_some_and(|w| w.eq_ignore_ascii_case(b"pass"));
        }
        if !name.eq_ignore_ascii_case("Authentication-Results") {
            continue;
        }
        let told = if found.ignored < MOST_FIELDS { read(value) } else { None };
        match (told, own) {
            (Some(told), Some(own)) if above && is_below_received(head) && told.server == own => {
                found.own.get_or_insert_default().add(told);
            }
            (told, _) => {
                found.ignored += 1;
                found.claimed |= told.is_some_and(|told| told.has_pass());
            }
        }
    }
    found
}

/// A mail that no server of ours has touched has no `Received` of ours, and nobody of ours wrote its head.
fn is_below_received(head: &Head<'_>) -> bool {
    head.count("Received") > 0
}

/// Reads one field; none = it is badly written.
pub fn read(value: &[u8]) -> Option<Told> {
    let text = bare(str::from_utf8(value.get(..MOST_VALUE).unwrap_or(value)).ok()?)?;
    let mut parts = text.into_iter();
    let mut server = parts.next()?.into_iter();
    let mut told = Told { server: server.next()?.to_lowercase(), ..Told::default() };
    for part in parts.take(MOST_RESULTS) {
        result(&mut told, &part);
    }
    Some(told)
}

/// The same of a sealer, whose field begins with its number: `i=2; mx.example; dkim=pass …`.
pub fn read_sealed(value: &[u8]) -> Option<Told> {
    let at = memchr::memchr(b';', value)?;
    let number = value.get(..at)?.trim_ascii();
    number.starts_with(b"i").then(|| read(value.get(at + 1..)?))?
}

/// One `method=result` with its properties.
fn result(told: &mut Told, words: &[String]) {
    let Some((method, outcome)) = words.first().and_then(|word| word.split_once('=')) else { return };
    let method = method.split('/').next().unwrap_or_default().to_lowercase();
    let passed = outcome.eq_ignore_ascii_case("pass");
    let property = |wanted: &str| {
        let of = |word: &'_ String| {
            let (name, value) = word.split_once('=')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.rsplit('@').next().and_then(ascii))?
        };
        words.iter().skip(1).find_map(of)
    };
    match method.as_str() {
        "dkim" if passed => told.dkim.extend(property("header.d").or_else(|| property("header.i"))),
        "spf" => {
            told.spf_known |= !outcome.eq_ignore_ascii_case("temperror");
            let envelope = || property("smtp.mailfrom").or_else(|| property("smtp.helo"));
            told.spf = told.spf.take().or_else(|| if passed { envelope() } else { None });
        }
        "dmarc" if passed => told.dmarc = told.dmarc.take().or_else(|| property("header.from")),
        _ => {}
    }
}

/// The words between semicolons, without comments; what stands in quotes is one word. None = a quote or comment has no
/// end, so that nobody knows what belongs to it.
fn bare(text: &str) -> Option<Vec<Vec<String>>> {
    let mut parts: Vec<Vec<String>> = vec![Vec::new()];
    let mut word = String::new();
    let (mut quoted, mut depth) = (false, 0_usize);
    let mut chars = text.chars();
    let end = |parts: &mut Vec<Vec<String>>, word: &mut String| {
        if !word.is_empty()
            && let Some(part) = parts.last_mut()
        {
            part.push(std::mem::take(word));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted || depth > 0 => {
                let escaped = chars.next()?;
                if quoted {
                    word.push(escaped);
                }
            }
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => word.push(c),
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ if depth > 0 => {}
            ';' => {
                end(&mut parts, &mut word);
                parts.push(Vec::new());
            }
            c if c.is_whitespace() => end(&mut parts, &mut word),
            c => word.push(c),
        }
    }
    end(&mut parts, &mut word);
    (!quoted && depth == 0).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incoming::authenticity::head::head;

    #[test]
    fn results_are_read_as_rfc_8601_writes_them() {
        let value = b" mx.askance.example 1;\r\n dkim=pass (1024-bit key; dkim=pass header.d=x.example)\r\n \
            header.d=City.example header.s=a; dkim=fail header.d=other.example;\r\n \
            spf=pass smtp.mailfrom=\"bounce@mail.city.example\"; dmarc=pass (p=NONE) header.from=city.example";
        let told = read(value).unwrap();
        assert_eq!(told.server, "mx.askance.example");
        assert_eq!(told.dkim, ["city.example"]);
        assert_eq!(told.spf.as_deref(), Some("mail.city.example"));
        assert_eq!(told.dmarc.as_deref(), Some("city.example"));
        assert_eq!(read(b"mx.example; none").unwrap().server, "mx.example");
        assert_eq!(read(b"mx.example; dkim=pass (never closed header.d=x.example"), None);
        assert_eq!(read(b"mx.example; spf=pass smtp.mailfrom=\"x; dkim=pass header.d=y.example"), None);
        let quoted = read(b"mx.example; spf=fail smtp.mailfrom=\"a; dkim=pass header.d=y.example\"").unwrap();
        assert!(!quoted.has_pass());
        assert_eq!(
            read_sealed(b" i=1; lists.example; dkim=pass header.d=x.example").unwrap().dkim,
            ["x.example"]
        );
    }

    #[test]
    fn only_what_stands_above_every_received_under_our_own_name_is_believed() {
        let ours = "Authentication-Results: mx.askance.example; spf=pass smtp.mailfrom=a@city.example\r\n";
        let theirs = "Authentication-Results: mx.other.example; spf=pass smtp.mailfrom=a@city.example\r\n";
        let received = "Received: from x by mx.askance.example; Mon, 7 Sep 2026 10:00:00 +0000\r\n";
        let told = |mail: String| reported(&head(mail.as_bytes()).unwrap(), Some("mx.askance.example"));
        let trusted = told(format!("{ours}{received}From: a@city.example\r\n\r\n"));
        assert_eq!(trusted.own.unwrap().spf.as_deref(), Some("city.example"));
        for mail in [format!("{received}{ours}"), format!("{theirs}{received}"), ours.to_owned()] {
            let found = told(format!("{mail}From: a@city.example\r\n\r\n"));
            assert_eq!((found.own, found.ignored, found.claimed), (None, 1, true), "{mail}");
        }
    }
}
