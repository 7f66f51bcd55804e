//! Letters of which one copy may have arrived: what is known of another copy does not hide it, and what proves its fate ends it.

use super::sending_reports::report;
use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use crate::support::mail::Reply;
use crate::support::{Site, day, stories};
use askance::domain::authority::{AuthorityKind, AuthorityState};
use askance::domain::request::event::Event;
use askance::domain::request::state::Status;
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::filing::{self, Filing};
use askance::service::{delivery, triage};
use askance::store::outbox::{self, Letter};
use askance::store::requests::{self, RequestRow};
use askance::store::types::{OutboxState, Role};
use askance::store::{authorities, contact_tasks, health, restored, transaction};
use chrono::TimeDelta;
use std::time::Duration;

fn letter_of(site: &Site, request: &RequestRow) -> Letter {
    outbox::of_request(&mut site.conn(), request.id, "request").unwrap().unwrap()
}

/// Offers the next letter to a server that does this at a stage.
fn tried(site: &Site, stage: Stage, act: Act) {
    let sink = SmtpSink::start(Script::friendly().at(stage, act));
    let server = SmtpServer::from_url(&sink.url()).unwrap().with_timeout(Duration::from_secs(5));
    assert!(delivery::send_next(&site.ctx, &site.db, &Transport::Smtp(server), "worker").unwrap());
}

/// A letter whose server said nothing after the body; who asked, and the request.
fn unknown_letter(site: &Site) -> (i64, RequestRow) {
    let activist = site.person("Mara Varga", Role::Activist);
    let filed = site.files(activist, site.city());
    site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
    tried(site, Stage::EndOfData, Act::Drop);
    let request = site.request(&filed.reference);
    assert_eq!(request.status, Status::Unknown);
    (activist, request)
}

/// The authority says that it has the letter.
fn acknowledges(site: &Site, request: &RequestRow) {
    let receipt = "Sehr geehrte Frau Varga,\n\nwir bestätigen den Eingang Ihres Antrags. Er wird unter dem Aktenzeichen \
                   32-1024/2026 bearbeitet.\n\nMit freundlichen Grüßen";
    let mail = Reply::to(request, "brandau.example").about("Eingang").saying(receipt);
    site.receives(&mail.raw(), &request.reply_address);
}

/// It stays in doubt with this reason, nothing repeats it by itself, and a reply starts the clock.
fn stays_in_doubt(site: &mut Site, request: &RequestRow, reason: &str) {
    let letter = letter_of(site, request);
    let (said, error) = (letter.server_reply.clone(), letter.last_error.clone().unwrap_or_default());
    assert_eq!((letter.state, said), (OutboxState::Unknown, None), "{error}");
    assert!(error.contains("once more") && error.contains(reason), "{error}");
    assert_eq!(site.request(&request.reference).status, Status::Unknown, "{:?}", site.kinds(request.id));
    std::sync::Arc::get_mut(&mut site.ctx).unwrap().config.mail.repeat_unknown =
        Some(Duration::from_hours(6));
    site.days_pass(1);
    assert_eq!(site.sent.lock().unwrap().len(), 0, "it is not repeated by itself");
    acknowledges(site, request);
    assert_eq!(letter_of(site, request).state, OutboxState::Accepted);
    let now = site.request(&request.reference);
    println!(
        "R3: {reason:.40}: then the authority answered: received {:?}, due {:?}",
        now.received_on, now.due_on
    );
    assert!(
        now.status == Status::Acknowledged && now.received_on.is_some() && now.due_on.is_some(),
        "{now:?}"
    );
}

stories! {
    fn r03_a_copy_that_is_refused_does_not_hide_that_an_earlier_one_may_have_arrived(site: &mut Site) {
        let (activist, request) = unknown_letter(site);
        delivery::send_again(&site.ctx, &mut site.conn(), activist, letter_of(site, &request).id).unwrap();
        tried(site, Stage::Rcpt, Act::say("550 5.1.1 no such user"));
        assert_eq!(site.kinds(request.id), ["filed", "sending_unknown"], "nobody says that it did not arrive");
        stays_in_doubt(site, &request, "550 5.1.1 no such user");
        assert_eq!(site.request(&request.reference).received_on, Some(day("2026-09-07")));
    }

    fn r03_a_copy_that_is_given_up_does_not_hide_that_an_earlier_one_may_have_arrived(site: &mut Site) {
        let (activist, request) = unknown_letter(site);
        delivery::send_again(&site.ctx, &mut site.conn(), activist, letter_of(site, &request).id).unwrap();
        for _ in 0..20 {
            // The attempt of which nobody knows was made earlier and is none of the twenty.
            site.ctx.clock.set(site.now() + TimeDelta::minutes(1));
            tried(site, Stage::Rcpt, Act::say("450 4.2.0 greylisted"));
            site.ctx.clock.set(site.now() + TimeDelta::hours(7));
        }
        stays_in_doubt(site, &request, "tried for five days");
    }

    fn r03_a_letter_restored_in_doubt_stays_so_when_its_repeat_is_refused(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let filed = site.files(activist, site.city());
        let request = site.request(&filed.reference);
        let copied = site.now();
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
        assert_eq!(restored::doubt_what_may_have_left(&mut site.conn(), copied, site.now()).unwrap(), 1);
        delivery::tell_requests(&site.ctx, &site.db).unwrap();
        delivery::send_again(&site.ctx, &mut site.conn(), activist, letter_of(site, &request).id).unwrap();
        tried(site, Stage::Rcpt, Act::say("554 5.7.1 we do not know you"));
        stays_in_doubt(site, &request, "554 5.7.1");
    }

    fn a_letter_that_was_only_put_off_and_then_refused_is_refused(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let filed = site.files(activist, site.city());
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
        // Put off after the body: the server said that it has not got it.
        tried(site, Stage::EndOfData, Act::say("451 4.3.0 later"));
        site.ctx.clock.set(site.now() + TimeDelta::minutes(6));
        tried(site, Stage::Rcpt, Act::say("550 5.1.1 no such user"));
        let request = site.request(&filed.reference);
        assert_eq!((letter_of(site, &request).state, request.status), (OutboxState::Refused, Status::Undelivered));
    }

    fn r03_a_letter_in_doubt_that_came_back_can_go_to_another_address(site: &mut Site) {
        let (activist, request) = unknown_letter(site);
        let letter = letter_of(site, &request);
        site.receives(&report(&letter, ("failed", "5.1.1")), &letter.envelope_from);
        let back = letter_of(site, &request);
        assert_eq!((back.state, back.server_reply.as_deref()), (OutboxState::Refused, Some(outbox::DISPROVED_BY_A_REPORT)));
        assert_eq!(site.request(&request.reference).status, Status::Undelivered);
        assert_eq!(health::letters(&mut site.conn(), site.now()).unwrap().unknown, 0, "nothing is left to settle");
        let found = "auskunft@brandau.example".parse().unwrap();
        authorities::set_address(&mut site.conn(), request.authority_id, &found, site.now()).unwrap();
        delivery::send_lost_again(&site.ctx, &mut site.conn(), activist, (letter.id, "auskunft@brandau.example")).unwrap();
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        // Refused there, it is refused: the doubt was about another mail.
        tried(site, Stage::Rcpt, Act::say("550 5.1.1 no such user"));
        assert_eq!(letter_of(site, &request).state, OutboxState::Refused);
        println!("R3: {:?}", site.kinds(request.id));
    }

    fn r03_a_repeat_that_waits_does_not_go_to_an_address_from_which_the_letter_came_back(site: &mut Site) {
        let (activist, request) = unknown_letter(site);
        let letter = letter_of(site, &request);
        delivery::send_again(&site.ctx, &mut site.conn(), activist, letter.id).unwrap();
        tried(site, Stage::Rcpt, Act::say("450 4.2.0 greylisted"));
        site.receives(&report(&letter, ("failed", "5.1.1")), &letter.envelope_from);
        site.days_pass(1);
        assert_eq!((letter_of(site, &request).state, site.sent.lock().unwrap().len()), (OutboxState::Refused, 0));
        // Several copies may have left: if the authority answers all the same, its clock runs.
        acknowledges(site, &request);
        assert_eq!(letter_of(site, &request).state, OutboxState::Accepted);
        assert!(site.request(&request.reference).due_on.is_some(), "{:?}", site.kinds(request.id));
    }

    fn r03_a_report_or_an_answer_that_is_read_while_a_letter_is_handed_over_is_not_forgotten(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        for answered in [false, true] {
            let city = site.authority(&format!("Stadt {answered}"), (AuthorityKind::Municipality, "de-nw-ifg", "de"), "brandau.example");
            let filed = site.files(activist, city);
            site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
            let claim = outbox::Claim { worker: "dies", now: site.now(), until: site.now() + TimeDelta::minutes(1), per_minute: 0 };
            let (letter, _) = outbox::claim_due(&mut site.conn(), &claim).unwrap().unwrap();
            assert!(outbox::in_doubt(&mut site.conn(), letter.id, &claim).unwrap());
            let request = site.request(&filed.reference);
            if answered {
                acknowledges(site, &request);
            } else {
                site.receives(&report(&letter, ("failed", "5.1.1")), &letter.envelope_from);
            }
            site.ctx.clock.set(site.now() + TimeDelta::minutes(2));
            site.works();
            let (kinds, now) = (site.kinds(request.id), site.request(&filed.reference));
            println!("R3: {kinds:?}");
            assert!(!kinds.contains(&"sending_unknown"), "{kinds:?}");
            let ended = if answered { (OutboxState::Accepted, Status::Acknowledged) } else { (OutboxState::Refused, Status::Undelivered) };
            assert_eq!((letter_of(site, &request).state, now.status), ended);
            assert_eq!(now.received_on.is_some() && now.due_on.is_some(), answered);
        }
    }

    fn r03_a_report_that_counts_no_more_leaves_the_letter_in_doubt_and_a_person_may_settle_it(site: &mut Site) {
        let (activist, request) = unknown_letter(site);
        let letter = letter_of(site, &request);
        site.receives(&report(&letter, ("failed", "5.1.1")), &letter.envelope_from);
        triage::set_aside(&site.ctx, &mut site.conn(), activist, 1, "of another letter").unwrap();
        site.works();
        assert_eq!((letter_of(site, &request).state, site.request(&request.reference).status), (OutboxState::Unknown, Status::Unknown));
        // Withdrawn meanwhile, the letter can be settled all the same.
        let (event, stamp) = (Event::Withdrawn { reason: "not needed".to_owned() }, requests::Stamp { at: site.now(), person: Some(activist) });
        requests::append(&mut site.conn(), request.id, &event, stamp).unwrap();
        delivery::settle_unknown(&site.ctx, &mut site.conn(), activist, letter.id).unwrap();
        assert_eq!(letter_of(site, &request).state, OutboxState::Accepted);
    }

    fn r06_an_address_that_is_proved_to_work_is_in_use_again(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let stands = |site: &Site| {
            let conn = &mut *site.conn();
            let state = authorities::load(conn, &[city]).unwrap().remove(0).0.state;
            let tasks = contact_tasks::count(conn).unwrap();
            println!("R6: {:?} {state:?}, {tasks} tasks", authorities::address(conn, city).unwrap());
            assert_eq!(state == AuthorityState::Ready, authorities::address(conn, city).unwrap().is_some());
            (state, tasks)
        };
        let (works, fails) = ((AuthorityState::Ready, 0), (AuthorityState::NeedsAddress, 1));
        // Refused, then sent again and taken.
        let filed = site.files(activist, city);
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
        tried(site, Stage::Rcpt, Act::say("550 5.1.1 no such user"));
        assert_eq!(stands(site), fails);
        let request = site.request(&filed.reference);
        let letter = letter_of(site, &request);
        delivery::send_lost_again(&site.ctx, &mut site.conn(), activist, (letter.id, &letter.envelope_to)).unwrap();
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        site.works();
        assert_eq!(stands(site), works);
        // It came back, as a server says that writes the address its own way; then the report turns out to be wrong.
        let loud = Letter { envelope_to: letter.envelope_to.to_uppercase(), ..letter_of(site, &request) };
        site.receives(&report(&loud, ("failed", "5.1.1")), &loud.envelope_from);
        assert_eq!(stands(site), fails);
        triage::set_aside(&site.ctx, &mut site.conn(), activist, 1, "of another letter").unwrap();
        assert_eq!(stands(site), works);
        let once_more = String::from_utf8(report(&loud, ("failed", "5.2.1"))).unwrap().replace("failed.", "second.");
        site.receives(once_more.as_bytes(), &loud.envelope_from);
        assert_eq!(stands(site), fails);
        site.receives(&report(&loud, ("delivered", "2.0.0")), &loud.envelope_from);
        assert_eq!(stands(site), works);
    }

    fn r06_an_address_stays_bounced_while_another_bounce_of_it_stands(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let requests: Vec<RequestRow> = ["a", "b"].map(|form| {
            let filing = crate::support::filing_of(&[city], form);
            let filing = Filing { signed_as: format!("Mara Varga\n{form} e. V."), ..filing };
            let filed = filing::file(&site.ctx, &mut site.conn(), activist, &filing).unwrap().remove(0);
            site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
            site.works();
            site.request(&filed.reference)
        }).into();
        for request in &requests {
            let letter = letter_of(site, request);
            site.receives(&report(&letter, ("failed", "5.1.1")), &letter.envelope_from);
        }
        for (message, works) in [(1, false), (2, true)] {
            triage::set_aside(&site.ctx, &mut site.conn(), activist, message, "of another letter").unwrap();
            assert_eq!(authorities::address(&mut site.conn(), city).unwrap().is_some(), works, "{message}");
        }
    }

    fn r04_what_comes_while_a_letter_is_about_to_be_repeated_keeps_it_here(site: &mut Site) {
        std::sync::Arc::get_mut(&mut site.ctx).unwrap().config.mail.repeat_unknown = Some(Duration::from_hours(6));
        let (_, request) = unknown_letter(site);
        let letter = letter_of(site, &request).id;
        site.ctx.clock.set(site.now() + TimeDelta::hours(7));
        let site = &*site;
        std::thread::scope(|scope| {
            let repeats = transaction(&mut site.conn(), |conn| {
                requests::lock(conn, request.id)?;
                let repeats = scope.spawn(|| delivery::repeat_unknown(&site.ctx, &site.db).unwrap());
                // It has found the letter meanwhile; then a report says that a server has it.
                std::thread::sleep(Duration::from_millis(700));
                outbox::reported(conn, letter, "delayed", site.now())?;
                Ok::<_, askance::store::Error>(repeats)
            });
            let repeated = repeats.unwrap().join().unwrap();
            println!("R4: {repeated} repeated");
            assert_eq!((repeated, letter_of(site, &request).state), (0, OutboxState::Unknown));
        });
    }

    fn r04_whoever_takes_a_letter_back_waits_for_its_request_and_does_not_hold_the_letter(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let filed = site.files(activist, site.city());
        let request = site.request(&filed.reference);
        let letter = letter_of(site, &request).id;
        let site = &*site;
        std::thread::scope(|scope| {
            let taken = transaction(&mut site.conn(), |conn| {
                requests::lock(conn, request.id)?;
                let taken = scope.spawn(|| filing::take_back(&site.ctx, &mut site.conn(), activist, &filed.reference));
                std::thread::sleep(Duration::from_millis(700));
                // As whoever files a reply does: two that wait for each other would both wait for ever.
                outbox::hold(conn, letter)?;
                Ok::<_, askance::store::Error>(taken)
            });
            taken.unwrap().join().unwrap().unwrap();
        });
        assert_eq!(letter_of(site, &request).state, OutboxState::TakenBack);
    }
}
