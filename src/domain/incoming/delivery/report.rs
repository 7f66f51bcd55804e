//! Reports with the right type: delivery status (RFC 3464, RFC 6522) and disposition (RFC 8098).

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::addresses;
use crate::domain::incoming::delivery::bounce::{STATUS, first_match};
use crate::domain::incoming::delivery::{Automatic, Bounce, Delivery, Reported, Said};
use crate::domain::incoming::mime::{Leaf, Mail, Notes, address, header};
use crate::domain::incoming::phrases::List;

const STATUS_PARTS: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];
const DISPOSITION_PARTS: [&str; 2] =
    ["message/disposition-notification", "message/global-disposition-notification"];

/// What a report says, `None` if the mail is none.
pub(super) fn read(mail: &Mail, incoming: &Incoming, said: &Said<'_, '_>) -> Option<Delivery> {
    let part = |wanted: &[&str], depth: usize| {
        mail.leaves.iter().find(|l| l.within <= depth && wanted.contains(&l.content_type.as_str()))
    };
    let receipt = part(&DISPOSITION_PARTS, 0);
    if receipt.is_some() || mail.report_type.as_deref() == Some("disposition-notification") {
        return Some(disposition(receipt, mail, incoming, said));
    }
    // A gateway may wrap the report in a mail that has no words of its own.
    let wrapped = usize::from(incoming.full_text.trim().is_empty());
    let status = part(&STATUS_PARTS, wrapped)?;
    Some(delivery_status(status, mail, incoming))
}

/// Displayed or deleted, both receipts; but a mail box that throws letters away says so in the same form.
fn disposition(leaf: Option<&Leaf>, mail: &Mail, incoming: &Incoming, said: &Said<'_, '_>) -> Delivery {
    let fields = leaf.map(|l| header::split(&l.data, &mut Notes::default()).0);
    let field = |name: &str| fields.as_ref().and_then(|f| f.first(name)).unwrap_or_default().to_lowercase();
    let by_itself =
        field("Disposition").contains("automatic-action") && field("Disposition").contains("deleted");
    let refused = field("Disposition").contains("failed") || field("Disposition").contains("denied");
    let said = said.says(List::Bounce, &incoming.subject) + said.says(List::Bounce, &incoming.full_text);
    if (by_itself || refused) && said > 0.5 {
        let recipients = typed_address(&field("Final-Recipient")).into_iter().collect();
        let bounce = Bounce { recipients, status: None, permanent: true };
        let returned_ids = returned_parts(mail);
        return Delivery {
            automatic: Automatic::Bounce,
            bounce: Some(bounce),
            returned_ids,
            ..Delivery::default()
        };
    }
    Delivery { automatic: Automatic::Receipt, ..Delivery::default() }
}

fn delivery_status(leaf: &Leaf, mail: &Mail, incoming: &Incoming) -> Delivery {
    let (mut recipients, actions, statuses) = fields(leaf);
    let mut returned_ids = returned_parts(mail);
    returned_ids.extend(envelope_id(leaf));
    if !actions.is_empty()
        && actions.iter().all(|a| matches!(a.as_str(), "delivered" | "relayed" | "expanded"))
    {
        let all_delivered = actions.iter().all(|action| action == "delivered");
        let reported = Some(if all_delivered { Reported::Delivered } else { Reported::Relayed });
        return Delivery { automatic: Automatic::Receipt, returned_ids, reported, ..Delivery::default() };
    }
    if recipients.iter().any(|r| r.contains('@')) {
        // An X.400 name or a local part beside a full address says nothing more.
        recipients.retain(|r| r.contains('@'));
    } else {
        let written = addresses::failed(mail, incoming);
        if !written.is_empty() {
            recipients = written;
        }
    }
    let status = statuses.into_iter().find(|s| !s.starts_with('2'));
    let delayed = actions.iter().any(|a| a == "delayed") && !actions.iter().any(|a| a == "failed");
    let permanent = !delayed && !status.as_deref().is_some_and(|s| s.starts_with('4') && actions.is_empty());
    let bounce = Some(Bounce { recipients, status, permanent });
    let reported = Some(if permanent { Reported::Failed } else { Reported::Delayed });
    Delivery { automatic: Automatic::Bounce, bounce, returned_ids, by_words: false, reported }
}

/// The envelope id that we gave with MAIL, as xtext (RFC 3464 §2.2.1, RFC 3461 §4): the Message-ID of our letter.
fn envelope_id(leaf: &Leaf) -> Option<String> {
    let (fields, _) = header::split(&leaf.data, &mut Notes::default());
    let given = fields.first("Original-Envelope-Id")?;
    let (mut id, mut rest) = (String::new(), given.trim());
    while let Some((plain, after)) = rest.split_once('+') {
        id.push_str(plain);
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok())?;
        id.push(char::from(code));
        rest = after.get(2..)?;
    }
    id.push_str(rest);
    let id = id.trim_matches(['<', '>']);
    (id.contains('@') && id.len() <= 200).then(|| id.to_owned())
}

/// The address after the type: `rfc822; a@b.example`.
fn typed_address(value: &str) -> Option<String> {
    let value = value.split_once(';').map_or(value, |(_, a)| a);
    let value = value.trim().trim_matches(['<', '>', '"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// Recipients, actions and status codes of a `message/delivery-status` (RFC 3464 §2.3).
fn fields(leaf: &Leaf) -> (Vec<String>, Vec<String>, Vec<String>) {
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
        // A relay may name the address it was given and the one it was forwarded to; one of them is ours.
        let named = ["Original-Recipient", "Final-Recipient", "X-Actual-Recipient"];
        for address in named.into_iter().filter_map(|name| typed_address(&fields.first(name)?)) {
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

/// Message ids of the letter that a report returns, whole or as its header only.
pub(super) fn returned_parts(mail: &Mail) -> Vec<String> {
    let returned = mail.leaves.iter().filter(|l| l.is_mail || l.content_type == "text/rfc822-headers");
    returned
        .filter_map(|leaf| {
            let (fields, _) = header::split(&leaf.data, &mut Notes::default());
            fields.first_raw("Message-ID").and_then(|raw| address::message_ids(raw).into_iter().next())
        })
        .collect()
}
