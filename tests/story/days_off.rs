//! A day that no list of holidays could know: it moves the due days it must, says so, and can be taken back.

use crate::support::{Site, day, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::request::event::{Event, Moved};
use askance::domain::request::state::Status;
use askance::service::days_off::{Change, Error, Moves, add, checked, moves, withdraw};
use askance::service::sign_in::{self, Newcomer};
use askance::store::days_off::New;
use askance::store::requests::{self, RequestRow};
use askance::store::types::Role;
use chrono::TimeDelta;

fn off(place: &str, on: &str, name: &str) -> New {
    New {
        place: place.into(),
        day: day(on),
        name: name.into(),
        source: "government order".into(),
        works: false,
    }
}

/// What the operator does happens a minute after what was before, and the tick a minute after that.
fn adds(site: &Site, new: &New) -> i64 {
    site.ctx.clock.set(site.now() + TimeDelta::minutes(1));
    let id = add(&site.ctx, &mut site.conn(), None, new).unwrap();
    site.ctx.clock.set(site.now() + TimeDelta::minutes(1));
    site.works();
    id
}

fn withdraws(site: &Site, id: i64) {
    site.ctx.clock.set(site.now() + TimeDelta::minutes(1));
    withdraw(&site.ctx, &mut site.conn(), None, id).unwrap();
    site.ctx.clock.set(site.now() + TimeDelta::minutes(1));
    site.works();
}

fn asks(site: &Site, name: &str, regime: &str, language: &str) -> RequestRow {
    let person = site.person(&format!("Mara of {name}"), Role::Activist);
    let body = site.authority(name, (AuthorityKind::Municipality, regime, language), "body.example");
    site.sends(person, body)
}

fn due(site: &Site, request: &RequestRow) -> String {
    site.request(&request.reference).due_on.unwrap().to_string()
}

fn moved(site: &Site, request: &RequestRow) -> Vec<(String, String)> {
    let events = requests::events_of(&mut site.conn(), request.id).unwrap();
    let told = events.into_iter().filter_map(|event| match event {
        Event::ClockMoved { due_on: Some(due_on), why: Moved::DaysOff { what }, message: None } => {
            Some((due_on.to_string(), what))
        }
        Event::ClockMoved { why, .. } => panic!("moved for another reason: {why:?}"),
        _ => None,
    });
    told.collect()
}

fn page(site: &Site, request: &RequestRow) -> String {
    let browser = site.browser();
    browser.get(format!("/requests/{}", request.reference)).dispatch().into_string().unwrap()
}

stories! {
    fn a_scottish_day_moves_a_london_request_and_no_english_one(site: &mut Site) {
        let london = asks(site, "Borough of Elmfield", "gb-foia", "en");
        let glen = asks(site, "Glenaird Council", "gb-sct-foisa", "en");
        let dublin = asks(site, "Carrowmore County", "ie-foi", "en");
        // Received on Monday 7 September; twenty working days.
        assert_eq!((due(site, &london), due(site, &glen)), ("2026-10-05".into(), "2026-10-05".into()));
        let there = due(site, &dublin);
        adds(site, &off("GB-SCT", "2026-09-18", "day of mourning"));
        assert_eq!((due(site, &london), due(site, &glen), due(site, &dublin)), ("2026-10-06".into(), "2026-10-06".into(), there));
        assert_eq!(moved(site, &london), [("2026-10-06".to_owned(), "Friday 18 September 2026, day of mourning (government order)".to_owned())]);
        assert_eq!(moved(site, &dublin), []);
        // The law of England alone would not know it.
        let calendars = site.ctx.library.laws.with_days_off(&[("GB-SCT".to_owned(), askance::domain::law::calendar::OneOff { on: day("2026-09-18"), name: "day of mourning".into(), works: false })]);
        assert_eq!(calendars.keys().collect::<Vec<_>>(), ["GB-ANY-PART", "GB-SCT"]);
        assert_eq!(calendars["GB-ANY-PART"].holiday(day("2026-09-18")), Some("day of mourning (SCT)"));
        adds(site, &off("GB-ENG", "2026-09-21", "bank holiday"));
        assert_eq!((due(site, &london), due(site, &glen)), ("2026-10-07".into(), "2026-10-06".into()));
        assert!(page(site, &london).contains("bank holiday (ENG)"), "the derivation names it");
    }

    fn a_day_of_mourning_moves_the_due_day_by_one_and_back(site: &mut Site) {
        let town = asks(site, "Mesto Hradiste", "sk-211", "sk");
        let before = due(site, &town);
        let new = off("SK", "2026-09-10", "day of mourning");
        let change = Change::Add(checked(&site.ctx, &mut site.conn(), &new).unwrap());
        let counted = moves(&site.ctx, &mut site.conn(), &change).unwrap();
        assert_eq!(counted, Moves { open: 1, moved: 1, in_time_again: 0, overdue: 0 });
        let id = adds(site, &new);
        let after = due(site, &town);
        assert_eq!(day(&after), askance::domain::law::calendar::next(day(&before)), "one working day later");
        let said = "Thursday 10 September 2026, day of mourning (government order)".to_owned();
        assert_eq!(moved(site, &town), [(after.clone(), said.clone())]);
        let shown = page(site, &town);
        assert!(shown.contains("The due day moved") && shown.contains(&said), "{shown}");
        for _ in 0..3 {
            site.works();
        }
        assert_eq!(site.kinds(town.id), ["filed", "sent", "clock_moved"], "each event once");
        withdraws(site, id);
        assert_eq!(due(site, &town), before);
        let told = moved(site, &town);
        assert_eq!(told[1], (before.clone(), "Thursday 10 September 2026 is no day off after all, “day of mourning” was withdrawn".to_owned()));
        site.works();
        assert_eq!(site.kinds(town.id), ["filed", "sent", "clock_moved", "clock_moved"]);
        assert_eq!(requests::verify_chain(&mut site.conn()).unwrap().1, None);
        assert_eq!(askance::store::audit::verify(&mut site.conn()).unwrap().1, None);
    }

    fn a_holiday_that_is_a_working_day_brings_the_due_day_forward(site: &mut Site) {
        site.ctx.clock.set("2026-12-21T09:00:00Z".parse().unwrap());
        let town = asks(site, "Linn Nurme", "ee-avts", "et");
        let (before, id) = (due(site, &town), adds(site, &New { works: true, ..off("EE", "2026-12-24", "a working day by law") }));
        assert!(due(site, &town) < before, "24 December counts");
        assert_eq!(moved(site, &town)[0].1, "Thursday 24 December 2026 is a working day, a working day by law (government order)");
        withdraws(site, id);
        assert_eq!(due(site, &town), before);
    }

    fn an_answered_request_stays_and_a_late_one_is_late_no_more(site: &mut Site) {
        let late = asks(site, "Mesto Hradiste", "sk-211", "sk");
        let answered = asks(site, "Obec Lipova", "sk-211", "sk");
        let activist = site.person("Theo", Role::Volunteer);
        let stamp = requests::Stamp { at: site.now(), person: Some(activist) };
        let withdrawn = Event::Withdrawn { reason: "asked elsewhere".into() };
        requests::append(&mut site.conn(), answered.id, &withdrawn, stamp).unwrap();
        let (before, ended) = (due(site, &late), due(site, &answered));
        let passed = (day(&before) - site.now().date_naive()).num_days() + 1;
        site.days_pass(passed);
        assert_eq!(site.state(late.id).overdue_since, Some(day(&before)));
        assert!(site.state(late.id).silence_refused_on.is_some(), "§ 18 (3): silence is a refusal");
        let id = adds(site, &off("SK", "2026-09-10", "day of mourning"));
        let state = site.state(late.id);
        assert_eq!((state.overdue_since, state.silence_refused_on), (None, None));
        assert_eq!((state.due_on, state.first_due_on), (Some(site.now().date_naive()), Some(site.now().date_naive())));
        assert!(!site.standing(&late.reference).starts_with("Overdue"), "{}", site.standing(&late.reference));
        let shown = page(site, &late);
        assert!(!shown.contains("Silence counts as a refusal") && !shown.contains("no reply"), "{shown}");
        // The other one was given up: its days do not move.
        assert_eq!((due(site, &answered), site.request(&answered.reference).status), (ended, Status::Withdrawn));
        assert_eq!(moved(site, &answered), []);
        site.days_pass(1);
        site.works();
        let kinds = site.kinds(late.id);
        assert_eq!(kinds.iter().filter(|kind| **kind == "overdue").count(), 2, "late by the new count: {kinds:?}");
        assert_eq!(site.state(late.id).overdue_since, state.due_on);
        // Taken back: late since the first day again, and said once.
        withdraws(site, id);
        site.works();
        let back = site.state(late.id);
        assert_eq!((back.due_on, back.overdue_since, back.silence_refused_on), (Some(day(&before)), Some(day(&before)), Some(day(&before))));
        assert_eq!(site.kinds(late.id).iter().filter(|kind| **kind == "overdue").count(), 3);
        assert!(page(site, &late).contains("Silence counts as a refusal"));
        assert_eq!(requests::verify_chain(&mut site.conn()).unwrap().1, None);
    }

    fn what_makes_no_sense_is_refused_in_plain_words(site: &mut Site) {
        let refused = |new: &New| add(&site.ctx, &mut site.conn(), None, new).unwrap_err().to_string();
        assert_eq!(refused(&off("XX", "2026-09-10", "x")), "expected a calendar such as `SK` or `GB-SCT`, found `XX`");
        assert!(refused(&off("SK", "2051-09-10", "x")).contains("found `2051-09-10`"));
        assert_eq!(refused(&off("SK", "2026-09-10", " ")), "expected a name for the day, found none");
        assert_eq!(refused(&New { source: "\n".into(), ..off("SK", "2026-09-10", "x") }), "expected who says so, an act or a link, found nothing");
        assert_eq!(refused(&off("SK", "2026-12-25", "x")), "expected a day on which `SK` works, found `Christmas Day`");
        assert_eq!(refused(&New { works: true, ..off("SK", "2026-09-10", "x") }), "expected a holiday of `SK`, found a day that is none");
        let id = add(&site.ctx, &mut site.conn(), None, &off("sk", "2026-09-10", "mourning")).unwrap();
        assert_eq!(refused(&off("SK", "2026-09-10", "again")), format!("expected a day without an entry, found number `{id}`"));
        withdraw(&site.ctx, &mut site.conn(), None, id).unwrap();
        assert!(matches!(withdraw(&site.ctx, &mut site.conn(), None, id), Err(Error::NoSuch(_))));
        add(&site.ctx, &mut site.conn(), None, &off("SK", "2026-09-10", "mourning")).unwrap();
    }
}

#[test]
fn an_administrator_sees_what_moves_adds_and_withdraws_and_nobody_else_can() {
    use crate::story::desk::Desk;
    let desk = Desk::new();
    desk.volunteer_signs_in();
    assert_eq!(desk.get("/desk/days-off").status(), rocket::http::Status::NotFound);
    assert!(!desk.page("/desk").contains("/desk/days-off"));
    let admin = Newcomer { email: "a@askance.example", name: "A. Lind", role: Role::Admin };
    let password = sign_in::add_person(&desk.ctx, &mut desk.db.conn().unwrap(), &admin).unwrap();
    drop(desk.post("/desk/sign-out", &[("csrf", &desk.token("/desk"))]));
    drop(desk.try_to_sign_in(admin.email, &password));
    let token = desk.token("/desk/days-off");
    assert!(desk.page("/desk").contains("href=\"/desk/days-off\""));
    let page = desk.page("/desk/days-off");
    assert!(
        page.contains("<optgroup label=\"Slovakia\">") && page.contains("No day was added yet"),
        "{page}"
    );
    let mut fields = vec![
        ("csrf", token.as_str()),
        ("place", "GB-SCT"),
        ("day_day", "31"),
        ("day_month", "6"),
        ("day_year", "2026"),
        ("name", "day of <mourning>"),
        ("source", "https://order.example/1"),
    ];
    let wrong = desk.post("/desk/days-off/preview", &fields).into_string().unwrap();
    assert!(wrong.contains("That is no day of the calendar"), "{wrong}");
    (fields[2].1, fields[3].1) = ("18", "9");
    let asked = desk.post("/desk/days-off/preview", &fields).into_string().unwrap();
    assert!(
        asked.contains("No open request counts by this calendar.") && asked.contains("Nothing is kept yet"),
        "{asked}"
    );
    assert!(desk.page("/desk/days-off").contains("No day was added yet"), "a preview keeps nothing");
    drop(desk.post("/desk/days-off", &fields));
    let there = desk.page("/desk/days-off");
    assert!(
        there.contains("In force")
            && there.contains("day of &lt;mourning&gt;")
            && there.contains("United Kingdom: SCT only"),
        "{there}"
    );
    let again = desk.post("/desk/days-off", &fields).into_string().unwrap();
    assert!(again.contains("There is an entry for that place and day."), "{again}");
    assert!(desk.page("/desk/days-off?withdraw=1").contains("Withdraw it?"));
    drop(desk.post("/desk/days-off/1/withdraw", &[("csrf", &token)]));
    assert!(desk.page("/desk/days-off").contains("Withdrawn"));
    assert_eq!(desk.get("/desk/days-off?withdraw=1").status(), rocket::http::Status::NotFound);
}

#[test]
fn the_console_lists_adds_and_withdraws_on_both_databases() {
    use crate::support::operator::Operator;
    for database in ["sqlite://askance.db".to_owned(), crate::support::postgres::fresh_database()] {
        let operator = Operator::new()
            .with("ASKANCE_DATABASE_URL", &database)
            .with("ASKANCE_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
        let run = |words: &[&str]| {
            let run = operator.runs(&[&["days-off"], words].concat(), b"");
            (run.code, run.out, run.err)
        };
        assert_eq!(run(&["list"]), (Some(0), String::new(), String::new()));
        let words = ["add", "SK", "2026-09-10", "day of mourning", "--source", "order 1"];
        let dry = run(&[&words[..], &["--dry-run"]].concat());
        assert!(
            dry.0 == Some(0) && dry.1.starts_with("Nothing was changed.\nOpen requests that count by it: 0;"),
            "{dry:?}"
        );
        let added = run(&words);
        assert!(added.1.starts_with("Added number 1: SK 2026-09-10, day of mourning.\n"), "{added:?}");
        let again = run(&words);
        assert_eq!(
            (again.0, again.2),
            (
                Some(65),
                "askance: expected a day without an entry, found number `1`. Nothing was changed.\n"
                    .to_owned()
            )
        );
        assert_eq!(run(&["add", "XX", "2026-09-10", "x", "--source", "y"]).0, Some(65));
        assert_eq!(run(&["add", "SK", "2026-02-30", "x", "--source", "y"]).0, Some(64));
        assert_eq!(run(&["list"]).1, "1\tin_force\tSK\t2026-09-10\toff\tday of mourning\torder 1\n");
        assert!(run(&["withdraw", "1"]).1.starts_with("Withdrew number 1"));
        assert_eq!(run(&["withdraw", "1"]).0, Some(65));
        assert!(run(&["list"]).1.starts_with("1\twithdrawn\t"));
    }
}
