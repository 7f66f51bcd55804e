//! Choosing whom to ask and what: `/desk/requests/new`. Everything is in the address; nothing is stored.

use crate::domain::authority::AuthorityState;
use crate::service::Context;
use crate::store::Conn;
use crate::store::desk::authorities;
use crate::web::desk::authorities::kinds;
use crate::web::desk::guards::{Said, SignedIn};
use crate::web::desk::show_wrong;
use crate::web::desk::words::{self, Choice};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use rocket::{FromForm, Route, State, get, routes};
use serde::Serialize;
use std::collections::BTreeMap;

/// The template of this file.
pub const TEMPLATE: &str = "desk/file_request.html";

/// Letters that can be filed at once.
pub(crate) const MOST: usize = 200;
/// Authorities that are shown before anything is searched.
const FIRST_LOOK: i64 = 20;

/// The choice as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    chosen: Chosen,
    total: i64,
    countries: Vec<Choice>,
    kinds: Vec<Choice>,
    picked: Vec<Candidate>,
    found: Vec<Candidate>,
    found_total: i64,
    searched: bool,
    /// Whether this person may add an authority.
    may_add: bool,
    bundles: Vec<Bundle>,
    languages: Vec<Choice>,
    ready: bool,
    unready: usize,
    signed_as: String,
    group: String,
    name_error: Option<String>,
    group_error: Option<String>,
    choice_error: Option<String>,
}

impl Page {
    /// What is wrong, each with its field.
    pub(crate) fn errors(&self) -> Vec<Link> {
        let fields = [
            (if self.picked.is_empty() { "#f-q" } else { "#f-bundle" }, &self.choice_error),
            ("#f-signed_as", &self.name_error),
            ("#f-group", &self.group_error),
        ];
        fields.iter().filter_map(|(field, words)| Some(Link::new(*field, words.as_ref()?))).collect()
    }
}

/// What was chosen so far.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Chosen {
    /// Words to find an authority by.
    #[field(default = String::new())]
    pub q: String,
    /// Its country.
    #[field(default = String::new())]
    pub country: String,
    /// Its kind.
    #[field(default = String::new())]
    pub kind: String,
    /// Numbers of the authorities that are asked.
    pub a: Vec<String>,
    /// Key of the bundle.
    #[field(default = String::new())]
    pub bundle: String,
    /// Language of the letters; empty = each authority's own.
    #[field(default = String::new())]
    pub language: String,
    /// Whether the choice is to be used, not searched on.
    #[field(default = String::new())]
    pub used: String,
    /// The name under the letters, where one was typed.
    pub signed_as: Option<String>,
    /// The group that the person writes for, where one was typed.
    pub group: Option<String>,
}

impl Chosen {
    /// The numbers of the authorities, each once.
    pub fn ids(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.a.iter().filter_map(|id| id.parse().ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(MOST);
        ids
    }
}

/// An authority to tick.
#[derive(Debug, Clone, Serialize)]
struct Candidate {
    id: i64,
    name: String,
    language: String,
    place: String,
    country: String,
    law: String,
    why_not: Option<String>,
    open: i64,
}

#[derive(Debug, Clone, Serialize)]
struct Bundle {
    key: String,
    title: String,
    count: usize,
    core: Vec<String>,
}

/// What was typed and what is wrong, where the letters could not be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Back {
    /// The name under the letters.
    pub signed_as: Option<String>,
    /// The group that the person writes for.
    pub group: Option<String>,
    /// What is wrong with the name, or with the choice.
    pub name_error: Option<String>,
    /// What is wrong with the group.
    pub group_error: Option<String>,
    /// What is wrong with whom and what was chosen.
    pub choice_error: Option<String>,
}

pub(crate) fn load(
    ctx: &Context,
    conn: &mut Conn,
    (chosen, me, back): (&Chosen, &SignedIn, Back),
) -> Result<Page, Error> {
    let ids = chosen.ids();
    let filter = authorities::Filter {
        words: chosen.q.chars().take(200).collect(),
        country: Some(chosen.country.clone()).filter(|c| !c.is_empty()),
        kind: chosen.kind.parse().ok(),
        state: None,
    };
    let searched = !filter.words.trim().is_empty() || filter.country.is_some() || filter.kind.is_some();
    let picked = authorities::some(conn, &ids)?;
    let found_total = authorities::count(conn, &filter)?;
    // Before anything is searched a few show what the register is like, those that can be asked first.
    let found = if searched {
        authorities::list(conn, &filter, 0)?
    } else {
        authorities::ready_first(conn, FIRST_LOOK)?
    };
    let total: i64 = authorities::counts(conn)?.values().sum();
    let shown: Vec<i64> = picked.iter().chain(&found).map(|entry| entry.id).collect();
    let open = authorities::open_requests(conn, &shown)?;
    let countries = authorities::countries(conn)?;
    let found: Vec<_> = found.into_iter().filter(|entry| !ids.contains(&entry.id)).collect();
    let option = |entry| option(ctx, entry, &open);
    let picked: Vec<Candidate> = picked.into_iter().map(option).collect();
    let bundles = bundles(ctx);
    let known = bundles.iter().any(|bundle| bundle.key == chosen.bundle);
    // The button that uses the choice was pressed, and there is none.
    let nothing = match (chosen.used.is_empty(), picked.is_empty(), known) {
        (false, true, true) => Some("No authority is ticked. Tick at least one."),
        (false, true, false) => Some(
            "No authority is ticked and no bundle is chosen. Tick at least one, and choose what is asked.",
        ),
        (false, false, false) => Some("No bundle is chosen. Choose what is asked."),
        _ => None,
    };
    let nothing = nothing.map(str::to_owned);
    Ok(Page {
        ready: known && !picked.is_empty(),
        unready: picked.iter().filter(|option| option.why_not.is_some()).count(),
        found: found.into_iter().map(option).collect(),
        picked,
        found_total,
        searched,
        may_add: me.person.role.may_triage(),
        total,
        countries: countries.iter().map(|c| Choice::new(c.clone(), filters::country(c))).collect(),
        kinds: kinds(),
        bundles,
        languages: ["en", "de", "fr", "it", "el"].map(|l| Choice::new(l, filters::language(l))).to_vec(),
        chosen: chosen.clone(),
        signed_as: back
            .signed_as
            .or_else(|| chosen.signed_as.clone())
            .unwrap_or_else(|| me.person.name.clone()),
        group: back.group.or_else(|| chosen.group.clone()).unwrap_or_default(),
        name_error: back.name_error,
        group_error: back.group_error,
        choice_error: back.choice_error.or(nothing),
    })
}

fn option(ctx: &Context, entry: authorities::Entry, open: &BTreeMap<i64, i64>) -> Candidate {
    let regime = entry.regime.as_deref().and_then(|id| id.parse().ok());
    let law = regime.and_then(|id| ctx.library.laws.regime(&id));
    let why_not = match (entry.state, law) {
        (AuthorityState::Defunct, _) => Some("it no longer exists".to_owned()),
        (AuthorityState::NeedsAddress, _) => Some("it has no address yet".to_owned()),
        (_, None) => Some("nobody has said which law it answers under".to_owned()),
        _ => None,
    };
    Candidate {
        open: open.get(&entry.id).copied().unwrap_or(0),
        law: law.map(|law| format!("{}, {}", law.citation, law.limit_in_words())).unwrap_or_default(),
        why_not,
        id: entry.id,
        name: entry.name,
        language: entry.language,
        place: entry.place,
        country: entry.country,
    }
}

fn bundles(ctx: &Context) -> Vec<Bundle> {
    let catalogue = &ctx.library.catalogue;
    catalogue
        .bundles
        .iter()
        .map(|bundle| {
            let core = catalogue.core_of(bundle);
            Bundle {
                key: bundle.key.clone(),
                title: bundle.title.clone(),
                count: core.len(),
                core: core.into_iter().map(|question| readable(&question.english.text)).collect(),
            }
        })
        .collect()
}

/// A question before it is filled in for an authority: what stands in its gaps, in words.
fn readable(question: &str) -> String {
    [
        ("{from}", "the first day asked about"),
        ("{to}", "the last day asked about"),
        ("{units}", "your units"),
        ("{vendors}", "the suppliers we name"),
    ]
    .iter()
    .fold(question.to_owned(), |text, (gap, words)| text.replace(gap, words))
}

#[get("/desk/requests/new?<chosen..>")]
async fn get(site: &State<Site>, me: SignedIn, said: Said, chosen: Chosen) -> Result<Rendered, Error> {
    let chrome = me.chrome(said, "File a request", "file");
    let load = move |ctx: &Context, conn: &mut Conn| load(ctx, conn, (&chosen, &me, Back::default()));
    show_wrong(site, (TEMPLATE, chrome), load, Page::errors).await
}

/// The address of this page with a choice kept.
pub(crate) fn address(chosen: &Chosen) -> String {
    let mut query: Vec<(&str, &str)> = chosen.a.iter().map(|id| ("a", id.as_str())).collect();
    query.push(("bundle", chosen.bundle.as_str()));
    query.push(("language", chosen.language.as_str()));
    // Else the letters would leave under the name of whoever is signed in, whatever was typed.
    query.extend(chosen.signed_as.as_deref().map(|name| ("signed_as", name)));
    query.extend(chosen.group.as_deref().map(|name| ("group", name)));
    words::link("/desk/requests/new", &query)
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
