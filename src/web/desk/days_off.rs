//! One-off days off and holidays that are working days this once: `/desk/days-off`, for administrators.

use crate::service::Context;
use crate::service::days_off::{self as keeping, Change, Moves};
use crate::store::Conn;
use crate::store::days_off::{self, Kept, New};
use crate::web::choice::Choice;
use crate::web::desk::guards::{Admin, CsrfForm, Nothing, Said};
use crate::web::desk::{done, show, show_wrong};
use crate::web::error::{Error, What};
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use chrono::NaiveDate;
use rocket::http::Status;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/days_off.html";

/// All entries, the form, and what a change would do where one was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    rows: Vec<Row>,
    places: Vec<Group>,
    typed: Typed,
    faults: Faults,
    adding: Option<Moves>,
    withdrawing: Option<(Row, Moves)>,
}

/// One entry.
#[derive(Debug, Clone, Serialize)]
struct Row {
    id: i64,
    place: String,
    place_name: String,
    day: NaiveDate,
    name: String,
    source: String,
    link: bool,
    works: bool,
    in_force: bool,
}

/// The calendars of a country.
#[derive(Debug, Clone, Serialize)]
struct Group {
    name: String,
    places: Vec<Choice>,
}

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Typed {
    #[field(default = String::new())]
    place: String,
    #[field(default = String::new())]
    day_day: String,
    #[field(default = String::new())]
    day_month: String,
    #[field(default = String::new())]
    day_year: String,
    #[field(default = String::new())]
    name: String,
    #[field(default = String::new())]
    source: String,
    #[field(default = false)]
    works: bool,
}

/// What is wrong with it.
#[derive(Debug, Clone, Default, Serialize)]
struct Faults {
    place: Option<String>,
    day: Option<String>,
    name: Option<String>,
    source: Option<String>,
}

impl Typed {
    fn parse(&self) -> Result<New, Faults> {
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let year = self.day_year.trim().parse::<i32>().ok();
        let day = year
            .zip(number(&self.day_month).zip(number(&self.day_day)))
            .and_then(|(year, (month, day))| NaiveDate::from_ymd_opt(year, month, day));
        let Some(day) = day else {
            let day = Some("That is no day of the calendar. Write one such as 3, 7, 2026.".to_owned());
            return Err(Faults { day, ..Faults::default() });
        };
        let (place, name, source) = (self.place.clone(), self.name.clone(), self.source.clone());
        Ok(New { place, day, name, source, works: self.works })
    }
}

impl Faults {
    fn of(error: keeping::Error) -> Result<Self, Error> {
        use keeping::Error as Wrong;
        let none = Self::default();
        Ok(match error {
            Wrong::NoPlace(_) => Self { place: Some("Choose a place of the list.".to_owned()), ..none },
            Wrong::Unknown(unknown) => {
                let words = format!("Days are known from {} to {} only.", unknown.first, unknown.last);
                Self { day: Some(words), ..none }
            }
            Wrong::NoName => {
                Self { name: Some("Say what day it is, as: day of mourning.".to_owned()), ..none }
            }
            Wrong::NoSource => {
                Self { source: Some("Say who ordered it: an act or a link.".to_owned()), ..none }
            }
            Wrong::OffAnyway { name, .. } => {
                Self { day: Some(format!("The place rests on that day anyway: {name}.")), ..none }
            }
            Wrong::WorksAnyway(_) => Self {
                day: Some("That day is no holiday there, so it cannot become a working day.".to_owned()),
                ..none
            },
            Wrong::Taken(_) | Wrong::TakenJustNow => {
                let words = "There is an entry for that place and day. Withdraw it first.";
                Self { day: Some(words.to_owned()), ..none }
            }
            Wrong::NoSuch(_) => return Err(Error::NotFound(What::Page)),
            Wrong::Store(error) => return Err(error.into()),
            error @ Wrong::Law(_) => return Err(Error::internal(&error)),
        })
    }

    fn links(&self) -> Vec<Link> {
        let link = |field: &str, words: &Option<String>| Some(Link::new(field, words.as_ref()?));
        let all = [
            link("#f-place", &self.place),
            link("#f-day-d", &self.day),
            link("#f-name", &self.name),
            link("#f-source", &self.source),
        ];
        all.into_iter().flatten().collect()
    }
}

fn load(ctx: &Context, conn: &mut Conn) -> Result<Page, Error> {
    let mut kept = days_off::all(conn)?;
    kept.sort_by_key(|it| (it.withdrawn_at.is_some(), std::cmp::Reverse((it.day, it.id))));
    Ok(Page {
        rows: kept.into_iter().map(|it| row(ctx, it)).collect(),
        places: places(ctx),
        typed: Typed::default(),
        faults: Faults::default(),
        adding: None,
        withdrawing: None,
    })
}

fn row(ctx: &Context, kept: Kept) -> Row {
    Row {
        place_name: place_name(ctx, &kept.place),
        link: kept.source.starts_with("https://"),
        in_force: kept.withdrawn_at.is_none(),
        id: kept.id,
        place: kept.place,
        day: kept.day,
        name: kept.name,
        source: kept.source,
        works: kept.works,
    }
}

fn place_name(ctx: &Context, id: &str) -> String {
    let country = filters::country(id.get(..2).unwrap_or(id));
    match id.get(3..) {
        None => country.to_owned(),
        Some(_) if ctx.library.laws.is_overlay(id) => format!("{country}: the law’s own calendar, {id}"),
        Some(part) => format!("{country}: {part} only"),
    }
}

/// The calendars by country, the whole country first.
fn places(ctx: &Context) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut ids: Vec<(&str, &str)> = ctx
        .library
        .laws
        .calendars()
        .map(|it| (filters::country(it.place().get(..2).unwrap_or_default()), it.place()))
        .collect();
    ids.sort_unstable();
    for (country, id) in ids {
        let whole = if id.len() == 2 { format!("{country}, all of it") } else { place_name(ctx, id) };
        let choice = Choice::new(id, whole);
        match groups.last_mut().filter(|group| group.name == country) {
            Some(group) => group.places.push(choice),
            None => groups.push(Group { name: country.to_owned(), places: vec![choice] }),
        }
    }
    groups
}

#[get("/desk/days-off?<withdraw>")]
async fn get(site: &State<Site>, me: Admin, said: Said, withdraw: Option<i64>) -> Result<Rendered, Error> {
    let chrome = me.0.chrome(said, "Days off", "days-off");
    show(site, TEMPLATE, chrome, move |ctx, conn| {
        let mut page = load(ctx, conn)?;
        if let Some(id) = withdraw {
            let row = page.rows.iter().find(|row| row.id == id && row.in_force).cloned();
            let row = row.ok_or(Error::NotFound(What::Page))?;
            let moves = keeping::moves(ctx, conn, &Change::Withdraw(id));
            page.withdrawing = Some((row, moves.map_err(|error| Error::internal(&error))?));
        }
        Ok(page)
    })
    .await
}

/// What would move if the day were added; nothing is kept yet.
#[post("/desk/days-off/preview", data = "<form>")]
async fn preview(site: &State<Site>, me: Admin, form: CsrfForm<Typed>) -> Result<Rendered, Error> {
    let typed = form.0;
    let chrome = me.0.chrome(Said::default(), "Days off", "days-off");
    let load = move |ctx: &Context, conn: &mut Conn| {
        let mut page = load(ctx, conn)?;
        let moves = typed.parse().map(|new| {
            let new = keeping::checked(ctx, conn, &new)?;
            keeping::moves(ctx, conn, &Change::Add(new))
        });
        match moves {
            Ok(Ok(moves)) => page.adding = Some(moves),
            Ok(Err(error)) => page.faults = Faults::of(error)?,
            Err(faults) => page.faults = faults,
        }
        page.typed = typed;
        Ok(page)
    };
    show_wrong(site, (TEMPLATE, chrome), load, |page: &Page| page.faults.links()).await
}

#[post("/desk/days-off", data = "<form>")]
async fn post(
    site: &State<Site>,
    me: Admin,
    form: CsrfForm<Typed>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let typed = form.0;
    let (context, person, asked) = (site.context.clone(), me.0.person.id, typed.parse());
    let outcome = match asked {
        Err(faults) => Err(faults),
        Ok(new) => {
            let kept =
                site.store.run(move |conn| Ok::<_, Error>(keeping::add(&context, conn, Some(person), &new)));
            match kept.await? {
                Ok(_) => Ok(()),
                Err(error) => Err(Faults::of(error)?),
            }
        }
    };
    let Err(faults) = outcome else {
        let words = "Added.|Due days are counted anew within a minute; each that moves says why on its page.";
        return Ok(Ok(done("note", "/desk/days-off", words)));
    };
    let chrome = me.0.chrome(Said::default(), "Days off", "days-off");
    let load = move |ctx: &Context, conn: &mut Conn| Ok(Page { typed, faults, ..load(ctx, conn)? });
    let page = show_wrong(site, (TEMPLATE, chrome), load, |page: &Page| page.faults.links());
    Ok(Err(page.await?.with_status(Status::UnprocessableEntity)))
}

#[post("/desk/days-off/<id>/withdraw", data = "<_form>")]
async fn withdraw(
    site: &State<Site>,
    me: Admin,
    id: i64,
    _form: CsrfForm<Nothing>,
) -> Result<Flash<Redirect>, Error> {
    let (context, person) = (site.context.clone(), me.0.person.id);
    let gone = site
        .store
        .run(move |conn| Ok::<_, Error>(keeping::withdraw(&context, conn, Some(person), id)))
        .await?;
    match gone {
        Ok(_) => {
            let words = "Withdrawn.|Due days are counted as if it had never been, within a minute.";
            Ok(done("note", "/desk/days-off", words))
        }
        Err(keeping::Error::NoSuch(_)) => {
            let words = "Nothing was changed.|That entry was withdrawn already.";
            Ok(done("warn", "/desk/days-off", words))
        }
        Err(error) => Err(Error::internal(&error)),
    }
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, preview, post, withdraw]
}
