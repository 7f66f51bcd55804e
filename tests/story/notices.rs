//! What our own people are told by mail of their requests, and what a mail to them never holds.

use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::delivery;
use askance::service::health;
use askance::service::notices;
use askance::service::sign_in::{self, Change, Newcomer};
use askance::store::types::Role;
use chrono::TimeDelta;
use std::sync::Arc;

/// What our own people are told now, each mail as text.
pub fn tells(site: &Site) -> Vec<String> {
    notices::gather(&site.ctx, &site.db).unwrap();
    let told = Arc::default();
    let transport = Transport::Memory(Arc::clone(&told));
    while notices::send_next(&site.ctx, &site.db, &transport).unwrap() {}
    let told: Vec<askance::mail::transport::SentLetter> = told.lock().unwrap().clone();
    told.iter()
        .map(|mail| {
            assert_eq!(mail.from, "", "the null sender");
            let parsed = mailparse::parse_mail(&mail.bytes).unwrap();
            format!("{}\n\n{}", String::from_utf8_lossy(&mail.bytes), parsed.get_body().unwrap())
        })
        .collect()
}

/// What is told after a while.
fn tells_later(site: &Site) -> Vec<String> {
    notices::gather(&site.ctx, &site.db).unwrap();
    site.ctx.clock.set(site.now() + TimeDelta::minutes(2));
    tells(site)
}

stories! {
    fn r06_a_letter_that_no_server_took_for_five_days_is_undeliverable_and_whoever_asked_is_told(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filed = site.files(person, city);
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("450 4.2.0 greylisted")));
        let transport = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        for _ in 0..19 {
            assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
            assert_eq!(tells_later(site), Vec::<String>::new(), "it is still tried");
            site.ctx.clock.set(site.now() + TimeDelta::hours(7));
        }
        assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
        delivery::tell_requests(&site.ctx, &site.db).unwrap();
        let told = tells_later(site);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("The letter could not be delivered") && told[0].contains("Stadt Brandau"), "{}", told[0]);
        assert!(told[0].contains(&format!("/desk/requests/{}", filed.reference)));
        assert_eq!(tells_later(site), Vec::<String>::new(), "told once");
    }

    fn a_notice_holds_nothing_of_the_mail_and_no_machine_answers_it(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        let mail = Reply::to(&request, "brandau.example").about("Geheime Sache").saying("Herr Kunze hat Ihre Akte 4711 gelesen.");
        site.receives(&mail.raw(), &request.reply_address);
        let told = tells_later(site);
        assert_eq!(told.len(), 1);
        let mail = &told[0];
        assert!(mail.contains("A reply came in") && mail.contains("Auto-Submitted: auto-generated\r\n"), "{mail}");
        assert!(mail.contains("From: Askance <no-reply@post.askance.example>\r\n") && !mail.contains("Reply-To"), "{mail}");
        assert!(!mail.contains("Precedence"));
        for private in ["Kunze", "4711", "Geheime", "poststelle", request.reply_address.as_str(), "Klarblick"] {
            assert!(!mail.contains(private), "{private} in {mail}");
        }
        assert_eq!(mail.rsplit("\n\n").count(), mail.matches("\n\n").count() + 1);
        assert_eq!(mail.matches("http").count(), 2, "one link, in the raw mail and in its text");
    }

    fn lateness_is_told_once_and_all_of_an_hour_in_one_mail(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        assert_eq!(tells_later(site), Vec::<String>::new());
        site.days_pass(60);
        let mail = Reply::to(&request, "brandau.example").saying("Wir bitten um Geduld.");
        site.receives(&mail.raw(), &request.reply_address);
        let told = tells_later(site);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("The answer is late") && told[0].contains("A reply came in") && told[0].contains("things happened"), "{}", told[0]);
        site.days_pass(1);
        assert!(tells_later(site).iter().all(|mail| !mail.contains("The answer is late")), "told once");
    }

    fn who_is_suspended_or_wants_none_is_told_nothing(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        let again = |n: u32| {
            let mail = Reply::to(&request, "brandau.example").with_id(&format!("n{n}@brandau.example")).saying(&format!("Schreiben {n} zu Ihrem Antrag."));
            site.receives(&mail.raw(), &request.reply_address);
        };
        notices::want(&mut site.conn(), person, false).unwrap();
        again(1);
        assert_eq!(tells_later(site), Vec::<String>::new());
        notices::want(&mut site.conn(), person, true).unwrap();
        again(2);
        // Switched off while it waits.
        notices::want(&mut site.conn(), person, false).unwrap();
        assert_eq!(tells_later(site), Vec::<String>::new());
        notices::want(&mut site.conn(), person, true).unwrap();
        assert_eq!(tells_later(site), Vec::<String>::new(), "it is not told later");
        again(3);
        let email = format!("{}@askance.example", askance::domain::authority::slug("Mara Varga"));
        sign_in::change_person(&site.ctx, &mut site.conn(), &email, Change::Suspend).unwrap();
        assert_eq!(tells_later(site), Vec::<String>::new());
    }

    fn a_notice_is_sent_at_least_once_and_given_up_after_five_days(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        let mail = Reply::to(&request, "brandau.example").saying("Zu Ihrem Antrag.");
        site.receives(&mail.raw(), &request.reply_address);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(2));
        // The server takes the body, and its answer is lost: nobody knows.
        let sink = SmtpSink::start(Script::friendly().once(Stage::EndOfData, Act::Drop).once(Stage::Mail, Act::say("451 4.3.0 later")));
        let transport = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        let send = || notices::send_next(&site.ctx, &site.db, &transport).unwrap();
        assert!(send() && !send(), "451, and it waits");
        site.ctx.clock.set(site.now() + TimeDelta::minutes(6));
        assert!(send() && !send());
        assert_eq!(sink.letters().len(), 1);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        assert!(send() && !send());
        let letters = sink.letters();
        assert_eq!(letters.len(), 2, "at least once");
        assert_eq!(letters[0].message_id(), letters[1].message_id(), "and known as the same");
        assert!(letters.iter().all(|letter| letter.mail.is_empty() || letter.mail.contains("<>")), "{letters:?}");
        // Without a mail server it waits for five days and no longer.
        let mail = Reply::to(&request, "brandau.example").with_id("n2@brandau.example").saying("Noch etwas zu Ihrem Antrag.");
        site.receives(&mail.raw(), &request.reply_address);
        site.ctx.clock.set(site.now() + TimeDelta::days(6));
        assert_eq!(tells(site), Vec::<String>::new());
    }

    fn r55_a_notice_is_given_up_at_once_only_where_its_recipient_is_refused_and_that_is_told(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        let found = |site: &Site| {
            let found = health::findings(&health::look(&site.ctx, &site.db));
            let found: Vec<&str> = found.iter().map(|it| it.finding).filter(|it| it.starts_with("notices")).collect();
            println!("R55: {found:?}");
            !found.is_empty()
        };
        let come = |n: u32| {
            let mail = Reply::to(&request, "brandau.example").with_id(&format!("n{n}@brandau.example")).saying(&format!("Schreiben {n} zu Ihrem Antrag."));
            site.receives(&mail.raw(), &request.reply_address);
            site.ctx.clock.set(site.now() + TimeDelta::minutes(2));
        };
        come(1);
        // Our server does not take the null sender, until somebody mends it.
        let sink = SmtpSink::start(Script::friendly().once(Stage::Mail, Act::say("550 5.7.1 sender rejected")));
        let transport = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        let send = || notices::send_next(&site.ctx, &site.db, &transport).unwrap();
        assert!(send() && !send() && sink.letters().is_empty());
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        assert!(send() && sink.letters().len() == 1, "it was tried again");
        assert!(!found(site));
        site.ctx.clock.set(site.now() + TimeDelta::hours(2));
        come(2);
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("550 5.1.1 no such user")));
        let transport = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        assert!(notices::send_next(&site.ctx, &site.db, &transport).unwrap());
        assert!(found(site), "nobody reads at that address, and the administrator is told");
        site.ctx.clock.set(site.now() + TimeDelta::hours(25));
        assert!(!notices::send_next(&site.ctx, &site.db, &transport).unwrap() && !found(site));
    }

    fn r48_what_was_told_while_the_clock_was_ahead_keeps_nothing_back(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        let come = |n: u32| {
            let mail = Reply::to(&request, "brandau.example").with_id(&format!("n{n}@brandau.example")).saying(&format!("Schreiben {n} zu Ihrem Antrag."));
            site.receives(&mail.raw(), &request.reply_address);
        };
        site.ctx.clock.set(site.now() + TimeDelta::days(30));
        come(1);
        assert_eq!(tells_later(site).len(), 1);
        // This one waits for its turn when the clock is set right.
        come(2);
        site.ctx.clock.set(site.now() - TimeDelta::days(30));
        assert_eq!(tells(site).len(), 1);
        site.ctx.clock.set(site.now() + TimeDelta::hours(2));
        come(3);
        assert_eq!(tells_later(site).len(), 1);
    }

    fn staff_are_told_of_a_letter_of_which_nobody_knows(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        site.person("Volunteer One", Role::Volunteer);
        site.person("Admin Two", Role::Admin);
        let filed = site.files(person, site.city());
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
        let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, Act::Drop));
        let transport = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
        delivery::tell_requests(&site.ctx, &site.db).unwrap();
        let told = tells_later(site);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().all(|mail| mail.contains("Nobody knows whether a letter arrived")));
        assert!(told.iter().any(|mail| mail.contains("To: volunteer-one@askance.example")), "{told:?}");
        assert_eq!(tells_later(site), Vec::<String>::new(), "told once");
    }

    fn r06_staff_are_told_again_when_nobody_knows_of_a_second_copy_either(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        site.person("Volunteer One", Role::Volunteer);
        let filed = site.files(person, site.city());
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
        let request = site.request(&filed.reference).id;
        let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, Act::Drop));
        let transport = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        for copy in 1..=2 {
            assert!(delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap());
            for _ in 0..3 {
                delivery::tell_requests(&site.ctx, &site.db).unwrap();
            }
            let told = tells_later(site);
            println!("R6: copy {copy}: {} told, {:?}", told.len(), site.kinds(request));
            assert_eq!((told.len(), site.kinds(request).len()), (1, copy + 1), "{told:?}");
            assert!(told[0].contains("Nobody knows whether a letter arrived"), "{told:?}");
            let letter = askance::store::outbox::of_request(&mut site.conn(), request, "request").unwrap().unwrap();
            delivery::send_again(&site.ctx, &mut site.conn(), person, letter.id).unwrap();
            site.ctx.clock.set(site.now() + TimeDelta::hours(2));
        }
        assert_eq!(site.kinds(request), ["filed", "sending_unknown", "sending_unknown"]);
    }
}

#[test]
fn an_address_of_our_own_is_nobodys() {
    let site = Site::new(crate::support::Backend::Sqlite);
    let add = |email| {
        let new = Newcomer { email, name: "X", role: Role::Activist };
        sign_in::add_person(&site.ctx, &mut site.conn(), &new)
    };
    let refused = add("R-2026-0001-abcdefghijklmnopqr@Post.Askance.Example").unwrap_err();
    assert!(refused.to_string().contains("where we take replies in"), "{refused}");
    assert!(add("x@askance.example").is_ok());
}

#[test]
fn notices_are_switched_at_the_desk() {
    let desk = crate::story::desk::Desk::new();
    let token = desk.volunteer_signs_in();
    assert!(desk.page("/desk/calendar").contains("They are switched on."));
    drop(desk.post("/desk/calendar/notices", &[("csrf", &token), ("on", "false")]));
    let page = desk.page("/desk/calendar");
    assert!(page.contains("They are switched off.") && page.contains("Switch notices on"), "{page}");
    drop(desk.post("/desk/calendar/notices", &[("csrf", &token), ("on", "true")]));
    assert!(desk.page("/desk/calendar").contains("They are switched on."));
}
