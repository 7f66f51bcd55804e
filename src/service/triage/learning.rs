//! What later mails are recognised by: file numbers of the authority, and domains of replies that people settled.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::authenticity::Verdict;
use crate::domain::incoming::matching::Match;
use crate::domain::incoming::matching::domains::{is_freemail, kin};
use crate::domain::incoming::reading::Kind;
use crate::service::triage::candidates;
use crate::service::triage::settle::Settlement;
use crate::store::messages::MessageRow;
use crate::store::{Conn, Error, authenticity, matching};
use chrono::{DateTime, Utc};

/// Of a reply that was filed by a rule: its file number, if the authority itself surely wrote it.
pub(super) fn filed(
    conn: &mut Conn,
    (request, message): (i64, i64),
    incoming: &Incoming,
    matches: &[Match],
) -> Result<(), Error> {
    let sure = matches.iter().any(|found| {
        found.request_id == request && found.is_proved() && !found.foreign_sender && found.warnings.is_empty()
    });
    let Some(number) = incoming.reading.reference.clone().filter(|_| sure) else { return Ok(()) };
    matching::know_file_numbers(conn, (request, message), &[number])
}

/// Of a reply that a person settled: its file number as that person said it, and where it came from. The domain is a
/// clue for later mails; it never makes a sender one of the register.
pub(super) fn settled(
    conn: &mut Conn,
    (message, authority): (&MessageRow, i64),
    said: &Settlement,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // What it taught as something else, before this was said, it teaches no more.
    matching::unlearn(conn, message.id)?;
    // What a domain disowns says nothing of how an authority writes, whatever a person made of it.
    if authenticity::of_message(conn, message.id)?.is_some_and(|found| found.verdict == Verdict::Forged) {
        return Ok(());
    }
    let number: Vec<String> = said.authority_reference.iter().cloned().collect();
    matching::know_file_numbers(conn, (said.request, message.id), &number)?;
    if matches!(said.kind, Kind::Bounce | Kind::Automatic | Kind::Other) {
        return Ok(());
    }
    let sender = serde_json::from_str::<Incoming>(&message.reading).ok().and_then(|mail| mail.from);
    let Some(from) = sender else { return Ok(()) };
    let Some((_, host)) = from.address.rsplit_once('@') else { return Ok(()) };
    let known = candidates::known(conn, authority)?;
    if is_freemail(host) || kin(Some(&from.address), &known).is_own() {
        return Ok(());
    }
    matching::learn_domain(conn, authority, (host, message.id), now)
}
