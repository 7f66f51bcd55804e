//! Names and contacts struck out of what is published. A person sees the result before it is public.

use crate::domain::passwords::strike_passwords;
use crate::domain::publication::names;
use crate::domain::publication::signers::strike_signers;
use crate::domain::publication::titles::strike_titled;
use regex::{Captures, Regex};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// What must never be published, whatever the text around it.
#[derive(Debug, Clone, Copy)]
pub struct Private<'a> {
    /// The requester's names, as signed.
    pub names: &'a [String],
    /// The reply address of the request.
    pub reply_address: &'a str,
}

/// A pattern that is checked by the tests; without it nothing is struck, so it is checked at first use.
pub(crate) fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

/// Addresses on any domain, with or without a dot: a house's own mail server may be called `localhost`.
static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"[\p{L}\p{N}._%+'-]{1,64}(?:@|\s?[\[(](?:at|ät)[\])]\s?)(?:\[[0-9A-Fa-f.:]{2,45}\]|[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*)",
    )
});
/// Telephone numbers: after a word that announces one, or international.
static PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)((?:tel|telefon|telefono|téléphone|tél|phone|fax|mobil|mobile|handy|durchwahl|cell|τηλ|τηλέφωνο|тел|телефон|puh|tlf|tfn)\.?\s*(?:nr\.?|no\.?)?\s*[:.]?\s*)
          (\+?[\d(][\d\s()/.\-–]{5,24}\d)|(\+\d{2}[\d\s()/.\-–]{6,22}\d)",
    )
});
/// A national number as it is dialled: a nought, then at least eight figures in groups. Not behind letters, a
/// section sign or a stroke, as file numbers have it, and no date (02/03/2026).
static NATIONAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?P<before>^|[\n(,;:]|[^\p{N}§/.\s-]\s+)(?P<number>\(?0[1-9]\d{0,4}\)?(?:[\s\u{a0}]?[/–-]?[\s\u{a0}]?\d{2,8}){1,5})(?P<after>$|[^\p{L}\p{N}/-])",
    )
});
/// Words whose number is no telephone's: file numbers, laws, sums.
static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\b(?:az|aktenzeichen|geschäftszeichen|gz|zahl|ref|reference|our ref|your ref|prot|protocollo|réf|référence|dossier|numéro|numero|número|number|nr|no|n|num|art|abs|iban|konto|rechnung|invoice|case|file|foi|αρ|αριθμ|πρωτ|znak|sprawy|dnr|diarienummer|kenmerk|zaaknummer|id|nip|regon|vat|eur|chf|gbp)\b\.?|[§°º€£#№])[\s:.\u{a0}]*$",
    )
});
/// Our reply addresses, on any domain and without one: the token alone is the secret (reference.rs).
static REPLY_ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)r-\d{4}-\d{4,9}-[a-z2-7]{20}(?:\+[a-z0-9._-]*)?(?:(?:@|%40|\s?[\[(](?:at|ät)[\])]\s?)\[?[a-z0-9.:-]*[a-z0-9]\]?)?",
    )
});

/// Bars as long as what they hide, at least four and at most twenty letters.
pub(crate) fn bar(hidden: &str) -> String {
    "█".repeat(hidden.chars().count().clamp(4, 20))
}

/// `text` with reply addresses, passwords, e-mail addresses, telephone numbers, the requester's names and the names at
/// closing formulas struck out.
pub fn redact(text: &str, private: Private<'_>) -> String {
    let mut out = strike_contacts(&strike_passwords(&strike_secrets(text, private.reply_address)));
    for name in private.names {
        out = names::strike(&out, name);
    }
    strike_signers(&strike_titled(&out))
}

/// `text` without what no person may publish either: our reply addresses, and the bare token of this request.
pub fn strike_secrets(text: &str, reply_address: &str) -> String {
    let bars = "█".repeat(16);
    let hidden = replaced(REPLY_ADDRESS.as_ref(), text, |_| bars.clone());
    let token = reply_address.split('@').next().and_then(|local| local.rsplit('-').next());
    match token.filter(|token| token.len() > 7) {
        Some(token) => strike_ignoring_case(&hidden, token, &bars),
        None => hidden,
    }
}

/// `text` (as NFC) without e-mail addresses and telephone numbers.
pub fn strike_contacts(text: &str) -> String {
    let text: String = text.nfc().collect();
    let out = replaced(EMAIL.as_ref(), &text, |found| {
        found.get(0).map_or_else(String::new, |all| bar(all.as_str()))
    });
    strike_national(&replaced(PHONE.as_ref(), &out, strike_number))
}

/// National numbers without a word before them, where nothing says that they number something else.
fn strike_national(text: &str) -> String {
    let Some(national) = NATIONAL.as_ref() else { return text.to_owned() };
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for found in national.captures_iter(text) {
        let Some(number) = found.name("number") else { continue };
        let digits = number.as_str().chars().filter(char::is_ascii_digit).count();
        let line =
            text.get(..number.start()).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        let other = NUMBERED.as_ref().is_some_and(|numbered| numbered.is_match(line));
        let sum = text.get(number.end()..).is_some_and(|after| {
            after.trim_start().starts_with(['€', '£', '%']) || after.trim_start().starts_with("EUR")
        });
        // "012-345/2026" is a file of 2026.
        let year = number.as_str().split('/').skip(1).any(|part| part.starts_with("20"));
        if !(9..=15).contains(&digits) || year || other || sum || number.as_str().contains('\n') {
            continue;
        }
        out.push_str(text.get(done..number.start()).unwrap_or_default());
        out.push_str(&bar(number.as_str()));
        done = number.end();
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// The name under which a file is published: redacted, its ending kept.
pub fn redact_file_name(name: &str, private: Private<'_>) -> String {
    let ending =
        |ending: &str| (1..=8).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric());
    match name.rsplit_once('.').filter(|(stem, last)| ending(last) && !stem.is_empty() && !stem.contains('@'))
    {
        Some((stem, last)) => format!("{}.{last}", redact(stem, private)),
        None => redact(name, private),
    }
}

fn replaced(pattern: Option<&Regex>, text: &str, with: impl Fn(&Captures<'_>) -> String) -> String {
    pattern.map_or_else(|| text.to_owned(), |pattern| pattern.replace_all(text, with).into_owned())
}

fn strike_number(found: &Captures<'_>) -> String {
    let word = found.get(1).map_or("", |word| word.as_str());
    let number = found.get(2).or_else(|| found.get(3)).map_or("", |number| number.as_str());
    format!("{word}{}", bar(number))
}

/// An ASCII secret wherever it stands, in whatever case it comes back.
fn strike_ignoring_case(text: &str, secret: &str, bars: &str) -> String {
    let (low, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for (start, found) in low.match_indices(&secret) {
        out.push_str(text.get(done..start).unwrap_or_default());
        out.push_str(bars);
        done = start + found.len();
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::{EMAIL, PHONE, Private, REPLY_ADDRESS, redact, redact_file_name};
    use crate::domain::publication::signers::{CLOSING, NAME_LINE, OFFICE, SENTENCE};

    const ADDRESS: &str = "r-2026-0417-abcdefghijklmnopqrst@post.example";

    fn public(text: &str, name: &str) -> String {
        redact(text, Private { names: &[name.to_owned()], reply_address: ADDRESS })
    }

    #[test]
    fn contacts_and_names_are_struck_and_the_decision_stays() {
        let patterns = [&EMAIL, &PHONE, &REPLY_ADDRESS, &CLOSING, &SENTENCE, &NAME_LINE, &OFFICE];
        assert!(patterns.iter().all(|pattern| pattern.is_some()));
        let text = "Sehr geehrte Frau Mara  Varga,\n\nIhr Antrag vom 12. Oktober 2026 (Az. 12-345/2026) wird abgelehnt.\n\
                    Antwort an r-2026-0417-ABCDEFGHIJKLMNOPQRST@post.example oder Tel.: 030 123456-78.\n\n\
                    Mit freundlichen Grüßen\nIm Auftrag\n\nPetra Muster-Mann\nOrdnungsamt Brandau";
        let public = public(text, "Mara Varga");
        for secret in ["Varga", "ABCDEFGH", "abcdefgh", "123456", "Petra", "post.example"] {
            assert!(!public.contains(secret), "`{secret}` in {public}");
        }
        for kept in ["wird abgelehnt", "12. Oktober 2026", "12-345/2026", "Ordnungsamt Brandau"] {
            assert!(public.contains(kept), "`{kept}` not in {public}");
        }
    }

    #[test]
    fn a_name_is_struck_however_it_is_written() {
        for (signed, text, gone) in [
            ("Anna van der Berg", "Dear Ms van der Berg, Anna asked.", &["van der", "Berg", "Anna"][..]),
            ("Kurt Amthor", "Sehr geehrter Herr Amthor,", &["Amthor"]),
            ("Mara V.", "Guten Tag Mara V., und Frau V. schrieb", &["Mara", "V."]),
            ("María García López", "Estimada Sra. García:", &["García"]),
            ("María García López", "SRA. GARCIA LOPEZ", &["GARCIA", "LOPEZ"]),
            ("Lin Wu", "Dear Ms Wu,", &["Wu"]),
            ("Mara Varga", "Liebe Mara, lieber Antrag von M. Varga", &["Mara", "M."]),
            ("Jan Müller", "Sehr geehrter Herr Mueller und Herr Mu\u{308}ller", &["Mueller", "ller"]),
            ("Jan Mueller", "Herr Müller", &["ller"]),
            ("Jan Großmann", "Herr Grossmann, HERR GROSSMANN", &["rossmann", "GROSSMANN"]),
            ("Varga Mara", "Sehr geehrte Frau Varga,", &["Varga"]),
            ("Mara Varga", "Vargas Antrag, siehe FrauVarga und mara_varga", &["arga", "mara"]),
            ("Seán O’Brien", "Dear Mr O'Brien", &["O'", "Brien"]),
            ("Anh Le", "Dear Ms Le,", &["Le"]),
            ("Νίκος Παπάς", "Αξιότιμε κύριε ΠΑΠΑΣ", &["ΠΑΠΑΣ"]),
        ] {
            let public = public(text, signed);
            assert!(gone.iter().all(|gone| !public.contains(gone)), "{signed}: {public}");
        }
        let kept =
            public("Von der Stadt an das Amt: do not pay, le 3 mai, Buchst. a und v", "Anna von der Le-Do");
        assert_eq!(kept, "Von der Stadt an das Amt: do not pay, le 3 mai, Buchst. a und v");
    }

    #[test]
    fn signers_are_struck_and_their_offices_stay() {
        for (text, gone) in [
            ("Im Auftrag\nMüller", "Müller"),
            ("Im Auftrag\nKurt Amthor", "Amthor"),
            ("i. A. Petra Muster", "Petra"),
            ("Mit freundlichen Grüßen, Petra Muster", "Petra"),
            ("Kind regards\n\nJane Doe (Information Officer)", "Doe"),
            ("Yours sincerely\nAnna van der Berg", "Berg"),
            (
                "Dans l’attente, je vous prie d’agréer, Madame, l’expression de mes\nsalutations distinguées.\n\nClaire Petit",
                "Petit",
            ),
            ("Veuillez agréer, Monsieur, mes salutations.\nDupont", "Dupont"),
        ] {
            let public = public(text, "Mara Varga");
            assert!(!public.contains(gone), "{public}");
        }
        for office in [
            "Ordnungsamt",
            "Stadt Brandau",
            "Freedom of Information Team",
            "Polizeipräsidium Brandau",
            "Anlagen",
        ] {
            let text = format!("Mit freundlichen Grüßen\n{office}");
            assert_eq!(public(&text, "Mara Varga"), text);
        }
    }

    #[test]
    fn a_name_below_the_function_of_who_signs_is_struck() {
        for (text, gone, kept) in [
            (
                "Distinti saluti\n\nIl Responsabile del procedimento\ndott.ssa Ilaria Bonfanti\nComune di Monteverde",
                "Bonfanti",
                "Il Responsabile del procedimento",
            ),
            (
                "Distinti saluti\nIl Dirigente del Settore Affari Generali\nIlaria Bonfanti",
                "Bonfanti",
                "Il Dirigente",
            ),
            ("Mit freundlichen Grüßen\nDer Sachbearbeiter\nKurt Amthor", "Amthor", "Der Sachbearbeiter"),
            ("Für den Bürgermeister:\n\nKurt Amthor", "Amthor", "Für den Bürgermeister"),
            ("Pour le préfet,\nLe directeur de cabinet\nJean Dupont", "Dupont", "Le directeur de cabinet"),
            (
                "Με εκτίμηση\n\nΟ Προϊστάμενος της Διεύθυνσης Διοικητικών Υπηρεσιών\nΑ. Καλλέργης",
                "Καλλέργης",
                "Ο Προϊστάμενος",
            ),
            ("Η Διευθύντρια\n\nΜαρία Παππά", "Παππά", "Η Διευθύντρια"),
            (
                "Yours sincerely,\n\np.p.\nHead of Information Governance\nPat Ashworth",
                "Ashworth",
                "Head of Information",
            ),
            ("Atentamente,\nLa Jefa del Servicio de Transparencia\nMaría García López", "García", "La Jefa"),
            ("Hoogachtend,\nnamens het college,\nHoofd Juridische Zaken\nJan de Vries", "Vries", "namens"),
            (
                "Z poważaniem\nz up. Komendanta\nNaczelnik Wydziału Ogólnego\nJan Kowalski",
                "Kowalski",
                "z up. Komendanta",
            ),
            ("Com os melhores cumprimentos\nA Diretora de Serviços\nSofia Martins", "Martins", "A Diretora"),
            ("Med vänlig hälsning\nEnhetschef\nEva Andersson", "Andersson", "Enhetschef"),
            ("Der Leiter, Hans Muster", "Muster", "Der Leiter"),
        ] {
            let public = public(text, "Mara Varga");
            assert!(!public.contains(gone) && public.contains(kept), "{public}");
        }
    }

    #[test]
    fn a_national_number_is_struck_and_other_numbers_stay() {
        for text in [
            "call 07700 900123 please",
            "0170/1234567",
            "030-123 456 78",
            "(0211) 4566 789",
            "06 12 34 56 78",
        ] {
            let public = public(text, "Mara Varga");
            assert!(public.contains('█') && !public.contains("456") && !public.contains("9001"), "{public}");
        }
        for kept in [
            "§ 08 123 456 789",
            "Az. 0123 4567 89",
            "prot. n. 0033410 2026",
            "on 02/03/2026 and 05.06.2026",
            "EUR 012 345 678",
            "ref 07700900123",
            "2026-0417, 0033410",
            "012-345/2026-999",
            "100 000 000 people",
        ] {
            assert_eq!(public(kept, "Mara Varga"), kept);
        }
    }

    #[test]
    fn no_address_of_ours_is_left() {
        for secret in [
            "r-2026-0417-ABCDEFGHIJKLMNOPQRST@localhost",
            "xr-2025-0001-abcdefghijklmnopqrst",
            "the token abcdefghijklmnopqrst",
            "_r-2026-0417-abcdefghijklmnopqrst%40post.example",
        ] {
            let public = super::strike_secrets(secret, ADDRESS);
            assert!(!public.to_lowercase().contains("abcdefgh"), "{public}");
        }
        for address in ["mara@localhost", "mara@[127.0.0.1]", "mara (at) post"] {
            assert!(!public(address, "Nobody Else").contains("mara"), "{address}");
        }
    }

    #[test]
    fn a_file_keeps_its_ending() {
        let names = ["Mara Varga".to_owned()];
        let private = Private { names: &names, reply_address: ADDRESS };
        assert_eq!(redact_file_name("Antwort_Frau_Varga.pdf", private), "Antwort_Frau_█████.pdf");
        assert_eq!(redact_file_name("Kaufsache <1>.html", private), "Kaufsache <1>.html");
        assert!(!redact_file_name("mara.varga@post.example", private).contains("post"));
    }
}
