//! Links that hand over documents, and until when they work.

use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::reading::amounts::{Numbers, amount_before, number_words};
use crate::domain::incoming::reading::dates::Calendar;
use crate::domain::incoming::reading::section::{Prepared, Section};
use crate::domain::incoming::reading::{Evidence, Link};
use crate::domain::incoming::text::{Word, fold};
use crate::domain::passwords;
use chrono::{Months, NaiveDate, TimeDelta};
use regex::Regex;
use std::cell::LazyCell;
use std::sync::LazyLock;

/// So many links of a letter are looked at, and so many kept.
const MOST_SEEN: usize = 200;
const MOST: usize = 20;
/// How many sentences after a link may say until when it works.
const REACH: usize = 3;
/// What is said of a link where the letter tells a password.
const PASSWORD_GIVEN: &str = "password given in the mail";
/// So few words offer nothing by themselves.
const FEW: usize = 1;
/// What a link must be worth to hand over documents.
const ENOUGH: i32 = 2;
/// What offers a link stands within so many words of it.
const OFFERED: usize = 60;

static URL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\b(?:https?://|www\.)[^\s<>"'«»„“”\[\]{}|\\^`]{4,2000}"#).ok());
static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i:https?://|www\.)").ok());
/// A piece of a path or query that no person would type: the key to a share.
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[/=][A-Za-z0-9_-]*(?:[0-9][A-Za-z_-]*[A-Za-z][A-Za-z0-9_-]*|[A-Za-z][A-Za-z_-]*[0-9][A-Za-z0-9_-]*)(?:[/?&#]|$)").ok()
});

/// Endings of documents.
const FILES: &[&str] = &[
    ".pdf", ".zip", ".docx", ".doc", ".xlsx", ".xls", ".odt", ".ods", ".csv", ".7z", ".rtf", ".pptx", ".txt",
    ".tif", ".mp4",
];
/// Pieces of hosts and paths of services that hand over files.
const SHARES: &[&str] = &[
    "download",
    "share",
    "transfer",
    "cloud",
    "filesend",
    "sendfile",
    "files.",
    "/files",
    "dropbox",
    "drive.",
    "onedrive",
    "owncloud",
    "dataroom",
    "datenraum",
    "/s/",
    "/dl/",
    "herunterladen",
    "filer",
    "upload",
    "dokument",
    "document",
    "attach",
    "uschovna",
    "box.",
    "/get/",
    "/d/",
];
/// Pieces of links that hand over nothing.
const OTHERS: &[&str] = &[
    "unsubscribe",
    "abmelden",
    "desinscri",
    "tracking",
    "/track",
    "utm_",
    "facebook.",
    "twitter.",
    "x.com/",
    "linkedin.",
    "instagram.",
    "youtube.",
    "privacy",
    "datenschutz",
    "impressum",
    "gdpr",
    "survey",
    "umfrage",
    "ankiet",
    "enquet",
    "encuesta",
    "sondag",
    "kysely",
    "dotazn",
    "newsletter",
    "/kontakt",
    "/contact",
    "eur-lex",
    "legifrance",
    "gesetze-im",
    "legislation.",
    "mailto:",
    "aka.ms",
    "safelinks",
    "disclaimer",
    "ombudsm",
    "/login",
    "cookie",
    "feedback",
    "satisfaction",
];
/// Beginnings of words of fetching a file, folded.
const FETCH: &str = "download herunterlad herunterzulad heruntergel abruf abgeruf abzuruf telecharg descarg scaric stahn stahnout \
    stiahn pobra pobier preuz letolt toltheti toltse tolthet ladda hamta hent nedlast λαβετε ληψη κατεβ izteglj iztegl iztegli prevzem prevzet presem \
    lejupiel atsisi parsisi lataa ladattav lada allalaad laadi descarc abhol abzuhol bereitgestellt bereitsteh fetch \
    retrieve transferez svalja sval preveze prezem dosegljiv afhal opgehaald ophalen ophaal recoger recolh";
/// Beginnings of words for a link or for finding something behind one, folded.
const POINT: &str = "odkaz link lien enlace ligac laczem veznica povezav poveznic συνδεσμ saite nuorod lank lenke linkk \
    hivatkoz viit zugang access pristup adgang naleznete finden trouv encontr trov vind find znajd najdete loyty leiate \
    atrod rasit talalh gasiti βρειτε nadete najdete namerite folder dossier ordner mappe accede toegang acced available \
    verfugbar einseh konsult consult";
/// Beginnings of words for what was asked for, folded.
const PAPERS: &str = "document dokument asiakirj irat unterlag akte akten aktst dossier piece record file datei fichier archivo \
    ficheiro tiedosto fail datot subor soubor plik fajl fisier αρχει εγγραφ dokoment zapis rapport report raport bericht \
    vertrag contract contrat contrato kontrakt umow smlouv zmluv szerzodes szerzodest leping ligum sutart pogodb     ugovor dogovor συμβαση handling allmanna stukken bescheid copies copias copie kopi kopij analyz gutachten antwort \
    materiaal material atti documentaz avtal sopimu zalacznik priloh annex anhang anlage";
/// Beginnings of words for what a link is given for beside the documents: to read more, to complain, to fill in, folded.
const BESIDE: &str = "information informac informazion informatii informat informas informaci tietoa lisatie siehe also auch \
    egalement tambien tambem anche ook ocksa ogsa rovnez takze taky rowniez website homepage webseit guidance hinweis \
    law laws gesetz policy privacy form forms formul modul formulaire lomake blankett skjema urlap obrazec obrazac veidlap vorm \
    complain appeal beschwerd recours ricors klacht odwol stiznost panasz recurs zalba pritozb ankiet enquet encuest sondag kysel dotazn anket \
    umfrage survey undersok undersog kerdoiv chestionar inquerit";
/// Beginnings of words of how long something works, folded.
const LASTS: &str = "available valid expir accessible delete remove gultig verfugbar ablauf lauft verfall gelosch bereit \
    online abrufbar platn dostupn smaz vymaz wazn dostepn usuni valable disponib accessib supprim scad valid validit \
    caduc vigent beschikbaar geldig verloop vervalt gyldig tilgjeng tilgaeng udlob slett giltig tillgang raderas upphor \
    kehti saadaval voimassa saatavilla vanhen galioj pasiek derig pieejam elerheto ervenyes διαθεσιμ ισχυ ληγ nalicn valid \
    dostopn velja potec vazi vredi dostapn dostapen istic valab disponibil expira";

type Stems = LazyLock<Vec<String>>;

static FETCHING: Stems = LazyLock::new(|| FETCH.split_whitespace().map(fold).collect());
static POINTING: Stems = LazyLock::new(|| POINT.split_whitespace().map(fold).collect());
static PAPER: Stems = LazyLock::new(|| PAPERS.split_whitespace().map(fold).collect());
static BESIDES: Stems = LazyLock::new(|| BESIDE.split_whitespace().map(fold).collect());
static LASTING: Stems = LazyLock::new(|| LASTS.split_whitespace().map(fold).collect());

/// The links of a letter that hand over documents, with the sentence around each.
pub fn links(
    prepared: &Prepared<'_>,
    calendar: &Calendar<'_>,
    language: Option<&str>,
    book: &Phrasebook,
) -> Vec<Link> {
    let Some(regex) = URL.as_ref() else { return Vec::new() };
    let mut links: Vec<Link> = Vec::new();
    let numbers = LazyCell::new(|| number_words(language, book));
    // Looked for only where a link is kept: most letters have none.
    let locked = LazyCell::new(|| prepared.sections.iter().any(|s| !passwords::places(&s.text).is_empty()));
    for section in &prepared.sections {
        // The pattern costs more than a look for what no link is without.
        if MARK.as_ref().is_some_and(|mark| !mark.is_match(&section.text)) {
            continue;
        }
        for found in regex.find_iter(&section.text).take(MOST_SEEN) {
            let url = trimmed(found.as_str());
            let at = section.words.partition_point(|w| w.end <= found.start());
            let Some(first) = section.words.get(at) else { continue };
            let known = links.iter().any(|link| link.url == url);
            if known || links.len() >= MOST {
                continue;
            }
            let after = section.words.partition_point(|w| w.start < found.start() + url.len());
            let offer = offering(section, (at, after));
            if worth(url, section, at, &offer) < ENOUGH {
                continue;
            }
            let above =
                offer.first().map_or(first.sentence, |w| w.sentence).min(first.sentence.saturating_sub(1));
            let sentences = (above, first.sentence + REACH);
            let expires_on = ends(section, sentences, (at, after), (calendar, &*numbers));
            // The sentence may end within the link, at a question mark; the passage goes on to the link's end.
            let start = section.words_of(first.sentence).first().map_or(found.start(), |w| w.start);
            let end = found.start() + url.len();
            let Some(text) = section.text.get(start.min(found.start())..end) else { continue };
            let evidence = Evidence { text: text.to_owned(), place: section.place.label() };
            links.push(Link {
                url: url.to_owned(),
                expires_on,
                note: locked.then(|| PASSWORD_GIVEN.to_owned()),
                evidence,
            });
        }
    }
    links
}

/// Without the marks that close the sentence or bracket in which it stands.
fn trimmed(url: &str) -> &str {
    let mut url = url;
    while let Some(last) = url.chars().next_back() {
        let unopened = last == ')' && url.matches('(').count() < url.matches(')').count();
        if !(unopened || matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '*' | '…')) {
            break;
        }
        url = url.get(..url.len() - last.len_utf8()).unwrap_or_default();
    }
    url
}

/// How much speaks for a link handing over a document.
fn worth(url: &str, section: &Section<'_>, at: usize, offer: &[&Word]) -> i32 {
    let lower = url.to_lowercase();
    let bare = lower.trim_start_matches("https://").trim_start_matches("http://");
    let path = bare.split_once('/').map_or("", |(_, path)| path);
    if path.is_empty() || OTHERS.iter().any(|other| lower.contains(other)) {
        return 0;
    }
    let file = path.split(['?', '#']).next().is_some_and(|p| FILES.iter().any(|end| p.ends_with(end)));
    let share = SHARES.iter().any(|share| bare.contains(share));
    let key = url.len() > bare.len().min(8) && KEY.as_ref().is_some_and(|r| r.is_match(url));
    let says = |stems: &[String]| offer.iter().any(|w| starts(stems, &w.folded));
    let first = offer.first().map_or(0, |w| w.sentence);
    let last = section.words.get(at).map_or(first, |w| w.sentence);
    let gives = section.hits.iter().any(|h| {
        h.phrase.list == List::Full && (first..=last).contains(&section.sentence_of(h)) && h.first < at
    });
    let fetch = says(&FETCHING);
    let papers = says(&PAPER) && (gives || says(&POINTING));
    // "See also": what is for reading more is not what was asked for, unless the letter says to fetch it or gives it.
    if !fetch && !gives && offer.iter().any(|w| is_beside(&w.folded)) {
        return 0;
    }
    let below = section.words.get(at).is_some_and(|w| section.is_below_closing(w));
    let alone = offer.is_empty() && file;
    i32::from(fetch || papers || alone) * 2 + i32::from(gives) + i32::from(file || share || key)
        - i32::from(below) * 2
}

/// The words that can offer a link: of its sentence up to the links beside it, and where that has none before it, of
/// those above it that are not mere links ("You may fetch the files here:", one link a line).
fn offering<'s>(section: &'s Section<'_>, (at, after): (usize, usize)) -> Vec<&'s Word> {
    let Some(sentence) = section.words.get(at).map(|w| w.sentence) else { return Vec::new() };
    let start = |sentence: usize| section.words.partition_point(|w| w.sentence < sentence);
    let is_mark = |i: &usize| {
        section.words.get(*i).is_some_and(|w| matches!(w.folded.as_str(), "http" | "https" | "www"))
    };
    let end = start(sentence + 1);
    let next = (after..end).find(is_mark).unwrap_or(end);
    let mut first = sentence;
    for _ in 0..MOST {
        let own = start(first)..at.min(start(first + 1));
        // What stands behind the link above, which is itself words.
        let links = own.clone().filter(is_mark).count();
        if first == 0
            || (links == 0 && own.len() > FEW)
            || (links > 0 && own.clone().find(is_mark) > Some(own.start + FEW))
        {
            break;
        }
        first -= 1;
    }
    let from = start(first);
    // What is said between two links is said of the second.
    let before = (from..at).rev().find(is_mark).map(|mark| (mark, link_end(section, mark)));
    let own = before.filter(|(_, end)| at.saturating_sub(*end) > FEW).map_or(from, |(_, end)| end);
    let (own, next) = (own.max(at.saturating_sub(OFFERED)), next.min(after + OFFERED));
    section.words.iter().take(at).skip(own).chain(section.words.iter().take(next).skip(after)).collect()
}

/// The first word behind the link that begins at a word.
fn link_end(section: &Section<'_>, mark: usize) -> usize {
    let Some(word) = section.words.get(mark) else { return mark };
    let rest = section.text.get(word.start..).unwrap_or_default();
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    section.words.partition_point(|w| w.start < word.start + length)
}

/// Whether a word says that a link is given for something beside the documents; a short one is no beginning: "form" is,
/// "format" is not.
fn is_beside(folded: &str) -> bool {
    BESIDES
        .iter()
        .any(|stem| if stem.len() <= 4 { stem == folded } else { folded.starts_with(stem.as_str()) })
}

fn starts(stems: &[String], folded: &str) -> bool {
    stems.iter().any(|stem| folded.starts_with(stem.as_str()))
}

/// Until when the link works: a date, or a period from the day of the letter, beside a word of lasting.
fn ends(
    section: &Section<'_>,
    (first, last): (usize, usize),
    (at, after): (usize, usize),
    (calendar, numbers): (&Calendar<'_>, &Numbers),
) -> Option<NaiveDate> {
    let outside = |i: usize| i < at || i >= after;
    let lasts: Vec<usize> = section
        .words
        .iter()
        .enumerate()
        .filter(|(i, w)| (first..=last).contains(&w.sentence) && outside(*i) && starts(&LASTING, &w.folded))
        .map(|(_, w)| w.sentence)
        .collect();
    let own = section.words.get(at).map(|w| w.sentence);
    // "You may fetch them until 4 December": the link's own sentence needs no word of lasting, only of a limit.
    let limited = |index: usize, after: usize| {
        section.hits.iter().any(|h| {
            let end = h.first + h.count;
            h.phrase.list == List::Due
                && ((end <= index && index - end <= 2)
                    || (h.first >= index && h.first.saturating_sub(after) <= 1))
        })
    };
    let dates = calendar.dates(&section.text, &section.words).into_iter().filter(|dated| {
        let index = section.words.partition_point(|w| w.end <= dated.start);
        let behind = section.words.partition_point(|w| w.start < dated.end);
        let sentence = section.words.get(index).map(|w| w.sentence);
        let fetched = |s: usize| {
            let words = section.words_of(s);
            (first..=last).contains(&s)
                && words.iter().any(|w| starts(&FETCHING, &w.folded) || starts(&POINTING, &w.folded))
        };
        outside(index)
            && sentence.is_some_and(|s| {
                lasts.contains(&s) || (limited(index, behind) && (sentence == own || fetched(s)))
            })
            && calendar.sent_on().is_none_or(|d| dated.day >= d)
    });
    if let Some(dated) = dates.min_by_key(|d| d.start) {
        return Some(dated.day);
    }
    let sent_on = calendar.sent_on()?;
    section.hits.iter().find_map(|hit| {
        let sentence = section.sentence_of(hit);
        if !lasts.contains(&sentence) || !outside(hit.first) {
            return None;
        }
        let (amount, _) = amount_before(section, hit.first, sentence, numbers)?;
        match hit.phrase.list {
            // Working days are counted as days: too early a warning harms nobody.
            List::Days | List::WorkingDays => sent_on.checked_add_signed(TimeDelta::days(i64::from(amount))),
            List::Weeks => sent_on.checked_add_signed(TimeDelta::weeks(i64::from(amount))),
            List::MonthUnits => sent_on.checked_add_months(Months::new(amount)),
            _ => None,
        }
    })
}
