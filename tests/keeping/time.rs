//! What is kept for a time only, the two chains, and the daily digests by which outsiders hold us to them (R51).

use crate::keeping::house::{House, city, files, person};
use crate::keeping::place::Place;
use crate::support::mail::Reply;
use crate::support::{Backend, Site, stories};
use askance::domain::authority::AuthorityKind;
use askance::service::{delivery, digests as days, health, retention, triage};
use askance::store::schema::audit as audit_log;
use askance::store::types::{MessageState, Role};
use askance::store::{AnyConn, audit, authorities, digests, dump, erasure as rows};
use chrono::TimeDelta;
use diesel::prelude::*;

fn run(site: &Site, sql: &str) {
    match &mut *site.conn() {
        AnyConn::Sqlite(c) => diesel::sql_query(sql).execute(c).unwrap(),
        AnyConn::Postgres(c) => diesel::sql_query(sql).execute(c).unwrap(),
    };
}

/// The rows of a table, as lines.
fn table(site: &Site, name: &str) -> Vec<String> {
    let mut bytes = Vec::new();
    dump::write(&mut site.conn(), name, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap().lines().skip(1).map(str::to_owned).collect()
}

stories! {
    fn r50_what_is_over_its_time_goes_by_itself(site: &mut Site) {
        let (mara, theo) = (site.person("Mara Varga", Role::Activist), site.person("Theo Okafor", Role::Volunteer));
        let request = site.sends(mara, site.city());
        site.receives(&Reply::to(&request, "brandau.example").saying("Werbung für Zaunkönige").raw(), "r-nobody@post.askance.example");
        site.receives(&Reply::to(&request, "brandau.example").with_id("2@b.example").saying("Ihr Antrag wird abgelehnt.").raw(), &request.reply_address);
        run(site, "UPDATE arrivals SET peer = '192.0.2.7', greeted_as = 'mx.brandau.example'");
        triage::set_aside(&site.ctx, &mut site.conn(), theo, 1, "no reply to anything").unwrap();
        let now = site.now().naive_utc();
        run(site, &format!("INSERT INTO sign_in_attempts (account_hash, network_hash, at) VALUES ('a', 'b', '{now}')"));
        run(site, &format!("INSERT INTO sessions (token_hash, person_id, created_at, seen_at, expires_at) VALUES ('t', {mara}, '{now}', '{now}', '{now}')"));
        assert_eq!(retention::run(&site.ctx, &site.db).unwrap(), retention::Gone::default());

        site.days_pass(8);
        let gone = retention::run(&site.ctx, &site.db).unwrap();
        assert_eq!((gone.peers, gone.tries, gone.sessions, gone.set_aside), (2, 1, 1, 0));
        assert!(!table(site, "arrivals").concat().contains("192.0.2.7"));
        // The files of the database are written anew by night, once, and within a day in any case.
        let (place, noon) = (Place::of(&site.ctx, &site.db), site.now());
        let holds = |word: &str| place.files().iter().any(|(_, bytes)| bytes.windows(word.len()).any(|part| part == word.as_bytes()));
        let at = |hours: i64| {
            site.ctx.clock.set(noon + TimeDelta::hours(hours));
            retention::run(&site.ctx, &site.db).unwrap().scrubbed
        };
        assert!(!gone.scrubbed && !at(1) && !at(14), "until one o'clock");
        assert!(at(16) && !at(17) && !at(40), "once, and never for nothing");
        assert!(!holds("192.0.2.7"));
        site.ctx.clock.set(noon);
        site.days_pass(171);
        assert_eq!(retention::run(&site.ctx, &site.db).unwrap().set_aside, 0, "179 days");
        site.days_pass(2);
        let gone = retention::run(&site.ctx, &site.db).unwrap();
        assert_eq!((gone.set_aside, gone.scrubbed), (1, false));
        let noon = site.now();
        site.ctx.clock.set(noon + TimeDelta::hours(23));
        assert!(retention::run(&site.ctx, &site.db).unwrap().scrubbed);
        assert!(!holds("Zaunk"), "nowhere within a day");
        assert!(!table(site, "messages").concat().contains("Zaunkönige"));
        assert_ne!(site.message(2).blob_sha256, "", "a reply is never over its time");
        assert_eq!(site.message(1).state, MessageState::SetAside);
        // Twice is as good as once, and the log tells classes and counts, nobody.
        assert_eq!(retention::run(&site.ctx, &site.db).unwrap(), retention::Gone::default());
        let log = table(site, "audit").concat();
        assert!(log.contains("class:network_addresses") && log.contains("set aside for more than 180 days"), "{log}");
        assert!(!log.contains("192.0.2.7"));
        assert_eq!(audit::verify(&mut site.conn()).unwrap().1, None);
    }

    fn r50_storm_of_old_mail_that_is_set_aside_today_stays_as_long_as_any_other(site: &mut Site) {
        let (mara, theo) = (site.person("Mara Varga", Role::Activist), site.person("Theo Okafor", Role::Volunteer));
        let request = site.sends(mara, site.city());
        let automatic = |n: usize| {
            Reply::to(&request, "elsewhere.example").with("Auto-Submitted: auto-replied").with_id(&format!("{n}@e.example")).saying("Ich bin nicht da.").raw()
        };
        for n in 0..4 {
            site.receives(&automatic(n), "r-nobody@post.askance.example");
        }
        // They lay in a mailbox for two years before they came here.
        run(site, "UPDATE messages SET received_at = '2024-01-01 10:00:00'");
        let set_aside = |site: &Site| triage::set_aside_alike(&site.ctx, &mut site.conn(), theo, (1, "a storm")).unwrap();
        assert_eq!(set_aside(site), 4);
        assert_eq!(retention::run(&site.ctx, &site.db).unwrap(), retention::Gone::default());
        // A file of one was erased before: the rest of it goes all the same when its time is over.
        run(site, "UPDATE messages SET blob_sha256 = '' WHERE id = 2");
        site.days_pass(181);
        assert_eq!(retention::run(&site.ctx, &site.db).unwrap().set_aside, 4);
    }

    fn r50_one_erasure_that_cannot_be_finished_keeps_nothing_else_and_is_told(site: &mut Site) {
        let (mara, theo) = (site.person("Mara Varga", Role::Activist), site.person("Theo Okafor", Role::Volunteer));
        let request = site.sends(mara, site.city());
        site.receives(&Reply::to(&request, "brandau.example").saying("Werbung für Zaunkönige").raw(), "r-nobody@post.askance.example");
        run(site, "UPDATE arrivals SET peer = '192.0.2.7'");
        triage::set_aside(&site.ctx, &mut site.conn(), theo, 1, "no reply to anything").unwrap();
        site.days_pass(200);
        // What root left there, and nobody else can read.
        let foreign = site.ctx.config.blob_dir.join("tombstones/00.json");
        std::fs::create_dir(&foreign).unwrap();
        assert!(retention::run(&site.ctx, &site.db).is_err(), "it is told");
        assert!(!table(site, "arrivals").concat().contains("192.0.2.7"), "and all the rest went");
        std::fs::remove_dir(&foreign).unwrap();
        retention::run(&site.ctx, &site.db).unwrap();
        assert!(!table(site, "messages").concat().contains("Zaunkönige"));
    }

    fn r50_what_is_erased_while_the_files_are_written_anew_stays_owed(site: &mut Site) {
        let entry = |action: &'static str, body| {
            let act = audit::Act { at: site.now(), person: None, action, subject: "message:1".to_owned(), body };
            audit::append(&mut site.conn(), &act).unwrap();
        };
        entry("erase", serde_json::json!({}));
        let owed = rows::owed_scrub(&mut site.conn()).unwrap().unwrap();
        assert!(rows::settle_scrub(&mut site.conn(), owed, site.now()).unwrap());
        assert_eq!(rows::owed_scrub(&mut site.conn()).unwrap(), None);
        // Another process erases between the look at the log and the end of the writing.
        entry("erase", serde_json::json!({}));
        let before: i64 = audit_log::table.select(diesel::dsl::max(audit_log::id)).first::<Option<i64>>(&mut *site.conn()).unwrap().unwrap();
        entry("erase", serde_json::json!({}));
        entry("scrub", serde_json::json!({ "up_to": before }));
        assert!(rows::owed_scrub(&mut site.conn()).unwrap().is_some());
    }

    fn r50_clock_that_is_ahead_lets_nothing_go_until_it_was_so_for_an_hour(site: &mut Site) {
        let (mara, theo) = (site.person("Mara Varga", Role::Activist), site.person("Theo Okafor", Role::Volunteer));
        let request = site.sends(mara, site.city());
        site.receives(&Reply::to(&request, "brandau.example").saying("Werbung für Zaunkönige").raw(), "r-nobody@post.askance.example");
        triage::set_aside(&site.ctx, &mut site.conn(), theo, 1, "no reply to anything").unwrap();
        let (now, second) = (site.now(), std::time::Duration::from_secs(1));
        // The clock of a running service is set forward by mistake.
        site.ctx.pulse.clock_read(now, second);
        site.ctx.pulse.clock_read(now + TimeDelta::days(400), 2 * second);
        site.ctx.clock.set(now + TimeDelta::days(400));
        assert_eq!(retention::run(&site.ctx, &site.db).unwrap(), retention::Gone::default());
        assert!(table(site, "messages").concat().contains("Zaunkönige"));
        // It is ahead when the service starts: what was recorded last is old. Here the records are, and the clock is right.
        let started = || askance::service::Context {
            config: site.ctx.config.clone(),
            clock: askance::clock::Clock::System,
            library: std::sync::Arc::clone(&site.ctx.library),
            blobs: site.ctx.blobs.clone(),
            days_off: askance::service::days_off::Calendars::default(),
            pulse: health::Pulse::default(),
        };
        let ahead = started();
        run(site, "UPDATE events SET at = '2026-01-01 00:00:00'");
        run(site, "UPDATE audit SET at = '2026-01-01 00:00:00'");
        run(site, "UPDATE messages SET received_at = '2026-01-01 00:00:00'");
        health::doubt_clock(&ahead, &site.db).unwrap();
        assert!(!ahead.trusts_clock(), "for the first hour");
        assert_eq!(retention::run(&ahead, &site.db).unwrap(), retention::Gone::default());
        assert!(!days::make(&ahead, &site.db).unwrap());
        assert!(table(site, "messages").concat().contains("Zaunkönige"));
        // Where something was recorded yesterday the clock is believed at once.
        let right = started();
        let yesterday = (right.clock.now() - TimeDelta::days(1)).naive_utc();
        run(site, &format!("UPDATE audit SET at = '{yesterday}'"));
        health::doubt_clock(&right, &site.db).unwrap();
        assert!(right.trusts_clock());
    }

    fn r51_clock_that_is_set_forward_by_mistake_stops_no_digest(site: &mut Site) {
        let (now, second) = (site.now(), std::time::Duration::from_secs(1));
        site.ctx.pulse.clock_read(now, second);
        site.ctx.pulse.clock_read(now + TimeDelta::days(40), 2 * second);
        site.ctx.clock.set(now + TimeDelta::days(40));
        assert!(!days::make(&site.ctx, &site.db).unwrap(), "a day that is not here yet has no digest");
        site.ctx.clock.set(now);
        site.ctx.pulse.clock_read(now + TimeDelta::seconds(3), 5 * second);
        assert!(days::make(&site.ctx, &site.db).unwrap());
        assert_eq!(digests::all(&mut site.conn()).unwrap().len(), 1);
    }

    fn r51_digest_of_a_day_holds_us_to_what_was_before(site: &mut Site) {
        let mara = site.person("Mara Varga", Role::Activist);
        let request = site.sends(mara, site.city());
        assert!(days::make(&site.ctx, &site.db).unwrap());
        // Whatever number of workers and turns: one a day.
        assert!(!days::make(&site.ctx, &site.db).unwrap());
        site.days_pass(1);
        site.receives(&Reply::to(&request, "brandau.example").saying("Wir bestätigen den Eingang Ihres Antrags.").raw(), &request.reply_address);
        assert!(days::make(&site.ctx, &site.db).unwrap());
        assert_eq!(digests::verify(&mut site.conn()).unwrap(), (2, None));
        let kept = digests::all(&mut site.conn()).unwrap().remove(0);
        assert_eq!(digests::verify_kept(&mut site.conn(), &kept).unwrap(), None);

        // Everyone can read and keep them.
        let browser = site.browser();
        let public = browser.get("/digests.json").dispatch().into_string().unwrap();
        let read: Vec<digests::Digest> = serde_json::from_str(&public).unwrap();
        assert_eq!(read[1], kept);
        assert!(browser.get("/digests").dispatch().into_string().unwrap().contains(&kept.hash));

        // The owner of the database changes an old event and recomputes its chain: the chain fits, the digest does not.
        let body: String = {
            let rows = table(site, "events");
            let first: Vec<serde_json::Value> = serde_json::from_str(&rows[0]).unwrap();
            first[7].as_str().unwrap().to_owned()
        };
        assert!(body.contains("filed"), "{body}");
        run(site, "UPDATE events SET hash = 'forged' || hash WHERE seq = 2");
        let (_, misfit) = digests::verify(&mut site.conn()).unwrap();
        assert_eq!(misfit.unwrap().why, "events that it stands for are others now");
        run(site, "UPDATE events SET hash = replace(hash, 'forged', '') WHERE seq = 2");
        assert_eq!(digests::verify(&mut site.conn()).unwrap().1, None);
        // They change the digests too: the one that an outsider kept tells.
        run(site, "DELETE FROM digests");
        run(site, "UPDATE audit SET hash = 'forged' || hash WHERE id = 1");
        assert!(digests::verify_kept(&mut site.conn(), &kept).unwrap().is_some());
    }

    fn r51_audit_log_holds_no_text_address_or_token_and_mails_forge_no_line(site: &mut Site) {
        let (mara, theo) = (site.person("Mara Varga", Role::Activist), site.person("Theo Okafor", Role::Volunteer));
        let request = site.sends(mara, site.city());
        let before = table(site, "audit").len();
        let forging = Reply::to(&request, "brandau.example")
            .about("AW: Antrag\r\n {\"action\":\"settle\"}\u{1b}[2K")
            .with_id("x\u{1b}[31m@brandau.example")
            .saying("Der Antrag wird abgelehnt, sagt Frau Distelfink.\n2026-09-07T10:00:00Z INFO settle person=1");
        site.receives(&forging.raw(), &request.reply_address);
        let said = triage::proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        triage::settle(&site.ctx, &mut site.conn(), theo, &said).unwrap();
        let log = table(site, "audit");
        assert_eq!(log.len(), before + 1, "one act, one entry");
        // A letter that was refused is sent again, to the address that it had and to another one.
        let north = site.authority("Stadt Nord", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "nord.example");
        site.files(mara, north);
        let known = authorities::address(&mut site.conn(), north).unwrap().unwrap();
        let changed = "frau.distelfink@nord.example";
        for to in [&known, changed] {
            run(site, "UPDATE outbox SET state = 'refused' WHERE id = 2");
            authorities::set_address(&mut site.conn(), north, &to.parse().unwrap(), site.now()).unwrap();
            delivery::send_lost_again(&site.ctx, &mut site.conn(), mara, (2, to)).unwrap();
        }
        let log = table(site, "audit");
        let again = log.iter().filter(|line| line.contains("send_lost_again")).collect::<Vec<_>>();
        assert!(again.len() == 2 && again[0].contains(r#"\"other_address\":false"#), "{again:?}");
        assert!(again[1].contains(r#"\"other_address\":true"#) && again[1].contains("address_record"), "{again:?}");
        let all = log.concat();
        let token = request.reply_address.split('@').next().unwrap();
        for private in ["Distelfink", "distelfink", "nord.example", "@", token, "abgelehnt", "\\u001b", "Antrag", "Varga"] {
            assert!(!all.contains(private), "`{private}` is in the audit log: {all}");
        }
    }
}

#[test]
fn r51_command_verifies_digests_that_somebody_kept() {
    let house = House::new(Backend::Sqlite);
    house.does(&["check"]);
    let (ctx, db) = (house.context(), house.db());
    let conn = &mut *db.conn().unwrap();
    let (mara, brandau) = (person(conn, "mara@askance.example", "Mara Varga"), city(conn, "Stadt Brandau"));
    files(&ctx, conn, (mara, brandau), "one");
    assert!(days::make(&ctx, &db).unwrap());
    let kept = digests::all(conn).unwrap().remove(0);
    let file = house.operator.path("kept.json");
    std::fs::write(&file, serde_json::to_vec(&kept).unwrap()).unwrap();
    let file = file.display().to_string();
    assert!(house.does(&["audit", "verify", "--digest", &kept.hash]).contains("1 daily digest:"));
    house.does(&["audit", "verify", "--digest", &file]);
    // All of /digests.json, as it is.
    let page = house.operator.path("digests.json");
    std::fs::write(&page, serde_json::to_vec(&digests::all(conn).unwrap()).unwrap()).unwrap();
    let page = page.display().to_string();
    house.does(&["audit", "verify", "--digest", &page]);
    std::fs::write(&page, std::fs::read_to_string(&page).unwrap().replace(&kept.hash, &"0".repeat(64)))
        .unwrap();
    let other = house.runs(&["audit", "verify", "--digest", &page]);
    assert!(other.code == Some(65) && other.err.contains("that was kept"), "{}", other.err);
    let unknown = house.runs(&["audit", "verify", "--digest", &"0".repeat(64)]);
    assert_eq!(unknown.code, Some(65));
    let tomorrow = ctx.clock.now() + TimeDelta::days(1);
    assert!(!askance::store::transaction(conn, |conn| digests::make(conn, kept.day, tomorrow)).unwrap());
    if let AnyConn::Sqlite(c) = conn {
        diesel::sql_query("DELETE FROM digests").execute(c).unwrap();
    }
    let gone = house.runs(&["audit", "verify", "--digest", &file]);
    assert_eq!(gone.code, Some(65));
    assert!(gone.err.contains("we have no digest of this day"), "{}", gone.err);
    let nothing = house.runs(&["audit", "verify", "--digest", "nowhere.json"]);
    assert!(nothing.err.contains("expected a hash of 64 hexadecimal digits or a file"), "{}", nothing.err);
}
