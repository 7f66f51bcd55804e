//! Mail that runs in circles: it passed too many servers, or it comes from ourselves (RFC 5321 §6.3, RFC 3834 §4).

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::Automatic;

/// A mail with more `Received` fields runs in circles; RFC 5321 §6.3 says that at least 100 must be allowed on the way,
/// and no mail to an authority and back needs half of that.
const MOST_HOPS: usize = 50;

/// Local part of the address from which notices are sent; nobody is asked to write there.
pub const NO_REPLY: &str = "no-reply";

/// Begins the Message-ID of a notice.
pub const NOTICE: &str = "notice.";

/// Why a mail is one that runs in circles, in plain words; none = it does not.
pub fn runs(incoming: &Incoming, reply_domain: &str) -> Option<&'static str> {
    let ours = |address: &str| {
        address.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(reply_domain))
    };
    let id = incoming.message_id.as_deref().unwrap_or_default();
    if id.starts_with(NOTICE) && ours(id) {
        return Some("It is a notice that we sent ourselves, and it came back.");
    }
    if incoming.received_count > MOST_HOPS {
        return Some(
            "It passed more than fifty mail servers: it runs in circles. Look at it before you settle it.",
        );
    }
    // The report of our own mail server comes from our own domain.
    let own = incoming.from.as_ref().is_some_and(|from| ours(&from.address));
    (own && incoming.automatic != Automatic::Bounce).then_some(
        "It says that it was sent from one of our own addresses, and we did not send it: check who wrote it.",
    )
}

/// Whether an address is the one from which notices are sent.
pub fn is_no_reply(address: &str, reply_domain: &str) -> bool {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    domain.eq_ignore_ascii_case(reply_domain) && local.eq_ignore_ascii_case(NO_REPLY)
}
