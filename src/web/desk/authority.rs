//! Where requests to one authority go, under which law, and who it is: `/desk/authorities/<id>`.

use crate::domain::authority::EmailAddress;
use crate::domain::law::part::Part;
use crate::service::Context;
use crate::service::authorities::law::{Facts, Unsettled};
use crate::service::authorities::{self as keeping, Entry, Mended};
use crate::store::Conn;
use crate::store::authorities::Described;
use crate::store::desk::authorities;
use crate::web::desk::authorities::kinds;
use crate::web::desk::guards::{CsrfForm, Said, Triage};
use crate::web::desk::law::{self, parts, regimes, wanted};
use crate::web::desk::new_authority::{NO_KIND, NO_NAME, language_fault, languages, plain};
use crate::web::desk::words::Choice;
use crate::web::desk::{done, show, show_wrong};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use crate::web::why::{Why, cited};
use rocket::http::Status;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/authority.html";

/// One authority as it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    id: i64,
    slug: String,
    name: String,
    name_en: Option<String>,
    language: String,
    place: String,
    country: String,
    kind: &'static str,
    website: Option<String>,
    open_requests: i64,
    who: Who,
    faults: Faults,
    languages: Vec<Choice>,
    kinds: Vec<Choice>,
    typed: Typed,
    address_error: Option<String>,
    regime_error: Option<String>,
    reason_error: Option<String>,
    regimes: Vec<Choice>,
    law: Option<String>,
    why: Why,
    parts: Vec<Choice>,
}

/// What is typed into the form.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Typed {
    #[field(default = String::new())]
    address: String,
    #[field(default = String::new())]
    regime: String,
    #[field(default = String::new())]
    reason: String,
}

/// What is typed into the form of who it is.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Who {
    #[field(default = String::new())]
    name: String,
    #[field(default = String::new())]
    name_en: String,
    #[field(default = String::new())]
    language: String,
    #[field(default = String::new())]
    kind: String,
    #[field(default = String::new())]
    place: String,
    #[field(default = String::new())]
    part: String,
}

/// What is wrong in the form of who it is.
#[derive(Debug, Clone, Default, Serialize)]
struct Faults {
    name: Option<String>,
    language: Option<String>,
    kind: Option<String>,
    part: Option<String>,
}

impl Who {
    fn parse(&self) -> Result<Described, Faults> {
        let (name, language, kind) = (plain(&self.name), self.language.trim(), self.kind.parse());
        let part = Some(self.part.trim()).filter(|part| !part.is_empty()).map(str::parse::<Part>).transpose();
        let faults = Faults {
            name: name.is_empty().then(|| NO_NAME.to_owned()),
            language: language_fault(language),
            kind: kind.is_err().then(|| NO_KIND.to_owned()),
            part: part.as_ref().err().map(|_| "Choose a part of the list.".to_owned()),
        };
        match (kind, part) {
            (Ok(kind), Ok(part)) if faults.name.is_none() && faults.language.is_none() => Ok(Described {
                subdivision: part.map(String::from),
                name_en: Some(plain(&self.name_en)).filter(|english| !english.is_empty() && *english != name),
                name,
                language: language.to_owned(),
                kind,
                place: plain(&self.place),
            }),
            _ => Err(faults),
        }
    }
}

fn load(ctx: &Context, conn: &mut Conn, id: i64) -> Result<Page, Error> {
    let entry = authorities::some(conn, &[id])?.into_iter().next().ok_or(Error::NotFound(What::Authority))?;
    let address = authorities::addresses(conn, &[id])?.remove(&id).unwrap_or_default();
    let open_requests = authorities::open_requests(conn, &[id])?.remove(&id).unwrap_or(0);
    let part: Option<Part> = entry.subdivision.as_deref().and_then(|part| part.parse().ok());
    let facts = Facts {
        country: &entry.country,
        kind: entry.kind,
        names: (&entry.name, entry.name_en.as_deref()),
        part: part.as_ref(),
        identifiers: &[],
    };
    let kept = (entry.regime.as_deref(), entry.regime_reason.as_deref());
    Ok(Page {
        why: Why::of(ctx, &facts, kept),
        law: entry.regime.as_deref().and_then(|id| id.parse().ok()).map(|id| cited(ctx, &id)),
        parts: parts(ctx, &entry.country),
        // One that was chosen wrongly before stays in the list, so that the page shows what is kept.
        regimes: regimes(ctx, &entry.country, |law| {
            law.reaches(&entry.country, entry.kind) || entry.regime.as_deref() == Some(law.id.as_str())
        }),
        typed: Typed {
            address,
            regime: entry.regime.unwrap_or_default(),
            reason: entry.regime_reason.unwrap_or_default(),
        },
        address_error: None,
        regime_error: None,
        reason_error: None,
        who: Who {
            name: entry.name.clone(),
            name_en: entry.name_en.clone().unwrap_or_default(),
            language: entry.language.clone(),
            kind: entry.kind.as_str().to_owned(),
            place: entry.place.clone(),
            part: entry.subdivision.clone().unwrap_or_default(),
        },
        faults: Faults::default(),
        languages: languages(ctx, &entry.language),
        kinds: kinds(),
        open_requests,
        id,
        slug: entry.slug,
        name: entry.name,
        name_en: entry.name_en,
        language: entry.language,
        place: entry.place,
        country: entry.country,
        kind: entry.kind.in_words(),
        website: entry.website.filter(|link| link.starts_with("https://") || link.starts_with("http://")),
    })
}

#[get("/desk/authorities/<id>")]
async fn get(site: &State<Site>, me: Triage, said: Said, id: i64) -> Result<Rendered, Error> {
    let chrome = me.0.chrome(said, "Authority", "authorities");
    show(site, TEMPLATE, chrome, move |ctx, conn| load(ctx, conn, id)).await
}

/// What is wrong with address, law and reason.
type Errors = (Option<String>, Option<String>, Option<String>);

/// What the form says, or what is wrong with it.
fn parse(typed: &Typed) -> Result<Entry, Errors> {
    let address = Some(typed.address.trim()).filter(|text| !text.is_empty()).map(str::parse::<EmailAddress>);
    match (address.transpose(), wanted(&typed.regime, &typed.reason)) {
        (Ok(address), Ok(law)) => Ok(Entry { address, law }),
        (address, law) => Err((
            address.err().map(|e| {
                format!(
                    "“{}” is no address we can write to. Write one such as foi@city.example, without a name.",
                    e.0
                )
            }),
            law.err(),
            None,
        )),
    }
}

fn errors(ctx: &Context, unsettled: &Unsettled) -> Errors {
    match law::fault(ctx, unsettled) {
        ("reason", words, _) => (None, None, Some(words)),
        (_, words, _) => (None, Some(words), None),
    }
}

#[post("/desk/authorities/<id>", data = "<form>")]
async fn post(
    site: &State<Site>,
    me: Triage,
    id: i64,
    form: CsrfForm<Typed>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let typed = form.0;
    let entry = match parse(&typed) {
        Ok(entry) => entry,
        Err(errors) => return again(site, &me, (id, typed, errors)).await.map(Err),
    };
    let (context, person) = (site.context.clone(), me.0.person.id);
    let outcome = site
        .store
        .run(move |conn| Ok::<_, Error>(keeping::keep(&context, conn, person, (id, &entry))))
        .await?;
    match outcome {
        Ok(()) => {
            let to = format!("/desk/authorities/{id}");
            Ok(Ok(done(
                "note",
                to,
                "Kept.|The next letter goes there, under this law. Letters that were filed keep theirs; one that was refused or came back can be sent here from its request.",
            )))
        }
        Err(keeping::Error::NoSuchAuthority(_)) => Err(Error::NotFound(What::Authority)),
        Err(keeping::Error::Law(unsettled)) => {
            let errors = errors(&site.context, &unsettled);
            again(site, &me, (id, typed, errors)).await.map(Err)
        }
        Err(keeping::Error::Store(error)) => Err(error.into()),
        Err(error) => Err(Error::internal(&error)),
    }
}

#[post("/desk/authorities/<id>/who", data = "<form>")]
async fn mend(
    site: &State<Site>,
    me: Triage,
    id: i64,
    form: CsrfForm<Who>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let who = form.0;
    let described = match who.parse() {
        Ok(described) => described,
        Err(faults) => {
            let chrome = me.0.chrome(Said::default(), "Authority", "authorities");
            let page = show(site, TEMPLATE, chrome, move |ctx, conn| {
                Ok(Page { who, faults, ..load(ctx, conn, id)? })
            });
            return Ok(Err(page.await?.with_status(Status::UnprocessableEntity)));
        }
    };
    let (context, person) = (site.context.clone(), me.0.person.id);
    let outcome = site
        .store
        .run(move |conn| Ok::<_, Error>(keeping::mend(&context, conn, person, (id, &described))))
        .await?;
    let words = match outcome {
        Ok(Mended::Kept) => {
            "Kept.|The address of its page stays. Letters that were filed keep what they say.".to_owned()
        }
        Ok(Mended::LawTaken) => {
            "Kept.|Its law was taken away: such a body does not answer under it. Choose another.".to_owned()
        }
        Ok(Mended::LawGiven(law)) => {
            format!("Kept.|By the rules it answers under {} now.", cited(&site.context, &law))
        }
        Err(keeping::Error::NoSuchAuthority(_)) => return Err(Error::NotFound(What::Authority)),
        Err(keeping::Error::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Error::internal(&error)),
    };
    Ok(Ok(done("note", format!("/desk/authorities/{id}"), &words)))
}

/// The same page with what was typed and what is wrong with it.
async fn again(
    site: &Site,
    me: &Triage,
    (id, typed, errors): (i64, Typed, Errors),
) -> Result<Rendered, Error> {
    let chrome = me.0.chrome(Said::default(), "Authority", "authorities");
    let (address_error, regime_error, reason_error) = errors;
    let load = move |ctx: &Context, conn: &mut Conn| {
        Ok(Page { typed, address_error, regime_error, reason_error, ..load(ctx, conn, id)? })
    };
    let page = show_wrong(site, (TEMPLATE, chrome), load, |page: &Page| {
        let link = |field: &str, words: &Option<String>| Some(Link::new(field, words.as_ref()?));
        let links = [
            link("#f-address", &page.address_error),
            link("#f-regime", &page.regime_error),
            link("#f-reason", &page.reason_error),
        ];
        links.into_iter().flatten().collect()
    });
    Ok(page.await?.with_status(Status::UnprocessableEntity))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, post, mend]
}
