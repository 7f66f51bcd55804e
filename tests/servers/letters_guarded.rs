//! Letters to servers that say too much, too early, too slowly or nothing: byte by byte, on raw sockets.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use askance::mail::compose::{Composed, compose};
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::{Dispatch, Transport};

use super::letters_out::{guarded_transport, letter, send, send_marking, transport};
use super::smtp_sink::{Act, Script, SmtpSink, Stage};

/// A server for one client that does what the function says.
fn server<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // What it does not read fills its buffer soon.
    socket2::SockRef::from(&listener).set_recv_buffer_size(16_384).unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        let client = listener.accept().unwrap().0;
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        serve(client)
    });
    (address, served)
}

fn to(scheme: &str, address: SocketAddr) -> Transport {
    let server = SmtpServer::from_url(&format!("{scheme}{address}")).unwrap();
    Transport::Smtp(server.with_timeout(Duration::from_millis(600)).trusting(SmtpSink::trusted()))
}

/// Reads on until what was read ends so, or until the client has left.
fn hear(client: &mut TcpStream, heard: &mut Vec<u8>, end: &[u8]) -> io::Result<()> {
    let mut octet = [0];
    while client.read(&mut octet)? > 0 {
        heard.push(octet[0]);
        if heard.ends_with(end) {
            return Ok(());
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Says each reply, a greeting first, after the line that is expected to come before it; gives all that was heard.
fn dialogue(mut client: TcpStream, steps: &[(&str, &[u8])]) -> Vec<u8> {
    let mut heard = Vec::new();
    for (end, reply) in steps {
        if !end.is_empty() && hear(&mut client, &mut heard, end.as_bytes()).is_err() {
            return heard;
        }
        client.write_all(reply).unwrap();
    }
    // To the end; a client that resets has left as well.
    let _ = client.read_to_end(&mut heard);
    heard
}

/// Up to the reply to DATA.
const AS_FAR_AS_DATA: [(&str, &[u8]); 5] = [
    ("", b"220 raw.example\r\n"),
    ("\r\n", b"250-raw.example\r\n250-8BITMIME\r\n250 SIZE\r\n"),
    ("\r\n", b"250 2.1.0 ok\r\n"),
    ("\r\n", b"250 2.1.5 ok\r\n"),
    ("DATA\r\n", b"354 go on\r\n"),
];

fn with_end(reply: &'static [u8]) -> Vec<(&'static str, &'static [u8])> {
    AS_FAR_AS_DATA.into_iter().chain([("\r\n.\r\n", reply)]).collect()
}

#[test]
fn what_goes_over_the_wire_is_the_dialogue_and_the_stored_bytes() {
    let stored = "Subject: x\r\n\r\n.\r\n..\r\n.QUIT\r\nüber\r\n\r\n.\r\n";
    for (stored, on_the_wire) in [
        (stored, "Subject: x\r\n\r\n..\r\n...\r\n..QUIT\r\nüber\r\n\r\n..\r\n"),
        ("S: x\r\n\r\nö\r\n", "S: x\r\n\r\nö\r\n"),
        ("S: x\r\n\r\nö", "S: x\r\n\r\nö\r\n"),
        ("S: x\r\n\r\nö\r\n\r\n\r\n", "S: x\r\n\r\nö\r\n\r\n\r\n"),
        (".ö\r\n", "..ö\r\n"),
    ] {
        let (address, served) = server(|client| dialogue(client, &with_end(b"250 2.0.0 A1\r\n")));
        let dispatch = to("smtp://", address).send(
            "r@askance.example",
            "a@b.example",
            stored.as_bytes(),
            &mut || Ok(()),
        );
        assert_eq!(dispatch, Dispatch::Accepted { reply: "250 2.0.0 A1".to_owned() });
        let said = format!(
            "EHLO askance.example\r\nMAIL FROM:<r@askance.example> SIZE={} BODY=8BITMIME\r\n\
             RCPT TO:<a@b.example>\r\nDATA\r\n{on_the_wire}.\r\nQUIT\r\n",
            stored.len()
        );
        assert_eq!(String::from_utf8(served.join().unwrap()).unwrap(), said);
    }
}

#[test]
fn letter_that_cannot_be_marked_is_dropped_without_a_word() {
    let (address, served) = server(|client| dialogue(client, &AS_FAR_AS_DATA));
    let dispatch = to("smtp://", address)
        .send("r@askance.example", "a@b.example", b"S: x\r\n", &mut || Err("no".into()));
    assert!(matches!(dispatch, Dispatch::Deferred { .. }), "{dispatch:?}");
    let heard = String::from_utf8(served.join().unwrap()).unwrap();
    assert!(heard.ends_with("DATA\r\n"), "no QUIT where the body is expected: {heard:?}");
}

#[test]
fn replies_as_servers_of_every_vintage_write_them() {
    let long = format!("250 2.0.0 {}\r\n", "x".repeat(1_800));
    let cases: [(&[u8], &str); 6] = [
        (b"250\r\n", "250"),
        (b"250 2.0.0 angenommen f\xfcr Z\xfcrich\r\n", "250 2.0.0 angenommen f\u{fffd}r Z\u{fffd}rich"),
        (b"250 2.0.0 line feed alone\n", "250 2.0.0 line feed alone"),
        (b"250 2.0.0 bell\x07 and\x1b[31m red\r\n", "250 2.0.0 bell and[31m red"),
        (b"250-2.0.0 first\r\n250-\r\n250 2.0.0 last\r\n", "250-2.0.0 first\n250-\n250 2.0.0 last"),
        (Box::leak(long.clone().into_bytes().into_boxed_slice()), long.trim_end()),
    ];
    for (said, kept) in cases {
        let (address, served) = server(|client| dialogue(client, &with_end(said)));
        let dispatch = send(&to("smtp://", address), &compose(&letter()).unwrap());
        assert_eq!(dispatch, Dispatch::Accepted { reply: kept.to_owned() });
        served.join().unwrap();
    }
}

#[test]
fn endless_replies_are_left_long_before_the_deadline() {
    let composed = compose(&letter()).unwrap();
    for text in ["250-2.0.0 and there is more\r\n", "250 2.0.0 and so on "] {
        for stage in [Stage::Connect, Stage::Ehlo, Stage::Rcpt, Stage::EndOfData] {
            let sink = SmtpSink::start(Script::friendly().with_tls().at(stage, Act::Endless(text)));
            let url = format!("smtp+starttls://localhost:{}", sink.addr.port());
            let server = SmtpServer::from_url(&url).unwrap().trusting(SmtpSink::trusted());
            let started = Instant::now();
            let dispatch = send(&Transport::Smtp(server), &composed);
            let (Dispatch::Deferred { reason, .. } | Dispatch::Unknown { reason }) = dispatch else {
                panic!("{stage:?}: {dispatch:?}")
            };
            assert!(reason.contains("found a longer one"), "{stage:?}: {reason}");
            assert!(started.elapsed() < Duration::from_secs(20), "{stage:?}: five minutes are allowed");
        }
    }
}

/// In the clear and in TLS: a reply too many answers nothing, and the letter stays here.
#[test]
fn reply_that_was_not_asked_for_is_never_taken_for_another() {
    let composed = compose(&letter()).unwrap();
    for (stage, said) in [
        (Stage::Connect, "220 sink\r\n250 early"),
        (Stage::Ehlo, "250 sink\r\n250 early"),
        (Stage::Ehlo, "250-sink\r\n250 AUTH PLAIN\r\n250-ear"),
        (Stage::StartTls, "220 go\r\n250 early"),
        (Stage::Auth, "235 2.7.0 welcome\r\n250 early"),
        (Stage::Mail, "250 2.1.0 ok\r\n250 early"),
        (Stage::Rcpt, "250 2.1.5 ok\r\n354 early\r\n250 earlier"),
        (Stage::Rcpt, "250 2.1.5 ok\r\n5"),
        (Stage::Data, "354 go on\r\n250 2.0.0 early"),
        (Stage::Data, "250 2.0.0 at once"),
    ] {
        let plain = SmtpSink::start(Script::friendly().at(stage, Act::say(said)));
        let encrypted = SmtpSink::start(Script::friendly().with_tls().at(stage, Act::say(said)));
        let mut ways = vec![(guarded_transport(&encrypted), &encrypted)];
        if !matches!(stage, Stage::StartTls | Stage::Auth) {
            ways.push((transport(&plain), &plain));
        }
        for (transport, sink) in ways {
            let (dispatch, marks) = send_marking(&transport, &composed);
            assert!(matches!(&dispatch, Dispatch::Deferred { .. }), "{stage:?}: {dispatch:?}");
            if said != "250 2.0.0 at once" {
                let shown = format!("{dispatch:?}");
                assert!(shown.contains("out of turn"), "{stage:?}: {shown}");
            }
            assert_eq!((marks, sink.letters().len()), (0, 0), "{stage:?}");
        }
    }
}

#[test]
fn what_is_injected_before_the_handshake_is_not_read_as_a_reply() {
    let composed = compose(&letter()).unwrap();
    let (said, later) = ("220 go", "250-sink\r\n250-SIZE\r\n250 AUTH PLAIN\r\n235 welcome");
    for act in [
        Act::say(&format!("{said}\r\n{later}")),
        Act::Twice(said, Duration::from_millis(50), later),
        Act::Twice(said, Duration::ZERO, later),
    ] {
        let sink = SmtpSink::start(Script::friendly().with_tls().at(Stage::StartTls, act));
        let (dispatch, marks) = send_marking(&guarded_transport(&sink), &composed);
        assert!(matches!(&dispatch, Dispatch::Deferred { .. }), "{dispatch:?}");
        assert_eq!(marks, 0);
        assert_eq!(sink.commands().len(), 2, "EHLO and STARTTLS only: {:?}", sink.commands());
    }
}

#[test]
fn reply_before_the_letter_was_written_does_not_make_it_accepted() {
    let composed = compose(&letter()).unwrap();
    for (early, fate) in [
        ("250 2.0.0 taken", "Unknown"),
        ("250-2.0.0 taken", "Unknown"),
        ("451 4.3.0 not now", "Deferred"),
        ("421 4.3.2 closing", "Deferred"),
        ("554 5.0.0 never", "Refused"),
    ] {
        let act = Act::Twice("354 go on", Duration::from_millis(60), early);
        for tls in [false, true] {
            let script = Script::friendly().at(Stage::Data, act.clone());
            let sink = SmtpSink::start(if tls { script.with_tls() } else { script });
            let transport = if tls { guarded_transport(&sink) } else { transport(&sink) };
            let dispatch =
                transport.send(&composed.envelope_from, &composed.envelope_to, &composed.bytes, &mut || {
                    std::thread::sleep(Duration::from_millis(250));
                    Ok(())
                });
            assert!(format!("{dispatch:?}").starts_with(fate), "{early}: {dispatch:?}");
            assert_eq!(sink.body_octets(), 0, "{early}: it had spoken, so nothing was sent");
        }
    }
}

#[test]
fn second_last_reply_makes_the_first_doubtful_unless_it_is_a_farewell() {
    for (said, fate) in [
        ("250 2.0.0 taken\r\n554 5.0.0 no, never", "Unknown"),
        ("250 2.0.0 taken\r\n250 2.0.0 taken", "Unknown"),
        ("250 2.0.0 taken\r\n421 4.3.2 closing", "Accepted { reply: \"250 2.0.0 taken\" }"),
        ("354 go on and on", "Unknown"),
    ] {
        let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, Act::say(said)));
        let dispatch = send(&transport(&sink), &compose(&letter()).unwrap());
        assert!(format!("{dispatch:?}").starts_with(fate), "{said}: {dispatch:?}");
    }
}

/// Too long for the buffers of a loopback connection.
fn long_letter() -> Composed {
    let line = "Sehr geehrte Damen und Herren, das ist eine lange Geschichte.\r\n";
    let bytes = format!("Subject: x\r\n\r\n{}", line.repeat(100_000)).into_bytes();
    Composed { bytes, ..compose(&letter()).unwrap() }
}

#[test]
fn refusal_in_the_midst_of_the_body_is_heard() {
    let composed = long_letter();
    std::thread::scope(|scope| {
        for (said, stays, fate) in [
            ("552 5.3.4 too long for us\r\n", true, "Refused { reply: \"552 5.3.4 too long for us\""),
            ("552 5.3.4 too long for us\r\n", false, "Refused { reply: \"552 5.3.4 too long for us\""),
            ("452 4.3.1 full\r\n", true, "Deferred"),
            ("452 4.3.1 full\r\n", false, "Deferred"),
            ("250 2.0.0 enough\r\n", true, "Unknown"),
            ("552 5.3.4 too lo", false, "Unknown"),
            ("", false, "Unknown"),
            ("", true, "Unknown"),
        ] {
            let composed = &composed;
            scope.spawn(move || {
                let (address, _served) = server(move |client| refuse_midway(client, said, stays));
                let started = Instant::now();
                let (dispatch, marks) = send_marking(&to("smtp://", address), composed);
                assert!(format!("{dispatch:?}").starts_with(fate), "{said}, {stays}: {dispatch:?}");
                assert_eq!(marks, 1);
                // 600 ms for the body and twice as much for the last reply.
                assert!(started.elapsed() < Duration::from_secs(15), "{said}, {stays} held us");
            });
        }
    });
}

/// Says this after the first octets of the letter, and reads no more.
fn refuse_midway(mut client: TcpStream, said: &str, stays: bool) {
    asked_for_the_letter(&mut client);
    client.read_exact(&mut [0; 10_000]).unwrap();
    client.write_all(said.as_bytes()).unwrap();
    if stays {
        std::thread::sleep(Duration::from_secs(15));
    } else {
        client.shutdown(std::net::Shutdown::Write).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn asked_for_the_letter(client: &mut TcpStream) {
    let mut heard = Vec::new();
    for (end, reply) in AS_FAR_AS_DATA {
        if !end.is_empty() {
            hear(client, &mut heard, end.as_bytes()).unwrap();
        }
        client.write_all(reply).unwrap();
    }
}

#[test]
fn server_that_is_slow_to_read_or_to_shake_hands_is_left() {
    let (address, _served) = server(|mut client| {
        asked_for_the_letter(&mut client);
        let mut octets = [0; 10];
        while client.read(&mut octets).is_ok_and(|n| n > 0) {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let composed = long_letter();
    let started = Instant::now();
    let dispatch = send(&to("smtp://", address), &composed);
    assert!(matches!(dispatch, Dispatch::Unknown { .. }), "{dispatch:?}");
    assert!(started.elapsed() < Duration::from_secs(15), "at ten octets a time it would be an hour");

    let (address, handshake) = server(|mut client| {
        // After our hello, or it would be out of turn: the beginning of a long record, an octet at a time.
        client.read_exact(&mut [0; 16]).unwrap();
        let record = [[0x16, 3, 3, 0x3f, 0xff, 2, 0, 0x3f, 0xfb].as_slice(), &[3; 400]].concat();
        for octet in record {
            if client.write_all(&[octet]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let started = Instant::now();
    let dispatch = send(&to("smtps://", address), &compose(&letter()).unwrap());
    assert!(
        matches!(&dispatch, Dispatch::Deferred { reason, .. } if reason.contains("in time")),
        "{dispatch:?}"
    );
    assert!(started.elapsed() < Duration::from_secs(5));
    handshake.join().unwrap();
}

#[test]
fn tls_from_the_first_octet_with_the_right_certificate_only() {
    let sink = SmtpSink::start(Script::friendly().with_tls_at_once());
    let composed = compose(&letter()).unwrap();
    let at = |host: &str| {
        SmtpServer::from_url(&format!("smtps://desk:secret@{host}:{}", sink.addr.port())).unwrap()
    };
    let trusting = at("localhost").trusting(SmtpSink::trusted());
    assert_eq!(
        send(&Transport::Smtp(trusting), &composed),
        Dispatch::Accepted { reply: "250 2.0.0 taken as 1".to_owned() }
    );
    assert_eq!(sink.letters()[0].bytes, composed.bytes);
    let greeted = || sink.commands().iter().filter(|line| line.starts_with("EHLO")).count();
    assert_eq!(greeted(), 1);
    for server in [at("127.0.0.1").trusting(SmtpSink::trusted()), at("localhost")] {
        let (dispatch, marks) = send_marking(&Transport::Smtp(server), &composed);
        assert!(
            matches!(&dispatch, Dispatch::Deferred { reason, .. } if reason.contains("certificate")),
            "{dispatch:?}"
        );
        assert_eq!(marks, 0);
    }
    assert_eq!(greeted(), 1, "no word to a server we do not know");

    let plain = SmtpSink::start(Script::friendly());
    let dispatch = send(&to("smtps://", plain.addr), &composed);
    assert!(matches!(dispatch, Dispatch::Deferred { .. }), "{dispatch:?}");
    assert!(plain.commands().is_empty(), "{:?}", plain.commands());
}

#[test]
fn signs_in_with_login_where_that_is_all_there_is() {
    let steps: [(&str, &[u8]); 5] = [
        ("", b"220 raw.example\r\n"),
        ("\r\n", b"250-raw.example\r\n250 AUTH LOGIN\r\n"),
        ("\r\n", b"334 VXNlcm5hbWU6\r\n"),
        ("\r\n", b"334 UGFzc3dvcmQ6\r\n"),
        ("\r\n", b"535 5.7.8 no\r\n"),
    ];
    let (address, served) = server(move |client| dialogue(client, &steps));
    let (dispatch, marks) = send_marking(&to("smtp://desk:secret@", address), &compose(&letter()).unwrap());
    assert!(
        matches!(&dispatch, Dispatch::Deferred { reply: Some(reply), .. } if reply == "535 5.7.8 no"),
        "{dispatch:?}"
    );
    assert_eq!(marks, 0);
    let heard = String::from_utf8(served.join().unwrap()).unwrap();
    assert!(heard.contains("AUTH LOGIN\r\nZGVzaw==\r\nc2VjcmV0\r\n") && !heard.contains("MAIL"), "{heard}");
}

#[test]
fn refusal_is_kept_as_it_came_and_says_whether_it_is_about_the_address() {
    let composed = compose(&letter()).unwrap();
    for (stage, said, about) in [
        (Stage::Rcpt, "550 5.1.1 unknown here", true),
        (Stage::Rcpt, "550 no such user", true),
        (Stage::Rcpt, "550-5.1.1 unknown here\r\n550 5.1.1 see <https://mail.example/help>", true),
        (Stage::Rcpt, "553 5.1.7 bad sender", false),
        (Stage::Rcpt, "550 5.7.1 relaying denied", false),
        (Stage::Rcpt, "554 no", false),
        (Stage::Mail, "550 5.1.1 odd here", false),
        (Stage::EndOfData, "550 5.1.1 late", false),
    ] {
        let sink = SmtpSink::start(Script::friendly().at(stage, Act::say(said)));
        let dispatch = send(&transport(&sink), &composed);
        let refused = Dispatch::Refused { reply: said.replace("\r\n", "\n"), about_recipient: about };
        assert_eq!(dispatch, refused);
    }
    for code in [530, 534, 535, 538] {
        for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::EndOfData] {
            let sink =
                SmtpSink::start(Script::friendly().at(stage, Act::say(&format!("{code} 5.7.0 first"))));
            let dispatch = send(&transport(&sink), &composed);
            assert!(matches!(dispatch, Dispatch::Deferred { .. }), "{code} at {stage:?}: {dispatch:?}");
        }
    }
}

#[test]
fn address_that_is_none_and_letter_of_nothing_are_not_offered() {
    let sink = SmtpSink::start(Script::friendly());
    let (good, bytes) = ("a@b.example", &b"Subject: x\r\n"[..]);
    let long = format!("{}@b.example", "x".repeat(80));
    for (from, to, bytes) in [
        ("nobody", good, bytes),
        (good, "a@b@c", bytes),
        (good, "a@-.example", bytes),
        (good, "@b.example", bytes),
        (good, long.as_str(), bytes),
        (good, good, b""),
    ] {
        let dispatch = transport(&sink).send(from, to, bytes, &mut || panic!("nothing is to be marked"));
        assert!(
            matches!(&dispatch, Dispatch::Refused { reply, about_recipient: false } if reply.starts_with("not sent")),
            "{from} {to}: {dispatch:?}"
        );
    }
    assert!(sink.commands().is_empty());
}
