//! Reading replies, settling them, filing requests and taking them back.

use super::{Desk, REFUSAL, between};
use crate::support::stories;
use askance::service::delivery;
use chrono::TimeDelta;
use rocket::http::{ContentType, Status};

#[test]
fn empty_queue_says_so_and_why_letters_wait() {
    let desk = Desk::new();
    desk.volunteer_signs_in();
    let page = desk.page("/desk");
    assert!(page.contains("Nothing waits."));
    assert!(page.contains("No letter can leave."), "no mail server is set");
    assert!(desk.page("/desk/letters").contains("No letter is in this pile."));
    assert!(desk.page("/desk/requests").contains("Nobody has asked anything yet."));
}

#[test]
fn hostile_names_and_subjects_stay_text() {
    let desk = Desk::new();
    let script = "<script>alert(1)</script>";
    let reference = desk.asks(&format!("Stadt {script}"));
    desk.receives(
        &format!("\"{script}\" <x@evil.example>"),
        &desk.reply_address(&reference),
        (
            &format!("Re: \"><img src=x onerror=alert(1)> {{{{7*7}}}} {script}"),
            &format!("{script} {{{{ 7*7 }}}}"),
        ),
    );
    desk.volunteer_signs_in();
    let paths = [
        "/desk".to_owned(),
        "/desk/messages/1".to_owned(),
        "/desk/requests".to_owned(),
        format!("/desk/requests/{reference}"),
        "/desk/letters?state=waiting".to_owned(),
        "/desk/authorities?state=ready".to_owned(),
        "/desk/authorities/1".to_owned(),
        format!("/desk/requests/new?q={}", "%3Cscript%3Ealert(1)%3C/script%3E"),
        "/desk/requests/new?a=1".to_owned(),
    ];
    for path in paths {
        let page = desk.page(&path);
        assert!(!page.contains("<script>") && !page.contains("<img src=x"), "{path}");
    }
    assert!(desk.page("/desk").contains("{{7*7}}"), "nothing is computed from what a mail says");
    let page = desk.page("/desk/messages/1");
    assert!(page.contains("{{7*7}}") && page.contains("{{ 7*7 }}"));
    assert!(page.contains("The sender is not from the authority’s domain."), "R14");
}

#[test]
fn files_are_saved_and_never_shown() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
    desk.volunteer_signs_in();
    let answer = desk.get("/desk/messages/1/raw");
    assert_eq!(answer.status(), Status::Ok);
    assert_eq!(answer.content_type(), Some(ContentType::Binary));
    let header = |name: &str| answer.headers().get_one(name).unwrap_or("absent");
    assert!(header("Content-Security-Policy").starts_with("sandbox; default-src 'none'"));
    assert!(header("Content-Disposition").starts_with("attachment; filename=\"message-1.eml\""));
    assert_eq!(header("X-Content-Type-Options"), "nosniff");
    assert!(answer.into_string().unwrap().starts_with("From: post@brandau.example\r\n"), "byte for byte");
    assert_eq!(desk.get("/desk/messages/1/attachments/0").status(), Status::NotFound);
    assert_eq!(desk.get("/desk/messages/9/raw").status(), Status::NotFound);
}

#[test]
fn letter_that_nobody_knows_of_is_sent_again_only_by_a_person_who_says_so() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.later(TimeDelta::minutes(11));
    let mut conn = desk.db.conn().unwrap();
    let now = desk.ctx.clock.now();
    let claim =
        askance::store::outbox::Claim { worker: "w", now, until: now + TimeDelta::minutes(1), per_minute: 0 };
    let (letter, _) = askance::store::outbox::claim_due(&mut conn, &claim).unwrap().unwrap();
    assert!(askance::store::outbox::in_doubt(&mut conn, letter.id, &claim).unwrap());
    desk.later(TimeDelta::minutes(5));
    delivery::expire_leases(&desk.ctx, &desk.db).unwrap();
    drop(conn);
    let token = desk.volunteer_signs_in();
    assert!(desk.page("/desk").contains("1 letter needs you."));
    assert!(desk.page(&format!("/desk/requests/{reference}")).contains("It arrived after all"));
    let id = desk.letter(&reference).id.to_string();
    let path = format!("/desk/requests/{reference}/send-again");
    drop(desk.post(&path, &[("csrf", &token), ("letter", &id)]));
    assert_eq!(desk.letter(&reference).state.as_str(), "unknown", "without the tick nothing happens");
    let before = desk.letter(&reference).mail_message_id;
    drop(desk.post(&path, &[("csrf", &token), ("letter", &id), ("sure", "1")]));
    let letter = desk.letter(&reference);
    assert_eq!(letter.state.as_str(), "queued");
    assert_eq!(letter.mail_message_id, before, "the same letter");
}

#[test]
fn address_that_is_none_comes_back_beside_its_field() {
    let desk = Desk::new();
    let id = desk.authority("Stadt Brandau");
    let token = desk.volunteer_signs_in();
    let path = format!("/desk/authorities/{id}");
    for wrong in ["foi at city", "a@b.example\r\nBcc: x@evil.example", "<x@y.example>"] {
        let answer = desk.post(&path, &[("csrf", &token), ("address", wrong), ("regime", "de-ifg")]);
        assert_eq!(answer.status(), Status::UnprocessableEntity, "{wrong}");
    }
    let unknown = desk.post(&path, &[("csrf", &token), ("address", ""), ("regime", "xx-none")]);
    assert_eq!(unknown.status(), Status::UnprocessableEntity);
    drop(unknown);
    let right =
        desk.post(&path, &[("csrf", &token), ("address", "foi@brandau.example"), ("regime", "de-nw-ifg")]);
    assert_eq!(right.status(), Status::SeeOther);
    drop(right);
    let page = desk.page(&path);
    assert!(page.contains("foi@brandau.example"));
    assert!(page.contains("<option value=\"de-nw-ifg\" selected>"));
}

stories! {
    fn refusal_is_read_beside_its_request_and_accepted(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
        let token = desk.volunteer_signs_in();
        let queue = desk.page("/desk");
        assert!(queue.contains("Refusal") && queue.contains("Stadt Brandau"));
        let page = desk.page("/desk/messages/1");
        assert!(page.contains("<mark id=\"ev1\">"), "the passage that shows it is marked");
        assert!(page.contains("§ 3 Nr. 2 IFG"));
        assert!(page.contains("It was sent to the reply address of this request."));
        assert!(!page.contains("The sender is not from the authority’s domain."));
        let seal = between(&page, "name=\"seal\" value=\"", "\"").to_owned();
        let stale = desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", "other")]);
        assert_eq!(
            stale.headers().get_one("Location"),
            Some("/desk/messages/1"),
            "what was not seen is not accepted"
        );
        drop(stale);
        let answer = desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", &seal)]);
        assert_eq!(answer.headers().get_one("Location"), Some("/desk"));
        drop(answer);
        let page = desk.page(&format!("/desk/requests/{reference}"));
        assert!(page.contains("Refused") && page.contains("§ 3 Nr. 2 IFG"));
        assert!(page.contains("Recorded by M. Varga."));
        assert!(desk.page("/desk?pile=settled").contains("Bescheid"));
        let twice = desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", &seal)]);
        assert_eq!(
            twice.headers().get_one("Location"),
            Some("/desk/messages/1"),
            "a second press settles nothing"
        );
    }

    fn correction_comes_back_with_what_was_typed(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
        let token = desk.volunteer_signs_in();
        let fields = [
            ("csrf", token.as_str()),
            ("kind", "refusal"),
            ("grounds", ""),
            ("until_day", "31"),
            ("until_month", "2"),
            ("until_year", "2027"),
            ("fee_amount", "zwölf"),
            ("fee_currency", "EUR"),
            ("publish", "1"),
            ("text", " "),
        ];
        let answer = desk.post("/desk/messages/1/settle", &fields);
        assert_eq!(answer.status(), Status::UnprocessableEntity);
        let page = answer.into_string().unwrap();
        for words in [
            "A refusal needs its ground",
            "“31 2 2027” is no day",
            "“zwölf” is no amount",
            "There is no text to show",
        ] {
            assert!(page.contains(words), "{words}");
        }
        let fields = [
            ("csrf", token.as_str()),
            ("kind", "partial"),
            ("grounds", "§ 3 Nr. 2 IFG\r\nnone given"),
            ("reference", "II-4711"),
            ("publish", "1"),
            ("subject", "Bescheid"),
            ("text", "Ihr Antrag wird ███."),
        ];
        assert_eq!(desk.post("/desk/messages/1/settle", &fields).status(), Status::SeeOther);
        let page = desk.page("/desk/messages/1");
        assert!(page.contains("Its redacted text is public."));
        assert!(desk.page(&format!("/desk/requests/{reference}")).contains("Partly disclosed"));
    }

    fn who_was_not_quick_enough_is_told_and_may_correct(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
        let token = desk.volunteer_signs_in();
        let before = desk.page("/desk/messages/1");
        let seen = between(&before, "name=\"seen\" value=\"", "\"").to_owned();
        assert_eq!(seen, "", "nobody settled it yet");
        let seal = between(&before, "name=\"seal\" value=\"", "\"").to_owned();
        drop(desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", &seal)]));
        let late = |seen: &str| {
            let fields =
                [("csrf", token.as_str()), ("kind", "not_held"), ("asks_for", "was ich schrieb"), ("seen", seen)];
            let answer = desk.post("/desk/messages/1/settle", &fields);
            (answer.status(), answer.into_string().unwrap_or_default())
        };
        let (status, page) = late(&seen);
        assert_eq!(status, Status::UnprocessableEntity);
        assert!(
            page.contains("It was already settled by M. Varga.") && page.contains("was ich schrieb"),
            "{page}"
        );
        assert!(desk.page(&format!("/desk/requests/{reference}")).contains("Refused"));
        let now_seen = between(&page, "name=\"seen\" value=\"", "\"").to_owned();
        assert_eq!(late(&now_seen).0, Status::SeeOther, "who saves again corrects");
        let request = desk.page(&format!("/desk/requests/{reference}"));
        assert!(request.contains("Corrected") && request.contains("Not held"), "{request}");
        assert_eq!(late("2026-13-99T00:00").0, Status::SeeOther, "the same again changes nothing");
    }

    fn mail_without_a_request_is_filed_by_hand_or_set_aside(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        desk.receives("post@brandau.example", "nobody@post.askance.example", ("Irgendwas", "Guten Tag"));
        desk.receives("spam@evil.example", "else@post.askance.example", ("Win", "Money for you"));
        let token = desk.volunteer_signs_in();
        let page = desk.page("/desk/messages/1");
        assert!(page.contains("To which request?") && !page.contains("id=\"correct\""));
        let wrong = desk.post("/desk/messages/1/assign", &[("csrf", &token), ("reference", "2026-9999")]);
        assert_eq!(wrong.status(), Status::UnprocessableEntity);
        assert!(wrong.into_string().unwrap().contains("There is no request “2026-9999”"));
        let right = desk.post("/desk/messages/1/assign", &[("csrf", &token), ("reference", &reference)]);
        assert_eq!(right.headers().get_one("Location"), Some("/desk/messages/1"));
        drop(right);
        assert!(desk.page("/desk/messages/1").contains("id=\"correct\""));
        let silent = desk.post("/desk/messages/2/set-aside", &[("csrf", &token), ("reason", " ")]);
        assert_eq!(silent.status(), Status::UnprocessableEntity);
        drop(silent);
        let aside = desk.post("/desk/messages/2/set-aside", &[("csrf", &token), ("reason", "spam")]);
        assert_eq!(aside.status(), Status::SeeOther);
        drop(aside);
        assert!(desk.page("/desk?pile=set_aside").contains("Win"), "kept, and to be found");
        assert!(!desk.page("/desk").contains("/desk/messages/2\""));
    }

    fn request_is_chosen_read_sent_and_taken_back(desk: &mut Desk) {
        let id = desk.authority("Stadt Brandau").to_string();
        let bundle = desk.bundle();
        let token = desk.volunteer_signs_in();
        assert!(desk.page("/desk/requests/new?q=brandau").contains("Stadt Brandau"));
        let page = desk.page(&format!("/desk/requests/new?q=nichts&a={id}&bundle={bundle}"));
        assert!(page.contains("1 authority chosen"), "what was ticked stays ticked while searching on");
        let mut fields = vec![("csrf", token.as_str()), ("a", id.as_str()), ("bundle", bundle.as_str())];
        let nameless = desk.post("/desk/requests/preview", &fields);
        assert_eq!(nameless.status(), Status::UnprocessableEntity);
        drop(nameless);
        fields.extend([("signed_as", "Mira Varga"), ("group", "Klarblick\ne. V.")]);
        let broken = desk.post("/desk/requests/preview", &fields).into_string().unwrap();
        assert!(broken.contains("id=\"f-group-err\">A name has no line breaks"), "{broken}");
        fields.pop();
        fields.push(("group", "Klarblick e. V."));
        let preview = desk.post("/desk/requests/preview", &fields).into_string().unwrap();
        assert!(preview.contains("To: poststelle@brandau.example"), "{preview}");
        assert!(preview.contains("\nMira Varga\nKlarblick e. V.\n") && preview.contains("Send 1 letter"), "{preview}");
        let back = between(&preview, "To change something, <a href=\"", "\"").replace("&amp;", "&");
        let changed = desk.page(&back);
        assert!(changed.contains("value=\"Mira Varga\"") && changed.contains("value=\"Klarblick e. V.\""), "{back}: {changed}");
        assert!(preview.contains("before it leaves. Until then you can take it back."), "{preview}");
        let keyless = desk.post("/desk/requests", &fields);
        assert_eq!(keyless.status(), Status::UnprocessableEntity, "nobody sends what was not read");
        drop(keyless);
        let key = between(&preview, "name=\"form_key\" value=\"", "\"").to_owned();
        fields.push(("form_key", key.as_str()));
        let sent = desk.post("/desk/requests", &fields);
        let to = sent.headers().get_one("Location").unwrap().to_owned();
        drop(sent);
        let again = desk.post("/desk/requests", &fields);
        assert_eq!(again.headers().get_one("Location"), Some(to.as_str()), "a double press files once");
        drop(again);
        assert!(desk.page("/desk/requests").contains("1 request,"));
        let page = desk.page(&to);
        assert!(page.contains("1 letter leaves at 12:10 UTC."), "{page}");
        let reference = between(&to, "r=", "&").to_owned();
        let reference = if reference.is_empty() { to.split_once("r=").unwrap().1.to_owned() } else { reference };
        let back = desk.post("/desk/requests/filed/take-back", &[("csrf", &token), ("r", &reference)]);
        assert_eq!(back.status(), Status::SeeOther);
        drop(back);
        assert!(desk.page(&to).contains("Taken back"));
        assert_eq!(desk.letter(&reference).state.as_str(), "taken_back");
    }
}
