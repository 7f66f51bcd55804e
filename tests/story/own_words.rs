//! A clerk answers above our letter, pasted without any mark: nothing of it is taken for the authority's words.

use crate::support::mail::Reply;
use crate::support::{LIBRARY, Site, stories};
use askance::domain::incoming::Incoming;
use askance::domain::incoming::reading::Kind;
use askance::domain::request::state::Outcome;
use askance::service::triage::{assign, proposed_settlement, settle};
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};
use diesel::connection::SimpleConnection;

const INFO: &str = "info@post.askance.example";
const ANSWER: &str = "Sehr geehrte Frau Varga,\n\nhiermit bestätige ich den Eingang Ihres Antrags. Ihr Antrag ist hier eingegangen und wird unter dem Aktenzeichen 32-1024/2026 bearbeitet.\n\nKern, Amt 32";
/// What our letter says of itself; a reader that takes it for the authority's finds a refusal.
const OURS: &str = "Ich möchte wissen, welche Kameras am Bahnhofsplatz Gesichter erkennen und wer sie bezahlt. Falls Ihr Antrag abgelehnt wird, nennen Sie mir bitte den Grund: Der Antrag wird abgelehnt nach § 6 Satz 1 Buchst. a IFG NRW.";

fn read(site: &Site, id: i64) -> Incoming {
    serde_json::from_str(&site.message(id).reading).unwrap()
}

/// A request whose letter says `OURS` at its end.
fn asked(site: &Site) -> RequestRow {
    let activist = site.person("Mara Varga", Role::Activist);
    let request = site.sends(activist, site.city());
    let sql = format!("UPDATE outbox SET body = body || '\n\n{OURS}\n' WHERE request_id = {}", request.id);
    site.conn().batch_execute(&sql).unwrap();
    request
}

/// The letter as a mail program pastes it: wrapped anew, nothing before its lines.
fn pasted(site: &Site) -> String {
    let letter = &askance::store::matching::letters(&mut site.conn(), &[1]).unwrap()[0].body;
    let words: Vec<&str> = letter.split_whitespace().collect();
    words.chunks(9).map(|line| line.join(" ")).collect::<Vec<_>>().join("\n")
}

/// The mail comes; by itself nothing in it tells that it ends with our words.
fn arrives(site: &Site, reply: &Reply, recipient: &str) {
    let alone = askance::domain::incoming::understand(&reply.raw(), &LIBRARY.knowledge);
    assert!(alone.text.contains("wer sie bezahlt"), "{}", alone.text);
    site.receives(&reply.raw(), recipient);
}

fn public(site: &Site, request: &RequestRow) -> String {
    let browser = site.browser();
    let page = browser.get(format!("/requests/{}", request.reference)).dispatch().into_string().unwrap();
    let letter = page.find("Eingang Ihres Antrags").map_or("", |at| &page[at..]);
    letter.split("</article>").next().unwrap().to_owned()
}

stories! {
    fn answer_above_our_bare_letter_is_read_and_published_without_it(site: &mut Site) {
        let request = asked(site);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let reply = Reply::to(&request, "brandau.example").about("Eingang").saying(&format!("{ANSWER}\n\n{}", pasted(site)));
        arrives(site, &reply, &request.reply_address);
        let row = site.message(1);
        assert_eq!(row.kind.as_deref(), Some("acknowledgement"));
        assert_eq!(site.kinds(request.id), ["filed", "sent", "acknowledged"]);
        for ours in ["Bahnhofsplatz", "nennen Sie mir", "§ 6", "Mara Varga", "2026-0001", "Klarblick"] {
            assert!(!row.own_text.contains(ours), "{ours} in {}", row.own_text);
        }
        let incoming = read(site, 1);
        assert_eq!(incoming.text, row.own_text);
        assert!(incoming.quoted.as_deref().unwrap().contains("Bahnhofsplatz"));
        assert!(incoming.reading.grounds.is_empty(), "{:?}", incoming.reading.grounds);
        assert_eq!(incoming.reading.reference.as_deref(), Some("32-1024/2026"));
        assert!(incoming.reading.evidence.iter().all(|e| incoming.text.contains(&e.text)));
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        let text = proposed.publish.clone().unwrap();
        assert!(text.contains("Eingang Ihres Antrags") && !text.contains("Bahnhofsplatz"), "{text}");
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        let shown = public(site, &request);
        assert!(shown.contains("32-1024/2026") && !shown.contains("Bahnhofsplatz"), "{shown}");
    }

    fn refusal_stays_a_refusal_and_what_it_restates_in_its_words_stays(site: &mut Site) {
        let request = asked(site);
        let refusal = "Sehr geehrte Frau Varga,\n\nSie fragten nach Kameras am Bahnhofsplatz. Ihr Antrag wird abgelehnt, weil § 9 IFG NRW entgegensteht.\n\nKern, Amt 32";
        let reply = Reply::to(&request, "brandau.example").about("Bescheid").saying(&format!("{refusal}\n\n{}", pasted(site)));
        arrives(site, &reply, &request.reply_address);
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        assert_eq!((proposed.kind, proposed.outcome), (Kind::Refusal, Some(Outcome::Refused)));
        let grounds: Vec<&str> = proposed.grounds.iter().map(|ground| ground.cite.as_str()).collect();
        assert!(grounds.iter().any(|cite| cite.contains("§ 9")) && !grounds.iter().any(|cite| cite.contains("§ 6")), "{grounds:?}");
        let text = proposed.publish.unwrap();
        assert!(text.contains("Sie fragten nach Kameras") && !text.contains("wer sie bezahlt"), "{text}");
    }

    fn automatic_reply_loses_the_copy_and_stays_automatic(site: &mut Site) {
        let request = asked(site);
        let reply = Reply::to(&request, "brandau.example")
            .about("Automatische Antwort")
            .with("Auto-Submitted: auto-replied")
            .saying(&format!("Ich bin bis zum 30. September nicht im Büro.\n\n{}", pasted(site)));
        arrives(site, &reply, &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "auto_replied"]);
        let row = site.message(1);
        assert_eq!(row.kind.as_deref(), Some("automatic"));
        assert!(row.own_text.contains("nicht im Büro") && !row.own_text.contains("Bahnhofsplatz"), "{}", row.own_text);
    }

    fn mail_that_a_person_files_loses_the_copy_when_it_is_filed(site: &mut Site) {
        let request = asked(site);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let letter = pasted(site).replace(&request.reference, "").replace(&request.reply_address, "");
        let reply = Reply::to(&request, "elsewhere.example").about("Ihr Schreiben").addressed(INFO).saying(&format!("{ANSWER}\n\n{letter}"));
        arrives(site, &reply, INFO);
        assert_eq!((site.message(1).request_id, site.message(1).state), (None, MessageState::Unmatched));
        assert!(site.message(1).own_text.contains("Bahnhofsplatz"));
        assign(&site.ctx, &mut site.conn(), volunteer, 1, &request.reference).unwrap();
        let row = site.message(1);
        assert_eq!((row.request_id, row.kind.as_deref()), (Some(request.id), Some("acknowledgement")));
        assert!(!row.own_text.contains("Bahnhofsplatz") && !row.reading.is_empty(), "{}", row.own_text);
        assert_eq!(read(site, 1).text, row.own_text);
    }
}
