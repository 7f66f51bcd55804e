//! Bounces of many vintages, automatic mails without a header that says so, and people who only mention a holiday.

use askance::data::knowledge::knowledge;
use askance::domain::incoming::delivery::Automatic;
use askance::domain::incoming::{Incoming, understand};

fn read(header: &str, body: &str) -> Incoming {
    let mail =
        format!("To: r-abc@post.askance.example\r\nMessage-ID: <1@x.example>\r\n{header}\r\n\r\n{body}");
    understand(mail.as_bytes(), &knowledge().expect("the knowledge is readable"))
}

#[test]
fn old_bounces_are_found_with_the_address_that_failed() {
    let bounces = [
        (
            "From: MAILER-DAEMON@mx.example\r\nSubject: failure notice",
            "Hi. This is the mail program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n\n<amt@behoerde.example>:\nNo mailbox here by that name.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <r-abc@post.askance.example>\n",
        ),
        (
            "From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: amt@behoerde.example\r\nSubject: Mail delivery failed",
            "A message that you sent could not be delivered. For help contact postmaster@mx.example\n",
        ),
        (
            "From: System Administrator <postmaster@mx.example>\r\nSubject: Undeliverable: Antrag",
            "Your message\n\n  To:      Poststelle\n  Subject: Antrag\n\ndid not reach the following recipient(s):\n\namt@behoerde.example on Fri, 20 Mar 2026 11:08:59\n    The recipient name is not recognized\n",
        ),
        (
            "Return-Path: <>\r\nFrom: Postmaster <postmaster@mx.example>\r\nSubject: Undeliverable Mail",
            "Unknown user: amt@behoerde.example\n\nRCPT TO generated following response:\n553 5.3.0 <amt@behoerde.example>... Addressee unknown\n",
        ),
    ];
    for (header, body) in bounces {
        let mail = read(header, body);
        assert_eq!(mail.automatic, Automatic::Bounce, "{header}");
        assert_eq!(mail.bounce.expect("a bounce").recipients, ["amt@behoerde.example"], "{header}");
    }
}

#[test]
fn warning_of_a_delay_is_not_permanent() {
    let mail = read(
        "From: MAILER-DAEMON@mx.example\r\nSubject: Warning: message has not yet been delivered",
        "Your message to:\n\tamt@behoerde.example\nhas not yet been delivered. We will continue to attempt delivery.\n",
    );
    assert_eq!(mail.automatic, Automatic::Bounce);
    assert!(!mail.bounce.expect("a bounce").permanent);
}

#[test]
fn machines_are_known_by_their_words() {
    for (subject, body) in [
        ("Fravær", "Jeg er på ferie og er tilbake på kontoret 4. august."),
        (
            "Request received",
            "##- Please type your reply above this line -##\n\nYour request is in our queue.",
        ),
        ("Potwierdzenie", "Utworzyliśmy zgłoszenie 77120. Prosimy nie odpowiadać na tę wiadomość."),
        ("Visszaigazolás", "Ezt az üzenetet a rendszer hozta létre, válasz küldésére nincs lehetőség."),
    ] {
        let mail = read(
            &format!(
                "From: amt@behoerde.example\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: {subject}"
            ),
            body,
        );
        assert_eq!(mail.automatic, Automatic::AutoReply, "{subject}");
    }
}

#[test]
fn people_who_mention_a_holiday_or_automation_are_people() {
    for body in [
        "Dear Kit,\n\nthe request is refused under section 31. I am on leave next week; my colleague Ms Hall will answer questions.\n\nKind regards\nJ. Lowe",
        "Sveiki,\n\nautomātiska sejas atpazīšana netiek izmantota.\n\nAr cieņu\nJ. Ozols",
        "Αξιότιμη κυρία,\n\nδεν χρησιμοποιείται αυτοματοποιημένη αναγνώριση προσώπου.\n\nΜε εκτίμηση\nΑ. Νίκου",
    ] {
        let mail = read(
            "From: amt@behoerde.example\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: Re: Request",
            body,
        );
        assert_eq!(mail.automatic, Automatic::None, "{body}");
    }
}
