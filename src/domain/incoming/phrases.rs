//! Signal phrases of one language, and how they are found in a text.
//!
//! A phrase is words. They match whole words over case, accents, line wraps and punctuation; Serbian, Macedonian
//! and Bulgarian are compared in Latin letters. `…` stands for up to eight further words of the same sentence,
//! a word that ends in `*` matches any ending. A phrase that starts with `!` decides by itself, one with `?` is
//! only a weak hint, one with `^` counts only where a sentence begins with it ("Wird der Zugang verweigert, …").

mod book;
mod days;
mod quick;
mod running;

pub use crate::domain::incoming::phrases::book::{Phrasebook, home};
pub use crate::domain::incoming::phrases::days::DayNames;

use crate::domain::incoming::text::words;
use std::fmt;
use std::str::FromStr;

macro_rules! lists {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A list of a phrase file: what its phrases announce.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum List { $($(#[$doc])* $variant),+ }

        impl List {
            /// All lists.
            pub const ALL: &'static [List] = &[$(List::$variant),+];

            /// The key in the phrase file.
            pub fn as_str(self) -> &'static str {
                match self { $(List::$variant => $name),+ }
            }
        }
    };
}

lists! {
    /// The request came in.
    Acknowledgement = "acknowledgement",
    /// More time is taken.
    Extension = "extension",
    /// The information is refused.
    Refusal = "refusal",
    /// Some is given, some refused.
    Partial = "partial",
    /// All is given.
    Full = "full",
    /// The authority has no such information.
    NotHeld = "not_held",
    /// Neither confirmed nor denied.
    Ncnd = "ncnd",
    /// Passed on to another authority.
    Transfer = "transfer",
    /// The requester must say more.
    Clarification = "clarification",
    /// Money is asked for.
    Fee = "fee",
    /// An appeal or review was decided.
    DecisionReview = "decision_review",
    /// A machine answers for an absent person or a ticket system.
    Automatic = "automatic",
    /// A machine says that a letter did not arrive.
    Bounce = "bounce",
    /// Something else that needs no decision: a call, a survey, a mail gone astray.
    Other = "other",
    /// A passage that recites rules or remedies: no evidence for anything.
    Recital = "recital",
    /// A part of the authority itself: what is passed on to it stays in the house.
    Inside = "inside",
    /// A body with a name of its own: what is passed on to a part of it leaves the house.
    Elsewhere = "elsewhere",
    /// A line about queries or the file number to quote: no question back.
    Courtesy = "courtesy",
    /// Small words that turn a phrase into its contrary.
    Negation = "negation",
    /// How a letter speaks of the request: tells an answer from a document that is handed over.
    Asked = "asked",
    /// Words before the authority's file number.
    Reference = "reference",
    /// Words before a number that is not the authority's file number: ours, a contract's, a law's, an account's.
    ForeignNumber = "foreign_number",
    /// Words before a date by which the answer is promised.
    Due = "due",
    /// Small words that often stand before such a date and before any other.
    DueWeak = "due_weak",
    /// Words of giving an answer: a date beside them is promised.
    Answer = "answer",
    /// Words before a sum of several.
    Total = "total",
    /// Words of what the requester pays.
    Payment = "payment",
    /// Words beside the price of one page, hour or copy.
    Each = "each",
    /// Words of prices that the requester does not pay: contracts, purchases, budgets.
    OtherPrice = "other_price",
    /// Words with which an authority says that something costs the requester money.
    Charge = "charge",
    /// Words beside a sum that is not asked for: a limit, one given up, one paid already, one put right.
    Unasked = "unasked",
    /// Words that go with a period by which time is extended.
    Longer = "longer",
    /// Words of giving what was asked for: what is given of a point.
    Granted = "granted",
    /// Words of refusing it.
    Denied = "denied",
    /// How a letter names what remains beside the points it has dealt with ("the rest").
    Remainder = "remainder",
    /// Words with which all of it is given ("in full").
    Entire = "entire",
    /// Words with which a letter says what may be or is at times: nothing that it does.
    Possible = "possible",
    /// Verbs of giving an answer or what was asked for, in any tense and person.
    Giving = "giving",
    /// Words with which an authority says what it will do, or the requester will have.
    Ours = "ours",
    /// Endings of verbs with which it says so.
    Endings = "endings",
    /// Words with which it says what the requester must do or may do.
    Theirs = "theirs",
    /// Words with which the requester may wait for an answer: a date beside them is promised, whatever asks there.
    Expected = "expected",
    /// Names of the months, January first; variants by `|`.
    Months = "months",
    /// Days of the month in words, 1 to 20 and 30, whole or as stems with `*`; variants by `|`.
    DayWords = "day_words",
    /// How the twenties and the thirties are made of a unit, `+`; variants by `|`.
    DayTens = "day_tens",
    /// Small words between day, month and year.
    DayLinks = "day_links",
    /// How the month of the letter is called after a day.
    ThisMonth = "this_month",
    /// How the month after it is called after a day.
    NextMonth = "next_month",
    /// Numbers in words from one; variants by `|`.
    Numbers = "numbers",
    /// Units of time: days.
    Days = "days",
    /// Units of time: working days.
    WorkingDays = "working_days",
    /// Units of time: weeks.
    Weeks = "weeks",
    /// Units of time: months.
    MonthUnits = "month_units",
    /// Labels of a quoted mail's sender line.
    QuoteFrom = "quote_from",
    /// Labels of a quoted mail's date line.
    QuoteSent = "quote_sent",
    /// Labels of a quoted mail's recipient line.
    QuoteTo = "quote_to",
    /// Labels of a quoted mail's subject line.
    QuoteSubject = "quote_subject",
    /// The verb of "on … wrote".
    Wrote = "wrote",
    /// Lines above a quoted or forwarded mail.
    OriginalMessage = "original_message",
    /// How a letter ends, above the name.
    Closing = "closing",
    /// What a requester writes in the first person, and no authority does.
    Request = "request",
    /// How a letter begins, before the name of who is addressed.
    Salutation = "salutation",
    /// What a requester asks for in case of a refusal: reasons, the ground, a decision in writing.
    ReasonsWanted = "reasons_wanted",
    /// Words above the copy of a request that a ticket system shows.
    RequestLabel = "request_label",
    /// What stands below every mail of an authority: confidentiality, data protection, the environment.
    Footer = "footer",
    /// How a decision tells of appeal and review.
    Remedies = "remedies",
    /// Frequent small words, to tell the language.
    Stopwords = "stopwords",
}

impl FromStr for List {
    type Err = String;

    fn from_str(key: &str) -> Result<Self, String> {
        List::ALL
            .iter()
            .copied()
            .find(|list| list.as_str() == key)
            .ok_or_else(|| format!("expected a kind of phrase, found `{key}`"))
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with a phrase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{phrase}`: {problem}")]
pub struct Error {
    /// The phrase as written.
    pub phrase: String,
    /// What was expected.
    pub problem: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// A word, and its number in the book's vocabulary, 0 as long as it is in none.
    Exact(String, u32),
    Stem(String),
    Gap,
}

/// One phrase, ready to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Phrase {
    /// Language of the file it stands in.
    pub language: String,
    /// What it announces.
    pub list: List,
    /// How much it says, 0 to 2.
    pub weight: f32,
    /// Whether it counts only at the start of a sentence.
    opens: bool,
    parts: Vec<Part>,
}

impl Phrase {
    /// Reads a phrase as it stands in the file.
    pub fn parse(language: &str, list: List, written: &str) -> Result<Self, Error> {
        let problem = |what| Error { phrase: written.to_owned(), problem: what };
        let (strength, rest) = match written.split_at_checked(1) {
            Some(("!", rest)) => (Some(2.0), rest),
            Some(("?", rest)) => (Some(0.4), rest),
            _ => (None, written),
        };
        let (opens, rest) = rest.strip_prefix('^').map_or((false, rest), |rest| (true, rest));
        let mut parts = Vec::new();
        for piece in rest.replace("...", "…").replace('…', " … ").split_whitespace() {
            if piece == "…" {
                parts.push(Part::Gap);
            } else if let Some(stem) = piece.strip_suffix('*') {
                let mut before: Vec<String> =
                    words(stem).into_iter().map(|w| w.folded.into_string()).collect();
                let end = before.pop().ok_or_else(|| problem("expected letters before `*`"))?;
                parts.extend(before.into_iter().map(|word| Part::Exact(word, 0)));
                parts.push(Part::Stem(end));
            } else {
                parts.extend(words(piece).into_iter().map(|w| Part::Exact(w.folded.into_string(), 0)));
            }
        }
        match (parts.first(), parts.last()) {
            (None, _) => return Err(problem("expected words, found none")),
            (Some(Part::Gap), _) | (_, Some(Part::Gap)) => {
                return Err(problem("`…` must stand between words"));
            }
            (Some(Part::Stem(stem)), _) if stem.chars().count() < 3 => {
                return Err(problem("expected at least three letters before `*` in the first word"));
            }
            _ => {}
        }
        let count = parts.iter().filter(|p| **p != Part::Gap).count();
        let weight = strength.unwrap_or(match count {
            1 => 0.6,
            2 => 0.8,
            _ => 1.0,
        });
        Ok(Phrase { language: language.to_owned(), list, weight, opens, parts })
    }

    /// Number of words without gaps.
    pub fn literal_words(&self) -> usize {
        self.parts.iter().filter(|p| **p != Part::Gap).count()
    }

    /// Whether a folded word belongs to the phrase itself.
    pub fn says(&self, word: &str) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Exact(exact, _) => exact == word,
            Part::Stem(stem) => word.starts_with(stem.as_str()),
            Part::Gap => false,
        })
    }
}

/// A phrase found in a text.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'b> {
    /// The phrase.
    pub phrase: &'b Phrase,
    /// Index of its first word.
    pub first: usize,
    /// Number of words it covers.
    pub count: usize,
}
