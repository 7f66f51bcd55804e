//! The operator adds a one-off day off, strikes a holiday out, or withdraws either; due days follow at the next tick.

use crate::data::holidays::Calendars as Merged;
use crate::data::laws::Laws;
use crate::domain::law::calendar::{Calendar, OneOff, Unknown};
use crate::domain::law::course::course;
use crate::domain::law::regime::Regime;
use crate::domain::publication::prose::long;
use crate::domain::request::clocks::{Changed, facts};
use crate::service::{Context, KeptLaws, LawError};
use crate::store::audit::{self, Act};
use crate::store::days_off::{self, Kept, New, Revision};
use crate::store::requests;
use crate::store::{Conn, transaction};
use chrono::NaiveDateTime;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Requests counted in one go.
const BATCH: i64 = 500;

/// The calendars that one-off days change, kept until the table of them changes.
#[derive(Debug, Clone, Default)]
pub struct Calendars(Arc<Mutex<Option<Read>>>);

/// What was read, and the state of the table at that time.
type Read = (Revision, Arc<Merged>);

impl Calendars {
    /// The changed calendars. Not within a transaction that itself adds or withdraws: one that is rolled back would leave
    /// its days here.
    pub(super) fn merged(&self, laws: &Laws, conn: &mut Conn) -> Result<Arc<Merged>, crate::store::Error> {
        // Asked before the rows are read: rows that are newer than the revision are read again, never the other way.
        let revision = days_off::revision(conn)?;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, merged)) = kept.filter(|(of, _)| *of == revision) {
            return Ok(merged);
        }
        let merged =
            Arc::new(laws.with_days_off(&said(days_off::all(conn)?.iter().filter(|it| in_force(it)))));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((revision, Arc::clone(&merged)));
        Ok(merged)
    }
}

fn in_force(kept: &Kept) -> bool {
    kept.withdrawn_at.is_none()
}

fn said<'a>(kept: impl Iterator<Item = &'a Kept>) -> Vec<(String, OneOff)> {
    kept.map(|it| (it.place.clone(), OneOff { on: it.day, name: it.name.clone(), works: it.works })).collect()
}

/// Why a day was not added or withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A law cannot be applied.
    #[error(transparent)]
    Law(#[from] LawError),
    /// There is no such calendar.
    #[error("expected a calendar such as `SK` or `GB-SCT`, found `{0}`")]
    NoPlace(String),
    /// Beyond what the calendars know.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// It has no name.
    #[error("expected a name for the day, found none")]
    NoName,
    /// Nobody says so.
    #[error("expected who says so, an act or a link, found nothing")]
    NoSource,
    /// The place rests on that day anyway.
    #[error("expected a day on which `{place}` works, found `{name}`")]
    OffAnyway {
        /// The place.
        place: String,
        /// Why it rests.
        name: String,
    },
    /// The place works on that day anyway.
    #[error("expected a holiday of `{0}`, found a day that is none")]
    WorksAnyway(String),
    /// A word on that day is in force; it must be withdrawn first.
    #[error("expected a day without an entry, found number `{0}`")]
    Taken(i64),
    /// Somebody else was faster.
    #[error("expected a day without an entry, found one that was added just now")]
    TakenJustNow,
    /// There is no such entry.
    #[error("expected the number of an entry that is in force, found `{0}`")]
    NoSuch(i64),
}

/// What would become of open requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Moves {
    /// Open requests whose law counts by a calendar that changes.
    pub open: usize,
    /// Of those, the ones that get another due day.
    pub moved: usize,
    /// Overdue now and in time then.
    pub in_time_again: usize,
    /// In time now and overdue then.
    pub overdue: usize,
}

/// What is to be counted or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A day is added.
    Add(New),
    /// An entry is withdrawn.
    Withdraw(i64),
}

/// Whether a day can be added; what is typed loses the blanks around it.
pub fn checked(ctx: &Context, conn: &mut Conn, new: &New) -> Result<New, Error> {
    let plain = |text: &str| text.replace(char::is_control, " ").trim().to_owned();
    let new = New {
        place: new.place.trim().to_uppercase(),
        name: plain(&new.name),
        source: plain(&new.source),
        ..*new
    };
    let laws = &ctx.library.laws;
    let shipped = laws.calendar(&new.place).ok_or_else(|| Error::NoPlace(new.place.clone()))?;
    shipped.reaches(new.day)?;
    if new.name.is_empty() {
        return Err(Error::NoName);
    }
    if new.source.is_empty() {
        return Err(Error::NoSource);
    }
    let same = |it: &Kept| in_force(it) && it.place == new.place && it.day == new.day;
    if let Some(taken) = days_off::all(conn)?.into_iter().find(same) {
        return Err(Error::Taken(taken.id));
    }
    let merged = ctx.days_off.merged(laws, conn)?;
    let calendar = merged.get(&new.place).map_or(shipped, |it| &**it);
    match calendar.holiday(new.day) {
        Some(name) if !new.works => Err(Error::OffAnyway { place: new.place.clone(), name: name.to_owned() }),
        None if new.works => Err(Error::WorksAnyway(new.place.clone())),
        _ => Ok(new),
    }
}

/// Adds a day; its number.
pub fn add(ctx: &Context, conn: &mut Conn, person: Option<i64>, new: &New) -> Result<i64, Error> {
    let new = checked(ctx, conn, new)?;
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let id = days_off::add(conn, &new, (now, person)).map_err(|error| match error {
            error if error.is_duplicate() => Error::TakenJustNow,
            error => error.into(),
        })?;
        let laws = laws_by(ctx, conn, &new.place)?;
        requests::look_again(conn, &laws)?;
        let body = serde_json::json!({ "day": new.day, "works": new.works });
        let subject = format!("days_off:{id}:{}", new.place);
        audit::append(conn, &Act { at: now, person, action: "add_day_off", subject, body })?;
        Ok(id)
    })
}

/// Withdraws an entry; what it said.
pub fn withdraw(ctx: &Context, conn: &mut Conn, person: Option<i64>, id: i64) -> Result<Kept, Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let kept = days_off::find(conn, id)?.ok_or(Error::NoSuch(id))?;
        if !days_off::withdraw(conn, id, (now, person))? {
            return Err(Error::NoSuch(id));
        }
        let laws = laws_by(ctx, conn, &kept.place)?;
        requests::look_again(conn, &laws)?;
        let subject = format!("days_off:{id}:{}", kept.place);
        let body = serde_json::json!({ "day": kept.day });
        audit::append(conn, &Act { at: now, person, action: "withdraw_day_off", subject, body })?;
        Ok(kept)
    })
}

/// What a change would do to open requests; nothing is kept.
pub fn moves(ctx: &Context, conn: &mut Conn, change: &Change) -> Result<Moves, Error> {
    let mut kept: Vec<Kept> = days_off::all(conn)?.into_iter().filter(in_force).collect();
    let now = said(kept.iter());
    let (place, then) = match change {
        Change::Add(new) => {
            let mut then = now;
            then.push((new.place.clone(), OneOff { on: new.day, name: new.name.clone(), works: new.works }));
            (new.place.clone(), then)
        }
        Change::Withdraw(id) => {
            let at = kept.iter().position(|it| it.id == *id).ok_or(Error::NoSuch(*id))?;
            let gone = kept.remove(at);
            (gone.place, said(kept.iter()))
        }
    };
    let then = ctx.library.laws.with_days_off(&then);
    let laws = laws_by(ctx, conn, &place)?;
    let mut counted = Counted { ctx, then: &then, laws: KeptLaws::new(ctx), moves: Moves::default() };
    let mut after = 0;
    loop {
        let batch = requests::open_under(conn, &laws, (after, BATCH))?;
        let Some((last, _)) = batch.last() else { return Ok(counted.moves) };
        after = last.id;
        for (waiting, events) in &batch {
            // One that cannot be read is told of by the tick; it must not keep the others from being counted.
            let Ok(events) = events else { continue };
            let events = facts(events);
            counted.count(conn, (&waiting.regime, &waiting.regime_version), &events)?;
        }
    }
}

/// A count of what moves.
struct Counted<'a> {
    ctx: &'a Context,
    then: &'a Merged,
    laws: KeptLaws<'a>,
    moves: Moves,
}

impl Counted<'_> {
    fn count(
        &mut self,
        conn: &mut Conn,
        (regime, version): (&str, &str),
        facts: &[crate::domain::law::course::Fact],
    ) -> Result<(), Error> {
        let law = self.laws.get(conn, regime, version)?;
        let shipped = || self.ctx.library.laws.shared_calendar_of(&law.regime);
        let then = self.then.get(&law.regime.holiday_calendar).map_or_else(shipped, Arc::clone);
        self.moves.open += 1;
        let due = |calendar: &Calendar| {
            let course = course(&law.regime, calendar, facts).map_err(LawError::from)?;
            Ok::<_, Error>(course.answer.and_then(|answer| answer.due_on))
        };
        let (was, is) = (due(&law.calendar)?, due(&then)?);
        let today = law.day_of(self.ctx.clock.now());
        let late = |due: Option<chrono::NaiveDate>| due.is_some_and(|due| due < today);
        self.moves.moved += usize::from(was != is);
        self.moves.in_time_again += usize::from(late(was) && !late(is));
        self.moves.overdue += usize::from(!late(was) && late(is));
        Ok(())
    }
}

/// The laws under which requests were filed and that count, in some version, by a calendar that a place's days reach.
fn laws_by(ctx: &Context, conn: &mut Conn, place: &str) -> Result<Vec<String>, Error> {
    let reached = ctx.library.laws.reached_by(place);
    let mut found = BTreeSet::new();
    for (id, body) in requests::kept_regimes(conn)? {
        let regime: Regime = serde_json::from_str(&body).map_err(crate::store::Error::from)?;
        if reached.contains(regime.holiday_calendar.as_str()) {
            found.insert(id);
        }
    }
    Ok(found.into_iter().collect())
}

/// The calendar of a law as it was at a time, and what was added and withdrawn since, in words.
pub(super) fn as_of(
    ctx: &Context,
    conn: &mut Conn,
    law: &Regime,
    since: NaiveDateTime,
) -> Result<(Arc<Calendar>, Vec<Changed>), LawError> {
    let laws = &ctx.library.laws;
    let own = law.holiday_calendar.as_str();
    let kept = days_off::all(conn)?;
    let stood = |it: &&Kept| it.added_at <= since && it.withdrawn_at.is_none_or(|at| since < at);
    let before = laws.with_days_off(&said(kept.iter().filter(stood)));
    let calendar = before.get(own).map_or_else(|| laws.shared_calendar_of(law), Arc::clone);
    let changed = kept
        .iter()
        .filter(|it| stood(it) != in_force(it) && laws.reached_by(&it.place).contains(own))
        .map(|it| (it.day, words(it)))
        .collect();
    Ok((calendar, changed))
}

/// A change of the days off in words, as the public page and the letter say it.
fn words(kept: &Kept) -> String {
    let Kept { name, source, .. } = kept;
    let day = format!("{} {}", kept.day.format("%A"), long(kept.day));
    match (in_force(kept), kept.works) {
        (true, false) => format!("{day}, {name} ({source})"),
        (true, true) => format!("{day} is a working day, {name} ({source})"),
        (false, false) => format!("{day} is no day off after all, “{name}” was withdrawn"),
        (false, true) => format!("{day} is no working day after all, “{name}” was withdrawn"),
    }
}
