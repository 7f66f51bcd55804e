//! How the parts of a reply are told apart, and which passage seems to answer which of our questions.

use super::{Desk, between};
use crate::support::stories;

const LETTER: &str = "Sehr geehrte Frau Varga,\r\n\r\nIhr Antrag wird abgelehnt, soweit nichts anderes gesagt ist.\r\n\r\n\
    Zu Frage 1: Ein Vertrag besteht seit Mai mit der Firma Habicht.\r\n\r\n\
    Zu Frage 2: Hierzu liegen uns keine Unterlagen vor.\r\n\r\n\
    Mit freundlichen Grüßen\r\nIm Auftrag\r\nMüller\r\nTel. 030 1234\r\n\r\n\
    Rechtsbehelfsbelehrung\r\n\r\nGegen diesen Bescheid kann innerhalb eines Monats Widerspruch erhoben werden.\r\n\r\n\
    Diese E-Mail enthält vertrauliche Informationen.\r\n\r\n-- \r\nStadt Brandau, Am Markt 1\r\n";

fn questions(desk: &Desk) -> Vec<String> {
    let asked = askance::store::findings::asked(&mut desk.db.conn().unwrap(), 1).unwrap();
    asked.into_iter().map(|(_, body)| body).collect()
}

fn received(desk: &Desk, body: &str) -> (String, String) {
    let reference = desk.asks("Stadt Brandau");
    desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", body));
    desk.volunteer_signs_in();
    (desk.page("/desk/messages/1"), reference)
}

stories! {
    fn signature_and_footer_stand_back_and_remedies_are_named(desk: &mut Desk) {
        let (page, _) = received(desk, LETTER);
        let part = |name: &str| between(&page, &format!("<p class=\"src\" lang=\"en\">{name}</p>"), "</div>").to_owned();
        assert!(page.contains("<div class=\"dim\"><p class=\"src\" lang=\"en\">Signature</p>"), "{page}");
        assert!(page.contains("<div class=\"dim\"><p class=\"src\" lang=\"en\">Legal footer</p>"), "{page}");
        assert!(page.contains("<div class=\"aside\"><p class=\"src\" lang=\"en\">Remedies: how to appeal</p>"), "{page}");
        assert!(part("Signature").contains("Tel. 030 1234"), "{page}");
        assert!(part("Remedies: how to appeal").contains("innerhalb eines Monats"), "{page}");
        assert!(part("Legal footer").contains("vertrauliche"), "{page}");
        assert!(part("Signature and footer").contains("Am Markt 1"), "{page}");
        let letter = between(&page, "<div class=\"text plain\">", "</div>");
        assert!(letter.contains("Habicht") && !letter.contains("030 1234"), "{letter}");
    }

    fn passages_that_seem_to_answer_our_questions_are_shown_and_marked(desk: &mut Desk) {
        let (page, reference) = received(desk, LETTER);
        let asked = questions(desk);
        assert!(asked.len() > 2, "{asked:?}");
        let list = between(&page, "<h3>What seems to answer our questions</h3>", "</ul>");
        assert!(list.contains("<strong>Question 1:</strong>") && list.contains("Habicht"), "{list}");
        assert!(list.contains("<strong>Question 2:</strong>") && list.contains("keine Unterlagen"), "{list}");
        assert!(!list.contains("<strong>Question 3:</strong>"), "nothing is made up: {list}");
        let mark = between(list, "Question 1:</strong>", "</li>");
        let mark = between(mark, "href=\"#", "\"");
        let marked = between(&page, &format!("<mark id=\"{mark}\">"), "</a>");
        assert!(marked.contains("Habicht") && marked.contains("Question 1"), "{marked}");
        let public = desk.client.get(format!("/requests/{reference}")).dispatch().into_string().unwrap();
        assert!(!public.contains("Habicht"), "{public}");
    }

    fn bare_copy_of_our_letter_leaves_the_signature_where_it_was(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let letter = askance::store::matching::letters(&mut desk.db.conn().unwrap(), &[1]).unwrap()[0].body.clone();
        let words: Vec<&str> = letter.split_whitespace().collect();
        let pasted = words.chunks(9).map(|line| line.join(" ")).collect::<Vec<_>>().join("\r\n");
        let body = format!("Ihr Antrag wird abgelehnt. Kern, Amt 32\r\n\r\n{pasted}\r\n\r\n-- \r\nStadt Brandau, Am Markt 1\r\n");
        desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", &body));
        desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let rest = between(&page, "<p class=\"src\" lang=\"en\">Signature and footer</p>", "</div>");
        assert_eq!(rest, "<div class=\"text plain\">Stadt Brandau, Am Markt 1", "{page}");
        let own = between(&page, "<div class=\"text plain\">", "</div>");
        assert!(own.contains("Kern, Amt 32"), "{own}");
        assert!(words.iter().filter(|word| word.len() > 20).all(|word| !own.contains(word)), "{own}");
        let one = &questions(desk)[0];
        assert!(!own.contains(one.split('.').next().unwrap()), "{own}");
        assert!(!own.contains("Varga") && !own.contains(&reference), "{own}");
    }
}
