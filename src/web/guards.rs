//! What routes are given: the site, and the database behind one blocking call.

use crate::service::Context;
use crate::store::{Conn, Db};
use crate::web::error::Error;
use crate::web::kept::{Address, Kept};
use crate::web::page::Pages;
use crate::web::places::{Patience, Places};
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDate, Utc};
use rocket::tokio::sync::OwnedSemaphorePermit;
use std::sync::Arc;

/// The database as routes reach it.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    places: Places,
}

impl Store {
    /// Over a pool.
    pub fn new(db: Db) -> Self {
        Self { db, places: Places::default() }
    }

    /// Room for a file of so many bytes.
    pub async fn room(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Error> {
        self.places.room(bytes, Patience::Long.begins()).await
    }

    /// The pool itself, for what must also speak when no connection can be had.
    pub fn db(&self) -> Db {
        self.db.clone()
    }

    /// Runs `work` with a connection, off the threads that serve the network. Rendering belongs inside: the
    /// page is made where its rows are, and one request takes one blocking call.
    pub async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        Error: From<E>,
    {
        let place = self.places.take(Patience::Long.begins()).await?;
        self.run_at(place, work).await
    }

    /// The same for who has a place already, which is free again when the work is done.
    async fn run_at<T, E>(
        &self,
        place: OwnedSemaphorePermit,
        work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        Error: From<E>,
    {
        let db = self.db.clone();
        let task = rocket::tokio::task::spawn_blocking(move || {
            let mut conn = db.conn()?;
            let done = work(&mut conn).map_err(Error::from);
            // The connection is back before the next one may ask for it, also where the visitor has left meanwhile.
            drop(conn);
            drop(place);
            done
        });
        // A panic inside is our fault, not the asker's; it is logged with an incident number as such.
        task.await.unwrap_or_else(|e| Err(Error::internal(&e)))
    }
}

/// What every route may need, as one state of Rocket.
#[derive(Debug, Clone)]
pub struct Site {
    /// Settings, clock, blobs and the data we ship.
    pub context: Arc<Context>,
    /// The database.
    pub store: Store,
    /// The templates.
    pub pages: Pages,
    /// Finished pages.
    pub kept: Kept,
}

impl Site {
    /// Makes a page where its rows are: one blocking call, rendering included.
    pub async fn page<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &mut Conn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let site = self.clone();
        self.store.run(move |conn| work(&site, conn)).await
    }

    /// A public page: the finished one, if nothing was committed since it was made.
    pub async fn kept(
        &self,
        address: Address,
        work: impl FnOnce(&Self, &mut Conn) -> Result<Rendered, Error> + Send + 'static,
    ) -> Result<Rendered, Error> {
        let now = self.now();
        if let Some(page) = self.kept.at_hand(&address, now) {
            return Ok(page);
        }
        let (site, places, wait) = (self.clone(), &self.store.places, Patience::Short.begins());
        // Only who makes the page takes a place: those who wait for the same one leave theirs to other pages.
        let making = async {
            let place = places.take(wait).await?;
            self.store.run_at(place, move |conn| work(&site, conn).map(Rendered::packed)).await
        };
        self.kept.page((address, now), (places, wait), making).await
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.context.clock.now()
    }

    /// Today for lists that hold several laws; one request is counted in the zone of its own.
    pub fn today(&self) -> NaiveDate {
        self.context.clock.today(chrono_tz::Tz::UTC)
    }
}
