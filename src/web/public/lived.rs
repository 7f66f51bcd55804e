//! A public request with its law and all its clocks: what its page, its dates and its feeds are made from.

use crate::domain::law::calendar::Calendar;
use crate::domain::law::citation::Index;
use crate::domain::law::course::{Course, course};
use crate::domain::law::regime::Regime;
use crate::domain::publication::timeline::Happened;
use crate::domain::request::clocks::facts;
use crate::domain::request::event::Event;
use crate::domain::request::fold;
use crate::domain::request::state::State;
use crate::service::{CalendarsNow, Context};
use crate::store;
use crate::store::published::request::Published;
use crate::web::error::Error;
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::Arc;

/// A request in the eyes of its law.
#[derive(Debug)]
pub struct Lived<'a> {
    /// The law in the version under which it was filed.
    pub law: &'a Regime,
    /// The days off.
    pub calendar: &'a Calendar,
    /// What citations mean.
    pub citations: &'a Index,
    /// What its events fold to.
    pub state: State,
    /// Its clocks; none where they mean nothing: the letter did not arrive, or it was given up.
    pub course: Option<Course>,
    /// Today in the zone of the law.
    pub today: NaiveDate,
}

/// The law as it stood when the request was filed; today's where no copy was kept.
fn law_of(rules: Option<&str>, regime: &str, ctx: &Context) -> Result<Option<Regime>, Error> {
    if let Some(rules) = rules {
        return serde_json::from_str(rules).map(Some).map_err(|e| store::Error::from(e).into());
    }
    Ok(regime.parse().ok().and_then(|id| ctx.library.laws.regime(&id)).cloned())
}

/// A law with the days off by which it counts.
pub type Counted = (Regime, Arc<Calendar>);

/// The law of a request with its days off, those of the operator among them.
pub fn counted_by(
    ctx: &Context,
    calendars: &CalendarsNow,
    (rules, regime): (Option<&str>, &str),
) -> Result<Option<Counted>, Error> {
    Ok(law_of(rules, regime, ctx)?.map(|law| {
        let calendar = calendars.of(&law);
        (law, calendar)
    }))
}

/// The law of a sample with the days off that come with the program.
pub fn shipped(ctx: &Context, sample: &Published) -> Result<Option<Counted>, Error> {
    let law = law_of(sample.rules.as_deref(), &sample.facts.regime, ctx)?;
    Ok(law.map(|law| {
        let calendar = ctx.library.laws.shared_calendar_of(&law);
        (law, calendar)
    }))
}

/// A request to which this happened.
pub fn lived<'a>(
    events: &[Happened],
    (law, calendar): &'a Counted,
    ctx: &'a Context,
    now: DateTime<Utc>,
) -> Result<Option<Lived<'a>>, Error> {
    let events: Vec<Event> = events.iter().map(|happened| happened.event.clone()).collect();
    let Some(state) = fold(&events).map_err(store::Error::from)? else { return Ok(None) };
    // What the calendar does not reach has no dates; the page says so by showing none.
    let course = if state.has_clocks() { course(law, calendar, &facts(&events)).ok() } else { None };
    let course = course.filter(|course| course.answer.is_some());
    Ok(Some(Lived {
        law,
        calendar,
        citations: &ctx.library.knowledge.citations,
        state,
        course,
        today: law.day_of(now),
    }))
}
