//! The facts of a reply, told as stories: numbers, days, sums, provisions, bodies, links and answers.

use super::KNOWLEDGE;
use askance::domain::incoming::reading::answers::{Answer, passages};
use askance::domain::incoming::reading::{Evidence, Letter, Period, PeriodUnit, Reading, prepare};
use askance::domain::incoming::understand;
use std::fmt::Write as _;

/// Reads a letter that was sent on the second of March 2026.
fn read(subject: &str, body: &str) -> Reading {
    let mut mail =
        String::from("From: Office <office@authority.example>\r\nTo: r-x@post.askance.example\r\n");
    let _ = write!(mail, "Date: Mon, 2 Mar 2026 10:00:00 +0000\r\nMessage-ID: <1@authority.example>\r\n");
    let _ = write!(mail, "Subject: {subject}\r\nMIME-Version: 1.0\r\n");
    let _ = write!(
        mail,
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    );
    let incoming = understand(mail.as_bytes(), &KNOWLEDGE);
    let stated = &incoming.reading.stated_in;
    let passages = [
        &stated.reference,
        &stated.new_due_on,
        &stated.extension,
        &stated.fee,
        &stated.transferred_to,
        &stated.asks_for,
    ];
    let links = incoming.reading.links.iter().map(|link| &link.evidence);
    for Evidence { text, place } in passages.into_iter().flatten().chain(links) {
        let whole = if place == "subject" { &incoming.subject } else { &incoming.full_text };
        assert!(whole.contains(text.as_str()), "`{text}` does not stand in the {place}");
    }
    incoming.reading
}

#[track_caller]
fn number(subject: &str, body: &str, expected: Option<&str>) {
    assert_eq!(read(subject, body).reference.as_deref(), expected, "in `{subject}`, `{body}`");
}

#[test]
fn the_file_number_is_found_by_its_label_in_many_languages() {
    number("Vaše žádost", "Č. j.: MUX 4417/2026\n\nVážený pane,\nděkujeme za žádost.", Some("MUX 4417/2026"));
    number(
        "Wniosek",
        "Znak sprawy: ORG.1431.12.2026\n\nSzanowna Pani,\npotwierdzamy wpływ.",
        Some("ORG.1431.12.2026"),
    );
    number(
        "Tárgy",
        "Ügyszám: KH/812-3/2026\n\nTisztelt Asszonyom!\nIgényét megkaptuk.",
        Some("KH/812-3/2026"),
    );
    number("Svar", "Dnr 2026-01877\n\nHej,\nvi har tagit emot din begäran.", Some("2026-01877"));
    number("Απάντηση", "Αρ. πρωτ.: 8814/12\n\nΑξιότιμη κυρία,\nλάβαμε την αίτησή σας.", Some("8814/12"));
    number("Отговор", "Изх. № РД-15-87\n\nУважаеми господине,\nполучихме заявлението.", Some("РД-15-87"));
    number(
        "Uw verzoek",
        "Ons kenmerk: Z-26-0417\n\nGeachte heer,\nwij ontvingen uw verzoek.",
        Some("Z-26-0417"),
    );
}

#[test]
fn the_mark_of_our_own_letter_is_not_their_file_number() {
    let subject = "AW: Antrag auf Informationszugang [2026-0035]";
    number(subject, "Sehr geehrte Frau Lind,\nIhr Antrag 2026-0035 ist eingegangen.", None);
    number(
        subject,
        "Sehr geehrte Frau Lind,\nIhr Antrag 2026-0035 wird unter dem Aktenzeichen 30-IFG-7/2026 bearbeitet.",
        Some("30-IFG-7/2026"),
    );
}

#[test]
fn a_file_number_with_blanks_within_is_one_number() {
    number(
        "Ihr Antrag",
        "Az.: 14-25 04 02 - 0118/26\n\nSehr geehrte Frau Muster,\nIhr Antrag ist eingegangen.",
        Some("14-25 04 02 - 0118/26"),
    );
}

#[test]
fn a_file_number_without_a_label_is_known_by_its_place() {
    number("Odpowiedź - SM.0153.6.2026", "Szanowny Panie,\nodpowiadamy na wniosek.", Some("SM.0153.6.2026"));
    let head = "OKRESNÝ ÚRAD LESNÁ\nSpr 4/26/6611-3\n\nVážený pán,\noznamujeme Vám prijatie žiadosti.";
    number("Oznámenie", head, Some("Spr 4/26/6611-3"));
}

#[test]
fn numbers_of_others_are_not_the_file_number() {
    number("Ihre Anfrage", "Ihr Zeichen: ASK-77\n\nSehr geehrte Frau Muster,\nvielen Dank.", None);
    number(
        "Your request",
        "Dear Sir,\nthe system was bought under contract no 2024/118-C. Call 0800 555 012.",
        None,
    );
    number("Vaše žádost podle zákona č. 106/1999 Sb.", "Dobrý den,\nžádost jsme přijali.", None);
}

#[track_caller]
fn due(body: &str, expected: Option<&str>) {
    let reading = read("Re: request", body);
    assert_eq!(reading.new_due_on.map(|d| d.to_string()).as_deref(), expected, "in `{body}`");
    assert_eq!(reading.stated_in.new_due_on.is_some(), expected.is_some());
}

#[test]
fn the_day_of_the_answer_is_told_from_other_days() {
    due(
        "Vážená paní,\nlhůta se prodlužuje o 10 dnů podle § 14 odst. 7 zákona. Jednání je svoláno na 25. 3. 2026. \
         Odpověď Vám bude odeslána nejpozději 1. 4. 2026.",
        Some("2026-04-01"),
    );
    due(
        "Dear Madam,\nwe need more time to consider your request and extend the time limit. The panel meets on 9 \
         April 2026. We will respond on or before 12 April 2026.",
        Some("2026-04-12"),
    );
    due(
        "Hyvä vastaanottaja,\njatkamme käsittelyaikaa, koska asiakirjoja on paljon. Saatte vastauksen 9.4. mennessä.",
        Some("2026-04-09"),
    );
    due(
        "Dear Sir,\nplease send us the missing details by 20 March 2026, otherwise we shall close your request.",
        None,
    );
}

#[test]
fn a_period_is_read_in_words_and_figures() {
    let de = read(
        "Fristverlängerung",
        "Sehr geehrter Herr Muster,\n\nwegen der Beteiligung eines Dritten verlängern wir die Bearbeitungsfrist um zwei Monate. \
         Wir bitten um Ihr Verständnis.",
    );
    assert_eq!(de.extension, Some(Period { amount: 2, unit: PeriodUnit::Months }));
    let sk = read(
        "Predĺženie lehoty",
        "Vážená pani,\nlehotu na vybavenie žiadosti predlžujeme o 8 pracovných dní.",
    );
    assert_eq!(sk.extension, Some(Period { amount: 8, unit: PeriodUnit::WorkingDays }));
}

#[track_caller]
fn fee(body: &str, expected: &str) {
    let found = read("Fee", body).fee.map(|f| format!("{} {}", f.amount, f.currency));
    assert_eq!(found.as_deref(), Some(expected), "in `{body}`");
}

#[test]
fn the_fee_is_the_sum_and_not_its_parts() {
    fee(
        "Vážený pane,\nposkytnutí informací je podmíněno zaplacením úhrady ve výši 2 352 Kč. Výpočet: 7 hodin x 336 Kč.",
        "2352.00 CZK",
    );
    fee(
        "Sehr geehrte Frau,\nwir schätzen den Aufwand auf zehn Stunden à Fr. 120.-, insgesamt also Fr. 1'200.-. \
         Bitte teilen Sie uns mit, ob Sie am Gesuch festhalten.",
        "1200.00 CHF",
    );
    fee(
        "Почитувани,\nПред да Ви го предадеме материјалот потребно е да платите 1.860,00 денари, по 2 денари по страница.",
        "1860.00 MKD",
    );
    fee(
        "Поштовани,\nПотребно је да пре издавања копија уплатите накнаду у износу од 5.340,00 динара.",
        "5340.00 RSD",
    );
    fee(
        "Stimate domnule,\ncostul copierii este de 0,50 lei/pagină, totalul de plată ridicându-se la 82,00 lei.",
        "82.00 RON",
    );
    fee(
        "Szanowny Panie,\nudostępnienie wiąże się z opłatą w łącznej kwocie 102 zł, płatną przed wydaniem kopii.",
        "102.00 PLN",
    );
}

#[track_caller]
fn cites(body: &str, expected: &[&str]) -> Reading {
    let reading = read("Decision", body);
    let found: Vec<&str> = reading.grounds.iter().map(|ground| ground.cite.as_str()).collect();
    assert_eq!(found, expected, "in `{body}`");
    reading
}

#[test]
fn each_provision_is_one_citation_with_the_number_of_its_law() {
    cites(
        "Vážený pane,\nžádost odmítáme podle § 11 odst. 1 písm. a) zákona č. 106/1999 Sb.",
        &["§ 11 odst. 1 písm. a) zákona č. 106/1999 Sb."],
    );
    cites(
        "Madame,\nl'accès est refusé en application de l'article 6, § 1er, 3°, de la loi du 11 avril 1994.",
        &["article 6, § 1er, 3°, de la loi du 11 avril 1994"],
    );
    cites(
        "Hej,\nvi avslår din begäran enligt 18 kap. 1 § offentlighets- och sekretesslagen (2009:400).",
        &["18 kap. 1 § offentlighets- och sekretesslagen (2009:400)"],
    );
    cites(
        "Gerbiamasis,\natsisakome pateikti informaciją pagal 15 straipsnio 1 dalies 3 punktą.",
        &["15 straipsnio 1 dalies 3 punktą"],
    );
}

#[test]
fn a_provision_says_which_law_it_is_of_and_what_it_protects() {
    let body = "Dear Madam,\nunder the Freedom of Information Act 2000 we refuse your request. The information is exempt under \
                section 31(1)(a) of the Freedom of Information Act 2000.";
    let reading = read("Refusal", body);
    let ground = reading.grounds.iter().find(|g| g.cite.starts_with("section 31")).expect("the section");
    assert_eq!(ground.regime.as_deref(), Some("gb-foia"));
    assert_eq!(ground.category.as_deref(), Some("law_enforcement"));
}

#[track_caller]
fn passed_on(body: &str, expected: &str) {
    assert_eq!(read("Transfer", body).transferred_to.as_deref(), Some(expected), "in `{body}`");
}

#[test]
fn the_competent_body_is_named_as_it_is_written() {
    passed_on(
        "Dobrý den,\nna Vaše otázky odpovědět nemůžeme, nejsme k tomu příslušní. Žádost jsme postoupili na Ředitelství \
         služby cizinecké policie, které systém provozuje.",
        "Ředitelství služby cizinecké policie",
    );
    passed_on(
        "Sehr geehrter Herr,\nfür Ihren Antrag bin ich nicht zuständig. Ich habe ihn zuständigkeitshalber an das \
         Landespolizeipräsidium Nordmark weitergeleitet.",
        "Landespolizeipräsidium Nordmark",
    );
    passed_on(
        "Monsieur,\nvotre demande ne relève pas de notre compétence. Elle a été transmise ce jour à la Direction \
         centrale de la police technique, seule compétente.",
        "Direction centrale de la police technique",
    );
}

#[test]
fn a_link_that_hands_over_files_has_its_last_day() {
    let reading = read(
        "Your documents",
        "Dear Madam,\nplease find the documents you asked for at \
         https://files.authority.example/s/a8Kd93kLmQ2 for download. The link is valid until 30 June 2026.\n\n\
         Our home page is https://www.authority.example/ and you can unsubscribe at \
         https://authority.example/unsubscribe?id=9.",
    );
    let links: Vec<_> =
        reading.links.iter().map(|l| (l.url.as_str(), l.expires_on.map(|d| d.to_string()))).collect();
    assert_eq!(links, [("https://files.authority.example/s/a8Kd93kLmQ2", Some("2026-06-30".to_owned()))]);
}

#[test]
fn a_link_that_expires_in_days_is_counted_from_the_letter() {
    let reading = read(
        "Ihre Unterlagen",
        "Sehr geehrte Frau,\ndie Unterlagen können Sie hier herunterladen: \
         https://cloud.behoerde.example/dl/7Xk2p9/akte.pdf\nDer Link ist 14 Tage gültig.",
    );
    let ends = reading.links.first().and_then(|link| link.expires_on).map(|d| d.to_string());
    assert_eq!(ends.as_deref(), Some("2026-03-16"));
}

fn links(body: &str) -> Vec<(String, Option<String>)> {
    let links = read("Documents", body).links;
    links.into_iter().map(|l| (l.url, l.expires_on.map(|d| d.to_string()))).collect()
}

#[test]
fn a_link_that_one_is_told_to_see_hands_over_nothing() {
    let letters = [
        "Dear Ms Lind,\nthe records can be downloaded from https://files.authority.example/s/a8Kd93kL. They are available \
         until 4 December.\n\nSee also https://authority.example/foi/how-it-works-2026a for more on your rights.",
        "Sehr geehrte Frau,\nunter https://files.authority.example/s/a8Kd93kL können Sie die Akten bis 4. Dezember 2026 \
         abrufen.\nWeitere Informationen finden Sie unter https://www.behoerde.example/ifg/infos2024.",
        "Geachte mevrouw,\nde stukken kunt u tot en met 4 december 2026 downloaden via \
         https://files.authority.example/s/a8Kd93kL. Zie ook https://gemeente.example/woo/2024a.",
        "Vážená paní,\ndokumenty si můžete stáhnout na https://files.authority.example/s/a8Kd93kL, odkaz je platný do \
         4. prosince 2026. Více informací na https://urad.example/informace/2024a.",
        "Hei,\nasiakirjat voi ladata osoitteesta https://files.authority.example/s/a8Kd93kL 4.12.2026 asti. Katso myös \
         https://virasto.example/ohje/2024a.",
        "Αγαπητή κυρία,\nμπορείτε να κατεβάσετε τα έγγραφα από https://files.authority.example/s/a8Kd93kL έως τις 4 \
         Δεκεμβρίου 2026. Βλ. επίσης https://arxi.example/odigos/2024a.",
    ];
    let offered = "https://files.authority.example/s/a8Kd93kL".to_owned();
    for letter in letters {
        assert_eq!(links(letter), [(offered.clone(), Some("2026-12-04".to_owned()))], "in `{letter}`");
    }
    let form = "Dear Ms Lind,\nwe received your request. To complain, use the form at \
                https://authority.example/forms/complaint1b.";
    assert_eq!(links(form), []);
}

#[test]
fn a_link_to_what_was_asked_for_is_kept_whatever_else_is_said_beside_it() {
    for body in [
        "The information you requested is available at https://x.example/export.zip",
        "You can download the contract in CSV format here: https://x.example/a.csv",
    ] {
        assert_eq!(links(body).len(), 1, "{body}");
    }
    assert!(links("Further information on appeals: https://x.example/appeals/how-to").is_empty());
}

#[test]
fn each_link_of_a_list_is_offered_by_the_words_above_it() {
    let letter = "Dear Ms Lind,\nyou can download the records from these links, which expire on 4 April 2026:\n\
                  - https://files.example/s/aa11\n- https://files.example/s/bb22";
    let day = Some("2026-04-04".to_owned());
    let expected = ["https://files.example/s/aa11", "https://files.example/s/bb22"];
    assert_eq!(links(letter), expected.map(|url| (url.to_owned(), day.clone())));
}

#[test]
fn a_link_beside_a_password_says_so_without_telling_it() {
    let letter = "Sehr geehrte Frau,\ndie Unterlagen können Sie hier herunterladen: \
                  https://cloud.behoerde.example/dl/7Xk2p9/akte.pdf\n";
    let note =
        |more: &str| read("Ihre Unterlagen", &format!("{letter}{more}")).links.first().unwrap().note.clone();
    assert_eq!(note("Das Passwort lautet: Fuchs-77!").as_deref(), Some("password given in the mail"));
    assert_eq!(note("Das Passwort erhalten Sie mit getrennter Post."), None);
}

fn answered(questions: &[&str], body: &str) -> Vec<(usize, String)> {
    let letter = Letter { subject: "Re", body, attachments: &[], sent_on: None };
    let prepared = prepare(&letter, &KNOWLEDGE.phrasebook);
    let questions: Vec<String> = questions.iter().map(|q| (*q).to_owned()).collect();
    let found = passages(&questions, &prepared);
    found.into_iter().map(|Answer { question, passage, .. }| (question, passage.text)).collect()
}

#[test]
fn an_answer_is_found_by_the_number_of_its_question() {
    let questions = ["Welche Systeme sind im Einsatz?", "Wer ist der Anbieter?"];
    let body = "Sehr geehrte Frau,\n\nZu Frage 1: Es ist keines im Einsatz.\n\nZu Frage 2: Entfällt daher.\n";
    let found = answered(&questions, body);
    assert_eq!(
        found,
        [
            (0, "Zu Frage 1: Es ist keines im Einsatz.".to_owned()),
            (1, "Zu Frage 2: Entfällt daher.".to_owned())
        ]
    );
    let questions = ["Ποιο σύστημα;", "Πόσες κάμερες;"];
    let body = "Ερώτημα 2: Δώδεκα κάμερες συνολικά.\n\nΕρώτημα 1: Κανένα σύστημα.\n";
    let found: Vec<usize> =
        answered(&questions, body).iter().filter(|(_, t)| t.contains("Δώδεκα")).map(|(q, _)| *q).collect();
    assert_eq!(found, [1]);
}

#[test]
fn an_answer_stands_below_the_question_that_was_repeated() {
    let questions = ["Jaký software pro rozpoznávání obličejů používáte?", "Kolik stál?"];
    let body = "Dobrý den,\n\nJaký software pro rozpoznávání obličejů používáte?\n\nŽádný takový nemáme.\n\nS pozdravem\nNovák";
    assert_eq!(answered(&questions, body), [(0, "Žádný takový nemáme.".to_owned())]);
}

#[test]
fn an_answer_is_found_by_the_words_it_shares_or_not_at_all() {
    let questions =
        ["How many cameras were installed at the central station?", "Which vendor supplies the software?"];
    let body = "Dear Sir,\n\nThe council discussed budgets in May and considered other matters.\n\n\
                At the central station twelve cameras were installed in 2024.\n\nYours faithfully\nA Clerk";
    let found = answered(&questions, body);
    assert_eq!(found, [(0, "At the central station twelve cameras were installed in 2024.".to_owned())]);
}
