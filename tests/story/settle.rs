//! What was settled wrongly is corrected: nothing wrong stays public, and the clock runs as if it had not been said.

use crate::support::mail::Reply;
use crate::support::{Site, day, stories};
use askance::domain::incoming::reading::Kind;
use askance::domain::request::state::{Outcome, Status};
use askance::service::triage::{Error, Settlement, assign, proposed_settlement, set_aside, settle};
use askance::store::requests::{self, RequestRow};
use askance::store::types::Role;
use rocket::http::Status as Http;

const REFUSAL: &str = "Ihr Antrag wird abgelehnt, Zaunkönig. Dem Informationszugang steht § 6 Satz 1 Buchst. a IFG NRW entgegen.";

/// A refusal with a file that a volunteer settled and published.
fn refused(site: &Site) -> (RequestRow, i64) {
    let activist = site.person("Mara Varga", Role::Activist);
    let volunteer = site.person("Theo Okafor", Role::Volunteer);
    let request = site.sends(activist, site.city());
    let raw = String::from_utf8(Reply::to(&request, "brandau.example").saying(REFUSAL).raw()).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    let head = head
        .replace("Content-Type: text/plain; charset=utf-8", "Content-Type: multipart/mixed; boundary=\"b\"");
    let mail = format!(
        "{head}\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n--b\r\nContent-Type: text/csv; name=\"Orte.csv\"\r\n\
         Content-Disposition: attachment; filename=\"Orte.csv\"\r\n\r\nOrt;Zahl\r\n--b--\r\n"
    );
    site.receives(mail.as_bytes(), &request.reply_address);
    let mut said = proposed(site);
    said.publish_attachments = vec![0];
    settle(&site.ctx, &mut site.conn(), volunteer, &said).unwrap();
    let request = site.request(&request.reference);
    assert_eq!(request.outcome, Some(Outcome::Refused));
    assert!(page(site, &request).contains("Zaunkönig"));
    (request, volunteer)
}

fn proposed(site: &Site) -> Settlement {
    proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap()
}

fn page(site: &Site, request: &RequestRow) -> String {
    let browser = site.browser();
    let answer = browser.get(format!("/requests/{}", request.reference)).dispatch();
    assert_eq!(answer.status(), Http::Ok);
    answer.into_string().unwrap()
}

fn nothing_is_public(site: &Site, request: &RequestRow) -> String {
    let page = page(site, request);
    for gone in ["Zaunkönig", "Reply: refused", "§ 6 Satz 1", "Orte.csv"] {
        assert!(!page.contains(gone), "`{gone}` in {page}");
    }
    let browser = site.browser();
    assert_eq!(browser.get("/files/1/0/Orte.csv").dispatch().status(), Http::NotFound);
    page
}

stories! {
    fn a_letter_set_aside_decides_nothing_and_the_clock_runs_again(site: &mut Site) {
        let (request, volunteer) = refused(site);
        assert_eq!(request.due_on, Some(day("2026-10-07")));
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "Frau Varga sagt, sie sei für einen anderen").unwrap();
        assert_eq!(site.kinds(request.id), ["filed", "sent", "answered", "retracted"]);
        let open = site.request(&request.reference);
        assert_eq!((open.status, open.outcome), (Status::Sent, None));
        assert_eq!((open.due_on, open.received_on), (request.due_on, request.received_on));
        let shown = nothing_is_public(site, &request);
        assert!(shown.contains("Corrected: a letter was no reply to this request") && !shown.contains("Varga"), "{shown}");
        site.days_pass(40);
        assert_eq!(site.kinds(request.id).last(), Some(&"overdue"));
        assert_eq!(site.state(request.id).overdue_since, Some(day("2026-10-07")));
        assert!(site.standing(&request.reference).starts_with("Overdue by"));
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "again").unwrap();
        assert_eq!(site.kinds(request.id).iter().filter(|kind| **kind == "retracted").count(), 1);
        assert_eq!(requests::verify_chain(&mut site.conn()).unwrap().1, None);
    }

    fn a_letter_filed_elsewhere_is_public_nowhere_until_it_is_settled_there(site: &mut Site) {
        let (wrong, volunteer) = refused(site);
        let other = site.authority("Stadt Nebenan", (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de"), "nebenan.example");
        let right = site.sends(volunteer, other);
        assign(&site.ctx, &mut site.conn(), volunteer, 1, &right.reference).unwrap();
        let shown = nothing_is_public(site, &wrong);
        assert!(shown.contains("Corrected: a letter was filed here by mistake"), "{shown}");
        assert_eq!(site.request(&wrong.reference).status, Status::Sent);
        nothing_is_public(site, &right);
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed(site)).unwrap();
        assert_eq!(site.request(&right.reference).outcome, Some(Outcome::Refused));
        assert!(page(site, &right).contains("Zaunkönig"));
        nothing_is_public(site, &wrong);
    }

    fn a_decision_that_was_none_is_replaced(site: &mut Site) {
        let (request, volunteer) = refused(site);
        let mut said = proposed(site);
        (said.kind, said.outcome, said.publish) = (Kind::Acknowledgement, None, None);
        settle(&site.ctx, &mut site.conn(), volunteer, &said).unwrap();
        assert_eq!(site.kinds(request.id), ["filed", "sent", "answered", "retracted", "acknowledged"]);
        let open = site.request(&request.reference);
        assert_eq!((open.status, open.outcome), (Status::Acknowledged, None));
        let shown = nothing_is_public(site, &request);
        assert!(shown.contains("Corrected: an earlier reading of a letter was wrong") && shown.contains("Acknowledged"), "{shown}");
        site.days_pass(40);
        assert_eq!(site.state(request.id).overdue_since, Some(day("2026-10-07")));
    }

    fn an_extension_that_was_none_gives_the_first_due_day_back(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let county = site.authority("Carrowmore County Council", (askance::domain::authority::AuthorityKind::Municipality, "ie-foi", "en"), "carrowmore.example");
        let request = site.sends(activist, county);
        site.receives(&Reply::to(&request, "carrowmore.example").saying("We are extending the time limit. You can expect our decision by 2 November 2026.").raw(), &request.reply_address);
        let mut said = proposed(site);
        (said.kind, said.until) = (Kind::Extension, Some(day("2026-11-02")));
        settle(&site.ctx, &mut site.conn(), volunteer, &said).unwrap();
        site.days_pass(60);
        assert_eq!(site.state(request.id).overdue_since, Some(day("2026-11-02")));
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "not theirs").unwrap();
        let state = site.state(request.id);
        assert_eq!((state.due_on, state.overdue_since), (Some(day("2026-10-05")), None), "the day of the extension never passed");
        site.works();
        assert_eq!(site.state(request.id).overdue_since, Some(day("2026-10-05")));
        assert_eq!(site.request(&request.reference).due_on, Some(day("2026-10-05")));
    }

    fn the_same_said_twice_is_recorded_once(site: &mut Site) {
        let (request, volunteer) = refused(site);
        let second = site.person("Ada Lindqvist", Role::Volunteer);
        let before = askance::store::audit::verify(&mut site.conn()).unwrap();
        for person in [volunteer, second] {
            // As the second volunteer's form saw it: not settled yet.
            let same = Settlement { seen: None, publish_attachments: vec![0], ..proposed(site) };
            settle(&site.ctx, &mut site.conn(), person, &same).unwrap();
        }
        assert_eq!(site.kinds(request.id), ["filed", "sent", "answered"]);
        assert_eq!(askance::store::audit::verify(&mut site.conn()).unwrap(), before);
    }

    fn of_two_volunteers_the_second_is_told_and_may_correct(site: &mut Site) {
        let (request, _) = refused(site);
        let second = site.person("Ada Lindqvist", Role::Volunteer);
        let other = |seen| Settlement { seen, kind: Kind::Partial, outcome: None, ..proposed(site) };
        let unseen = settle(&site.ctx, &mut site.conn(), second, &other(None)).unwrap_err();
        let Error::AlreadySettled { by, at } = unseen else { panic!("{unseen}") };
        assert_eq!(by, "Theo Okafor");
        assert_eq!(site.request(&request.reference).outcome, Some(Outcome::Refused));
        settle(&site.ctx, &mut site.conn(), second, &other(at)).unwrap();
        assert_eq!(site.request(&request.reference).outcome, Some(Outcome::PartlyDisclosed));
        let third = Settlement { kind: Kind::Full, ..other(at) };
        let late = settle(&site.ctx, &mut site.conn(), second, &third).unwrap_err();
        assert!(matches!(late, Error::AlreadySettled { .. }), "two versions at one instant are still two: {late}");
    }

    fn two_volunteers_at_the_same_moment_record_one_decision(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteers = [site.person("Theo Okafor", Role::Volunteer), site.person("Ada Lindqvist", Role::Volunteer)];
        let request = site.sends(activist, site.city());
        site.receives(&Reply::to(&request, "brandau.example").saying(REFUSAL).raw(), &request.reply_address);
        let said = proposed(site);
        let kinds = [Kind::Refusal, Kind::NotHeld];
        let outcomes: Vec<Result<(), Error>> = std::thread::scope(|scope| {
            let threads: Vec<_> = volunteers
                .iter()
                .zip(kinds)
                .map(|(person, kind)| {
                    let said = Settlement { kind, outcome: None, ..said.clone() };
                    let (ctx, mut conn) = (&site.ctx, site.conn());
                    scope.spawn(move || settle(ctx, &mut conn, *person, &said))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(Error::AlreadySettled { .. }))), "{outcomes:?}");
        assert_eq!(site.kinds(request.id), ["filed", "sent", "answered"]);
    }
}
