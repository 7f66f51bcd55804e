//! After sending: when the letters leave, and the way to take them back: `/desk/requests/filed`.

use crate::service::{Context, filing};
use crate::store::Conn;
use crate::store::desk::letters;
use crate::store::types::OutboxState;
use crate::web::desk::guards::{CsrfForm, Said, SignedIn};
use crate::web::desk::letters::Letter;
use crate::web::desk::{done, preview, show, words};
use crate::web::error::{Error, What, span_words};
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use chrono::NaiveDateTime;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/filed.html";

/// The letters that were filed together.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    letters: Vec<Letter>,
    undoable: Vec<String>,
    leaves_at: Option<NaiveDateTime>,
    /// In words.
    left: Option<String>,
    now: NaiveDateTime,
    no_server: bool,
    here: String,
    filed: usize,
    taken_back: usize,
}

/// References of the requests.
#[derive(Debug, Clone, Default, FromForm)]
struct References {
    r: Vec<String>,
}

/// The address of this page for some requests.
pub(crate) fn address<'a>(references: impl Iterator<Item = &'a str>) -> String {
    let query: Vec<(&str, &str)> = references.map(|reference| ("r", reference)).collect();
    words::link("/desk/requests/filed", &query)
}

/// Own letters, or any for those who triage; others do not learn that they exist.
fn load(ctx: &Context, conn: &mut Conn, (asked, me): (&References, &SignedIn)) -> Result<Page, Error> {
    let asked: Vec<String> = asked.r.iter().take(crate::web::desk::file_request::MOST).cloned().collect();
    let mine = |letter: &letters::Letter| me.person.role.may_triage() || letter.person_id == me.person.id;
    let found: Vec<letters::Letter> =
        letters::of_references(conn, &asked)?.into_iter().filter(mine).collect();
    if found.is_empty() {
        return Err(Error::NotFound(What::Request));
    }
    let now = ctx.clock.now();
    let waits = |letter: &&letters::Letter| {
        letter.state == OutboxState::Queued && letter.leave_after > now.naive_utc()
    };
    let undoable: Vec<String> = found.iter().filter(waits).map(|letter| letter.reference.clone()).collect();
    let leaves_at = found.iter().filter(waits).map(|letter| letter.leave_after).min();
    let taken_back = found.iter().filter(|letter| letter.state == OutboxState::TakenBack).count();
    Ok(Page {
        filed: found.len() - taken_back,
        taken_back,
        undoable,
        leaves_at,
        left: leaves_at.and_then(|at| (at - now.naive_utc()).to_std().ok()).and_then(span_words),
        now: now.naive_utc(),
        no_server: ctx.config.smtp_url.is_none(),
        here: address(found.iter().map(|letter| letter.reference.as_str())),
        letters: found.into_iter().map(|letter| Letter::of(letter, now)).collect(),
    })
}

#[get("/desk/requests/filed?<references..>")]
async fn get(
    site: &State<Site>,
    me: SignedIn,
    said: Said,
    references: References,
) -> Result<Rendered, Error> {
    let chrome = me.chrome(said, "Filed", "file");
    show(site, TEMPLATE, chrome, move |ctx, conn| load(ctx, conn, (&references, &me))).await
}

#[post("/desk/requests/filed/take-back", data = "<form>")]
async fn take_back(
    site: &State<Site>,
    me: SignedIn,
    form: CsrfForm<References>,
) -> Result<Flash<Redirect>, Error> {
    let asked = form.0;
    let to = address(asked.r.iter().map(String::as_str));
    let context = site.context.clone();
    let (back, gone, too_late) = site
        .store
        .run(move |conn| {
            let page = load(&context, conn, (&asked, &me))?;
            let too_late = too_late(&page);
            let (mut back, mut gone) = (0, 0);
            for reference in page.undoable {
                match filing::take_back(&context, conn, me.person.id, &reference) {
                    Ok(()) => back += 1,
                    Err(filing::Error::TooLate(_)) => gone += 1,
                    Err(filing::Error::Store(error)) => return Err(error.into()),
                    Err(error) => return Err(Error::internal(&error)),
                }
            }
            Ok::<_, Error>((back, gone, too_late))
        })
        .await?;
    Ok(match (back, gone) {
        (0, _) => done("warn", to, &too_late),
        (back, 0) => {
            done("note", to, &format!("{} taken back.|Nobody was asked anything.", preview::letters(back)))
        }
        (back, gone) => done(
            "warn",
            to,
            &format!("{} taken back.|{} had left already.", preview::letters(back), preview::letters(gone)),
        ),
    })
}

/// Why nothing could be taken back, as the letters stood when it was asked for.
fn too_late(page: &Page) -> String {
    let one = page.letters.len() == 1;
    if page.taken_back == page.letters.len() {
        let were = if one { "The letter was" } else { "The letters were" };
        return format!("Nothing was taken back.|{were} taken back before.");
    }
    let left: Vec<NaiveDateTime> = page.letters.iter().filter_map(|letter| letter.accepted_at).collect();
    let Some(last) = left.iter().max().map(|at| at.format("%H:%M UTC on %-d %B %Y")) else {
        let them = if one { "it" } else { "them" };
        return format!("Too late.|The time to take {them} back is over.");
    };
    match left.len() {
        1 if one => format!("Too late.|The letter left at {last}."),
        1 => format!("Too late.|1 letter left at {last}; the time to take the others back is over."),
        n if n == page.letters.len() => format!("Too late.|The letters have left, the last at {last}."),
        n => format!("Too late.|{} have left, the last at {last}.", preview::letters(n)),
    }
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, take_back]
}
