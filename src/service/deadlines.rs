//! What is past due and has no `Overdue` event gets one, however late the tick runs, and only once.

use crate::domain::request::event::Event;
use crate::service::{Context, LawError};
use crate::store::requests::{self, Stamp};
use crate::store::{Db, transaction};
use chrono::TimeDelta;

/// Marks every open request whose due day has passed in the zone of its law; how many were marked.
pub fn tick(ctx: &Context, db: &Db) -> Result<usize, LawError> {
    let now = ctx.clock.now();
    // No zone is more than 14 hours ahead of UTC: what is not past due there is past due nowhere.
    let latest = (now + TimeDelta::hours(14)).date_naive();
    let mut conn = db.conn()?;
    let mut marked = 0;
    for late in requests::past_due(&mut conn, latest)? {
        // One request whose rules cannot be read must not keep the others from being marked.
        let law = match ctx.law_of(&mut conn, late.id) {
            Ok(law) => law,
            Err(error) => {
                tracing::error!(%error, request = late.id, "a due day cannot be looked at");
                continue;
            }
        };
        if law.day_of(now) <= late.due_on {
            continue;
        }
        let event = Event::Overdue { due_on: late.due_on };
        let done = transaction(&mut conn, |conn| {
            // Another worker may have marked it, or an answer may have come, since the list was read.
            let still = requests::state(conn, late.id)?.is_some_and(|state| state.apply(&event).is_ok());
            if still {
                requests::append(conn, late.id, &event, Stamp { at: now, person: None })?;
            }
            Ok::<bool, crate::store::Error>(still)
        })?;
        marked += usize::from(done);
    }
    Ok(marked)
}
