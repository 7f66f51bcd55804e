//! `/healthz`, for a monitor: 200 while the database answers and mail can be taken in, else 503.

use crate::store::health;
use crate::store::{Db, blobs::Blobs};
use crate::web::guards::Site;
use chrono::{DateTime, Utc};
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// What a monitor is told: figures only, nothing that names a person or an authority. A figure is 0 where nothing
/// waits, and null where it cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether the database answers.
    pub database: bool,
    /// How long the oldest mail has waited for its row; null = no mail can be taken in.
    pub spool_oldest_seconds: Option<i64>,
    /// Letters that may or may not have arrived.
    pub letters_unknown: Option<i64>,
    /// How long the oldest letter that may leave has waited.
    pub letters_oldest_seconds: Option<i64>,
}

fn look(db: &Db, blobs: &Blobs, now: DateTime<Utc>) -> Health {
    let age = |since: Option<DateTime<Utc>>| since.map_or(0, |since| (now - since).num_seconds().max(0));
    let letters = db.conn().and_then(|mut conn| health::letters(&mut conn, now));
    let spool = blobs.try_spool().and_then(|()| blobs.spooled_since());
    for error in [letters.as_ref().err(), spool.as_ref().err()].into_iter().flatten() {
        tracing::error!(%error, "not well");
    }
    let letters = letters.ok();
    Health {
        database: letters.is_some(),
        spool_oldest_seconds: spool.ok().map(|since| age(since.map(DateTime::from))),
        letters_unknown: letters.map(|letters| letters.unknown),
        letters_oldest_seconds: letters.map(|letters| age(letters.oldest.map(|at| at.and_utc()))),
    }
}

#[get("/healthz")]
async fn get(site: &State<Site>) -> (Status, Json<Option<Health>>) {
    let (db, blobs, now) = (site.store.db(), site.context.blobs.clone(), site.now());
    let health = rocket::tokio::task::spawn_blocking(move || look(&db, &blobs, now)).await.ok();
    let well = health.as_ref().is_some_and(|found| found.database && found.spool_oldest_seconds.is_some());
    (if well { Status::Ok } else { Status::ServiceUnavailable }, Json(health))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
