//! Automatic mail is told apart (R20): reports of delivery, bounces of every vintage, replies of machines, and people.

use crate::corpus::{KNOWLEDGE, corpus};
use crate::support::labelled::{self, Making};
use askance::domain::incoming::delivery::Automatic;
use askance::domain::incoming::{Incoming, understand};
use std::fs;

fn read(raw: &[u8]) -> Incoming {
    understand(raw, &KNOWLEDGE)
}

/// A report as RFC 3464 has it, with what differs between servers.
fn report(from: &str, action: &str, status: &str, more: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: {from}\r\nTo: r-abc@post.askance.example\r\nSubject: Zustellung\r\nMessage-ID: <1@mx.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n\
         --=_b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n{more}\r\nFinal-Recipient: rfc822; amt@behoerde.example\r\n\
         Action: {action}\r\nStatus: {status}\r\n\r\n--=_b--\r\n"
    )
}

#[test]
fn r20_every_report_of_rfc_3464_is_found() {
    let mut reports: Vec<(String, Vec<u8>)> = Vec::new();
    for (n, from) in
        ["MAILER-DAEMON@mx.example", "Mail Delivery System <postmaster@mx.example>", "x@y.example"]
            .iter()
            .enumerate()
    {
        for (action, status) in
            [("failed", "5.1.1"), ("failed", "5.7.1"), ("failed", "4.4.7"), ("delayed", "4.4.1")]
        {
            for more in
                ["", "Arrival-Date: Mon, 7 Sep 2026 10:00:00 +0200\r\n", "X-Postfix-Queue-ID: 4711\r\n"]
            {
                reports.push((
                    format!("own {n} {action} {status}"),
                    report(from, action, status, more).into_bytes(),
                ));
            }
        }
    }
    for path in corpus() {
        reports.push((path.display().to_string(), fs::read(&path).unwrap()));
    }
    for labelled in labelled::mails() {
        reports.push((labelled.label.file.clone(), labelled.raw));
    }
    let is_report = |raw: &[u8]| {
        let text = String::from_utf8_lossy(raw).to_lowercase();
        let head = text
            .split("\r\n\r\n")
            .next()
            .unwrap_or_default()
            .split("\n\n")
            .next()
            .unwrap_or_default()
            .to_owned();
        head.contains("multipart/report")
            && head.contains("delivery-status")
            && (text.contains("action: failed") || text.contains("action: delayed"))
    };
    reports.retain(|(_, raw)| is_report(raw));
    let missed: Vec<&String> = reports
        .iter()
        .filter(|(_, raw)| read(raw).automatic != Automatic::Bounce)
        .map(|(name, _)| name)
        .collect();
    println!("R20: reports of RFC 3464 found {} of {}", reports.len() - missed.len(), reports.len());
    assert!(reports.len() >= 37 && missed.is_empty(), "{missed:?} of {}", reports.len());
}

/// Bounces that are no reports, as mail servers of three decades wrote them; the words are ours, the form is theirs.
const VINTAGES: &[(&str, &str)] = &[
    (
        "From: MAILER-DAEMON@mx.example\r\nSubject: failure notice",
        "Hi. This is the program that delivers mail at mx.example.\nI could not deliver your message to the addresses below. This is a permanent error; I gave up.\n\n<amt@behoerde.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n",
    ),
    (
        "From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: amt@behoerde.example\r\nSubject: Mail delivery failed: returning message to sender",
        "A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.\n\n  amt@behoerde.example\n    host mx.behoerde.example: 550 5.1.1 unknown user\n",
    ),
    (
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\r\nSubject: Returned mail: User unknown",
        "   ----- The following addresses had permanent fatal errors -----\n<amt@behoerde.example>\n\n   ----- Transcript of session follows -----\n... while talking to mx.behoerde.example.:\n>>> RCPT To:<amt@behoerde.example>\n<<< 550 5.1.1 User unknown\n",
    ),
    (
        "From: System Administrator <postmaster@mx.example>\r\nSubject: Undeliverable: Antrag",
        "Your message\n\n  To:      Poststelle\n  Subject: Antrag\n\ndid not reach the following recipient(s):\n\namt@behoerde.example on Fri, 20 Mar 2026 11:08:59\n    The recipient name is not recognized\n",
    ),
    (
        "Return-Path: <>\r\nFrom: Postmaster <postmaster@mx.example>\r\nSubject: Undeliverable Mail",
        "Unknown user: amt@behoerde.example\n\nRCPT TO generated following response:\n553 5.3.0 <amt@behoerde.example>... Addressee unknown\n",
    ),
    (
        "Return-Path: <>\r\nFrom: Postmaster@notes.example\r\nSubject: DELIVERY FAILURE: User amt not listed in Directory",
        "Your message\n\n  Subject: Antrag\n\nwas not delivered to:\n\n  amt@behoerde.example\n\nbecause:\n\n  User amt (amt@behoerde.example) not listed in Directory\n",
    ),
    (
        "From: Mail System <mailer-daemon@gw.example>\r\nSubject: Message status - undeliverable",
        "The attached file had the following undeliverable recipient(s):\n\n\tamt@behoerde.example\n\t\tUser not found\n",
    ),
    (
        "From: MDaemon@mail.example\r\nSubject: Warning: amt@behoerde.example - User unknown!",
        "The following message had delivery problems:\n\namt@behoerde.example - no such user here.\n550 5.1.1 Recipient unknown\n",
    ),
    (
        "Return-Path: <>\r\nFrom: postmaster@mail.example\r\nSubject: Delivery Status Notification (Failure)",
        "This is an automatically generated Delivery Status Notification.\n\nDelivery to the following recipients failed.\n\n       amt@behoerde.example\n",
    ),
    (
        "From: Mail Delivery Subsystem <mailer-daemon@big.example>\r\nSubject: Delivery Status Notification (Failure)",
        "Delivery to the following recipient failed permanently:\n\n     amt@behoerde.example\n\nThe error that the other server returned was:\n550 550 5.1.1 User unknown (state 14).\n",
    ),
    (
        "From: postmaster@amt.example\r\nSubject: Unzustellbar: Antrag",
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\namt@behoerde.example\nDie eingegebene E-Mail-Adresse konnte nicht gefunden werden.\n\n550 5.1.10 RESOLVER.ADR.RecipientNotFound\n",
    ),
    (
        "From: MAILER-DAEMON@fai.example\r\nSubject: Message non distribuable",
        "Votre message n'a pas pu être remis au destinataire suivant :\n\namt@behoerde.example\n\n550 5.1.1 Boîte inconnue\n",
    ),
    (
        "From: MAILER-DAEMON@proveedor.example\r\nSubject: Mensaje devuelto",
        "No se ha podido entregar su mensaje a:\n\namt@behoerde.example\n\n550 5.1.1 Usuario desconocido\n",
    ),
    (
        "From: Mail Administrator <postmaster@isp.example>\r\nSubject: Mail System Error - Returned Mail",
        "This Message was undeliverable due to the following reason:\n\nYour message was not delivered because the destination address does not exist.\n\nRecipient: <amt@behoerde.example>\nReason: 550 5.1.1 no such user\n",
    ),
    (
        "Return-Path: <>\r\nFrom: noreply@filter.example\r\nSubject: Delivery failure",
        "Your message could not be delivered to amt@behoerde.example.\n\nThe remote server said: 554 5.7.1 message rejected by policy\n",
    ),
    (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not be delivered.\n\n<amt@behoerde.example>: mail for behoerde.example loops back to myself\n",
    ),
];

#[test]
fn r20_bounces_that_are_no_reports_are_found_with_the_address_that_failed() {
    let (mut found, mut named, mut missed) = (0_u32, 0_u32, Vec::new());
    for (head, body) in VINTAGES {
        let raw = format!(
            "{head}\r\nTo: r-abc@post.askance.example\r\nMessage-ID: <1@x.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}"
        );
        let mail = read(raw.as_bytes());
        let bounce = mail.bounce.filter(|_| mail.automatic == Automatic::Bounce);
        found += u32::from(bounce.is_some());
        let right = bounce.as_ref().is_some_and(|bounce| bounce.recipients == ["amt@behoerde.example"]);
        named += u32::from(right);
        if !right {
            missed.push(format!("{head}: {:?} {bounce:?}", mail.automatic));
        }
    }
    // Those of the labelled mails that somebody else wrote.
    let given: Vec<_> = labelled::mails()
        .into_iter()
        .filter(|it| it.making == Making::Given && it.label.kind == "bounce")
        .collect();
    for mail in &given {
        let bounced = read(&mail.raw).automatic == Automatic::Bounce;
        found += u32::from(bounced);
        if !bounced {
            missed.push(mail.label.file.clone());
        }
    }
    let (own, all) = (count(VINTAGES.len()), count(VINTAGES.len() + given.len()));
    let (recall, right) = (f64::from(found) / f64::from(all), f64::from(named) / f64::from(own));
    println!(
        "R20: bounces without a report found {found} of {all} ({recall:.3}), failed address right {named} of {own} ({right:.3})"
    );
    for miss in &missed {
        println!("  {miss}");
    }
    assert!(recall >= 0.92 && right >= 0.85, "{missed:?}");
}

fn count(all: usize) -> u32 {
    u32::try_from(all).unwrap()
}

#[test]
fn r20_what_people_write_is_not_taken_for_a_machines() {
    // Each fifth of our own letters, and all where ASKANCE_ALL is set: they are many, and each is read whole.
    let step = if std::env::var_os("ASKANCE_ALL").is_some() { 1 } else { 5 };
    let all: Vec<_> =
        labelled::mails().into_iter().chain(labelled::letters().into_iter().step_by(step)).collect();
    let (mut people, mut wrong, mut machines, mut known, mut counted) =
        (0_u32, Vec::new(), 0_u32, 0_u32, Vec::new());
    for it in &all {
        let mail = read(&it.raw);
        let by_machine =
            matches!(mail.automatic, Automatic::AutoReply | Automatic::Receipt | Automatic::Bounce);
        if it.label.automatic {
            machines += 1;
            known += u32::from(by_machine);
            // A machine's mail is never an answer by rule, whatever it says.
            continue;
        }
        people += 1;
        if by_machine {
            wrong.push(it.label.file.clone());
        }
        if it.label.kind != "bounce" && mail.automatic == Automatic::Bounce {
            counted.push(it.label.file.clone());
        }
    }
    let precision = 1.0 - f64::from(count(wrong.len())) / f64::from(people);
    println!(
        "R20: people {people}, taken for machines {} (precision {precision:.4}); machines {machines}, known {known}",
        wrong.len()
    );
    assert!(people > 200 && precision >= 0.99, "{wrong:?}");
    assert!(counted.is_empty(), "people's mail taken for a bounce: {counted:?}");
}
