//! "Am 3. März 2026 schrieb …:" above a quoted mail, in any language, with or without a verb.

use crate::domain::incoming::body::lines::{
    Line, has_date, is_angled, is_byline, is_closing, is_groupwise, is_rule, requests,
};
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::fold;

/// How many lines below a line without a verb are searched for a requester's words.
const NEAR: usize = 14;

/// A heading above a quoted letter has at most so many words.
const HEADING: usize = 6;
/// A line that says who wrote has at most so many words.
const LONGEST: usize = 20;

/// Marks attributions of up to four lines and what they introduce.
pub(super) fn mark(lines: &[&str], marks: &mut [Line], book: &Phrasebook) {
    let verbs = book.folded(List::Wrote);
    let mut at = 0;
    while at < lines.len() {
        let groupwise = lines.get(at).is_some_and(|l| is_groupwise(l));
        let length = if groupwise {
            Some(1)
        } else {
            attribution(lines, marks, at, verbs)
                .or_else(|| (byline(lines, marks, at, book) || bare(lines, marks, at, book)).then_some(1))
        };
        let Some(length) = length else {
            at += 1;
            continue;
        };
        for mark in marks.iter_mut().skip(at).take(length) {
            *mark = Line::Quoted;
        }
        let next = lines.iter().zip(marks.iter()).skip(at + length).find(|(l, _)| !l.trim().is_empty());
        let followed_by_angles = next.is_some_and(|(_, m)| *m == Line::Quoted);
        if !followed_by_angles {
            // No marks below: the rest is the quoted mail, or as much of it as stands above the answer.
            quote_from(lines, marks, at + length, book);
            return;
        }
        at += length;
    }
}

/// Marks from here to the end; a quote that stands above the answer ends with its own closing.
pub(super) fn quote_from(lines: &[&str], marks: &mut [Line], start: usize, book: &Phrasebook) {
    let own_above =
        lines.iter().zip(marks.iter()).take(start).any(|(l, m)| *m == Line::Own && !l.trim().is_empty());
    let end = if own_above { None } else { answer_below(lines, start, book) };
    let end = end.unwrap_or(lines.len());
    for mark in marks.iter_mut().take(end).skip(start) {
        *mark = Line::Quoted;
    }
}

/// Where the answer below a quoted letter begins: after its closing and the name, if a second letter with a closing
/// of its own follows.
fn answer_below(lines: &[&str], start: usize, book: &Phrasebook) -> Option<usize> {
    let closing = (start..lines.len()).find(|&i| lines.get(i).is_some_and(|l| is_closing(l, book)))?;
    let blank = |i: usize| lines.get(i).is_none_or(|l| l.trim().is_empty());
    let mut at = closing + 1;
    while at < lines.len() && blank(at) {
        at += 1;
    }
    while at < lines.len() && !blank(at) && at <= closing + 5 {
        at += 1;
    }
    let closes_again = lines.iter().skip(at).any(|l| is_closing(l, book));
    (at < lines.len() && closes_again).then_some(at)
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
        let below = |n: usize| lines.get(at + length + n);
        let angles_follow = below(0).is_some_and(|l| is_angled(l))
            || (below(0).is_some_and(|l| l.trim().is_empty()) && below(1).is_some_and(|l| is_angled(l)));
        let closes = line.ends_with(':')
            || (angles_follow && line.ends_with(['>', '.', ')', '…']))
            || ends_with_verb(line, verbs);
        if closes && is_attribution(&joined, verbs, angles_follow) {
            return Some(length);
        }
        if line.ends_with(':') {
            return None;
        }
    }
    None
}

/// Whether a time of day stands in a line.
fn is_clock(line: &str) -> bool {
    line.split(|c: char| !c.is_ascii_digit() && c != ':').any(|w| w.contains(':') && w.len() >= 4)
}

/// "… schrieb" at the end of a line that names an address or a time: the colon was lost.
fn ends_with_verb(line: &str, verbs: &[String]) -> bool {
    if !line.contains('@') && !is_clock(line) {
        return false;
    }
    let folded = fold(line);
    verbs.iter().any(|verb| {
        folded
            .strip_suffix(verb.as_str())
            .is_some_and(|before| before.ends_with(|c: char| !c.is_alphanumeric()))
    })
}

/// "On 2 March 2026 at 10:00 Ada Lind wrote" by itself below the end of a letter, whose colon was lost: a verb of
/// writing with a day and a time or an address.
fn bare(lines: &[&str], marks: &[Line], at: usize, book: &Phrasebook) -> bool {
    let Some(line) = lines.get(at).filter(|l| has_date(l) && l.split_whitespace().count() <= LONGEST) else {
        return false;
    };
    let blank = |at: Option<usize>| at.and_then(|at| lines.get(at)).is_some_and(|l| l.trim().is_empty());
    marks.get(at) == Some(&Line::Own)
        && !line.trim_end().ends_with('.')
        && (is_clock(line) || line.contains('@'))
        && blank(at.checked_sub(1))
        && blank(Some(at + 1))
        && lines.iter().skip(at + 1).any(|l| !l.trim().is_empty())
        && is_attribution(line, book.folded(List::Wrote), false)
        && lines.iter().take(at).any(|l| is_closing(l, book))
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

/// A line with name, date and time counts where a letter has ended, below a rule, above marked lines, or where a
/// requester speaks below it.
fn byline(lines: &[&str], marks: &[Line], at: usize, book: &Phrasebook) -> bool {
    let Some(line) = lines.get(at).filter(|l| is_byline(l)) else { return false };
    if marks.get(at) != Some(&Line::Own) {
        return false;
    }
    let above = lines.iter().take(at).rev().find(|l| !l.trim().is_empty());
    if above.is_none() || lines.iter().skip(at + 1).all(|l| l.trim().is_empty()) {
        return false;
    }
    let ruled = above.is_some_and(|l| is_rule(l));
    let closed = lines.iter().take(at).any(|l| is_closing(l, book));
    let angles = lines.iter().skip(at + 1).find(|l| !l.trim().is_empty()).is_some_and(|l| is_angled(l));
    // "Your enquiry:" above a name and a day is a heading, whatever word it has.
    let headed = closed
        && above.is_some_and(|l| l.trim_end().ends_with(':') && l.split_whitespace().count() <= HEADING);
    let below: Vec<&str> = lines.iter().skip(at + 1).take(NEAR).copied().collect();
    headed
        || ruled
        || angles
        || requests(&below.join(" "), book)
        || (closed && line.trim_end().ends_with(':'))
}
