//! The clocks of a request as the public sees them: rights with their days, how each was counted, calendars.

use crate::story::desk::{ACTIVIST, Desk, VOLUNTEER};
use crate::support::mail::Reply;
use crate::support::{Site, day, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::law::remedy::RemedyStep;
use askance::domain::request::event::Event;
use askance::service::sign_in;
use askance::store::people;
use askance::store::requests::{self, Stamp};
use askance::store::types::Role;
use chrono::TimeDelta;
use rocket::http::{Header, Status};
use rocket::local::blocking::Client;
use serde_json::Value;
use std::collections::BTreeMap;

fn read(browser: &Client, path: &str) -> String {
    let answer = browser.get(path.to_owned()).dispatch();
    assert_eq!(answer.status(), Status::Ok, "{path}");
    answer.into_string().unwrap()
}

fn status(browser: &Client, path: &str) -> Status {
    browser.get(path.to_owned()).dispatch().status()
}

fn json(browser: &Client, path: &str) -> Value {
    serde_json::from_str(&read(browser, path)).unwrap()
}

/// The events of a calendar by their UID, each with its properties; checks the form of the file (RFC 5545).
fn calendar(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    assert!(text.ends_with("END:VCALENDAR\r\n"), "{text}");
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
    let unfolded = text.replace("\r\n ", "");
    let (mut events, mut open, mut within) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for line in unfolded.lines() {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no property: {line}"));
        match name {
            "BEGIN" => within.push(value.to_owned()),
            "END" => {
                assert_eq!(within.pop().as_deref(), Some(value), "{text}");
                if value == "VEVENT" {
                    let event: BTreeMap<String, String> = std::mem::take(&mut open);
                    let known = events.insert(event["UID"].clone(), event);
                    assert!(known.is_none(), "a UID is there twice: {text}");
                }
            }
            name if within.last().is_some_and(|part| part == "VEVENT") => {
                open.insert(name.split(';').next().unwrap().to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    assert!(within.is_empty(), "{text}");
    events
}

/// A French town that got a letter on 7 September 2026 and has said nothing for so many days.
fn silent_town(site: &Site, days: i64) -> requests::RequestRow {
    let activist = site.person("Mara Varga", Role::Activist);
    let kind = (AuthorityKind::Municipality, "fr-crpa", "fr");
    let town = site.authority("Ville de Port-Clair", kind, "port-clair.example");
    let request = site.sends(activist, town);
    for _ in 0..days {
        site.days_pass(1);
    }
    site.request(&request.reference)
}

fn happens(site: &Site, request: i64, event: &Event) {
    requests::append(&mut site.conn(), request, event, Stamp { at: site.now(), person: None }).unwrap();
    site.works();
}

fn row<'a>(clocks: &'a Value, anchor: &str) -> &'a Value {
    let rows = clocks["rows"].as_array().unwrap();
    rows.iter().find(|row| row["anchor"] == anchor).unwrap_or_else(|| panic!("no `{anchor}`: {clocks:#}"))
}

stories! {
    fn french_silence_is_a_refusal_that_opens_the_commission(site: &mut Site) {
        let request = silent_town(site, 35);
        let browser = site.browser();
        let address = format!("/requests/{}", request.reference);
        let page = read(&browser, &address);
        for words in ["Refused by silence", "#g-silent", "Overdue by 5 days", "CADA", "lapses in", "Lapses next"] {
            assert!(page.contains(words), "`{words}` is not there: {page}");
        }
        let told = json(&browser, &format!("{address}.json"));
        let complaint = row(&told["clocks"], "complaint");
        assert_eq!(complaint["first"], "2026-10-08", "{complaint:#}");
        assert_eq!(complaint["last"], "2026-12-07", "two months from the implied refusal: {complaint:#}");
        assert_eq!(complaint["mandatory"], true);
        assert!(complaint["later"].as_str().unwrap().contains("counts as a refusal again"));
        assert_eq!(told["standing"]["beside"][0]["words"], "Refused by silence");
        assert_eq!(told["standing"]["days_over"], 5, "silence does not end the delay");

        // Every date on the page leads to how it was counted.
        let dates = read(&browser, &format!("{address}/dates"));
        for anchor in ["answer", "complaint"] {
            assert!(page.contains(&format!("{address}/dates#{anchor}")), "{anchor} is not linked");
            assert!(dates.contains(&format!("id=\"{anchor}\"")), "{anchor} is not explained");
        }
        for words in ["R. 311-1", "Received", "fr-crpa@", "Not legal advice", "Text for a letter"] {
            assert!(dates.contains(words) || dates.contains(&words.replace("R. ", "R. * ")), "`{words}`: {dates}");
        }
        let list = read(&browser, "/requests");
        assert!(list.contains("Refused by silence") && list.contains("Overdue by 5 days"));
        assert!(read(&browser, "/authorities/ville-de-port-clair").contains("Refused by silence"));
    }

    fn an_appeal_does_not_hide_that_the_answer_is_late(site: &mut Site) {
        let request = silent_town(site, 35);
        let browser = site.browser();
        let address = format!("/requests/{}", request.reference);
        let before = calendar(&read(&browser, &format!("{address}.ics")));
        happens(site, request.id, &Event::RemedyUsed { step: RemedyStep::Complaint, on: day("2026-10-12") });
        let page = read(&browser, &address);
        assert!(page.contains("Complaint pending") && page.contains("Overdue by 5 days"), "{page}");
        let list = read(&browser, "/requests");
        assert!(list.contains("Complaint pending") && list.contains("Overdue by 5 days"), "{list}");
        let told = json(&browser, &format!("{address}.json"));
        let body = row(&told["clocks"], "complaint-decision");
        assert_eq!((&body["whose"], &body["counts"]), (&"body".into(), &true.into()), "{body:#}");

        // The right that was used is gone from the calendar, the second silence is there.
        let after = calendar(&read(&browser, &format!("{address}.ics")));
        let lapse = |events: &BTreeMap<String, BTreeMap<String, String>>| {
            events.keys().any(|uid| uid.contains("right-lapses-complaint"))
        };
        assert!(lapse(&before) && !lapse(&after), "{after:#?}");
        assert!(after.keys().any(|uid| uid.contains("body-silence-complaint")), "{after:#?}");
        // What is still there keeps its id under a higher number.
        let due = before.keys().find(|uid| uid.contains("-due-answer-")).unwrap();
        let sequence = |events: &BTreeMap<String, BTreeMap<String, String>>| events[due]["SEQUENCE"].parse::<u32>().unwrap();
        assert_eq!(before[due]["DTSTART"], "20261007");
        assert!(sequence(&before) < sequence(&after));
    }

    fn a_fee_stops_a_british_clock_in_sight_of_all(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let kind = (AuthorityKind::Police, "gb-foia", "en");
        let force = site.authority("Northmoor Police", kind, "northmoor.example");
        let request = site.sends(activist, force);
        let browser = site.browser();
        let address = format!("/requests/{}", request.reference);
        let before = calendar(&read(&browser, &format!("{address}.ics")));
        site.days_pass(7);
        let secret = "Gebührenbescheid Zaunkönig";
        site.receives(&Reply::to(&request, "northmoor.example").about(secret).saying(secret).raw(), &request.reply_address);
        let fee = Event::FeeAsked { message: 1, on: day("2026-09-14"), amount: None, currency: None };
        happens(site, request.id, &fee);
        site.days_pass(3);
        let page = read(&browser, &address);
        assert!(page.contains("stands still") && page.contains("class=\"c-still\"") && page.contains("#hatch-mute"), "{page}");
        assert!(page.contains("Thinly striped"), "the stripes are named in words");
        let told = json(&browser, &format!("{address}.json"));
        assert!(row(&told["clocks"], "answer")["last"].is_null(), "no last day is in force");
        let stopped = calendar(&read(&browser, &format!("{address}.ics")));
        let due = before.keys().find(|uid| uid.contains("-due-answer-")).unwrap();
        assert!(before.contains_key(due) && !stopped.contains_key(due), "a day that does not hold is not told");
        happens(site, request.id, &Event::FeePaid { on: day("2026-09-17") });
        let again = calendar(&read(&browser, &format!("{address}.ics")));
        assert!(again[due]["DTSTART"] > before[due]["DTSTART"], "{again:#?}");
        assert!(read(&browser, &address).contains("c-still"), "days that stood still stay in the drawing");
        for path in ["", ".json", ".ics", "/dates", "/dates.json"] {
            let text = read(&browser, &format!("{address}{path}"));
            assert!(!text.contains("Zaunkönig"), "{path} tells of a letter that is not published");
        }
    }

    fn feeds_hold_what_is_public_and_are_known_again(site: &mut Site) {
        let request = silent_town(site, 2);
        let other = site.city();
        let hidden = site.files(1, other);
        let browser = site.browser();
        for path in ["", ".json", ".ics", "/dates", "/dates.json"] {
            let address = format!("/requests/{}{path}", hidden.reference);
            assert_eq!(status(&browser, &address), Status::NotFound, "{address}");
        }
        for path in ["/requests.ics", "/authorities/ville-de-port-clair.ics"] {
            let answer = browser.get(path).dispatch();
            let kind = answer.headers().get_one("Content-Type").unwrap().to_owned();
            assert!(kind.starts_with("text/calendar"), "{kind}");
            let tag = answer.headers().get_one("ETag").unwrap().to_owned();
            let text = answer.into_string().unwrap();
            let events = calendar(&text);
            assert!(events.keys().all(|uid| uid.contains(&request.reference)), "{events:#?}");
            assert!(events.values().any(|event| event["SUMMARY"].contains("Ville de Port-Clair")));
            assert!(!text.contains(&hidden.reference) && !text.contains("Varga"), "{text}");
            let again = browser.get(path).header(Header::new("If-None-Match", tag)).dispatch();
            assert_eq!(again.status(), Status::NotModified, "{path}");
        }
        assert!(calendar(&read(&browser, "/authorities/stadt-brandau.ics")).is_empty());
        assert_eq!(status(&browser, "/authorities/nowhere.ics"), Status::NotFound);
        assert_eq!(status(&browser, "/requests.ics?campaign=nowhere"), Status::BadRequest);

        // Answered in full: no date of it matters to anyone any more.
        site.receives(&Reply::to(&request, "port-clair.example").saying("Voici tout.").raw(), &request.reply_address);
        let answer = Event::Answered {
            message: 1,
            outcome: askance::domain::request::state::Outcome::Disclosed,
            on: day("2026-09-09"),
            grounds: Vec::new(),
        };
        happens(site, request.id, &answer);
        assert!(calendar(&read(&browser, "/requests.ics")).is_empty());
    }

    fn a_person_has_a_calendar_of_their_own(desk: &mut Desk) {
        assert_eq!(status(&desk.client, "/desk/calendar"), Status::SeeOther, "only for who signed in");
        let reference = desk.asks("Polizeipräsidium Ostheim");
        desk.later(TimeDelta::minutes(11));
        let transport = askance::mail::transport::Transport::Memory(std::sync::Arc::default());
        while askance::service::delivery::send_next(&desk.ctx, &desk.db, &transport, "worker").unwrap() {}
        let token = desk.volunteer_signs_in();
        let make = || {
            let page = desk.post("/desk/calendar", &[("csrf", &token)]).into_string().unwrap();
            let address = crate::story::desk::between(&page, "<code>http://127.0.0.1:8000", "</code>").to_owned();
            assert!(address.starts_with("/calendar/") && address.len() > 45, "{address}");
            address
        };
        assert!(!desk.page("/desk/calendar").contains("127.0.0.1:8000/calendar/"), "none before it is asked for");
        let first = make();
        let shown = desk.page("/desk/calendar");
        assert!(!shown.contains(&first), "it is shown once");
        let second = make();
        assert_eq!(status(&desk.client, &first), Status::NotFound, "a new address ends the old one");
        let answer = desk.get(&second);
        assert_eq!(answer.headers().get_one("Cache-Control"), Some("private, no-store"));
        assert_eq!(answer.headers().get_one("Referrer-Policy"), Some("no-referrer"));
        assert!(answer.headers().get_one("ETag").is_none());
        let own = calendar(&answer.into_string().unwrap());
        assert!(own.keys().any(|uid| uid.contains(&reference)), "{own:#?}");
        let other = people::by_email(&mut desk.db.conn().unwrap(), ACTIVIST).unwrap().unwrap().id;
        let theirs = sign_in::renew_calendar(&mut desk.db.conn().unwrap(), other).unwrap();
        let theirs = desk.page(&format!("/calendar/{theirs}.ics"));
        assert!(calendar(&theirs).is_empty(), "who asked nothing reads nothing of others: {theirs}");
        assert_eq!(status(&desk.client, "/calendar/x.ics"), Status::NotFound);
        assert_eq!(status(&desk.client, second.trim_end_matches(".ics")), Status::NotFound);

        let mut conn = desk.db.conn().unwrap();
        let me = people::by_email(&mut conn, VOLUNTEER).unwrap().unwrap().id;
        people::set_active(&mut conn, me, false).unwrap();
        assert_eq!(status(&desk.client, &second), Status::NotFound, "a suspended person has none");
        people::set_active(&mut conn, me, true).unwrap();
        assert_eq!(status(&desk.client, &second), Status::Ok);
        let token = desk.volunteer_signs_in();
        desk.post("/desk/calendar/end", &[("csrf", &token)]);
        assert_eq!(status(&desk.client, &second), Status::NotFound);
    }
}

#[test]
fn laws_tell_all_their_rules_and_no_notes() {
    let site = Site::new(crate::support::Backend::Sqlite);
    let browser = site.browser();
    let all = json(&browser, "/laws.json");
    let laws = all["laws"].as_array().unwrap();
    assert_eq!(laws.len(), site.ctx.library.laws.regimes().count());
    for law in laws {
        let id = law["id"].as_str().unwrap();
        assert_eq!(&json(&browser, &format!("/laws/{id}.json")), law);
        for field in ["response", "extension", "silence", "clarification", "transfer", "fees", "days_off"] {
            assert!(law[field].is_object(), "{id} has no {field}");
        }
        let text = law.to_string();
        assert!(
            !text.contains("\"note\"") && !text.contains("\"checked\"") && law["letter"].is_null(),
            "{id}"
        );
        let page = read(&browser, &format!("/laws/{id}"));
        // Exemption tables are kept elsewhere.
        let rules = page.split("Grounds of refusal").next().unwrap();
        assert!(!rules.contains("unconfirmed"), "{id} shows an editor’s doubt");
        assert!(page.contains(&format!("href=\"/deadline?law={id}\"")), "{id} leads to the calculator");
    }
    let slovak = read(&browser, "/laws/sk-211");
    assert!(slovak.contains("28 February 2025 the limit was 8 working days"), "{slovak}");
}
