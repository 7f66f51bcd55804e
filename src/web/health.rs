//! `/healthz`, for a monitor: 503 while something is not done that must be, and in words what to do about it.

use crate::service::health::{self, Database, Figures, Finding, Level, Stopwatch};
use crate::store::health::Letters;
use crate::web::guards::Site;
use chrono::TimeDelta;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::tokio::sync::Mutex;
use rocket::tokio::task::spawn_blocking;
use rocket::{Route, State, get, routes};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// For so long a look is good: however many ask, the database is asked no more often.
const GOOD_FOR: Duration = Duration::from_secs(2);

/// What a monitor is told: figures and findings, nothing that names a person or an authority. A figure is 0 where
/// nothing waits, and null where it cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// `well`, `degraded` (a person must look) or `unwell` (something is not done that must be).
    pub status: &'static str,
    /// What is not well, worst first.
    pub findings: Vec<Finding>,
    /// Whether the database can be read and written.
    pub database: bool,
    /// How long the oldest mail has waited for its row; null = no mail can be taken in.
    pub spool_oldest_seconds: Option<i64>,
    /// Letters that may or may not have arrived.
    pub letters_unknown: Option<i64>,
    /// How long the oldest letter that may leave has waited.
    pub letters_oldest_seconds: Option<i64>,
}

impl Health {
    fn of(figures: &Figures) -> Self {
        let findings = health::findings(figures);
        let oldest = |letters: Letters| {
            letters.oldest.map_or(0, |at| (figures.now - at.and_utc()).max(TimeDelta::zero()).num_seconds())
        };
        Self {
            status: findings.iter().map(|finding| finding.level).max().map_or("well", Level::as_str),
            findings,
            database: figures.database == Database::Well,
            spool_oldest_seconds: figures.spool.map(|(_, age)| age.num_seconds()),
            letters_unknown: figures.letters.map(|letters| letters.unknown),
            letters_oldest_seconds: figures.letters.map(oldest),
        }
    }
}

/// The last look, shared by all who ask.
#[derive(Debug, Default)]
pub struct Look(Mutex<Option<(Stopwatch, Arc<Figures>)>>);

impl Look {
    /// A look that is no older than two seconds. One looks; who asks meanwhile waits for that look and holds no thread.
    pub async fn fresh(&self, site: &Site) -> Option<Arc<Figures>> {
        let mut last = self.0.lock().await;
        if let Some((at, figures)) = &*last
            && at.elapsed() < GOOD_FOR
        {
            return Some(Arc::clone(figures));
        }
        let (db, context) = (site.store.db(), Arc::clone(&site.context));
        let figures = Arc::new(spawn_blocking(move || health::look(&context, &db)).await.ok()?);
        *last = Some((Stopwatch::start(), Arc::clone(&figures)));
        Some(figures)
    }
}

/// `?strict` answers 503 to any finding, for monitors that know nothing but the status.
#[get("/healthz?<strict>")]
async fn get(site: &State<Site>, look: &State<Look>, strict: Option<bool>) -> (Status, Json<Option<Health>>) {
    let health = look.fresh(site).await.map(|figures| Health::of(&figures));
    let strict = strict.unwrap_or(false);
    let well = health.as_ref().is_some_and(|found| match found.status {
        "well" => true,
        "degraded" => !strict,
        _ => false,
    });
    (if well { Status::Ok } else { Status::ServiceUnavailable }, Json(health))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
