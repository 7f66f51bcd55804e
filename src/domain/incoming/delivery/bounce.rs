//! Bounces that do not say what they are: by sender, words and codes of the mail servers of three decades.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::report::returned_parts;
use crate::domain::incoming::delivery::{Automatic, Bounce, Delivery, Said, addresses, sender};
use crate::domain::incoming::mime::{Mail, address};
use crate::domain::incoming::phrases::List;
use crate::domain::incoming::text::first;
use regex::Regex;
use std::sync::LazyLock;

pub(super) static STATUS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b([245]\.\d{1,3}\.\d{1,3})\b").ok());
static SMTP_CODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b([45])[0-5]\d[\s-]").ok());
/// What only a mail server writes; "5.1.1" alone may be a section of a rule.
static TRANSCRIPT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b[45][0-5]\d[ -]+\(?#?[45]\.\d{1,3}\.\d{1,3}\b|\bsmtp (?:error|server|transaction)|\brcpt to\b|diagnostic.code|remote (?:host|server) (?:said|returned)|\(#?[45]\.\d\.\d\)|<<< 5\d\d ",
    )
    .ok()
});

pub(super) fn first_match(regex: &LazyLock<Option<Regex>>, text: &str) -> Option<String> {
    regex.as_ref()?.find(text).map(|m| m.as_str().to_owned())
}

/// Local parts of senders that are mail servers, without `-`, `_` and `.`.
const MAILERS: [&str; 9] = [
    "mailerdaemon",
    "postmaster",
    "maildaemon",
    "mdaemon",
    "microsoftexchange",
    "maildeliverysystem",
    "maildelivery",
    "mailsystem",
    "ndr",
];

/// Names such senders show.
const NAMES: [&str; 8] = [
    "mail delivery",
    "mailer daemon",
    "mailer-daemon",
    "postmaster",
    "system administrator",
    "mail administrator",
    "mail system",
    "microsoft outlook",
];

/// Whether the sender is a mail server.
pub(super) fn is_mailer(incoming: &Incoming) -> bool {
    let from = sender(incoming);
    let local: String =
        from.chars().take_while(|c| *c != '@').filter(|c| !matches!(c, '-' | '_' | '.')).collect();
    let name = incoming.from.as_ref().and_then(|f| f.name.as_deref()).unwrap_or_default().to_lowercase();
    MAILERS.iter().any(|m| local.starts_with(m)) || NAMES.iter().any(|n| name.contains(n))
}

/// The null sender (RFC 5321 §4.5.5), also as old programs wrote it.
pub(super) fn null_sender(incoming: &Incoming) -> bool {
    incoming.return_path.as_deref().is_some_and(|path| {
        let path = path.to_lowercase();
        path.is_empty() || path.starts_with("mailer-daemon")
    })
}

/// A bounce without the right type: its sender is a mailer, or its words are those of one.
pub(super) fn is_one(mail: &Mail, incoming: &Incoming, said: &Said<'_, '_>) -> bool {
    if mail.headers.has("X-Failed-Recipients") {
        return true;
    }
    let text = first(&incoming.full_text, 1_500);
    let subject = said.says(List::Bounce, &incoming.subject);
    if is_mailer(incoming) {
        let said = subject + said.says(List::Bounce, text);
        let coded = STATUS.as_ref().is_some_and(|r| r.is_match(&incoming.full_text))
            || SMTP_CODE.as_ref().is_some_and(|r| r.is_match(text));
        return said > 0.5 || (coded && null_sender(incoming)) || mail.report_type.is_some();
    }
    // Nobody known: what stands in a quote was said to somebody else.
    let said = said.says(List::Bounce, first(&incoming.text, 1_500));
    let transcript = || TRANSCRIPT.as_ref().is_some_and(|r| r.is_match(text));
    let returned = mail.leaves.iter().any(|l| l.is_mail || l.content_type == "text/rfc822-headers");
    (subject + said >= 1.0 && (null_sender(incoming) || transcript()))
        || (subject >= 0.6
            && said >= 0.6
            && (subject + said >= 2.0 || returned || mail.report_type.is_some()))
}

/// What it says: whom the letter did not reach, and whether trying again is of use.
pub(super) fn read(mail: &Mail, incoming: &Incoming) -> Delivery {
    let head = addresses::head(&incoming.full_text);
    let status = first_match(&STATUS, head).or_else(|| first_match(&STATUS, &incoming.full_text));
    let code = SMTP_CODE.as_ref().and_then(|r| r.captures(head)).and_then(|c| c.get(1));
    let temporary = match status.as_deref() {
        Some(status) => status.starts_with('4'),
        None => code.is_some_and(|c| c.as_str() == "4") || says_later(&incoming.subject) || says_later(head),
    };
    let recipients = addresses::failed(mail, incoming);
    let bounce = Some(Bounce { recipients, status, permanent: !temporary });
    Delivery {
        automatic: Automatic::Bounce,
        bounce,
        returned_ids: returned_ids(mail, incoming),
        ..Delivery::default()
    }
}

/// A warning: the server goes on trying.
fn says_later(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "not yet been delivered",
        "will continue to",
        "still being retried",
        "will be retried",
        "will retry",
        "delivery delayed",
        "message delayed",
        "is delayed",
        "has been delayed",
        "has been postponed",
        "this is a warning",
        "just a warning",
        "do not need to resend",
        "need not resend",
    ]
    .iter()
    .any(|words| text.contains(words))
}

fn returned_ids(mail: &Mail, incoming: &Incoming) -> Vec<String> {
    let mut ids = returned_parts(mail);
    let lines = incoming.full_text.lines().filter_map(|l| {
        let line = l.trim_start_matches(['>', ' ', '\t']);
        let start = line.get(..11)?;
        start.eq_ignore_ascii_case("message-id:").then(|| line.get(11..)).flatten()
    });
    ids.extend(lines.flat_map(|l| address::message_ids(l.as_bytes())));
    ids
}
