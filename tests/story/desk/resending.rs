//! Letters that did not arrive, as the desk sends them again, and what it says of those that did.

use super::{Desk, between};
use crate::support::stories;
use askance::mail::transport::Transport;
use askance::service::delivery;
use askance::store::types::OutboxState;
use askance::store::{audit, outbox};
use chrono::TimeDelta;
use rocket::http::Status;
use std::sync::Arc;

/// Claims the letter that may leave and ends its attempt so.
fn ends(desk: &Desk, state: OutboxState, said: &str) -> i64 {
    let now = desk.later(TimeDelta::minutes(11));
    let mut conn = desk.db.conn().unwrap();
    let claim = outbox::Claim { worker: "w", now, until: now + TimeDelta::minutes(1), per_minute: 0 };
    let (letter, attempt) = outbox::claim_due(&mut conn, &claim).unwrap().unwrap();
    let end = outbox::Ended {
        state,
        server_reply: Some(said.to_owned()),
        error: None,
        next_attempt_at: None,
        at: now,
    };
    assert!(outbox::ended(&mut conn, (letter.id, attempt), "w", &end).unwrap());
    drop(conn);
    delivery::tell_requests(&desk.ctx, &desk.db).unwrap();
    letter.id
}

/// What left, as (recipient, bytes).
fn leaves(desk: &Desk) -> Vec<String> {
    desk.later(TimeDelta::minutes(11));
    let sent = Arc::default();
    let transport = Transport::Memory(Arc::clone(&sent));
    while delivery::send_next(&desk.ctx, &desk.db, &transport, "worker").unwrap() {}
    let sent = sent.lock().unwrap();
    sent.iter().map(|letter| format!("{letter:?}")).collect()
}

fn bytes(desk: &Desk, id: i64) -> (String, String) {
    let letter = outbox::find(&mut desk.db.conn().unwrap(), id).unwrap().unwrap();
    let raw = desk.ctx.blobs.get(&letter.blob_sha256).unwrap();
    (letter.blob_sha256, String::from_utf8(raw).unwrap())
}

fn kinds(desk: &Desk, reference: &str) -> Vec<&'static str> {
    let mut conn = desk.db.conn().unwrap();
    let request = askance::store::requests::by_reference(&mut conn, reference).unwrap().unwrap().id;
    let events = askance::store::requests::events_of(&mut conn, request).unwrap();
    events.iter().map(askance::domain::request::event::Event::kind).collect()
}

stories! {
    fn refused_letter_goes_to_the_new_address_of_the_authority(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let id = ends(desk, OutboxState::Refused, "550 5.1.1 no such user");
        let (old_key, old) = bytes(desk, id);
        let token = desk.volunteer_signs_in();
        let page = |path: &str| desk.page(path);
        assert!(!page("/desk/letters").contains("leaves after"), "it left and was refused");
        let path = format!("/desk/requests/{reference}");
        assert!(page(&path).contains("The authority has no other address yet"));
        assert!(!page(&path).contains("may arrive twice"), "it did not arrive once");

        let again = format!("{path}/send-again");
        let id_text = id.to_string();
        let foreign = [("csrf", token.as_str()), ("letter", &id_text), ("to", "me@elsewhere.example")];
        drop(desk.post(&again, &foreign));
        assert!(page(&path).contains("Not sent."));
        let set = [("csrf", token.as_str()), ("address", "ifg@brandau.example"), ("regime", "de-ifg")];
        assert_eq!(desk.post("/desk/authorities/1", &set).status(), Status::SeeOther);
        let offered = page(&path);
        assert!(offered.contains("name=\"to\" value=\"ifg@brandau.example\" checked"), "{offered}");
        assert!(offered.contains("name=\"to\" value=\"poststelle@brandau.example\""));

        let wanted = [("csrf", token.as_str()), ("letter", &id_text), ("to", "ifg@brandau.example")];
        assert_eq!(desk.post(&again, &wanted).status(), Status::SeeOther);
        let (new_key, new) = bytes(desk, id);
        assert!(new.contains("To: ifg@brandau.example\r\n") && !new.contains("poststelle@"), "{new}");
        let message_id = |mail: &str| between(mail, "Message-ID: ", "\r\n").to_owned();
        assert_ne!(message_id(&old), message_id(&new));
        let body = |mail: &str| mail.split_once("\r\n\r\n").unwrap().1.to_owned();
        assert_eq!(body(&old), body(&new));
        assert!(old_key != new_key && desk.ctx.blobs.get(&old_key).is_ok(), "the first letter is kept");
        assert!(page(&path).contains("Sent again, as it had not arrived") && page(&path).contains("Take it back"));

        let left = leaves(desk);
        assert_eq!(left.len(), 1);
        assert!(left[0].contains("ifg@brandau.example"));
        assert_eq!(kinds(desk, &reference), ["filed", "sending_failed", "queued_again", "sent"]);
        assert!(page(&path).contains("Day 0 of the clock"));
        drop(desk.post(&again, &wanted));
        assert_eq!(leaves(desk).len(), 0, "what arrived is not sent again");
        assert_eq!(audit::verify(&mut desk.db.conn().unwrap()).unwrap().1, None);
    }

    fn r06_the_queue_and_the_letters_page_count_the_same_letters(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        ends(desk, OutboxState::Refused, "550 5.1.1 no such user");
        let back = desk.asks("Stadt Waldau");
        ends(desk, OutboxState::Accepted, "250 ok");
        desk.receives("mailer@waldau.example", &desk.reply_address(&back), ("Undelivered", "no such user"));
        let bounce = askance::domain::request::event::Event::Bounced { message: 1, permanent: true, recipients: Vec::new() };
        {
            let mut conn = desk.db.conn().unwrap();
            let request = askance::store::requests::by_reference(&mut conn, &back).unwrap().unwrap().id;
            let stamp = askance::store::requests::Stamp { at: desk.ctx.clock.now(), person: None };
            askance::store::requests::append(&mut conn, request, &bounce, stamp).unwrap();
        }
        desk.volunteer_signs_in();
        assert!(desk.page("/desk").contains("2 letters need you."));
        let (need, sent) = (desk.page("/desk/letters"), desk.page("/desk/letters?state=sent"));
        let tab = |name: &str| between(&need, &format!("{name} "), "</").replace(|c: char| !c.is_ascii_digit(), "");
        println!("R6: need you {:?}, sent {:?}", tab("Need you"), tab(">Sent"));
        assert_eq!((tab("Need you").as_str(), tab(">Sent").as_str()), ("2", "0"), "{need}");
        assert!(need.contains(&reference) && need.contains(&back) && !sent.contains(&back), "{sent}");
    }

    fn r06_whoever_takes_back_too_late_is_told_when_the_letters_left(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let token = desk.volunteer_signs_in();
        desk.later(TimeDelta::minutes(11));
        let takes_back = || {
            let back = desk.post("/desk/requests/filed/take-back", &[("csrf", &token), ("r", &reference)]);
            let to = back.headers().get_one("Location").unwrap().to_owned();
            drop(back);
            desk.page(&to)
        };
        assert!(takes_back().contains("The time to take it back is over."));
        ends(desk, OutboxState::Accepted, "250 ok");
        let told = takes_back();
        println!("R6: {}", between(&told, "Too late.", "</p>"));
        assert!(told.contains("Too late.") && told.contains("The letter left at ") && told.contains(" UTC on "), "{told}");
    }

    fn letter_that_came_back_can_be_sent_again_and_its_clock_starts_anew(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let id = ends(desk, OutboxState::Accepted, "250 ok");
        let first = desk.letter(&reference).accepted_at;
        let bounce = askance::domain::request::event::Event::Bounced { message: 1, permanent: true, recipients: Vec::new() };
        desk.receives("mailer@brandau.example", &desk.reply_address(&reference), ("Undelivered", "no such user"));
        {
            let mut conn = desk.db.conn().unwrap();
            let request = askance::store::requests::by_reference(&mut conn, &reference).unwrap().unwrap().id;
            let stamp = askance::store::requests::Stamp { at: desk.ctx.clock.now(), person: None };
            askance::store::requests::append(&mut conn, request, &bounce, stamp).unwrap();
        }
        desk.later(TimeDelta::days(3));
        let token = desk.volunteer_signs_in();
        let path = format!("/desk/requests/{reference}");
        let page = desk.page(&path);
        assert!(page.contains("It came back.") && page.contains("counts once the letter is delivered"), "{page}");
        assert!(!page.contains("day 0 is") && !page.contains("the authority’s time"), "no clock runs: {page}");
        let id_text = id.to_string();
        let same = [("csrf", token.as_str()), ("letter", id_text.as_str())];
        let before = bytes(desk, id);
        assert_eq!(desk.post(&format!("{path}/send-again"), &same).status(), Status::SeeOther);
        assert_eq!(bytes(desk, id), before, "to the same address it is the same letter");
        assert_eq!(leaves(desk).len(), 1);
        assert_eq!(kinds(desk, &reference), ["filed", "sent", "bounced", "queued_again", "sent"]);
        assert!(desk.letter(&reference).accepted_at > first);
        assert!(desk.page(&path).contains("24 November 2026"), "day 0 is the day of the second letter");
    }

    fn letter_that_was_taken_back_has_no_public_page_to_go_to(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let token = desk.volunteer_signs_in();
        let path = format!("/desk/requests/{reference}");
        assert!(desk.page(&path).contains(&format!("href=\"/requests/{reference}\"")));
        assert_eq!(desk.post(&format!("{path}/take-back"), &[("csrf", &token)]).status(), Status::SeeOther);
        let page = desk.page(&path);
        assert!(!page.contains(&format!("href=\"/requests/{reference}\"")) && page.contains("no public page"));
        assert!(!page.contains("The letter as sent"));
        assert_eq!(desk.get(&format!("/requests/{reference}")).status(), Status::NotFound);
    }
}
