//! The digest of each day that has ended, made by whichever worker comes first.

use crate::service::Context;
use crate::store::{self, Db, digests, transaction};

/// Makes the digest of yesterday (UTC) unless it is there; true = it was made. A day on which nothing ran has none: the
/// next one stands for it too.
pub fn make(ctx: &Context, db: &Db) -> Result<bool, store::Error> {
    let now = ctx.clock.now();
    // A digest of a day to come would stand in the way of those before it.
    if !ctx.trusts_clock() {
        return Ok(false);
    }
    let Some(yesterday) = now.date_naive().pred_opt() else { return Ok(false) };
    transaction(&mut *db.conn()?, |conn| digests::make(conn, yesterday, now))
}
