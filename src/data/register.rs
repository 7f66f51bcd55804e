//! Reads `deployments.toml` and `organisations.toml`, the register's first content.

use crate::data::Error;
use crate::data::located::parse;
use crate::domain::register::{Deployment, Organisation, Part, Statement};
use serde::Deserialize;

const DEPLOYMENTS: &str = include_str!("deployments.toml");
const ORGANISATIONS: &str = include_str!("organisations.toml");

/// The campaign texts that the seed was read from carry no address of their own.
const CAMPAIGN_TEXTS: &str = "campaign texts of Reclaim Your Face, 2020 to 2021";

#[derive(Deserialize)]
struct DeploymentsFile {
    vocabulary: Vocabulary,
    deployment: Vec<DeploymentRow>,
}

#[derive(Deserialize)]
struct Vocabulary {
    status: Vec<String>,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct DeploymentRow {
    key: String,
    name: String,
    kind: String,
    country: Vec<String>,
    place: String,
    authority: String,
    technology: String,
    status: String,
    start: Option<String>,
    end: Option<String>,
    as_of: Option<String>,
    legal_basis: Option<String>,
    #[serde(default)]
    figures: Vec<String>,
    summary: String,
    #[serde(default)]
    urls: Vec<String>,
    #[serde(default)]
    bundles: Vec<String>,
    #[serde(default)]
    outside_seed: Vec<OutsideFact>,
}

#[derive(Deserialize)]
struct OutsideFact {
    fact: String,
    source: String,
}

#[derive(Deserialize)]
struct OrganisationsFile {
    organisation: Vec<OrganisationRow>,
}

#[derive(Deserialize)]
struct OrganisationRow {
    name: String,
    country: Option<String>,
    #[serde(default)]
    roles: Vec<RoleRow>,
}

#[derive(Deserialize)]
struct RoleRow {
    role: String,
}

/// The deployments, with statements made of summary, figures and facts, each with its source.
pub fn deployments() -> Result<Vec<Deployment>, Error> {
    deployments_of(DEPLOYMENTS)
}

/// The organisations.
pub fn organisations() -> Result<Vec<Organisation>, Error> {
    let file: OrganisationsFile = parse("organisations.toml", ORGANISATIONS)?;
    Ok(file
        .organisation
        .into_iter()
        .map(|row| Organisation {
            name: row.name,
            country: row.country,
            roles: row.roles.into_iter().map(|role| Part { role: role.role }).collect(),
        })
        .collect())
}

/// Reads the text of such a file; each deployment has a key of its own and words of the vocabulary.
pub fn deployments_of(text: &str) -> Result<Vec<Deployment>, Error> {
    let file: DeploymentsFile = parse("deployments.toml", text)?;
    let mut deployments: Vec<Deployment> = Vec::with_capacity(file.deployment.len());
    for row in file.deployment {
        if deployments.iter().any(|known| known.key == row.key) {
            return Err(wrong(
                text,
                (&row.key, "key"),
                "expected a key of its own, found it twice".to_owned(),
            ));
        }
        for (field, value, words) in
            [("status", &row.status, &file.vocabulary.status), ("kind", &row.kind, &file.vocabulary.kind)]
        {
            if !words.contains(value) {
                let problem = format!("expected one of {}, found `{value}`", words.join(", "));
                return Err(wrong(text, (&row.key, field), problem));
            }
        }
        deployments.push(deployment(row));
    }
    Ok(deployments)
}

/// An error in a field of a deployment, on the line of that field; a key that is there twice is meant where it
/// stands last.
fn wrong(text: &str, (deployment, field): (&str, &str), problem: String) -> Error {
    let named =
        |line: &str, key: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let value = format!("\"{deployment}\"");
    let start =
        text.lines().enumerate().filter(|(_, line)| named(line, "key") && line.contains(&value)).last();
    let line = start.and_then(|(start, _)| {
        text.lines().enumerate().skip(start).find(|(_, line)| named(line, field)).map(|(at, _)| at + 1)
    });
    Error {
        file: "deployments.toml".to_owned(),
        line,
        key: format!("deployment.{deployment}.{field}"),
        problem,
    }
}

fn deployment(row: DeploymentRow) -> Deployment {
    let as_of = row.as_of.unwrap_or_default();
    let source = row.urls.first().cloned().unwrap_or_else(|| CAMPAIGN_TEXTS.to_owned());
    let said =
        |text: String, source: &str| Statement { text, source: source.to_owned(), as_of: as_of.clone() };
    let mut statements = vec![said(row.summary.clone(), &source)];
    statements.extend(row.figures.into_iter().map(|figure| said(figure, &source)));
    statements.extend(row.outside_seed.into_iter().map(|fact| said(fact.fact, &fact.source)));
    for url in row.urls.iter().skip(1) {
        statements.push(said("More on this".to_owned(), url));
    }
    Deployment {
        key: row.key,
        name: row.name,
        kind: row.kind,
        country: row.country,
        place: row.place,
        authority: row.authority,
        technology: row.technology,
        status: row.status,
        start: row.start,
        end: row.end,
        as_of,
        summary: row.summary,
        legal_basis: row.legal_basis,
        bundles: row.bundles,
        statements,
    }
}
