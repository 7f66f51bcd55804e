//! A mail that came in: from raw bytes to what it says, whose it is and what to do. Never fails.

pub mod alike;
pub mod attachment;
pub mod authenticity;
pub mod body;
pub mod delivery;
pub mod documents;
pub mod envelope;
pub mod known_again;
pub mod language;
pub mod looking;
pub mod loops;
pub mod matching;
pub mod mime;
pub mod model;
mod own_text;
pub mod phrases;
pub mod proposal;
pub mod reading;
pub mod reread;
pub mod text;
pub mod unpack;

pub use crate::domain::incoming::attachment::Attachment;

use crate::domain::incoming::attachment::describe;
use crate::domain::incoming::delivery::{Automatic, Bounce, Reported, Said};
use crate::domain::incoming::documents::sniff::{self, Format};
use crate::domain::incoming::documents::{Hidden, Supplied};
use crate::domain::incoming::mime::{Address, Leaf, Mail, Notes};
use crate::domain::incoming::model::Model;
use crate::domain::incoming::model::judge::Judge;
use crate::domain::incoming::phrases::Phrasebook;
use crate::domain::incoming::reading::{Kind, Prepared, Reading};
use crate::domain::incoming::reread::{prepare, reread};
use crate::domain::law::citation::Index;
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// How much text of one mail is kept beside it, in bytes; the rest stands in the mail as it came.
const MAX_KEPT: usize = 1_000_000;

/// How much text of one mail is analysed; a longer one is shown whole but read only so far.
pub const MAX_ANALYSED: usize = 200_000;

/// What the reader must know beforehand.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// Signal phrases of all languages.
    pub phrasebook: Phrasebook,
    /// What sentences announce.
    pub model: Model,
    /// What phrases and sentences make of a letter.
    pub judge: Judge,
    /// Access laws by the provisions that letters cite.
    pub citations: Index,
}

/// A mail as it was understood. The names are those of `askance read --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incoming {
    /// SHA-256 of the raw bytes, hex.
    pub sha256: String,
    /// Size of the raw bytes.
    pub size: usize,
    /// Subject, decoded; empty if there is none.
    pub subject: String,
    /// The sender.
    pub from: Option<Address>,
    /// How many senders the head names; one is usual.
    #[serde(default)]
    pub senders: usize,
    /// Recipients in `To`.
    pub to: Vec<Address>,
    /// Recipients in `Cc`.
    pub cc: Vec<Address>,
    /// The date the sender wrote, in UTC.
    pub date: Option<DateTime<Utc>>,
    /// `Message-ID` without angle brackets.
    pub message_id: Option<String>,
    /// `In-Reply-To` without angle brackets.
    pub in_reply_to: Vec<String>,
    /// `References` without angle brackets.
    pub references: Vec<String>,
    /// Number of leaf parts.
    pub parts: usize,
    /// What the sender wrote now, without quotes and signature.
    pub text: String,
    /// The quoted rest.
    pub quoted: Option<String>,
    /// The whole text.
    pub full_text: String,
    /// What each stretch of the whole text is, in order.
    #[serde(default)]
    pub marked: Vec<body::Marked>,
    /// Attachments in their order.
    pub attachments: Vec<Attachment>,
    /// Whether a machine wrote it.
    pub automatic: Automatic,
    /// Whether only its words say that a machine wrote it, and nothing in its head.
    #[serde(default)]
    pub automatic_by_words: bool,
    /// What a bounce says of the letter.
    pub bounce: Option<Bounce>,
    /// Language, BCP 47.
    pub language: Option<String>,
    /// Kind of reply and its facts.
    pub reading: Reading,
    /// What was wrong with the mail, in plain words.
    pub notes: Vec<String>,
    /// What the text of the mail hides from whoever reads it; none of that is its text.
    #[serde(default)]
    pub hidden: Vec<Hidden>,
    /// All text that is hidden so.
    #[serde(default)]
    pub hidden_text: Option<String>,
    /// Why its own words may not be all that it says.
    #[serde(default)]
    pub beyond: body::Beyond,
    /// Addresses it was delivered to: `Delivered-To`, `X-Original-To`, `Envelope-To`, `To`, `Cc`, `Received … for`.
    #[serde(default)]
    pub delivered_to: Vec<String>,
    /// `Return-Path`; empty string for the null sender.
    #[serde(default)]
    pub return_path: Option<String>,
    /// SHA-256 over what identifies the message whatever way it travelled.
    #[serde(default)]
    pub content_key: String,
    /// Number of `Received` fields.
    #[serde(default)]
    pub received_count: usize,
    /// Message ids of our letters that a bounce returned.
    #[serde(default)]
    pub returned_ids: Vec<String>,
    /// What a delivery report says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
}

/// Reads a mail. Whatever the bytes are, something comes back and nothing panics.
pub fn understand(raw: &[u8], knowledge: &Knowledge) -> Incoming {
    understand_with_files(raw, knowledge, &Supplied::new()).0
}

/// Reads a mail and takes out the bytes of its files, in the order of `Incoming::attachments`; `supplied` has texts of
/// files that could not be read here.
pub fn understand_with_files(
    raw: &[u8],
    knowledge: &Knowledge,
    supplied: &Supplied,
) -> (Incoming, Vec<Vec<u8>>) {
    let Understood { incoming, files, .. } = take_in(raw, knowledge, supplied);
    (incoming, files)
}

/// A mail that was read, and what it was read from.
#[derive(Debug)]
pub struct Understood<'b> {
    /// What is known of it.
    pub incoming: Incoming,
    /// Its text with the phrases found, the ground of its reading.
    pub prepared: Prepared<'b>,
    files: Vec<Vec<u8>>,
}

/// Reads a mail and keeps what its reading rests on, for whoever teaches the model.
pub fn understand_prepared<'b>(raw: &[u8], knowledge: &'b Knowledge) -> Understood<'b> {
    take_in(raw, knowledge, &Supplied::new())
}

fn take_in<'b>(raw: &[u8], knowledge: &'b Knowledge, supplied: &Supplied) -> Understood<'b> {
    let mut mail = open(raw);
    let mut notes = std::mem::take(&mut mail.notes);
    let mut incoming = envelope(raw, &mail, &mut notes);
    // Number of parts and key of the content are those of the mail as it was sent.
    unpack::expand(&mut mail);
    notes.extend(std::mem::take(&mut mail.notes));
    let page = own_text::of(&mail, &mut notes);
    own_text::tell_hidden(&mut incoming, page.hidden, &mut notes);
    incoming.full_text = page.text;
    if incoming.full_text.is_empty()
        && mail.leaves.iter().any(|l| own_text::is_own(l) && !l.data.trim_ascii().is_empty())
    {
        notes.add("the text has nothing that can be shown; it is in the mail as it came");
    }
    if incoming.full_text.len() > MAX_KEPT {
        notes.warn("the text is very long; only its beginning is shown and read, all of it is in the mail as it came");
        let kept = mime::html::cut(&incoming.full_text, MAX_KEPT).len();
        incoming.full_text.truncate(kept);
        incoming.beyond.unread = true;
    }
    let split = body::split(&incoming.full_text, &knowledge.phrasebook);
    incoming.beyond.below_mark = split.below_mark;
    incoming.beyond.unread |= split.unread || split.own.len() > MAX_ANALYSED;
    if incoming.beyond.unread {
        notes.warn(format!(
            "the text is longer than what is read of it, {} lines and {MAX_ANALYSED} bytes; the rest is kept, and read by nobody yet",
            body::MAX_LINES
        ));
    }
    if split.below_mark {
        notes.warn(
            "what stands below the signature mark reads like a letter; it is read as the sender’s words",
        );
    }
    incoming.text = split.own;
    incoming.quoted = split.quoted;
    incoming.marked = split.parts;
    incoming.attachments =
        mail.leaves.iter().filter(|l| is_attachment(l)).map(|l| describe(l, supplied)).collect();
    let prepared = prepare(&incoming, knowledge);
    let said = Said::new(&prepared, &knowledge.phrasebook);
    let delivery = delivery::judge(&mail, &incoming, &said);
    incoming.automatic = delivery.automatic;
    incoming.automatic_by_words = delivery.by_words;
    incoming.returned_ids = delivery.returned_ids;
    incoming.reported = delivery.reported;
    incoming.bounce = delivery.bounce;
    incoming.notes = notes.into_vec();
    let prepared = reread(&mut incoming, prepared, knowledge);
    let files = mail.leaves.into_iter().filter(is_attachment).map(|leaf| leaf.data).collect();
    Understood { incoming, prepared, files }
}

/// Takes a mail apart; one that Outlook saved as a file is made a mail first.
fn open(raw: &[u8]) -> Mail {
    if sniff::by_bytes(raw) != Some(Format::OutlookMail) {
        return mime::parse(raw);
    }
    let mut notes = Notes::default();
    let mut mail = mime::parse(&unpack::outlook::read(raw, &mut notes).as_mail());
    mail.notes.add("the mail was saved by Outlook as a file");
    mail.notes.extend(notes);
    mail
}

fn envelope(raw: &[u8], mail: &Mail, notes: &mut Notes) -> Incoming {
    let headers = &mail.headers;
    if headers.is_empty() {
        notes.add("the mail has no header that can be read");
    }
    if headers.count("From") > 1 {
        notes.warn("the mail has more than one From field");
    }
    let addresses = |name: &str, notes: &mut Notes| -> Vec<Address> {
        headers.all_raw(name).take(20).flat_map(|raw| mime::address::list(raw, notes)).collect()
    };
    let (from, to, cc) = (addresses("From", notes), addresses("To", notes), addresses("Cc", notes));
    let traced =
        ["Delivered-To", "X-Original-To", "Envelope-To"].iter().flat_map(|name| addresses(name, notes));
    let reached = traced.chain(to.iter().cloned()).chain(cc.iter().cloned()).map(|a| a.address);
    let mut delivered_to: Vec<String> =
        reached.chain(matching::received::recipients(headers.all_raw("Received"))).collect();
    let mut seen = BTreeSet::new();
    delivered_to.retain(|a| seen.insert(a.to_lowercase()));
    let date = headers.first("Date").and_then(|d| mime::date::read(&d));
    if date.is_none() {
        notes.add("the mail has no date that can be read");
    }
    let ids = |name: &str| headers.all_raw(name).flat_map(mime::address::message_ids).take(200).collect();
    let in_reply_to: Vec<String> = ids("In-Reply-To");
    Incoming {
        sha256: HEXLOWER.encode(&Sha256::digest(raw)),
        size: raw.len(),
        subject: headers.first("Subject").unwrap_or_default(),
        senders: from.len().max(headers.count("From")),
        from: from.into_iter().next(),
        to,
        cc,
        date,
        message_id: headers
            .first_raw("Message-ID")
            .and_then(|r| mime::address::message_ids(r).into_iter().next()),
        in_reply_to,
        references: ids("References"),
        parts: mail.leaves.iter().filter(|l| !l.is_mail).count(),
        text: String::new(),
        quoted: None,
        full_text: String::new(),
        marked: Vec::new(),
        attachments: Vec::new(),
        automatic: Automatic::None,
        automatic_by_words: false,
        bounce: None,
        language: None,
        reading: Reading::of(Kind::Other, 0.0),
        notes: Vec::new(),
        hidden: Vec::new(),
        hidden_text: None,
        beyond: body::Beyond::default(),
        delivered_to,
        return_path: return_path(mail, notes),
        content_key: content_key(mail),
        received_count: headers.count("Received"),
        returned_ids: Vec::new(),
        reported: None,
    }
}

/// The address of `Return-Path`; empty for the null sender.
fn return_path(mail: &Mail, notes: &mut Notes) -> Option<String> {
    let raw = mail.headers.first_raw("Return-Path")?;
    Some(mime::address::list(raw, notes).into_iter().next().map(|a| a.address).unwrap_or_default())
}

/// Copies of one message differ in `Received` and other trace fields; this does not (reliability §4).
fn content_key(mail: &Mail) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    for name in ["Message-ID", "From", "Date", "Subject"] {
        let value = mail.headers.first(name).unwrap_or_default();
        add(value.split_whitespace().collect::<Vec<_>>().join(" ").as_bytes());
    }
    for leaf in mail.leaves.iter().filter(|l| !l.is_mail) {
        if leaf.content_type.starts_with("text/") || leaf.content_type.starts_with("message/") {
            // Transports change line ends and drop the last one.
            let lines: Vec<&[u8]> = leaf.data.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end).collect();
            add(lines.join(&b'\n').trim_ascii_end());
        } else {
            add(&leaf.data);
        }
    }
    HEXLOWER.encode(&hash.finalize())
}

fn is_attachment(leaf: &Leaf) -> bool {
    let text_of_inner_mail =
        leaf.within > 0 && !leaf.attached && leaf.name.is_none() && leaf.content_type.starts_with("text/");
    !own_text::is_own(leaf) && !text_of_inner_mail
}
