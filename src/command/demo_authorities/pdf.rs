//! A plain PDF of one or more pages with a text layer, as a word processor would export a letter.

use encoding_rs::WINDOWS_1252;

/// Lines on one page.
const PAGE: usize = 52;

/// Sets the text in Helvetica, encoded as `WinAnsi` (PDF 1.4, Annex D), which holds what French, German and Italian need.
pub(crate) fn from_text(text: &str) -> Vec<u8> {
    let lines: Vec<&str> = text.lines().collect();
    let pages: Vec<&[&str]> = lines.chunks(PAGE).collect();
    let page_id = |number: usize| 4 + 2 * number;
    let kids: Vec<String> = (0..pages.len()).map(|number| format!("{} 0 R", page_id(number))).collect();
    let mut objects: Vec<Vec<u8>> = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()).into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    for (number, page) in pages.iter().enumerate() {
        let content = content(page);
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R \
                 /Resources << /Font << /F1 3 0 R >> >> >>",
                page_id(number) + 1
            )
            .into_bytes(),
        );
        let mut stream = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
        stream.extend_from_slice(&content);
        stream.extend_from_slice(b"\nendstream");
        objects.push(stream);
    }
    file(&objects)
}

/// Each line is moved to and shown; a line's width is the writer's matter.
fn content(lines: &[&str]) -> Vec<u8> {
    let mut content = b"BT\n/F1 11 Tf\n14 TL\n71 771 Td\n".to_vec();
    for line in lines {
        content.push(b'(');
        for byte in WINDOWS_1252.encode(line).0.iter().copied() {
            if matches!(byte, b'(' | b')' | b'\\') {
                content.push(b'\\');
            }
            content.push(byte);
        }
        content.extend_from_slice(b") Tj\nT*\n");
    }
    content.extend_from_slice(b"ET");
    content
}

/// Header, objects, cross-reference table, trailer.
fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        table += &(format!("{:010}", file.len()) + " 00000 n \n");
        file.extend_from_slice(format!("{} 0 obj\n", number + 1).as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let (start, size) = (file.len(), objects.len() + 1);
    let end = format!(
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.extend_from_slice(end.as_bytes());
    file
}
