//! The register as the desk keeps it, those without an address first: `/desk/authorities`.

use crate::domain::authority::{AuthorityKind, AuthorityState};
use crate::service::Context;
use crate::store::Conn;
use crate::store::desk::{PAGE, authorities};
use crate::web::desk::guards::{Said, Triage};
use crate::web::desk::show;
use crate::web::desk::words::{self, Choice, Pager, Tab};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use rocket::{FromForm, Route, State, get, routes};
use serde::Serialize;
use std::collections::BTreeMap;

/// The template of this file.
pub const TEMPLATE: &str = "desk/authorities.html";

/// The register as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    tabs: Vec<Tab>,
    filter: Filter,
    countries: Vec<Choice>,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    total: i64,
    filtered: bool,
    /// Whether the whole register is empty.
    none: bool,
    pager: Pager,
}

/// What the register is narrowed to.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Filter {
    #[field(default = String::new())]
    state: String,
    #[field(default = String::new())]
    q: String,
    #[field(default = String::new())]
    country: String,
    #[field(default = String::new())]
    kind: String,
    #[field(default = 0)]
    page: i64,
}

#[derive(Debug, Clone, Serialize)]
struct Row {
    id: i64,
    name: String,
    name_en: Option<String>,
    language: String,
    place: String,
    country: String,
    kind: &'static str,
    address: Option<String>,
    law: Option<String>,
}

fn load(ctx: &Context, conn: &mut Conn, filter: &Filter) -> Result<Page, Error> {
    let counts = authorities::counts(conn)?;
    let state = filter.state.parse().unwrap_or_else(|_| first_tab(&counts));
    let page = filter.page.clamp(0, 100_000);
    let wanted = authorities::Filter {
        words: filter.q.chars().take(200).collect(),
        country: Some(filter.country.clone()).filter(|c| !c.is_empty()),
        kind: filter.kind.parse().ok(),
        state: Some(state),
    };
    let total = authorities::count(conn, &wanted)?;
    let found = authorities::list(conn, &wanted, page * PAGE)?;
    let ids: Vec<i64> = found.iter().map(|entry| entry.id).collect();
    let mut addresses = authorities::addresses(conn, &ids)?;
    let countries = authorities::countries(conn)?;
    let query = [
        ("state", state.as_str()),
        ("q", filter.q.as_str()),
        ("country", filter.country.as_str()),
        ("kind", filter.kind.as_str()),
    ];
    let pager = words::pager("/desk/authorities", &query, (page, found.len(), total));
    let filtered = query.iter().skip(1).any(|(_, value)| !value.is_empty());
    Ok(Page {
        tabs: tabs(state, &counts),
        filter: Filter { state: state.as_str().to_owned(), ..filter.clone() },
        countries: countries.iter().map(|c| Choice::new(c.clone(), filters::country(c))).collect(),
        kinds: kinds(),
        rows: found.into_iter().map(|entry| row(ctx, entry, &mut addresses)).collect(),
        total,
        filtered,
        none: counts.values().all(|n| *n == 0),
        pager,
    })
}

/// Work waits where an address is missing; where none is, the register itself.
fn first_tab(counts: &BTreeMap<AuthorityState, i64>) -> AuthorityState {
    if counts.get(&AuthorityState::NeedsAddress).is_some_and(|n| *n > 0) {
        AuthorityState::NeedsAddress
    } else {
        AuthorityState::Ready
    }
}

/// The kinds of authority to choose from.
pub(crate) fn kinds() -> Vec<Choice> {
    let name = |kind: AuthorityKind| {
        let mut words = kind.in_words().to_owned();
        if let Some(first) = words.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        words
    };
    AuthorityKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), name(*kind))).collect()
}

fn tabs(current: AuthorityState, counts: &BTreeMap<AuthorityState, i64>) -> Vec<Tab> {
    let tab = |state: AuthorityState, name| Tab {
        name,
        href: words::link("/desk/authorities", &[("state", state.as_str())]),
        count: counts.get(&state).copied().unwrap_or(0),
        current: state == current,
    };
    vec![
        tab(AuthorityState::NeedsAddress, "Need an address"),
        tab(AuthorityState::Ready, "Ready"),
        tab(AuthorityState::Defunct, "No more"),
    ]
}

fn row(ctx: &Context, entry: authorities::Entry, addresses: &mut BTreeMap<i64, String>) -> Row {
    Row {
        address: addresses.remove(&entry.id),
        law: entry.regime.as_deref().map(|regime| words::law(ctx, regime)),
        kind: entry.kind.in_words(),
        id: entry.id,
        name: entry.name,
        name_en: entry.name_en,
        language: entry.language,
        place: entry.place,
        country: entry.country,
    }
}

#[get("/desk/authorities?<filter..>")]
async fn get(site: &State<Site>, me: Triage, said: Said, filter: Filter) -> Result<Rendered, Error> {
    let chrome = me.0.chrome(said, "Authorities", "authorities");
    show(site, TEMPLATE, chrome, move |ctx, conn| load(ctx, conn, &filter)).await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
