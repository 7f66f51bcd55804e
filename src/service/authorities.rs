//! Keeping the register of authorities: where requests go and under which law they are answered.

use crate::domain::authority::EmailAddress;
use crate::domain::law::regime::RegimeId;
use crate::service::Context;
use crate::store::{self, Conn, audit, authorities, transaction};

/// Why an authority was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The law is none that we know.
    #[error("expected the id of a law in `src/data/regimes`, found `{0}`")]
    UnknownLaw(String),
    /// There is no such authority.
    #[error("there is no authority with the number `{0}`")]
    NoSuchAuthority(i64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What is said of an authority; none = stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Where requests go from now on.
    pub address: Option<EmailAddress>,
    /// The law it answers under. Requests that were filed keep theirs.
    pub regime: Option<RegimeId>,
}

/// Writes down what is said, with who said it. The address itself is not put into the audit log.
pub fn keep(ctx: &Context, conn: &mut Conn, person: i64, (id, entry): (i64, &Entry)) -> Result<(), Error> {
    if let Some(regime) = entry.regime.as_ref().filter(|regime| ctx.library.laws.regime(regime).is_none()) {
        return Err(Error::UnknownLaw(regime.to_string()));
    }
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        if authorities::load(conn, &[id])?.is_empty() {
            return Err(Error::NoSuchAuthority(id));
        }
        if let Some(address) = &entry.address {
            authorities::set_address(conn, id, address, now)?;
        }
        if let Some(regime) = &entry.regime {
            authorities::set_regime(conn, id, regime.as_str())?;
        }
        let body = serde_json::json!({
            "address": entry.address.is_some(),
            "regime": entry.regime.as_ref().map(RegimeId::as_str),
        });
        let act = audit::Act {
            at: now,
            person: Some(person),
            action: "keep_authority",
            subject: format!("authority:{id}"),
            body,
        };
        Ok(audit::append(conn, &act)?)
    })
}
