//! Where the lines of the own text stand in the whole mail, and so what each of them is.

use crate::domain::incoming::body::parts::{Marked, Part};
use std::ops::Range;

/// A line of the own text with its place in the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its bytes in the own text.
    pub own: Range<usize>,
    /// Its bytes in the whole text.
    pub whole: Range<usize>,
    /// What it is.
    pub part: Part,
}

/// The lines of the own text in the whole, in their order; `None` where one is not found, as in a reading of before
/// parts were marked. Looks only forward, so that its work is bounded by the length of both.
pub fn placed(own: &str, whole: &str, marked: &[Marked]) -> Option<Vec<Placed>> {
    let mut parts = marked.iter().filter(|m| m.part != Part::Quoted);
    let mut part = parts.next();
    let mut from = part.map_or(0, |m| m.range.start);
    let mut out = Vec::new();
    for line in own.lines() {
        let words = line.trim();
        if words.is_empty() {
            continue;
        }
        let start = words.as_ptr().addr().saturating_sub(own.as_ptr().addr());
        let at = loop {
            let stretch = part?;
            let rest = whole.get(from..stretch.range.end).unwrap_or_default();
            if let Some(at) = find(rest, words) {
                break from + at;
            }
            part = parts.next();
            from = part.map_or(from, |m| m.range.start);
        };
        from = at + words.len();
        out.push(Placed { own: start..start + words.len(), whole: at..from, part: part?.part });
    }
    Some(out)
}

/// Where words stand that are no part of longer ones.
fn find(text: &str, words: &str) -> Option<usize> {
    let is_open = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let is_edge = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric());
    text.match_indices(words).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let after = text.get(at + words.len()..).and_then(|after| after.chars().next());
        (is_open(before) || is_edge(words.chars().next()))
            && (is_open(after) || is_edge(words.chars().last()))
    })
}

/// Marks as quoted what of the own text turned out to be copied; `copied` are bytes of the own text.
pub fn quoted_too(marked: &[Marked], placed: &[Placed], copied: &[Range<usize>]) -> Vec<Marked> {
    let mut lines = placed.iter().peekable();
    let mut cuts: Vec<Range<usize>> = Vec::new();
    for copy in copied {
        while let Some(line) = lines.peek().filter(|line| line.own.start < copy.end) {
            let (start, end) = (line.own.start.max(copy.start), line.own.end.min(copy.end));
            if start < end {
                cuts.push(
                    line.whole.start + (start - line.own.start)..line.whole.start + (end - line.own.start),
                );
            }
            if line.own.end > copy.end {
                break;
            }
            lines.next();
        }
    }
    let mut cuts = cuts.into_iter().peekable();
    let mut out: Vec<Marked> = Vec::new();
    for mark in marked {
        let mut from = mark.range.start;
        while let Some(cut) = cuts.next_if(|cut| cut.start < mark.range.end) {
            push(&mut out, mark.part, from..cut.start);
            from = cut.end;
            push(&mut out, Part::Quoted, cut);
        }
        push(&mut out, mark.part, from..mark.range.end);
    }
    out
}

/// Adds a stretch; neighbours of one kind become one.
fn push(out: &mut Vec<Marked>, part: Part, range: Range<usize>) {
    if range.is_empty() {
        return;
    }
    match out.last_mut() {
        Some(last) if last.part == part => last.range.end = range.end,
        _ => out.push(Marked { part, range }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "Ja. Bitte nennen Sie den Grund.\n\nNein.\n> alt\nMfG\n";

    fn marked() -> Vec<Marked> {
        vec![
            Marked { part: Part::Letter, range: 0..38 },
            Marked { part: Part::Quoted, range: 39..44 },
            Marked { part: Part::Signature, range: 45..48 },
        ]
    }

    #[test]
    fn each_line_is_found_where_it_stands_and_what_is_copied_becomes_quoted() {
        let own = "Ja. Bitte nennen Sie den Grund.\n\nNein.\n\nMfG";
        let placed = placed(own, WHOLE, &marked()).unwrap();
        let at: Vec<(&str, Part)> = placed.iter().map(|p| (&WHOLE[p.whole.clone()], p.part)).collect();
        let letter = [("Ja. Bitte nennen Sie den Grund.", Part::Letter), ("Nein.", Part::Letter)];
        assert_eq!(at, [letter[0], letter[1], ("MfG", Part::Signature)]);
        let after = quoted_too(&marked(), &placed, std::slice::from_ref(&(3..31)));
        let quoted: Vec<&str> =
            after.iter().filter(|m| m.part == Part::Quoted).map(|m| &WHOLE[m.range.clone()]).collect();
        assert_eq!(quoted, [" Bitte nennen Sie den Grund.", "> alt"]);
        assert_eq!(super::placed("Etwas anderes", WHOLE, &marked()), None);
        assert_eq!(super::placed("alt", WHOLE, &marked()), None, "what is quoted is not own");
        assert_eq!(super::placed("Gru", WHOLE, &marked()), None, "a part of a word is no line");
    }
}
