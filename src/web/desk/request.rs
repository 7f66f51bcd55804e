//! One request with all that only the desk may see: `/desk/requests/<reference>`.

use crate::domain::letter::Signature;
use crate::domain::request::state::{Outcome, Status};
use crate::service::{Context, delivery, filing};
use crate::store::Conn;
use crate::store::authorities;
use crate::store::desk::{letters, requests};
use crate::store::types::OutboxState;
use crate::web::desk::clocks::{self, Clocks};
use crate::web::desk::guards::{CsrfForm, Nothing, Said, SignedIn};
use crate::web::desk::letters::Letter;
use crate::web::desk::secrets;
use crate::web::desk::steps::{Back, Typed};
use crate::web::desk::words::{self, Choice, Tag};
use crate::web::desk::{done, show, show_wrong};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use chrono::{NaiveDate, NaiveDateTime};
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;
use std::collections::BTreeMap;

/// The template of this file.
pub const TEMPLATE: &str = "desk/request.html";

/// One request as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    reference: String,
    title: String,
    authority: String,
    authority_language: String,
    authority_slug: String,
    standing: Tag,
    law: String,
    regime: String,
    regime_version: String,
    clocks: Clocks,
    /// What was typed into the form of steps.
    typed: Typed,
    faults: BTreeMap<&'static str, Option<String>>,
    /// What a person must be sure of.
    early: Option<String>,
    outcomes: Vec<Choice>,
    due_on: Option<NaiveDate>,
    received_on: Option<NaiveDate>,
    filed_at: NaiveDateTime,
    filed_by: String,
    signed_as: String,
    reply_address: Option<String>,
    may_act: bool,
    may_read: bool,
    /// What was taken back was never public.
    is_public: bool,
    authority_id: i64,
    events: Vec<Happened>,
    letters: Vec<Letter>,
    messages: Vec<Message>,
}

#[derive(Debug, Clone, Serialize)]
struct Happened {
    seq: i64,
    at: NaiveDateTime,
    heading: String,
    more: Vec<String>,
    message: Option<i64>,
    person: Option<String>,
    late: bool,
    /// It may be taken back.
    may_go: bool,
    /// It counts no more.
    gone: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Message {
    id: i64,
    subject: String,
    language: Option<String>,
    from: String,
    received_at: NaiveDateTime,
    kind: Option<Tag>,
    state: &'static str,
    published: bool,
    /// How many messages the line stands for, where it is more than one.
    alike: Option<i64>,
}

fn load(
    ctx: &Context,
    conn: &mut Conn,
    (reference, me): (&str, &SignedIn),
    back: Back,
) -> Result<Page, Error> {
    let whole = requests::whole(conn, reference)?.ok_or(Error::NotFound(What::Request))?;
    let events = requests::events(conn, whole.id)?;
    let letters = letters::of_request(conn, whole.id)?;
    let messages = requests::messages(conn, whole.id)?;
    let clocks = clocks::load(ctx, conn, whole.id)?;
    let today = words::today(ctx, &whole.regime);
    let runs = whole.status.has_clocks();
    let may_read = me.person.role.may_triage();
    let may_act = may_read || whole.person_id == me.person.id;
    let now = ctx.clock.now();
    let domain = ctx.config.reply_domain.as_str();
    let shown = |letter: Letter| if may_act { letter } else { secrets::masked(letter, domain) };
    let mut letters: Vec<Letter> = letters.into_iter().map(|letter| shown(Letter::of(letter, now))).collect();
    let in_use = authorities::in_use(conn, whole.authority_id)?;
    for letter in letters.iter_mut().filter(|letter| letter.lost) {
        letter.addresses = in_use.iter().filter(|address| **address != letter.to).cloned().collect();
    }
    Ok(Page {
        is_public: whole.status != Status::TakenBack,
        authority_id: whole.authority_id,
        standing: words::standing(whole.status, whole.outcome, (whole.due_on, today)),
        law: words::law(ctx, &whole.regime),
        letters,
        reply_address: may_act.then_some(whole.reply_address),
        may_act,
        may_read,
        events: events.into_iter().map(|event| happened(event, (&clocks, domain))).collect(),
        clocks,
        typed: back.typed,
        faults: FIELDS.iter().map(|field| (*field, back.faults.get(field).cloned())).collect(),
        early: back.early,
        outcomes: Outcome::ALL.iter().map(|it| Choice::new(it.as_str(), words::outcome(*it).words)).collect(),
        messages: messages.into_iter().map(message).collect(),
        reference: whole.reference,
        title: whole.title,
        authority: whole.authority,
        authority_language: whole.authority_language,
        authority_slug: whole.authority_slug,
        regime: whole.regime,
        regime_version: whole.regime_version,
        due_on: whole.due_on.filter(|_| runs),
        received_on: whole.received_on.filter(|_| runs),
        filed_at: whole.filed_at,
        filed_by: whole.person,
        signed_as: Signature::parse(&whole.signed_as).to_string(),
    })
}

/// The fields of the form of steps.
const FIELDS: &[&str] = &["what", "on", "outcome"];

fn happened(happened: requests::Happened, (clocks, domain): (&Clocks, &str)) -> Happened {
    let (heading, more) = words::event(&happened.event);
    let more = more.into_iter().map(|line| secrets::without_reply_addresses(&line, domain));
    Happened {
        seq: happened.seq,
        at: happened.at,
        heading,
        more: more.filter(|line| !line.is_empty()).collect(),
        message: happened.event.message(),
        person: happened.person,
        late: happened.event.kind() == "overdue",
        may_go: clocks.may_go.contains(&happened.seq),
        gone: clocks.gone.contains(&happened.seq),
    }
}

fn message(message: requests::Message) -> Message {
    Message {
        id: message.id,
        subject: if message.subject.trim().is_empty() { "(no subject)".to_owned() } else { message.subject },
        language: message.language,
        from: message.from_name.or(message.from_address).unwrap_or_else(|| "No sender".to_owned()),
        received_at: message.received_at,
        kind: message.kind.as_deref().map(words::kind),
        state: words::message_state(message.state),
        published: message.published_at.is_some(),
        alike: (message.folded > 0).then_some(message.folded + 1),
    }
}

#[get("/desk/requests/<reference>", rank = 2)]
async fn get(site: &State<Site>, me: SignedIn, said: Said, reference: &str) -> Result<Rendered, Error> {
    let chrome = me.chrome(said, format!("Request {reference}"), "requests");
    let reference = reference.to_owned();
    show(site, TEMPLATE, chrome, move |ctx, conn| load(ctx, conn, (&reference, &me), Back::default())).await
}

/// The same page with what was typed into the form of steps and what is wrong with it.
pub(crate) async fn again(
    site: &Site,
    me: SignedIn,
    (reference, back): (&str, Back),
) -> Result<Rendered, Error> {
    let chrome = me.chrome(Said::default(), format!("Request {reference}"), "requests");
    let reference = reference.to_owned();
    let page = show_wrong(
        site,
        (TEMPLATE, chrome),
        move |ctx, conn| load(ctx, conn, (&reference, &me), back),
        errors,
    );
    Ok(page.await?.with_status(rocket::http::Status::UnprocessableEntity))
}

/// What is wrong, each with the field that it is about.
fn errors(page: &Page) -> Vec<Link> {
    let field = |name: &str| if name == "on" { "#f-on-d".to_owned() } else { format!("#f-{name}") };
    let faults = page.faults.iter().filter_map(|(name, words)| Some(Link::new(field(name), words.as_ref()?)));
    faults.chain(page.early.iter().map(|words| Link::new("#f-sure", words))).collect()
}

#[post("/desk/requests/<reference>/take-back", data = "<_form>")]
async fn take_back(
    site: &State<Site>,
    me: SignedIn,
    reference: &str,
    _form: CsrfForm<Nothing>,
) -> Result<Flash<Redirect>, Error> {
    let (context, reference) = (site.context.clone(), reference.to_owned());
    let to = format!("/desk/requests/{reference}");
    let outcome = site
        .store
        .run(move |conn| {
            may_act(conn, &me, &reference)?;
            Ok::<_, Error>(filing::take_back(&context, conn, me.person.id, &reference))
        })
        .await?;
    Ok(match outcome {
        Ok(()) => done("note", to, "Taken back.|The letter did not leave; nobody was asked anything."),
        Err(filing::Error::Store(error)) => return Err(error.into()),
        Err(error) => done("warn", to, &format!("Not taken back.|{error}.")),
    })
}

/// The letter of a request, named by its number.
#[derive(Debug, FromForm)]
struct Again {
    letter: i64,
    #[field(default = String::new())]
    sure: String,
    /// The address, where it is known not to have arrived; empty = the one it had.
    #[field(default = String::new())]
    to: String,
}

/// What became of the wish to send a letter again.
enum Resent {
    Same,
    Anew(String),
    NotSure,
}

#[post("/desk/requests/<reference>/send-again", data = "<form>")]
async fn send_again(
    site: &State<Site>,
    me: SignedIn,
    reference: &str,
    form: CsrfForm<Again>,
) -> Result<Flash<Redirect>, Error> {
    let CsrfForm(Again { letter, sure, to: wanted }) = form;
    let (context, reference) = (site.context.clone(), reference.to_owned());
    let to = format!("/desk/requests/{reference}#letters");
    let outcome = site
        .store
        .run(move |conn| {
            let found = its_letter(conn, &me, (&reference, letter))?;
            if delivery::is_lost(found.state, found.status) {
                let address = if wanted.is_empty() { found.envelope_to } else { wanted };
                let sent = delivery::send_lost_again(&context, conn, me.person.id, (letter, &address));
                return Ok::<_, Error>(sent.map(|()| Resent::Anew(address)));
            }
            // Only of a letter that may have arrived is there anything to be sure of.
            if sure.is_empty() && found.state == OutboxState::Unknown {
                return Ok(Ok(Resent::NotSure));
            }
            Ok(delivery::send_again(&context, conn, me.person.id, letter).map(|()| Resent::Same))
        })
        .await?;
    Ok(match outcome {
        Ok(Resent::Same) => {
            done("note", to, "Queued again.|The same letter, byte for byte, leaves with the next run.")
        }
        Ok(Resent::Anew(address)) => done(
            "note",
            to,
            &format!("Queued again.|It goes to {address}; the clock starts when it is delivered."),
        ),
        Ok(Resent::NotSure) => done(
            "warn",
            to,
            "Not sent.|Tick the box that says you know it may arrive twice, then press again.",
        ),
        Err(delivery::Error::Store(error)) => return Err(error.into()),
        Err(error) => done("warn", to, &format!("Not sent.|{error}.")),
    })
}

/// A letter that a person knows to have arrived.
#[derive(Debug, FromForm)]
struct Arrived {
    letter: i64,
}

#[post("/desk/requests/<reference>/arrived", data = "<form>")]
async fn arrived(
    site: &State<Site>,
    me: SignedIn,
    reference: &str,
    form: CsrfForm<Arrived>,
) -> Result<Flash<Redirect>, Error> {
    let CsrfForm(Arrived { letter }) = form;
    let (context, reference) = (site.context.clone(), reference.to_owned());
    let to = format!("/desk/requests/{reference}#letters");
    let outcome = site
        .store
        .run(move |conn| {
            its_letter(conn, &me, (&reference, letter))?;
            Ok::<_, Error>(delivery::settle_unknown(&context, conn, me.person.id, letter))
        })
        .await?;
    Ok(match outcome {
        Ok(()) => done("note", to, "It arrived.|The clock counts from the day the letter was handed over."),
        Err(delivery::Error::Store(error)) => return Err(error.into()),
        Err(error) => done("warn", to, &format!("Nothing was changed.|{error}.")),
    })
}

/// The number in the form must be a letter of this request, whoever wrote the form.
fn its_letter(
    conn: &mut Conn,
    me: &SignedIn,
    (reference, letter): (&str, i64),
) -> Result<letters::Letter, Error> {
    let request = may_act(conn, me, reference)?;
    let known = letters::of_request(conn, request)?.into_iter().find(|known| known.id == letter);
    known.ok_or(Error::NotFound(What::Request))
}

/// The number of the request, if it is this person's to act on.
pub(crate) fn may_act(conn: &mut Conn, me: &SignedIn, reference: &str) -> Result<i64, Error> {
    let whole = requests::whole(conn, reference)?.ok_or(Error::NotFound(What::Request))?;
    if me.person.role.may_triage() || whole.person_id == me.person.id {
        return Ok(whole.id);
    }
    Err(Error::NotFound(What::Request))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, take_back, send_again, arrived]
}
