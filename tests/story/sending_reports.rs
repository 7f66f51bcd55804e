//! What delivery reports make of letters, and addresses that do not work until somebody finds another.

use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::request::state::Status;
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::delivery;
use askance::store::outbox::{self, Letter};
use askance::store::requests::RequestRow;
use askance::store::schema;
use askance::store::types::{OutboxState, Role};
use askance::store::{AnyConn, authorities, contact_tasks};
use chrono::TimeDelta;
use diesel::prelude::*;
use std::time::Duration;

/// A report as a mail server writes it (RFC 3464), in which only the envelope id names the letter.
pub fn report(letter: &Letter, (action, status): (&str, &str)) -> Vec<u8> {
    format!(
        "Return-Path: <>\r\nFrom: Mail Delivery System <mailer-daemon@relay.example>\r\nTo: <{from}>\r\n\
         Subject: Delivery report\r\nDate: Mon, 07 Sep 2026 12:00:00 +0000\r\n\
         Message-ID: <{action}.{id}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nThis is a report about your message.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nOriginal-Envelope-Id: {envelope}\r\n\
         Reporting-MTA: dns; relay.example\r\n\r\nOriginal-Recipient: rfc822;{to}\r\n\
         Final-Recipient: rfc822;{to}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b--\r\n",
        from = letter.envelope_from,
        to = letter.envelope_to,
        id = letter.mail_message_id,
        envelope = letter.mail_message_id.replace('+', "+2B").replace('=', "+3D"),
    )
    .into_bytes()
}

fn letter_of(site: &Site, request: &RequestRow) -> Letter {
    outbox::of_request(&mut site.conn(), request.id, "request").unwrap().unwrap()
}

fn delivery_of(site: &Site, id: i64) -> Option<String> {
    let row = schema::outbox::table.find(id).select(schema::outbox::delivery);
    match &mut *site.conn() {
        AnyConn::Sqlite(c) => row.first(c).unwrap(),
        AnyConn::Postgres(c) => row.first(c).unwrap(),
    }
}

/// A letter whose server said nothing after the body.
fn unknown_letter(site: &Site) -> (RequestRow, Letter) {
    let activist = site.person("Mara Varga", Role::Activist);
    unknown_letter_to(site, activist, site.city())
}

fn unknown_letter_to(site: &Site, activist: i64, city: i64) -> (RequestRow, Letter) {
    let filed = site.files(activist, city);
    site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
    let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, Act::Drop));
    let through =
        Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap().with_timeout(Duration::from_secs(5)));
    assert!(delivery::send_next(&site.ctx, &site.db, &through, "worker").unwrap());
    let request = site.request(&filed.reference);
    assert_eq!(request.status, Status::Unknown);
    let letter = letter_of(site, &request);
    (request, letter)
}

fn open_tasks(site: &Site) -> Vec<(String, String)> {
    let tasks = contact_tasks::open_ones(&mut site.conn(), 10).unwrap();
    tasks.into_iter().map(|task| (task.address, task.cause)).collect()
}

stories! {
    fn unknown_letter_that_a_report_says_was_delivered_has_arrived_and_its_clock_runs(site: &mut Site) {
        let (request, letter) = unknown_letter(site);
        site.ctx.clock.set(site.now() + TimeDelta::hours(1));
        site.receives(&report(&letter, ("delivered", "2.0.0")), &letter.envelope_from);
        let settled = letter_of(site, &request);
        assert_eq!((settled.state, settled.server_reply.as_deref()), (OutboxState::Accepted, Some(outbox::PROVED_BY_A_REPORT)));
        assert_eq!(delivery_of(site, letter.id).as_deref(), Some("delivered"));
        let now = site.request(&request.reference);
        assert_eq!(now.status, Status::Sent, "{:?}", site.kinds(request.id));
        assert_eq!(now.received_on, Some(letter.in_doubt_at.unwrap().date()), "the day it was handed over");
        assert!(site.kinds(request.id).contains(&"sent"));
        // It is no answer of the authority, and nobody has to look at it.
        assert_eq!(site.message(1).state.as_str(), "read");
    }

    fn unknown_letter_is_repeated_once_with_the_same_bytes_where_the_operator_wants_it(site: &mut Site) {
        std::sync::Arc::get_mut(&mut site.ctx).unwrap().config.mail.repeat_unknown = Some(Duration::from_hours(6));
        let (request, letter) = unknown_letter(site);
        site.ctx.clock.set(site.now() + TimeDelta::hours(5));
        site.works();
        assert_eq!(letter_of(site, &request).state, OutboxState::Unknown);
        site.ctx.clock.set(site.now() + TimeDelta::hours(2));
        assert_eq!(delivery::repeat_unknown(&site.ctx, &site.db).unwrap(), 1);
        assert!(askance::store::audit::last(&mut site.conn(), "letter_repeated").unwrap().is_some());
        // Again nobody hears the reply: that was the one repeat.
        let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, Act::Drop));
        let through = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap().with_timeout(Duration::from_secs(5)));
        assert!(delivery::send_next(&site.ctx, &site.db, &through, "worker").unwrap());
        assert_eq!(sink.letters()[0].bytes, site.ctx.blobs.get(&letter.blob_sha256).unwrap());
        site.days_pass(30);
        assert_eq!((letter_of(site, &request).state, site.sent.lock().unwrap().len()), (OutboxState::Unknown, 0));
    }

    fn unknown_letter_is_not_repeated_while_anything_says_that_it_may_have_arrived(site: &mut Site) {
        std::sync::Arc::get_mut(&mut site.ctx).unwrap().config.mail.repeat_unknown = Some(Duration::from_hours(6));
        let (request, letter) = unknown_letter(site);
        // Somebody wrote about it; what, nobody has settled yet.
        site.ctx.clock.set(site.now() + TimeDelta::hours(1));
        let mail = format!(
            "From: Amt <amt@brandau.example>\r\nTo: <{}>\r\nSubject: Ihre Anfrage\r\nMessage-ID: <a@b.example>\r\n\r\n\
             Wir haben eine Frage zu Ihrem Schreiben.\r\n",
            letter.envelope_from
        );
        site.receives(mail.as_bytes(), &letter.envelope_from);
        site.ctx.clock.set(site.now() + TimeDelta::hours(7));
        assert_eq!(delivery::repeat_unknown(&site.ctx, &site.db).unwrap(), 0);
        // Of another one nothing was heard, but the outbox is paused: people look first.
        let (kind, domain) = ((AuthorityKind::Municipality, "de-nw-ifg", "de"), "waldau.example");
        let elsewhere = site.authority("Stadt Waldau", kind, domain);
        let (second, other) = unknown_letter_to(site, request.person_id, elsewhere);
        site.ctx.clock.set(site.now() + TimeDelta::hours(7));
        let conn = &mut *site.conn();
        delivery::pause(&site.ctx, conn, None, "the machine moved").unwrap();
        assert_eq!(delivery::repeat_unknown(&site.ctx, &site.db).unwrap(), 0);
        delivery::resume(&site.ctx, conn, None).unwrap();
        assert_eq!(delivery::repeat_unknown(&site.ctx, &site.db).unwrap(), 1);
        assert_eq!(letter_of(site, &second).state, OutboxState::Queued);
        // While it waits to leave once more, a report says that it arrived: it does not leave.
        site.receives(&report(&other, ("delivered", "2.0.0")), &other.envelope_from);
        assert_eq!(letter_of(site, &second).state, OutboxState::Accepted);
        assert!(!delivery::send_next(&site.ctx, &site.db, &Transport::Memory(std::sync::Arc::clone(&site.sent)), "worker").unwrap());
        assert_eq!(letter_of(site, &request).state, OutboxState::Unknown);
    }

    fn report_of_a_stranger_who_knows_only_what_is_public_says_nothing_of_a_letter(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let letter = letter_of(site, &request);
        let forged = Letter { mail_message_id: "guessed@elsewhere.example".to_owned(), ..letter.clone() };
        let text = format!("This is a report about your message.\r\n\r\n{}", letter.body.replace('\n', "\r\n"));
        let forged = String::from_utf8(report(&forged, ("failed", "5.1.1"))).unwrap();
        let forged = forged
            .replace(&letter.envelope_from, "postmaster@post.askance.example")
            .replace("Delivery report", &format!("Undeliverable: {} [{}]", letter.subject, request.reference))
            .replace("This is a report about your message.", &text);
        site.receives(forged.as_bytes(), "postmaster@post.askance.example");
        let message = site.message(1);
        assert_eq!(message.request_id, Some(request.id), "what it quotes says where it belongs, and no more");
        assert_eq!((delivery_of(site, letter.id), open_tasks(site)), (None, vec![]));
        assert_eq!(site.request(&request.reference).status, Status::Sent);
    }

    fn bounce_after_the_authority_wrote_is_put_before_a_person(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let letter = letter_of(site, &request);
        let receipt = "Sehr geehrte Frau Varga,\n\nwir bestätigen den Eingang Ihres Antrags. Er wird unter dem Aktenzeichen \
                       32-1024/2026 bearbeitet.\n\nMit freundlichen Grüßen";
        site.receives(&Reply::to(&request, "brandau.example").about("Eingang").saying(receipt).raw(), &request.reply_address);
        assert_eq!(site.request(&request.reference).status, Status::Acknowledged);
        site.receives(&report(&letter, ("failed", "5.1.1")), &letter.envelope_from);
        assert_eq!(site.request(&request.reference).status, Status::Acknowledged, "its clock runs on");
        let held = site.message(2);
        assert_eq!(held.state.as_str(), "held");
        // The same report again changes nothing, and one that it was passed on does not undo that it came back.
        let first = delivery_of(site, letter.id);
        site.receives(&report(&letter, ("relayed", "2.0.0")), &letter.envelope_from);
        assert_eq!((first.as_deref(), delivery_of(site, letter.id)), (Some("failed"), first.clone()));
        assert_eq!(open_tasks(site).len(), 1);
    }

    fn report_of_a_delay_settles_nothing(site: &mut Site) {
        let (request, letter) = unknown_letter(site);
        site.receives(&report(&letter, ("delayed", "4.4.1")), &letter.envelope_from);
        assert_eq!(letter_of(site, &request).state, OutboxState::Unknown);
        assert_eq!(delivery_of(site, letter.id).as_deref(), Some("delayed"));
        assert!(open_tasks(site).is_empty());
    }

    fn report_that_names_another_letter_settles_nothing(site: &mut Site) {
        let (request, letter) = unknown_letter(site);
        let other = Letter { mail_message_id: "guessed@post.askance.example".to_owned(), ..letter.clone() };
        site.receives(&report(&other, ("delivered", "2.0.0")), &letter.envelope_from);
        assert_eq!(letter_of(site, &request).state, OutboxState::Unknown);
        assert_eq!(delivery_of(site, letter.id), None);
    }

    fn letter_that_comes_back_opens_one_task_that_a_new_address_closes(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let letter = letter_of(site, &request);
        site.receives(&report(&letter, ("failed", "5.1.1")), &letter.envelope_from);
        assert_eq!(site.request(&request.reference).status, Status::Undelivered);
        assert_eq!(delivery_of(site, letter.id).as_deref(), Some("failed"));
        let tasks = open_tasks(site);
        assert!(tasks.len() == 1 && tasks[0].0 == "foi@brandau.example" && tasks[0].1.contains("5.1.1"), "{tasks:?}");
        // A second bounce, in another form, opens no second task.
        let again = String::from_utf8(report(&letter, ("failed", "5.2.1"))).unwrap().replace("failed.", "second.");
        site.receives(again.as_bytes(), &letter.envelope_from);
        assert_eq!(open_tasks(site).len(), 1);
        let found = "auskunft@brandau.example".parse().unwrap();
        authorities::set_address(&mut site.conn(), city, &found, site.now()).unwrap();
        assert!(open_tasks(site).is_empty());
    }

    fn address_that_a_server_refuses_opens_a_task_that_a_letter_that_goes_through_closes(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let filed = site.files(activist, site.city());
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("550 5.1.1 no such user")));
        let through = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap().with_timeout(Duration::from_secs(5)));
        assert!(delivery::send_next(&site.ctx, &site.db, &through, "worker").unwrap());
        let tasks = open_tasks(site);
        assert!(tasks.len() == 1 && tasks[0].1.contains("550 5.1.1 no such user"), "{tasks:?}");
        let letter = letter_of(site, &site.request(&filed.reference));
        delivery::send_again(&site.ctx, &mut site.conn(), activist, letter.id).unwrap();
        site.works();
        assert_eq!(letter_of(site, &site.request(&filed.reference)).state, OutboxState::Accepted);
        assert!(open_tasks(site).is_empty());
    }
}

#[test]
fn server_that_offers_reports_is_asked_for_them_and_no_other() {
    let site = Site::new(crate::support::Backend::Sqlite);
    let activist = site.person("Mara Varga", Role::Activist);
    let mut asked = Vec::new();
    for (n, script) in [Script::friendly().offering("DSN"), Script::friendly()].into_iter().enumerate() {
        let kind = (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de");
        let city = site.authority(&format!("Stadt {n}"), kind, &format!("n{n}.example"));
        let filed = site.files(activist, city);
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
        let sink = SmtpSink::start(script);
        let through =
            Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap().with_timeout(Duration::from_secs(5)));
        assert!(delivery::send_next(&site.ctx, &site.db, &through, "worker").unwrap());
        let letter = letter_of(&site, &site.request(&filed.reference));
        assert_eq!(letter.state, OutboxState::Accepted);
        asked.push((letter, sink.commands()[1..3].to_vec()));
    }
    let (letter, commands) = &asked[0];
    assert!(commands[0].contains(&format!(" RET=HDRS ENVID={}", letter.mail_message_id)), "{commands:?}");
    let recipient = "RCPT TO:<foi@n0.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;foi@n0.example";
    assert_eq!(commands[1], recipient);
    let (_, commands) = &asked[1];
    assert!(!commands.concat().contains("RET=") && commands[1] == "RCPT TO:<foi@n1.example>", "{commands:?}");
}
