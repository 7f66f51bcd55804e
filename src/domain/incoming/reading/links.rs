//! Links that hand over documents, and until when they work.

use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::reading::amounts::{Numbers, amount_before, number_words};
use crate::domain::incoming::reading::dates::Calendar;
use crate::domain::incoming::reading::section::{Prepared, Section};
use crate::domain::incoming::reading::{Evidence, Link};
use crate::domain::incoming::text::fold;
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
/// What a link must be worth to hand over documents.
const ENOUGH: i32 = 2;

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
const FETCH: &str = "download herunterlad heruntergel abruf abgeruf telecharg descarg scaric stahn stahnout stiahn pobra \
    preuz letolt ladda hamta hent laste ned λαβετε ληψη κατεβ izteglj iztegl prevzem prevzet presem lejupiel atsisi lataa \
    lada allalaad descarc abholen bereitgestellt fetch retrieve consult odkaz link lien enlace laczem veznica povezav \
    συνδεσμ saite nuorod lank lenke linkk viit zugang access pristup adgang";
/// Beginnings of words of how long something works, folded.
const LASTS: &str = "available valid expir accessible delete remove gultig verfugbar ablauf lauft verfall gelosch bereit \
    online abrufbar platn dostupn smaz vymaz wazn dostepn usuni valable disponib accessib supprim scad valid validit \
    caduc vigent beschikbaar geldig verloop vervalt gyldig tilgjeng tilgaeng udlob slett giltig tillgang raderas upphor \
    kehti saadaval voimassa saatavilla vanhen galioj pasiek derig pieejam elerheto ervenyes διαθεσιμ ισχυ ληγ nalicn valid \
    dostopn velja potec vazi vredi dostapn dostapen istic valab disponibil expira";

static FETCHING: LazyLock<Vec<String>> = LazyLock::new(|| FETCH.split_whitespace().map(fold).collect());
static LASTING: LazyLock<Vec<String>> = LazyLock::new(|| LASTS.split_whitespace().map(fold).collect());

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
            if known || links.len() >= MOST || worth(url, section, at) < ENOUGH {
                continue;
            }
            let sentences = (first.sentence.saturating_sub(1), first.sentence + REACH);
            let after = section.words.partition_point(|w| w.start < found.start() + url.len());
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
fn worth(url: &str, section: &Section<'_>, at: usize) -> i32 {
    let lower = url.to_lowercase();
    let bare = lower.trim_start_matches("https://").trim_start_matches("http://");
    let path = bare.split_once('/').map_or("", |(_, path)| path);
    if path.is_empty() || OTHERS.iter().any(|other| lower.contains(other)) {
        return 0;
    }
    let file = path.split(['?', '#']).next().is_some_and(|p| FILES.iter().any(|end| p.ends_with(end)));
    let share = SHARES.iter().any(|share| bare.contains(share));
    let key = url.len() > bare.len().min(8) && KEY.as_ref().is_some_and(|r| r.is_match(url));
    let sentence = section.words.get(at).map_or(0, |w| w.sentence);
    let around = section.words.iter().enumerate().filter(|(i, w)| *i < at && w.sentence + 1 >= sentence);
    let fetch = around.map(|(_, w)| w).any(|w| starts(&FETCHING, &w.folded));
    let gives = section
        .hits
        .iter()
        .any(|h| h.phrase.list == List::Full && section.sentence_of(h).abs_diff(sentence) <= 1);
    let below = section.words.get(at).is_some_and(|w| section.is_below_closing(w));
    i32::from(file) * 2 + i32::from(share) + i32::from(key) + i32::from(fetch) + i32::from(gives)
        - i32::from(below) * 2
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
    let dates = calendar.dates(&section.text, &section.words).into_iter().filter(|dated| {
        let index = section.words.partition_point(|w| w.end <= dated.start);
        let sentence = section.words.get(index).map(|w| w.sentence);
        outside(index)
            && sentence.is_some_and(|s| lasts.contains(&s))
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
