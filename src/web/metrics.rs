//! `/metrics`, for Prometheus: counts and ages, no personal data; for who is on this machine or knows the token.

mod encoding;

use crate::service::health::{Figures, Pulse, Stopwatch};
use crate::store::health::bounded;
use crate::store::health::counts::{Counts, counts};
use crate::web::durations::Durations;
use crate::web::guards::Site;
use crate::web::health::Look;
use crate::web::network::is_near;
use rocket::http::{ContentType, Status};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use rocket::tokio::sync::Mutex;
use rocket::tokio::task::spawn_blocking;
use rocket::{Request, Route, State, get, routes};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use url::{Host, Url};

/// What a web server before us adds to what it passes on. Who comes with one of them is not from here.
const PASSED_ON: [&str; 7] = [
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Via",
    "X-Forwarded-Server",
];

/// Somebody who may read figures: who knows `metrics_token`, or, where none is set and the pages are for this machine
/// only, who asks from it or its private network. To all others there is no such page. With pages for the public a token
/// is needed: a web server in between that adds nothing to what it passes on looks as if it were the visitor.
struct Monitor;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Monitor {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let config = request.rocket().state::<Site>().map(|site| &site.context.config);
        let may = match config.and_then(|config| config.run.metrics_token.as_ref()) {
            Some(token) => bearer(request).is_some_and(|said| said.ct_eq(token.bytes()).into()),
            None => config.is_some_and(|it| !it.public_url.starts_with("https://")) && is_direct(request),
        };
        if may { Outcome::Success(Self) } else { Outcome::Error((Status::NotFound, ())) }
    }
}

fn bearer<'r>(request: &'r Request<'_>) -> Option<&'r [u8]> {
    let said = request.headers().get_one("Authorization")?;
    said.strip_prefix("Bearer ").map(|token| token.trim().as_bytes())
}

/// Whether nothing says that a web server passed this on: the connection is from near, no header of a proxy is there,
/// and what was asked for is an address of here and not the name by which the public knows us.
fn is_direct(request: &Request<'_>) -> bool {
    let near = request.remote().is_some_and(|peer| is_near(peer.ip().to_canonical()));
    let own = request.rocket().config().ip_header.as_ref().map(|header| header.as_str());
    let passed_on = PASSED_ON.into_iter().chain(own).any(|header| request.headers().contains(header));
    let host = request.headers().get_one("Host").and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    let asked_here = host.as_ref().and_then(Url::host).is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => is_near(address.into()),
        Host::Ipv6(address) => is_near(address.into()),
    });
    near && !passed_on && asked_here
}

/// The format's own type.
fn exposition() -> ContentType {
    ContentType::new("application", "openmetrics-text")
        .with_params([("version", "1.0.0"), ("charset", "utf-8")])
}

#[get("/metrics")]
async fn get(
    _monitor: Monitor,
    site: &State<Site>,
    look: &State<Look>,
    last: &State<LastCounts>,
    durations: &State<Durations>,
) -> Result<(ContentType, String), Status> {
    let figures = look.fresh(site).await.ok_or(Status::InternalServerError)?;
    // Without a database what it would count is left out: a missing figure is better than a wrong one.
    let counted = if figures.letters.is_some() { last.fresh(site).await } else { None };
    let text = encoding::text(&Seen {
        figures: &figures,
        counts: counted.as_deref(),
        durations,
        pulse: &site.context.pulse,
    });
    text.map(|text| (exposition(), text)).map_err(|_| Status::InternalServerError)
}

/// For so long counts are good: in a large database each costs milliseconds.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// The last counts, shared by all who ask.
#[derive(Debug, Default)]
pub struct LastCounts(Mutex<Option<(Stopwatch, Arc<Counts>)>>);

impl LastCounts {
    async fn fresh(&self, site: &Site) -> Option<Arc<Counts>> {
        let mut last = self.0.lock().await;
        if let Some((at, counts)) = &*last
            && at.elapsed() < GOOD_FOR
        {
            return Some(Arc::clone(counts));
        }
        let (db, today) = (site.store.db(), site.today());
        let read = move || db.conn().and_then(|mut conn| bounded(&mut conn, |conn| counts(conn, today)));
        let found = spawn_blocking(read).await.ok()?;
        let found = found.inspect_err(|error| tracing::error!(%error, "nothing could be counted")).ok();
        *last = found.map(|counts| (Stopwatch::start(), Arc::new(counts)));
        last.as_ref().map(|(_, counts)| Arc::clone(counts))
    }
}

/// All that is told.
struct Seen<'a> {
    figures: &'a Figures,
    counts: Option<&'a Counts>,
    durations: &'a Durations,
    pulse: &'a Pulse,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
