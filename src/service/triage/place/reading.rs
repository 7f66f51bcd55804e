//! Has a mail read in the cage, and says what is known of one that cannot be read.

use crate::domain::incoming::Incoming;
use crate::service::Context;
use crate::service::cage::{Cage, Whole};
use crate::service::triage::plan::Understood;
use crate::store::erasure::remove_unneeded;
use crate::store::messages::Unread;
use crate::store::{Conn, Db, Error, health};
use std::collections::BTreeSet;

/// Why a mail is shown without its text whose bytes are gone.
pub(super) const LOST: &str = "its bytes are not there any more; a backup may have them";
/// How many other mails and letters are looked for, newest first, before it is said that all bytes are away.
const OTHERS: i64 = 20;

/// A mail of which only the bytes are known.
pub(super) fn unreadable(unread: Unread, why: &str) -> Understood {
    let size = usize::try_from(unread.size).unwrap_or_default();
    let incoming = Whole { sha256: unread.blob_sha256.clone(), size }.unread(why);
    Understood {
        unread,
        incoming,
        failure: Some(why.to_owned()),
        judged: None,
        awaited: None,
        circles: None,
        given_up: None,
    }
}

/// None = it waits for a better time.
pub(super) fn read(ctx: &Context, db: &Db, cage: &Cage, unread: Unread) -> Result<Option<Understood>, Error> {
    let mut put = BTreeSet::new();
    let error = match cage.read_kept(&ctx.blobs, &unread.blob_sha256, &mut put) {
        Ok(incoming) => {
            let (judged, awaited) = (None, None);
            return Ok(Some(Understood {
                unread,
                incoming,
                failure: None,
                judged,
                awaited,
                circles: None,
                given_up: None,
            }));
        }
        Err(error) => error,
    };
    // What it brought before it failed belongs to no row.
    remove_unneeded(&mut *db.conn()?, &ctx.blobs, &put)?;
    if error.is_about_the_mail() {
        tracing::error!(%error, message = unread.id, "mail could not be read; it is kept as it came");
        ctx.pulse.mail_failed();
        return Ok(Some(unreadable(unread, &error.to_string())));
    }
    if error.is_missing() && is_lost(ctx, &mut *db.conn()?, &unread.blob_sha256)? {
        tracing::error!(
            message = unread.id,
            sha256 = unread.blob_sha256,
            "the bytes of a mail are gone; other mail is there"
        );
        ctx.pulse.mail_failed();
        return Ok(Some(unreadable(unread, LOST)));
    }
    // The loop comes by twice a second.
    if ctx.blobs.is_news(&unread.blob_sha256) {
        tracing::error!(%error, message = unread.id, "mail waits for a reader");
    }
    Ok(None)
}

/// Whether only these bytes are gone. Where nothing else is there either, it is the place of all bytes that is away, as
/// a disk that is not mounted: then mail waits until it is back.
pub(super) fn is_lost(ctx: &Context, conn: &mut Conn, key: &str) -> Result<bool, Error> {
    if !matches!(ctx.blobs.size(key), Ok(None)) {
        return Ok(false);
    }
    let others = health::bytes_beside(conn, (key, OTHERS))?;
    Ok(others.iter().any(|other| matches!(ctx.blobs.size(other), Ok(Some(_)))))
}

/// Whether the files of a mail are where reading it put them: one that another mail brought as well may have been
/// erased with that since.
pub(super) fn has_its_files(ctx: &Context, incoming: &Incoming) -> Result<bool, Error> {
    for file in &incoming.attachments {
        if ctx.blobs.size(&file.sha256)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
