//! An administrator erases at the desk; nobody else learns that this can be done.

use crate::story::desk::outgoing::admin_signs_in;
use crate::story::desk::{Desk, REFUSAL};
use crate::support::stories;
use askance::store::audit;
use rocket::http::Status;

stories! {
    fn r50_administrator_erases_a_message_after_reading_what_goes_and_what_stays(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let address = desk.reply_address(&reference);
        desk.receives("\"Ordnungsamt\" <post@brandau.example>", &address, ("Holunderbeere", REFUSAL));
        let token = desk.volunteer_signs_in();
        assert!(!desk.page("/desk/messages/1").contains("/desk/erase"));
        assert_eq!(desk.get("/desk/erase?message=1").status(), Status::NotFound);
        let form = [("csrf", token.as_str()), ("message", "1"), ("reason", "order")];
        assert_eq!(desk.post("/desk/erase", &form).status(), Status::NotFound);
        assert_eq!(desk.post("/desk/erase/preview", &form).status(), Status::NotFound);

        let token = admin_signs_in(desk);
        assert!(desk.page("/desk/messages/1").contains("href=\"/desk/erase?message=1\""));
        assert!(desk.page("/desk/erase?message=1").contains("It is not public."));
        assert_eq!(desk.get("/desk/erase?message=7").status(), Status::NotFound);
        assert_eq!(desk.get("/desk/erase?message=1&file=3").status(), Status::NotFound);
        for path in ["/desk/erase", "/desk/erase/preview"] {
            let unsaid = desk.post(path, &[("csrf", &token), ("message", "1"), ("reason", "time_is_up")]);
            assert_eq!(unsaid.status(), Status::UnprocessableEntity);
            assert!(unsaid.into_string().unwrap().contains("Choose why it is to be erased."));
        }
        let form = [("csrf", token.as_str()), ("message", "1"), ("reason", "order")];
        let page = desk.post("/desk/erase/preview", &form).into_string().unwrap();
        for words in ["What goes", "1 message:", "What stays", "Erase for good", "A court or an authority ordered it."] {
            assert!(page.contains(words), "{words} in {page}");
        }
        assert!(desk.page("/desk/messages/1").contains("Holunderbeere"), "nothing is erased yet");
        assert_eq!(desk.post("/desk/erase", &form[1..]).status(), Status::Forbidden);

        let erased = desk.post("/desk/erase", &form);
        assert_eq!(erased.headers().get_one("Location"), Some("/desk/messages/1"));
        drop(erased);
        let page = desk.page("/desk/messages/1");
        assert!(page.contains("Erased for good.") && !page.contains("Holunderbeere"), "{page}");
        let conn = &mut *desk.db.conn().unwrap();
        let told = audit::last(conn, "erase").unwrap().expect("an entry");
        assert_eq!(told, desk.ctx.clock.now().naive_utc());
        assert_eq!(audit::verify(conn).unwrap().1, None);
        drop(desk.post("/desk/erase", &form));
        assert!(desk.page("/desk/messages/1").contains("It was erased before"));
    }
}
