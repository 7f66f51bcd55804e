//! One request with all that is public of it.

mod answers;
mod storms;

use crate::domain::authority::AuthorityKind;
use crate::domain::law::remedy::RemedyStep;
use crate::domain::letter::Signature;
use crate::domain::publication::letter_text::covered;
use crate::domain::publication::timeline::Happened;
use crate::domain::request::state::{Outcome, Status};
use crate::store::published::erased::{self, Erased};
use crate::store::published::hidden;
use crate::store::schema::{
    attachments, authorities, campaigns, events, messages, outbox, regimes, request_questions, requests,
};
pub use crate::store::types::OutboxState;
use crate::store::types::{Direction, MessageState};
use crate::store::{Conn, Error};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// The request itself.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct Facts {
    /// Its number.
    #[serde(skip)]
    pub id: i64,
    /// Public reference.
    pub reference: String,
    /// Title of the bundle.
    pub title: String,
    /// Of the letter.
    pub language: String,
    /// Id of the law.
    pub regime: String,
    /// Version of its rules.
    pub regime_version: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it was filed.
    pub filed_at: NaiveDateTime,
    /// Day 0.
    pub received_on: Option<NaiveDate>,
    /// The due day before any extension.
    pub first_due_on: Option<NaiveDate>,
    /// The due day in force.
    pub due_on: Option<NaiveDate>,
    /// The day of the answer.
    pub answered_on: Option<NaiveDate>,
    /// Since when silence counts as a refusal, where it does.
    pub silence_refused_on: Option<NaiveDate>,
    /// The remedy that is under way.
    pub stage: Option<RemedyStep>,
}

/// The body that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct Asked {
    /// Address of its page.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// In English, where one is used.
    pub name_en: Option<String>,
    /// Language of the name.
    pub language: String,
    /// What kind of body it is.
    pub kind: AuthorityKind,
    /// Its country.
    pub country: String,
    /// Its place.
    pub place: String,
}

/// A campaign that a request belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct Campaign {
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
}

/// A question as asked.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct Question {
    /// Its place in the letter.
    pub position: i64,
    /// Its key.
    pub key: String,
    /// The words.
    pub body: String,
}

/// An answer as it was read, resting on a reply that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Key of the question.
    pub key: String,
    /// How it was dealt with.
    pub disposition: String,
    /// JSON list of grounds.
    pub grounds: String,
    /// The words that say so, where they stand in what is public.
    pub passage: Option<String>,
    /// How many people read it so.
    pub readers: usize,
    /// Whether a second person checked it.
    pub checked: bool,
}

/// A letter of ours, contacts and names covered.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct OurLetter {
    /// request, reminder, …
    pub letter: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
    /// Where it stands on its way.
    pub state: OutboxState,
    /// When it was written.
    pub created_at: NaiveDateTime,
    /// When the authority's mail server took it.
    pub accepted_at: Option<NaiveDateTime>,
}

/// A reply that is published.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct Reply {
    /// Its number: the address of its files.
    pub id: i64,
    /// When it came in.
    pub received_at: NaiveDateTime,
    /// What kind of reply it is.
    pub kind: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// Its subject as redacted.
    pub subject: Option<String>,
    /// Its text as redacted.
    pub text: Option<String>,
}

/// A file of a published reply.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct File {
    /// Number of its message.
    pub message_id: i64,
    /// Its place in the message.
    pub position: i64,
    /// Its name as redacted.
    pub name: String,
    /// Its type, as the sender gave it.
    pub content_type: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
}

/// All that is public of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The request itself.
    pub facts: Facts,
    /// Who was asked.
    pub asked: Asked,
    /// The group in whose name it was asked; persons are not named.
    pub group: Option<String>,
    /// Of which campaign.
    pub campaign: Option<Campaign>,
    /// What happened.
    pub events: Vec<Happened>,
    /// What was asked.
    pub questions: Vec<Question>,
    /// What was answered.
    pub answers: Vec<Answer>,
    /// Our letters.
    pub letters: Vec<OurLetter>,
    /// Replies that are published.
    pub replies: Vec<Reply>,
    /// When replies came in that are still being read.
    pub being_read: Vec<NaiveDateTime>,
    /// What was public of it and is erased.
    pub erased: Vec<Erased>,
    /// How many automatic mails say the same as the one that an event names.
    pub alike: BTreeMap<i64, i64>,
    /// Files of the published replies.
    pub files: Vec<File>,
    /// How many files of each published reply are not public.
    pub withheld: Vec<(i64, i64)>,
    /// The law as it stood when the request was filed, JSON.
    pub rules: Option<String>,
}

/// The request under a reference; none if its letter has not left.
pub fn find(conn: &mut Conn, reference: &str) -> Result<Option<Published>, Error> {
    let found: Option<(Facts, Asked, (Option<i64>, String))> = requests::table
        .inner_join(authorities::table)
        .filter(requests::reference.eq(reference))
        .filter(requests::status.ne_all(hidden()))
        .select((facts!(), asked!(), (requests::campaign_id, requests::signed_as)))
        .first(conn)
        .optional()?;
    let Some((facts, asked, (campaign, signed_as))) = found else { return Ok(None) };
    let id = facts.id;
    let replies = replies(conn, id)?;
    let shown: Vec<i64> = replies.iter().map(|reply| reply.id).collect();
    Ok(Some(Published {
        group: Signature::parse(&signed_as).group,
        campaign: campaign_of(conn, campaign)?,
        events: happened(conn, id)?,
        questions: questions(conn, id)?,
        answers: answers::of(conn, id, &replies)?,
        letters: letters(conn, id, &signed_as)?,
        being_read: storms::being_read(conn, id)?,
        erased: erased::of_request(conn, id)?,
        alike: storms::alike(conn, id)?,
        files: files(conn, &shown)?,
        withheld: withheld(conn, &shown)?,
        rules: rules(conn, &facts)?,
        replies,
        facts,
        asked,
    }))
}

macro_rules! facts {
    () => {
        (
            requests::id,
            requests::reference,
            requests::title,
            requests::language,
            requests::regime,
            requests::regime_version,
            requests::status,
            requests::outcome,
            requests::filed_at,
            requests::received_on,
            requests::first_due_on,
            requests::due_on,
            requests::answered_on,
            requests::silence_refused_on,
            requests::stage,
        )
    };
}
use facts;

macro_rules! asked {
    () => {
        (
            authorities::slug,
            authorities::name,
            authorities::name_en,
            authorities::language,
            authorities::kind,
            authorities::country,
            authorities::place,
        )
    };
}
use asked;

fn campaign_of(conn: &mut Conn, id: Option<i64>) -> Result<Option<Campaign>, Error> {
    let Some(id) = id else { return Ok(None) };
    let campaign = campaigns::table.find(id).select((campaigns::slug, campaigns::title));
    Ok(campaign.first(conn).optional()?)
}

fn happened(conn: &mut Conn, id: i64) -> Result<Vec<Happened>, Error> {
    let rows: Vec<(NaiveDateTime, String)> = events::table
        .filter(events::request_id.eq(id))
        .order(events::seq.asc())
        .select((events::at, events::body))
        .load(conn)?;
    rows.into_iter()
        .map(|(at, body)| Ok(Happened { at: at.and_utc(), event: serde_json::from_str(&body)? }))
        .collect()
}

fn questions(conn: &mut Conn, id: i64) -> Result<Vec<Question>, Error> {
    Ok(request_questions::table
        .filter(request_questions::request_id.eq(id))
        .order(request_questions::position.asc())
        .select((request_questions::position, request_questions::question_key, request_questions::body))
        .load(conn)?)
}

fn letters(conn: &mut Conn, id: i64, signed_as: &str) -> Result<Vec<OurLetter>, Error> {
    let mut letters: Vec<OurLetter> = outbox::table
        .filter(outbox::request_id.eq(id))
        .filter(outbox::state.ne(OutboxState::TakenBack))
        .order(outbox::id.asc())
        .select((
            outbox::letter,
            outbox::subject,
            outbox::body,
            outbox::state,
            outbox::created_at,
            outbox::accepted_at,
        ))
        .load(conn)?;
    for letter in &mut letters {
        letter.subject = covered(&letter.subject, signed_as);
        letter.body = covered(&letter.body, signed_as);
    }
    Ok(letters)
}

fn replies(conn: &mut Conn, id: i64) -> Result<Vec<Reply>, Error> {
    Ok(messages::table
        .filter(messages::request_id.eq(id))
        .filter(messages::direction.eq(Direction::In))
        .filter(messages::state.eq(MessageState::Settled))
        .filter(messages::published_at.is_not_null())
        .order((messages::received_at.asc(), messages::id.asc()))
        .select((
            messages::id,
            messages::received_at,
            messages::kind,
            messages::language,
            messages::published_subject,
            messages::published_text,
        ))
        .load(conn)?)
}

macro_rules! file {
    () => {
        (
            attachments::message_id,
            attachments::position,
            attachments::published_name.assume_not_null(),
            attachments::content_type,
            attachments::size,
            attachments::sha256,
        )
    };
}

fn files(conn: &mut Conn, messages: &[i64]) -> Result<Vec<File>, Error> {
    Ok(attachments::table
        .filter(attachments::message_id.eq_any(messages.to_vec()))
        .filter(attachments::published_at.is_not_null())
        .filter(attachments::published_name.is_not_null())
        .order((attachments::message_id.asc(), attachments::position.asc()))
        .select(file!())
        .load(conn)?)
}

fn withheld(conn: &mut Conn, messages: &[i64]) -> Result<Vec<(i64, i64)>, Error> {
    Ok(attachments::table
        .filter(attachments::message_id.eq_any(messages.to_vec()))
        .filter(attachments::published_at.is_null())
        .group_by(attachments::message_id)
        .select((attachments::message_id, diesel::dsl::count_star()))
        .load(conn)?)
}

/// The rules as they stood when the request was filed.
fn rules(conn: &mut Conn, facts: &Facts) -> Result<Option<String>, Error> {
    Ok(regimes::table
        .filter(regimes::regime.eq(&facts.regime))
        .filter(regimes::version.eq(&facts.regime_version))
        .select(regimes::body)
        .first(conn)
        .optional()?)
}

/// A published file of a published message; its SHA-256 is the key of its bytes.
pub fn file(conn: &mut Conn, message: i64, position: i64) -> Result<Option<File>, Error> {
    Ok(attachments::table
        .inner_join(messages::table.inner_join(requests::table))
        .filter(requests::status.ne_all(hidden()))
        .filter(attachments::message_id.eq(message))
        .filter(attachments::position.eq(position))
        .filter(attachments::published_at.is_not_null())
        .filter(attachments::published_name.is_not_null())
        .filter(messages::state.eq(MessageState::Settled))
        .filter(messages::published_at.is_not_null())
        .select(file!())
        .first(conn)
        .optional()?)
}
