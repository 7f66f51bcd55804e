//! Who signed a letter: names below and beside closing formulas, struck out.

use crate::domain::publication::redaction::{bar, pattern};
use regex::Regex;
use std::sync::LazyLock;

/// A closing formula at the start of a line, and what else is on the line.
pub static CLOSING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*(?:mit (?:freundlichen|besten|vielen|herzlichen) gr(?:ü|ue)(?:ß|ss)en|mit (?:freundlichem|bestem) gru(?:ß|ss)|(?:freundliche|viele|beste|herzliche) gr(?:ü|ue)(?:ß|ss)e|hochachtungsvoll|im auftrage?|in vertretung|i\. ?a\.|i\. ?v\.|gez\.|signed|yours (?:sincerely|faithfully|truly)|(?:kind|best|warm) regards|regards|(?:bien )?cordialement|(?:distinti|cordiali) saluti|με εκτίμηση|met vriendelijke groet(?:en)?|hoogachtend|atentamente|(?:un|reciba un) (?:cordial )?saludo|con os melhores cumprimentos|(?:com os )?melhores cumprimentos|atenciosamente|med vänlig hälsning|vänliga hälsningar|(?:med )?venlig hilsen|(?:med )?vennlig hilsen|ystävällisin terveisin|kunnioittaen|z poważaniem|s pozdravem|s pozdravom|s úctou|tisztelettel|üdvözlettel|cu stimă|cu respect|с уважение|с поштовањем|s poštovanjem|srdačan pozdrav|lep pozdrav|s spoštovanjem|pagarbiai|ar cieņu|lugupidamisega|со почит)(?P<rest>(?:[\s,.!:;–-].*)?)$",
    )
});
/// Formulas that are a whole sentence, wherever in a line they begin.
pub static SENTENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:pri(?:e|ons) d.agréer|veuillez (?:agréer|recevoir|croire)|pri(?:e|ons) de (?:croire|recevoir|bien vouloir agréer)|salutations (?:distinguées|les meilleures)|sincères salutations|le saluda atentamente|porg(?:o|iamo) (?:distinti|cordiali) saluti)",
    )
});
/// One to five words with capitals and no digits, small words between them allowed: a person's name.
pub static NAME_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"^(?:(?:gez|sgd|dr|med|jur|phil|ing|dott|sig|κ|г|[iI]\.\s?[aAvV])[.:]?\s+)*(?:(?:af|da|de|del|della|den|der|di|do|dos|du|la|le|ten|ter|van|von|vom|zu|zum|zur)\s+|[dDlLO]['’])*\p{Lu}[\p{L}\p{M}'’.-]*(?:\s+(?:(?:af|da|de|dei|del|della|den|der|di|do|dos|du|e|la|las|le|los|of|ten|ter|van|von|vom|y|zu|zum|zur)\s+|d['’])*\p{Lu}[\p{L}\p{M}'’.-]*){0,4}$",
    )
});
/// Whole words that make a line an office, a place or a note, not a person. Ends of words where German joins
/// them; never beginnings, or Kurt Amthor were an office.
pub static OFFICE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:\p{L}*amt(?:es|s)?|\p{L}*behörde|\p{L}*verwaltung|stadt|gemeinde|landkreis|\p{L}+stelle|\p{L}*referat|\p{L}*abteilung|\p{L}*dezernat|fachbereich|\p{L}*ministeri(?:um|ums|e|o|et)|ministry|ministère|ministerstw?vo|ministarstvo|ministerul|ministerstwo|ministero|\p{L}*polizei|\p{L}*präsidium|police|polizia|policía|politie|politi|polisen|policja|policie|polícia|poliția|rendőrség|полиция|office|department|council|authority|agency|team|unit|bureau|services?|servizio|servicio|direction|directorate|mairie|ville|préfecture|comune|ufficio|settore|questura|δήμος|υπουργείο|διεύθυνση|τμήμα|gemeente|afdeling|ayuntamiento|câmara|kommune?|\p{L}*kommun|\p{L}*myndighet(?:en)?|urząd|\p{L}*úřad|\p{L}*hivatal|primăria|община|governance|information|freedom|anlagen?|enclosures?|attachments?|allegat[io]|annexes?|bijlagen?|madame|monsieur|madam|sir)\b",
    )
});

/// How many lines below a formula may be a name.
const REACH: usize = 3;

/// `text` without the names beside and up to three lines below closing formulas.
pub fn strike_signers(text: &str) -> String {
    let mut left = 0;
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            if let Some((shown, reach)) = closed(line) {
                left = reach;
                return shown;
            }
            if left == 0 || line.trim().is_empty() {
                return line.to_owned();
            }
            left -= 1;
            named(line).unwrap_or_else(|| line.to_owned())
        })
        .collect();
    lines.join("\n")
}

/// A line with a closing formula, and how far below it names are looked for.
fn closed(line: &str) -> Option<(String, usize)> {
    if SENTENCE.as_ref().is_some_and(|sentence| sentence.is_match(line)) {
        // Such a sentence runs over the end of its line.
        return Some((line.to_owned(), REACH + 1));
    }
    let found = CLOSING.as_ref()?.captures(line)?;
    let rest = found.name("rest").map_or("", |rest| rest.as_str());
    if let Some(struck) = named(rest) {
        let formula = line.strip_suffix(rest).unwrap_or(line);
        return Some((format!("{formula}{struck}"), REACH));
    }
    (line.chars().count() <= 60).then(|| (line.to_owned(), REACH))
}

/// The line with the name at its start struck, if there is one; what follows a comma or bracket stays.
fn named(line: &str) -> Option<String> {
    let body = line.trim_start_matches(|c: char| c.is_whitespace() || ",.!:;–-".contains(c));
    let end = body.find([',', '(', '|', '/', ';']).unwrap_or(body.len());
    let (name, tail) = body.split_at(end);
    let trimmed = name.trim_end();
    let is_name = NAME_LINE.as_ref()?.is_match(trimmed) && !OFFICE.as_ref()?.is_match(trimmed);
    let lead = line.strip_suffix(body).unwrap_or_default();
    let gap = name.strip_prefix(trimmed).unwrap_or_default();
    is_name.then(|| format!("{lead}{}{gap}{tail}", bar(trimmed)))
}
