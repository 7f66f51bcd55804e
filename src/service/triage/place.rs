//! Reads what waits and places it: at its request, or at "unmatched"; one mail to several requests is one message in each.

mod pictures;

pub use pictures::recognise_next;

use crate::domain::incoming::Incoming;
use crate::domain::incoming::matching::{Match, Warning, clues};
use crate::domain::incoming::proposal::{Proposal, propose};
use crate::service::Context;
use crate::service::cage::{Cage, Whole};
use crate::service::triage::{candidates, learning, own_words};
use crate::store::messages::{self, NewAttachment, Placed, Reading, Unread};
use crate::store::requests::{self, Stamp};
use crate::store::types::MessageState;
use crate::store::{Conn, Db, at, authorities, transaction};

/// Why reading stopped; what waits is read at the next turn.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

/// A message with what was understood of it.
struct Understood {
    unread: Unread,
    incoming: Incoming,
    /// What went wrong, where the reading failed.
    failure: Option<String>,
}

/// Reads up to `limit` messages that wait; how many were read. May run in several workers at once.
pub fn read_next(ctx: &Context, db: &Db, cage: &Cage, limit: i64) -> Result<usize, PlaceError> {
    let mut after = 0;
    loop {
        let waiting = messages::unread(&mut *db.conn()?, (after, limit))?;
        let Some(last) = waiting.last().map(|unread| unread.id) else { return Ok(0) };
        after = last;
        let mut placed = 0;
        for unread in waiting {
            placed += usize::from(read_one(ctx, db, cage, unread)?);
        }
        // What can only be read later must not keep what came after it waiting.
        if placed > 0 {
            return Ok(placed);
        }
    }
}

/// Reads and places one message; false = it waits for a better time.
fn read_one(ctx: &Context, db: &Db, cage: &Cage, unread: Unread) -> Result<bool, PlaceError> {
    let id = unread.id;
    let Some(understood) = read(ctx, cage, unread) else { return Ok(false) };
    let mut conn = db.conn()?;
    let Err(PlaceError::Store(error)) = transaction(&mut conn, |conn| place(ctx, conn, &understood)) else {
        return Ok(true);
    };
    if error.is_passing() {
        tracing::warn!(%error, message = id, "mail waits for the database");
        return Ok(false);
    }
    // One mail that cannot be placed must not keep the others from being read.
    tracing::error!(%error, message = id, "mail could not be placed; it is shown as it came");
    let bare = unreadable(understood.unread, "it could not be filed");
    match transaction(&mut conn, |conn| place(ctx, conn, &bare)) {
        Ok(()) => Ok(true),
        Err(error) => {
            tracing::error!(%error, message = id, "nor as it came; it is tried again");
            Ok(false)
        }
    }
}

/// A mail of which only the bytes are known.
fn unreadable(unread: Unread, why: &str) -> Understood {
    let size = usize::try_from(unread.size).unwrap_or_default();
    let incoming = Whole { sha256: unread.blob_sha256.clone(), size }.unread(why);
    Understood { unread, incoming, failure: Some(why.to_owned()) }
}

fn read(ctx: &Context, cage: &Cage, unread: Unread) -> Option<Understood> {
    match cage.read_kept(&ctx.blobs, &unread.blob_sha256) {
        Ok(incoming) => Some(Understood { unread, incoming, failure: None }),
        Err(error) if error.is_about_the_mail() => {
            tracing::error!(%error, message = unread.id, "mail could not be read; it is kept as it came");
            Some(unreadable(unread, &error.to_string()))
        }
        Err(error) => {
            tracing::error!(%error, message = unread.id, "mail waits for a reader");
            None
        }
    }
}

/// Matches, then files: within the caller's transaction.
fn place(ctx: &Context, conn: &mut Conn, read: &Understood) -> Result<(), PlaceError> {
    // Before anything is written: of two workers with the same mail the second writes nothing at all.
    if !messages::claim_unread(conn, read.unread.id)? {
        return Ok(());
    }
    pictures::remember(ctx, conn, read)?;
    let clues = clues(&read.incoming, &read.unread.recipient, &ctx.config.reply_domain);
    let matches = candidates::matches(conn, &clues)?;
    let targets = targets(&matches);
    let Some((first, others)) = targets.split_first() else {
        let columns = columns(read, &matches, None, read.unread.id)?;
        messages::place(conn, read.unread.id, &columns.reading, &columns.files)?;
        return Ok(());
    };
    // Only now is it known with which letters of ours its text is to be compared.
    let own = own_words::of(ctx, conn, (&read.incoming, &targets))?;
    let own = own.map(|incoming| Understood {
        unread: read.unread.clone(),
        incoming,
        failure: read.failure.clone(),
    });
    let read = own.as_ref().unwrap_or(read);
    for request in others {
        copy_to(ctx, conn, read, (*request, &matches))?;
    }
    let mut columns = columns(read, &matches, Some(*first), read.unread.id)?;
    flag_same_id(conn, *first, read, &mut columns)?;
    if messages::place(conn, read.unread.id, &columns.reading, &columns.files)? == Placed::Here {
        learning::filed(conn, (*first, read.unread.id), &read.incoming, &matches)?;
        record(ctx, conn, (*first, read.unread.id), columns)?;
    }
    Ok(())
}

/// A copy needs its number before its proposal can name it, so it is held first and recorded then.
fn copy_to(
    ctx: &Context,
    conn: &mut Conn,
    read: &Understood,
    (request, matches): (i64, &[Match]),
) -> Result<(), PlaceError> {
    let mut columns = columns(read, matches, Some(request), 0)?;
    flag_same_id(conn, request, read, &mut columns)?;
    let Some(id) = messages::copy(conn, &read.unread, &columns.reading, &columns.files)? else {
        return Ok(());
    };
    if columns.proposal.event.is_some() {
        columns.proposal = propose(id, &read.incoming, &first_of(matches, request));
    }
    learning::filed(conn, (request, id), &read.incoming, matches)?;
    record(ctx, conn, (request, id), columns)
}

/// Records what a rule may record; an event that cannot happen now is put before a person.
fn record(
    ctx: &Context,
    conn: &mut Conn,
    (request, message): (i64, i64),
    columns: Columns,
) -> Result<(), PlaceError> {
    let Some(event) = &columns.proposal.event else { return Ok(()) };
    let now = ctx.clock.now();
    let allowed = requests::state(conn, request)?.is_some_and(|state| state.apply(event).is_ok());
    if allowed {
        requests::append(conn, request, event, Stamp { at: now, person: None })?;
        bounced_address(conn, request, event)?;
        return Ok(());
    }
    let reason = "It came for a request that was taken back.".to_owned();
    let to = messages::Refiled {
        request_id: Some(request),
        scope: columns.reading.scope,
        state: MessageState::Held,
        proposal: columns.reading.proposal,
        reason: Some(reason),
    };
    Ok(messages::refile(conn, message, &to)?)
}

/// An address that bounced for good needs a person to find another one.
fn bounced_address(
    conn: &mut Conn,
    request: i64,
    event: &crate::domain::request::event::Event,
) -> Result<(), PlaceError> {
    use crate::domain::request::event::Event;
    if let Event::Bounced { permanent: true, recipients, .. } = event
        && let Some(row) = requests::find(conn, request)?
    {
        for address in recipients {
            authorities::address_bounced(conn, row.authority_id, address)?;
        }
    }
    Ok(())
}

/// Where the message is filed: at every request whose reply address it was sent to, the envelope's recipient first, so
/// that each delivery counts where it came; else at the clear winner, for a person to look at; else nowhere.
fn targets(matches: &[Match]) -> Vec<i64> {
    let addressed: Vec<i64> =
        matches.iter().filter(|found| found.is_addressed()).map(|found| found.request_id).collect();
    if !addressed.is_empty() {
        return addressed;
    }
    matches.iter().filter(|found| found.certain).map(|found| found.request_id).take(1).collect()
}

/// The matches as one of the requests sees them: itself first, and certain if its own address was written to.
fn first_of(matches: &[Match], request: i64) -> Vec<Match> {
    let mut own: Vec<Match> = matches.to_vec();
    own.sort_by_key(|found| found.request_id != request);
    if let Some(first) = own.first_mut() {
        first.certain |= first.is_addressed();
    }
    own
}

/// What is written for one request.
struct Columns {
    reading: Reading,
    files: Vec<NewAttachment>,
    proposal: Proposal,
}

fn columns(
    read: &Understood,
    matches: &[Match],
    request: Option<i64>,
    message: i64,
) -> Result<Columns, crate::store::Error> {
    let incoming = &read.incoming;
    let ranked = request.map_or_else(|| matches.to_vec(), |request| first_of(matches, request));
    let mut proposal = match request {
        Some(_) => propose(message, incoming, &ranked),
        None => Proposal { matches: ranked, event: None, ask: Some(unmatched(matches)) },
    };
    let state = match (&read.failure, request, &proposal.event) {
        (Some(why), ..) => {
            proposal.event = None;
            proposal.ask = Some(format!("It could not be read ({why}); read it as it came."));
            MessageState::Unreadable
        }
        (None, None, _) => MessageState::Unmatched,
        (None, Some(_), Some(_)) => MessageState::Read,
        (None, Some(_), None) => MessageState::Held,
    };
    let scope = request.map_or_else(|| format!("unmatched:{}", read.unread.recipient), scope_of);
    let reading = Reading {
        request_id: request,
        state,
        content_key: incoming.content_key.clone(),
        scope,
        dated_at: incoming.date.map(at),
        from_name: incoming.from.as_ref().and_then(|from| from.name.clone()),
        from_address: incoming.from.as_ref().map(|from| from.address.clone()),
        to_addresses: serde_json::to_string(&incoming.delivered_to)?,
        subject: storable(&incoming.subject),
        mail_message_id: incoming.message_id.as_deref().map(indexable),
        automatic: incoming.automatic.as_str().to_owned(),
        language: incoming.language.clone(),
        kind: read.failure.is_none().then(|| incoming.reading.kind.as_str().to_owned()),
        confidence: Some(incoming.reading.confidence),
        own_text: storable(&incoming.text),
        quoted_text: incoming.quoted.as_deref().map(storable),
        reading: serde_json::to_string(incoming)?,
        proposal: serde_json::to_string(&proposal)?,
        held_reason: proposal.ask.clone(),
        told: may_be_told(&proposal.matches),
    };
    Ok(Columns { reading, files: files(incoming)?, proposal })
}

/// What a person is asked of a message that is filed nowhere.
fn unmatched(matches: &[Match]) -> String {
    if matches.is_empty() {
        "It matches no request: say to which it belongs.".to_owned()
    } else {
        "It is not sure to which request it belongs: choose one of these, or another.".to_owned()
    }
}

/// Whether the public may learn that it came before a person looked at it: only where it surely belongs there and the
/// authority seems to have sent it (R14, R36).
fn may_be_told(matches: &[Match]) -> bool {
    matches.first().is_some_and(|first| {
        let warned = first.warnings.iter().any(|warning| *warning != Warning::Closed);
        first.certain && first.is_proved() && !first.foreign_sender && !warned
    })
}

/// The scope of a request's messages, within which the same content is the same message.
pub(super) fn scope_of(request: i64) -> String {
    format!("request:{request}")
}

/// An index of PostgreSQL holds no entry of several kilobytes; a Message-ID that long is known by its hash.
fn indexable(id: &str) -> String {
    let id = storable(id);
    if id.len() <= 500 { id } else { format!("sha256:{}", crate::store::blobs::sha256(id.as_bytes())) }
}

/// PostgreSQL's text holds no NUL; the raw mail keeps it.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn files(incoming: &Incoming) -> Result<Vec<NewAttachment>, crate::store::Error> {
    incoming
        .attachments
        .iter()
        .map(|file| {
            Ok(NewAttachment {
                name: storable(&file.name),
                content_type: storable(&file.content_type),
                size: i64::try_from(file.size).unwrap_or(i64::MAX),
                sha256: file.sha256.clone(),
                content: file.text.as_deref().map(storable),
                notes: serde_json::to_string(&file.notes)?,
            })
        })
        .collect()
}

/// The same Message-ID with another content is another message, and a person should know (R11).
fn flag_same_id(
    conn: &mut Conn,
    request: i64,
    read: &Understood,
    columns: &mut Columns,
) -> Result<(), PlaceError> {
    let Some(id) = &columns.reading.mail_message_id else { return Ok(()) };
    if messages::same_id_other_content(conn, request, id, &read.incoming.content_key)? {
        let why = "An earlier mail has the same Message-ID and another content: look at both.".to_owned();
        columns.proposal.event = None;
        columns.proposal.ask = Some(why.clone());
        columns.reading.proposal =
            serde_json::to_string(&columns.proposal).map_err(crate::store::Error::from)?;
        columns.reading.held_reason = Some(why);
        if columns.reading.state == MessageState::Read {
            columns.reading.state = MessageState::Held;
        }
    }
    Ok(())
}
