//! The language of a reply: by its small words and phrases first, by letter statistics where those are few.

use crate::domain::incoming::phrases::Phrasebook;
use crate::domain::incoming::reading::{Letter, Place, Prepared};
use crate::domain::incoming::text::{Word, first, is_letter, words};
use whatlang::Lang;

/// So much of a letter is looked at, in characters.
const MOST: usize = 6_000;
/// How many words are counted.
const MOST_WORDS: usize = 600;

/// How much speaks for each language, in the order of their codes.
#[derive(Debug, Default)]
struct Scores<'l>(Vec<(&'l str, f64)>);

impl<'l> Scores<'l> {
    fn add(&mut self, language: &'l str, score: f64) {
        match self.0.binary_search_by_key(&language, |(known, _)| *known) {
            Ok(at) => self.0.get_mut(at).into_iter().for_each(|(_, sum)| *sum += score),
            Err(at) => self.0.insert(at, (language, score)),
        }
    }

    fn has(&self, language: &str) -> bool {
        self.0.binary_search_by_key(&language, |(known, _)| *known).is_ok()
    }
}

/// The language as BCP 47, `None` if unsure.
pub fn detect(letter: &Letter<'_>, prepared: &Prepared<'_>, book: &Phrasebook) -> Option<String> {
    let body = first(letter.body, MOST);
    // What was cut into words already is not cut again.
    let section = prepared.sections.iter().find(|s| s.place == Place::Body && s.text == body);
    let mut letters = count_letters(body);
    let longer;
    let cut;
    let (sample, found) = if let Some(section) = section.filter(|_| letters >= FEWEST_LETTERS) {
        (body, section.words.as_slice())
    } else {
        longer = if letters < FEWEST_LETTERS { with_more(body, letter) } else { body.to_owned() };
        letters = count_letters(&longer);
        cut = words(&longer);
        (longer.as_str(), cut.as_slice())
    };
    let mut scores = Scores::default();
    add_stopwords(found, book, &mut scores);
    for hit in prepared.hits() {
        scores.add(&hit.phrase.language, f64::from(hit.phrase.weight));
    }
    add_stems(found, &mut scores);
    if !is_clear(&scores, letters) {
        add_statistics(sample, letters, &mut scores);
    }
    let (code, score) = scores.0.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    if score < 1.0 {
        return None;
    }
    Some(with_script(code, sample))
}

/// How many letters a text has, up to as many as matter.
fn count_letters(text: &str) -> usize {
    text.chars().filter(|c| is_letter(*c)).take(MOST_LETTERS).count()
}

/// More letters than these tell nothing more of how far statistics are to be believed.
const MOST_LETTERS: usize = 600;

/// A body of fewer letters tells no language by itself.
const FEWEST_LETTERS: usize = 40;

/// The body with subject and attachments below it.
fn with_more(body: &str, letter: &Letter<'_>) -> String {
    let mut sample = body.to_owned();
    sample.push('\n');
    sample.push_str(first(letter.subject, 500));
    for (_, text) in letter.attachments {
        sample.push('\n');
        sample.push_str(first(text, 4_000));
    }
    sample
}

/// Each small word counts once for each language that has it, less if many have it.
fn add_stopwords<'b>(found: &[Word], book: &'b Phrasebook, scores: &mut Scores<'b>) {
    for word in found.iter().take(MOST_WORDS) {
        let languages = book.languages_of(&word.folded);
        if languages.is_empty() {
            continue;
        }
        let share = match languages.len() {
            1 => 1.0,
            many => 1.0 / f64::from(u32::try_from(many).unwrap_or(1)).powf(1.5),
        };
        for language in languages {
            scores.add(language, share);
        }
    }
}

/// Whether the letters' statistics, which cost more than all else here, could not change the outcome.
fn is_clear(scores: &Scores<'_>, letters: usize) -> bool {
    let (mut best, mut next) = (0.0_f64, 0.0_f64);
    for (_, score) in &scores.0 {
        if *score > best {
            (best, next) = (*score, best);
        } else {
            next = next.max(*score);
        }
    }
    best >= 1.0 && best - next > most_of_statistics(letters)
}

/// The most that statistics add to one language.
fn most_of_statistics(letters: usize) -> f64 {
    let words = u32::try_from(letters / 6).unwrap_or(u32::MAX).min(100);
    f64::from(words) * 0.1 + 0.5
}

fn add_statistics(sample: &str, letters: usize, scores: &mut Scores<'_>) {
    if letters < 20 {
        return;
    }
    let Some(info) = whatlang::detect(sample) else { return };
    let Some(code) = two_letters(info.lang()) else { return };
    let words = u32::try_from(letters / 6).unwrap_or(u32::MAX).min(100);
    let weight = info.confidence() * f64::from(words) * 0.1 + 0.5;
    // The statistics know Serbian in Cyrillic only, so "Croatian" may be either: the words decide.
    let codes: &[&str] = if info.lang() == Lang::Hrv { &["hr", "sr"] } else { &[code] };
    for code in codes {
        scores.add(code, weight);
    }
}

/// Stems that Croatian and Serbian write in two ways, folded; officials use them in every letter.
const CROATIAN: &[&str] = &[
    "zahtjev",
    "rjesenj",
    "rijes",
    "obavijest",
    "obavjesc",
    "obavjestava",
    "odjel",
    "opcin",
    "povjereni",
    "djelomi",
    "djelat",
    "tjed",
    "priopc",
    "izvjes",
    "mjest",
    "mjer",
    "vrijed",
    "vrijem",
    "slijed",
    "sljed",
    "prijed",
    "prijenos",
    "cijen",
    "rijec",
    "uvjet",
    "uvijek",
    "ovdje",
    "gdje",
    "prije",
    "poslije",
    "svjed",
    "sukladno",
    "tocka",
    "tocke",
    "clanka",
    "clanku",
    "stavka",
    "stavku",
    "vijec",
    "tisuc",
    "promet",
    "izvrsenj",
    "tijel",
    "tijek",
    "dvije",
    "lijep",
];
const SERBIAN: &[&str] = &[
    "zahtev",
    "resenj",
    "obavest",
    "odeljen",
    "opstin",
    "povereni",
    "delimic",
    "delatn",
    "nedelj",
    "saopst",
    "izvest",
    "mesto",
    "mesta",
    "mestu",
    "mera",
    "mere",
    "vreme",
    "sledec",
    "sled",
    "prevod",
    "prenos",
    "cena",
    "cene",
    "uslov",
    "uvek",
    "ovde",
    "gde",
    "pre",
    "posle",
    "sveden",
    "tacka",
    "tacke",
    "clana",
    "clanu",
    "stava",
    "stavu",
    "vece",
    "hiljad",
    "saobrac",
    "sprovo",
    "bezbed",
    "organ",
    "dve",
    "lep",
    "sta",
    "ko",
    "policijsk",
    "evra",
    "dinar",
];

/// The stems decide between Croatian and Serbian, whose small words are mostly the same.
fn add_stems(found: &[Word], scores: &mut Scores<'_>) {
    if !scores.has("hr") || !scores.has("sr") {
        return;
    }
    let count = |stems: &[&str]| {
        let whole = |w: &Word, s: &str| if s.len() <= 4 { w.folded == s } else { w.folded.starts_with(s) };
        let hits = found.iter().take(MOST_WORDS).filter(|w| stems.iter().any(|s| whole(w, s))).count();
        f64::from(u32::try_from(hits).unwrap_or(u32::MAX))
    };
    let (croatian, serbian) = (count(CROATIAN), count(SERBIAN));
    scores.add("hr", croatian - serbian.min(croatian));
    scores.add("sr", serbian - serbian.min(croatian));
}

fn two_letters(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Ita => "it",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Pol => "pl",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Bul => "bg",
        Lang::Ell => "el",
        Lang::Ron => "ro",
        Lang::Hun => "hu",
        Lang::Fin => "fi",
        Lang::Est => "et",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "no",
        Lang::Cat => "ca",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Rus => "ru",
        _ => return None,
    })
}

/// Serbian is written in two scripts; Norwegian is told by its most common words.
fn with_script(code: &str, sample: &str) -> String {
    match code {
        "sr" => {
            let cyrillic = sample.chars().filter(|c| matches!(c, '\u{400}'..='\u{4ff}')).count();
            let all = sample.chars().filter(|c| is_letter(*c)).count();
            if cyrillic * 2 > all { "sr-Cyrl".to_owned() } else { "sr-Latn".to_owned() }
        }
        "no" => {
            if is_nynorsk(sample) {
                "nn".to_owned()
            } else {
                "nb".to_owned()
            }
        }
        other => other.to_owned(),
    }
}

/// Words that only one of the two written forms of Norwegian has.
const NYNORSK: &[&str] = &[
    "ikkje",
    "eg",
    "dykk",
    "dykkar",
    "ein",
    "eit",
    "vert",
    "vart",
    "frå",
    "noko",
    "nokre",
    "korleis",
    "kva",
    "kvar",
    "meir",
    "berre",
    "hjå",
    "motteke",
    "me",
    "førespurnad",
    "førespurnaden",
    "opplysningar",
    "saka",
    "vore",
    "vere",
    "helsing",
    "venleg",
    "desse",
    "tilvising",
    "lova",
    "vidare",
    "framleis",
    "gjev",
    "gje",
];
const BOKMAL: &[&str] = &[
    "ikke",
    "jeg",
    "dere",
    "deres",
    "en",
    "et",
    "ble",
    "fra",
    "noe",
    "noen",
    "hvordan",
    "hva",
    "hvor",
    "mer",
    "bare",
    "hos",
    "mottatt",
    "vi",
    "forespørsel",
    "forespørselen",
    "opplysninger",
    "saken",
    "vært",
    "være",
    "hilsen",
    "vennlig",
    "disse",
    "henvisning",
    "loven",
    "videre",
    "fortsatt",
    "gir",
    "gi",
];

fn is_nynorsk(sample: &str) -> bool {
    let lower = sample.to_lowercase();
    let (mut nynorsk, mut bokmal) = (0, 0);
    for word in lower.split(|c: char| !c.is_alphanumeric()) {
        nynorsk += usize::from(NYNORSK.contains(&word));
        bokmal += usize::from(BOKMAL.contains(&word));
    }
    nynorsk >= 2 && nynorsk > bokmal
}
