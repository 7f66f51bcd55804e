//! What stands below `-- `: a signature, or a letter that some program put there.

use crate::domain::incoming::body::lines::{Line, is_sentence, says_plainly};
use crate::domain::incoming::body::parts::is_footer;
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::words;

/// From so many sentences on it is no signature, whatever they say.
const SENTENCES: usize = 3;
/// So much of it is looked at, in bytes.
const MOST: usize = 20_000;

/// What a decision says, or another step of the authority.
const STEPS: &[List] = &[
    List::Extension,
    List::Refusal,
    List::Partial,
    List::Full,
    List::NotHeld,
    List::Ncnd,
    List::Transfer,
    List::Clarification,
    List::Fee,
    List::DecisionReview,
];

/// Marks from the line `-- ` (RFC 3676 §4.3) to the next quote or the end as a signature; what reads like a letter
/// stays the sender's words. Whether there is such a letter.
pub(super) fn mark(lines: &[&str], marks: &mut [Line], book: &Phrasebook) -> bool {
    let start = lines
        .iter()
        .zip(marks.iter())
        .rposition(|(line, mark)| *mark == Line::Own && (*line == "-- " || line.trim_end() == "--"));
    let Some(start) = start.filter(|start| *start > 0) else { return false };
    let length = marks.iter().skip(start).take_while(|mark| **mark == Line::Own).count();
    let below = lines.get(start + 1..start + length).unwrap_or_default();
    let said_above =
        lines.iter().zip(marks.iter()).take(start).any(|(l, m)| *m == Line::Own && !l.trim().is_empty());
    if said_above && is_letter(below, book) {
        return true;
    }
    for mark in marks.iter_mut().skip(start).take(length) {
        *mark = Line::Signature;
    }
    false
}

/// Sentences, or words by which an authority decides, outside of the notices that stand below every mail.
fn is_letter(lines: &[&str], book: &Phrasebook) -> bool {
    let mut sentences = 0;
    let mut room = MOST;
    for paragraph in lines.split(|line| line.trim().is_empty()) {
        let text = paragraph.join("\n");
        if text.is_empty() || room < text.len() || is_footer(&text, book) {
            continue;
        }
        room -= text.len();
        let found = words(&text);
        if says_plainly(STEPS, &found, book) {
            return true;
        }
        sentences += found.chunk_by(|a, b| a.sentence == b.sentence).filter(|s| is_sentence(s)).count();
    }
    sentences >= SENTENCES || room < MOST / 2
}
