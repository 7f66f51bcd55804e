//! Two of our instances pointed at each other, and a machine that answers everything: they fall silent (R17).

use crate::servers::mail_in::{Letterbox, quick};
use crate::servers::smtp_sink::{Script, SmtpSink};
use crate::support::house::{Group, Program};
use crate::support::mail::Reply;
use crate::support::{Backend, Site, filing_of, start, stories};
use askance::domain::authority::AuthorityKind;
use askance::mail::listener::{Envelope, Protocol, Verdict};
use askance::mail::lmtp;
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::intake::{self, Mail};
use askance::service::{deadlines, delivery, filing, notices, triage};
use askance::store::authorities::{self, NewAuthority};
use askance::store::desk::requests as desk;
use askance::store::people::{self, NewPerson};
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, OutboxState, Role};
use chrono::TimeDelta;
use diesel::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One instance with its door and the mail server that its letters go to.
struct House {
    site: Site,
    door: Letterbox,
    sink: SmtpSink,
    relayed: usize,
}

impl House {
    fn new(backend: Backend) -> Self {
        let site = Site::new(backend);
        let (ctx, db) = (Arc::clone(&site.ctx), site.db.clone());
        let door = Letterbox::judging(Protocol::Lmtp, quick(), move |envelope: &Envelope, bytes| {
            let recipients: Vec<String> = envelope.recipients.clone();
            let mail = Mail { raw: bytes, recipients: &recipients, via: "lmtp", handed: None };
            let kept = intake::accept(ctx.door(), Some(&db), mail);
            recipients.iter().map(|_| if kept.is_ok() { Verdict::Safe } else { panic!("not kept") }).collect()
        });
        Self { site, door, sink: SmtpSink::start(Script::friendly()), relayed: 0 }
    }

    /// A request of somebody who is at `email`, to an authority that is at `to`.
    fn asks(&self, email: &str, to: &str) -> RequestRow {
        let conn = &mut self.site.conn();
        let new = NewPerson { email, name: "Mara Varga", role: Role::Activist, password_hash: "" };
        let person = people::add(conn, &new, self.site.now()).unwrap();
        let authority = NewAuthority {
            slug: "stadt".to_owned(),
            name: "Stadt".to_owned(),
            name_en: None,
            language: "de".to_owned(),
            kind: AuthorityKind::Municipality,
            country: "DE".to_owned(),
            place: "Stadt".to_owned(),
            regime: Some("de-nw-ifg".to_owned()),
            subdivision: None,
            regime_reason: None,
            website: None,
            source: "story".to_owned(),
            email: Some(to.parse().unwrap()),
            identifiers: Vec::new(),
        };
        let authority = authorities::insert(conn, &authority, self.site.now()).unwrap();
        let filed =
            filing::file(&self.site.ctx, conn, person, &filing_of(&[authority], "f")).unwrap().remove(0);
        self.site.request(&filed.reference)
    }

    /// All background work for a while, over real sockets.
    fn works(&self) {
        let site = &self.site;
        let transport = Transport::Smtp(SmtpServer::from_url(&self.sink.url()).unwrap());
        while triage::read_next(&site.ctx, &site.db, &site.cage, 100).unwrap() > 0 {}
        while delivery::send_next(&site.ctx, &site.db, &transport, "worker").unwrap() {}
        delivery::tell_requests(&site.ctx, &site.db).unwrap();
        deadlines::tick(&site.ctx, &site.db).unwrap();
        notices::gather(&site.ctx, &site.db).unwrap();
        while notices::send_next(&site.ctx, &site.db, &transport).unwrap() {}
    }

    /// Carries what left to another house; how many mails that were.
    fn hands_over_to(&mut self, other: &House) -> usize {
        let letters = self.sink.letters();
        let fresh: Vec<_> = letters.iter().skip(self.relayed).collect();
        self.relayed = letters.len();
        for letter in &fresh {
            let to: Vec<&str> = letter.recipients.iter().map(|line| path(line)).collect();
            let from = path(&letter.mail);
            let said = lmtp::deliver(other.door.addr, from, &to, &letter.bytes).unwrap();
            assert!(said.iter().all(|reply| reply.starts_with("250")), "{said:?}");
        }
        fresh.len()
    }
}

/// The address in `MAIL FROM:<x>`.
fn path(line: &str) -> &str {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(line, |(path, _)| path)
}

/// Two houses whose requests, and whose people, are each other; mails that went between them in six hours.
fn pointed_at_each_other(backend: Backend) -> (House, House, Vec<usize>) {
    let (mut a, mut b) = (House::new(backend), House::new(backend));
    // Each must know the other's address before it is made: a first request gives one.
    let first = b.asks("someone@b.example", "amt@stadt.example");
    let of_a = a.asks(&first.reply_address, &first.reply_address);
    let conn = &mut b.site.conn();
    let new = NewPerson { email: &of_a.reply_address, name: "B", role: Role::Activist, password_hash: "" };
    people::add(conn, &new, b.site.now()).unwrap();
    let mut went = Vec::new();
    for minute in 0..72 {
        for house in [&a, &b] {
            house.site.ctx.clock.set(house.site.now() + TimeDelta::minutes(if minute == 0 { 11 } else { 5 }));
            house.works();
        }
        let from_a = a.hands_over_to(&b);
        // What B writes to the authority of its own first letter does not concern A.
        let from_b = b.hands_over_to(&a);
        went.push(from_a + from_b);
    }
    (a, b, went)
}

#[test]
fn r17_two_instances_pointed_at_each_other_fall_silent() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (a, b, went) = pointed_at_each_other(backend);
        let total: usize = went.iter().sum();
        println!("R17: {total} mails between two instances in six hours: {went:?}");
        // Each side's one letter, and what its people are told of it: two mails a pair.
        assert!(went.iter().skip(4).sum::<usize>() == 0, "{went:?}");
        assert!(total <= 4, "{went:?}");
        for house in [&a, &b] {
            let events = house.site.kinds(1);
            assert!(!events.contains(&"answered") && !events.contains(&"acknowledged"), "{events:?}");
        }
    }
}

/// One instance as a program of its own, with a request whose authority and whose requester are the other instance.
struct Instance {
    site: Site,
    program: Program,
    sink: SmtpSink,
    request: RequestRow,
    relayed: usize,
}

impl Instance {
    fn new(domain: &str) -> Self {
        let mut site = Site::new(Backend::Sqlite);
        let ctx = Arc::get_mut(&mut site.ctx).unwrap();
        domain.clone_into(&mut ctx.config.reply_domain);
        ctx.config.undo = Duration::ZERO;
        let person = site.person("Mara Varga", Role::Activist);
        let filed = site.files(person, site.city());
        let request = site.request(&filed.reference);
        let sink = SmtpSink::start(Script::friendly());
        let program = Program::over(&site).with("ASKANCE_SMTP_URL", &sink.url());
        Self { site, program, sink, request, relayed: 0 }
    }

    /// It runs, at this instant.
    fn runs(&self, minutes: i64) -> Group {
        let at = (start() + TimeDelta::minutes(minutes)).to_rfc3339();
        self.program.clone().with("ASKANCE_CLOCK", &format!("fixed:{at}")).starts(&["--only", "worker"])
    }

    /// Hands all that left to the request of the other, as a bad relay does: under another envelope sender, and
    /// without any mark that a machine wrote it. How many mails that were.
    fn relays_to(&mut self, other: &Self) -> usize {
        let letters = self.sink.letters();
        let fresh: Vec<_> = letters.iter().skip(self.relayed).collect();
        self.relayed = letters.len();
        for letter in &fresh {
            let bare = without_marks(&letter.bytes);
            let to = [other.request.reply_address.as_str()];
            let said = lmtp::deliver(other.program.lmtp, "relay@between.example", &to, &bare).unwrap();
            assert!(said.iter().all(|reply| reply.starts_with("250")), "{said:?}");
        }
        fresh.len()
    }

    /// Nothing waits to be read or to leave.
    fn is_idle(&self) -> bool {
        let conn = &mut *self.site.conn();
        let unread = askance::store::schema::messages::table
            .filter(askance::store::schema::messages::state.eq(MessageState::Received))
            .count();
        let waiting = askance::store::schema::outbox::table
            .filter(askance::store::schema::outbox::state.ne(OutboxState::Accepted))
            .count();
        unread.get_result::<i64>(conn).unwrap() + waiting.get_result::<i64>(conn).unwrap() == 0
    }
}

/// The mail without the lines that say that a machine wrote it.
fn without_marks(mail: &[u8]) -> Vec<u8> {
    let marks: [&[u8]; 4] =
        [b"auto-submitted:", b"x-auto-response-suppress:", b"precedence:", b"return-path:"];
    let kept = mail.split_inclusive(|b| *b == b'\n').filter(|line| {
        let line = line.to_ascii_lowercase();
        !marks.iter().any(|mark| line.starts_with(mark))
    });
    kept.flatten().copied().collect()
}

#[test]
fn r17_two_programs_behind_a_relay_that_strips_every_mark_write_two_mails_an_hour_at_most() {
    let (mut a, mut b) = (Instance::new("post.a.example"), Instance::new("post.b.example"));
    // The letters; what people are told of them; the hour after.
    let mut went = Vec::new();
    for minutes in [1, 4, 66] {
        let _running = (a.runs(minutes), b.runs(minutes));
        a.program.wait_for_door();
        b.program.wait_for_door();
        let (mut mails, mut quiet_since) = (0, Instant::now());
        // Loops look twice a second.
        while quiet_since.elapsed() < Duration::from_millis(800) {
            let new = a.relays_to(&b) + b.relays_to(&a);
            mails += new;
            if new > 0 || !(a.is_idle() && b.is_idle()) {
                quiet_since = Instant::now();
            }
            assert!(mails < 20, "they do not stop: {went:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        went.push(mails);
    }
    println!("R17: mails between two programs at 1, 4 and 66 minutes: {went:?}");
    assert_eq!(went[0], 2, "a letter each");
    assert!(went[1] <= 2 && went[2] <= 2, "{went:?}");
    for instance in [&a, &b] {
        let events = instance.site.kinds(instance.request.id);
        assert!(!events.contains(&"answered") && !events.contains(&"acknowledged"), "{events:?}");
    }
}

stories! {
    fn r17_a_machine_that_answers_everything_gets_no_answer(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        let to = request.reply_address.clone();
        let letter = site.sent.lock().unwrap().last().unwrap().bytes.clone();
        let own_id = String::from_utf8_lossy(&letter).lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().trim().trim_matches(['<', '>']).to_owned();
        let base = |n: usize| Reply::to(&request, "brandau.example").with_id(&format!("l{n}@brandau.example")).saying(&format!("Ihr Antrag wird abgelehnt, Fall {}.", char::from(b'a' + u8::try_from(n).unwrap())));
        let many = "Received: from a.example by b.example; Mon, 7 Sep 2026 10:00:00 +0000\r\n".repeat(51);
        let mut mails = vec![
            base(0).with("Auto-Submitted: auto-replied"),
            base(1).with("Auto-Submitted: auto-generated"),
            base(2).with("Precedence: bulk"),
            base(3).with("Precedence: junk"),
            base(4).with("Precedence: list"),
            base(5).with("X-Auto-Response-Suppress: All"),
            base(6).with("Return-Path: <>"),
            base(7).from(&to),
            base(8).with(&format!("Reply-To: {to}")),
            base(9).from("no-reply@post.askance.example"),
            base(10).with_id(&own_id),
            base(11).with_id("notice.0123@post.askance.example"),
            base(12).with(many.trim_end()),
        ];
        mails.push(base(13).with("Auto-Submitted: auto-replied").addressed("no-reply@post.askance.example"));
        let before = site.sent.lock().unwrap().len();
        for (n, mail) in mails.iter().enumerate() {
            site.receives(&mail.raw(), if n == 13 { "no-reply@post.askance.example" } else { &to });
        }
        site.receives(&letter, &to);
        site.works();
        assert_eq!(site.sent.lock().unwrap().len(), before, "no letter leaves");
        let kinds = site.kinds(request.id);
        assert!(kinds.iter().all(|kind| matches!(*kind, "filed" | "sent" | "auto_replied")), "{kinds:?}");
        let messages = desk::messages(&mut site.conn(), request.id).unwrap();
        let all: i64 = messages.iter().map(|line| line.folded + 1).sum();
        assert_eq!(all, 14, "each is kept, the letter itself too");
        assert!(messages.iter().all(|line| matches!(line.state, MessageState::Held | MessageState::Read)));
        let reasons: Vec<String> = askance::store::desk::queue::page(&mut site.conn(), (askance::store::desk::queue::Pile::Waiting, askance::store::desk::queue::Narrowed::default()), (0, 50)).unwrap().into_iter().filter_map(|line| line.held_reason).collect();
        for told in ["our own letter", "a notice that we sent", "more than fifty mail servers", "one of our own addresses"] {
            assert!(reasons.iter().any(|reason| reason.contains(told)), "{told}: {reasons:?}");
        }
        // Nobody outside hears anything; whoever asked is told at most once.
        let told = crate::story::notices::tells(site);
        assert!(told.is_empty(), "it is told together, a minute later");
        site.ctx.clock.set(site.now() + TimeDelta::minutes(2));
        let told = crate::story::notices::tells(site);
        assert!(told.len() <= 1 && told.iter().all(|mail| mail.contains("To: mara-varga@askance.example")), "{told:?}");
    }

    fn r17_a_notice_that_comes_back_is_no_answer_and_opens_no_task(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        let raw = format!(
            "From: MAILER-DAEMON@askance.example\r\nTo: no-reply@post.askance.example\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <b1@askance.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nRequest {}: it could not be delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; askance.example\r\n\r\nFinal-Recipient: rfc822; mara-varga@askance.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <notice.1@post.askance.example>\r\nSubject: Request {}\r\n\r\n--b--\r\n",
            request.reference, request.reference
        );
        site.receives(raw.as_bytes(), "no-reply@post.askance.example");
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert!(authorities::address(&mut site.conn(), request.authority_id).unwrap().is_some());
        assert_eq!(askance::store::desk::queue::counts(&mut site.conn()).unwrap().get(&MessageState::Unmatched), Some(&1));
    }
}
