//! A message that nobody's address brought: the desk names the requests it may belong to, and files it by one press.

use super::{Desk, REFUSAL};
use crate::support::stories;
use rocket::http::Status;

stories! {
    fn unmatched_message_shows_its_candidates_with_reasons_and_is_filed_by_one_press(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let other = desk.asks("Stadt Altmoor");
        let subject = format!("Bescheid zu {reference}, siehe auch {other} <b>");
        desk.receives("kern@kanzlei.example", "info@post.askance.example", (&subject, REFUSAL));
        let token = desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        for words in [
            format!("Its subject names the reference {reference}."),
            format!("Its subject names the reference {other}."),
            format!("File to {reference}"),
            "From kanzlei.example; the authority writes from ".to_owned(),
            "Nothing is recorded or public before somebody settles it.".to_owned(),
        ] {
            assert!(page.contains(&words), "{words}: {page}");
        }
        let before = desk.page("/requests");
        let filed = desk.post("/desk/messages/1/assign", &[("csrf", &token), ("reference", &reference)]);
        assert_eq!(filed.status(), Status::SeeOther);
        drop(filed);
        let page = desk.page("/desk/messages/1");
        assert!(page.contains(&format!("Filed to {reference}")) && !page.contains(&format!("File to {reference}")));
        assert!(page.contains(&format!("File to {other}")), "the others stay within reach");
        assert_eq!(desk.page("/requests"), before);
    }
}
