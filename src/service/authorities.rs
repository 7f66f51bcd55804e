//! Keeping the register of authorities: where requests go and under which law they are answered.

pub mod import;
pub mod law;

use crate::domain::authority::{AuthorityKind, EmailAddress, slug};
use crate::domain::law::fit::Misfit;
use crate::domain::law::regime::RegimeId;
use crate::service::Context;
use crate::store::authorities::{Described, Known, NewAuthority};
use crate::store::{self, Conn, audit, authorities, transaction};

/// Why an authority was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The authority cannot answer under that law.
    #[error(transparent)]
    Law(#[from] Misfit),
    /// There is no such authority.
    #[error("there is no authority with the number `{0}`")]
    NoSuchAuthority(i64),
    /// Authorities of this name are in the register already, and nobody said that this is another one.
    #[error("expected a new authority, found {} of the same name in the country", .0.len())]
    SameName(Vec<Known>),
    /// The identifier names another authority of the register.
    #[error("expected an identifier that nobody has yet, found `{identifier}` of `{}`", by.slug)]
    TakenIdentifier {
        /// Scheme and value.
        identifier: String,
        /// Who has it.
        by: Box<Known>,
    },
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
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let (known, _) =
            authorities::load(conn, &[id])?.into_iter().next().ok_or(Error::NoSuchAuthority(id))?;
        if let Some(regime) = &entry.regime {
            law::fitting(ctx, regime, (&known.country, known.kind))?;
        }
        if let Some(address) = &entry.address {
            authorities::set_address(conn, id, address, now)?;
        }
        if let Some(regime) = &entry.regime {
            authorities::set_regime(conn, id, Some(regime.as_str()))?;
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

/// Mends who an authority is, with who did it and what stood there. Another kind of body may not answer under the law
/// it has: then the law is taken away, and that is told by `true`.
pub fn mend(
    ctx: &Context,
    conn: &mut Conn,
    person: i64,
    (id, new): (i64, &Described),
) -> Result<bool, Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let (known, _) =
            authorities::load(conn, &[id])?.into_iter().next().ok_or(Error::NoSuchAuthority(id))?;
        let law = known.regime.as_deref().and_then(|id| id.parse().ok());
        let unfit = known.kind != new.kind
            && law.is_some_and(|law| law::fitting(ctx, &law, (&known.country, new.kind)).is_err());
        let before = Described {
            name: known.name,
            name_en: known.name_en,
            language: known.language,
            kind: known.kind,
            place: known.place,
        };
        if *new == before {
            return Ok(false);
        }
        authorities::describe(conn, id, new)?;
        if unfit {
            authorities::set_regime(conn, id, None)?;
        }
        let body =
            serde_json::json!({ "before": told(&before), "after": told(new), "law_taken_away": unfit });
        let subject = format!("authority:{id}");
        let act = audit::Act { at: now, person: Some(person), action: "mend_authority", subject, body };
        audit::append(conn, &act)?;
        Ok(unfit)
    })
}

fn told(described: &Described) -> serde_json::Value {
    let Described { name, name_en, language, kind, place } = described;
    serde_json::json!({
        "name": name, "name_en": name_en, "language": language, "kind": kind.as_str(), "place": place,
    })
}

/// An authority that a person enters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// In its own language and script.
    pub name: String,
    /// English name.
    pub name_en: Option<String>,
    /// BCP 47 of the name and of letters to it.
    pub language: String,
    /// What kind of body.
    pub kind: AuthorityKind,
    /// ISO 3166-1 alpha-2, or EU.
    pub country: String,
    /// Town or area.
    pub place: String,
    /// Where requests go and under which law they are answered, as far as that is known.
    pub entry: Entry,
    /// Its pages.
    pub website: Option<String>,
    /// Identifiers elsewhere: (scheme, value).
    pub identifiers: Vec<(String, String)>,
    /// Whether a person said that it is none of those of the same name.
    pub another: bool,
}

/// Enters an authority, with who did it; its number.
pub fn add(ctx: &Context, conn: &mut Conn, person: i64, new: &Newcomer) -> Result<i64, Error> {
    let regime = new.entry.regime.as_ref();
    if let Some(regime) = regime {
        law::fitting(ctx, regime, (&new.country, new.kind))?;
    }
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let known = authorities::same_name(conn, &new.country, &new.name)?;
        if !known.is_empty() && !new.another {
            return Err(Error::SameName(known));
        }
        for (scheme, value) in &new.identifiers {
            if let Some(by) = authorities::by_identifier(conn, scheme, value)? {
                return Err(Error::TakenIdentifier {
                    identifier: format!("{scheme}:{value}"),
                    by: Box::new(by),
                });
            }
        }
        let row = NewAuthority {
            slug: authorities::free_slug(conn, &slug(&new.name))?,
            name: new.name.clone(),
            name_en: new.name_en.clone(),
            language: new.language.clone(),
            kind: new.kind,
            country: new.country.clone(),
            place: new.place.clone(),
            regime: regime.map(ToString::to_string),
            website: new.website.clone(),
            source: "desk".to_owned(),
            email: new.entry.address.clone(),
            identifiers: new.identifiers.clone(),
        };
        let id = authorities::insert(conn, &row, now)?;
        let act = audit::Act {
            at: now,
            person: Some(person),
            action: "add_authority",
            subject: format!("authority:{id}"),
            body: serde_json::json!({ "slug": row.slug, "address": row.email.is_some(), "regime": row.regime }),
        };
        audit::append(conn, &act)?;
        Ok(id)
    })
}
