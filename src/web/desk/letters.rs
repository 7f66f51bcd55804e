//! The outbox by state: `/desk/letters`.

use crate::domain::publication::flow::flow;
use crate::service::Context;
use crate::service::delivery::is_lost;
use crate::store::Conn;
use crate::store::desk::{PAGE, letters};
use crate::store::types::OutboxState;
use crate::web::desk::guards::{Said, SignedIn};
use crate::web::desk::show;
use crate::web::desk::words::{self, Pager, Tab, Tag};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDateTime, Utc};
use rocket::{FromForm, Route, State, get, routes};
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
    /// Its Message-ID.
    pub message_id: String,
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
        let state = if letter.came_back() { came_back() } else { words::outbox_state(letter.state) };
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
            came_back: lost && letter.state == OutboxState::Accepted,
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
            message_id: letter.mail_message_id,
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

const PILES: &[(&str, &str, &[OutboxState])] = &[
    ("", "Need you", &[OutboxState::Unknown, OutboxState::Refused]),
    (
        "waiting",
        "On their way",
        &[OutboxState::Queued, OutboxState::Claimed, OutboxState::InDoubt, OutboxState::Deferred],
    ),
    ("sent", "Sent", &[OutboxState::Accepted]),
    ("taken_back", "Taken back", &[OutboxState::TakenBack]),
];

fn load(ctx: &Context, conn: &mut Conn, filter: &Filter) -> Result<Page, Error> {
    let counts = letters::counts(conn)?;
    let sum = |states: &[OutboxState]| states.iter().filter_map(|state| counts.get(state)).sum::<i64>();
    let known = PILES.iter().find(|(key, ..)| *key == filter.state).or_else(|| PILES.first());
    let (key, _, states) = known.copied().unwrap_or(("", "", &[]));
    let page = filter.page.clamp(0, 100_000);
    let found = letters::in_states(conn, states, page * PAGE)?;
    let now = ctx.clock.now();
    let tried = letters::last_tries(conn, &found.iter().map(|letter| letter.id).collect::<Vec<_>>())?;
    let mut rows: Vec<Letter> = found.into_iter().map(|letter| Letter::of(letter, now)).collect();
    for row in &mut rows {
        row.tried_at = row.tried_at.or_else(|| tried.get(&row.id).copied().filter(|_| row.lost));
    }
    let tabs = PILES
        .iter()
        .map(|(pile, name, states)| Tab {
            name,
            href: words::link("/desk/letters", &[("state", pile)]),
            count: sum(states),
            current: *pile == key,
        })
        .collect();
    let pager = words::pager("/desk/letters", &[("state", key)], (page, rows.len(), sum(states)));
    Ok(Page { tabs, rows, pager, no_server: ctx.config.smtp_url.is_none() })
}

#[get("/desk/letters?<filter..>")]
async fn get(site: &State<Site>, me: SignedIn, said: Said, filter: Filter) -> Result<Rendered, Error> {
    let chrome = me.chrome(said, "Letters", "letters");
    show(site, TEMPLATE, chrome, move |ctx, conn| load(ctx, conn, &filter)).await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
