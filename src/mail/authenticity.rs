//! Who wrote a mail, verified by us: DKIM, SPF, DMARC and ARC with mail-auth, within one deadline.
//!
//! Whoever sends a mail chooses what is looked up for it. So everything is bounded: the size, the signatures and seals
//! that are looked at, the names that are asked for, the time. Nothing else that a mail names is fetched (R33).

mod names;
pub mod published;
mod signatures;

use crate::domain::incoming::authenticity::head::{self, Author, Doubt, Head};
use crate::domain::incoming::authenticity::{Arc, Checks, Dmarc, Outcome, Policy, Spf, results};
use crate::domain::incoming::matching::domains::registrable;
use crate::mail::authenticity::names::{Asking, Names as Known};
use futures_util::future::join;
use mail_auth::AuthenticatedMessage;
use mail_auth::dmarc::{Alignment, Dmarc as Record, Policy as Wanted};
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{DnsError, Error as Failed, Parameters, SpfResult};
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The largest mail that is checked; its whole body is hashed.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How long all look-ups for one mail may take together.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Whom we ask for names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Names {
    /// Nobody: nothing is verified by us.
    #[default]
    Nobody,
    /// The name servers of this machine.
    System,
    /// One name server.
    Server(SocketAddr),
}

/// Whom we believe, by the settings.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    /// Whom we ask for names.
    pub names: Names,
    /// What our own mail server calls itself, lower case.
    pub authserv_id: Option<String>,
    /// Whose seals are believed, lower case.
    pub arc_sealers: Vec<String>,
}

/// How a mail came to us, as far as that is known.
#[derive(Debug, Clone, Default)]
pub struct Came {
    /// The envelope sender; empty = the null sender.
    pub sender: Option<String>,
    /// The server that sent it to us or to our own mail server.
    pub peer: Option<IpAddr>,
    /// What that server called itself.
    pub greeted_as: Option<String>,
    /// Whether a mail server of ours stands before us: only then is there anybody of ours who writes into a head.
    pub behind_own_server: bool,
}

/// Checks who wrote a mail. Whatever the bytes are, something comes back.
pub fn verify(raw: &[u8], came: &Came, trusted: &Trusted) -> Checks {
    let mut checks = Checks { asked: trusted.names != Names::Nobody, ..Checks::default() };
    if raw.len() > MOST_BYTES {
        checks.doubt = Some(Doubt::Large);
        return checks;
    }
    let head = match head::head(raw) {
        Ok(head) => head,
        Err(doubt) => {
            checks.doubt = Some(doubt);
            return checks;
        }
    };
    (checks.author, checks.doubt) = head::author(&head);
    let own = trusted.authserv_id.as_deref().filter(|_| came.behind_own_server);
    checks.reported = results::reported(&head, own);
    let Some(author) = checks.author.clone() else { return checks };
    let mail = as_sent(&head);
    let Some(message) = AuthenticatedMessage::parse(&mail).filter(|read| is_same(read, &author, &head))
    else {
        (checks.author, checks.doubt) = (None, Some(Doubt::Ambiguous));
        return checks;
    };
    if !checks.asked {
        return checks;
    }
    let asked = || ask(message, &author, (came, trusted));
    if let Err(error) = runtime()
        .and_then(|runtime| runtime.block_on(async { asked().await.map(|found| found.into(&mut checks)) }))
    {
        tracing::warn!(%error, "who wrote a mail cannot be looked up");
        checks.dmarc.outcome = Outcome::Temporary;
    }
    checks
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// The mail with the line ends that it was signed with: a pipe hands it over with line feeds alone.
fn as_sent<'a>(head: &Head<'a>) -> Cow<'a, [u8]> {
    if !head.bare {
        return Cow::Borrowed(head.mail);
    }
    let mut mail = Vec::with_capacity(head.mail.len() + head.mail.len() / 32);
    let mut before = 0;
    for &byte in head.mail {
        if byte == b'\n' && before != b'\r' {
            mail.push(b'\r');
        }
        mail.push(byte);
        before = byte;
    }
    Cow::Owned(mail)
}

/// Whether the parser that checks reads the same head, and the same sender, as the one that shows.
fn is_same(read: &AuthenticatedMessage<'_>, author: &Author, head: &Head<'_>) -> bool {
    let names = read.headers.iter().map(|(name, _)| *name);
    read.from == [author.address.to_lowercase()]
        && names.eq(head.fields.iter().map(|(name, _)| name.as_bytes()))
}

/// What was found out over the network.
struct Found {
    dkim: (Vec<crate::domain::incoming::authenticity::Signed>, usize),
    spf: Spf,
    dmarc: Dmarc,
    arc: Arc,
}

impl Found {
    fn into(self, checks: &mut Checks) {
        (checks.dkim, checks.unseen) = self.dkim;
        (checks.spf, checks.dmarc, checks.arc) = (self.spf, self.dmarc, self.arc);
    }
}

async fn ask(
    mut message: AuthenticatedMessage<'_>,
    author: &Author,
    (came, trusted): (&Came, &Trusted),
) -> std::io::Result<Found> {
    let asking = Asking::new(trusted.names)?;
    let unseen = signatures::bound(&mut message, &author.domain);
    let dkim = signatures::dkim(&asking, &message);
    let rest = join(
        spf(&asking, came),
        join(dmarc(&asking, &author.domain), signatures::arc(&asking, &message, trusted)),
    );
    let (dkim, (spf, (dmarc, arc))) = join(dkim, rest).await;
    Ok(Found { dkim: (dkim, unseen), spf, dmarc, arc })
}

/// Whether the server that sent it may send for the envelope's domain (RFC 7208).
async fn spf(asking: &Asking, came: &Came) -> Spf {
    let unknown = |why: &str| Spf { domain: String::new(), outcome: Outcome::NotAsked, why: why.to_owned() };
    let Some(peer) = came.peer else { return unknown("From which server it came is not known.") };
    if !is_public(peer) {
        return unknown("It came from a server of our own network; who sent it to that one is not known.");
    }
    let Some(sender) = came.sender.as_deref() else { return unknown("The envelope sender is not known.") };
    let greeted_as = came.greeted_as.as_deref().unwrap_or_default();
    // RFC 7208 §2.4: with the null sender it is the greeting that is checked.
    let written = sender.rsplit_once('@').map_or(greeted_as, |(_, domain)| domain);
    let Some(domain) = head::ascii(written) else { return unknown("The envelope names no domain.") };
    let address = match sender.rsplit_once('@') {
        Some((local, _)) => format!("{local}@{domain}"),
        None => format!("postmaster@{domain}"),
    };
    let known = Known::new();
    let ask = SpfParameters::verify_mail_from(peer, greeted_as, &domain, &address);
    let answer = asking.within(asking.authenticator.check_host(known.with(Parameters::new(ask)))).await;
    let result = answer.map_or(SpfResult::TempError, |answer| answer.result());
    let (outcome, why) = match result {
        // mail-auth 0.13.3 takes a pass within nested includes for a pass, whatever the outermost include makes of it.
        SpfResult::Pass if known.has_qualified_include() => {
            (Outcome::Fail, "its record does not say yes for sure")
        }
        SpfResult::Pass => (Outcome::Pass, "that server is named as one of its own"),
        SpfResult::Fail => (Outcome::Fail, "that server is not one of its own"),
        SpfResult::SoftFail => (Outcome::Fail, "that server is probably not one of its own"),
        SpfResult::Neutral => (Outcome::Fail, "it says neither yes nor no"),
        SpfResult::PermError => (Outcome::Fail, "its record cannot be read"),
        SpfResult::None => (Outcome::None, "it names no servers"),
        SpfResult::TempError => (Outcome::Temporary, "its record could not be looked up"),
    };
    Spf { why: format!("{domain}: {why}."), domain, outcome }
}

/// Whether an address may be that of a stranger's server: a private one is our own network, or a lie.
fn is_public(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(ip) => {
            let shared =
                ip.octets().starts_with(&[100]) && ip.octets().get(1).is_some_and(|b| b & 0xc0 == 64);
            !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || shared)
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
    }
}

/// What the domain in the From line, or the one that somebody registered, says of its mail (RFC 7489 §6.6.3).
async fn dmarc(asking: &Asking, author: &str) -> Dmarc {
    let none = |outcome| Dmarc { outcome, ..Checks::default().dmarc };
    let above = registrable(author).filter(|above| above != author);
    for domain in std::iter::once(author.to_owned()).chain(above) {
        let known = Known::new();
        let name = format!("_dmarc.{domain}.");
        let record = asking.within(asking.authenticator.txt_lookup::<Record>(name, Some(&known))).await;
        match record {
            Some(Ok(record)) => {
                let own = domain == author;
                return of_record(&record, domain, own);
            }
            None | Some(Err(Failed::Dns(DnsError::Resolver(_)))) => return none(Outcome::Temporary),
            Some(Err(_)) => {}
        }
    }
    none(Outcome::None)
}

fn of_record(record: &Record, domain: String, own: bool) -> Dmarc {
    let wanted = match (own, record.sp) {
        (true, _) | (false, Wanted::Unspecified) => record.p,
        (false, sub) => sub,
    };
    let policy = match wanted {
        Wanted::Reject => Policy::Reject,
        Wanted::Quarantine => Policy::Quarantine,
        Wanted::None | Wanted::Unspecified => Policy::None,
    };
    Dmarc {
        outcome: Outcome::Pass,
        domain,
        // A domain that still tries it out asks for nothing (RFC 9989 §4.7).
        policy: if record.t { Policy::None } else { policy },
        strict_dkim: record.adkim == Alignment::Strict,
        strict_spf: record.aspf == Alignment::Strict,
    }
}
