//! Finds out who wrote each mail, while nobody waits for it: look-ups may be slow, and a stranger chooses for what.
//!
//! Intake never waits. Reading waits a few seconds, then goes on without; the verdict follows, and what it changes is
//! changed then. What could not be looked up is tried again for a day.

use crate::config::mail::Names as Setting;
use crate::domain::incoming::authenticity::{Checks, Judged, Outcome, Verdict, judge, judge_at_last};
use crate::domain::incoming::proposal::suspect;
use crate::mail::authenticity::{Came, Names, Trusted, verify};
use crate::service::Context;
use crate::service::triage::Error;
use crate::service::triage::settle::disprove;
use crate::store::authenticity::{self, Due, Found, Places};
use crate::store::messages::Unread;
use crate::store::{Conn, Db, at, transaction};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

/// How long reading waits for a verdict; the look-ups of one mail end after ten seconds, and those before it as well.
const AWAITED: TimeDelta = TimeDelta::seconds(15);
/// What came here before this is not looked at any more: keys change, and an old mail proves nothing by new ones.
const FRESH: TimeDelta = TimeDelta::days(2);
/// For so long is tried again what could not be looked up.
const TRIED: TimeDelta = TimeDelta::days(1);
/// The pause before that is as long as the mail is old, but at least and at most this.
const PAUSE: (TimeDelta, TimeDelta) = (TimeDelta::minutes(5), TimeDelta::hours(4));
/// How many mails are checked at once: their threads only wait, and a silent name server must hold up no other mail.
const AT_ONCE: Places = Places { waiting: 16, placed: 8, again: 8 };
/// How many bytes of mail are checked at once.
const BYTES_AT_ONCE: i64 = 64 * 1024 * 1024;
/// The doors behind which a mail server of our own stands; by the others a stranger hands over what he wrote.
const BEHIND_OURS: &[&str] = &["lmtp", "pipe", "imap"];
/// What came by this door is as old as it says, and is not looked at.
const IMPORT: &str = "import";

/// Whether this service finds out who wrote.
fn verifies(ctx: &Context) -> bool {
    ctx.config.mail.names != Setting::Nobody || ctx.config.mail.authserv_id.is_some()
}

/// Without those that are to be read only when it is known who wrote them, or when they waited long enough for that.
pub(super) fn without_awaited(
    ctx: &Context,
    conn: &mut Conn,
    waiting: Vec<Unread>,
) -> Result<Vec<Unread>, crate::store::Error> {
    if !verifies(ctx) {
        return Ok(waiting);
    }
    let ids: Vec<i64> = waiting.iter().map(|unread| unread.id).collect();
    let known = authenticity::verdicts(conn, &ids)?;
    let blobs: Vec<String> = waiting.iter().map(|unread| unread.blob_sha256.clone()).collect();
    // What was fetched from a mailbox arrived there long ago perhaps, but came here now.
    let safe = authenticity::safe_at(conn, &blobs)?;
    let now = ctx.clock.now();
    let is_awaited = |unread: &Unread| {
        let since = safe.get(&unread.blob_sha256).unwrap_or(&unread.received_at);
        (TimeDelta::zero()..AWAITED).contains(&(now - since.and_utc())) && !known.contains_key(&unread.id)
    };
    Ok(waiting.into_iter().filter(|unread| !is_awaited(unread)).collect())
}

/// Who wrote a message, if that was found out.
pub(super) fn judged(conn: &mut Conn, id: i64) -> Result<Option<Judged>, crate::store::Error> {
    let Some(found) = authenticity::of_message(conn, id)? else { return Ok(None) };
    let checks: Option<Checks> = serde_json::from_str(&found.checks).ok();
    Ok(Some(Judged {
        verdict: found.verdict,
        domain: found.domain,
        reason: found.reason,
        passing: found.again_at.is_some(),
        wary: found.verdict == Verdict::Unknown && checks.is_none_or(|checks| checks.may_be_disowned()),
    }))
}

/// What a rule goes by before it is known who wrote a message, where that is to be found out: nothing is recorded by a
/// rule of what may turn out to be forged.
pub(super) fn not_yet(
    ctx: &Context,
    conn: &mut Conn,
    blob: &str,
) -> Result<Option<Judged>, crate::store::Error> {
    let asks = ctx.config.mail.names != Setting::Nobody;
    if !asks || authenticity::doors(conn, blob)?.iter().all(|door| door == IMPORT) {
        return Ok(None);
    }
    Ok(Some(Judged::not_yet()))
}

/// What is said of a message of which a copy came that is forged. It is no more than that: whoever has seen the text can
/// send it again in a bad way.
const ALSO_FORGED: &str = " The same text came in a forged mail, too.";

/// The same text came twice and is one message: the better of what was found of the two counts, and that one was forged
/// is said. The content is the same, and so is the From line.
pub(super) fn also(conn: &mut Conn, same: i64, found: Option<Found>) -> Result<(), crate::store::Error> {
    let Some(found) = found else { return Ok(()) };
    let before = authenticity::of_message(conn, same)?;
    let kept = match (before, found.verdict) {
        (Some(before), Verdict::Forged) if before.verdict != Verdict::Forged => {
            Found { reason: with_forged(before.reason), ..before }
        }
        (Some(before), Verdict::Verified) if before.verdict != Verdict::Verified => {
            let forged = before.verdict == Verdict::Forged || before.reason.ends_with(ALSO_FORGED);
            Found {
                reason: if forged { with_forged(found.reason) } else { found.reason },
                again_at: None,
                ..found
            }
        }
        (None, Verdict::Verified) => found,
        (None, Verdict::Forged) => Found {
            verdict: Verdict::Unknown,
            reason: with_forged(Judged::not_yet().reason),
            checks: serde_json::to_string(&failed())?,
            again_at: Some(found.checked_at),
            ..found
        },
        _ => return Ok(()),
    };
    authenticity::keep(conn, same, &kept)
}

fn with_forged(reason: String) -> String {
    if reason.ends_with(ALSO_FORGED) { reason } else { reason + ALSO_FORGED }
}

/// Finds out who wrote the next mails, several at once; of how many it was kept. May run in several workers: the same
/// is found twice.
pub fn verify_next(ctx: &Context, db: &Db) -> Result<usize, Error> {
    if !verifies(ctx) {
        return Ok(0);
    }
    let now = ctx.clock.now();
    let mails = next_mails(db, now)?;
    let trusted = trusted(ctx);
    let (tell, heard) = mpsc::channel();
    thread::scope(|scope| {
        for (due, came) in &mails {
            let (tell, trusted) = (tell.clone(), &trusted);
            scope.spawn(move || {
                // Nobody hears it any more where the store failed meanwhile.
                let _ = tell.send((due, check(ctx, due, (came, trusted))));
            });
        }
        drop(tell);
        // As each comes: a mail that is looked at quickly does not wait for the slow ones.
        let mut kept = 0;
        for (due, checks) in heard {
            kept += usize::from(write(db, due, (checks, now))?);
        }
        Ok(kept)
    })
}

/// The next mails with how they came; those with the same bytes that came in the same way are one.
fn next_mails(db: &Db, now: DateTime<Utc>) -> Result<Vec<(Due, Came)>, Error> {
    let conn = &mut *db.conn()?;
    let mut due = authenticity::due(conn, (now - FRESH, now), AT_ONCE)?;
    let mut bytes = 0;
    due.retain(|one| {
        bytes += one.size;
        bytes <= BYTES_AT_ONCE || bytes == one.size
    });
    let mut mails: BTreeMap<i64, (Due, Came)> = BTreeMap::new();
    for one in due {
        let same = authenticity::alike(conn, one.message_id, &one.blob_sha256)?;
        if !same.iter().any(|other| mails.contains_key(other)) {
            let came = came(conn, &one)?;
            mails.insert(one.message_id, (one, came));
        }
    }
    Ok(mails.into_values().collect())
}

fn trusted(ctx: &Context) -> Trusted {
    let mail = &ctx.config.mail;
    Trusted {
        names: match mail.names {
            Setting::Nobody => Names::Nobody,
            Setting::System => Names::System,
            Setting::Server(at) => Names::Server(at),
        },
        authserv_id: mail.authserv_id.clone(),
        arc_sealers: mail.arc_sealers.clone(),
    }
}

/// How a message came, as far as that is known.
fn came(conn: &mut Conn, due: &Due) -> Result<Came, crate::store::Error> {
    let Some((handed, via)) = authenticity::handed(conn, due.message_id, &due.blob_sha256)? else {
        return Ok(Came::default());
    };
    Ok(Came {
        sender: handed.sender,
        peer: handed.peer.and_then(|peer| peer.parse().ok()),
        greeted_as: handed.greeted_as,
        behind_own_server: BEHIND_OURS.contains(&via.as_str()),
    })
}

/// One mail; none = it cannot be checked here. Whatever the checks do over it, the others get theirs.
fn check(ctx: &Context, due: &Due, (came, trusted): (&Came, &Trusted)) -> Option<Checks> {
    let message = due.message_id;
    let raw = match ctx.blobs.get(&due.blob_sha256) {
        Ok(raw) => raw,
        Err(error) => {
            tracing::error!(%error, message, "who wrote a mail cannot be found out: it cannot be read");
            return None;
        }
    };
    let checks = catch_unwind(AssertUnwindSafe(|| verify(&raw, came, trusted))).ok();
    if checks.is_none() {
        tracing::error!(message, "to find out who wrote a mail ended in a panic; it is shown as not known");
    }
    checks
}

/// Keeps what was found; false = not even that nothing was found could be kept.
fn write(db: &Db, due: &Due, (checks, now): (Option<Checks>, DateTime<Utc>)) -> Result<bool, Error> {
    let mut conn = db.conn()?;
    let message = due.message_id;
    match keep(&mut conn, due, (checks, now)) {
        Ok(()) => return Ok(true),
        Err(Error::Store(error)) if error.is_passing() => return Err(Error::Store(error)),
        Err(error) => tracing::error!(%error, message, "who wrote a mail cannot be kept"),
    }
    // It must not keep the others from theirs, now and at every turn: it is put off.
    match keep(&mut conn, due, (None, now)) {
        Ok(()) => Ok(true),
        Err(Error::Store(error)) if error.is_passing() => Err(Error::Store(error)),
        Err(error) => {
            tracing::error!(%error, message, "nor that it is not known who wrote it");
            Ok(false)
        }
    }
}

/// Keeps what was found of a mail, and changes what it changes, in one transaction: with the message itself, and with
/// all that are the same.
fn keep(conn: &mut Conn, due: &Due, (checks, now): (Option<Checks>, DateTime<Utc>)) -> Result<(), Error> {
    let id = due.message_id;
    let age = now - due.safe_at.and_utc();
    let judged = conclusion(due, checks.as_ref(), age >= TRIED);
    let again = judged.passing && age < TRIED;
    let found = Found {
        verdict: judged.verdict,
        domain: judged.domain.clone(),
        reason: judged.reason.clone(),
        checks: serde_json::to_string(&checks.unwrap_or_else(failed)).map_err(crate::store::Error::from)?,
        checked_at: at(now),
        again_at: again.then(|| at(now + age.clamp(PAUSE.0, PAUSE.1))),
    };
    tracing::info!(message = id, verdict = judged.verdict.as_str(), again, "who wrote a mail was looked at");
    transaction(conn, |conn| {
        keep_one(conn, (id, &found), (&judged, now))?;
        // Whoever made a copy meanwhile has committed it, or waits for this message.
        for other in authenticity::alike(conn, id, &due.blob_sha256)? {
            let known = authenticity::of_message(conn, other)?;
            if known.is_none_or(|known| known.again_at.is_some()) {
                keep_one(conn, (other, &found), (&judged, now))?;
            }
        }
        Ok(())
    })
}

fn keep_one(
    conn: &mut Conn,
    (id, found): (i64, &Found),
    (judged, now): (&Judged, DateTime<Utc>),
) -> Result<(), Error> {
    let before = authenticity::of_message(conn, id)?;
    let mut found = found.clone();
    if before.as_ref().is_some_and(|before| before.reason.ends_with(ALSO_FORGED)) {
        found.reason = with_forged(found.reason);
    }
    authenticity::keep(conn, id, &found)?;
    if judged.verdict == Verdict::Forged && before.is_none_or(|before| before.verdict != Verdict::Forged) {
        disprove(conn, id, (suspect(judged), now))?;
    }
    Ok(())
}

/// What follows from the checks; none = they failed. Tried again, because a disk or a store may come back.
fn conclusion(due: &Due, checks: Option<&Checks>, at_last: bool) -> Judged {
    let Some(checks) = checks else {
        let reason = "It could not be checked here: an administrator finds the cause in the log.".to_owned();
        return Judged { reason, ..Judged::not_yet() };
    };
    let judged = if at_last { judge_at_last(checks) } else { judge(checks) };
    if judged.verdict == Verdict::Forged && due.safe_at - due.received_at > FRESH {
        let why = "Nothing proves who wrote it. It lay in a mailbox for days before it came here, and what would prove it may have changed since.";
        return Judged { verdict: Verdict::Unverified, reason: why.to_owned(), ..judged };
    }
    judged
}

/// The checks of which nothing is known.
fn failed() -> Checks {
    let mut checks = Checks { asked: true, ..Checks::default() };
    checks.dmarc.outcome = Outcome::Temporary;
    checks
}
