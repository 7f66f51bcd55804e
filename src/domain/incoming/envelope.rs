//! The envelope of a mail that comes without one, from a mailbox or a file: for whom it was, and when it arrived.

use crate::domain::incoming::mime::header::{self, Headers};
use crate::domain::incoming::mime::{Notes, address, date};
use chrono::{DateTime, TimeZone, Utc};

/// How much of a mail is looked at.
const LOOKED_AT: usize = 1 << 20;
/// How many fields of one name are looked at.
const MOST_FIELDS: usize = 50;
/// More recipients than a mail server hands over at once.
const MOST_RECIPIENTS: usize = 100;
/// An address has at most 254 octets (RFC 5321 §4.5.3.1.3); a little more is let through.
const LONGEST: usize = 512;

/// The header of a mail.
#[derive(Debug)]
pub struct Envelope(Headers);

impl Envelope {
    /// Of raw bytes; never fails, and looks at no more than a mebibyte.
    pub fn of(raw: &[u8]) -> Self {
        Self(header::split(raw.get(..LOOKED_AT).unwrap_or(raw), &mut Notes::default()).0)
    }

    /// Whether there is no header at all: whatever it is, it is no mail.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses at our domain that the mail was delivered to: as the last mail server wrote it down, else as it
    /// is addressed. Empty where it names none of ours, as a blind copy does.
    pub fn recipients(&self, reply_domain: &str) -> Vec<String> {
        // What stands on top was written last. Whoever writes such a field into their own mail could as well write to
        // that address: it is the address that is secret.
        let delivered = ["Delivered-To", "X-Original-To", "Envelope-To"];
        let traced = delivered.iter().find_map(|name| {
            let fields = self.0.all_raw(name).take(MOST_FIELDS);
            { fields }.map(|raw| ours(raw, reply_domain)).find(|found| !found.is_empty())
        });
        traced.unwrap_or_else(|| {
            let mut found: Vec<String> = Vec::new();
            for raw in ["To", "Cc"].iter().flat_map(|name| self.0.all_raw(name).take(MOST_FIELDS)) {
                for address in ours(raw, reply_domain) {
                    if !found.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
                        found.push(address);
                    }
                }
            }
            found.truncate(MOST_RECIPIENTS);
            found
        })
    }

    /// When a mail that was kept elsewhere arrived there: as its last mail server wrote it down, which is the topmost
    /// `Received` (RFC 5321 §4.4), else as the sender dated it. None where neither lies in the past that there was mail.
    pub fn arrived_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let begin = Utc.with_ymd_and_hms(1990, 1, 1, 0, 0, 0).single()?;
        let trace = self.0.first("Received").and_then(|trace| date::read(trace.rsplit(';').next()?));
        let stated = || self.0.first("Date").and_then(|stated| date::read(&stated));
        trace.or_else(stated).filter(|at| (begin..=now).contains(at))
    }
}

fn ours(raw: &[u8], reply_domain: &str) -> Vec<String> {
    let at_home = |address: &String| {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        address.len() <= LONGEST && domain.is_some_and(|domain| domain.eq_ignore_ascii_case(reply_domain))
    };
    let found = address::list(raw, &mut Notes::default()).into_iter().map(|one| one.address);
    found.filter(at_home).take(MOST_RECIPIENTS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "post.example";

    fn recipients(mail: &str) -> Vec<String> {
        Envelope::of(mail.as_bytes()).recipients(HOME)
    }

    #[test]
    fn what_the_last_server_wrote_goes_before_what_the_sender_wrote() {
        let mail = "Delivered-To: catchall@provider.example\nDelivered-To: R-1@Post.Example\n\
                    Delivered-To: r-9@post.example\nTo: r-2@post.example\n\nText\n";
        assert_eq!(recipients(mail), ["R-1@Post.Example"]);
        let exim = "Envelope-to: r-1@post.example, r-2@post.example\nTo: r-3@post.example\n\n";
        assert_eq!(recipients(exim), ["r-1@post.example", "r-2@post.example"]);
    }

    #[test]
    fn else_the_addresses_at_our_domain_count_each_once_and_a_blind_copy_has_none() {
        let mail = "To: Amt <amt@stadt.example>, \"R\" <r-1@post.example>\nCc: R-1@post.example,\n r-2@post.example\n\n";
        assert_eq!(recipients(mail), ["r-1@post.example", "r-2@post.example"]);
        assert_eq!(recipients("To: amt@stadt.example\n\nr-1@post.example\n"), [""; 0]);
        assert_eq!(recipients(""), [""; 0]);
    }

    #[test]
    fn a_kept_mail_arrived_when_its_last_server_says() {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let arrived = |mail: &str| Envelope::of(mail.as_bytes()).arrived_at(now).map(|at| at.to_rfc3339());
        let mail = "Received: from a by mx.example; Tue, 3 Nov 2026 10:00:00 +0100\n\
                    Received: from b by a; Sun, 1 Nov 2026 10:00:00 +0100\nDate: Sat, 31 Oct 2026 08:00:00 +0000\n\n";
        assert_eq!(arrived(mail).as_deref(), Some("2026-11-03T09:00:00+00:00"));
        let dated = "Date: Sat, 31 Oct 2026 08:00:00 +0000\n\n";
        assert_eq!(arrived(dated).as_deref(), Some("2026-10-31T08:00:00+00:00"));
        assert_eq!(arrived("Date: Thu, 1 Jan 1970 00:00:00 +0000\n\n"), None);
        assert_eq!(arrived("Date: Thu, 1 Jan 2099 00:00:00 +0000\n\n"), None);
        assert_eq!(arrived("Subject: none\n\n"), None);
    }
}
