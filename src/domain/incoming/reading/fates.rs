//! What becomes of each point of a request: some given and some refused is partial access, whatever the letter calls it.

use crate::domain::incoming::model::Class;
use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::heard::cut_at_word;
use crate::domain::incoming::reading::section::{Place, Prepared, Section, Speaks};
use crate::domain::incoming::reading::{Evidence, Kind};
use crate::domain::incoming::text::Word;
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// How surely a sentence of a point is heard to refuse it.
const HEARD: f32 = 0.5;
/// The same where its words say so as well.
const BORNE_OUT: f32 = 0.25;
/// A negation stands at most so many words before what it turns around, or after it.
const BEFORE: usize = 4;
const AFTER: usize = 3;
/// So many points of a letter are looked at.
const MOST_POINTS: usize = 100;

/// The beginning of a point: a bullet, a number, a letter, or a word with a number ("Point 3", "Akt 2", "Pct. 1").
static POINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:[-–—•*·]\s+|(?:\p{Ll}{1,5}\s)?\(?\d{1,2}[.):]\)?\s+|\(?\p{Ll}\)\s+|\d{1,2}\s?[-–]\s+|\p{Lu}\p{L}{1,14}\.?\s(?:n[r°ºo]\.?\s?|č\.\s?)?\d{1,3}\b)").ok()
});

/// What a letter says of all that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// One point is given and another refused, with both passages.
    Points(Vec<Evidence>),
    /// Something is given and the rest refused, or the other way round, with both passages.
    Rest(Vec<Evidence>),
    /// All of it is given, with the passage.
    Entire(Evidence),
}

/// What one passage says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Said {
    given: bool,
    denied: bool,
}

/// What becomes of the points of a request, where the letter says it of several, or of all.
pub(crate) fn told(prepared: &Prepared<'_>, negations: &HashSet<String>) -> Option<Fate> {
    let speaking = prepared.sections.iter().zip(prepared.speaking());
    let spoken = speaking.filter(|(s, how)| *how == Speaks::Itself && s.place != Place::Subject);
    let mut entire = None;
    for (section, _) in spoken {
        let ear = Ear { section, negations };
        let divided = ear.points().map(Fate::Points).or_else(|| ear.rest().map(Fate::Rest));
        if divided.is_some() {
            return divided;
        }
        entire = entire.or_else(|| ear.entire());
    }
    entire.map(Fate::Entire)
}

/// Hears one part of a letter.
struct Ear<'s, 'b> {
    section: &'s Section<'b>,
    negations: &'s HashSet<String>,
}

impl Ear<'_, '_> {
    /// One point is given and another refused.
    fn points(&self) -> Option<Vec<Evidence>> {
        let points = points(self.section);
        let said: Vec<Said> = points.iter().map(|words| self.said(words.clone())).collect();
        let find = |wanted: fn(&Said) -> bool| said.iter().position(wanted);
        let given = find(|s| s.given && !s.denied).or_else(|| find(|s| s.given))?;
        let denied = find(|s| s.denied && !s.given).or_else(|| find(|s| s.denied))?;
        (given != denied).then_some(())?;
        let passage = |at: usize| self.evidence(points.get(at)?.clone());
        Some([passage(given), passage(denied)].into_iter().flatten().collect())
    }

    /// Something is given and the rest refused, or the other way round.
    fn rest(&self) -> Option<Vec<Evidence>> {
        let clauses = clauses(self.section);
        let rest = clauses
            .iter()
            .position(|words| self.section.own(List::Remainder, words.clone()).next().is_some())?;
        let of_rest = self.said(clauses.get(rest)?.clone());
        if of_rest.given == of_rest.denied {
            return None;
        }
        let contrary = clauses.iter().enumerate().find(|(at, words)| {
            let said = self.said(Range::clone(words));
            *at != rest
                && !self.is_recited(words)
                && said.given == of_rest.denied
                && said.denied == of_rest.given
        });
        let passages = [contrary?.1, clauses.get(rest)?].map(|words| self.evidence(words.clone()));
        Some(passages.into_iter().flatten().collect())
    }

    /// All of it is given, and nothing refused.
    fn entire(&self) -> Option<Evidence> {
        let clauses = clauses(self.section);
        let own = || clauses.iter().filter(|words| !self.is_recited(words));
        let entire = own().find(|words| {
            self.section.own(List::Entire, Range::clone(words)).any(|hit| !self.is_negated(hit))
                && self.words_say(Range::clone(words)) == Said { given: true, denied: false }
        })?;
        let refused = own().any(|words| self.said(Range::clone(words)).denied);
        if refused { None } else { self.evidence(entire.clone()) }
    }

    /// What is said of a point: by its words, borne out by how the model hears its sentences; that it is refused, by
    /// that alone, for a letter says of much that is no point that it was done.
    fn said(&self, words: Range<usize>) -> Said {
        let mut said = Said::default();
        let all = self.section.words.get(words).unwrap_or_default();
        for sentence in all.chunk_by(|a, b| a.sentence == b.sentence) {
            let Some(first) = sentence.first() else { continue };
            if self.section.is_recital(first.sentence) {
                continue;
            }
            let from = self.section.words.partition_point(|w| w.start < first.start);
            let here = self.words_say(from..from + sentence.len());
            let likely = self.section.likely(first.sentence);
            // A table is one sentence for the model, which then hears no point by itself.
            let whole = self.section.words_of(first.sentence).len() == sentence.len();
            let heard = |kind: Kind| if whole { likely.of(Class::Step(kind)) } else { 0.0 };
            let (full, refusal, partial) = (heard(Kind::Full), heard(Kind::Refusal), heard(Kind::Partial));
            let bears = |kind: f32| !whole || kind + partial >= BORNE_OUT;
            said.given |= here.given && !here.denied && bears(full);
            said.denied |= !here.given && refusal >= HEARD || here.denied && bears(refusal);
        }
        said
    }

    /// What the words alone say.
    fn words_say(&self, words: Range<usize>) -> Said {
        let mut said = Said::default();
        for hit in self.section.own(List::Granted, words.clone()) {
            if self.is_negated(hit) { said.denied = true } else { said.given = true }
        }
        said.denied |= self.section.own(List::Denied, words).any(|hit| {
            // "Cannot be refused"; a phrase of refusing has its own negation in it.
            hit.phrase.literal_words() > 1 || !self.is_negated(hit)
        });
        said
    }

    /// Whether a negation stands close by in the same sentence, with no comma between.
    fn is_negated(&self, hit: &Hit<'_>) -> bool {
        let end = hit.first + hit.count;
        let window = hit.first.saturating_sub(BEFORE)..(end + AFTER).min(self.section.words.len());
        let (Some(first), Some(last)) = (self.section.words.get(hit.first), self.section.words.get(end - 1))
        else {
            return false;
        };
        self.section.words.get(window).unwrap_or_default().iter().any(|word| {
            let between = if word.start < first.start { word.end..first.start } else { last.end..word.start };
            word.sentence == first.sentence
                && self.negations.contains(word.folded.as_str())
                && !hit.phrase.says(&word.folded)
                && self
                    .section
                    .text
                    .get(between)
                    .is_some_and(|gap| !gap.contains([',', ';', ':', '\n', '.']) || wraps(gap))
        })
    }

    fn is_recited(&self, words: &Range<usize>) -> bool {
        let first = self.section.words.get(words.start);
        first.is_none_or(|w| self.section.is_recital(w.sentence) || self.section.is_below_closing(w))
    }

    fn evidence(&self, words: Range<usize>) -> Option<Evidence> {
        let words = self.section.words.get(words)?;
        let text = self.section.text.get(words.first()?.start..words.last()?.end)?;
        // A point may go on to the end of the letter.
        Some(Evidence { text: cut_at_word(text).to_owned(), place: self.section.place.label() })
    }
}

/// Whether a gap with a line break in it goes on: nothing else stands in it.
fn wraps(gap: &str) -> bool {
    !gap.contains([',', ';', ':', '.']) && gap.matches('\n').count() < 2
}

/// The words of each point that a letter lists, from its number to the next or to an empty line.
fn points(section: &Section<'_>) -> Vec<Range<usize>> {
    let Some(point) = POINT.as_ref() else { return Vec::new() };
    let mut points: Vec<Range<usize>> = Vec::new();
    let (mut at, mut open) = (0, None);
    for line in section.text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let begins = point.is_match(line);
        if let Some(from) = open.filter(|_| begins || line.trim().is_empty()) {
            points.push(from..start);
            open = None;
        }
        if begins {
            open = Some(start);
        }
        if points.len() >= MOST_POINTS {
            break;
        }
    }
    points.extend(open.map(|from| from..at));
    let place = |byte: usize| section.words.partition_point(|w| w.start < byte);
    let words = points.into_iter().map(|bytes| place(bytes.start)..place(bytes.end));
    words.filter(|words| words.len() > 1).collect()
}

/// The words of each clause: of each sentence, cut at semicolons and colons.
fn clauses(section: &Section<'_>) -> Vec<Range<usize>> {
    let parts = |pair: (&Word, &Word)| {
        let gap = section.text.get(pair.0.end..pair.1.start).unwrap_or_default();
        pair.0.sentence != pair.1.sentence || gap.contains([';', ':'])
    };
    let mut clauses = Vec::new();
    let mut from = 0;
    for (at, pair) in section.words.windows(2).enumerate() {
        if let [first, second] = pair
            && parts((first, second))
        {
            clauses.push(from..at + 1);
            from = at + 1;
        }
    }
    clauses.push(from..section.words.len());
    clauses
}
