//! Taking mail out of an open mailbox, in an order in which no end of the process loses or repeats anything.
//!
//! The mail is made safe, then it is recorded that this UID is safe, then it is marked as read and moved. A crash before
//! the record makes the same bytes arrive again, which counts as one more arrival of the same message. A crash after it
//! leaves a mail in the folder that is safe here: it is fetched once more, compared, and put away.

use crate::domain::incoming::envelope::Envelope;
use crate::mail::imap::{self, Among, Body, LARGEST, Listed, Mailbox};
use crate::service::Context;
use crate::service::fetching::{Error, Memory, all};
use crate::service::intake::{Mail, accept_arrived};
use crate::store::blobs::sha256;
use crate::store::imap_taken::{self, Folder};
use crate::store::turn::Turn;
use crate::store::{Db, transaction};
use std::collections::{BTreeSet, HashMap};

/// Mails that are asked about, marked and moved together.
const TOGETHER: usize = 20;
/// After so many tries it is said that a mail cannot be fetched.
const MANY: u32 = 3;
/// Mails that the database is asked about together.
const LOOKED_UP: usize = 500;

/// After how many answers about it that cannot be read a mail is left in its mailbox.
const MOST_TROUBLES: u32 = 3;

/// A folder that mail is taken from.
pub(crate) struct Taking<'a> {
    pub ctx: &'a Context,
    pub db: &'a Db,
    pub mailbox: Mailbox<'a>,
    pub turn: Turn,
    /// The mailbox, without password.
    pub name: &'a str,
    /// Where mail goes that is safe here; none: it stays.
    pub away: Option<&'a str>,
    pub memory: &'a mut Memory,
}

impl<'a> Taking<'a> {
    /// Makes the folder for what is safe. Where that cannot be, mail is taken all the same and stays where it is.
    pub fn make_ready(&mut self, moved_to: Option<&'a str>) -> Result<(), Error> {
        let Some(folder) = moved_to else { return Ok(()) };
        if !self.mailbox.can_put_away() {
            self.stays("the server has neither MOVE nor UIDPLUS");
            return Ok(());
        }
        match self.mailbox.make_folder(folder) {
            Ok(()) => self.away = Some(folder),
            Err(error) if error.is_about_the_command() => self.stays(&error.to_string()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// From now on mail stays where it is.
    fn stays(&mut self, why: &str) {
        self.away = None;
        if !std::mem::replace(&mut self.memory.said_they_stay, true) {
            tracing::warn!(why, "fetched mail cannot be moved to `imap_moved_to`; it stays, marked as read");
        }
    }

    /// Takes what is new; of the whole folder, or of what came after a UID. The highest UID that was seen.
    pub fn take(&mut self, after: Option<u32>) -> Result<u32, Error> {
        self.mailbox.look_out();
        self.asks();
        let (found, unread) = match after {
            Some(uid) => (self.mailbox.search(Among::After(uid))?, BTreeSet::new()),
            None if self.away.is_some() => (all(&mut self.mailbox, Among::Places)?, BTreeSet::new()),
            None => (all(&mut self.mailbox, Among::Places)?, all(&mut self.mailbox, Among::Unread)?),
        };
        let highest = found.last().copied().or(after).unwrap_or_default();
        if after.is_none() {
            self.forget_all_but(&found);
        }
        let found: Vec<u32> = found.into_iter().collect();
        for uids in found.chunks(LOOKED_UP) {
            let taken = imap_taken::among(&mut *self.db.conn()?, self.folder(), uids)?;
            self.take_new(uids, &taken)?;
            if after.is_none() {
                self.finish(&taken, &unread)?;
            }
        }
        Ok(highest)
    }

    /// What was taken out of the folder by somebody else troubles nobody any more.
    fn forget_all_but(&mut self, found: &BTreeSet<u32>) {
        let validity = self.mailbox.uid_validity();
        let is_there = |key: &(u32, u32)| key.0 == validity && found.contains(&key.1);
        self.memory.left.retain(is_there);
        self.memory.troubles.retain(|key, _| is_there(key));
        self.tell_what_stays();
    }

    /// Has `/healthz` say how many mails stay where they are.
    fn tell_what_stays(&self) {
        let troubled = self
            .memory
            .troubles
            .iter()
            .filter(|(key, times)| **times >= MANY && !self.memory.left.contains(key));
        let left = self.memory.left.len() + troubled.count();
        self.ctx.pulse.mailbox(|mailbox, _| mailbox.leaves(left));
    }

    fn asks(&self) {
        self.ctx.pulse.asks_mailbox();
    }

    fn folder(&self) -> Folder<'a> {
        Folder { mailbox: self.name, uid_validity: self.mailbox.uid_validity() }
    }

    fn key(&self, uid: u32) -> (u32, u32) {
        (self.mailbox.uid_validity(), uid)
    }

    fn take_new(&mut self, uids: &[u32], taken: &HashMap<u32, String>) -> Result<(), Error> {
        let is_new = |uid: &u32| !taken.contains_key(uid) && !self.memory.left.contains(&self.key(*uid));
        let mut new: Vec<u32> = uids.iter().copied().filter(is_new).collect();
        // A mail at which the server stumbles must not keep the others waiting.
        let troubles = |uid: &u32| self.memory.troubles.get(&self.key(*uid)).copied().unwrap_or_default();
        new.sort_by_key(troubles);
        let is_alone = |uid: &u32| self.memory.alone.contains(&self.key(*uid));
        let (alone, together): (Vec<u32>, Vec<u32>) = new.into_iter().partition(is_alone);
        for some in together.chunks(TOGETHER).chain(alone.chunks(1)) {
            self.asks();
            if !self.turn.is_held() {
                return Err(Error::NotOurTurn);
            }
            let mut safe = Vec::new();
            let went = self.take_some(some, &mut safe);
            // What is safe is put away even where the next one failed; a connection that is gone says so once more.
            match (went, self.put_away(&safe)) {
                (Err(error), _) | (Ok(()), Err(error)) => return Err(error),
                (Ok(()), Ok(())) => {}
            }
        }
        Ok(())
    }

    fn take_some(&mut self, uids: &[u32], safe: &mut Vec<u32>) -> Result<(), Error> {
        let listed = match self.mailbox.list(uids) {
            Ok(listed) => listed,
            Err(error) => return self.not_listed(uids, error, safe),
        };
        self.ctx.pulse.mailbox(|mailbox, _| mailbox.waits());
        // In the order of `uids`; what is not listed went away meanwhile.
        for uid in uids {
            let Some(mail) = listed.iter().find(|mail| mail.uid == *uid) else { continue };
            if mail.size > LARGEST {
                self.leave(mail.uid, mail.size);
                continue;
            }
            match self.take_one(*mail) {
                Ok(true) => safe.push(mail.uid),
                Ok(false) => {}
                Err(Error::Mailbox(error)) => self.stumbled(mail, error)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What the server says of some mails cannot be read, or it says nothing: from now on each is asked about by itself,
    /// so that one keeps no other waiting, and where it is always the same one it is left there.
    fn not_listed(&mut self, uids: &[u32], error: imap::Error, safe: &mut Vec<u32>) -> Result<(), Error> {
        let passes = error.is_about_the_command();
        if matches!(error, imap::Error::Stopped) {
            return Err(error.into());
        }
        if let [uid] = uids {
            let key = self.key(*uid);
            let troubles = self.memory.troubles.entry(key).or_default();
            *troubles += 1;
            if *troubles >= MOST_TROUBLES && (passes || matches!(error, imap::Error::NotImap)) {
                self.memory.left.insert(key);
                tracing::error!(
                    uid,
                    %error,
                    "what the server says of a mail cannot be read; it stays in its mailbox until the next start, or hand it in with `askance receive`"
                );
            }
            return if passes { Ok(()) } else { Err(error.into()) };
        }
        let keys: Vec<(u32, u32)> = uids.iter().map(|uid| self.key(*uid)).collect();
        self.memory.alone.extend(keys);
        if !passes {
            return Err(error.into());
        }
        uids.iter().try_for_each(|uid| self.take_some(&[*uid], safe))
    }

    /// Says once, and loudly, that a mail is left where it is.
    fn leave(&mut self, uid: u32, size: usize) {
        let news = self.memory.left.insert(self.key(uid));
        self.tell_what_stays();
        if news {
            tracing::error!(
                uid,
                size,
                "a mail is too large to be fetched and stays in its mailbox, unread; hand it in with `askance receive`"
            );
        }
    }

    fn stumbled(&mut self, mail: &Listed, error: imap::Error) -> Result<(), Error> {
        if matches!(error, imap::Error::Stopped) {
            return Err(error.into());
        }
        if matches!(error, imap::Error::TooLarge) {
            self.leave(mail.uid, mail.size);
            return Err(error.into());
        }
        let troubles = self.memory.troubles.entry(self.key(mail.uid)).or_default();
        *troubles += 1;
        let times = *troubles;
        self.tell_what_stays();
        if times == MANY {
            tracing::error!(uid = mail.uid, %error, "a mail cannot be fetched; it stays in its mailbox and is tried again");
        }
        if error.is_about_the_command() { Ok(()) } else { Err(error.into()) }
    }

    /// Makes one mail safe and records it; false = there was nothing to take.
    fn take_one(&mut self, mail: Listed) -> Result<bool, Error> {
        let mut bodies = self.mailbox.fetch(mail.uid)?;
        // A server that counts wrongly gives the same again; one that gave up half-way may give the rest.
        if bodies.iter().any(|body| body.raw().len() < mail.size) {
            bodies = self.mailbox.fetch(mail.uid)?;
        }
        let whole: Vec<&Body> = bodies.iter().filter(|body| !body.raw().is_empty()).collect();
        let Some(last) = whole.last() else {
            *self.memory.troubles.entry(self.key(mail.uid)).or_default() += 1;
            self.tell_what_stays();
            return Ok(false);
        };
        for body in &whole {
            self.make_safe(body.raw(), &mail)?;
        }
        let recorded = (mail.uid, sha256(last.raw()));
        let (folder, now) = (self.folder(), self.ctx.clock.now());
        transaction(&mut *self.db.conn()?, |conn| {
            imap_taken::record(conn, folder, (recorded.0, &recorded.1), now)
        })?;
        self.memory.taken += 1;
        self.memory.troubles.remove(&self.key(mail.uid));
        self.ctx.pulse.mailbox(|mailbox, _| mailbox.goes_well());
        Ok(true)
    }

    fn make_safe(&self, raw: &[u8], mail: &Listed) -> Result<(), Error> {
        let mut recipients = Envelope::of(raw).recipients(&self.ctx.config.reply_domain);
        if recipients.is_empty() {
            recipients.push(String::new());
        }
        let accepted = Mail { raw, recipients: &recipients, via: "imap", handed: None };
        accept_arrived(self.ctx.door(), Some(self.db), accepted, mail.arrived_at)?;
        Ok(())
    }

    /// Marks as read, and moves.
    fn put_away(&mut self, uids: &[u32]) -> Result<(), Error> {
        if uids.is_empty() {
            return Ok(());
        }
        match self.mailbox.mark_read(uids) {
            Err(error) if error.is_about_the_command() => {
                self.stays(&error.to_string());
                return Ok(());
            }
            done => done?,
        }
        let Some(folder) = self.away else { return Ok(()) };
        match self.mailbox.put_away(uids, folder) {
            Err(error) if error.is_about_the_command() => self.stays(&error.to_string()),
            done => done?,
        }
        Ok(())
    }

    /// Finishes what an earlier end of the process, or of the connection, left half done.
    fn finish(&mut self, taken: &HashMap<u32, String>, unread: &BTreeSet<u32>) -> Result<(), Error> {
        if self.away.is_none() {
            let forgotten: Vec<u32> = taken.keys().copied().filter(|uid| unread.contains(uid)).collect();
            for uids in forgotten.chunks(TOGETHER) {
                self.put_away(uids)?;
            }
            return Ok(());
        }
        for (uid, kept) in taken {
            if self.away.is_none() {
                break;
            }
            // Its bytes were erased here: nothing says any more that this is the mail, so it is neither taken nor moved.
            if kept.is_empty() {
                continue;
            }
            self.asks();
            match self.is_safe(*uid, kept) {
                Ok(true) => self.put_away(&[*uid])?,
                Err(Error::Mailbox(error)) if error.is_about_the_command() => {}
                looked => drop(looked?),
            }
        }
        Ok(())
    }

    /// Whether the mail with this UID is the one that is kept, or is by now: a server may have given the number to
    /// another mail, and only what is really safe is moved.
    fn is_safe(&mut self, uid: u32, kept: &str) -> Result<bool, Error> {
        let bodies = self.mailbox.fetch(uid)?;
        if !bodies.is_empty() && bodies.iter().all(|body| sha256(body.raw()) == kept) {
            return Ok(true);
        }
        drop(bodies);
        let listed = self.mailbox.list(&[uid])?.into_iter().find(|mail| mail.size <= LARGEST);
        listed.map_or(Ok(false), |mail| self.take_one(mail))
    }
}
