//! What the sender wrote now, without quotes and signature.

use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::fold;

/// A text in two: what is new and what is quoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// What the sender wrote now.
    pub own: String,
    /// What is quoted from earlier mails.
    pub quoted: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Own,
    Quoted,
    Signature,
}

/// How many lines are looked at.
const MAX_LINES: usize = 20_000;

/// Tells own from quoted text: `>` marks, header blocks of any language, "on … wrote", forwarded blocks.
pub fn split(text: &str, book: &Phrasebook) -> Split {
    let lines: Vec<&str> = text.lines().take(MAX_LINES).collect();
    let mut marks = vec![Line::Own; lines.len()];
    mark_angles(&lines, &mut marks);
    mark_attributions(&lines, &mut marks, book);
    mark_blocks(&lines, &mut marks, book);
    mark_signature(&lines, &mut marks);
    let own = collect(&lines, &marks, Line::Own);
    if own.trim().is_empty() {
        // Nothing but a quote: a bare forward. All of it is what came.
        return Split { own: without_marks(text), quoted: None };
    }
    let quoted = collect(&lines, &marks, Line::Quoted);
    Split { own, quoted: (!quoted.trim().is_empty()).then_some(quoted) }
}

fn without_marks(text: &str) -> String {
    text.trim().to_owned()
}

fn collect(lines: &[&str], marks: &[Line], wanted: Line) -> String {
    let mut out = String::new();
    let mut gap = false;
    for (line, mark) in lines.iter().zip(marks) {
        if *mark != wanted || line.trim().is_empty() {
            gap = true;
            continue;
        }
        if !out.is_empty() {
            // An empty line stands for whatever lay between, so that no sentence runs over it.
            out.push_str(if gap { "\n\n" } else { "\n" });
        }
        gap = false;
        out.push_str(line.trim_end());
    }
    out
}

fn is_angled(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('>') || line.starts_with("&gt;") || (line.starts_with('|') && line.len() > 2)
}

fn mark_angles(lines: &[&str], marks: &mut [Line]) {
    for (line, mark) in lines.iter().zip(marks.iter_mut()) {
        if is_angled(line) {
            *mark = Line::Quoted;
        }
    }
}

/// "Am 3. März schrieb …:", on up to four lines; the quote follows, marked or not.
fn mark_attributions(lines: &[&str], marks: &mut [Line], book: &Phrasebook) {
    let verbs = book.folded(List::Wrote);
    let mut at = 0;
    while at < lines.len() {
        let Some(length) = attribution(lines, marks, at, verbs) else {
            at += 1;
            continue;
        };
        for mark in marks.iter_mut().skip(at).take(length) {
            *mark = Line::Quoted;
        }
        let next = lines.iter().zip(marks.iter()).skip(at + length).find(|(l, _)| !l.trim().is_empty());
        let followed_by_angles = next.is_some_and(|(_, m)| *m == Line::Quoted);
        if !followed_by_angles {
            // No marks below: all of the rest is the quoted mail.
            for mark in marks.iter_mut().skip(at + length) {
                *mark = Line::Quoted;
            }
        }
        at += length;
    }
}

/// Number of lines of an attribution that starts here.
fn attribution(lines: &[&str], marks: &[Line], at: usize, verbs: &[String]) -> Option<usize> {
    let mut joined = String::new();
    for length in 1..=4 {
        let line = lines.get(at + length - 1)?.trim();
        if line.is_empty() || marks.get(at + length - 1) == Some(&Line::Quoted) {
            return None;
        }
        joined.push_str(line);
        joined.push(' ');
        if joined.len() > 400 {
            return None;
        }
        let angles_follow = lines.get(at + length).is_some_and(|l| is_angled(l))
            || (lines.get(at + length).is_some_and(|l| l.trim().is_empty())
                && lines.get(at + length + 1).is_some_and(|l| is_angled(l)));
        let closes = line.ends_with(':') || (angles_follow && line.ends_with(['>', '.', ')', '…']));
        if closes && is_attribution(&joined, verbs, angles_follow) {
            return Some(length);
        }
        if line.ends_with(':') {
            return None;
        }
    }
    None
}

fn is_attribution(text: &str, verbs: &[String], angles_follow: bool) -> bool {
    let folded = fold(text);
    let wrote = verbs.iter().any(|verb| {
        folded.match_indices(verb.as_str()).any(|(i, _)| {
            let before = folded.get(..i).and_then(|b| b.chars().next_back());
            let after = folded.get(i + verb.len()..).and_then(|a| a.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    });
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let addressed = text.contains('@');
    (wrote && (digits >= 4 || addressed || angles_follow)) || (angles_follow && addressed && digits >= 4)
}

/// Header blocks as Outlook writes them, and lines such as "Original Message".
fn mark_blocks(lines: &[&str], marks: &mut [Line], book: &Phrasebook) {
    let labels = Labels::of(book);
    let start = (0..lines.len()).find(|&at| {
        marks.get(at) == Some(&Line::Own) && (labels.block_at(lines, at) || labels.is_separator(lines, at))
    });
    let Some(mut start) = start else { return };
    // The rule above the block belongs to it.
    while start > 0
        && lines.get(start - 1).is_some_and(|l| l.trim().is_empty() || is_rule(l) || labels.is_original(l))
    {
        start -= 1;
    }
    for mark in marks.iter_mut().skip(start) {
        *mark = Line::Quoted;
    }
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 5 && line.chars().all(|c| matches!(c, '_' | '-' | '—' | '─' | '*' | '='))
}

struct Labels<'b> {
    from: &'b [String],
    other: Vec<&'b String>,
    original: &'b [String],
}

impl<'b> Labels<'b> {
    fn of(book: &'b Phrasebook) -> Self {
        let lists = [List::QuoteSent, List::QuoteTo, List::QuoteSubject];
        Labels {
            from: book.folded(List::QuoteFrom),
            other: lists.into_iter().flat_map(|list| book.folded(list)).collect(),
            original: book.folded(List::OriginalMessage),
        }
    }

    fn label(line: &str) -> Option<String> {
        let line = line.trim().trim_start_matches(['*', '|', ' ']);
        let (label, _) = line.split_once(':')?;
        let label = label.trim().trim_end_matches('*').trim();
        (label.len() <= 40).then(|| fold(label))
    }

    /// A sender label with two further labels below it; a label of its own line may have its value in the next.
    fn block_at(&self, lines: &[&str], at: usize) -> bool {
        let first = lines.get(at).and_then(|l| Self::label(l));
        let starts_with_sent = first.as_ref().is_some_and(|f| self.other.contains(&f));
        if !first.as_ref().is_some_and(|f| self.from.contains(f)) && !starts_with_sent {
            return false;
        }
        let below: Vec<String> = lines.iter().skip(at + 1).take(7).filter_map(|l| Self::label(l)).collect();
        let others = below.iter().filter(|l| self.other.contains(l)).count();
        let from_below = below.iter().take(3).any(|l| self.from.contains(l));
        if starts_with_sent { from_below && others >= 1 } else { others >= 2 }
    }

    fn is_original(&self, line: &str) -> bool {
        let line = line.trim();
        let bare =
            line.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | '*' | ' ' | '—' | '–' | ':' | '.'));
        bare.len() + 2 < line.len() && bare.len() < 80 && self.original.contains(&fold(bare))
    }

    /// "-----Original Message-----" with something below it.
    fn is_separator(&self, lines: &[&str], at: usize) -> bool {
        lines.get(at).is_some_and(|l| self.is_original(l)) && lines.len() > at + 1
    }
}

/// From the line `-- ` (RFC 3676 §4.3) to the next quote or the end.
fn mark_signature(lines: &[&str], marks: &mut [Line]) {
    let start = lines
        .iter()
        .zip(marks.iter())
        .rposition(|(line, mark)| *mark == Line::Own && (*line == "-- " || line.trim_end() == "--"));
    let Some(start) = start else { return };
    if start == 0 {
        return;
    }
    for mark in marks.iter_mut().skip(start).take_while(|m| **m == Line::Own) {
        *mark = Line::Signature;
    }
}
