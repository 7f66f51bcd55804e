//! Files that attack their reader (R32): each is bounded, none reaches outside, a note says what was not read.

use super::made::{attached, file, mail, noted, packed, paragraph, read, row, says, word, workbook};
use askance::domain::incoming::Attachment;
use std::fmt::Write as _;
use std::io::Cursor;
use std::time::{Duration, Instant};
use zip::write::SimpleFileOptions;

/// R32 asks for 5 s; an unoptimised build on a busy machine gets more.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 40 } else { 5 });

fn in_time(bytes: &[u8]) -> Attachment {
    let start = Instant::now();
    let found = file(bytes);
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    found
}

#[test]
fn a_zip_bomb_is_not_unpacked() {
    let zeros = vec![0_u8; 100 << 20];
    let bomb = packed(&[("zeros.bin", &zeros)]);
    assert!(bomb.len() < 200 << 10, "{} bytes", bomb.len());
    let incoming = read(&mail("bomb.zip", "application/zip", &bomb));
    assert_eq!(incoming.attachments.len(), 1);
    noted(&incoming.attachments[0].notes, "not read: the file unpacks to far more than it is");
}

#[test]
fn a_word_file_that_is_a_zip_bomb_is_not_unpacked() {
    let body = paragraph(&" ".repeat(50 << 20));
    let found = in_time(&word(&body, &[]));
    noted(&found.notes, "not read: the file unpacks to far more than it is");
    assert_eq!(found.text, None);
}

#[test]
fn a_bomb_that_lies_about_its_size_is_stopped_while_it_unpacks() {
    let mut bomb = word(&paragraph(&" ".repeat(50 << 20)), &[]);
    // The size in the directory (offset 24 of each record) and before the entry (22) is made small.
    for (mark, at) in [(b"PK\x01\x02", 24), (b"PK\x03\x04", 22)] {
        let places: Vec<usize> =
            bomb.windows(4).enumerate().filter(|(_, w)| w == mark).map(|(place, _)| place).collect();
        for place in places {
            bomb[place + at..place + at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
        }
    }
    let found = in_time(&bomb);
    noted(&found.notes, "not read");
    assert!(found.text.as_deref().unwrap_or_default().len() < 2 << 20);
}

#[test]
fn names_that_lead_out_of_the_folder_are_noted_and_left() {
    let zip = packed(&[
        ("../../etc/cron.d/evil", b"* * * * * root true"),
        ("C:\\Windows\\evil.dll", b"MZ"),
        ("/abs.txt", b"absolute"),
        ("fine.txt", b"fine words"),
    ]);
    let incoming = read(&mail("slip.zip", "application/zip", &zip));
    let names: Vec<&str> = incoming.attachments.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["slip.zip", "fine.txt"]);
    noted(&incoming.attachments[0].notes, "zip slip");
}

#[test]
fn twenty_thousand_entries_are_not_read() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for entry in 0..20_000 {
        zip.start_file(format!("f{entry}"), options).expect("entry");
    }
    let many = zip.finish().expect("archive").into_inner();
    let start = Instant::now();
    let incoming = read(&mail("many.zip", "application/zip", &many));
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(incoming.attachments.len(), 1);
    noted(&incoming.attachments[0].notes, "not read: more than 1000 entries");
}

fn with_doctype(doctype: &str, entity: &str) -> Vec<u8> {
    let document = format!(
        "<?xml version=\"1.0\"?>{doctype}<w:document><w:body>{}</w:body></w:document>",
        paragraph(&format!("Start {entity} end"))
    );
    packed(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", document.as_bytes())])
}

#[test]
fn an_external_entity_is_never_looked_up() {
    let path = format!("{}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let found =
        in_time(&with_doctype(&format!("<!DOCTYPE x [<!ENTITY xxe SYSTEM \"file://{path}\">]>"), "&xxe;"));
    says(&found, &["Start  end"], &["[package]", "askance"]);
    noted(&found.notes, "none was looked up");
}

#[test]
fn entities_that_multiply_stay_small() {
    let mut doctype = "<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">".to_owned();
    for level in 1..10 {
        let many = format!("&lol{};", level - 1).repeat(10);
        let _ = write!(doctype, "<!ENTITY lol{level} \"{many}\">");
    }
    doctype.push_str("]>");
    let found = in_time(&with_doctype(&doctype, "&lol9;"));
    says(&found, &["Start  end"], &["lol"]);
    noted(&found.notes, "none was looked up");
}

#[test]
fn a_cell_at_the_far_end_of_a_sheet_costs_nothing() {
    let rows = format!(
        "{}<sheetData><row r=\"1048576\"><c r=\"XFD1048576\" t=\"inlineStr\"><is><t>far</t></is></c></row></sheetData>",
        row(1, "", &["near"])
    );
    says(&in_time(&workbook(&[("A", "visible", &rows)], "", &[])), &["near", "far"], &[]);
}

#[test]
fn locked_files_are_noted() {
    let mut zip = packed(&[("secret.txt", b"words")]);
    // Bit 0 of the flags says that a password is needed.
    for (mark, at) in [(b"PK\x01\x02", 8), (b"PK\x03\x04", 6)] {
        let place = zip.windows(4).position(|w| w == mark).expect("record");
        zip[place + at] |= 1;
    }
    let incoming = read(&mail("locked.zip", "application/zip", &zip));
    assert_eq!(incoming.attachments.len(), 1);
    noted(&incoming.attachments[0].notes, "not read: 1 of its files are protected with a password");
}

#[test]
fn deep_groups_of_rtf_and_deep_xml_do_not_overflow() {
    let rtf = format!("{{\\rtf1 top {}deep{}}}", "{\\b ".repeat(300_000), "}".repeat(300_000));
    says(&in_time(rtf.as_bytes()), &["top"], &[]);
    let body = format!("{}{}{}", "<w:r>".repeat(100_000), paragraph("deep"), "</w:r>".repeat(100_000));
    in_time(&word(&body, &[]));
}

#[test]
fn texts_full_of_beginnings_cost_little() {
    let mut text = "=ybegin line=128 size=1 name=x\r\n".repeat(60_000);
    text.push_str(&"begin 644 a\r\n".repeat(60_000));
    let raw = format!("From: a@b.example\r\n\r\n{text}");
    let start = Instant::now();
    read(raw.as_bytes());
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
}

/// Files of every kind, each byte of which is bent in turn: whatever comes out, something does.
#[test]
fn bent_files_never_stop_the_reader() {
    let rows = row(1, "", &["a", "b"]);
    let originals: Vec<(&str, Vec<u8>)> = vec![
        ("a.docx", word(&paragraph("text"), &[("word/comments.xml", "<c><w:comment w:author=\"x\"/></c>")])),
        ("a.xlsx", workbook(&[("A", "hidden", &rows)], "<definedName name=\"n\">1</definedName>", &[])),
        ("a.rtf", b"{\\rtf1\\ansi{\\fonttbl{\\f0\\fcharset204 x;}}\\u1234?\\'e4 {\\v h}\\par}".to_vec()),
        ("a.doc", super::old::word_97()),
        ("a.xls", super::old::excel_97()),
        ("a.msg", super::old::small_msg()),
        ("a.zip", packed(&[("x.txt", b"words"), ("y/z.rtf", b"{\\rtf1 x}")])),
        ("winmail.dat", super::containers::small_tnef()),
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for (name, original) in &originals {
        for _ in 0..60 {
            let mut bent = original.clone();
            for _ in 0..4 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let place = usize::try_from(seed >> 16).expect("64 bits") % bent.len();
                bent[place] = seed.to_le_bytes()[0];
            }
            attached(name, "application/octet-stream", &bent);
        }
    }
}
