//! A mail as it came and its attachments, never shown, only saved: `/desk/messages/<id>/raw`, `…/attachments/<pos>`.

use crate::service::cage::{self, Cage};
use crate::store::desk::message;
use crate::store::erasure::remove_unneeded;
use crate::web::desk::guards::Triage;
use crate::web::download::{self, BYTES, Bytes, Download};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use rocket::tokio::sync::Semaphore;
use rocket::tokio::task::spawn_blocking;
use rocket::{Route, State, get, routes};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Takes files out of mails that were read before files were kept, in the cage and one mail at a time: impatient
/// clicks must not start a child each.
#[derive(Debug)]
pub struct Reader {
    cage: Arc<Cage>,
    turn: Semaphore,
}

impl Reader {
    /// Over the cage in which mail is read.
    pub fn new(cage: Arc<Cage>) -> Self {
        Self { cage, turn: Semaphore::new(1) }
    }

    /// Keeps the files of a mail apart from it; what it read is of no use here.
    async fn unpack(&self, site: &Site, mail: String) -> Result<(), Error> {
        let _turn = self.turn.acquire().await.map_err(|e| Error::internal(&e))?;
        let (cage, blobs) = (Arc::clone(&self.cage), site.context.blobs.clone());
        let read = spawn_blocking(move || {
            let mut put = BTreeSet::new();
            (cage.read_kept(&blobs, &mail, &mut put).map(drop), put)
        });
        let (read, put) = read.await.map_err(|e| Error::internal(&e))?;
        let blobs = site.context.blobs.clone();
        // It may have been erased meanwhile.
        site.store.run(move |conn| remove_unneeded(conn, &blobs, &put)).await?;
        match read {
            Ok(()) => Ok(()),
            Err(error @ cage::Error::Start(_)) => Err(Error::internal(&error)),
            // The mail kills its reader, or is gone itself: there is no file to be had of it.
            Err(error) => {
                tracing::warn!(%error, "the files of a mail cannot be taken out of it");
                Ok(())
            }
        }
    }
}

/// Bytes that are for those alone who may settle replies: no cache keeps them.
fn saved(name: String, bytes: Option<Bytes>) -> Result<Download, Error> {
    let bytes = bytes.ok_or(Error::NotFound(What::Bytes))?;
    Ok(Download { name, content_type: BYTES, tag: None, bytes: Some(bytes) })
}

#[get("/desk/messages/<id>/raw")]
async fn raw(site: &State<Site>, _me: Triage, id: i64) -> Result<Download, Error> {
    let found = site.store.run(move |conn| message::mail(conn, id)).await?;
    let mail = found.ok_or(Error::NotFound(What::Message))?;
    saved(format!("message-{id}.eml"), download::bytes(site, &mail).await?)
}

#[get("/desk/messages/<id>/attachments/<position>")]
async fn attachment(
    site: &State<Site>,
    reader: &State<Reader>,
    _me: Triage,
    id: i64,
    position: i64,
) -> Result<Download, Error> {
    let found = site.store.run(move |conn| message::file(conn, (id, position))).await?;
    let file = found.ok_or(Error::NotFound(What::File))?;
    let mut bytes = download::bytes(site, &file.sha256).await?;
    if bytes.is_none() {
        reader.unpack(site, file.mail).await?;
        bytes = download::bytes(site, &file.sha256).await?;
    }
    saved(file.name, bytes)
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![raw, attachment]
}
