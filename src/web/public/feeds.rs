//! Dates as calendar feeds (RFC 5545): `/requests/<reference>.ics`, `/authorities/<slug>.ics`,
//! `/requests.ics?campaign=<slug>`, and a person's own at `/calendar/<token>.ics`.

use crate::domain::publication::dates::key_dates;
use crate::domain::publication::timeline::Happened;
use crate::service::sign_in;
use crate::store::Conn;
use crate::store::published::authorities;
use crate::store::published::feeds::{self, Feed, Of};
use crate::store::published::request::{self, Published};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::ical::{self, Calendar, Entry};
use crate::web::kept::Address;
use crate::web::public::lived::{Counted, counted_by, lived};
use crate::web::rendered::Rendered;
use chrono::{DateTime, TimeDelta, Utc};
use rocket::{Route, State, get, routes};
use std::collections::{HashMap, hash_map};

/// So many days a refusal stays in the feeds: longer than any time to act on one, but those for want of a notice.
const AFTER_A_REFUSAL: i64 = 400;

/// A request as its entries need it.
struct Told<'a> {
    reference: &'a str,
    authority: &'a str,
    events: &'a [Happened],
    law: &'a Counted,
}

impl Told<'_> {
    /// The dates that hold now. What holds no more is not in the file, which is how a published calendar takes a
    /// date back; what moved keeps its id under a higher number (RFC 5545 §3.8.7.4).
    fn entries(&self, site: &Site) -> Result<Vec<Entry>, Error> {
        let Some(life) = lived(self.events, self.law, &site.context, site.now())? else {
            return Ok(Vec::new());
        };
        let Some(course) = &life.course else { return Ok(Vec::new()) };
        let url = format!("{}/requests/{}/dates", site.context.config.public_url, self.reference);
        let about = format!("{} {}", self.reference, self.authority);
        let of = format!("request-{}", self.reference);
        let mut entries = ical::entries(&key_dates(course), (&of, &about), Some(&url));
        for entry in &mut entries {
            // Events are only ever added, so their number rises whenever a date can have moved.
            entry.sequence = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
            entry.modified = self.events.last().map(|happened| happened.at);
        }
        Ok(entries)
    }
}

/// The file; its stamp is the last change, so that the same dates are the same bytes for whoever asks again.
fn file(site: &Site, name: &str, entries: &[Entry]) -> String {
    let stamp =
        entries.iter().filter_map(|entry| entry.modified).max().unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
    let host = url::Url::parse(&site.context.config.public_url);
    let host = host.ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.as_deref().unwrap_or("localhost");
    ical::file(&Calendar { name, host, stamp }, entries)
}

/// The dates of one request.
pub fn of_request(site: &Site, conn: &mut Conn, reference: &str) -> Result<Rendered, Error> {
    let published: Published = request::find(conn, reference)?.ok_or(Error::NotFound(What::Request))?;
    let asked = (published.rules.as_deref(), published.facts.regime.as_str());
    let law = counted_by(&site.context, &site.context.calendars(conn)?, asked)?;
    let entries = match &law {
        Some(law) => Told { reference, authority: &published.asked.name, events: &published.events, law }
            .entries(site)?,
        None => Vec::new(),
    };
    let name = format!("Request {reference}, {}", published.asked.name);
    Ok(Rendered::public(ical::content_type(), file(site, &name, &entries)))
}

/// The dates of one authority's requests.
pub fn of_authority(site: &Site, conn: &mut Conn, slug: &str) -> Result<Rendered, Error> {
    let authority = authorities::find(conn, slug)?.ok_or(Error::NotFound(What::Authority))?;
    let text = of_many(site, conn, &Of::Authority(slug.to_owned()), &authority.name)?;
    Ok(Rendered::public(ical::content_type(), text))
}

fn of_many(site: &Site, conn: &mut Conn, of: &Of, name: &str) -> Result<String, Error> {
    let since = site.today() - TimeDelta::days(AFTER_A_REFUSAL);
    let calendars = site.context.calendars(conn)?;
    let Feed { rows, rules } = feeds::load(conn, of, since)?;
    let mut laws: HashMap<(&str, &str), Option<Counted>> = HashMap::new();
    for (row, _) in &rows {
        let key = (row.regime.as_str(), row.regime_version.as_str());
        if let hash_map::Entry::Vacant(place) = laws.entry(key) {
            let kept = rules.get(&(row.regime.clone(), row.regime_version.clone()));
            place.insert(counted_by(&site.context, &calendars, (kept.map(String::as_str), &row.regime))?);
        }
    }
    let mut entries = Vec::new();
    for (row, events) in &rows {
        let key = (row.regime.as_str(), row.regime_version.as_str());
        let Some(law) = laws.get(&key).and_then(Option::as_ref) else { continue };
        let told = Told { reference: &row.reference, authority: &row.authority, events, law };
        entries.extend(told.entries(site)?);
    }
    Ok(file(site, name, &entries))
}

#[get("/requests.ics?<campaign>")]
async fn get(campaign: Option<String>, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        let (of, name) = match campaign.filter(|slug| !slug.is_empty()) {
            Some(slug) => {
                let title = feeds::campaign_title(conn, &slug)?.ok_or_else(|| {
                    Error::BadRequest(format!("There is no campaign “{slug}”. Open the list and choose one."))
                })?;
                (Of::Campaign(slug), title)
            }
            None => (Of::All, "Open requests".to_owned()),
        };
        let text = of_many(site, conn, &of, &name)?;
        Ok(Rendered::public(ical::content_type(), text))
    })
    .await
}

/// A person's own requests. Whoever knows the address reads it: it is asked for by programs that cannot sign in.
#[get("/calendar/<file_name>")]
async fn own(file_name: String, site: &State<Site>) -> Result<Rendered, Error> {
    site.page(move |site, conn| {
        let token = file_name.strip_suffix(".ics").ok_or(Error::NotFound(What::Page))?;
        let person = sign_in::calendar_owner(conn, token)?.ok_or(Error::NotFound(What::Page))?;
        let text = of_many(site, conn, &Of::Person(person), "My requests")?;
        Ok(Rendered::secret(ical::content_type(), text))
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, own]
}
