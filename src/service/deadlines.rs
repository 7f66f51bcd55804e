//! What a day that came makes of requests: overdue, refused by silence, a right lapsed. Level-triggered: however late it
//! runs, what is not recorded is, once.

use crate::domain::request::clocks::{Looked, facts, looked, unrecorded};
use crate::domain::request::event::Event;
use crate::domain::request::fold;
use crate::service::{Context, KeptLaws, LawError};
use crate::store::requests::{self, Waiting};
use crate::store::{Conn, Db, transaction};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Requests looked at in one go.
const BATCH: i64 = 500;

/// Looks at the clocks of every request to which something happened since, or whose day has come in the zone of its law;
/// how many events were recorded.
pub fn tick(ctx: &Context, db: &Db) -> Result<usize, LawError> {
    let now = ctx.clock.now();
    // No zone is more than 14 hours ahead of UTC: what is not due there is due nowhere.
    let latest = (now + TimeDelta::hours(14)).date_naive();
    let mut conn = db.conn()?;
    let mut laws = KeptLaws::new(ctx);
    let (mut after, mut recorded, mut late) = (0, 0, Late::default());
    loop {
        let batch = requests::to_look_at(&mut conn, latest, (after, BATCH))?;
        let Some((last, _)) = batch.last() else {
            late.tell();
            return Ok(recorded);
        };
        after = last.id;
        let mut quiet = Vec::new();
        for (waiting, events) in batch {
            let look = events
                .map_err(LawError::from)
                .and_then(|events| look(&mut laws, &mut conn, (&waiting, &events), now));
            // Something is to be recorded: read again under the lock, an answer may have come in between.
            let done = look.and_then(|look| match look {
                Look::Something => transaction(&mut conn, |conn| ctx.catch_up(conn, waiting.id, None)),
                Look::Nothing(looked) => {
                    quiet.push((waiting.clone(), looked));
                    Ok(0)
                }
                Look::NotYet => Ok(0),
            });
            // One request whose rules or events cannot be read must not keep the others from being looked at.
            match done {
                Ok(events) => {
                    recorded += events;
                    late.count(events, waiting.clocks_on, now);
                }
                Err(error) => tracing::error!(%error, request = waiting.id, "clocks cannot be looked at"),
            }
        }
        transaction(&mut conn, |conn| {
            quiet.iter().try_for_each(|(waiting, looked)| requests::still_quiet(conn, waiting, *looked))
        })?;
    }
}

/// What is recorded long after its day, because nothing ran: the events keep the day of the law and the hour at which
/// they were recorded, and the log says that they are late.
#[derive(Debug, Default)]
struct Late {
    events: usize,
    days: i64,
}

impl Late {
    fn count(&mut self, events: usize, since: Option<NaiveDate>, now: DateTime<Utc>) {
        // The day ends last at UTC-12; half a day more is no delay worth a line.
        let days = since
            .map_or(0, |on| (now - TimeDelta::hours(24)).date_naive().signed_duration_since(on).num_days());
        if events > 0 && days > 0 {
            (self.events, self.days) = (self.events + events, self.days.max(days));
        }
    }

    fn tell(&self) {
        if self.events > 0 {
            tracing::warn!(
                events = self.events,
                days = self.days,
                "recorded late: nothing looked at the clocks meanwhile"
            );
        }
    }
}

/// Has every request looked at anew, as a new version of the program counts: its holidays may be others.
pub fn look_again(ctx: &Context, db: &Db) -> Result<usize, LawError> {
    let laws: Vec<String> = ctx.library.laws.regimes().map(|law| law.id.to_string()).collect();
    let mut conn = db.conn()?;
    Ok(transaction(&mut conn, |conn| requests::look_again(conn, &laws))?)
}

/// What a look at a request's clocks finds.
enum Look {
    /// Its day has not come where its law holds.
    NotYet,
    /// Nothing to record; what the look leaves.
    Nothing(Looked),
    /// Something to record.
    Something,
}

fn look(
    laws: &mut KeptLaws<'_>,
    conn: &mut Conn,
    (waiting, events): (&Waiting, &[Event]),
    now: DateTime<Utc>,
) -> Result<Look, LawError> {
    let law = laws.get(conn, &waiting.regime, &waiting.regime_version)?;
    let today = law.day_of(now);
    let seen = waiting.clocks_seq == waiting.events_count;
    if seen && waiting.clocks_on.is_none_or(|on| today < on) {
        return Ok(Look::NotYet);
    }
    let Some(state) = fold(events).map_err(crate::store::Error::from)? else {
        return Ok(Look::NotYet);
    };
    let course = law.course(&facts(events))?;
    if unrecorded(&course, &state, today, None).is_empty() {
        return Ok(Look::Nothing(looked(&course, &state, today)));
    }
    Ok(Look::Something)
}
