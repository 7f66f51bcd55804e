//! The outbox by state: `/desk/letters`.

use crate::domain::publication::flow::flow;
use crate::service::Context;
use crate::service::delivery::{self, is_lost};
use crate::store::Conn;
use crate::store::desk::{PAGE, letters};
use crate::store::switches::{self, OUTBOX_PAUSED};
use crate::store::types::OutboxState;
use crate::web::desk::guards::{Admin, CsrfForm, Nothing, Said, SignedIn};
use crate::web::desk::secrets;
use crate::web::desk::words::{self, Pager, Tab, Tag};
use crate::web::desk::{done, show, show_wrong};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDateTime, Utc};
use rocket::http::Status;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/letters.html";

/// The outbox as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    tabs: Vec<Tab>,
    rows: Vec<Letter>,
    pager: Pager,
    no_server: bool,
    paused: Option<Paused>,
    /// Whether who looks may pause and resume.
    may_pause: bool,
    typed: String,
    fault: Option<&'static str>,
}

/// Why no letter leaves.
#[derive(Debug, Clone, Serialize)]
struct Paused {
    reason: String,
    by: Option<String>,
    since: NaiveDateTime,
}

/// A letter as the desk shows it.
#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own that the page asks")]
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// Reference of the request.
    pub reference: String,
    /// Who is asked.
    pub authority: String,
    /// BCP 47 of the name.
    pub authority_language: String,
    /// Subject.
    pub subject: String,
    /// Plain text as sent.
    pub body: String,
    /// BCP 47 of the text.
    pub language: String,
    /// Where it goes.
    pub to: String,
    /// Where it stands.
    pub state: Tag,
    /// How often a server was asked.
    pub attempts: i64,
    /// Until then it can be taken back.
    pub leave_after: NaiveDateTime,
    /// When it is tried again, where it is.
    pub next_attempt_at: Option<NaiveDateTime>,
    /// When a server took it.
    pub accepted_at: Option<NaiveDateTime>,
    /// When it was tried last, where it is known not to have been taken, or nobody knows.
    pub tried_at: Option<NaiveDateTime>,
    /// The server's line.
    pub server_reply: Option<String>,
    /// What proves that it arrived, where it is no line of the server.
    pub proof: Option<&'static str>,
    /// What went wrong.
    pub last_error: Option<String>,
    /// Whether a server was ever offered it.
    pub left: bool,
    /// Whether it waits to leave.
    pub queued: bool,
    /// Its Message-ID, for those whose letter it is.
    pub message_id: Option<String>,
    /// Whether it can be taken back now.
    pub undoable: bool,
    /// Whether a person may send it again.
    pub repeatable: bool,
    /// Whether nobody knows if it arrived.
    pub unknown: bool,
    /// Whether it is known not to have arrived: refused, or come back.
    pub lost: bool,
    /// Whether a server took it and it came back.
    pub came_back: bool,
    /// Where it can go instead; filled in where it is asked.
    pub addresses: Vec<String>,
}

impl Letter {
    /// A letter as it stands at `now`.
    pub fn of(letter: letters::Letter, now: DateTime<Utc>) -> Self {
        let has_come_back = letter.came_back();
        let state = if has_come_back { came_back() } else { words::outbox_state(letter.state) };
        let lost = is_lost(letter.state, letter.status);
        let proof = letter.server_reply.as_deref().and_then(words::proof);
        let last_error = match letter.state {
            OutboxState::Unknown => Some(words::cut_short(letter.last_error.as_deref().unwrap_or_default())),
            // What was the matter before a server took it is no matter any more.
            OutboxState::Accepted | OutboxState::TakenBack => None,
            _ => letter.last_error,
        };
        Self {
            undoable: letter.state == OutboxState::Queued && letter.leave_after > now.naive_utc(),
            repeatable: letter.state == OutboxState::Unknown || lost,
            unknown: letter.state == OutboxState::Unknown,
            came_back: lost && has_come_back,
            lost,
            addresses: Vec::new(),
            tried_at: letter.in_doubt_at.filter(|_| letter.state == OutboxState::Unknown),
            left: !matches!(letter.state, OutboxState::Queued | OutboxState::TakenBack),
            queued: letter.state == OutboxState::Queued,
            proof,
            next_attempt_at: (letter.state == OutboxState::Deferred).then_some(letter.next_attempt_at),
            id: letter.id,
            reference: letter.reference,
            authority: letter.authority,
            authority_language: letter.authority_language,
            subject: letter.subject,
            body: flow(&letter.body),
            language: letter.language,
            to: letter.envelope_to,
            state,
            attempts: letter.attempts,
            leave_after: letter.leave_after,
            accepted_at: letter.accepted_at,
            server_reply: letter.server_reply.filter(|_| proof.is_none()),
            last_error,
            message_id: Some(letter.mail_message_id),
        }
    }
}

/// How a letter is marked that was taken and then came back.
pub fn came_back() -> Tag {
    Tag::new("off", "Came back")
}

/// What is looked at.
#[derive(Debug, Clone, Default, FromForm)]
struct Filter {
    #[field(default = String::new())]
    state: String,
    #[field(default = 0)]
    page: i64,
}

/// What a pile holds.
#[derive(Clone, Copy)]
enum Holds {
    Pile(letters::Pile),
    States(&'static [OutboxState]),
}

const PILES: &[(&str, &str, Holds)] = &[
    ("", "Need you", Holds::Pile(letters::Pile::NeedYou)),
    (
        "waiting",
        "On their way",
        Holds::States(&[
            OutboxState::Queued,
            OutboxState::Claimed,
            OutboxState::InDoubt,
            OutboxState::Deferred,
        ]),
    ),
    ("sent", "Sent", Holds::Pile(letters::Pile::Sent)),
    ("taken_back", "Taken back", Holds::States(&[OutboxState::TakenBack])),
];

/// How many letters each pile has.
fn counted(conn: &mut Conn) -> Result<Vec<i64>, Error> {
    let counts = letters::counts(conn)?;
    let mut all = Vec::with_capacity(PILES.len());
    for (.., holds) in PILES {
        all.push(match holds {
            Holds::Pile(pile) => letters::count_of(conn, *pile)?,
            Holds::States(states) => states.iter().filter_map(|state| counts.get(state)).sum(),
        });
    }
    Ok(all)
}

fn load(ctx: &Context, conn: &mut Conn, filter: &Filter) -> Result<Page, Error> {
    let counts = counted(conn)?;
    let known = PILES.iter().zip(&counts).find(|((key, ..), _)| *key == filter.state);
    let Some(((key, _, holds), in_all)) = known.or_else(|| PILES.iter().zip(&counts).next()) else {
        return Err(Error::NotFound(crate::web::error::What::Page));
    };
    let page = filter.page.clamp(0, 100_000);
    let found = match holds {
        Holds::Pile(pile) => letters::of_pile(conn, *pile, page * PAGE)?,
        Holds::States(states) => letters::in_states(conn, states, page * PAGE)?,
    };
    let now = ctx.clock.now();
    let tried = letters::last_tries(conn, &found.iter().map(|letter| letter.id).collect::<Vec<_>>())?;
    // Whoever signs in reads this list: no line of a server may tell them another's reply address.
    let masked = |letter| secrets::masked(Letter::of(letter, now), &ctx.config.reply_domain);
    let mut rows: Vec<Letter> = found.into_iter().map(masked).collect();
    for row in &mut rows {
        row.tried_at = row.tried_at.or_else(|| tried.get(&row.id).copied().filter(|_| row.lost));
    }
    let tabs = PILES
        .iter()
        .zip(&counts)
        .map(|((pile, name, _), count)| Tab {
            name,
            href: words::link("/desk/letters", &[("state", pile)]),
            count: *count,
            current: pile == key,
        })
        .collect();
    let pager = words::pager("/desk/letters", &[("state", key)], (page, rows.len(), *in_all));
    let paused = switches::get(conn, OUTBOX_PAUSED)?.map(|paused| Paused {
        reason: paused.reason,
        by: paused.person,
        since: paused.since,
    });
    let no_server = ctx.config.smtp_url.is_none();
    Ok(Page { tabs, rows, pager, no_server, paused, may_pause: false, typed: String::new(), fault: None })
}

#[get("/desk/letters?<filter..>")]
async fn get(site: &State<Site>, me: SignedIn, said: Said, filter: Filter) -> Result<Rendered, Error> {
    let chrome = me.chrome(said, "Letters", "letters");
    let may_pause = me.person.role.may_administer();
    show(site, TEMPLATE, chrome, move |ctx, conn| Ok(Page { may_pause, ..load(ctx, conn, &filter)? })).await
}

/// Why letters are to wait.
#[derive(Debug, Clone, FromForm)]
struct Why {
    #[field(default = String::new())]
    reason: String,
}

#[post("/desk/letters/pause", data = "<form>")]
async fn pause(
    site: &State<Site>,
    me: Admin,
    form: CsrfForm<Why>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let (context, person, reason) = (site.context.clone(), me.0.person.id, form.0.reason.clone());
    let outcome = site
        .store
        .run(move |conn| Ok::<_, Error>(delivery::pause(&context, conn, Some(person), &reason)))
        .await?;
    match outcome {
        Ok(true) => {
            let words = "Paused.|No letter leaves until somebody resumes it; what is queued waits.";
            Ok(Ok(done("note", "/desk/letters", words)))
        }
        Ok(false) => Ok(Ok(done("warn", "/desk/letters", "Nothing was changed.|It was paused already."))),
        Err(delivery::Error::NoReason) => {
            let chrome = me.0.chrome(Said::default(), "Letters", "letters");
            let fault = Some("Say why, so that others know when to resume.");
            let load = move |ctx: &Context, conn: &mut Conn| {
                let page = load(ctx, conn, &Filter::default())?;
                Ok(Page { may_pause: true, typed: form.0.reason, fault, ..page })
            };
            let wrong =
                move |_: &Page| fault.map(|words| Link::new("#f-reason", words)).into_iter().collect();
            let page = show_wrong(site, (TEMPLATE, chrome), load, wrong).await?;
            Ok(Err(page.with_status(Status::UnprocessableEntity)))
        }
        Err(error) => Err(Error::internal(&error)),
    }
}

#[post("/desk/letters/resume", data = "<_form>")]
async fn resume(site: &State<Site>, me: Admin, _form: CsrfForm<Nothing>) -> Result<Flash<Redirect>, Error> {
    let (context, person) = (site.context.clone(), me.0.person.id);
    let outcome =
        site.store.run(move |conn| Ok::<_, Error>(delivery::resume(&context, conn, Some(person)))).await?;
    match outcome.map_err(|error| Error::internal(&error))? {
        Some(_) => Ok(done("note", "/desk/letters", "Resumed.|Letters leave again, as they are due.")),
        None => Ok(done("warn", "/desk/letters", "Nothing was changed.|It was not paused.")),
    }
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, pause, resume]
}
