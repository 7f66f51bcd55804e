//! Reads what waits and places it: at its request, or at "unmatched"; one mail to several requests is one message in each.

mod erased;
mod pictures;
mod reading;

pub use pictures::recognise_next;

use crate::clock::Stopwatch;
use crate::domain::incoming::authenticity::Verdict;
use crate::domain::incoming::delivery::Automatic;
use crate::domain::incoming::matching::Match;
use crate::domain::request::event::Event;
use crate::domain::request::state::State;
use crate::service::cage::Cage;
use crate::service::triage::plan::{self, Columns, Filing, Place, Plan, Traces, Understood, scope_of};
use crate::service::triage::{authenticity, learning, reported, storms};
use crate::service::{Context, notices};
use crate::store::erasure::remove_unneeded;
use crate::store::matching::{self, again};
use crate::store::messages::{self, Placed, Unread};
use crate::store::requests::{self, Stamp};
use crate::store::types::MessageState;
use crate::store::{Conn, Db, Error, authorities, transaction};
use std::time::Duration;

/// Why reading stopped; what waits is read at the next turn.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

/// After so long the order of what waits is looked at anew.
const A_TURN: Duration = Duration::from_secs(1);
/// How often a mail is ranked because a request it was to be filed under went away meanwhile.
const MOST_TURNS: usize = 3;

/// Reads up to `limit` messages that wait; how many it was. May run in several workers at once.
pub fn read_next(ctx: &Context, db: &Db, cage: &Cage, limit: i64) -> Result<usize, PlaceError> {
    let (mut from, began) = (0, Stopwatch::start());
    loop {
        let waiting = messages::unread(&mut *db.conn()?, (from, limit))?;
        if waiting.is_empty() {
            return Ok(0);
        }
        from += limit;
        let waiting = authenticity::without_awaited(ctx, &mut *db.conn()?, waiting)?;
        let mut placed = 0;
        for unread in waiting {
            placed += usize::from(read_one(ctx, db, cage, unread)?);
            // Slow mail: whose turn is next is asked again, for a reply may have come that waits for one mail only.
            if placed > 0 && began.elapsed() >= A_TURN {
                return Ok(placed);
            }
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
    if matches!(ctx.blobs.size(&unread.blob_sha256), Ok(None)) && erased::finish(&mut *db.conn()?, &unread)? {
        return Ok(true);
    }
    let Some(mut understood) = reading::read(ctx, db, cage, unread)? else { return Ok(false) };
    let mut conn = db.conn()?;
    let error = match place(ctx, &mut conn, &mut understood) {
        Ok(placed) => return Ok(placed),
        Err(PlaceError::Store(error)) => error,
    };
    // The same content that another worker files in this moment is there at the next turn; a disk may come back.
    if error.is_passing() || error.is_duplicate() || matches!(error, Error::Blobs(_)) {
        tracing::warn!(%error, message = id, "mail waits for the database or the disk");
        return Ok(false);
    }
    // One mail that cannot be placed must not keep the others from being read.
    tracing::error!(%error, message = id, "mail could not be placed; it is shown as it came");
    ctx.pulse.mail_failed();
    let mut bare = reading::unreadable(understood.unread, "it could not be filed");
    match place(ctx, &mut conn, &mut bare) {
        Ok(placed) => Ok(placed),
        Err(error) => {
            tracing::error!(%error, message = id, "nor as it came; it is tried again");
            Ok(false)
        }
    }
}

/// Ranks, then writes. To rank a mail that was made to be slow takes seconds, and while the one who writes holds
/// SQLite's only lock nobody else writes: the ranking reads before, and the writing looks again at what may have changed.
fn place(ctx: &Context, conn: &mut Conn, read: &mut Understood) -> Result<bool, PlaceError> {
    for _ in 0..MOST_TURNS {
        if erased::let_go(ctx, conn, (&read.unread, &read.incoming))? {
            return Ok(true);
        }
        read.judged = authenticity::judged(conn, read.unread.id)?;
        read.awaited = authenticity::not_yet(ctx, conn, &read.unread.blob_sha256)?;
        let plan = plan::of(ctx, conn, read)?;
        // Whoever erases the same file with another mail has removed it by now, or sees the rows of this one.
        let kept = ctx.blobs.keeping();
        if !reading::has_its_files(ctx, &read.incoming)? {
            tracing::warn!(
                message = read.unread.id,
                "a file of this mail was erased with another; it is read again"
            );
            return Ok(false);
        }
        match transaction(conn, |conn| write(ctx, conn, plan))? {
            Written::Here => return Ok(true),
            Written::Elsewhere => {
                drop(kept);
                let put = read.incoming.attachments.iter().map(|file| file.sha256.clone()).collect();
                remove_unneeded(conn, &ctx.blobs, &put)?;
                return Ok(true);
            }
            Written::Again => {}
        }
    }
    tracing::warn!(message = read.unread.id, "mail waits: its request went away while it was ranked");
    Ok(false)
}

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// It is filed.
    Here,
    /// Nothing was written: another worker has filed the mail, or it was erased meanwhile.
    Elsewhere,
    /// A request of the plan is not there any more, or it became known who wrote the mail.
    Again,
}

/// Files as planned, within the caller's transaction.
fn write(ctx: &Context, conn: &mut Conn, plan: Plan) -> Result<Written, PlaceError> {
    let Plan { read, matches, filings, traces } = plan;
    // Before anything is written: of two workers with the same mail the second writes nothing at all.
    if !messages::claim_unread(conn, read.unread.id)? {
        return Ok(Written::Elsewhere);
    }
    // Erased in this very instant: the next turn lets go of it.
    if erased::is_known(ctx, conn, &read.incoming)? {
        return Ok(Written::Again);
    }
    // Whoever finds out who wrote it waits for this transaction, or is seen here.
    if !stands(conn, &filings)? || authenticity::judged(conn, read.unread.id)? != read.judged {
        return Ok(Written::Again);
    }
    pictures::remember(ctx, conn, &read)?;
    let mut filings = filings.into_iter();
    let Some(first) = filings.next() else { return Ok(Written::Here) };
    for copy in filings {
        copy_to(ctx, conn, &read, (copy, &matches, &traces))?;
    }
    let Filing { place, mut columns } = first;
    flag_same_id(conn, &place, &read, &mut columns)?;
    let id = read.unread.id;
    let found = crate::store::authenticity::of_message(conn, id)?;
    match messages::place(conn, id, &columns.reading, &columns.files)? {
        Placed::Here => placed(ctx, conn, (id, &read), (&place, columns, &matches, &traces))?,
        Placed::Merged(same) => authenticity::also(conn, same, found)?,
        Placed::Gone => {}
    }
    Ok(Written::Here)
}

/// Whether the requests of a plan are there, until the caller's transaction ends.
fn stands(conn: &mut Conn, filings: &[Filing]) -> Result<bool, Error> {
    let wanted: Vec<i64> = filings.iter().filter_map(|filing| filing.place.request()).collect();
    Ok(wanted.is_empty() || matching::standing(conn, &wanted)?.len() == wanted.len())
}

/// A copy needs its number before its proposal can name it, so it is held first and recorded then.
fn copy_to(
    ctx: &Context,
    conn: &mut Conn,
    read: &Understood,
    (filing, matches, traces): (Filing, &[Match], &Traces),
) -> Result<(), PlaceError> {
    let Filing { place, mut columns } = filing;
    flag_same_id(conn, &place, read, &mut columns)?;
    let mut unread = read.unread.clone();
    if let Place::Proposed(request, address) = &place {
        // A person may have filed it there since the same mail came for another of its recipients.
        let key = &columns.reading.content_key;
        if messages::same_content(conn, &scope_of(*request), key)?.is_some() {
            return Ok(());
        }
        unread.recipient.clone_from(address);
    }
    let Some(id) = messages::copy(conn, &unread, &columns.reading, &columns.files)? else {
        let same = messages::same_content(conn, &columns.reading.scope, &columns.reading.content_key)?;
        let found = crate::store::authenticity::of_message(conn, read.unread.id)?;
        return Ok(same.map_or(Ok(()), |same| authenticity::also(conn, same, found))?);
    };
    crate::store::authenticity::copy(conn, (read.unread.id, id))?;
    if columns.proposal.event.is_some() {
        columns.proposal = plan::proposal(id, read, (matches, &place));
    }
    placed(ctx, conn, (id, read), (&place, columns, matches, traces))
}

/// What follows from a message that has its place: what it teaches, what is recorded, and by what it is found again.
fn placed(
    ctx: &Context,
    conn: &mut Conn,
    (id, read): (i64, &Understood),
    (place, columns, matches, traces): (&Place, Columns, &[Match], &Traces),
) -> Result<(), PlaceError> {
    let folded = storms::fold(conn, (id, read), (place, &columns))?;
    match place {
        Place::Filed(request) => {
            // The request is locked before what its mail touches, as whoever settles does.
            let is_forged = read.judged.as_ref().is_some_and(|judged| judged.verdict == Verdict::Forged);
            if !folded {
                if !is_forged {
                    tell(ctx, conn, (*request, id), read, matches)?;
                }
                record(ctx, conn, (*request, id), columns)?;
            }
            if !is_forged {
                if matches.iter().any(|found| found.request_id == *request && found.is_proved()) {
                    reported::note(ctx, conn, *request, &read.incoming)?;
                }
                learning::filed(conn, (*request, id), &read.incoming, matches)?;
            }
            Ok(again::touch_for_thread(conn, id)?)
        }
        Place::Proposed(..) | Place::Unmatched if columns.reading.state == MessageState::Unmatched => {
            again::keep(conn, id, &traces.keys)?;
            // Whoever learnt something since it was ranked could not see it yet.
            Ok(again::mark(conn, id, traces.turn)?)
        }
        Place::Meant(request) => tell(ctx, conn, (*request, id), read, matches),
        Place::Proposed(..) | Place::Unmatched => Ok(()),
    }
}

/// Tells whose request it is that somebody wrote; nobody is told of what a machine sent.
fn tell(
    ctx: &Context,
    conn: &mut Conn,
    (request, message): (i64, i64),
    read: &Understood,
    matches: &[Match],
) -> Result<(), PlaceError> {
    if read.failure.is_some() || read.circles.is_some() || read.incoming.automatic != Automatic::None {
        return Ok(());
    }
    let found = matches.iter().find(|found| found.request_id == request);
    let foreign = found.is_none_or(|found| found.foreign_sender);
    Ok(notices::reply_came(ctx, conn, (request, message), foreign)?)
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
    let state = requests::state(conn, request)?;
    // A letter that the authority answered arrived, whatever a report says later.
    let is_answered = state.as_ref().is_some_and(State::is_known_to_the_authority);
    let is_late_bounce = is_answered && matches!(event, Event::Bounced { permanent: true, .. });
    if !is_late_bounce && state.is_some_and(|state| state.apply(event).is_ok()) {
        requests::append(conn, request, event, Stamp { at: now, person: None })?;
        bounced_address(conn, request, event)?;
        return Ok(());
    }
    let reason = if is_late_bounce {
        "It says that a letter did not arrive, but the authority has written about this request: look which letter."
    } else {
        "It came for a request that was taken back."
    };
    let to = messages::Refiled {
        request_id: Some(request),
        scope: columns.reading.scope,
        state: MessageState::Held,
        proposal: columns.reading.proposal,
        reason: Some(reason.to_owned()),
    };
    Ok(messages::refile(conn, message, &to)?)
}

/// An address that bounced for good needs a person to find another one.
fn bounced_address(conn: &mut Conn, request: i64, event: &Event) -> Result<(), PlaceError> {
    if let Event::Bounced { permanent: true, recipients, .. } = event
        && let Some(row) = requests::find(conn, request)?
    {
        for address in recipients {
            authorities::address_bounced(conn, row.authority_id, address)?;
        }
    }
    Ok(())
}

/// The same Message-ID with another content is another message, and a person should know (R11).
fn flag_same_id(
    conn: &mut Conn,
    place: &Place,
    read: &Understood,
    columns: &mut Columns,
) -> Result<(), PlaceError> {
    let (Some(request), Some(id)) = (place.filed(), &columns.reading.mail_message_id) else { return Ok(()) };
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
