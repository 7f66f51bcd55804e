//! Names behind a title or a form of address, struck out wherever they stand.

use crate::domain::publication::redaction::{bar, pattern};
use crate::domain::publication::signers::{FUNCTION, OFFICE};
use regex::Regex;
use std::sync::LazyLock;

/// A title, then one to four words with capitals. Written large where a title is also a common word.
pub static TITLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(?P<title>(?:^|[^\p{L}\p{N}.])(?:
            (?:[Hh]errn?|HERRN?|[Ff]rau|FRAU|[Ff]r\.|[Hh]r\.|[Mm]rs?|[Mm]s|[Mm]iss|[Mm]me|[Mm]lle|MM?\.|[Mm]onsieur|[Mm]adame
            |[Dd]ott\.?(?:ssa|\.ssa)?|[Dd]r\.?(?:ssa|\.ssa|in|\.in|ª|\.ª|a|\.a)?|[Aa]vv|[Ii]ng|[Gg]eom|[Aa]rch|[Rr]ag|[Ss]ig(?:\.?ra|\.?na|nora?)?|[Pp]rof\.?(?:ssa|\.ssa|in|\.in)?
            |Mag\.?(?:a|ª|\.a)?|Dipl\.-\p{L}+|MMag|Mgr|JUDr|DDr|[Ee]ng\.?[ºª]?
            |[Ss]r|[Ss]ra|[Ss]rta|[Dd]ña|[Dd]oña|[Dd]on|D\.ª|[Ss]eñora?|[Ss]enhora?|[Ee]xm[oa]
            |[Dd]hr|[Dd]e\ heer|[Mm]evr|[Mm]evrouw|[Mm]w|[Dd]rs|[Mm]r\.drs
            |[Pp]ani?|[Pp]anem|[Pp]anią|[Ff]ru|[Hh]err
            |κ|κα|κ\.α|κος|κον|κας|κυρία|κυρίας|κύριος|κύριο|κυρίου|Δρ
            )\.?(?:\s(?:med|jur|phil|ing|iur|rer|nat|dr|prof|[Dd]ott|[Aa]vv|[Ii]ng|Dr|Prof|Mag)\.)*
            |(?:κ|Dr|Mag|[Dd]ott|[Aa]vv|[Ii]ng)\.)[\x20\u{a0}]*\n?[\x20\t\u{a0}]*)
          (?P<name>(?:(?:von|van|de|den|der|di|del|della|da|dos|ten|ter|zu|af|av)\x20)*
            (?:\p{Lu}\.[\x20-]?){0,3}\p{Lu}[\p{Ll}\p{Lu}\p{M}'’-]+
            (?:[\x20\u{a0}](?:(?:von|van|de|den|der|di|del|della|da|dos|e|y|i|ten|ter|zu|af|av)[\x20])*(?:\p{Lu}\.[\x20]?)?\p{Lu}[\p{L}\p{M}'’-]+){0,3})",
    )
});

/// A line this long was wrapped: what a name begins there may end on the next.
const WRAPPED: usize = 50;

/// `text` without the names behind titles. What is an office or a function by itself stays.
pub fn strike_titled(text: &str) -> String {
    let Some(titled) = TITLED.as_ref() else { return text.to_owned() };
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for found in titled.captures_iter(text) {
        let Some(name) = found.name("name").filter(|name| name.start() >= done && is_person(name.as_str()))
        else {
            continue;
        };
        out.push_str(text.get(done..name.start()).unwrap_or_default());
        out.push_str(&bar(name.as_str()));
        done = name.end();
        let rest = text.get(done..).unwrap_or_default();
        if let Some(second) = goes_on(text.get(..done).unwrap_or_default(), name.as_str(), rest) {
            out.push('\n');
            out.push_str(&bar(second));
            done += 1 + second.len();
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

fn is_person(name: &str) -> bool {
    let matches = |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|p| p.is_match(name));
    let alone = !name.contains([' ', '\u{a0}']);
    !(matches(&OFFICE) || (alone && matches(&FUNCTION)))
}

/// The second half of a name that the wrap of a line parted from its first.
fn goes_on<'a>(before: &str, name: &str, rest: &'a str) -> Option<&'a str> {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let below = rest.strip_prefix('\n')?;
    if name.contains(' ') || line.chars().count() < WRAPPED {
        return None;
    }
    let end = below.find(|c: char| !c.is_alphabetic() && !"'’-".contains(c)).unwrap_or(below.len());
    let word = below.get(..end)?;
    let mut letters = word.chars();
    let large =
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase);
    (large && !OFFICE.as_ref()?.is_match(word)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::{TITLED, strike_titled};

    #[test]
    fn a_name_behind_a_title_is_struck_anywhere() {
        assert!(TITLED.is_some());
        for (text, gone) in [
            ("Il responsabile del procedimento è la dott.ssa Ilaria Bonfanti.", "Bonfanti"),
            (
                "Il responsabile del procedimento dell’istanza è la dott.ssa Ilaria\nBonfanti, che risponde.",
                "Bonfanti",
            ),
            ("Sachbearbeiter: Dr. jur. Kurt Amthor, Zimmer 3", "Amthor"),
            ("Für den Bürgermeister:\n\nMag.a Pichlbauer", "Pichlbauer"),
            ("bearbeitet von Dipl.-Ing. Petra von Muster", "Muster"),
            ("Votre interlocutrice est Mme Delaunay-Ferrand.", "Delaunay"),
            ("dossier suivi par M. Jean Dupont", "Dupont"),
            ("αρμόδιος υπάλληλος: κ. Α. Καλλέργης", "Καλλέργης"),
            ("η κα Μαρία Παππά", "Παππά"),
            ("l’avv. Giulia De Santis", "Giulia"),
            ("Contact Ms Ashworth by post", "Ashworth"),
            ("la Sra. García López", "López"),
            ("behandeld door mevr. de Vries", "Vries"),
            ("prowadzi pan Kowalski", "Kowalski"),
            ("a Eng.ª Sofia Martins", "Martins"),
            ("handläggs av fru Andersson", "Andersson"),
        ] {
            let struck = strike_titled(text);
            assert!(!struck.contains(gone) && struck.contains('█'), "{struck}");
        }
        for kept in [
            "Madame, Monsieur, l’article L. 311-1",
            "Monsieur le Maire de Saint-Aubert",
            "Herr Bürgermeister und Frau Präsidentin",
            "Αξιότιμη κυρία, αξιότιμε κύριε, κ.λπ. Δήμος",
            "D.Lgs. 33/2013, art. 5 ing",
            "company Microsoft and a firm",
        ] {
            assert_eq!(strike_titled(kept), kept);
        }
    }
}
