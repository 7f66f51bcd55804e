//! A decision that stands where nobody looks for it is never recorded as a mere acknowledgement.

use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};

const RECEIPT: &str = "Sehr geehrte Frau Varga,\n\nhiermit bestätige ich den Eingang Ihres Antrags. Ihr Antrag ist hier eingegangen und wird unter dem Aktenzeichen 32-1024/2026 bearbeitet.\n\nMit freundlichen Grüßen\nKern, Amt 32";
const DECISION: &str = "Ihr Antrag auf Informationszugang wird abgelehnt. Die Unterlagen sind als Verschlusssache eingestuft und werden nicht herausgegeben.";

fn asked(site: &Site) -> RequestRow {
    let activist = site.person("Mara Varga", Role::Activist);
    site.sends(activist, site.city())
}

/// Our letter as a mail program quotes it.
fn quoted(site: &Site) -> String {
    let letter = &askance::store::matching::letters(&mut site.conn(), &[1]).unwrap()[0].body;
    letter.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
}

fn reply(request: &RequestRow, body: &str) -> Reply {
    Reply::to(request, "brandau.example").about("Eingang").saying(body)
}

fn waits(site: &Site, request: &RequestRow, why: &str) {
    let row = site.message(1);
    assert_eq!(row.state, MessageState::Held, "{:?}", row.kind);
    assert_eq!(site.kinds(request.id), ["filed", "sent"]);
    assert!(row.proposal.contains(why), "{}", row.proposal);
}

stories! {
    fn receipt_above_our_quoted_letter_is_recorded_by_itself(site: &mut Site) {
        let request = asked(site);
        let text = format!("{RECEIPT}\n\nAm 1. September 2026 um 09:12 schrieb Mara Varga <{}>:\n{}", request.reply_address, quoted(site));
        site.receives(&reply(&request, &text).raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "acknowledged"], "{}", site.message(1).proposal);
    }

    fn receipt_with_a_signature_and_a_legal_footer_is_recorded_by_itself(site: &mut Site) {
        let request = asked(site);
        let text = format!("{RECEIPT}\n-- \nStadt Brandau\nAmt 32\nMarkt 1, 12345 Brandau\nTel. 0123 456789\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte sofort den Absender und vernichten Sie diese Mail.\n");
        site.receives(&reply(&request, &text).raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "acknowledged"], "{}", site.message(1).proposal);
    }

    fn decision_that_stands_only_in_what_is_quoted_waits_for_a_person(site: &mut Site) {
        let request = asked(site);
        let text = format!("{RECEIPT}\n\n> {}\n", DECISION.replace(". ", ".\n> "));
        site.receives(&reply(&request, &text).raw(), &request.reply_address);
        waits(site, &request, "stands in no letter of ours");
        assert!(site.message(1).proposal.contains("wird abgelehnt"));
    }

    fn answer_between_the_lines_of_our_quoted_letter_waits_for_a_person(site: &mut Site) {
        let request = asked(site);
        let letter = quoted(site);
        let half = letter.lines().count() / 2;
        let lines: Vec<&str> = letter.lines().collect();
        let text = format!("{RECEIPT}\n\n{}\n> {DECISION}\n{}", lines[..half].join("\n"), lines[half..].join("\n"));
        site.receives(&reply(&request, &text).raw(), &request.reply_address);
        waits(site, &request, "stands in no letter of ours");
    }

    fn letter_below_a_signature_mark_is_read_as_the_senders_words(site: &mut Site) {
        let request = asked(site);
        let text = format!("{RECEIPT}\n\n-- \n{DECISION}\n");
        site.receives(&reply(&request, &text).raw(), &request.reply_address);
        let row = site.message(1);
        assert_eq!(row.state, MessageState::Held);
        assert!(row.own_text.contains("wird abgelehnt"), "{}", row.own_text);
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
    }

    fn sentences_below_a_signature_mark_wait_whatever_they_say(site: &mut Site) {
        let request = asked(site);
        let below = "Wir haben uns die Sache in der letzten Woche noch einmal in Ruhe angesehen. Nach allem sehen wir hier keinen Weg, der zu dem führt, was Sie sich wünschen. Das ist schade, aber es ist so, und daran wird sich auch später nichts ändern.";
        let text = format!("{RECEIPT}\n\n-- \n{below}\n");
        site.receives(&reply(&request, &text).raw(), &request.reply_address);
        let row = site.message(1);
        assert_eq!(row.state, MessageState::Held);
        assert!(row.own_text.contains("keinen Weg"), "{}", row.own_text);
    }

    fn receipt_that_hides_a_decision_in_its_html_waits(site: &mut Site) {
        let request = asked(site);
        let html = format!("<p>{}</p><p style='display:none'>{DECISION}</p>", RECEIPT.replace("\n\n", "</p><p>"));
        let raw = String::from_utf8(reply(&request, &html).raw()).unwrap().replace("text/plain", "text/html");
        site.receives(raw.as_bytes(), &request.reply_address);
        waits(site, &request, "does not show");
        assert!(!site.message(1).own_text.contains("abgelehnt"));
    }

    fn receipt_longer_than_is_read_waits_and_keeps_its_end(site: &mut Site) {
        let request = asked(site);
        let text = format!("{RECEIPT}\n{}{DECISION}\n", ".\n".repeat(20_010));
        site.receives(&reply(&request, &text).raw(), &request.reply_address);
        let row = site.message(1);
        assert_eq!(row.state, MessageState::Held, "{}", row.proposal);
        assert!(row.own_text.contains("wird abgelehnt"));
        assert!(row.reading.contains("longer than what is read"));
    }

    fn password_of_a_link_is_no_part_of_what_is_proposed_to_the_public(site: &mut Site) {
        let request = asked(site);
        let text = "Sehr geehrte Frau Varga,\n\nIhrem Antrag wird stattgegeben. Die Unterlagen finden Sie hier: https://cloud.brandau.example/s/a8Kd93kLmQ2\nPasswort: Fuchs-77!\n\nMit freundlichen Grüßen\nKern";
        site.receives(&reply(&request, text).raw(), &request.reply_address);
        assert!(site.message(1).own_text.contains("Fuchs-77"), "the desk has it");
        assert!(site.message(1).reading.contains("password given in the mail"));
        let proposed = askance::service::triage::proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        let public = proposed.publish.unwrap();
        assert!(public.contains("stattgegeben") && public.contains("Passwort: █") && !public.contains("Fuchs"), "{public}");
    }
}
