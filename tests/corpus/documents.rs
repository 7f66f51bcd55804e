//! Office files in mails: what they show is read, what they hide is reported before it is published (R35).

mod containers;
mod hostile;
mod made;
mod old;

use askance::domain::incoming::documents::Hiding;
use made::{archive, attached, file, noted, open_document, paragraph, row, says, warned, word, workbook};

#[test]
fn a_word_letter_is_read_with_header_table_text_box_and_footnote() {
    let body = [
        paragraph("The request is refused under section 12 &amp; 14."),
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Year</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Searches</w:t></w:r>\
         </w:p></w:tc></w:tr></w:tbl>"
            .to_owned(),
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p>\
         </w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p>\
         </w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>"
            .to_owned(),
    ]
    .concat();
    let header = "<w:hdr><w:p><w:r><w:t>Ministry of the Interior</w:t></w:r></w:p></w:hdr>";
    let footnote =
        "<w:footnotes><w:footnote><w:p><w:r><w:t>See our order.</w:t></w:r></w:p></w:footnote></w:footnotes>";
    let found = file(&word(&body, &[("word/header1.xml", header), ("word/footnotes.xml", footnote)]));
    says(
        &found,
        &["refused under section 12 & 14.", "Year\tSearches", "Ministry of the Interior", "See our order."],
        &[],
    );
    assert_eq!(found.text.as_deref().unwrap_or_default().matches("In the box").count(), 1);
    assert!(found.hidden.is_empty(), "{found:?}");
    assert!(found.content_type.ends_with("wordprocessingml.document"), "{found:?}");
}

#[test]
fn comments_in_a_word_file_are_warned_of() {
    let comments = "<w:comments><w:comment w:id=\"1\" w:author=\"M. Secret\"><w:p><w:r><w:t>Do not tell them of the \
                    trial</w:t></w:r></w:p></w:comment></w:comments>";
    let found = file(&word(&paragraph("We hold nothing."), &[("word/comments.xml", comments)]));
    warned(&found, Hiding::Comments, &["M. Secret", "Do not tell them of the trial"]);
    says(&found, &["We hold nothing."], &["trial"]);
}

#[test]
fn tracked_changes_in_a_word_file_are_warned_of() {
    let body = "<w:p><w:r><w:t>We hold </w:t></w:r><w:del w:author=\"K. Deputy\"><w:r><w:delText>four contracts\
                </w:delText></w:r></w:del><w:ins w:author=\"K. Deputy\"><w:r><w:t>no contract</w:t></w:r></w:ins></w:p>";
    let found = file(&word(body, &[]));
    warned(&found, Hiding::TrackedChanges, &["K. Deputy", "four contracts", "no contract"]);
    says(&found, &["We hold no contract"], &["four contracts"]);
}

#[test]
fn hidden_and_white_words_in_a_word_file_are_warned_of() {
    let body = "<w:p><w:r><w:t>Seen. </w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>Unseen words</w:t></w:r>\
                <w:r><w:rPr><w:color w:val=\"FFFFFF\"/></w:rPr><w:t>White words</w:t></w:r>\
                <w:r><w:rPr><w:vanish w:val=\"0\"/></w:rPr><w:t>Seen too.</w:t></w:r></w:p>\
                <w:tbl><w:tr><w:tc><w:tcPr><w:shd w:fill=\"003366\"/></w:tcPr><w:p><w:r><w:rPr>\
                <w:color w:val=\"FFFFFF\"/></w:rPr><w:t>White on blue</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
    let found = file(&word(body, &[]));
    warned(&found, Hiding::HiddenText, &["Unseen words", "White words"]);
    says(&found, &["Seen. Seen too.", "White on blue"], &["Unseen", "White words"]);
}

#[test]
fn author_and_embedded_files_are_warned_of() {
    let core = "<cp:coreProperties><dc:creator>Anna Clerk</dc:creator><cp:lastModifiedBy>Bo &amp; Co\
                </cp:lastModifiedBy></cp:coreProperties>";
    let parts = [("docProps/core.xml", core), ("word/embeddings/list.xlsx", "PK")];
    let found = file(&word(&paragraph("Letter"), &parts));
    warned(&found, Hiding::Author, &["written by “Anna Clerk”", "last changed by “Bo & Co”"]);
    warned(&found, Hiding::EmbeddedFile, &["word/embeddings/list.xlsx"]);
}

#[test]
fn a_hidden_sheet_is_warned_of() {
    let shown = row(1, "", &["Force", "Searches"]);
    let hidden = row(1, "", &["Name", "Ada Wronged"]);
    let found = file(&workbook(&[("Totals", "visible", &shown), ("Raw", "hidden", &hidden)], "", &[]));
    warned(&found, Hiding::HiddenSheet, &["sheet “Raw” is hidden, 2 cells", "Ada Wronged"]);
    says(&found, &["Totals\nForce\tSearches"], &["Ada Wronged"]);
}

#[test]
fn a_very_hidden_sheet_is_warned_of() {
    let (shown, hidden) = (row(1, "", &["a"]), row(1, "", &["watch list"]));
    let found = file(&workbook(&[("A", "visible", &shown), ("B", "veryHidden", &hidden)], "", &[]));
    warned(&found, Hiding::HiddenSheet, &["sheet “B” is very hidden", "watch list"]);
    says(&found, &["a"], &["watch list"]);
}

#[test]
fn hidden_rows_and_columns_are_warned_of() {
    let rows = format!(
        "<cols><col min=\"2\" max=\"2\" hidden=\"1\"/></cols>{}{}",
        row(1, "", &["Station", "Informant", "Hits"]),
        row(2, "hidden=\"1\"", &["Secret station"])
    );
    let found = file(&workbook(&[("Hits", "visible", &rows)], "", &[]));
    warned(&found, Hiding::HiddenSheet, &["1 rows and 1 columns are hidden", "Informant", "Secret station"]);
    says(&found, &["Station\t\tHits"], &["Informant", "Secret station"]);
}

#[test]
fn a_pivot_cache_is_warned_of() {
    let definition = "<pivotCacheDefinition><cacheSource><worksheetSource ref=\"A1:B9\" sheet=\"Deleted\"/></cacheSource>\
                      <cacheFields><cacheField name=\"Suspect\"><sharedItems><s v=\"Eve Adams\"/></sharedItems>\
                      </cacheField></cacheFields></pivotCacheDefinition>";
    let relations = "<Relationships><Relationship Id=\"r\" Type=\"x/pivotCacheRecords\" \
                     Target=\"pivotCacheRecords1.xml\"/></Relationships>";
    let parts = [
        ("xl/pivotCache/pivotCacheDefinition1.xml", definition),
        ("xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels", relations),
        (
            "xl/pivotCache/pivotCacheRecords1.xml",
            "<records><r><x v=\"0\"/></r><r><s v=\"Unshared\"/></r></records>",
        ),
    ];
    let found = file(&workbook(&[("A", "visible", &row(1, "", &["sum"]))], "", &parts));
    warned(&found, Hiding::PivotCache, &["Deleted A1:B9", "2 rows", "Suspect", "Eve Adams", "Unshared"]);
    says(&found, &["sum"], &["Eve Adams"]);
}

#[test]
fn an_external_link_cache_is_warned_of() {
    let link = "<externalLink><externalBook><sheetNames><sheetName val=\"Salaries\"/></sheetNames><sheetDataSet>\
                <sheetData><row><cell><v>91000</v></cell></row></sheetData></sheetDataSet></externalBook></externalLink>";
    let relations = "<Relationships><Relationship Id=\"r\" TargetMode=\"External\" \
                     Target=\"file:///H:/staff.xlsx\"/></Relationships>";
    let parts = [
        ("xl/externalLinks/externalLink1.xml", link),
        ("xl/externalLinks/_rels/externalLink1.xml.rels", relations),
    ];
    let found = file(&workbook(&[("A", "visible", &row(1, "", &["x"]))], "", &parts));
    warned(&found, Hiding::ExternalLink, &["file:///H:/staff.xlsx", "Salaries", "91000"]);
    says(&found, &["x"], &["91000"]);
}

#[test]
fn a_named_range_is_warned_of() {
    let names = "<definedNames><definedName name=\"Password\" hidden=\"1\">\"hunter2\"</definedName>\
                 <definedName name=\"_xlnm.Print_Area\">A1</definedName></definedNames>";
    let found = file(&workbook(&[("A", "visible", &row(1, "", &["x"]))], names, &[]));
    warned(&found, Hiding::NamedRange, &["Password (hidden) = \"hunter2\""]);
    assert!(!found.hidden.iter().any(|h| h.detail.contains("Print_Area")), "{found:?}");
}

#[test]
fn comments_in_a_workbook_are_warned_of_old_and_threaded() {
    let old = "<comments><authors><author>tc={1}</author><author>Old Hand</author></authors><commentList><comment>\
               <text><t>[Threaded comment] copy</t></text></comment><comment><text><t>old remark</t></text></comment>\
               </commentList></comments>";
    let threaded =
        "<ThreadedComments><threadedComment><text>new remark</text></threadedComment></ThreadedComments>";
    let parts = [
        ("xl/comments1.xml", old),
        ("xl/threadedComments/threadedComment1.xml", threaded),
        ("xl/persons/person.xml", "<personList><person displayName=\"New Hand\"/></personList>"),
    ];
    let found = file(&workbook(&[("A", "visible", &row(1, "", &["x"]))], "", &parts));
    warned(&found, Hiding::Comments, &["comments: 2", "Old Hand, New Hand", "old remark", "new remark"]);
}

#[test]
fn a_workbook_shows_dates_and_shared_strings_as_one_sees_them() {
    let rows = "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>1</v></c><c r=\"B1\" s=\"1\"><v>46127</v></c>\
                <c r=\"C1\"><f>A1*2</f><v>0.30000000000000004</v></c></row></sheetData>";
    let parts = [
        (
            "xl/sharedStrings.xml",
            "<sst><si><t>no</t></si><si><r><t>Dead</t></r><r><t>line</t></r></si></sst>",
        ),
        (
            "xl/styles.xml",
            "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>",
        ),
    ];
    let found = file(&workbook(&[("Terms", "visible", rows)], "", &parts));
    says(&found, &["Deadline\t2026-04-15\t0.3"], &["A1*2"]);
}

fn slides() -> Vec<u8> {
    let slide =
        |text: &str, show: &str| format!("<p:sld {show}><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>");
    let (first, second) = (slide("What we bought", ""), slide("What we hide", "show=\"0\""));
    archive(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "ppt/presentation.xml",
            "<p:presentation><p:sldId r:id=\"b\"/><p:sldId r:id=\"a\"/></p:presentation>",
        ),
        (
            "ppt/_rels/presentation.xml.rels",
            "<R><Relationship Id=\"a\" Target=\"slides/slide1.xml\"/>\
             <Relationship Id=\"b\" Target=\"slides/slide2.xml\"/></R>",
        ),
        ("ppt/slides/slide1.xml", &second),
        ("ppt/slides/slide2.xml", &first),
        (
            "ppt/slides/_rels/slide2.xml.rels",
            "<R><Relationship Id=\"n\" Type=\"t/notesSlide\" Target=\"../notesSlides/notesSlide1.xml\"/></R>",
        ),
        (
            "ppt/notesSlides/notesSlide1.xml",
            "<p:notes><a:p><a:r><a:t>Say nothing of the police.</a:t></a:r></a:p><a:fld><a:t>7</a:t></a:fld></p:notes>",
        ),
        ("ppt/commentAuthors.xml", "<l><p:cmAuthor name=\"Max Chair\"/></l>"),
        ("ppt/comments/comment1.xml", "<l><p:cm><p:text>cut this slide</p:text></p:cm></l>"),
    ])
}

#[test]
fn speaker_notes_are_warned_of() {
    let found = file(&slides());
    warned(&found, Hiding::Notes, &["notes to slide 1: Say nothing of the police."]);
    says(&found, &["What we bought"], &["Say nothing"]);
}

#[test]
fn hidden_slides_and_comments_on_slides_are_warned_of() {
    let found = file(&slides());
    warned(&found, Hiding::HiddenSheet, &["slide 2 is hidden", "What we hide"]);
    warned(&found, Hiding::Comments, &["Max Chair", "cut this slide"]);
    says(&found, &["What we bought"], &["What we hide", "cut this"]);
}

#[test]
fn an_open_document_text_is_read_and_what_it_hides_is_warned_of() {
    let content = "<office:automatic-styles><style:style style:name=\"T1\"><style:text-properties \
        text:display=\"none\"/></style:style></office:automatic-styles><office:body><office:text>\
        <text:tracked-changes><text:changed-region><text:deletion><office:change-info><dc:creator>Del Eter</dc:creator>\
        <dc:date>2026-01-01</dc:date></office:change-info><text:p>we kept a copy</text:p></text:deletion>\
        </text:changed-region></text:tracked-changes>\
        <text:h>Decision</text:h><text:p>You<text:s text:c=\"2\"/>may see it.<office:annotation><dc:creator>Re Marker\
        </dc:creator><dc:date>2026-01-01</dc:date><text:p>really?</text:p></office:annotation> Soon.</text:p>\
        <text:p>Open <text:span text:style-name=\"T1\">concealed</text:span>end.</text:p></office:text></office:body>";
    let styles =
        "<s><style:header><text:p>City of X</text:p></style:header><style:other>junk</style:other></s>";
    let meta =
        "<m><meta:initial-creator>First Hand</meta:initial-creator><dc:creator>Last Hand</dc:creator></m>";
    let found = file(&open_document("text", content, &[("styles.xml", styles), ("meta.xml", meta)]));
    says(
        &found,
        &["City of X", "Decision", "You  may see it. Soon.", "Open end."],
        &["copy", "really", "concealed", "junk", "Del Eter"],
    );
    warned(&found, Hiding::TrackedChanges, &["Del Eter", "we kept a copy"]);
    warned(&found, Hiding::Comments, &["Re Marker", "really?"]);
    warned(&found, Hiding::HiddenText, &["concealed"]);
    warned(&found, Hiding::Author, &["First Hand", "Last Hand"]);
}

#[test]
fn indentation_of_the_file_is_no_text() {
    let word = word(
        "<w:p>\n  <w:r>\n    <w:t>One</w:t>\n  </w:r>\n  <w:r>\n    <w:t> two</w:t>\n  </w:r>\n</w:p>\n",
        &[],
    );
    assert_eq!(file(&word).text.as_deref(), Some("One two"));
    let content = "<office:text>\n  <text:p>One\n    two</text:p>\n  <table:table>\n    <table:table-row>\n      \
        <table:table-cell>\n        <text:p>a</text:p>\n      </table:table-cell>\n      <table:table-cell>\n        \
        <text:p>b</text:p>\n      </table:table-cell>\n    </table:table-row>\n  </table:table>\n</office:text>";
    assert_eq!(file(&open_document("text", content, &[])).text.as_deref(), Some("One two\n\na\tb"));
}

#[test]
fn an_open_document_presentation_is_read_without_notes_and_hidden_slides() {
    let content = "<office:automatic-styles><style:style style:name=\"dp2\"><style:drawing-page-properties \
        presentation:visibility=\"hidden\"/></style:style></office:automatic-styles><office:presentation>\
        <draw:page draw:style-name=\"dp1\"><text:p>Shown slide</text:p><presentation:notes><text:p>whisper</text:p>\
        </presentation:notes></draw:page><draw:page draw:style-name=\"dp2\"><text:p>Dark slide</text:p></draw:page>\
        </office:presentation>";
    let found = file(&open_document("presentation", content, &[]));
    says(&found, &["Shown slide"], &["whisper", "Dark slide"]);
    warned(&found, Hiding::Notes, &["notes to slide 1: whisper"]);
    warned(&found, Hiding::HiddenSheet, &["slide 2 is hidden", "Dark slide"]);
}

#[test]
fn an_open_document_table_is_read_and_what_it_hides_is_warned_of() {
    let cell = |text: &str| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>");
    let content = format!(
        "<office:automatic-styles><style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/>\
         </style:style></office:automatic-styles><office:spreadsheet>\
         <table:table table:name=\"Open\"><table:table-column/><table:table-column table:visibility=\"collapse\"/>\
         <table:table-row>{}{}<table:table-cell table:number-columns-repeated=\"16000\"/></table:table-row>\
         <table:table-row table:visibility=\"collapse\">{}</table:table-row></table:table>\
         <table:table table:name=\"Shut\" table:style-name=\"ta2\"><table:table-row>{}</table:table-row></table:table>\
         <table:table table:name=\"Far\"><table:table-source xlink:href=\"file:///staff.ods\"/><table:table-row>{}\
         </table:table-row></table:table>\
         <table:named-expressions><table:named-range table:name=\"Names\" table:cell-range-address=\"Shut.A1\"/>\
         </table:named-expressions><table:data-pilot-tables><table:data-pilot-table table:name=\"Pilot1\"/>\
         </table:data-pilot-tables></office:spreadsheet>",
        cell(
            "left<office:annotation><dc:creator>Cell Critic</dc:creator><text:p>wrong sum</text:p></office:annotation>"
        ),
        cell("collapsed column"),
        cell("collapsed row"),
        cell("shut cell"),
        cell("far cell"),
    );
    let found = file(&open_document("spreadsheet", &content, &[]));
    says(&found, &["Open\nleft"], &["collapsed", "shut cell", "far cell", "wrong sum", "Cell Critic"]);
    warned(
        &found,
        Hiding::HiddenSheet,
        &["sheet “Shut” is hidden, 1 cells", "collapsed column", "collapsed row"],
    );
    warned(&found, Hiding::ExternalLink, &["file:///staff.ods", "far cell"]);
    warned(&found, Hiding::NamedRange, &["Names = Shut.A1"]);
    warned(&found, Hiding::PivotCache, &["Pilot1"]);
    warned(&found, Hiding::Comments, &["Cell Critic", "wrong sum"]);
}

#[test]
fn an_rtf_letter_is_read_in_its_code_pages() {
    let rtf = br"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial Cyr;}}{\info{\author Rita Typist}}
{\*\generator X;}\pard Sehr geehrte Frau M\'fcller,\par der Antrag wird \u8222?abgelehnt\u8220?.\par
{\f1\'cf\'f0\'e8\'e2\'e5\'f2}\cell 12 \'80\cell\row {\v unsichtbar}{\deleted gestrichen}{\*\annotation Bitte nicht senden}
{\field{\*\fldinst HYPERLINK x}{\fldrslt Link}}{\pict 0a0b0c}}";
    let found = file(rtf);
    says(
        &found,
        &["Sehr geehrte Frau Müller,\nder Antrag wird „abgelehnt“.", "Привет\t12 €", "Link"],
        &["Arial", "unsichtbar", "gestrichen", "senden", "HYPERLINK", "0a0b"],
    );
    warned(&found, Hiding::HiddenText, &["unsichtbar"]);
    warned(&found, Hiding::TrackedChanges, &["gestrichen"]);
    warned(&found, Hiding::Comments, &["Bitte nicht senden"]);
    warned(&found, Hiding::Author, &["Rita Typist"]);
    assert_eq!(found.content_type, "application/rtf");
}

#[test]
fn a_file_that_lies_about_what_it_is_is_read_as_what_it_is() {
    let letter = word(&paragraph("We refuse."), &[]);
    let found = attached("decision.pdf", "application/pdf", &letter);
    says(&found, &["We refuse."], &[]);
    noted(&found.notes, "named `.pdf` but is a Word file");
    let found =
        attached("table.xls", "application/vnd.ms-excel", b"<html><body><table><tr><td>7</td></tr></table>");
    noted(&found.notes, "named `.xls` but is a web page");
    says(&found, &["7"], &[]);
    let honest = attached("decision.docx", "application/octet-stream", &letter);
    assert!(honest.notes.is_empty(), "{honest:?}");
}

#[test]
fn text_without_a_declared_charset_is_read() {
    let found =
        attached("liste.csv", "application/octet-stream", b"Stra\xdfe;K\xf6ln\r\nGr\xfc\xdfe;M\xfcnchen\r\n");
    says(&found, &["Straße;Köln", "Grüße;München"], &[]);
}
