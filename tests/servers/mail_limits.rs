//! What one peer may take of the house: size, number, time.

use std::io::Write;
use std::time::{Duration, Instant};

use askance::mail::listener::{Admission, Limits, Protocol};
use askance::mail::lmtp;

use super::mail_in::{Letterbox, Peer, quick};

#[test]
fn what_is_too_large_is_told_so_before_or_after() {
    let limits = Limits { message: 10_000, ..quick() };
    let letterbox = Letterbox::open(Protocol::Lmtp, limits);
    let mut peer = Peer::meet(letterbox.addr);
    assert!(peer.greet().iter().any(|offer| offer == "250-SIZE 10000"));
    assert!(peer.ask("MAIL FROM:<a@x.example> SIZE=10001").starts_with("552 5.3.4"));
    assert!(peer.ask("MAIL FROM:<a@x.example> SIZE=10000").starts_with("250 "));
    peer.ask("RCPT TO:<a@x.example>");
    peer.ask("RCPT TO:<b@x.example>");
    peer.data(format!("{}\r\n.\r\n", "x".repeat(9_999)));
    assert!(peer.hear().starts_with("552 5.3.4"));
    assert!(peer.hear().starts_with("552 5.3.4"));
    assert!(letterbox.mails().is_empty());
    assert!(peer.ask("MAIL FROM:<a@x.example>").starts_with("250 "), "the rest was drained");
    peer.ask("RCPT TO:<a@x.example>");
    peer.data(format!("{}\r\n.\r\n", "x".repeat(9_998)));
    assert!(peer.hear().starts_with("250 "));
    assert_eq!(letterbox.mails()[0].len(), 10_000);
}

#[test]
fn when_memory_is_used_up_mail_is_to_come_later() {
    let limits = Limits { memory: 300_000, message: 1 << 20, ..quick() };
    let letterbox = Letterbox::open(Protocol::Lmtp, limits);
    let mut first = Peer::begin(letterbox.addr, &["a@x.example"]);
    first.data("x".repeat(150_000));
    // The server may not have read yet, or not have let go of, what the first sent: so more than once, in one session.
    let mut second = Peer::begin(letterbox.addr, &["a@x.example"]);
    let mut hears = |octets: usize, wanted: &str| {
        (0..100).any(|_| {
            second.data(format!("{}\r\n.\r\n", "y".repeat(octets)));
            let heard = second.hear();
            assert!(second.ask("MAIL FROM:<>").starts_with("250 "));
            second.ask("RCPT TO:<a@x.example>");
            std::thread::sleep(Duration::from_millis(20));
            heard.starts_with(wanted)
        })
    };
    assert!(hears(290_000, "452 4.3.1"));
    first.say("\r\n.\r\n");
    assert!(first.hear().starts_with("250 "));
    assert!(hears(250_000, "250 "), "there is room again");
}

/// Peers of several networks: loopback has many addresses.
fn from(network: u8, letterbox: &Letterbox) -> Peer {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let own = std::net::SocketAddr::from(([127, 0, 0, network], 0));
    socket.bind(&own.into()).unwrap();
    socket.connect(&letterbox.addr.into()).unwrap();
    Peer::over(socket.into())
}

#[test]
fn r16_whoever_holds_memory_and_says_no_more_keeps_no_mail_of_others_out() {
    let limits = Limits { memory: 3 << 20, message: 1 << 20, ..Limits::of_the_open_net() };
    let letterbox = Letterbox::open(Protocol::Smtp, limits);
    let begun = |network: u8| {
        let mut peer = from(network, &letterbox);
        assert!(peer.hear().starts_with("220 "));
        for line in ["HELO x", "MAIL FROM:<a@x.example>", "RCPT TO:<b@x.example>"] {
            assert!(peer.ask(line).starts_with("250 "));
        }
        peer
    };
    // Three sessions of one stranger, and one of another, fill the room and fall silent.
    let mut silent: Vec<Peer> = [2, 2, 2, 3].map(begun).into();
    for peer in &mut silent {
        peer.data("x".repeat(1_000_000));
    }
    std::thread::sleep(Duration::from_millis(300));
    // Each mail of a third comes through at once, small or large.
    for size in [10_usize, 70_000, 900_000] {
        let mut peer = begun(4);
        peer.data(format!("{}\r\n.\r\n", "y".repeat(size)));
        assert_eq!(peer.hear(), "250 2.0.0 safe", "{size} octets");
    }
    // Who had to give way hears it, and nothing of theirs was taken.
    for peer in &mut silent {
        peer.say("\r\n.\r\n");
    }
    let heard: Vec<String> = silent.iter_mut().map(Peer::hear).collect();
    assert!(heard.iter().any(|said| said == "452 4.3.1 no room at the moment"), "{heard:?}");
    let safe = heard.iter().filter(|said| said.starts_with("250 ")).count();
    assert_eq!(letterbox.mails().len(), 3 + safe);
}

#[test]
fn r16_whoever_drips_is_left_and_what_is_for_everybody_is_short() {
    let limits = Limits { idle: Duration::from_secs(1), short: 1_000, ..Limits::of_the_open_net() };
    let letterbox = Letterbox::guarded(Protocol::Smtp, limits, |_, to| match to {
        "postmaster" => Admission::Briefly,
        _ => Admission::Welcome,
    });
    let begun = |to: &[&str]| {
        let mut peer = Peer::meet(letterbox.addr);
        peer.ask("HELO x");
        peer.ask("MAIL FROM:<a@x.example>");
        for to in to {
            assert_eq!(peer.ask(&format!("RCPT TO:<{to}>")), "250 2.1.5 go on");
        }
        peer
    };
    let long = format!("{}\r\n.\r\n", "z".repeat(2_000));
    let heard = [&["postmaster"][..], &["postmaster", "a@x.example"], &["a@x.example"]].map(|to| {
        let mut peer = begun(to);
        peer.data(&long);
        peer.hear()[..3].to_owned()
    });
    assert_eq!(heard, ["552", "250", "250"]);
    let mut peer = begun(&["a@x.example"]);
    peer.data("x");
    let late = (0..60).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        std::io::Write::write_all(peer.wire.get_mut(), b"x").is_err()
    });
    assert!(late || peer.hear() == "421 4.4.2 too slow");
}

#[test]
fn fifty_megabytes_arrive_whole() {
    let letterbox = Letterbox::open(Protocol::Lmtp, quick());
    let line: Vec<u8> = [&[b'A'; 76][..], b"\r\n"].concat();
    let message = line.repeat((50 << 20) / line.len());
    let started = Instant::now();
    let replies = lmtp::deliver(letterbox.addr, "a@x.example", &["b@x.example"], &message).unwrap();
    assert_eq!(replies, ["250 2.0.0 safe"]);
    assert!(letterbox.mails()[0] == message);
    assert!(started.elapsed() < Duration::from_secs(15), "took {:?}", started.elapsed());
}

#[test]
fn twenty_at_once_and_the_next_is_asked_to_come_back() {
    let letterbox = Letterbox::open(Protocol::Lmtp, Limits { connections: 20, ..quick() });
    let peers: Vec<Peer> = (0..20).map(|_| Peer::begin(letterbox.addr, &["a@x.example"])).collect();
    assert!(Peer::knock(letterbox.addr).hear().starts_with("421 4.3.2 too many"));
    std::thread::scope(|scope| {
        for (number, mut peer) in peers.into_iter().enumerate() {
            scope.spawn(move || {
                peer.data(format!("mail {number}\r\n.\r\n"));
                assert_eq!(peer.hear(), "250 2.0.0 safe");
                assert_eq!(peer.ask("QUIT"), "221 2.0.0 bye");
            });
        }
    });
    let mut mails = letterbox.mails();
    mails.sort();
    mails.dedup();
    assert_eq!(mails.len(), 20);
}

#[test]
fn too_long_unended_or_too_many_lines_are_not_borne() {
    let letterbox = Letterbox::open(Protocol::Lmtp, Limits { errors: 5, commands: 50, ..quick() });
    let mut peer = Peer::meet(letterbox.addr);
    assert_eq!(peer.ask(&"N".repeat(2_047)), "500 5.5.2 line too long");
    assert_eq!(peer.ask(&format!("NOOP{}", "\u{20}x".repeat(1_000))), "250 2.0.0 fine");
    peer.say("NOOP\nNOOP\r\n");
    assert!(peer.hear().starts_with("500 5.5.2"), "a bare LF ends no command");
    assert_eq!(peer.hear(), "250 2.0.0 fine");
    peer.say(b"NOOP \xff\r\n");
    assert!(peer.hear().starts_with("500 5.5.2"));
    peer.say("NO\rOP\r\n");
    assert!(peer.hear().starts_with("500 5.5.2"));
    peer.ask("WHAT");
    assert!(peer.ask("WHAT").starts_with("421 4.7.0"));
    assert!(peer.hung_up());

    let mut peer = Peer::meet(letterbox.addr);
    let last = (0..51).map(|_| peer.ask("NOOP")).last().unwrap();
    assert!(last.starts_with("421 4.7.0"), "{last}");
}

#[test]
fn silent_and_endless_peers_are_left() {
    let limits = Limits { idle: Duration::from_millis(300), session: Duration::from_millis(900), ..quick() };
    let letterbox = Letterbox::open(Protocol::Lmtp, limits);
    let started = Instant::now();
    let mut silent = Peer::meet(letterbox.addr);
    let mut dripping = Peer::begin(letterbox.addr, &["a@x.example"]);
    dripping.data("x");
    assert_eq!(silent.hear(), "421 4.4.2 too slow");
    assert!(silent.hung_up());
    while dripping.wire.get_mut().write_all(b"x").is_ok() && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(started.elapsed() < Duration::from_secs(5), "an octet now and then held us");
    assert!(letterbox.mails().is_empty());
}
