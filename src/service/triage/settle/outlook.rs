//! What a settlement would do to the clocks of its request, computed before anybody accepts it.

use crate::domain::law::course::Course;
use crate::domain::law::regime::Regime;
use crate::domain::request::clocks::facts;
use crate::domain::request::event::Event;
use crate::service::Context;
use crate::service::triage::Error;
use crate::service::triage::settle::Settlement;
use crate::service::triage::settle::events::events;
use crate::store::Conn;
use crate::store::messages;
use crate::store::requests;
use chrono::NaiveDate;

/// The clocks without the message and with it.
#[derive(Debug)]
pub struct Outlook {
    /// The law as it was kept with the request.
    pub law: Regime,
    /// Today where it is in force.
    pub today: NaiveDate,
    /// The day of the message there.
    pub on: NaiveDate,
    /// As if the message had not come.
    pub before: Course,
    /// As the settlement would leave them.
    pub after: Course,
}

/// What a settlement would do.
pub fn outlook(ctx: &Context, conn: &mut Conn, settlement: &Settlement) -> Result<Outlook, Error> {
    let id = settlement.message;
    let message = messages::find(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
    let law = ctx.law_of(conn, settlement.request)?;
    let mut recorded = requests::events_of(conn, settlement.request)?;
    let wanted = events(&law, settlement, &message, &recorded)?;
    // Retracted, not left out: what was taken back is known by its place.
    recorded.push(Event::Retracted { message: id, reason: String::new() });
    let before = law.course(&facts(&recorded))?;
    recorded.extend(wanted);
    let after = law.course(&facts(&recorded))?;
    let (today, on) = (law.day_of(ctx.clock.now()), law.day_of(message.received_at.and_utc()));
    Ok(Outlook { law: law.regime, today, on, before, after })
}
