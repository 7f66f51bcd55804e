//! Which passage of a reply seems to answer which of our questions: by number, by our question repeated above it, by
//! the words they share. Precise rather than complete: a question without a sure passage gets none.

use crate::domain::incoming::reading::Evidence;
use crate::domain::incoming::reading::section::{Place, Prepared, Section};
use crate::domain::incoming::text::{Word, words};
use regex::Regex;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

/// So many questions and passages are compared at most.
const MOST_QUESTIONS: usize = 60;
const MOST_BLOCKS: usize = 400;
/// A passage has at least so many words.
const FEWEST_WORDS: usize = 2;
/// Words are compared by so many first letters: cases and tenses end differently.
const STEM: usize = 5;
/// What share of a question's words, by how much they tell, a passage must have.
const SHARED: f32 = 0.4;
/// How much more than the next best.
const AHEAD: f32 = 0.12;
/// From this share on a passage repeats the question.
const REPEATED: f32 = 0.75;

/// A passage that seems to answer a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The question, by its place in the list.
    pub question: usize,
    /// The passage.
    pub passage: Evidence,
    /// How sure, 0 to 1.
    pub score: f32,
}

/// Beginnings of the word for a question or an item in our languages, as letters write it before a number.
static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let word = r"frage|question|pregunta|domanda|quesito|vraag|sp[øo]rgsm[åa]l|fr[åa]ga|sp[øo]rsm[åa]l|pytani\p{L}*|ot[áa]zk\p{L}*|k[ée]rd[ée]s\p{L}*|ερώτημα|ερώτηση|въпрос|прашање|питање|pitanj\p{L}*|vprašanj\p{L}*|k[üu]simus\p{L}*|kysymy\p{L}*|jaut[āa]jum\p{L}*|klausim\p{L}*|[îi]ntrebar\p{L}*|quest[ãa]o|pergunta|punkt\p{L}*|point|bod\p{L}*|punto|ponto|item|pkt|kohta|τ[οό]|point";
    let lead = r"zu|ad|re|à|al|alla|à la|k|ke|do|na|til|till|op|ohledně|na|по|за|la|în|aan|bij|στο|στην";
    Regex::new(&format!(r"(?i)^[\s*•–-]*(?:(?:(?:{lead})\s+)?(?:(?:{word}|q|f)\s*(?:n[r°ºo]\.?|č\.|бр\.|№)?\s*(?P<a>\d{{1,2}})|(?:{lead})\s+(?:n[r°ºo]\.?\s*|č\.\s*)?(?P<b>\d{{1,2}})\b)|(?P<c>\d{{1,2}})\s?[.):](?:\s|$)|\((?P<d>\d{{1,2}})\)\s|(?P<e>\d{{1,2}})\.\s(?:{word}))[.):–-]*")).ok()
});

/// One passage of the letter.
struct Block<'s, 'b> {
    section: &'s Section<'b>,
    start: usize,
    end: usize,
    /// The number it bears, and whether a word says that it is a question's.
    number: Option<(usize, bool)>,
    stems: BTreeSet<String>,
}

impl Block<'_, '_> {
    fn text(&self) -> &str {
        self.section.text.get(self.start..self.end).unwrap_or_default().trim()
    }
}

/// For each question the passage that seems to answer it, where one does; in the order of the questions.
pub fn passages(questions: &[String], prepared: &Prepared<'_>) -> Vec<Answer> {
    let asked: Vec<BTreeSet<String>> =
        questions.iter().take(MOST_QUESTIONS).map(|question| stems(&words(question))).collect();
    let blocks = blocks(prepared);
    let telling = telling(&blocks);
    let numbered = numbers_of(&blocks, asked.len());
    let mut answers = Vec::new();
    for (question, stems) in asked.iter().enumerate() {
        let shares: Vec<f32> = blocks.iter().map(|block| share(stems, &block.stems, &telling)).collect();
        let found = numbered
            .get(&(question + 1))
            .map(|(at, sure)| answer_at(&blocks, &shares, *at, *sure))
            .or_else(|| below_repeated(&blocks, &shares))
            .or_else(|| alike(&blocks, &shares));
        let Some((at, score)) = found else { continue };
        let Some(block) = blocks.get(at).filter(|b| !b.text().is_empty()) else { continue };
        let passage = Evidence { text: block.text().to_owned(), place: block.section.place.label() };
        answers.push(Answer { question, passage, score });
    }
    answers
}

/// The passages of body and attachments: paragraphs, and lines that begin with a number of their own.
fn blocks<'s, 'b>(prepared: &'s Prepared<'b>) -> Vec<Block<'s, 'b>> {
    let mut blocks = Vec::new();
    for section in prepared.sections.iter().filter(|s| s.place != Place::Subject) {
        let mut at = 0;
        let mut open: Option<(usize, usize)> = None;
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for line in section.text.split_inclusive('\n') {
            let (start, end) = (at, at + line.len());
            at = end;
            let empty = line.trim().is_empty();
            if empty || label(line).is_some() {
                spans.extend(open.take());
            }
            if !empty {
                open = Some(open.map_or((start, end), |(first, _)| (first, end)));
            }
        }
        spans.extend(open);
        for (start, end) in spans.into_iter().take(MOST_BLOCKS.saturating_sub(blocks.len())) {
            let from = section.words.partition_point(|w| w.start < start);
            let to = section.words.partition_point(|w| w.start < end);
            let own = section.words.get(from..to).unwrap_or_default();
            if own.len() < FEWEST_WORDS || own.first().is_some_and(|w| section.is_below_closing(w)) {
                continue;
            }
            let number = section.text.get(start..end).and_then(label);
            blocks.push(Block { section, start, end, number, stems: stems(own) });
        }
    }
    blocks
}

/// The number at the start of a line, and whether a word says that it is a question's.
fn label(line: &str) -> Option<(usize, bool)> {
    let captures = LABEL.as_ref()?.captures(line)?;
    let of = |name: &str| captures.name(name).and_then(|m| m.as_str().parse::<usize>().ok());
    let said = of("a").or_else(|| of("b")).or_else(|| of("e"));
    said.map(|number| (number, true)).or_else(|| of("c").or_else(|| of("d")).map(|number| (number, false)))
}

/// The passage of each number: those that a word calls a question's, else a list that counts up from one.
fn numbers_of(blocks: &[Block<'_, '_>], asked: usize) -> HashMap<usize, (usize, bool)> {
    let mut numbers: HashMap<usize, (usize, bool)> = HashMap::new();
    let mut twice: BTreeSet<usize> = BTreeSet::new();
    let said = blocks.iter().any(|block| matches!(block.number, Some((_, true))));
    for (at, block) in blocks.iter().enumerate() {
        let Some((number, sure)) =
            block.number.filter(|(n, sure)| (1..=asked).contains(n) && (*sure || !said))
        else {
            continue;
        };
        if numbers.insert(number, (at, sure)).is_some() {
            twice.insert(number);
        }
    }
    // Two passages of one number: nobody can say which; a bare list must count up from one.
    numbers.retain(|number, _| !twice.contains(number));
    let listed = numbers.contains_key(&1) && numbers.len() > 1;
    if said || (listed && numbers.len() * 2 > asked) { numbers } else { HashMap::new() }
}

/// The passage at a number; where it only repeats the question, the one below it.
fn answer_at(blocks: &[Block<'_, '_>], shares: &[f32], at: usize, sure: bool) -> (usize, f32) {
    let score = if sure { 0.95 } else { 0.8 };
    let repeats = |at: usize| is_repeated(blocks, shares, at);
    let alone = blocks.get(at).is_some_and(|b| b.stems.is_empty());
    let below = blocks.get(at + 1).is_some_and(|b| b.number.is_none());
    if (repeats(at) || alone) && below { (at + 1, score) } else { (at, score) }
}

/// Whether a passage is our question again.
fn is_repeated(blocks: &[Block<'_, '_>], shares: &[f32], at: usize) -> bool {
    let repeated = shares.get(at).is_some_and(|share| *share >= REPEATED);
    repeated && blocks.get(at).is_some_and(|b| b.text().ends_with(['?', ';', '\u{37e}']))
}

/// The passage right below our question, where the letter repeats it.
fn below_repeated(blocks: &[Block<'_, '_>], shares: &[f32]) -> Option<(usize, f32)> {
    let at = (0..blocks.len()).find(|at| is_repeated(blocks, shares, *at))?;
    let (question, answer) = (blocks.get(at)?, blocks.get(at + 1)?);
    (question.section.place == answer.section.place && !answer.text().ends_with('?')).then_some((at + 1, 0.9))
}

/// The passage that shares most words with the question, if it is well ahead of all others.
fn alike(blocks: &[Block<'_, '_>], shares: &[f32]) -> Option<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> =
        shares.iter().copied().enumerate().filter(|(at, _)| !is_repeated(blocks, shares, *at)).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (at, best) = *ranked.first()?;
    let next = ranked.get(1).map_or(0.0, |(_, share)| *share);
    (best >= SHARED && best - next >= AHEAD).then_some((at, best * 0.75))
}

/// How much a word tells: one that stands in every passage tells nothing.
fn telling(blocks: &[Block<'_, '_>]) -> HashMap<String, f32> {
    let mut counts: HashMap<String, u16> = HashMap::new();
    for stem in blocks.iter().flat_map(|block| &block.stems) {
        let count = counts.entry(stem.clone()).or_default();
        *count = count.saturating_add(1);
    }
    let all = f32::from(u16::try_from(blocks.len()).unwrap_or(u16::MAX));
    counts.into_iter().map(|(stem, count)| (stem, ((all + 1.0) / f32::from(count)).ln())).collect()
}

/// What share of the question's words a passage has, each by how much it tells.
fn share(question: &BTreeSet<String>, block: &BTreeSet<String>, telling: &HashMap<String, f32>) -> f32 {
    let most = telling.values().copied().fold(1.0_f32, f32::max);
    let weight = |stem: &String| telling.get(stem).copied().unwrap_or(most);
    let all: f32 = question.iter().map(weight).sum();
    let shared: f32 = question.intersection(block).map(weight).sum();
    if all > 0.0 && question.intersection(block).count() > 1 { shared / all } else { 0.0 }
}

/// The first letters of the longer words.
fn stems(words: &[Word]) -> BTreeSet<String> {
    let long = words.iter().filter(|w| w.folded.chars().count() > 3);
    long.map(|w| w.folded.chars().take(STEM).collect()).collect()
}
