//! Provisions that a reply cites for what it does.

use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::section::{Prepared, Section};
use crate::domain::incoming::reading::{Ground, Kind};
use regex::Regex;
use std::sync::LazyLock;

/// How many provisions are kept.
const MOST: usize = 12;

/// Parts of a provision below its paragraph, in the abbreviations of all our languages.
const BELOW: &str = r"(?:Abs|Absatz|Satz|Nr|Nummer|Ziff|Ziffer|Z|Bst|Buchst|Buchstabe|lit|let|lett|litt|lett|odst|odstavec|ods|písm|pism|ust|pkt|punkt|par|παρ|περ|περιπτ|ал|т|став|stav|stavka|stavak|stavkom|тачка|тачке|točka|točke|točki|točko|al|alin|alinea|aliné|comma|co|lid|onder|sub|stk|stykke|nr|nummer|mom|moment|momentin|momentti|kohta|kohdan|kohdassa|p|punkten|st|stycket|lõige|lõike|lg|punkti|bekezdés|bekezdése|pont|pontja|dalis|dalies|daļa|daļas|n\.?\s?º|n\.?\s?°|nº|n°|n|alínea|alíneas|apartado|número|letra|ap|er|al\.|§)";

static CITE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let figure = r"(?:\d{1,4}(?:[a-z]\b|[º°])?(?:\.[ªº])?)";
    let letter = r"[a-zа-яα-ω](?:\)|\b)";
    // Before a letter the abbreviation must have ended, or the last of "lett." were taken for one.
    let below = format!(
        r"(?:,?\s{{0,2}}(?:{BELOW})(?:\.?[\s\u{{a0}}]{{0,2}}{figure}|(?:\.[\s\u{{a0}}]{{0,2}}|[\s\u{{a0}}]{{1,2}}){letter})\)?|[\s\u{{a0}}]?\((?:\d{{1,2}}|[a-z]{{1,3}})\)|,\s(?:\d{{1,2}}[º°]|[a-z]\))|\s(?:et|e|y|und|and|en|och|og|ja|i)\s[a-z]\))"
    );
    let head = r"(?:§{1,2}|\b(?i:art(?:icles?|ikels?|ikel|icolo|icoli|ículos?|ículo|igos?|igo)?|čl|čl[aá]nk\p{L}*|чл|член\p{L}*|члан\p{L}*|άρθρ\p{L}+|sections?|sec|s|člen\p{L}*)\.?|\b[LR]\.)";
    let number = r"(?:[LRD]\.?[\s\u{a0}]?)?(?:[IVX]{1,4}\.)?\d{1,4}(?:[a-z]\b|(?:-(?:\d{1,3}|bis|ter))|(?:\.\d{1,3}\b))?[º°.]{0,2}(?:bis|ter|quater)?";
    let leading = format!(r"{head}[\s\u{{a0}}]{{0,2}}{number}(?:{below})*");
    let nordic = format!(
        r"\b(?:\d{{1,2}}[\s\u{{a0}}]?kap\.?[\s\u{{a0}}])?\d{{1,3}}[a-z]?\.?[\s\u{{a0}}]?§(?::\p{{L}}+|-\p{{L}}+)?(?:[\s\u{{a0}}]\d{{1,2}}\.?[\s\u{{a0}}](?:mom|moment\p{{L}}*|st|stycket|p|punkt\p{{L}}*|koh\p{{L}}+)\.?|{below})*"
    );
    let trailing = r"\b\d{1,3}\.?[\s\u{a0}](?:člen\p{L}*|straipsn\p{L}*|pant\p{L}*|члан\p{L}*)(?:[\s\u{a0}]\d{1,2}\.?[\s\u{a0}](?:dal\p{L}*|daļ\p{L}*|odstav\p{L}*|punkt\p{L}*))*";
    Regex::new(&format!("(?:{leading})|(?:{nordic})|(?:{trailing})")).ok()
});

/// The short name of a law right after a provision: `IFG`, `ЗДОИ`, `des IFG`, `AvTS`.
static LAW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[\s\u{a0},]{0,2}(?:(?:des|der|of the|of|от|de la|del|dello|de l'|van de|van het|zákona č\.|zákona|ustawy|ν\.|ZoSI|της|του)[\s\u{a0}])?(?:(?:D\.\s?[Ll]gs\.?|L\.|D\.P\.R\.|[NnΝν]\.)[\s\u{a0}]?(?:n\.[\s\u{a0}]?)?\d{1,4}/\d{4}|\p{Lu}[\p{L}-]*\p{Lu}\p{L}*(?:[\s\u{a0}](?:\p{Lu}{2,4}|M-V|S-H)\b)?|\d{1,4}/\d{4})(?:[\s\u{a0}](?:Sb|Z\. z|Coll)\.)?").ok()
});

/// Provisions of the sentences that carry the reply's own step.
pub fn grounds(prepared: &Prepared<'_>, kind: Kind) -> Vec<Ground> {
    if matches!(kind, Kind::Automatic | Kind::Bounce | Kind::Other | Kind::Acknowledgement) {
        return Vec::new();
    }
    let near = collect(prepared, |section, sentence| carries(section, sentence, kind));
    if !near.is_empty() {
        return near;
    }
    collect(prepared, |section, sentence| !section.is_recital(sentence))
}

fn collect(prepared: &Prepared<'_>, wanted: impl Fn(&Section<'_>, usize) -> bool) -> Vec<Ground> {
    let Some(regex) = CITE.as_ref() else { return Vec::new() };
    let mut grounds: Vec<Ground> = Vec::new();
    for section in &prepared.sections {
        for found in regex.find_iter(&section.text).take(200) {
            let index = section.words.partition_point(|w| w.end <= found.start());
            let Some(sentence) = section.words.get(index).map(|w| w.sentence) else { continue };
            if !wanted(section, sentence) {
                continue;
            }
            let after = section.text.get(found.end()..).unwrap_or_default();
            let law = LAW.as_ref().and_then(|r| r.find(after)).map_or("", |m| m.as_str());
            let cite = format!("{}{law}", found.as_str().trim_end_matches([',', ' ', '.']));
            let cite = cite.split_whitespace().collect::<Vec<_>>().join(" ");
            if grounds.len() < MOST && !grounds.iter().any(|g| g.cite == cite) {
                grounds.push(Ground { cite, regime: None, category: None });
            }
        }
    }
    grounds
}

/// A sentence carries the step if it or the one before or after it has a phrase of the kind.
fn carries(section: &Section<'_>, sentence: usize, kind: Kind) -> bool {
    let speaks = |hit: &Hit<'_>| {
        hit.phrase.list.as_str() == kind.as_str()
            || (kind == Kind::Partial && matches!(hit.phrase.list, List::Refusal | List::Full))
    };
    section.hits.iter().filter(|h| speaks(h) && !section.is_recited(h)).any(|h| {
        match section.sentence_of(h).abs_diff(sentence) {
            0 => true,
            1 => !section.is_recital(sentence),
            // A refusal goes on for some sentences, each with the provision for its own part.
            2 => matches!(kind, Kind::Refusal | Kind::Partial) && !section.is_recital(sentence),
            _ => false,
        }
    })
}
