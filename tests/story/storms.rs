//! A storm of automatic mails is one line wherever messages are listed, each is kept, and no answer is lost in it (R18).

use crate::servers::smtp_sink::SmtpSink;
use crate::story::notices::tells;
use crate::support::mail::Reply;
use crate::support::{Backend, Site, stories};
use askance::service::delivery;
use askance::service::intake::{self, Mail};
use askance::service::triage;
use askance::store::desk::queue::{self, Narrowed, Pile};
use askance::store::desk::requests as desk;
use askance::store::messages::folds;
use askance::store::outbox;
use askance::store::published;
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use std::collections::BTreeSet;

/// How many automatic replies a storm has; 5,000 in the full run.
fn size() -> usize {
    std::env::var("ASKANCE_STORM").ok().and_then(|n| n.parse().ok()).unwrap_or(120)
}

fn asked(site: &Site) -> RequestRow {
    let person = site.person("Mara Varga", Role::Activist);
    let city = site.city();
    site.sends(person, city)
}

/// An automatic reply, each with its own ticket number and Message-ID.
fn automatic(request: &RequestRow, domain: &str, n: usize) -> Vec<u8> {
    Reply::to(request, domain)
        .about(&format!("Automatische Antwort [Ticket {n}]"))
        .with_id(&format!("auto-{n}@{domain}"))
        .with("Auto-Submitted: auto-replied")
        .saying(&format!("Ich bin bis zum 2{} September nicht im Haus.", n % 10))
        .raw()
}

/// Takes a mail in without reading it.
fn takes(site: &Site, raw: &[u8], recipient: &str) {
    let recipients = [recipient.to_owned()];
    intake::accept(
        site.ctx.door(),
        Some(&site.db),
        Mail { raw, recipients: &recipients, via: "lmtp", handed: None },
    )
    .unwrap();
}

fn reads(site: &Site) {
    while triage::read_next(&site.ctx, &site.db, &site.cage, 50).unwrap() > 0 {}
}

fn listed(site: &Site, pile: Pile) -> Vec<queue::Entry> {
    queue::page(&mut site.conn(), (pile, Narrowed::default()), (0, 100)).unwrap()
}

fn badge(site: &Site, state: MessageState) -> i64 {
    queue::counts(&mut site.conn()).unwrap().get(&state).copied().unwrap_or(0)
}

stories! {
    fn r18_a_storm_of_automatic_replies_is_one_line_and_none_is_lost(site: &mut Site) {
        let request = asked(site);
        let n = size();
        for i in 0..n {
            // All within ten minutes.
            site.ctx.clock.set(site.now() + TimeDelta::microseconds(600_000_000 / i64::try_from(n).unwrap()));
            takes(site, &automatic(&request, "brandau.example", i), &request.reply_address);
        }
        reads(site);
        site.works();
        println!("R18: {n} automatic replies to one request");
        let lines = listed(site, Pile::ByRule);
        assert_eq!((lines.len(), lines[0].folded), (1, i64::try_from(n).unwrap() - 1));
        assert_eq!(badge(site, MessageState::Read), 1, "counted as one");
        let conn = &mut site.conn();
        let of_request = desk::messages(conn, request.id).unwrap();
        assert_eq!((of_request.len(), of_request[0].folded), (1, lines[0].folded));
        // One entry in the events, and so in the timeline, the feeds and the JSON.
        assert_eq!(site.kinds(request.id), ["filed", "sent", "auto_replied"]);
        let public = published::request::find(conn, &request.reference).unwrap().unwrap();
        assert_eq!((public.alike.get(&lines[0].id), public.being_read.len()), (Some(&lines[0].folded), 0));
        // Each is there, page by page, with its bytes.
        let mut seen = BTreeSet::new();
        for page in 0.. {
            let rows = folds::alike(conn, lines[0].id, (page * 50, 50)).unwrap();
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let message = site.message(row.id);
                assert!(site.ctx.blobs.get(&message.blob_sha256).unwrap().starts_with(b"From: Poststelle"));
                seen.insert(message.subject);
            }
        }
        assert_eq!(seen.len(), n);
        assert_eq!(tells(site), Vec::<String>::new(), "nobody is told of what a machine sent");
    }

    fn r18_an_answer_in_the_midst_of_a_storm_has_its_own_line(site: &mut Site) {
        let request = asked(site);
        for i in 0..6 {
            site.receives(&automatic(&request, "brandau.example", i), &request.reply_address);
        }
        let to = &request.reply_address;
        let refusal = "Sehr geehrte Frau Varga,\n\nIhr Antrag wird nach § 6 IFG NRW abgelehnt, weil die Aktenlage Geschäftsgeheimnisse enthält.\n\nMit freundlichen Grüßen\nM. Klose";
        // A case management system sends a decision with the mark of a machine.
        let by_system = Reply::to(&request, "brandau.example").with_id("d1@brandau.example").with("Auto-Submitted: auto-generated").saying(refusal);
        site.receives(&by_system.raw(), to);
        let by_person = Reply::to(&request, "brandau.example").with_id("d2@brandau.example").saying(refusal);
        site.receives(&by_person.raw(), to);
        // What only reads like a machine's is folded into the same words, and into nothing else.
        for (id, text) in [("w1", "Ich bin im Urlaub und ab 3. Oktober wieder erreichbar."), ("w2", "Ich bin im Urlaub und ab 4. Oktober wieder erreichbar."), ("w3", "Ich bin im Urlaub und ab 4. Oktober wieder erreichbar.")] {
            let mail = Reply::to(&request, "brandau.example").about("Abwesenheitsnotiz").with_id(&format!("{id}@brandau.example")).saying(text);
            site.receives(&mail.raw(), to);
        }
        let conn = &mut site.conn();
        let lines: Vec<i64> = desk::messages(conn, request.id).unwrap().iter().map(|line| line.folded).collect();
        assert_eq!(lines, [5, 0, 0, 0, 1]);
        assert_eq!(badge(site, MessageState::Held), 4);
        // What is folded can be dealt with by itself; then it has its own line.
        let head = desk::messages(conn, request.id).unwrap()[0].id;
        let third = folds::alike(conn, head, (2, 1)).unwrap()[0].id;
        let person = request.person_id;
        triage::set_aside(&site.ctx, conn, person, third, "not ours").unwrap();
        assert_eq!(desk::messages(conn, request.id).unwrap().iter().filter(|line| line.id == third).count(), 1);
        // So can the one that stands for the others: the next one does then.
        triage::set_aside(&site.ctx, conn, person, head, "not ours").unwrap();
        let now = desk::messages(conn, request.id).unwrap();
        let all: i64 = now.iter().map(|line| line.folded + 1).sum();
        assert_eq!((all, now.iter().filter(|line| line.folded == 3).count()), (11, 1));
    }

    fn r18_a_storm_that_waits_is_one_line_and_is_set_aside_at_once(site: &mut Site) {
        let request = asked(site);
        for i in 0..5 {
            site.receives(&automatic(&request, "elsewhere.example", i), &request.reply_address);
            let nobody = RequestRow { reply_address: "nobody@post.askance.example".to_owned(), reference: "none".to_owned(), ..request.clone() };
            site.receives(&automatic(&nobody, "elsewhere.example", 100 + i), &nobody.reply_address);
        }
        assert_eq!((badge(site, MessageState::Held), badge(site, MessageState::Unmatched)), (1, 1));
        let waiting = listed(site, Pile::Waiting);
        assert_eq!(waiting.iter().map(|line| line.folded).collect::<Vec<_>>(), [4, 4]);
        let conn = &mut site.conn();
        for line in &waiting {
            assert_eq!(triage::set_aside_alike(&site.ctx, conn, request.person_id, (line.id, "a storm")).unwrap(), 5);
        }
        assert!(listed(site, Pile::Waiting).is_empty());
        let aside = listed(site, Pile::SetAside);
        assert_eq!(aside.iter().map(|line| line.folded).collect::<Vec<_>>(), [4, 4], "still one line each");
        // What comes after a person has decided is asked anew.
        site.receives(&automatic(&request, "elsewhere.example", 9), &request.reply_address);
        assert_eq!(badge(site, MessageState::Held), 1);
        assert!(triage::set_aside_alike(&site.ctx, conn, request.person_id, (aside[0].id, "again")).is_err());
        // A day later the same is told again.
        site.days_pass(2);
        site.receives(&automatic(&request, "elsewhere.example", 10), &request.reply_address);
        assert_eq!(badge(site, MessageState::Held), 2);
    }

    fn r18_old_mail_that_is_imported_is_not_folded_into_what_came_later(site: &mut Site) {
        let request = asked(site);
        site.receives(&automatic(&request, "elsewhere.example", 1), &request.reply_address);
        let recipients = [request.reply_address.clone()];
        let raw = automatic(&request, "elsewhere.example", 2);
        let mail = Mail { raw: &raw, recipients: &recipients, via: "import", handed: None };
        let old = site.now() - TimeDelta::days(400);
        intake::accept_arrived(site.ctx.door(), Some(&site.db), mail, Some(old)).unwrap();
        site.works();
        assert_eq!(badge(site, MessageState::Held), 2, "each has a line of its own");
    }

    fn r18_one_mail_to_many_spellings_of_an_address_is_one_message(site: &mut Site) {
        let request = asked(site);
        let nobody = RequestRow { reply_address: "postmaster@post.askance.example".to_owned(), reference: "none".to_owned(), ..request };
        let raw = automatic(&nobody, "nowhere.example", 1);
        for to in ["postmaster@post.askance.example", "Postmaster@post.askance.example", "pOSTMASTER@Post.Askance.example"] {
            site.receives(&raw, to);
        }
        assert_eq!(badge(site, MessageState::Unmatched), 1);
    }

    fn r18_mail_for_one_request_does_not_wait_for_the_flood_of_another(site: &mut Site) {
        let (flooded, other) = (asked(site), {
            let person = site.person("Tess Okafor", Role::Activist);
            let city = site.authority("Stadt Altmoor", (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de"), "altmoor.example");
            site.sends(person, city)
        });
        for i in 0..40 {
            takes(site, &automatic(&flooded, "brandau.example", i), &flooded.reply_address);
            // Whoever makes recipients up has one turn for all of them.
            let nobody = RequestRow { reply_address: format!("x{i}@post.askance.example"), reference: "none".to_owned(), ..flooded.clone() };
            takes(site, &automatic(&nobody, "nowhere.example", 100 + i), &nobody.reply_address);
        }
        let answer = Reply::to(&other, "altmoor.example").saying("Ihr Antrag ist eingegangen.");
        takes(site, &answer.raw(), &other.reply_address);
        assert_eq!(triage::read_next(&site.ctx, &site.db, &site.cage, 3).unwrap(), 3);
        assert_eq!(desk::messages(&mut site.conn(), other.id).unwrap().len(), 1, "the third that is read");
        reads(site);
        assert_eq!(desk::messages(&mut site.conn(), flooded.id).unwrap().len(), 1);
    }

    fn r18_a_second_report_on_a_letter_is_folded_but_not_one_after_it_was_sent_again(site: &mut Site) {
        let request = asked(site);
        let id = site.sent.lock().unwrap().last().map(|letter| String::from_utf8_lossy(&letter.bytes).lines().find_map(|line| line.strip_prefix("Message-ID: ").map(str::to_owned)).unwrap()).unwrap();
        let report = |n: usize| format!(
            "From: MAILER-DAEMON@mx.brandau.example\r\nTo: {}\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <b{n}@mx.brandau.example>\r\nDate: Mon, 07 Sep 2026 12:3{n}:00 +0200\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nQueue number A{n}7. Your message could not be delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.brandau.example\r\n\r\nFinal-Recipient: rfc822; foi@brandau.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\nSubject: Antrag\r\n\r\n--b--\r\n",
            request.reply_address
        );
        for n in 0..3 {
            site.receives(report(n).as_bytes(), &request.reply_address);
        }
        assert_eq!(site.kinds(request.id), ["filed", "sent", "bounced"]);
        let lines = desk::messages(&mut site.conn(), request.id).unwrap();
        assert_eq!((lines.len(), lines[0].folded), (1, 2));
        let letter = outbox::of_request(&mut site.conn(), request.id, "request").unwrap().unwrap();
        let again = (letter.id, letter.envelope_to.as_str());
        delivery::send_lost_again(&site.ctx, &mut site.conn(), request.person_id, again).unwrap();
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        site.works();
        site.receives(report(4).as_bytes(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "bounced", "queued_again", "sent", "bounced"]);
    }

    fn r18_whoever_asked_is_told_at_most_once_an_hour_however_many_write(site: &mut Site) {
        let request = asked(site);
        let mut told = Vec::new();
        // A mail a minute for two hours.
        for minute in 0..120 {
            site.ctx.clock.set(site.now() + TimeDelta::minutes(1));
            let mail = Reply::to(&request, "brandau.example").with_id(&format!("h{minute}@brandau.example")).saying(&format!("Zu Ihrem Antrag, Schreiben {minute}."));
            site.receives(&mail.raw(), &request.reply_address);
            told.extend(tells(site));
        }
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].contains("times)"), "{}", told[1]);
    }
}

#[test]
fn r18_pages_show_a_storm_as_one_line_with_a_way_to_all_of_it() {
    let desk = crate::story::desk::Desk::on(Backend::Sqlite);
    let reference = desk.asks("Stadt Brandau");
    let address = desk.reply_address(&reference);
    let token = desk.volunteer_signs_in();
    for n in 0..60 {
        let mail = format!(
            "From: Robot <robot@elsewhere.example>\r\nTo: {address}\r\nSubject: Out of office {n}\r\nMessage-ID: <{n}@elsewhere.example>\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\nI am away.\r\n"
        );
        let recipients = [address.clone()];
        let mail = Mail { raw: mail.as_bytes(), recipients: &recipients, via: "lmtp", handed: None };
        intake::accept(desk.ctx.door(), Some(&desk.db), mail).unwrap();
    }
    let cage = askance::service::cage::Cage::here(desk.ctx.library.knowledge.clone());
    while triage::read_next(&desk.ctx, &desk.db, &cage, 50).unwrap() > 0 {}
    let queue = desk.page("/desk");
    assert_eq!(queue.matches("60 automatic messages that say the same").count(), 1);
    let page = desk.page(&format!("/desk/requests/{reference}"));
    assert_eq!(page.matches("60 automatic messages that say the same").count(), 1, "{page}");
    let all = desk.page("/desk/messages/1/alike");
    assert!(all.contains("60 automatic messages") && all.contains("1–50 of 60"), "{all}");
    assert!(desk.page("/desk/messages/1/alike?page=1").contains("51–60 of 60"));
    assert!(desk.page("/desk/messages/7/alike?page=99").contains("51–60 of 60"), "any of them leads to all");
    let said = desk.post("/desk/messages/1/alike/set-aside", &[("csrf", &token), ("reason", "a robot")]);
    assert_eq!(said.status(), rocket::http::Status::SeeOther);
    drop(said);
    assert!(desk.page("/desk").contains("60 messages set aside"));
    assert_eq!(
        desk.page("/desk?pile=set_aside").matches("60 automatic messages that say the same").count(),
        1
    );
    assert_eq!(desk.get("/desk/messages/999/alike").status(), rocket::http::Status::NotFound);
}

/// How many mails came in.
fn arrivals(site: &Site) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let counted: Vec<Count> =
        diesel::sql_query("SELECT count(*) AS n FROM arrivals").load(&mut *site.conn()).unwrap();
    counted[0].n
}

/// Mail to addresses that are closed, unknown or given up is kept, and nothing leaves (R19).
#[test]
fn r19_nothing_leaves_for_mail_that_nobody_wants() {
    use crate::servers::smtp_sink::Script;
    use askance::mail::smtp_url::SmtpServer;
    use askance::mail::transport::Transport;
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let site = Site::new(backend);
        let request = asked(&site);
        let taken_back = {
            let person = site.person("Tess Okafor", Role::Activist);
            let city = site.authority(
                "Stadt Altmoor",
                (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de"),
                "altmoor.example",
            );
            let filed = site.files(person, city);
            askance::service::filing::take_back(&site.ctx, &mut site.conn(), person, &filed.reference)
                .unwrap();
            site.request(&filed.reference)
        };
        let sink = SmtpSink::start(Script::friendly());
        let transport = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        let before = arrivals(&site);
        let addresses = [
            taken_back.reply_address.clone(),
            "nobody@post.askance.example".to_owned(),
            "r-2026-9999-aaaaaaaaaaaaaaaaaa@post.askance.example".to_owned(),
            "no-reply@post.askance.example".to_owned(),
            "postmaster@post.askance.example".to_owned(),
        ];
        for (n, address) in addresses.iter().enumerate() {
            for kind in
                ["", "Auto-Submitted: auto-replied\r\n", "Return-Path: <>\r\n", "Precedence: bulk\r\n"]
            {
                let id = format!("Message-ID: <{n}{}@x.example>\r\n", kind.len());
                let raw =
                    [kind.as_bytes(), id.as_bytes(), b"From: x@x.example\r\nSubject: y\r\n\r\nHello.\r\n"]
                        .concat();
                takes(&site, &raw, address);
            }
            let answer = Reply::to(&request, "brandau.example")
                .addressed(address)
                .saying("Ihr Antrag wird abgelehnt.");
            takes(&site, &answer.with_id(&format!("a{n}@brandau.example")).raw(), address);
        }
        reads(&site);
        site.works();
        let drain = || {
            while askance::service::delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap() {}
            askance::service::notices::gather(&site.ctx, &site.db).unwrap();
            while askance::service::notices::send_next(&site.ctx, &site.db, &transport).unwrap() {}
        };
        drain();
        site.ctx.clock.set(site.now() + TimeDelta::hours(2));
        drain();
        let letters: Vec<_> = sink.letters().into_iter().map(|letter| letter.recipients).collect();
        // Whose request it is may be told; nobody else hears anything.
        assert!(letters.iter().flatten().all(|to| to.ends_with("@askance.example>")), "{letters:?}");
        assert_eq!(arrivals(&site) - before, 25, "every mail is kept");
    }
}
