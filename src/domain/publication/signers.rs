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

/// A line that says in which function somebody signs, or for whom; the name comes below it.
pub static FUNCTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)^\s*(?:p\.\s?p\.|p\.\s?o\.|p\.\s?d\.|i\.\s?a\.|i\.\s?v\.|im\x20auftrage?|z\x20up\.|z\x20upoważnienia|f(?:ü|o)r\x20(?:den|die|das|and)|pour\x20l[ea]|par\x20délégation|por\x20delega|namens|enligt\x20uppdrag|με\x20εντολή|for\x20and\x20on|(?:(?:[\p{L}-]+\.?\s|l['’]){0,2}
        (?:\p{L}*sachbearbeiter|\p{L}*leiter|\p{L}*bürgermeister|\p{L}*beauftragte|\p{L}*präsident|\p{L}*dire(?:k|c)?t(?:or|eur|rice|tore|trice|ör)|\p{L}*referent|\p{L}*dezernent|vorsitzende
        |responsab|dirigente|segretari|sindac|comandante|funzionari|chef|cheffe|secrétaire|maire\b|préf[eè]t|président|adjoint|référent
        |προϊστ[αά]μ[εέ]ν|διευθ[υύ]ντ|δ[ηή]μαρχ|γραμματ[εέ]|αναπληρ
        |head\x20of|officer|manager|chief|secretary|mayor|coordinator|adviser|jef[ea]\b|subdirector|secretari|alcald|delegad|concejal
        |\p{L}*hoofd\b|burgemeester|secretaris|teamleider|naczelni|dyrektor|kierowni|zastępc|prezydent|burmistrz|wójt|sekretarz|komendant|inspektor
        |diretor|presidente|vereador|secretári|responsáve|encarregad|\p{L}*handläggare|registrator|\p{L}*chef\b|jurist\b|samordnare|ordförande)\p{L}*))",
    )
});

/// How many lines below a formula may be a name.
const REACH: usize = 3;

/// How many lines below the function in which somebody signs.
const BELOW_FUNCTION: usize = 2;

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
            if let Some(shown) = functioning(line) {
                left = left.max(BELOW_FUNCTION);
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

/// A short line that names the function of who signs, a name behind it struck ("Der Leiter, Hans Muster").
fn functioning(line: &str) -> Option<String> {
    let trimmed = line.trim_end();
    if trimmed.chars().count() > 90 || trimmed.ends_with(['.', '?', '!']) {
        return None;
    }
    let found = FUNCTION.as_ref()?.find(trimmed)?;
    let rest = trimmed.get(found.end()..)?;
    // "Bürgermeister Hans Muster" is a name with its function, and is struck whole below a formula.
    let person = |text: &str| {
        NAME_LINE.as_ref().is_some_and(|name| name.is_match(text))
            && !OFFICE.as_ref().is_some_and(|office| office.is_match(text))
    };
    if let Some(at) = rest.rfind([',', ':'])
        && let Some(tail) = rest.get(at + 1..)
        && person(tail.trim())
    {
        let name = tail.trim();
        let kept = trimmed.strip_suffix(tail)?;
        let gap = tail.strip_suffix(name)?;
        return Some(format!("{kept}{gap}{}", bar(name)));
    }
    // "A Diretora de Serviços", not "Direktor von Muster".
    let of = ["de ", "da ", "do ", "dos ", "das ", "du ", "del ", "della ", "dei ", "di ", "der ", "of "];
    let genitive = of.iter().any(|of| rest.trim_start().starts_with(of));
    (genitive || !person(rest.trim())).then(|| line.to_owned())
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
