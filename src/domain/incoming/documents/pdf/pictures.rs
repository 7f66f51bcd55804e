//! The pictures that scanned pages are made of, for whoever recognises their text.

use crate::domain::incoming::documents::pdf::file::File;
use crate::domain::incoming::documents::pdf::object::{Dict, Object};

/// The most pixels of a picture that is unpacked.
const MAX_PIXELS: usize = 40_000_000;
/// A picture narrower or lower than this is a stamp or a line, not a page.
const LEAST_SIDE: usize = 200;

/// How the bytes of a picture are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// A JPEG file, as it stands in the PDF.
    Jpeg,
    /// A JPEG 2000 file, as it stands in the PDF.
    Jpeg2000,
    /// A portable any-map: `P4`, `P5` or `P6` in its first two bytes.
    Pnm,
}

/// A picture of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageImage {
    /// Which page it is on, from 1.
    pub page: usize,
    /// How it is to be read.
    pub kind: PictureKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A picture as a file that others can read; none if it is small, too large, or packed as faxes and JBIG2 are.
pub fn picture(file: &File, object: &Object, page: usize) -> Option<PageImage> {
    let dict = object.dict()?;
    let (width, height) = (file.entry(dict, "Width").count()?, file.entry(dict, "Height").count()?);
    let pixels = width.checked_mul(height)?;
    if width < LEAST_SIDE || height < LEAST_SIDE || pixels > MAX_PIXELS {
        return None;
    }
    let (bytes, packed) = file.unpack_until_image(object);
    let (kind, bytes) = match packed.as_deref() {
        Some(b"DCTDecode" | b"DCT") => (PictureKind::Jpeg, bytes),
        Some(b"JPXDecode") => (PictureKind::Jpeg2000, bytes),
        Some(_) => return None,
        None => (PictureKind::Pnm, pnm(file, dict, (width, height), &bytes)?),
    };
    Some(PageImage { page, kind, bytes })
}

fn pnm(file: &File, dict: &Dict, (width, height): (usize, usize), bytes: &[u8]) -> Option<Vec<u8>> {
    let is_mask = file.entry(dict, "ImageMask") == Object::Bool(true);
    let bits = if is_mask { 1 } else { file.entry(dict, "BitsPerComponent").count().unwrap_or(8) };
    let space = file.entry(dict, "ColorSpace");
    let kind = space.list().and_then(|l| l.first()).unwrap_or(&space).clone();
    let (channels, palette) = match file.resolve(&kind).name().unwrap_or(b"DeviceGray") {
        b"DeviceGray" | b"CalGray" | b"G" => (1, None),
        b"DeviceRGB" | b"CalRGB" | b"RGB" => (3, None),
        b"DeviceCMYK" | b"CMYK" => (4, None),
        b"ICCBased" => (file.at(space.list()?.get(1)?, "N").count()?, None),
        b"Indexed" | b"I" => (1, Some(palette(file, &space)?)),
        _ => return None,
    };
    let decode = file.numbers(&file.entry(dict, "Decode"));
    let is_inverted = decode.first().is_some_and(|first| *first > 0.5);
    let row = width.checked_mul(channels)?.checked_mul(bits)?.div_ceil(8);
    if bytes.len() < row || !(bits == 8 || (bits == 1 && channels == 1)) {
        return None;
    }
    let rows = bytes.chunks_exact(row).take(height);
    let kept = rows.len();
    if let Some(palette) = palette {
        let indices = rows.flat_map(|line| samples(line, bits, width));
        let grey = indices.flat_map(|index| palette.get(usize::from(index)).copied().unwrap_or([255; 3]));
        return Some(format!("P6\n{width} {kept}\n255\n").into_bytes().into_iter().chain(grey).collect());
    }
    let turned = |byte: u8| if is_inverted { !byte } else { byte };
    let (head, body): (String, Vec<u8>) = match (bits, channels) {
        // In a portable bit-map 1 is black, in a PDF 0 is.
        (1, _) => (format!("P4\n{width} {kept}\n"), rows.flatten().map(|b| !turned(*b)).collect()),
        (_, 1) => (format!("P5\n{width} {kept}\n255\n"), rows.flatten().map(|b| turned(*b)).collect()),
        (_, 3) => (format!("P6\n{width} {kept}\n255\n"), rows.flatten().map(|b| turned(*b)).collect()),
        (_, 4) => {
            let light = |ink: u8, black: u8| {
                u8::try_from(u16::from(255 - ink) * u16::from(255 - black) / 255).unwrap_or(255)
            };
            let of = |inks: &[u8]| match *inks {
                [c, m, y, k] => [c, m, y].map(|ink| light(turned(ink), turned(k))),
                _ => [255; 3],
            };
            (
                format!("P6\n{width} {kept}\n255\n"),
                rows.flat_map(|line| line.chunks_exact(4).flat_map(of)).collect(),
            )
        }
        _ => return None,
    };
    Some(head.into_bytes().into_iter().chain(body).collect())
}

/// The values of a line, one bit or one byte each.
fn samples(line: &[u8], bits: usize, width: usize) -> Vec<u8> {
    if bits == 8 {
        return line.to_vec();
    }
    line.iter().flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1)).take(width).collect()
}

fn palette(file: &File, space: &Object) -> Option<Vec<[u8; 3]>> {
    let list = space.list()?;
    let base = file.resolve(list.get(1)?);
    let name = base.list().and_then(|l| l.first()).unwrap_or(&base).clone();
    let channels = match file.resolve(&name).name()? {
        b"DeviceRGB" | b"CalRGB" => 3,
        b"DeviceGray" | b"CalGray" => 1,
        b"ICCBased" => file.at(base.list()?.get(1)?, "N").count()?,
        _ => return None,
    };
    let table = file.resolve(list.get(3)?);
    let bytes = table.bytes().map_or_else(|| file.unpack(&table), <[u8]>::to_vec);
    match channels {
        1 => Some(bytes.iter().take(256).map(|grey| [*grey; 3]).collect()),
        3 => Some(bytes.chunks_exact(3).take(256).filter_map(|c| <[u8; 3]>::try_from(c).ok()).collect()),
        _ => None,
    }
}
