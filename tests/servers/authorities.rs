//! The simulated authorities of the demonstration: each answers as its script says, and only on this machine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use askance::command::demo_authorities::{
    self, Behaviour, CastMember, Error, Now, Pace, SimulatedAuthorities, cast,
};
use askance::domain::incoming::reading::Kind;
use askance::domain::incoming::understand;
use askance::mail::compose::{Composed, OutgoingLetter, compose, message_id};
use askance::mail::listener::{Envelope, Limits, Protocol};
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::{Dispatch, Transport};
use chrono::{TimeZone, Utc};
use mailparse::{MailHeaderMap, ParsedMail};

use super::mail_in::Letterbox;
use crate::corpus::KNOWLEDGE;

fn noon() -> Now {
    Arc::new(|| Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap())
}

fn at_once() -> Pace {
    Pace { acknowledgement: Duration::ZERO, decision: Duration::from_millis(100) }
}

fn letter_to(number: u8, to: &str) -> Composed {
    compose(&OutgoingLetter {
        from_name: "Zoë Müller".to_owned(),
        reply_address: format!("r-{number}@askance.example"),
        to: to.to_owned(),
        subject: "Gesichtserkennung [ASK-2026-000123]".to_owned(),
        body: "Guten Tag,\n\nFrage 1: Setzen Sie Gesichtserkennung ein?\n".to_owned(),
        message_id: message_id(&[number; 16], "askance.example"),
        date: Utc.with_ymd_and_hms(2026, 11, 22, 9, 30, 0).unwrap(),
        in_reply_to: None,
        references: Vec::new(),
    })
    .unwrap()
}

fn write_to(authorities: &SimulatedAuthorities, number: u8, to: &str) -> Dispatch {
    let composed = letter_to(number, to);
    let transport = Transport::Smtp(SmtpServer::from_url(&authorities.smtp_url()).unwrap());
    transport.send(&composed.envelope_from, &composed.envelope_to, &composed.bytes, &mut || Ok(()))
}

/// All answers of one authority, in order of arrival.
fn answers(member: &CastMember, count: usize) -> Vec<(Envelope, Vec<u8>)> {
    let letterbox = Letterbox::open(Protocol::Lmtp, Limits::default());
    let authorities = SimulatedAuthorities::start(letterbox.addr, at_once(), noon()).unwrap();
    let dispatch = write_to(&authorities, 7, member.email);
    assert!(matches!(dispatch, Dispatch::Accepted { .. }), "{dispatch:?}");
    let started = Instant::now();
    while letterbox.taken.lock().unwrap().len() < count {
        assert!(started.elapsed() < Duration::from_secs(10), "{} answers too little", member.name_en);
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(authorities);
    let taken = letterbox.taken.lock().unwrap().clone();
    assert_eq!(taken.len(), count, "{}", member.name_en);
    taken
}

fn text_of(mail: &ParsedMail<'_>) -> String {
    let part = mail.subparts.first().unwrap_or(mail);
    part.get_body().unwrap().replace("\r\n", "\n")
}

#[test]
fn each_authority_answers_in_its_language_and_keeps_the_thread() {
    for member in cast() {
        let wanted: &[&str] = match member.behaviour {
            Behaviour::GermanExtension => {
                &["bestätige ich den Eingang Ihres Antrags vom 22.11.2026", "22.01.2027"]
            }
            Behaviour::GermanPartial => &["teilweise stattgegeben"],
            Behaviour::GermanTransfer => &["zuständigkeitshalber\nweitergeleitet"],
            Behaviour::FrenchRefusalInPdf => &["enregistrée sous le numéro 2026-", "en pièce jointe"],
            Behaviour::FrenchClarification => &["préciser votre demande"],
            Behaviour::Silence => &[],
            Behaviour::ItalianPartial => &["avvenuta ricezione dell’istanza", "parzialmente accolta"],
            Behaviour::ItalianFull => &["l’istanza è accolta"],
            Behaviour::GreekNotHeld => &["έλαβε αριθμό\nπρωτοκόλλου", "δεν τηρούνται στην υπηρεσία μας"],
            Behaviour::EnglishOutOfOffice => {
                &["out of the office until 30 November 2026", "grant your request"]
            }
            Behaviour::EnglishExtension => &["We acknowledge receipt", "response by 4 January 2027"],
            Behaviour::Bounce => &["User unknown"],
        };
        if wanted.is_empty() {
            continue;
        }
        let answers = answers(member, wanted.len());
        let mut ids = BTreeSet::new();
        for ((envelope, bytes), words) in answers.iter().zip(wanted) {
            assert_eq!(envelope.recipients, ["r-7@askance.example"]);
            let mail = mailparse::parse_mail(bytes).unwrap();
            let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
            let ours = format!("<{}>", message_id(&[7; 16], "askance.example"));
            assert_eq!(
                (header("In-Reply-To"), header("References")),
                (ours.clone(), ours),
                "{}",
                member.name_en
            );
            assert!(header("Subject").contains("Gesichtserkennung") || member.behaviour == Behaviour::Bounce);
            let text = text_of(&mail);
            assert!(text.contains(words), "{}: {text}", member.name_en);
            assert!(!text.contains(['{', '}']), "a placeholder is left: {text}");
            let automatic = header("Auto-Submitted") == "auto-replied";
            assert_eq!(envelope.sender.is_none(), automatic);
            assert_eq!(
                automatic,
                member.behaviour == Behaviour::Bounce || words.contains("out of the office")
            );
            assert_eq!(text.contains("> Frage 1: Setzen Sie Gesichtserkennung ein?"), !automatic, "{text}");
            if !automatic {
                assert!(header("From").ends_with(&format!("<{}>", member.email)), "{}", header("From"));
                assert!(header("From").starts_with(member.name));
            }
            assert!(ids.insert(header("Message-ID")));
            for line in bytes.split(|b| *b == b'\n') {
                assert!(line.len() <= 999, "a line of {} octets", line.len());
            }
        }
    }
}

fn member(behaviour: Behaviour) -> &'static CastMember {
    cast().iter().find(|member| member.behaviour == behaviour).unwrap()
}

/// The demonstration lives on it: what is no question of judgement records itself, the rest is proposed rightly.
#[test]
fn each_answer_is_read_as_what_it_is() {
    use Kind::{
        Acknowledgement, Automatic, Bounce, Clarification, Extension, Full, NotHeld, Partial, Refusal,
        Transfer,
    };
    let times = [22, 29].map(|day| Utc.with_ymd_and_hms(2026, 11, day, 12, 0, 0).unwrap());
    let mut wrong = Vec::new();
    for member in cast() {
        let wanted: &[Kind] = match member.behaviour {
            Behaviour::GermanExtension | Behaviour::EnglishExtension => &[Acknowledgement, Extension],
            Behaviour::GermanPartial => &[Partial],
            Behaviour::GermanTransfer => &[Transfer],
            Behaviour::FrenchRefusalInPdf => &[Acknowledgement, Refusal],
            Behaviour::FrenchClarification => &[Clarification],
            Behaviour::Silence => &[],
            Behaviour::ItalianPartial => &[Acknowledgement, Partial],
            Behaviour::ItalianFull => &[Full],
            Behaviour::GreekNotHeld => &[Acknowledgement, NotHeld],
            Behaviour::EnglishOutOfOffice => &[Automatic, Full],
            Behaviour::Bounce => &[Bounce],
        };
        let letter = letter_to(9, member.email).bytes;
        let answers = demo_authorities::answers(member, &letter, &times);
        assert_eq!(answers.len(), wanted.len(), "{}", member.name_en);
        for ((_, bytes), wanted) in answers.iter().zip(wanted) {
            let incoming = understand(bytes, &KNOWLEDGE);
            // Without its reader the PDF stays shut, and the mail around it says nothing.
            if *wanted == Refusal && cfg!(not(feature = "pdf")) {
                continue;
            }
            let reading = incoming.reading;
            let alone = reading.confidence >= 0.8 && reading.also.is_empty() && reading.reference.is_some();
            if reading.kind != *wanted || (*wanted == Acknowledgement && !alone) {
                wrong.push(format!("{}: expected {wanted}, found {reading:?}", member.name_en));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn french_refusal_is_a_pdf_with_readable_text() {
    let (_, bytes) = answers(member(Behaviour::FrenchRefusalInPdf), 2).pop().unwrap();
    let mail = mailparse::parse_mail(&bytes).unwrap();
    let attached = &mail.subparts[1];
    assert_eq!(attached.ctype.mimetype, "application/pdf");
    assert_eq!(attached.get_content_disposition().params["filename"], "Décision.pdf");
    let pdf = attached.get_body_raw().unwrap();
    let end = String::from_utf8_lossy(&pdf[pdf.len() - 40..]).into_owned();
    let start: usize = end.split("startxref\n").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert!(pdf[start..].starts_with(b"xref\n"), "the table is where the end says");
    #[cfg(feature = "pdf")]
    {
        let text = pdf_extract::extract_text_from_mem(&pdf).unwrap();
        for words in
            ["votre demande est rejetée", "l’emploi de traitements", "L. 311-5, 2°, d) et g)", "saisir"]
        {
            assert!(text.contains(words), "{words} in {text}");
        }
    }
}

#[test]
fn files_are_attached_with_what_was_asked_for() {
    for (behaviour, count, name, words) in [
        (Behaviour::ItalianPartial, 2, "elenco_impianti.txt", "Totale telecamere: 13"),
        (Behaviour::ItalianFull, 1, "contratti.txt", "EUR 184.200,00"),
        (Behaviour::GermanPartial, 1, "Anlage 1 Standorte.txt", "[geschwärzt]"),
        (Behaviour::EnglishOutOfOffice, 2, "deployments.csv", "2,2026-05-30,Railway Station"),
    ] {
        let (_, bytes) = answers(member(behaviour), count).pop().unwrap();
        let mail = mailparse::parse_mail(&bytes).unwrap();
        let attached = &mail.subparts[1];
        assert_eq!(attached.get_content_disposition().params["filename"], name);
        assert!(attached.get_body().unwrap().contains(words), "{words}");
    }
}

#[test]
fn bounce_is_a_delivery_report_with_our_letter_in_it() {
    let (_, bytes) = answers(member(Behaviour::Bounce), 1).pop().unwrap();
    let mail = mailparse::parse_mail(&bytes).unwrap();
    assert_eq!(mail.ctype.mimetype, "multipart/report");
    assert_eq!(mail.ctype.params["report-type"], "delivery-status");
    let kinds: Vec<&str> = mail.subparts.iter().map(|part| part.ctype.mimetype.as_str()).collect();
    assert_eq!(kinds, ["text/plain", "message/delivery-status", "message/rfc822"]);
    let status = mail.subparts[1].get_body().unwrap();
    assert!(
        status.contains("Final-Recipient: rfc822; foi@ballydara-council.example\r\nAction: failed"),
        "{status}"
    );
    assert!(mail.subparts[2].get_body().unwrap().contains(&message_id(&[7; 16], "askance.example")));
}

#[test]
fn strangers_are_refused_and_nothing_leaves_the_machine() {
    let outside = "192.0.2.1:24".parse().unwrap();
    let refused = SimulatedAuthorities::start(outside, at_once(), noon()).err();
    assert!(matches!(refused, Some(Error::NotLoopback(address)) if address == outside));
    let letterbox = Letterbox::open(Protocol::Lmtp, Limits::default());
    let authorities = SimulatedAuthorities::start(letterbox.addr, at_once(), noon()).unwrap();
    let dispatch = write_to(&authorities, 1, "poststelle@polizei.example");
    assert!(matches!(dispatch, Dispatch::Refused { .. }), "{dispatch:?}");
    assert!(cast().iter().all(|member| member.email.ends_with(".example")));
}

#[test]
fn cast_is_known_to_the_laws_and_each_has_an_address_of_its_own() {
    let addresses: BTreeSet<_> = cast().iter().map(|member| member.email).collect();
    assert_eq!(addresses.len(), 12);
    for member in cast() {
        let law = format!("{}/src/data/regimes/{}.toml", env!("CARGO_MANIFEST_DIR"), member.regime);
        let law = std::fs::read_to_string(law).unwrap();
        assert!(law.contains(&format!("country = \"{}\"", member.country)), "{}", member.regime);
    }
    let languages: BTreeSet<_> = cast().iter().map(|member| member.language).collect();
    assert_eq!(Vec::from_iter(languages), ["de", "el", "en", "fr", "it"]);
}

#[test]
fn answers_wait_until_the_service_can_take_them() {
    let (letterbox, addr) = {
        let letterbox = Letterbox::open(Protocol::Lmtp, Limits::default());
        let addr = letterbox.addr;
        (letterbox, addr)
    };
    let authorities = SimulatedAuthorities::start(addr, at_once(), noon()).unwrap();
    drop(letterbox);
    write_to(&authorities, 3, member(Behaviour::GermanTransfer).email);
    // The service comes back on the same port.
    let listener =
        askance::mail::listener::Listener::bind(&addr.to_string(), Protocol::Lmtp, Limits::default());
    let listener = listener.unwrap();
    let stopper = listener.stopper();
    let (got, seen) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        listener.serve(&move |envelope: &Envelope, _: &[u8]| {
            got.send(envelope.recipients.clone()).unwrap();
            vec![askance::mail::listener::Verdict::Safe]
        });
    });
    assert_eq!(seen.recv_timeout(Duration::from_secs(20)).unwrap(), ["r-3@askance.example"]);
    stopper.stop();
    thread.join().unwrap();
}
