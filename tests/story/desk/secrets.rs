//! Whoever signs in reads the requests of others, and not what would let them write in the authority's name.

use super::{ACTIVIST, Desk};
use crate::support::stories;
use askance::domain::request::event::Event;
use askance::store::AnyConn;
use askance::store::requests::{self, Stamp};
use diesel::RunQueryDsl;
use rocket::http::Status;

stories! {
    fn r15_signed_in_people_learn_no_reply_address_and_no_message_id_of_anothers_request(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let (secret, letter) = (desk.reply_address(&reference), desk.letter(&reference));
        let local = secret.split('@').next().unwrap().to_owned();
        // The server quotes the sender of the letter in its refusal, twice.
        let said = format!("550 5.1.8 <{}>: rejected, see http://spf.example/?id={}", secret.to_uppercase(), secret.replace('@', "%40"));
        let conn = &mut *desk.db.conn().unwrap();
        let sql = format!("UPDATE outbox SET state = 'refused', server_reply = '{said}', last_error = '{said}', attempts = 1");
        match conn {
            AnyConn::Sqlite(c) => diesel::sql_query(&sql).execute(c).unwrap(),
            AnyConn::Postgres(c) => diesel::sql_query(&sql).execute(c).unwrap(),
        };
        let failed = Event::SendingFailed { letter: letter.mail_message_id.clone(), reply: said.clone() };
        let request = requests::by_reference(conn, &reference).unwrap().unwrap().id;
        requests::append(conn, request, &failed, Stamp { at: desk.ctx.clock.now(), person: None }).unwrap();

        assert_eq!(desk.try_to_sign_in(ACTIVIST, &desk.activist).status(), Status::SeeOther);
        for path in [format!("/desk/requests/{reference}"), "/desk/letters".to_owned(), "/desk/letters?state=sent".to_owned()] {
            let page = desk.page(&path);
            assert!(!page.to_lowercase().contains(&local), "{path}: {page}");
            assert!(!page.contains(&letter.mail_message_id), "{path}");
        }
        assert!(desk.page("/desk/letters").contains("550 5.1.8 &lt;[reply address]&gt;: rejected"));
        // Who settles replies sees them: they are needed to find what a server did with a letter.
        desk.volunteer_signs_in();
        let page = desk.page(&format!("/desk/requests/{reference}"));
        assert!(page.contains(&secret) && page.contains(&letter.mail_message_id));
    }
}
