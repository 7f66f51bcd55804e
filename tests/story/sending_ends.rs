//! How the end of a letter is kept: a server's 250 is never forgotten, and nothing that fails beside it harms a letter.

use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use crate::support::{Site, day, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::request::event::Event;
use askance::domain::request::state::Status;
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::delivery::{self, Sender};
use askance::store::outbox::{self, Letter};
use askance::store::requests;
use askance::store::types::{OutboxState, Role};
use askance::store::{AnyConn, authorities};
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use std::time::Duration;

fn run(site: &Site, sql: &str) {
    match &mut *site.conn() {
        AnyConn::Sqlite(c) => c.batch_execute(sql).unwrap(),
        AnyConn::Postgres(c) => c.batch_execute(sql).unwrap(),
    }
}

/// A letter to a city that may leave now; (authority, letter, reference).
fn ready(site: &Site) -> (i64, Letter, String) {
    let activist = site.person("Mara Varga", Role::Activist);
    let city = site.city();
    let filed = site.files(activist, city);
    site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
    let request = site.request(&filed.reference);
    let letter = outbox::of_request(&mut site.conn(), request.id, "request").unwrap().unwrap();
    (city, letter, filed.reference)
}

fn letter(site: &Site, id: i64) -> Letter {
    outbox::find(&mut site.conn(), id).unwrap().unwrap()
}

fn through(sink: &SmtpSink, timeout: Duration) -> Transport {
    Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap().with_timeout(timeout))
}

/// Tries the next letter at a server that says this at a stage.
fn tried(site: &Site, stage: Stage, line: &str) {
    let sink = SmtpSink::start(Script::friendly().at(stage, Act::say(line)));
    let transport = through(&sink, Duration::from_secs(5));
    assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
}

fn is_ready(site: &Site, authority: i64) -> bool {
    authorities::address(&mut site.conn(), authority).unwrap().is_some()
}

stories! {
    fn letter_is_given_up_after_five_days_of_trying_and_days_without_a_try_do_not_count(site: &mut Site) {
        let (_, queued, _) = ready(site);
        // No mail server was set for six days.
        site.ctx.clock.set(site.now() + TimeDelta::days(6));
        tried(site, Stage::Rcpt, "450 4.2.0 greylisted");
        assert_eq!(letter(site, queued.id).state, OutboxState::Deferred);
        // The outbox was paused, or the machine was off, for a week: greylisting begins anew.
        site.ctx.clock.set(site.now() + TimeDelta::days(7));
        for _ in 0..18 {
            tried(site, Stage::Rcpt, "450 4.2.0 greylisted");
            assert_eq!(letter(site, queued.id).state, OutboxState::Deferred);
            site.ctx.clock.set(site.now() + TimeDelta::hours(4));
        }
        tried(site, Stage::Rcpt, "450 4.2.0 greylisted");
        assert_eq!(letter(site, queued.id).state, OutboxState::Refused);
        // A person sends it again: the days count anew.
        let person = site.request(&site_reference(site, &queued)).person_id;
        delivery::send_again(&site.ctx, &mut site.conn(), person, queued.id).unwrap();
        tried(site, Stage::Rcpt, "450 4.2.0 greylisted");
        assert_eq!(letter(site, queued.id).state, OutboxState::Deferred);
    }

    fn r06_letter_is_tried_after_five_minutes_then_ever_later_up_to_four_hours_for_five_days(site: &mut Site) {
        let (_, queued, reference) = ready(site);
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("450 4.2.0 greylisted")));
        let transport = through(&sink, Duration::from_secs(5));
        let (began, mut last, mut waits) = (site.now(), site.now(), Vec::new());
        // A look each five minutes, as far as the letter is concerned.
        while letter(site, queued.id).state != OutboxState::Refused {
            assert!(site.now() - began < TimeDelta::days(7), "it is never given up");
            if delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap() {
                waits.push((site.now() - last).num_minutes());
                last = site.now();
            }
            site.ctx.clock.set(site.now() + TimeDelta::minutes(5));
        }
        assert_eq!(waits[..8], [0, 5, 10, 20, 40, 80, 160, 240]);
        assert!(waits[8..].iter().all(|wait| *wait == 240), "{waits:?}");
        assert!(last - began > TimeDelta::days(5) && last - began < TimeDelta::hours(125), "{}", last - began);
        let request = site.request(&reference);
        assert_eq!((request.status, site.kinds(request.id)), (Status::Undelivered, vec!["filed", "sending_failed"]));
        println!("R6: {} tries in {} hours, then undelivered", waits.len(), (last - began).num_hours());
    }

    fn relay_that_refuses_us_spoils_no_address(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        for (n, stage, line, spoils) in [
            (1, Stage::Mail, "554 5.7.1 you may not relay", false),
            (2, Stage::Mail, "550 no such sender", false),
            (3, Stage::Rcpt, "554 5.7.1 Relay access denied", false),
            (4, Stage::Rcpt, "550 5.7.1 Relaying denied", false),
            (5, Stage::Rcpt, "550 5.1.8 bad sender", false),
            (6, Stage::Rcpt, "552 mailbox full", false),
            (7, Stage::EndOfData, "550 5.1.1 no such user", false),
            (8, Stage::Rcpt, "550 5.1.1 no such user", true),
            (9, Stage::Rcpt, "550 no such user", true),
            (10, Stage::Rcpt, "553 mailbox name not allowed", true),
            (11, Stage::Rcpt, "554 5.1.10 the domain takes no mail", true),
        ] {
            let name = format!("Stadt Nummer {n}");
            let city = site.authority(&name, (AuthorityKind::Municipality, "de-nw-ifg", "de"), &format!("n{n}.example"));
            let filed = site.files(activist, city);
            site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
            tried(site, stage, line);
            assert_eq!(is_ready(site, city), !spoils, "{stage:?} {line}");
            let request = site.request(&filed.reference);
            assert_eq!((request.status, site.kinds(request.id)), (Status::Undelivered, vec!["filed", "sending_failed"]));
        }
    }

    fn letter_that_a_server_took_is_remembered_though_its_law_cannot_be_read(site: &mut Site) {
        let (_, queued, reference) = ready(site);
        run(site, "UPDATE regimes SET body = 'no rules'");
        site.works();
        assert_eq!(site.sent.lock().unwrap().len(), 1);
        assert_eq!(letter(site, queued.id).state, OutboxState::Accepted);
        let request = site.request(&reference);
        assert_eq!((request.status, request.received_on, request.due_on), (Status::Sent, Some(day("2026-09-07")), None));
        site.days_pass(7);
        assert_eq!(site.sent.lock().unwrap().len(), 1, "and it is not sent again");
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
    }

    fn request_that_was_not_told_of_its_letter_is_told_later_and_once(site: &mut Site) {
        let (_, queued, reference) = ready(site);
        let request = site.request(&reference).id;
        // Something else broke the telling: the end itself stands, with the server's line.
        run(site, &format!("UPDATE events SET body = '[' || body WHERE request_id = {request}"));
        site.works();
        let taken = letter(site, queued.id);
        assert_eq!((taken.state, taken.server_reply.as_deref()), (OutboxState::Accepted, Some("250 kept in memory")));
        assert_eq!(delivery::tell_requests(&site.ctx, &site.db).unwrap(), 0);
        run(site, &format!("UPDATE events SET body = substr(body, 2) WHERE request_id = {request}"));
        site.ctx.clock.set(site.now() + TimeDelta::days(2));
        assert_eq!(delivery::tell_requests(&site.ctx, &site.db).unwrap(), 1);
        assert_eq!(delivery::tell_requests(&site.ctx, &site.db).unwrap(), 0);
        let request = site.request(&reference);
        assert_eq!((request.received_on, request.due_on), (Some(day("2026-09-07")), Some(day("2026-10-07"))), "the day it was taken");
        let told = requests::events_of(&mut site.conn(), request.id).unwrap();
        assert!(matches!(&told[1], Event::Sent { server_reply, .. } if server_reply == "250 kept in memory"), "{told:?}");
    }

    fn worker_at_work_keeps_its_hold_however_long_a_server_takes(site: &mut Site) {
        let (_, queued, reference) = ready(site);
        let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, Act::Drip("250 2.0.0 taken slowly".to_owned(), Duration::from_millis(100))));
        let transport = through(&sink, Duration::from_secs(20));
        let sender = Sender { beat: Duration::from_millis(20), ..Sender::new(&transport, "slow") };
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| sender.send_next(&site.ctx, &site.db).unwrap());
            let mut looked = 0;
            while !sending.is_finished() {
                if letter(site, queued.id).state == OutboxState::InDoubt {
                    // Half a lease at a time, and time to beat in between.
                    site.ctx.clock.set(site.now() + TimeDelta::seconds(20));
                    std::thread::sleep(Duration::from_millis(250));
                    delivery::expire_leases(&site.ctx, &site.db).unwrap();
                    looked += 1;
                }
            }
            assert!(looked >= 4, "{looked}");
        });
        assert_eq!(letter(site, queued.id).state, OutboxState::Accepted);
        assert_eq!(site.kinds(site.request(&reference).id), ["filed", "sent"]);
    }

    fn letter_of_a_dead_worker_is_unknown_within_a_minute_and_told_once_by_two_nodes(site: &mut Site) {
        let (_, queued, reference) = ready(site);
        let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, Act::Stall));
        let transport = through(&sink, Duration::from_secs(3));
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let sender = Sender { beat: Duration::from_secs(600), ..Sender::new(&transport, "dies") };
                sender.send_next(&site.ctx, &site.db).unwrap();
            });
            while letter(site, queued.id).state != OutboxState::InDoubt {
                std::thread::sleep(Duration::from_millis(5));
            }
            // It says nothing any more, as if it were gone; two other nodes look at the same time.
            site.ctx.clock.set(site.now() + TimeDelta::seconds(50));
            let nodes = [0, 1, 2, 3].map(|_| {
                scope.spawn(|| {
                    delivery::expire_leases(&site.ctx, &site.db).unwrap();
                    delivery::tell_requests(&site.ctx, &site.db).unwrap();
                })
            });
            for node in nodes {
                node.join().unwrap();
            }
            assert_eq!(letter(site, queued.id).state, OutboxState::Unknown);
            assert_eq!(site.kinds(site.request(&reference).id), ["filed", "sending_unknown"]);
            sending.join().unwrap();
        });
        site.days_pass(2);
        assert_eq!((site.sent.lock().unwrap().len(), sink.letters().len()), (0, 1), "it is never sent again by itself");
    }

    fn letter_is_not_begun_when_the_service_stops(site: &mut Site) {
        let (_, queued, _) = ready(site);
        let sink = SmtpSink::start(Script::friendly());
        let transport = through(&sink, Duration::from_secs(5));
        let sender = Sender { stopping: &|| true, ..Sender::new(&transport, "stops") };
        assert!(sender.send_next(&site.ctx, &site.db).unwrap());
        assert!(sink.letters().is_empty());
        let back = letter(site, queued.id);
        assert_eq!((back.state, back.in_doubt_at), (OutboxState::Deferred, None));
        // One that had not come so far goes back too.
        let claim = outbox::Claim { worker: "stops", now: site.now(), until: site.now() + TimeDelta::minutes(1), per_minute: 0 };
        assert!(outbox::claim_due(&mut site.conn(), &claim).unwrap().is_some());
        assert_eq!(delivery::hand_back(&site.ctx, &site.db, "stops").unwrap(), 1);
        site.works();
        assert_eq!(site.sent.lock().unwrap().len(), 1);
    }
}

/// The reference of a letter's request.
fn site_reference(site: &Site, letter: &Letter) -> String {
    requests::find(&mut site.conn(), letter.request_id).unwrap().unwrap().reference
}

#[test]
fn end_of_a_letter_is_recorded_though_the_database_is_locked_for_a_while() {
    let site = Site::new(crate::support::Backend::Sqlite);
    let (_, queued, reference) = ready(&site);
    let slowly = Act::Drip("250 2.0.0 taken".to_owned(), Duration::from_millis(100));
    let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, slowly));
    let transport = through(&sink, Duration::from_secs(20));
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
        while letter(&site, queued.id).state != OutboxState::InDoubt {
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut other = site.conn();
        let AnyConn::Sqlite(other) = &mut *other else { panic!("expected SQLite") };
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        // Longer than a connection waits for the lock.
        std::thread::sleep(Duration::from_secs(13));
        assert!(!sending.is_finished());
        other.batch_execute("COMMIT").unwrap();
        assert!(sending.join().unwrap());
    });
    assert_eq!(letter(&site, queued.id).server_reply.as_deref(), Some("250 2.0.0 taken"));
    assert_eq!(site.request(&reference).status, Status::Sent);
}
