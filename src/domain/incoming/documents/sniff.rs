//! What a file is: by its first bytes, else by its type and name; and a note in plain words if these disagree.

use crate::domain::incoming::documents::compound;
use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::mime::{Leaf, Notes};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A PDF.
    Pdf,
    /// docx and its templates.
    Word,
    /// xlsx.
    Workbook,
    /// pptx.
    Slides,
    /// odt.
    OpenText,
    /// ods.
    OpenSheet,
    /// odp.
    OpenSlides,
    /// RTF.
    Rtf,
    /// doc of Word 97 to 2003.
    OldWord,
    /// xls.
    OldSheet,
    /// ppt.
    OldSlides,
    /// A mail that Outlook saved.
    OutlookMail,
    /// An office file that is encrypted as a whole.
    Locked,
    /// Another compound file.
    Compound,
    /// `winmail.dat`.
    Tnef,
    /// A zip archive that is no document.
    Zip,
    /// A web page.
    Html,
    /// Characters.
    Text,
    /// A mail.
    Mail,
    /// A report of delivery.
    Report,
    /// A picture.
    Picture,
    /// What has no text of its own: signatures, calendars.
    Silent,
    /// Anything else.
    Unknown,
}

impl Format {
    /// In plain words, its content type, its usual ending.
    fn facts(self) -> (&'static str, &'static str, &'static str) {
        const OOXML: [&str; 3] = [
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ];
        let [docx, xlsx, pptx] = OOXML;
        match self {
            Self::Pdf => ("a PDF", "application/pdf", "pdf"),
            Self::Word => ("a Word file", docx, "docx"),
            Self::Workbook => ("an Excel file", xlsx, "xlsx"),
            Self::Slides => ("a PowerPoint file", pptx, "pptx"),
            Self::OpenText => ("an OpenDocument text", "application/vnd.oasis.opendocument.text", "odt"),
            Self::OpenSheet => {
                ("an OpenDocument table", "application/vnd.oasis.opendocument.spreadsheet", "ods")
            }
            Self::OpenSlides => {
                ("an OpenDocument presentation", "application/vnd.oasis.opendocument.presentation", "odp")
            }
            Self::Rtf => ("an RTF file", "application/rtf", "rtf"),
            Self::OldWord => ("an old Word file", "application/msword", "doc"),
            Self::OldSheet => ("an old Excel file", "application/vnd.ms-excel", "xls"),
            Self::OldSlides => ("an old PowerPoint file", "application/vnd.ms-powerpoint", "ppt"),
            Self::OutlookMail => ("a mail saved by Outlook", "application/vnd.ms-outlook", "msg"),
            Self::Locked => ("an office file with a password", "application/x-ole-storage", "bin"),
            Self::Compound => ("a compound file of Microsoft", "application/x-ole-storage", "bin"),
            Self::Tnef => ("a container of Outlook (TNEF)", "application/ms-tnef", "dat"),
            Self::Zip => ("a zip archive", "application/zip", "zip"),
            Self::Html => ("a web page", "text/html", "html"),
            Self::Text => ("plain text", "text/plain", "txt"),
            Self::Mail => ("a mail", "message/rfc822", "eml"),
            Self::Picture => ("a picture", "application/octet-stream", "bin"),
            Self::Report | Self::Silent | Self::Unknown => {
                ("something else", "application/octet-stream", "bin")
            }
        }
    }

    /// The content type of such a file.
    pub fn content_type(self) -> &'static str {
        self.facts().1
    }

    /// The usual ending of its name.
    pub fn ending(self) -> &'static str {
        self.facts().2
    }
}

/// What a leaf is. Its own bytes go before what it is called.
pub fn format(leaf: &Leaf, notes: &mut Notes) -> Format {
    if leaf.is_mail {
        return Format::Mail;
    }
    let ending = ending(leaf);
    let (named, typed) = (by_ending(&ending), by_content_type(&leaf.content_type));
    let declared = if typed == Format::Unknown { named } else { typed };
    let Some(seen) = by_bytes(&leaf.data) else {
        let textual = declared == Format::Unknown && typed_loosely(&leaf.content_type);
        return if textual && is_text(&leaf.data) { Format::Text } else { declared };
    };
    if matches!(seen, Format::Html) && matches!(declared, Format::Text | Format::Report | Format::Mail) {
        return declared;
    }
    // An archive that cannot be opened as what it says it is, is read as that, which says why.
    if seen == Format::Zip && is_zipped(declared) {
        return declared;
    }
    let (words, ..) = seen.facts();
    if named != Format::Unknown && named != seen {
        notes.add(format!("named `.{ending}` but is {words}"));
    } else if typed != Format::Unknown && typed != seen {
        notes.add(format!("sent as `{}` but is {words}", leaf.content_type));
    }
    seen
}

/// The type a file is given where the sender gave none that says anything.
pub fn content_type(leaf: &Leaf) -> String {
    if !typed_loosely(&leaf.content_type) {
        return leaf.content_type.clone();
    }
    let found = format(leaf, &mut Notes::default());
    match found {
        Format::Report | Format::Picture | Format::Silent | Format::Unknown => leaf.content_type.clone(),
        found => found.content_type().to_owned(),
    }
}

fn typed_loosely(content_type: &str) -> bool {
    matches!(
        content_type,
        "application/octet-stream" | "application/x-download" | "application/force-download"
    ) || content_type == "binary/octet-stream"
}

fn ending(leaf: &Leaf) -> String {
    let name = leaf.name.as_deref().unwrap_or_default().to_lowercase();
    name.rsplit_once('.').map_or(String::new(), |(_, e)| e.chars().take(12).collect())
}

/// The format that the first bytes show.
pub fn by_bytes(data: &[u8]) -> Option<Format> {
    let head = data.get(..1024).unwrap_or(data);
    if head.windows(5).any(|w| w == b"%PDF-") {
        return Some(Format::Pdf);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(zipped(data));
    }
    if head.starts_with(compound::MAGIC) {
        return Some(compound::format(data));
    }
    if head.starts_with(b"{\\rtf") {
        return Some(Format::Rtf);
    }
    if head.starts_with(&[0x78, 0x9f, 0x3e, 0x22]) {
        return Some(Format::Tnef);
    }
    let pictures: [&[u8]; 5] = [b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"];
    if pictures.iter().any(|p| head.starts_with(p)) {
        return Some(Format::Picture);
    }
    let start = String::from_utf8_lossy(head.get(..64).unwrap_or(head)).trim_start().to_lowercase();
    (start.starts_with("<!doctype html") || start.starts_with("<html")).then_some(Format::Html)
}

/// Which document a zip archive is, by the names in it.
fn zipped(data: &[u8]) -> Format {
    let mut unsaid = Notes::default();
    let Some(mut package) = Package::open(data, &mut unsaid) else { return Format::Zip };
    let starts = |folder: &str| package.entries().iter().any(|e| e.name.starts_with(folder));
    if package.has("[Content_Types].xml") {
        let kinds = [("word/", Format::Word), ("xl/", Format::Workbook), ("ppt/", Format::Slides)];
        if let Some((_, format)) = kinds.into_iter().find(|(folder, _)| starts(folder)) {
            return format;
        }
    }
    if package.has("mimetype")
        && let Some(kind) = package.bytes("mimetype", &mut unsaid)
    {
        let kind = String::from_utf8_lossy(&kind).trim().to_owned();
        let kind = kind.strip_prefix("application/vnd.oasis.opendocument.").unwrap_or_default();
        return match kind.split('-').next() {
            Some("text") => Format::OpenText,
            Some("spreadsheet") => Format::OpenSheet,
            Some("presentation" | "graphics") => Format::OpenSlides,
            _ => Format::Zip,
        };
    }
    Format::Zip
}

fn is_zipped(format: Format) -> bool {
    matches!(
        format,
        Format::Word
            | Format::Workbook
            | Format::Slides
            | Format::OpenText
            | Format::OpenSheet
            | Format::OpenSlides
            | Format::Zip
    )
}

fn by_ending(ending: &str) -> Format {
    match ending {
        "pdf" => Format::Pdf,
        "docx" | "docm" | "dotx" => Format::Word,
        "xlsx" | "xlsm" | "xltx" => Format::Workbook,
        "pptx" | "pptm" | "ppsx" => Format::Slides,
        "odt" | "ott" => Format::OpenText,
        "ods" => Format::OpenSheet,
        "odp" => Format::OpenSlides,
        "rtf" => Format::Rtf,
        "doc" | "dot" => Format::OldWord,
        "xls" => Format::OldSheet,
        "ppt" => Format::OldSlides,
        "msg" => Format::OutlookMail,
        "zip" => Format::Zip,
        "html" | "htm" => Format::Html,
        "txt" | "csv" | "tsv" | "md" => Format::Text,
        "eml" => Format::Mail,
        "png" | "jpg" | "jpeg" | "gif" | "tif" | "tiff" | "bmp" | "webp" | "heic" | "heif" => Format::Picture,
        "svg" | "ics" | "vcf" | "p7s" => Format::Silent,
        _ => Format::Unknown,
    }
}

/// The format that a content type names.
pub fn by_content_type(content_type: &str) -> Format {
    match content_type {
        "application/pdf" | "application/x-pdf" => Format::Pdf,
        "application/rtf" | "text/rtf" | "application/x-rtf" => Format::Rtf,
        "application/vnd.ms-outlook" => Format::OutlookMail,
        "application/ms-tnef" | "application/vnd.ms-tnef" => Format::Tnef,
        "application/zip" | "application/x-zip-compressed" | "application/x-zip" => Format::Zip,
        "text/html" | "application/xhtml+xml" => Format::Html,
        "message/delivery-status" | "message/disposition-notification" | "text/rfc822-headers" => {
            Format::Report
        }
        "text/plain" | "text/csv" | "text/markdown" | "text/tab-separated-values" => Format::Text,
        // Programs say `application/msword` and `application/vnd.ms-excel` of all their files, old and new, and of
        // RTF and tables in HTML; the name says more.
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Format::Word,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Format::Workbook,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => Format::Slides,
        "application/vnd.oasis.opendocument.text" => Format::OpenText,
        "application/vnd.oasis.opendocument.spreadsheet" => Format::OpenSheet,
        "application/vnd.oasis.opendocument.presentation" => Format::OpenSlides,
        "image/svg+xml" | "text/calendar" => Format::Silent,
        t if t.starts_with("image/") => Format::Picture,
        t if t.contains("signature") => Format::Silent,
        _ => Format::Unknown,
    }
}

/// Whether bytes of no known type are characters: nothing in the beginning that no text has.
fn is_text(data: &[u8]) -> bool {
    let head = data.get(..4096).unwrap_or(data);
    let control = |b: &&u8| **b < 32 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0c);
    !head.iter().any(|b| control(&b))
        && head.iter().filter(|b| b.is_ascii_alphabetic()).count() * 2 > head.len()
}
