//! A reply beside its request, and what the reader makes of it: `/desk/messages/<id>`.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::matching::Match;
use crate::domain::incoming::proposal::Proposal;
use crate::domain::incoming::reading::Kind as Read;
use crate::domain::publication::flow::flow;
use crate::domain::publication::grounds::Cites;
use crate::domain::publication::offer::Offer;
use crate::service::triage::{self, Settlement};
use crate::service::{Context, sign_in};
use crate::store::desk::letters;
use crate::store::desk::message::{self, Asked, Message};
use crate::store::types::MessageState;
use crate::store::{Conn, erasure};
use crate::web::desk::answers::{self, Returned};
use crate::web::desk::asked;
use crate::web::desk::authenticity;
use crate::web::desk::candidates;
use crate::web::desk::consequence::{self, Then};
use crate::web::desk::correction::{self, Faults, Typed};
use crate::web::desk::erased;
use crate::web::desk::folding;
use crate::web::desk::guards::{Said, SignedIn, Triage};
use crate::web::desk::passages::Segment;
use crate::web::desk::publishing::offered;
use crate::web::desk::reading::{self, Shown};
use crate::web::desk::words::{self, Choice, Lapse, Tag};
use crate::web::desk::{show, show_wrong};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::page::{Chrome, Link};
use crate::web::rendered::Rendered;
use chrono::NaiveDateTime;
use rocket::{Route, State, get, routes};
use serde::Serialize;
use std::collections::BTreeMap;

/// The template of this file.
pub const TEMPLATE: &str = "desk/message.html";

/// A message as it is read at the desk.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    id: i64,
    state: MessageState,
    state_words: &'static str,
    waits: bool,
    subject: String,
    language: Option<String>,
    head: Head,
    /// Who wrote it.
    author: authenticity::Shown,
    read: Shown,
    ask: Option<String>,
    /// Why it was set aside.
    aside: Option<String>,
    request: Option<Request>,
    proposed: Option<Proposed>,
    guesses: Vec<candidates::Guess>,
    kinds: Vec<Kind>,
    outcomes: Vec<Choice>,
    typed: Typed,
    faults: BTreeMap<&'static str, Option<String>>,
    assign_typed: String,
    reason_typed: String,
    settled: Option<Settled>,
    published: bool,
    public: Option<Public>,
    answers: Vec<answers::Row>,
    dispositions: Vec<Choice>,
    /// How many automatic messages say the same, itself among them; 0 = none.
    alike: i64,
}

/// What is public of a settled message, or would be.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Public {
    /// The redacted subject.
    pub subject: String,
    /// The redacted text.
    pub text: String,
    /// Positions of the files.
    pub files: Vec<i64>,
    /// Whether the tick says that what hides in the files was looked at.
    pub looked: bool,
}

/// What the head of the mail says, and what we know of it ourselves.
#[derive(Debug, Clone, Serialize)]
struct Head {
    from_name: Option<String>,
    from_address: Option<String>,
    received_at: NaiveDateTime,
    dated_at: Option<NaiveDateTime>,
    recipient: String,
    to: Vec<String>,
    message_id: Option<String>,
    size: i64,
    sha256: String,
    automatic: Option<&'static str>,
    arrivals: Vec<(NaiveDateTime, String)>,
    /// How often it came again after it was erased, and when last.
    returns: (i64, Option<NaiveDateTime>),
    foreign: Option<bool>,
}

/// The request that the message is filed to.
#[derive(Debug, Clone, Serialize)]
struct Request {
    reference: String,
    title: String,
    authority: String,
    authority_language: String,
    standing: Tag,
    lapse: Lapse,
    why: Vec<String>,
    letter: Option<Ours>,
}

#[derive(Debug, Clone, Serialize)]
struct Ours {
    subject: String,
    body: String,
    language: String,
    accepted_at: Option<NaiveDateTime>,
}

/// What "accept" would record, or "save" after another kind was picked.
#[derive(Debug, Clone, Serialize)]
struct Proposed {
    /// The kind that a person picked instead of the one that was read.
    picked: Option<Tag>,
    then: Vec<Then>,
    publish: Option<Vec<Segment>>,
    /// The files that this text was taken from, where the mail has none of its own.
    from_files: Vec<String>,
    /// Whether the mail has no text that could be proposed.
    silent: bool,
    seal: String,
}

#[derive(Debug, Clone, Serialize)]
struct Kind {
    value: &'static str,
    tag: Tag,
}

#[derive(Debug, Clone, Serialize)]
struct Settled {
    at: NaiveDateTime,
    by: Option<String>,
}

/// A form that came back: what was typed and what is wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Back {
    /// The correction.
    pub typed: Option<Typed>,
    /// What is wrong, by field.
    pub faults: Faults,
    /// The reference to file it to.
    pub reference: String,
    /// Why it is set aside.
    pub reason: String,
    /// What is to be public.
    pub public: Option<Public>,
    /// The answers as typed.
    pub answers: Option<Returned>,
    /// The kind that was picked instead of the one that was read.
    pub kind: Option<Read>,
}

fn load(ctx: &Context, conn: &mut Conn, (id, person, mut back): (i64, i64, Back)) -> Result<Page, Error> {
    let message = message::load(conn, id)?.ok_or(Error::NotFound(What::Message))?;
    let files = message::attachments(conn, id)?;
    let arrivals = message::arrivals(conn, id)?;
    let by = if message.settled_at.is_some() { message::settled_by(conn, id)? } else { None };
    let incoming: Option<Incoming> = serde_json::from_str(&message.reading).ok();
    let proposal: Option<Proposal> = serde_json::from_str(&message.proposal).ok();
    let matches = proposal.as_ref().map(|p| p.matches.clone()).unwrap_or_default();
    let ids: Vec<i64> = message.request_id.into_iter().chain(matches.iter().map(|m| m.request_id)).collect();
    let asked = message::asked(conn, &ids)?;
    let proposed = triage::proposed_settlement(ctx, conn, id).map_err(|e| Error::internal(&e))?;
    let picked = picked(ctx, conn, (id, back.kind.filter(|_| back.typed.is_none()), proposed.as_ref()))?;
    let own = asked.iter().find(|a| Some(a.id) == message.request_id);
    let references: Vec<String> = own.iter().map(|own| own.reference.clone()).collect();
    let letters = letters::of_references(conn, &references)?;
    let found = matches.iter().find(|m| Some(m.request_id) == message.request_id);
    let foreign = found.map(|found| found.foreign_sender);
    let public = offered(conn, (&message, &files), back.public.take())?;
    let answers = answers::rows(conn, (&message, person), back.answers.take())?;
    let typed = match back.typed {
        Some(typed) => typed,
        None => filled((&message, back.kind), picked.as_ref().or(proposed.as_ref())),
    };
    let answered = asked::answered(ctx, conn, (&message, &files), incoming.as_ref())?;
    let kind = picked.as_ref().map(|picked| picked.kind);
    let offer =
        incoming.as_ref().map_or_else(Default::default, |mail| Context::offer(&message.own_text, mail, kind));
    let ask = message.held_reason.clone().or(proposal.and_then(|proposal| proposal.ask));
    let read =
        reading::shown((&message, files), incoming.as_ref(), own.and_then(|own| law_of(ctx, own)), &answered);
    Ok(Page {
        request: own.map(|own| request(ctx, own, (found, letters))),
        proposed: match picked.as_ref().or(proposed.as_ref()) {
            Some(it) => Some(self::proposed(ctx, conn, (it, picked.is_some()), &offer)?),
            None => None,
        },
        guesses: candidates::of(ctx, &asked, (&matches, message.request_id)),
        head: Head { returns: erasure::returns(conn, id)?, ..head(&message, arrivals, foreign) },
        alike: folding::alike(conn, id)?,
        author: authenticity::shown(conn, id)?,
        settled: message.settled_at.map(|at| Settled { at, by }),
        state: message.state,
        state_words: words::message_state(message.state),
        waits: message.settled_at.is_none() && message.state != MessageState::SetAside,
        published: message.published_at.is_some(),
        dispositions: if answers.is_empty() { Vec::new() } else { answers::dispositions(ctx) },
        public,
        answers,
        id,
        subject: if message.subject.trim().is_empty() { "(no subject)".to_owned() } else { message.subject },
        language: message.language,
        read,
        aside: message.held_reason.clone().filter(|_| message.state == MessageState::SetAside),
        ask: ask.map(|ask| authenticity::asked_of_sender(ask, foreign)),
        kinds: words::KINDS.iter().map(|(value, ..)| Kind { value, tag: words::kind(value) }).collect(),
        outcomes: outcomes(),
        typed,
        faults: FIELDS.iter().map(|field| (*field, back.faults.get(field).cloned())).collect(),
        assign_typed: back.reference,
        reason_typed: back.reason,
    })
}

/// What the reading would be if it were of the kind that a person picked; none if it was read so.
fn picked(
    ctx: &Context,
    conn: &mut Conn,
    (id, kind, proposed): (i64, Option<Read>, Option<&Settlement>),
) -> Result<Option<Settlement>, Error> {
    match kind.filter(|kind| proposed.is_none_or(|proposed| proposed.kind != *kind)) {
        Some(kind) => triage::proposed_as(ctx, conn, (id, Some(kind))).map_err(|e| Error::internal(&e)),
        None => Ok(None),
    }
}

/// The form as what was proposed or picked fills it in.
fn filled((message, kind): (&Message, Option<Read>), proposed: Option<&Settlement>) -> Typed {
    let bare = || Typed {
        kind: kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        seen: correction::seen(message.settled_at),
        ..Typed::default()
    };
    proposed.map_or_else(bare, Typed::of)
}

/// The law of the request, to which its grounds must belong.
fn law_of<'a>(ctx: &'a Context, asked: &Asked) -> Option<Cites<'a>> {
    let law = ctx.library.laws.regime(&asked.regime.parse().ok()?)?;
    Some(Cites { index: &ctx.library.knowledge.citations, law })
}

/// The fields that something can be wrong with, in the names of the forms.
#[rustfmt::skip]
const FIELDS: &[&str] = &[
    "kind", "outcome", "rest", "grounds", "until", "registered", "fee", "passed", "text", "looked", "reference", "reason",
    "public", "public_looked",
];

fn outcomes() -> Vec<Choice> {
    use crate::domain::request::state::Outcome;
    Outcome::ALL.iter().map(|outcome| Choice::new(outcome.as_str(), words::outcome(*outcome).words)).collect()
}

fn head(message: &Message, arrivals: Vec<(NaiveDateTime, String)>, foreign: Option<bool>) -> Head {
    Head {
        from_name: message.from_name.clone(),
        from_address: message.from_address.clone(),
        received_at: message.received_at,
        dated_at: message.dated_at,
        recipient: message.recipient.clone(),
        to: serde_json::from_str(&message.to_addresses).unwrap_or_default(),
        message_id: message.mail_message_id.clone(),
        size: message.size,
        sha256: message.blob_sha256.clone(),
        automatic: match message.automatic.as_str() {
            "auto_reply" => Some("An automatic reply"),
            "bounce" => Some("A report that a letter was not delivered"),
            "receipt" => Some("A receipt"),
            "list" => Some("Sent through a mailing list"),
            _ => None,
        },
        arrivals,
        returns: (0, None),
        foreign,
    }
}

fn request(
    ctx: &Context,
    asked: &Asked,
    (found, letters): (Option<&Match>, Vec<letters::Letter>),
) -> Request {
    let today = words::today(ctx, &asked.regime);
    Request {
        standing: words::standing(asked.status, asked.outcome, (asked.due_on, today)),
        lapse: words::lapse(asked.status, asked.due_on, today),
        why: found.filter(|found| !found.reasons.is_empty()).map_or_else(
            || vec!["A person filed it here.".to_owned()],
            |found| found.reasons.iter().map(crate::domain::incoming::matching::Reason::in_words).collect(),
        ),
        letter: letters.into_iter().next().map(|letter| Ours {
            subject: letter.subject,
            body: flow(&letter.body),
            language: letter.language,
            accepted_at: letter.accepted_at,
        }),
        reference: asked.reference.clone(),
        title: asked.title.clone(),
        authority: asked.authority.clone(),
        authority_language: asked.authority_language.clone(),
    }
}

fn proposed(
    ctx: &Context,
    conn: &mut Conn,
    (settlement, is_picked): (&Settlement, bool),
    offer: &Offer,
) -> Result<Proposed, Error> {
    Ok(Proposed {
        picked: is_picked.then(|| words::kind(settlement.kind.as_str())),
        then: consequence::of(ctx, conn, settlement)?,
        publish: settlement.publish.as_deref().map(folding::plain),
        from_files: offer.files.clone(),
        silent: offer.text.is_none(),
        seal: seal(settlement),
    })
}

/// Stands for all that "accept" would record: what was seen is what is accepted, or nothing is.
pub(crate) fn seal(settlement: &Settlement) -> String {
    sign_in::token_hash(&format!("{settlement:?}"))
}

fn chrome(me: &SignedIn, said: Said) -> Chrome {
    me.chrome(said, "Message", "queue")
}

#[get("/desk/messages/<id>?<kind>")]
async fn get(
    site: &State<Site>,
    me: Triage,
    said: Said,
    id: i64,
    kind: Option<String>,
) -> Result<Rendered, Error> {
    let person = me.0.person.id;
    let back = Back { kind: kind.and_then(|kind| kind.parse().ok()), ..Back::default() };
    let chrome = chrome(&me.0, said);
    if let Some(page) = site.store.run(move |conn| erased::page(conn, id)).await? {
        return show(site, erased::TEMPLATE, chrome, move |_, _| Ok(page)).await;
    }
    show(site, TEMPLATE, chrome, move |ctx, conn| load(ctx, conn, (id, person, back))).await
}

/// What is wrong, each with the field that it is about.
fn errors(page: &Page) -> Vec<Link> {
    let field = |name: &str| match name {
        "kind" => "#f-kind".to_owned(),
        "until" | "registered" | "passed" => format!("#f-{name}-d"),
        "reference" => "#f-ref".to_owned(),
        "public" => "#p-text".to_owned(),
        "public_looked" => "#p-looked".to_owned(),
        name => format!("#f-{name}"),
    };
    let faults = page.faults.iter().filter_map(|(name, words)| Some(Link::new(field(name), words.as_ref()?)));
    let rows = page.answers.iter().enumerate().filter_map(|(n, row)| {
        Some(Link::new(format!("#a-{n}"), format!("Question {}: {}", n + 1, row.error()?)))
    });
    faults.chain(rows).collect()
}

/// The same page with what was typed and what is wrong with it.
pub(crate) async fn again(site: &Site, me: &Triage, (id, back): (i64, Back)) -> Result<Rendered, Error> {
    let person = me.0.person.id;
    let chrome = chrome(&me.0, Said::default());
    let page =
        show_wrong(site, (TEMPLATE, chrome), move |ctx, conn| load(ctx, conn, (id, person, back)), errors);
    Ok(page.await?.with_status(rocket::http::Status::UnprocessableEntity))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
