//! Keeping the register of authorities: where requests go and under which law they are answered.

pub mod import;
pub mod law;

use crate::domain::authority::{AuthorityKind, EmailAddress, slug};
use crate::domain::law::part::Part;
use crate::domain::law::regime::RegimeId;
use crate::service::Context;
use crate::service::authorities::law::{Facts, Settled, Unsettled, Wanted};
use crate::store::authorities::{Authority, Described, Known, NewAuthority};
use crate::store::{self, Conn, audit, authorities, transaction};

/// Why an authority was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The authority cannot answer under that law, or a person must say more before one is kept.
    #[error(transparent)]
    Law(#[from] Unsettled),
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
    pub law: Wanted,
}

/// Writes down what is said, with who said it. The address itself is not put into the audit log.
pub fn keep(ctx: &Context, conn: &mut Conn, person: i64, (id, entry): (i64, &Entry)) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let (known, _) =
            authorities::load(conn, &[id])?.into_iter().next().ok_or(Error::NoSuchAuthority(id))?;
        let settled = resettled(ctx, &known, &entry.law)?;
        if let Some(address) = &entry.address {
            authorities::set_address(conn, id, address, now)?;
        }
        let mut body = serde_json::json!({ "address": entry.address.is_some(), "regime": null });
        if let Some(settled) = settled {
            let regime = settled.regime.as_ref().map(RegimeId::as_str);
            authorities::set_regime(conn, id, regime)?;
            authorities::set_regime_reason(conn, id, settled.reason.as_deref())?;
            if let Some(part) = &settled.part {
                authorities::set_subdivision(conn, id, part.as_str())?;
            }
            let by_rules = settled.choice.law().map(RegimeId::as_str);
            body = serde_json::json!({
                "address": entry.address.is_some(),
                "regime": regime, "reason": settled.reason, "by_rules": by_rules,
            });
        }
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

/// What to keep of what is said of a known authority's law; none = it stays as it is.
fn resettled(ctx: &Context, known: &Authority, wanted: &Wanted) -> Result<Option<Settled>, Unsettled> {
    let same = |id: &RegimeId, why: &Option<String>| {
        known.regime.as_deref() == Some(id.as_str()) && why.as_deref().is_none_or(|why| why.trim().is_empty())
    };
    match wanted {
        Wanted::Rules => return Ok(None),
        Wanted::This(id, why) if same(id, why) => return Ok(None),
        _ => {}
    }
    let part = kept_part(known.subdivision.as_deref());
    law::settle(ctx, &facts(known, part.as_ref()), wanted).map(Some)
}

fn kept_part(kept: Option<&str>) -> Option<Part> {
    kept.and_then(|part| part.parse().ok())
}

fn facts<'a>(known: &'a Authority, part: Option<&'a Part>) -> Facts<'a> {
    Facts {
        country: &known.country,
        kind: known.kind,
        names: (&known.name, known.name_en.as_deref()),
        part,
        identifiers: &[],
    }
}

/// What became of an authority that was mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mended {
    /// Who it is; its law stays.
    Kept,
    /// Its law was taken away: such a body does not answer under it.
    LawTaken,
    /// It had no law, and the rules choose this one for what it is now.
    LawGiven(RegimeId),
}

/// Mends who an authority is, with who did it and what stood there. Another kind of body may not answer under the law
/// it has: then the law is taken away. Where it has none, the rules choose anew.
pub fn mend(
    ctx: &Context,
    conn: &mut Conn,
    person: i64,
    (id, new): (i64, &Described),
) -> Result<Mended, Error> {
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
            subdivision: known.subdivision,
        };
        if *new == before {
            return Ok(Mended::Kept);
        }
        authorities::describe(conn, id, new)?;
        let open = unfit || known.regime.is_none();
        let given = open.then(|| given(ctx, &known.country, new)).flatten();
        if unfit || given.is_some() {
            authorities::set_regime(conn, id, given.as_ref().map(RegimeId::as_str))?;
            authorities::set_regime_reason(conn, id, None)?;
        }
        let body = serde_json::json!({
            "before": told(&before), "after": told(new), "law_taken_away": unfit, "law_given": given,
        });
        let subject = format!("authority:{id}");
        let act = audit::Act { at: now, person: Some(person), action: "mend_authority", subject, body };
        audit::append(conn, &act)?;
        Ok(match given {
            Some(law) => Mended::LawGiven(law),
            None if unfit => Mended::LawTaken,
            None => Mended::Kept,
        })
    })
}

/// The law that the rules choose for what an authority is now.
fn given(ctx: &Context, country: &str, new: &Described) -> Option<RegimeId> {
    let part = kept_part(new.subdivision.as_deref());
    let names = (new.name.as_str(), new.name_en.as_deref());
    let facts = Facts { country, kind: new.kind, names, part: part.as_ref(), identifiers: &[] };
    law::choose(ctx, &facts).law().cloned()
}

fn told(described: &Described) -> serde_json::Value {
    let Described { name, name_en, language, kind, place, subdivision } = described;
    serde_json::json!({
        "name": name, "name_en": name_en, "language": language, "kind": kind.as_str(), "place": place,
        "subdivision": subdivision,
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
    /// The part of the country whose body it is, where somebody said it.
    pub part: Option<Part>,
    /// Where requests go and under which law they are answered, as far as that is known.
    pub entry: Entry,
    /// Its pages.
    pub website: Option<String>,
    /// Identifiers elsewhere: (scheme, value).
    pub identifiers: Vec<(String, String)>,
    /// Whether a person said that it is none of those of the same name.
    pub another: bool,
}

/// Enters an authority, with who did it; its number, and its law with what the rules say.
pub fn add(ctx: &Context, conn: &mut Conn, person: i64, new: &Newcomer) -> Result<(i64, Settled), Error> {
    let facts = Facts {
        country: &new.country,
        kind: new.kind,
        names: (&new.name, new.name_en.as_deref()),
        part: new.part.as_ref(),
        identifiers: &new.identifiers,
    };
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
        let settled = law::settle(ctx, &facts, &new.entry.law)?;
        let row = NewAuthority {
            slug: authorities::free_slug(conn, &slug(&new.name))?,
            name: new.name.clone(),
            name_en: new.name_en.clone(),
            language: new.language.clone(),
            kind: new.kind,
            country: new.country.clone(),
            place: new.place.clone(),
            subdivision: settled.part.as_ref().map(ToString::to_string),
            regime: settled.regime.as_ref().map(ToString::to_string),
            regime_reason: settled.reason.clone(),
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
            body: serde_json::json!({
                "slug": row.slug, "address": row.email.is_some(), "regime": row.regime,
                "reason": settled.reason, "by_rules": settled.choice.law(),
            }),
        };
        audit::append(conn, &act)?;
        Ok((id, settled))
    })
}
