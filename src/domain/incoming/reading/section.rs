//! The parts of a letter that can speak, their words and the phrases found in them.

use crate::domain::incoming::MAX_ANALYSED;
use crate::domain::incoming::mime::html::cut;
use crate::domain::incoming::model::{Likely, Model};
use crate::domain::incoming::phrases::{Hit, List, Phrasebook, home};
use crate::domain::incoming::reading::{Evidence, Letter};
use crate::domain::incoming::text::{Word, fold, is_letter, words};
use std::collections::HashSet;
use std::ops::Range;

/// Where a passage stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The subject.
    Subject,
    /// The sender's own text.
    Body,
    /// An attachment, by its name.
    Attachment(String),
}

impl Place {
    /// As it is printed.
    pub fn label(&self) -> String {
        match self {
            Place::Subject => "subject".to_owned(),
            Place::Body => "body".to_owned(),
            Place::Attachment(name) => format!("attachment:{name}"),
        }
    }
}

/// A covering mail is shorter than this, in letters and digits; then the attachment speaks.
const COVER: usize = 450;
/// Sentences after these are not heard: a letter says its step before.
const MOST_SENTENCES: usize = 400;
/// The closing is looked for in so many lines, each of so many bytes.
const MOST_LINES: usize = 2_000;
const LONGEST_CLOSING: usize = 90;
/// A closing of fewer bytes is no running text.
const SHORT_CLOSING: usize = 40;

/// How many words may lie between a request and the line about the file number that makes it mere courtesy.
const COURTESY_REACH: usize = 3;

/// How many words may lie between "passed on" and the part of the house to which it was.
const INSIDE_REACH: usize = 9;

/// A file of fewer words under a covering mail is taken for the letter that it covers.
const LETTER: usize = 700;

/// How a part of a letter speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// It is the letter, or the mail.
    Itself,
    /// A letter beside a mail that says something itself, or what may be one.
    Beside,
    /// A document that was handed over.
    Hardly,
}

/// One speaking part.
#[derive(Debug, Clone)]
pub struct Section<'b> {
    /// Where it stands.
    pub place: Place,
    /// Its text, as long as it is analysed.
    pub text: String,
    /// Its words.
    pub words: Vec<Word>,
    /// Phrases found.
    pub hits: Vec<Hit<'b>>,
    /// Phrases of the letter's own language: what is given, refused and promised.
    own: Vec<Hit<'b>>,
    book: &'b Phrasebook,
    /// Sentences that recite rules or remedies, with the first word that says so.
    recitals: Vec<(usize, usize)>,
    /// Byte of the line that closes the letter.
    closing: Option<usize>,
    /// Sentences and what each announces, by their numbers.
    heard: Vec<(usize, Likely)>,
}

impl<'b> Section<'b> {
    fn new(place: Place, text: &str, book: &'b Phrasebook) -> Self {
        let text = cut(text, MAX_ANALYSED).to_owned();
        let words = words(&text);
        let hits = book.find(&words);
        let closing = closing(&text, book);
        Section {
            place,
            text,
            words,
            hits,
            own: Vec::new(),
            book,
            recitals: Vec::new(),
            closing,
            heard: Vec::new(),
        }
    }

    /// Small words mean another thing in another language ("si", "se", "om"): only those of the letter's own stay.
    fn settle(&mut self, language: Option<&str>) {
        self.hits.retain(|hit| {
            let phrase = hit.phrase;
            let tied = matches!(
                phrase.list,
                List::Recital
                    | List::Inside
                    | List::Elsewhere
                    | List::Courtesy
                    | List::Due
                    | List::ForeignNumber
                    | List::DueWeak
                    | List::Answer
                    | List::Total
                    | List::Payment
                    | List::Each
                    | List::OtherPrice
                    | List::Charge
                    | List::Unasked
                    | List::Longer
                    | List::Days
                    | List::WorkingDays
                    | List::Weeks
                    | List::MonthUnits
            );
            !tied || language.is_some_and(|l| same_language(l, &phrase.language))
        });
        self.own = language.map(|l| self.book.find_own(l, &self.words)).unwrap_or_default();
        self.recitals = self
            .hits
            .iter()
            .filter(|h| h.phrase.list == List::Recital && !self.is_reflexive(h))
            .filter_map(|h| self.words.get(h.first).map(|w| (w.sentence, h.first)))
            .collect();
    }

    /// Lets the model hear each sentence, once for all who ask.
    fn hear(&mut self, model: &Model) {
        let heard = self.sentences().take(MOST_SENTENCES).filter_map(|words| {
            let first = words.first().filter(|_| !model.is_empty())?;
            Some((first.sentence, model.weigh(words)))
        });
        self.heard = heard.collect();
    }

    /// What a sentence announces.
    pub fn likely(&self, sentence: usize) -> Likely {
        let found = self.heard.binary_search_by_key(&sentence, |(number, _)| *number).ok();
        found.and_then(|at| self.heard.get(at)).map_or(Likely::UNHEARD, |(_, likely)| *likely)
    }

    /// What stands of a list among these words, in the letter's own language.
    pub fn own(&self, list: List, words: Range<usize>) -> impl Iterator<Item = &Hit<'b>> {
        let from = self.own.partition_point(|h| h.first < words.start);
        let here = self.own.iter().skip(from).take_while(move |h| h.first < words.end);
        here.filter(move |h| h.phrase.list == list)
    }

    /// The sentence in which a hit starts.
    pub fn sentence_of(&self, hit: &Hit<'_>) -> usize {
        self.words.get(hit.first).map_or(0, |w| w.sentence)
    }

    /// The words of each sentence, in their order.
    pub fn sentences(&self) -> impl Iterator<Item = &[Word]> {
        self.words.chunk_by(|a, b| a.sentence == b.sentence)
    }

    /// The words of a sentence.
    pub fn words_of(&self, sentence: usize) -> &[Word] {
        let start = self.words.partition_point(|w| w.sentence < sentence);
        let end = self.words.partition_point(|w| w.sentence <= sentence);
        self.words.get(start..end).unwrap_or_default()
    }

    /// Whether a word stands below the closing of the letter, where the names are.
    pub fn is_below_closing(&self, word: &Word) -> bool {
        self.closing.is_some_and(|at| word.start >= at)
    }

    /// Whether a sentence only recites rules or remedies.
    pub fn is_recital(&self, sentence: usize) -> bool {
        self.recitals.binary_search_by_key(&sentence, |(s, _)| *s).is_ok()
    }

    /// Whether a hit only recites: a long phrase is muted by a condition before it, a single word by any.
    pub fn is_recited(&self, hit: &Hit<'_>) -> bool {
        let sentence = self.sentence_of(hit);
        let end = hit.first + hit.count;
        let from = self.recitals.partition_point(|(s, _)| *s < sentence);
        self.recitals.iter().skip(from).take_while(|(s, _)| *s == sentence).any(|(_, first)| {
            let own_word = (hit.first..end).contains(first)
                && self.words.get(*first).is_some_and(|w| hit.phrase.says(&w.folded));
            !own_word && (hit.phrase.literal_words() < 2 || *first < end)
        })
    }

    /// Whether a request only asks to quote the file number, or speaks of queries the reader may have.
    pub fn is_courtesy(&self, hit: &Hit<'_>) -> bool {
        let reach = if hit.phrase.weight >= 2.0 { None } else { Some(COURTESY_REACH) };
        self.beside(hit, List::Courtesy).any(|apart| apart == 0 || reach.is_some_and(|r| apart <= r))
    }

    /// Whether what is passed on goes to a part of the same authority. Where the sentence says that the authority
    /// is not competent or names another body, the part is that body's.
    pub fn stays_inside(&self, hit: &Hit<'_>, negations: &HashSet<String>) -> bool {
        let sentence = self.sentence_of(hit);
        let leaves = |h: &Hit<'_>| match h.phrase.list {
            List::Elsewhere => true,
            List::Transfer => negations.iter().any(|n| h.phrase.says(n)) || self.is_negated(h, negations),
            _ => false,
        };
        self.beside(hit, List::Inside).any(|apart| apart <= INSIDE_REACH)
            && !self.hits.iter().any(|h| self.sentence_of(h) == sentence && leaves(h))
    }

    /// For each phrase of a list in the same sentence, how many words it is away from the hit; 0 if they overlap.
    fn beside<'s>(&'s self, hit: &'s Hit<'_>, list: List) -> impl Iterator<Item = usize> + 's {
        let sentence = self.sentence_of(hit);
        let others = self.hits.iter().filter(move |h| h.phrase.list == list);
        others.filter(move |h| self.sentence_of(h) == sentence).map(move |other| {
            let (first, second) = if other.first < hit.first { (other, hit) } else { (hit, other) };
            (second.first + 1).saturating_sub(first.first + first.count)
        })
    }

    /// Whether a small word turns the phrase into its contrary: shortly before it or inside its gap.
    pub fn is_negated(&self, hit: &Hit<'_>, negations: &HashSet<String>) -> bool {
        let sentence = self.sentence_of(hit);
        let from = hit.first.saturating_sub(3);
        let window = self.words.get(from..hit.first + hit.count).unwrap_or_default();
        window.iter().any(|word| {
            let outside_clause = || {
                let start = self.words.get(hit.first).map_or(0, |w| w.start);
                self.text.get(word.end..start).is_some_and(|between| between.contains([',', ':', ';']))
            };
            word.sentence == sentence
                && negations.contains(word.folded.as_str())
                && !hit.phrase.says(&word.folded)
                && !outside_clause()
        })
    }

    /// Whether it speaks of the request, as a letter does and a document handed over does not.
    pub fn is_letter(&self) -> bool {
        let labelled = |h: &Hit<'_>| {
            h.phrase.list == List::Reference
                && self.words.get(h.first).is_some_and(|w| w.end < 600 && w.folded.len() > 3)
        };
        self.hits.iter().any(|h| h.phrase.list == List::Asked || labelled(h))
    }

    /// The exact passage of a hit.
    pub fn passage(&self, hit: &Hit<'_>) -> Option<&str> {
        let first = self.words.get(hit.first)?;
        let last = self.words.get(hit.first + hit.count.max(1) - 1)?;
        self.text.get(first.start..last.end)
    }

    /// The exact text of a sentence, from its first word to what closes it: a bracket, a quote, a full stop.
    pub fn sentence_text(&self, sentence: usize) -> Option<&str> {
        let start = self.words.partition_point(|w| w.sentence < sentence);
        let end = self.words.partition_point(|w| w.sentence <= sentence);
        let first = self.words.get(start)?;
        let last = self.words.get(end.checked_sub(1)?)?;
        let next = self.words.get(end).map_or(self.text.len(), |w| w.start);
        let closing = self.text.get(last.end..next)?;
        let closed =
            closing.find(|c: char| !matches!(c, ')' | ']' | '.' | '?' | '!' | '”' | '“' | '»' | '"' | '…'));
        let end = last.end + closed.unwrap_or(closing.len());
        self.text.get(first.start..end)
    }

    /// A hit as evidence.
    pub fn evidence(&self, hit: &Hit<'_>) -> Option<Evidence> {
        Some(Evidence { text: self.passage(hit)?.to_owned(), place: self.place.label() })
    }
}

/// The last line that closes a letter: a few words, among them first those with which letters end. "Thank you for your
/// request" begins a letter as well: a line of running text closes only what is longer than what follows.
fn closing(text: &str, book: &Phrasebook) -> Option<usize> {
    let (mut at, mut above) = (0, 0);
    let mut found = None;
    for line in text.split_inclusive('\n').take(MOST_LINES) {
        let start = at;
        at += line.len();
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        above += 1;
        let closes = || {
            let late = start >= text.len().saturating_sub(at);
            (late || (above > 2 && line.len() <= SHORT_CLOSING)) && book.closes(&fold(line))
        };
        if start > 0 && line.len() <= LONGEST_CLOSING && closes() {
            found = Some(start);
        }
    }
    found
}

/// A letter with its phrases found, in the order subject, body, attachments.
#[derive(Debug, Clone, Default)]
pub struct Prepared<'b> {
    /// Speaking parts.
    pub sections: Vec<Section<'b>>,
}

impl<'b> Prepared<'b> {
    /// Keeps of the small words those of the letter's language; to be called once it is known.
    pub fn settle(&mut self, language: Option<&str>) {
        self.sections.iter_mut().for_each(|s| s.settle(language));
    }

    /// Whether the mail itself only covers what is attached.
    pub fn is_cover(&self) -> bool {
        let body = self.sections.iter().find(|s| s.place == Place::Body);
        let written =
            |s: &Section<'_>| s.text.chars().filter(|c| is_letter(*c) || c.is_numeric()).nth(COVER - 1);
        body.is_none_or(|s| written(s).is_none())
    }

    /// How each part speaks, in their order: a file that speaks of the request does, and less so, under a covering
    /// mail, the one short file that can carry the answer, however it begins.
    pub fn speaking(&self) -> Vec<Speaks> {
        let attached = |s: &Section<'_>| matches!(s.place, Place::Attachment(_));
        let covered = self.is_cover();
        let letters: Vec<bool> = self.sections.iter().map(|s| attached(s) && s.is_letter()).collect();
        let first = self.sections.iter().position(|s| attached(s) && !s.words.is_empty());
        let answer = first.filter(|_| covered && !letters.contains(&true));
        let speaks = |(at, (section, letter)): (usize, (&Section<'b>, &bool))| match (letter, covered) {
            _ if !attached(section) => Speaks::Itself,
            (true, true) => Speaks::Itself,
            (true, false) => Speaks::Beside,
            (false, _) if answer == Some(at) && section.words.len() < LETTER => Speaks::Beside,
            (false, _) => Speaks::Hardly,
        };
        self.sections.iter().zip(&letters).enumerate().map(speaks).collect()
    }

    /// Lets a model hear each sentence; what another heard is forgotten.
    pub fn hear(&mut self, model: &Model) {
        self.sections.iter_mut().for_each(|s| s.hear(model));
    }

    /// All hits of all parts.
    pub fn hits(&self) -> impl Iterator<Item = &Hit<'b>> {
        self.sections.iter().flat_map(|s| s.hits.iter())
    }
}

/// Whether two tags name one language; the phrases of Norwegian serve both its forms.
pub fn same_language(a: &str, b: &str) -> bool {
    home(a) == home(b)
}

/// Cuts a letter into words and finds the phrases.
pub fn prepare<'b>(letter: &Letter<'_>, book: &'b Phrasebook) -> Prepared<'b> {
    let mut sections = vec![
        Section::new(Place::Subject, cut(letter.subject, 1_000), book),
        Section::new(Place::Body, letter.body, book),
    ];
    let mut room = MAX_ANALYSED;
    for (name, text) in letter.attachments {
        let text = cut(text, room);
        room -= text.len();
        sections.push(Section::new(Place::Attachment((*name).to_owned()), text, book));
        if room == 0 {
            break;
        }
    }
    Prepared { sections }
}
