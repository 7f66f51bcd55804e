//! The facts a letter states, by kind.

use chrono::{Datelike, NaiveDate};

use crate::domain::authority::AuthorityKind;
use crate::domain::questions::{Bundle, Catalogue, Language, Wording};

/// Why a letter could not be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The catalogue has no such bundle.
    #[error("expected the key of a bundle, found `{0}`")]
    UnknownBundle(String),
    /// A question was never put into the letter's language.
    #[error("expected question `{question}` in `{language}`, found no wording")]
    NotTranslated {
        /// The question's key.
        question: String,
        /// The letter's language.
        language: Language,
    },
    /// A wording asks for a value that this letter does not have.
    #[error("expected `{{from}}` or `{{to}}` in question `{question}`, found `{found}`")]
    Unfilled {
        /// The question's key.
        question: String,
        /// The wording with what is left open.
        found: String,
    },
    /// No question of the bundle's first letter fits that kind of body.
    #[error("expected a question of `{bundle}` for a `{kind}`, found none")]
    NothingToAsk {
        /// The bundle's key.
        bundle: String,
        /// The kind of body.
        kind: AuthorityKind,
    },
}

/// The time a request asks about: always from a first of January, so that years compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: NaiveDate,
    to: NaiveDate,
}

impl Period {
    /// From 1 January so many years ago to today.
    pub fn reaching_back(years: u16, today: NaiveDate) -> Self {
        Self::since_year(today.year() - i32::from(years), today)
    }

    /// From 1 January of a year to today; a year still to come is taken as this year.
    pub fn since_year(year: i32, today: NaiveDate) -> Self {
        let from = NaiveDate::from_ymd_opt(year.min(today.year()), 1, 1).unwrap_or(today);
        Self { from, to: today }
    }

    /// Its first day.
    pub fn from(self) -> NaiveDate {
        self.from
    }

    /// Its last day.
    pub fn to(self) -> NaiveDate {
        self.to
    }
}

/// A question as it stands in one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedQuestion {
    /// Its key in the catalogue.
    pub key: String,
    /// Its words in the letter's language, dates filled in.
    pub text: String,
}

/// What decides how a bundle is worded.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The bundle's key.
    pub bundle: &'a str,
    /// The letter's language.
    pub language: Language,
    /// What the law gives a right to.
    pub wording: Wording,
    /// The time asked about.
    pub period: Period,
    /// The kind of body asked, to leave out what does not concern it; `None` asks all.
    pub kind: Option<AuthorityKind>,
}

/// The questions of a bundle's first letter, in its language and wording, with dates filled in.
pub fn questions_for(catalogue: &Catalogue, asking: &Asking<'_>) -> Result<Vec<AskedQuestion>, Error> {
    let bundle =
        catalogue.bundle(asking.bundle).ok_or_else(|| Error::UnknownBundle(asking.bundle.to_owned()))?;
    let concerns = |kinds: &[AuthorityKind]| asking.kind.is_none_or(|kind| kinds.contains(&kind));
    let asked = catalogue
        .core_of(bundle)
        .into_iter()
        .filter(|question| concerns(&question.applies_to))
        .map(|question| {
            let phrasing = question.phrasing(asking.language).ok_or_else(|| Error::NotTranslated {
                question: question.key.clone(),
                language: asking.language,
            })?;
            let text = fill(phrasing.in_wording(asking.wording), asking);
            if text.contains('{') {
                return Err(Error::Unfilled { question: question.key.clone(), found: text });
            }
            Ok(AskedQuestion { key: question.key.clone(), text })
        })
        .collect::<Result<Vec<_>, _>>()?;
    match asking.kind {
        Some(kind) if asked.is_empty() => Err(Error::NothingToAsk { bundle: bundle.key.clone(), kind }),
        _ => Ok(asked),
    }
}

/// The period a bundle asks about when nobody says otherwise.
pub fn period_of(bundle: &Bundle, today: NaiveDate) -> Period {
    Period::reaching_back(bundle.period_years, today)
}

fn fill(wording: &str, asking: &Asking<'_>) -> String {
    wording
        .replace("{from}", &written_date(asking.period.from, asking.language))
        .replace("{to}", &written_date(asking.period.to, asking.language))
}

/// The language to write in: the authority's own if its law is written in it, else the first of the law's
/// languages that we write, else English.
///
/// A law's clauses exist in English and in the law's own languages, so a German-speaking office under
/// Italian law gets Italian. Tags are compared by their primary part (RFC 5646 section 2.2.1).
pub fn letter_language(authority_language: &str, regime_languages: &[String]) -> Language {
    let mut of_the_law = regime_languages.iter().filter_map(|tag| spoken(tag));
    match spoken(authority_language) {
        Some(Language::English) => Language::English,
        Some(own) if regime_languages.iter().any(|tag| spoken(tag) == Some(own)) => own,
        _ => of_the_law.next().unwrap_or(Language::English),
    }
}

fn spoken(tag: &str) -> Option<Language> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    primary.parse().ok()
}

/// Who signs: a person, and the group the person writes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of a person: several laws bar anonymous requests.
    pub person: String,
    /// The association, newsroom or campaign.
    pub group: Option<String>,
}

impl Signature {
    /// As the database holds it: the person, and on a line of its own the group. Only that line is ever public, so
    /// nothing else parts a name: in `Varga, Mara` what stands after the comma is a given name.
    pub fn parse(signed_as: &str) -> Self {
        let (person, group) = signed_as.trim().split_once('\n').unwrap_or((signed_as, ""));
        let group = Some(group.trim()).filter(|group| !group.is_empty()).map(str::to_owned);
        Self { person: person.trim().to_owned(), group }
    }

    /// What `parse` reads.
    pub fn stored(&self) -> String {
        match &self.group {
            Some(group) => format!("{}\n{group}", self.person),
            None => self.person.clone(),
        }
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.person)?;
        self.group.as_ref().map_or(Ok(()), |group| write!(f, ", {group}"))
    }
}

/// What a reminder knows beyond the request it reminds of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// The day the request was sent.
    pub sent_on: NaiveDate,
    /// The last day on which an answer was in time; `None` where the law gives no figure.
    pub due_on: Option<NaiveDate>,
}

/// Which letter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterKind {
    /// The request itself.
    Request,
    /// A polite reminder once the answer is late.
    Reminder(Overdue),
}

impl LetterKind {
    /// The name of its template.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reminder(_) => "reminder",
        }
    }
}

/// All that a letter states. Fields that people fill are values, never templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterFacts {
    /// The language it is written in.
    pub language: Language,
    /// Whether it asks for answers or for documents.
    pub wording: Wording,
    /// The body that is asked, in its own words.
    pub authority_name: String,
    /// A greeting of our own, as `Sehr geehrte Frau Muster`; `None` takes the usual one.
    pub salutation: Option<String>,
    /// The law's name with its article, as `the Freedom of Information Act 2000`.
    pub law: String,
    /// What the request rests on, as the law's language puts it after "under".
    pub basis: String,
    /// One sentence on the time limit, where the law gives one.
    pub deadline: Option<String>,
    /// The bundle's title in the letter's language.
    pub topic: String,
    /// What is asked, in order.
    pub questions: Vec<AskedQuestion>,
    /// The time asked about.
    pub period: Period,
    /// Who signs.
    pub signed_as: Signature,
    /// Where the answer goes.
    pub reply_address: String,
    /// Our public reference.
    pub reference: String,
    /// The day on the letter.
    pub written_on: NaiveDate,
}

/// Where a request stands, as a letter about its time says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStands {
    /// The time still runs.
    Running,
    /// Its last day has passed, but it is too early to call that late.
    Ended,
    /// Late since a day.
    Late(NaiveDate),
    /// Silence counts as a refusal since a day.
    RefusedBySilence(NaiveDate),
    /// The clock has stood still since a day.
    StandsStill(NaiveDate),
    /// The law names no day.
    NoDay,
    /// The authority decided on a day.
    Decided(NaiveDate),
}

impl TimeStands {
    /// Its word in the templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Late(_) => "late",
            Self::RefusedBySilence(_) => "refused",
            Self::StandsStill(_) => "still",
            Self::NoDay => "no_day",
            Self::Decided(_) => "decided",
        }
    }

    /// Its day.
    pub const fn on(self) -> Option<NaiveDate> {
        match self {
            Self::Late(on) | Self::RefusedBySilence(on) | Self::StandsStill(on) | Self::Decided(on) => {
                Some(on)
            }
            Self::Running | Self::Ended | Self::NoDay => None,
        }
    }
}

/// A remedy that is open to the one who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRight {
    /// Which, as `complaint`.
    pub step: &'static str,
    /// What it is called where it is used.
    pub name: Option<String>,
    /// Who hears it.
    pub body: Option<String>,
    /// Its last day, where the law sets one.
    pub last_on: Option<NaiveDate>,
}

/// What a paragraph on the time of a request states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFacts {
    /// The language it is written in.
    pub language: Language,
    /// What the request rests on, as the language puts it after "under".
    pub basis: String,
    /// The law's sentence on time.
    pub deadline: Option<String>,
    /// The provision that the last day was counted by.
    pub rule: String,
    /// The day of receipt.
    pub received_on: NaiveDate,
    /// The last day in force.
    pub due_on: Option<NaiveDate>,
    /// The law says "should".
    pub target: bool,
    /// More time was claimed and counts.
    pub extended: bool,
    /// Where it stands.
    pub stands: TimeStands,
    /// What may be done now.
    pub own: Option<OwnRight>,
}

/// A letter as it will be sent: plain text, `\n` line ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject, one line.
    pub subject: String,
    /// The text, wrapped.
    pub body: String,
}

/// A date as the language writes it in running text: `1 January 2023`, `1er janvier 2023`.
pub fn written_date(date: NaiveDate, language: Language) -> String {
    let day = match (language, date.day()) {
        (Language::German, day) => format!("{day}."),
        (Language::French, 1) => "1er".to_owned(),
        (Language::Italian, 1) => "1º".to_owned(),
        (Language::Greek, 1) => "1η".to_owned(),
        (_, day) => day.to_string(),
    };
    let names = months(language);
    let month =
        names.iter().zip(1..).find(|(_, number)| *number == date.month()).map_or("", |(name, _)| name);
    format!("{day} {month} {}", date.year())
}

#[rustfmt::skip] // one name a line would be sixty lines
const fn months(language: Language) -> [&'static str; 12] {
    match language {
        Language::English => [
            "January", "February", "March", "April", "May", "June",
            "July", "August", "September", "October", "November", "December",
        ],
        Language::German => [
            "Januar", "Februar", "März", "April", "Mai", "Juni",
            "Juli", "August", "September", "Oktober", "November", "Dezember",
        ],
        Language::French => [
            "janvier", "février", "mars", "avril", "mai", "juin",
            "juillet", "août", "septembre", "octobre", "novembre", "décembre",
        ],
        Language::Italian => [
            "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
            "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
        ],
        // Genitive: a date is "the 3rd of December" in Greek.
        Language::Greek => [
            "Ιανουαρίου", "Φεβρουαρίου", "Μαρτίου", "Απριλίου", "Μαΐου", "Ιουνίου",
            "Ιουλίου", "Αυγούστου", "Σεπτεμβρίου", "Οκτωβρίου", "Νοεμβρίου", "Δεκεμβρίου",
        ],
    }
}
