//! How long answers take, by the pattern of the route that gave them; never by the address that was asked for.

use crate::service::health::Stopwatch;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Data, Request, Response};

/// Bounds in seconds: from a page that was kept to one that waits for the database.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// What is told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answer {
    /// As `/requests/<reference>`; `none` where no route matched.
    route: String,
    /// GET, POST, …
    method: &'static str,
    /// 2xx, 3xx, 4xx, 5xx.
    status: &'static str,
}

/// Measures every answer.
#[derive(Debug, Clone)]
pub struct Durations(pub Family<Answer, Histogram>);

impl Default for Durations {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BOUNDS)))
    }
}

/// When a request came; of its own type, because Rocket keeps one value of each type for a request.
struct Came(Option<Stopwatch>);

#[rocket::async_trait]
impl Fairing for Durations {
    fn info(&self) -> Info {
        Info { name: "durations", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        request.local_cache(|| Came(Some(Stopwatch::start())));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Came(Some(came)) = request.local_cache(|| Came(None)) else { return };
        // A method that a visitor made up is no label of ours.
        let known = request.route();
        let answer = Answer {
            route: known.map_or("none", |route| route.uri.path()).to_owned(),
            method: known.map_or("any", |route| route.method.as_str()),
            status: match response.status().code {
                ..300 => "2xx",
                300..400 => "3xx",
                400..500 => "4xx",
                _ => "5xx",
            },
        };
        self.0.get_or_create(&answer).observe(came.elapsed().as_secs_f64());
    }
}
