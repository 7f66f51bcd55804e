//! What the house does, one file a use case; each owns its transaction.

pub mod addresses;
pub mod admission;
pub mod authorities;
pub mod backup;
pub mod bringing_back;
pub mod cage;
pub mod coding;
pub mod days_off;
pub mod deadlines;
pub mod delivery;
pub mod digests;
pub mod erasure;
pub mod fetching;
pub mod filing;
pub mod health;
pub mod intake;
pub mod learning;
pub mod notices;
pub mod publishing;
pub mod reckoning;
pub mod retention;
pub mod seed;
pub mod sign_in;
pub mod steps;
pub mod triage;

use crate::clock::Clock;
use crate::config::Config;
use crate::data::Library;
use crate::data::holidays::Calendars as Merged;
use crate::domain::incoming::reading::Kind;
use crate::domain::incoming::{Attachment, Incoming};
use crate::domain::law::calendar::Calendar;
use crate::domain::law::citation::Index;
use crate::domain::law::course::{Course, Fact, course};
use crate::domain::law::deadline::{self, Deadline};
use crate::domain::law::regime::Regime;
use crate::domain::publication::offer::{Offer, Passage};
use crate::domain::request::clocks::{facts, looked, moved_by_days_off, unrecorded};
use crate::domain::request::event::Event;
use crate::domain::request::fold;
use crate::domain::request::state::State;
use crate::mail::signing::{self, Signer};
use crate::store::blobs::Blobs;
use crate::store::requests::Stamp;
use crate::store::{Conn, requests};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
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
    /// The calendars that one-off days off change, as last read.
    pub days_off: days_off::Calendars,
    /// What this process knows of its own turning.
    pub pulse: health::Pulse,
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
pub struct LawOfRequest {
    /// The rules as they stood when it was filed.
    pub regime: Regime,
    /// The data it comes with.
    library: Arc<Library>,
    /// The days off, with those that the operator added.
    pub calendar: Arc<Calendar>,
}

impl LawOfRequest {
    /// What the provisions that a reply cites mean.
    pub fn citations(&self) -> &Index {
        &self.library.knowledge.citations
    }

    /// The day of an instant in the zone of the law.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        self.regime.day_of(at)
    }

    /// The clocks of a request to which this happened.
    pub fn course(&self, facts: &[Fact]) -> Result<Course, LawError> {
        Ok(course(&self.regime, &self.calendar, facts)?)
    }

    /// The due dates of a request that came in on `received`.
    pub fn due(&self, received: NaiveDate, registered: Option<NaiveDate>) -> Result<Deadline, LawError> {
        Ok(deadline::deadline(&self.regime, &self.calendar, &deadline::Clock { received, registered })?)
    }
}

/// A request with its law and what has happened to its clocks.
#[derive(Debug)]
pub struct Lived {
    /// Its law.
    pub law: LawOfRequest,
    /// Its events.
    pub events: Vec<Event>,
    /// What they fold to.
    pub state: State,
    /// All its clocks.
    pub course: Course,
}

/// The calendars with the operator's days off, as they were when they were asked for.
#[derive(Debug, Clone)]
pub struct CalendarsNow {
    merged: Arc<Merged>,
    library: Arc<Library>,
}

impl CalendarsNow {
    /// The calendar by which a law counts.
    pub fn of(&self, regime: &Regime) -> Arc<Calendar> {
        let found = self.merged.get(&regime.holiday_calendar).map(Arc::clone);
        found.unwrap_or_else(|| self.library.laws.shared_calendar_of(regime))
    }
}

/// The laws of many requests, each version read once.
pub struct KeptLaws<'a> {
    ctx: &'a Context,
    kept: HashMap<(String, String), LawOfRequest>,
}

impl<'a> KeptLaws<'a> {
    /// None read yet.
    pub fn new(ctx: &'a Context) -> Self {
        Self { ctx, kept: HashMap::new() }
    }

    /// A law in a version under which requests were filed.
    pub fn get(&mut self, conn: &mut Conn, regime: &str, version: &str) -> Result<&LawOfRequest, LawError> {
        Ok(match self.kept.entry((regime.to_owned(), version.to_owned())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(self.ctx.kept_law(conn, regime, version)?),
        })
    }
}

/// What signs letters and notices, if the settings name a key.
pub fn signer_of(config: &Config) -> Result<Option<Signer>, signing::Error> {
    let Some(dkim) = &config.mail.dkim else { return Ok(None) };
    let pem = dkim.pem.as_ref().map_err(|error| signing::Error::NoFile(error.clone()))?;
    Signer::new(pem.bytes(), &dkim.selector, &config.reply_domain).map(Some)
}

impl Context {
    /// Whether what cannot be taken back, digests and what is over its time, may go by the clock now.
    pub fn trusts_clock(&self) -> bool {
        if self.clock.is_system() {
            self.pulse.clock_read(self.clock.now(), self.pulse.age());
        }
        self.pulse.trusts_clock()
    }

    /// A mail as it leaves: with our signature on top, where the settings name a key.
    pub fn signed(&self, mail: Vec<u8>) -> Result<Vec<u8>, signing::Error> {
        match signer_of(&self.config)? {
            Some(signer) => signer.sign(mail),
            None => Ok(mail),
        }
    }

    /// What of a message the rules propose for everyone to read, before anything is struck out. `kind`: what a person
    /// says that it is; where it was read as another, the passages of its files show what it is not.
    pub fn offer(own_text: &str, incoming: &Incoming, kind: Option<Kind>) -> Offer {
        let passages = incoming.reading.evidence.iter().filter_map(|passage| {
            let is_in = |file: &&Attachment| passage.place.strip_prefix("attachment:") == Some(&file.name);
            let mut files = incoming.attachments.iter().filter(is_in);
            // Of two files with one name nobody knows which it stands in.
            let (file, other) = (files.next()?, files.next());
            let within = file.text.as_deref().filter(|_| other.is_none())?;
            Some(Passage { place: &passage.place, words: &passage.text, within })
        });
        let offer = Offer::of(own_text, passages);
        let is_other = kind.is_some_and(|kind| kind != incoming.reading.kind);
        if is_other && !offer.files.is_empty() { Offer::default() } else { offer }
    }

    /// A request with all its clocks.
    pub fn lived(&self, conn: &mut Conn, request: i64) -> Result<Lived, LawError> {
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
        let days_off = match because {
            Some(_) => None,
            None => self.days_off_since(conn, request, &lived)?,
        };
        let mut state = lived.state;
        let mut new = 0;
        // One at a time: a clock that moves takes back what was recorded of the day before, so that it is looked at anew.
        while let Some(event) =
            unrecorded(&lived.course, &state, today, days_off.as_deref()).into_iter().next()
        {
            let event = match event {
                Event::ClockMoved { due_on, why, .. } => Event::ClockMoved { message: because, due_on, why },
                event => event,
            };
            state = requests::append(conn, request, &event, Stamp { at: now, person: None })?;
            new += 1;
        }
        let seq = i64::try_from(lived.events.len() + new).unwrap_or(i64::MAX);
        requests::looked_at(conn, request, (seq, looked(&lived.course, &state, today)))?;
        Ok(new)
    }

    /// Which days off, in words, moved the due day of a request since it was last counted; none where nothing did, or
    /// something else.
    fn days_off_since(
        &self,
        conn: &mut Conn,
        request: i64,
        lived: &Lived,
    ) -> Result<Option<String>, LawError> {
        let due_on = lived.course.answer.as_ref().and_then(|answer| answer.due_on);
        if due_on == lived.state.due_on {
            return Ok(None);
        }
        let Some(since) = requests::counted_at(conn, request)? else { return Ok(None) };
        let law = &lived.law.regime;
        let (calendar, changed) = days_off::as_of(self, conn, law, since)?;
        if changed.is_empty() {
            return Ok(None);
        }
        let before = course(law, &calendar, &facts(&lived.events))?;
        Ok(moved_by_days_off(&lived.state, (&before, &lived.course), &changed))
    }

    /// The calendar by which a law counts, with the days off that the operator added and without those that were struck
    /// out: every page and every count asks here. One small query; the merged calendars are kept until the days change.
    pub fn calendar_of(
        &self,
        conn: &mut Conn,
        regime: &Regime,
    ) -> Result<Arc<Calendar>, crate::store::Error> {
        Ok(self.calendars(conn)?.of(regime))
    }

    /// All calendars as they are now, for a page that chooses its law later.
    pub fn calendars(&self, conn: &mut Conn) -> Result<CalendarsNow, crate::store::Error> {
        let merged = self.days_off.merged(&self.library.laws, conn)?;
        Ok(CalendarsNow { merged, library: Arc::clone(&self.library) })
    }

    /// What taking mail in needs of it.
    pub fn door(&self) -> intake::Door<'_> {
        intake::Door { blobs: &self.blobs, clock: &self.clock, secret: &self.config.secret }
    }

    /// The law of a request, from the copy that was kept when it was filed.
    pub fn law_of(&self, conn: &mut Conn, request: i64) -> Result<LawOfRequest, LawError> {
        let row = requests::find(conn, request)?.ok_or(LawError::NoSuchRequest(request))?;
        self.kept_law(conn, &row.regime, &row.regime_version)
    }

    /// A law in a version under which requests were filed.
    pub fn kept_law(&self, conn: &mut Conn, regime: &str, version: &str) -> Result<LawOfRequest, LawError> {
        let body = requests::kept_regime(conn, regime, version)?
            .ok_or_else(|| LawError::NoRules(version.to_owned()))?;
        let regime: Regime = serde_json::from_str(&body).map_err(crate::store::Error::from)?;
        let calendar = self.calendar_of(conn, &regime)?;
        Ok(LawOfRequest { regime, library: Arc::clone(&self.library), calendar })
    }
}
