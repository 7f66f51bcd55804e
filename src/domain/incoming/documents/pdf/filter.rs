//! What a stream was packed with (ISO 32000-1 §7.4), unpacked within limits.

use crate::domain::incoming::documents::pdf::object::is_space;
use flate2::{Decompress, FlushDecompress, Status};

/// Unpacks zlib data; what was unpacked before an error counts.
pub fn flate(data: &[u8], limit: usize) -> Vec<u8> {
    let out = inflate(data, limit, true);
    // A damaged header, or none: what follows may still be good.
    if out.is_empty() { inflate(data.get(2..).unwrap_or_default(), limit, false) } else { out }
}

fn inflate(data: &[u8], limit: usize, header: bool) -> Vec<u8> {
    let mut inflater = Decompress::new(header);
    let mut out = Vec::with_capacity(data.len().saturating_mul(3).clamp(1024, limit.max(1024)).min(1 << 20));
    let mut read = 0;
    while out.len() < limit {
        if out.len() == out.capacity() {
            out.reserve(out.len().clamp(1024, 8 << 20));
        }
        let before = (inflater.total_in(), out.len());
        let rest = data.get(read..).unwrap_or_default();
        let status = inflater.decompress_vec(rest, &mut out, FlushDecompress::None);
        read = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        let stuck = before == (inflater.total_in(), out.len());
        if matches!(status, Err(_) | Ok(Status::StreamEnd)) || stuck {
            break;
        }
    }
    out.truncate(limit);
    out
}

/// Unpacks LZW as PDF and TIFF write it: codes of 9 to 12 bits, highest bit first.
pub fn lzw(data: &[u8], early: bool, limit: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    // Each entry is a piece of what was already written: its start and its length.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let (mut bits, mut held, mut width) = (0u32, 0u32, 9u32);
    let mut previous: Option<(usize, usize)> = None;
    for &byte in data {
        bits = (bits << 8) | u32::from(byte);
        held += 8;
        if held < width {
            continue;
        }
        held -= width;
        let code = (bits >> held) as usize & ((1 << width) - 1);
        bits &= (1 << held) - 1;
        if code == 256 {
            table.clear();
            (width, previous) = (9, None);
            continue;
        }
        if code == 257 || out.len() >= limit {
            break;
        }
        let start = out.len();
        match (
            u8::try_from(code),
            code.checked_sub(258).and_then(|entry| table.get(entry).copied()),
            previous,
        ) {
            (Ok(literal), ..) => out.push(literal),
            (_, Some((from, length)), _) => copy(&mut out, from, length),
            (_, None, Some((from, length))) if code == 258 + table.len() => copy(&mut out, from, length + 1),
            _ => break,
        }
        if let Some((from, length)) = previous
            && table.len() < 4096 - 258
        {
            table.push((from, length + 1));
        }
        previous = Some((start, out.len() - start));
        let next = 258 + table.len() + usize::from(early);
        width = match next {
            0..=511 => 9,
            512..=1023 => 10,
            1024..=2047 => 11,
            _ => 12,
        };
    }
    out.truncate(limit);
    out
}

fn copy(out: &mut Vec<u8>, from: usize, length: usize) {
    for index in from..from + length {
        let Some(&byte) = out.get(index) else { break };
        out.push(byte);
    }
}

/// Unpacks runs (§7.4.5).
pub fn run_length(data: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = data;
    while let Some((&length, after)) = rest.split_first() {
        if length == 128 || out.len() >= limit {
            break;
        }
        if length < 128 {
            let taken = after.len().min(usize::from(length) + 1);
            let (literal, left) = after.split_at(taken);
            out.extend_from_slice(literal);
            rest = left;
        } else {
            let Some((&byte, left)) = after.split_first() else { break };
            out.extend(std::iter::repeat_n(byte, 257 - usize::from(length)));
            rest = left;
        }
    }
    out
}

/// Unpacks hexadecimal digits.
pub fn ascii_hex(data: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = data
        .iter()
        .take_while(|&&b| b != b'>')
        .filter_map(|&b| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit) << (4 * (2 - pair.len())))
        .collect()
}

/// Unpacks base 85.
pub fn ascii85(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() / 5 * 4);
    let mut group: Vec<u32> = Vec::with_capacity(5);
    for &byte in data.iter().filter(|&&b| !is_space(b)) {
        match byte {
            b'z' if group.is_empty() => out.extend([0; 4]),
            b'!'..=b'u' => group.push(u32::from(byte - b'!')),
            _ => break,
        }
        if group.len() == 5 {
            out.extend(word85(&group).to_be_bytes());
            group.clear();
        }
    }
    if group.len() > 1 {
        let kept = group.len() - 1;
        group.resize(5, 84);
        out.extend(word85(&group).to_be_bytes().iter().take(kept));
    }
    out
}

fn word85(group: &[u32]) -> u32 {
    group.iter().fold(0u32, |word, digit| word.wrapping_mul(85).wrapping_add(*digit))
}

/// Takes back what a predictor did before packing (§7.4.4.4): of PNG, or TIFF's for bytes.
pub fn unpredict(data: Vec<u8>, predictor: usize, columns: usize, pixel_bits: usize) -> Vec<u8> {
    let row = columns.saturating_mul(pixel_bits).div_ceil(8).max(1);
    let pixel = pixel_bits.div_ceil(8).max(1);
    if predictor == 2 {
        let mut data = data;
        for line in data.chunks_mut(row) {
            for at in pixel..line.len() {
                let left = line.get(at - pixel).copied().unwrap_or(0);
                if let Some(byte) = line.get_mut(at) {
                    *byte = byte.wrapping_add(left);
                }
            }
        }
        return data;
    }
    if predictor < 10 || row > data.len() {
        return data;
    }
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let mut above = vec![0u8; row];
    for line in data.chunks(row + 1) {
        let Some((&kind, packed)) = line.split_first() else { break };
        let mut current = packed.to_vec();
        for at in 0..current.len() {
            let left = at.checked_sub(pixel).and_then(|i| current.get(i)).copied().unwrap_or(0);
            let up = above.get(at).copied().unwrap_or(0);
            let corner = at.checked_sub(pixel).and_then(|i| above.get(i)).copied().unwrap_or(0);
            let guess = match kind {
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            if let Some(byte) = current.get_mut(at) {
                *byte = byte.wrapping_add(guess);
            }
        }
        out.extend_from_slice(&current);
        above = current;
    }
    out
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let off = |value: u8| (guess - i16::from(value)).abs();
    if off(left) <= off(up) && off(left) <= off(corner) {
        left
    } else if off(up) <= off(corner) {
        up
    } else {
        corner
    }
}
