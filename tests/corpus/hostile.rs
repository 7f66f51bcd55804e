//! Mails that are too large or too deep to lie in a folder: made here, each must cost little and lose nothing.

use super::KNOWLEDGE;
use askance::domain::incoming::matching::reply_address;
use askance::domain::incoming::mime::{MAX_PARTS, Notes, date, html};
use askance::domain::incoming::understand;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// R22 asks for 2 s; an unoptimised build on a busy machine gets more.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 40 } else { 4 });

fn reads_in_time(raw: &[u8]) -> askance::domain::incoming::Incoming {
    let start = Instant::now();
    let incoming = understand(raw, &KNOWLEDGE);
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    assert_eq!(incoming.size, raw.len());
    assert_eq!(incoming.sha256.len(), 64);
    incoming
}

fn header() -> String {
    "From: x <x@y.example>\r\nTo: z@w.example\r\nSubject: hostile\r\nDate: Tue, 14 Apr 2026 09:12:00 +0000\r\n".into()
}

#[test]
fn parts_nested_twenty_thousand_deep_do_not_overflow() {
    let mut raw = header();
    for level in 0..20_000 {
        let _ = write!(raw, "Content-Type: multipart/mixed; boundary=\"b{level}\"\r\n\r\n--b{level}\r\n");
    }
    raw.push_str("Content-Type: text/plain\r\n\r\nWe do not hold the information.\r\n");
    let incoming = reads_in_time(raw.as_bytes());
    assert_eq!(incoming.subject, "hostile");
    assert!(incoming.notes.iter().any(|n| n.contains("deep")), "{:?}", incoming.notes);
}

#[test]
fn mails_in_mails_two_thousand_deep_do_not_overflow() {
    let mut raw = header();
    for _ in 0..2_000 {
        raw.push_str("Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n");
    }
    raw.push_str("\r\nend\r\n");
    assert_eq!(reads_in_time(raw.as_bytes()).subject, "hostile");
}

#[test]
fn a_hundred_thousand_parts_are_counted_not_kept() {
    let mut raw = header();
    raw.push_str("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for _ in 0..100_000 {
        raw.push_str("--b\r\n\r\nx\r\n");
    }
    raw.push_str("--b--\r\n");
    let incoming = reads_in_time(raw.as_bytes());
    assert!(incoming.parts <= MAX_PARTS);
    assert!(incoming.notes.iter().any(|n| n.contains("left out")), "{:?}", incoming.notes);
}

#[test]
fn endless_headers_lines_pieces_and_comments_cost_little() {
    let many = (0..50_000).fold(String::new(), |all, i| all + &format!("X-{i}: y\r\n"));
    reads_in_time(format!("{}{many}\r\nbody", header()).as_bytes());
    reads_in_time(format!("{}X-Long: {}\r\n\r\nbody", header(), "a".repeat(1_000_000)).as_bytes());
    reads_in_time(format!("{}\r\n{}", header(), "word ".repeat(1_000_000)).as_bytes());
    let pieces = (0..10_000).fold(String::new(), |all, i| all + &format!(";\r\n filename*{i}=\"a\""));
    reads_in_time(format!("{}Content-Disposition: attachment{pieces}\r\n\r\nbody", header()).as_bytes());
    let comments = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
    reads_in_time(
        format!("From: a@b.example {comments}\r\nDate: {comments}\r\nSubject: c\r\n\r\nbody").as_bytes(),
    );
    reads_in_time(format!("{}\r\n{}", header(), "> ".repeat(200_000)).as_bytes());
    reads_in_time(format!("{}\r\n{}", header(), "=?utf-8?q?".repeat(50_000)).as_bytes());
    reads_in_time(format!("Subject: {}\r\n\r\n", "=?utf-8?q?".repeat(20_000)).as_bytes());
}

#[test]
fn deeply_nested_html_is_read_without_its_tags() {
    let page =
        format!("<html>{}We do not hold it.{}</html>", "<div>".repeat(20_000), "</div>".repeat(20_000));
    let raw = format!("{}Content-Type: text/html\r\n\r\n{page}", header());
    assert!(reads_in_time(raw.as_bytes()).text.contains("We do not hold it."));
    assert_eq!(html::to_text("a<br>b &amp; c", &mut Notes::default()), "a\nb & c");
}

#[test]
fn html_of_very_many_elements_is_not_laid_out_but_read() {
    let page = format!("<table>{}</table>", "<tr><td>held<td>withheld".repeat(60_000));
    let raw = format!("{}Content-Type: text/html\r\n\r\n{page}", header());
    let incoming = reads_in_time(raw.as_bytes());
    assert!(incoming.text.contains("held withheld"));
    assert!(incoming.notes.iter().any(|note| note.contains("laid out")), "{:?}", incoming.notes);
    assert!(incoming.notes.iter().any(|note| note.contains("the rest was left out")), "{:?}", incoming.notes);
}

#[test]
fn bytes_that_are_no_mail_still_have_a_sum_and_a_note() {
    for raw in [
        &b""[..],
        b"\0\0\0",
        b"\xff\xfe\xfd",
        b":::\r\n\r\n",
        b"just some words",
        &[b'\n'; 100],
        b"From: \r\n",
    ] {
        let incoming = reads_in_time(raw);
        assert!(!incoming.notes.is_empty());
    }
}

#[test]
fn dates_are_read_as_mail_programs_write_them() {
    let read = |text: &str| date::read(text).map(|d| d.to_rfc3339());
    let ten = Some("2026-04-14T08:00:00+00:00".to_owned());
    assert_eq!(read("Tue, 14 Apr 2026 10:00:00 +0200"), ten);
    assert_eq!(read("14 Apr 2026 10:00 +0200"), ten);
    assert_eq!(read("mar., 14 avr. 2026 10:00:00 +0200 (CEST)"), ten);
    assert_eq!(read("Tue Apr 14 08:00:00 2026"), ten);
    assert_eq!(read("2026-04-14T10:00:00+02:00"), ten);
    assert_eq!(read("Tue, 14 Apr 2026 08:00:00 GMT"), ten);
    assert_eq!(read("14 Apr 99999999999999 10:00:00 +0000"), None);
    assert_eq!(read("soon"), None);
}

#[test]
fn a_reply_address_is_known_in_any_case_and_no_other_is() {
    let token = "k3vabcdefghijkm2a7";
    let address = format!("R-2026-0417-{}@POST.askance.example", token.to_uppercase());
    assert_eq!(
        reply_address(&address, "post.askance.example"),
        Some(("2026-0417".to_owned(), token.to_owned()))
    );
    assert_eq!(reply_address(&address, "other.example"), None);
    assert_eq!(reply_address("r-2026-0417-short@post.askance.example", "post.askance.example"), None);
    assert_eq!(
        reply_address("r-2026-0417-k3v0abcdefghijkm18@post.askance.example", "post.askance.example"),
        None
    );
}

#[test]
fn many_notes_are_counted_and_what_warns_is_never_among_those() {
    let mut notes = Notes::default();
    (0..60).for_each(|n| notes.add(format!("oddity {n}")));
    (0..60).for_each(|n| notes.add(format!("oddity {n}")));
    notes.add("not read: too large");
    notes.warn("something hides");
    let told = notes.into_vec();
    assert_eq!(told.len(), 43);
    assert_eq!(told.first().map(String::as_str), Some("something hides"));
    assert!(told.contains(&"not read: too large".to_owned()) && told.contains(&"oddity 39".to_owned()));
    assert_eq!(told.last().map(String::as_str), Some("and 20 notes more"));
}
