//! A reply as it was read: its texts with their passages marked, its files, what was odd and what hides in it.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::Bounce;
use crate::domain::incoming::reading::{Evidence, Reading};
use crate::domain::publication::flow::flow;
use crate::domain::publication::grounds::Cites;
use crate::store::desk::message::{Attachment, Message};
use crate::web::desk::asked::{self, Answered};
use crate::web::desk::enclosures::{self, File};
use crate::web::desk::facts::{self, Fact, Other};
use crate::web::desk::hidings::{self, Warning};
use crate::web::desk::own::{self, Piece, Rest};
use crate::web::desk::passages::{self, Segment, Text};
use crate::web::desk::words::{self, Tag};
use crate::web::filters;
use serde::Serialize;
use std::collections::BTreeSet;

/// How long a line of evidence is, in characters.
const GIST: usize = 140;
/// How many passages are quoted beside the kind.
const QUOTES: usize = 2;

/// A reply as it was read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Shown {
    /// In one line: what it is, how sure, what says so.
    pub verdict: Option<Verdict>,
    /// The subject, cut at its passages.
    pub subject: Vec<Segment>,
    /// What the sender wrote now, in its parts and cut at its passages.
    pub own: Vec<Piece>,
    /// What is neither their own words nor quoted.
    pub rest: Option<Rest>,
    /// What is quoted of earlier mails.
    pub quoted: Option<String>,
    /// How many lines that is.
    pub quoted_lines: usize,
    /// The files.
    pub files: Vec<File>,
    /// What was understood.
    pub facts: Vec<Fact>,
    /// What else it may be.
    pub others: Vec<Other>,
    /// The words that weighed most for the kind.
    pub reasons: Vec<String>,
    /// Questions of our letter that it seems to answer.
    pub answered: Vec<asked::Row>,
    /// What was wrong with the mail.
    pub notes: Vec<String>,
    /// What a report of a failed delivery says.
    pub bounce: Option<String>,
    /// How many things hide in the text and the files.
    pub hidden: usize,
    /// What the HTML of the mail holds and does not show.
    pub unshown: Vec<Warning>,
    /// All of that text.
    pub hidden_text: Option<String>,
}

/// A reading in one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The kind.
    pub tag: Tag,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// The passages that say so, the first two.
    pub quotes: Vec<Quote>,
}

/// A passage in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// What it says.
    pub text: String,
    /// The number of its mark.
    pub mark: Option<usize>,
    /// Where it stands, if not in the letter itself.
    pub place: Option<String>,
}

/// A message with what its reading knows of it.
pub fn shown(
    (message, files): (&Message, Vec<Attachment>),
    incoming: Option<&Incoming>,
    law: Option<Cites<'_>>,
    answered: &[Answered],
) -> Shown {
    let reading = incoming.map(|incoming| &incoming.reading);
    let (facts, mut claims) = reading.map(|reading| facts::of(reading, law)).unwrap_or_default();
    claims.extend(asked::claims(answered, facts.len()));
    let read = |at: usize| incoming.and_then(|incoming| incoming.attachments.get(at));
    // Evidence names a file as the mail does; the column has the name without what a database does not hold.
    let name = |(at, file): (usize, &Attachment)| {
        format!("attachment:{}", read(at).map_or(file.name.as_str(), |read| read.name.as_str()))
    };
    let places: Vec<String> = files.iter().enumerate().map(name).collect();
    let own = [("subject", message.subject.as_str()), ("body", message.own_text.as_str())];
    let attached = places.iter().map(String::as_str).zip(enclosures::texts(&files));
    let texts: Vec<Text<'_>> =
        own.into_iter().chain(attached).map(|(place, text)| Text { place, text }).collect();
    let mut marked = passages::mark(&texts, &claims);
    let answered = asked::rows(answered, facts.len(), (&claims, &marked));
    let verdict = reading.map(|reading| verdict(reading, &marked.numbers));
    let facts = facts::numbered(facts, &claims, &marked);
    let mut pieces = std::mem::take(&mut marked.texts).into_iter();
    let (subject, own) = (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
    let files: Vec<File> = files
        .into_iter()
        .zip(pieces)
        .enumerate()
        .map(|(at, (file, segments))| enclosures::file(file, read(at), segments))
        .collect();
    let lines = own::lines(&message.own_text, incoming);
    let unshown: Vec<Warning> =
        incoming.map(|incoming| incoming.hidden.iter().map(hidings::warning).collect()).unwrap_or_default();
    Shown {
        verdict,
        others: reading.map(facts::others).unwrap_or_default(),
        reasons: reading.iter().flat_map(|reading| reading.reasons.iter().take(8).cloned()).collect(),
        subject,
        own: own::pieces(own, lines.as_deref()),
        rest: incoming.and_then(|incoming| own::rest(incoming, lines.as_deref())),
        answered,
        quoted_lines: message.quoted_text.as_deref().map_or(0, |text| text.lines().count()),
        quoted: message.quoted_text.as_deref().map(flow),
        hidden: unshown.len() + files.iter().map(|file| file.hidden.len()).sum::<usize>(),
        unshown,
        hidden_text: incoming.and_then(|incoming| incoming.hidden_text.as_deref()).map(flow),
        files,
        facts,
        notes: incoming
            .map(|incoming| incoming.notes.iter().map(|note| words::note(note)).collect())
            .unwrap_or_default(),
        bounce: incoming.and_then(|incoming| incoming.bounce.as_ref()).map(bounce),
    }
}

/// The kind; its passages are the first that were claimed, and so are their numbers.
fn verdict(reading: &Reading, numbers: &[Option<usize>]) -> Verdict {
    let quote = |(evidence, mark): (&Evidence, Option<usize>)| Quote {
        text: gist(&evidence.text),
        mark,
        place: place(&evidence.place),
    };
    let marks = numbers.iter().copied().chain(std::iter::repeat(None));
    let mut quotes: Vec<Quote> = reading.evidence.iter().zip(marks).map(quote).collect();
    // Passages that overlap share a mark: once is enough.
    let mut seen = BTreeSet::new();
    quotes.retain(|quote| !quote.text.is_empty() && quote.mark.is_none_or(|mark| seen.insert(mark)));
    quotes.truncate(QUOTES);
    Verdict { tag: words::kind(reading.kind.as_str()), confidence: reading.confidence, quotes }
}

/// Where a passage stands that is not in the letter itself.
fn place(place: &str) -> Option<String> {
    match place {
        "body" => None,
        "subject" => Some("the subject".to_owned()),
        file => Some(filters::shortened(file.strip_prefix("attachment:").unwrap_or(file))),
    }
}

/// A passage in one line.
pub fn gist(passage: &str) -> String {
    let line = passage.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= GIST {
        return line;
    }
    let cut: String = line.chars().take(GIST - 1).collect();
    format!("{}…", cut.trim_end())
}

fn bounce(bounce: &Bounce) -> String {
    let whom = if bounce.recipients.is_empty() {
        "Which address was not reached it does not say.".to_owned()
    } else {
        format!("Not reached: {}.", bounce.recipients.join(", "))
    };
    let end = if bounce.permanent {
        "It failed for good: the letter needs another address."
    } else {
        "It is late, not lost: the server tries again."
    };
    let code =
        bounce.status.as_ref().map(|code| format!(" The server’s code is {code}.")).unwrap_or_default();
    format!("{whom} {end}{code}")
}

#[cfg(test)]
mod tests {
    use super::gist;

    #[test]
    fn evidence_is_one_line() {
        assert_eq!(gist("Ihr Antrag\n  wird abgelehnt."), "Ihr Antrag wird abgelehnt.");
        let long = gist(&"ä ".repeat(200));
        assert!(long.ends_with("ä…") && long.chars().count() <= 140);
    }
}
