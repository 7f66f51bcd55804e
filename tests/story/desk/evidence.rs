//! How a reading is shown: evidence marked in the mail and its files, how sure, what hides, and a look asked for first.

use super::{Desk, REFUSAL, between};
use crate::support::stories;
use askance::domain::publication::flow::flow;
use askance::store::audit;
use askance::store::desk::message;
use askance::store::schema::{audit as acts, messages};
use data_encoding::BASE64_MIME;
use diesel::prelude::*;
use rocket::http::Status;
use std::fmt::Write as _;

/// A PDF of one page: its words, a black box over the last line, and who wrote it.
fn pdf(lines: &[&str], author: &str) -> Vec<u8> {
    let mut content = String::from("BT /F1 11 Tf 71 700 Td 14 TL ");
    for line in lines {
        write!(content, "({line}) Tj T* ").unwrap();
    }
    write!(content, "ET 0 0 0 rg 60 {} 400 14 re f", 700 - 14 * (lines.len() - 1) - 3).unwrap();
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 << /Type /Font \
         /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        format!("<< /Author ({author}) >>"),
    ];
    let (mut file, mut table) = (String::from("%PDF-1.4\n"), String::from("0000000000 65535 f \n"));
    for (number, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{} 0 obj\n{object}\nendobj\n", number + 1).unwrap();
    }
    let start = file.len();
    write!(
        file,
        "xref\n0 6\n{table}trailer\n<< /Size 6 /Root 1 0 R /Info 5 0 R >>\nstartxref\n{start}\n%%EOF\n"
    )
    .unwrap();
    file.into_bytes()
}

/// A letter that says nothing itself; its file is the decision.
fn attached(recipient: &str) -> Vec<u8> {
    let lines = [
        "Sehr geehrte Frau Varga,",
        "Ihr Antrag wird abgelehnt. Nach \\247 3 Nr. 2 IFG besteht der Anspruch nicht.",
        "Aktenzeichen: II-4711/26",
        "Goldammer hat den Versuch geleitet.",
    ];
    let file = BASE64_MIME.encode(&pdf(&lines, "Zeisig, Referat 4"));
    format!(
        "From: post@brandau.example\r\nTo: <{recipient}>\r\nSubject: Bescheid\r\nMessage-ID: <7@brandau.example>\r\n\
         Date: Sat, 21 Nov 2026 11:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSiehe Anlage.\r\n--b\r\n\
         Content-Type: application/pdf; name=Bescheid.pdf\r\nContent-Disposition: attachment; filename=Bescheid.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{file}\r\n--b--\r\n"
    )
    .into_bytes()
}

/// A desk with that letter, and the token of a volunteer who is signed in.
fn with_file(desk: &Desk) -> (String, String) {
    let reference = desk.asks("Stadt Brandau");
    let address = desk.reply_address(&reference);
    desk.receives_raw(&attached(&address), &address);
    (desk.volunteer_signs_in(), reference)
}

/// What a browser shows of a piece of a page, without the names of the marks.
fn shown(html: &str) -> String {
    let bare =
        regex::Regex::new(r#"<a class="ref"[^>]*>[^<]*</a>"#).unwrap().replace_all(html, "").into_owned();
    let text = regex::Regex::new(r"</?mark[^<>]*>").unwrap().replace_all(&bare, "").into_owned();
    assert!(!text.contains(['<', '>', '"']), "nothing but marks is markup: {text}");
    let plain = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    plain.iter().fold(text, |text, (from, to)| text.replace(from, to))
}

stories! {
    fn what_decides_is_marked_in_the_file_where_it_stands(desk: &mut Desk) {
        with_file(desk);
        let page = desk.page("/desk/messages/1");
        assert!(page.contains("<details open><summary>Its text, which shows what it is</summary>"), "{page}");
        let text = between(&page, "which shows what it is</summary>", "</details>");
        assert!(text.contains("<mark id=\"ev1\">") && text.contains(">1 Kind"), "named, not coloured alone: {text}");
        assert!(text.contains("§ 3 Nr. 2 IFG</mark>") || text.contains("Ground"), "{text}");
        let facts = between(&page, "<h2 id=\"prop\">", "</table>");
        assert!(facts.contains("<a class=\"nowrap\" href=\"#ev1\">passage 1</a>") && facts.contains("<strong>"), "{facts}");
        let queue = desk.page("/desk");
        assert!(queue.contains("<q class=\"gist\" lang=\"de\">") && queue.contains("abgelehnt"), "{queue}");
        assert!(["sure", "likely", "a guess"].iter().any(|word| queue.contains(&format!("<strong>{word}</strong>"))));
    }

    fn nothing_is_published_before_somebody_looked_at_what_hides_in_the_files(desk: &mut Desk) {
        let (token, reference) = with_file(desk);
        let page = desk.page("/desk/messages/1");
        assert!(page.contains("Look before you publish.") && page.contains("Who wrote or changed the file"), "{page}");
        assert!(page.contains("Zeisig, Referat 4") && page.contains("Text under a black box, still there"), "{page}");
        let seal = between(&page, "name=\"seal\" value=\"", "\"").to_owned();
        let settled = || desk.page("/desk?pile=settled").contains("Bescheid");
        let events = || desk.page(&format!("/desk/requests/{reference}")).matches("<li id=\"e").count();
        let before = events();

        let accept = [("csrf", token.as_str()), ("seal", seal.as_str())];
        let refused = desk.post("/desk/messages/1/accept", &accept);
        assert_eq!(refused.headers().get_one("Location"), Some("/desk/messages/1"));
        drop(refused);
        let told = desk.page("/desk/messages/1");
        assert!(told.contains("Not accepted.") && told.contains("Nothing was published."), "the page says why");
        let said = [
            ("csrf", token.as_str()),
            ("kind", "refusal"),
            ("grounds", "§ 3 Nr. 2 IFG"),
            ("publish", "1"),
            ("text", "Siehe Anlage."),
            ("files", "0"),
        ];
        let refused = desk.post("/desk/messages/1/settle", &said);
        assert_eq!(refused.status(), Status::UnprocessableEntity);
        assert!(refused.into_string().unwrap().contains("id=\"f-looked-err\">2 things hide in it."));
        assert!(!settled() && events() == before, "all or nothing");
        assert_eq!(desk.get("/files/1/0/Bescheid.pdf").status(), Status::NotFound);

        let looked = desk.post("/desk/messages/1/settle", &[&said[..], &[("looked", "yes")]].concat());
        assert_eq!(looked.status(), Status::SeeOther);
        drop(looked);
        assert!(settled());
        assert_eq!(desk.get("/files/1/0/Bescheid.pdf").status(), Status::Ok);
        let mut conn = desk.db.conn().unwrap();
        let body: String = acts::table.filter(acts::action.eq("settle")).select(acts::body).first(&mut *conn).unwrap();
        assert!(body.contains("\"looked_at_hidden\":2"), "{body}");
        for public in [format!("/requests/{reference}"), format!("/requests/{reference}.json")] {
            let public = desk.page(&public);
            assert!(public.contains("Bescheid.pdf") && public.contains("Siehe Anlage."), "{public}");
            for private in ["Zeisig", "Goldammer", "black box", "hides"] {
                assert!(!public.contains(private), "{private}");
            }
        }

        let again = [("csrf", token.as_str()), ("text", "Siehe."), ("files", "0")];
        let refused = desk.post("/desk/messages/1/publish", &again);
        assert_eq!(refused.status(), Status::UnprocessableEntity);
        assert!(refused.into_string().unwrap().contains("id=\"p-looked-err\">2 things hide in it."));
        assert!(!desk.page(&format!("/requests/{reference}")).contains("Siehe."), "as it was");
        let looked = desk.post("/desk/messages/1/publish", &[&again[..], &[("looked", "yes")]].concat());
        assert_eq!(looked.status(), Status::SeeOther);
        drop(looked);
        let withdrawn = desk.post("/desk/messages/1/withdraw", &[("csrf", &token)]);
        assert_eq!(withdrawn.status(), Status::SeeOther, "to take back needs no look");
        drop(withdrawn);
        assert_eq!(audit::verify(&mut conn).unwrap().1, None);
    }

    fn accepted_with_the_tick_and_kept_back_without(desk: &mut Desk) {
        let (token, _) = with_file(desk);
        let page = desk.page("/desk/messages/1");
        assert!(page.contains("id=\"a-looked\" name=\"looked\" value=\"yes\" required"), "{page}");
        let seal = between(&page, "name=\"seal\" value=\"", "\"").to_owned();
        let unpublished = [("csrf", token.as_str()), ("kind", "not_held"), ("text", "x")];
        assert_eq!(desk.post("/desk/messages/1/settle", &unpublished).status(), Status::SeeOther, "nothing is shown of it");
        let reference = desk.asks("Stadt Altau");
        let address = desk.reply_address(&reference);
        desk.receives_raw(&attached(&address), &address);
        let page = desk.page("/desk/messages/2");
        let seal_of_second = between(&page, "name=\"seal\" value=\"", "\"").to_owned();
        assert_ne!(seal, seal_of_second);
        let accept = [("csrf", token.as_str()), ("seal", &seal_of_second), ("looked", "yes")];
        let accepted = desk.post("/desk/messages/2/accept", &accept);
        assert_eq!(accepted.headers().get_one("Location"), Some("/desk"));
    }

    fn what_else_it_may_be_is_one_link_away(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
        let mut conn = desk.db.conn().unwrap();
        let kept: String = messages::table.select(messages::reading).first(&mut *conn).unwrap();
        let mut kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        kept["reading"]["reasons"] = serde_json::json!(["abgelehnt", "<b>Anspruch"]);
        kept["reading"]["new_due_on"] = serde_json::json!("2027-01-15");
        let promise = serde_json::json!({ "text": "Sehr geehrte", "where": "body" });
        kept["reading"]["stated_in"] = serde_json::json!({ "new_due_on": promise });
        kept["reading"]["links"] = serde_json::json!([{
            "url": "https://files.brandau.example/s/<1>",
            "expires_on": "2026-12-04",
            "evidence": { "text": "Sehr geehrte", "where": "body" },
        }]);
        kept["reading"]["others"] = serde_json::json!([["not_held", 0.12], ["refusal", 0.8], ["fee", 0.001]]);
        diesel::update(messages::table).set(messages::reading.eq(kept.to_string())).execute(&mut *conn).unwrap();
        drop(conn);
        desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let facts = between(&page, "<h2 id=\"prop\">", "</table>");
        let weighed = between(&page, "Words that weighed most for the kind</summary>", "</details>");
        assert!(weighed.contains("<q lang=\"de\">abgelehnt</q>, <q lang=\"de\">&lt;b&gt;Anspruch</q>"), "{weighed}");
        assert!(facts.contains("href=\"/desk/messages/1?kind=not_held#prop\">Not held (12%)</a>"), "{facts}");
        assert!(facts.contains("https://files.brandau.example/s/&lt;1&gt;"), "{facts}");
        assert!(!page.contains("href=\"https://files."), "a stranger's link is words here");
        assert!(facts.contains("The link works until 4 December 2026"), "{facts}");
        assert!(!facts.contains("kind=refusal") && !facts.contains("kind=fee"), "{facts}");
        let promise = "Sehr geehrte</mark><a class=\"ref\" lang=\"en\" href=\"#pr2\"";
        assert!(page.contains(promise) && facts.contains("15 January 2027"), "a fact is marked where it is stated: {page}");
        let ticked = |path: &str, kind: &str| {
            let page = desk.page(path);
            let form = between(&page, "id=\"correct\"", "</form>");
            form.contains(&format!("value=\"{kind}\" checked>")) || form.contains(&format!("value=\"{kind}\" id=\"f-kind\" checked>"))
        };
        assert!(ticked("/desk/messages/1", "refusal"));
        assert!(ticked("/desk/messages/1?kind=not_held", "not_held"));
        assert!(ticked("/desk/messages/1?kind=%3Cscript%3E", "refusal"), "no kind at all picks none");
    }

    fn another_kind_is_two_presses_and_tells_what_follows(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
        let token = desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let decision = between(&page, "<h2 id=\"prop\">", "</section>");
        assert!(decision.contains("Accept</button>") && decision.contains("“Refused, § 3 Nr. 2 IFG”"), "{decision}");
        assert!(decision.contains("<dt>Reply clock</dt>"), "the clock is told beside the button: {decision}");
        let page = desk.page("/desk/messages/1?kind=acknowledgement");
        let decision = between(&page, "<h2 id=\"prop\">", "</section>");
        assert!(decision.starts_with("Your choice") && decision.contains("Instead of “Refusal”"), "{decision}");
        assert!(decision.contains("form=\"say\" accesskey=\"a\">Save as “Acknowledgement”</button>"), "{decision}");
        assert!(decision.contains("“Acknowledgement”</dd>") || decision.contains("“Acknowledgement”<small>"), "{decision}");
        assert!(decision.contains("<dt>Reply clock</dt>") && !decision.contains("/accept\""), "{decision}");
        let form = between(&page, "id=\"say\"", "</form>");
        assert!(form.contains("value=\"acknowledgement\" checked>"), "the button sends this form: {form}");
        let saved = desk.post("/desk/messages/1/settle", &[("csrf", token.as_str()), ("kind", "acknowledgement")]);
        assert_eq!(saved.headers().get_one("Location"), Some("/desk"));
        drop(saved);
        assert!(!desk.page("/desk/messages/1").contains("<h2 id=\"prop\">"), "what is settled is proposed no more");
    }

    fn long_mail_is_folded_around_what_it_says(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let notes = |from: usize| (from..from + 120).map(|n| format!("Vermerk {n} ohne Bezug."));
        let filler = |from: usize| notes(from).collect::<Vec<_>>().join("\r\n\r\n");
        let body = format!("{}\r\n\r\n{REFUSAL}\r\n\r\n{}", filler(0), filler(500));
        desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", &body));
        desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let reply = between(&page, "id=\"h-reply\"", "</article>");
        assert!(reply.matches("<details class=\"fold\">").count() >= 2, "{reply}");
        let bare = regex::Regex::new(r"(?s)<details class=.fold.>.*?</details>").unwrap().replace_all(reply, "").into_owned();
        assert!(bare.contains("<mark id=\"ev1\">") && bare.contains("Vermerk 0 "), "{bare}");
        assert!(!bare.contains("Vermerk 60 ") && reply.contains("Vermerk 60 "), "folded, not lost");
    }

    fn own_words_come_first_and_signature_and_quote_are_out_of_the_way(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let body = "Ihr Antrag wird abgelehnt.\r\n\r\n-- \r\nStadt Brandau\r\nAm Markt 1\r\n\r\n> Wir bitten um Auskunft.\r\n";
        desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", body));
        let bounce = "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; poststelle@brandau.example\r\n\
                      Action: failed\r\nStatus: 5.1.1\r\n";
        let address = desk.reply_address(&reference);
        let report = format!(
            "From: MAILER-DAEMON@mx.example\r\nTo: <{address}>\r\nSubject: Undelivered\r\nMessage-ID: <b@mx.example>\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n\
             --r\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\n{bounce}\r\n--r--\r\n"
        );
        desk.receives_raw(report.as_bytes(), &address);
        desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let own = between(&page, "<div class=\"text plain\">", "</div>");
        assert!(shown(own).trim_end() == "Ihr Antrag wird abgelehnt.", "{own}");
        assert!(between(&page, "<div class=\"dim\">", "</footer>").contains("Stadt Brandau"), "{page}");
        assert!(page.contains("Quoted text, 1 line</summary>"), "{page}");
        let page = desk.page("/desk/messages/2");
        assert!(!page.contains("name=\"looked\""), "nothing hides in it");
        assert!(page.contains("Not reached: poststelle@brandau.example. It failed for good"), "{page}");
    }

    fn marks_never_break_the_page_whatever_the_mail_says(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let address = desk.reply_address(&reference);
        let parts = [
            "</mark><script>alert(1)</script>", "Ihr Antrag wird abgelehnt", "&lt;b&gt; &amp;amp;", "<mark id=\"ev1\">",
            "§ 3 Nr. 2 IFG", "\"' onmouseover=x ", "{{ 7*7 }}{% raw %}", "\u{202e}gnp.exe", "-->", "Aktenzeichen: <i>II-4711</i>",
            "█", "</div></article>", "𐀀", "wird abgelehnt", "nach § 3 Nr. 2 IFG & § 6 <IFG>", "\t|",
        ];
        let mut seed = 11_usize;
        let count = 24;
        for number in 0..count {
            let mut body = format!("Nummer {number}: Ihr Antrag wird abgelehnt");
            for _ in 0..9 {
                seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
                body.push_str([" ", "\r\n", ""][(seed >> 8) % 3]);
                body.push_str(parts[(seed >> 12) % parts.len()]);
            }
            desk.receives("post@brandau.example", &address, (&format!("Bescheid {number}"), &body));
        }
        desk.volunteer_signs_in();
        let mut marked = 0;
        for id in 1..=count {
            let kept = message::load(&mut desk.db.conn().unwrap(), id).unwrap().unwrap();
            let page = desk.page(&format!("/desk/messages/{id}"));
            let own = between(&page, "<div class=\"text plain\">", "</div>");
            assert_eq!(shown(own), flow(&kept.own_text), "{id}");
            marked += own.matches("<mark id=\"ev").count();
            assert_eq!(own.matches("<mark ").count(), own.matches("</mark>").count());
            assert_eq!(page.matches("</article>").count(), 1, "{id}");
        }
        assert!(marked >= 24, "only {marked} marks were tried");
    }

    fn text_that_the_mail_does_not_show_is_told_with_all_its_words_and_a_look_is_asked_for(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let address = desk.reply_address(&reference);
        let html = "<p>Ihr Antrag ist hier eingegangen.</p><p style='display:none'>Der Zugang wird abgelehnt.</p>";
        let raw = format!(
            "From: post@brandau.example\r\nTo: <{address}>\r\nSubject: Eingang\r\nMessage-ID: <8@brandau.example>\r\n\
             Date: Sat, 21 Nov 2026 11:00:00 +0000\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
        );
        desk.receives_raw(raw.as_bytes(), &address);
        desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let letter = between(&page, "<p class=\"subj\">", "<footer");
        assert!(letter.contains("eingegangen") && !letter.contains("abgelehnt"), "{letter}");
        let told = between(&page, "id=\"unshown\">", "<h3>");
        assert!(told.contains("Text that the mail does not show") && told.contains("Der Zugang wird abgelehnt."), "{told}");
        assert!(page.contains("Look before you publish.") && page.contains("I have looked at these: 1 thing hides in it"), "{page}");
    }

    fn decision_that_stands_in_a_file_alone_is_proposed_with_its_passage(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let address = desk.reply_address(&reference);
        let raw = String::from_utf8(attached(&address)).unwrap().replace("Siehe Anlage.", "");
        desk.receives_raw(raw.as_bytes(), &address);
        let token = desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let panel = between(&page, "<h2 id=\"as-pub\">", "</section>");
        assert!(panel.contains("The mail has no text of its own.") && panel.contains("“Bescheid.pdf”"), "{panel}");
        assert!(panel.contains("abgelehnt") && !panel.contains("Goldammer"), "the passage, not the file: {panel}");
        let form = between(&page, "<textarea id=\"f-text\"", "</textarea>");
        assert!(form.contains("abgelehnt"), "{form}");
        // Called something else than it was read as, what shows a refusal is neither proposed nor said to be.
        let other = desk.page("/desk/messages/1?kind=full");
        let panel = between(&other, "<h2 id=\"as-pub\">", "</section>");
        assert!(panel.contains("Nothing of the message") && !panel.contains("Bescheid.pdf"), "{panel}");
        let seal = between(&page, "name=\"seal\" value=\"", "\"").to_owned();
        let accept = [("csrf", token.as_str()), ("seal", seal.as_str()), ("looked", "yes")];
        assert_eq!(desk.post("/desk/messages/1/accept", &accept).headers().get_one("Location"), Some("/desk"));
        let public = desk.page(&format!("/requests/{reference}"));
        assert!(public.contains("Ihr Antrag wird abgelehnt") && !public.contains("Goldammer"), "{public}");
        assert!(!public.contains("Bescheid.pdf"), "{public}");
        // Withdrawn, it is offered in the same way again.
        desk.post("/desk/messages/1/withdraw", &[("csrf", token.as_str())]);
        let page = desk.page("/desk/messages/1");
        assert!(between(&page, "<textarea id=\"p-text\"", "</textarea>").contains("abgelehnt"));
    }

    fn mail_without_any_text_proposes_none_and_says_why(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let address = desk.reply_address(&reference);
        let raw = String::from_utf8(attached(&address)).unwrap().replace("Siehe Anlage.", "");
        let raw = raw.replace("Subject: Bescheid", "Subject: Automatische Antwort: Abwesenheit");
        let (head, _) = raw.split_once("--b\r\nContent-Type: application/pdf").unwrap();
        let raw = head.replace("MIME-Version", "Auto-Submitted: auto-replied\r\nMIME-Version") + "--b--\r\n";
        desk.receives_raw(raw.as_bytes(), &address);
        desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        let panel = between(&page, "<h2 id=\"as-pub\">", "</section>");
        assert!(panel.contains("Nothing of the message: the mail has no text of its own"), "{panel}");
        assert!(!between(&page, "name=\"publish\" value=\"1\"", ">").contains("checked"));
    }
}
