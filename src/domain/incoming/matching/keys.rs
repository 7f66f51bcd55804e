//! By what a mail that matches no request is found again when something is learnt that may say whose it is.

use crate::domain::incoming::matching::Clues;
use crate::domain::incoming::matching::domains::{above, host_of, is_freemail, is_roof, registrable};

/// How many numbers of one mail are kept; those that the sender wrote first are the likelier ones.
const MOST_NUMBERS: usize = 100;
/// How many references of one mail are kept.
const MOST_REFERENCES: usize = 20;
/// How many addresses that were not reached are kept.
const MOST_UNDELIVERED: usize = 3;
/// An index of PostgreSQL holds no entry of several kilobytes; what is that long is nobody's.
const LONGEST: usize = 500;

/// All keys of a mail, each once.
pub fn of_mail(clues: &Clues) -> Vec<String> {
    let senders = clues.from_address.iter().chain(clues.undelivered.iter().take(MOST_UNDELIVERED));
    let mut keys: Vec<String> = senders
        .flat_map(|address| of_sender(address))
        .chain(clues.message_ids.iter().map(|id| of_letter(id)))
        .chain(clues.references.iter().take(MOST_REFERENCES).map(|reference| of_reference(reference)))
        .chain(clues.numbers.iter().take(MOST_NUMBERS).map(|number| of_number(number)))
        .filter(|key| key.len() <= LONGEST && !key.contains('\0'))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Of a file number, folded.
pub fn of_number(folded: &str) -> String {
    format!("number:{folded}")
}

/// Of a Message-ID that a mail answers.
pub fn of_letter(message_id: &str) -> String {
    format!("letter:{message_id}")
}

/// Of a public reference that a mail names.
pub fn of_reference(reference: &str) -> String {
    format!("reference:{reference}")
}

/// Of a host from which an authority writes; none where anybody can have a mailbox.
pub fn of_host(host: &str) -> Option<String> {
    let host = host_of(host);
    if is_freemail(&host) {
        return None;
    }
    match registrable(&host).filter(|domain| !is_roof(domain)) {
        Some(domain) => Some(format!("domain:{domain}")),
        None => Some(format!("host:{host}")),
    }
}

/// Of an address of an authority: itself where anybody can have a mailbox, else its host.
pub fn of_address(address: &str) -> Option<String> {
    let (_, host) = address.rsplit_once('@')?;
    of_host(host).or_else(|| Some(format!("mailbox:{}", address.trim().to_lowercase())))
}

/// Of an address that sent a mail: under a roof that many share every host above it may be an authority's.
fn of_sender(address: &str) -> Vec<String> {
    let host = address.rsplit_once('@').map(|(_, host)| host_of(host)).unwrap_or_default();
    if registrable(&host).is_some_and(|domain| is_roof(&domain)) {
        return above(&host).iter().map(|host| format!("host:{host}")).collect();
    }
    of_address(address).into_iter().collect()
}
