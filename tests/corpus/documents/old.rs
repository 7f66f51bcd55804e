//! Files of Office 97 to 2003, made byte by byte after their specifications.

use super::made::{compound, file, noted, says, warned, wide};
use askance::domain::incoming::documents::Hiding;

/// A summary of the file with author (4) and last author (8), [MS-OLEPS].
fn summary(author: &str, last: &str) -> Vec<u8> {
    let mut strings = Vec::new();
    let mut places = Vec::new();
    for text in [author, last] {
        places.push(8 + 2 * 8 + strings.len());
        strings.extend(0x1e_u32.to_le_bytes());
        strings.extend(u32::try_from(text.len()).expect("short").to_le_bytes());
        strings.extend(text.bytes());
        strings.resize(strings.len().next_multiple_of(4), 0);
    }
    let mut set = vec![0xfe, 0xff];
    set.resize(44, 0);
    set.extend(48_u32.to_le_bytes());
    set.extend(u32::try_from(8 + 16 + strings.len()).expect("short").to_le_bytes());
    set.extend(2_u32.to_le_bytes());
    for (id, place) in [4_u32, 8].into_iter().zip(places) {
        set.extend(id.to_le_bytes());
        set.extend(u32::try_from(place).expect("short").to_le_bytes());
    }
    set.extend(strings);
    set
}

fn put(bytes: &mut [u8], at: usize, number: usize) {
    bytes[at..at + 4].copy_from_slice(&u32::try_from(number).expect("short").to_le_bytes());
}

/// A Word 97 file: one piece in 8 bits, one in UTF-16, one run hidden, one deleted, one comment ([MS-DOC]).
pub fn word_97() -> Vec<u8> {
    let narrow = b"The request is refused.\rFee \x13 FORMULA \x1450\x15 euro.\r";
    let (secret, gone) = ("SECRET", "GONE");
    let body = format!("Ünïcode {secret}{gone} end.\r");
    let comment = "Ask the minister first.\r";
    let mut main = vec![0_u8; 1024];
    main[0..4].copy_from_slice(&[0xec, 0xa5, 0xc1, 0]);
    main[11] = 0x02; // the table is `1Table`
    main.extend_from_slice(narrow);
    main.resize(main.len().next_multiple_of(2), 0);
    let wide_start = main.len();
    main.extend(wide(&body));
    main.extend(wide(comment));
    main.resize(main.len().next_multiple_of(512), 0);
    let units = |text: &str| text.encode_utf16().count();
    put(&mut main, 76, narrow.len() + units(&body));
    put(&mut main, 92, units(comment));
    // A page of character runs: shown, hidden, deleted, shown.
    let from = wide_start + 2 * units("Ünïcode ");
    let edges = [1024, from, from + 12, from + 20, main.len()];
    let mut page = vec![0_u8; 512];
    for (n, edge) in edges.into_iter().enumerate() {
        put(&mut page, n * 4, edge);
    }
    page[20..24].copy_from_slice(&[0, 100, 110, 0]);
    page[200..204].copy_from_slice(&[3, 0x3c, 0x08, 1]);
    page[220..224].copy_from_slice(&[3, 0x00, 0x08, 1]);
    page[511] = 4;
    let number = main.len() / 512;
    main.extend(page);
    let total = narrow.len() + units(&body) + units(comment);
    let mut clx = vec![2_u8, 28, 0, 0, 0];
    for place in [0, narrow.len(), total] {
        clx.extend(u32::try_from(place).expect("short").to_le_bytes());
    }
    for place in [0x4000_0000 | (1024 * 2), wide_start] {
        clx.extend([0, 0]);
        clx.extend(u32::try_from(place).expect("short").to_le_bytes());
        clx.extend([0, 0]);
    }
    let runs_at = clx.len();
    put(&mut main, 418, 0);
    put(&mut main, 422, runs_at);
    put(&mut main, 250, runs_at);
    put(&mut main, 254, 12);
    let mut table = clx;
    for value in [1024, wide_start, number] {
        table.extend(u32::try_from(value).expect("short").to_le_bytes());
    }
    compound(&[
        ("/WordDocument", main),
        ("/1Table", table),
        ("/\u{5}SummaryInformation", summary("Dora Scribe", "E. Editor")),
    ])
}

#[test]
fn an_old_word_letter_is_read_by_its_piece_table_and_what_it_hides_is_warned_of() {
    let found = file(&word_97());
    says(
        &found,
        &["The request is refused.\n\nFee 50 euro.", "Ünïcode  end."],
        &["SECRET", "GONE", "minister", "FORMULA"],
    );
    warned(&found, Hiding::HiddenText, &["SECRET"]);
    warned(&found, Hiding::TrackedChanges, &["GONE"]);
    warned(&found, Hiding::Comments, &["Ask the minister first."]);
    warned(&found, Hiding::Author, &["Dora Scribe", "E. Editor"]);
    assert_eq!(found.content_type, "application/msword");
}

#[test]
fn a_locked_old_word_file_is_noted() {
    let mut main = vec![0_u8; 1024];
    main[0..2].copy_from_slice(&[0xec, 0xa5]);
    main[11] = 0x01;
    noted(&file(&compound(&[("/WordDocument", main)])).notes, "protected with a password");
}

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &u16::try_from(body.len()).expect("short").to_le_bytes(), body].concat()
}

fn label(row: u16, column: u16, text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("short");
    let head = [row, column, 0, length].map(u16::to_le_bytes).concat();
    record(0x0204, &[&head[..], &[0], text.as_bytes()].concat())
}

/// An Excel 97 file: a shown sheet with a hidden row and a hidden column, a very hidden sheet, a name ([MS-XLS]).
pub fn excel_97() -> Vec<u8> {
    let start = |kind: u8| record(0x0809, &[0, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0]);
    let end = record(0x000a, &[]);
    let hidden_row = record(0x0208, &[1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0]);
    let hidden_column = record(0x007d, &[1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    let first = [
        start(0x10),
        hidden_column,
        hidden_row,
        label(0, 0, "Searches"),
        label(0, 1, "hidden column"),
        label(1, 0, "hidden row"),
        end.clone(),
    ]
    .concat();
    let second = [start(0x10), label(0, 0, "watch list"), end.clone()].concat();
    let name = record(0x0018, &[&[1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], b"Keys"].concat());
    let sheet = |place: usize, state: u8, name: &[u8]| {
        let place = u32::try_from(place).expect("short").to_le_bytes();
        let length = u8::try_from(name.len()).expect("short");
        record(0x0085, &[&place[..], &[state, 0, length, 0], name].concat())
    };
    let globals = |a: usize, b: usize| {
        let page = record(0x0042, &1200_u16.to_le_bytes());
        [start(5), page, sheet(a, 0, b"Hits"), sheet(b, 2, b"Lists"), name.clone(), end.clone()].concat()
    };
    let length = globals(0, 0).len();
    let mut book = globals(length, length + first.len());
    book.extend(first);
    book.extend(second);
    book.resize(book.len().max(5_000), 0);
    compound(&[("/Workbook", book), ("/_SX_DB_CUR/0001", b"pivot".to_vec())])
}

#[test]
fn an_old_excel_table_is_read_and_what_it_hides_is_warned_of() {
    let found = file(&excel_97());
    says(&found, &["Hits\nSearches"], &["hidden", "watch list"]);
    warned(
        &found,
        Hiding::HiddenSheet,
        &["sheet “Lists” is very hidden", "watch list", "hidden column", "hidden row"],
    );
    warned(&found, Hiding::NamedRange, &["Keys (hidden)"]);
    warned(&found, Hiding::PivotCache, &["5 bytes"]);
}

#[test]
fn old_excel_cells_too_far_apart_are_not_laid_out() {
    let start = |kind: u8| record(0x0809, &[0, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0]);
    let book = [
        start(5),
        record(0x000a, &[]),
        start(0x10),
        label(0, 0, "a"),
        label(65_535, 255, "b"),
        record(0x000a, &[]),
    ];
    noted(&file(&compound(&[("/Workbook", book.concat())])).notes, "too far apart");
}

/// A small mail saved by Outlook.
pub fn small_msg() -> Vec<u8> {
    compound(&[
        ("/__properties_version1.0", vec![0; 32]),
        ("/__substg1.0_0037001F", wide("Subject")),
        ("/__substg1.0_1000001E", b"8-bit body".to_vec()),
    ])
}

#[test]
fn old_slides_are_read_and_their_notes_are_warned_of() {
    let atom = |head: u16, kind: u16, body: &[u8]| {
        let length = u32::try_from(body.len()).expect("short").to_le_bytes();
        [&head.to_le_bytes()[..], &kind.to_le_bytes(), &length, body].concat()
    };
    let slide = atom(0x0f, 0x03ee, &atom(0, 0x0fa0, &wide("Slide words")));
    let master = atom(0x0f, 0x03f8, &atom(0, 0x0fa8, b"Click to edit"));
    let note = atom(0x0f, 0x03f0, &atom(0, 0x0fa8, b"Keep quiet"));
    let found = file(&compound(&[("/PowerPoint Document", [master, slide, note].concat())]));
    says(&found, &["Slide words"], &["Click to edit", "Keep quiet"]);
    warned(&found, Hiding::Notes, &["Keep quiet"]);
}
