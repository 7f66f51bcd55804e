//! Letters to lines and lines to paragraphs, in the order in which a person reads them.

use crate::domain::incoming::documents::pdf::columns::{Piece, arranged, lines};
use crate::domain::incoming::documents::pdf::state::Glyph;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// A gap wider than this share of the size is a space.
const SPACE: f64 = 0.14;
/// A gap wider than this is another cell or column.
const CELL: f64 = 1.1;
/// Words before which a hyphen at the end of a line stays: "Vor- und Nachname".
const JOINING: &[&str] =
    &["und", "oder", "bzw", "sowie", "bis", "and", "or", "et", "ou", "en", "of", "och", "og", "i", "a"];

/// The text of a page from its letters, paragraphs apart by an empty line.
pub fn text(glyphs: &[Glyph]) -> String {
    let mut turns: Vec<(u8, usize)> =
        (0..=4).map(|t| (t, glyphs.iter().filter(|g| g.turn == t).count())).collect();
    turns.sort_by_key(|(_, count)| usize::MAX - count);
    let mut out = String::new();
    for (turn, _) in turns.iter().filter(|(_, count)| *count > 0) {
        let blocks = arranged(distinct(pieces(glyphs.iter().filter(|g| g.turn == *turn))));
        let mut above: Option<(Piece, f64)> = None;
        for block in blocks {
            above = write_block(block, above, &mut out);
        }
    }
    out
}

/// Pieces in the order in which they were written.
fn pieces<'a>(glyphs: impl Iterator<Item = &'a Glyph>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut run: Vec<Glyph> = Vec::new();
    for glyph in glyphs {
        if let Some(last) = run.last() {
            let size = last.size.max(glyph.size);
            let gap = glyph.start - last.end;
            let is_beside = (glyph.base - last.base).abs() < 0.45 * size;
            if !is_beside || gap > CELL * size || gap < -0.6 * size {
                pieces.extend(piece(&run));
                run.clear();
            }
        }
        run.push(*glyph);
    }
    pieces.extend(piece(&run));
    pieces
}

/// One piece, its words apart.
fn piece(run: &[Glyph]) -> Option<Piece> {
    let ink: Vec<&Glyph> = run.iter().filter(|g| !g.c.is_whitespace()).collect();
    let (first, last) = (ink.first()?, ink.last()?);
    let size = ink.iter().map(|g| g.size).fold(0.0, f64::max);
    let threshold = word_gap(run, size);
    let mut text = String::new();
    let mut before: Option<&Glyph> = None;
    for glyph in run {
        if glyph.c.is_whitespace() {
            if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
        } else {
            if before.is_some_and(|b| !b.c.is_whitespace() && glyph.start - b.end > threshold) {
                text.push(' ');
            }
            text.push(glyph.c);
        }
        before = Some(glyph);
    }
    let text: String = accented(&text).trim_end().nfc().collect();
    // The line of a piece is that of most of its letters: a footnote's number stands higher.
    let main = ink.iter().max_by(|a, b| a.size.total_cmp(&b.size).then(b.base.total_cmp(&a.base)))?;
    let (left, right) = (first.start.min(last.start), last.end.max(first.end));
    Some(Piece { text, left, right, base: main.base, size })
}

/// From which gap on two letters of a run belong to two words: more where letters are spaced out for emphasis.
fn word_gap(run: &[Glyph], size: f64) -> f64 {
    let mut gaps: Vec<f64> = run
        .iter()
        .zip(run.iter().skip(1))
        .filter(|(a, b)| !a.c.is_whitespace() && !b.c.is_whitespace())
        .map(|(a, b)| b.start - a.end)
        .collect();
    gaps.sort_by(f64::total_cmp);
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(0.0);
    if gaps.len() >= 4 && usual > SPACE * size { usual * 1.5 } else { (SPACE * size).max(usual + 0.1 * size) }
}

/// Accents that were drawn as letters of their own over the letter that follows, as old TeX does.
fn accented(text: &str) -> String {
    if !text.contains(['¨', '´', 'ˇ', '˚', '˝', '˘', '˛']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let sign = match c {
            '¨' => '\u{308}',
            '´' => '\u{301}',
            'ˇ' => '\u{30c}',
            '˚' => '\u{30a}',
            '˝' => '\u{30b}',
            '˘' => '\u{306}',
            '˛' => '\u{328}',
            _ => {
                out.push(c);
                continue;
            }
        };
        match rest.next_if(|next| next.is_alphabetic()) {
            Some('ı') => out.extend(['i', sign]),
            Some(next) => out.extend([next, sign]),
            None => out.push(c),
        }
    }
    out
}

/// Each piece once: bold type is sometimes made by printing twice.
fn distinct(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut seen: HashMap<String, Vec<(f64, f64)>> = HashMap::new();
    let mut kept = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let places = seen.entry(piece.text.clone()).or_default();
        let near = 0.15 * piece.size;
        if places
            .iter()
            .rev()
            .take(50)
            .any(|(x, y)| (x - piece.left).abs() < near && (y - piece.base).abs() < near)
        {
            continue;
        }
        places.push((piece.left, piece.base));
        kept.push(piece);
    }
    kept
}

/// Writes a block below what stands; what is close below the last line goes on in the same paragraph.
fn write_block(block: Vec<Piece>, above: Option<(Piece, f64)>, out: &mut String) -> Option<(Piece, f64)> {
    let lines = lines(block);
    let heads: Vec<&Piece> = lines.iter().filter_map(|line| line.first()).collect();
    let mut steps: Vec<f64> = heads.iter().zip(heads.iter().skip(1)).map(|(a, b)| a.base - b.base).collect();
    steps.sort_by(f64::total_cmp);
    let own = steps.get(steps.len() / 2).copied();
    let usual = own.or(above.as_ref().map(|(_, step)| *step)).unwrap_or(f64::INFINITY);
    let mut last = above.map(|(piece, _)| piece);
    for line in &lines {
        let Some(head) = line.first() else { continue };
        let text = line_text(line);
        match &last {
            Some(last) => {
                let step = last.base - head.base;
                let near = step > 0.0 && step <= (1.3 * usual).min(2.2 * head.size);
                join(out, &text, !near || (last.left - head.left).abs() > 20.0 * head.size);
            }
            None if out.is_empty() => out.push_str(&text),
            None => join(out, &text, true),
        }
        last = Some((*head).clone());
    }
    last.map(|piece| (piece, usual))
}

fn line_text(line: &[Piece]) -> String {
    let mut text = String::new();
    let mut before: Option<&Piece> = None;
    for piece in line {
        if let Some(before) = before {
            let gap = piece.left - before.right;
            let size = before.size.min(piece.size);
            if gap > CELL * size {
                text.push_str("  ");
            } else if gap > SPACE * size || gap < -size {
                text.push(' ');
            }
        }
        text.push_str(&piece.text);
        before = Some(piece);
    }
    text
}

/// Puts a line below what stands; a word divided at the end of a line becomes whole again.
fn join(out: &mut String, line: &str, is_far: bool) {
    if !is_far && (out.ends_with('-') || out.ends_with('\u{ad}') || out.ends_with('\u{2010}')) {
        let hyphen = out.pop().unwrap_or('-');
        let word: String = line.chars().take_while(|c| c.is_alphabetic()).collect();
        let goes_on = word.chars().next().is_some_and(char::is_lowercase);
        let is_letter = out.chars().last().is_some_and(char::is_alphabetic);
        if hyphen == '\u{ad}' || (goes_on && is_letter && !JOINING.contains(&word.as_str())) {
            // The rest of the line follows the whole word.
            out.push_str(line);
            return;
        }
        out.push(hyphen);
    }
    out.push_str(if is_far { "\n\n" } else { "\n" });
    out.push_str(line);
}
