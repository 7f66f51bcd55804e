//! A letter's text and addresses to the bytes of an RFC 5322 message, ready to be stored and sent as they are.

use chrono::{DateTime, Utc};
use data_encoding::{BASE64, HEXLOWER};
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue, InReplyTo, MessageId, References,
    Subject,
};
use lettre::message::{Body, Mailbox, SinglePart};
use lettre::{Address, Message};

/// What keeps a letter from being written as a mail; each names the field.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A header field holds a line break or another control character, which could start a header of its own.
    #[error("expected one line without control characters in the {field}, found U+{found:04X} in `{value}`")]
    Control {
        /// The field, in words.
        field: &'static str,
        /// The code point that is refused.
        found: u32,
        /// The field's value, escaped.
        value: String,
    },
    /// The body holds a control character that no plain text has.
    #[error("expected plain text in the body, found U+{found:04X}")]
    Body {
        /// The code point that is refused.
        found: u32,
    },
    /// Not an address that can stand in a header and on the wire.
    #[error("expected an address as `name@domain` for the {field}, found `{value}`")]
    Address {
        /// The field, in words.
        field: &'static str,
        /// What was given, escaped.
        value: String,
    },
    /// An address outside ASCII; it needs SMTPUTF8 (RFC 6531) on the whole way, which few authorities' servers have.
    #[error("expected an address in ASCII for the {field} (no SMTPUTF8), found `{value}`")]
    NotAscii {
        /// The field, in words.
        field: &'static str,
        /// What was given, escaped.
        value: String,
    },
    /// The Message-ID is not `left@right` in the characters RFC 5322 §3.6.4 allows.
    #[error("expected a message id as `random@domain`, found `{0}`")]
    MessageId(String),
    /// The mail date format has years 1970 to 9999 here.
    #[error("expected a date between 1970 and 9999, found `{0}`")]
    Date(DateTime<Utc>),
    /// The mail library refused what was composed.
    #[error("the message could not be built")]
    Build(#[from] lettre::error::Error),
}

/// A letter as it leaves the house: one sender, one authority, plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingLetter {
    /// Name in From, a person or a campaign.
    pub from_name: String,
    /// The request's own address: From, envelope sender and where replies go.
    pub reply_address: String,
    /// The authority's address.
    pub to: String,
    /// Subject in plain words.
    pub subject: String,
    /// Text with any kind of line ends.
    pub body: String,
    /// Message-ID without brackets, made when the letter was queued.
    pub message_id: String,
    /// Date header.
    pub date: DateTime<Utc>,
    /// Message-ID of the mail this letter answers.
    pub in_reply_to: Option<String>,
    /// Message-IDs of the thread, oldest first.
    pub references: Vec<String>,
}

/// The finished message with its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The whole message, CRLF line ends, seven-bit, lines of at most 998 octets.
    pub bytes: Vec<u8>,
    /// Envelope sender: the reply address.
    pub envelope_from: String,
    /// The only recipient.
    pub envelope_to: String,
}

/// Makes a Message-ID (without brackets) from 128 random bits and the house's mail domain.
pub fn message_id(random: &[u8; 16], domain: &str) -> String {
    format!("{}@{domain}", HEXLOWER.encode(random))
}

/// Writes the letter as a mail; the same letter gives the same bytes each time.
pub fn compose(letter: &OutgoingLetter) -> Result<Composed, Error> {
    let from_name = one_line("sender's name", &letter.from_name)?;
    let subject = one_line("subject", &letter.subject)?;
    let from = address("reply address", &letter.reply_address)?;
    let to = address("recipient", &letter.to)?;
    let (envelope_from, envelope_to) = (from.to_string(), to.to_string());

    let mut message = Message::builder()
        .date(date(letter.date)?)
        .raw_header(sender(&from_name, from))
        .to(Mailbox::new(None, to))
        .raw_header(text_header(Subject::name(), &subject))
        .header(MessageId::from(own_id(&letter.message_id)?));
    if let Some(id) = letter.in_reply_to.as_deref().and_then(others_id) {
        message = message.header(InReplyTo::from(id));
    }
    let references: Vec<String> = letter.references.iter().filter_map(|id| others_id(id)).collect();
    if !references.is_empty() {
        message = message.header(References::from(references.join(" ")));
    }
    let part = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body(&letter.body)?);
    Ok(Composed { bytes: message.singlepart(part)?.formatted(), envelope_from, envelope_to })
}

/// Refuses what could end a header line anywhere on the way: C0, DEL, C1 (with NEL), U+2028 and U+2029.
pub(super) fn one_line(field: &'static str, value: &str) -> Result<String, Error> {
    match value.chars().find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        Some(c) => Err(Error::Control { field, found: c.into(), value: shown(value) }),
        None => Ok(value.trim().to_owned()),
    }
}

/// Quoted local parts are refused too: they may hide spaces, angle brackets and line breaks (RFC 5321 §4.1.2).
pub(super) fn address(field: &'static str, value: &str) -> Result<Address, Error> {
    if !value.is_ascii() {
        return Err(Error::NotAscii { field, value: shown(value) });
    }
    let refused = || Error::Address { field, value: shown(value) };
    let sound = |b: u8| b.is_ascii_graphic() && !br#"<>()[]\,;:""#.contains(&b);
    if value.len() > 254 || !value.bytes().all(sound) {
        return Err(refused());
    }
    value.parse().map_err(|_| refused())
}

fn shown(value: &str) -> String {
    value.chars().take(80).flat_map(char::escape_debug).collect()
}

pub(super) fn date(date: DateTime<Utc>) -> Result<std::time::SystemTime, Error> {
    // 9999-12-31T23:59:59Z; outside of these years the library would panic.
    if (0..=253_402_300_799).contains(&date.timestamp()) { Ok(date.into()) } else { Err(Error::Date(date)) }
}

pub(super) fn own_id(id: &str) -> Result<String, Error> {
    others_id(id).filter(|_| !id.contains(['<', '>'])).ok_or_else(|| Error::MessageId(shown(id)))
}

/// An id from another's mail as a header can hold it; one that is malformed serves no threading and is left out,
/// so that an authority's broken mailer cannot stop our answer.
fn others_id(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let sound = |b: u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'\\' | b',' | b'(' | b')');
    let (left, right) = id.split_once('@')?;
    let fits = !left.is_empty() && !right.is_empty() && id.len() <= 250 && id.bytes().all(sound);
    fits.then(|| format!("<{id}>"))
}

/// `From` with the name quoted or encoded as its characters need.
fn sender(name: &str, address: Address) -> HeaderValue {
    use lettre::message::header::From;
    let plain = Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address.clone());
    if needs_own_encoding(name) {
        let encoded = format!("{}\r\n <{address}>", encoded_words(name));
        HeaderValue::dangerous_new_pre_encoded(From::name(), plain.to_string(), encoded)
    } else {
        From::from(lettre::message::Mailboxes::from(plain)).display()
    }
}

pub(super) fn text_header(name: HeaderName, value: &str) -> HeaderValue {
    if needs_own_encoding(value) {
        HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), encoded_words(value))
    } else {
        HeaderValue::new(name, value.to_owned())
    }
}

/// The library writes ASCII words as they are: a typed `=?utf-8?q?=0D=0A…?=` would be decoded by the reader, and a
/// word without a space cannot be folded under 998 octets.
fn needs_own_encoding(value: &str) -> bool {
    value.contains("=?") || value.split(' ').any(|word| word.len() > 60)
}

/// RFC 2047 words of at most 75 characters, one a line.
pub fn encoded_words(value: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in value.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= 42 => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let encoded = words.iter().map(|word| format!("=?utf-8?b?{}?=", BASE64.encode(word.as_bytes())));
    encoded.collect::<Vec<_>>().join("\r\n ")
}

/// Seven-bit where the text is, quoted-printable otherwise; line ends become CRLF, other controls are refused.
pub(super) fn body(text: &str) -> Result<Body, Error> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if let Some(c) = text.chars().find(|c| c.is_ascii_control() && !matches!(c, '\n' | '\t')) {
        return Err(Error::Body { found: c.into() });
    }
    // The library ends the part with a line end of its own.
    let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
    let plain = Body::new_with_encoding(text.clone(), ContentTransferEncoding::SevenBit);
    let quoted = || Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable);
    Ok(plain.or_else(|_| quoted()).unwrap_or_else(Body::new))
}
