//! The bytes of a stream, as they stand and unpacked (ISO 32000-1 §7.3.8).

use crate::domain::incoming::documents::pdf::file::{File, find};
use crate::domain::incoming::documents::pdf::filter;
use crate::domain::incoming::documents::pdf::object::{Object, is_space};

/// How much all streams of a file may unpack to.
const MAX_UNPACKED: usize = 160 * 1024 * 1024;
/// How much one stream may unpack to.
const MAX_STREAM: usize = 48 * 1024 * 1024;
/// How many bytes are searched in all for ends of streams whose length is wrong.
const MAX_SEARCHED: usize = 400 * 1024 * 1024;

impl<'a> File<'a> {
    /// The bytes of a stream as they stand in the file.
    pub fn raw(&self, stream: &Object) -> &'a [u8] {
        let Object::Stream(dict, start) = stream else { return &[] };
        let rest = self.data.get(*start..).unwrap_or_default();
        let length = self.entry(dict, "Length").count();
        if let Some(bytes) = length.and_then(|length| rest.get(..length)) {
            let after = rest.get(bytes.len()..).unwrap_or_default();
            let spaces = after.iter().take(4).take_while(|b| is_space(**b)).count();
            if after.get(spaces..).is_some_and(|a| a.starts_with(b"endstream")) {
                return bytes;
            }
        }
        let room = MAX_SEARCHED.saturating_sub(self.searched.get());
        let rest = rest.get(..room).unwrap_or(rest);
        let end = find(rest, b"endstream").unwrap_or(rest.len());
        self.searched.set(self.searched.get().saturating_add(end));
        rest.get(..end).unwrap_or_default()
    }

    /// The bytes of a stream, unpacked as far as its filters are known; see [`File::unpack_until_image`].
    pub fn unpack(&self, stream: &Object) -> Vec<u8> {
        self.unpack_until_image(stream).0
    }

    /// The bytes of a stream and the name of the picture format they are still packed in, if they are.
    pub fn unpack_until_image(&self, stream: &Object) -> (Vec<u8>, Option<Vec<u8>>) {
        let Some(dict) = stream.dict() else { return (Vec::new(), None) };
        let many = |long: &str, short: &str| -> Vec<Object> {
            let found = match self.entry(dict, long) {
                Object::Null => self.entry(dict, short),
                found => found,
            };
            match &found {
                Object::List(list) => list.iter().take(8).map(|o| self.resolve(o)).collect(),
                Object::Null => Vec::new(),
                _ => vec![found],
            }
        };
        let params = many("DecodeParms", "DP");
        let mut bytes = self.raw(stream).to_vec();
        for (index, name) in many("Filter", "F").iter().enumerate() {
            let limit = MAX_STREAM.min(MAX_UNPACKED.saturating_sub(self.unpacked.get()));
            let param = params.get(index).and_then(Object::dict);
            let value = |key: &str, default: usize| {
                param.and_then(|dict| self.entry(dict, key).count()).unwrap_or(default)
            };
            bytes = match name.name().unwrap_or_default() {
                b"FlateDecode" | b"Fl" => filter::flate(&bytes, limit),
                b"LZWDecode" | b"LZW" => filter::lzw(&bytes, value("EarlyChange", 1) != 0, limit),
                b"ASCII85Decode" | b"A85" => filter::ascii85(&bytes),
                b"ASCIIHexDecode" | b"AHx" => filter::ascii_hex(&bytes),
                b"RunLengthDecode" | b"RL" => filter::run_length(&bytes, limit),
                b"Crypt" => bytes,
                other => return (bytes, Some(other.to_vec())),
            };
            if matches!(name.name(), Some(b"FlateDecode" | b"Fl" | b"LZWDecode" | b"LZW")) {
                let pixel = value("Colors", 1).saturating_mul(value("BitsPerComponent", 8));
                bytes = filter::unpredict(bytes, value("Predictor", 1), value("Columns", 1), pixel);
            }
            self.unpacked.set(self.unpacked.get().saturating_add(bytes.len()));
        }
        (bytes, None)
    }
}
