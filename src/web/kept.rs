//! Finished public pages, kept until anything in the database changes (docs/decisions/0015).

use crate::store::Db;
use crate::store::version::{Version, Versions};
use crate::web::error::Error;
use crate::web::places::{Places, Wait};
use crate::web::rendered::Rendered;
use chrono::{DateTime, Utc};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rocket::Request;
use rocket::request::{FromRequest, Outcome};
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that all kept pages may have together.
pub const ROOM: u64 = 44 << 20;
/// What an entry takes beside its text and its address.
const OVERHEAD: usize = 512;
/// A longer address is not one of our links; its page is made each time.
const LONGEST_ADDRESS: usize = 400;
/// A usual page, by which the number of places is guessed.
const USUAL_PAGE: u64 = 16 << 10;

/// Path and query of what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(Box<str>);

impl From<&str> for Address {
    fn from(path_and_query: &str) -> Self {
        Self(path_and_query.into())
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Address {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(request.uri().to_string().into()))
    }
}

/// How long pages hold: as long as the database and the minute, for dates in them are counted from today, in the zone
/// of each law.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Term {
    version: Version,
    minute: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    term: Term,
    address: Address,
}

#[derive(Debug, Clone, Copy)]
struct Bytes;

impl Weighter<Key, Rendered> for Bytes {
    fn weight(&self, key: &Key, page: &Rendered) -> u64 {
        (page.size() + key.address.0.len() + OVERHEAD) as u64
    }
}

/// The pages; cheap to clone.
#[derive(Clone)]
pub struct Kept {
    versions: Versions,
    pages: Option<Arc<Cache<Key, Rendered, Bytes>>>,
    /// Of the pages that are kept now.
    term: Arc<Mutex<Option<Term>>>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    /// For pages of this database, up to `room` bytes; with no room every page is made each time.
    pub fn new(db: &Db, room: u64) -> Self {
        let places = usize::try_from(room / USUAL_PAGE).unwrap_or(usize::MAX);
        let pages = (room > 0).then(|| Arc::new(Cache::with_weighter(places, room, Bytes)));
        Self { versions: Versions::of(db), pages, term: Arc::default() }
    }

    /// The kept page at an address, where it takes no waiting and no thread to know whether it still holds.
    pub fn at_hand(&self, address: &Address, now: DateTime<Utc>) -> Option<Rendered> {
        let pages = self.pages.as_ref().filter(|_| address.0.len() <= LONGEST_ADDRESS)?;
        if !self.versions.is_at_hand() {
            return None;
        }
        let term = term_of(self.versions.present().ok()?, now);
        pages.get(&Key { term, address: address.clone() })
    }

    /// The page at an address, as of `now`: the kept one, or the one that `making` makes. Of several who ask for the
    /// same page at once one makes it. What went wrong is not kept. To ask a server for its version takes a place, too.
    pub async fn page(
        &self,
        (address, now): (Address, DateTime<Utc>),
        (places, wait): (&Places, Wait),
        making: impl Future<Output = Result<Rendered, Error>>,
    ) -> Result<Rendered, Error> {
        let Some(pages) = self.pages.as_ref().filter(|_| address.0.len() <= LONGEST_ADDRESS) else {
            return making.await;
        };
        // Asked before the page is made: a commit in between gives a newer page under an older version, which
        // nobody asks for again.
        let Some(version) = self.version((places, wait)).await? else { return making.await };
        let term = term_of(version, now);
        self.begin(&term, pages);
        pages.get_or_insert_async(&Key { term, address }, making).await
    }

    /// With a new term the pages of the old one go: nobody can ask for them, and popular ones would be the last that
    /// the new ones push out.
    fn begin(&self, term: &Term, pages: &Cache<Key, Rendered, Bytes>) {
        let mut present = self.term.lock().unwrap_or_else(PoisonError::into_inner);
        if present.as_ref() != Some(term) {
            pages.clear();
            *present = Some(term.clone());
        }
    }

    /// None where the database does not answer; then the page, or its failure, says so.
    async fn version(&self, (places, wait): (&Places, Wait)) -> Result<Option<Version>, Error> {
        if self.versions.is_at_hand() {
            return Ok(self.versions.present().ok());
        }
        let (versions, place) = (self.versions.clone(), places.take(wait).await?);
        let asked = rocket::tokio::task::spawn_blocking(move || {
            let version = versions.present().ok();
            drop(place);
            version
        });
        Ok(asked.await.ok().flatten())
    }
}

fn term_of(version: Version, now: DateTime<Utc>) -> Term {
    Term { version, minute: now.timestamp().div_euclid(60) }
}
