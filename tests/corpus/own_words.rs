//! What the sender wrote now, apart from quotes of every form; a word of the authority never vanishes.

use askance::data::phrasebook::phrasebook;
use askance::domain::incoming::body::{Part, Split, split, without_copies};

fn cut(text: &str) -> Split {
    split(text, &phrasebook().expect("the phrases are readable"))
}

fn says(text: &str, part: Part, words: &str) -> bool {
    cut(text).parts.iter().any(|p| p.part == part && text[p.range.clone()].contains(words))
}

const LETTER: &str = "Sehr geehrte Frau Lind,\n\nIhr Antrag ist hier am 2. März 2026 eingegangen und wird geprüft.\n\n\
                      Mit freundlichen Grüßen\nBrandhorst\n\n";

#[test]
fn quotes_of_every_form_are_taken_off() {
    let request = "ich beantrage Zugang zu allen Verträgen über Gesichtserkennung.";
    let forms = [
        "Von: Ada Lind <ada@wachsam.example>\nGesendet: Montag, 2. März 2026 10:00\nAn: Amt\nBetreff: Antrag\n\n",
        "Von:Ada Lind\nGesendet:2. März 2026\nAn:Amt\nBetreff:Antrag\n\n",
        "*Von:* Ada Lind\n*Gesendet:* 2. März 2026 10:00\n*An:* Amt\n*Betreff:* Antrag\n\n",
        "| Von: | Ada Lind |\n| Gesendet: | 2. März 2026 |\n| An: | Amt |\n| Betreff: | Antrag |\n\n",
        "Von: Ada Lind Gesendet: 2. März 2026 10:00 An: Amt Betreff: Antrag\n",
        "Am 02.03.2026 um 10:00 schrieb Ada Lind:\n\n",
        "Ada Lind, 02.03.2026 10:00:\n",
        "---\nAda Lind, 2. März 2026, 10:00\n",
        "-----Ursprüngliche Nachricht-----\n",
        "Ihre Anfrage vom 2. März 2026:\n",
        ">>> Ada Lind <ada@wachsam.example> 02.03.26 10:00 >>>\n",
        "Sehr geehrte Damen und Herren,\n\n",
    ];
    for form in forms {
        let whole = format!("{LETTER}{form}{request}\n");
        let split = cut(&whole);
        assert!(!split.own.contains("ich beantrage"), "{form}: {}", split.own);
        assert!(split.own.contains("wird geprüft"), "{form}");
        assert!(split.quoted.is_some_and(|q| q.contains("ich beantrage")), "{form}");
    }
}

#[test]
fn copy_in_a_ticket_system_is_taken_off_without_a_closing() {
    let split = cut("Your request has been received.\n\nConversation:\nKit Rowe, 19 Mar 2026 08:01\n\
                     I would like to request all assessments on Project Lynx.\n");
    assert_eq!(split.own, "Your request has been received.");
    // The request may begin on the line of its label; what the office says of it there is the office's.
    let split = cut("Your request has been received.\n\nTeam Access\n\n\
                     Your request: I would like to see the contract for the cameras.\n");
    assert!(split.own.ends_with("Team Access"), "{}", split.own);
    let split = cut("Your request: it concerns the contract, and we will answer it in May.\n");
    assert!(split.quoted.is_none(), "{:?}", split.quoted);
}

#[test]
fn answer_below_the_quote_is_kept_and_the_quote_goes() {
    let split = cut(
        "De: Ada <ada@f.example>\nEnvoyé: 6 juillet 2026 à 11:02\nÀ: mairie@f.example\nObjet: Demande\n\n\
                     Je vous demande copie de la convention.\n\nMeilleures salutations\nAda\n\nMadame,\n\n\
                     Notre service n'est pas compétent.\n\nSalutations distinguées\nLe maire\n",
    );
    assert!(split.own.starts_with("Madame,"), "{}", split.own);
    assert!(!split.own.contains("copie de la convention"));
}

#[test]
fn quotes_are_taken_off_in_languages_that_few_programs_speak() {
    let answers = [
        (
            "Ваш захтев је примљен.\n\nС поштовањем\nПетар\n\n",
            "Шаље: Ada\nПослато: 2.3.2026\nПрималац: Служба\n\n",
        ),
        ("Вашето барање е примено.\n\nСо почит\nПетар\n\n", "-----Изворна порака-----\n"),
        (
            "Вашето барање е примено.\n\nСо почит\nПетар\n\n",
            "Ваше барање од вторник:\n\nAda Lind, 02.03.2026 10:00\n",
        ),
        ("Jūsų prašymas gautas.\n\nPagarbiai\nJonas\n\n", "-----Originali žinutė-----\n"),
        ("Jūsu pieprasījums ir saņemts.\n\nAr cieņu\nJānis\n\n", "-----Sākotnējā ziņa-----\n"),
        ("Teie kiri on saabunud.\n\nLugupidamisega\nMari\n\n", "---------- Algsõnum ----------\n"),
        ("Teie kiri on saabunud.\n\nLugupidamisega\nMari\n\n", "Ada Lind kirjutas 02.03.2026 kell 10:00\n\n"),
        ("Το αίτημά σας παρελήφθη.\n\nΜε εκτίμηση\nΝίκος\n\n", "-------- Μήνυμα που προωθήθηκε --------\n"),
        (
            "Vaša zahteva je prejeta.\n\nLep pozdrav\nJanez\n\n",
            "Pošiljatelj : Ada\n\nPoslano : 2.3.2026\n\nPrejemnik : Urad\n\n",
        ),
        (
            "Vaša žiadosť bola prijatá.\n\nS pozdravom\nJán\n\n",
            "Odosielateľ : Ada\n\nOdoslané : 2.3.2026\n\nPríjemca : Úrad\n\n",
        ),
    ];
    for (answer, heading) in answers {
        let split = cut(&format!("{answer}{heading}Twelve cameras stand at the station.\nAda\n"));
        assert!(!split.own.contains("Twelve cameras"), "{heading}: {}", split.own);
        assert!(split.own.contains(answer.lines().next().unwrap()), "{heading}: {}", split.own);
    }
}

#[test]
fn letter_below_a_signature_mark_is_own_and_a_signature_is_not() {
    let below = |text: &str| cut(&format!("Danke für Ihre Nachricht.\n\n-- \n{text}\n"));
    let decided = below("Ihr Antrag wird abgelehnt.");
    assert!(decided.below_mark && decided.own.contains("wird abgelehnt"), "{decided:?}");
    let signatures = [
        "Stadt Brandau\nAmt 32 – Ordnung und Sicherheit\nMarkt 1, 12345 Brandau\nTel. 0123 456789",
        "Kern\n\nBitte denken Sie an die Umwelt, bevor Sie diese Nachricht ausdrucken.",
        "Sprechzeiten: Mo bis Fr 8-12 Uhr\nwww.brandau.example",
    ];
    for signature in signatures {
        let split = below(signature);
        assert!(!split.below_mark && split.own == "Danke für Ihre Nachricht.", "{split:?}");
    }
}

#[test]
fn lines_beyond_those_that_are_looked_at_stay_own() {
    let text = format!("Anfang.\n{}> alt\nEnde.\n", ".\n".repeat(19_999));
    let split = cut(&text);
    assert!(split.unread && split.own.starts_with("Anfang.") && split.own.ends_with("Ende."));
    assert_eq!(&text[split.parts.last().unwrap().range.clone()], "> alt\nEnde.");
    assert!(!cut("Anfang.\nEnde.").unread);
}

#[test]
fn nothing_of_the_authority_vanishes() {
    let letters = [
        "Pozdrav Iva,\n\nželim vas obavijestiti da tražimo spis i molim za strpljenje.\n\nSrdačno\nMarko",
        "Sie fragen nach Verträgen. Ich beantrage nichts, ich antworte: Es gibt keine.\n\nMit freundlichen Grüßen\nA",
        "Von: Abteilung 3\nDatum: 3.3.2026\nAn: Frau Lind\nBetreff: Bescheid\n\nIhr Antrag wird abgelehnt.\n",
        "Termin: 3.3.2026 10:00\n\nBitte kommen Sie vorbei.\n\nMfG\nAmt\n\nPS: Ich bitte um Rückruf und um Auskunft ob Sie kommen.",
        "| Jahr | Zahl |\n| 2024 | 17 |\n",
        "Wir haben nachgesehen.\n\nMit freundlichen Grüßen\nA\n\nAm 2.3.2026 um 10:00 Uhr schrieb uns das Ministerium, dass es nichts hat.\n\nDas gilt weiter.",
        "Guten Tag,\n\nzuständig ist:\nAda Lind, Zimmer 12, 02.03.2026 10:00\nSie ruft an.\n",
    ];
    for letter in letters {
        let own = cut(letter).own;
        for line in letter.lines().filter(|l| !l.trim().is_empty()) {
            assert!(own.contains(line.trim_end()), "{line} of {letter}");
        }
    }
}

#[test]
fn signature_footer_and_remedies_are_marked_not_dropped() {
    let text = format!(
        "{LETTER}Am Markt 1, 12345 Neustadt\nTel. 030 1234\n\nRechtsbehelfsbelehrung\n\n\
         Gegen diesen Bescheid kann innerhalb eines Monats Widerspruch erhoben werden.\n\n\
         Diese E-Mail enthält vertrauliche Informationen.\n"
    );
    assert!(cut(&text).own.contains("Widerspruch"));
    assert!(says(&text, Part::Letter, "wird geprüft"));
    assert!(says(&text, Part::Signature, "Tel. 030 1234"));
    assert!(says(&text, Part::Remedies, "innerhalb eines Monats"));
    assert!(says(&text, Part::Footer, "vertrauliche"));
}

#[test]
fn bare_copies_of_our_letter_are_found_by_their_words() {
    let letter = "Dear Sir,\nPlease provide the legal advice obtained before the roll-out. How many schools in the \
                  council area use facial recognition?";
    let own = "Dear Fiona\n\nQ1. HOW MANY SCHOOLS in the council area\nuse “facial recognition”? Nine did.\n\n\
               Q2. Please provide the legal advice obtained before the roll-out. This is privileged.\n\n\
               You asked us to provide the legal advice that the council obtained in the spring before the roll-out.";
    let split = without_copies(own, &[letter]).expect("copies are found");
    assert!(split.own.contains("Nine did.") && split.own.contains("This is privileged."), "{}", split.own);
    assert!(split.own.contains("You asked us"), "{}", split.own);
    assert!(!split.own.contains("Please provide") && !split.own.contains("HOW MANY"), "{}", split.own);
    assert!(without_copies("We hold nothing of this kind.", &[letter]).is_none());
    assert!(without_copies(letter, &[letter]).is_none());
}
