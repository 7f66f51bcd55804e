//! Provisions where they stand in a letter: one citation each, from its first sign to the number of its law.

use crate::domain::incoming::reading::section::Section;
use crate::domain::law::citation::{Cut, Index, Mentioned, Part};
use crate::domain::law::regime::RegimeId;
use regex::Regex;
use std::sync::LazyLock;

/// How many provisions of one part of a letter are read.
const MOST: usize = 200;

/// A provision that a letter cites.
#[derive(Debug, Clone)]
pub struct Citation {
    /// Byte where it starts in its part of the letter.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
    /// The sentence in which it stands.
    pub sentence: usize,
    /// The steps from the article downwards.
    pub parts: Vec<Part>,
    /// Access laws that are named beside it.
    pub laws: Vec<RegimeId>,
    /// Whether a law is named beside it.
    pub named: bool,
}

/// Words of a level of a provision before or behind its number, in the abbreviations of all our languages.
const LEVEL: &str = r"(?:Abs|Absatz|Satz|Nrn?|Ziff|Z|Bst|lit|let|lett|letras?|odst|ods|písm|ust|pkt|παρ|περ|ал|т|став|ст|stav|st|tač|toč|точка|тачка|алинеја|алинея|al|alin|alinéa|comma|commi|lid|stk|nr|mom|koh\p{L}+|punkt\p{L}*|p|lg|bekezdés\p{L}*|pont\p{L}*|dal\p{L}*|daļ\p{L}*|n\.\s?º|ledd|capoverso|cpv)";

/// What goes on with a provision: `a 3`, `e comma 2, lett. c)`, `2 ja 7 kohta`, `алинеја 2`.
static MORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let joins = r"(?:,|/|(?:,\s)?\b(?:a|i|in|et|e|y|en|und|and|och|og|ja|un|ir|és|și|si|и|και|oraz|lub|ou|o|or|oder)\b)";
    let number = r"\d{1,2}(?:[º°]|\.(?:\D|$))?";
    Regex::new(&format!(
        r"^\.?(?:\s?{joins}\s{LEVEL}\.?\s{{0,2}}{number}|\s(?:i|a|und|and|en|et|e|y|och|ja|и|in|og|un|ir)\s{number}|[\s,]{{1,2}}(?:алинеја|алинея|εδ\.|предл\.|tiret|Spiegelstrich|first|second|third)\s?\S{{0,12}}|,\sletras?\s\p{{Ll}}\)(?:\s[ey]\s\p{{Ll}}\))?|\s\d{{1,2}}\.?(?:\s(?:ja|og|och|in|ir|un)\s\d{{1,2}})?\.?\s(?:koh\p{{L}}+|dal\p{{L}}+|daļ\p{{L}}+))"
    ))
    .ok()
});

/// What may follow a number that goes on with a provision; before anything else it is a number by itself.
static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^\.?(?:\s{{0,2}}$|\s{{0,2}}[,;.:)]|\s(?:\p{{Lu}}|{LEVEL}\b|z[áa]k|ustaw|d\.\s?l|d[ei]l|of\s|der\s|des\s|v\sspoj|ve\sspoj|w\szw|i\.\s?V|από|του|της|от\s|од\s|од\s|Зак|z\s))"
    ))
    .ok()
});

/// The number or date of a law behind a provision: `zákona č. 106/1999 Sb.`, `de la loi du 11 avril 1994`.
static LAW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let law = r"(?:z[áa]kon\p{L}*|ustaw\p{L}*|loi|d[ée]cret\p{L}*|arr[êe]t[ée]|legge|l\.|d\.\s?lgs\.?|d\.?lgs\.?|decreto\s\p{L}+|D\.\s?M\.|d\.p\.r\.|leg(?:ii|ea)|lei|ley|Lei|Ley|RD|wet|Wet|decreet|\p{Ll}*(?:gesetz\p{L}{0,3}|lagen|lag|loven|lova|lain|laki|seadus\p{L}*)|zakon\p{L}*|закон\p{L}*|Закон\p{L}*|[νΝ]\.|[νΝ]όμου|Regulation|regulation|Act|likum\p{L}*|įstatym\p{L}*|törvény\p{L}*|förordning\p{L}*|Verordnung|règlement|Reglament\p{L}*|H\.\s?G\.|Normele|Zakon\p{L}*|Ustaw\p{L}*)";
    let slash = r"\(?(?:(?:n[or]?\.?\s?[º°]?|č\.|č|№|br\.|št\.|nr\.?|No\.?)\s?)?\d{1,4}\s?(?:\(I\))?[/:]\d{4}\)?(?:\s(?:Sb|Z\.\sz|Zb|Coll)\b\.?)?";
    let dated = r"(?:(?:du|van|vom|z\sdnia|de|del|of|från|din|dne|ze\sdne|zo\sdňa)\s)?\d{1,2}\.?(?:er|º)?\s(?:de\s)?\p{Ll}{3,14}\s(?:de\s)?\d{4}(?:\sr\.)?(?:,?\s(?:n\.|nr\.?)\s?\d{1,4}\b)?";
    let number = r"n\.\s?\d{1,4}\sdel\s\d{4}";
    Regex::new(&format!(
        r"^\.?[\s,)]{{0,3}}(?:[\p{{L}}’'.]{{1,7}}\s|l['’]|dell['’])?(?:[\p{{L}}’'.]{{1,5}}\s)?(?:{slash}|{law}(?:,?\s(?:[\p{{L}}’'.-]+,?\s){{0,6}}?|\s)?(?:\((?:EC|EU|EG|CE|UE|ES|WE)\)\s)?(?:{number}|{slash})|{law}(?:,?\s(?:[\p{{L}}’'.-]+\s){{0,6}}?|\s)?{dated})"
    ))
    .ok()
});

/// The short name of a law right behind a provision: `IFG`, `ЗДОИ`, `van de Woo`.
static SHORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[\s,]{0,2}(?:(?:des|der|of the|of|от|од|de la|del|dello|de l['’]|du|van de|van het|zákona|ustawy|της|του)\s)?\p{Lu}[\p{L}-]*\p{Lu}\p{L}*\b(?:\s(?:\p{Lu}{2,4}|M-V|S-H)\b)?").ok()
});

/// Every provision of a part of a letter, in its order.
pub fn cited(section: &Section<'_>, cut: &Cut<'_>, index: &Index) -> Vec<Citation> {
    let text = section.text.as_str();
    let mut cited: Vec<Citation> = Vec::new();
    for found in index.mentioned(cut).into_iter().take(MOST) {
        // What was taken as the rest of the one before is no provision by itself.
        if cited.last().is_some_and(|last| found.start < last.end && found.end <= last.end) {
            continue;
        }
        if is_item(text, &found) {
            continue;
        }
        let at = section.words.partition_point(|w| w.end <= found.start);
        let Some(sentence) = section.words.get(at).map(|w| w.sentence) else { continue };
        let end = end_of(text, &found);
        let Mentioned { start, parts, laws, named, .. } = found;
        cited.push(Citation { start, end, sentence, parts, laws, named });
    }
    cited
}

/// "… as an annex.", and on the next line "2. The contract": a number that begins the next item of a list.
fn is_item(text: &str, found: &Mentioned) -> bool {
    let written = text.get(found.start..found.end).unwrap_or_default();
    let item = text.get(found.end..).and_then(|after| after.strip_prefix(['.', ')'])).unwrap_or_default();
    written.rsplit_once('\n').is_some_and(|(_, number)| number.trim().bytes().all(|b| b.is_ascii_digit()))
        && item.starts_with(' ')
        && item.trim_start().starts_with(char::is_uppercase)
}

/// Where a citation ends: its parts, those joined to them, then the law.
fn end_of(text: &str, found: &Mentioned) -> usize {
    let mut end = found.end;
    for _ in 0..3 {
        let Some(more) = rest(text, end).and_then(|rest| MORE.as_ref()?.find(rest)) else { break };
        let next = end + more.end()
            - usize::from(more.as_str().ends_with(|c: char| !c.is_alphanumeric() && !")º°.".contains(c)));
        let followed =
            rest(text, next).is_some_and(|after| AFTER.as_ref().is_some_and(|r| r.is_match(after)));
        if !followed {
            break;
        }
        end = next;
    }
    if let Some(law) = rest(text, end).and_then(|rest| LAW.as_ref()?.find(rest)) {
        return end + law.end();
    }
    let named = found.law_end.filter(|law| *law > end).unwrap_or(end);
    let named = named + rest(text, named).filter(|_| named > end).and_then(number_behind).unwrap_or(0);
    if named > end {
        return named;
    }
    end + rest(text, end).and_then(|rest| SHORT.as_ref()?.find(rest)).map_or(0, |short| short.end())
}

/// The number of a law right behind its name: `(2009:400)`, `n. 33 del 2013`, `) No 1049/2001`.
fn number_behind(rest: &str) -> Option<usize> {
    static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^\)?\s(?:\(\d{3,4}[:/]\d{1,4}\)|n\.\s?\d{1,4}\sdel\s\d{4}|(?:No|n[or]\.?|č\.|n\.[º°])\s?\d{1,4}/\d{4}(?:\s(?:Sb|Z\.\sz)\.)?)|^\.?\s(?:Sb|Z\.\sz|Zb)\.").ok()
    });
    NUMBER.as_ref()?.find(rest).map(|m| m.end())
}

/// So much of a text as a citation can go on.
fn rest(text: &str, from: usize) -> Option<&str> {
    let rest = text.get(from..)?;
    let end = rest.char_indices().nth(160).map_or(rest.len(), |(at, _)| at);
    // A new paragraph ends what was cited.
    let rest = rest.get(..end)?;
    Some(rest.split("\n\n").next().unwrap_or(rest))
}
