//! Bounces (RFC 3464), automatic replies (RFC 3834), receipts.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::mime::{Leaf, Mail, Notes, address, header};
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::{fold, words};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::sync::LazyLock;

/// Whether and how a machine wrote a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Automatic {
    /// A person wrote it.
    #[default]
    None,
    /// An out-of-office notice, a ticket number.
    AutoReply,
    /// A letter could not be delivered.
    Bounce,
    /// Delivered, displayed or deleted.
    Receipt,
    /// Sent to a list.
    List,
}

impl Automatic {
    /// The name as it is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Automatic::None => "none",
            Automatic::AutoReply => "auto_reply",
            Automatic::Bounce => "bounce",
            Automatic::Receipt => "receipt",
            Automatic::List => "list",
        }
    }
}

/// A name that is no way of being automatic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `none`, `auto_reply`, `bounce`, `receipt` or `list`, found `{0}`")]
pub struct UnknownAutomatic(pub String);

impl FromStr for Automatic {
    type Err = UnknownAutomatic;

    fn from_str(name: &str) -> Result<Self, UnknownAutomatic> {
        [Automatic::None, Automatic::AutoReply, Automatic::Bounce, Automatic::Receipt, Automatic::List]
            .into_iter()
            .find(|a| a.as_str() == name)
            .ok_or_else(|| UnknownAutomatic(name.to_owned()))
    }
}

/// What a bounce says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bounce {
    /// Addresses that were not reached.
    pub recipients: Vec<String>,
    /// Enhanced status code (RFC 3463), `5.1.1`.
    pub status: Option<String>,
    /// Whether trying again is useless; `false` for a delay.
    pub permanent: bool,
}

/// What the delivery side of a mail says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Who wrote it.
    pub automatic: Automatic,
    /// Details if it is a bounce.
    pub bounce: Option<Bounce>,
    /// Message ids in the returned letter.
    pub returned_ids: Vec<String>,
}

static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{N}._%+=&'/-]{1,64}@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+").ok());
static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b([245]\.\d{1,3}\.\d{1,3})\b").ok());
static SMTP_CODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b([45])[0-5]\d[\s-]").ok());

/// Judges by the header, by report parts and, where a machine does not say what it is, by its words.
pub fn judge(mail: &Mail, incoming: &Incoming, book: &Phrasebook) -> Delivery {
    if let Some(report) = report(mail) {
        return report;
    }
    if is_old_bounce(mail, incoming, book) {
        let bounce = Some(bounce_from_text(incoming));
        return Delivery { automatic: Automatic::Bounce, bounce, returned_ids: returned_ids(mail, incoming) };
    }
    let automatic = if is_receipt(mail) {
        Automatic::Receipt
    } else if is_auto_reply(mail, incoming, book) {
        Automatic::AutoReply
    } else if is_list(mail) {
        Automatic::List
    } else {
        Automatic::None
    };
    Delivery { automatic, ..Delivery::default() }
}

fn report(mail: &Mail) -> Option<Delivery> {
    let part = |wanted: &[&str]| {
        mail.leaves.iter().find(|l| l.within == 0 && wanted.contains(&l.content_type.as_str()))
    };
    if part(&["message/disposition-notification", "message/global-disposition-notification"]).is_some()
        || mail.report_type.as_deref() == Some("disposition-notification")
    {
        return Some(Delivery { automatic: Automatic::Receipt, ..Delivery::default() });
    }
    let status = part(&["message/delivery-status", "message/global-delivery-status"])?;
    let (recipients, actions, statuses) = delivery_status(status);
    let returned_ids = returned_parts(mail);
    if !actions.is_empty()
        && actions.iter().all(|a| matches!(a.as_str(), "delivered" | "relayed" | "expanded"))
    {
        return Some(Delivery { automatic: Automatic::Receipt, bounce: None, returned_ids });
    }
    let status = statuses.into_iter().find(|s| !s.starts_with('2'));
    let delayed = actions.iter().any(|a| a == "delayed") && !actions.iter().any(|a| a == "failed");
    let permanent = !delayed && !status.as_deref().is_some_and(|s| s.starts_with('4') && actions.is_empty());
    let bounce = Some(Bounce { recipients, status, permanent });
    Some(Delivery { automatic: Automatic::Bounce, bounce, returned_ids })
}

/// Recipients, actions and status codes of a `message/delivery-status` (RFC 3464 §2.3).
fn delivery_status(leaf: &Leaf) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut recipients, mut actions, mut statuses) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest: &[u8] = &leaf.data;
    for _ in 0..200 {
        while let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = after;
        }
        if rest.is_empty() {
            break;
        }
        let (fields, after) = header::split(rest, &mut Notes::default());
        let typed = |v: String| v.split_once(';').map_or(v.clone(), |(_, a)| a.trim().to_owned());
        // A relay may name the address it was given and the one it was forwarded to; one of them is ours.
        let named =
            ["Original-Recipient", "Final-Recipient"].into_iter().filter_map(|name| fields.first(name));
        for address in named.map(typed) {
            let address = address.trim_matches(['<', '>']).to_owned();
            if !recipients.contains(&address) {
                recipients.push(address);
            }
        }
        actions.extend(fields.first("Action").map(|a| a.to_lowercase()));
        let code = fields.first("Status").and_then(|s| first_match(&STATUS, &s));
        statuses.extend(code);
        if after.len() >= rest.len() {
            break;
        }
        rest = after;
    }
    (recipients, actions, statuses)
}

fn first_match(regex: &LazyLock<Option<Regex>>, text: &str) -> Option<String> {
    regex.as_ref()?.find(text).map(|m| m.as_str().to_owned())
}

/// Message ids of the letter that a report returns, whole or as its header only.
fn returned_parts(mail: &Mail) -> Vec<String> {
    let returned = mail.leaves.iter().filter(|l| l.is_mail || l.content_type == "text/rfc822-headers");
    returned
        .filter_map(|leaf| {
            let (fields, _) = header::split(&leaf.data, &mut Notes::default());
            fields.first_raw("Message-ID").and_then(|raw| address::message_ids(raw).into_iter().next())
        })
        .collect()
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

fn sender(incoming: &Incoming) -> String {
    incoming.from.as_ref().map(|f| f.address.to_lowercase()).unwrap_or_default()
}

/// A bounce without the right type: its sender is a mailer, or its words are those of one.
fn is_old_bounce(mail: &Mail, incoming: &Incoming, book: &Phrasebook) -> bool {
    let from = sender(incoming);
    let name = incoming.from.as_ref().and_then(|f| f.name.as_deref()).unwrap_or_default().to_lowercase();
    let mailer =
        ["mailer-daemon", "mailer_daemon", "postmaster", "mail-daemon", "maildaemon", "microsoftexchange"]
            .iter()
            .any(|m| from.starts_with(m) || name.replace(' ', "-").contains(m))
            || name.contains("mail delivery");
    let failed = mail.headers.has("X-Failed-Recipients");
    let null_sender = incoming.return_path.as_deref() == Some("");
    let said = says(book, List::Bounce, &incoming.subject) + says(book, List::Bounce, &beginning(incoming));
    let coded = STATUS.as_ref().is_some_and(|r| r.is_match(&incoming.full_text))
        || SMTP_CODE.as_ref().is_some_and(|r| r.is_match(&beginning(incoming)));
    failed
        || (mailer && (said > 0.5 || (coded && null_sender) || mail.report_type.is_some()))
        || (said >= 1.0 && (null_sender || coded || mailer))
        || said >= 2.0
}

fn beginning(incoming: &Incoming) -> String {
    incoming.full_text.chars().take(1_500).collect()
}

fn says(book: &Phrasebook, list: List, text: &str) -> f32 {
    let found = words(text);
    let mut seen: Vec<usize> = Vec::new();
    let mut sum = 0.0;
    for hit in book.find(&found).into_iter().filter(|h| h.phrase.list == list) {
        if !seen.contains(&hit.first) {
            seen.push(hit.first);
            sum += hit.phrase.weight;
        }
    }
    sum
}

fn bounce_from_text(incoming: &Incoming) -> Bounce {
    let from = sender(incoming);
    let mut recipients: Vec<String> = Vec::new();
    if let Some(regex) = ADDRESS.as_ref() {
        for found in regex.find_iter(&beginning(incoming)) {
            let address = found.as_str().trim_end_matches('.').to_owned();
            if !address.eq_ignore_ascii_case(&from)
                && !incoming.to.iter().any(|to| to.address.eq_ignore_ascii_case(&address))
                && !recipients.contains(&address)
            {
                recipients.push(address);
            }
        }
    }
    recipients.truncate(1);
    let status = first_match(&STATUS, &incoming.full_text);
    let code = SMTP_CODE.as_ref().and_then(|r| r.captures(&incoming.full_text)).and_then(|c| c.get(1));
    let temporary = status.as_deref().map_or(code.is_some_and(|c| c.as_str() == "4"), |s| s.starts_with('4'));
    Bounce { recipients, status, permanent: !temporary }
}

fn is_receipt(mail: &Mail) -> bool {
    let subject = fold(&mail.headers.first("Subject").unwrap_or_default());
    [
        "read:",
        "gelesen:",
        "lu:",
        "lu :",
        "lido:",
        "letto:",
        "leido:",
        "last:",
        "luettu:",
        "gelezen:",
        "precteno:",
    ]
    .iter()
    .any(|prefix| subject.starts_with(prefix))
        && mail.headers.first("In-Reply-To").is_some()
}

/// RFC 3834 §5 and what programs did before it; then the words of out-of-office and ticket mails.
fn is_auto_reply(mail: &Mail, incoming: &Incoming, book: &Phrasebook) -> bool {
    let headers = &mail.headers;
    let value = |name: &str| headers.first(name).map(|v| v.trim().to_lowercase()).unwrap_or_default();
    let submitted = value("Auto-Submitted");
    let precedence = value("Precedence");
    if (!submitted.is_empty() && !submitted.starts_with("no"))
        || precedence == "auto_reply"
        || [
            "X-Autoreply",
            "X-Autorespond",
            "X-Autoreply-From",
            "X-Auto-Reply",
            "X-Auto-Response-From",
            "X-Mail-Autoreply",
        ]
        .iter()
        .any(|name| headers.has(name) && value(name) != "no")
    {
        return true;
    }
    let weak = matches!(precedence.as_str(), "bulk" | "junk")
        || incoming.return_path.as_deref() == Some("")
        || headers.has("X-Ticket-Id")
        || headers.has("X-RT-Originator")
        || headers.has("X-OTRS-Loop");
    let subject = says(book, List::Automatic, &incoming.subject);
    let body = says(book, List::Automatic, &incoming.text.chars().take(3_000).collect::<String>());
    let noreply = ["noreply", "no-reply", "donotreply", "do-not-reply", "nepasrepondre", "ne-pas-repondre"]
        .iter()
        .any(|n| sender(incoming).contains(n));
    (weak && (subject + body > 0.3)) || subject >= 0.8 || body >= 1.0 || (noreply && body >= 0.6)
}

fn is_list(mail: &Mail) -> bool {
    let precedence = mail.headers.first("Precedence").unwrap_or_default().to_lowercase();
    mail.headers.has("List-Id") || mail.headers.has("List-Unsubscribe") || precedence.trim() == "list"
}
