//! The register's first content: deployments, organisations. May run at every start; what is there stays as it is.

use crate::data::register;
use crate::service::Context;
use crate::store::{self, Db, transaction};

/// Why the register could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A data file is wrong.
    #[error("data file {0}")]
    Data(#[from] crate::data::Error),
}

/// Puts deployments and organisations into the register that are not there yet; how many were added.
pub fn register(ctx: &Context, db: &Db) -> Result<usize, Error> {
    let now = ctx.clock.now();
    let (deployments, organisations) = (register::deployments()?, register::organisations()?);
    let mut conn = db.conn()?;
    transaction(&mut conn, |conn| {
        store::register::hold(conn)?;
        let mut added = 0;
        for deployment in &deployments {
            added += usize::from(store::register::insert(conn, deployment, now)?);
        }
        for organisation in &organisations {
            added += usize::from(store::register::insert_organisation(conn, organisation)?);
        }
        Ok(added)
    })
}
