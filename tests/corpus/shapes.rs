//! The ways in which mails are written wrongly: each has a mail, and no line end changes what is read of it.

use super::{KNOWLEDGE, corpus};
use askance::domain::incoming::{Incoming, understand};
use std::fs;
use std::path::{Path, PathBuf};

fn shapes() -> Vec<PathBuf> {
    let all = corpus().into_iter();
    all.filter(|path| path.parent().is_some_and(|p| p.ends_with("corpus/shapes"))).collect()
}

fn shape(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/shapes");
    fs::read(folder.join(name).with_extension("eml")).expect("shape")
}

/// Every way of the wild that the project promises to read has a mail whose name begins so.
#[test]
fn every_promised_shape_has_a_mail() {
    let names: Vec<String> =
        corpus().iter().map(|path| path.file_stem().expect("name").to_string_lossy().into_owned()).collect();
    let promised = [
        "parts-60-deep",
        "rubbish-before-the-header",
        "rubbish-within-the-header",
        "no-header-at-all",
        "no-empty-line-before-the-text",
        "lone-carriage-returns",
        "nul-bytes",
        "charset-unknown",
        "charset-says",
        "charset-missing",
        "encoded-word-cut-in-a-character",
        "encoded-word-folded-in-the-middle",
        "name-in-pieces",
        "name-in-raw-8-bit",
        "header-in-plain-latin",
        "base64-with-foreign-characters",
        "base64-cut-off",
        "boundary-prefix",
        "boundary-never-closed",
        "mailbox-line-first",
        "date-without-seconds",
        "date-with-french-weekday",
        "date-with-greek-month",
        "date-with-two-digit-year",
        "date-with-odd-zone",
        "address-in-a-group",
        "address-with-bare-at",
        "address-with-bare-comma",
        "address-without-closing-bracket",
        "forwarded-as-a-mail",
        "mail-in-mail-in-mail",
        "uuencoded-part",
    ];
    let missing: Vec<&&str> =
        promised.iter().filter(|p| !names.iter().any(|name| name.starts_with(**p))).collect();
    assert!(missing.is_empty(), "no mail for {missing:?}");
    assert!(names.len() >= 150, "{} mails", names.len());
}

/// What says the same whatever the lines end with.
fn facts(mail: &Incoming) -> impl PartialEq + std::fmt::Debug + use<> {
    let names: Vec<String> = mail.attachments.iter().map(|file| file.name.clone()).collect();
    let from = mail.from.clone();
    (mail.subject.clone(), from, mail.to.clone(), mail.date, mail.parts, mail.full_text.clone(), names)
}

fn with_ends(raw: &[u8], end: &[u8]) -> Vec<u8> {
    let unix: Vec<u8> = raw.iter().copied().filter(|&b| b != b'\r').collect();
    unix.split(|&b| b == b'\n').collect::<Vec<_>>().join(end)
}

#[test]
fn a_shape_is_read_alike_with_any_line_end() {
    let found = shapes();
    assert!(found.len() >= 100, "{} shapes", found.len());
    for path in found {
        let raw = fs::read(&path).expect("mail");
        let read = |end: &[u8]| understand(&with_ends(&raw, end), &KNOWLEDGE);
        let (unix, network, old) = (read(b"\n"), read(b"\r\n"), read(b"\r"));
        assert_eq!(facts(&unix), facts(&network), "LF and CRLF: {}", path.display());
        assert_eq!(facts(&unix), facts(&old), "LF and CR: {}", path.display());
        assert!(old.notes.iter().any(|n| n.contains("lone carriage return")), "{}", path.display());
    }
}

#[test]
fn a_header_with_lone_returns_above_a_sound_body_is_read() {
    let raw = b"From: a@council.example\rSubject: one\rDate: Tue, 14 Apr 2026 09:12:00 +0200\r\rWe do not\nhold it.\n";
    let mail = understand(raw, &KNOWLEDGE);
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("one", "We do not\nhold it."));
}

#[test]
fn a_lone_return_in_a_value_begins_no_new_field() {
    let raw =
        b"From: a@council.example\r\nSubject: one\rReply-To: thief@x.example\r\nTo: b@c.example\r\n\r\nx\r\n";
    let mail = understand(raw, &KNOWLEDGE);
    assert_eq!(mail.subject, "oneReply-To: thief@x.example");
}

#[test]
fn what_decodes_of_a_broken_file_is_kept_to_the_byte() {
    let size = |name: &str| understand(&shape(name), &KNOWLEDGE).attachments[0].size;
    assert_eq!(size("base64-with-an-armour-sum"), 10);
    assert_eq!(size("uuencoded-part"), 3);
    assert_eq!(size("boundary-never-closed"), 12);
}

#[test]
fn files_below_the_deepest_part_keep_their_bytes() {
    let deep = understand(&shape("parts-60-deep-are-listed-flat"), &KNOWLEDGE);
    let flat = understand(&shape("boundary-never-closed"), &KNOWLEDGE);
    assert_eq!(deep.attachments[0].sha256, flat.attachments[0].sha256);
}
