//! Deployments, statements, organisations: the register of what is known, each with its source.

use crate::domain::authority::fold;
use crate::domain::register::{Deployment, Organisation};
use crate::store::locks::Lock;
use crate::store::schema::{deployments, organisations, statements};
use crate::store::{Conn, Error, at};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Lets one node at a time look what is there and add the rest, until the caller's transaction ends: several may start
/// on an empty database.
pub fn hold(conn: &mut Conn) -> Result<(), Error> {
    Lock::Register.hold(conn)
}

/// Adds a deployment with its statements, unless its slug is there already; true = added.
pub fn insert(conn: &mut Conn, new: &Deployment, now: DateTime<Utc>) -> Result<bool, Error> {
    let there: i64 = deployments::table.filter(deployments::slug.eq(&new.key)).count().get_result(conn)?;
    if there > 0 {
        return Ok(false);
    }
    let id: i64 = diesel::insert_into(deployments::table)
        .values((
            deployments::slug.eq(&new.key),
            deployments::name.eq(&new.name),
            deployments::kind.eq(&new.kind),
            deployments::country.eq(new.country.join(" ")),
            deployments::place.eq(&new.place),
            deployments::authority_name.eq(&new.authority),
            deployments::technology.eq(&new.technology),
            deployments::status.eq(&new.status),
            deployments::started.eq(&new.start),
            deployments::ended.eq(&new.end),
            deployments::as_of.eq(&new.as_of),
            deployments::summary.eq(&new.summary),
            deployments::legal_basis.eq(&new.legal_basis),
            deployments::bundles.eq(serde_json::to_string(&new.bundles)?),
            deployments::folded
                .eq(fold(&format!("{} {} {} {}", new.name, new.place, new.authority, new.technology))),
            deployments::created_at.eq(at(now)),
        ))
        .returning(deployments::id)
        .get_result(conn)?;
    for (position, statement) in (1_i64..).zip(&new.statements) {
        diesel::insert_into(statements::table)
            .values((
                statements::deployment_id.eq(id),
                statements::position.eq(position),
                statements::body.eq(&statement.text),
                statements::source.eq(&statement.source),
                statements::as_of.eq(&statement.as_of),
            ))
            .execute(conn)?;
    }
    Ok(true)
}

/// Adds an organisation, unless its name is there already; true = added.
pub fn insert_organisation(conn: &mut Conn, new: &Organisation) -> Result<bool, Error> {
    let there: i64 =
        organisations::table.filter(organisations::name.eq(&new.name)).count().get_result(conn)?;
    if there > 0 {
        return Ok(false);
    }
    diesel::insert_into(organisations::table)
        .values((
            organisations::name.eq(&new.name),
            organisations::country.eq(&new.country),
            organisations::roles.eq(serde_json::to_string(&new.roles)?),
        ))
        .execute(conn)?;
    Ok(true)
}
