//! Letters that are held back: by a person, by a rate, by the service itself when too many come back.

use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use crate::support::{Site, filing_of, stories};
use askance::domain::authority::AuthorityKind;
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::{delivery, filing};
use askance::store::switches::{self, OUTBOX_PAUSED};
use askance::store::types::{OutboxState, Role};
use askance::store::{audit, desk};
use chrono::TimeDelta;
use std::sync::Arc;
use std::time::Duration;

/// One letter to each of some cities whose mail is at one domain, ready to leave.
fn letters_to(site: &Site, person: i64, count: usize, domain: &str) {
    let kind = (AuthorityKind::Municipality, "de-nw-ifg", "de");
    let cities: Vec<i64> =
        (0..count).map(|n| site.authority(&format!("Stadt {n} {domain}"), kind, domain)).collect();
    for (n, some) in cities.chunks(20).enumerate() {
        filing::file(&site.ctx, &mut site.conn(), person, &filing_of(some, &format!("{domain}{n}"))).unwrap();
    }
    site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
}

fn in_state(site: &Site, state: OutboxState) -> i64 {
    desk::letters::counts(&mut site.conn()).unwrap().get(&state).copied().unwrap_or(0)
}

fn through(sink: &SmtpSink) -> Transport {
    Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap().with_timeout(Duration::from_secs(5)))
}

/// Domains of what was sent.
fn domains(site: &Site) -> Vec<String> {
    site.sent.lock().unwrap().iter().map(|letter| letter.to.split('@').nth(1).unwrap().to_owned()).collect()
}

stories! {
    fn paused_outbox_lets_nothing_leave_until_a_person_resumes_it(site: &mut Site) {
        let admin = site.person("Ada Admin", Role::Admin);
        letters_to(site, admin, 2, "brandau.example");
        assert!(delivery::pause(&site.ctx, &mut site.conn(), Some(admin), " the server moves ").unwrap());
        assert!(!delivery::pause(&site.ctx, &mut site.conn(), None, "another reason").unwrap());
        assert!(delivery::pause(&site.ctx, &mut site.conn(), None, "  ").is_err());
        site.days_pass(2);
        assert_eq!((site.sent.lock().unwrap().len(), in_state(site, OutboxState::Queued)), (0, 2));
        let paused = switches::get(&mut site.conn(), OUTBOX_PAUSED).unwrap().unwrap();
        assert_eq!((paused.reason.as_str(), paused.person.as_deref()), ("the server moves", Some("Ada Admin")));
        assert!(delivery::resume(&site.ctx, &mut site.conn(), Some(admin)).unwrap().is_some());
        assert!(delivery::resume(&site.ctx, &mut site.conn(), Some(admin)).unwrap().is_none());
        site.works();
        assert_eq!(site.sent.lock().unwrap().len(), 2);
        assert!(audit::last(&mut site.conn(), "outbox_paused").unwrap().is_some());
        assert_eq!(audit::last(&mut site.conn(), "outbox_resumed").unwrap(), Some(site.now().naive_utc()));
    }

    fn letter_that_is_on_its_way_when_the_outbox_is_paused_does_not_begin_its_body(site: &mut Site) {
        let admin = site.person("Ada Admin", Role::Admin);
        letters_to(site, admin, 1, "brandau.example");
        let slow = Act::Drip("250 2.1.5 ok in the end".to_owned(), Duration::from_millis(20));
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, slow));
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| delivery::send_next(&site.ctx, &site.db, &through(&sink), "worker").unwrap());
            while !sink.commands().iter().any(|line| line.starts_with("RCPT")) {
                std::thread::sleep(Duration::from_millis(5));
            }
            delivery::pause(&site.ctx, &mut site.conn(), None, "stop").unwrap();
            sending.join().unwrap();
        });
        assert_eq!((sink.body_octets(), in_state(site, OutboxState::Deferred)), (0, 1));
        delivery::resume(&site.ctx, &mut site.conn(), None).unwrap();
        site.works();
        assert_eq!(site.sent.lock().unwrap().len(), 1, "it need not wait for what was no failure of its own");
    }

    fn outbox_pauses_itself_when_too_many_letters_are_refused_and_never_resumes_itself(site: &mut Site) {
        let admin = site.person("Ada Admin", Role::Admin);
        letters_to(site, admin, 40, "brandau.example");
        // 27 leave and are taken, so that ten refused are less than a third.
        for _ in 0..27 {
            delivery::send_next(&site.ctx, &site.db, &Transport::Memory(Arc::clone(&site.sent)), "worker").unwrap();
        }
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("550 5.7.1 we do not want you")));
        while delivery::send_next(&site.ctx, &site.db, &through(&sink), "worker").unwrap() {}
        assert_eq!(in_state(site, OutboxState::Refused), 12, "12 of 39 are more than 30 %, 11 of 38 are not");
        let paused = switches::get(&mut site.conn(), OUTBOX_PAUSED).unwrap().unwrap();
        assert_eq!(paused.person, None);
        assert!(paused.reason.contains("Of 39 letters") && paused.reason.contains("12 were refused"), "{}", paused.reason);
        let at = audit::last(&mut site.conn(), "outbox_paused").unwrap();
        site.days_pass(30);
        assert_eq!((in_state(site, OutboxState::Queued), audit::last(&mut site.conn(), "outbox_paused").unwrap()), (1, at));
        // A person resumes: what was before counts no more.
        delivery::resume(&site.ctx, &mut site.conn(), Some(admin)).unwrap();
        while delivery::send_next(&site.ctx, &site.db, &through(&sink), "worker").unwrap() {}
        assert_eq!(in_state(site, OutboxState::Refused), 13);
        assert!(switches::get(&mut site.conn(), OUTBOX_PAUSED).unwrap().is_none());
    }

    fn few_wrong_addresses_do_not_pause_the_outbox(site: &mut Site) {
        let admin = site.person("Ada Admin", Role::Admin);
        letters_to(site, admin, 9, "brandau.example");
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("550 5.1.1 no such user")));
        while delivery::send_next(&site.ctx, &site.db, &through(&sink), "worker").unwrap() {}
        assert_eq!(in_state(site, OutboxState::Refused), 9);
        assert!(switches::get(&mut site.conn(), OUTBOX_PAUSED).unwrap().is_none());
    }

    fn rate_of_a_domain_holds_over_all_workers_and_holds_up_no_other_domain(site: &mut Site) {
        Arc::get_mut(&mut site.ctx).unwrap().config.mail.letters_per_minute = 3;
        let person = site.person("Mara Varga", Role::Activist);
        letters_to(site, person, 8, "busy.example");
        letters_to(site, person, 2, "calm.example");
        let at_once = |site: &Site| {
            std::thread::scope(|scope| {
                for worker in 0..4 {
                    let transport = Transport::Memory(Arc::clone(&site.sent));
                    scope.spawn(move || {
                        let name = format!("worker-{worker}");
                        while delivery::send_next(&site.ctx, &site.db, &transport, &name).unwrap() {}
                    });
                }
            });
            let busy = domains(site).iter().filter(|domain| *domain == "busy.example").count();
            (busy, domains(site).len() - busy)
        };
        assert_eq!(at_once(site), (3, 2));
        site.ctx.clock.set(site.now() + TimeDelta::seconds(59));
        assert_eq!(at_once(site), (3, 2));
        site.ctx.clock.set(site.now() + TimeDelta::seconds(2));
        assert_eq!(at_once(site), (6, 2));
        site.ctx.clock.set(site.now() + TimeDelta::seconds(61));
        assert_eq!(at_once(site), (8, 2));
    }
}
