//! Letters that somebody tries to bend: no field adds a header, a recipient or a command.

use askance::mail::compose::{OutgoingLetter, compose};
use askance::mail::transport::Dispatch;
use mailparse::MailHeaderMap;

use super::letters_out::{letter, send, transport};
use super::smtp_sink::{Script, SmtpSink};

const PAYLOADS: [&str; 18] = [
    "x\r\nBcc: victim@evil.example",
    "x\nBcc: victim@evil.example",
    "x\rBcc: victim@evil.example",
    "x\r\n\r\nA body of its own",
    "x\r\n.\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<victim@evil.example>\r\nDATA\r\n",
    "x\n.\nQUIT\n",
    "x\0Bcc: victim@evil.example",
    "x\u{2028}Bcc: victim@evil.example",
    "x\u{2029}Bcc: victim@evil.example",
    "x\u{85}Bcc: victim@evil.example",
    "x\u{0b}Bcc: victim@evil.example",
    "x\u{0c}Bcc: victim@evil.example",
    "=?utf-8?q?x=0D=0ABcc:_victim@evil.example?=",
    "=?utf-8?b?eA0KQmNjOiB2aWN0aW1AZXZpbC5leGFtcGxl?=",
    "x@y.example>\r\nRCPT TO:<victim@evil.example",
    "a@b.example, victim@evil.example",
    "\"x\r\nBcc: victim\"@evil.example",
    "a@b.example> NOTIFY=SUCCESS <victim@evil.example",
];

type Place = (&'static str, fn(&mut OutgoingLetter, String));

const PLACES: [Place; 8] = [
    ("from_name", |letter, text| letter.from_name = text),
    ("reply_address", |letter, text| letter.reply_address = text),
    ("to", |letter, text| letter.to = text),
    ("subject", |letter, text| letter.subject = text),
    ("body", |letter, text| letter.body = text),
    ("message_id", |letter, text| letter.message_id = text),
    ("in_reply_to", |letter, text| letter.in_reply_to = Some(text)),
    ("references", |letter, text| letter.references = vec![text]),
];

#[test]
fn r26_no_field_adds_a_header_a_recipient_or_a_command() {
    let sink = SmtpSink::start(Script::friendly());
    let transport = transport(&sink);
    let (mut sent, mut refused) = (0, 0);
    for (place, put) in PLACES {
        for payload in PAYLOADS.iter().flat_map(|payload| dressed(payload)) {
            let mut bent = letter();
            put(&mut bent, payload.clone());
            let composed = match compose(&bent) {
                Ok(composed) => composed,
                Err(error) => {
                    let words = error.to_string();
                    let field = place.split('_').next_back().unwrap();
                    let named =
                        [field, "sender", "recipient", "reply", "id"].iter().any(|w| words.contains(w));
                    assert!(named && !words.contains(['\n', '\r', '\0']), "{place}: {words}");
                    refused += 1;
                    continue;
                }
            };
            assert!(matches!(send(&transport, &composed), Dispatch::Accepted { .. }), "{place}: {payload:?}");
            sent += 1;
            let arrived = sink.letters().pop().unwrap();
            assert_eq!(arrived.bytes, composed.bytes);
            assert_eq!(arrived.recipients.len(), 1, "{place}: {payload:?}");
            check_shape(&arrived.bytes, &format!("{place}: {payload:?}"));
            let mail = mailparse::parse_mail(&arrived.bytes).unwrap();
            if place == "subject" {
                assert_eq!(mail.headers.get_first_value("Subject").unwrap(), payload);
            }
        }
    }
    assert_eq!(sink.letters().len(), sent);
    assert_eq!(sink.commands().iter().filter(|line| line.starts_with("RCPT")).count(), sent);
    assert_eq!(sent + refused, PLACES.len() * PAYLOADS.len() * 4);
    println!(
        "R26: {} payloads, {sent} sent, {refused} refused: 0 headers, recipients or commands more",
        sent + refused
    );
    assert!(sent + refused > 500 && sent >= 150 && refused >= 150, "{sent} sent, {refused} refused");
}

/// Alone, at the end of other text, before it, and where a long line is folded.
fn dressed(payload: &str) -> [String; 4] {
    [payload.to_owned(), format!("Grüße {payload}"), format!("{payload} and more"), "w".repeat(70) + payload]
}

/// ASCII, CRLF only, short lines, and just our headers, each once.
fn check_shape(bytes: &[u8], what: &str) {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_ascii() && text.ends_with("\r\n"), "{what}");
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 998 && !line.contains(['\r', '\n', '\0']), "{what}: {line:?}");
    }
    let head = text.split_once("\r\n\r\n").unwrap().0;
    let mut names: Vec<&str> = head
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    names.retain(|name| !["In-Reply-To", "References"].contains(name));
    names.sort_unstable();
    let ours = [
        "Content-Transfer-Encoding",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ];
    assert_eq!(names, ours, "{what}");
}

#[test]
fn r26_transport_itself_refuses_what_would_speak_smtp() {
    let sink = SmtpSink::start(Script::friendly());
    let good = "a@b.example";
    for (from, to, bytes) in [
        ("a@b.example>\r\nRSET", good, &b"Subject: x\r\n\r\ny\r\n"[..]),
        (good, "c@d.example> SIZE=1 <e@f.example", b"Subject: x\r\n\r\ny\r\n"),
        (good, "", b"Subject: x\r\n\r\ny\r\n"),
        (good, good, b"Subject: x\r\n\r\ny\n.\nMAIL FROM:<evil@evil.example>\r\n"),
        (good, good, b"Subject: x\r\n\r\ny\r.\rQUIT\r\n"),
        (good, good, b"\nSubject: x\r\n"),
        (good, good, b"Subject: x\r"),
    ] {
        let dispatch = transport(&sink).send(from, to, bytes, &mut || Ok(()));
        assert!(
            matches!(&dispatch, Dispatch::Refused { reply, about_recipient: false } if reply.starts_with("not sent")),
            "{dispatch:?}"
        );
    }
    assert!(sink.commands().is_empty());
}

#[test]
fn r26_lines_of_dots_and_from_arrive_as_they_were_written() {
    let sink = SmtpSink::start(Script::friendly());
    let transport = transport(&sink);
    for body in [
        ".",
        ".\r\n",
        "..",
        ".\n.\n..\n...\n",
        "a\n.\nb\n",
        "a\r\n.\r\nQUIT\r\n",
        ".leading\n..two\n",
        "From the beginning\nFrom here\n>From there\n",
        "",
        "\n\n\n",
        "ends without a line end",
        "a\rb\rc",
        "tabs\tand trailing spaces   \n   \n",
        "Ελληνικά. ёлка. Łódź – „so“ \u{2028} \u{1f441}\n.\n",
        &"long ".repeat(400),
        &"x".repeat(5_000),
        &"ü".repeat(3_000),
    ] {
        let composed = compose(&OutgoingLetter { body: body.to_owned(), ..letter() }).unwrap();
        assert!(matches!(send(&transport, &composed), Dispatch::Accepted { .. }));
        let arrived = sink.letters().pop().unwrap();
        assert_eq!(arrived.bytes, composed.bytes, "{body:?}");
        check_shape(&arrived.bytes, body);
        let read = mailparse::parse_mail(&arrived.bytes).unwrap().get_body().unwrap();
        let mut written = body.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n");
        if !written.ends_with("\r\n") {
            written += "\r\n";
        }
        assert_eq!(read, written, "{body:?}");
    }
}

#[test]
fn subject_of_any_length_and_script_is_read_back_as_written() {
    for subject in [
        "Ερώτημα πρόσβασης σε πληροφορίες για βιομετρικά συστήματα της αστυνομίας [ASK-2026-000123]"
            .to_owned(),
        "a ".repeat(700).trim_end().to_owned(),
        "w".repeat(3_000),
        "Ж".repeat(1_000),
        "=?x?= =?utf-8?q?= plain".to_owned(),
    ] {
        let composed =
            compose(&OutgoingLetter { subject: subject.clone(), from_name: subject.clone(), ..letter() })
                .unwrap();
        check_shape(&composed.bytes, &subject);
        let mail = mailparse::parse_mail(&composed.bytes).unwrap();
        assert_eq!(mail.headers.get_first_value("Subject").unwrap(), subject);
    }
}
