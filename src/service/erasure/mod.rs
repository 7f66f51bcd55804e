//! Erasing a person, a mail or an attachment for good: rows, texts, bytes, spool; and again after a backup is restored.
//!
//! Dates, authority, what was decided, and that something was erased, why and by whom, stay.

mod execution;
mod words;

use crate::domain::numbers::counted;
use crate::domain::publication::erasing::Reason;
use crate::service::Context;
use crate::store::erasure::{self, Tombstone};
use crate::store::types::OutboxState;
use crate::store::{Conn, Db, people, transaction};
use execution::{execute, fingerprints};
use std::collections::BTreeSet;

/// Why nothing was erased, or not all of it yet.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tombstone is there, and then something failed: `finish` does the rest.
    #[error("it was begun and is finished by itself within the hour: {0}")]
    Begun(#[source] Box<Self>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// Nobody has this sign-in name.
    #[error("expected the sign-in name of a person, found `{0}`, which nobody has")]
    Nobody(String),
    /// There is no such message.
    #[error("there is no message with the number `{0}`")]
    NoSuchMessage(i64),
    /// There is no such attachment.
    #[error("expected an attachment that is there, found `{0}/{1}`")]
    NoSuchAttachment(i64, i64),
    /// It was erased before.
    #[error("`{0}` was erased before")]
    Erased(String),
    /// A letter of theirs may still leave.
    #[error("{} not ended yet; take back what waits, or wait until it has", counted(*.0, "letter of this person has", "letters of this person have"))]
    UnderWay(usize),
    /// No reason was given.
    #[error("expected a reason, found none: it stays in the audit log, so write it without personal data")]
    NoReason,
    /// No random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
}

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A person by their sign-in name: who they are, their letters, and where replies speak of them.
    Person(String),
    /// A mail with its files, in every request where it stands.
    Message(i64),
    /// A file by message and position, wherever the same bytes stand, with the raw mails that bring it.
    Attachment(i64, i64),
}

/// Who wants what erased, and why.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What.
    pub target: Target,
    /// Why, without personal data.
    pub reason: String,
    /// The same in one word, which everyone may read where it was public.
    pub class: Reason,
    /// Who; none = from the console.
    pub person: Option<i64>,
}

/// What an erasure concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Messages that lose something.
    pub messages: usize,
    /// Attachments that go.
    pub attachments: usize,
    /// Letters that lose their text.
    pub letters: usize,
    /// Events that lose words.
    pub events: usize,
    /// Files of bytes that went.
    pub blobs: usize,
    /// Whether the files of the database were written anew, too.
    pub scrubbed: bool,
}

/// What would be erased; nothing changes.
pub fn extent(ctx: &Context, db: &Db, wish: &Wish) -> Result<Extent, Error> {
    let conn = &mut *db.conn()?;
    let stone = tombstone(ctx, conn, wish)?;
    // Done in full and taken back: what is said is what would happen.
    let mut told = Extent::default();
    let undone = transaction(conn, |conn| {
        (told, _) = execute(ctx, conn, (&stone, "erase")).map_err(Undone::Failed)?;
        Err::<(), Undone>(Undone::OnPurpose)
    });
    match undone {
        Err(Undone::Failed(error)) => Err(error),
        _ => Ok(Extent { blobs: stone.blobs.len(), ..told }),
    }
}

/// How a trial ends.
enum Undone {
    OnPurpose,
    Failed(Error),
}

impl From<crate::store::Error> for Undone {
    fn from(error: crate::store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Erases for good. The tombstone is on the disk first, so that an erasure that is cut off is finished at the next
/// start (`finish`), and that no backup brings it back.
pub fn erase(ctx: &Context, db: &Db, wish: &Wish) -> Result<Extent, Error> {
    let conn = &mut *db.conn()?;
    let extent = erase_rows(ctx, conn, wish)?;
    // What is erased stays erased; only old pages of the database's files may still hold it.
    let scrubbed = scrub(ctx, conn).unwrap_or_else(|error| {
        tracing::warn!(%error, "what was erased still lies in old pages of the database");
        false
    });
    Ok(Extent { scrubbed, ..extent })
}

/// Rewrites the files of the database; where that must wait, `retention` does it within a day.
fn scrub(ctx: &Context, conn: &mut Conn) -> Result<bool, Error> {
    Ok(erasure::scrub(conn, ctx.clock.now())?)
}

/// The same but for the files of the database, which are scrubbed once for many.
pub fn erase_rows(ctx: &Context, conn: &mut Conn, wish: &Wish) -> Result<Extent, Error> {
    let stone = tombstone(ctx, conn, wish)?;
    let bytes = serde_json::to_vec(&stone).map_err(crate::store::Error::from)?;
    if let Err(error) = ctx.blobs.bury(&stone.mark, &bytes) {
        // It may have failed half-way: the bucket has it, or its name is not synced yet.
        let buried = ctx.blobs.tombstones().is_ok_and(|all| all.iter().any(|(mark, _)| *mark == stone.mark));
        return Err(if buried { Error::Begun(Box::new(error.into())) } else { error.into() });
    }
    complete(ctx, conn, (&stone, "erase")).map_err(|error| Error::Begun(Box::new(error)))
}

/// Finishes what was cut off: tombstones beside the blobs that the database does not know of. How many.
pub fn finish(ctx: &Context, db: &Db) -> Result<usize, Error> {
    let conn = &mut *db.conn()?;
    let mut finished = 0;
    let (stones, broken) = stones(ctx)?;
    for stone in stones {
        if !erasure::known(conn, &stone.mark)? {
            complete(ctx, conn, (&stone, "erase"))?;
            finished += 1;
        }
    }
    if finished > 0 {
        scrub(ctx, conn)?;
    }
    sweep_late(ctx, conn)?;
    broken.map_or(Ok(finished), |error| Err(error.into()))
}

/// Removes the bytes of erasures that were cut off after their rows were gone, or whose bucket did not answer then.
fn sweep_late(ctx: &Context, conn: &mut Conn) -> Result<(), Error> {
    for (mark, mut keys) in ctx.blobs.doomed()? {
        // Under way in another process, or cut off before its rows were gone: it is done by whoever does those.
        if !erasure::known(conn, &mark)? {
            continue;
        }
        keys.remove("");
        // The same mail that came since is a new one: it has its row within a second.
        if erasure::are_noted(&ctx.blobs, &keys)? {
            continue;
        }
        erasure::remove_unneeded(conn, &ctx.blobs, &keys)?;
        ctx.blobs.undoomed(&mark)?;
    }
    Ok(())
}

/// Erases again, within the caller's transaction, what was erased after a backup was taken; how much, and which bytes
/// go after the commit (`sweep`).
pub fn replay(ctx: &Context, conn: &mut Conn) -> Result<(usize, BTreeSet<String>), Error> {
    let (mut again, mut keys) = (0, BTreeSet::new());
    let (stones, broken) = stones(ctx)?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    for stone in stones {
        // One that was under way while the copy was made is older than it, and its rows are in it all the same.
        if !erasure::known(conn, &stone.mark)? {
            let gone = execute(ctx, conn, (&stone, "erase_again"))?.1;
            ctx.blobs.doom(&stone.mark, &gone)?;
            keys.extend(gone);
            again += 1;
        }
    }
    Ok((again, keys))
}

/// All that was written down, and what is wrong with the first that cannot be read: it keeps no other from being done.
fn stones(ctx: &Context) -> Result<(Vec<Tombstone>, Option<crate::store::Error>), Error> {
    let (mut stones, mut broken) = (Vec::new(), None);
    for (mark, bytes) in ctx.blobs.tombstones()? {
        match Tombstone::read(&mark, &bytes) {
            Ok(stone) => stones.push(stone),
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    Ok((stones, broken))
}

fn complete(ctx: &Context, conn: &mut Conn, (stone, action): (&Tombstone, &str)) -> Result<Extent, Error> {
    let (extent, keys) = transaction(conn, |conn| {
        let (extent, keys) = execute(ctx, conn, (stone, action))?;
        ctx.blobs.doom(&stone.mark, &keys)?;
        Ok::<_, Error>((extent, keys))
    })?;
    let blobs = sweep(ctx, conn, &keys)?;
    ctx.blobs.undoomed(&stone.mark)?;
    Ok(Extent { blobs, ..extent })
}

/// Removes bytes that no row needs any more, and the notes of the spool that speak of them; how many. What came again
/// after it was erased stays: it was said to be safe.
pub fn sweep(ctx: &Context, conn: &mut Conn, keys: &BTreeSet<String>) -> Result<usize, Error> {
    let (mut gone, (stones, _)) = (0, stones(ctx)?);
    for key in keys {
        // Whoever takes the same mail in now has said what speaks of it, or waits.
        let _alone = ctx.blobs.removing()?;
        if key.is_empty() || erasure::is_needed(conn, key)? {
            continue;
        }
        let of_key = stones.iter().filter(|stone| stone.blobs.contains(key));
        let erased_at = of_key.map(|stone| stone.erased_at).max();
        if unspool(ctx, key, erased_at)? {
            ctx.blobs.remove(key)?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Writes onto the stone by what its mails are known again: a database that never had them must know them, too.
fn remember(ctx: &Context, conn: &mut Conn, (ids, stone): (&[i64], &mut Tombstone)) -> Result<(), Error> {
    if stone.class != Reason::TimeIsUp {
        let found = fingerprints(ctx, conn, ids)?.into_iter().map(|(_, fingerprint)| fingerprint);
        stone.mails = found.collect::<BTreeSet<String>>().into_iter().collect();
    }
    Ok(())
}

/// Removes the notes that speak of these bytes, but for those that were written after the bytes were erased; whether
/// none is left.
fn unspool(
    ctx: &Context,
    key: &str,
    erased_at: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<bool, Error> {
    let mut none = true;
    // A note's name begins with when it was written.
    let erased_at = erased_at.map(|at| at.format(crate::store::authenticity::SPOOLED).to_string());
    for (name, note) in ctx.blobs.spooled()? {
        if !String::from_utf8_lossy(&note).contains(key) {
            continue;
        }
        let came_since = |at: &str| name.get(..at.len()).is_some_and(|written| written > at);
        if erased_at.as_deref().is_some_and(came_since) {
            none = false;
        } else {
            ctx.blobs.unspool(&name)?;
        }
    }
    Ok(none)
}

/// What is written down of an erasure before it is done.
fn tombstone(ctx: &Context, conn: &mut Conn, wish: &Wish) -> Result<Tombstone, Error> {
    let reason = wish.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err(Error::NoReason);
    }
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|e| Error::Random(e.to_string()))?;
    let mut stone = Tombstone {
        mark: data_encoding::HEXLOWER.encode(&random),
        kind: String::new(),
        subject: String::new(),
        reason,
        class: wish.class,
        person: wish.person,
        erased_at: ctx.clock.now(),
        rows: Vec::new(),
        blobs: Vec::new(),
        mails: Vec::new(),
    };
    match &wish.target {
        Target::Person(email) => of_person(ctx, conn, (email, &mut stone))?,
        Target::Message(id) => of_message(ctx, conn, (*id, &mut stone))?,
        Target::Attachment(message, position) => {
            of_attachment(ctx, conn, ((*message, *position), &mut stone))?;
        }
    }
    Ok(stone)
}

fn of_person(ctx: &Context, conn: &mut Conn, (email, stone): (&str, &mut Tombstone)) -> Result<(), Error> {
    let found = people::by_email(conn, email)?.ok_or_else(|| Error::Nobody(email.to_owned()))?;
    let (.., added) = erasure::person(conn, found.id)?.ok_or_else(|| Error::Nobody(email.to_owned()))?;
    let requests: Vec<i64> = erasure::requests_of(conn, found.id)?.into_iter().map(|(id, _)| id).collect();
    let letters = erasure::letters_of(conn, &requests)?;
    let open = [OutboxState::Queued, OutboxState::Deferred, OutboxState::Claimed, OutboxState::InDoubt];
    let waiting = letters.iter().filter(|(_, state, _)| open.contains(state)).count();
    if waiting > 0 {
        return Err(Error::UnderWay(waiting));
    }
    let messages = erasure::messages_of(conn, &requests)?;
    let (same, raw) = erasure::same_mail(conn, &messages, &[])?;
    remember(ctx, conn, (&same, stone))?;
    "person".clone_into(&mut stone.kind);
    stone.subject = format!("person:{}", found.id);
    stone.rows = vec![(found.id, added)];
    stone.blobs = letters.into_iter().map(|(.., key)| key).filter(|key| !key.is_empty()).chain(raw).collect();
    Ok(())
}

fn of_message(ctx: &Context, conn: &mut Conn, (id, stone): (i64, &mut Tombstone)) -> Result<(), Error> {
    let found = erasure::message(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
    "message".clone_into(&mut stone.kind);
    stone.subject = format!("message:{id}");
    if found.blob_sha256.is_empty() && found.subject == erasure::ERASED {
        return Err(Error::Erased(stone.subject.clone()));
    }
    let (ids, mut keys) = erasure::same_mail(conn, &[id], &[])?;
    for id in &ids {
        stone.rows.extend(erasure::message(conn, *id)?.map(|row| (row.id, row.received_at)));
    }
    remember(ctx, conn, (&ids, stone))?;
    let files = erasure::attachments_of(conn, &ids)?;
    keys.extend(files.into_iter().map(|(_, _, key, _)| key).filter(|key| !key.is_empty()));
    stone.blobs = keys.into_iter().collect();
    Ok(())
}

fn of_attachment(
    ctx: &Context,
    conn: &mut Conn,
    ((message, position), stone): ((i64, i64), &mut Tombstone),
) -> Result<(), Error> {
    "attachment".clone_into(&mut stone.kind);
    stone.subject = format!("attachment:{message}/{position}");
    let files = erasure::attachments_of(conn, &[message])?;
    let key = files.into_iter().find(|(_, at, ..)| *at == position).map(|(_, _, key, _)| key);
    let key = key.ok_or(Error::NoSuchAttachment(message, position))?;
    if key.is_empty() {
        return Err(Error::Erased(stone.subject.clone()));
    }
    let ids = erasure::with_attachment(conn, &key)?;
    for id in &ids {
        stone.rows.extend(erasure::message(conn, *id)?.map(|row| (row.id, row.received_at)));
    }
    let (same, raw) = erasure::same_mail(conn, &ids, &[])?;
    remember(ctx, conn, (&same, stone))?;
    // The first is the file itself: by it the rows are found again.
    stone.blobs = std::iter::once(key).chain(raw).collect();
    Ok(())
}
