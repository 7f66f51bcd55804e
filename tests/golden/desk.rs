//! Every page of the desk after one and the same story, as a volunteer sees it.

use crate::story::desk::outgoing::admin_signs_in;
use crate::story::desk::{Desk, REFUSAL, between};
use askance::mail::transport::Transport;
use askance::service::delivery;
use chrono::TimeDelta;
use std::sync::Arc;

/// A desk where a letter left, a refusal and a stranger's mail came in, and one authority lacks an address.
fn told() -> (Desk, String) {
    let desk = Desk::new();
    let reference = desk.asks("Polizeipräsidium Ostheim");
    desk.later(TimeDelta::minutes(11));
    let transport = Transport::Memory(Arc::default());
    while delivery::send_next(&desk.ctx, &desk.db, &transport, "worker").unwrap() {}
    desk.later(TimeDelta::days(40));
    let address = desk.reply_address(&reference);
    desk.receives("\"Ordnungsamt\" <post@brandau.example>", &address, ("Bescheid", REFUSAL));
    desk.receives(
        "cabinet@elsewhere.example",
        &address,
        ("Votre demande", "Nous avons bien reçu votre demande."),
    );
    desk.receives("x@nowhere.example", "info@post.askance.example", ("Hello", "Which request is this?"));
    desk.authority("Comune di Pietralta");
    (desk, reference)
}

/// Name of the golden file and the page, with what is random in it masked.
pub fn samples() -> Vec<(&'static str, String)> {
    let empty = Desk::new();
    let sign_in = empty.page("/desk/sign-in?next=%2Fdesk%2Frequests");
    let wrong = empty.try_to_sign_in("m.varga@klarblick.example", "wrong").into_string().unwrap();
    empty.volunteer_signs_in();
    let (desk, reference) = told();
    let token = desk.volunteer_signs_in();
    let bundle = desk.bundle();
    let chosen = [
        ("csrf", token.as_str()),
        ("a", "1"),
        ("a", "2"),
        ("bundle", &bundle),
        ("signed_as", "Mira Varga"),
        ("group", "Klarblick e. V."),
    ];
    let preview = desk.post("/desk/requests/preview", &chosen).into_string().unwrap();
    let key = between(&preview, "name=\"form_key\" value=\"", "\"").to_owned();
    let sent = desk.post("/desk/requests", &[&chosen[..], &[("form_key", &key)]].concat());
    let filed = sent.headers().get_one("Location").unwrap().to_owned();
    drop(sent);
    let same = desk.post("/desk/requests/preview", &chosen).into_string().unwrap();
    let pages = vec![
        ("desk/session", sign_in),
        ("desk/session-wrong", wrong),
        ("desk/queue-empty", empty.page("/desk")),
        ("desk/queue", desk.page("/desk")),
        ("desk/message", desk.page("/desk/messages/1")),
        ("desk/message-foreign", desk.page("/desk/messages/2")),
        ("desk/message-unmatched", desk.page("/desk/messages/3")),
        ("desk/message-wrong", settled_wrong(&desk, &token)),
        ("desk/requests", desk.page("/desk/requests")),
        ("desk/request", desk.page(&format!("/desk/requests/{reference}"))),
        ("desk/letters", desk.page("/desk/letters?state=sent")),
        ("desk/authorities", desk.page("/desk/authorities?state=ready")),
        (
            "desk/authority-wrong",
            desk.post("/desk/authorities/1", &[("csrf", &token), ("address", "foi at city")])
                .into_string()
                .unwrap(),
        ),
        ("desk/new_authority", namesake(&desk, &token)),
        ("desk/file_request-first", desk.page("/desk/requests/new")),
        ("desk/file_request", desk.page(&format!("/desk/requests/new?q=com&a=1&bundle={bundle}"))),
        ("desk/preview", preview),
        ("desk/preview-same", same),
        ("desk/filed", desk.page(&filed)),
        ("desk/message-settled", settled(&desk, &token)),
    ];
    let pages = pages.into_iter().chain(erasing(&desk));
    pages.map(|(name, page)| (name, masked(&page))).collect()
}

/// A day that is none.
fn settled_wrong(desk: &Desk, token: &str) -> String {
    let wrong = [
        ("csrf", token),
        ("kind", "refusal"),
        ("until_day", "31"),
        ("until_month", "2"),
        ("until_year", "2027"),
        ("publish", "1"),
    ];
    desk.post("/desk/messages/1/settle", &wrong).into_string().unwrap()
}

/// What an administrator reads before anything is erased.
fn erasing(desk: &Desk) -> [(&'static str, String); 3] {
    let token = admin_signs_in(desk);
    let form = [("csrf", token.as_str()), ("message", "1"), ("reason", "personal_data")];
    let wrong = desk.post("/desk/erase/preview", &form[..2]).into_string().unwrap();
    let goes = desk.post("/desk/erase/preview", &form).into_string().unwrap();
    assert_eq!(desk.post("/desk/erase", &form).status(), rocket::http::Status::SeeOther);
    let erased = desk.page("/desk/messages/1");
    [("desk/erase", goes), ("desk/erase-wrong", wrong), ("desk/erased", erased)]
}

/// An authority whose name is in the register already.
fn namesake(desk: &Desk, token: &str) -> String {
    let fields = [
        ("csrf", token),
        ("name", "polizeipräsidium ostheim"),
        ("language", "de-DE"),
        ("kind", "police"),
        ("country", "DE"),
    ];
    desk.post("/desk/authorities/new", &fields).into_string().unwrap()
}

/// A refusal that was settled, with an answer that does not rest on it. The last page: it changes the others.
fn settled(desk: &Desk, token: &str) -> String {
    let fields = [
        ("csrf", token),
        ("kind", "refusal"),
        ("grounds", "§ 3 Nr. 2 IFG"),
        ("publish", "1"),
        ("text", "Ihr Antrag wird abgelehnt."),
    ];
    drop(desk.post("/desk/messages/1/settle", &fields));
    let page = desk.page("/desk/messages/1");
    let question = between(&page, "name=\"answers[0].question\" value=\"", "\"");
    let fields = [
        ("csrf", token),
        ("answers[0].question", question),
        ("answers[0].disposition", "refused"),
        ("answers[0].passage", "wird bewilligt"),
    ];
    desk.post("/desk/messages/1/answers", &fields).into_string().unwrap()
}

/// Tokens, secrets and hashes differ each time.
fn masked(page: &str) -> String {
    let masks = [
        (r#"name="(csrf|form_key|seal)" value="[^"]*""#, r#"name="$1" value="…""#),
        (r"r-(\d{4}-\d{4,})-[a-z2-7]{20}@", "r-$1-…@"),
        (r"\b[0-9a-f]{64}\b", "…"),
        (r"\b[0-9a-f]{32}@", "…@"),
        // How sure the reader is changes with what it was taught; the page around it does not.
        (
            r#"<strong>(?:sure|likely|a guess)</strong> (.*?)width="[\d.]+%" height="10"/></svg>\d+%"#,
            r#"<strong>…</strong> ${1}width="…%" height="10"/></svg>…%"#,
        ),
    ];
    masks.iter().fold(page.to_owned(), |page, (what, with)| {
        regex::Regex::new(what).unwrap().replace_all(&page, *with).into_owned()
    })
}
