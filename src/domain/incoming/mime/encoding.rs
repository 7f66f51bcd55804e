//! Content transfer encodings (RFC 2045 §6), each decoded as far as it goes.

use data_encoding::{BASE64_NOPAD, BitOrder, Encoding, Specification};
use std::sync::LazyLock;

/// Decoded bytes and whether something had to be skipped.
pub struct Bytes {
    /// What could be decoded.
    pub bytes: Vec<u8>,
    /// Whether the encoding was broken somewhere.
    pub damaged: bool,
}

/// A decoder that ignores trailing bits, as cut-off mails have them.
static LENIENT: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    spec.check_trailing_bits = false;
    spec.bit_order = BitOrder::MostSignificantFirst;
    spec.encoding().unwrap_or(BASE64_NOPAD)
});

/// Base64, tolerant of foreign characters, missing padding, padding in the middle and a cut end.
pub fn base64(input: &[u8]) -> Bytes {
    let mut clean = Vec::with_capacity(input.len());
    let mut damaged = false;
    let mut bytes = Vec::with_capacity(input.len() / 4 * 3);
    let mut owed = 0;
    let mut rest = input;
    loop {
        // Whole lines at once; what stands between them byte by byte.
        let run = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count();
        let (letters, after) = rest.split_at(run);
        clean.extend_from_slice(letters);
        let Some((&b, tail)) = after.split_first() else { break };
        rest = tail;
        match b {
            b'-' => clean.push(b'+'),
            b'_' => clean.push(b'/'),
            b'=' if clean.is_empty() && owed == 0 && is_armour_sum(after) => {
                damaged = true;
                break;
            }
            b'=' => {
                // Several encoded pieces glued together: each ends with its own padding.
                owed = usize::from(clean.len() % 4 == 2);
                damaged |= !flush(&mut clean, &mut bytes);
            }
            b'\r' | b'\n' | b' ' | b'\t' => {}
            _ => damaged = true,
        }
    }
    damaged |= !flush(&mut clean, &mut bytes);
    Bytes { bytes, damaged }
}

/// Whether an armour checksum (RFC 9580 §6.1) follows the end of the data: `=` and four characters, then nothing.
fn is_armour_sum(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii();
    rest.len() == 5 && rest.iter().skip(1).all(u8::is_ascii_graphic)
}

/// Whether a part that says base64 is written in plain words instead.
fn is_plain_words(input: &[u8]) -> bool {
    let head = input.get(..4_096).unwrap_or(input);
    let spaces = head.windows(2).filter(|w| matches!(w, [b' ', next] if !next.is_ascii_whitespace())).count();
    spaces >= 3 && spaces * 30 > head.len()
}

fn flush(clean: &mut Vec<u8>, out: &mut Vec<u8>) -> bool {
    let mut whole = true;
    if clean.len() % 4 == 1 {
        clean.pop();
        whole = false;
    }
    match LENIENT.decode(clean) {
        Ok(decoded) => out.extend_from_slice(&decoded),
        Err(_) => whole = false,
    }
    clean.clear();
    whole
}

/// Quoted-printable; a broken `=xy` stays as it is written.
pub fn quoted_printable(input: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(input.len());
    let mut damaged = false;
    for line in input.split_inclusive(|&b| b == b'\n') {
        let ending = if line.ends_with(b"\r\n") { 2 } else { usize::from(line.ends_with(b"\n")) };
        let (content, end) = line.split_at(line.len() - ending);
        let content = trim_end(content);
        let (content, soft) = match content.strip_suffix(b"=") {
            Some(shorter) => (shorter, true),
            None => (content, false),
        };
        let mut rest = content;
        while let Some(at) = memchr::memchr(b'=', rest) {
            let (plain, coded) = rest.split_at(at);
            bytes.extend_from_slice(plain);
            let tail = coded.get(1..).unwrap_or_default();
            rest = tail;
            if let Some(value) = hex_pair(tail) {
                bytes.push(value);
                rest = tail.get(2..).unwrap_or_default();
            } else {
                damaged = true;
                bytes.push(b'=');
            }
        }
        bytes.extend_from_slice(rest);
        if !soft {
            bytes.extend_from_slice(end);
        }
    }
    Bytes { bytes, damaged }
}

/// The byte written as two hexadecimal digits at the start.
pub fn hex_pair(at: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let value = digit(*at.first()?)? * 16 + digit(*at.get(1)?)?;
    u8::try_from(value).ok()
}

fn trim_end(mut line: &[u8]) -> &[u8] {
    while let [head @ .., b' ' | b'\t'] = line {
        line = head;
    }
    line
}

/// Uuencode, as old gateways still send it (`x-uuencode`).
pub fn uuencoded(input: &[u8]) -> Bytes {
    let mut bytes = Vec::new();
    let mut begun = false;
    for line in input.split(|&b| b == b'\n') {
        let line = trim_end(line.strip_suffix(b"\r").unwrap_or(line));
        if !begun {
            begun = line.starts_with(b"begin ");
            continue;
        }
        if line == b"end" || line.is_empty() {
            continue;
        }
        let value = |b: u8| b.wrapping_sub(b' ') & 0x3f;
        let Some((&count, data)) = line.split_first() else { continue };
        let mut decoded = Vec::with_capacity(data.len());
        for group in data.chunks(4) {
            let at = |i: usize| group.get(i).copied().map_or(0, value);
            decoded.push(at(0) << 2 | at(1) >> 4);
            decoded.push(at(1) << 4 | at(2) >> 2);
            decoded.push(at(2) << 6 | at(3));
        }
        decoded.truncate(usize::from(value(count)));
        bytes.extend_from_slice(&decoded);
    }
    Bytes { bytes, damaged: !begun }
}

/// Whether this is a `Content-Transfer-Encoding` that `undo` knows, or none.
pub fn is_known(encoding: &str) -> bool {
    let encoding = encoding.trim().to_ascii_lowercase();
    let known = ["base64", "quoted-printable", "7bit", "7-bit", "8bit", "8-bit", "binary"];
    encoding.is_empty() || encoding.contains("uue") || known.iter().any(|k| encoding.starts_with(k))
}

/// Undoes a `Content-Transfer-Encoding`.
pub fn undo(encoding: &str, input: &[u8]) -> Bytes {
    let encoding = encoding.trim().to_ascii_lowercase();
    if encoding.starts_with("base64") {
        if is_plain_words(input) {
            return Bytes { bytes: input.to_vec(), damaged: true };
        }
        base64(input)
    } else if encoding.starts_with("quoted-printable") {
        quoted_printable(input)
    } else if encoding.contains("uue") {
        uuencoded(input)
    } else {
        Bytes { bytes: input.to_vec(), damaged: false }
    }
}
