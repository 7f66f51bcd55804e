//! The days of the month as words, put together from the units and tens of a language.

use crate::domain::incoming::text::{Word, fold};

/// So many letters may follow the stem of a number ("dvacát" and "ého", "huszadik" and "áig").
const ENDING: usize = 8;
/// A day takes at most so many words ("двадесет и първи").
const MOST_WORDS: usize = 4;

/// A word of a day: whole, or a stem with any ending, or a stem whose last part is fixed ("viide…toista").
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    start: String,
    end: Option<String>,
}

impl Piece {
    fn parse(written: &str) -> Self {
        match written.split_once('*') {
            Some((start, end)) => Piece { start: fold(start), end: Some(fold(end)) },
            None => Piece { start: fold(written), end: None },
        }
    }

    fn is(&self, folded: &str) -> bool {
        let Some(end) = &self.end else { return folded == self.start };
        folded
            .strip_prefix(self.start.as_str())
            .and_then(|rest| rest.strip_suffix(end.as_str()))
            .is_some_and(|between| between.chars().count() <= ENDING)
    }

    fn letters(&self) -> usize {
        self.start.len() + self.end.as_ref().map_or(0, String::len)
    }
}

/// How a language says the days of the month, and the small words it has between day, month and year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayNames {
    names: Vec<(Vec<Piece>, u32)>,
    links: Vec<String>,
    /// How this month and the next are called, and by how many each is ahead.
    months: Vec<(Vec<Piece>, u32)>,
}

impl DayNames {
    /// Puts the days together: `words` has 1 to 20 and 30, `tens` how the rest is made, `+` standing for the unit.
    pub fn compose([words, tens, links, this, following]: [&[String]; 5]) -> Self {
        let this = this.iter().map(|written| (pieces(written), 0));
        let months = this.chain(following.iter().map(|written| (pieces(written), 1))).collect();
        let mut days = DayNames { names: Vec::new(), links: links.iter().map(|l| fold(l)).collect(), months };
        for (entry, day) in words.iter().zip((1..=20).chain([30])) {
            for written in entry.split('|') {
                days.add(written, day);
            }
        }
        for (entry, ten) in tens.iter().zip([20, 30]) {
            for (unit, day) in words.iter().zip(ten + 1..ten + 10).filter(|(_, day)| *day <= 31) {
                for (made, unit) in entry.split('|').flat_map(|t| unit.split('|').map(move |u| (t, u))) {
                    // A unit that goes on within the word has no ending of its own ("einundzwanzigsten").
                    let goes_on =
                        made.split('+').nth(1).is_some_and(|rest| rest.starts_with(char::is_alphabetic));
                    let unit = if goes_on { unit.trim_end_matches('*') } else { unit };
                    days.add(&made.replace('+', unit), day);
                }
            }
        }
        days
    }

    fn add(&mut self, written: &str, day: u32) {
        let pieces = pieces(written);
        if !pieces.is_empty() {
            self.names.push((pieces, day));
        }
    }

    /// The day with which these words end, and of how many words it is.
    pub fn ending(&self, words: &[Word]) -> Option<(u32, usize)> {
        let longest = MOST_WORDS.min(words.len());
        (1..=longest).rev().find_map(|count| {
            let said = words.get(words.len() - count..)?;
            self.said(said).map(|day| (day, count))
        })
    }

    /// The day with which these words start, and of how many words it is.
    pub fn starting(&self, words: &[Word]) -> Option<(u32, usize)> {
        let longest = MOST_WORDS.min(words.len());
        (1..=longest).rev().find_map(|count| self.said(words.get(..count)?).map(|day| (day, count)))
    }

    /// The day that exactly these words say; the name of most letters counts ("pet…", "petnaest…").
    fn said(&self, words: &[Word]) -> Option<u32> {
        let fits = self.names.iter().filter(|(pieces, _)| {
            pieces.len() == words.len()
                && pieces.iter().zip(words).all(|(piece, word)| piece.is(&word.folded))
        });
        fits.max_by_key(|(pieces, _)| pieces.iter().map(Piece::letters).sum::<usize>()).map(|(_, day)| *day)
    }

    /// By how many the month is ahead with which these words start ("this month", "next month"), and its words.
    pub fn month_from(&self, words: &[Word]) -> Option<(u32, usize)> {
        let first = words.first()?;
        let fits = self.months.iter().filter(|(pieces, _)| {
            pieces.first().is_some_and(|piece| piece.is(&first.folded))
                && pieces.len() <= words.len()
                && pieces.iter().zip(words).all(|(piece, word)| piece.is(&word.folded))
        });
        fits.max_by_key(|(pieces, _)| pieces.len()).map(|(pieces, ahead)| (*ahead, pieces.len()))
    }

    /// Whether a folded word may stand between day, month and year.
    pub fn links(&self, folded: &str) -> bool {
        self.links.iter().any(|link| link == folded)
    }
}

fn pieces(written: &str) -> Vec<Piece> {
    written.split([' ', '-']).filter(|word| !word.is_empty()).map(Piece::parse).collect()
}
