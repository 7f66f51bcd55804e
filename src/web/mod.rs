//! The pages, for everyone and for the desk; Rocket is used only here and in the command that serves.

pub mod assets;
pub mod choice;
pub mod desk;
pub mod download;
pub mod durations;
pub mod error;
pub mod filters;
pub mod guards;
pub mod headers;
pub mod health;
pub mod ical;
pub mod kept;
pub mod metrics;
pub mod network;
pub mod page;
pub mod places;
pub mod public;
pub mod rendered;
pub mod why;

use crate::service::Context;
use crate::service::cage::Cage;
use crate::store::Db;
use crate::web::desk::files::Reader;
use crate::web::durations::Durations;
use crate::web::guards::{Site, Store};
use crate::web::headers::Headers;
use crate::web::kept::Kept;
use crate::web::page::{Pages, Setup};
use figment::Figment;
use rocket::shield::Shield;
use rocket::{Build, Rocket};
use std::net::SocketAddr;
use std::sync::Arc;

/// The web server over its parts, not yet launched. `figment` holds Rocket's own settings; `cage` is where mail is
/// taken apart, which this process never does itself.
pub fn build(figment: &Figment, context: Arc<Context>, db: Db, cage: Arc<Cage>) -> Rocket<Build> {
    // Templates of a folder are read each time anew, so their pages are not kept.
    let room = if context.config.templates_dir.is_none() { kept::ROOM } else { 0 };
    watched(figment, context, db, room)
        .manage(Reader::new(cage))
        .register("/desk", desk::catchers())
        .mount("/", assets::routes())
        .mount("/", public::routes())
        .mount("/", desk::routes())
}

/// `/healthz` and `/metrics` alone, at an address of their own: of a process that serves no pages.
pub fn build_health(figment: &Figment, at: SocketAddr, context: Arc<Context>, db: Db) -> Rocket<Build> {
    let figment = figment.clone().merge(("address", at.ip())).merge(("port", at.port()));
    watched(&figment, context, db, 0)
}

/// What every web server of ours has; `room` is for pages that are kept.
fn watched(figment: &Figment, context: Arc<Context>, db: Db, room: u64) -> Rocket<Build> {
    let config = &context.config;
    let setup = Setup {
        public_url: config.public_url.clone(),
        demonstration: config.demonstration,
        templates_dir: config.templates_dir.clone(),
    };
    let headers = Headers { https: config.public_url.starts_with("https://") };
    let kept = Kept::new(&db, room);
    let site = Site { pages: Pages::new(&setup), store: Store::new(db), context, kept };
    let durations = Durations::default();
    // Rocket's own name and its looser shield are left out; `headers` sets the profile.
    rocket::custom(figment.clone().merge(("ident", false)).merge(("cli_colors", false)))
        .attach(Shield::new())
        .attach(headers)
        .attach(durations.clone())
        .manage(durations)
        .manage(health::Look::default())
        .manage(metrics::LastCounts::default())
        .manage(site)
        .register("/", error::catchers())
        .mount("/", health::routes())
        .mount("/", metrics::routes())
}
