//! All phrases of all languages, and how they are found in a text.

use crate::domain::incoming::phrases::quick::BuildQuick;
use crate::domain::incoming::phrases::running::Running;
use crate::domain::incoming::phrases::{DayNames, Error, Hit, List, Part, Phrase};
use crate::domain::incoming::text::{Word, fold};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// How many words `…` may stand for.
const GAP: usize = 8;

/// All phrases of all languages, with an index by their first words.
#[derive(Debug, Clone, Default)]
pub struct Phrasebook {
    phrases: Vec<Phrase>,
    /// The words of all phrases, numbered from 1: a text is compared with them by numbers.
    vocabulary: HashMap<String, u32, BuildQuick>,
    /// Phrases that begin with a whole word, by its number; each with the number of its second word, if it must be one
    /// of the vocabulary.
    exact: Vec<Vec<(usize, u32)>>,
    /// Phrases that begin with the stem of a word, by its first letters.
    stems: HashMap<u64, Vec<(usize, u32)>, BuildQuick>,
    lists: BTreeMap<(String, List), Vec<String>>,
    folded: BTreeMap<List, Vec<String>>,
    /// Those of lists that begin lines, by their first letter.
    openings: BTreeMap<List, HashMap<u32, Vec<String>, BuildQuick>>,
    /// Those of lists that stand anywhere in a paragraph.
    running: BTreeMap<List, Running>,
    stopwords: HashMap<String, Vec<String>, BuildQuick>,
    /// The phrases of notices of non-delivery by themselves: every mail is asked for them before all others.
    notices: Option<Box<Phrasebook>>,
    /// Months by language and folded name, January 1.
    months: BTreeMap<String, HashMap<String, u32, BuildQuick>>,
    /// Months by folded name, as the first language has it in the order of their codes.
    months_of_any: HashMap<String, (String, u32), BuildQuick>,
    /// Phrases that are sought only in letters of their own language, in a book for each.
    own: BTreeMap<String, Phrasebook>,
    /// Days in words by language, put together when first asked for.
    day_names: BTreeMap<String, OnceLock<DayNames>>,
}

/// Lists that are looked up by their words, not searched in running text.
const PLAIN: &[List] = &[
    List::Negation,
    List::Endings,
    List::Months,
    List::DayWords,
    List::DayTens,
    List::DayLinks,
    List::ThisMonth,
    List::NextMonth,
    List::Numbers,
    List::Stopwords,
    List::QuoteFrom,
    List::QuoteSent,
    List::QuoteTo,
    List::QuoteSubject,
    List::Wrote,
    List::OriginalMessage,
    List::Closing,
    List::Request,
    List::Salutation,
    List::ReasonsWanted,
    List::RequestLabel,
    List::Footer,
    List::Remedies,
];

/// Lists of small and common words, which mean another thing in another language.
const OWN: &[List] = &[
    List::Granted,
    List::Denied,
    List::Remainder,
    List::Entire,
    List::Possible,
    List::Giving,
    List::Ours,
    List::Theirs,
    List::Expected,
];

/// Plain lists whose entries begin lines.
const OPENINGS: &[List] = &[List::Closing, List::Salutation, List::RequestLabel, List::OriginalMessage];
/// Plain lists whose entries are sought in paragraphs.
const RUNNING: &[List] = &[List::Request, List::ReasonsWanted, List::Footer, List::Remedies];
/// Lists of which the names of the days are made.
const DAYS: [List; 5] = [List::DayWords, List::DayTens, List::DayLinks, List::ThisMonth, List::NextMonth];

/// The language whose phrases serve a tag: region and script say nothing, and Norwegian serves both its forms.
pub fn home(tag: &str) -> &str {
    let base = tag.split('-').next().unwrap_or(tag);
    if matches!(base, "nb" | "nn") { "no" } else { base }
}

impl Phrasebook {
    /// Adds one list of one language.
    pub fn add(&mut self, language: &str, list: List, written: &[String]) -> Result<(), Error> {
        if PLAIN.contains(&list) {
            self.add_plain(language, list, written);
            return Ok(());
        }
        if OWN.contains(&list) {
            return self.own.entry(language.to_owned()).or_default().add_phrases(language, list, written);
        }
        if list == List::Bounce {
            let mut notices = self.notices.take().unwrap_or_default();
            notices.add_phrases(language, list, written)?;
            self.notices = Some(notices);
        }
        self.add_phrases(language, list, written)
    }

    fn add_phrases(&mut self, language: &str, list: List, written: &[String]) -> Result<(), Error> {
        for phrase in written {
            let mut phrase = Phrase::parse(language, list, phrase)?;
            for part in &mut phrase.parts {
                if let Part::Exact(word, number) = part {
                    *number = self.number(word);
                }
            }
            let place = match phrase.parts.first() {
                Some(Part::Exact(_, number)) => self.exact.get_mut(*number as usize),
                Some(Part::Stem(stem)) => Some(self.stems.entry(start(stem)).or_default()),
                _ => None,
            };
            if let Some(place) = place {
                let second = match phrase.parts.get(1) {
                    Some(Part::Exact(_, number)) => *number,
                    _ => 0,
                };
                place.push((self.phrases.len(), second));
                self.phrases.push(phrase);
            }
        }
        Ok(())
    }

    fn add_plain(&mut self, language: &str, list: List, written: &[String]) {
        self.lists.entry((language.to_owned(), list)).or_default().extend(written.iter().cloned());
        let folded: Vec<String> = written.iter().map(|w| fold(w)).collect();
        if list == List::Stopwords {
            for word in written.iter().flat_map(|w| w.split_whitespace()) {
                let languages = self.stopwords.entry(fold(word)).or_default();
                if !languages.iter().any(|l| l == language) {
                    languages.push(language.to_owned());
                }
            }
        }
        if OPENINGS.contains(&list) {
            let openings = self.openings.entry(list).or_default();
            for entry in &folded {
                if let Some(first) = entry.chars().next() {
                    openings.entry(u32::from(first)).or_default().push(entry.clone());
                }
            }
        }
        if RUNNING.contains(&list) {
            let running = self.running.entry(list).or_default();
            for phrase in &folded {
                running.add(phrase);
            }
        }
        if list == List::Months {
            let months = self.months.entry(language.to_owned()).or_default();
            for (entry, number) in folded.iter().zip(1..=12) {
                for name in entry.split('|') {
                    let number = *months.entry(name.to_owned()).or_insert(number);
                    let any = self.months_of_any.entry(name.to_owned());
                    let any = any.or_insert_with(|| (language.to_owned(), number));
                    if *language < *any.0 {
                        *any = (language.to_owned(), number);
                    }
                }
            }
        }
        if DAYS.contains(&list) {
            self.day_names.insert(language.to_owned(), OnceLock::new());
        }
        self.folded.entry(list).or_default().extend(folded);
    }

    /// How a language says the days of the month.
    pub fn day_names(&self, language: &str) -> Option<&DayNames> {
        let names = self.day_names.get(home(language))?;
        Some(names.get_or_init(|| DayNames::compose(DAYS.map(|list| self.list(language, list)))))
    }

    /// The number of a word of phrases, a new one if it is new.
    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.vocabulary.get(word) {
            return *number;
        }
        let number = u32::try_from(self.vocabulary.len() + 1).unwrap_or(u32::MAX);
        self.vocabulary.insert(word.to_owned(), number);
        self.exact.resize_with(self.vocabulary.len() + 1, Vec::new);
        number
    }

    /// How many phrases there are.
    pub fn len(&self) -> usize {
        self.phrases.len()
    }

    /// Whether there is no phrase.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// The entries of a plain list in one language.
    pub fn list(&self, language: &str, list: List) -> &[String] {
        self.lists.get(&(home(language).to_owned(), list)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The entries of a plain list in all languages, with the language.
    pub fn everywhere(&self, list: List) -> impl Iterator<Item = (&str, &[String])> {
        self.lists
            .iter()
            .filter(move |((_, l), _)| *l == list)
            .map(|((language, _), entries)| (language.as_str(), entries.as_slice()))
    }

    /// The entries of a plain list in all languages, folded.
    pub fn folded(&self, list: List) -> &[String] {
        self.folded.get(&list).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a folded line has behind each entry of a list with which it begins.
    pub fn behind<'t>(&self, list: List, folded: &'t str) -> impl Iterator<Item = &'t str> {
        let first = folded.chars().next().map(u32::from).unwrap_or_default();
        let openings = self.openings.get(&list).and_then(|openings| openings.get(&first));
        openings.into_iter().flatten().filter_map(|entry| folded.strip_prefix(entry.as_str()))
    }

    /// Whether a folded line begins with words that end letters.
    pub fn closes(&self, folded: &str) -> bool {
        self.behind(List::Closing, folded).any(|rest| !rest.starts_with(char::is_alphanumeric))
    }

    /// Whether an entry of a list stands in a flat text.
    pub fn says(&self, list: List, flat: &str) -> bool {
        self.running.get(&list).is_some_and(|running| running.is_in(flat))
    }

    /// The month of a folded name as the language has it.
    pub fn own_month(&self, language: &str, folded: &str) -> Option<u32> {
        self.months.get(home(language))?.get(folded).copied()
    }

    /// The month of a folded name: as the language has it, else as any other does, in their order.
    pub fn month(&self, language: Option<&str>, folded: &str) -> Option<u32> {
        language
            .and_then(|language| self.own_month(language, folded))
            .or_else(|| self.months_of_any.get(folded).map(|(_, number)| *number))
    }

    /// The languages that have a folded word among their frequent small ones.
    pub fn languages_of(&self, word: &str) -> &[String] {
        self.stopwords.get(word).map(Vec::as_slice).unwrap_or_default()
    }

    /// What stands in a text of the phrases that only letters of this language are searched for.
    pub fn find_own<'b>(&'b self, language: &str, words: &[Word]) -> Vec<Hit<'b>> {
        self.own.get(home(language)).map(|own| own.find(words)).unwrap_or_default()
    }

    /// All phrases that stand in a text, in the order of their first word.
    pub fn find<'b>(&'b self, words: &[Word]) -> Vec<Hit<'b>> {
        let text = Text { words, seen: words.iter().map(|word| self.see(word)).collect() };
        let mut hits = Vec::new();
        let mut here: Vec<(usize, Hit<'b>)> = Vec::new();
        let mut before = None;
        for (first, (word, seen)) in words.iter().zip(&text.seen).enumerate() {
            let opens = word.capital && before != Some(word.sentence);
            before = Some(word.sentence);
            let exact = self.exact.get(seen.number as usize).map(Vec::as_slice).unwrap_or_default();
            let stems = self.stems.get(&start(&word.folded)).map(Vec::as_slice).unwrap_or_default();
            let next = text.seen.get(first + 1).map_or(0, |seen| seen.number);
            let may = exact.iter().chain(stems).filter(|(_, second)| *second == 0 || *second == next);
            here.extend(may.filter_map(|&(i, _)| {
                let phrase = self.phrases.get(i).filter(|p| opens || !p.opens)?;
                let count = text.length_at(&phrase.parts, first, word.sentence)?;
                Some((i, Hit { phrase, first, count }))
            }));
            // In the order in which the phrases are written, whichever index they come from.
            if !exact.is_empty() && !stems.is_empty() {
                here.sort_by_key(|(i, _)| *i);
            }
            hits.extend(here.drain(..).map(|(_, hit)| hit));
        }
        hits
    }

    /// The phrases of notices of non-delivery that stand in a text, as `find` finds them.
    pub fn find_notices<'b>(&'b self, words: &[Word]) -> Vec<Hit<'b>> {
        self.notices.as_ref().map(|notices| notices.find(words)).unwrap_or_default()
    }

    fn see(&self, word: &Word) -> Seen {
        Seen {
            number: self.vocabulary.get(word.folded.as_str()).copied().unwrap_or_default(),
            figure: word.folded.bytes().all(|b| b.is_ascii_digit()),
            sentence: word.sentence,
        }
    }
}

/// What matters of a word when phrases are sought.
struct Seen {
    /// Its number in the vocabulary; 0 if it stands in no phrase.
    number: u32,
    /// Whether it is a figure.
    figure: bool,
    sentence: usize,
}

/// A text whose words are numbered.
struct Text<'w> {
    words: &'w [Word],
    seen: Vec<Seen>,
}

impl Text<'_> {
    /// Number of words from a place on if these parts of a phrase stand there.
    fn length_at(&self, parts: &[Part], at: usize, sentence: usize) -> Option<usize> {
        let Some((part, rest)) = parts.split_first() else { return Some(0) };
        let seen = self.seen.get(at).filter(|seen| seen.sentence == sentence)?;
        let same = match part {
            Part::Exact(_, number) => seen.number == *number,
            Part::Stem(stem) => self.words.get(at).is_some_and(|w| w.folded.starts_with(stem.as_str())),
            Part::Gap => return self.length_after_gap(rest, at, sentence),
        };
        if same { self.length_at(rest, at + 1, sentence).map(|n| n + 1) } else { None }
    }

    /// The shortest gap after which the rest of a phrase stands, with that rest; none reaches over its sentence.
    fn length_after_gap(&self, rest: &[Part], at: usize, sentence: usize) -> Option<usize> {
        let reach = self.seen.get(at..).unwrap_or_default();
        let within = reach.iter().take(self.longest_gap(at) + 1).take_while(|seen| seen.sentence == sentence);
        within.enumerate().find_map(|(skip, seen)| {
            let may = !matches!(rest.first(), Some(Part::Exact(_, number)) if seen.number != *number);
            if may { Some(skip + self.length_at(rest, at + skip, sentence)?) } else { None }
        })
    }

    /// How many words a gap may skip: `GAP`, and the figures of one date, which are one word to whoever reads them.
    fn longest_gap(&self, at: usize) -> usize {
        let figures = self.seen.iter().skip(at).take(GAP).filter(|seen| seen.figure).count();
        GAP + figures.min(3)
    }
}

/// The first three letters of a word, 21 bits each; a stem has at least as many.
fn start(folded: &str) -> u64 {
    let mut letters = folded.chars();
    (0..3).fold(0, |all, _| all << 21 | letters.next().map_or(0, |letter| u64::from(u32::from(letter))))
}
