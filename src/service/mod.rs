//! What the house does, one file a use case; each owns its transaction.

pub mod authorities;
pub mod bringing_back;
pub mod cage;
pub mod coding;
pub mod deadlines;
pub mod delivery;
pub mod filing;
pub mod intake;
pub mod publishing;
pub mod seed;
pub mod sign_in;
pub mod steps;
pub mod triage;

use crate::clock::Clock;
use crate::config::Config;
use crate::data::Library;
use crate::domain::law::calendar::Calendar;
use crate::domain::law::course::{Course, Fact, course};
use crate::domain::law::deadline::{self, Deadline};
use crate::domain::law::regime::Regime;
use crate::domain::request::clocks::{facts, looked, unrecorded};
use crate::domain::request::event::Event;
use crate::domain::request::fold;
use crate::domain::request::state::State;
use crate::store::blobs::Blobs;
use crate::store::requests::Stamp;
use crate::store::{Conn, requests};
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::Arc;

/// What every use case may need: settings, clock, the data we ship, the blobs.
#[derive(Debug, Clone)]
pub struct Context {
    /// The settings.
    pub config: Config,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Laws, questions, phrases.
    pub library: Arc<Library>,
    /// Raw mail and attachments.
    pub blobs: Blobs,
}

/// Why the law of a request cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum LawError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// There is no such request.
    #[error("there is no request with the number `{0}`")]
    NoSuchRequest(i64),
    /// The rules it was filed under are gone.
    #[error("expected the rules `{0}` that a request was filed under, found none")]
    NoRules(String),
    /// The law gives no date.
    #[error(transparent)]
    Deadline(#[from] deadline::Error),
}

/// The law of one request: the rules it was filed under, and the calendar of its days off.
#[derive(Debug, Clone)]
pub struct LawOfRequest<'a> {
    /// The rules as they stood when it was filed.
    pub regime: Regime,
    /// The days off.
    pub calendar: &'a Calendar,
}

impl LawOfRequest<'_> {
    /// The day of an instant in the zone of the law.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.regime.zone).date_naive()
    }

    /// The clocks of a request to which this happened.
    pub fn course(&self, facts: &[Fact]) -> Result<Course, LawError> {
        Ok(course(&self.regime, self.calendar, facts)?)
    }

    /// The due dates of a request that came in on `received`.
    pub fn due(&self, received: NaiveDate, registered: Option<NaiveDate>) -> Result<Deadline, LawError> {
        Ok(deadline::deadline(&self.regime, self.calendar, &deadline::Clock { received, registered })?)
    }
}

/// A request with its law and what has happened to its clocks.
#[derive(Debug)]
pub struct Lived<'a> {
    /// Its law.
    pub law: LawOfRequest<'a>,
    /// Its events.
    pub events: Vec<Event>,
    /// What they fold to.
    pub state: State,
    /// All its clocks.
    pub course: Course,
}

impl Context {
    /// A request with all its clocks.
    pub fn lived(&self, conn: &mut Conn, request: i64) -> Result<Lived<'_>, LawError> {
        let law = self.law_of(conn, request)?;
        let events = requests::events_of(conn, request)?;
        let state = fold(&events).map_err(crate::store::Error::from)?;
        let state = state.ok_or(LawError::NoSuchRequest(request))?;
        let course = law.course(&facts(&events))?;
        Ok(Lived { law, events, state, course })
    }

    /// Records within the caller's transaction what the law has made of a request by now: a clock that moved, a day
    /// that passed, silence, a right that lapsed; how many events. `because`: the message that was just recorded.
    pub fn catch_up(&self, conn: &mut Conn, request: i64, because: Option<i64>) -> Result<usize, LawError> {
        requests::lock(conn, request)?;
        let now = self.clock.now();
        let lived = self.lived(conn, request)?;
        let today = lived.law.day_of(now);
        let mut state = lived.state;
        let new = unrecorded(&lived.course, &state, today);
        for event in &new {
            let event = match event.clone() {
                Event::ClockMoved { due_on, why, .. } => Event::ClockMoved { message: because, due_on, why },
                event => event,
            };
            state = requests::append(conn, request, &event, Stamp { at: now, person: None })?;
        }
        let seq = i64::try_from(lived.events.len() + new.len()).unwrap_or(i64::MAX);
        requests::looked_at(conn, request, (seq, looked(&lived.course, &state, today)))?;
        Ok(new.len())
    }

    /// What taking mail in needs of it.
    pub fn door(&self) -> intake::Door<'_> {
        intake::Door { blobs: &self.blobs, clock: &self.clock }
    }

    /// The law of a request, from the copy that was kept when it was filed.
    pub fn law_of(&self, conn: &mut Conn, request: i64) -> Result<LawOfRequest<'_>, LawError> {
        let row = requests::find(conn, request)?.ok_or(LawError::NoSuchRequest(request))?;
        self.kept_law(conn, &row.regime, &row.regime_version)
    }

    /// A law in a version under which requests were filed.
    pub fn kept_law(
        &self,
        conn: &mut Conn,
        regime: &str,
        version: &str,
    ) -> Result<LawOfRequest<'_>, LawError> {
        let body = requests::kept_regime(conn, regime, version)?
            .ok_or_else(|| LawError::NoRules(version.to_owned()))?;
        let regime: Regime = serde_json::from_str(&body).map_err(crate::store::Error::from)?;
        let calendar = self.library.laws.calendar_of(&regime);
        Ok(LawOfRequest { regime, calendar })
    }
}
