//! A letter leaves once, and the clock starts in the zone of the law.

use crate::support::{Site, day, filing_of, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::request::state::Status;
use askance::mail::transport::Transport;
use askance::service::{delivery, filing};
use askance::store::outbox;
use askance::store::types::{OutboxState, Role};
use chrono::TimeDelta;
use std::sync::Arc;

stories! {
    fn letter_sent_starts_the_clock_of_its_law(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert_eq!(request.status, Status::Sent);
        assert_eq!(request.received_on, Some(day("2026-09-07")));
        // One month, § 5 (2) IFG NRW.
        assert_eq!(request.due_on, Some(day("2026-10-07")));
    }

    fn letter_sent_before_midnight_in_brussels_arrives_the_next_day_in_athens(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.authority("Δήμος Νέας Ακτής", (AuthorityKind::Municipality, "gr-kdd5", "el"), "neaakti.example");
        site.ctx.clock.set("2026-09-07T21:30:00Z".parse().unwrap());
        let request = site.sends(activist, city);
        assert_eq!(request.received_on, Some(day("2026-09-08")));
    }

    fn request_is_overdue_the_day_after_its_due_day_and_only_once(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        site.days_pass(30);
        assert_eq!(site.kinds(request.id), ["filed", "sent"], "7 October is still in time");
        site.days_pass(1);
        site.works();
        site.days_pass(40);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "overdue"]);
        assert_eq!(site.standing(&request.reference), "Overdue by 41 days");
    }

    fn letter_waits_until_it_may_leave(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        site.files(activist, city);
        site.works();
        assert!(site.sent.lock().unwrap().is_empty(), "within ten minutes it can be taken back");
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        site.works();
        assert_eq!(site.sent.lock().unwrap().len(), 1);
    }

    fn letter_whose_worker_died_in_mid_send_is_unknown_and_never_sent_again_by_itself(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filed = site.files(activist, city);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        let claim = outbox::Claim { worker: "dead", now: site.now(), until: site.now() + TimeDelta::minutes(15), per_minute: 0 };
        let (letter, _) = outbox::claim_due(&mut site.conn(), &claim).unwrap().unwrap();
        assert!(outbox::in_doubt(&mut site.conn(), letter.id, &claim).unwrap());
        site.ctx.clock.set(site.now() + TimeDelta::minutes(16));
        delivery::expire_leases(&site.ctx, &site.db).unwrap();
        site.days_pass(3);
        assert!(site.sent.lock().unwrap().is_empty());
        let request = site.request(&filed.reference);
        assert_eq!(request.status, Status::Unknown);
        assert_eq!(outbox::find(&mut site.conn(), letter.id).unwrap().unwrap().state, OutboxState::Unknown);
        // A person may send it again: the same letter.
        delivery::send_again(&site.ctx, &mut site.conn(), activist, letter.id).unwrap();
        site.works();
        let sent = site.sent.lock().unwrap().clone();
        assert_eq!(sent.len(), 1);
        assert!(String::from_utf8_lossy(&sent[0].bytes).contains(&letter.mail_message_id));
        assert_eq!(site.request(&filed.reference).status, Status::Sent);
    }

    fn letter_whose_worker_died_before_the_marker_goes_back_to_the_queue(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        site.files(activist, city);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        let claim = outbox::Claim { worker: "dead", now: site.now(), until: site.now() + TimeDelta::minutes(15), per_minute: 0 };
        let (letter, _) = outbox::claim_due(&mut site.conn(), &claim).unwrap().unwrap();
        site.ctx.clock.set(site.now() + TimeDelta::minutes(16));
        delivery::expire_leases(&site.ctx, &site.db).unwrap();
        // The dead worker wakes up: it lost the hold and may not send the body.
        assert!(!outbox::in_doubt(&mut site.conn(), letter.id, &claim).unwrap());
        site.works();
        assert_eq!(site.sent.lock().unwrap().len(), 1);
    }

    fn four_workers_send_each_letter_once(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let cities: Vec<i64> = (0..24)
            .map(|n| site.authority(&format!("Stadt Nummer {n}"), (AuthorityKind::Municipality, "de-nw-ifg", "de"), &format!("n{n}.example")))
            .collect();
        filing::file(&site.ctx, &mut site.conn(), activist, &filing_of(&cities, "many")).unwrap();
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let transport = Transport::Memory(Arc::clone(&site.sent));
                let site = &*site;
                scope.spawn(move || {
                    let name = format!("worker-{worker}");
                    while delivery::send_next(&site.ctx, &site.db, &transport, &name).unwrap() {}
                });
            }
        });
        let mut sent: Vec<String> = site.sent.lock().unwrap().iter().map(|letter| letter.to.clone()).collect();
        sent.sort();
        sent.dedup();
        assert_eq!((sent.len(), site.sent.lock().unwrap().len()), (24, 24));
    }
}
