//! The stylesheet and icons: embedded, under addresses that change with their bytes (`/assets/style.<hash>.css`).

use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::rendered::{Body, etag};
use rocket::http::{ContentType, Header};
use rocket::response::{Responder, Response};
use rocket::{Request, Route, State, get, routes};
use std::sync::Arc;

#[derive(rust_embed::RustEmbed)]
#[folder = "src/web/assets"]
struct Embedded;

/// One file as it is served.
#[derive(Debug)]
struct Asset {
    stem: String,
    suffix: String,
    hash: String,
    etag: String,
    body: Body,
}

impl Asset {
    fn new(name: &str, bytes: Vec<u8>) -> Self {
        let (stem, suffix) = name.rsplit_once('.').unwrap_or((name, ""));
        let etag = etag(&bytes);
        let hash = etag.trim_matches('"').chars().take(12).collect();
        Self {
            stem: stem.to_owned(),
            suffix: suffix.to_owned(),
            hash,
            etag,
            body: Body::plain(bytes).packed(),
        }
    }

    fn file_name(&self) -> String {
        format!("{}.{}.{}", self.stem, self.hash, self.suffix)
    }
}

/// All files that pages refer to; cheap to clone.
#[derive(Debug, Clone)]
pub struct Assets(Arc<Vec<Asset>>);

impl Assets {
    /// Those in the program.
    pub fn embedded() -> Self {
        let read = |name: std::borrow::Cow<'static, str>| {
            Embedded::get(&name).map(|file| Asset::new(&name, file.data.into_owned()))
        };
        Self(Arc::new(Embedded::iter().filter_map(read).collect()))
    }

    /// The address of the file called `name` here; the bare name where there is none.
    pub fn href(&self, name: &str) -> String {
        let found = self.0.iter().find(|asset| format!("{}.{}", asset.stem, asset.suffix) == name);
        found.map_or_else(|| format!("/assets/{name}"), |asset| format!("/assets/{}", asset.file_name()))
    }

    /// The file under an address. One of an older version is answered with the present bytes, so that a page
    /// kept by a browser across an update is not left without its looks.
    fn find(&self, file: &str) -> Option<(&Asset, bool)> {
        let (rest, suffix) = file.rsplit_once('.')?;
        let stem = rest.split_once('.').map_or(rest, |(stem, _)| stem);
        let asset = self.0.iter().find(|asset| asset.stem == stem && asset.suffix == suffix)?;
        Some((asset, asset.file_name() == file))
    }
}

/// A file on its way out.
pub struct Served {
    assets: Assets,
    file: String,
}

impl<'r> Responder<'r, 'static> for Served {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let Some((asset, exact)) = self.assets.find(&self.file) else {
            return Error::NotFound(What::Page).respond_to(request);
        };
        let lasting = if exact { "public, max-age=31536000, immutable" } else { "no-cache" };
        let kind = ContentType::from_extension(&asset.suffix).unwrap_or(ContentType::Binary);
        let mut response = Response::build();
        response.header(Header::new("Cache-Control", lasting)).header(kind);
        asset.body.clone().answer(request, response, &asset.etag)
    }
}

#[get("/assets/<file>")]
fn asset(file: String, site: &State<Site>) -> Served {
    Served { assets: site.pages.assets().clone(), file }
}

/// Asked for by browsers that read no page first.
#[get("/favicon.ico")]
fn favicon(site: &State<Site>) -> Served {
    Served { assets: site.pages.assets().clone(), file: "favicon.svg".to_owned() }
}

/// A constant: the yardstick for page speed.
#[get("/robots.txt")]
fn robots() -> (ContentType, &'static str) {
    (ContentType::Plain, "User-agent: *\nDisallow: /desk\n")
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![asset, favicon, robots]
}
