//! Properties of Outlook's mails ([MS-OXPROPS]), whatever container they came in.

use crate::domain::incoming::documents::compound::code_page;
use crate::domain::incoming::documents::rtf;
use crate::domain::incoming::mime::{Notes, charset, html};
use crate::domain::incoming::unpack::{Contents, Taken, compressed_rtf};
use chrono::{DateTime, Duration, TimeZone, Utc};
use encoding_rs::UTF_16LE;
use std::collections::BTreeMap;

/// The properties that are read, by their id.
pub mod id {
    /// Subject.
    pub const SUBJECT: u16 = 0x0037;
    /// When the sender sent it.
    pub const SUBMITTED: u16 = 0x0039;
    /// Header fields as they came.
    pub const HEADERS: u16 = 0x007d;
    /// Name of the sender.
    pub const SENDER_NAME: u16 = 0x0c1a;
    /// Address of the sender.
    pub const SENDER_ADDRESS: u16 = 0x0c1f;
    /// Internet address of the sender.
    pub const SENDER_SMTP: u16 = 0x5d01;
    /// Recipients as they are shown.
    pub const TO: u16 = 0x0e04;
    /// Plain text.
    pub const BODY: u16 = 0x1000;
    /// Compressed RTF.
    pub const BODY_RTF: u16 = 0x1009;
    /// HTML.
    pub const BODY_HTML: u16 = 0x1013;
    /// `Message-ID`.
    pub const MESSAGE_ID: u16 = 0x1035;
    /// Name as shown.
    pub const DISPLAY_NAME: u16 = 0x3001;
    /// Bytes of an attachment.
    pub const DATA: u16 = 0x3701;
    /// Short name of an attachment.
    pub const SHORT_NAME: u16 = 0x3704;
    /// Long name of an attachment.
    pub const LONG_NAME: u16 = 0x3707;
    /// Content type of an attachment.
    pub const MIME: u16 = 0x370e;
    /// Code page of the HTML.
    pub const INTERNET_PAGE: u16 = 0x3fde;
    /// Code page of 8-bit strings.
    pub const PAGE: u16 = 0x3ffd;
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(u64),
    /// 8-bit characters in the code page of the mail.
    Narrow(Vec<u8>),
    /// UTF-16.
    Wide(Vec<u8>),
    /// Bytes.
    Binary(Vec<u8>),
}

/// The properties of one object.
#[derive(Debug, Clone, Default)]
pub struct Properties {
    values: BTreeMap<u16, Value>,
    /// Code page of 8-bit strings if the object itself does not say.
    pub page: Option<u32>,
}

impl Properties {
    /// Keeps a value by its type ([MS-OXCDATA] §2.11.1); what is neither text, bytes nor number is left out.
    pub fn set(&mut self, id: u16, kind: u16, bytes: &[u8]) {
        let number = || {
            let mut eight = [0_u8; 8];
            for (slot, byte) in eight.iter_mut().zip(bytes) {
                *slot = *byte;
            }
            u64::from_le_bytes(eight)
        };
        let value = match kind {
            0x0002 | 0x0003 | 0x000b | 0x0014 | 0x0040 => Value::Number(number()),
            0x001e => Value::Narrow(bytes.to_vec()),
            0x001f => Value::Wide(bytes.to_vec()),
            0x0102 | 0x000d => Value::Binary(bytes.to_vec()),
            _ => return,
        };
        // Unicode goes before a copy in 8 bits.
        if !matches!((self.values.get(&id), &value), (Some(Value::Wide(_)), Value::Narrow(_))) {
            self.values.insert(id, value);
        }
    }

    fn number(&self, id: u16) -> Option<u64> {
        match self.values.get(&id) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// A text, empty if there is none.
    pub fn text(&self, id: u16) -> String {
        let own = self.number(id::PAGE).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
        let text = match self.values.get(&id) {
            Some(Value::Wide(bytes)) => UTF_16LE.decode(bytes).0.into_owned(),
            Some(Value::Narrow(bytes)) => match own.or(self.page) {
                Some(page) if std::str::from_utf8(bytes).is_err() => {
                    code_page(page).decode(bytes).0.into_owned()
                }
                _ => charset::decode(bytes, None).text,
            },
            _ => String::new(),
        };
        text.trim_end_matches('\0').to_owned()
    }

    /// Bytes, none if there are none.
    pub fn binary(&self, id: u16) -> Option<&[u8]> {
        match self.values.get(&id) {
            Some(Value::Binary(bytes) | Value::Narrow(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// The text of a mail: plain, else of the HTML, else of the RTF.
    pub fn body(&self, notes: &mut Notes) -> String {
        let plain = self.text(id::BODY);
        if !plain.trim().is_empty() {
            return plain.replace("\r\n", "\n");
        }
        let page = self.number(id::INTERNET_PAGE).and_then(|n| u32::try_from(n).ok());
        let markup = match self.binary(id::BODY_HTML) {
            Some(bytes) => charset::decode(bytes, page.map(|n| code_page(n).name())).text,
            None => self.text(id::BODY_HTML),
        };
        if !markup.trim().is_empty() {
            return html::to_text(&markup, notes);
        }
        let rtf = self.binary(id::BODY_RTF).and_then(compressed_rtf::unpack);
        rtf.and_then(|rtf| rtf::read(&rtf, notes).text).unwrap_or_default()
    }

    /// The mail that these properties describe, without its files.
    pub fn mail(&self, notes: &mut Notes) -> Contents {
        let address = [self.text(id::SENDER_SMTP), self.text(id::SENDER_ADDRESS)];
        let address = address.iter().find(|a| a.contains('@')).cloned().unwrap_or_default();
        let name = self.text(id::SENDER_NAME);
        let from = match (name.is_empty(), address.is_empty()) {
            (_, true) => name,
            (true, false) => address,
            (false, false) => format!("\"{}\" <{address}>", name.replace(['"', '\\'], "")),
        };
        Contents {
            subject: self.text(id::SUBJECT),
            from,
            to: self.text(id::TO),
            headers: self.headers(),
            text: self.body(notes),
            files: Vec::new(),
        }
    }

    /// The header fields, or those that can be made of the properties.
    fn headers(&self) -> String {
        let kept = self.text(id::HEADERS);
        if kept.contains(':') {
            return kept;
        }
        let mut made = String::new();
        if let Some(date) = self.number(id::SUBMITTED).and_then(file_time) {
            made = format!("Date: {}\r\n", date.to_rfc2822());
        }
        let id = self.text(id::MESSAGE_ID);
        if id.starts_with('<') && !id.contains(['\r', '\n']) {
            made = format!("{made}Message-ID: {id}\r\n");
        }
        made
    }

    /// The file that these properties describe.
    pub fn file(&self, data: Vec<u8>) -> Taken {
        let names = [id::LONG_NAME, id::SHORT_NAME, id::DISPLAY_NAME].map(|name| self.text(name));
        let name = names.into_iter().find(|n| !n.trim().is_empty()).unwrap_or_default();
        Taken { name, content_type: self.text(id::MIME), data }
    }
}

/// 100-nanosecond steps since 1601.
fn file_time(steps: u64) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(steps / 10_000_000).ok()?;
    let start = Utc.with_ymd_and_hms(1601, 1, 1, 0, 0, 0).single()?;
    start.checked_add_signed(Duration::try_seconds(seconds)?)
}
