//! Pages from templates: the engine, what every page shows around its matter, and the answer that carries it.

use crate::web::assets::Assets;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::rendered::Rendered;
use chrono::{DateTime, Utc};
use minijinja::{AutoEscape, Environment, TemplateSource, UndefinedBehavior};
use rocket::http::ContentType;
use serde::Serialize;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(rust_embed::RustEmbed)]
#[folder = "templates"]
struct Embedded;

/// Where requests are filed: the desk, which asks for a sign-in.
pub const FILE_A_REQUEST: &str = "/desk/requests/new";
/// Where the sign-out form posts to.
pub const SIGN_OUT: &str = "/desk/sign-out";

/// The side of the site that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Everyone may read it; it may be kept by caches.
    Public,
    /// For volunteers; never kept.
    Desk,
}

/// Who is signed in, as the header says it.
#[derive(Debug, Clone, Serialize)]
pub struct SignedIn {
    /// Their name.
    pub name: String,
    /// What they may do, in a word.
    pub role: String,
}

/// What happened by the last press of a button.
#[derive(Debug, Clone, Serialize)]
pub struct Flash {
    /// Modifier of the notice: empty, `warn` or `act`.
    pub kind: String,
    /// The first word or words, bold.
    pub lead: String,
    /// The rest.
    pub text: String,
    /// Where to go from here.
    pub links: Vec<Link>,
}

/// A link on a page, to a field of a form or to where the work goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// An address of this site, from the slash or the hash on.
    pub href: String,
    /// What it says.
    pub words: String,
}

impl Link {
    /// `words`, leading to `href`.
    pub fn new(href: impl Into<String>, words: impl Into<String>) -> Self {
        Self { href: href.into(), words: words.into() }
    }
}

/// An entry of the desk's menu.
#[derive(Debug, Clone, Serialize)]
pub struct MenuItem {
    /// Compared with `Chrome::nav`.
    pub key: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// What it says.
    pub name: Cow<'static, str>,
}

/// The same matter in another form.
#[derive(Debug, Clone, Serialize)]
pub struct Feed {
    /// Its media type.
    pub kind: &'static str,
    /// What it is.
    pub title: String,
    /// Where it is.
    pub href: String,
}

/// What stands around the matter of a page.
#[derive(Debug, Clone, Serialize)]
pub struct Chrome {
    /// Title of the window, without the site's name.
    pub title: String,
    /// One sentence for search engines.
    pub summary: Option<String>,
    /// Language of the page's own words.
    pub lang: &'static str,
    /// Which entry of the navigation is the present one.
    pub nav: &'static str,
    /// Public or desk.
    pub area: Area,
    /// Menu of the desk.
    pub menu: Vec<MenuItem>,
    /// Who is signed in; on the desk only.
    pub signed_in: Option<SignedIn>,
    /// The token of the session's forms; on the desk only.
    pub csrf: Option<String>,
    /// What the last press of a button did.
    pub flash: Option<Flash>,
    /// What is wrong with a form that comes back, each with a link to its field.
    pub errors: Vec<Link>,
    /// When the figures were true.
    pub as_of: Option<DateTime<Utc>>,
    /// The page's lasting address, from the slash on.
    pub path: Option<String>,
    /// The same matter for machines.
    pub feeds: Vec<Feed>,
}

impl Chrome {
    /// For a page that everyone may read.
    pub fn public(title: impl Into<String>, nav: &'static str) -> Self {
        Self {
            title: title.into(),
            summary: None,
            lang: "en",
            nav,
            area: Area::Public,
            menu: Vec::new(),
            signed_in: None,
            csrf: None,
            flash: None,
            errors: Vec::new(),
            as_of: None,
            path: None,
            feeds: Vec::new(),
        }
    }

    /// For a page of the desk.
    pub fn desk(title: impl Into<String>, nav: &'static str) -> Self {
        let item = |key, href, name| MenuItem { key, href, name: Cow::Borrowed(name) };
        let menu = vec![
            item("queue", "/desk", "Queue"),
            item("letters", "/desk/letters", "Letters"),
            item("requests", "/desk/requests", "Requests"),
            item("authorities", "/desk/authorities", "Authorities"),
            item("file", FILE_A_REQUEST, "File a request"),
        ];
        Self { area: Area::Desk, menu, ..Self::public(title, nav) }
    }

    /// Adds the addresses that do not work to the menu of those who can do something about it.
    pub fn tell_contacts(&mut self, count: i64) {
        if count > 0 && self.menu.iter().any(|item| item.key == "authorities") {
            let name = Cow::Owned(format!("Addresses ({count})"));
            self.menu.push(MenuItem { key: "contacts", href: "/desk/contacts", name });
        }
    }

    /// With the time at which its figures are true.
    #[must_use]
    pub fn as_of(mut self, now: DateTime<Utc>) -> Self {
        self.as_of = Some(now);
        self
    }

    /// With its lasting address, from the slash on.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// With one sentence for search engines.
    #[must_use]
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }
}

/// What is the same on all pages of an installation.
#[derive(Debug, Clone, Serialize)]
struct Site {
    public_url: String,
    demonstration: bool,
    style: String,
    favicon: String,
    file_a_request: &'static str,
    sign_out: &'static str,
}

/// How the pages are set up.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Base of every link that leaves the service.
    pub public_url: String,
    /// Whether this is a demonstration.
    pub demonstration: bool,
    /// Templates are read from here, each time anew, instead of those embedded.
    pub templates_dir: Option<PathBuf>,
}

/// The templates, ready to render; cheap to clone.
#[derive(Clone)]
pub struct Pages {
    env: Arc<Environment<'static>>,
    site: Arc<Site>,
    assets: Assets,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

#[derive(Serialize)]
struct Parts<'a, P> {
    chrome: &'a Chrome,
    site: &'a Site,
    page: &'a P,
}

impl Pages {
    /// The engine with the house's filters. Every name that a template uses must be there, else it fails.
    pub fn new(setup: &Setup) -> Self {
        let assets = Assets::embedded();
        let site = Site {
            public_url: setup.public_url.clone(),
            demonstration: setup.demonstration,
            style: assets.href("style.css"),
            favicon: assets.href("favicon.svg"),
            file_a_request: FILE_A_REQUEST,
            sign_out: SIGN_OUT,
        };
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_formatter(write_value);
        filters::add_to(&mut env);
        if let Some(folder) = &setup.templates_dir {
            let folder = folder.clone();
            env.set_loader(move |name| {
                from_folder(&folder, name)
                    .map(|found| found.map(|text| TemplateSource::from(text).with_uptodate_check(|| false)))
            });
        } else {
            env.set_loader(|name| Ok(embedded(name)));
            env.set_auto_reload(false);
        }
        Self { env: Arc::new(env), site: Arc::new(site), assets }
    }

    /// The files that pages refer to.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Renders `template` (its path below `templates/`) with `page` as view model.
    pub fn render<P: Serialize>(&self, template: &str, chrome: &Chrome, page: &P) -> Result<Rendered, Error> {
        let text = self.text(template, chrome, page)?;
        Ok(match chrome.area {
            Area::Public => Rendered::public(ContentType::HTML, text),
            Area::Desk => Rendered::private(text),
        })
    }

    /// Parses every template; how many there are, or the first that is wrong with its line.
    pub fn parse_all(&self) -> Result<usize, String> {
        let pages: Vec<String> =
            templates().into_iter().filter(|name| name.strip_suffix(".html").is_some()).collect();
        for name in &pages {
            self.env.get_template(name).map_err(|e| e.to_string())?;
        }
        Ok(pages.len())
    }

    /// The same as bare text, for tests.
    pub fn text<P: Serialize>(&self, template: &str, chrome: &Chrome, page: &P) -> Result<String, Error> {
        let parts = Parts { chrome, site: &self.site, page };
        self.env
            .get_template(template)
            .and_then(|found| found.render(minijinja::value::Serde(&parts)))
            .map_err(|e| Error::template(&e))
    }
}

/// Escapes what HTML gives a meaning in text and in quoted attributes. The engine's own would write the slash
/// of every address as an entity, which a reader of the source has to decode.
fn write_value(
    out: &mut minijinja::Output<'_>,
    state: &mut minijinja::State<'_, '_>,
    value: &minijinja::Value,
) -> Result<(), minijinja::Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return minijinja::escape_formatter(out, state, value);
    };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, after) = rest.split_at(at);
        let escaped = match after.chars().next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            _ => "&#39;",
        };
        out.write_str(before)?;
        out.write_str(escaped)?;
        rest = after.get(1..).unwrap_or_default();
    }
    Ok(out.write_str(rest)?)
}

/// Names of all embedded templates, for tests and for `askance check`.
pub fn templates() -> Vec<String> {
    let mut names: Vec<String> = Embedded::iter().map(|name| name.to_string()).collect();
    names.sort();
    names
}

fn embedded(name: &str) -> Option<String> {
    Embedded::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

/// A template of the operator's folder, or the embedded one where the folder has none of that name.
fn from_folder(folder: &Path, name: &str) -> Result<Option<String>, minijinja::Error> {
    if name.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
        return Ok(None);
    }
    match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(embedded(name)),
        Err(e) => Err(minijinja::Error::new(
            minijinja::ErrorKind::InvalidOperation,
            format!("template `{name}` cannot be read from `{}`: {e}", folder.display()),
        )),
    }
}
