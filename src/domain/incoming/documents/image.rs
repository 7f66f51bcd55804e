//! Pictures: never opened, only what their file says beside them: where and by whom they were taken.

use crate::domain::incoming::documents::{Document, Hidden, Hiding};
use crate::domain::incoming::mime::Notes;
use exif::{Exif, In, Tag, Value};
use std::io::Cursor;

/// A picture of more points than this is not made by a camera or a scanner.
const MANY_POINTS: u64 = 200_000_000;

/// What a picture tells about itself.
pub fn read(data: &[u8], notes: &mut Notes) -> Document {
    let mut document = Document::default();
    if let Some((width, height)) = size(data)
        && u64::from(width) * u64::from(height) > MANY_POINTS
    {
        notes.add(format!("the picture says it has {width} × {height} points; it was not opened"));
    }
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let read = reader.read_from_container(&mut Cursor::new(data));
    let Some(exif) = read.or_else(|error| error.distill_partial_result(|_| ())).ok() else { return document };
    document.hidden.extend(place(&exif));
    document.hidden.extend(author(&exif));
    document
}

fn place(exif: &Exif) -> Option<Hidden> {
    let degrees = |value: Tag, side: Tag, negative: u8| {
        let Value::Rational(parts) = &exif.get_field(value, In::PRIMARY)?.value else { return None };
        let sum: f64 =
            parts.iter().take(3).zip([1.0, 60.0, 3600.0]).map(|(part, unit)| part.to_f64() / unit).sum();
        let Value::Ascii(letters) = &exif.get_field(side, In::PRIMARY)?.value else { return None };
        let is_negative = letters.first().and_then(|text| text.first()) == Some(&negative);
        (sum.is_finite() && sum <= 180.0).then_some(if is_negative { -sum } else { sum })
    };
    let north = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S')?;
    let east = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W')?;
    let detail =
        format!("taken at {north:.3}, {east:.3} (degrees north and east), as the picture's file says");
    Some(Hidden { what: Hiding::Location, detail })
}

fn author(exif: &Exif) -> Option<Hidden> {
    // The owner of the camera (0xA430) and the artist; the copyright names whoever sells the picture.
    let name = [Tag::Artist, Tag::CameraOwnerName].iter().find_map(|tag| {
        let Value::Ascii(lines) = &exif.get_field(*tag, In::PRIMARY)?.value else { return None };
        let text = lines.iter().map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join(" ");
        let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        (!text.trim().is_empty()).then(|| text.trim().to_owned())
    })?;
    Some(Hidden { what: Hiding::Author, detail: format!("taken by {name}, as the picture's file says") })
}

/// Width and height as the first bytes of a PNG, GIF, BMP or JPEG say.
fn size(data: &[u8]) -> Option<(u32, u32)> {
    let big = |at: usize| Some(u32::from_be_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let little = |at: usize| Some(u32::from_le_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let short =
        |at: usize| Some(u32::from(u16::from_be_bytes(data.get(at..at.checked_add(2)?)?.try_into().ok()?)));
    match data {
        [0x89, b'P', b'N', b'G', ..] => Some((big(16)?, big(20)?)),
        [b'G', b'I', b'F', b'8', ..] => {
            let both = little(6)?;
            Some((both & 0xffff, both >> 16))
        }
        [b'B', b'M', ..] => Some((little(18)?, little(22)?)),
        [0xff, 0xd8, ..] => {
            // From segment to segment until the one that starts a frame (ITU T.81, B.2.2).
            let mut at = 2;
            for _ in 0..200 {
                let (0xff, kind) = (*data.get(at)?, *data.get(at + 1)?) else { return None };
                if matches!(kind, 0xc0..=0xcf) && !matches!(kind, 0xc4 | 0xc8 | 0xcc) {
                    return Some((short(at + 7)?, short(at + 5)?));
                }
                at += 2 + usize::try_from(short(at + 2)?).ok()?;
            }
            None
        }
        _ => None,
    }
}
