//! In which order it is found out who wrote, and what becomes of a mail that came twice.

use crate::authenticity::stories::{Asking, SENDER, SENT, acknowledgement};
use crate::authenticity::{CITY, STRANGER, signing};
use crate::support::mail::Reply;
use crate::support::{Backend, stories};
use askance::domain::incoming::authenticity::Verdict;
use askance::service::intake::{self, Mail};
use askance::service::triage;
use askance::store::schema::{arrivals, messages};
use askance::store::types::MessageState;
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// A mail of somebody who sends many to no request, from one server.
fn noise(house: &Asking, count: usize) {
    for n in 0..count {
        let mail = format!(
            "From: x@any.evil.example\r\nSubject: {n}\r\nMessage-ID: <{n}@evil.example>\r\n\r\n{n}\r\n"
        );
        house.takes(
            mail.as_bytes(),
            &format!("info{n}@post.askance.example"),
            (STRANGER, "x@any.evil.example"),
        );
    }
}

stories! {
    fn r13_whoever_sends_much_delays_no_verdict_of_others(house: &mut Asking) {
        let request = house.request();
        noise(house, 40);
        house.takes(&acknowledgement(&request), &request.reply_address, (STRANGER, SENDER));
        house.later(TimeDelta::seconds(16));
        house.site.works();
        assert_eq!((house.site.message(41).state, house.site.kinds(request.id)), (MessageState::Held, SENT.to_vec()), "read without a verdict, and no rule believes it");
        // More comes, and waits to be read: what was read before has its turn beside it.
        for n in 40..80 {
            let mail = format!("From: x@any.evil.example\r\nSubject: {n}\r\n\r\n{n}\r\n");
            house.takes(mail.as_bytes(), "info@post.askance.example", (STRANGER, "x@any.evil.example"));
        }
        let done = triage::verify_next(&house.site.ctx, &house.site.db).unwrap();
        assert!((1..=32).contains(&done), "{done}");
        assert_eq!(house.verdict(41), Some(Verdict::Forged));
        let seen = |range: std::ops::RangeInclusive<i64>| range.filter(|id| house.verdict(*id).is_some()).count();
        assert!(seen(1..=40) > 0 && seen(42..=81) > 0, "each kind has its part");
    }

    fn r13_copies_have_the_verdict_of_their_mail_whenever_they_were_made(house: &mut Asking) {
        let first = house.request();
        let mara = house.site.person("Iris Blum", askance::store::types::Role::Activist);
        let other = house.site.authority("Stadt Nebenan", (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de"), "nebenan.example");
        let second = house.site.sends(mara, other);
        let both = format!("{}, {}", first.reply_address, second.reply_address);
        let mail = |id: &str| Reply::to(&first, "brandau.example").with_id(id).addressed(&both).saying("Ihr Antrag wird abgelehnt.").raw();
        house.takes(&mail("a@x"), &first.reply_address, (STRANGER, SENDER));
        house.takes(&mail("b@x"), &first.reply_address, (CITY, SENDER));
        house.later(TimeDelta::seconds(16));
        house.site.works();
        let found = house.verifies();
        assert_eq!(found, 2, "each mail is looked at once");
        // 1 and 2 came, and each was copied.
        let blob = |id: i64| house.site.message(id).blob_sha256;
        assert_ne!(blob(1), blob(2));
        let verdicts = |mail: i64| (1..=4).filter(|id| blob(*id) == blob(mail)).map(|id| house.verdict(id)).collect::<Vec<_>>();
        assert_eq!(verdicts(1), [Some(Verdict::Forged); 2]);
        assert_eq!(verdicts(2), [Some(Verdict::Verified); 2]);
    }

    fn r13_mail_that_lay_in_a_mailbox_is_awaited_and_looked_at(house: &mut Asking) {
        let request = house.request();
        let recipients = [request.reply_address.clone()];
        let raw = signing::signed(&acknowledgement(&request), "brandau.example");
        let mail = Mail { raw: &raw, recipients: &recipients, via: "imap", handed: None };
        let long_ago = house.site.now() - TimeDelta::days(10);
        intake::accept_arrived(house.site.ctx.door(), Some(&house.site.db), mail, Some(long_ago)).unwrap();
        house.site.works();
        assert_eq!(house.site.message(1).state, MessageState::Received);
        assert_eq!((house.verifies(), house.verdict(1)), (1, Some(Verdict::Verified)));
        house.site.works();
        assert_eq!(house.site.kinds(request.id).last(), Some(&"acknowledged"));
        // What an import brings is as old as it says, and rules go by it as before there were checks.
        let raw = Reply::to(&request, "brandau.example").with_id("old@x").saying("Ihr Antrag ist hier eingegangen.").raw();
        let mail = Mail { raw: &raw, recipients: &recipients, via: "import", handed: None };
        intake::accept_arrived(house.site.ctx.door(), Some(&house.site.db), mail, Some(long_ago)).unwrap();
        assert_eq!(house.verifies(), 0);
    }

    fn r13_erased_mail_is_not_looked_at(house: &mut Asking) {
        let request = house.request();
        house.dns.fails("_dmarc.brandau.example");
        house.takes(&acknowledgement(&request), &request.reply_address, (STRANGER, SENDER));
        assert_eq!(house.verifies(), 1);
        noise(house, 1);
        let conn = &mut *house.site.conn();
        diesel::update(messages::table).set(messages::blob_sha256.eq("")).execute(conn).unwrap();
        diesel::update(arrivals::table).set(arrivals::blob_sha256.eq("")).execute(conn).unwrap();
        house.later(TimeDelta::minutes(6));
        assert_eq!(house.verifies(), 0);
    }

    fn r13_a_name_that_nobody_answers_for_puts_a_verdict_off_for_a_day_only(house: &mut Asking) {
        let request = house.request();
        house.dns.fails("rsa._domainkey.mute.brandau.example");
        let raw = signing::signed(&acknowledgement(&request), "mute.brandau.example");
        house.takes(&raw, &request.reply_address, (STRANGER, "x@evil.example"));
        house.verifies();
        house.site.works();
        assert_eq!((house.verdict(1), house.site.kinds(request.id)), (Some(Verdict::Unknown), SENT.to_vec()));
        house.later(TimeDelta::hours(25));
        assert_eq!((house.verifies(), house.verdict(1)), (1, Some(Verdict::Forged)));
        assert_eq!(house.found(1).unwrap().again_at, None);
    }

    fn r13_of_a_text_that_came_twice_the_better_verdict_stays_and_both_are_told(house: &mut Asking) {
        let request = house.request();
        let forged = acknowledgement(&request);
        let signed = signing::signed(&forged, "brandau.example");
        let came = |raw: &[u8]| {
            house.takes(raw, &request.reply_address, (STRANGER, "x@evil.example"));
            house.verifies();
            house.site.works();
            let found = house.found(1).unwrap();
            (found.verdict, found.reason.contains("came in a forged mail, too"))
        };
        assert_eq!(came(&forged), (Verdict::Forged, false));
        assert_eq!(came(&signed), (Verdict::Verified, true));
        let again = [b"Received: from a by b; Mon, 14 Sep 2026 09:00:00 +0200\r\n", forged.as_slice()].concat();
        assert_eq!(came(&again), (Verdict::Verified, true));
        assert_eq!(house.found(1).unwrap().reason.matches("forged mail").count(), 1);
        let count: i64 = messages::table.count().get_result(&mut *house.site.conn()).unwrap();
        assert_eq!(count, 1);
    }
}

#[test]
fn r13_a_verdict_that_cannot_be_kept_is_put_off_and_keeps_no_other_waiting() {
    let house = Asking::on(Backend::Sqlite);
    let request = house.request();
    let raw = signing::signed(&acknowledgement(&request), "brandau.example");
    house.takes(&raw, &request.reply_address, (STRANGER, SENDER));
    let refuses = |when: &str| {
        let trigger = format!(
            "DROP TRIGGER IF EXISTS no; CREATE TRIGGER no BEFORE INSERT ON authenticity {when} BEGIN SELECT RAISE(ABORT, 'no'); END;"
        );
        house.site.conn().batch_execute(&trigger).unwrap();
    };
    refuses("");
    assert_eq!(triage::verify_next(&house.site.ctx, &house.site.db).unwrap(), 0, "so the loop pauses");
    refuses("WHEN NEW.verdict = 'verified'");
    house.takes(&acknowledgement(&request), &request.reply_address, (STRANGER, SENDER));
    assert_eq!(house.verifies(), 2, "each once, and the loop pauses");
    assert_eq!((house.verdict(1), house.verdict(2)), (Some(Verdict::Unknown), Some(Verdict::Forged)));
    assert!(house.found(1).unwrap().again_at.is_some());
}
