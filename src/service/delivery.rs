//! Letters out: claimed, put in doubt between 354 and the body, ended; an unknown end is never tried again by itself.

mod again;
mod holders;
mod pausing;
mod told;

pub use again::{is_lost, repeat_unknown, send_again, send_lost_again, settle_unknown};
pub use holders::worker_name;
pub use pausing::{pause, resume, watch};
pub use told::{expire_leases, tell_requests};

use crate::mail::transport::{Dispatch, Envelope, NOT_MARKED, Transport};
use crate::service::{Context, LawError};
use crate::store::outbox::{Claim, Ended, Letter};
use crate::store::requests;
use crate::store::types::OutboxState;
use crate::store::{Conn, Db, authorities, contact_tasks, outbox, transaction};
use chrono::TimeDelta;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Why a letter could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The due day could not be computed.
    #[error(transparent)]
    Law(#[from] LawError),
    /// The letter stands where this cannot be done.
    #[error("expected a letter that is unknown or refused, found one that is `{0}`")]
    NotNow(OutboxState),
    /// Nothing is there that could leave.
    #[error("the letter was erased and cannot be sent again")]
    Erased,
    /// There is no such letter.
    #[error("there is no such letter")]
    NoSuchLetter,
    /// The authority has no such address.
    #[error("expected an address that requests to this authority go to, found `{0}`")]
    NotTheirs(String),
    /// The letter cannot be made a mail to the new address.
    #[error(transparent)]
    Mail(#[from] crate::mail::compose::Error),
    /// The settings name a key, and it signs nothing.
    #[error("the letter could not be signed; whoever runs this service must look: {0}")]
    Signing(#[from] crate::mail::signing::Error),
    /// Nobody would know why.
    #[error("expected a reason why no letter may leave, found none")]
    NoReason,
    /// The machine has no randomness.
    #[error("the machine gave no random bytes: {0}")]
    Random(String),
}

/// How long a letter stays held by a worker that says nothing more; at work it renews its hold each `BEAT`.
const LEASE: TimeDelta = TimeDelta::seconds(45);
/// The longest wait between two tries.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(4);
/// After this a letter is tried again that we could not mark: a full disk or a database that is away is no server's.
const OUR_FAULT: TimeDelta = TimeDelta::seconds(10);
/// A few of these fit into a lease.
const BEAT: Duration = Duration::from_secs(10);
/// A letter that no server took in this time since it was first tried cannot be delivered.
const GIVE_UP: TimeDelta = TimeDelta::days(5);
/// And only when it was tried so often; in five days of trying it is 36 times.
const TRIES: i64 = 20;
/// Seconds between attempts to record an end while the database does not let us.
const WAITS: [u64; 8] = [1, 2, 4, 8, 15, 30, 30, 60];

/// Why a letter was not begun though a server would have taken it.
const PAUSED: &str = "the outbox is paused; the letter leaves when it is resumed";
const STOPPING: &str = "the service is stopping; the letter leaves when it runs again";

/// Who sends.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// Where letters go.
    pub transport: &'a Transport,
    /// A name unique to this run of the program.
    pub worker: &'a str,
    /// Whether the program is about to end: then no body is begun any more.
    pub stopping: &'a (dyn Fn() -> bool + Sync),
    /// How often the hold on a letter is renewed.
    pub beat: Duration,
}

impl<'a> Sender<'a> {
    /// A sender that is never asked to stop.
    pub fn new(transport: &'a Transport, worker: &'a str) -> Self {
        Self { transport, worker, stopping: &|| false, beat: BEAT }
    }

    fn claim(&self, ctx: &Context) -> Claim<'a> {
        let now = ctx.clock.now();
        let per_minute = ctx.config.mail.letters_per_minute;
        Claim { worker: self.worker, now, until: now + LEASE, per_minute }
    }
}

/// Sends the next letter that may leave; false = none waits. `worker` is unique to this run of the program.
pub fn send_next(ctx: &Context, db: &Db, transport: &Transport, worker: &str) -> Result<bool, Error> {
    Sender::new(transport, worker).send_next(ctx, db)
}

impl Sender<'_> {
    /// Sends the next letter that may leave; false = none waits.
    pub fn send_next(&self, ctx: &Context, db: &Db) -> Result<bool, Error> {
        let claimed = transaction(&mut *db.conn()?, |conn| outbox::claim_due(conn, &self.claim(ctx)))?;
        let Some((letter, attempt)) = claimed else { return Ok(false) };
        std::thread::scope(|scope| {
            // Dropped when the end is recorded, or in a panic: then the beat ends too.
            let (_at_work, ended) = channel::<()>();
            let id = letter.id;
            scope.spawn(move || self.keep_hold(ctx, db, id, &ended));
            let dispatch = self.offer(ctx, db, &letter);
            tracing::info!(letter = id, result = dispatch_word(&dispatch), "letter tried");
            self.record(ctx, db, (&letter, attempt), &dispatch)
        })?;
        // The outbox knows; where the request cannot be told now, the loop does it.
        if let Err(error) = told::tell(ctx, db, letter.id) {
            tracing::error!(letter = letter.id, %error, "the request could not be told of its letter; it will be");
        }
        Ok(true)
    }

    /// Renews the hold until the sender is done.
    fn keep_hold(&self, ctx: &Context, db: &Db, id: i64, ended: &Receiver<()>) {
        while ended.recv_timeout(self.beat) == Err(RecvTimeoutError::Timeout) {
            let renewed = db.conn().and_then(|mut conn| outbox::renew(&mut conn, id, &self.claim(ctx)));
            if let Err(error) = renewed {
                tracing::warn!(letter = id, %error, "the hold on a letter could not be renewed");
            }
        }
    }

    fn offer(&self, ctx: &Context, db: &Db, letter: &Letter) -> Dispatch {
        let bytes = match ctx.blobs.get(&letter.blob_sha256) {
            Ok(bytes) => bytes,
            // Ours, and it passes: no try of the letter's.
            Err(error @ (crate::store::Error::Away(_) | crate::store::Error::Refused(_))) => {
                return Dispatch::Deferred { reason: format!("{NOT_MARKED}: {error}"), reply: None };
            }
            Err(error) => return Dispatch::Deferred { reason: error.to_string(), reply: None },
        };
        let envelope = Envelope {
            from: &letter.envelope_from,
            to: &letter.envelope_to,
            id: Some(&letter.mail_message_id),
        };
        self.transport.send_in(envelope, &bytes, &mut || {
            if (self.stopping)() {
                return Err(STOPPING.into());
            }
            let mut conn = db.conn()?;
            let marked = transaction(&mut conn, |conn| {
                if !outbox::may_leave(conn)? {
                    return Ok(Err(PAUSED));
                }
                let held = outbox::in_doubt(conn, letter.id, &self.claim(ctx))?;
                Ok::<_, crate::store::Error>(if held {
                    Ok(())
                } else {
                    Err("the hold on the letter was lost")
                })
            })?;
            marked.map_err(Into::into)
        })
    }

    /// The end of an attempt, in a small transaction of its own: nothing that may fail for another reason stands
    /// between a server's 250 and its record.
    fn record(
        &self,
        ctx: &Context,
        db: &Db,
        (letter, attempt): (&Letter, i64),
        dispatch: &Dispatch,
    ) -> Result<(), Error> {
        let end = self.end_of(ctx, db, letter, dispatch);
        let no_such_address = matches!(dispatch, Dispatch::Refused { about_recipient: true, .. });
        let written = self.persist(|| {
            transaction(&mut *db.conn()?, |conn| {
                let held = outbox::ended(conn, (letter.id, attempt), self.worker, &end)?;
                if held && no_such_address {
                    address_failed(conn, letter, &end)?;
                }
                if held && end.state == OutboxState::Accepted {
                    contact_tasks::went_through(conn, letter.request_id, &letter.envelope_to, end.at)?;
                }
                if held && end.state == OutboxState::Refused {
                    pausing::pause_on_spike(conn, end.at)?;
                }
                Ok(held)
            })
        });
        match written {
            Ok(true) => Ok(()),
            Ok(false) => {
                tracing::warn!(
                    letter = letter.id,
                    "another worker holds the letter; only the attempt is recorded"
                );
                Ok(())
            }
            Err(error) => {
                let result = dispatch_word(dispatch);
                let said = end.server_reply.as_deref().map(codes);
                tracing::error!(
                    letter = letter.id,
                    result,
                    said,
                    "the end of a letter could not be recorded"
                );
                Err(error)
            }
        }
    }

    /// What an attempt was. What no server takes is tried later, ever later, and given up when it was tried for days and
    /// often: days in which the outbox was paused, the service down or the database away are no tries.
    fn end_of(&self, ctx: &Context, db: &Db, letter: &Letter, dispatch: &Dispatch) -> Ended {
        let now = ctx.clock.now();
        let ended =
            |state, server_reply, error| Ended { state, server_reply, error, next_attempt_at: None, at: now };
        let (reason, reply) = match dispatch {
            Dispatch::Accepted { reply } => return ended(OutboxState::Accepted, Some(reply.clone()), None),
            Dispatch::Refused { reply, .. } => return ended(OutboxState::Refused, Some(reply.clone()), None),
            Dispatch::Unknown { reason } => return ended(OutboxState::Unknown, None, Some(reason.clone())),
            Dispatch::Deferred { reason, reply } => (reason, reply),
        };
        let deferred = |wait| Ended {
            next_attempt_at: Some(now + wait),
            ..ended(OutboxState::Deferred, reply.clone(), Some(reason.clone()))
        };
        // Handed back: it need not wait for what was no failure of its own.
        if reason.ends_with(PAUSED) || (self.stopping)() {
            return deferred(TimeDelta::zero());
        }
        if reason.starts_with(NOT_MARKED) {
            return deferred(OUR_FAULT);
        }
        // Where that cannot be asked it is tried again: nothing may stand between an attempt and its record.
        let earlier =
            db.conn().and_then(|mut conn| outbox::tries(&mut conn, letter, NOT_MARKED)).unwrap_or_default();
        let first = letter.first_tried_at.map_or(now, |at| at.and_utc());
        if now - first > GIVE_UP && earlier + 1 >= TRIES {
            let error = Some(format!("tried for five days; at last: {reason}"));
            return ended(OutboxState::Refused, reply.clone(), error);
        }
        deferred(back_off(earlier + 1))
    }

    /// Tries again for some minutes what only the database can refuse; gives up early when asked to stop.
    fn persist<T>(&self, mut write: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut waits = WAITS.into_iter();
        loop {
            let error = match write() {
                Ok(written) => return Ok(written),
                Err(error) => error,
            };
            let Some(wait) = waits.next().filter(|_| !(self.stopping)()) else { return Err(error) };
            tracing::warn!(%error, wait, "the end of a letter is not recorded yet; tried again");
            for _ in 0..wait * 4 {
                if !(self.stopping)() {
                    std::thread::sleep(Duration::from_millis(250));
                }
            }
        }
    }
}

fn dispatch_word(dispatch: &Dispatch) -> &'static str {
    match dispatch {
        Dispatch::Accepted { .. } => "accepted",
        Dispatch::Deferred { .. } => "deferred",
        Dispatch::Refused { .. } => "refused",
        Dispatch::Unknown { .. } => "unknown",
    }
}

/// Of a server's line what names nobody: its code, the enhanced code, and by what name it queued the letter. The rest may
/// hold addresses, also the one that only who answers may know.
fn codes(line: &str) -> String {
    let mut words = line.split([' ', '-']).filter(|word| !word.is_empty());
    let is_code = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_enhanced = |word: &str| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| part.parse::<u16>().is_ok())
    };
    let code = words.next().filter(|word| is_code(word));
    let enhanced = words.next().filter(|word| is_enhanced(word));
    let queued = ["queued as ", "id="].iter().find_map(|before| line.split_once(before));
    let name =
        queued.and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next());
    // No name that a server gives a letter is as long as a reply address.
    let name =
        name.filter(|name| !name.is_empty() && name.len() <= 24).map(|name| format!("queued as {name}"));
    let said = [code.map(str::to_owned), enhanced.map(str::to_owned), name];
    said.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The address needs somebody who finds another.
fn address_failed(conn: &mut Conn, letter: &Letter, end: &Ended) -> Result<(), Error> {
    if let Some(request) = requests::find(conn, letter.request_id)? {
        let (authority_id, address) = (request.authority_id, letter.envelope_to.as_str());
        authorities::address_bounced(conn, authority_id, address)?;
        let said = end.server_reply.as_deref().unwrap_or_default();
        let cause = format!("{}{}", contact_tasks::REFUSED, said.chars().take(300).collect::<String>());
        let new = contact_tasks::New { authority_id, address, cause, outbox_id: Some(letter.id) };
        contact_tasks::open(conn, &new, end.at)?;
    }
    Ok(())
}

/// 5 minutes, doubled with each attempt, at most 4 hours.
fn back_off(attempts: i64) -> TimeDelta {
    let doublings = u32::try_from((attempts - 1).clamp(0, 10)).unwrap_or(0);
    TimeDelta::minutes(i64::from(5_u32 << doublings)).min(LONGEST_WAIT)
}

/// Letters that a worker held and did not begin go back to the queue at once when its program ends.
pub fn hand_back(ctx: &Context, db: &Db, worker: &str) -> Result<usize, Error> {
    let now = ctx.clock.now();
    Ok(transaction(&mut *db.conn()?, |conn| outbox::hand_back(conn, Some(worker), now))?)
}

#[cfg(test)]
mod tests {
    use super::codes;

    #[test]
    fn r51_of_a_servers_line_the_log_holds_its_codes_and_no_address() {
        for (line, kept) in [
            ("250 2.0.0 Ok: queued as 4XyZ12abc", "250 2.0.0 queued as 4XyZ12abc"),
            ("250 OK id=1tExim-0001-AB", "250 queued as 1tExim-0001-AB"),
            ("250-2.1.5 <r-2026-0001-secret@post.askance.example> taken", "250 2.1.5"),
            ("550 5.1.1 <foi@brandau.example>: no such user", "550 5.1.1"),
            ("250 id=<r-2026-0001-abcdefghijklmnopqrst@post.askance.example>", "250"),
            ("250 id=r-2026-0001-abcdefghijklmnopqrst@post.askance.example", "250"),
            ("written to /var/x", ""),
        ] {
            assert_eq!(codes(line), kept, "{line}");
        }
    }
}
