//! Containers: what TNEF, Outlook's mails, uuencode, yEnc and archives hold becomes files of the mail, the parts of
//! MIME stay as they were.

use super::made::{
    archive, attached, compound, mail, mail_of, noted, packed, paragraph, read, says, warned, wide, word,
};
use askance::domain::incoming::documents::{Hiding, Supplied};
use askance::domain::incoming::understand_with_files;
use askance::domain::incoming::unpack::compressed_rtf;
use askance::store::blobs::sha256;

/// An attribute of TNEF: level, id and type, length, bytes, checksum.
fn attribute(level: u8, id: u32, bytes: &[u8]) -> Vec<u8> {
    let sum: u16 = bytes.iter().fold(0_u16, |sum, b| sum.wrapping_add(u16::from(*b)));
    let length = u32::try_from(bytes.len()).expect("short");
    [&[level], &id.to_le_bytes()[..], &length.to_le_bytes(), bytes, &sum.to_le_bytes()].concat()
}

/// A property of TNEF with a long value.
fn property(kind: u16, id: u16, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short");
    let filling = vec![0_u8; (4 - bytes.len() % 4) % 4];
    [&kind.to_le_bytes()[..], &id.to_le_bytes(), &1_u32.to_le_bytes(), &length.to_le_bytes(), bytes, &filling]
        .concat()
}

fn properties(list: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(list.len()).expect("few");
    [&count.to_le_bytes()[..], &list.concat()].concat()
}

fn tnef(body: &[Vec<u8>], file: &[u8]) -> Vec<u8> {
    let long_name = wide("Bescheid über den Antrag.docx\0");
    // A named property with an id and a boolean must be stepped over.
    let named = [
        &0x000b_u16.to_le_bytes()[..],
        &0x8001_u16.to_le_bytes(),
        &[7; 16],
        &0_u32.to_le_bytes(),
        &5_u32.to_le_bytes(),
        &1_u32.to_le_bytes(),
    ]
    .concat();
    [
        vec![0x78, 0x9f, 0x3e, 0x22, 1, 0],
        attribute(1, 0x0006_9007, &[0xe4, 4, 0, 0, 0, 0, 0, 0]),
        attribute(1, 0x0006_9003, &properties(body)),
        attribute(2, 0x0006_9002, &[0; 14]),
        attribute(2, 0x0001_8010, b"BESCHE~1.DOC\0"),
        attribute(2, 0x0006_800f, file),
        attribute(2, 0x0006_9005, &properties(&[named, property(0x1f, 0x3707, &long_name)])),
    ]
    .concat()
}

/// A small container of Outlook.
pub fn small_tnef() -> Vec<u8> {
    tnef(&[property(0x1f, 0x1000, &wide("a text")), property(0x0102, 0x1009, &HELLO)], b"a file")
}

/// “hello world” in compressed RTF, the example of [MS-OXRTFCP] §4.1.
const HELLO: [u8; 49] = [
    0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 3, 0, 0x0a, 0, 0x72, 0x63,
    0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 9, 0, 0x20, 0x62, 0x77, 5,
    0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
];

#[test]
fn compressed_rtf_is_unpacked_to_the_byte() {
    let unpacked = compressed_rtf::unpack(&HELLO).expect("compressed RTF");
    assert_eq!(String::from_utf8_lossy(&unpacked), "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
    assert_eq!(compressed_rtf::unpack(b"no"), None);
}

#[test]
fn winmail_dat_gives_the_text_and_the_file_with_its_long_name() {
    let letter = word(&paragraph("Der Antrag wird abgelehnt."), &[]);
    let container = tnef(&[property(0x0102, 0x1009, &HELLO)], &letter);
    let incoming = read(&mail_of("", &[("winmail.dat", "application/ms-tnef", &container)]));
    assert_eq!(incoming.text.trim(), "hello world");
    assert_eq!(incoming.parts, 2);
    let [outer, inner] = incoming.attachments.as_slice() else { panic!("{:?}", incoming.attachments) };
    assert_eq!((outer.sha256.as_str(), outer.within.as_deref()), (sha256(&container).as_str(), None));
    assert_eq!(inner.name, "Bescheid über den Antrag.docx");
    assert_eq!(inner.within.as_deref(), Some("winmail.dat"));
    assert_eq!(inner.sha256, sha256(&letter));
    says(inner, &["Der Antrag wird abgelehnt."], &[]);
}

#[test]
fn winmail_dat_beside_a_text_does_not_replace_it() {
    let container = tnef(&[property(0x1f, 0x1000, &wide("the same once more"))], b"x");
    let incoming = read(&mail("winmail.dat", "application/ms-tnef", &container));
    assert_eq!(incoming.text.trim(), "See the attached file.");
}

#[test]
fn a_cut_off_winmail_dat_gives_what_is_left() {
    let container = tnef(&[property(0x1f, 0x1000, &wide("long text"))], &[7; 500]);
    for end in 0..container.len() {
        let incoming = read(&mail_of("", &[("winmail.dat", "application/ms-tnef", &container[..end])]));
        assert_eq!(incoming.parts, 2);
    }
}

fn outlook(subject: &str, body: &str) -> Vec<(String, Vec<u8>)> {
    let mut table = vec![0_u8; 32];
    // PidTagClientSubmitTime: 2026-04-14 09:12:00 UTC in steps of 100 ns since 1601.
    table.extend([0x40, 0, 0x39, 0, 6, 0, 0, 0]);
    table.extend((134_207_359_200_000_000_u64 - 115_200_000_000).to_le_bytes());
    vec![
        ("/__properties_version1.0".to_owned(), table),
        ("/__substg1.0_0037001F".to_owned(), wide(subject)),
        ("/__substg1.0_0C1A001F".to_owned(), wide("Office of Records")),
        ("/__substg1.0_5D01001F".to_owned(), wide("records@authority.example")),
        ("/__substg1.0_1000001F".to_owned(), wide(body)),
    ]
}

fn saved_mail() -> Vec<u8> {
    let mut streams = outlook("Decision on your request", "We enclose the contract.");
    let attachment = "/__attach_version1.0_#00000000";
    streams.push((format!("{attachment}/__properties_version1.0"), vec![0; 8]));
    streams.push((format!("{attachment}/__substg1.0_3707001F"), wide("contract.docx")));
    streams.push((format!("{attachment}/__substg1.0_37010102"), word(&paragraph("Clause one"), &[])));
    let inner = "/__attach_version1.0_#00000001";
    streams.push((format!("{inner}/__properties_version1.0"), vec![0; 8]));
    for (path, bytes) in outlook("Internal: how we decide", "Keep it from them.") {
        let bytes = if path.contains("properties") { vec![0; 24] } else { bytes };
        streams.push((format!("{inner}/__substg1.0_3701000D{path}"), bytes));
    }
    let streams: Vec<(&str, Vec<u8>)> =
        streams.iter().map(|(path, bytes)| (path.as_str(), bytes.clone())).collect();
    compound(&streams)
}

#[test]
fn a_mail_saved_by_outlook_is_read_and_warned_of_with_what_is_in_it() {
    let saved = saved_mail();
    let incoming = read(&mail("forwarded.msg", "application/vnd.ms-outlook", &saved));
    let [msg, contract, inner] = incoming.attachments.as_slice() else {
        panic!("{:?}", incoming.attachments)
    };
    assert_eq!(msg.sha256, sha256(&saved));
    says(msg, &["Decision on your request", "We enclose the contract."], &["Keep it from them"]);
    warned(msg, Hiding::InnerMail, &["Decision on your request", "records@authority.example"]);
    assert_eq!(
        (contract.name.as_str(), contract.within.as_deref()),
        ("contract.docx", Some("forwarded.msg"))
    );
    says(contract, &["Clause one"], &[]);
    assert_eq!(inner.content_type, "message/rfc822");
    says(inner, &["Keep it from them."], &[]);
    warned(inner, Hiding::InnerMail, &["how we decide"]);
}

#[test]
fn a_saved_mail_given_as_the_mail_itself_is_read_as_a_mail() {
    let saved = saved_mail();
    let incoming = read(&saved);
    assert_eq!(incoming.subject, "Decision on your request");
    assert_eq!(incoming.from.as_ref().map(|f| f.address.as_str()), Some("records@authority.example"));
    assert_eq!(incoming.text.trim(), "We enclose the contract.");
    assert_eq!(incoming.sha256, sha256(&saved));
    assert!(incoming.date.is_some());
    assert_eq!(incoming.attachments[0].name, "contract.docx");
    noted(&incoming.notes, "saved by Outlook");
}

#[test]
fn a_mail_within_the_mail_is_warned_of_by_its_subject() {
    let raw = "From: a@b.example\r\nSubject: Re: request\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\
               Content-Type: text/plain\r\n\r\nForwarded.\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n\
               From: Boss <boss@authority.example>\r\nSubject: Delay this one\r\n\r\nUntil summer.\r\n--x--\r\n";
    let incoming = read(raw.as_bytes());
    let inner = &incoming.attachments[0];
    warned(inner, Hiding::InnerMail, &["Delay this one", "boss@authority.example"]);
    says(inner, &["Until summer."], &[]);
    assert!(!incoming.text.contains("Until summer"));
}

const UU: &str = "begin 644 note.txt\r\n#0V%T\r\n`\r\nend\r\n";

#[test]
fn uuencoded_files_are_taken_out_of_the_text() {
    let raw = format!("From: a@b.example\r\nSubject: s\r\n\r\nBefore.\r\n{UU}After.\r\n");
    let incoming = read(raw.as_bytes());
    assert_eq!(incoming.text.trim(), "Before.\nAfter.");
    assert_eq!(incoming.parts, 1);
    let file = &incoming.attachments[0];
    assert_eq!((file.name.as_str(), file.sha256.as_str()), ("note.txt", sha256(b"Cat").as_str()));
    assert_eq!(file.within.as_deref(), Some("the text"));
    noted(&incoming.notes, "note.txt");
}

#[test]
fn sentences_that_begin_like_uuencode_stay() {
    let text = "We will begin 644 days after that.\r\nbegin 644 proceedings\r\nsoon, it is said.\r\nend\r\n";
    let incoming = read(format!("From: a@b.example\r\n\r\n{text}").as_bytes());
    assert_eq!(incoming.text.trim(), text.replace('\r', "").trim());
    assert!(incoming.attachments.is_empty());
}

#[test]
fn yenc_files_are_taken_out_of_the_text() {
    let mut raw = b"From: a@b.example\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSee below.\r\n=ybegin line=128 size=5 name=list.bin\r\n"
        .to_vec();
    // 0, 19, 214, 227, 10: the last four need an escape after 42 is added.
    for byte in [0_u8, 19, 214, 227, 10] {
        let coded = byte.wrapping_add(42);
        if matches!(coded, 0 | b'\n' | b'\r' | b'=') {
            raw.extend([b'=', coded.wrapping_add(64)]);
        } else {
            raw.push(coded);
        }
    }
    raw.extend(b"\r\n=yend size=5\r\nBye.\r\n");
    let incoming = read(&raw);
    assert_eq!(incoming.attachments[0].sha256, sha256(&[0, 19, 214, 227, 10]));
    assert_eq!(incoming.text.trim(), "See below.\nBye.");
}

#[test]
fn an_archive_is_listed_and_its_letters_are_read_as_files_of_their_own() {
    let letter = word(&paragraph("The appeal is dismissed."), &[]);
    let zip = packed(&[("papers/decision.docx", &letter), ("readme.txt", b"Read the decision.")]);
    let (incoming, files) = understand_with_files(
        &mail("papers.zip", "application/zip", &zip),
        &crate::corpus::KNOWLEDGE,
        &Supplied::new(),
    );
    let names: Vec<&str> = incoming.attachments.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["papers.zip", "decision.docx", "readme.txt"]);
    assert_eq!(incoming.parts, 2);
    noted(&incoming.attachments[0].notes, "holds 2 files: papers/decision.docx");
    assert_eq!(incoming.attachments[0].text, None);
    says(&incoming.attachments[1], &["The appeal is dismissed."], &[]);
    says(&incoming.attachments[2], &["Read the decision."], &[]);
    let hashes: Vec<String> = files.iter().map(|bytes| sha256(bytes)).collect();
    let listed: Vec<&str> = incoming.attachments.iter().map(|a| a.sha256.as_str()).collect();
    assert_eq!(hashes, listed);
}

#[test]
fn archives_in_archives_are_opened_twice_and_not_for_ever() {
    let mut zip = archive(&[("deep.txt", "deepest words")]);
    for level in 0..5 {
        zip = packed(&[(format!("level{level}.zip").as_str(), zip.as_slice())]);
    }
    let incoming = read(&mail("outer.zip", "application/zip", &zip));
    assert_eq!(incoming.attachments.len(), 3, "{:?}", incoming.attachments);
    noted(&incoming.notes, "more than 2 deep");
    let zip = packed(&[("in.zip", &archive(&[("deep.txt", "deepest words")]))]);
    let incoming = read(&mail("outer.zip", "application/zip", &zip));
    says(&incoming.attachments[2], &["deepest words"], &[]);
}

#[test]
fn files_of_a_mail_attached_as_a_mere_file_are_listed() {
    let inner = mail("list.txt", "text/plain", b"one, two");
    let incoming = read(&mail("old.eml", "application/octet-stream", &inner));
    let names: Vec<&str> = incoming.attachments.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["old.eml", "list.txt"]);
    says(&incoming.attachments[1], &["one, two"], &[]);
}

#[test]
fn a_file_without_name_or_type_gets_the_ending_of_what_it_is() {
    let rtf = attached("", "application/octet-stream", b"{\\rtf1 hello}");
    assert_eq!((rtf.name.as_str(), rtf.content_type.as_str()), ("attachment.rtf", "application/rtf"));
}
