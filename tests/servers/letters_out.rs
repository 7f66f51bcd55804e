//! Letters on their way out: what the other side gets to see, and what we know afterwards.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use askance::mail::compose::{Composed, OutgoingLetter, compose, message_id};
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::{Dispatch, Transport};
use chrono::{TimeZone, Utc};
use mailparse::MailHeaderMap;

use super::smtp_sink::{Act, Script, SmtpSink, Stage};

pub fn letter() -> OutgoingLetter {
    OutgoingLetter {
        from_name: "Zoë Müller".to_owned(),
        reply_address: "r-7k2m9x4q@askance.example".to_owned(),
        to: "poststelle@polizei.example".to_owned(),
        subject: "Antrag nach dem Informationsfreiheitsgesetz: Gesichtserkennung".to_owned(),
        body: "Sehr geehrte Damen und Herren,\n\nich bitte um Auskunft.\n".to_owned(),
        message_id: message_id(&[7; 16], "askance.example"),
        date: Utc.with_ymd_and_hms(2026, 11, 22, 9, 30, 0).unwrap(),
        in_reply_to: None,
        references: Vec::new(),
    }
}

pub fn transport(sink: &SmtpSink) -> Transport {
    let server = SmtpServer::from_url(&sink.url()).unwrap();
    // Long, because a busy machine is no weather.
    Transport::Smtp(server.with_timeout(Duration::from_secs(3)))
}

/// Goes through STARTTLS and AUTH, so that every stage is met.
pub fn guarded_transport(sink: &SmtpSink) -> Transport {
    let url = format!("smtp+starttls://desk%40askance.example:p%C3%A4ss@localhost:{}", sink.addr.port());
    let server = SmtpServer::from_url(&url).unwrap();
    Transport::Smtp(server.with_timeout(Duration::from_secs(1)).trusting(SmtpSink::trusted()))
}

pub fn send(transport: &Transport, composed: &Composed) -> Dispatch {
    send_marking(transport, composed).0
}

pub fn send_marking(transport: &Transport, composed: &Composed) -> (Dispatch, usize) {
    let mut marks = 0;
    let dispatch =
        transport.send(&composed.envelope_from, &composed.envelope_to, &composed.bytes, &mut || {
            marks += 1;
            Ok(())
        });
    (dispatch, marks)
}

#[test]
fn letter_arrives_as_composed_and_the_servers_line_is_kept() {
    let sink = SmtpSink::start(Script::friendly());
    let composed = compose(&letter()).unwrap();
    let dispatch = send(&transport(&sink), &composed);
    assert_eq!(dispatch, Dispatch::Accepted { reply: "250 2.0.0 taken as 1".to_owned() });
    let arrived = &sink.letters()[0];
    assert_eq!(arrived.bytes, composed.bytes);
    assert_eq!(arrived.mail, format!("MAIL FROM:<r-7k2m9x4q@askance.example> SIZE={}", composed.bytes.len()));
    assert_eq!(arrived.recipients, ["RCPT TO:<poststelle@polizei.example>"]);
    assert_eq!(arrived.message_id(), "07070707070707070707070707070707@askance.example");

    let mail = mailparse::parse_mail(&arrived.bytes).unwrap();
    assert_eq!(mail.headers.get_first_value("From").unwrap(), "Zoë Müller <r-7k2m9x4q@askance.example>");
    assert_eq!(mail.headers.get_first_value("Date").unwrap(), "Sun, 22 Nov 2026 09:30:00 +0000");
    assert_eq!(mail.headers.get_first_value("Auto-Submitted"), None);
    assert_eq!(mail.get_body().unwrap(), letter().body.replace('\n', "\r\n"));
}

#[test]
fn follow_up_names_its_thread() {
    let follow_up = OutgoingLetter {
        in_reply_to: Some("<b@amt.example>".to_owned()),
        references: vec![
            "a@askance.example".to_owned(),
            "no id at all".to_owned(),
            "<b@amt.example>".to_owned(),
        ],
        ..letter()
    };
    let bytes = compose(&follow_up).unwrap().bytes;
    let mail = mailparse::parse_mail(&bytes).unwrap();
    assert_eq!(mail.headers.get_first_value("In-Reply-To").unwrap(), "<b@amt.example>");
    assert_eq!(mail.headers.get_first_value("References").unwrap(), "<a@askance.example> <b@amt.example>");
}

#[test]
fn password_goes_over_tls_only_and_never_into_words() {
    let sink = SmtpSink::start(Script::friendly().with_tls());
    let transport = guarded_transport(&sink);
    let dispatch = send(&transport, &compose(&letter()).unwrap());
    assert!(matches!(dispatch, Dispatch::Accepted { .. }), "{dispatch:?}");
    let commands = sink.commands();
    let verbs: Vec<&str> = commands.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(verbs[..4], ["EHLO", "STARTTLS", "EHLO", "AUTH"]);
    let secret = data_encoding::BASE64.encode("\0desk@askance.example\0päss".as_bytes());
    assert_eq!(commands[3], format!("AUTH PLAIN {secret}"));
    let shown = format!("{transport:?}");
    assert!(shown.contains("desk@askance.example") && !shown.contains("päss"), "{shown}");
}

#[test]
fn r06_server_with_a_foreign_name_or_without_tls_gets_no_letter() {
    let sink = SmtpSink::start(Script::friendly().with_tls());
    let url = format!("smtp+starttls://127.0.0.1:{}", sink.addr.port());
    let server = SmtpServer::from_url(&url).unwrap().trusting(SmtpSink::trusted());
    let composed = compose(&letter()).unwrap();
    let dispatch = send(&Transport::Smtp(server), &composed);
    assert!(
        matches!(&dispatch, Dispatch::Deferred { reason, .. } if reason.contains("certificate")),
        "{dispatch:?}"
    );
    sink.follow(Script::friendly());
    let dispatch = send(&guarded_transport(&sink), &composed);
    assert!(
        matches!(&dispatch, Dispatch::Deferred { reason, .. } if reason.contains("STARTTLS")),
        "{dispatch:?}"
    );
    assert!(sink.letters().is_empty());
    assert!(!sink.commands().iter().any(|line| line.starts_with("AUTH")));
}

#[test]
fn nobody_listening_is_known_not_accepted() {
    let server = SmtpServer::from_url("smtp://127.0.0.1:1").unwrap();
    let (dispatch, marks) = send_marking(&Transport::Smtp(server), &compose(&letter()).unwrap());
    assert!(matches!(dispatch, Dispatch::Deferred { reply: None, .. }), "{dispatch:?}");
    assert_eq!(marks, 0);
}

#[derive(Debug, PartialEq)]
enum Fate {
    Deferred,
    Refused,
    Unknown,
}

fn weather() -> Vec<(&'static str, Act)> {
    let say = |line| (line, Act::say(line));
    vec![
        say("421 4.3.2 closing"),
        say("450 4.2.0 greylisted"),
        say("451 4.3.0 error"),
        say("452 4.3.1 full"),
        say("550 5.7.1 no"),
        say("552 5.3.4 too large"),
        say("554 5.0.0 never"),
        ("drop", Act::Drop),
        ("reset", Act::Reset),
        ("half", Act::Half("250 2.0".to_owned())),
        ("more to come", Act::Half("250-2.0.0 first\r\n250-2.0.0 second\r\n".to_owned())),
        ("nonsense", Act::say("HTTP/1.1 200 OK")),
        ("stall", Act::Stall),
        ("endless lines", Act::Endless("250-2.0.0 and there is more\r\n")),
        ("endless line", Act::Endless("250 2.0.0 and so on ")),
        ("drip", Act::Drip("250 2.0.0 ever so slowly said".to_owned(), Duration::from_millis(110))),
    ]
}

/// reliability §4: only a reply, or the absence of the mark, makes known that a letter was not accepted.
fn expected(stage: Stage, name: &str) -> Fate {
    match (stage, name.chars().next().unwrap()) {
        (Stage::EndOfData | Stage::Mail | Stage::Rcpt | Stage::Data, '5') => Fate::Refused,
        (Stage::EndOfData, '4') => Fate::Deferred,
        (Stage::EndOfData, _) => Fate::Unknown,
        _ => Fate::Deferred,
    }
}

#[test]
fn r06_every_kind_of_weather_at_every_stage_ends_in_its_state() {
    let composed = compose(&letter()).unwrap();
    let mut cells = 0;
    std::thread::scope(|scope| {
        for stage in Stage::ALL {
            for (name, act) in weather() {
                cells += 1;
                let composed = &composed;
                scope.spawn(move || {
                    let sink = SmtpSink::start(Script::friendly().with_tls().at(stage, act));
                    let started = Instant::now();
                    let (dispatch, marks) = send_marking(&guarded_transport(&sink), composed);
                    let fate = match &dispatch {
                        Dispatch::Deferred { .. } => Fate::Deferred,
                        Dispatch::Refused { reply, .. } => {
                            assert!(reply.starts_with('5'), "{stage:?} × {name}: {reply}");
                            Fate::Refused
                        }
                        Dispatch::Unknown { .. } => Fate::Unknown,
                        Dispatch::Accepted { reply } => panic!("{stage:?} × {name}: accepted with {reply}"),
                    };
                    assert_eq!(fate, expected(stage, name), "{stage:?} × {name}: {dispatch:?}");
                    let marked = usize::from(stage == Stage::EndOfData);
                    assert_eq!(
                        marks, marked,
                        "{stage:?} × {name}: the mark belongs between 354 and the body"
                    );
                    assert_eq!(sink.letters().len(), marked, "{stage:?} × {name}");
                    assert!(started.elapsed() < Duration::from_secs(30), "{stage:?} × {name} held us");
                });
            }
        }
    });
    println!("R6: {cells} of {cells} cells end in the state of their stage");
    assert_eq!(cells, 8 * 16);
}

#[test]
fn r06_letter_once_greylisted_goes_through_the_second_time_with_the_same_bytes() {
    let sink = SmtpSink::start(Script::friendly().once(Stage::Rcpt, Act::say("450 4.2.0 greylisted")));
    let composed = compose(&letter()).unwrap();
    let first = send(&transport(&sink), &composed);
    assert!(
        matches!(&first, Dispatch::Deferred { reply: Some(reply), .. } if reply == "450 4.2.0 greylisted"),
        "{first:?}"
    );
    assert!(matches!(send(&transport(&sink), &composed), Dispatch::Accepted { .. }));
    assert_eq!(sink.letters().len(), 1);
    assert_eq!(sink.letters()[0].bytes, composed.bytes);
}

#[test]
fn sign_in_that_is_wanted_but_not_given_says_nothing_about_the_letter() {
    let sink = SmtpSink::start(Script::friendly().at(Stage::Mail, Act::say("530 5.7.0 sign in first")));
    let dispatch = send(&transport(&sink), &compose(&letter()).unwrap());
    assert!(matches!(dispatch, Dispatch::Deferred { .. }), "{dispatch:?}");
}

#[test]
fn farewell_that_fails_does_not_unmake_the_acceptance() {
    let sink = SmtpSink::start(Script::friendly());
    // The sink answers 250 and is gone before QUIT: its last reply and its hanging up come together.
    sink.follow(Script::friendly().at(Stage::EndOfData, Act::Half("250 2.0.0 queued as A1\r\n".to_owned())));
    let dispatch = send(&transport(&sink), &compose(&letter()).unwrap());
    assert_eq!(dispatch, Dispatch::Accepted { reply: "250 2.0.0 queued as A1".to_owned() });
}

#[test]
fn the_mark_is_set_after_354_and_before_any_octet_of_the_body() {
    let sink = SmtpSink::start(Script::friendly());
    let composed = compose(&letter()).unwrap();
    let mut during = None;
    let dispatch =
        transport(&sink).send(&composed.envelope_from, &composed.envelope_to, &composed.bytes, &mut || {
            // Time enough for a body sent too early to arrive.
            let (_keep, never) = mpsc::channel::<()>();
            assert!(never.recv_timeout(Duration::from_millis(150)).is_err());
            during = Some((sink.commands().last().cloned(), sink.body_octets(), sink.letters().len()));
            Ok(())
        });
    assert!(matches!(dispatch, Dispatch::Accepted { .. }), "{dispatch:?}");
    assert_eq!(during, Some((Some("DATA".to_owned()), 0, 0)));
    assert!(sink.body_octets() > composed.bytes.len());
}

#[test]
fn letter_that_cannot_be_marked_is_not_sent() {
    let sink = SmtpSink::start(Script::friendly());
    let composed = compose(&letter()).unwrap();
    let mut full = || Err("the disk is full".into());
    for transport in [transport(&sink), Transport::Memory(Arc::default())] {
        let dispatch =
            transport.send(&composed.envelope_from, &composed.envelope_to, &composed.bytes, &mut full);
        assert!(
            matches!(&dispatch, Dispatch::Deferred { reason, reply: None } if reason.contains("the disk is full")),
            "{dispatch:?}"
        );
    }
    // The next letter on a new connection is the only one that arrives.
    assert!(matches!(send(&transport(&sink), &composed), Dispatch::Accepted { .. }));
    assert_eq!(sink.letters().len(), 1);
    assert_eq!(sink.commands().iter().filter(|line| *line == "DATA").count(), 2);
}

#[test]
fn folder_and_memory_keep_the_same_bytes() {
    let composed = compose(&letter()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let directory = Transport::Directory(folder.path().join("out"));
    for _ in 0..2 {
        assert!(matches!(send(&directory, &composed), Dispatch::Accepted { .. }));
    }
    let files: Vec<_> =
        std::fs::read_dir(folder.path().join("out")).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "the same letter sent twice is seen as two");
    for file in files {
        assert_eq!(file.extension().unwrap(), "eml");
        assert_eq!(std::fs::read(file).unwrap(), composed.bytes);
    }
    let kept = Arc::new(Mutex::new(Vec::new()));
    send(&Transport::Memory(Arc::clone(&kept)), &composed);
    assert_eq!(kept.lock().unwrap()[0].bytes, composed.bytes);
}

#[test]
fn wrong_server_url_names_what_would_be_right_and_never_the_password() {
    for (url, named) in [
        ("127.0.0.1:25", "smtp://"),
        ("http://u:geheim@mail.example", "`http://`"),
        ("smtp://u:geheim@", "host"),
        ("smtp://u:geheim@mail.example/inbox", "`inbox`"),
        ("smtp://:geheim@mail.example", "both user and password"),
        ("smtp://u:geheim%ZZ@mail.example", "percent-encoded"),
        ("smtp://u:geheim%0d%0aRSET@mail.example", "percent-encoded"),
        ("smtp://u:geheim@mail.example:99999", "port"),
    ] {
        let error = SmtpServer::from_url(url).unwrap_err().to_string();
        assert!(error.contains(named), "{url}: {error}");
        assert!(!error.contains("geheim"), "{error}");
    }
    assert!(SmtpServer::from_url("smtp://u:p@mail.example").unwrap().exposes_password());
    assert!(!SmtpServer::from_url("smtp://u:p@127.0.0.1").unwrap().exposes_password());
    assert_eq!(
        SmtpServer::from_url("smtps://u:p@mail.example").unwrap().to_string(),
        "smtps://mail.example:465"
    );
}
