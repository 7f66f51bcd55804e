//! The door for strangers: SMTP from the open net, who is let in, and what a guess at a reply address is told.

use super::mail_in::{Letterbox, Peer, quick};
use crate::support::house::{Group, Program, asked, until};
use crate::support::mail::Reply;
use crate::support::{Backend, Site, stories};
use askance::clock::Clock;
use askance::mail::listener::{Admission, Limits, Protocol};
use askance::service::Context;
use askance::service::admission::{GUESSES_OF_ALL, GUESSES_OF_ONE, Gatekeeper};
use askance::store::requests::RequestRow;
use askance::store::schema::{arrivals, messages};
use askance::store::types::{MessageState, Role};
use diesel::prelude::*;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

const OURS: &str = "post.askance.example";

fn request(site: &Site) -> RequestRow {
    let person = site.person("Mara Varga", Role::Activist);
    site.sends(person, site.city())
}

/// A peer that greeted in SMTP and began a mail.
fn stranger(program: &Program) -> Peer {
    let mut peer = Peer::meet(program.smtp);
    let mut offers = vec![peer.ask("EHLO mx.brandau.example")];
    while offers.last().unwrap().starts_with("250-") {
        offers.push(peer.hear());
    }
    for never in ["CHUNKING", "STARTTLS", "XFORWARD", "AUTH"] {
        assert!(!offers.iter().any(|offer| offer.contains(never)), "{offers:?}");
    }
    assert_eq!(peer.ask("MAIL FROM:<poststelle@brandau.example>"), "250 2.1.0 go on");
    peer
}

fn sends(program: &Program, raw: &[u8], recipients: &[&str]) -> Vec<String> {
    let mut peer = stranger(program);
    let mut said: Vec<String> = recipients.iter().map(|to| peer.ask(&format!("RCPT TO:<{to}>"))).collect();
    if said.iter().any(|reply| reply.starts_with("250 ")) {
        peer.data([raw, b".\r\n"].concat());
        said.push(peer.hear());
    }
    said
}

/// The running program, with its doors open.
fn opened(program: &Program) -> Group {
    let group = program.opens(&["--only", "worker"]);
    until("strangers are let in", Duration::from_secs(60), || {
        std::net::TcpStream::connect(program.smtp).ok()
    });
    group
}

/// All messages, once all are read: filed under, state.
fn placed(site: &Site, count: usize) -> Vec<(Option<i64>, MessageState)> {
    until("all is read", Duration::from_secs(60), || {
        let rows: Vec<(Option<i64>, MessageState)> = messages::table
            .order(messages::id.asc())
            .select((messages::request_id, messages::state))
            .load(&mut *site.conn())
            .ok()?;
        (rows.len() == count && rows.iter().all(|row| row.1 != MessageState::Received)).then_some(rows)
    })
}

stories! {
    fn r16_mail_by_smtp_is_kept_whoever_it_is_for(site: &mut Site) {
        let request = request(site);
        let program = Program::over(site);
        let service = opened(&program);
        let to = request.reply_address.as_str();
        let wrong = format!("r-{}-aaaaaaaaaaaaaaaaaaaa@{OURS}", request.reference);
        let plus = to.replace('@', "+copy@");
        let letter = |id: &str| Reply::to(&request, "brandau.example").with_id(id).saying(&format!("Stand {id}."));
        let none = "undisclosed-recipients:;";
        let mails = [
            (letter("right").raw(), to.to_owned()),
            (letter("upper").addressed(none).raw(), to.to_uppercase()),
            (letter("bcc").addressed(none).raw(), to.to_owned()),
            (letter("plus").addressed(none).raw(), plus),
            (letter("spam").with("X-Spam-Flag: YES").raw(), to.to_owned()),
            (letter("wrong").about("Hallo").addressed(&wrong).from("x@elsewhere.example").raw(), wrong.clone()),
            (letter("info").about("Hallo").addressed(none).from("x@elsewhere.example").raw(), format!("info@{OURS}")),
        ];
        for (raw, recipient) in &mails {
            assert_eq!(sends(&program, raw, &[recipient]), ["250 2.1.5 go on", "250 2.0.0 safe"], "{recipient}");
        }
        let placed = placed(site, mails.len());
        let filed = |at: usize| placed[at].0 == Some(request.id);
        assert!((0..5).all(filed), "{placed:?}");
        assert!(placed[5..].iter().all(|row| row.0.is_none()), "{placed:?}");
        // By whom each was handed over is kept: SPF needs it.
        let handed: Vec<(Option<String>, Option<String>, Option<String>)> = arrivals::table
            .select((arrivals::sender, arrivals::peer, arrivals::greeted_as))
            .distinct()
            .load(&mut *site.conn())
            .unwrap();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(handed, [(some("poststelle@brandau.example"), some("127.0.0.1"), some("mx.brandau.example"))]);
        // Nothing is passed on to other houses.
        let told = sends(&program, b"x\r\n", &["someone@elsewhere.example", "a%b.example@c.example", &format!("x@not{OURS}")]);
        assert!(told.iter().all(|reply| reply.starts_with("550 5.7.1 ")), "{told:?}");
        drop(service);
    }

    fn r16_where_it_is_asked_for_the_unknown_are_refused_at_rcpt_and_nobody_else(site: &mut Site) {
        let request = request(site);
        let program = Program::over(site).with("ASKANCE_UNKNOWN_RECIPIENTS", "refuse");
        let _service = opened(&program);
        let raw = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.").raw();
        let wrong = format!("r-{}-aaaaaaaaaaaaaaaaaaaa@{OURS}", request.reference);
        let to = request.reply_address.to_uppercase();
        let told = sends(&program, &raw, &[&wrong, &format!("info@{OURS}"), &to]);
        assert!(told[..2].iter().all(|reply| reply.starts_with("550 5.1.1 ")), "{told:?}");
        assert_eq!(told[2..], ["250 2.1.5 go on", "250 2.0.0 safe"]);
        for always in ["postmaster", &format!("Postmaster@{OURS}"), &format!("ABUSE@{OURS}")] {
            let raw = Reply::to(&request, "elsewhere.example").with_id(always).about(always).addressed("x@x.example").raw();
            assert_eq!(sends(&program, &raw, &[always])[0], "250 2.1.5 go on", "{always}");
        }
        assert_eq!(placed(site, 4)[0].0, Some(request.id));
        // RCPT was refused, DATA is pipelined all the same: nothing of the mail is taken for a command.
        let mut peer = stranger(&program);
        peer.say(format!("RCPT TO:<{wrong}>\r\nDATA\r\nQUIT\r\n"));
        assert_eq!([&peer.hear()[..3], &peer.hear()[..3], &peer.hear()[..3]], ["550", "503", "221"]);
    }

    fn r15_guesses_at_the_edge_hit_nothing_and_end_soon(site: &mut Site) {
        let request = request(site);
        let mut ctx = Context { ..Arc::into_inner(clone_of(site)).unwrap() };
        ctx.config.mail.refuses_unknown = true;
        let gate = Gatekeeper::new(&Arc::new(ctx), &site.db);
        let peer = |n: u32| Some(IpAddr::V4(n.into()));
        let guess = |n: u64| {
            let letters: String = (0..20).map(|at| char::from(b'a' + u8::try_from((n.wrapping_mul(6_364_136_223_846_793_005).rotate_left(3 * at)) % 26).unwrap())).collect();
            format!("r-{}-{letters}@{OURS}", request.reference)
        };
        let right = request.reply_address.as_str();
        assert_eq!(gate.admits(peer(1), right), Admission::Welcome);
        // One peer is told twenty times that it is wrong; then it is told nothing, of the right address neither.
        for n in 0..u64::from(GUESSES_OF_ONE) {
            assert_eq!(gate.admits(peer(1), &guess(n)), Admission::Nobody);
        }
        assert_eq!(gate.admits(peer(1), &guess(99)), Admission::Welcome);
        assert_eq!(gate.admits(peer(1), right), Admission::Welcome);
        assert_eq!((gate.admits(peer(2), right), gate.admits(peer(1), "postmaster")), (Admission::Welcome, Admission::Briefly));
        // Many peers together learn a thousand times what is wrong, and then nothing: right and wrong sound alike.
        let n = asked("ASKANCE_GUESSES", 3_000);
        let heard: Vec<Admission> = (100..100 + n).map(|n| gate.admits(peer(u32::try_from(n).unwrap()), &guess(n))).collect();
        let told = heard.iter().filter(|said| **said == Admission::Nobody).count();
        assert_eq!(told, usize::try_from(GUESSES_OF_ALL - GUESSES_OF_ONE).unwrap());
        assert!(heard[told..].iter().all(|said| *said == Admission::Welcome));
        // An hour later the count begins anew.
        ctx_clock(site).set(site.now() + chrono::TimeDelta::minutes(61));
        assert_eq!((gate.admits(peer(1), right), gate.admits(peer(1), &guess(7))), (Admission::Welcome, Admission::Nobody));
        // 20 letters of 32 are 100 bits, drawn by the system; 10^6 guesses hit one of 10^4 requests once in 10^20 times.
        let token = right.split('@').next().unwrap().rsplit('-').next().unwrap();
        assert!(token.len() == 20 && 2_f64.powi(100) / (1e6 * 1e4) > 1e20);
        println!("r15 guesses {n} hits 0 told wrong {told}");
    }
}

fn clone_of(site: &Site) -> Arc<Context> {
    let config = site.ctx.config.clone();
    Arc::new(Context {
        clock: site.ctx.clock.clone(),
        library: Arc::clone(&site.ctx.library),
        blobs: site.ctx.blobs.clone(),
        days_off: askance::service::days_off::Calendars::default(),
        pulse: askance::service::health::Pulse::default(),
        config,
    })
}

fn ctx_clock(site: &Site) -> &Clock {
    &site.ctx.clock
}

#[test]
fn r15_peer_that_guesses_at_the_socket_learns_no_more_and_loses_no_mail() {
    let site = Site::new(Backend::Sqlite);
    let request = request(&site);
    let program = Program::over(&site).with("ASKANCE_UNKNOWN_RECIPIENTS", "refuse");
    let _service = opened(&program);
    let (mut told, mut last) = (0, String::new());
    // A session ends after ten errors; the count of the peer goes on.
    for session in 0..4 {
        let mut peer = stranger(&program);
        for n in 0..20 {
            let letter = char::from(b'a' + n);
            last =
                peer.ask(&format!("RCPT TO:<r-2026-000{session}-{}@{OURS}>", letter.to_string().repeat(20)));
            if !last.starts_with("550 ") {
                break;
            }
            told += 1;
        }
    }
    // What ended a session by its errors counted as well; the rest is taken, and tells nothing.
    assert!((15..=20).contains(&told), "{told}");
    assert_eq!(last, "250 2.1.5 go on");
    // Somebody behind the same server writes to the right address: it comes to its request.
    let letter = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.").raw();
    let wrong = format!("r-{}-aaaaaaaaaaaaaaaaaaaa@{OURS}", request.reference);
    assert_eq!(sends(&program, &letter, &[&request.reply_address]).pop().unwrap(), "250 2.0.0 safe");
    let guess = Reply::to(&request, "elsewhere.example")
        .with_id("guess")
        .about("Hallo")
        .addressed(&wrong)
        .from("x@elsewhere.example");
    assert_eq!(sends(&program, &guess.raw(), &[&wrong]), ["250 2.1.5 go on", "250 2.0.0 safe"]);
    let placed: Vec<Option<i64>> = placed(&site, 2).into_iter().map(|row| row.0).collect();
    assert_eq!(placed, [Some(request.id), None]);
}

#[test]
fn refusal_needs_a_database_and_intake_does_not() {
    let site = Site::new(Backend::Sqlite);
    let to = request(&site).reply_address;
    let dead = askance::store::Db::open("postgres://askance@%2Fnowhere/none", 1);
    assert!(dead.is_err(), "a pool needs one connection to begin with");
    // All connections are on loan: nobody can look anything up.
    let held: Vec<_> = (0..4).map(|_| site.conn()).collect();
    for (refuses, said) in [(true, Admission::Later), (false, Admission::Welcome)] {
        let mut ctx = Arc::into_inner(clone_of(&site)).unwrap();
        ctx.config.mail.refuses_unknown = refuses;
        assert_eq!(Gatekeeper::new(&Arc::new(ctx), &site.db).admits(None, &to), said);
    }
    drop(held);
}

#[test]
fn one_peer_has_so_many_sessions_and_no_more() {
    let letterbox = Letterbox::open(Protocol::Smtp, Limits { per_peer: 3, ..quick() });
    let inside: Vec<Peer> = (0..3).map(|_| Peer::meet(letterbox.addr)).collect();
    assert!(Peer::knock(letterbox.addr).hear().starts_with("421 4.3.2 too many"));
    drop(inside);
    until("there is room again", Duration::from_secs(10), || {
        Peer::knock(letterbox.addr).hear().starts_with("220 ").then_some(())
    });
}

#[test]
fn in_smtp_too_only_crlf_dot_crlf_ends_a_mail_and_lines_end_with_crlf() {
    let letterbox = Letterbox::open(Protocol::Smtp, quick());
    let smuggled = "MAIL FROM:<evil@evil.example>\r\nRCPT TO:<victim@x.example>\r\nDATA\r\nevil\r\n";
    let ends = [
        "\n.\n",
        "\n.\r\n",
        "\r.\r",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\n\n.\r\n",
        "\r\n.\r\r\n",
        "\r\n.\0\r\n",
        "\r\n\0.\r\n",
    ];
    for end in ends {
        let mut peer = Peer::meet(letterbox.addr);
        peer.say("HELO p\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n");
        assert!([250, 250, 250, 354].iter().all(|code| peer.hear().starts_with(&code.to_string())));
        peer.say(format!("before{end}{smuggled}.\r\n"));
        assert_eq!(
            (peer.hear().as_str(), peer.ask("NOOP").as_str()),
            ("250 2.0.0 safe", "250 2.0.0 fine"),
            "{end:?}"
        );
    }
    assert_eq!(letterbox.mails().len(), ends.len(), "one mail each");
    // Commands: a bare LF or CR ends none and hides none; what is not offered injects nothing.
    let mut peer = Peer::meet(letterbox.addr);
    peer.say("EHLO p\nMAIL FROM:<a@x.example>\r\nMAIL FROM:<a@x.example>\rRCPT TO:<b@x.example>\r\n");
    let codes: Vec<String> = (0..3).map(|_| peer.hear()[..3].to_owned()).collect();
    assert_eq!(codes, ["500", "503", "500"], "the greeting was refused, so no mail is begun");
    peer.say("STARTTLS\r\nBDAT 5 LAST\r\nXFORWARD ADDR=192.0.2.1\r\nDATA\r\nNOOP\r\n");
    let codes: Vec<String> = (0..5).map(|_| peer.hear()[..3].to_owned()).collect();
    assert_eq!(codes, ["502", "502", "502", "503", "250"]);
    assert_eq!(letterbox.mails().len(), ends.len());
}

#[test]
fn what_postfix_says_of_its_peer_is_kept_for_the_next_mail_only() {
    let letterbox = Letterbox::open(Protocol::Lmtp, quick());
    let mut peer = Peer::meet(letterbox.addr);
    assert!(peer.greet().iter().any(|offer| offer == "250-XFORWARD NAME ADDR HELO"));
    assert!(peer.ask("XFORWARD NAME=mx.stadt.example ADDR=192.0.2.7").starts_with("250 "));
    assert!(peer.ask("XFORWARD HELO=mx.stadt.example").starts_with("250 "));
    assert!(peer.ask("XFORWARD LOGIN=root").starts_with("501 "));
    assert!(peer.ask("XFORWARD ADDR=192.0.2.7 HELO=mx.stadt.example").starts_with("250 "));
    for _ in 0..2 {
        assert!(peer.ask("MAIL FROM:<>").starts_with("250 "));
        assert!(peer.ask("XFORWARD ADDR=192.0.2.8").starts_with("503 "));
        peer.ask("RCPT TO:<a@x.example>");
        peer.data("x\r\n.\r\n");
        assert!(peer.hear().starts_with("250 "));
    }
    let taken = letterbox.taken.lock().unwrap();
    let first = taken[0].0.forwarded.clone().unwrap();
    assert_eq!(first.address, Some("192.0.2.7".parse().unwrap()));
    assert_eq!((first.greeted_as.as_deref(), &taken[1].0.forwarded), (Some("mx.stadt.example"), &None));
}
