//! Copies of our own letters without any mark, found by comparing word by word.

use crate::domain::incoming::body::{Marked, Part, Split, joined};
use crate::domain::incoming::text::{Word, words};
use compact_str::CompactString;
use std::collections::HashSet;

/// So many words in a row say that a passage is copied.
const SHINGLE: usize = 4;
/// A sentence of fewer words is no copy: "No." between two copied questions is the answer.
const LEAST: usize = 6;
/// Words of one mail that are compared; letters are shorter.
const MOST: usize = 40_000;

/// A sentence of the mail: its words, and whether it is copied.
struct Sentence {
    first: usize,
    last: usize,
    copied: bool,
}

/// Takes out of the own text the sentences that stand in our letters, however they are wrapped, in whatever case and
/// between whatever marks. A sentence that only restates the request stays: it has words of its own. `None` if
/// nothing is copied or nothing else would be left. Its parts are bytes of the own text that was given.
pub fn without_copies(own: &str, letters: &[&str]) -> Option<Split> {
    let known = shingles(letters);
    let mut found: Vec<Word> = words(own);
    let end = found.get(MOST).map_or(own.len(), |next| next.start);
    found.truncate(MOST);
    let (own, beyond) = own.split_at_checked(end).unwrap_or((own, ""));
    let runs = runs(&found, &known);
    let covered = covered(&runs, found.len());
    let mut sentences = sentences(own, &found, &covered);
    take_short_ones(&mut sentences, &covered, &runs);
    if !sentences.iter().any(|s| s.copied) || sentences.iter().all(|s| s.copied) {
        return None;
    }
    let mut split = cut(own, &found, &sentences);
    if !beyond.trim().is_empty() {
        // What is not compared stays the sender's.
        split.own.push('\n');
        split.own.push_str(beyond.trim_end());
        split.parts.push(Marked { part: Part::Letter, range: end..end + beyond.len() });
    }
    Some(split)
}

/// The sentences of a text of which less than half stands in our letters.
pub(super) fn strange_to(text: &str, letters: &[&str]) -> String {
    let known = shingles(letters);
    let found: Vec<Word> = words(text).into_iter().take(MOST).collect();
    let covered = covered(&runs(&found, &known), found.len());
    let mut out: Vec<&str> = Vec::new();
    let mut first = 0;
    for sentence in found.chunk_by(|a, b| a.sentence == b.sentence) {
        let ours = covered.iter().skip(first).take(sentence.len()).filter(|c| **c).count();
        first += sentence.len();
        let end = found.get(first).map_or(text.len(), |next| next.start);
        let start = sentence.first().map_or(end, |word| word.start);
        if ours * 2 < sentence.len() {
            out.extend(text.get(start..end).map(str::trim_end));
        }
    }
    out.join("\n")
}

/// All runs of words of our letters.
fn shingles(letters: &[&str]) -> HashSet<Vec<CompactString>> {
    let mut known: HashSet<Vec<CompactString>> = HashSet::new();
    for letter in letters {
        let letter: Vec<CompactString> = words(letter).into_iter().take(MOST).map(|w| w.folded).collect();
        known.extend(letter.windows(SHINGLE).map(<[CompactString]>::to_vec));
    }
    known
}

/// For each word whether a run of known words starts with it.
fn runs(found: &[Word], known: &HashSet<Vec<CompactString>>) -> Vec<bool> {
    let folded: Vec<CompactString> = found.iter().map(|w| w.folded.clone()).collect();
    folded.windows(SHINGLE).map(|window| known.contains(window)).collect()
}

/// For each word whether it stands in a run of known words.
fn covered(runs: &[bool], words: usize) -> Vec<bool> {
    let mut covered = vec![false; words];
    for (at, _) in runs.iter().enumerate().filter(|(_, known)| **known) {
        covered.iter_mut().skip(at).take(SHINGLE).for_each(|c| *c = true);
    }
    covered
}

/// A name, a reference, a greeting: too short to be a copy by itself, but one where our letter runs on over it from a
/// copied sentence beside it. "No." between two copied questions interrupts the letter and stays.
fn take_short_ones(sentences: &mut [Sentence], covered: &[bool], runs: &[bool]) {
    let all_known = |s: &Sentence| (s.first..=s.last).all(|at| covered.get(at) == Some(&true));
    let runs_over =
        |edge: usize| (edge.saturating_sub(SHINGLE - 1)..edge).any(|at| runs.get(at) == Some(&true));
    let mut before = false;
    for sentence in sentences.iter_mut() {
        sentence.copied |= before && runs_over(sentence.first) && all_known(sentence);
        before = sentence.copied;
    }
    let mut after = None;
    for sentence in sentences.iter_mut().rev() {
        sentence.copied |= after.is_some_and(runs_over) && all_known(sentence);
        after = sentence.copied.then_some(sentence.first);
    }
}

fn sentences(own: &str, found: &[Word], covered: &[bool]) -> Vec<Sentence> {
    let mut out: Vec<Sentence> = Vec::new();
    let mut first = 0;
    while first < found.len() {
        let count = (first..found.len()).position(|at| ends_at(own, found, covered, at)).map_or(1, |n| n + 1);
        let known = covered.iter().skip(first).take(count).filter(|c| **c).count();
        // A number or "Q2" before the sentence is not the letter's, so a word or two may differ.
        let copied = count >= LEAST && known * 100 >= count * 85;
        out.push(Sentence { first, last: first + count - 1, copied });
        first += count;
    }
    out
}

/// Whether a sentence ends with this word; where a copy ends at a stop, what follows is the authority's.
fn ends_at(own: &str, found: &[Word], covered: &[bool], at: usize) -> bool {
    let (Some(word), Some(next)) = (found.get(at), found.get(at + 1)) else { return true };
    let leaves = covered.get(at) == Some(&true) && covered.get(at + 1) == Some(&false);
    let stopped =
        || own.get(word.end..next.start).is_some_and(|between| between.contains(['.', '?', '!', ':', '\n']));
    word.sentence != next.sentence || (leaves && stopped())
}

fn cut(own: &str, found: &[Word], sentences: &[Sentence]) -> Split {
    let (mut rest, mut quoted) = (String::new(), String::new());
    let mut parts = Vec::new();
    let mut at = 0;
    for (index, sentence) in sentences.iter().enumerate() {
        // Punctuation after a sentence goes with it, what opens the next one goes with that.
        let next = sentences.get(index + 1).and_then(|s| found.get(s.first));
        let end = next.map_or(own.len(), |next| {
            let last = found.get(sentence.last).map_or(at, |w| w.end);
            let between = own.get(last..next.start).unwrap_or_default();
            let break_at = between.find(char::is_whitespace).unwrap_or(between.len());
            last + break_at
        });
        let piece = own.get(at..end).unwrap_or_default();
        let target = if sentence.copied { &mut quoted } else { &mut rest };
        target.push_str(piece);
        if sentence.copied && piece.contains('\n') && !rest.ends_with('\n') {
            rest.push('\n');
        }
        let part = if sentence.copied { Part::Quoted } else { Part::Letter };
        parts.push(Marked { part, range: at..end });
        at = end;
    }
    Split { own: tidy(&rest), quoted: Some(tidy(&quoted)), parts, ..Split::default() }
}

/// Without the lines that the cut left empty or with nothing but a mark.
fn tidy(text: &str) -> String {
    joined(text.lines().map(|line| line.chars().any(char::is_alphanumeric).then(|| line.trim())))
}
