//! One letter to one or many authorities: read exactly as it will be sent, then filed, each under its own law.

mod draft;
mod same;

pub use same::Same;

use crate::domain::authority::fold;
use crate::domain::law::deadline::{Clock, deadline};
use crate::domain::law::regime::Regime;
use crate::domain::letter::{self, Letter, Signature};
use crate::domain::publication::counting::Days;
use crate::domain::publication::derivation::Derivation;
use crate::domain::questions::Bundle;
use crate::domain::reference::{PublicReference, ReplyToken};
use crate::domain::request::event::Event;
use crate::mail::{compose, letters, signing};
use crate::service::Context;
use crate::store::audit::{self, Act};
use crate::store::matching::again;
use crate::store::outbox::NewLetter;
use crate::store::requests::{self, NewRequest, Stamp};
use crate::store::{Conn, outbox, transaction};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use draft::{Draft, drafts, write};
use same::same_letters;

/// What a form says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filing {
    /// Numbers of the authorities.
    pub authorities: Vec<i64>,
    /// Key of the bundle.
    pub bundle: String,
    /// Of the letters; none = each authority's own.
    pub language: Option<String>,
    /// A person, and a group on a line of its own (`Signature::stored`).
    pub signed_as: String,
    /// Of the form: the same form files once, however often it is sent.
    pub form_key: String,
    /// Of which campaign.
    pub campaign: Option<i64>,
    /// References of requests beside which the same letter is to be a second one.
    pub again: Vec<String>,
    /// References of which the form said that they are the same letter; what is not in `again` is left out.
    pub told: Vec<String>,
}

/// A letter as it will be sent. Only the reference may grow and the secret part of the address is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Number of the authority.
    pub authority_id: i64,
    /// Its name.
    pub authority: String,
    /// Of the letter.
    pub language: String,
    /// Id of the law.
    pub regime: String,
    /// The law as cited.
    pub law: String,
    /// The time limit in words.
    pub limit: String,
    /// Where it goes.
    pub to: String,
    /// Where replies go; the secret part as dots.
    pub from: String,
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
    /// The due day if it left today.
    pub due_if_sent_today: Option<NaiveDate>,
    /// How that day is counted.
    pub derivation: Option<Derivation>,
    /// Why the law may be the wrong one.
    pub alarms: Vec<String>,
    /// What else to look at before sending.
    pub warnings: Vec<String>,
    /// Why it cannot be sent at all.
    pub impossible: Option<String>,
    /// The same letter, which this person filed lately.
    pub same: Option<Same>,
}

/// A request that was filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// Public reference.
    pub reference: String,
    /// Name of the authority.
    pub authority: String,
    /// Until then it can be taken back.
    pub leaves_at: DateTime<Utc>,
}

/// Why nothing was filed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// No authority was chosen.
    #[error("expected one or more authorities, found none")]
    NobodyAsked,
    /// There is no such bundle.
    #[error("expected a bundle of questions, found `{0}`")]
    UnknownBundle(String),
    /// Several laws want a name under the letter.
    #[error("expected the name of the person who asks, found none")]
    NoName,
    /// These letters were filed before, and nobody said that they are to go a second time.
    #[error("the same letter was filed lately to {} of them", .0.len())]
    Same(Vec<Same>),
    /// A letter cannot be sent.
    #[error("the letter to {authority} cannot be sent: {why}")]
    Impossible {
        /// To whom.
        authority: String,
        /// Why.
        why: String,
    },
    /// The questions cannot be put.
    #[error(transparent)]
    Questions(#[from] letter::Error),
    /// The letter cannot be written.
    #[error(transparent)]
    Letter(#[from] letters::Error),
    /// The letter cannot be made a mail.
    #[error(transparent)]
    Mail(#[from] compose::Error),
    /// The settings name a key, and it signs nothing.
    #[error(
        "nothing was filed, because the letter could not be signed; whoever runs this service must look: {0}"
    )]
    Signing(#[from] signing::Error),
    /// There is no such request.
    #[error("there is no request `{0}`")]
    NoSuchRequest(String),
    /// The letter has left.
    #[error("the letter of `{0}` has left and cannot be taken back")]
    TooLate(String),
    /// The machine has no randomness.
    #[error("the machine gave no random bytes: {0}")]
    Random(String),
}

/// Every letter exactly as it will be sent; nothing is stored.
pub fn preview(ctx: &Context, conn: &mut Conn, person: i64, filing: &Filing) -> Result<Vec<Preview>, Error> {
    let bundle = bundle_of(ctx, filing)?;
    let now = ctx.clock.now();
    let first = next_number(requests::next_reference(conn, now.year())?.as_str());
    let mut previews = Vec::new();
    let drafts = drafts(ctx, conn, filing, bundle)?;
    let same = same_letters(ctx, conn, (person, filing, bundle), &drafts)?;
    for ((offset, draft), same) in (0_i64..).zip(drafts).zip(same) {
        let reference = PublicReference::new(now.year(), first + offset);
        // As long as a token, so that lines break where they will.
        let from = format!("r-{}-{}@{}", reference.as_str(), "·".repeat(20), ctx.config.reply_domain);
        let (letter, deadline) = match draft.regime.filter(|_| draft.impossible.is_none()) {
            Some(regime) => {
                let letter = write(&draft, regime, (bundle, filing), (&reference, &from), now)?;
                let today = now.with_timezone(&regime.zone).date_naive();
                let calendar = ctx.calendar_of(conn, regime)?;
                let days = Days::of(regime, &calendar, today);
                let counted = deadline(regime, &calendar, &Clock::received(today)).ok();
                (letter, counted.map(|counted| (counted.due_on, Derivation::of(&counted, &days))))
            }
            None => (Letter { subject: String::new(), body: String::new() }, None),
        };
        let (due, derivation) = deadline.map_or((None, None), |(due, derivation)| (due, Some(derivation)));
        previews.push(Preview {
            authority_id: draft.authority.id,
            authority: draft.authority.name,
            language: draft.language.as_str().to_owned(),
            regime: draft.regime.map(|r| r.id.to_string()).unwrap_or_default(),
            law: draft.regime.map(|r| r.citation.clone()).unwrap_or_default(),
            limit: draft.regime.map(Regime::limit_in_words).unwrap_or_default(),
            to: draft.email.unwrap_or_default(),
            from,
            subject: letter.subject,
            body: letter.body,
            due_if_sent_today: due,
            derivation: derivation.filter(|_| due.is_some()),
            alarms: draft.alarms,
            // One word on the same request is enough.
            warnings: without(draft.warnings, same.as_ref()),
            impossible: draft.impossible,
            same,
        });
    }
    Ok(previews)
}

/// Files the letters: requests, events, outbox rows, Message-IDs and final bytes in one transaction.
/// The same form files once: a second press returns what the first one filed. The same letter from another form is
/// asked about (`Error::Same`), whoever comes first.
pub fn file(ctx: &Context, conn: &mut Conn, person: i64, filing: &Filing) -> Result<Vec<Filed>, Error> {
    let bundle = bundle_of(ctx, filing)?;
    if Signature::parse(&filing.signed_as).person.is_empty() {
        return Err(Error::NoName);
    }
    let now = ctx.clock.now();
    let leaves_at = now + ctx.config.undo;
    transaction(conn, |conn| {
        let drafts = drafts(ctx, conn, filing, bundle)?;
        let keys: Vec<String> = drafts.iter().map(|draft| form_key(person, filing, draft)).collect();
        // Taken before the look-up, so that two presses at once wait for each other.
        let mut reference = requests::next_reference(conn, now.year())?;
        let filed = requests::filed_by_form(conn, &keys)?;
        let same = same_letters(ctx, conn, (person, filing, bundle), &drafts)?;
        let is_filed = |id: i64| filed.iter().any(|(authority, _)| *authority == id);
        let left_out: Vec<Same> = same
            .into_iter()
            .flatten()
            .filter(|same| !is_filed(same.authority_id) && !filing.again.contains(&same.reference))
            .collect();
        // Nobody was told of one of these, or there is nothing else to file.
        let untold = left_out.iter().any(|same| !filing.told.contains(&same.reference));
        if untold || left_out.len() == drafts.len() {
            return Err(Error::Same(left_out));
        }
        let mut done = Vec::with_capacity(drafts.len());
        for draft in drafts {
            if left_out.iter().any(|same| same.authority_id == draft.authority.id) {
                continue;
            }
            if let Some((_, again)) = filed.iter().find(|(authority, _)| *authority == draft.authority.id) {
                done.push(Filed { reference: again.clone(), authority: draft.authority.name, leaves_at });
                continue;
            }
            file_one(ctx, conn, (person, filing, bundle), &draft, &reference)?;
            done.push(Filed {
                reference: reference.as_str().to_owned(),
                authority: draft.authority.name,
                leaves_at,
            });
            reference = PublicReference::new(now.year(), next_number(reference.as_str()) + 1);
        }
        Ok(done)
    })
}

/// Takes a letter back that has not left.
pub fn take_back(ctx: &Context, conn: &mut Conn, person: i64, reference: &str) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let missing = || Error::NoSuchRequest(reference.to_owned());
        let request = requests::by_reference(conn, reference)?.ok_or_else(missing)?;
        // The request before its letter, as everywhere.
        requests::lock(conn, request.id)?;
        let letter = outbox::of_request(conn, request.id, "request")?.ok_or_else(missing)?;
        if !outbox::take_back(conn, letter.id)? {
            return Err(Error::TooLate(reference.to_owned()));
        }
        requests::append(conn, request.id, &Event::TakenBack, Stamp { at: now, person: Some(person) })?;
        Ok(audit::append(conn, &act(now, person, "take_back", reference))?)
    })
}

fn act<'a>(at: DateTime<Utc>, person: i64, action: &'a str, reference: &str) -> Act<'a> {
    let subject = format!("request:{reference}");
    Act { at, person: Some(person), action, subject, body: serde_json::json!({}) }
}

fn bundle_of<'a>(ctx: &'a Context, filing: &Filing) -> Result<&'a Bundle, Error> {
    if filing.authorities.is_empty() {
        return Err(Error::NobodyAsked);
    }
    let catalogue = &ctx.library.catalogue;
    catalogue.bundle(&filing.bundle).ok_or_else(|| Error::UnknownBundle(filing.bundle.clone()))
}

/// The warnings but for the one that the same request is open.
fn without(mut warnings: Vec<String>, same: Option<&Same>) -> Vec<String> {
    if let Some(same) = same {
        warnings.retain(|warning| !warning.contains(&same.reference));
    }
    warnings
}

fn next_number(reference: &str) -> i64 {
    reference.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(1)
}

fn form_key(person: i64, filing: &Filing, draft: &Draft<'_>) -> String {
    format!("{person}-{}-{}", filing.form_key, draft.authority.id)
}

fn file_one(
    ctx: &Context,
    conn: &mut Conn,
    (person, filing, bundle): (i64, &Filing, &Bundle),
    draft: &Draft<'_>,
    reference: &PublicReference,
) -> Result<(), Error> {
    let impossible = |why: String| Error::Impossible { authority: draft.authority.name.clone(), why };
    if let Some(why) = &draft.impossible {
        return Err(impossible(why.clone()));
    }
    let (Some(regime), Some(email)) = (draft.regime, &draft.email) else {
        return Err(impossible("law or address is missing".to_owned()));
    };
    let now = ctx.clock.now();
    let token = ReplyToken::from_random(random()?);
    let reply_address = token.address(reference, &ctx.config.reply_domain);
    let letter = write(draft, regime, (bundle, filing), (reference, &reply_address), now)?;
    let message_id = compose::message_id(&random()?, &ctx.config.reply_domain);
    let mail = compose::compose(&outgoing(&letter, &message_id, (email, &reply_address), (filing, now)))?;
    let bytes = ctx.signed(mail.bytes)?;
    let rules = serde_json::to_string(regime).map_err(crate::store::Error::from)?;
    requests::keep_regime(conn, (regime.id.as_str(), &regime.version), &rules, now)?;
    let id = requests::insert(
        conn,
        &NewRequest {
            reference: reference.clone(),
            authority_id: draft.authority.id,
            campaign_id: filing.campaign,
            person_id: person,
            form_key: form_key(person, filing, draft),
            bundle: bundle.key.clone(),
            language: draft.language.as_str().to_owned(),
            title: bundle.title.clone(),
            signed_as: Signature::parse(&filing.signed_as).stored(),
            regime: regime.id.to_string(),
            regime_version: regime.version.clone(),
            reply_token_hash: token.hash(),
            reply_address,
            filed_at: now,
            folded: folded(draft, bundle),
            questions: draft.questions.iter().map(|q| (q.key.clone(), q.text.clone())).collect(),
        },
    )?;
    let filed = Event::Filed { letter: message_id.clone() };
    requests::append(conn, id, &filed, Stamp { at: now, person: Some(person) })?;
    outbox::enqueue(
        conn,
        &NewLetter {
            request_id: id,
            letter: "request".to_owned(),
            mail_message_id: message_id,
            blob_sha256: ctx.blobs.put(&bytes)?,
            subject: letter.subject,
            body: letter.body,
            envelope_from: mail.envelope_from,
            envelope_to: mail.envelope_to,
            leave_after: now + ctx.config.undo,
            created_at: now,
        },
    )?;
    // A reply may be here already that nobody could place.
    again::touch_for_request(conn, reference.as_str(), draft.authority.id)?;
    Ok(audit::append(conn, &act(now, person, "file", reference.as_str()))?)
}

/// The letter as a mail; its Message-ID is made once, so that a repeat is the same letter.
fn outgoing(
    letter: &Letter,
    message_id: &str,
    (to, reply_address): (&str, &str),
    (filing, date): (&Filing, DateTime<Utc>),
) -> compose::OutgoingLetter {
    compose::OutgoingLetter {
        from_name: Signature::parse(&filing.signed_as).person,
        reply_address: reply_address.to_owned(),
        to: to.to_owned(),
        subject: letter.subject.clone(),
        body: letter.body.clone(),
        message_id: message_id.to_owned(),
        date,
        in_reply_to: None,
        references: Vec::new(),
    }
}

/// What a search for the request looks through.
fn folded(draft: &Draft<'_>, bundle: &Bundle) -> String {
    let english = draft.authority.name_en.as_deref().unwrap_or_default();
    fold(&format!("{} {english} {}", draft.authority.name, bundle.title))
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|e| Error::Random(e.to_string()))?;
    Ok(bytes)
}
