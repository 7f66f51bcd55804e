//! The sender's words in their parts: the letter and how to appeal as they are read, signature and footer out of the way.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::body::{Part, Placed, placed};
use crate::domain::publication::flow::flow;
use crate::web::desk::folding::folded;
use crate::web::desk::passages::Segment;
use serde::Serialize;

/// A signature or footer is seldom longer, in lines.
const SIGNATURE: usize = 40;

/// A stretch of the own text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What it is called; none for the letter itself.
    pub name: Option<&'static str>,
    /// Whether it stands back.
    pub dim: bool,
    /// Its text, cut at its passages.
    pub segments: Vec<Segment>,
}

/// Signature, footer, notices: kept, and out of the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rest {
    /// What it is called.
    pub name: &'static str,
    /// Its lines.
    pub text: String,
    /// How many.
    pub lines: usize,
}

/// Where the lines of the own text stand in the mail; none where its parts were not marked.
pub fn lines(own: &str, incoming: Option<&Incoming>) -> Option<Vec<Placed>> {
    let incoming = incoming.filter(|incoming| !incoming.marked.is_empty())?;
    placed(own, &incoming.full_text, &incoming.marked)
}

/// The own text in its parts; a marked passage stays whole in the part in which it begins.
pub fn pieces(segments: Vec<Segment>, lines: Option<&[Placed]>) -> Vec<Piece> {
    let mut starts: Vec<(usize, Part)> = Vec::new();
    for line in lines.unwrap_or_default() {
        if starts.last().is_none_or(|(_, part)| *part != line.part) {
            starts.push((line.own.start, line.part));
        }
    }
    let mut starts = starts.into_iter().peekable();
    let first = starts.next_if(|(start, _)| *start == 0).map_or(Part::Letter, |(_, part)| part);
    let (mut at, mut out) = (0, vec![piece(first)]);
    let put = |out: &mut Vec<Piece>, segment: Segment| {
        if let Some(last) = out.last_mut().filter(|_| !segment.text.is_empty()) {
            last.segments.push(segment);
        }
    };
    for mut segment in segments {
        let end = at + segment.text.len();
        while let Some((start, part)) = starts.next_if(|(start, _)| {
            // Within a passage there is no cut: what begins in it begins after it.
            *start <= at || (segment.number.is_none() && *start < end)
        }) {
            let tail = segment.text.split_off(start.saturating_sub(at).min(segment.text.len()));
            let head = std::mem::replace(&mut segment.text, tail);
            at += head.len();
            put(&mut out, Segment { text: head.trim_end().to_owned(), ..segment.clone() });
            out.push(piece(part));
        }
        put(&mut out, segment);
        at = end;
    }
    out.retain(|piece| !piece.segments.is_empty());
    for piece in &mut out {
        piece.segments = folded(std::mem::take(&mut piece.segments));
    }
    out
}

fn piece(part: Part) -> Piece {
    let (name, dim) = match part {
        Part::Letter | Part::Quoted => (None, false),
        Part::Remedies => (Some("Remedies: how to appeal"), false),
        Part::Signature => (Some("Signature"), true),
        Part::Footer => (Some("Legal footer"), true),
    };
    Piece { name, dim, segments: Vec::new() }
}

/// Lines of the mail that are neither its own words nor quoted.
pub fn rest(incoming: &Incoming, lines: Option<&[Placed]>) -> Option<Rest> {
    let rest = match lines {
        Some(lines) => left_over(incoming, lines),
        None => unlike(incoming)?,
    };
    if rest.is_empty() {
        return None;
    }
    let name = if rest.len() <= SIGNATURE { "Signature and footer" } else { "The rest of the mail" };
    Some(Rest { name, lines: rest.len(), text: flow(&rest.join("\n")) })
}

/// What of the marked parts is no line of the own text.
fn left_over<'a>(incoming: &'a Incoming, lines: &[Placed]) -> Vec<&'a str> {
    let whole = incoming.full_text.as_str();
    let mut own = lines.iter().peekable();
    let mut rest = Vec::new();
    for mark in incoming.marked.iter().filter(|mark| mark.part != Part::Quoted) {
        for line in whole.get(mark.range.clone()).map(written).into_iter().flatten() {
            let start = line.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
            while own.next_if(|placed| placed.whole.end <= start).is_some() {}
            let is_own = own.peek().is_some_and(|placed| placed.whole.start < start + line.len());
            if !is_own && line != "--" {
                rest.push(line);
            }
        }
    }
    rest
}

/// The same for a mail that was read before its parts were marked: own words and quote are lines of the whole, in
/// its order. Where they are not, nothing is known of the rest.
fn unlike(incoming: &Incoming) -> Option<Vec<&str>> {
    let mut own = written(&incoming.text).peekable();
    let mut quoted = written(incoming.quoted.as_deref().unwrap_or_default()).peekable();
    let rest: Vec<&str> = written(&incoming.full_text)
        .filter(|line| own.next_if_eq(line).or_else(|| quoted.next_if_eq(line)).is_none() && *line != "--")
        .collect();
    (own.peek().is_none() && quoted.peek().is_none()).then_some(rest)
}

/// The lines of a text that hold anything.
fn written(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str, number: Option<usize>) -> Segment {
        Segment { text: text.to_owned(), number, ..Segment::default() }
    }

    #[test]
    fn parts_are_cut_apart_and_a_passage_over_a_cut_stays_whole() {
        let line = |own, part| Placed { own, whole: 0..0, part };
        let lines = [line(0..5, Part::Letter), line(6..11, Part::Remedies), line(12..15, Part::Signature)];
        let names = |pieces: &[Piece]| -> Vec<(Option<&str>, String)> {
            let text = |piece: &Piece| piece.segments.iter().map(|s| s.text.as_str()).collect();
            pieces.iter().map(|piece| (piece.name, text(piece))).collect()
        };
        let (remedies, signature) = (Some("Remedies: how to appeal"), Some("Signature"));
        let bare = pieces(vec![segment("Nein.\nKlage\nMfG", None)], Some(&lines));
        let wanted = [(None, "Nein."), (remedies, "Klage"), (signature, "MfG")];
        assert_eq!(names(&bare), wanted.map(|(name, text)| (name, text.to_owned())));
        let over = vec![segment("Ne", None), segment("in.\nKla", Some(1)), segment("ge\nMfG", None)];
        let wanted = [(None, "Nein.\nKla"), (remedies, "ge"), (signature, "MfG")];
        assert_eq!(names(&pieces(over, Some(&lines))), wanted.map(|(name, text)| (name, text.to_owned())));
        assert_eq!(names(&pieces(vec![segment("x", None)], None)), [(None, "x".to_owned())]);
        assert!(pieces(Vec::new(), Some(&lines)).is_empty());
    }
}
