//! R15: a reply address is given up, and what comes to it goes to a person.

use crate::story::desk::{ACTIVIST, Desk, REFUSAL, between};
use crate::support::stories;
use askance::mail::transport::Transport;
use askance::service::admission::Gatekeeper;
use askance::service::{addresses, delivery, triage};
use askance::store::matching::again;
use askance::store::messages::{self, MessageRow};
use askance::store::types::MessageState;
use askance::store::{audit, dump};
use chrono::TimeDelta;
use rocket::http::Status;
use std::net::Ipv4Addr;
use std::sync::Arc;

fn message(desk: &Desk, id: i64) -> MessageRow {
    messages::find(&mut desk.db.conn().unwrap(), id).unwrap().unwrap()
}

fn sent(desk: &Desk, authority: &str) -> (String, String) {
    let reference = desk.asks(authority);
    desk.later(TimeDelta::minutes(11));
    let transport = Transport::Memory(Arc::default());
    while delivery::send_next(&desk.ctx, &desk.db, &transport, "worker").unwrap() {}
    let address = desk.reply_address(&reference);
    (reference, address)
}

stories! {
    fn r15_address_that_was_given_up_still_takes_mail_and_routes_none(desk: &mut Desk) {
        let (reference, old) = sent(desk, "Stadt Brandau");
        let (_, other) = sent(desk, "Stadt Nebenan");
        let path = format!("/desk/requests/{reference}/address");
        assert_eq!(desk.try_to_sign_in(ACTIVIST, &desk.activist).status(), Status::SeeOther);
        assert_eq!(desk.get(&path).status(), Status::NotFound, "not theirs");
        let token = desk.volunteer_signs_in();
        assert!(desk.page(&format!("/desk/requests/{reference}")).contains(&format!("href=\"{path}\"")));
        let page = desk.page(&path);
        assert!(page.contains(&old) && page.contains("Nothing is changed yet."), "{page}");
        let seen = between(&page, "name=\"seen\" value=\"", "\"").to_owned();
        assert_eq!(desk.reply_address(&reference), old, "to look changes nothing");
        assert_eq!(desk.post(&path, &[("csrf", &token), ("seen", &seen)]).status(), Status::SeeOther);
        let new = desk.reply_address(&reference);
        let secret = |address: &str| address.split('@').next().unwrap().rsplit('-').next().unwrap().to_owned();
        assert!(new != old && secret(&new).len() == 20 && new.starts_with(&format!("r-{reference}-")), "{new}");
        // A second press of the same form changes nothing again.
        drop(desk.post(&path, &[("csrf", &token), ("seen", &seen)]));
        assert_eq!(desk.reply_address(&reference), new);
        let again = addresses::change(&desk.ctx, &mut desk.db.conn().unwrap(), 1, (&reference, &seen));
        assert!(matches!(again, Err(addresses::Error::Changed)));
        assert!(desk.page(&path).contains("An earlier one was given up on"));

        // The new one routes; the old one does not, whoever writes and whatever letter is answered.
        desk.receives("\"Ordnungsamt\" <post@brandau.example>", &new, ("Bescheid", REFUSAL));
        assert_eq!(message(desk, 1).request_id, Some(1));
        let id = desk.letter(&reference).mail_message_id;
        let raw = format!(
            "From: \"Ordnungsamt\" <post@brandau.example>\r\nTo: <{old}>\r\nSubject: AW: [{reference}]\r\n\
             In-Reply-To: <{id}>\r\nReferences: <{id}>\r\nDate: Sat, 21 Nov 2026 11:00:00 +0000\r\n\
             Message-ID: <old@brandau.example>\r\n\r\nIhr Antrag wird abgelehnt.\r\n"
        );
        desk.receives_raw(raw.as_bytes(), &old);
        let held = message(desk, 2);
        assert_eq!((held.request_id, held.state), (None, MessageState::Unmatched));
        let shown = desk.page("/desk/messages/2");
        let warning = format!("It came to an address of request {reference} that was given up on 21 November 2026");
        assert!(shown.contains(&warning), "{shown}");
        // What is learnt later ranks it anew and leaves the warning.
        {
            let conn = &mut *desk.db.conn().unwrap();
            again::touch_for_request(conn, &reference, 1).unwrap();
        }
        triage::rank_next(&desk.ctx, &desk.db, 100).unwrap();
        assert!(desk.page("/desk/messages/2").contains(&warning));

        // To the right address of another request as well: filed there, before a person here.
        let raw = raw.replace("old@brandau", "both@brandau").replace("Subject: AW", &format!("Cc: <{other}>\r\nSubject: AW"));
        desk.receives_raw(raw.as_bytes(), &other);
        assert_eq!(message(desk, 3).request_id, Some(2));
        let proposed = message(desk, 4);
        assert_eq!((proposed.request_id, proposed.state), (None, MessageState::Unmatched));
        assert!(desk.page("/desk/messages/4").contains(&warning));

        // At the door it is no guess, however often it is written to.
        let door = Gatekeeper::new(&desk.ctx, &desk.db);
        let peer = Some(Ipv4Addr::new(192, 0, 2, 7).into());
        assert!((0..200).all(|_| format!("{:?}", door.admits(peer, &old)) == "Welcome"));
        let conn = &mut *desk.db.conn().unwrap();
        assert!(audit::last(conn, "change_reply_address").unwrap().is_some());
        assert_eq!(audit::verify(conn).unwrap().1, None);
        let mut log = Vec::new();
        dump::write(conn, "audit", &mut log).unwrap();
        let log = String::from_utf8(log).unwrap();
        assert!(!log.contains(&secret(&old)) && !log.contains(&secret(&new)), "{log}");
    }
}
