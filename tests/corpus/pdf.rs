//! PDFs and pictures of our own making: what is read, what is told to be hidden, what costs too much.

use super::KNOWLEDGE;
use askance::domain::incoming::documents::pdf::{PictureKind, page_images};
use askance::domain::incoming::documents::{Document, Hiding, image, pdf};
use askance::domain::incoming::mime::Notes;
use askance::domain::incoming::understand;
use data_encoding::BASE64_MIME;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// The objects of a PDF; the first is the catalog, the second the root of the pages.
struct Pdf {
    objects: Vec<Vec<u8>>,
    pages: Vec<usize>,
    catalog: String,
    trailer: String,
}

impl Pdf {
    fn new() -> Self {
        let objects = vec![Vec::new(), Vec::new()];
        Self { objects, pages: Vec::new(), catalog: String::new(), trailer: String::new() }
    }

    fn add(&mut self, object: impl Into<Vec<u8>>) -> usize {
        self.objects.push(object.into());
        self.objects.len()
    }

    fn stream(&mut self, dict: &str, data: &[u8]) -> usize {
        let mut object = format!("<< {dict} /Length {} >>\nstream\n", data.len()).into_bytes();
        object.extend_from_slice(data);
        object.extend_from_slice(b"\nendstream");
        self.add(object)
    }

    /// A page with the font Helvetica as `/F1`, more resources and more entries.
    fn page(mut self, content: &[u8], resources: &str, entries: &str) -> Self {
        let content = self.stream("", content);
        let page = self.add(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R {entries} /Resources << \
             /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> \
             {resources} >> >>"
        ));
        self.pages.push(page);
        self
    }

    fn bytes(mut self) -> Vec<u8> {
        let kids: String = self.pages.iter().fold(String::new(), |mut kids, page| {
            let _ = write!(kids, "{page} 0 R ");
            kids
        });
        self.objects[0] = format!("<< /Type /Catalog /Pages 2 0 R {} >>", self.catalog).into_bytes();
        if self.objects[1].is_empty() {
            let count = self.pages.len();
            self.objects[1] = format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>").into_bytes();
        }
        let mut file = b"%PDF-1.6\n".to_vec();
        let mut table = String::from("0000000000 65535 f \n");
        for (number, object) in self.objects.iter().enumerate() {
            writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
            file.extend_from_slice(format!("{} 0 obj\n", number + 1).as_bytes());
            file.extend_from_slice(object);
            file.extend_from_slice(b"\nendobj\n");
        }
        let (start, size, trailer) = (file.len(), self.objects.len() + 1, &self.trailer);
        write!(file, "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n").unwrap();
        write!(file, "startxref\n{start}\n%%EOF\n").unwrap();
        file
    }
}

fn read(data: &[u8]) -> (Document, Vec<String>) {
    let mut notes = Notes::default();
    let document = pdf::read(data, &mut notes);
    (document, notes.into_vec())
}

fn text(data: &[u8]) -> String {
    let (document, notes) = read(data);
    document.text.unwrap_or_else(|| panic!("no text: {notes:?}"))
}

fn details(document: &Document, what: Hiding) -> Vec<&str> {
    document.hidden.iter().filter(|h| h.what == what).map(|h| h.detail.as_str()).collect()
}

fn packed(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(data).unwrap();
    packer.finish().unwrap()
}

const LETTER: &[u8] = b"BT /F1 11 Tf 14 TL 71 700 Td (Sehr geehrte Frau Muster,) Tj T* T* \
    (Ihr Antrag auf Zugang zu Unterlagen \xfcber die Gesichts-) Tj T* \
    (erkennung wird abgelehnt. Vor-) Tj T* (und Nachname der Bearbeiterin werden nicht genannt.) Tj ET";

#[test]
fn a_decision_in_an_attached_pdf_is_read_as_the_letter_it_is() {
    let pdf = Pdf::new().page(LETTER, "", "").bytes();
    let mail = format!(
        "From: amt@behoerde.example\r\nSubject: Ihr Antrag\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSiehe Anlage.\r\n\
         --b\r\nContent-Type: application/pdf; name=Bescheid.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\
         \r\n--b--\r\n",
        BASE64_MIME.encode(&pdf)
    );
    let incoming = understand(mail.as_bytes(), &KNOWLEDGE);
    let read = format!("{incoming:?}");
    assert!(read.contains("Gesichtserkennung wird abgelehnt"), "{read}");
}

#[test]
fn a_word_divided_at_the_end_of_a_line_is_whole_and_one_that_is_not_keeps_its_hyphen() {
    let text = text(&Pdf::new().page(LETTER, "", "").bytes());
    assert!(text.contains("über die Gesichtserkennung wird abgelehnt. Vor-\nund Nachname"), "{text}");
    assert!(text.starts_with("Sehr geehrte Frau Muster,\n\nIhr Antrag"), "{text}");
}

#[test]
fn the_reference_block_beside_the_address_stays_together() {
    let head = b"BT /F1 11 Tf 14 TL 71 760 Td (Frau) Tj T* (Erika Muster) Tj T* (Am Markt 1) Tj ET \
        BT /F1 11 Tf 14 TL 330 760 Td (Gesch\xe4ftszeichen: VI-12/2026) Tj T* (Bearbeiter: Herr Klein) Tj T* \
        (Datum: 12.03.2026) Tj ET \
        BT /F1 11 Tf 14 TL 71 690 Td (auf Ihren Antrag hin teilen wir Ihnen heute das Folgende mit und bitten Sie) Tj \
        T* (um etwas Geduld, denn die Unterlagen liegen in mehreren Stellen des Hauses.) Tj ET";
    let text = text(&Pdf::new().page(head, "", "").bytes());
    assert!(text.contains("Frau\nErika Muster\nAm Markt 1"), "{text}");
    assert!(text.contains("Geschäftszeichen: VI-12/2026\nBearbeiter: Herr Klein"), "{text}");
}

#[test]
fn labels_stay_with_what_they_say() {
    let head = b"BT /F1 11 Tf 71 760 Td (Aktenzeichen:) Tj 120 0 Td (VI-12/2026) Tj -120 -14 Td (Datum:) Tj \
        120 0 Td (12.03.2026) Tj -120 -14 Td (Telefon:) Tj 120 0 Td (0391 250) Tj ET";
    let text = text(&Pdf::new().page(head, "", "").bytes());
    assert!(text.contains("Aktenzeichen:  VI-12/2026\nDatum:  12.03.2026"), "{text}");
}

#[test]
fn letters_set_apart_for_emphasis_are_one_word_and_gaps_are_spaces() {
    let content = b"BT /F1 12 Tf 71 700 Td [(a)-300(b)-300(g)-300(e)-300(l)-300(e)-300(h)-300(n)-300(t)] TJ \
        0 -20 Td [(Der)-300(An)20(trag)-300(ruht)] TJ ET";
    let text = text(&Pdf::new().page(content, "", "").bytes());
    assert!(text.contains("abgelehnt") && text.contains("Der Antrag ruht"), "{text}");
}

#[test]
fn greek_and_cyrillic_by_a_character_map_and_by_names_of_glyphs_are_read() {
    let mut pdf = Pdf::new();
    let map = pdf.stream(
        "",
        b"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange \
          1 beginbfrange <0001> <0006> <0391> endbfrange 1 beginbfchar <0010> <00660069> endbfchar endcmap",
    );
    let wide = pdf.add(format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode {map} 0 R \
         /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /DW 600 /W [1 [600 600] 3 16 600] >>] >>"
    ));
    let named = pdf.add(
        "<< /Type /Font /Subtype /Type1 /BaseFont /Y /FirstChar 65 /Widths [600 600 600 600 600] \
         /Encoding << /Differences [65 /afii10017 /afii10066 /ccaron /alphatonos /uni0142] >> >>",
    );
    let fonts = format!("/Font << /F2 {wide} 0 R /F3 {named} 0 R >>");
    let content = b"BT /F2 12 Tf 71 700 Td <000100020003> Tj <0010> Tj 0 -20 Td /F3 12 Tf (ABCDE) Tj ET";
    let page = pdf.stream("", content);
    let page = pdf.add(format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {page} 0 R /Resources << {fonts} >> >>"
    ));
    pdf.pages.push(page);
    let text = text(&pdf.bytes());
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["ΑΒΓfi", "Аб\u{10d}ά\u{142}"]);
}

#[test]
fn a_black_box_over_a_name_is_told_and_a_highlighter_is_not() {
    let content =
        b"0.9 0.9 0.2 rg 71 680 100 14 re f 0 g BT /F1 12 Tf 71 700 Td (Zeuge: ) Tj (Karl Geheim) Tj \
        0 -16 Td (Das ist hervorgehoben) Tj ET 0 g 108 697 80 13 re f";
    let (document, _) = read(&Pdf::new().page(content, "", "").bytes());
    let told = details(&document, Hiding::CoveredText);
    assert_eq!(told, ["page 1: a box lies over: Karl Geheim"]);
    assert!(document.text.unwrap().contains("Karl Geheim"), "what can be copied out is text of the letter");
}

#[test]
fn a_black_annotation_and_a_redaction_that_was_not_carried_out_are_told() {
    let content = b"BT /F1 12 Tf 71 700 Td (Name: Karl Geheim) Tj 0 -100 Td (Wohnort: Geheimstadt) Tj ET";
    let notes = "/Annots [<< /Type /Annot /Subtype /Square /Rect [105 695 200 713] /IC [0 0 0] /C [0 0 0] >> \
         << /Type /Annot /Subtype /Redact /Rect [121 595 230 613] >> \
         << /Type /Annot /Subtype /Text /Rect [0 0 9 9] /T (Klein) /Contents (bitte noch pr\\374fen) >>]";
    let (document, _) = read(&Pdf::new().page(content, "", notes).bytes());
    let told = details(&document, Hiding::CoveredText).join("\n");
    assert!(told.contains("over: Karl Geheim") && told.contains("still there: Geheimstadt"), "{told}");
    assert_eq!(details(&document, Hiding::Comments), ["page 1, by Klein: bitte noch prüfen"]);
}

#[test]
fn white_text_and_text_without_ink_are_told_but_not_what_was_recognised_in_a_scan() {
    let content = b"1 g BT /F1 12 Tf 71 700 Td (weiss auf weiss) Tj ET 0 g 71 590 200 20 re f \
        1 g BT /F1 12 Tf 75 595 Td (weiss auf schwarz) Tj ET BT 0 g 3 Tr /F1 12 Tf 71 500 Td (ohne Tinte) Tj ET";
    let (document, _) = read(&Pdf::new().page(content, "", "").bytes());
    let told = details(&document, Hiding::HiddenText).join("\n");
    assert!(told.contains("weiss auf weiss") && told.contains("ohne Tinte"), "{told}");
    assert!(!told.contains("schwarz"), "{told}");

    let scan = b"q 595 0 0 842 0 0 cm /I Do Q BT 3 Tr /F1 12 Tf 71 500 Td (erkannter Text der Seite) Tj ET";
    let (document, _) = read(&scanned(scan));
    assert_eq!(document.hidden, [], "a recognised scan hides nothing");
    assert_eq!(document.scanned_pages, 0);
    assert!(document.text.unwrap().starts_with("erkannter Text der Seite"));
}

/// A page with a JPEG (of no use but to be handed on) as `/I`.
fn scanned(content: &[u8]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let dict = "/Type /XObject /Subtype /Image /Width 1240 /Height 1754 /ColorSpace /DeviceGray \
         /BitsPerComponent 8 /Filter /DCTDecode";
    let picture = pdf.stream(dict, b"\xff\xd8\xff\xe0 not looked into \xff\xd9");
    let resources = format!("/XObject << /I {picture} 0 R >>");
    pdf.page(content, &resources, "").page(LETTER, "", "").bytes()
}

#[test]
fn a_scanned_page_is_counted_and_its_picture_handed_on() {
    let file = scanned(b"q 595 0 0 842 0 0 cm /I Do Q");
    let (document, notes) = read(&file);
    assert_eq!(document.scanned_pages, 1);
    assert!(notes.iter().any(|n| n.starts_with("1 of 2 pages are pictures without text")), "{notes:?}");
    let images = page_images(&file, 5);
    assert_eq!(images.len(), 1);
    assert_eq!((images[0].page, images[0].kind), (1, PictureKind::Jpeg));
    assert!(images[0].bytes.starts_with(b"\xff\xd8\xff") && images[0].bytes.ends_with(b"\xff\xd9"));
}

#[test]
fn a_packed_picture_becomes_a_portable_map_and_a_flood_of_points_is_left() {
    let page = |width: usize, height: usize, data: &[u8]| {
        let mut pdf = Pdf::new();
        let dict = format!(
            "/Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 1 \
             /Filter /FlateDecode"
        );
        let picture = pdf.stream(&dict, &packed(data));
        let resources = format!("/XObject << /I {picture} 0 R >>");
        page_images(&pdf.page(b"q 595 0 0 842 0 0 cm /I Do Q", &resources, "").bytes(), 5)
    };
    let images = page(400, 300, &vec![0xf0; 50 * 300]);
    assert_eq!(images[0].bytes.len(), b"P4\n400 300\n".len() + 50 * 300);
    assert!(images[0].bytes.starts_with(b"P4\n400 300\n\x0f\x0f"));
    assert_eq!(page(50_000, 50_000, &vec![0; 100_000]), []);
}

#[test]
fn files_author_script_layers_and_earlier_versions_are_told() {
    let mut pdf = Pdf::new();
    let info = pdf.add("<< /Author (Sachbearbeiter Klein) /Title (Entwurf 3) >>");
    let layer = pdf.add("<< /Type /OCG /Name (Entwurf) >>");
    pdf.trailer = format!("/Info {info} 0 R");
    pdf.catalog = format!(
        "/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /UF (Kalkulation.xlsx) >>] >> >> \
         /OpenAction << /S /JavaScript /JS (app.alert(1)) >> /OCProperties << /OCGs [{layer} 0 R] /D << /OFF [{layer} 0 R] >> >>"
    );
    let content = b"BT /F1 12 Tf 71 700 Td (Sichtbar) Tj /OC /L BDC 0 -20 Td (verborgene Ebene) Tj EMC ET";
    let mut file = pdf.page(content, &format!("/Properties << /L {layer} 0 R >>"), "").bytes();
    let before = file.windows(9).rposition(|w| w == b"startxref").unwrap();
    let old: usize = String::from_utf8_lossy(&file[before + 10..]).lines().next().unwrap().parse().unwrap();
    let start = file.len();
    write!(
        file,
        "xref\n0 0\ntrailer\n<< /Size 9 /Root 1 0 R {} /Prev {old} >>\n",
        format_args!("/Info {info} 0 R")
    )
    .unwrap();
    write!(file, "startxref\n{start}\n%%EOF\n").unwrap();
    let (document, notes) = read(&file);
    assert_eq!(details(&document, Hiding::EmbeddedFile), ["the file “Kalkulation.xlsx” is in the PDF"]);
    assert_eq!(
        details(&document, Hiding::Author),
        ["written by Sachbearbeiter Klein, as its properties say"]
    );
    assert!(details(&document, Hiding::HiddenText).join("").contains("verborgene Ebene"));
    assert_eq!(details(&document, Hiding::EarlierVersion).len(), 1);
    assert!(
        notes.iter().any(|n| n.contains("script")) && notes.iter().any(|n| n.contains("Entwurf 3")),
        "{notes:?}"
    );
}

#[test]
fn a_damaged_table_and_a_cut_file_still_give_their_text() {
    let file = Pdf::new().page(LETTER, "", "").bytes();
    let wrong = String::from_utf8_lossy(&file).replace("0000000", "0000009");
    assert!(text(wrong.as_bytes()).contains("abgelehnt"));
    let cut = &file[..file.windows(4).rposition(|w| w == b"xref").unwrap() - 20];
    assert!(text(cut).contains("abgelehnt"));
    let (document, notes) = read(b"%PDF-1.4 and nothing else");
    assert_eq!(document.text, None);
    assert!(notes.iter().any(|n| n.starts_with("not read")), "{notes:?}");
}

#[cfg(feature = "pdf")]
#[test]
fn a_pdf_that_forbids_printing_is_read_and_one_with_a_password_is_told() {
    use lopdf::encryption::{EncryptionState, EncryptionVersion, Permissions};
    let plain = Pdf::new().page(LETTER, "", "").bytes();
    let locked = |password: &str| {
        let mut document = lopdf::Document::load_mem(&plain).unwrap();
        let id = || lopdf::Object::string_literal(*b"0123456789abcdef");
        document.trailer.set("ID", vec![id(), id()]);
        let version = EncryptionVersion::V2 {
            document: &document,
            owner_password: "owner",
            user_password: password,
            key_length: 128,
            permissions: Permissions::all(),
        };
        let state = EncryptionState::try_from(version).unwrap();
        document.encrypt(&state).unwrap();
        let mut out = Vec::new();
        document.save_to(&mut out).unwrap();
        out
    };
    assert!(text(&locked("")).contains("Gesichtserkennung wird abgelehnt"));
    let (document, notes) = read(&locked("geheim"));
    assert_eq!(document.text, None);
    assert_eq!(notes, ["not read: the PDF opens with a password only"]);
}

/// Reads within a time that a letter never needs, also without the compiler's optimisation.
fn in_time(name: &str, data: &[u8]) -> Document {
    let start = Instant::now();
    let (document, _) = read(data);
    assert!(start.elapsed() < Duration::from_secs(30), "{name} took {:?}", start.elapsed());
    document
}

#[test]
fn hostile_files_end_and_cost_only_themselves() {
    let mut cycle = Pdf::new().page(LETTER, "", "");
    cycle.objects[1] = b"<< /Type /Pages /Kids [2 0 R 4 0 R 2 0 R 4 0 R] /Count 9 >>".to_vec();
    assert!(in_time("a tree that is its own child", &cycle.bytes()).text.unwrap().contains("abgelehnt"));

    let form = "/XObject << /X 3 0 R >>";
    let mut spiral = Pdf::new();
    spiral.stream(
        "/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 3 0 R >> >>",
        b"/X Do /X Do /X Do",
    );
    in_time("a form within itself", &spiral.page(b"/X Do", form, "").bytes());

    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    for (name, nested) in
        [("lists", deep("[", "]")), ("dictionaries", deep("<</K", ">>")), ("brackets", deep("(", ")"))]
    {
        let mut pdf = Pdf::new();
        pdf.add(nested.clone());
        in_time(name, &pdf.page(format!("{nested} Tj").as_bytes(), "", "/Annots 3 0 R").bytes());
    }

    in_time(
        "operators without end",
        &Pdf::new().page(&b"q 1 0 0 1 1 1 cm Q ".repeat(300_000), "", "").bytes(),
    );

    let mut bomb = Pdf::new();
    let content =
        bomb.stream("/Filter [/FlateDecode /FlateDecode]", &packed(&packed(&vec![b' '; 200 << 20])));
    let page = bomb.add(format!(
        "<< /Type /Page /Parent 2 0 R /Contents [{}] >>",
        format!("{content} 0 R ").repeat(400)
    ));
    bomb.pages.push(page);
    in_time("a stream that unpacks to more than a machine holds", &bomb.bytes());

    let mut own_length = Pdf::new();
    own_length.add("<< /Length 3 0 R >>\nstream\nBT ET\nendstream");
    in_time("a length that is itself", &own_length.page(b"", "", "/Contents 3 0 R").bytes());
    in_time(
        "a table of a thousand million rows",
        b"%PDF-1.4\nxref\n0 4000000000\ntrailer <<>>\nstartxref\n9\n%%EOF",
    );
}

#[test]
fn any_byte_changed_ends_in_a_document_or_a_note() {
    let file = scanned(b"q 595 0 0 842 0 0 cm /I Do Q BT /F1 9 Tf (x) Tj ET");
    let mut state = 0x2545_f491_4f6c_dd1du64;
    for _ in 0..1500 {
        let mut changed = file.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap() % changed.len();
            changed[at] = b"0123456789<>[]()/ R\xff\0"[usize::try_from(state >> 20).unwrap() % 21];
        }
        let (document, notes) = read(&changed);
        assert!(document.text.is_some() || !notes.is_empty(), "neither text nor a word why not");
    }
}

/// A JPEG whose EXIF says where and by whom it was taken (TIFF 6.0, EXIF 2.3).
fn photograph() -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let mut row = tag.to_le_bytes().to_vec();
        row.extend(kind.to_le_bytes());
        row.extend(count.to_le_bytes());
        row.extend(value.to_le_bytes());
        row
    };
    let letter = |c: u8| u32::from(c);
    tiff.extend(2u16.to_le_bytes());
    tiff.extend(entry(0x013b, 2, 12, 38));
    tiff.extend(entry(0x8825, 4, 1, 50));
    tiff.extend(0u32.to_le_bytes());
    tiff.extend(b"Erika Klein\0");
    assert_eq!(tiff.len(), 50);
    tiff.extend(4u16.to_le_bytes());
    tiff.extend(entry(1, 2, 2, letter(b'N')));
    tiff.extend(entry(2, 5, 3, 104));
    tiff.extend(entry(3, 2, 2, letter(b'W')));
    tiff.extend(entry(4, 5, 3, 128));
    tiff.extend(0u32.to_le_bytes());
    for (number, unit) in [(52u32, 1u32), (31, 1), (1234, 100), (13, 1), (22, 1), (4056, 100)] {
        tiff.extend(number.to_le_bytes());
        tiff.extend(unit.to_le_bytes());
    }
    let mut jpeg = b"\xff\xd8\xff\xe1".to_vec();
    jpeg.extend(u16::try_from(tiff.len() + 8).unwrap().to_be_bytes());
    jpeg.extend(b"Exif\0\0");
    jpeg.extend(tiff);
    jpeg.extend(b"\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0\xff\xd9");
    jpeg
}

#[test]
fn a_photograph_tells_where_and_by_whom_it_was_taken_and_is_not_opened() {
    let mut notes = Notes::default();
    let document = image::read(&photograph(), &mut notes);
    let told = details(&document, Hiding::Location);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("52.520, -13.378"), "{told:?}");
    assert!(details(&document, Hiding::Author)[0].contains("Erika Klein"));
    assert!(notes.into_vec().iter().any(|n| n.contains("65535 × 65535")));
}
