//! What is public after a reply was settled: changed, withdrawn, and coded question by question.

use super::{Desk, between};
use crate::support::stories;
use askance::mail::transport::Transport;
use askance::service::delivery;
use askance::store::{audit, outbox};
use chrono::TimeDelta;
use rocket::http::Status;
use std::sync::Arc;

/// A decision with a file, as it comes over the wire.
fn decision(recipient: &str) -> Vec<u8> {
    format!(
        "From: post@brandau.example\r\nTo: <{recipient}>\r\nSubject: Bescheid\r\nMessage-ID: <1@brandau.example>\r\n\
         Date: Sat, 21 Nov 2026 11:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         Ihr Antrag wird abgelehnt. Wir betreiben drei Kameras.\r\nFrau Zeisig leitet den Versuch.\r\n--b\r\n\
         Content-Type: text/plain; name=Vertrag.txt\r\nContent-Disposition: attachment; filename=Vertrag.txt\r\n\r\n\
         Kaufpreis Goldammer\r\n--b--\r\n"
    )
    .into_bytes()
}

/// A desk with a settled decision whose text and file are public: the token and the reference.
fn settled(desk: &Desk) -> (String, String) {
    let reference = desk.asks("Stadt Brandau");
    let address = desk.reply_address(&reference);
    desk.receives_raw(&decision(&address), &address);
    let token = desk.volunteer_signs_in();
    let fields = [
        ("csrf", token.as_str()),
        ("kind", "partial"),
        ("publish", "1"),
        ("subject", "Bescheid"),
        ("text", "Wir betreiben drei Kameras.\r\nFrau ██████ leitet den Versuch."),
        ("files", "0"),
    ];
    assert_eq!(desk.post("/desk/messages/1/settle", &fields).status(), Status::SeeOther);
    (token, reference)
}

stories! {
    fn what_was_public_is_changed_and_withdrawn_at_once(desk: &mut Desk) {
        let (token, reference) = settled(desk);
        let public = || [desk.page(&format!("/requests/{reference}")), desk.page(&format!("/requests/{reference}.json"))];
        assert!(public().iter().all(|page| page.contains("drei Kameras") && page.contains("Vertrag.txt")));
        assert_eq!(desk.get("/files/1/0/Vertrag.txt").status(), Status::Ok);
        let events = desk.page(&format!("/desk/requests/{reference}")).matches("<li id=\"e").count();

        let empty = desk.post("/desk/messages/1/publish", &[("csrf", &token), ("text", "  ")]);
        assert_eq!(empty.status(), Status::UnprocessableEntity);
        assert!(empty.into_string().unwrap().contains("There is no text to show."));
        let changed = [("csrf", token.as_str()), ("subject", "Bescheid"), ("text", "Wir betreiben █ Kameras.")];
        assert_eq!(desk.post("/desk/messages/1/publish", &changed).status(), Status::SeeOther);
        assert!(public().iter().all(|page| page.contains("Wir betreiben") && !page.contains("drei") && !page.contains("Vertrag.txt")));
        assert_eq!(desk.get("/files/1/0/Vertrag.txt").status(), Status::NotFound, "the tick was taken away");
        let with_file = [&changed[..], &[("files", "0")]].concat();
        assert_eq!(desk.post("/desk/messages/1/publish", &with_file).status(), Status::SeeOther);
        assert_eq!(desk.get("/files/1/0/Vertrag.txt").status(), Status::Ok);

        let withdrawn = desk.post("/desk/messages/1/withdraw", &[("csrf", &token)]);
        assert_eq!(withdrawn.headers().get_one("Location"), Some("/desk/messages/1"));
        drop(withdrawn);
        for page in public() {
            for gone in ["Wir betreiben", "Vertrag.txt", "Bescheid"] {
                assert!(!page.contains(gone), "{gone}");
            }
        }
        assert_eq!(desk.get("/files/1/0/Vertrag.txt").status(), Status::NotFound);
        assert!(desk.page("/desk/messages/1").contains("Nothing of its text is public."));
        let after = desk.page(&format!("/desk/requests/{reference}")).matches("<li id=\"e").count();
        assert_eq!(after, events, "the history stays as it was");
        assert_eq!(audit::verify(&mut desk.db.conn().unwrap()).unwrap().1, None);
    }

    fn nothing_is_published_of_what_nobody_settled(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let address = desk.reply_address(&reference);
        desk.receives_raw(&decision(&address), &address);
        let token = desk.volunteer_signs_in();
        let fields = [("csrf", token.as_str()), ("text", "Ihr Antrag"), ("files", "0")];
        assert_eq!(desk.post("/desk/messages/1/publish", &fields).status(), Status::UnprocessableEntity);
        assert_eq!(desk.post("/desk/messages/7/publish", &fields).status(), Status::NotFound);
        let public = format!("/requests/{reference}");
        assert_eq!(desk.get(&public).status(), Status::NotFound, "its letter has not left");
        desk.later(TimeDelta::minutes(11));
        let transport = Transport::Memory(Arc::default());
        assert!(delivery::send_next(&desk.ctx, &desk.db, &transport, "worker").unwrap());
        delivery::tell_requests(&desk.ctx, &desk.db).unwrap();
        let page = desk.page(&public);
        assert!(page.contains("A reply is being read") && !page.contains("Ihr Antrag wird"), "{page}");
        assert_eq!(desk.get("/files/1/0/Vertrag.txt").status(), Status::NotFound);
    }

    fn refusal_may_have_a_remedy_whose_time_runs(desk: &mut Desk) {
        desk.asks("Polizei Brandau");
        settled(desk);
        let list = desk.page("/desk/requests");
        assert!(list.contains("Answered; check the remedy’s date in the reply"), "{list}");
        assert!(list.contains("No answer is due") && !list.contains("Nothing lapses"), "{list}");
    }

    fn decision_is_coded_question_by_question(desk: &mut Desk) {
        let (token, reference) = settled(desk);
        let page = desk.page("/desk/messages/1");
        let key = |n: usize| between(&page, &format!("name=\"answers[{n}].question\" value=\""), "\"").to_owned();
        let (first, second, third) = (key(0), key(1), key(2));
        let code = |passage: &str, none_given: &str| {
            let fields = [
                ("csrf", token.as_str()),
                ("answers[0].question", first.as_str()),
                ("answers[0].disposition", "disclosed"),
                ("answers[0].passage", passage),
                ("answers[1].question", second.as_str()),
                ("answers[1].disposition", "refused"),
                ("answers[1].none_given", none_given),
                ("answers[2].question", third.as_str()),
                ("answers[2].disposition", ""),
            ];
            let answer = desk.post("/desk/messages/1/answers", &fields);
            (answer.status(), answer.into_string().unwrap_or_default())
        };
        let (status, wrong) = code("vier Kameras", "");
        assert_eq!(status, Status::UnprocessableEntity);
        assert!(wrong.contains("These words do not stand in the reply") && wrong.contains("The settlement has no ground"));
        assert!(wrong.contains("vier Kameras"), "what was typed comes back");
        let public = || desk.page(&format!("/requests/{reference}"));
        assert!(!public().contains("not checked"), "all or nothing");

        assert_eq!(code("Wir betreiben drei Kameras.", "1").0, Status::SeeOther);
        let page = public();
        assert!(page.contains("“Wir betreiben drei Kameras.”") && page.contains("coded by one person, not checked"));
        assert!(page.contains("Answered in full") && page.contains("none given") && page.contains("Not yet coded"));
        assert!(desk.page("/desk/messages/1").contains("Wir betreiben drei Kameras.</textarea>"));

        assert_eq!(code("Frau Zeisig leitet", "1").0, Status::SeeOther);
        let page = public();
        assert!(page.contains("Answered in full") && !page.contains("Zeisig"), "what was struck out stays hidden");
        let json = desk.page(&format!("/requests/{reference}.json"));
        assert!(json.contains("coded by one person") && !json.contains("Zeisig"));

        drop(desk.post("/desk/messages/1/withdraw", &[("csrf", &token)]));
        assert!(!public().contains("Answered in full"), "an answer rests on a public reply");
        let foreign = [("csrf", token.as_str()), ("answers[0].question", "no_such"), ("answers[0].disposition", "refused")];
        assert_eq!(desk.post("/desk/messages/1/answers", &foreign).status(), Status::NotFound);
    }

    fn letter_that_arrived_after_all_starts_the_clock(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        desk.later(TimeDelta::minutes(11));
        let mut conn = desk.db.conn().unwrap();
        let now = desk.ctx.clock.now();
        let claim = outbox::Claim { worker: "w", now, until: now + TimeDelta::minutes(1), per_minute: 0 };
        let (letter, _) = outbox::claim_due(&mut conn, &claim).unwrap().unwrap();
        assert!(outbox::in_doubt(&mut conn, letter.id, &claim).unwrap());
        desk.later(TimeDelta::minutes(5));
        delivery::expire_leases(&desk.ctx, &desk.db).unwrap();
        drop(conn);
        let token = desk.volunteer_signs_in();
        let path = format!("/desk/requests/{reference}/arrived");
        let foreign = desk.post(&path, &[("csrf", &token), ("letter", "77")]);
        assert_eq!(foreign.status(), Status::NotFound);
        drop(foreign);
        let id = letter.id.to_string();
        assert_eq!(desk.post(&path, &[("csrf", &token), ("letter", &id)]).status(), Status::SeeOther);
        assert_eq!(desk.letter(&reference).state.as_str(), "accepted");
        let page = desk.page(&format!("/desk/requests/{reference}"));
        assert!(page.contains("It arrived.") && !page.contains("counts once the letter is delivered"));
        drop(desk.post(&path, &[("csrf", &token), ("letter", &id)]));
        assert!(desk.page(&format!("/desk/requests/{reference}")).contains("Nothing was changed."));
    }
}
