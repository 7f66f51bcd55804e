//! Names and contacts struck out of what is published. A person sees the result before it is public.

use regex::Regex;
use std::sync::LazyLock;

/// What must never be published, whatever the text around it.
#[derive(Debug, Clone, Copy)]
pub struct Private<'a> {
    /// The requester's names, as signed.
    pub names: &'a [String],
    /// The reply address of the request.
    pub reply_address: &'a str,
}

/// A pattern that is checked by the tests; without it nothing is struck, so it is checked at first use.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"[\p{L}\p{N}._%+'-]{1,64}(?:@|\s?[\[(](?:at|ät)[\])]\s?)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+")
});
/// Telephone numbers: after a word that announces one, or international.
static PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)((?:tel|telefon|telefono|téléphone|tél|phone|fax|mobil|mobile|handy|durchwahl|cell|τηλ|τηλέφωνο|тел|телефон|puh|tlf|tfn)\.?\s*(?:nr\.?|no\.?)?\s*[:.]?\s*)
          (\+?[\d(][\d\s()/.\-–]{5,24}\d)|(\+\d{2}[\d\s()/.\-–]{6,22}\d)",
    )
});
/// The line after a closing formula is the signer's name.
static CLOSING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*(?:mit freundlichen grüßen|mit freundlichem gruß|hochachtungsvoll|im auftrag|i\. ?a\.|i\. ?v\.|yours (?:sincerely|faithfully|truly)|kind regards|best regards|regards|cordialement|bien cordialement|veuillez agréer.*|distinti saluti|cordiali saluti|με εκτίμηση|met vriendelijke groet(?:en)?|hoogachtend|atentamente|un saludo|con os melhores cumprimentos|atenciosamente|med vänlig hälsning|vänliga hälsningar|med venlig hilsen|med vennlig hilsen|ystävällisin terveisin|kunnioittaen|z poważaniem|s pozdravem|s pozdravom|s úctou|tisztelettel|üdvözlettel|cu stimă|cu respect|с уважение|с поштовањем|s poštovanjem|srdačan pozdrav|lep pozdrav|s spoštovanjem|pagarbiai|ar cieņu|lugupidamisega|со почит)\s*[,.!]?\s*$",
    )
});
/// Two to five words with capitals and no digits: a person's name rather than an office.
static NAME_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:(?:gez\.|Dr\.|Dott\.(?:ssa)?|Prof\.|Ing\.|Mag\.|Mgr\.|Bc\.|JUDr\.|Frau|Herr|Mr|Mrs|Ms|M\.|Mme|Dña\.|D\.)\s*)*(?:\p{Lu}[\p{L}'’.-]*\s+){1,4}\p{Lu}[\p{L}'’-]+\s*$",
    )
});
/// Words that make a line an office, a place or a law, not a person.
static OFFICE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)amt|behörde|stadt|stelle|referat|abteilung|ministeri|polizei|police|polizia|office|department|council|authority|team|unit|bureau|service|direction|mairie|ville|préfecture|comune|ufficio|settore|questura|δήμος|υπουργείο|διεύθυνση|τμήμα|gemeente|afdeling|ayuntamiento|câmara|kommun|myndighet|urząd|úřad|hivatal|primăria|община|governance|information|freedom",
    )
});

/// Bars as long as what they hide, at least four and at most twenty letters.
fn bar(hidden: &str) -> String {
    "█".repeat(hidden.chars().count().clamp(4, 20))
}

/// `text` with e-mail addresses, telephone numbers, the reply address, the requester's names and the names under
/// closing formulas struck out.
pub fn redact(text: &str, private: Private<'_>) -> String {
    let mut out = strike_whole(text, private);
    if let Some(email) = EMAIL.as_ref() {
        out = email.replace_all(&out, |found: &regex::Captures<'_>| bar(&found[0])).into_owned();
    }
    if let Some(phone) = PHONE.as_ref() {
        out = phone.replace_all(&out, strike_number).into_owned();
    }
    strike_signers(&out)
}

fn strike_number(found: &regex::Captures<'_>) -> String {
    let word = found.get(1).map_or("", |word| word.as_str());
    let number = found.get(2).or_else(|| found.get(3)).map_or("", |number| number.as_str());
    format!("{word}{}", bar(number))
}

/// The secrets and names that are known letter by letter.
fn strike_whole(text: &str, private: Private<'_>) -> String {
    let mut out = text.to_owned();
    let token = private.reply_address.split('@').next().and_then(|local| local.rsplit('-').next());
    for secret in [Some(private.reply_address), token].into_iter().flatten().filter(|s| s.len() > 7) {
        out = strike_ignoring_case(&out, secret);
    }
    for name in private.names.iter().map(|name| name.trim()).filter(|name| name.chars().count() > 2) {
        out = strike_ignoring_case(&out, name);
        // "Sehr geehrte Frau Varga": the family name alone tells who asked.
        if let Some(family) = name.split_whitespace().last().filter(|word| word.chars().count() > 3) {
            out = strike_ignoring_case(&out, family);
        }
    }
    out
}

fn strike_ignoring_case(text: &str, hidden: &str) -> String {
    let words: Vec<String> = hidden.split_whitespace().map(regex::escape).collect();
    pattern(&format!(r"(?i)\b{}\b", words.join(r"\s+")))
        .map_or_else(|| text.to_owned(), |found| found.replace_all(text, bar(hidden).as_str()).into_owned())
}

/// Strikes up to two lines below a closing formula that look like a person's name.
fn strike_signers(text: &str) -> String {
    let (Some(closing), Some(name), Some(office)) = (CLOSING.as_ref(), NAME_LINE.as_ref(), OFFICE.as_ref())
    else {
        return text.to_owned();
    };
    let mut left = 0;
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            if closing.is_match(line) {
                left = 3;
            } else if left > 0 && !line.trim().is_empty() {
                left -= 1;
                if name.is_match(line) && !office.is_match(line) {
                    return bar(line.trim());
                }
            }
            line.to_owned()
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{CLOSING, EMAIL, NAME_LINE, OFFICE, PHONE, Private, redact};

    #[test]
    fn contacts_and_names_are_struck_and_the_decision_stays() {
        assert!([&EMAIL, &PHONE, &CLOSING, &NAME_LINE, &OFFICE].iter().all(|p| p.is_some()));
        let names = ["Mara Varga".to_owned()];
        let private =
            Private { names: &names, reply_address: "r-2026-0417-abcdefghijklmnopqrst@post.example" };
        let text = "Sehr geehrte Frau Mara  Varga,\n\nIhr Antrag vom 12. Oktober 2026 (Az. 12-345/2026) wird abgelehnt.\n\
                    Antwort an r-2026-0417-ABCDEFGHIJKLMNOPQRST@post.example oder Tel.: 030 123456-78.\n\n\
                    Mit freundlichen Grüßen\nIm Auftrag\n\nPetra Muster-Mann\nOrdnungsamt Brandau";
        let public = redact(text, private);
        for secret in ["Varga", "ABCDEFGH", "abcdefgh", "123456", "Petra", "post.example"] {
            assert!(!public.contains(secret), "`{secret}` in {public}");
        }
        for kept in ["wird abgelehnt", "12. Oktober 2026", "12-345/2026", "Ordnungsamt Brandau"] {
            assert!(public.contains(kept), "`{kept}` not in {public}");
        }
    }
}
