//! Reads `deployments.toml` and `organisations.toml`, the register's first content.

use crate::data::Error;
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
    deployments_from(DEPLOYMENTS)
}

/// The organisations.
pub fn organisations() -> Result<Vec<Organisation>, Error> {
    let file: OrganisationsFile = read("organisations.toml", ORGANISATIONS)?;
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

fn deployments_from(text: &str) -> Result<Vec<Deployment>, Error> {
    let file: DeploymentsFile = read("deployments.toml", text)?;
    let wrong = |key: String, problem: String| Error {
        file: "deployments.toml".to_owned(),
        line: None,
        key,
        problem,
    };
    let mut deployments: Vec<Deployment> = Vec::with_capacity(file.deployment.len());
    for row in file.deployment {
        if deployments.iter().any(|known| known.key == row.key) {
            return Err(wrong(
                format!("deployment.{}", row.key),
                "expected a key of its own, found it twice".to_owned(),
            ));
        }
        for (field, value, words) in
            [("status", &row.status, &file.vocabulary.status), ("kind", &row.kind, &file.vocabulary.kind)]
        {
            if !words.contains(value) {
                return Err(wrong(
                    format!("deployment.{}.{field}", row.key),
                    format!("expected one of {}, found `{value}`", words.join(", ")),
                ));
            }
        }
        deployments.push(deployment(row));
    }
    Ok(deployments)
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

/// Parses a file; an error names file, line and what the parser expected.
pub(crate) fn read<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|e| {
        let line = e.span().map(|span| 1 + text.get(..span.start).unwrap_or_default().matches('\n').count());
        let message = e.message().to_owned();
        // serde names the field between backticks, where it is about one.
        let key = message.split('`').nth(1).unwrap_or("-").to_owned();
        Error { file: file.to_owned(), line, key, problem: message }
    })
}
