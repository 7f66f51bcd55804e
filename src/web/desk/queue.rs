//! The messages that wait for a person, what lapses first on top: `/desk`.

use crate::service::Context;
use crate::store::Conn;
use crate::store::desk::{letters, queue};
use crate::store::types::{MessageState, OutboxState};
use crate::web::desk::authenticity;
use crate::web::desk::guards::{Said, SignedIn};
use crate::web::desk::reading::gist;
use crate::web::desk::requests::to_see_to;
use crate::web::desk::words::{self, Choice, Lapse, Pager, Tab, Tag};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use chrono::{DateTime, TimeDelta, Utc};
use rocket::response::Redirect;
use rocket::{FromForm, Route, State, get, routes};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The template of this file.
pub const TEMPLATE: &str = "desk/queue.html";
const PER_PAGE: usize = 50;

/// The queue as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    tabs: Vec<Tab>,
    pile: &'static str,
    lead: String,
    filter: Filter,
    kinds: Vec<Choice>,
    languages: Vec<Choice>,
    states: Vec<Choice>,
    rows: Vec<Row>,
    letters: Vec<Trouble>,
    letters_in_all: i64,
    waiting_letters: Option<i64>,
    /// Requests that somebody should see to, by their clocks.
    clocks: Vec<Link>,
    filtered: bool,
    clear: String,
    pager: Option<Pager>,
}

/// What the queue is narrowed to.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Filter {
    #[field(default = String::new())]
    pile: String,
    #[field(default = String::new())]
    kind: String,
    #[field(default = String::new())]
    language: String,
    #[field(default = String::new())]
    state: String,
    #[field(default = 0)]
    page: usize,
}

#[derive(Debug, Clone, Serialize)]
struct Row {
    id: i64,
    subject: String,
    language: Option<String>,
    who: String,
    who_language: Option<String>,
    reference: Option<String>,
    lapse: Lapse,
    kind: Option<Tag>,
    confidence: Option<f64>,
    /// The passage that shows its kind, in one line.
    gist: Option<String>,
    age: String,
    /// That its own domain disowns it.
    forged: Option<Tag>,
    state: &'static str,
    why: Option<String>,
    /// How many messages the line stands for, where it is more than one.
    alike: Option<i64>,
}

/// A letter that needs a person.
#[derive(Debug, Clone, Serialize)]
struct Trouble {
    reference: String,
    authority: String,
    authority_language: String,
    state: Tag,
    said: String,
}

fn load(ctx: &Context, conn: &mut Conn, filter: &Filter) -> Result<Page, Error> {
    let pile: queue::Pile = filter.pile.parse().unwrap_or(queue::Pile::Waiting);
    let counts = queue::counts(conn)?;
    let outbox = letters::counts(conn)?;
    let of = |state: OutboxState| outbox.get(&state).copied().unwrap_or(0);
    let waiting = of(OutboxState::Queued) + of(OutboxState::Deferred);
    let mut page = arrange(ctx, conn, pile, filter)?;
    page.tabs = tabs(pile, &counts);
    page.clocks = to_see_to(ctx, conn)?;
    page.letters = letters::of_pile(conn, letters::Pile::NeedYou, 0)?.into_iter().map(trouble).collect();
    page.letters_in_all = letters::count_of(conn, letters::Pile::NeedYou)?;
    page.waiting_letters = ctx.config.smtp_url.is_none().then_some(waiting);
    Ok(page)
}

fn tabs(pile: queue::Pile, counts: &BTreeMap<MessageState, i64>) -> Vec<Tab> {
    let tab = |of: queue::Pile, name| Tab {
        name,
        href: words::link("/desk", &[("pile", if of == queue::Pile::Waiting { "" } else { of.as_str() })]),
        count: of.states().iter().filter_map(|state| counts.get(state)).sum(),
        current: of == pile,
    };
    vec![
        tab(queue::Pile::Waiting, "Waiting"),
        tab(queue::Pile::ByRule, "Read by rule"),
        tab(queue::Pile::Settled, "Settled"),
        tab(queue::Pile::SetAside, "Set aside"),
    ]
}

fn trouble(letter: letters::Letter) -> Trouble {
    if letter.came_back() {
        return Trouble {
            reference: letter.reference,
            authority: letter.authority,
            authority_language: letter.authority_language,
            state: crate::web::desk::letters::came_back(),
            said: format!("Nobody was reached at {}: find another address.", letter.envelope_to),
        };
    }
    Trouble {
        reference: letter.reference,
        authority: letter.authority,
        authority_language: letter.authority_language,
        state: words::outbox_state(letter.state),
        said: match letter.state {
            OutboxState::Unknown => words::cut_short(letter.last_error.as_deref().unwrap_or_default()),
            _ => letter.server_reply.or(letter.last_error).unwrap_or_default(),
        },
    }
}

/// One page of a pile, as narrowed. How long the pile is, is counted; only the rows of the page are read.
fn arrange(ctx: &Context, conn: &mut Conn, pile: queue::Pile, filter: &Filter) -> Result<Page, Error> {
    let sorts = queue::sorts(conn, pile)?;
    let narrowed = filter.narrowed();
    let count = |of: &mut dyn Iterator<Item = &queue::Sort>| -> usize {
        usize::try_from(of.map(|sort| sort.messages).sum::<i64>()).unwrap_or_default()
    };
    let total = count(&mut sorts.iter());
    let found = count(&mut sorts.iter().filter(|sort| narrowed.holds(sort)));
    let pages = found.div_ceil(PER_PAGE).max(1);
    let at = filter.page.min(pages - 1);
    let span =
        (i64::try_from(at * PER_PAGE).unwrap_or(i64::MAX), i64::try_from(PER_PAGE).unwrap_or(i64::MAX));
    let now = ctx.clock.now();
    let mut rows = Vec::with_capacity(PER_PAGE);
    for entry in queue::page(conn, (pile, narrowed), span)? {
        let passage = match &entry.evidence {
            Some(kept) => Some(kept.clone()),
            None => queue::evidence(conn, entry.id)?,
        };
        // The subject stands there already.
        let subject = gist(&entry.subject);
        let gist = passage.map(|passage| gist(&passage)).filter(|line| !line.is_empty() && *line != subject);
        rows.push(Row { gist, ..row(ctx, now, entry) });
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    for id in authenticity::forged_among(conn, &ids)? {
        rows.iter_mut().filter(|row| row.id == id).for_each(|row| row.forged = Some(authenticity::forged()));
    }
    let (kinds, languages, states) = choices(&sorts);
    let soon = if pile == queue::Pile::Waiting { soon(ctx, conn, narrowed)? } else { 0 };
    Ok(Page {
        tabs: Vec::new(),
        pile: pile.as_str(),
        lead: lead(pile, (found, total), soon),
        filter: filter.clone(),
        kinds,
        languages,
        states,
        pager: pager(filter, at, (rows.len(), found)),
        rows,
        letters: Vec::new(),
        letters_in_all: 0,
        waiting_letters: None,
        clocks: Vec::new(),
        filtered: found < total,
        clear: words::link("/desk", &[("pile", filter.pile.as_str())]),
    })
}

impl Filter {
    fn narrowed(&self) -> queue::Narrowed<'_> {
        let word = |word: &'_ str| !word.is_empty();
        queue::Narrowed {
            kind: Some(self.kind.as_str()).filter(|kind| word(kind)),
            language: Some(self.language.as_str()).filter(|language| word(language)),
            state: Some(self.state.as_str()).filter(|state| word(state)),
        }
    }
}

/// How many messages wait of whose requests the answer falls due within three days, where the law is in force.
fn soon(ctx: &Context, conn: &mut Conn, narrowed: queue::Narrowed<'_>) -> Result<usize, Error> {
    // It is yesterday or tomorrow somewhere.
    let around = ctx.clock.now().date_naive();
    let span = (around - TimeDelta::days(2), around + TimeDelta::days(5));
    let due = queue::falling_due(conn, (queue::Pile::Waiting, narrowed), span)?;
    let soon = due.iter().filter(|(regime, due, _)| {
        let today = words::today(ctx, regime);
        due.is_some_and(|due| (0..=3).contains(&(due - today).num_days()))
    });
    Ok(usize::try_from(soon.map(|(_, _, messages)| messages).sum::<i64>()).unwrap_or_default())
}

fn lead(pile: queue::Pile, (found, total): (usize, usize), soon: usize) -> String {
    let count = |n: usize| filters::counted(n, "message", "messages");
    let shown = if found == total { count(total) } else { format!("{found} of {}", count(total)) };
    match pile {
        queue::Pile::Waiting => {
            let soon = match soon {
                0 => "No answer falls due within three days.".to_owned(),
                1 => "1 lapses within three days.".to_owned(),
                n => format!("{n} lapse within three days."),
            };
            format!("{shown} wait, what lapses first on top. {soon}")
        }
        queue::Pile::ByRule => {
            format!(
                "{shown} recorded by rule, the latest first. Open one to correct what the rule made of it."
            )
        }
        queue::Pile::Settled => format!("{shown} settled by hand, the latest first."),
        queue::Pile::SetAside => format!("{shown} set aside, the latest first. None is deleted."),
    }
}

fn pager(filter: &Filter, at: usize, (shown, found): (usize, usize)) -> Option<Pager> {
    if found <= PER_PAGE {
        return None;
    }
    let link = |page: usize| {
        let page = page.to_string();
        words::link(
            "/desk",
            &[
                ("pile", filter.pile.as_str()),
                ("kind", filter.kind.as_str()),
                ("language", filter.language.as_str()),
                ("state", filter.state.as_str()),
                ("page", page.as_str()),
            ],
        )
    };
    let from = at * PER_PAGE;
    Some(Pager {
        shown: format!("{}–{} of {found}", from + 1, from + shown),
        previous: at.checked_sub(1).map(link),
        next: (from + shown < found).then(|| link(at + 1)),
    })
}

/// What there is to choose from in this pile, and nothing else.
fn choices(sorts: &[queue::Sort]) -> (Vec<Choice>, Vec<Choice>, Vec<Choice>) {
    let mut kinds: BTreeMap<&str, i64> = BTreeMap::new();
    let mut languages: BTreeMap<&str, i64> = BTreeMap::new();
    let mut states: BTreeSet<MessageState> = BTreeSet::new();
    for sort in sorts {
        if let Some(kind) = &sort.kind {
            *kinds.entry(kind).or_default() += sort.messages;
        }
        if let Some(language) = &sort.language {
            *languages.entry(language).or_default() += sort.messages;
        }
        states.insert(sort.state);
    }
    (
        kinds.iter().map(|(k, n)| Choice::new(*k, format!("{} ({n})", words::kind(k).words))).collect(),
        languages.iter().map(|(l, n)| Choice::new(*l, format!("{} ({n})", filters::language(l)))).collect(),
        states.iter().map(|s| Choice::new(s.as_str(), words::message_state(*s))).collect(),
    )
}

fn row(ctx: &Context, now: DateTime<Utc>, entry: queue::Entry) -> Row {
    let from = entry.from_name.clone().or(entry.from_address).unwrap_or_else(|| "No sender".to_owned());
    let lapse = match &entry.request {
        Some(request) => words::lapse(request.status, request.due_on, words::today(ctx, &request.regime)),
        None => {
            Lapse { glyph: None, words: "Not known".to_owned(), sub: Some("filed to no request".to_owned()) }
        }
    };
    let (who, who_language, reference) = match entry.request {
        Some(request) => (request.authority, Some(request.authority_language), Some(request.reference)),
        None => (from, None, None),
    };
    Row {
        id: entry.id,
        subject: if entry.subject.trim().is_empty() { "(no subject)".to_owned() } else { entry.subject },
        language: entry.language,
        who,
        who_language,
        reference,
        lapse,
        kind: entry.kind.as_deref().map(words::kind),
        confidence: entry.confidence,
        gist: None,
        age: words::age(now, entry.received_at),
        forged: None,
        state: words::message_state(entry.state),
        why: entry.held_reason,
        alike: (entry.folded > 0).then_some(entry.folded + 1),
    }
}

#[get("/desk?<filter..>")]
async fn get(
    site: &State<Site>,
    me: SignedIn,
    said: Said,
    filter: Filter,
) -> Result<Result<Rendered, Redirect>, Error> {
    if !me.person.role.may_triage() {
        return Ok(Err(Redirect::to("/desk/requests")));
    }
    let chrome = me.chrome(said, "Queue", "queue");
    crate::web::desk::show(site, TEMPLATE, chrome, move |ctx, conn| load(ctx, conn, &filter)).await.map(Ok)
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
