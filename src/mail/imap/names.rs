//! How folders and sets are written in a command (RFC 3501 §5.1.3, §9).

use data_encoding::BASE64_NOPAD;

/// A folder as an argument: modified UTF-7 within quotes. The caller answers for there being no line break in it.
pub(crate) fn folder(name: &str) -> String {
    let mut written = String::from("\"");
    let mut foreign: Vec<u16> = Vec::new();
    for c in name.chars() {
        if !(' '..='~').contains(&c) {
            foreign.extend(c.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        shift(&mut foreign, &mut written);
        match c {
            '&' => written.push_str("&-"),
            '"' | '\\' => written.extend(['\\', c]),
            c => written.push(c),
        }
    }
    shift(&mut foreign, &mut written);
    written.push('"');
    written
}

/// Ends a run of characters beyond ASCII.
fn shift(foreign: &mut Vec<u16>, written: &mut String) {
    if foreign.is_empty() {
        return;
    }
    let bytes: Vec<u8> = foreign.drain(..).flat_map(u16::to_be_bytes).collect();
    written.push('&');
    written.push_str(&BASE64_NOPAD.encode(&bytes).replace('/', ","));
    written.push('-');
}

/// A string within quotes, if it can stand there.
pub(crate) fn quoted(text: &str) -> Option<String> {
    let fits = text.chars().all(|c| (' '..='~').contains(&c));
    fits.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Numbers with commas between them.
pub(crate) fn set(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_written_as_servers_know_it() {
        assert_eq!(folder("Askance"), "\"Askance\"");
        // The examples of RFC 3501 §5.1.3.
        assert_eq!(folder("~peter/mail/台北/日本語"), "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"");
        assert_eq!(folder("a&b \"c\\"), "\"a&-b \\\"c\\\\\"");
        assert_eq!(folder("Erledigt ✓"), "\"Erledigt &JxM-\"");
    }
}
