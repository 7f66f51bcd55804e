//! Bytes to characters: what the mail says, and what it really is when that is wrong.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// Text, and a note if the declared charset was missing, unknown or wrong.
pub struct Decoded {
    /// The characters.
    pub text: String,
    /// What was odd, in plain words.
    pub note: Option<String>,
}

/// Guesses the charset of 8-bit bytes.
pub fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let sample = bytes.get(..64 * 1024).unwrap_or(bytes);
    detector.feed(sample, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// What the rest of a mail tells about characters whose charset is not named.
#[derive(Debug, Clone, Default)]
pub struct Hint {
    tld: Option<String>,
    sample: Vec<u8>,
    named: Option<&'static Encoding>,
}

impl Hint {
    /// Gathers it: the country of the sender, all 8-bit text of the header, and the first charset named in the mail.
    pub fn gather<'a>(from: Option<&[u8]>, texts: impl Iterator<Item = &'a [u8]>, raw: &[u8]) -> Self {
        let mut sample: Vec<u8> = texts.flatten().copied().take(4_096).collect();
        let named = if sample.is_empty() { None } else { named_charset(raw) };
        sample.push(b' ');
        Hint { tld: from.and_then(top_level), sample, named }
    }

    /// The charset that bytes without a name are most likely written in.
    pub fn encoding(&self, bytes: &[u8]) -> &'static Encoding {
        if let Some(named) = self.named
            && named.decode_without_bom_handling_and_without_replacement(bytes).is_some()
        {
            return named;
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&self.sample, false);
        detector.feed(bytes.get(..64 * 1024).unwrap_or(bytes), true);
        detector.guess(self.tld.as_ref().map(String::as_bytes), Utf8Detection::Deny)
    }
}

/// The last label of the sender's domain; the detector accepts lower-case ASCII only.
fn top_level(from: &[u8]) -> Option<String> {
    let domain = from.rsplit(|&b| b == b'@').next()?;
    let domain: Vec<u8> = domain
        .iter()
        .copied()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        .collect();
    let label = domain.rsplit(|&b| b == b'.').next()?.to_ascii_lowercase();
    (label.len() >= 2).then(|| String::from_utf8_lossy(&label).into_owned())
}

/// The first charset that the mail names and that is more than ASCII: unnamed text is mostly in the same.
fn named_charset(raw: &[u8]) -> Option<&'static Encoding> {
    let head = raw.get(..64 * 1024).unwrap_or(raw);
    let lower = head.to_ascii_lowercase();
    let mut rest = lower.as_slice();
    for _ in 0..20 {
        let at = crate::domain::incoming::mime::header::find(rest, b"charset=")?;
        rest = rest.get(at + 8..)?;
        let label: Vec<u8> = rest
            .iter()
            .copied()
            .skip_while(|b| matches!(b, b'"' | b'\''))
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            .take(40)
            .collect();
        let label = String::from_utf8_lossy(&label);
        if let Some(named) = Encoding::for_label(alias(&label).as_bytes())
            && !label.contains("ascii")
            && named.is_ascii_compatible()
            && named != UTF_8
        {
            return Some(named);
        }
    }
    None
}

/// Whether a text that is declared Western has so many letters beyond ASCII that no Western language is written so.
fn is_never_western(bytes: &[u8], encoding: &'static Encoding) -> bool {
    let western = matches!(encoding.name(), "windows-1252" | "ISO-8859-15");
    let high = bytes.iter().filter(|&&b| b >= 0xc0).count();
    western && bytes.len() >= 300 && high > bytes.iter().filter(|b| b.is_ascii_alphabetic()).count()
}

/// Decodes with the declared charset; a wrong or unknown one is replaced by the best guess.
pub fn decode(bytes: &[u8], declared: Option<&str>) -> Decoded {
    let declared = declared.map(str::trim).filter(|d| !d.is_empty());
    if bytes.is_ascii() && !declared.is_some_and(is_stateful) {
        return Decoded { text: String::from_utf8_lossy(bytes).into_owned(), note: None };
    }
    let Some(label) = declared else { return undeclared(bytes) };
    if label.eq_ignore_ascii_case("utf-7") || label.eq_ignore_ascii_case("unicode-1-1-utf-7") {
        return Decoded { text: utf7(bytes), note: None };
    }
    let Some(encoding) = Encoding::for_label(alias(label).as_bytes()) else {
        let guessed = guess(bytes);
        let (text, ..) = guessed.decode(bytes);
        let note = format!("unknown charset `{}`, read as {}", shorten(label), guessed.name());
        return Decoded { text: text.into_owned(), note: Some(note) };
    };
    declared_as(bytes, encoding, label)
}

fn declared_as(bytes: &[u8], encoding: &'static Encoding, label: &str) -> Decoded {
    let is_ascii_label = label.to_ascii_lowercase().contains("ascii");
    if encoding != UTF_8
        && encoding.is_single_byte()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        // A single-byte text that is valid UTF-8 with multi-byte characters is, in practice, always UTF-8.
        let note = format!("the text says charset `{}` but is UTF-8", shorten(label));
        return Decoded { text: strip_bom(text).to_owned(), note: Some(note) };
    }
    if is_ascii_label {
        let guessed = guess(bytes);
        let (text, ..) = guessed.decode(bytes);
        let note = format!("the text says charset `us-ascii` but is not, read as {}", guessed.name());
        return Decoded { text: text.into_owned(), note: Some(note) };
    }
    if is_never_western(bytes, encoding) {
        let guessed = guess(bytes);
        if guessed != encoding {
            let (text, ..) = guessed.decode(bytes);
            let note =
                format!("the text says charset `{}` but is not, read as {}", shorten(label), guessed.name());
            return Decoded { text: text.into_owned(), note: Some(note) };
        }
    }
    let (text, _, broken) = encoding.decode(bytes);
    if !broken {
        return Decoded { text: text.into_owned(), note: None };
    }
    let guessed = guess(bytes);
    let (other, _, still_broken) = guessed.decode(bytes);
    // One cut-off character in a long UTF-8 text is damage, not another charset.
    let damage = text.matches('\u{fffd}').count();
    let multi = text.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
    if still_broken || (encoding == UTF_8 && damage * 4 < multi) {
        let note = format!("some characters are not valid {}", encoding.name());
        return Decoded { text: text.into_owned(), note: Some(note) };
    }
    let note = format!("the text says charset `{}` but is not, read as {}", shorten(label), guessed.name());
    Decoded { text: other.into_owned(), note: Some(note) }
}

fn undeclared(bytes: &[u8]) -> Decoded {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded { text: strip_bom(text).to_owned(), note: None };
    }
    let guessed = guess(bytes);
    let (text, ..) = guessed.decode(bytes);
    Decoded {
        text: text.into_owned(),
        note: Some(format!("no charset is given for 8-bit text, read as {}", guessed.name())),
    }
}

fn strip_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn is_stateful(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    label.contains("2022") || label.contains("utf-7") || label.contains("utf-16") || label.starts_with("hz")
}

/// Labels that mail programs use and the WHATWG list does not know.
fn alias(label: &str) -> String {
    let lower = label.trim_matches(|c| c == '"' || c == '\'').to_ascii_lowercase();
    let digits: String = lower.chars().filter(char::is_ascii_digit).collect();
    match lower.as_str() {
        "utf8mb4" | "unicode" | "unicode-1-1-utf-8" | "utf-8-mac" => "utf-8".to_owned(),
        "latin-1" | "iso8859_1" | "8859-1" => "windows-1252".to_owned(),
        "latin-2" => "iso-8859-2".to_owned(),
        _ if (lower.starts_with("cp") || lower.starts_with("win") || lower.starts_with("ansi-"))
            && digits.starts_with("125") =>
        {
            format!("windows-{digits}")
        }
        _ if lower.starts_with("iso") && digits.starts_with("8859") && digits.len() > 4 => {
            format!("iso-8859-{}", digits.get(4..).unwrap_or_default())
        }
        _ => lower,
    }
}

fn shorten(label: &str) -> String {
    label.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// RFC 2152: `+` opens modified base64 of UTF-16, `-` ends it.
fn utf7(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = bytes;
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        if b != b'+' {
            out.push(char::from(b));
            continue;
        }
        let len = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/')).count();
        let (run, after) = rest.split_at(len);
        rest = after.strip_prefix(b"-").unwrap_or(after);
        if run.is_empty() {
            out.push('+');
            continue;
        }
        let raw = crate::domain::incoming::mime::encoding::base64(run).bytes;
        let units = raw.chunks_exact(2).filter_map(|c| Some(u16::from_be_bytes([*c.first()?, *c.get(1)?])));
        out.extend(char::decode_utf16(units).map(|r| r.unwrap_or('\u{fffd}')));
    }
    out
}
