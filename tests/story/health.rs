//! What a monitor sees at `/healthz` and `/metrics`, and what the administrator is told, when something breaks (R55).

use crate::servers::imap_server::{Fault, ImapServer as ScriptedImap};
use crate::servers::smtp_sink::{Script, SmtpSink};
use crate::support::{Site, stories};
use askance::mail::imap::url::ImapServer;
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::fetching::{Fetcher, Source};
use askance::service::health::{Alerts, Figures, Finding, Level, Mailbox, Route, findings};
use askance::service::{delivery, intake};
use askance::store::health::disk::Room;
use askance::store::types::Role;
use askance::store::{AnyConn, outbox};
use askance::web::error::Error as WebError;
use askance::web::places::{Patience, Places};
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use rocket::http::Header;
use serde_json::{Value, json};
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

fn seen(site: &Site) -> (u16, Value) {
    asked(site, "/healthz")
}

fn asked(site: &Site, address: &str) -> (u16, Value) {
    let browser = site.browser();
    let answer = browser.get(address.to_owned()).dispatch();
    let status = answer.status().code;
    (status, serde_json::from_str(&answer.into_string().unwrap()).unwrap())
}

/// The names of what is not well, and the status.
fn found(site: &Site) -> (u16, String, Vec<String>) {
    let (status, told) = seen(site);
    let names = told["findings"].as_array().unwrap().iter();
    let names = names.map(|finding| finding["finding"].as_str().unwrap().to_owned()).collect();
    (status, told["status"].as_str().unwrap().to_owned(), names)
}

fn is(site: &Site, status: u16, level: &str, names: &[&str]) {
    assert_eq!(
        found(site),
        (status, level.to_owned(), names.iter().map(|name| (*name).to_owned()).collect())
    );
}

/// The figures as a monitor on this machine reads them.
fn figures(site: &Site) -> String {
    let browser = site.browser();
    let request = browser.get("/metrics").remote("127.0.0.1:4000".parse().unwrap());
    let answer = request.header(Header::new("Host", "127.0.0.1:8000")).dispatch();
    assert_eq!(answer.status().code, 200);
    let kind = answer.content_type().unwrap().to_string();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    answer.into_string().unwrap()
}

fn figure(site: &Site, line: &str) -> Option<f64> {
    let text = figures(site);
    text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
}

fn batch(site: &Site, sqlite: &str, postgres: &str) {
    match &mut *site.conn() {
        AnyConn::Sqlite(c) => c.batch_execute(sqlite).unwrap(),
        AnyConn::Postgres(c) => c.batch_execute(postgres).unwrap(),
    }
}

fn a_note(site: &Site, text: &str, seconds: i64) -> std::path::PathBuf {
    let note = site.ctx.config.blob_dir.join("spool/note.json");
    std::fs::write(&note, text).unwrap();
    let at = site.now() - TimeDelta::seconds(seconds);
    File::options().write(true).open(&note).unwrap().set_modified(at.into()).unwrap();
    note
}

/// Letters are to leave by this server.
fn leaves_by(site: &mut Site, url: &str) -> Transport {
    let mut ctx = (*site.ctx).clone();
    ctx.config.smtp_url = Some(url.to_owned());
    site.ctx = Arc::new(ctx);
    Transport::Smtp(SmtpServer::from_url(url).unwrap().with_timeout(Duration::from_secs(2)))
}

fn a_letter_may_leave(site: &Site) {
    let activist = site.person("Mara Varga", Role::Activist);
    let city = site.city();
    let filed = site.files(activist, city);
    site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
}

/// A worker that died with a letter on the wire.
fn a_letter_becomes_unknown(site: &Site) {
    let claim = outbox::Claim {
        worker: "dead",
        now: site.now(),
        until: site.now() + TimeDelta::seconds(45),
        per_minute: 0,
    };
    let (letter, _) = outbox::claim_due(&mut site.conn(), &claim).unwrap().unwrap();
    assert!(outbox::in_doubt(&mut site.conn(), letter.id, &claim).unwrap());
    site.ctx.clock.set(site.now() + TimeDelta::seconds(60));
    delivery::expire_leases(&site.ctx, &site.db).unwrap();
}

stories! {
    fn monitor_sees_mail_and_letters_that_wait(site: &mut Site) {
        let told = |(status, told): (u16, Value)| {
            (status, told["spool_oldest_seconds"].clone(), told["letters_unknown"].clone(), told["letters_oldest_seconds"].clone())
        };
        is(site, 200, "well", &[]);
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filed = site.files(activist, city);
        assert_eq!(told(seen(site)), (200, json!(0), json!(0), json!(0)), "it may still be taken back");
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(90));
        a_note(site, "{}", 30);
        assert_eq!(told(seen(site)), (200, json!(30), json!(0), json!(90)));
        is(site, 200, "degraded", &["letters_wait"]);
        let (_, all) = seen(site);
        assert!(all["findings"][0]["what"].as_str().unwrap().contains("`smtp_url` is not set"), "{all}");
        assert_eq!(asked(site, "/healthz?strict").0, 503, "for monitors that know the status only");
        a_letter_becomes_unknown(site);
        assert_eq!(told(seen(site)), (503, json!(90), json!(1), json!(0)));
        assert_eq!(figure(site, "askance_spool_oldest_seconds"), Some(90.0));
    }

    fn r55_spool_that_cannot_be_written_is_told_and_heals(site: &mut Site) {
        is(site, 200, "well", &[]);
        let spool = site.ctx.config.blob_dir.join("spool");
        std::fs::remove_dir(&spool).unwrap();
        std::fs::write(&spool, "a file where the folder should be").unwrap();
        is(site, 503, "unwell", &["spool_closed"]);
        assert_eq!(seen(site).1["spool_oldest_seconds"], Value::Null);
        assert_eq!(figure(site, "askance_spool_writable"), Some(0.0));
        std::fs::remove_file(&spool).unwrap();
        is(site, 503, "unwell", &["spool_closed"]);
        std::fs::create_dir(&spool).unwrap();
        is(site, 200, "well", &[]);
        assert_eq!(figure(site, "askance_spool_writable"), Some(1.0));
    }

    fn r55_note_that_cannot_be_entered_is_told_after_a_minute(site: &mut Site) {
        let note = a_note(site, "{\"sha256\": 7}", 61);
        assert_eq!(intake::sweep(site.ctx.door(), &site.db).unwrap(), 0, "it stays");
        is(site, 503, "unwell", &["spool_old"]);
        assert_eq!(figure(site, "askance_spool_entries"), Some(1.0));
        std::fs::remove_file(note).unwrap();
        is(site, 200, "well", &[]);
    }

    fn r55_locked_database_is_told_while_it_is_locked(site: &mut Site) {
        let other = askance::store::Db::open(&site.ctx.config.database_url, 1).unwrap();
        let mut holder = other.conn().unwrap();
        match &mut *holder {
            AnyConn::Sqlite(c) => c.batch_execute("BEGIN EXCLUSIVE").unwrap(),
            AnyConn::Postgres(c) => c.batch_execute("BEGIN; LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE").unwrap(),
        }
        is(site, 503, "unwell", &["database_locked"]);
        assert_eq!(seen(site).1["database"], json!(false));
        assert_eq!(figure(site, "askance_database_up"), Some(0.0));
        match &mut *holder {
            AnyConn::Sqlite(c) => c.batch_execute("ROLLBACK").unwrap(),
            AnyConn::Postgres(c) => c.batch_execute("ROLLBACK").unwrap(),
        }
        is(site, 200, "well", &[]);
        // The connection that looked is as it was: nobody who writes next finds it in a transaction.
        let person = site.person("Mara Varga", Role::Activist);
        assert!(person > 0);
    }

    fn r55_database_that_cannot_be_read_is_told(site: &mut Site) {
        let gone = "ALTER TABLE outbox RENAME TO elsewhere";
        batch(site, gone, gone);
        is(site, 503, "unwell", &["database"]);
        let told = seen(site).1;
        assert_eq!((&told["database"], &told["letters_unknown"]), (&json!(false), &Value::Null));
        let text = figures(site);
        assert!(!text.contains("askance_outbox_letters{"), "what cannot be counted is left out: {text}");
        assert!(text.contains("askance_database_up 0\n"), "{text}");
    }

    fn r55_mail_server_that_is_away_is_told_within_a_minute_and_what_waits_is_not_lost(site: &mut Site) {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let transport = leaves_by(site, &format!("smtp://127.0.0.1:{port}"));
        a_letter_may_leave(site);
        is(site, 200, "well", &[]);
        assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
        site.ctx.clock.set(site.now() + TimeDelta::seconds(60));
        is(site, 200, "degraded", &["letters_wait"]);
        assert_eq!(figure(site, "askance_outbox_held_up"), Some(1.0));
        assert_eq!(figure(site, "askance_outbox_letters{state=\"deferred\"}"), Some(1.0));
        assert!(figure(site, "askance_outbox_oldest_seconds").unwrap() >= 60.0);
        // It is back.
        let sink = SmtpSink::start(Script::friendly());
        let transport = leaves_by(site, &format!("smtp://{}", sink.addr));
        site.ctx.clock.set(site.now() + TimeDelta::minutes(5));
        assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
        is(site, 200, "well", &[]);
        assert_eq!((sink.letters().len(), figure(site, "askance_outbox_letters{state=\"accepted\"}")), (1, Some(1.0)));
    }

    fn r55_mail_server_that_says_later_of_one_letter_is_no_fault_for_an_hour(site: &mut Site) {
        use crate::servers::smtp_sink::{Act, Stage};
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("450 4.2.0 greylisted")));
        let transport = leaves_by(site, &format!("smtp://{}", sink.addr));
        a_letter_may_leave(site);
        assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
        site.ctx.clock.set(site.now() + TimeDelta::minutes(4));
        is(site, 200, "well", &[]);
        site.ctx.clock.set(site.now() + TimeDelta::hours(1));
        assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
        is(site, 200, "degraded", &["letters_wait"]);
    }

    fn r55_letters_that_nobody_sends_are_told(site: &mut Site) {
        leaves_by(site, "smtp://127.0.0.1:1");
        a_letter_may_leave(site);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(16));
        is(site, 503, "unwell", &["letters_stalled"]);
        // Paused by a person, that is what is told instead.
        let on = "INSERT INTO switches (name, reason, since) VALUES ('outbox_paused', 'Frau Varga rief an', '2026-09-07 10:00:00')";
        batch(site, on, on);
        is(site, 200, "degraded", &["sending_paused"]);
        assert_eq!(figure(site, "askance_outbox_paused"), Some(1.0));
        assert!(!seen(site).1.to_string().contains("Varga"), "why is for the desk");
    }

    fn r55_mailbox_that_cannot_be_fetched_is_told_and_heals(site: &mut Site) {
        let never = || false;
        let from = |url: &str| Source { server: ImapServer::from_url(url).unwrap(), moved_to: None };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let away = from(&format!("imap://foi:s3cret@127.0.0.1:{port}/INBOX"));
        assert_eq!(figure(site, "askance_mailbox_up"), None, "nobody fetches here");
        let mut fetcher = Fetcher::new(&site.ctx, &site.db, &away, &never);
        assert!(fetcher.once().is_err());
        is(site, 200, "well", &[]);
        assert!(fetcher.once().is_err(), "once is weather");
        is(site, 200, "degraded", &["mailbox"]);
        assert_eq!(figure(site, "askance_mailbox_up"), Some(0.0));
        let told = seen(site).1.to_string();
        assert!(told.contains("the connection failed") && !told.contains("s3cret"), "{told}");
        // It goes by mail as all else does.
        let found = findings(&askance::service::health::look(&site.ctx, &site.db));
        let mut alerts = Alerts::default();
        assert_eq!(alerts.look(&found, Duration::ZERO), None);
        assert_eq!(alerts.look(&found, Duration::from_secs(20)).unwrap().subject, "Askance: not well: mailbox");
        // It is back, and says no.
        let server = ScriptedImap::start();
        let source = from(&server.url());
        let mut fetcher = Fetcher::new(&site.ctx, &site.db, &source, &never);
        server.with(|house| house.fault = Some(("AUTHENTICATE", Fault::No)));
        assert!(fetcher.once().is_err());
        let told = seen(site).1.to_string();
        assert!(told.contains("the server turned down"), "{told}");
        server.append(b"Subject: Antwort\r\n\r\nIhr Antrag.\r\n");
        assert_eq!(fetcher.once().unwrap(), 1);
        site.works();
        is(site, 200, "well", &[]);
        assert_eq!(figure(site, "askance_mailbox_up"), Some(1.0));
        // A mail that is too large stays there, until somebody takes it out.
        server.with(|house| house.claims = Some(askance::mail::imap::LARGEST + 1));
        server.append(b"Subject: Anlagen\r\n\r\nSehr viele.\r\n");
        assert_eq!(fetcher.once().unwrap(), 0);
        is(site, 200, "degraded", &["mailbox_left"]);
        assert!(seen(site).1.to_string().contains("1 mail stays in the mailbox"));
        server.with(|house| house.inbox.clear());
        assert_eq!(fetcher.once().unwrap(), 0);
        is(site, 200, "well", &[]);
    }

    fn r55_sending_that_was_paused_just_now_is_told_in_words(site: &mut Site) {
        delivery::pause(&site.ctx, &mut site.conn(), None, "the mail server moves").unwrap();
        is(site, 200, "degraded", &["sending_paused"]);
        assert!(seen(site).1.to_string().contains("Sending has been paused for less than a minute: no letter leaves."));
    }

    fn r55_letter_of_which_nobody_knows_is_told_at_once(site: &mut Site) {
        a_letter_may_leave(site);
        a_letter_becomes_unknown(site);
        is(site, 200, "degraded", &["letters_unknown"]);
        assert!(seen(site).1.to_string().contains("1 letter may or may not have arrived; it is not sent again"));
        assert_eq!(figure(site, "askance_outbox_letters{state=\"unknown\"}"), Some(1.0));
    }

    fn r55_old_mail_of_a_mailbox_or_an_archive_is_told_by_when_it_came_to_us(site: &mut Site) {
        let reader = std::mem::replace(&mut site.cage, askance::service::cage::Cage::of("/nowhere/askance".into()));
        let long_ago = site.now() - TimeDelta::days(900);
        let comes = |site: &Site, via: &'static str, raw: &[u8]| {
            let recipients = ["r-1@post.askance.example".to_owned()];
            let mail = intake::Mail { raw, recipients: &recipients, via, handed: None };
            intake::accept_arrived(site.ctx.door(), Some(&site.db), mail, Some(long_ago)).unwrap();
        };
        comes(site, "import", b"Subject: Antwort\r\n\r\nIhr Antrag.\r\n");
        is(site, 200, "well", &[]);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(6));
        is(site, 200, "degraded", &["reading_waits"]);
        assert!(seen(site).1.to_string().contains("the oldest for 6 minutes"));
        site.cage = reader;
        site.works();
        is(site, 200, "well", &[]);
        // And one that the reader dies over.
        site.cage = askance::service::cage::Cage::of("/bin/false".into());
        comes(site, "imap", b"Subject: Antwort 2\r\n\r\nIhr Antrag.\r\n");
        site.works();
        is(site, 200, "degraded", &["reading_fails"]);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(61));
        is(site, 200, "well", &[]);
    }

    fn r55_mail_that_could_not_be_read_is_told_for_an_hour(site: &mut Site) {
        // The reader dies over it.
        let reader = std::mem::replace(&mut site.cage, askance::service::cage::Cage::of("/bin/false".into()));
        site.receives(b"Subject: Antwort\r\n\r\nIhr Antrag.\r\n", "r-1@post.askance.example");
        is(site, 200, "degraded", &["reading_fails"]);
        assert_eq!(figure(site, "askance_read_failures_total"), Some(1.0));
        assert_eq!(figure(site, "askance_messages{state=\"unreadable\"}"), Some(1.0));
        site.ctx.clock.set(site.now() + TimeDelta::minutes(61));
        is(site, 200, "well", &[]);
        // No reader can be had at all: mail waits for one.
        site.cage = askance::service::cage::Cage::of("/nowhere/askance".into());
        site.receives(b"Subject: Antwort 2\r\n\r\nIhr Antrag.\r\n", "r-1@post.askance.example");
        site.ctx.clock.set(site.now() + TimeDelta::minutes(6));
        is(site, 200, "degraded", &["reading_waits"]);
        site.cage = reader;
        site.works();
        is(site, 200, "well", &[]);
    }

    fn r55_figures_name_nobody_and_are_for_monitors_only(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(person, city);
        site.receives(b"From: Amt <amt@brandau.example>\r\nSubject: Geheimsache 12\r\nMessage-ID: <1@brandau.example>\r\n\r\nGuten Tag.\r\n", &request.reply_address);
        site.receives(b"From: Fremd <x@fremd.example>\r\nSubject: Irgendwas\r\n\r\nGuten Tag.\r\n", "nobody@post.askance.example");
        let browser = site.browser();
        browser.get(format!("/requests/{}", request.reference)).dispatch();
        browser.get("/requests/2026-9999?q=Varga").dispatch();
        let get = |peer: &str, host: &str, headers: &[(&'static str, String)]| {
            let mut asked = browser.get("/metrics").remote(format!("{peer}:4000").parse().unwrap());
            asked.add_header(Header::new("Host", host.to_owned()));
            for (name, value) in headers {
                asked.add_header(Header::new(*name, value.clone()));
            }
            let answer = asked.dispatch();
            (answer.status().code, answer.into_string().unwrap())
        };
        let (status, text) = get("127.0.0.1", "127.0.0.1:8000", &[]);
        assert_eq!(status, 200);
        for line in [
            "askance_messages_stored 2\n", "askance_arrivals_total 2\n", "askance_messages_unmatched 1\n",
            "askance_outbox_letters{state=\"accepted\"} 1\n", "askance_outbox_letters{state=\"unknown\"} 0\n",
            "askance_outbox_oldest_seconds 0\n", "askance_spool_oldest_seconds 0\n", "askance_spool_entries 0\n",
            "askance_read_failures_total 0\n", "askance_requests{status=\"sent\"} 1\n", "askance_requests_overdue 0\n",
            "askance_outbox_paused 0\n", "askance_disk_free_bytes{folder=\"blobs\"} ", "askance_clock_steps_total 0\n",
            "askance_build_info{version=\"", "route=\"/requests/<reference>\"", "askance_request_duration_seconds_bucket{",
        ] {
            assert!(text.contains(line), "`{line}` is not in {text}");
        }
        assert!(text.ends_with("# EOF\n"));
        for word in ["Varga", "brandau", "Brandau", "Geheimsache", "fremd", &request.reference, "2026-9999", "@", "q="] {
            assert!(!text.contains(word), "`{word}` is in {text}");
        }
        // From elsewhere, or by a web server in between, there is no such page.
        for (peer, host, headers) in [
            ("203.0.113.9", "127.0.0.1:8000", vec![]),
            ("127.0.0.1", "askance.example", vec![]),
            ("127.0.0.1", "127.0.0.1:8000", vec![("X-Forwarded-For", "203.0.113.9".to_owned())]),
            ("127.0.0.1", "127.0.0.1:8000", vec![("X-Real-IP", "203.0.113.9".to_owned())]),
            ("127.0.0.1", "127.0.0.1:8000", vec![("Forwarded", "for=203.0.113.9".to_owned())]),
            ("127.0.0.1", "127.0.0.1:8000", vec![("Via", "1.1 proxy".to_owned())]),
        ] {
            let (status, text) = get(peer, host, &headers);
            assert_eq!(status, 404, "{peer} {host} {headers:?}");
            assert!(!text.contains("askance_messages"), "{text}");
        }
        assert_eq!(get("10.1.2.3", "10.1.2.4:8000", &[]).0, 200, "Prometheus in the private network");
    }

    fn r55_with_a_token_only_who_knows_it_reads_figures(site: &mut Site) {
        let mut ctx = (*site.ctx).clone();
        ctx.config.run.metrics_token = Some(askance::config::Secret::new(b"0a1b2c3d4e5f60718293".to_vec()));
        site.ctx = Arc::new(ctx);
        let browser = site.browser();
        let status = |peer: &str, token: Option<&str>| {
            let mut asked = browser.get("/metrics").remote(format!("{peer}:4000").parse().unwrap());
            asked.add_header(Header::new("Host", "askance.example"));
            asked.add_header(Header::new("X-Real-IP", "203.0.113.9"));
            if let Some(token) = token {
                asked.add_header(Header::new("Authorization", format!("Bearer {token}")));
            }
            asked.dispatch().status().code
        };
        assert_eq!(status("127.0.0.1", None), 404);
        assert_eq!(status("127.0.0.1", Some("0a1b2c3d4e5f60718294")), 404);
        assert_eq!(status("203.0.113.9", Some("0a1b2c3d4e5f60718293")), 200);
    }

    fn r55_the_administrator_is_told_once_an_hour_and_when_it_is_over(site: &mut Site) {
        let sink = SmtpSink::start(Script::friendly());
        let mut ctx = (*site.ctx).clone();
        ctx.config.mail.admin_email = Some("admin@askance.example".parse().unwrap());
        ctx.config.mail.alert_smtp_url = Some(askance::config::Secret::new(format!("smtp://{}", sink.addr).into_bytes()));
        ctx.config.smtp_url = Some("smtp://127.0.0.1:1".to_owned());
        site.ctx = Arc::new(ctx);
        let route = Route::of(&site.ctx.config).unwrap().unwrap();
        let mut alerts = Alerts::default();
        let spool = site.ctx.config.blob_dir.join("spool");
        let (ctx, db) = (Arc::clone(&site.ctx), site.db.clone());
        // One look in ten seconds, as the worker does; the clock of the process is counted here.
        let mut looks = |from: u64, until: u64| {
            for age in (from..until).step_by(10).map(Duration::from_secs) {
                let found = findings(&askance::service::health::look(&ctx, &db));
                if let Some(telling) = alerts.look(&found, age) {
                    route.tell(&ctx, &telling).unwrap();
                    alerts.told(&telling, age);
                }
            }
            sink.letters().len()
        };
        assert_eq!(looks(0, 60), 0, "all is well");
        std::fs::rename(&spool, spool.with_file_name("away")).unwrap();
        assert_eq!(looks(60, 120), 1, "within a minute");
        assert_eq!(looks(120, 3000), 1, "and no more");
        std::fs::rename(spool.with_file_name("away"), &spool).unwrap();
        assert_eq!(looks(3000, 3060), 2, "it is over");
        std::fs::rename(&spool, spool.with_file_name("away")).unwrap();
        assert_eq!(looks(3060, 3600), 2, "the same within the hour");
        assert_eq!(looks(3600, 3800), 3, "after the hour");
        std::fs::rename(spool.with_file_name("away"), &spool).unwrap();
        let letters = sink.letters();
        let first = String::from_utf8(letters[0].bytes.clone()).unwrap();
        for line in ["Auto-Submitted: auto-generated\r\n", "Subject: Askance: not well: spool_closed\r\n", "To: <admin@askance.example>\r\n", "No mail can be taken in"] {
            assert!(first.contains(line), "`{line}` is not in {first}");
        }
        assert!(first.is_ascii() && first.lines().all(|line| line.len() < 200), "{first}");
        let second = String::from_utf8(letters[1].bytes.clone()).unwrap();
        assert!(second.contains("Subject: Askance: over: spool_closed\r\n"), "{second}");
        assert_eq!(letters[0].recipients.len(), 1);
    }
}

#[test]
fn r55_postgres_that_went_away_is_told_and_heals() {
    let site = Site::on(crate::support::Backend::Postgres);
    is(&site, 200, "well", &[]);
    let url = site.ctx.config.database_url.clone();
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let server = askance::store::Db::open(&url.replacen(&name, "postgres", 1), 1).unwrap();
    let tell = |text: &str| match &mut *server.conn().unwrap() {
        AnyConn::Postgres(c) => c.batch_execute(text).unwrap(),
        AnyConn::Sqlite(_) => unreachable!(),
    };
    tell(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    tell(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
    is(&site, 503, "unwell", &["database"]);
    let text = seen(&site).1.to_string();
    assert!(text.contains("does not answer") && text.contains("waits in the spool"), "{text}");
    tell(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    is(&site, 200, "well", &[]);
}

#[test]
fn r55_a_mail_server_that_falls_silent_is_told_before_a_minute_is_over() {
    let at = Duration::from_secs;
    let mut mailbox = Mailbox::default();
    assert!(!mailbox.is_ours());
    mailbox.asks(at(100));
    assert_eq!(mailbox.trouble(at(144)), None);
    assert_eq!(mailbox.trouble(at(145)).unwrap().lasts, at(45));
    mailbox.fails(at(160), "the server took too long".to_owned());
    assert_eq!(mailbox.trouble(at(161)), None, "once is weather");
    mailbox.asks(at(165));
    mailbox.fails(at(225), "the server took too long".to_owned());
    assert_eq!(mailbox.trouble(at(226)).unwrap().lasts, at(126), "since it was first asked in vain");
    mailbox.goes_well();
    mailbox.asks(at(300));
    mailbox.waits();
    assert_eq!(mailbox.trouble(at(900)), None, "it waits for news with us");
}

/// What visitors hear, with its Retry-After, who all ask at once while no connection can be had for more than half a second.
fn a_rush(paths: Vec<String>) -> Vec<(u16, Option<String>)> {
    use rocket::local::asynchronous::Client;
    let site = Site::on(crate::support::Backend::Sqlite);
    let held: Vec<_> = (0..4).map(|_| site.db.conn().unwrap()).collect();
    let web = askance::web::build(
        &rocket::figment::Figment::from(rocket::Config {
            log_level: rocket::log::LogLevel::Off,
            ..rocket::Config::default()
        }),
        Arc::clone(&site.ctx),
        site.db.clone(),
        crate::support::real_cage(),
    );
    rocket::execute(async {
        let client = Client::untracked(web).await.unwrap();
        let asked = paths.into_iter().map(|path| client.get(path).dispatch());
        let answers = futures_util::future::join_all(asked);
        let given_back = async {
            rocket::tokio::time::sleep(Duration::from_millis(600)).await;
            drop(held);
        };
        let (answers, ()) = rocket::tokio::join!(answers, given_back);
        let told = |answer: &rocket::local::asynchronous::LocalResponse<'_>| {
            (answer.status().code, answer.headers().get_one("Retry-After").map(str::to_owned))
        };
        answers.iter().map(told).collect()
    })
}

/// Six pages are made at a time. With no connection to be had the seventh is turned away at once, and those that wait
/// are made when there is one again.
#[test]
fn r56_a_rush_of_visitors_is_turned_away_in_good_order_and_those_who_wait_are_served() {
    let answers = a_rush((0..20).map(|page| format!("/authorities?q=stadt{page}")).collect());
    let served = answers.iter().filter(|answer| **answer == (200, None)).count();
    let turned_away = answers.iter().filter(|answer| **answer == (503, Some("3".to_owned()))).count();
    assert_eq!((served, turned_away), (6, 14), "{answers:?}");
}

/// Many who want the same page wait for one who makes it; the other places are for other pages.
#[test]
fn r56_visitors_of_one_slow_page_leave_the_places_to_other_pages() {
    let same = (0..20).map(|_| "/authorities?q=stadt".to_owned());
    let others = (0..5).map(|page| format!("/authorities?q=dorf{page}"));
    assert_eq!(a_rush(same.chain(others).collect()), vec![(200, None); 25]);
}

/// Files stay in memory until they are sent, and not more of them at a time than there is room for.
#[test]
fn r56_files_that_are_given_out_have_bounded_memory() {
    rocket::execute(async {
        let (places, soon) = (Places::default(), || Patience::Short.begins());
        let mib = 1 << 20;
        let first = places.room(200 * mib, soon()).await.unwrap();
        let small = places.room(10 * mib, soon()).await.unwrap();
        assert_eq!(places.room(100 * mib, soon()).await.unwrap_err(), WebError::Crowded);
        drop(first);
        drop(places.room(100 * mib, soon()).await.unwrap());
        drop(small);
        let all = places.room(10_000 * mib, soon()).await.unwrap();
        assert_eq!(places.room(1, soon()).await.unwrap_err(), WebError::Crowded);
        // Pages have places of their own.
        drop(places.take(soon()).await.unwrap());
        drop(all);
        drop(places.room(1, soon()).await.unwrap());
    });
}

fn finding(name: &'static str) -> Finding {
    Finding { finding: name, level: Level::Degraded, what: "something".to_owned() }
}

#[test]
fn r55_an_alert_that_no_server_took_is_told_again_and_what_passes_is_not_told() {
    let mut alerts = Alerts::default();
    let at = Duration::from_secs;
    assert_eq!(alerts.look(&[finding("disk")], at(0)), None, "it may pass");
    assert_eq!(alerts.look(&[], at(10)), None);
    assert_eq!(alerts.look(&[], at(90)), None, "it passed, nobody was told of it");
    assert_eq!(alerts.look(&[finding("disk")], at(100)), None);
    let telling = alerts.look(&[finding("disk")], at(120)).unwrap();
    assert_eq!(alerts.look(&[finding("disk")], at(130)).as_ref(), Some(&telling), "it was not told");
    alerts.told(&telling, at(130));
    assert_eq!(alerts.look(&[finding("disk")], at(140)), None);
    let both = alerts.look(&[finding("disk"), finding("letters_unknown")], at(150));
    assert_eq!(both, None, "the new one may pass");
    let other = alerts.look(&[finding("disk"), finding("letters_unknown")], at(170)).unwrap();
    assert_eq!(other.subject, "Askance: not well: letters_unknown");
    assert!(
        alerts.look(&[finding("disk")], at(130 + 24 * 3600)).unwrap().subject.contains("disk"),
        "once a day"
    );
}

#[test]
fn r55_full_disk_stopped_work_and_wrong_clocks_are_told() {
    let well = || Figures {
        database: askance::service::health::Database::Well,
        spool: Some((0, TimeDelta::zero())),
        ..Figures::default()
    };
    let names = |figures: &Figures| findings(figures).iter().map(|found| found.finding).collect::<Vec<_>>();
    assert_eq!(names(&well()), Vec::<&str>::new());
    let (mib, gib) = (1_u64 << 20, 1_u64 << 30);
    for (free, all, short) in [
        (50 * gib, 100 * gib, false),
        (3 * gib, 1000 * gib, false),
        (gib, 100 * gib, true),
        (99 * mib, 100 * gib, true),
        (30 * mib, 64 * mib, false),
        (2 * mib, 64 * mib, true),
        (0, 64 * mib, true),
    ] {
        let figures = Figures { blob_room: Some(Room { free, all }), ..well() };
        assert_eq!(names(&figures), if short { vec!["disk_of_blobs"] } else { vec![] }, "{free} of {all}");
    }
    let here = Room::on(std::path::Path::new("/")).unwrap();
    assert!(here.all > 0 && here.free <= here.all, "{here:?}");
    assert_eq!(names(&Figures { stopped: vec!["clocks".to_owned()], ..well() }), ["work_stopped"]);
    assert_eq!(names(&Figures { failing: vec!["retention"], ..well() }), ["keeping_fails"]);
    assert_eq!(names(&Figures { skew: Some(TimeDelta::seconds(-11)), ..well() }), ["clock_skew"]);
    assert_eq!(names(&Figures { stepped: Some(TimeDelta::hours(1)), ..well() }), ["clock_stepped"]);
    assert_eq!(names(&Figures { skew: Some(TimeDelta::seconds(9)), ..well() }), Vec::<&str>::new());
}

#[test]
fn r55_a_clock_that_is_set_is_noticed_in_both_directions_and_drift_is_not() {
    let pulse = askance::service::health::Pulse::default();
    let (wall, second) = (crate::support::start(), Duration::from_secs(1));
    pulse.clock_read(wall, second * 10);
    pulse.clock_read(wall + TimeDelta::seconds(11), second * 20);
    assert_eq!((pulse.steps(), pulse.stepped()), (0, None), "a second in ten is drift, however bad");
    pulse.clock_read(wall + TimeDelta::seconds(21) + TimeDelta::hours(1), second * 30);
    assert_eq!((pulse.steps(), pulse.stepped()), (1, Some(TimeDelta::hours(1))));
    pulse.clock_read(wall + TimeDelta::seconds(31), second * 40);
    assert_eq!((pulse.steps(), pulse.stepped()), (2, Some(TimeDelta::hours(-1))));
}

#[test]
fn r55_the_clock_of_the_database_s_machine_is_read() {
    let url = crate::support::postgres::fresh_database();
    let db = askance::store::Db::open(&url, 1).unwrap();
    let there = askance::store::health::clock(&mut db.conn().unwrap()).unwrap().unwrap();
    assert!((there - askance::clock::Clock::System.now()).abs() < TimeDelta::seconds(10), "{there}");
}
