//! A notice to one of our own people as a mail that no machine answers (RFC 3834 §2, RFC 5321 §4.5.5).

use crate::mail::compose::{Error, address, body, date, one_line, own_id, text_header};
use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue, MessageId, Subject};
use lettre::message::{Mailbox, SinglePart};

/// The name in From.
const NAME: &str = "Askance";

/// A mail to one of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Where nobody reads; the sender in the head. The envelope has the null sender, so that nothing comes back.
    pub from: String,
    /// Whom.
    pub to: String,
    /// Subject in plain words.
    pub subject: String,
    /// Text with any kind of line ends.
    pub body: String,
    /// Without brackets; the same for the same notice.
    pub message_id: String,
    /// Date header.
    pub date: DateTime<Utc>,
}

/// `Auto-Submitted: auto-generated` (RFC 3834 §5): whoever keeps to it does not answer.
#[derive(Clone)]
struct AutoSubmitted;

/// The same for servers that know only this.
#[derive(Clone)]
struct Suppress;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Header for Suppress {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("X-Auto-Response-Suppress")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "All".to_owned())
    }
}

/// Writes it as a mail; the same notice gives the same bytes each time.
pub fn compose(notice: &Notice) -> Result<Vec<u8>, Error> {
    let from = address("sender", &notice.from)?;
    let to = address("recipient", &notice.to)?;
    let message = Message::builder()
        .date(date(notice.date)?)
        .from(Mailbox::new(Some(NAME.to_owned()), from))
        .to(Mailbox::new(None, to))
        .raw_header(text_header(Subject::name(), &one_line("subject", &notice.subject)?))
        .header(MessageId::from(own_id(&notice.message_id)?))
        .header(AutoSubmitted)
        .header(Suppress);
    let part = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body(&notice.body)?);
    Ok(message.singlepart(part)?.formatted())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_that_a_machine_wrote_it_and_asks_for_no_answer() {
        let notice = Notice {
            from: "no-reply@post.askance.example".to_owned(),
            to: "m@klarblick.example".to_owned(),
            subject: "2026-0001: A reply came in".to_owned(),
            body: "Stadt Köln\n.\nEnd".to_owned(),
            message_id: "notice.1@post.askance.example".to_owned(),
            date: DateTime::UNIX_EPOCH,
        };
        let text = String::from_utf8(compose(&notice).unwrap()).unwrap();
        assert!(text.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{text}");
        assert!(text.contains("\r\nMessage-ID: <notice.1@post.askance.example>\r\n"), "{text}");
        assert!(!text.contains("Reply-To") && !text.contains("Precedence"), "{text}");
        let bent = Notice { subject: "x\r\nBcc: y@z.example".to_owned(), ..notice };
        assert!(compose(&bent).is_err());
    }
}
