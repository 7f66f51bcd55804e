//! Compressed RTF ([MS-OXRTFCP]): the form in which Outlook keeps the body of a mail.

/// The words with which the dictionary begins (§2.1.3.1.5).
const DICTIONARY: &[u8] =
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \
\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW: usize = 4_096;
/// The largest RTF that is unpacked.
const MAX_RTF: usize = 16 * 1024 * 1024;

/// Unpacks; what is damaged is given as far as it goes, what is no compressed RTF not at all.
pub fn unpack(data: &[u8]) -> Option<Vec<u8>> {
    let raw_size = u32::from_le_bytes(*data.get(4..)?.first_chunk::<4>()?);
    let raw_size = usize::try_from(raw_size).ok()?.min(MAX_RTF);
    let body = data.get(16..)?;
    match data.get(8..12)? {
        b"MELA" => Some(body.get(..raw_size).unwrap_or(body).to_vec()),
        b"LZFu" => Some(lz(body, raw_size)),
        _ => None,
    }
}

fn lz(body: &[u8], raw_size: usize) -> Vec<u8> {
    let mut window = vec![b' '; WINDOW];
    for (slot, byte) in window.iter_mut().zip(DICTIONARY) {
        *slot = *byte;
    }
    let mut at = DICTIONARY.len();
    let mut out: Vec<u8> = Vec::new();
    let mut bytes = body.iter().copied();
    let put = |byte: u8, at: &mut usize, window: &mut Vec<u8>, out: &mut Vec<u8>| {
        if let Some(slot) = window.get_mut(*at) {
            *slot = byte;
        }
        *at = (*at + 1) % WINDOW;
        out.push(byte);
    };
    while let Some(control) = bytes.next() {
        for bit in 0..8 {
            if out.len() >= raw_size {
                return out;
            }
            if control >> bit & 1 == 0 {
                let Some(byte) = bytes.next() else { return out };
                put(byte, &mut at, &mut window, &mut out);
                continue;
            }
            let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else { return out };
            let token = usize::from(u16::from_be_bytes([high, low]));
            let (offset, length) = (token >> 4, (token & 15) + 2);
            // A reference to where writing stands is the end.
            if offset == at {
                return out;
            }
            for step in 0..length {
                let byte = window.get((offset + step) % WINDOW).copied().unwrap_or(b' ');
                put(byte, &mut at, &mut window, &mut out);
            }
        }
    }
    out
}
