//! Dates with a month of the letter's own language, their day in figures or in words.

use crate::domain::incoming::phrases::{DayNames, List, Phrasebook, home};
use crate::domain::incoming::reading::dates::Dated;
use crate::domain::incoming::text::{Word, fold};
use chrono::{Datelike, NaiveDate};
use std::ops::Range;

/// Day, month and year stand at most so many bytes apart: a blank, a point, a bracket.
const APART: usize = 6;
/// So many small words may stand between them ("del mes de").
const LINKS: usize = 3;

const ROMAN: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

/// How a language writes its dates.
#[derive(Debug)]
pub struct Spelling<'b> {
    names: &'b DayNames,
    months: Vec<(String, u32)>,
    first_bytes: Vec<u8>,
    month_first: bool,
    year_first: bool,
    capital: bool,
}

/// A day and a month, and the year if one is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    day: u32,
    month: u32,
    year: Option<u32>,
    start: usize,
    end: usize,
}

impl<'b> Spelling<'b> {
    /// The spelling of a language, if its days have names.
    pub fn new(language: &str, book: &'b Phrasebook) -> Option<Self> {
        let names = book.day_names(language)?;
        let entries = book.list(language, List::Months).iter().zip(1..=12);
        // An abbreviation is often a word of its own ("már", "mar", "set").
        let months: Vec<(String, u32)> = entries
            .flat_map(|(entry, number)| {
                let names = entry.split('|').enumerate();
                names.filter(|(at, n)| *at == 0 || n.chars().count() > 3).map(move |(_, n)| (fold(n), number))
            })
            .collect();
        let mut first_bytes: Vec<u8> = months.iter().filter_map(|(name, _)| name.bytes().next()).collect();
        first_bytes.dedup();
        Some(Spelling {
            names,
            months,
            first_bytes,
            month_first: matches!(home(language), "en" | "fi" | "hu" | "lt"),
            year_first: matches!(home(language), "et" | "hu" | "lt" | "lv"),
            // "The first may be …"
            capital: matches!(home(language), "en" | "de"),
        })
    }

    /// The dates among these words of a letter sent on a day; `next` tells the year where none is said.
    pub fn dates(
        &self,
        (text, words): (&str, &[Word]),
        sent_on: Option<NaiveDate>,
        next: impl Fn(u32, u32) -> Option<NaiveDate>,
    ) -> Vec<Dated> {
        let said = words.iter().enumerate().filter_map(|(at, word)| {
            if let Some(month) = self.month(word) {
                return self.around(text, words, at..at + 1, month);
            }
            if let Some(month) = roman(text, word) {
                return self.around(text, words, at..at + 1, month).filter(|said| said.year.is_some());
            }
            let (ahead, count) = self.names.month_from(words.get(at..)?)?;
            let month = (sent_on?.month0() + ahead) % 12 + 1;
            self.around(text, words, at..at + count, month)
        });
        let dated = said.filter_map(|said| {
            let day = match said.year {
                Some(year) => NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, said.month, said.day),
                None => next(said.month, said.day),
            };
            day.map(|day| Dated { day, start: said.start, end: said.end, plain: true })
        });
        dated.collect()
    }

    /// The month that a word names, in whatever case.
    fn month(&self, word: &Word) -> Option<u32> {
        let folded = word.folded.as_str();
        let may = folded.bytes().next().is_some_and(|first| self.first_bytes.contains(&first));
        if !may || (self.capital && !word.capital) {
            return None;
        }
        let exact = self.months.iter().find(|(name, _)| name == folded).map(|(_, number)| *number);
        exact.or_else(|| self.bent_month(folded))
    }

    /// The month that a folded word names in a case that is not listed.
    pub fn bent_month(&self, folded: &str) -> Option<u32> {
        self.months.iter().find(|(name, _)| is_bent(name, folded)).map(|(_, number)| *number)
    }

    /// The date whose month is these words.
    fn around(&self, text: &str, words: &[Word], named: Range<usize>, month: u32) -> Option<Said> {
        let end = named.end - 1;
        let before = self.day_before(text, words, named.start);
        let before = before.map(|(day, count)| (named.start - count, end, day));
        let (first, last, day) = before.or_else(|| {
            let (day, count) = self.day_after(text, words, end).filter(|_| self.month_first)?;
            Some((named.start, end + count, day))
        })?;
        let after = self.year_after(text, words, last);
        let ahead =
            if after.is_none() && self.year_first { self.year_before(text, words, first) } else { None };
        let last = last + after.map_or(0, |(_, count)| count);
        let first = first - ahead.map_or(0, |(_, count)| count);
        let year = after.or(ahead).map(|(year, _)| year);
        Some(Said { day, month, year, start: words.get(first)?.start, end: words.get(last)?.end })
    }

    /// The day before a month, and how many words it and what links it take.
    fn day_before(&self, text: &str, words: &[Word], month: usize) -> Option<(u32, usize)> {
        for links in 0..=LINKS.min(month) {
            let before = words.get(..month - links)?;
            let last = before.last()?;
            if !is_near(text, last, words.get(month - links)?) {
                return None;
            }
            if let Some(day) = figure(&last.folded) {
                return Some((day, links + 1));
            }
            if let Some((day, count)) = self.names.ending(before) {
                return Some((day, links + count));
            }
            if !self.names.links(&last.folded) {
                return None;
            }
        }
        None
    }

    /// The day after a month, and how many words it and what links it take.
    fn day_after(&self, text: &str, words: &[Word], month: usize) -> Option<(u32, usize)> {
        for links in 0..=LINKS {
            let after = words.get(month + links + 1..)?;
            let first = after.first()?;
            if !is_near(text, words.get(month + links)?, first) {
                return None;
            }
            if let Some(day) = figure(&first.folded) {
                return Some((day, links + 1));
            }
            if let Some((day, count)) = self.names.starting(after) {
                return Some((day, links + count));
            }
            if !self.names.links(&first.folded) {
                return None;
            }
        }
        None
    }

    /// The year after a word, and how many words it and what links it take.
    fn year_after(&self, text: &str, words: &[Word], last: usize) -> Option<(u32, usize)> {
        for links in 0..=LINKS {
            let word = words.get(last + links + 1)?;
            let gap = text.get(words.get(last + links)?.end..word.start)?;
            if gap.len() > APART {
                return None;
            }
            if let Some(year) = year(&word.folded) {
                return Some((year, links + 1));
            }
            let short = gap.ends_with(['’', '\'', '‘']) && word.folded.len() == 2;
            if let Some(year) = word.folded.parse::<u32>().ok().filter(|_| short) {
                return Some((2_000 + year, links + 1));
            }
            if !self.names.links(&word.folded) {
                return None;
            }
        }
        None
    }

    /// The year before a word, and how many words it and what links it take.
    fn year_before(&self, text: &str, words: &[Word], first: usize) -> Option<(u32, usize)> {
        for links in 0..=1 {
            let at = first.checked_sub(links + 1)?;
            let word = words.get(at)?;
            if !is_near(text, word, words.get(at + 1)?) {
                return None;
            }
            if let Some(year) = year(&word.folded) {
                return Some((year, links + 1));
            }
            if !self.names.links(&word.folded) {
                return None;
            }
        }
        None
    }
}

/// Whether a word is this month's name in another case: "května" and "květnu", "jūlijs" and "jūlijam".
fn is_bent(name: &str, folded: &str) -> bool {
    let letters = name.chars().count();
    let Some((last, _)) = name.char_indices().next_back().filter(|_| letters > 4) else { return false };
    name.get(..last).is_some_and(|stem| folded.starts_with(stem)) && folded.chars().count() <= letters + 4
}

/// A month in Roman figures, as between day and year ("8.VII.2026").
fn roman(text: &str, word: &Word) -> Option<u32> {
    let written = text.get(word.start..word.end).filter(|_| word.capital)?;
    ROMAN.iter().zip(1..=12).find(|(figure, _)| **figure == written).map(|(_, number)| number)
}

/// Whether two words follow each other with little between them and in one clause.
fn is_near(text: &str, first: &Word, second: &Word) -> bool {
    let gap = text.get(first.end..second.start);
    gap.is_some_and(|gap| gap.len() <= APART && !gap.contains([';', '!', '?', ':', '/', '–']))
}

/// A day in figures, with the letters that make it an ordinal: "1er", "29η", "22nd".
fn figure(folded: &str) -> Option<u32> {
    let letters = folded.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = folded.strip_suffix(letters)?;
    let ordinal = letters.chars().count() <= 4 && letters.chars().all(char::is_alphabetic);
    let day = digits.parse().ok().filter(|day| digits.len() <= 2 && (1..=31).contains(day))?;
    ordinal.then_some(day)
}

/// A year of ours.
fn year(folded: &str) -> Option<u32> {
    folded.parse().ok().filter(|year| folded.len() == 4 && (1_900..2_100).contains(year))
}
