//! Deployments of the register, each statement with who says so and when.

use crate::store::published::patterns;
use crate::store::schema::{authorities, deployments, statements};
use crate::store::{Conn, Error};
use diesel::prelude::*;
use serde::Serialize;

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct DeploymentRow {
    /// Its number.
    #[serde(skip)]
    pub id: i64,
    /// Address of its page.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// `deployment`, `trial`, `plan`, …
    pub kind: String,
    /// Codes of countries, parted by blanks.
    pub country: String,
    /// Its place.
    pub place: String,
    /// Who runs it, as the source names it.
    pub authority_name: String,
    /// The authority of our list that this is, by its address.
    pub authority: Option<String>,
    /// What it does.
    pub technology: String,
    /// `planned`, `trial`, `in_use`, …
    pub status: String,
    /// As precise as the source.
    pub started: Option<String>,
    /// As precise as the source.
    pub ended: Option<String>,
    /// When the source said so.
    pub as_of: String,
    /// What it is, in two sentences.
    pub summary: String,
    /// The law it is said to rest on.
    pub legal_basis: Option<String>,
}

/// Something said of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct Statement {
    /// What is said.
    pub body: String,
    /// Who says so: a link, or a document's name.
    pub source: String,
    /// When.
    pub as_of: String,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Code of a country.
    pub country: Option<String>,
    /// `planned`, `trial`, `in_use`, …
    pub status: Option<String>,
    /// Words that name, place, authority or technology hold.
    pub search: String,
    /// Number of an authority.
    pub authority: Option<i64>,
}

macro_rules! row {
    () => {
        (
            deployments::id,
            deployments::slug,
            deployments::name,
            deployments::kind,
            deployments::country,
            deployments::place,
            deployments::authority_name,
            authorities::slug.nullable(),
            deployments::technology,
            deployments::status,
            deployments::started,
            deployments::ended,
            deployments::as_of,
            deployments::summary,
            deployments::legal_basis,
        )
    };
}

/// All deployments that match, by country and place. The register has hundreds, not thousands.
pub fn list(conn: &mut Conn, filter: &Filter) -> Result<Vec<DeploymentRow>, Error> {
    let mut query = deployments::table.left_join(authorities::table).select(row!()).into_boxed();
    if let Some(country) = &filter.country {
        // Codes are joined by blanks: `FR`, `DE FR`.
        let code = country.replace(['%', '_', '\\'], "");
        query = query.filter(deployments::country.like(format!("%{code}%")));
    }
    if let Some(status) = &filter.status {
        query = query.filter(deployments::status.eq(status.clone()));
    }
    if let Some(authority) = filter.authority {
        query = query.filter(deployments::authority_id.eq(authority));
    }
    for pattern in patterns(&filter.search) {
        query = query.filter(deployments::folded.like(pattern).escape('\\'));
    }
    let order = (deployments::country.asc(), deployments::place.asc(), deployments::id.asc());
    Ok(query.order(order).limit(1000).load(conn)?)
}

/// One deployment with all that is said of it.
pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<(DeploymentRow, Vec<Statement>)>, Error> {
    let found: Option<DeploymentRow> = deployments::table
        .left_join(authorities::table)
        .filter(deployments::slug.eq(slug))
        .select(row!())
        .first(conn)
        .optional()?;
    let Some(found) = found else { return Ok(None) };
    let said = statements::table
        .filter(statements::deployment_id.eq(found.id))
        .order(statements::position.asc())
        .select((statements::body, statements::source, statements::as_of))
        .load(conn)?;
    Ok(Some((found, said)))
}
