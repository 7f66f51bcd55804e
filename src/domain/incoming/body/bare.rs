//! Our whole letter copied above or below the answer without any mark: two letters in one text are told apart by who
//! greets whom, who asks, and who signs.

use crate::domain::incoming::body::lines::{Line, is_closing, is_sentence, requests, says_plainly};
use crate::domain::incoming::body::names::{addressed, is_salutation, named, same_person, signed};
use crate::domain::incoming::body::parts::is_footer;
use crate::domain::incoming::body::requester::{Paragraph, is_label_text, paragraphs, quote, text};
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::{flat, words};

/// A text of more paragraphs is no answer with a copy of a request.
const PARAGRAPHS: usize = 80;
/// A requester asks within so many letters.
const OPENING: usize = 240;
/// Below the answer, signs of so much weight make a letter the requester's; above it, of so much.
const BELOW: i32 = 4;
const ABOVE: i32 = 5;
/// A line of an office's name or a signature has at most so many letters.
const NARROW: usize = 60;
/// A signature has at most so many lines.
const SIGNATURE: usize = 6;

/// What a decision says, or another step of the authority.
const STEPS: &[List] = &[
    List::Acknowledgement,
    List::Extension,
    List::Refusal,
    List::Partial,
    List::NotHeld,
    List::Ncnd,
    List::Transfer,
    List::Clarification,
];

/// A text that may be a copy of our letter beside an answer.
struct Letters<'t> {
    lines: &'t [&'t str],
    paragraphs: Vec<Paragraph>,
    book: &'t Phrasebook,
}

/// Marks the requester's letter where nothing else is quoted. If in doubt nothing is.
pub(super) fn mark(lines: &[&str], marks: &mut [Line], book: &Phrasebook) {
    if marks.contains(&Line::Quoted) {
        return;
    }
    let paragraphs = paragraphs(lines, marks);
    let count = paragraphs.len();
    if !(2..=PARAGRAPHS).contains(&count) {
        return;
    }
    let letters = Letters { lines, paragraphs, book };
    let below = (1..count).filter_map(|at| Some((letters.below(at)?, at, count))).max_by_key(|found| found.0);
    let above =
        (1..count).rev().filter_map(|at| Some((letters.above(at)?, 0, at))).max_by_key(|found| found.0);
    let Some((_, from, to)) = below.into_iter().chain(above).max_by_key(|found| found.0) else { return };
    quote(lines, marks, letters.paragraphs.get(from..to).unwrap_or_default(), book);
}

impl<'t> Letters<'t> {
    /// The weight of what stands from a paragraph on, if it is the requester's.
    fn below(&self, at: usize) -> Option<i32> {
        let label = self.label(at);
        let letter = if label.is_some() { at + 1 } else { at };
        let opens = self.opens(letter);
        let set_off = self.set_off(at);
        if !(opens || label.is_some() || set_off) {
            return None;
        }
        let weight = self.weigh((letter, self.paragraphs.len()), (0, at))?;
        let whole = weight + label.unwrap_or_default() + i32::from(set_off);
        (whole >= BELOW).then_some(whole)
    }

    /// The weight of what stands above a paragraph, if it is the requester's.
    fn above(&self, at: usize) -> Option<i32> {
        let last = self.written(at - 1, at);
        signed(&last)?;
        let (from, to) = ((0, at), (at, self.paragraphs.len()));
        let weight = self.weigh(from, to)?;
        let written = self.written(0, at);
        let sure =
            self.book.says(List::ReasonsWanted, &flat(&written)) || self.signs_as_addressed(&written, to);
        (sure && weight >= ABOVE).then_some(weight)
    }

    /// How much speaks for a stretch being the requester's letter beside the rest; `None` if it asks nothing or the
    /// rest says nothing.
    fn weigh(&self, block: (usize, usize), rest: (usize, usize)) -> Option<i32> {
        let written = self.written(block.0, block.1);
        let asks = requests(&written.chars().take(OPENING).collect::<String>(), self.book);
        let reasons = self.book.says(List::ReasonsWanted, &flat(&written));
        if !(asks || reasons) || !self.talks(rest) {
            return None;
        }
        let opens = self.opens(block.0);
        let greeted = self.addressed(rest);
        let mut weight = 2 * i32::from(asks) + 2 * i32::from(reasons);
        weight += i32::from(opens) * if (rest.0..rest.1).any(|at| self.opens(at)) { 2 } else { 1 };
        weight += i32::from(signed(&written).is_some());
        weight += 2 * i32::from(self.signs_as_addressed(&written, rest));
        let to = self.addressed(block);
        // Who answers the requester is not greeted by name twice, but may be greeted by the requester.
        weight -= 5 * i32::from(same_person(&to, &greeted));
        weight += 2 * i32::from(opens && same_person(&to, &named(&self.written(rest.0, rest.1))));
        weight -= 3 * i32::from(!reasons && says_plainly(STEPS, &words(&written), self.book));
        Some(weight)
    }

    fn signs_as_addressed(&self, written: &str, rest: (usize, usize)) -> bool {
        signed(written).is_some_and(|name| same_person(&name, &self.addressed(rest)))
    }

    fn written(&self, from: usize, to: usize) -> String {
        let paragraphs = self.paragraphs.get(from..to).unwrap_or_default();
        paragraphs.iter().map(|p| text(self.lines, *p)).collect::<Vec<_>>().join("\n")
    }

    fn first_line(&self, at: usize) -> Option<&'t str> {
        self.paragraphs.get(at).and_then(|p| self.lines.get(p.0)).map(|line| line.trim())
    }

    /// Whether a paragraph begins with a salutation.
    fn opens(&self, at: usize) -> bool {
        self.first_line(at).is_some_and(|line| is_salutation(line, self.book))
    }

    /// Whom the salutations of a stretch name.
    fn addressed(&self, (from, to): (usize, usize)) -> Vec<String> {
        let opening = (from..to).filter_map(|at| self.first_line(at));
        opening.filter(|line| is_salutation(line, self.book)).flat_map(addressed).collect()
    }

    /// How much a short line with a colon above a letter says: the requester's name, or words for a request.
    fn label(&self, at: usize) -> Option<i32> {
        let paragraph = self.paragraphs.get(at).filter(|p| p.1 == p.0 + 1)?;
        let line = self.lines.get(paragraph.0)?.trim();
        let label = line.strip_suffix(':').filter(|l| l.split_whitespace().count() <= 6)?;
        if is_salutation(line, self.book) {
            return None;
        }
        let requester = signed(label).is_some_and(|name| same_person(&name, &self.addressed((0, at))));
        let told = is_label_text(line, self.book) || self.has_label_word(label);
        Some(if requester { 3 } else { 2 * i32::from(told) })
    }

    /// "Igénylő levele": a word with which a label ends in some language.
    fn has_label_word(&self, label: &str) -> bool {
        let label = flat(label);
        let labels = self.book.folded(List::RequestLabel);
        let mut last = labels.iter().filter(|l| l.contains(' ')).filter_map(|l| l.split_whitespace().last());
        last.any(|word| word.len() >= 5 && label.contains(&format!(" {word} ")))
    }

    /// Whether an answer ends above a paragraph: with a closing, a footer, or a signature.
    fn set_off(&self, at: usize) -> bool {
        let Some((index, above)) =
            at.checked_sub(1).and_then(|above| Some((above, self.paragraphs.get(above)?)))
        else {
            return false;
        };
        let written = text(self.lines, *above);
        let narrow = |line: &str| line.trim().chars().nth(NARROW).is_none();
        let signature = || {
            index > 0
                && written.lines().all(narrow)
                && written.lines().count() <= SIGNATURE
                && !written.trim_end().ends_with(['.', '!', '?', ',', ':', ';'])
                && !written.lines().any(|line| is_salutation(line, self.book))
        };
        is_footer(&written, self.book) || written.lines().any(|line| closes(line, self.book)) || signature()
    }

    /// Whether a stretch says something: a paragraph with a sentence.
    fn talks(&self, (from, to): (usize, usize)) -> bool {
        (from..to).any(|at| {
            let written = self.written(at, at + 1);
            is_sentence(&words(&written)) && !is_footer(&written, self.book)
        })
    }
}

/// Whether a line, or its last sentence, is a closing.
fn closes(line: &str, book: &Phrasebook) -> bool {
    is_closing(line, book) || line.rsplit(". ").next().is_some_and(|last| is_closing(last, book))
}
