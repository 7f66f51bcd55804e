//! What the desk sees and does about letters that are held, and addresses that do not work.

use super::{Desk, VOLUNTEER};
use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::delivery;
use askance::service::sign_in::{self, Newcomer};
use askance::store::types::Role;
use chrono::TimeDelta;
use rocket::http::Status;

const ADMIN: &str = "a.admin@klarblick.example";

pub fn admin_signs_in(desk: &Desk) -> String {
    let new = Newcomer { email: ADMIN, name: "A. Admin", role: Role::Admin };
    let password = sign_in::add_person(&desk.ctx, &mut desk.db.conn().unwrap(), &new).unwrap();
    assert_eq!(desk.try_to_sign_in(ADMIN, &password).status(), Status::SeeOther);
    desk.token("/desk")
}

#[test]
fn administrator_pauses_the_outbox_for_a_reason_that_everybody_sees_and_resumes_it() {
    let desk = Desk::new();
    let token = admin_signs_in(&desk);
    let page = desk.page("/desk/letters");
    assert!(page.contains("Pause the outbox") && !page.contains("The outbox is paused"));
    let wrong = desk.post("/desk/letters/pause", &[("csrf", &token), ("reason", "  ")]);
    assert_eq!(wrong.status(), Status::UnprocessableEntity);
    assert!(wrong.into_string().unwrap().contains("href=\"#f-reason\""));
    let reason = [("csrf", token.as_str()), ("reason", "The <mail> server moves")];
    assert_eq!(desk.post("/desk/letters/pause", &reason).status(), Status::SeeOther);
    let page = desk.page("/desk/letters");
    for words in [
        "The outbox is paused.",
        "A. Admin paused it on",
        "The &lt;mail&gt; server moves",
        "Let letters leave again",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(desk.post("/desk/letters/pause", &reason).status() == Status::SeeOther);
    desk.post("/desk/sign-out", &[("csrf", &token)]);
    // A volunteer sees it and can do nothing about it.
    let token = desk.volunteer_signs_in();
    let page = desk.page("/desk/letters");
    assert!(
        page.contains("A. Admin paused it on") && page.contains("An administrator can resume it."),
        "{VOLUNTEER}"
    );
    for path in ["/desk/letters/pause", "/desk/letters/resume"] {
        assert_eq!(
            desk.post(path, &[("csrf", &token), ("reason", "x")]).status(),
            Status::NotFound,
            "{path}"
        );
    }
    assert!(desk.page("/desk/letters").contains("The outbox is paused."));
}

#[test]
fn resumed_outbox_says_so_and_a_form_from_elsewhere_resumes_nothing() {
    let desk = Desk::new();
    let token = admin_signs_in(&desk);
    delivery::pause(&desk.ctx, &mut desk.db.conn().unwrap(), None, "restored from a backup").unwrap();
    assert!(
        desk.page("/desk/letters").contains("The service itself, or somebody at the console, paused it on")
    );
    assert_eq!(desk.post("/desk/letters/resume", &[("csrf", "guessed")]).status(), Status::Forbidden);
    assert!(desk.page("/desk/letters").contains("The outbox is paused."));
    assert_eq!(desk.post("/desk/letters/resume", &[("csrf", &token)]).status(), Status::SeeOther);
    let page = desk.page("/desk/letters");
    assert!(page.contains("Letters leave again") && !page.contains("The outbox is paused."), "{page}");
}

#[test]
fn address_that_was_refused_is_in_the_menu_and_on_a_list_until_it_is_closed() {
    let desk = Desk::new();
    let token = desk.volunteer_signs_in();
    assert!(!desk.page("/desk").contains("/desk/contacts"));
    assert!(desk.page("/desk/contacts").contains("Every address works, as far as anybody knows."));
    let reference = desk.asks("Polizei Ostheim");
    desk.later(TimeDelta::minutes(11));
    let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("550 5.1.1 no <such> user")));
    let through = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
    assert!(delivery::send_next(&desk.ctx, &desk.db, &through, "worker").unwrap());
    assert!(desk.page("/desk").contains("<a href=\"/desk/contacts\">Addresses (1)</a>"));
    let page = desk.page("/desk/contacts");
    let letter = format!("/desk/requests/{reference}#letters");
    for words in [
        "Polizei Ostheim",
        "poststelle@brandau.example",
        "550 5.1.1 no &lt;such&gt; user",
        "/desk/authorities/1",
        &letter,
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(desk.post("/desk/contacts/1/close", &[("csrf", "guessed")]).status(), Status::Forbidden);
    assert_eq!(desk.post("/desk/contacts/1/close", &[("csrf", &token)]).status(), Status::SeeOther);
    assert!(!desk.page("/desk").contains("/desk/contacts"));
}
