//! Entering an authority that nobody has entered yet: `/desk/authorities/new`.

use crate::domain::authority::{AuthorityKind, EmailAddress};
use crate::domain::country;
use crate::service::Context;
use crate::service::authorities::{self as keeping, Entry, Newcomer};
use crate::store::authorities::Known;
use crate::web::desk::authorities::kinds;
use crate::web::desk::guards::{CsrfForm, Said, Triage};
use crate::web::desk::law::{self, parts, regimes, wanted};
use crate::web::desk::words::Choice;
use crate::web::desk::{done, show, show_wrong};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use crate::web::why::MayHold;
use rocket::http::Status;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The template of this file.
pub const TEMPLATE: &str = "desk/new_authority.html";

/// The fields that something can be wrong with.
const FIELDS: &[&str] =
    &["name", "language", "kind", "country", "part", "regime", "reason", "website", "address", "identifiers"];
/// Identifiers one authority may have.
const MOST_IDENTIFIERS: usize = 20;

/// What is wrong, by field.
type Faults = BTreeMap<&'static str, String>;

/// The form as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    typed: Typed,
    faults: BTreeMap<&'static str, Option<String>>,
    namesakes: Vec<Namesake>,
    languages: Vec<Choice>,
    countries: Vec<Choice>,
    kinds: Vec<Choice>,
    regimes: Vec<Choice>,
    parts: Vec<Choice>,
    may_hold: Vec<MayHold>,
}

/// An authority of the same name.
#[derive(Debug, Clone, Serialize)]
struct Namesake {
    id: i64,
    name: String,
    language: String,
    place: String,
}

impl Namesake {
    fn of(known: Known) -> Self {
        Self { id: known.id, name: known.name, language: known.language, place: known.place }
    }
}

/// What is typed into the form.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Typed {
    #[field(default = String::new())]
    name: String,
    #[field(default = String::new())]
    name_en: String,
    #[field(default = String::new())]
    language: String,
    #[field(default = String::new())]
    kind: String,
    #[field(default = String::new())]
    country: String,
    #[field(default = String::new())]
    place: String,
    #[field(default = String::new())]
    part: String,
    #[field(default = String::new())]
    regime: String,
    #[field(default = String::new())]
    reason: String,
    #[field(default = String::new())]
    website: String,
    #[field(default = String::new())]
    address: String,
    #[field(default = String::new())]
    identifiers: String,
    #[field(default = String::new())]
    another: String,
}

impl Page {
    /// What is wrong, each with its field.
    fn errors(&self) -> Vec<Link> {
        let faults = self.faults.iter();
        let faults =
            faults.filter_map(|(name, words)| Some(Link::new(format!("#f-{name}"), words.as_ref()?)));
        let same = (!self.namesakes.is_empty()).then(|| {
            Link::new("#f-another", "The name is in the register already. Say whether this is another body.")
        });
        faults.chain(same).collect()
    }

    fn of(ctx: &Context, typed: Typed, (faults, namesakes): (&Faults, Vec<Namesake>)) -> Self {
        let mut countries: Vec<Choice> = choices().map(|(code, name)| Choice::new(*code, *name)).collect();
        countries.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            regimes: regimes(ctx, &typed.country, |_| true),
            parts: parts(ctx, &typed.country),
            may_hold: Vec::new(),
            kinds: kinds(),
            faults: FIELDS.iter().map(|field| (*field, faults.get(field).cloned())).collect(),
            typed,
            namesakes,
            languages: languages(ctx, ""),
            countries,
        }
    }
}

/// The languages of the laws, and the one that is chosen, by name.
pub(crate) fn languages(ctx: &Context, chosen: &str) -> Vec<Choice> {
    let mut codes: BTreeSet<&str> =
        ctx.library.laws.regimes().flat_map(|law| law.languages.iter().map(String::as_str)).collect();
    codes.extend(Some(chosen).filter(|code| !code.is_empty()));
    let mut languages: Vec<Choice> = codes
        .into_iter()
        .map(|code| {
            let region = code.split_once('-').map_or("", |(_, region)| region);
            let more = match (code, region) {
                ("nb", _) => " (Bokmål)".to_owned(),
                ("nn", _) => " (Nynorsk)".to_owned(),
                (_, "") => String::new(),
                (_, "Cyrl") => " (Cyrillic)".to_owned(),
                (_, "Latn") => " (Latin)".to_owned(),
                (_, region) => format!(" ({})", filters::country(region)),
            };
            Choice::new(code, format!("{}{more}", filters::language(code)))
        })
        .collect();
    languages.sort_by(|a, b| a.name.cmp(&b.name));
    languages
}

/// A name or a place as typed, without what is too much between its words.
pub(crate) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is wrong with a language; none = nothing.
pub(crate) fn language_fault(language: &str) -> Option<String> {
    if language.is_empty() {
        return Some("Choose the language of the name and of letters to it.".to_owned());
    }
    let fine = language.len() <= 12 && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (!fine).then(|| format!("“{language}” is no language of the list. Choose one."))
}

/// What is said of a name that is missing.
pub(crate) const NO_NAME: &str = "Write the name as the authority writes it itself.";
/// What is said of a kind that is missing.
pub(crate) const NO_KIND: &str = "Choose what kind of body it is.";

impl Typed {
    /// What the form says, or what is wrong with it.
    fn parse(&self) -> Result<Newcomer, Faults> {
        let mut faults = Faults::new();
        let name = plain(&self.name);
        if name.is_empty() {
            faults.insert("name", NO_NAME.to_owned());
        }
        let language = self.language.trim();
        faults.extend(language_fault(language).map(|fault| ("language", fault)));
        let kind = self.kind.parse::<AuthorityKind>();
        if kind.is_err() {
            faults.insert("kind", NO_KIND.to_owned());
        }
        if !choices().any(|(code, _)| *code == self.country) {
            faults.insert("country", "Choose the country it belongs to.".to_owned());
        }
        let part = law::part(&self.part, &self.country).unwrap_or_else(|words| {
            faults.insert("part", words);
            None
        });
        let website = self.website(&mut faults);
        let entry = self.entry(&mut faults);
        let identifiers = self.identifiers(&mut faults);
        let (Ok(kind), true) = (kind, faults.is_empty()) else { return Err(faults) };
        Ok(Newcomer {
            name,
            name_en: optional(&self.name_en),
            language: language.to_owned(),
            kind,
            country: self.country.clone(),
            place: plain(&self.place),
            part,
            entry,
            website,
            identifiers,
            another: !self.another.is_empty(),
        })
    }

    fn website(&self, faults: &mut Faults) -> Option<String> {
        let link = optional(&self.website)?;
        let fine = url::Url::parse(&link)
            .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.host_str().is_some());
        if !fine {
            let words = format!("“{link}” is no address of pages. Write one such as https://city.example.");
            faults.insert("website", words);
        }
        Some(link)
    }

    fn entry(&self, faults: &mut Faults) -> Entry {
        let address = optional(&self.address).map(|text| text.parse::<EmailAddress>()).transpose();
        let law = wanted(&self.regime, &self.reason);
        if let Err(error) = &address {
            let words = format!(
                "“{}” is no address we can write to. Write one such as foi@city.example, without a name.",
                error.0
            );
            faults.insert("address", words);
        }
        if let Err(words) = &law {
            faults.insert("regime", words.clone());
        }
        Entry { address: address.unwrap_or_default(), law: law.unwrap_or_default() }
    }

    fn identifiers(&self, faults: &mut Faults) -> Vec<(String, String)> {
        let mut found = BTreeSet::new();
        for line in self.identifiers.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let parts = line.split_once(':').map(|(scheme, value)| (scheme.trim(), value.trim()));
            let fine = parts.filter(|(scheme, value)| {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
                !scheme.is_empty() && scheme.bytes().all(plain) && !value.is_empty() && line.len() <= 200
            });
            if let Some((scheme, value)) = fine {
                found.insert((scheme.to_owned(), value.to_owned()));
            } else {
                let words =
                    format!("“{line}” is no identifier. Write scheme and value, such as wikidata:Q64.");
                faults.insert("identifiers", words);
            }
        }
        if found.len() > MOST_IDENTIFIERS {
            faults.insert("identifiers", format!("These are more than {MOST_IDENTIFIERS} identifiers."));
        }
        found.into_iter().collect()
    }
}

/// The countries of the register; an international body answers under no country's law.
fn choices() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    filters::COUNTRIES.iter().filter(|(code, _)| country::is_known(code))
}

fn optional(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[get("/desk/authorities/new?<name>")]
async fn get(site: &State<Site>, me: Triage, said: Said, name: Option<String>) -> Result<Rendered, Error> {
    let chrome = me.0.chrome(said, "Add an authority", "authorities");
    let typed = Typed { name: name.unwrap_or_default().chars().take(200).collect(), ..Typed::default() };
    show(site, TEMPLATE, chrome, move |ctx, _| Ok(Page::of(ctx, typed, (&Faults::new(), Vec::new())))).await
}

#[post("/desk/authorities/new", data = "<form>")]
async fn post(
    site: &State<Site>,
    me: Triage,
    form: CsrfForm<Typed>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let typed = form.0;
    let new = match typed.parse() {
        Ok(new) => new,
        Err(faults) => return again(site, &me, (typed, faults, Asked::default())).await.map(Err),
    };
    let (context, person) = (site.context.clone(), me.0.person.id);
    let outcome =
        site.store.run(move |conn| Ok::<_, Error>(keeping::add(&context, conn, person, &new))).await?;
    let fault = |field, words| (Faults::from([(field, words)]), Asked::default());
    let (faults, asked) = match outcome {
        Ok((id, settled)) => {
            let words = law::said(&site.context, &settled);
            return Ok(Ok(done("note", format!("/desk/authorities/{id}"), &words)));
        }
        Err(keeping::Error::SameName(known)) => {
            let namesakes = known.into_iter().map(Namesake::of).collect();
            (Faults::new(), Asked { namesakes, ..Asked::default() })
        }
        Err(keeping::Error::Law(unsettled)) => {
            let (field, words, may_hold) = law::fault(&site.context, &unsettled);
            (Faults::from([(field, words)]), Asked { may_hold, ..Asked::default() })
        }
        Err(keeping::Error::TakenIdentifier { identifier, by }) => {
            let words = format!("“{identifier}” belongs to {}, which is in the register already.", by.name);
            fault("identifiers", words)
        }
        Err(keeping::Error::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Error::internal(&error)),
    };
    again(site, &me, (typed, faults, asked)).await.map(Err)
}

/// What only a person can say: whether it is another body of the same name, and which law holds.
#[derive(Debug, Clone, Default)]
struct Asked {
    namesakes: Vec<Namesake>,
    may_hold: Vec<MayHold>,
}

/// The same page with what was typed and what is wrong with it.
async fn again(
    site: &Site,
    me: &Triage,
    (typed, faults, asked): (Typed, Faults, Asked),
) -> Result<Rendered, Error> {
    let chrome = me.0.chrome(Said::default(), "Add an authority", "authorities");
    let page = show_wrong(
        site,
        (TEMPLATE, chrome),
        move |ctx, _| {
            let page = Page::of(ctx, typed, (&faults, asked.namesakes));
            Ok(Page { may_hold: asked.may_hold, ..page })
        },
        Page::errors,
    );
    Ok(page.await?.with_status(Status::UnprocessableEntity))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, post]
}
