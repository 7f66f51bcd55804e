//! A step of the script to a mail, as the software of such authorities would write it.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Days, Utc, Weekday};
use data_encoding::{BASE64_MIME, HEXLOWER};
use mailparse::{MailAddr, MailHeaderMap};
use sha2::{Digest, Sha256};

use crate::command::demo_authorities::cast::CastMember;
use crate::command::demo_authorities::pdf;
use crate::command::demo_authorities::script::{Form, Step};
use crate::mail::compose::encoded_words;

/// Our letter as an authority reads it.
#[derive(Debug)]
pub(crate) struct Letter {
    pub reply_to: String,
    name: String,
    subject: String,
    message_id: String,
    references: String,
    sent: DateTime<Utc>,
    text: String,
    raw: Vec<u8>,
}

/// A finished answer with its envelope sender (empty for machines).
pub(crate) struct Mail {
    pub sender: String,
    pub bytes: Vec<u8>,
}

impl Letter {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mail = mailparse::parse_mail(bytes).ok()?;
        let header = |name: &str| mail.headers.get_first_value(name);
        let from = mail.headers.get_first_header("From")?;
        let addresses = mailparse::addrparse_header(from).ok()?;
        let Some(MailAddr::Single(from)) = addresses.first() else { return None };
        let sent = header("Date").and_then(|date| mailparse::dateparse(&date).ok()).unwrap_or_default();
        Some(Self {
            reply_to: from.addr.clone(),
            name: from.display_name.clone().unwrap_or_else(|| from.addr.clone()),
            subject: header("Subject").unwrap_or_default(),
            message_id: header("Message-ID")?.trim().to_owned(),
            references: header("References").unwrap_or_default(),
            sent: DateTime::from_timestamp(sent, 0)?,
            text: mail.get_body().ok()?,
            raw: bytes.to_vec(),
        })
    }

    fn digest(&self, salt: usize) -> [u8; 32] {
        Sha256::digest(format!("{} {salt}", self.message_id)).into()
    }
}

/// Writes step number `number` of an authority's script. The same letter gives the same Message-IDs and file number.
pub(crate) fn write(
    letter: &Letter,
    member: &CastMember,
    (number, step): (usize, &Step),
    now: DateTime<Utc>,
) -> Mail {
    let fill = |text: &str| filled(text, letter, member, now);
    let (subject, text) = step.text.split_once('\n').unwrap_or((step.text, ""));
    let domain = member.email.rsplit_once('@').map_or("invalid.example", |(_, domain)| domain);
    let id = HEXLOWER.encode(letter.digest(number).get(..12).unwrap_or_default());
    let mut head = Head::default();
    let machine = matches!(step.form, Form::Bounce);
    let from = if machine { format!("MAILER-DAEMON@mail.{domain}") } else { member.email.to_owned() };
    let name = if machine { "Mail Delivery System" } else { member.name };
    head.add("Date", &now.to_rfc2822());
    head.add("From", &format!("{} <{from}>", encoded(name)));
    head.add("To", &format!("<{}>", letter.reply_to));
    head.add("Subject", &encoded(&fill(subject)));
    head.add("Message-ID", &format!("<{id}@{domain}>"));
    head.add("In-Reply-To", &letter.message_id);
    head.add("References", format!("{} {}", letter.references, letter.message_id).trim());
    head.add("X-Askance-Demonstration", "written by a simulated authority");
    head.add("MIME-Version", "1.0");
    let written = fill(text.trim_start());
    let body = match step.form {
        Form::Plain => part(&mut head, &[], &(written + &quoted(letter, member.language))),
        Form::OutOfOffice => {
            head.add("Auto-Submitted", "auto-replied");
            head.add("X-Auto-Response-Suppress", "All");
            part(&mut head, &[], &written)
        }
        Form::WithFile { name, mime, text } => {
            let bytes = fill(text).replace('\n', "\r\n").into_bytes();
            let text = written + &quoted(letter, member.language);
            mixed(&mut head, &id, &text, &attachment(name, &format!("{mime}; charset=utf-8"), &bytes))
        }
        Form::WithPdf { name, text } => {
            let bytes = pdf::from_text(&fill(text));
            let text = written + &quoted(letter, member.language);
            mixed(&mut head, &id, &text, &attachment(name, "application/pdf", &bytes))
        }
        Form::Bounce => report(&mut head, &id, letter, member),
    };
    let automatic = matches!(step.form, Form::Bounce | Form::OutOfOffice);
    let sender = if automatic { String::new() } else { member.email.to_owned() };
    Mail { sender, bytes: format!("{}\r\n{body}", head.0).into_bytes() }
}

#[derive(Default)]
struct Head(String);

impl Head {
    fn add(&mut self, name: &str, value: &str) {
        self.0 += &(name.to_owned() + ": " + value + "\r\n");
    }
}

fn encoded(text: &str) -> String {
    if text.is_ascii() && text.len() <= 60 { text.to_owned() } else { encoded_words(text) }
}

fn filled(text: &str, letter: &Letter, member: &CastMember, now: DateTime<Utc>) -> String {
    let until_days = match (member.language, member.country) {
        ("de", _) => 61,
        (_, "EU") => 42,
        _ => 7,
    };
    let mut until = now.checked_add_days(Days::new(until_days)).unwrap_or(now);
    while matches!(until.weekday(), Weekday::Sat | Weekday::Sun) {
        until = until.checked_add_days(Days::new(1)).unwrap_or(now);
    }
    let in_words = |date: DateTime<Utc>| written_date(date, member.language);
    text.replace("{sent}", &in_words(letter.sent))
        .replace("{until}", &in_words(until))
        .replace("{file}", &file_number(letter, member, now))
        .replace("{authority}", member.name)
        .replace("{email}", member.email)
        .replace("{name}", &letter.name)
        .replace("{subject}", &letter.subject)
}

fn file_number(letter: &Letter, member: &CastMember, now: DateTime<Utc>) -> String {
    let [high, low, ..] = letter.digest(0);
    let (number, year) = (1_000 + u16::from_be_bytes([high, low]) % 9_000, now.year());
    match member.language {
        "de" => format!("17-{number}/{year}"),
        "fr" => format!("{year}-{number}"),
        "it" => format!("{number}/{year}"),
        "el" => format!("{number}/{}", now.format("%d-%m-%Y")),
        _ => format!("FOI-{year}-{number}"),
    }
}

fn written_date(date: DateTime<Utc>, language: &str) -> String {
    const FRENCH: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    const ITALIAN: [&str; 12] = [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ];
    let month = |names: [&'static str; 12]| names.into_iter().nth(date.month0() as usize).unwrap_or_default();
    match language {
        "de" => date.format("%d.%m.%Y").to_string(),
        "fr" if date.day() == 1 => format!("1er {} {}", month(FRENCH), date.year()),
        "fr" => format!("{} {} {}", date.day(), month(FRENCH), date.year()),
        "it" => format!("{} {} {}", date.day(), month(ITALIAN), date.year()),
        "el" => date.format("%d/%m/%Y").to_string(),
        _ => date.format("%-d %B %Y").to_string(),
    }
}

/// Our letter below the answer, as most mail programs leave it there.
fn quoted(letter: &Letter, language: &str) -> String {
    let (day, who) = (written_date(letter.sent, language), format!("{} <{}>", letter.name, letter.reply_to));
    let mut text = match language {
        "de" => format!("\n\nAm {day} schrieb {who}:\n\n"),
        "fr" => format!("\n\nLe {day}, {who} a écrit :\n\n"),
        "it" => format!("\n\nIl giorno {day} {who} ha scritto:\n\n"),
        "el" => format!("\n\nΣτις {day}, ο/η {who} έγραψε:\n\n"),
        _ => format!("\n\nOn {day}, {who} wrote:\n\n"),
    };
    for line in letter.text.lines() {
        // A quote that is quoted again gets no space between the marks.
        text += if line.is_empty() || line.starts_with('>') { ">" } else { "> " };
        text += line;
        text.push('\n');
    }
    text
}

/// One text part: its headers go to `head` when it is the whole mail, the encoded text is returned.
fn part(head: &mut Head, extra: &[(&str, &str)], text: &str) -> String {
    for (name, value) in extra {
        head.add(name, value);
    }
    let text = text.replace('\n', "\r\n");
    let plain = text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 900);
    head.add("Content-Type", "text/plain; charset=utf-8");
    head.add("Content-Transfer-Encoding", if plain { "7bit" } else { "base64" });
    if plain { text } else { BASE64_MIME.encode(text.as_bytes()) }
}

fn attachment(name: &str, mime: &str, bytes: &[u8]) -> String {
    let file_name = if name.is_ascii() { format!("filename=\"{name}\"") } else { extended(name) };
    format!(
        "Content-Type: {mime}\r\nContent-Disposition: attachment; {file_name}\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}",
        BASE64_MIME.encode(bytes)
    )
}

/// RFC 2231 §4.
fn extended(name: &str) -> String {
    let mut value = String::from("filename*=utf-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            value.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

fn mixed(head: &mut Head, id: &str, text: &str, attachment: &str) -> String {
    head.add("Content-Type", &format!("multipart/mixed; boundary=\"=_{id}\""));
    let mut inner = Head::default();
    let text = part(&mut inner, &[], text);
    format!("--=_{id}\r\n{}\r\n{text}\r\n--=_{id}\r\n{attachment}\r\n--=_{id}--\r\n", inner.0)
}

/// RFC 3464, with the words of the most common mail server.
fn report(head: &mut Head, id: &str, letter: &Letter, member: &CastMember) -> String {
    let domain = member.email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let kind = "multipart/report; report-type=delivery-status";
    head.add("Auto-Submitted", "auto-replied");
    head.add("Content-Type", &format!("{kind};\r\n boundary=\"=_{id}\""));
    let problem = format!("550 5.1.1 <{}>: Recipient address rejected: User unknown", member.email);
    let text = format!(
        "This is the mail system at host mail.{domain}.\n\nI'm sorry to have to inform you that your message could \
         not\nbe delivered to one or more recipients. It's attached below.\n\n<{}>: host mx.{domain} said:\n    \
         {problem}\n    (in reply to RCPT TO command)\n",
        member.email
    );
    let mut inner = Head::default();
    let text = part(&mut inner, &[("Content-Description", "Notification")], &text);
    let original = String::from_utf8_lossy(&letter.raw);
    format!(
        "--=_{id}\r\n{}\r\n{text}\r\n--=_{id}\r\nContent-Description: Delivery report\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.{domain}\r\n\
         Arrival-Date: {}\r\n\r\nFinal-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Remote-MTA: dns; mx.{domain}\r\nDiagnostic-Code: smtp; {problem}\r\n\r\n--=_{id}\r\n\
         Content-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n{original}\r\n--=_{id}--\r\n",
        inner.0,
        letter.sent.to_rfc2822(),
        member.email,
    )
}
