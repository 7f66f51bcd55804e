//! Every letter exactly as it will be sent, and the button that sends: `/desk/requests/preview`, `/desk/requests`.

use crate::domain::letter::Signature;
use crate::domain::publication::derivation::Derivation;
use crate::service::filing::{self, Filing, Preview};
use crate::service::sign_in;
use crate::web::desk::file_request::{self, Back, Chosen};
use crate::web::desk::guards::{CsrfForm, Said, SignedIn};
use crate::web::desk::{filed, show_wrong};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::page::{Chrome, Link};
use crate::web::rendered::Rendered;
use chrono::NaiveDate;
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{FromForm, Route, State, post, routes};
use serde::Serialize;
use std::collections::BTreeSet;

/// The template of this file.
pub const TEMPLATE: &str = "desk/preview.html";

/// The letters as they are read before they are sent.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    letters: Vec<Letter>,
    /// Letters that leave if nothing is ticked.
    count: usize,
    /// Letters that were filed before, word for word.
    same: usize,
    languages: usize,
    first_due: Option<Due>,
    undo: Option<String>,
    no_server: bool,
    typed: Typed,
    form_key: String,
    back: String,
    error: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Letter {
    authority_id: i64,
    authority: String,
    language: String,
    law: String,
    limit: String,
    to: String,
    from: String,
    subject: String,
    body: String,
    bytes: usize,
    due_on: Option<NaiveDate>,
    derivation: Option<Derivation>,
    alarms: Vec<String>,
    warnings: Vec<String>,
    impossible: Option<String>,
    same: Option<Same>,
}

/// The request that has this letter already.
#[derive(Debug, Clone, Serialize)]
struct Same {
    reference: String,
    filed_on: NaiveDate,
    /// Whether a second one is to be filed.
    ticked: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Due {
    on: NaiveDate,
    estimate: bool,
    authority: String,
}

/// What the forms carry.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Typed {
    a: Vec<String>,
    #[field(default = String::new())]
    bundle: String,
    #[field(default = String::new())]
    language: String,
    #[field(default = String::new())]
    signed_as: String,
    #[field(default = String::new())]
    group: String,
    #[field(default = String::new())]
    form_key: String,
    again: Vec<String>,
    told: Vec<String>,
}

/// What is wrong, and in which field.
enum Fault {
    Choice(String),
    Name(String),
    Group(String),
}

impl Typed {
    fn chosen(&self) -> Chosen {
        Chosen {
            a: self.a.clone(),
            bundle: self.bundle.clone(),
            language: self.language.clone(),
            signed_as: Some(self.signed_as.clone()),
            group: Some(self.group.clone()).filter(|group| !group.is_empty()),
            ..Chosen::default()
        }
    }

    fn filing(&self, form_key: &str) -> Filing {
        Filing {
            authorities: self.chosen().ids(),
            bundle: self.bundle.clone(),
            language: Some(self.language.clone()).filter(|language| !language.is_empty()),
            signed_as: self.signature().stored(),
            form_key: form_key.to_owned(),
            campaign: None,
            again: self.again.iter().take(file_request::MOST).cloned().collect(),
            told: self.told.iter().take(file_request::MOST).cloned().collect(),
        }
    }

    fn signature(&self) -> Signature {
        let cut = |text: &str| text.trim().chars().take(200).collect::<String>();
        let group = Some(cut(&self.group)).filter(|group| !group.is_empty());
        Signature { person: cut(&self.signed_as), group }
    }

    /// What is wrong with the names under the letters.
    fn fault(&self) -> Option<Fault> {
        let name = self.signed_as.trim();
        if name.is_empty() {
            return Some(Fault::Name("Write the name that stands under the letters.".to_owned()));
        }
        let words = "A name has no line breaks or control characters.".to_owned();
        if name.chars().any(char::is_control) {
            return Some(Fault::Name(words));
        }
        self.group.trim().chars().any(char::is_control).then_some(Fault::Group(words))
    }
}

fn page(
    ctx: &crate::service::Context,
    previews: Vec<Preview>,
    (typed, form_key, error): (Typed, String, Option<String>),
) -> Page {
    let possible: Vec<&Preview> = previews.iter().filter(|preview| preview.impossible.is_none()).collect();
    let same = possible.iter().filter(|preview| preview.same.is_some()).count();
    let languages: BTreeSet<&str> = possible.iter().map(|preview| preview.language.as_str()).collect();
    let first_due = possible
        .iter()
        .filter_map(|preview| {
            let estimate = preview.derivation.as_ref().is_some_and(|derivation| derivation.estimate);
            Some(Due { on: preview.due_if_sent_today?, estimate, authority: preview.authority.clone() })
        })
        .min_by_key(|due| due.on);
    Page {
        count: possible.len() - same,
        same,
        languages: languages.len(),
        first_due,
        undo: crate::web::error::span_words(ctx.config.undo),
        no_server: ctx.config.smtp_url.is_none(),
        back: file_request::address(&typed.chosen()),
        letters: previews.into_iter().map(|preview| letter(preview, &typed.again)).collect(),
        typed,
        form_key,
        error,
    }
}

fn letter(preview: Preview, again: &[String]) -> Letter {
    let same = preview.same.map(|same| Same {
        ticked: again.contains(&same.reference),
        filed_on: same.filed_at.date_naive(),
        reference: same.reference,
    });
    Letter {
        same,
        bytes: preview.body.len(),
        authority_id: preview.authority_id,
        authority: preview.authority,
        language: preview.language,
        law: preview.law,
        limit: preview.limit,
        to: preview.to,
        from: preview.from,
        subject: preview.subject,
        body: preview.body,
        due_on: preview.due_if_sent_today,
        derivation: preview.derivation,
        alarms: preview.alarms,
        warnings: preview.warnings,
        impossible: preview.impossible,
    }
}

fn chrome(me: &SignedIn) -> Chrome {
    me.chrome(Said::default(), "Read the letters", "file")
}

/// What was not filed: the answer, and why in words.
type Unfiled = (Status, String);

/// What cannot be filed, in words; a broken store is an error page.
fn told(error: filing::Error) -> Result<String, Error> {
    match error {
        filing::Error::Store(error) => Err(error.into()),
        filing::Error::Same(same) => {
            let names: Vec<&str> = same.iter().take(3).map(|same| same.authority.as_str()).collect();
            let more = if same.len() > 3 { format!(" and {} more", same.len() - 3) } else { String::new() };
            Ok(format!(
                "Nothing was filed. You filed the same letter lately to {}{more}. Say whether it is to go a second time.",
                names.join(", ")
            ))
        }
        filing::Error::NobodyAsked => Ok("No authority is chosen. Tick at least one.".to_owned()),
        filing::Error::UnknownBundle(_) => Ok("No bundle is chosen. Choose one.".to_owned()),
        error => Ok(format!("Nothing was filed: {error}.")),
    }
}

/// The choice again, with what is wrong.
async fn choose_again(site: &Site, me: &SignedIn, (typed, fault): (Typed, Fault)) -> Result<Rendered, Error> {
    let chrome = me.chrome(Said::default(), "File a request", "file");
    let me = me.clone();
    let load = move |ctx: &crate::service::Context, conn: &mut crate::store::Conn| {
        let (signed_as, group) = (Some(typed.signed_as.clone()), Some(typed.group.clone()));
        let mut back = Back { signed_as, group, ..Back::default() };
        match fault {
            Fault::Choice(words) => back.choice_error = Some(words),
            Fault::Name(words) => back.name_error = Some(words),
            Fault::Group(words) => back.group_error = Some(words),
        }
        file_request::load(ctx, conn, (&typed.chosen(), &me, back))
    };
    let page = show_wrong(site, (file_request::TEMPLATE, chrome), load, file_request::Page::errors);
    Ok(page.await?.with_status(Status::UnprocessableEntity))
}

/// The letters with what is wrong about sending them, or the choice where they cannot even be written.
async fn read(
    site: &Site,
    me: &SignedIn,
    (typed, form_key, unfiled): (Typed, String, Option<Unfiled>),
) -> Result<Rendered, Error> {
    let (context, person) = (site.context.clone(), me.person.id);
    let filing = typed.filing(&form_key);
    let outcome = site
        .store
        .run(move |conn| match filing::preview(&context, conn, person, &filing) {
            Ok(previews) => Ok(Ok(previews)),
            Err(error) => told(error).map(Err),
        })
        .await?;
    match outcome {
        Ok(previews) => {
            let (status, error) = match unfiled {
                Some((status, words)) => (status, Some(words)),
                None => (Status::Ok, None),
            };
            let field = if status == Status::Conflict { "#same" } else { "#letters" };
            let load = move |ctx: &crate::service::Context, _: &mut crate::store::Conn| {
                Ok(page(ctx, previews, (typed, form_key, error)))
            };
            let shown = show_wrong(site, (TEMPLATE, chrome(me)), load, move |page: &Page| {
                let field = if page.same > 0 { field } else { "#letters" };
                page.error.iter().map(|words| Link::new(field, words)).collect()
            });
            Ok(shown.await?.with_status(status))
        }
        Err(why) => choose_again(site, me, (typed, Fault::Choice(why))).await,
    }
}

#[post("/desk/requests/preview", data = "<form>")]
async fn preview(site: &State<Site>, me: SignedIn, form: CsrfForm<Typed>) -> Result<Rendered, Error> {
    let typed = form.0;
    if let Some(fault) = typed.fault() {
        return choose_again(site, &me, (typed, fault)).await;
    }
    let form_key = sign_in::random_text().map_err(|e| Error::internal(&e))?;
    read(site, &me, (typed, form_key, None)).await
}

#[post("/desk/requests", data = "<form>")]
async fn file(
    site: &State<Site>,
    me: SignedIn,
    form: CsrfForm<Typed>,
) -> Result<Result<Redirect, Rendered>, Error> {
    let typed = form.0;
    if let Some(fault) = typed.fault() {
        return choose_again(site, &me, (typed, fault)).await.map(Err);
    }
    // The key came with the letters as they were read. Without it a second press could file twice.
    let key_good = (20..=100).contains(&typed.form_key.len())
        && typed.form_key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !key_good {
        let words = "The letters must be read before they are sent. Press “Read” again.".to_owned();
        return choose_again(site, &me, (typed, Fault::Choice(words))).await.map(Err);
    }
    let (context, person) = (site.context.clone(), me.person.id);
    let filing = typed.filing(&typed.form_key);
    let outcome = site
        .store
        .run(move |conn| match filing::file(&context, conn, person, &filing) {
            Ok(done) => Ok(Ok(done)),
            // The letters as they are now, with the question.
            Err(error @ filing::Error::Same(_)) => told(error).map(|why| Err((Status::Conflict, why))),
            Err(error) => told(error).map(|why| Err((Status::UnprocessableEntity, why))),
        })
        .await?;
    match outcome {
        Ok(done) => Ok(Ok(Redirect::to(filed::address(done.iter().map(|filed| filed.reference.as_str()))))),
        Err(why) => {
            let form_key = typed.form_key.clone();
            read(site, &me, (typed, form_key, Some(why))).await.map(Err)
        }
    }
}

/// How many letters, in words, for buttons.
pub(crate) fn letters(count: usize) -> String {
    filters::counted(count, "letter", "letters")
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![preview, file]
}
